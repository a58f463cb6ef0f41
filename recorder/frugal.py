"""What a process has loaded for its start, and holds for good without ever needing it again, is given back.

Large libraries touch pages all over themselves while they are loaded, and the kernel maps the neighbours of each with
it. Code that was never written to lies in its file as well: the pages that are needed come back when they are.
"""

from __future__ import annotations

import ctypes
import gc
import re
from pathlib import Path
from typing import Final

_MAPPING: Final = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]")
_DONTNEED: Final = 4
"""MADV_DONTNEED (madvise(2), asm-generic/mman-common.h)."""
SMALL: Final = 256 << 10


def settle() -> None:
    """Once, when everything is loaded. What is left stays, so that no collection looks through it again either."""
    gc.collect()
    gc.freeze()
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        for found in _MAPPING.finditer(Path("/proc/self/maps").read_text()):
            first, last = (int(end, 16) for end in found.groups())
            if last - first > SMALL:
                libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _DONTNEED)
        libc.malloc_trim(0)
    except (OSError, AttributeError):
        return  # another kind of system: it only costs memory
