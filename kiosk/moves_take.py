"""Taking: certificate, change and receipt are asked for until they are in the hand (A9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import Place, PlaceEmptied, PlaceOccupied, PrintOutcome, TakenPressed, Tick
from kiosk.moves import Result, erase, go, record, repeat, stay
from kiosk.moves_service import PHRASE_OF_PLACE, lying
from kiosk.session import Moment, Session, State

SENSOR_SETTLE_S: Final = 2.0
"""A sheet or coin may reach its sensor this long after the device has reported it."""

THANKS_S: Final = 3.0
"""How long "thank you" can be read and heard. Keys, documents and names were destroyed before the taking began; what
is left of the session (card worker, labels, this process) follows at once after it: the picture must be the last."""


def things(session: Session) -> tuple[Place, ...]:
    """What this person has to take, in the order to name it."""
    places: tuple[Place, ...] = ()
    if session.printed or PrintOutcome.UNKNOWN in session.outcomes or Place.CERTIFICATE_TRAY in session.places:
        places = (*places, Place.CERTIFICATE_TRAY)
    if session.tally.paid_back or Place.CHANGE_TRAY in session.places:
        places = (*places, Place.CHANGE_TRAY)
    if session.receipt == "printed" or Place.RECEIPT_TRAY in session.places:
        places = (*places, Place.RECEIPT_TRAY)
    return places


def remaining(session: Session) -> tuple[Place, ...]:
    """What is still lying there: by sensor, or (without sensors) until a touch stands for it."""
    if session.rules.sensed:
        return tuple(place for place in things(session) if place in session.places)
    return expected(session)


def expected(session: Session) -> tuple[Place, ...]:
    """What lies there or must be about to: a sensor may see it a moment after the device has told of it."""
    return tuple(place for place in things(session) if place in session.places or place not in session.gone)


def announce(session: Session, now: Moment) -> Result:
    """Ask for the first thing that lies there, louder each time."""
    left = remaining(session)
    return repeat(session, now, PHRASE_OF_PLACE[left[0]]) if left else stay(session)


def taking_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Ask for each thing until it is gone; then say plainly what went wrong, or thank, then erase."""
    settled = now.boot - session.entered >= SENSOR_SETTLE_S
    if remaining(session):
        session, effects = announce(replace(session, thanked=0.0), now)
        if now.boot - session.entered > session.rules.national.left_behind_s:
            session, more = walked_away(session, now)
            effects = (*effects, *more)
        return session, effects
    if expected(session) and not settled:
        return stay(session)
    if session.refusal:
        return go(session, State.REFUSED, now)
    if session.card.present:
        # Laid down again meanwhile: the card is asked back before it is over.
        return go(session, State.TAKING_CARD, now)
    if not session.thanked:
        return stay(replace(session, thanked=now.boot))
    if now.boot - session.thanked < THANKS_S * session.slowness:
        return stay(session)
    return erase(session, now)


def walked_away(session: Session, now: Moment) -> Result:
    """Nobody took it. The session is erased; the next process stays closed until it is taken away (A9).

    Without sensors nothing is known to lie there; the time stands for the taking.
    """
    left = tuple(record(session, "left_behind", what=what) for what in lying(session))
    session, effects = erase(session, now)
    return session, (*left, *effects)


def emptied(session: Session, event: PlaceEmptied, now: Moment) -> Result:
    """Something was taken: be silent about it at once."""
    places, gone = session.places - {event.place}, session.gone | {event.place}
    return _go_on(_without(event.place, replace(session, places=places, gone=gone), now), now)


def occupied(session: Session, event: PlaceOccupied, now: Moment) -> Result:
    places, gone = session.places | {event.place}, session.gone - {event.place}
    return stay(replace(session, places=places, gone=gone))


def taken_pressed(session: Session, event: TakenPressed, now: Moment) -> Result:
    """The touch that stands for a sensor where the machine has none."""
    if session.rules.sensed:
        return stay(session)
    return _go_on(_without(event.place, replace(session, gone=session.gone | {event.place}), now), now)


def _without(place: Place, session: Session, now: Moment) -> Session:
    """Not asked for any more; what else is being asked for goes on being asked for, as loud as before."""
    if session.said != PHRASE_OF_PLACE[place]:
        return session
    return replace(session, said="", said_at=now.boot)


def _go_on(session: Session, now: Moment) -> Result:
    return taking_tick(session, Tick(), now) if session.state is State.TAKING else announce(session, now)
