"""What waits for the recorder's one thread: bounded, because the disk may be slow and the camera is not.

At least ten seconds of stream fit in. Beyond that the oldest whole group goes, and a `Dropped` stands in its place, so
that the gap is on the record; a group is never cut. Everything that is not a packet is small, and stays.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, TypeAlias

from drivers.camera import Packet
from recorder.capture import Heard
from recorder.visit import Session

MOST_S: Final = 10.0
MOST_BYTES: Final = 32 << 20
MOST_ITEMS: Final = 4096


@dataclass(frozen=True, slots=True)
class Dropped:
    """A group that nobody had time for. boot_ns: when it began."""

    boot_ns: int
    ms: int


@dataclass(frozen=True, slots=True)
class Marked:
    """The kiosk says how it is."""

    session: Session


@dataclass(frozen=True, slots=True)
class CaseIs:
    """What the contact of the recorder's case says; None: it does not."""

    is_open: bool | None


@dataclass(frozen=True, slots=True)
class ViewAccepted:
    """Whoever looks after the camera says that what it shows now is what it should show."""


Item: TypeAlias = Heard | Dropped | Marked | CaseIs | ViewAccepted


class Inbox:
    """For one reader and any number of writers."""

    def __init__(self, most_s: float = MOST_S, most_bytes: int = MOST_BYTES) -> None:
        self._most_ns = round(most_s * 1e9)
        self._most_bytes = most_bytes
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._some = threading.Condition()

    def put(self, item: Item) -> None:
        """Never waits."""
        with self._some:
            if isinstance(item, Packet):
                self._bytes += len(item.data)
            elif len(self._items) >= MOST_ITEMS:
                return  # nobody has read for minutes: looks and marks of then say nothing any more
            self._items.append(item)
            if isinstance(item, Packet) and item.keyframe:
                while self._too_much(item.boot_ns) and self._drop_group():
                    pass
            if len(self._items) == 1:
                self._some.notify()

    def get(self, timeout_s: float) -> Item | None:
        """The oldest; None when nothing came for so long."""
        with self._some:
            if not self._items:
                self._some.wait(timeout_s)
            if not self._items:
                return None
            item = self._items.popleft()
            if isinstance(item, Packet):
                self._bytes -= len(item.data)
            return item

    def _too_much(self, newest_ns: int) -> bool:
        if self._bytes > self._most_bytes:
            return True
        keyframes = [one.boot_ns for one in self._items if isinstance(one, Packet) and one.keyframe][:2]
        return len(keyframes) == 2 and newest_ns - keyframes[1] >= self._most_ns

    def _drop_group(self) -> bool:
        """The oldest group that is here from its keyframe to its end."""
        starts = [at for at, one in enumerate(self._items) if isinstance(one, Packet) and one.keyframe][:2]
        if len(starts) < 2:
            return False
        items = list(self._items)
        gone = [one for one in items[starts[0] : starts[1]] if isinstance(one, Packet)]
        kept = [one for one in items[starts[0] : starts[1]] if not isinstance(one, Packet)]
        until = items[starts[1]]
        assert isinstance(until, Packet)
        dropped = Dropped(gone[0].boot_ns, (until.boot_ns - gone[0].boot_ns) // 1_000_000)
        self._bytes -= sum(len(one.data) for one in gone)
        self._items = deque([*items[: starts[0]], dropped, *kept, *items[starts[1] :]])
        return True
