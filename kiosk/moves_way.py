"""The order of the screens on which a person chooses: forward, back, and what is frozen on the way.

The order is the flow's (design §4, checked when the settings are loaded); a screen with a single answer is not shown.
"""

from __future__ import annotations

from typing import Final

from kiosk.catalogue import KINDS_OF_ISSUE, PART, RESIDENCE, local_day
from kiosk.effects import ListHousehold
from kiosk.events import BackPressed
from kiosk.moves import Result, ask_in, go, stay, touched
from kiosk.session import Moment, Quote, Session, State

SCREENS: Final = {
    "certificate": (State.CHOOSING_CERTIFICATE,),
    "pin": (State.AWAITING_PIN,),
    "kind": (State.CHOOSING_KIND,),
    "household": (State.CHOOSING_HOUSEHOLD, State.CHOOSING_MEMBERS),
    "items": (State.CHOOSING_ITEMS,),
    "copies": (State.CHOOSING_COPIES,),
    "confirm": (State.CONFIRMING,),
}
"""Screens of each step of a flow between "card back" and "download"."""


def way(session: Session) -> tuple[State, ...]:
    """The screens of this person, in order, from the certificate to the confirm screen."""
    flow = session.flow
    assert flow is not None
    steps = flow.order[flow.order.index("certificate") : flow.order.index("confirm") + 1]
    return tuple(state for step in steps for state in SCREENS[step] if _asked(session, state))


def _asked(session: Session, state: State) -> bool:
    """Whether this screen has more than one answer for what was chosen so far (F-21 f–j)."""
    choice, rules = session.choice, session.rules
    match state:
        case State.AWAITING_PIN:
            return not session.known
        case State.CHOOSING_KIND:
            return choice.kind == RESIDENCE and len(KINDS_OF_ISSUE) > 1
        case State.CHOOSING_HOUSEHOLD:
            return len(rules.households(choice.kind)) > 1
        case State.CHOOSING_MEMBERS:
            # Of one person the part is the whole; until the list is there, nobody knows how many they are.
            return choice.household == PART and len(session.household) != 1
        case State.CHOOSING_ITEMS:
            return bool(rules.items(choice.kind))
        case _:
            return True


def onward(session: Session, now: Moment, here: State | None = None) -> Result:
    """To the screen after this one (`here`: the one that stands for a state of waiting)."""
    states = way(session)
    return enter(session, states[states.index(here or session.state) + 1], now)


def enter(session: Session, state: State, now: Moment) -> Result:
    """Onto one screen of the way."""
    match state:
        case State.AWAITING_PIN:
            return ask_for_pin(session, now)
        case State.CHOOSING_MEMBERS if not session.household:
            return ask_in(session, State.LISTING_HOUSEHOLD, now, ListHousehold)
        case State.CONFIRMING:
            # What is shown here is what will be wished and paid, whatever midnight brings.
            day = local_day(now.utc)
            quote = Quote(session.rules.fee_yen(session.choice.kind, day), day)
            return go(session, state, now, quote=quote)
        case _:
            return go(session, state, now)


def back(session: Session, _event: BackPressed, now: Moment) -> Result:
    """One screen back; what was chosen stays chosen."""
    states = way(session)
    here = states.index(session.state)
    if here == 0:
        return stay(touched(session, now))
    return enter(session, states[here - 1], now)


def ask_for_pin(session: Session, now: Moment) -> Result:
    """The pad, or first the question whether to use the last try (A12)."""
    return go(session, State.LAST_TRY if session.card.tries_left == 1 else State.AWAITING_PIN, now)
