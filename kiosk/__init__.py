"""The transaction: what may happen, in which order, with whose money."""
