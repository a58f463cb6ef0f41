"""Scenarios: a resident's visit written down in TOML, lived on the bench, judged from the far ends.

``script`` reads the file, ``runner`` lives it, ``judge`` compares what came out of the machine with what the file
expects. The form is described in docs/scenarios.md.
"""
