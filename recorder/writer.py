"""One slot being filled: record after record, each on the disk before the next, sealed at the end."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from recorder import slot as slots
from recorder.place import Place
from recorder.record import HEAD, Group, Head, Kind, Note, decode, encode, last_of, length_ms, read_head
from recorder.slot import DATA, SlotHeader, State
from recorder.times import Stamp

WIPE: Final = 1 << 20
"""Bytes written over at once."""


class Writer:
    """Fills one generation of one slot. header: as claimed, on the disk already; key: of this generation."""

    def __init__(self, place: Place, header: SlotHeader, key: bytes) -> None:
        self._place = place
        self._key = key
        self._chain = header.previous
        self.header = header

    @property
    def room(self) -> int:
        return self._place.slot_bytes - self.header.data_end

    def append(self, item: Group | Note) -> bool:
        """Write and sync; False, with nothing written, when there is no room. Raises OSError as the disk does."""
        header = self.header
        raw = encode(item, header.generation, header.records, self._key)
        if len(raw) > self.room:
            return False
        self._place.write(header.slot, header.data_end, raw)
        self._place.sync(header.slot)
        self._count(raw, last_of(item), length_ms(item))
        return True

    def take_over(self, raw: bytes, item: Group | Note) -> None:
        """Count a record that a start found whole."""
        self._count(raw, last_of(item), length_ms(item))

    def seal(self, state: State = State.SEALED) -> SlotHeader:
        """The header says how far it goes, and carries the chain over every record. What the lap before left behind
        the last record is written over first: a sealed slot holds nothing older than itself. Raises OSError."""
        for at in range(self.header.data_end, self._place.slot_bytes, WIPE):
            self._place.write(self.header.slot, at, bytes(min(WIPE, self._place.slot_bytes - at)))
        self._place.sync(self.header.slot)
        slots.write(self._place, self.sealed(state))
        return self.header

    def sealed(self, state: State) -> SlotHeader:
        """The header as it is to be written at the end."""
        self.header = replace(self.header, state=state, seal=self._chain)
        return self.header

    def _count(self, raw: bytes, last: Stamp, ms: int) -> None:
        header = self.header
        self._chain = hashlib.sha256(self._chain + raw).digest()
        self.header = replace(
            header,
            data_end=header.data_end + len(raw),
            records=header.records + 1,
            footage_ms=header.footage_ms + ms,
            last=last,
        )


def heads(place: Place, slot: int, generation: int, end: int | None = None) -> list[Head]:
    """The heads of a slot's records, in order, up to where they end or stop making sense."""
    found: list[Head] = []
    at, stop = DATA, end if end is not None else place.slot_bytes
    while at + HEAD.size <= stop:
        head = read_head(place.read(slot, at, HEAD.size), at, generation)
        if head is None or head.end > place.slot_bytes:
            break
        found.append(head)
        at = head.end
    return found


def fetch(place: Place, slot: int, head: Head, key: bytes) -> Group | Note:
    """A record's content. Raises RecordDamaged."""
    return decode(head, place.read(slot, head.offset + HEAD.size, head.size), key)


def is_group(head: Head) -> bool:
    return head.kind is Kind.GROUP
