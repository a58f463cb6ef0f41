"""What was read once stays shared; what is freed goes back to the kernel. Tried in a program of its own."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, gc
from kiosk.process import settle_memory
settle_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

size, before = 8 << 20, resident()
for _ in range(3):
    # What glibc learns from: once freed, such a size would come out of the heap, and stay there below what is kept.
    taken = [libc.malloc(size) for _ in range(4)]
    kept = libc.malloc(100_000)
    for each in taken:
        ctypes.memset(each, 1, size)
    held = resident()
    for each in taken:
        libc.free(each)
print(gc.get_freeze_count() > 0, held - before > 3 * size, resident() - before < size)
"""


def test_freed_pictures_go_back_and_what_was_read_once_is_left_alone() -> None:
    out = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60).stdout
    assert out.split() == ["True", "True", "True"]
