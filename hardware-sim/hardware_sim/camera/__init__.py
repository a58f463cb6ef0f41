"""The simulated camera: a place with people in it, drawn, and streams as cameras send them."""
