"""Pictures and touch areas drawn from a view model; the only room that imports pygame."""

import os

# The library's greeting belongs into no journal.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
