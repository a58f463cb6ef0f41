"""The machine: which event, in which state, leads where. Pure; everything else in this room serves it.

Theory
------
There is one value, `Session`, and one function, `step(session, event, now) -> (session, effects)`. Events are
facts that arrived, effects are orders that leave. Nothing here reads a clock, a file or a device.

Two rules sit above the table and hold in every state:

* An answer carries the number of the order that it answers. If that is not the number awaited now, the answer is
  dropped and counted: a reply that comes late, twice or for somebody else cannot be taken for the present one.
* A coin is booked in every state (A3).

And two things follow every move without deciding anything: what is said (`kiosk.speech`) and how long it took
(`kiosk.pace`).

Then the table. Each row names a move for every event that means something in that state, and names by group the
events that mean nothing there; a test checks that each row covers every event, so nothing falls through unseen.

Three sentences are property tests over random roads through this table:

* Every road out of a state of HOLDS_PERSONAL_DATA passes through ERASING and ends the process (A5).
* Every road out of a state of HOLDS_MONEY passes through SETTLING, and the tally balances at every step (A3).
* The slot is open only in PAYING, and PAYING is entered only with a verified certificate that is what was
  confirmed, a printer that can print it and a float that can pay every outcome (A1, A2).

Staff, with the key switch turned, from rest: STAFF_SIGN_IN → STAFF_CHECKING → STAFF_MENU
    → STAFF_REOPENING, STAFF_FOUND, STAFF_CAMERA (→ STAFF_RECORDER, STAFF_KEYS → STAFF_CAMERA) → STAFF_MENU → rest.

The resident's way (design §4). The card's kind chooses the flow. `hold_until_auth_then_remove` (My Number):

    STARTING → RECOVERING* → IDLE → READING_CARD → CONNECTING → [LAST_TRY] → AWAITING_PIN → AUTHENTICATING
    → RECOGNISING → TAKING_CARD → CHOOSING_CERTIFICATE → …

`tap_then_remove` (Juki, F-21):

    … → READING_CARD → CONNECTING → RECOGNISING → TAKING_CARD → CHOOSING_CERTIFICATE → [LAST_TRY] → AWAITING_PIN
    → AUTHENTICATING → …

and from there the same:

    CHOOSING_… [LISTING_HOUSEHOLD →] … → CONFIRMING → DOWNLOADING
    → CONFIRMING_IDENTITY → PREPARING → PAYING → DRAINING → PRINTING → ERASING_DOCUMENTS → SETTLING
    → [RECEIPT] → TAKING → ERASING → ENDED
    any of them, before money → [TAKING_CARD] → REFUSED → ERASING → ENDED
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, get_args

from kiosk import events as e
from kiosk import moves_camera as camera
from kiosk import moves_card as card
from kiosk import moves_choice as choice
from kiosk import moves_coins as coins
from kiosk import moves_end as end
from kiosk import moves_pay as pay
from kiosk import moves_pin as pin
from kiosk import moves_print as out
from kiosk import moves_receipt as receipt
from kiosk import moves_service as service
from kiosk import moves_settle as money
from kiosk import moves_staff as staff
from kiosk import moves_take as take
from kiosk import moves_way as way
from kiosk.effects import Effect, Record, Say
from kiosk.moves import Move, Result, drain, refuse, stay, touched
from kiosk.pace import measured
from kiosk.session import STAFF, Moment, Session, State
from kiosk.speech import aloud

EVENTS: Final[tuple[type, ...]] = get_args(e.Event)

TOUCHES: Final = frozenset(
    {
        e.DigitPressed, e.PinCorrected, e.PinConfirmed, e.CertificateChosen, e.HouseholdChosen, e.ItemToggled,
        e.CopiesChanged, e.NextPressed, e.IdentityConfirmed, e.IdentityDenied, e.BackPressed, e.CancelPressed,
        e.MoreTimePressed, e.TakenPressed, e.LanguageChosen, e.MemberToggled, e.StaffChosen, e.TaskChosen,
        e.ReasonChosen, e.FoundHandled, e.EaseChosen, e.Touched,
    }
)  # fmt: skip
CARD_ANSWERS: Final = frozenset({e.CardIdentified, e.CardSigned, e.PinRefused, e.CardFailed})
ISSUER_ANSWERS: Final = frozenset(
    {
        e.SessionOpened, e.CardRecognised, e.HouseholdListed, e.Authenticated, e.CertificateArrived,
        e.IssuerDeclined, e.IssuerFailed, e.IdentityMismatched,
    }
)  # fmt: skip
CASH_ANSWERS: Final = frozenset({e.CoinsRefused, e.CashReady, e.HopperInspected, e.DispenseResolved})
PRINTER_ANSWERS: Final = frozenset(
    {e.PrinterReady, e.PrinterNotReady, e.PrintProgressed, e.CopyJudged, e.ReceiptJudged}
)
STAFF_ANSWERS: Final = frozenset({e.StaffSignedIn, e.StaffRefused})
RECOVERY_ANSWERS: Final = frozenset({e.Wiped, e.JobFound})
ERASE_ANSWERS: Final = frozenset({e.Erased})
LEVER: Final = frozenset({e.ReturnLeverPressed})
OFFICE: Final = frozenset({e.CameraSeen, e.KeyBookSeen})
"""What staff see of the recorder. No answer that anything waits for: it means something on its own page only."""
ANSWERS: Final = (
    CARD_ANSWERS | ISSUER_ANSWERS | CASH_ANSWERS | PRINTER_ANSWERS | RECOVERY_ANSWERS | ERASE_ANSWERS | STAFF_ANSWERS
)
"""Events that carry an order's number."""

