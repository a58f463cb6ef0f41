"""Opening hours, faults, things left behind: everything that happens while nobody is being served."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import Effect, IdentifyCard, Record
from kiosk.events import (
    CardPresented,
    CardRemoved,
    CashIncident,
    DeviceFaulted,
    DeviceOnline,
    Part,
    Place,
    PlaceEmptied,
    PlaceOccupied,
    Tick,
)
from kiosk.moves import Result, ask_in, go, record, repeat, stay
from kiosk.session import Card, Moment, Session, State

START_PATIENCE_S: Final = 8.0
"""How long parts may take to answer at start before "out of service" is shown instead of the still picture."""

PHRASE_OF_PLACE: Final = {
    Place.CERTIFICATE_TRAY: "take_certificate",
    Place.CHANGE_TRAY: "take_change",
    Place.RECEIPT_TRAY: "take_receipt",
}


# ---- at rest ---------------------------------------------------------------------------------------------


def fault(session: Session) -> tuple[Part, str] | None:
    """The first required part that does not work, with its reason; None when all do (A8)."""
    reasons = dict(session.service.reasons)
    for part in sorted(session.rules.required, key=lambda p: p.value):
        if part not in session.service.online:
            return part, reasons.get(part, "starting")
    return None


def resting_state(session: Session, now: Moment) -> State:
    """Which of the states of rest holds at this moment; with the service key turned the machine is the staff's."""
    if session.staff.key_on:
        return State.STAFF_SIGN_IN
    if session.service.stopped:
        return State.OUT_OF_SERVICE
    # Who left something behind is helped even while a part is broken.
    if session.places or session.card.present:
        return State.CLEARING
    if fault(session):
        return State.OUT_OF_SERVICE
    return State.IDLE if session.rules.opening(now.utc).open else State.CLOSED


def rest(session: Session, now: Moment, *effects: Effect) -> Result:
    """Go to, or stay in, the state of rest that holds now."""
    state = resting_state(session, now)
    if state is session.state:
        return session, effects
    return go(session, state, now, *effects)


def rest_tick(session: Session, _event: Tick, now: Moment) -> Result:
    return rest(session, now)


def clearing_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Nobody starts while card, paper or change of the one before lies there; say so until it is taken (A9)."""
    session, effects = rest(session, now)
    if session.state is not State.CLEARING:
        return session, effects
    phrase = "take_card" if session.card.present else PHRASE_OF_PLACE[first_place(session.places)]
    session, more = repeat(session, now, phrase)
    effects = (*effects, *more)
    if not session.left_reported and now.boot - session.entered > session.rules.national.left_behind_s:
        what = "card" if session.card.present else first_place(session.places).value
        session = replace(session, left_reported=True)
        effects = (*effects, Record("left_behind", {"what": what}))
    return session, effects


def first_place(places: frozenset[Place]) -> Place:
    """The place to name first: certificate, then change, then receipt."""
    return min(places, key=lambda p: list(PHRASE_OF_PLACE).index(p))


def idle_card(session: Session, event: CardPresented, now: Moment) -> Result:
    """Somebody begins. The session exists from here on, and this process ends with it."""
    # Asked again here: the tick that would have closed the door may still be on its way (A8).
    if resting_state(session, now) is not State.IDLE:
        return rest(replace(session, card=replace(session.card, present=True)), now)
    session = replace(session, tx=session.tokens[0], card=Card(present=True))
    began = record(session, "session_began")
    if event.mute:
        session = replace(session, refusal="card_unreadable")
        return go(session, State.TAKING_CARD, now, began)
    return ask_in(session, State.READING_CARD, now, IdentifyCard, began)


# ---- always ----------------------------------------------------------------------------------------------


def note_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    session = replace(session, service=session.service.with_online(event.part))
    return stay(session)


def note_fault(session: Session, event: DeviceFaulted, now: Moment) -> Result:
    """Keep the reason; a fault that comes again with the same reason is not written twice."""
    known = dict(session.service.reasons).get(event.part) == event.reason
    session = replace(session, service=session.service.with_fault(event.part, event.reason))
    if known:
        return stay(session)
    return stay(session, Record("fault", {"part": event.part.value, "reason": event.reason}))


def rest_fault(session: Session, event: DeviceFaulted, now: Moment) -> Result:
    session, effects = note_fault(session, event, now)
    return rest(session, now, *effects)


def rest_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    session, effects = note_online(session, event, now)
    return rest(session, now, *effects)


def note_occupied(session: Session, event: PlaceOccupied, now: Moment) -> Result:
    return stay(replace(session, places=session.places | {event.place}))


def note_emptied(session: Session, event: PlaceEmptied, now: Moment) -> Result:
    return stay(replace(session, places=session.places - {event.place}))


def rest_occupied(session: Session, event: PlaceOccupied, now: Moment) -> Result:
    return rest(replace(session, places=session.places | {event.place}), now)


def rest_emptied(session: Session, event: PlaceEmptied, now: Moment) -> Result:
    return rest(replace(session, places=session.places - {event.place}, left_reported=False), now)


def note_card(session: Session, _event: CardPresented, now: Moment) -> Result:
    return stay(replace(session, card=replace(session.card, present=True)))


def note_card_gone(session: Session, _event: CardRemoved, now: Moment) -> Result:
    return stay(replace(session, card=replace(session.card, present=False)))


def rest_card(session: Session, _event: CardPresented, now: Moment) -> Result:
    return rest(replace(session, card=replace(session.card, present=True)), now)


def rest_card_gone(session: Session, _event: CardRemoved, now: Moment) -> Result:
    return rest(replace(session, card=replace(session.card, present=False), left_reported=False), now)


def incident(session: Session, event: CashIncident, now: Moment) -> Result:
    """Metal without a credit: written down for the count, never guessed."""
    entry = Record("cash_incident", {"tx": session.tx, "kind": event.kind, "detail": event.detail}, (), event.mark)
    return stay(session, entry)
