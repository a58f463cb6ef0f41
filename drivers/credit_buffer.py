"""What two readings of a ccTalk event buffer (229) tell about what happened between them. Pure.

The device numbers its events 1 … 255, 1 …; 0 means "none since power-up". It keeps the last five, newest
first, and reading takes nothing away. So a reading continues an earlier one if the counter moved by d ≤ 5 and
what was newest then now stands d places further down. A reset or a sixth event breaks that.

This is no proof: a reset followed by events that look just like the old ones passes for none. Hence the
`reset_seen` evidence from elsewhere (inhibits that are not as set), and acceptors that power up inhibited.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

SLOTS: Final = 5
REPLY_BYTES: Final = 1 + 2 * SLOTS


class Verdict(Enum):
    NORMAL = "normal"
    """The new reading continues the old one."""
    RESET = "reset"
    """The device started anew and saw nothing since. What came just before the reset is unknown."""
    RESET_THEN_EVENTS = "reset_then_events"
    """The same, and everything since the reset is in the buffer."""
    GAP = "gap"
    """Events were pushed out unseen, with or without a reset; only the five newest are known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to 229: the counter and five (A, B) pairs, newest first."""

    counter: int
    window: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, data: bytes) -> Reading:
        """From the eleven data bytes. Raises ValueError for another number of bytes."""
        if len(data) != REPLY_BYTES:
            raise ValueError(f"a credit buffer has {REPLY_BYTES} bytes, not {len(data)}")
        return cls(data[0], tuple((data[i], data[i + 1]) for i in range(1, REPLY_BYTES, 2)))

    @property
    def hex(self) -> str:
        """The window for the journal: 20 hex digits."""
        return bytes(byte for pair in self.window for byte in pair).hex()

    @classmethod
    def restore(cls, counter: int, window: str) -> Reading:
        """From the journal. Raises ValueError for what `hex` cannot have written."""
        return cls.parse(bytes([counter]) + bytes.fromhex(window))


EMPTY: Final = Reading(0, ((0, 0),) * SLOTS)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`fresh`: new events, oldest first. `lost`: how many more there were at least, unseen."""

    verdict: Verdict
    fresh: tuple[tuple[int, int], ...] = ()
    lost: int = 0


def delta(last: int, new: int) -> int:
    """Events between two counter values without a reset; the counter goes from 255 to 1."""
    if new >= last:
        return new - last
    return 255 - last + new


def judge(last: Reading, new: Reading, *, reset_seen: bool | None = False) -> Judgement:
    """What happened since `last`.

    `reset_seen`: evidence from elsewhere; None if there is none to be had. It decides where the buffer cannot:
    five new events leave nothing of the old window to compare.
    """
    moved = delta(last.counter, new.counter)
    went_on = new.counter >= (1 if last.counter else 0)
    overlaps = moved <= SLOTS and went_on and new.window[moved:] == last.window[: SLOTS - moved]
    # From an empty buffer the first five events are all there, reset or not.
    compared = moved < SLOTS or last.counter == 0
    if overlaps and (compared or reset_seen is False):
        return Judgement(Verdict.NORMAL, _oldest_first(new, moved))
    if new.counter == 0:
        return Judgement(Verdict.RESET)
    young = new.counter < SLOTS and all(pair == (0, 0) for pair in new.window[new.counter :])
    if young or (reset_seen and new.counter == SLOTS):
        return Judgement(Verdict.RESET_THEN_EVENTS, _oldest_first(new, new.counter))
    return Judgement(Verdict.GAP, _oldest_first(new, SLOTS), max(0, moved - SLOTS))


def _oldest_first(reading: Reading, count: int) -> tuple[tuple[int, int], ...]:
    return tuple(reversed(reading.window[:count]))
