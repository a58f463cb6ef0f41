"""ccTalk frames as the simulated devices read and write them.

Written from the ccTalk generic specification (parts 1 and 2), for the bench alone:

    simple:  dest  N  source   header  data[N]  checksum     sum of all bytes = 0 mod 256
    CRC-16:  dest  N  CRC low  header  data[N]  CRC high     CRC-16/XMODEM over dest, N, header, data
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import Enum

HOST = 1
REPLY = 0
NAK = 5
BUSY = 6
OVERHEAD = 5
"""Bytes of a frame beside its data."""


class Checksum(Enum):
    """How a device guards its frames; a property of the device, not of the bus."""

    SIMPLE = "simple"
    CRC16 = "crc16"


class FrameError(ValueError):
    """The bytes are no frame of the expected kind. A slave answers this with silence."""


@dataclass(frozen=True)
class Frame:
    """One request (header 1..255) or reply (header 0). `src` is None in CRC-16 mode, which has none."""

    dest: int
    src: int | None
    header: int
    data: bytes = b""


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, start 0, not reflected ("123456789" gives 0x31C3)."""
    return binascii.crc_hqx(data, 0)


def wire_length(buffer: bytes | bytearray) -> int | None:
    """The length in bytes of the frame that `buffer` begins with; None while N has not arrived."""
    return None if len(buffer) < 2 else buffer[1] + OVERHEAD


def encode(frame: Frame, checksum: Checksum = Checksum.SIMPLE) -> bytes:
    """The frame's bytes. ValueError for more than 255 data bytes or a simple frame without source."""
    if len(frame.data) > 255:
        raise ValueError(f"a ccTalk frame carries at most 255 data bytes, not {len(frame.data)}")
    head = bytes((frame.dest, len(frame.data)))
    tail = bytes((frame.header,)) + frame.data
    if checksum is Checksum.CRC16:
        crc = crc16(head + tail)
        return head + bytes((crc & 0xFF,)) + tail + bytes((crc >> 8,))
    if frame.src is None:
        raise ValueError("a ccTalk frame with simple checksum needs a source address")
    body = head + bytes((frame.src,)) + tail
    return body + bytes((-sum(body) & 0xFF,))


def decode(raw: bytes, checksum: Checksum = Checksum.SIMPLE) -> Frame:
    """The frame that is exactly `raw`. FrameError for a wrong length or a wrong checksum."""
    if len(raw) < OVERHEAD or len(raw) != wire_length(raw):
        raise FrameError(f"{len(raw)} bytes are not one ccTalk frame")
    dest, header, data = raw[0], raw[3], bytes(raw[4:-1])
    if checksum is Checksum.CRC16:
        if crc16(raw[:2] + raw[3:-1]) != raw[2] | raw[-1] << 8:
            raise FrameError("wrong CRC-16")
        return Frame(dest, None, header, data)
    if sum(raw) & 0xFF:
        raise FrameError("wrong simple checksum")
    return Frame(dest, raw[2], header, data)
