"""One module for each group of screens: pure functions from a view to a screen."""
