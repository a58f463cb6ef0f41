"""The gate at the journal: everything passes, but for what a trap waits for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.bench.changes import Changes
from hardware_sim.bench.gate import ANY, JournalGateServer, Passage

CREDIT = '{"phase": "%s", "kinds": ["credit"], "n": %d}'


@pytest.fixture
def gate(folder: Path, changes: Changes) -> Iterator[JournalGateServer]:
    server = JournalGateServer(folder / "g", changes)
    server.start()
    yield server
    server.close()


def test_commits_pass_and_are_remembered(
    gate: JournalGateServer, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    kiosk = kiosk_end(folder / "g")
    kiosk.say(CREDIT % ("before", 1))
    assert kiosk.hear() == b"go\n"
    mark = gate.count
    kiosk.say(CREDIT % ("after", 1))
    assert kiosk.hear() == b"go\n"
    assert gate.passed(mark) == [Passage("after", ("credit",), 1, os.getpid())]


def test_a_trap_springs_once_at_its_moment_and_lets_nobody_go_on(
    gate: JournalGateServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    caught: list[Passage] = []
    trap = gate.arm("credit", "after", caught.append, nth=2)
    kiosk = kiosk_end(folder / "g")
    for phase, n in (("before", 1), ("after", 1), ("before", 2)):
        kiosk.say(CREDIT % (phase, n))
        assert kiosk.hear() == b"go\n"
    kiosk.say(CREDIT % ("after", 2))
    assert changes.wait_until(lambda: trap.sprung is not None and bool(caught), 5)
    assert caught[0].n == 2
    other = kiosk_end(folder / "g")
    other.say(CREDIT % ("after", 3))
    assert other.hear() == b"go\n"


def test_any_kind_and_disarming(
    gate: JournalGateServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    trap = gate.arm(ANY, "before", lambda _passage: None)
    gate.disarm(trap)
    kiosk = kiosk_end(folder / "g")
    kiosk.say(CREDIT % ("before", 1))
    assert kiosk.hear() == b"go\n"
    armed = gate.arm(ANY, "before", lambda _passage: None)
    kiosk.say(CREDIT % ("before", 2))
    assert changes.wait_until(lambda: armed.sprung is not None, 5)


def test_nobody_waits_for_a_bench_that_has_gone(
    gate: JournalGateServer, changes: Changes, folder: Path, kiosk_end: Callable[[Path], Any]
) -> None:
    trap = gate.arm(ANY, "before", lambda _passage: None)
    kiosk = kiosk_end(folder / "g")
    kiosk.say(CREDIT % ("before", 1))
    assert changes.wait_until(lambda: trap.sprung is not None, 5)
    gate.close()
    assert kiosk.hear() == b""
