"""One module per device; the only room that imports device libraries."""
