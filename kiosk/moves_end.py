"""The end: a plain refusal is shown, everything is forgotten, the erase is on record, the process ends (A5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import Effect, EndProcess
from kiosk.events import CardRemoved, Erased, NextPressed, Tick
from kiosk.moves import ERASE_ANSWERS, Result, erase, go, record, stay
from kiosk.session import Moment, Session, State

REFUSED_SHOWN_S: Final = 20.0
"""How long a plain refusal stays if nobody touches it; money and card are already back."""

ERASE_PATIENCE_S: Final = 15.0
"""A part that does not say that it has forgotten: the process ends all the same, and the next one wipes."""


def refused_next(session: Session, _event: NextPressed, now: Moment) -> Result:
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    return erase(session, now)


def refused_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    if now.boot - session.touched > REFUSED_SHOWN_S * session.slowness:
        return erase(session, now)
    return stay(session)


def refused_card_gone(session: Session, _event: CardRemoved, now: Moment) -> Result:
    return stay(replace(session, card=replace(session.card, present=False)))


def note_erased(session: Session, event: Erased) -> Result:
    """Keep what was checked; a part that is not clean stops the line."""
    checked = (*session.checked, *event.checked)
    session = replace(session, erased=session.erased | {event.part}, checked=checked)
    if event.clean:
        return stay(session)
    session = replace(session, service=replace(session.service, stopped="erase_failed"))
    return stay(session, record(session, "line_stopped", what=f"erase_failed_{event.part.value}"))


def session_erased(session: Session, event: Erased, now: Moment) -> Result:
    session, effects = note_erased(session, event)
    if not session.erased >= ERASE_ANSWERS:
        return session, effects
    return end(session, now, effects)


def erasing_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if now.boot - session.entered < ERASE_PATIENCE_S:
        return stay(session)
    return end(session, now, (record(session, "erase_unanswered"),))


def end(session: Session, now: Moment, effects: tuple[Effect, ...]) -> Result:
    """The erase is on record with what was checked; the process ends, the next one begins with recovery."""
    missing = ERASE_ANSWERS - session.erased
    erased = record(
        session,
        "erased",
        by="session",
        checked=";".join(session.checked),
        clean=not missing and session.service.stopped[:5] != "erase",
    )
    entries: tuple[Effect, ...] = (*effects, erased)
    if session.tally.to_settle == 0 and session.intent is None:
        outcome = session.refusal or "completed"
        entries = (*entries, record(session, "session_ended", outcome=outcome))
    return go(session, State.ENDED, now, *entries, EndProcess())
