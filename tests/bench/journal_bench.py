"""A start with a long journal beside one with a short one: what every process reads before it serves anybody.

Opened, its newest entries checked, levels, latches, interrupted transactions and what was found read, and the first
step of the machine: the part of a start that knows the journal at all, so that imports and devices hide nothing. Each
run is a process of its own. The long journal is made once (3 GB in var/bench) and used again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from harness import Measure
from make_journal import EXAMPLE, make_journal

from config.load import load

GOAL: Final = 1.2
LONG: Final = int(os.environ.get("BENCH_JOURNAL", 1_000_000))
"""Transactions; fewer (BENCH_JOURNAL) for a quick look."""
SHORT: Final = 1_000
FOLDER: Final = Path(__file__).parents[2] / "var" / "bench"
START: Final = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from config.load import load
from kiosk.__main__ import first_session
from kiosk.journal import Journal
from kiosk.machine import start
from kiosk.session import Moment
settings, at = load(Path(sys.argv[1])), datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
base = SimpleNamespace(settings=settings)
began = time.perf_counter()
journal = Journal(Path(sys.argv[2]), settings.machine.cash)
journal.install({}, at)
journal.mark()
session = first_session(base, journal, SimpleNamespace(now=lambda: at), SimpleNamespace(names=tuple))
start(session, Moment(at, 1000.0))
print(time.perf_counter() - began)
journal.close()
"""


def journal_of(transactions: int) -> Path:
    """A journal of so many transactions, made by today's program; kept for the next run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    maker = Path(__file__).with_name("make_journal.py")
    path = FOLDER / f"journal-{transactions}.sqlite"
    if not path.exists() or path.stat().st_mtime < maker.stat().st_mtime:
        for old in FOLDER.glob(f"{path.name}*"):
            old.unlink()
        began, beside = time.monotonic(), path.with_suffix(".part")
        for old in FOLDER.glob(f"{beside.name}*"):
            old.unlink()
        make_journal(beside, transactions, load(EXAMPLE).machine.cash)
        beside.rename(path)
        took = time.monotonic() - began
        print(f"    journal of {transactions} transactions made in {took:.0f} s", file=sys.stderr, flush=True)
    return path


def start_s(path: Path) -> float:
    command = [sys.executable, "-c", START, str(EXAMPLE), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-400:])
    return float(done.stdout)


def measures() -> list[Measure]:
    short, long = journal_of(SHORT), journal_of(LONG)
    size_mb = long.stat().st_size / 1e6
    note = f"{LONG} transactions ({size_mb:.0f} MB) beside {SHORT}; 15 entries each."
    name = f"start with {LONG} transactions in the journal, beside {SHORT}"
    return [Measure(name, lambda: start_s(long), lambda: start_s(short), GOAL, 20, note)]
