"""Opening hours, faults, things left behind: everything that happens while nobody is being served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from kiosk.effects import Effect, IdentifyCard, Record
from kiosk.events import (
    CardPresented,
    CardRemoved,
    CashIncident,
    DeviceFaulted,
    DeviceOnline,
    EaseChosen,
    LanguageChosen,
    Part,
    Place,
    PlaceEmptied,
    PlaceOccupied,
    Tick,
    Touched,
)
from kiosk.moves import Move, Result, ask_in, go, record, repeat, stay, touched
from kiosk.session import STAFF, SWITCHES, Card, Ease, Moment, Session, State

START_PATIENCE_S: Final = 8.0
"""How long parts may take to answer at start before "out of service" is shown instead of the still picture."""

PHRASE_OF_PLACE: Final = {
    Place.CERTIFICATE_TRAY: "take_certificate",
    Place.CHANGE_TRAY: "take_change",
    Place.RECEIPT_TRAY: "take_receipt",
}
PHRASE_OF_THING: Final = {"card": "take_card"} | {place.value: phrase for place, phrase in PHRASE_OF_PLACE.items()}

SHUT: Final = frozenset({"closed", "out_of_service"})
SHUT_SAID_S: Final = 5.0
"""How long it takes to say so; the card is asked back after it."""

FIRST_LOOK_S: Final = 1.0
"""Reader and sensors tell what lies there as the first thing after they came up; one that does not is waited for."""

TOLD_BY: Final = {Part.READER: frozenset({"card"}), Part.SENSORS: frozenset(place.value for place in Place)}
"""Whose first look tells what lies where."""


# ---- at rest ---------------------------------------------------------------------------------------------


def fault(session: Session) -> tuple[Part, str] | None:
    """The first required part that does not work, with its reason; None when all do (A8)."""
    reasons = dict(session.service.reasons)
    for part in sorted(session.rules.required, key=lambda p: p.value):
        if part not in session.service.online:
            return part, reasons.get(part, "starting")
    return None


def lying(session: Session) -> tuple[str, ...]:
    """What lies on the machine, in the order to name it: card, certificate, change, receipt."""
    card = ("card",) if session.card.present else ()
    return (*card, *(place.value for place in PHRASE_OF_PLACE if place in session.places))


def looked_around(session: Session, now: Moment) -> bool:
    """Reader and sensors have said what lies there, or have had the time to.

    A card that lay there before the first screen is somebody's of before: it begins no session.
    """
    needed = {"card"} | ({place.value for place in Place} if session.rules.sensed else set())
    return needed <= session.told or now.boot - session.up_since >= FIRST_LOOK_S


def resting_state(session: Session, now: Moment) -> State:
    """Which of the states of rest holds at this moment; with the service key turned the machine is the staff's."""
    if session.staff.key_on:
        return State.STAFF_SIGN_IN
    if session.service.stopped:
        return State.OUT_OF_SERVICE
    # Who left something behind is helped even while a part is broken; what was asked for long enough is the staff's.
    if left := lying(session):
        return State.OUT_OF_SERVICE if session.reported.issuperset(left) else State.CLEARING
    if fault(session) or not looked_around(session, now):
        return State.OUT_OF_SERVICE
    return State.IDLE if session.rules.opening(now.utc).open else State.CLOSED


def rest(session: Session, now: Moment, *effects: Effect) -> Result:
    """Go to, or stay in, the state of rest that holds now."""
    if session.state in STAFF or now.boot - session.touched >= session.idle_s:
        # Whoever chose it has gone without beginning.
        said = "" if session.state is State.IDLE else session.said
        session = replace(session, language="", ease=Ease(), said=said)
    state = resting_state(session, now)
    if state is session.state:
        return session, effects
    return go(session, state, now, *effects)


def behind_the_picture(session: Session, now: Moment) -> bool:
    """Out of service for a moment only: parts are coming up, or are still looking around."""
    if session.service.stopped or lying(session):
        return False
    broken = fault(session)
    return broken is None or (broken[1] == "starting" and now.boot - session.entered < START_PATIENCE_S)


def rest_tick(session: Session, _event: Tick, now: Moment) -> Result:
    return rest(session, now)


