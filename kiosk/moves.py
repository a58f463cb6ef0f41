"""Steps shared by all moves: change state, ask something, say something, refuse, end.

A move is a pure function `(session, event, now) -> (session, effects)`. The modules `moves_*.py` hold them by the
part of the way they belong to; `machine.py` holds the table of which move answers which event in which state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

from kiosk.effects import Effect, EraseDocuments, EraseSession, Hush, Record, RefuseCoins, Say
from kiosk.events import Part
from kiosk.phrases import refusal
from kiosk.session import Moment, Session, State

Result: TypeAlias = tuple[Session, tuple[Effect, ...]]
Order: TypeAlias = Callable[[int], Effect]
"""Makes an order from its number."""
Move: TypeAlias = Callable[[Session, Any, Moment], Result]

PHRASE_OF: Final = {
    State.AWAITING_PIN: "pin_pad",
    State.LAST_TRY: "last_try",
    State.TAKING_CARD: "take_card",
    State.CHOOSING_CERTIFICATE: "choose_certificate",
    State.CHOOSING_KIND: "choose_kind",
    State.CHOOSING_HOUSEHOLD: "choose_household",
    State.CHOOSING_MEMBERS: "choose_members",
    State.CHOOSING_ITEMS: "choose_items",
    State.CHOOSING_COPIES: "choose_copies",
    State.CONFIRMING: "confirm",
    State.CONFIRMING_IDENTITY: "arrived",
    State.PAYING: "pay",
    State.PRINTING: "printing",
    State.REFUSED: "refused",
}
"""Phrase spoken on entering a state; `kiosk.speech` has what is said later."""

ERASE_ANSWERS: Final = frozenset({Part.ISSUER, Part.PRINTER, Part.READER, Part.DISPLAY})
"""Parts that must say that they have forgotten before the process ends."""


def stay(session: Session, *effects: Effect) -> Result:
    return session, effects


def go(session: Session, state: State, now: Moment, *effects: Effect, **changes: object) -> Result:
    """Enter a state: clocks start anew, its phrase is spoken, nothing is awaited unless an order follows."""
    entered = replace(
        session,
        state=state,
        entered=now.boot,
        touched=now.boot,
        warned=False,
        extensions=0,
        awaiting=0,
        said="",
        said_at=now.boot,
        said_times=0,
        late_told=False,
    )
    entered = replace(entered, **changes)  # type: ignore[arg-type]
    if phrase := PHRASE_OF.get(state):
        if state is State.AWAITING_PIN and entered.card.wrong:
            phrase = "pin_wrong"
        if state is State.REFUSED:
            phrase = refusal(entered.refusal)
        entered = replace(entered, said=phrase, said_at=now.boot, said_times=1)
        return entered, (*effects, Say(phrase))
    return entered, effects


def touched(session: Session, now: Moment) -> Session:
    """Somebody is there: the person's time on this screen begins anew."""
    return replace(session, touched=now.boot, warned=False)


def ask(session: Session) -> tuple[Session, int]:
    """A fresh order number, awaited from now on: an answer to any other number is dropped."""
    number = session.order + 1
    return replace(session, order=number, awaiting=number), number


def ask_in(
    session: Session,
    state: State,
    now: Moment,
    order: Callable[[int], Effect],
    *effects: Effect,
    **changes: object,
) -> Result:
    """Enter a state and await the answer to the order it begins with."""
    session, before = go(session, state, now, *effects, **changes)
    session, number = ask(session)
    return session, (*before, order(number))


def record(session: Session, entry: str, **data: str | int | bool | None) -> Record:
    """A journal entry of this transaction."""
    return Record(entry, {"tx": session.tx, **data})


def repeat(session: Session, now: Moment, phrase: str) -> Result:
    """Say a "take it" phrase again after 4 s, 8 s, then every 6 s, one step louder each time to the limit (A9)."""
    pauses = session.rules.national.take_repeat_s
    if session.said != phrase:
        return replace(session, said=phrase, said_at=now.boot, said_times=1), (Say(phrase),)
    pause = pauses[min(session.said_times, len(pauses)) - 1]
    if now.boot - session.said_at < pause:
        return session, ()
    level = min(session.said_times, 4)
    return (
        replace(session, said_at=now.boot, said_times=session.said_times + 1),
        (Say(phrase, level),),
    )


def refuse(session: Session, now: Moment, reason: str, *effects: Effect) -> Result:
    """End without money having been taken: the card back first, then say plainly why, then erase."""
    session.card.pin.wipe()
    session = replace(session, refusal=reason)
    if session.card.present:
        return go(session, State.TAKING_CARD, now, *effects)
    return go(session, State.REFUSED, now, *effects)


def stop_line(session: Session, now: Moment, what: str) -> Result:
    """A7: a mismatch. The line stays stopped until a named person reopens it; the person is told kindly."""
    session = replace(session, service=replace(session.service, stopped=what))
    return refuse(session, now, "mismatch", record(session, "line_stopped", what=what))


def drain(session: Session, now: Moment, refusal: str = "") -> Result:
    """Close the slot and wait until no coin is in flight; `refusal` says why if this is not the paid end."""
    return ask_in(replace(session, refusal=refusal or session.refusal), State.DRAINING, now, RefuseCoins)


def erase(session: Session, now: Moment) -> Result:
    """Destroy what is left of the session; every part answers under one order number (A5)."""
    session.card.pin.wipe()
    session, effects = go(session, State.ERASING, now, Hush(), erased=frozenset())
    session, number = ask(session)
    return session, (*effects, EraseDocuments(number), EraseSession(number, (Part.READER, Part.DISPLAY)))
