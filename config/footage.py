"""How many slots so many hours of video take, at a bit rate: the sum behind the size of the video disk (S-15).

Hours are of footage: time in which something is recorded, not time that passes (T-1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SLOT_HEAD_BYTES: Final = 8192
"""Two pages at the head of each slot."""
RECORD_BYTES: Final = 124
"""What surrounds a stored group at most: head, tag and padding."""
PACKET_BYTES: Final = 13
"""What goes before each picture in a group."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a camera sends. kbit_s: mean over a group, at most; group_s: from keyframe to keyframe."""

    kbit_s: float
    fps: float
    group_s: float

    @property
    def group_bytes(self) -> int:
        """What one group takes in a slot."""
        video = self.kbit_s * 125 * self.group_s
        return math.ceil(video) + RECORD_BYTES + PACKET_BYTES * math.ceil(self.fps * self.group_s)

    def slot_s(self, slot_bytes: int) -> float:
        """Seconds of footage in one full slot: whole groups only, the rest of the slot stays empty."""
        return (slot_bytes - SLOT_HEAD_BYTES) // self.group_bytes * self.group_s


def slots_for(footage_h: float, stream: Stream, slot_bytes: int, unfilled: int = 0) -> int:
    """Slots that hold ``footage_h`` hours. unfilled: slots sealed before they were full, each counted as lost whole.

    Raises:
        ValueError: a slot does not hold one group.
    """
    slot_s = stream.slot_s(slot_bytes)
    if slot_s <= 0:
        raise ValueError(f"a slot of {slot_bytes} bytes does not hold a group of {stream.group_bytes}")
    return math.ceil(footage_h * 3600 / slot_s) + unfilled
