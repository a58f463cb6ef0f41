"""From a disk as it was left, by whatever, to a ring that goes on: the only way in which a ring is opened."""

from __future__ import annotations

import contextlib
import logging
from typing import Final

from drivers.camera import Codec
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Index
from recorder.indexing import Indexing
from recorder.place import TOO_MANY, Place
from recorder.record import HEAD, Group, RecordDamaged
from recorder.ring import Ring
from recorder.ring_facts import RingSettings, Told
from recorder.shelf import Shelf
from recorder.slot import DATA, SlotHeader, State
from recorder.times import TrustedTime
from recorder.vault import Vault
from recorder.writer import Writer, fetch, heads

JPEG: Final = b"\xff\xd8"
"""How a JPEG picture begins."""

_log = logging.getLogger(__name__)


def open_ring(
    place: Place,
    vault: Vault,
    settings: RingSettings,
    time: TrustedTime,
    index: Index,
    holds: Holds,
    told: Told = lambda kind, facts: None,
) -> Ring:
    """The ring as the slots and the vault say it is. Raises OSError when more than one slot in eight cannot be read;
    of fewer, what can be read is kept, and they are left alone.

    A slot is readable when the vault has the key of the generation its header names. One that was being written is
    followed record by record to its last whole one and sealed as interrupted. One whose header is damaged on both
    pages, but whose key is there, is read by its records.
    """
    shelf, known, newest = Shelf(), index.known(), 0
    shelf.correct(index.corrections().items())
    free: list[tuple[int, int]] = []
    bad: dict[int, OSError] = {}
    for slot in range(place.slots):
        try:
            header, generation = _look(place, vault, settings, slot)
        except OSError as error:
            bad[slot] = error
            newest = max(newest, vault.generation(slot))
            if len(bad) > place.slots // TOO_MANY:
                raise
            continue
        newest = max(newest, generation)
        if header is None:
            free.append((generation, slot))
            continue
        if header.state is State.WRITING:
            header, failed = _sealed(place, vault, header)
            told("interrupted", {"slot": slot, "records": header.records})
            if failed is not None:
                bad[slot] = failed
        shelf.put(header)
        time.not_before(header.last.elapsed_s)
    shelf.sort()
    for slot, why in bad.items():
        _log.error("slot %d cannot be used: %s", slot, why)
        told("slot_failed", {"slot": slot})
    unknown = [one for one in shelf if known.pop(one.slot, 0) != one.generation]
    for _, slot in sorted(free):
        shelf.put_free(slot)
    unknown.sort(key=lambda one: -one.generation)
    indexing = Indexing(index, place, vault, shelf, (one.slot for one in unknown))
    for slot in known:
        indexing.drop(slot)
    indexing.catch_up()  # of the newest at once: they tell the number of the last visit
    return Ring(place, vault, settings, time, indexing, holds, shelf, newest + 1, told, bad)


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


def _sealed(place: Place, vault: Vault, header: SlotHeader) -> tuple[SlotHeader, OSError | None]:
    """The slot sealed after its last whole record; and why that cannot be written, if it cannot."""
    key = vault.key(header.slot, header.generation)
    assert key is not None
    # What stood in the header was true at the claim only.
    fresh = SlotHeader(
        header.slot, header.generation, State.WRITING, header.device, header.first, header.first, header.codec,
        header.width, header.height, header.fps, DATA, hold=header.hold, previous=header.previous,
    )  # fmt: skip
    writer = Writer(place, fresh, key)
    try:
        for head in heads(place, header.slot, header.generation):
            item = fetch(place, header.slot, head, key)
            writer.take_over(place.read(header.slot, head.offset, head.end - head.offset), item)
    except RecordDamaged:
        pass
    except OSError as error:
        return writer.sealed(State.INTERRUPTED), error
    try:
        return writer.seal(State.INTERRUPTED), None
    except OSError as error:
        return writer.sealed(State.INTERRUPTED), error
