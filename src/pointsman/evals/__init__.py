"""Golden tasks, trials of routes, and the figures that come of them."""
