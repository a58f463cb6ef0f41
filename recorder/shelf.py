"""Which slots can be read, in what order they were written, and what time their labels say: the ring's memory."""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Set

from recorder.slot import SlotHeader
from recorder.times import Quality, Stamp


class Shelf:
    """Slots by number, by age and by label. Nothing here is on the disk."""

    def __init__(self) -> None:
        self._live: dict[int, SlotHeader] = {}
        self._order: deque[tuple[int, int]] = deque()
        self._free: deque[int] = deque()
        self._when: list[tuple[int, int, int]] = []
        self._longest_us = 0
        self._corrections: dict[bytes, int] = {}

    def __iter__(self) -> Iterator[SlotHeader]:
        """Every slot that can be read, in no order."""
        return iter(self._live.values())

    def get(self, slot: int) -> SlotHeader | None:
        return self._live.get(slot)

    # ---- what can be read --------------------------------------------------------------------------------

    def put(self, header: SlotHeader) -> None:
        """A sealed slot whose key is there. Those of the ring itself come in the order of their generations."""
        self._live[header.slot] = header
        if not header.hold:
            self._order.append((header.generation, header.slot))
        self._file(header)

    def sort(self) -> None:
        """After slots were put in the order of their numbers."""
        self._order = deque(sorted(self._order))

    def forget(self, header: SlotHeader) -> None:
        """Its key is gone."""
        del self._live[header.slot]
        at = bisect.bisect_left(self._when, (self.label(header.first), header.generation, header.slot))
        if at < len(self._when) and self._when[at][2] == header.slot:
            del self._when[at]

    def oldest_first(self) -> Iterator[SlotHeader]:
        """The ring's own slots in the order in which they were written; copies for holds are not among them."""
        while self._order and not self._stands(*self._order[0]):
            self._order.popleft()
        for generation, slot in self._order:
            if self._stands(generation, slot):
                yield self._live[slot]

    def between(self, first_utc_us: int, last_utc_us: int) -> list[SlotHeader]:
        """Slots whose labels overlap a range, in the order of their labels."""
        found = []
        for at in range(bisect.bisect_right(self._when, (last_utc_us, 1 << 62, 0)) - 1, -1, -1):
            first, _, slot = self._when[at]
            if first + self._longest_us < first_utc_us:
                break
            if self.label(self._live[slot].last) >= first_utc_us:
                found.append(self._live[slot])
        found.reverse()
        return found

    def _stands(self, generation: int, slot: int) -> bool:
        header = self._live.get(slot)
        return header is not None and header.generation == generation

    def _file(self, header: SlotHeader) -> None:
        first, last = self.label(header.first), self.label(header.last)
        bisect.insort(self._when, (first, header.generation, header.slot))
        self._longest_us = max(self._longest_us, last - first)

    # ---- what is free ------------------------------------------------------------------------------------

    @property
    def free(self) -> int:
        return len(self._free)

    def put_free(self, slot: int) -> None:
        """A slot in which nothing can be read; taken after those that were free before."""
        self._free.append(slot)

    def put_back(self, slot: int) -> None:
        """A slot that was taken for nothing: the next to be taken."""
        self._free.appendleft(slot)

    def take_free(self) -> int:
        return self._free.popleft()

    # ---- labels ------------------------------------------------------------------------------------------

    def label(self, stamp: Stamp) -> int:
        """UTC in microseconds; for what was labelled before the clock was set, as it was set later in the same run."""
        if stamp.quality is Quality.UNSET and (offset_us := self._corrections.get(stamp.boot_id)) is not None:
            return stamp.boot_ns // 1000 + offset_us
        return stamp.utc_us

    @property
    def corrected(self) -> Set[bytes]:
        """Starts of the machine whose labels are put right already."""
        return self._corrections.keys()

    def correct(self, corrections: Iterable[tuple[bytes, int]]) -> None:
        """Starts of the machine whose clock was set later: label minus boot time, in microseconds."""
        self._corrections.update(corrections)
        self._when = []
        self._longest_us = 0
        for header in self:
            self._file(header)
