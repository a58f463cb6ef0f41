"""A start reads the newest entries only: it takes the same for a machine that has served a million."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.ledger import Ledger, open_database
from kiosk import journal as module
from kiosk.effects import Record
from kiosk.journal import Journal

AT = datetime(2027, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def maker() -> Any:
    path = Path(__file__).parents[1] / "bench" / "make_journal.py"
    spec = importlib.util.spec_from_file_location("make_journal", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def served(maker: Any, path: Path, cash: Any, transactions: int) -> Path:
    """A journal after so many people, the last of whom was interrupted after paying."""
    maker.make_journal(path, transactions, cash)
    journal = Journal(path, cash)
    tx = {"tx": "cut"}
    journal.commit([Record("session_began", tx), Record("identity_denied", tx)], AT)
    journal.commit([Record("cash_in_started", tx | {"kind": "seal", "copies": 1, "fee_yen": 300})], AT)
    journal.commit([Record("print_ordered", tx | {"copy": 1, "job": "j1", "pages": 2, "up_time": 1})], AT)
    journal.commit([Record("left_behind", {"tx": "", "what": "card"})], AT)
    journal.close()
    return path


def begin(path: Path, settings: Any) -> tuple[Any, ...]:
    """All that a new process reads before the first screen, as `kiosk.__main__` does."""
    cash = settings.machine.cash
    journal = Journal(path, cash)
    try:
        journal.install({hopper.serial: hopper.initial_coins for hopper in cash.hoppers}, AT)
        return (
            journal.found(),
            journal.stopped(),
            journal.denials(AT),
            journal.interrupted(),
            journal.hoppers(),
            journal.usual(),
            journal.mark(),
        )
    finally:
        journal.close()


def test_a_made_journal_is_one_the_machine_would_have_written(maker, settings, tmp_path: Path) -> None:
    path = served(maker, tmp_path / "kiosk.sqlite", settings.machine.cash, 30)
    with sqlite3.connect(path, isolation_level=None) as db:
        assert Ledger(db, "journal").verify() == 4 + 30 * 15 + 5
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("DELETE FROM journal WHERE seq = 9")
    db.close()
    journal = Journal(path, settings.machine.cash)
    tally = journal.totals()
    journal.close()
    assert (tally.inserted, tally.charged, tally.paid_back, tally.still_held) == (15000, 9000, 6000, 0)
    found, _, denials, (interrupted,), _, usual, _ = begin(path, settings)
    assert (found[0][1], denials, interrupted.jobs[0].job) == ("card", 1, "j1")
    assert usual.copy is not None
    assert 14 < usual.copy.usual_s < 23
    assert usual.download(1) is not None


def test_no_statement_of_a_start_walks_through_the_journal(maker, settings, tmp_path: Path, monkeypatch) -> None:
    path = served(maker, tmp_path / "kiosk.sqlite", settings.machine.cash, 100)
    statements: list[str] = []

    def traced(where: Path) -> sqlite3.Connection:
        db = open_database(where)
        db.set_trace_callback(statements.append)
        return db

    monkeypatch.setattr(module, "open_database", traced)
    begin(path, settings)
    asked = [s for s in statements if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", s) and "sqlite_schema" not in s]
    assert any(" journal " in s for s in asked)
    with sqlite3.connect(path) as db:
        for statement in asked:
            plan = " / ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"))
            assert not re.search(r"SCAN (journal|credit)\b", plan), f"{statement}: {plan}"
            assert "TEMP B-TREE" not in plan or " journal " not in statement, f"{statement}: {plan}"
    db.close()


def test_a_start_costs_the_database_the_same_after_ten_times_as_many_people(
    maker, settings, tmp_path: Path, monkeypatch
) -> None:
    """Counted in steps of SQLite's virtual machine, which no other work on this computer changes."""
    steps: list[int] = []

    def counted(where: Path) -> sqlite3.Connection:
        db = open_database(where)

        def step() -> int:
            steps[-1] += 1
            return 0

        db.set_progress_handler(step, 100)
        return db

    paths = [served(maker, tmp_path / f"{n}.sqlite", settings.machine.cash, n) for n in (100, 1000)]
    monkeypatch.setattr(module, "open_database", counted)
    for path in paths:
        steps.append(0)
        begin(path, settings)
    few, many = steps
    assert few > 100, "nothing was counted"
    assert many <= few * 1.02


# ---- what is usual ---------------------------------------------------------------------------------------


@pytest.fixture
def journal(settings, tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "usual.sqlite", settings.machine.cash)
    yield opened
    opened.close()


def copy(journal: Journal, n: int, took_s: float, outcome: str = "printed") -> None:
    job = {"tx": f"t{n}", "copy": 1, "job": f"j{n}"}
    at = AT + timedelta(hours=n)
    journal.commit([Record("print_ordered", job | {"pages": 2, "up_time": 1})], at)
    judged = job | {"outcome": outcome, "sheets": 1, "fee_yen": 300}
    journal.commit([Record("print_judged", judged)], at + timedelta(seconds=took_s))


def download(journal: Journal, took_s: float, copies: int = 1) -> None:
    journal.commit([Record("download_took", {"tx": "t", "copies": copies, "ms": round(1000 * took_s)})], AT)


def test_of_two_nothing_is_claimed_and_of_three_the_middle_one(journal) -> None:
    for n, took_s in enumerate((20, 12)):
        copy(journal, n, took_s)
        download(journal, took_s)
    assert (journal.usual().copy, journal.usual().downloads) == (None, ())
    copy(journal, 3, 14)
    download(journal, 14)
    usual = journal.usual()
    assert usual.copy is not None
    assert (usual.copy.usual_s, usual.copy.late_s) == (14, 21)
    assert usual.download(1) == usual.copy


def test_only_the_last_twenty_count(journal) -> None:
    for n in range(25):
        copy(journal, n, 100 if n < 5 else 10 + n % 5)
    usual = journal.usual().copy
    assert usual is not None
    assert (usual.usual_s, usual.late_s) == (12, 18), "as the machine is now, not as it was"


def test_what_was_not_printed_and_what_a_set_clock_shows_do_not_count(journal) -> None:
    for n, took_s in enumerate((10, 10, 10)):
        copy(journal, n, took_s)
    for n, (took_s, outcome) in enumerate(((70, "unknown"), (70, "not_printed"), (-60, "printed"), (5000, "printed"))):
        copy(journal, 10 + n, took_s, outcome)
    usual = journal.usual().copy
    assert usual is not None
    assert usual.late_s == 15


def test_downloads_of_several_copies_are_another_thing(journal) -> None:
    for took_s in (8, 9, 10):
        download(journal, took_s)
        download(journal, 2 * took_s, copies=2)
    download(journal, 60, copies=3)
    usual = journal.usual()
    assert [(n, pace.usual_s) for n, pace in usual.downloads] == [(1, 9), (2, 18)]
    assert usual.download(3) is None


def test_what_is_over_before_it_can_be_told_is_not_told(journal) -> None:
    for n in range(5):
        copy(journal, n, 3)
    assert journal.usual().copy is None