Row = dict[type, Move]

PREPARE_S: Final = 45.0
"""Longest time for the printer queue and the coin unit to say that they are ready."""


def no_move(session: Session, _event: Any, _now: Moment) -> Result:
    """Means nothing in this state."""
    return stay(session)


def ignoring(*groups: frozenset[type]) -> Row:
    return {event: no_move for group in groups for event in group}


def limit_tick(session: Session, _event: e.Tick, now: Moment) -> Result:
    """The last guard behind the drivers' own deadlines: nobody stands before a machine that waits for ever."""
    national = session.rules.national
    limits = {
        State.READING_CARD: (national.card_phase_s, "card_unreadable"),
        State.CONNECTING: (national.card_phase_s, "city_unavailable"),
        State.AUTHENTICATING: (national.card_phase_s, "city_unavailable" if session.taps else "card_unreadable"),
        State.RECOGNISING: (national.card_phase_s, "city_unavailable"),
        State.LISTING_HOUSEHOLD: (national.card_phase_s, "city_unavailable"),
        State.DOWNLOADING: (national.download_s + 5, "city_unavailable"),
        State.PREPARING: (PREPARE_S, "printer_not_ready"),
    }
    limit_s, reason = limits.get(session.state, (float("inf"), ""))
    if now.boot - session.entered < limit_s:
        return stay(session)
    late = Record("no_answer", {"tx": session.tx, "state": session.state.value})
    return refuse(session, now, reason, late)


ALWAYS: Final[Row] = {
    e.DeviceOnline: service.note_online,
    e.DeviceFaulted: service.note_fault,
    e.CoinsCredited: coins.credit,
    e.CashIncident: service.incident,
    e.PlaceOccupied: service.note_occupied,
    e.PlaceEmptied: service.note_emptied,
    e.CardPresented: service.note_card,
    e.CardRemoved: service.note_card_gone,
    e.ServiceKeyTurned: staff.note_key,
    e.CameraTold: camera.note_camera,
    **dict.fromkeys(OFFICE, no_move),
}
"""What every state answers somehow; rows below replace single entries."""

AT_REST: Final[Row] = {
    **ALWAYS,
    e.Tick: service.rest_tick,
    e.DeviceOnline: service.rested(service.note_online),
    e.DeviceFaulted: service.rested(service.note_fault),
    e.PlaceOccupied: service.rested(service.note_occupied),
    e.PlaceEmptied: service.rested(service.note_emptied),
    e.CardPresented: service.rested(service.note_card),
    e.CardRemoved: service.rested(service.note_card_gone),
    e.ServiceKeyTurned: staff.key_at_rest,
    e.CameraTold: service.rested(camera.note_camera),
    **ignoring(TOUCHES, ANSWERS, LEVER),
}

# ---- the person's time ------------------------------------------------------------------------------------


def person_tick(session: Session, _event: e.Tick, now: Moment) -> Result:
    """Warn, then cancel: nothing of a person stays on a screen nobody looks at."""
    quiet_s = now.boot - session.touched
    if quiet_s >= session.idle_s + session.warning_s:
        return left_alone(session, now)
    if quiet_s >= session.idle_s and not session.warned:
        last = session.extensions >= session.rules.national.max_extensions
        return replace(session, warned=True), (Say("warning_last" if last else "warning"),)
    return stay(session)


