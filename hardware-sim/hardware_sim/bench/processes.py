"""Which processes belong to the kiosk, and ending them the hard way (proc(5))."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_KILL_S = 5.0


@dataclass(frozen=True)
class Process:
    """One living process."""

    pid: int
    parent: int
    name: str


def processes() -> dict[int, Process]:
    """All living processes that can be seen, zombies left out."""
    found: dict[int, Process] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        name = stat.partition("(")[2].rpartition(")")[0]
        fields = stat.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            found[int(entry.name)] = Process(int(entry.name), int(fields[1]), name)
    return found


def descendants(root: int, among: dict[int, Process]) -> list[int]:
    """``root`` and everybody below it, parents before children."""
    tree = [root] if root in among else []
    for pid in tree:
        tree.extend(child.pid for child in among.values() if child.parent == pid)
    return tree


def marked(folder: Path, among: dict[int, Process]) -> list[int]:
    """Who names ``folder`` in environment or command line; never this process or one above it."""
    mine: set[int] = set()
    pid = os.getpid()
    while pid in among:
        mine.add(pid)
        pid = among[pid].parent
    needle = os.fsencode(folder)
    found = []
    for pid in among.keys() - mine:
        for part in ("environ", "cmdline"):
            try:
                content = (_PROC / str(pid) / part).read_bytes()
            except OSError:
                continue
            if needle + b"\0" in content or needle + b"/" in content:
                found.append(pid)
                break
    return sorted(found)


def tree_of(root: int | None, folder: Path) -> list[int]:
    """The kiosk's whole tree: by descent from ``root``, and strays by the runtime folder they name."""
    among = processes()
    below = [] if root is None else descendants(root, among)
    return [*below, *(pid for pid in marked(folder, among) if pid not in below)]


def kill_tree(root: int | None, folder: Path) -> int:
    """SIGKILL to the whole tree, again until nobody is left. Gives how many were killed.

    Raises TimeoutError when one of them does not end in five seconds.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + _KILL_S
    while living := tree_of(root, folder):
        for pid in living:
            killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {living} of the kiosk do not end")
        for pid in living:
            _await_end(pid, deadline)
    return len(killed)


def _await_end(pid: int, deadline: float) -> None:
    # A child of ours stays as a zombie until it is collected; `processes` leaves it out.
    while time.monotonic() < deadline and pid in processes():
        time.sleep(0.005)
