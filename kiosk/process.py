"""One person, one process (design §3a): a parent that never opens anything, a child that serves one person and ends.

The parent has imported everything and opened nothing: no device, no window, no session. Each child comes out of it by
fork, runs start-up recovery, shows the first screen, serves one person and ends. So nothing of a person can be in the
process that greets the next, and the road after a crash is the road taken after every customer.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_CHILD_SUBREAPER: Final = 36

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_OWN_MAPPING_BYTES: Final = 128 * 1024
"""Whatever is larger has a mapping of its own, gone when freed; set, so that glibc does not raise it by itself."""

CONFIGURATION_ERROR: Final = 78
"""EX_CONFIG of sysexits.h: the service manager does not restart on it."""

BACK_OFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pause before the next process after a crash; an orderly end has none."""


def _prctl(option: int, value: int) -> None:
    """prctl(2); raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def settle_memory() -> None:
    """Before the first fork: what was read once stays shared with every child, and what a child frees goes back to the
    kernel at once.

    Without it the collector of a child would write into every object of the parent, and so have a copy of each page;
    glibc (mallopt(3)) would keep an arena for every thread and, once it has freed a few pictures and documents, room
    for as many again: pages of a person's, kept for nobody.
    """
    libc = ctypes.CDLL(None)
    with contextlib.suppress(AttributeError):  # not glibc
        libc.mallopt(_M_ARENA_MAX, 1)
        libc.mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)
        libc.malloc_trim(0)
    gc.collect()
    gc.freeze()


def harden() -> None:
    """No core dumps, memory unreadable to other processes of this user, orphans come to us."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """End with the parent, however it ends. `parent`: its id, taken before the fork. Raises ProcessLookupError when it
    is gone already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the parent ended before this process began")


def swap_on_disk(swaps: str) -> tuple[str, ...]:
    """Swap areas of /proc/swaps that are not compressed memory: what is in memory could reach a disk."""
    names = [line.split()[0] for line in swaps.splitlines()[1:] if line.strip()]
    return tuple(name for name in names if not Path(name).name.startswith("zram"))


class Parent:
    """Forks one child after the other until told to stop."""

    def __init__(self, serve_one: Callable[[], int]) -> None:
        self._serve_one = serve_one
        self._child = 0
        self._stopping = False
        self.lives = 0
        """Children so far, the present one included."""

    def run(self) -> int:
        """Returns the exit status: 0 when told to stop, CONFIGURATION_ERROR when a child says so."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        crashes = 0
        while not self._stopping:
            status = self._one()
            bury_orphans()
            if status == CONFIGURATION_ERROR:
                return status
            crashes = 0 if status == 0 else crashes + 1
            if crashes and not self._stopping:
                _log.error("the process ended with %d; the next one begins with recovery", status)
                time.sleep(BACK_OFF_S[min(crashes, len(BACK_OFF_S)) - 1])
        return 0

    def _one(self) -> int:
        parent = os.getpid()
        # A stop that arrives between the fork and the note of the child's id must still reach the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        self.lives += 1
        self._child = os.fork()
        if self._child == 0:
            os._exit(self._in_child(parent))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == self._child:
                self._child = 0
                return os.waitstatus_to_exitcode(status)

    def _in_child(self, parent: int) -> int:
        """Never returns into the parent's code: whatever happens becomes an exit status."""
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
            die_with_parent(parent)
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
            return self._serve_one()
        except BaseException as error:
            # Only the type: the text of an exception may hold what no log may hold.
            _log.critical("%s ended this process", type(error).__name__)
            return 1
        finally:
            logging.shutdown()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)


def bury_orphans() -> None:
    """Kill and reap every process that a dead child left behind; as subreaper we are their parent now."""
    for _ in range(200):
        left = children_of(os.getpid())
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)
    _log.error("processes of the last session could not be ended")


def children_of(parent: int) -> tuple[int, ...]:
    """Process ids whose parent is `parent`, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return tuple(found)
