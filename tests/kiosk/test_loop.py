"""The loop: journal first, then orders; one picture at a time; nothing drawn after the erase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.errors import IssuerUnavailable, JournalError
from kiosk.loop import Devices, Inbox, Loop
from kiosk.session import State
from kiosk.view_model import View


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.acknowledged = 0

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 1, 24, tzinfo=UTC)

    def boot(self) -> float:
        return self.seconds

    def acknowledge(self) -> None:
        self.acknowledged += 1


class Everything:
    """Every port at once: writes down, in order, what reached it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.views: list[View] = []
        self.touches: list[e.Event] = []
        self.fail = False
        self.gone = False

    def __getattr__(self, name: str) -> Any:
        return lambda *order: self.log.append(name)

    def commit(self, records: Sequence[f.Record], at: datetime) -> None:
        if self.fail and records:
            raise JournalError("disk full")
        self.log += [f"journal:{record.kind}" for record in records]

    def found(self) -> tuple[()]:
        return ()

    def show(self, view: View) -> bool:
        self.views.append(view)
        return True

    def poll(self) -> Sequence[e.Event]:
        touches, self.touches = self.touches, []
        return touches

    def document(self, copy: int) -> bytes:
        if self.gone:
            raise IssuerUnavailable("document_gone")
        return b"%PDF"

    def erase(self, *_order: int) -> tuple[str, ...]:
        self.log.append("erase")
        return ("labels",)


@pytest.fixture
def rig(world) -> tuple[Loop, Everything, Inbox, Clock]:
    everything, inbox, clock = Everything(), Inbox(), Clock()
    d = Devices(*[everything] * 7)  # type: ignore[list-item]
    return Loop(world.session, d, everything, clock, inbox, lambda: None), everything, inbox, clock  # type: ignore[arg-type]


def test_the_journal_is_written_before_the_coins_are_accepted(rig, world) -> None:
    loop, everything, inbox, _ = rig
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed())
    while not isinstance(world.pending[0], f.CheckCash):
        world.answer()
    loop.session = world.session
    inbox.put(world.reply(world.pending[0])[0])
    loop.turn(0)
    assert loop.session.state is State.PAYING
    assert everything.log.index("journal:cash_in_started") < everything.log.index("accept")


def test_nothing_moves_when_the_journal_cannot_be_written(rig, world) -> None:
    loop, everything, inbox, _ = rig
    world.to_paying()
    loop.session = world.session
    everything.fail = True
    everything.log.clear()
    inbox.put(e.CoinsCredited((e.Credit(1, 1, 1, 500, 4),), e.DeviceMark(1, 1, 1, 1, "")))
    with pytest.raises(JournalError):
        loop.turn(0)
    assert everything.log == [], "no order left after the entry failed"


def test_a_document_that_is_gone_is_a_copy_that_did_not_come_out(rig, world) -> None:
    loop, everything, inbox, _ = rig
    everything.gone = True
    world.to_paying().coin(500)
    loop.session = world.session
    inbox.put(world.reply(world.pending[0])[0])
    loop.turn(0)
    assert "print_copy" not in everything.log
    loop.turn(0)
    assert loop.session.outcomes == (e.PrintOutcome.NOT_PRINTED,)


def test_after_the_erase_of_the_picture_nothing_is_drawn(rig, world) -> None:
    loop, everything, _inbox, clock = rig
    world.to_confirm().see(e.CancelPressed())
    loop.session = world.session
    everything.touches = [e.NextPressed()]
    loop.turn(0)
    assert loop.session.state is State.ERASING
    drawn = len(everything.views)
    clock.seconds += 1
    loop.turn(0)
    assert len(everything.views) == drawn


def test_every_turn_acknowledges_the_clock(rig) -> None:
    loop, _, _, clock = rig
    loop.turn(0)
    loop.turn(0)
    assert clock.acknowledged == 2


NOBODY_ELSE = {f.Record, f.EndProcess, f.EraseDocuments, f.EraseSession, f.PrintCopy}
"""Not one call of one port: tried by name elsewhere."""


def order_of(kind: type) -> f.Effect:
    """One order of this kind; what its fields hold does not matter here."""
    return kind(**{name: None for name, spec in kind.__dataclass_fields__.items()})  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [kind for kind in get_args(f.Effect) if kind not in NOBODY_ELSE])
def test_every_order_reaches_its_port(rig, kind: type) -> None:
    """An order that reaches nobody is a person who waits for nothing."""
    loop, everything, _, _ = rig
    loop._devices = replace(loop._devices, staff=everything, office=everything)
    loop._carry_out((order_of(kind),), loop._now())
    assert len(everything.log) == 1


def test_staff_find_the_entry_of_what_was_left_behind_a_moment_ago(rig, world) -> None:
    """The journal gives the entry its number, so the loop fetches it when it has been written."""
    loop, everything, _, _ = rig
    entry = (7, "change_tray", datetime(2026, 11, 24, tzinfo=UTC))
    everything.found = lambda: (entry,)  # type: ignore[method-assign]
    loop._carry_out((f.Record("left_behind", {"what": "change_tray"}),), loop._now())
    assert loop.session.staff.found == (entry,)
