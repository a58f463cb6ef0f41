"""Motion-triggered recording beside the kiosk, in a process of its own."""
