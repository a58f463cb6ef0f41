"""Pictures and touch areas drawn from a view model; the only room that imports pygame."""
