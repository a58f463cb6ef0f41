"""Random roads through the machine: whatever happens, in whatever order, these hold at every step."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.journal import tally_of
from kiosk.money import Tally
from kiosk.moves_choice import differs
from kiosk.presenter import present
from kiosk.session import (
    ACCEPTS_COINS,
    HOLDS_MONEY,
    HOLDS_PERSONAL_DATA,
    NOBODY,
    RECEIPT_COPY,
    STAFF,
    Intent,
    Interrupted,
    Job,
    State,
)
from kiosk.view_model import Confirm

ROADS = 400
STEPS = 160

KINDS = ("residence", "seal", "income", "tax")
TOUCHES = (
    e.DigitPressed(1), e.DigitPressed(2), e.DigitPressed(3), e.DigitPressed(4), e.PinCorrected(), e.PinConfirmed(),
    *(e.CertificateChosen(kind) for kind in KINDS), e.HouseholdChosen("whole"), e.HouseholdChosen("part"),
    e.MemberToggled("0000000a"), e.MemberToggled("0000000b"), e.MemberToggled("nobody"),
    e.ItemToggled("domicile"), e.CopiesChanged(2), e.CopiesChanged(99), e.NextPressed(), e.IdentityConfirmed(),
    e.IdentityDenied(), e.BackPressed(), e.CancelPressed(), e.MoreTimePressed(),
    *(e.TakenPressed(place) for place in e.Place), e.LanguageChosen("en"), e.LanguageChosen("ja"),
    e.EaseChosen("spoken", True), e.EaseChosen("large", True), e.EaseChosen("nothing", True), e.Touched(),
)  # fmt: skip
FORWARD = {
    State.AWAITING_PIN: ((*(e.DigitPressed(n) for n in (1, 2, 3, 4)), e.PinConfirmed()),),
    State.LAST_TRY: ((e.NextPressed(),),),
    State.TAKING_CARD: ((e.CardRemoved(),),),
    State.CHOOSING_CERTIFICATE: tuple((e.CertificateChosen(kind),) for kind in ("residence", "residence", *KINDS)),
    State.CHOOSING_HOUSEHOLD: ((e.HouseholdChosen("whole"),), *[(e.HouseholdChosen("part"),)] * 2),
    State.CHOOSING_MEMBERS: ((e.NextPressed(),), (e.MemberToggled("0000000c"), e.NextPressed())),
    State.CHOOSING_ITEMS: ((e.NextPressed(),),),
    State.CHOOSING_COPIES: ((e.CopiesChanged(2), e.NextPressed()),),
    State.CONFIRMING: ((e.NextPressed(),),),
    State.CONFIRMING_IDENTITY: ((e.IdentityConfirmed(),),),
    State.IDLE: ((e.CardPresented(),),),
    State.REFUSED: ((e.NextPressed(),),),
    State.RECEIPT: ((e.PlaceEmptied(e.Place.CERTIFICATE_TRAY),), (e.TakenPressed(e.Place.CERTIFICATE_TRAY),)),
    State.TAKING: tuple((e.PlaceEmptied(place), e.TakenPressed(place)) for place in e.Place),
}
"""Ways on from each screen."""


class Row:
    """A journal entry as the replay wants it."""

    def __init__(self, record: f.Record) -> None:
        self.kind, self.data = record.kind, record.data
        self.yen = sum(c.yen for c in record.credits) or int(record.data.get("yen") or 0)


class Watch:
    """Raises on the first step that breaks a promise."""

    def __init__(self, rules) -> None:
        self.rules = rules
        self.confirmed_yen = -1
        self.receipts = 0
        self.open_slot: frozenset[int] = frozenset()
        self.jobs: list[str] = []
        self.presses = self.verifies = 0
        self.sent: f.Dispense | None = None
        self.rows: list[Row] = []
        self.settled = False

    def __call__(self, before, event, after, orders) -> None:
        self.presses += isinstance(event, e.PinConfirmed)
        for order in orders:
            match order:
                case f.Record():
                    self.rows.append(Row(order))
                    self.settled |= order.kind == "settled"
                    if order.kind == "payout_resolved":
                        self.sent = None
                case f.SignChallenge() | f.CheckPin():
                    self.verifies += 1
                case f.AcceptCoins(yen):
                    self.open_slot = yen
                case f.RefuseCoins():
                    self.open_slot = frozenset()
                case f.PrintCopy(_, _, _, job):
                    assert job not in self.jobs, "a job was ordered twice"
                    self.jobs.append(job)
                    assert any(r.kind == "print_ordered" and r.data["job"] == job for r in self.rows)
                case f.PrintReceipt(_, paper, job):
                    self.receipts += 1
                    assert self.receipts == 1, "a receipt was ordered twice"
                    assert job not in self.jobs
                    assert any(r.kind == "receipt_ordered" and r.data["job"] == job for r in self.rows)
                    tally = after.tally
                    assert (paper.inserted_yen, paper.paid_back_yen) == (tally.inserted, tally.paid_back)
                    assert sum(n * fee for _, n, fee in paper.lines) == tally.charged
                    assert (paper.owed_yen, paper.held_yen) == (tally.owed, tally.still_held)
                case f.Dispense():
                    assert self.sent is None, "a dispense was sent while another is undecided"
                    self.sent = order
                    last = [r for r in self.rows if r.kind == "payout_sending"][-1]
                    assert last.data["hopper"] == order.serial
                    assert last.data["coins"] == order.coins
        assert self.verifies <= self.presses, "the machine tried a PIN by itself"
        if self.open_slot:
            assert after.state in ACCEPTS_COINS, f"slot open in {after.state}"
        if after.state is State.PAYING and before.state is not State.PAYING:
            assert after.wish is not None
            assert after.facts is not None
            assert differs(after.wish, after.facts) == ""
            assert all(copy.reference for copy in after.facts.copies)
            assert after.price_yen == self.confirmed_yen, "another price than the confirm screen's"
            assert after.receipt_ready or not self.rules.profile.receipt_required
        self.card_comes_back(before, after, orders)
        if after.state is State.AWAITING_PIN and after.card.tries_left == 1 and before.state is not after.state:
            assert before.state is State.LAST_TRY, "the last try was not asked about"
        assert after.extensions <= self.rules.national.max_extensions
        if before.recovering and not after.recovering:
            assert any(isinstance(o, f.Record) and o.kind == "erased" for o in orders), "no word of the wipe"
        elif before.state in HOLDS_PERSONAL_DATA and after.state not in HOLDS_PERSONAL_DATA and not before.recovering:
            assert (before.state, after.state) == (State.ERASING, State.ENDED), (before.state, after.state)
            assert isinstance(orders[-1], f.EndProcess)
        if before.state in HOLDS_MONEY and after.state not in HOLDS_MONEY:
            assert self.settled or before.state is State.SETTLING, (before.state, after.state)
        if after.tx:
            tally = tally_of((row, row.yen) for row in self.rows if row.data.get("tx") == after.tx)
            assert tally == after.tally, "journal and session disagree about the money"

    def card_comes_back(self, before, after, orders) -> None:
        """A8, A9: nobody begins while anything lies there; the card is asked back before choosing, and at the end."""
        began = [o for o in orders if isinstance(o, f.Record) and o.kind == "session_began"]
        if began:
            assert before.state is State.IDLE
            assert not before.card.present
            assert not before.places
            assert not before.service.stopped
            assert self.rules.required <= before.service.online
        if after.state is State.CHOOSING_CERTIFICATE and before.state in {State.RECOGNISING, State.TAKING_CARD}:
            assert not after.card.present, "choosing begins while the card lies there"
        if after.state is State.ERASING and before.state is not State.ERASING and after.card.present:
            left = [o.data["what"] for o in orders if isinstance(o, f.Record) and o.kind == "left_behind"]
            assert "card" in left, "the card was neither asked back nor written down"


def noise(world, dice: random.Random) -> Iterator[e.Event]:
    """Anything that may arrive at any time."""
    part = dice.choice(list(e.Part))
    place = dice.choice(list(e.Place))
    yield from dice.choice(
        [
            (dice.choice(TOUCHES),),
            (dice.choice(TOUCHES),),
            (e.CardPresented(dice.random() < 0.1),),
            (e.CardRemoved(),),
            (e.DeviceFaulted(part, "offline"),),
            (e.DeviceOnline(part),),
            (e.PlaceOccupied(place),),
            (e.PlaceEmptied(place),),
            (e.ReturnLeverPressed(),),
            (e.CashIncident("gap", "3"),),
            (e.CopyJudged(dice.randint(0, 40), 1, e.PrintOutcome.PRINTED, 1),),
            (e.CoinsRefused(dice.randint(0, 40)),),
            (e.DispenseResolved(dice.randint(0, 40), 703455, 2, True, ""),),
        ]
    )


def disturbed(event: e.Event, dice: random.Random) -> e.Event:
    """The answer of a device, sometimes a bad one."""
    n = event.order
    if dice.random() < 0.85:
        return event
    match event:
        case e.CardIdentified():
            bad = (
                replace(event, tries_left=dice.randint(0, 2)),
                replace(event, trouble="expired"),
                replace(event, kind=dice.choice(list(e.CardKind))),
                replace(event, home="131016"),
                e.CardFailed(n, "removed"),
            )
        case e.Authenticated() if dice.random() < 0.5:
            bad = (e.PinRefused(n, 2), e.PinRefused(n, 1), e.PinRefused(n, 0), replace(event, offers=("tax",)))
        case e.SessionOpened() | e.Authenticated() | e.CardRecognised() | e.HouseholdListed():
            bad = (e.IssuerFailed(n, "silent"), e.IssuerDeclined(n, "not_registered"), e.IdentityMismatched(n, "x"))
        case e.CardSigned():
            bad = (e.PinRefused(n, 2), e.PinRefused(n, 1), e.PinRefused(n, 0), e.CardFailed(n, "removed", True))
        case e.CertificateArrived(_, facts):
            first = facts.copies[0]
            bad = tuple(
                replace(event, facts=replace(facts, **change))
                for change in (
                    {"kind": "seal"},
                    {"items": facts.items ^ {"domicile"}},
                    {"members": facts.members ^ {"0000000c"}},
                    {"copies": facts.copies + facts.copies},
                    {"copies": (replace(first, reference="XXXX"), *facts.copies[1:])},
                    {"copies": (replace(first, reference=""), *facts.copies[1:])},
                    {"copies": (replace(first, names_agree=False), *facts.copies[1:])},
                )
            )
        case e.PrinterReady():
            bad = (
                replace(event, receipt=False),
                e.PrinterNotReady(n, ("media-empty-error",)),
            )
        case e.CashReady():
            bad = (replace(event, usable=frozenset()),)
        case e.HopperInspected():
            bad = (replace(event, blocked=True),)
        case e.DispenseResolved(paid=paid):
            bad = (replace(event, paid=max(0, paid - 1)), replace(event, sure=False), replace(event, paid=paid + 1))
        case e.CopyJudged() | e.JobFound() | e.ReceiptJudged():
            bad = (replace(event, outcome=e.PrintOutcome.UNKNOWN), replace(event, outcome=e.PrintOutcome.NOT_PRINTED))
        case _:
            bad = (event,)
    return dice.choice(bad)


def variants(rules) -> tuple:
    """The machine as it is; one without sensors; one that gives everything away; one that insists on receipts."""
    free = tuple(replace(c, fees=(replace(c.fees[0], yen=0),)) for c in rules.profile.certificates)

    def with_profile(**changes):
        profile = replace(rules.profile, **changes)
        return replace(rules, settings=replace(rules.settings, profile=profile))

    required = replace(with_profile(receipt_required=True), required=rules.required | {e.Part.RECEIPT})
    return rules, rules, rules, replace(rules, sensed=False), with_profile(certificates=free), required


def road_of(world, rules, dice: random.Random):
    """A new machine: some with somebody's money of before, some shortly before closing time."""
    chosen = dice.choice(variants(rules))
    road = type(world)(replace(world.session, rules=chosen))
    road.watch = Watch(chosen)
    road.juki, road.members = dice.random() < 0.5, road.members[1 : dice.choice((2, 3, 3))]
    if dice.random() < 0.1:
        road.utc = road.utc.replace(hour=9, minute=59, second=50)  # Tuesday 18:59:50, closes at 19:00
    if dice.random() < 0.1:
        jobs = dice.choice(((), (Job(1, "old", 2),), (Job(RECEIPT_COPY, "old", 1),)))
        intent = dice.choice((None, Intent(703455, 2, 7, 400, sent=True)))
        found = Interrupted("t0", 300, Tally(inserted=500), jobs, intent, road.utc - timedelta(seconds=5))
        road.session = replace(road.session, interrupted=(found,))
        road.watch.rows.append(Row(f.Record("credit", {"tx": "t0"}, (e.Credit(1, 1, 0, 500, 4),))))
    return road


