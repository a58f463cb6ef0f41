"""Nothing of an earlier process may go on printing: find its processes, kill them, empty the runtime directory.

A process is ours when it carries our marker in its environment, was started with a path inside the spooler's
directory, works inside the runtime directory or has a file open there. The calling process and its ancestors
are never touched. Overwriting files is not tried: they lie in memory, unlinking frees them (tmpfs).

Who stays silent about a job of an earlier process is asked through `Handover`: a few lines in the runtime
directory that tell, within one boot, whether a job was ever given to the spooler. They hold job tokens only.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MARKER: Final = "CERTKIOSK_RUNTIME"
SPOOLER_NAME: Final = "cups"
_PROC: Final = Path("/proc")
_KILL_S: Final = 5.0
HANDOVER_NAME: Final = "print-handover"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Numbers of what was killed, what outlived it, what was removed and what could not be."""

    killed: int = 0
    survivors: int = 0
    removed: int = 0
    remaining: int = 0

    @property
    def clean(self) -> bool:
        return self.survivors == 0 and self.remaining == 0


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _ancestors() -> set[int]:
    """Ourselves and everybody above us, up to the first process."""
    found = {os.getpid()}
    pid = os.getpid()
    while pid > 1:
        try:
            status = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
        except OSError:
            break
        pid = int(status.rpartition(")")[2].split()[1])
        found.add(pid)
    return found


# Everybody's open files are looked at, several times for each person: by names as text, since making a Path of each
# costs more than the kernel's answer.


def _read(name: str) -> bytes:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # it has ended, or belongs to somebody else
        return b""
    try:
        found = b""
        while piece := os.read(handle, 65536):
            found += piece
        return found
    except OSError:
        return b""
    finally:
        os.close(handle)


def _link(name: str) -> str:
    try:
        return os.readlink(name)  # as text: its target may be deleted
    except OSError:
        return ""


def _open_files(process: str) -> Iterator[str]:
    try:
        names = os.listdir(f"{process}/fd")
    except OSError:
        return
    for name in names:
        yield _link(f"{process}/fd/{name}")


def _is_ours(pid: int, runtime: Path, folder: Path) -> bool:
    process = f"{_PROC}/{pid}"
    marker = os.fsencode(f"{MARKER}={runtime}")
    if marker in _read(f"{process}/environ").split(b"\0"):
        return True
    # A path in an argument counts only inside the spooler's own directory: others may be told of the
    # runtime directory as such (a supervisor, a reader of the mirror socket).
    spooler, inside = f"{runtime}/{SPOOLER_NAME}", str(folder)
    arguments = _read(f"{process}/cmdline").decode("utf-8", "replace").split("\0")
    if any(_inside(argument, spooler) for argument in arguments):
        return True
    return _inside(_link(f"{process}/cwd"), inside) or any(_inside(path, inside) for path in _open_files(process))


