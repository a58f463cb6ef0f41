"""Between the decision to keep something and the disk: what is not written yet, and a disk that fails and returns.

A failing disk never is an exception for the rest of the recorder: `trouble` names it, what is to be stored waits for
ten seconds' worth, and every ten seconds the ring is opened anew, which also mends what the failure left half written.
When more waits than that, the oldest group that is not part of a visit goes first (pre-roll and tail), then the oldest
of all; how much went is noted in the ring as soon as it takes anything again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.camera import StreamFacts
from recorder.place import PlaceError
from recorder.record import Flag, Group, Note, length_ms
from recorder.ring import Ring
from recorder.ring_facts import GroupTooLarge, RingFull, RingState
from recorder.times import Stamp
from recorder.vault import VaultError

RETRY_S: Final = 10.0
MOST_S: Final = 10.0
MOST_BYTES: Final = 32 << 20
MOST_NOTES: Final = 500
DISK, FULL = "disk", "full"
"""Troubles."""
_FAILURES = (OSError, PlaceError, VaultError, sqlite3.Error)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Group | Note
    facts: StreamFacts | None
    ms: int
    size: int


class Store:
    """Groups and notes go in, in order. For one thread. opener: opens the ring, as `recovery.open_ring` does.

    Nothing here raises what a disk does. boot: seconds, for the pauses; stamp: of this instant.
    """

    def __init__(self, opener: Callable[[], Ring], boot: Callable[[], float], stamp: Callable[[], Stamp]) -> None:
        self._opener = opener
        self._boot = boot
        self._stamp = stamp
        self._ring: Ring | None = None
        self._waiting: deque[_Waiting] = deque()
        self._retry_s = 0.0
        self._event = 0
        self._gone_ms = 0
        self.facts: StreamFacts | None = None
        self.trouble = ""
        self._open()

    @property
    def ring(self) -> Ring | None:
        """None while the disk fails."""
        return self._ring

    def next_event(self) -> int:
        """A number for a new visit, on a failing disk as well."""
        self._event = max(self._event + 1, self._ring.next_event() if self._ring else 0)
        return self._event

    def put(self, item: Group | Note) -> None:
        """To be stored, now if the disk lets us."""
        size = sum(len(packet.data) for packet in item.packets) if isinstance(item, Group) else 0
        self._waiting.append(_Waiting(item, self.facts, length_ms(item), size))
        self.drain()
        self._bound()

    def drain(self) -> None:
        """Write what waits. To be called every second or so."""
        if self.trouble:
            if self._boot() < self._retry_s:
                return
            if self._ring is None:
                self._open()
            if self._ring is None or not self._write(self._gap(), None):
                return
            _log.warning("recording goes on")
            self.trouble = ""
        while self._waiting and self._ring is not None:
            first = self._waiting[0]
            if (self._gone_ms and not self._write(self._gap(), None)) or not self._write(first.item, first.facts):
                return
            self._waiting.popleft()
        self._try(self._look_ahead)

    def gap(self, ms: int) -> None:
        """So much was lost before it came here."""
        self._gone_ms += ms

    def seal(self) -> None:
        """End the slot being written."""
        self._try(lambda ring: ring.seal())

    def expire(self) -> None:
        """Drop the keys of what is past its age."""
        self._try(lambda ring: ring.expire())

    def correct(self, boot_id: bytes, offset_us: int) -> None:
        """See `Ring.correct`."""
        self._try(lambda ring: ring.correct(boot_id, offset_us))

    def state(self) -> RingState | None:
        """None while the disk fails."""
        return self._ring.state() if self._ring is not None else None

    def close(self) -> None:
        """Write what waits, seal and let go."""
        self._retry_s = 0.0
        self.drain()
        ring, self._ring = self._ring, None
        if ring is not None:
            try:
                ring.close()
            except _FAILURES as error:
                _log.error("the ring could not be sealed: %s", error)

    # ---- inside ------------------------------------------------------------------------------------------

    def _try(self, do: Callable[[Ring], object]) -> None:
        if self._ring is None:
            return
        try:
            do(self._ring)
        except _FAILURES as error:
            self._fail(DISK, error)

    def _look_ahead(self, ring: Ring) -> None:
        ring.indexing.catch_up()
        if not self.trouble and ring.refuses:
            self._fail(FULL, RingFull("every image is held or younger than the floor"))

    def _open(self) -> None:
        try:
            self._ring = self._opener()
        except _FAILURES as error:
            self._fail(DISK, error)

    def _fail(self, trouble: str, error: Exception) -> None:
        if trouble != self.trouble:
            _log.error("recording stops (%s): %s", trouble, error)
        self.trouble, self._retry_s = trouble, self._boot() + RETRY_S
        if trouble == DISK and self._ring is not None:
            ring, self._ring = self._ring, None
            with contextlib.suppress(*_FAILURES):
                ring.close()

    def _gap(self) -> Note:
        return Note("gap", self._stamp(), 0, {"reason": self.trouble or "slow", "ms": self._gone_ms})

    def _write(self, item: Group | Note, facts: StreamFacts | None) -> bool:
        """Whether the ring need not be asked again."""
        assert self._ring is not None
        try:
            if facts is not None:
                self._ring.stream(facts)
            self._ring.append(item)
        except RingFull as error:
            self._fail(FULL, error)
            return False
        except GroupTooLarge as error:
            _log.error("%s: set the camera's bit rate or its group of pictures lower", error)
            self._gone_ms += length_ms(item)
        except _FAILURES as error:
            self._fail(DISK, error)
            return False
        if isinstance(item, Note) and item.kind == "gap":
            self._gone_ms -= int(item.facts.get("ms", 0)) if not item.event else 0
        return True

    def _bound(self) -> None:
        """Only what has waited for long: a trouble that lasts."""
        while sum(isinstance(one.item, Note) for one in self._waiting) > MOST_NOTES:
            self._waiting.remove(next(one for one in self._waiting if isinstance(one.item, Note)))
        while True:
            groups = [one for one in self._waiting if isinstance(one.item, Group)]
            spare = sum(one.ms for one in groups) - (groups[0].ms if groups else 0)
            if len(groups) < 2 or (spare < MOST_S * 1000 and sum(one.size for one in groups) <= MOST_BYTES):
                return
            gone = next((one for one in groups if _beside(one.item)), groups[0])
            self._waiting.remove(gone)
            self._gone_ms += gone.ms


def _beside(item: Group | Note) -> bool:
    """Whether it is not part of a visit itself."""
    return isinstance(item, Group) and bool(item.flags & (Flag.PREROLL | Flag.TAIL))