@pytest.mark.parametrize("block", range(8))
def test_every_promise_holds_on_every_road(world, rules, block: int) -> None:
    reached: set[State] = set()
    for seed in range(block * ROADS // 8, (block + 1) * ROADS // 8):
        dice = random.Random(seed)
        road = road_of(world, rules, dice)
        try:
            walk(road, dice)
        except AssertionError as error:
            raise AssertionError(f"road {seed}: {error} after {[s.value for s in road.states]}") from error
        reached |= set(road.states)
    if block == 0:
        # A residence record is issued as one thing only, so its kind is never asked for.
        missing = set(State) - reached - {State.CHOOSING_KIND, *STAFF}
        assert not missing, f"no road reached {missing}: the walk proves less than it says"


def walk(road, dice: random.Random) -> None:
    disturbance = dice.choice((0.02, 0.05, 0.1, 0.3))
    road.begin()
    if dice.random() < 0.1:
        road.see(e.PlaceOccupied(dice.choice(list(e.Place))))
    if dice.random() < 0.1:
        road.see(e.CardPresented())
    road.answers()
    road.up() if dice.random() < 0.8 else road.see(*(e.DeviceOnline(part) for part in road.session.rules.required))
    for _ in range(STEPS):
        if road.state is State.ENDED:
            return
        if dice.random() < disturbance:
            road.see(*noise(road, dice))
        elif road.pending and dice.random() < 0.9:
            order = road.pending.pop(0)
            for event in road.reply(order):
                road.see(disturbed(event, dice))
        elif road.state is State.PAYING and dice.random() < 0.8:
            enabled = sorted(road.watch.open_slot)
            if enabled:
                road.coin(dice.choice(enabled))
        elif road.state in FORWARD and dice.random() < 0.8:
            road.see(*dice.choice(FORWARD[road.state]))
        else:
            road.after(dice.choice((0.2, 1, 5, 40)))
        view = present(road.session, road.now)
        if isinstance(view, Confirm):
            road.watch.confirmed_yen = view.price_yen
        if road.state in NOBODY:
            assert road.session.tx == ""
            assert not road.session.card.certificate


def test_every_road_that_began_ends_erased_when_the_world_is_well_again(world, rules) -> None:
    """After any disturbance: devices come back, time passes, and the process ends with its erase on record."""
    for seed in range(60):
        dice = random.Random(10_000 + seed)
        road = road_of(world, rules, dice)
        walk(road, dice)
        if road.session.tx == "":
            continue
        road.see(*(e.DeviceOnline(part) for part in e.Part), e.CardRemoved())
        for _ in range(80):
            road.see(e.CardRemoved(), *(e.PlaceEmptied(place) for place in e.Place))
            road.answers().after(20)
            if road.state is State.ENDED:
                break
        assert road.state is State.ENDED, (seed, road.state, [s.value for s in road.states])
        assert road.records("erased"), seed
        assert road.session.tally.to_settle == 0, seed
