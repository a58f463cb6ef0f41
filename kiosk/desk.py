"""What a session knows of the staff before the machine (`moves_staff.py`, `moves_office.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kiosk.events import CameraSeen, KeyBookSeen, Post
from kiosk.secret import STAFF_PIN_LENGTH, Pin


@dataclass(frozen=True, slots=True)
class Office:
    """What staff see of the recorder; nothing of it outlives the page.

    look: number of the look under way, 0 for none; asked: since when (boot time). seen, keys: the last answers;
    seen_at: when the picture in `seen` came.
    """

    look: int = 0
    asked: float = float("-inf")
    seen: CameraSeen | None = None
    seen_at: float = 0.0
    keys: KeyBookSeen | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """The staff screens. `pin` is the number being typed; `found` are the open entries of things left behind."""

    key_on: bool = False
    names: tuple[tuple[str, str, Post], ...] = ()
    found: tuple[tuple[int, str, datetime], ...] = ()
    """(journal entry, what, when), oldest first."""
    camera: bool = False
    """This machine has one."""
    chosen: str = ""
    digits: int = 0
    pin: Pin = field(default_factory=lambda: Pin(STAFF_PIN_LENGTH))
    refused: bool = False
    locked_until: float = 0.0
    signed_in: str = ""
    name: str = ""
    post: Post | None = None
    reason: str = ""
    office: Office = field(default_factory=Office)
