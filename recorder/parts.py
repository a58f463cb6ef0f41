"""What the recorder's service is put together of, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from config.calendar import Opening
from config.clock import Clock
from drivers.camera import Look
from recorder.forecast import Outlook
from recorder.ring import Ring
from recorder.ring_facts import RingState
from recorder.sighting import Sighting
from recorder.store import Store
from recorder.times import Stamp, TrustedTime


class Camera(Protocol):
    """`capture.Capture`, as far as it is asked for anything."""

    def look_into(self, boot_ns: int) -> None: ...

    def look_closely(self, every: bool) -> None: ...


class Watched(Protocol):
    """`health`: names of what is wrong with the picture. present: somebody is there, or may be."""

    def heard(self, boot_ns: int) -> None: ...

    def see(self, look: Look, present: bool) -> None: ...

    def accept_view(self) -> None: ...

    def tick(self, boot_ns: int) -> frozenset[str]: ...


class Books(Protocol):
    """`ledgers` and `case`. Neither raises: a book that cannot be written is one of the faults."""

    def case_is(self, is_open: bool | None, boot_s: float) -> None: ...

    def faults(self, now: datetime, boot_s: float) -> frozenset[str]:
        """Of case, key and books."""

    def write(self, faults: frozenset[str]) -> None:
        """These and no others, from now on."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the municipality orders: seconds, and whether the terminal may open without a camera."""

    preroll_s: float
    absence_s: float
    required: bool


@dataclass(frozen=True, slots=True)
class Report:
    """How the recorder is. armed: who steps in front now is recorded; required_ok: the terminal may open, or stay open;
    since_boot_s: since when it has been armed or not; outlook: of the last hour."""

    armed: bool = False
    recording: bool = False
    faults: frozenset[str] = frozenset()
    required_ok: bool = False
    since_boot_s: float = 0.0
    ring: RingState | None = None
    outlook: Outlook | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is put together of. opening: the machine's hours (ValueError for a date that is not known),
    None: filming has not begun; prove: `trial.prove`, raises OSError; reference: file of the empty place;
    outlook: when old and new will collide, None while that cannot be said."""

    clock: Clock
    time: TrustedTime
    store: Store
    camera: Camera
    sighting: Sighting
    empty_place: Callable[[], bytes | None]
    watched: Watched
    books: Books
    opening: Callable[[datetime], Opening | None]
    prove: Callable[[Stamp], None]
    reference: Path
    rule: Rule
    outlook: Callable[[Ring, datetime], Outlook | None] = lambda ring, now: None