def left_alone(session: Session, now: Moment) -> Result:
    if session.state is State.PAYING:
        return drain(session, now, "timed_out")
    return refuse(session, now, "timed_out")


def more_time(session: Session, _event: e.MoreTimePressed, now: Moment) -> Result:
    """As often as the national settings allow on one screen; a machine must come free for the next person."""
    if session.extensions >= session.rules.national.max_extensions:
        return stay(session)
    return stay(touched(replace(session, extensions=session.extensions + 1), now), Say("more_time"))


ASKING: Final[Row] = {
    **ALWAYS,
    e.Tick: person_tick,
    e.MoreTimePressed: more_time,
    e.CancelPressed: choice.cancelled,
    e.BackPressed: way.back,
    e.EaseChosen: service.ease_chosen,
    e.Touched: service.noticed,
    **ignoring(ANSWERS, LEVER),
}
"""Rows of screens that wait for the person, before money."""


def asking(**own: Move) -> Row:
    """A row of ASKING with its own moves by event name; other touches mean nothing there."""
    moves: Row = {getattr(e, name): move for name, move in own.items()}
    silent = TOUCHES - ASKING.keys() - moves.keys()
    return {**ASKING, **ignoring(silent), **moves}


def waiting(*silent: frozenset[type], **own: Move) -> Row:
    """A row in which a device or the city is at work: every touch and every other answer means nothing."""
    moves: Row = {getattr(e, name): move for name, move in own.items()}
    moves[e.EaseChosen] = service.ease_chosen  # who listens may want it slower while the machine works
    rest = frozenset().union(TOUCHES, ANSWERS, LEVER, *silent) - moves.keys()
    return {**ALWAYS, e.Tick: limit_tick, **ignoring(frozenset(rest)), **moves}


CARD_AT_WORK: Final[dict[str, Move]] = {"CardFailed": card.card_failed, "CardRemoved": card.card_pulled}
CITY_AT_WORK: Final[dict[str, Move]] = {
    "IssuerDeclined": card.declined,
    "IssuerFailed": card.failed,
    "IdentityMismatched": card.mismatched,
}

IN_THE_TRAYS: Final[dict[str, Move]] = {
    "PlaceEmptied": take.emptied,
    "PlaceOccupied": take.occupied,
    "TakenPressed": take.taken_pressed,
}

# ---- the table --------------------------------------------------------------------------------------------

