"""A world that answers the machine's orders, so that whole roads can be walked without a device or a clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.schema import Settings
from kiosk import effects as f
from kiosk import events as e
from kiosk.catalogue import Rules, rules_of
from kiosk.machine import start, step
from kiosk.money import Hopper
from kiosk.phrases import PHRASES
from kiosk.presenter import soon
from kiosk.session import Moment, Service, Session, State

OPEN = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)  # Tuesday 10:24 in Japan
TOKENS = tuple(f"{n:08x}" * 4 for n in range(1, 14))
REFERENCE = "6VGC-C6VS-06K9-QVCQ"
MARK = e.DeviceMark(1234567, 1, 0, 0, "00" * 10)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Saga's, with both kinds of card."""
    saga = load(Path(__file__).parents[2] / "config" / "machine.example.toml")
    return replace(saga, profile=replace(saga.profile, flows=("mynumber", "juki")))


@pytest.fixture(scope="session")
def rules(settings: Settings) -> Rules:
    parts = frozenset({e.Part.READER, e.Part.CASH, e.Part.PRINTER, e.Part.ISSUER})
    return rules_of(settings, parts, sensed=True)


def facts_for(wish: f.Wish, **changes: Any) -> e.CertificateFacts:
    copies = tuple(e.CopyFacts(i, 2, REFERENCE, True) for i in range(1, wish.copies + 1))
    good = e.CertificateFacts(
        wish.kind, wish.household, wish.items, copies, REFERENCE, "佐〇　〇子", members=wish.members
    )
    return replace(good, **changes)


KINDS = ("residence", "seal", "income", "tax")
HANDLE = b"0123456789abcdef"
MEMBERS = (
    e.Member("0000000a", "佐賀 太郎", "世帯主"),
    e.Member("0000000b", "佐賀 花子", "妻", holder=True),
    e.Member("0000000c", "佐賀 一", "子"),
)


