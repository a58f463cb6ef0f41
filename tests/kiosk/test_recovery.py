"""The power goes at every instant: after each step of a paid transaction a new process starts from the journal alone.

The devices of this test keep what really happened (coins in, coins out, sheets out) and go on without the kiosk, as
metal and paper do. After the recovery the books must agree with them, to the yen, and no sheet may come out twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.journal import Journal
from kiosk.machine import start, step
from kiosk.session import Moment, Service, Session, State

OPEN = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)


class Cut(Exception):
    """The power went."""


@dataclass
class Metal:
    """What happened in the world; survives every cut."""

    inserted: int = 0
    paid_out: int = 0
    printed: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    yen: dict[int, int] = field(default_factory=dict)
    unread: list[e.Credit] = field(default_factory=list)
    seq: int = 0


class Rig:
    """A kiosk process on a real journal, with devices that work, and a place at which the power goes."""

    def __init__(self, rules: Any, path: Path, metal: Metal, cut_at: int | None, before: bool, utc: Any) -> None:
        self.rules, self.metal, self.cut_at, self.before = rules, metal, cut_at, before
        self.cut_kind = ""
        self.boot, self.utc = 1000.0, utc
        self.commits = 0
        self.kinds: list[str] = []
        cash = rules.settings.machine.cash
        metal.yen.update({h.serial: h.yen for h in cash.hoppers})
        self.journal = Journal(path, cash)
        self.journal.install({h.serial: 60 for h in cash.hoppers}, self.utc)
        self.mark = self.journal.mark() or e.DeviceMark(cash.acceptor_serial, 1, 0, 0, "")
        self.pending: list[f.Effect] = []
        self.session = Session(
            rules,
            tuple(f"{self.utc.timestamp():020.0f}{n:012d}" for n in range(13)),
            service=Service(stopped=self.journal.stopped()),
            interrupted=self.journal.interrupted(),
            hoppers=self.journal.hoppers(),
        )

    @property
    def now(self) -> Moment:
        return Moment(self.utc, self.boot)

    def begin(self, early: bool = False) -> None:
        """`early`: the coin unit is up before the wipe is answered; both happen."""
        self.session, orders = start(self.session, self.now)
        self.carry_out(orders)
        if early and self.metal.unread:
            self.credits()
        self.drain()
        if self.metal.unread:  # the acceptor's buffer is read before the unit reports online
            self.credits()
        for part in sorted(self.rules.required, key=lambda p: p.value):
            self.see(e.DeviceOnline(part))
            self.drain()
        self.see(e.CardRemoved())
        for place in e.Place:
            self.see(e.PlaceEmptied(place))

    def see(self, event: e.Event) -> None:
        self.session, orders = step(self.session, event, self.now)
        self.carry_out(orders)

    def carry_out(self, orders: tuple[f.Effect, ...]) -> None:
        records = [order for order in orders if isinstance(order, f.Record)]
        if records:
            self.commits += 1
            self.kinds.append("+".join(r.kind for r in records))
            now = self.cut_at == self.commits or self.cut_kind in self.kinds[-1].split("+")
            if now and self.before:
                raise Cut
            self.journal.commit(records, self.utc)
            if now:
                raise Cut
        for order in orders:
            self.obey(order)

    def obey(self, order: f.Effect) -> None:
        """What a device does at once, whether or not the kiosk lives to hear of it."""
        match order:
            case f.PrintCopy(_, _, _, job):
                assert job not in self.metal.printed, "printed twice"
                self.metal.printed[job] = 1
            case f.Dispense(_, serial, coins):
                self.metal.paid_out += coins * self.metal.yen[serial]
                self.metal.counts[serial] = self.metal.counts.get(serial, 400) + coins
        if hasattr(order, "order"):
            self.pending.append(order)

    def drain(self) -> None:
        while self.pending:
            for event in self.answer(self.pending.pop(0)):
                self.see(event)

    def answer(self, order: f.Effect) -> tuple[e.Event, ...]:
        counts = self.metal.counts
        match order:
            case f.Wipe(n):
                return (e.Wiped(n, ("processes",), True),)
            case f.FindJob(n, job, pages):
                came_out = job in self.metal.printed
                outcome = e.PrintOutcome.PRINTED if came_out else e.PrintOutcome.NOT_PRINTED
                return (e.JobFound(n, job, outcome, pages // 2),)
            case f.IdentifyCard(n):
                return (e.CardIdentified(n, e.CardKind.MY_NUMBER, 3, certificate=b"der"),)
            case f.OpenSession(n):
                return (e.SessionOpened(n, b"challenge"),)
            case f.SignChallenge(n):
                return (e.CardSigned(n, b"signature"),)
            case f.Authenticate(n):
                return (e.Authenticated(n, ("residence",)),)
            case f.Issue(n, wish):
                copies = tuple(e.CopyFacts(i, 2, "R", True) for i in range(1, wish.copies + 1))
                facts = e.CertificateFacts(wish.kind, wish.household, wish.items, copies, "R", "〇")
                return (e.CertificateArrived(n, facts),)
            case f.PreparePrinter(n):
                return (e.PrinterReady(n, 250),)
            case f.CheckCash(n):
                return (e.CashReady(n, frozenset(self.metal.yen)),)
            case f.RefuseCoins(n):
                return (e.CoinsRefused(n),)
            case f.InspectHopper(n, serial):
                return (e.HopperInspected(n, serial, 7, counts.setdefault(serial, 400), False),)
            case f.Dispense(n, serial, _, _, before) | f.ResolveDispense(n, serial, _, _, before):
                return (e.DispenseResolved(n, serial, counts.get(serial, 400) - before, True, "168"),)
            case f.PrintCopy(n, copy, pages):
                return (e.CopyJudged(n, copy, e.PrintOutcome.PRINTED, pages // 2),)
            case f.PrintReceipt(n):
                return (e.ReceiptJudged(n, e.PrintOutcome.PRINTED),)
            case f.EraseDocuments(n):
                return (e.Erased(n, e.Part.ISSUER, (), True), e.Erased(n, e.Part.PRINTER, (), True))
            case f.EraseSession(n):
                return (e.Erased(n, e.Part.READER, (), True), e.Erased(n, e.Part.DISPLAY, (), True))
        raise AssertionError(order)

    def coin(self, yen: int) -> None:
        self.metal.seq += 1
        self.metal.inserted += yen
        path = {10: 1, 50: 2, 100: 3, 500: 4}[yen]
        self.metal.unread.append(e.Credit(self.mark.serial, 1, self.metal.seq, yen, path))
        self.credits()

    def credits(self) -> None:
        mark = replace(self.mark, seq=self.metal.seq, counter=self.metal.seq)
        known = self.mark.seq
        fresh = tuple(c for c in self.metal.unread if c.seq > known)
        self.mark = mark
        self.see(e.CoinsCredited(fresh, mark))

    def all_of(self, *events: e.Event) -> None:
        for event in events:
            self.see(event)
            self.drain()

    def one_customer(self, coins: tuple[int, ...]) -> None:
        digits = (e.DigitPressed(1) for _ in range(4))
        self.all_of(e.CardPresented(), *digits, e.PinConfirmed(), e.CardRemoved())
        self.boot += 1
        self.all_of(e.Tick(), e.CertificateChosen("residence"), e.HouseholdChosen("whole"), e.NextPressed())
        self.all_of(e.NextPressed(), e.NextPressed(), e.IdentityConfirmed())
        assert self.session.state is State.PAYING
        for yen in coins:
            self.coin(yen)
        self.drain()
        for _ in range(2):
            self.boot += 5
            self.see(e.Tick())
            self.drain()


def run(rules: Any, path: Path, metal: Metal, cut_at: int | None, before: bool, dark_s: float) -> tuple[Rig, Rig]:
    rig = Rig(rules, path, metal, cut_at, before, OPEN)
    try:
        rig.begin()
        rig.one_customer((500,))
    except Cut:
        pass
    finally:
        rig.journal.close()
    again = Rig(rules, path, metal, None, False, OPEN + timedelta(seconds=dark_s))
    again.begin()
    return rig, again


@pytest.mark.parametrize("dark_s", [5, 600])
def test_the_books_agree_with_the_metal_wherever_the_power_goes(rules, tmp_path, dark_s: float) -> None:
    clean, after = run(rules, tmp_path / "clean.sqlite", Metal(), None, False, dark_s)
    after.journal.close()
    assert clean.session.state is State.ENDED
    assert clean.commits >= 9, clean.kinds
    for n in range(1, clean.commits + 1):
        for before in (True, False):
            metal = Metal()
            rig, again = run(rules, tmp_path / f"{n}{before}.sqlite", metal, n, before, dark_s)
            where = f"{'before' if before else 'after'} {rig.kinds[-1]} (commit {n})"
            totals = again.journal.totals()
            assert totals.inserted == metal.inserted, where
            assert totals.paid_back == metal.paid_out, where
            assert totals.charged == 300 * len(metal.printed), where
            assert totals.still_held == 0, where
            assert totals.inserted == totals.charged + totals.paid_back + totals.owed, where
            assert again.session.state is State.IDLE, where
            assert not again.journal.interrupted(), where
            again.journal.close()


def agrees(rig: Rig, metal: Metal, where: str) -> None:
    totals = rig.journal.totals()
    assert totals.inserted == metal.inserted, where
    assert totals.paid_back == metal.paid_out, where
    assert totals.charged == 300 * len(metal.printed), where
    assert totals.still_held == 0, where
    assert not rig.journal.interrupted(), where


@pytest.mark.parametrize("early", [False, True])
def test_the_power_goes_again_during_the_recovery_and_once_more(rules, tmp_path, early: bool) -> None:
    """Each recovery is cut one commit later than the one before, until one comes to its end."""
    cuts = ("credit", "print_ordered", "print_judged", "payout_sending", "payout_resolved")
    for cut, before in product(cuts, (True, False)):
        metal, path = Metal(), tmp_path / f"{cut}{before}.sqlite"
        rig = Rig(rules, path, metal, None, before, OPEN)
        rig.cut_kind = cut
        try:
            rig.begin()
            rig.one_customer((500,))
        except Cut:
            rig.journal.close()
        for n in range(1, 9):
            again = Rig(rules, path, metal, n, n % 2 == 0, OPEN + timedelta(seconds=10 * n))
            try:
                again.begin(early)
            except Cut:
                assert n < 8, again.kinds
            else:
                agrees(again, metal, f"{cut} {before}, after {n} recoveries")
                assert sum(row.kind == "owed" for row in again.journal.entries()) == 0
                break
            finally:
                again.journal.close()


def test_nobody_is_paid_in_an_empty_room(rules, tmp_path) -> None:
    """After a long power cut what is left is owed, with a slip, and no coin falls (money rules §2.6)."""
    metal = Metal()
    clean, after = run(rules, tmp_path / "clean.sqlite", Metal(), None, False, 5)
    after.journal.close()
    n = next(i for i, kind in enumerate(clean.kinds, 1) if "cash_in_ended" in kind)
    _, again = run(rules, tmp_path / "cut.sqlite", metal, n, False, 3600)
    totals = again.journal.totals()
    assert metal.paid_out == 0
    assert totals.owed == metal.inserted - 300 * len(metal.printed)
    again.journal.close()


def test_a_clock_that_was_stepped_back_does_not_pay_an_empty_room(rules, tmp_path) -> None:
    metal = Metal()
    clean, after = run(rules, tmp_path / "clean.sqlite", Metal(), None, False, 5)
    after.journal.close()
    n = next(i for i, kind in enumerate(clean.kinds, 1) if "cash_in_ended" in kind)
    _, again = run(rules, tmp_path / "cut.sqlite", metal, n, False, -3600)
    assert metal.paid_out == 0
    again.journal.close()