def find_processes(runtime: Path, folder: Path | None = None) -> list[int]:
    """Ids of living processes that belong to `runtime`; open files count inside `folder` (default: all of it)."""
    spared = _ancestors()
    runtime = runtime.absolute()
    folder = folder.absolute() if folder is not None else runtime
    pids = [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    return [pid for pid in pids if pid not in spared and _is_ours(pid, runtime, folder)]


def kill_all(runtime: Path, folder: Path | None = None) -> Sweep:
    """SIGKILL until nothing is found any more, also what was forked meanwhile. Waits for their end."""
    deadline = time.monotonic() + _KILL_S
    killed: set[int] = set()
    runtime = runtime.absolute()
    while found := find_processes(runtime, folder):
        if time.monotonic() > deadline:
            return Sweep(killed=len(killed), survivors=len(found))
        for pid in found:
            # Held by descriptor and looked at once more, so that a number given to another is never hit.
            try:
                handle = os.pidfd_open(pid)
            except OSError:
                continue
            try:
                if _is_ours(pid, runtime, (folder or runtime).absolute()):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    killed.add(pid)
                    select.select([handle], [], [], 1.0)
            except OSError:
                pass
            finally:
                os.close(handle)
            with contextlib.suppress(OSError):
                os.waitpid(pid, os.WNOHANG)  # an orphan becomes our child where we are the subreaper
    return Sweep(killed=len(killed))


def remove_tree(folder: Path) -> Sweep:
    """Remove `folder` and count its files before and after."""
    before = _count(folder)
    shutil.rmtree(folder, ignore_errors=True)
    left = _count(folder)
    return Sweep(removed=before - left, remaining=left + (1 if folder.exists() and not left else 0))


def empty(runtime: Path, keep: Collection[Path] = ()) -> Sweep:
    """Remove everything in `runtime` but the entries in `keep` (sockets this process already listens on)."""
    kept = {path.absolute() for path in keep}
    removed = remaining = 0
    for entry in sorted(runtime.iterdir()) if runtime.is_dir() else ():
        if entry.absolute() in kept:
            continue
        if entry.is_dir() and not entry.is_symlink():
            sweep = remove_tree(entry)
            removed, remaining = removed + sweep.removed, remaining + sweep.remaining
            continue
        try:
            entry.unlink()
            removed += 1
        except OSError:
            remaining += 1
    return Sweep(removed=removed, remaining=remaining)


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def deleted_but_open(runtime: Path) -> int:
    """How many files below `runtime` this process still holds open although they are gone."""
    folder = str(runtime.absolute())
    links = _open_files(f"{_PROC}/self")
    gone = [link.removesuffix(" (deleted)") for link in links if link.endswith(" (deleted)")]
    return sum(_inside(path, folder) for path in gone)


def sweep(runtime: Path, keep: Collection[Path] = ()) -> tuple[tuple[str, ...], bool]:
    """Kill, then empty, then look again. Returns what was checked, in words, and whether all of it is clean."""
    killing = kill_all(runtime)
    emptied = empty(runtime, keep)
    again = len(find_processes(runtime))
    held = deleted_but_open(runtime)
    checked = (
        f"processes of an earlier run: {killing.killed} ended, {again} left",
        f"runtime directory: {emptied.removed} files removed, {emptied.remaining} left",
        f"deleted files still held open by this process: {held}",
    )
    return checked, killing.clean and emptied.clean and again == 0 and held == 0


@dataclass(frozen=True, slots=True)
class Handed:
    """One job given to the spooler: time since boot and the printer's own clock just before (both seconds)."""

    at_s: float
    up_time: int


@dataclass(frozen=True, slots=True)
class Handover:
    """What an earlier process of this same boot gave to its spooler. `known` False: nothing can be said."""

    known: bool = False
    jobs: dict[str, Handed] = field(default_factory=dict)


def boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()


def boot_time_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def open_handover(runtime: Path) -> None:
    """Begin the record; called before any job can be ordered."""
    path = runtime / HANDOVER_NAME
    if not path.exists():
        _append(path, {"boot": boot_id()})


def hand_over(runtime: Path, job: str, up_time: int, now: Callable[[], float] = boot_time_s) -> None:
    """Note that `job` is about to be given to the spooler."""
    _append(runtime / HANDOVER_NAME, {"job": job, "at_s": now(), "up_time": up_time})


def read_handover(runtime: Path) -> Handover:
    """The record of an earlier process, if it is of this boot and whole."""
    try:
        head, *rest = (runtime / HANDOVER_NAME).read_text("utf-8").splitlines()
        if json.loads(head)["boot"] != boot_id():
            return Handover()
        lines = [json.loads(line) for line in rest]
        jobs = {str(line["job"]): Handed(float(line["at_s"]), int(line["up_time"])) for line in lines}
    except (OSError, ValueError, KeyError, TypeError):
        return Handover()
    return Handover(True, jobs)


def _append(path: Path, line: dict[str, str | float]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)