@dataclass
class World:
    """Holds a session, its time and everything it ordered; `answer` plays the device that works."""

    session: Session
    juki: bool = False
    """Which card is laid down."""
    members: tuple[e.Member, ...] = MEMBERS
    boot: float = 1000.0
    utc: datetime = OPEN
    orders: list[f.Effect] = field(default_factory=list)
    pending: list[f.Effect] = field(default_factory=list)
    seq: int = 0
    paid_coins: int = 0
    states: list[State] = field(default_factory=list)
    watch: Callable[[Session, e.Event, Session, tuple[f.Effect, ...]], None] = lambda *_: None

    @property
    def now(self) -> Moment:
        return Moment(self.utc, self.boot)

    @property
    def state(self) -> State:
        return self.session.state

    def begin(self) -> World:
        self.session, orders = start(self.session, self.now)
        self._note(orders)
        return self

    def see(self, *events: e.Event) -> World:
        for event in events:
            before = self.session
            self.session, orders = step(before, event, self.now)
            self._note(orders)
            self.watch(before, event, self.session, orders)
            soon(self.session, self.now)  # in every state that any test reaches, what may be next can be shown
        return self

    def _note(self, orders: tuple[f.Effect, ...]) -> None:
        self.orders += orders
        assert {order.phrase for order in orders if isinstance(order, f.Say)} <= PHRASES
        self.pending += [order for order in orders if hasattr(order, "order")]
        if not self.states or self.states[-1] is not self.state:
            self.states.append(self.state)

    def after(self, seconds: float) -> World:
        self.boot += seconds
        self.utc += timedelta(seconds=seconds)
        return self.see(e.Tick())

    def coin(self, yen: int) -> World:
        self.seq += 1
        path = {10: 1, 50: 2, 100: 3, 500: 4}[yen]
        credit = e.Credit(MARK.serial, 1, self.seq, yen, path)
        mark = replace(MARK, seq=self.seq, counter=self.seq % 255 + 1)
        return self.see(e.CoinsCredited((credit,), mark))

    def answer(self, **changes: Any) -> World:
        """Answer everything asked so far as devices that work would; `changes` alter the first answer."""
        pending, self.pending = self.pending, []
        for order in pending:
            for event in self.reply(order):
                self.see(replace(event, **changes) if changes else event)
                changes = {}
        return self

    def answers(self) -> World:
        while self.pending:
            self.answer()
        return self

    def until(self, state: State) -> World:
        """Answers, one round after the other, until this state is reached."""
        while self.state is not state:
            assert self.pending, f"{state} was never reached"
            self.answer()
        return self

    def reply(self, order: f.Effect) -> tuple[e.Event, ...]:
        match order:
            case f.Wipe(n):
                return (e.Wiped(n, ("processes", "runtime"), True),)
            case f.FindJob(n, job, _):
                return (e.JobFound(n, job, e.PrintOutcome.NOT_PRINTED, 0),)
            case f.IdentifyCard(n) if self.juki:
                home = self.session.rules.profile.municipality_code
                return (e.CardIdentified(n, e.CardKind.JUKI, handle=HANDLE, home=home),)
            case f.IdentifyCard(n):
                return (e.CardIdentified(n, e.CardKind.MY_NUMBER, 3, certificate=b"der"),)
            case f.OpenSession(n):
                return (e.SessionOpened(n, b"challenge"),)
            case f.SignChallenge(n):
                return (e.CardSigned(n, b"signature"),)
            case f.Authenticate(n):
                return (e.Authenticated(n, KINDS),)
            case f.RecogniseCard(n):
                return (e.CardRecognised(n, KINDS, 3),)
            case f.CheckPin(n):
                return (e.Authenticated(n, KINDS),)
            case f.ListHousehold(n):
                return (e.HouseholdListed(n, self.members),)
            case f.Issue(n, wish):
                return (e.CertificateArrived(n, facts_for(wish)),)
            case f.PreparePrinter(n):
                return (e.PrinterReady(n, 250),)
            case f.CheckCash(n):
                return (e.CashReady(n, frozenset(h.serial for h in self.session.hoppers)),)
            case f.RefuseCoins(n):
                return (e.CoinsRefused(n),)
            case f.InspectHopper(n, serial):
                return (e.HopperInspected(n, serial, 7, 400, False),)
            case f.Dispense(n, serial, coins) | f.ResolveDispense(n, serial, coins):
                return (e.DispenseResolved(n, serial, coins, True, "168"),)
            case f.PrintCopy(n, copy, pages):
                return (e.CopyJudged(n, copy, e.PrintOutcome.PRINTED, pages // 2),)
            case f.PrintReceipt(n):
                return (e.ReceiptJudged(n, e.PrintOutcome.PRINTED),)
            case f.EraseDocuments(n):
                return (e.Erased(n, e.Part.ISSUER, ("key",), True), e.Erased(n, e.Part.PRINTER, ("spool",), True))
            case f.EraseSession(n):
                return (e.Erased(n, e.Part.READER, ("card",), True), e.Erased(n, e.Part.DISPLAY, ("labels",), True))
        raise AssertionError(order)

    # ---- shortcuts -----------------------------------------------------------------------------------

    def ready(self) -> World:
        self.begin().answers()
        return self.up()

    def up(self) -> World:
        """Every part comes up; reader and sensors say that nothing lies there."""
        self.see(*(e.DeviceOnline(part) for part in self.session.rules.required))
        return self.see(e.CardRemoved(), *(e.PlaceEmptied(place) for place in e.Place))

    def lay(self) -> World:
        """A card is laid on the reader, and everything up to the next question is answered."""
        return self.see(e.CardPresented()).answers()

    def take_card(self) -> World:
        return self.see(e.CardRemoved()).after(0.4)

    def to_pin(self, kind: str = "residence") -> World:
        """To the PIN pad; with a Juki card a kind is chosen before."""
        self.ready().lay()
        return self.take_card().see(e.CertificateChosen(kind)) if self.juki else self

    def pin(self, digits: str = "1234") -> World:
        return self.see(*(e.DigitPressed(int(d)) for d in digits), e.PinConfirmed())

    def to_choice(self) -> World:
        """To the choice of the certificate, the PIN not yet typed with a Juki card."""
        if self.juki:
            return self.ready().lay().take_card()
        return self.to_pin().pin().answers().take_card()

    def to_kind(self, kind: str = "residence") -> World:
        """To the first screen after certificate and PIN."""
        if self.juki:
            return self.to_pin(kind).pin().answers()
        return self.to_choice().see(e.CertificateChosen(kind))

    def to_copies(self, kind: str = "residence", household: str = "whole") -> World:
        self.to_kind(kind)
        if kind == "residence":
            self.see(e.HouseholdChosen(household)).answers()
            if self.state is State.CHOOSING_MEMBERS:
                self.see(e.NextPressed())
            self.see(e.NextPressed())
        return self

    def to_confirm(self, copies: int = 1, kind: str = "residence", household: str = "whole") -> World:
        return self.to_copies(kind, household).see(e.CopiesChanged(copies), e.NextPressed())

    def to_paying(self, copies: int = 1) -> World:
        return self.to_confirm(copies).see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answers()

    def take_all(self) -> World:
        """Everything is taken, and the thanks are read."""
        self.after(1)
        return self.see(*(e.PlaceEmptied(place) for place in e.Place)).after(3).after(3).answers()

    def records(self, kind: str) -> list[f.Record]:
        return [order for order in self.orders if isinstance(order, f.Record) and order.kind == kind]

    def ordered(self, kind: type) -> list[Any]:
        return [order for order in self.orders if isinstance(order, kind)]

    def said(self) -> list[str]:
        return [order.phrase for order in self.ordered(f.Say)]


@pytest.fixture
def world(rules: Rules) -> World:
    hoppers = tuple(Hopper(h.serial, h.yen, 60) for h in rules.settings.machine.cash.hoppers)
    return World(Session(rules, TOKENS, hoppers=hoppers, service=Service()))


@pytest.fixture
def chance() -> Callable[[int], random.Random]:
    return random.Random
