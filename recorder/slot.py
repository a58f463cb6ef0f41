"""The two pages at the head of a slot: which generation lies in it, from when to when, and its seal.

Both pages say the same. They are written one after the other with a sync between, so a cut at any byte leaves at least
one whole; of two that differ the higher generation stands, and within it the later state.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from drivers.camera import Codec
from recorder.place import Place
from recorder.times import Quality, Stamp

PAGE: Final = 4096
DATA: Final = 2 * PAGE
"""Where the first record begins."""
_MAGIC: Final = b"CKSLOT1\0"
_STAMP: Final = struct.Struct("<16sQqdBI")
_HEAD: Final = struct.Struct("<8s16sIQBBHHfQIQI32s32s")
"""magic, device, slot, generation, state, codec, width, height, fps, data end, records, footage ms, hold, previous
seal, seal. Two stamps follow, then the CRC at the end of the page."""
_CRC: Final = struct.Struct("<I")
_CODECS: Final = {Codec.H264: 1, Codec.MJPEG: 2}
_NAMES: Final = {number: codec for codec, number in _CODECS.items()}


class State(IntEnum):
    """In the order in which a generation goes through them."""

    WRITING = 1
    SEALED = 2
    INTERRUPTED = 3
    """Sealed by the next start, after a cut."""


@dataclass(frozen=True, slots=True)
class SlotHeader:
    """One generation of a slot.

    data_end: where its records end; footage_ms: how much video; hold: number of the hold it was copied for, 0 for the
    ring itself; previous: seal of the generation before; seal: SHA-256 chain of its records.
    """

    slot: int
    generation: int
    state: State
    device: bytes
    first: Stamp
    last: Stamp
    codec: Codec = Codec.H264
    width: int = 0
    height: int = 0
    fps: float = 0.0
    data_end: int = DATA
    records: int = 0
    footage_ms: int = 0
    hold: int = 0
    previous: bytes = field(default=bytes(32), repr=False)
    seal: bytes = field(default=bytes(32), repr=False)


def encode(header: SlotHeader) -> bytes:
    """The page of 4096 bytes."""
    body = _HEAD.pack(
        _MAGIC, header.device, header.slot, header.generation, header.state, _CODECS[header.codec], header.width,
        header.height, header.fps, header.data_end, header.records, header.footage_ms, header.hold, header.previous,
        header.seal,
    )  # fmt: skip
    body += _stamp(header.first) + _stamp(header.last)
    body = body.ljust(PAGE - _CRC.size, b"\0")
    return body + _CRC.pack(zlib.crc32(body))


def decode(page: bytes, slot: int) -> SlotHeader | None:
    """None unless a whole page of this slot stands there."""
    if len(page) != PAGE or page[:8] != _MAGIC:
        return None
    if _CRC.unpack_from(page, PAGE - _CRC.size)[0] != zlib.crc32(page[: PAGE - _CRC.size]):
        return None
    values = _HEAD.unpack_from(page)
    (_, device, number, generation, state, codec, width, height, fps, end, records, ms, hold, previous, seal) = values
    if number != slot:
        return None
    first = _unstamp(page, _HEAD.size)
    last = _unstamp(page, _HEAD.size + _STAMP.size)
    return SlotHeader(
        slot, generation, State(state), device, first, last, _NAMES[codec], width, height, fps, end, records, ms, hold,
        previous, seal,
    )  # fmt: skip


def read(place: Place, slot: int) -> SlotHeader | None:
    """What stands in the slot; None when it was never used or both pages are damaged."""
    pages = place.read(slot, 0, DATA)
    different = {pages[:PAGE], pages[PAGE:]}
    found = [header for page in different if (header := decode(page, slot)) is not None]
    return max(found, key=lambda header: (header.generation, header.state), default=None)


def write(place: Place, header: SlotHeader) -> None:
    """Both pages, each on the disk before the next thing happens."""
    page = encode(header)
    for at in (0, PAGE):
        place.write(header.slot, at, page)
        place.sync(header.slot)


def _stamp(stamp: Stamp) -> bytes:
    return _STAMP.pack(
        stamp.boot_id, stamp.boot_ns, stamp.utc_us, stamp.elapsed_s, stamp.quality, stamp.epoch
    )  # fmt: skip


def _unstamp(page: bytes, at: int) -> Stamp:
    boot_id, boot_ns, utc_us, elapsed_s, quality, epoch = _STAMP.unpack_from(page, at)
    return Stamp(boot_id, boot_ns, utc_us, Quality(quality), epoch, elapsed_s)
