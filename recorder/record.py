"""What lies in a slot: records that describe themselves, one after the other, each readable without the others.

Record: a head of 92 bytes, the ciphertext with its tag, padding to 16 bytes. The head says which generation it belongs
to (so bytes of the lap before are never taken for new ones), how long the ciphertext is and when it was; it is the
associated data of AES-GCM, and has a CRC of its own. The nonce is the record's number within the generation, whose key
is used for nothing else.

Plaintext of a group: its packets, each a head of 13 bytes (microseconds since the first, flags, length) and its bytes:
raw Annex-B access units or JPEG pictures, in the camera's own order. Plaintext of a note: JSON of numbers and short
words.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from drivers.camera import Packet
from recorder.times import Quality, Stamp

MAGIC: Final = b"CKR1"
"""Other bytes are not a record."""
HEAD: Final = struct.Struct("<4sBBHQIIQ16sQqdBxHI8xI")
"""magic, kind, flags, milliseconds, generation, number, ciphertext bytes, event, boot id, boot_ns, utc_us, elapsed_s,
quality, (0), epoch, CRC."""
TAG: Final = 16
ALIGN: Final = 16
MOST_MS: Final = 10_000
"""A group longer than this counts as this: a picture that stands still for want of others is not footage."""
_PACKET: Final = struct.Struct("<QBI")
_KEYFRAME: Final = 1
_CRC: Final = struct.Struct("<I")

Fact = int | str | bool


class Kind(IntEnum):
    GROUP = 1
    NOTE = 2


class Flag(IntFlag):
    NONE = 0
    PREROLL = 1
    """From before the person was seen."""
    TAIL = 2
    """After the event's boundary."""
    THINNED = 4
    """Keyframes only: room was short."""
    TEST = 8
    """A test pattern, of nobody."""
    COPY = 16
    """Copied for a hold; the first one lies, or lay, elsewhere."""


@dataclass(frozen=True, slots=True)
class Group:
    """Packets from one keyframe to before the next. event: number of the visit; first: when it begins; lasted_ms: of
    a thinned one, how long it was before."""

    event: int
    first: Stamp
    packets: tuple[Packet, ...] = field(repr=False)
    flags: Flag = Flag.NONE
    lasted_ms: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened: facts are numbers and short words, nothing of a person."""

    kind: str
    at: Stamp
    event: int = 0
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """The readable part of a record. ms: how much video; size: ciphertext bytes with the tag; offset: where it begins
    in the slot."""

    offset: int
    kind: Kind
    flags: Flag
    ms: int
    generation: int
    number: int
    size: int
    event: int
    first: Stamp
    raw: bytes = field(repr=False)

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return aligned(self.offset + HEAD.size + self.size)


class RecordDamaged(Exception):
    """A record's tag does not hold: its bytes, or its head, are not what was written."""


def aligned(offset: int) -> int:
    return -(-offset // ALIGN) * ALIGN


def encode(item: Group | Note, generation: int, number: int, key: bytes) -> bytes:
    """A record ready to be written, padded to 16 bytes."""
    if isinstance(item, Group):
        kind, flags, stamp, plain = Kind.GROUP, item.flags, item.first, _pack(item)
    else:
        kind, flags, stamp = Kind.NOTE, Flag.NONE, item.at
        plain = json.dumps({"kind": item.kind, **item.facts}, separators=(",", ":")).encode()
    fields = (
        MAGIC, kind, flags, length_ms(item), generation, number, len(plain) + TAG, item.event, stamp.boot_id,
        stamp.boot_ns, stamp.utc_us, stamp.elapsed_s, stamp.quality, 0, stamp.epoch,
    )  # fmt: skip
    bare = HEAD.pack(*fields, 0)[: -_CRC.size]
    head = bare + _CRC.pack(zlib.crc32(bare))
    record = head + AESGCM(key).encrypt(_nonce(number), plain, head)
    return record.ljust(aligned(len(record)), b"\0")


def read_head(raw: bytes, offset: int, generation: int) -> Head | None:
    """The head at an offset of a slot, if one of this generation stands there whole."""
    if len(raw) < HEAD.size or raw[:4] != MAGIC:
        return None
    bare, crc = raw[: HEAD.size - _CRC.size], _CRC.unpack_from(raw, HEAD.size - _CRC.size)[0]
    if zlib.crc32(bare) != crc:
        return None
    values = HEAD.unpack_from(raw)
    (_, kind, flags, ms, found, number, size, event, boot_id, boot_ns, utc_us, elapsed_s, quality, _, epoch, _) = values
    if found != generation or size < TAG:
        return None
    stamp = Stamp(boot_id, boot_ns, utc_us, Quality(quality), epoch, elapsed_s)
    return Head(offset, Kind(kind), Flag(flags), ms, found, number, size, event, stamp, raw[: HEAD.size])


def decode(head: Head, ciphertext: bytes, key: bytes) -> Group | Note:
    """What a record says. Raises RecordDamaged."""
    try:
        plain = AESGCM(key).decrypt(_nonce(head.number), ciphertext, head.raw)
    except InvalidTag as error:
        raise RecordDamaged(f"record {head.number} of generation {head.generation}") from error
    if head.kind is Kind.NOTE:
        facts = json.loads(plain)
        return Note(facts.pop("kind"), head.first, head.event, facts)
    lasted_ms = head.ms if head.flags & Flag.THINNED else 0
    return Group(head.event, head.first, _unpack(plain, head.first), head.flags, lasted_ms)


def length_ms(item: Group | Note) -> int:
    """How much video a group is: to its last picture, and one picture's time more."""
    if isinstance(item, Note) or not item.packets:
        return 0
    if item.lasted_ms:
        return item.lasted_ms
    span_ms = (item.packets[-1].boot_ns - item.packets[0].boot_ns) // 1_000_000
    each_ms = span_ms // (len(item.packets) - 1) if len(item.packets) > 1 else 0
    return max(0, min(MOST_MS, span_ms + each_ms))


def last_of(item: Group | Note) -> Stamp:
    """The stamp of the last thing in it."""
    if isinstance(item, Note):
        return item.at
    if not item.packets:
        return item.first
    last, first = item.packets[-1], item.first
    since_ns = last.boot_ns - first.boot_ns
    return replace(
        first,
        boot_ns=last.boot_ns,
        utc_us=first.utc_us + since_ns // 1000,
        elapsed_s=first.elapsed_s + since_ns / 1e9,
    )


def thinned(group: Group) -> Group:
    """Its keyframe only; it stands for as much time as before."""
    ms = length_ms(group)
    return replace(group, packets=group.packets[:1], flags=group.flags | Flag.THINNED, lasted_ms=ms)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _pack(group: Group) -> bytes:
    parts: list[bytes] = []
    for packet in group.packets:
        since_us = max(0, (packet.boot_ns - group.first.boot_ns) // 1000)
        parts += (_PACKET.pack(since_us, _KEYFRAME if packet.keyframe else 0, len(packet.data)), packet.data)
    return b"".join(parts)


def _unpack(plain: bytes, first: Stamp) -> tuple[Packet, ...]:
    packets, at = [], 0
    while at < len(plain):
        since_us, flags, size = _PACKET.unpack_from(plain, at)
        at += _PACKET.size
        data = plain[at : at + size]
        at += size
        packets.append(Packet(data, bool(flags & _KEYFRAME), first.boot_ns + since_us * 1000, first.utc_us + since_us))
    return tuple(packets)
