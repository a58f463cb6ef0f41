"""From a disk as it was left, by whatever, to a ring that goes on: the only way in which a ring is opened."""

from __future__ import annotations

import contextlib
from typing import Final

from drivers.camera import Codec
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Index, Part
from recorder.place import Place
from recorder.record import HEAD, Flag, Group, Note, RecordDamaged
from recorder.ring import Ring, RingSettings, Told
from recorder.shelf import Shelf
from recorder.slot import DATA, SlotHeader, State
from recorder.times import TrustedTime
from recorder.vault import Vault
from recorder.writer import Writer, fetch, heads, last_of, length_ms

JPEG: Final = b"\xff\xd8"
"""How a JPEG picture begins."""


def open_ring(
    place: Place,
    vault: Vault,
    settings: RingSettings,
    time: TrustedTime,
    index: Index,
    holds: Holds,
    told: Told = lambda kind, facts: None,
) -> Ring:
    """The ring as the slots and the vault say it is. Raises OSError when the disk cannot be read or written.

    A slot is readable when the vault has the key of the generation its header names. One that was being written is
    followed record by record to its last whole one and sealed as interrupted. One whose header is damaged on both
    pages, but whose key is there, is read by its records.
    """
    shelf, known, newest = Shelf(), index.known(), 0
    shelf.correct(index.corrections().items())
    free: list[tuple[int, int]] = []
    for slot in range(place.slots):
        header, generation = _look(place, vault, settings, slot)
        newest = max(newest, generation)
        if header is None:
            free.append((generation, slot))
            continue
        if header.state is State.WRITING:
            header = _follow(place, vault, header)
            slots.write(place, header)
            told("interrupted", {"slot": slot, "records": header.records})
        shelf.put(header)
        time.not_before(header.last.elapsed_s)
    shelf.sort()
    for header in list(shelf):
        if known.pop(header.slot, 0) != header.generation:
            index.put(header.slot, header.generation, _parts(shelf, index, place, vault, header))
    for slot in known:
        index.drop(slot)
    for _, slot in sorted(free):
        shelf.put_free(slot)
    return Ring(place, vault, settings, time, index, holds, shelf, newest + 1, told)


def _look(place: Place, vault: Vault, settings: RingSettings, slot: int) -> tuple[SlotHeader | None, int]:
    """The header of what can be read in a slot, None for nothing; and the highest generation it has seen."""
    header, keyed = slots.read(place, slot), vault.generation(slot)
    generation = max(keyed, header.generation if header else 0)
    if not keyed:
        return None, generation
    if header is not None and header.generation == keyed:
        readable = header.state is not State.WRITING or bool(heads(place, slot, keyed, DATA + HEAD.size))
        return (header if readable else None), generation
    # Both pages are damaged, or older than the key: whatever records of the key's generation are there.
    first = heads(place, slot, keyed, DATA + HEAD.size)
    if not first:
        return None, generation
    stamp, key = first[0].first, vault.key(slot, keyed)
    codec = Codec.H264
    if key is not None:
        with contextlib.suppress(RecordDamaged):
            item = fetch(place, slot, first[0], key)
            if isinstance(item, Group) and item.packets and item.packets[0].data.startswith(JPEG):
                codec = Codec.MJPEG
    return SlotHeader(slot, keyed, State.WRITING, settings.device, stamp, stamp, codec), generation


def _follow(place: Place, vault: Vault, header: SlotHeader) -> SlotHeader:
    """The header as it would be if the slot had been sealed after its last whole record."""
    key = vault.key(header.slot, header.generation)
    assert key is not None
    # What stood in the header was true at the claim only.
    fresh = SlotHeader(
        header.slot, header.generation, State.WRITING, header.device, header.first, header.first, header.codec,
        header.width, header.height, header.fps, DATA, hold=header.hold, previous=header.previous,
    )  # fmt: skip
    writer = Writer(place, fresh, key)
    for head in heads(place, header.slot, header.generation):
        try:
            item = fetch(place, header.slot, head, key)
        except RecordDamaged:
            break
        writer.take_over(place.read(header.slot, head.offset, head.end - head.offset), item)
    return writer.sealed(State.INTERRUPTED)


def _parts(shelf: Shelf, index: Index, place: Place, vault: Vault, header: SlotHeader) -> list[Part]:
    """What a slot says of visits, for the index; and what it says of clocks, for the labels."""
    key = vault.key(header.slot, header.generation)
    assert key is not None
    found: dict[int, Part] = {}
    for head in heads(place, header.slot, header.generation, header.data_end):
        try:
            item = fetch(place, header.slot, head, key)
        except RecordDamaged:
            continue
        if isinstance(item, Note):
            if isinstance(offset_us := item.facts.get("offset_us"), int):
                shelf.correct([(head.first.boot_id, offset_us)])
                index.correct(head.first.boot_id, offset_us)
        elif not item.flags & (Flag.TEST | Flag.COPY):
            first, last = shelf.label(item.first), shelf.label(last_of(item))
            part = found.get(item.event, Part(item.event, first, last, 0))
            found[item.event] = Part(
                item.event,
                min(part.first_utc_us, first),
                max(part.last_utc_us, last),
                part.footage_ms + length_ms(item),
            )
    return list(found.values())