def clearing_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Nobody starts while card, paper or change of the one before lies there; say so until it is taken (A9).

    After long enough it is a thing left behind: an entry for staff, and out of service until it is taken away.
    """
    session, effects = rest(session, now)
    if session.state is not State.CLEARING:
        return session, effects
    left = lying(session)
    if now.boot - session.entered > session.rules.national.left_behind_s:
        entries = (Record("left_behind", {"what": what}) for what in left if what not in session.reported)
        return rest(replace(session, reported=session.reported | set(left)), now, *effects, *entries)
    if session.said in SHUT and now.boot - session.said_at < SHUT_SAID_S:
        return session, effects
    session, more = repeat(session, now, PHRASE_OF_THING[left[0]])
    return session, (*effects, *more)


def first_place(places: frozenset[Place]) -> Place:
    """The place to name first: certificate, then change, then receipt."""
    return min(places, key=lambda p: list(PHRASE_OF_PLACE).index(p))


def language_chosen(session: Session, event: LanguageChosen, now: Moment) -> Result:
    """On the first screen; kept as long as this process, so until this person has gone."""
    if event.language not in session.rules.profile.languages:
        return stay(session)
    return stay(replace(session, language=event.language, touched=now.boot))


def ease_chosen(session: Session, event: EaseChosen, now: Moment) -> Result:
    """Larger letters, stronger colours, everything read out, slower: kept as the language is."""
    if event.what not in SWITCHES or (event.what == "spoken" and not session.rules.speaks):
        return stay(session)
    return noticed(replace(session, ease=replace(session.ease, **{event.what: event.on})), Touched(), now)


def noticed(session: Session, _event: Touched, now: Moment) -> Result:
    """Somebody is there, though nothing was chosen.

    The page under the question whether anybody is still there cannot be touched. What was touched then belongs to
    the question (it was read out again, say): it stays, its time begins anew, and only its answer takes it away.
    """
    if session.warned:
        return stay(replace(session, touched=now.boot - session.idle_s))
    return stay(touched(session, now))


def idle_card(session: Session, event: CardPresented, now: Moment) -> Result:
    """Somebody begins. The session exists from here on, and this process ends with it."""
    # Asked again here: the tick that would have closed the door may still be on its way (A8).
    if resting_state(session, now) is not State.IDLE:
        session, effects = note_card(session, event, now)
        return rest(session, now, *effects)
    session = replace(session, tx=session.tokens[0], card=Card(present=True))
    began = record(session, "session_began")
    if event.mute:
        session = replace(session, refusal="card_unreadable")
        return go(session, State.TAKING_CARD, now, began)
    return ask_in(session, State.READING_CARD, now, IdentifyCard, began)


# ---- always ----------------------------------------------------------------------------------------------


def note_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    return stay(replace(session, service=session.service.with_online(event.part), up_since=now.boot))


def note_fault(session: Session, event: DeviceFaulted, now: Moment) -> Result:
    """Keep the reason; a fault that comes again with the same reason is not written twice."""
    known = dict(session.service.reasons).get(event.part) == event.reason
    blind = TOLD_BY.get(event.part, frozenset())
    service = session.service.with_fault(event.part, event.reason)
    session = replace(session, service=service, told=session.told - blind)
    if known:
        return stay(session)
    return stay(session, Record("fault", {"part": event.part.value, "reason": event.reason}))


def note_occupied(session: Session, event: PlaceOccupied, now: Moment) -> Result:
    places, told = session.places | {event.place}, session.told | {event.place.value}
    return stay(replace(session, places=places, told=told))


def note_emptied(session: Session, event: PlaceEmptied, now: Moment) -> Result:
    what = {event.place.value}
    places, told, reported = session.places - {event.place}, session.told | what, session.reported - what
    return stay(replace(session, places=places, told=told, reported=reported))


def note_card(session: Session, _event: CardPresented, now: Moment) -> Result:
    return stay(replace(session, card=replace(session.card, present=True), told=session.told | {"card"}))


def note_card_gone(session: Session, _event: CardRemoved, now: Moment) -> Result:
    told, reported = session.told | {"card"}, session.reported - {"card"}
    return stay(replace(session, card=replace(session.card, present=False), told=told, reported=reported))


def rested(note: Move) -> Move:
    """The move of a state of rest: note it, then see which state of rest holds now."""

    def move(session: Session, event: Any, now: Moment) -> Result:
        session, effects = note(session, event, now)
        return rest(session, now, *effects)

    return move


def incident(session: Session, event: CashIncident, now: Moment) -> Result:
    """Metal without a credit: written down for the count, never guessed."""
    entry = Record("cash_incident", {"tx": session.tx, "kind": event.kind, "detail": event.detail}, (), event.mark)
    return stay(session, entry)
