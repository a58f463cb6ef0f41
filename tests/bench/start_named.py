"""The kiosk as it is, with its threads named for the kernel (comm, prctl(2)), so that each one's share can be told.

Started in place of `python -m kiosk`, with the same arguments.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import Any

from kiosk.__main__ import main

_PR_SET_NAME = 15
_libc = ctypes.CDLL(None)
_run = threading.Thread.run


def _named(self: threading.Thread, *arguments: Any) -> None:
    _libc.prctl(_PR_SET_NAME, self.name[:15].encode(), 0, 0, 0)
    _run(self, *arguments)


if __name__ == "__main__":
    threading.Thread.run = _named  # type: ignore[method-assign]
    sys.exit(main())
