"""The bench: devices, national centre and city that speak the real protocols."""
