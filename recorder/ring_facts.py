"""What the ring is told, and what it tells: its rule, its stages, its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from recorder.record import Head
from recorder.slot import SlotHeader

Told = Callable[[str, Mapping[str, int | str]], None]
"""Hears of erasures, expiries and faults, for the ledger."""


class RingFull(RuntimeError):
    """No slot may be taken: everything is held or younger than the floor. Recording stops."""


class GroupTooLarge(ValueError):
    """One group does not fit into an empty slot: the slots are too small for this camera."""


class Stage(Enum):
    """How the next slot was found."""

    NORMAL = "normal"
    YOUNG = "overwriting_young"
    RESERVE = "reserve"
    THINNED = "thinned"
    REFUSING = "refusing"


@dataclass(frozen=True, slots=True)
class RingSettings:
    """device: 16 bytes naming this recorder; floor and ceiling in elapsed seconds; reserve: slots kept back under
    `protect_floor_and_alarm`."""

    device: bytes
    min_elapsed_s: float
    max_elapsed_s: float | None
    on_conflict: Literal["overwrite_oldest", "protect_floor_and_alarm"]
    reserve: int = 0


@dataclass(frozen=True, slots=True)
class RingState:
    """footage_s, used_bytes: of all that can be read; oldest/newest: labels in microseconds; oldest_age_s: elapsed;
    bad: slots the disk failed at since the start; behind: slots whose visits the index does not know yet."""

    slots: int
    slot_bytes: int
    free: int
    held: int
    bad: int
    footage_s: float
    used_bytes: int
    oldest_utc_us: int | None
    newest_utc_us: int | None
    oldest_age_s: float | None
    stage: Stage
    behind: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Groups of one slot that overlap a range."""

    header: SlotHeader
    heads: tuple[Head, ...]
