"""Keeping the index true to the slots. It is a cache: whatever happens to it, recording goes on."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Iterable
from typing import Final

from recorder.index import Index, Part, Visit, add
from recorder.place import Place
from recorder.record import Flag, Kind, Note, RecordDamaged
from recorder.shelf import Shelf
from recorder.slot import SlotHeader
from recorder.times import Quality
from recorder.vault import Vault
from recorder.writer import fetch, heads

AT_ONCE: Final = 8
"""Slots that are read at once: a few hundredths of a second."""

_log = logging.getLogger(__name__)


class Indexing:
    """The index of a ring. behind: slots that it does not know, in the order in which they are to be read."""

    def __init__(self, index: Index, place: Place, vault: Vault, shelf: Shelf, behind: Iterable[int] = ()) -> None:
        self._index = index
        self._place = place
        self._vault = vault
        self._shelf = shelf
        self._behind = deque(behind)
        self.last_event = index.last_event()
        """The highest number of a visit, as far as is known."""

    @property
    def behind(self) -> int:
        """How many slots the index does not know yet."""
        return len(self._behind)

    def put(self, header: SlotHeader, parts: dict[int, Part]) -> bool:
        """What a sealed slot holds; False: it could not be written, and is tried again."""
        try:
            self._index.put(header.slot, header.generation, parts.values())
        except sqlite3.Error as error:
            _log.error("the index cannot be written: %s", error)
            self._behind.append(header.slot)
            return False
        return True

    def drop(self, slot: int) -> None:
        """What it held is gone."""
        try:
            self._index.drop(slot)
        except sqlite3.Error as error:
            _log.error("the index keeps slot %d: %s", slot, error)

    def correct(self, boot_id: bytes, offset_us: int) -> None:
        """The clock of a start of the machine was set later. Slots with labels from before are read again."""
        self._shelf.correct([(boot_id, offset_us)])
        for header in self._shelf:
            if header.first.boot_id == boot_id and header.first.quality is Quality.UNSET:
                self._behind.append(header.slot)
        try:
            self._index.correct(boot_id, offset_us)
        except sqlite3.Error as error:
            _log.error("the index does not know how the clock was set: %s", error)

    def catch_up(self, most: int = AT_ONCE) -> None:
        """Read some of the slots that the index does not know. To be called every second or so."""
        for _ in range(min(most, len(self._behind))):
            header = self._shelf.get(self._behind.popleft())
            if header is None:
                continue
            try:
                parts = self._read(header)
            except OSError as error:
                _log.error("slot %d cannot be read for the index: %s", header.slot, error)
                continue
            self.last_event = max(self.last_event, *parts, 0)
            if not self.put(header, parts):
                return

    def visits(self, first_utc_us: int, last_utc_us: int) -> tuple[Visit, ...]:
        """Those of `behind` slots are missing. Raises sqlite3.Error."""
        return self._index.visits(first_utc_us, last_utc_us)

    def close(self) -> None:
        self._index.close()

    def _read(self, header: SlotHeader) -> dict[int, Part]:
        """What a slot says of visits; and what it says of clocks, for the labels."""
        key = self._vault.key(header.slot, header.generation)
        found: dict[int, Part] = {}
        steps: dict[bytes, int] = {}
        for head in heads(self._place, header.slot, header.generation, header.data_end):
            if head.kind is Kind.GROUP:
                if not head.flags & Flag.COPY:
                    add(found, head.event, self._shelf.label(head.first), head.ms)
            elif key is not None and head.first.boot_id not in self._shelf.corrected:
                with contextlib.suppress(RecordDamaged):
                    note = fetch(self._place, header.slot, head, key)
                    if isinstance(note, Note) and isinstance(offset_us := note.facts.get("offset_us"), int):
                        steps[head.first.boot_id] = offset_us
        for boot_id, offset_us in steps.items():
            self.correct(boot_id, offset_us)
        return found
