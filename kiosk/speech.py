"""What is said beyond a screen's first phrase: while it lasts, when something changes, when somebody comes near.

It follows every move and decides nothing. A phrase that comes replaces the one that sounds, so what is over in a
moment stays silent, and nothing is said into an empty hall.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk import events as e
from kiosk.effects import Effect, Hush, Say
from kiosk.moves import Result
from kiosk.moves_service import PHRASE_OF_PLACE, behind_the_picture, fault, lying
from kiosk.moves_take import expected
from kiosk.pace import progress
from kiosk.session import Moment, Session, State

LASTS_S: Final = 3.0
"""A wait as long as this is worth a word: the chime alone takes a second."""

DOWNLOAD_LASTS_S: Final = 1.0
"""The city always takes its time."""

WHOSE_S: Final = 10.0
"""Who still looks at the name after this time is told what to press if it is not theirs."""

SHUT_AGAIN_S: Final = 10.0
"""Not said twice within this time, however often the screen is touched."""

TAKEN: Final = {"take_card", *PHRASE_OF_PLACE.values()}


def aloud(before: Session, event: e.Event, session: Session, effects: tuple[Effect, ...], now: Moment) -> Result:
    """After every move: its effects, and what is to be said (or silenced) besides."""
    if not session.rules.speaks:
        return session, tuple(effect for effect in effects if not isinstance(effect, Say))
    if session.waiting_for:
        # What the printer waits for is worth more than that it prints.
        effects = tuple(_trouble(session) if effect == Say("printing_stay") else effect for effect in effects)
    if any(isinstance(effect, (Say, Hush)) for effect in effects):
        return session, effects
    if phrase := _due(before, event, session, now):
        late = session.late_told or phrase == "wait_longer"
        session = replace(session, said=phrase, said_at=now.boot, said_times=1, late_told=late)
        return session, (*effects, Say(phrase))
    if before.state is State.RECOVERING and session.state is State.SETTLING:
        # One wait for the person, though the machine goes on from asking to paying.
        session = replace(session, said=before.said, said_at=before.said_at)
    if before.said in TAKEN and _taken(before, session):
        return session, (*effects, Hush())
    return session, effects


def _due(before: Session, event: e.Event, session: Session, now: Moment) -> str:
    """The phrase that is due after this event; empty: none."""
    if session.thanked and not before.thanked:
        return "thanks"
    match event:
        case e.Tick():
            return _with_time(before, session, now)
        case e.Touched() | e.EaseChosen() | e.LanguageChosen() | e.CardPresented():
            return _to_somebody(before, event, session, now)
        case e.PrintProgressed() | e.CopyJudged() if session.state is State.PRINTING:
            if session.waiting_for != before.waiting_for:
                return _trouble(session).phrase if session.waiting_for else "printing"
    return ""


def _trouble(session: Session) -> Say:
    return Say(f"printer_{session.waiting_for}")


# ---- while it lasts --------------------------------------------------------------------------------------


def _with_time(before: Session, session: Session, now: Moment) -> str:
    quiet_s = now.boot - session.said_at
    if session.state is State.CONFIRMING_IDENTITY:
        # Who has the screen read out hears of the button anyway.
        undecided = session.said == "arrived" and quiet_s >= WHOSE_S and not session.warned
        return "not_yours" if undecided and not session.ease.spoken else ""
    if not session.late_told and (shown := progress(session, now)) and shown.late:
        return "wait_longer"
    if session.said or session.state is not before.state:
        return ""
    lasts_s = DOWNLOAD_LASTS_S if session.state is State.DOWNLOADING else LASTS_S
    return _wait(session) if quiet_s >= lasts_s else ""


def _wait(session: Session) -> str:
    """What is being waited for, as the screen's title says it."""
    match session.state:
        case State.READING_CARD:
            return "wait_card"
        case State.CONNECTING:
            return "wait_city" if session.taps else "wait_city_card"
        case State.LISTING_HOUSEHOLD:
            return "wait_city"
        case State.AUTHENTICATING:
            return "wait_pin" if session.taps else "wait_pin_card"
        case State.RECOGNISING:
            return "wait_city" if session.taps else "wait_pin"
        case State.DOWNLOADING:
            return "wait_download"
        case State.PREPARING:
            return "wait_prepare"
        case State.DRAINING:
            return "wait_coins"
        case State.RECOVERING | State.SETTLING if session.recovering:
            return "returning_money" if _returning(session) else ""
        case State.ERASING_DOCUMENTS | State.SETTLING:
            return "wait_money"
        case State.RECEIPT if not expected(session):
            return "wait_receipt"
    return ""


def _returning(session: Session) -> bool:
    """Whether money is being paid back after a power cut, and somebody can be assumed to have waited for it.

    Before the printer has said what became of the copies nobody knows how much it is.
    """
    undecided = session.state is State.RECOVERING and bool(session.interrupted[0].jobs)
    return session.attended and session.tally.to_settle > 0 and not undecided


# ---- when somebody comes near ----------------------------------------------------------------------------


def _to_somebody(before: Session, event: e.Event, session: Session, now: Moment) -> str:
    """At rest the machine is silent until somebody touches it or lays a card down."""
    if before.state is State.IDLE and session.state is State.IDLE:
        if session.ease.spoken or (before == session and not isinstance(event, e.Touched)):
            return ""
        return "idle" if session.said != "idle" or session.speaks != before.speaks else ""
    if before.state not in {State.IDLE, State.CLOSED, State.OUT_OF_SERVICE} or session.tx:
        return ""
    if isinstance(event, e.CardPresented):
        # A reader that comes up tells of a card that has lain there before: nobody has laid it down now.
        if "card" not in before.told or before.card.present:
            return ""
    elif not isinstance(event, e.Touched):
        return ""
    phrase = shut(before, now)
    return "" if before.said == phrase and now.boot - before.said_at < SHUT_AGAIN_S else phrase


def shut(session: Session, now: Moment) -> str:
    """Why nobody can begin, as a phrase; empty if somebody can, or behind the still picture."""
    if session.service.stopped or lying(session):
        return "out_of_service"
    if fault(session):
        return "" if behind_the_picture(session, now) else "out_of_service"
    return "" if session.rules.opening(now.utc).open else "closed"


# ---- when it is taken ------------------------------------------------------------------------------------


def _taken(before: Session, session: Session) -> bool:
    """Whether that for which `before` asked does not lie there any more."""
    if before.said == "take_card":
        return before.card.present and not session.card.present
    return session.said != before.said
