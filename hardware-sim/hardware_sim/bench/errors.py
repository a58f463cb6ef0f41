"""What the bench tells whoever started it."""

from __future__ import annotations


class BenchError(RuntimeError):
    """The bench cannot start or go on; the text says what to do."""