TABLE: Final[dict[State, Row]] = {
    State.STARTING: waiting(Wiped=money.wiped, Tick=money.starting_tick),
    State.RECOVERING: waiting(
        JobFound=money.job_found,
        DispenseResolved=money.resolved_in_recovery,
        Tick=money.recovering_tick,
        DeviceOnline=money.recovering_online,
        DeviceFaulted=money.settling_fault,
    ),
    State.CLOSED: AT_REST,
    State.OUT_OF_SERVICE: AT_REST,
    State.CLEARING: {**AT_REST, e.Tick: service.clearing_tick},
    State.IDLE: {
        **AT_REST,
        e.CardPresented: service.idle_card,
        e.LanguageChosen: service.language_chosen,
        e.EaseChosen: service.ease_chosen,
        e.Touched: service.noticed,
    },
    **{state: {**AT_REST, **staff.ROWS.get(state, {})} for state in STAFF},
    State.READING_CARD: waiting(CardIdentified=card.identified, **CARD_AT_WORK),
    State.CONNECTING: waiting(SessionOpened=card.opened, CardRemoved=card.card_pulled, **CITY_AT_WORK),
    State.LAST_TRY: asking(NextPressed=pin.last_try_accepted, BackPressed=pin.pin_back, CardRemoved=card.card_pulled),
    State.AWAITING_PIN: asking(
        DigitPressed=pin.digit,
        PinCorrected=pin.corrected,
        PinConfirmed=pin.pin_confirmed,
        BackPressed=pin.pin_back,
        CardRemoved=card.card_pulled,
    ),
    # Here a removal is not yet the end: only the driver knows whether the VERIFY was sent, and says so.
    State.AUTHENTICATING: waiting(
        CardSigned=pin.signed,
        PinRefused=pin.pin_refused,
        CardFailed=card.card_failed,
        Authenticated=card.authenticated,
        **CITY_AT_WORK,
    ),
    State.RECOGNISING: waiting(
        Authenticated=card.authenticated,
        CardRecognised=card.card_recognised,
        CardRemoved=card.card_gone_early,
        **CITY_AT_WORK,
    ),
    State.TAKING_CARD: waiting(
        Tick=card.taking_card_tick, CardRemoved=card.card_taken, CardPresented=card.card_back_again
    ),
    State.CHOOSING_CERTIFICATE: asking(CertificateChosen=choice.certificate_chosen),
    State.CHOOSING_KIND: asking(NextPressed=choice.next_pressed),
    State.CHOOSING_HOUSEHOLD: asking(HouseholdChosen=choice.household_chosen),
    State.LISTING_HOUSEHOLD: waiting(
        HouseholdListed=choice.household_listed, CancelPressed=choice.cancelled, **CITY_AT_WORK
    ),
    State.CHOOSING_MEMBERS: asking(MemberToggled=choice.member_toggled, NextPressed=choice.members_chosen),
    State.CHOOSING_ITEMS: asking(ItemToggled=choice.item_toggled, NextPressed=choice.next_pressed),
    State.CHOOSING_COPIES: asking(CopiesChanged=choice.copies_changed, NextPressed=choice.next_pressed),
    State.CONFIRMING: asking(NextPressed=choice.confirmed),
    State.DOWNLOADING: waiting(CertificateArrived=choice.arrived, CancelPressed=choice.cancelled, **CITY_AT_WORK),
    State.CONFIRMING_IDENTITY: asking(
        IdentityConfirmed=choice.identity_confirmed,
        IdentityDenied=choice.identity_denied,
        BackPressed=no_move,
    ),
    State.PREPARING: waiting(
        PrinterReady=pay.printer_ready,
        PrinterNotReady=pay.printer_not_ready,
        CashReady=pay.cash_ready,
        DeviceFaulted=pay.cash_fault,
        CancelPressed=choice.cancelled,
    ),
    State.PAYING: {
        **asking(
            CoinsCredited=pay.paying_credit,
            CashIncident=pay.paying_incident,
            CancelPressed=pay.paying_cancelled,
            DeviceOnline=pay.paying_online,
            BackPressed=no_move,
        ),
        e.ReturnLeverPressed: pay.paying_cancelled,
    },
    State.DRAINING: waiting(
        CashReady=pay.drained, CoinsRefused=pay.drained, Tick=pay.draining_tick, DeviceOnline=pay.draining_online
    ),
    State.PRINTING: waiting(PrintProgressed=out.print_progressed, CopyJudged=out.copy_judged, Tick=out.printing_tick),
    State.ERASING_DOCUMENTS: waiting(
        Erased=out.document_erased, CoinsRefused=out.slot_at_rest, Tick=out.documents_tick
    ),
    State.SETTLING: waiting(
        HopperInspected=money.hopper_inspected,
        DispenseResolved=money.dispense_resolved,
        Tick=money.settling_tick,
        DeviceOnline=money.settling_online,
        DeviceFaulted=money.settling_fault,
    ),
    # Ordered when money is charged, owed or held; the taking goes on meanwhile.
    State.RECEIPT: waiting(ReceiptJudged=receipt.receipt_judged, Tick=receipt.receipt_tick, **IN_THE_TRAYS),
    State.TAKING: waiting(Tick=take.taking_tick, **IN_THE_TRAYS),
    State.REFUSED: waiting(
        NextPressed=end.refused_next,
        Tick=end.refused_tick,
        CardRemoved=end.refused_card_gone,
        Touched=service.noticed,
    ),
    State.ERASING: waiting(Erased=end.session_erased, Tick=end.erasing_tick),
    State.ENDED: waiting(),
}


def step(session: Session, event: e.Event, now: Moment) -> tuple[Session, tuple[Effect, ...]]:
    """One event. Never raises for an event of the catalogue; returns the new session and the orders, in order."""
    if type(event) in ANSWERS and event.order != session.awaiting:  # type: ignore[union-attr]
        session = replace(session, strays=session.strays + 1)
        return session, (Record("stray_answer", {"tx": session.tx, "event": type(event).__name__}),)
    after, effects = TABLE[session.state][type(event)](session, event, now)
    after, effects = measured(session, after, effects, now)
    return aloud(session, event, after, effects, now)


def start(session: Session, now: Moment) -> Result:
    """The first orders of a new process: wipe what an earlier one may have left."""
    return money.begin(session, now)
