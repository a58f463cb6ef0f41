"""What the kernel has counted for processes and their threads, from /proc."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Thread:
    """One thread since it began: seconds on a core, how often it went to sleep by itself."""

    name: str
    cpu_s: float
    sleeps: int


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of these processes until now; those that are gone count nothing."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def threads(pids: Iterable[int]) -> dict[tuple[int, int], Thread]:
    """(process, thread) to what it has used, to the nanosecond (schedstat)."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError, StopIteration):
                    name = (task / "comm").read_text().strip()
                    on_core = int((task / "schedstat").read_text().split()[0]) / 1e9
                    lines = (task / "status").read_text().splitlines()
                    sleeps = next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))
                    found[pid, int(task.name)] = Thread(name, on_core, sleeps)
    return found


def by_thread(before: dict[tuple[int, int], Thread], after: dict[tuple[int, int], Thread], seconds: float) -> list[str]:
    """A Markdown table of who was on a core for how long, and how often each woke up."""
    share: Counter[str] = Counter()
    wakes: Counter[str] = Counter()
    for key, now in after.items():
        then = before.get(key, Thread("", 0.0, 0))
        share[now.name] += now.cpu_s - then.cpu_s  # type: ignore[assignment]
        wakes[now.name] += now.sleeps - then.sleeps
    lines = ["| thread | % of a core | wakes a second |", "|---|---|---|"]
    lines += [
        f"| {name} | {100 * cpu / seconds:.2f} | {wakes[name] / seconds:.1f} |" for name, cpu in share.most_common()
    ]
    total = sum(share.values()), sum(wakes.values())
    return [*lines, f"| all | {100 * total[0] / seconds:.2f} | {total[1] / seconds:.1f} |"]


def pss_mib(pid: int) -> dict[str, float]:
    """Proportional share of memory of one process, in MiB, by kind (smaps_rollup); empty when it is gone."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        pairs = (line.split()[:2] for line in lines[1:] if line.endswith("kB"))
        return {name.rstrip(":"): int(kib) / 1024 for name, kib in pairs}
    return {}
