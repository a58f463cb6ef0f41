"""Staff before the machine: sign in by the key switch and a number, reopen a stopped line, book things left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import ServiceKeyTurned
from kiosk.moves import Move, Result, stay
from kiosk.session import Moment, Session, State


def note_key(session: Session, event: ServiceKeyTurned, now: Moment) -> Result:
    """The key switch is remembered in every state; it means something at rest only."""
    return stay(replace(session, staff=replace(session.staff, key_on=event.on)))


ROWS: Final[dict[State, dict[type, Move]]] = {}
"""What the staff screens answer; everything else is as at rest."""
