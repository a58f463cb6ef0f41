"""ccTalk without I/O: frames, checksums, and what is known of each command (generic specification, parts 1-3).

    simple checksum    [dest] [N] [src]     [header] [data 0..N-1] [checksum]
    CRC-16             [dest] [N] [CRC lsb] [header] [data 0..N-1] [CRC msb]

A request carries its command as header; a reply carries 0 (ACK or data), 5 (NAK) or 6 (BUSY).
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

HOST: Final = 1
OVERHEAD: Final = 5
"""Bytes of a frame without data."""


class Checksum(Enum):
    """How a device closes its frames; may differ between devices of one bus."""

    SIMPLE = "simple"
    CRC16 = "crc16"


class Header(IntEnum):
    """Replies, and the commands this terminal uses or must never send."""

    REPLY = 0
    RESET_DEVICE = 1
    REQUEST_COMMS_COUNTERS = 2
    REQUEST_COMMS_REVISION = 4
    NAK = 5
    BUSY = 6
    SET_ACCEPT_LIMIT = 135
    TEST_HOPPER = 163
    ENABLE_HOPPER = 164
    REQUEST_CIPHER_KEY = 160
    PUMP_RNG = 161
    REQUEST_HOPPER_STATUS = 166
    DISPENSE_HOPPER_COINS = 167
    REQUEST_HOPPER_DISPENSE_COUNT = 168
    REQUEST_HOPPER_COIN = 171
    EMERGENCY_STOP = 172
    REQUEST_COIN_ID = 184
    MODIFY_COIN_ID = 185
    REQUEST_BUILD_CODE = 192
    TEACH_MODE = 202
    REQUEST_SORTER_PATH = 209
    MODIFY_SORTER_PATH = 210
    WRITE_DATA_BLOCK = 214
    REQUEST_PAYOUT_LEVEL = 217
    REQUEST_SORTER_OVERRIDE = 221
    MODIFY_SORTER_OVERRIDE = 222
    REQUEST_ACCEPT_COUNTER = 225
    REQUEST_MASTER_INHIBIT = 227
    MODIFY_MASTER_INHIBIT = 228
    READ_BUFFERED_CREDIT = 229
    REQUEST_INHIBIT_STATUS = 230
    MODIFY_INHIBIT_STATUS = 231
    PERFORM_SELF_CHECK = 232
    REQUEST_SOFTWARE_REVISION = 241
    REQUEST_SERIAL_NUMBER = 242
    REQUEST_DATABASE_VERSION = 243
    REQUEST_PRODUCT_CODE = 244
    REQUEST_EQUIPMENT_CATEGORY = 245
    REQUEST_MANUFACTURER_ID = 246
    ADDRESS_CHANGE = 251
    SIMPLE_POLL = 254
    FACTORY_SETUP = 255


class Retry(Enum):
    """What may follow a command whose outcome is not known."""

    READ = "R"
    """Ask again."""
    SET = "S"
    """Send again, then read back."""
    ONCE = "N"
    """Never again: find out what it did."""
    FORBIDDEN = "X"
    """Never sent by a terminal in the field."""


@dataclass(frozen=True, slots=True)
class Command:
    """`reply_lengths`: numbers of data bytes a true answer may have. `slow`: it moves or tests something."""

    retry: Retry
    reply_lengths: range | frozenset[int]
    slow: bool = False


_TEXT: Final = range(1, 253)


def _read(*lengths: int, slow: bool = False) -> Command:
    return Command(Retry.READ, frozenset(lengths) if lengths else _TEXT, slow)


def _set() -> Command:
    return Command(Retry.SET, frozenset({0}))


def _once(length: int) -> Command:
    return Command(Retry.ONCE, frozenset({length}))


_NEVER: Final = Command(Retry.FORBIDDEN, frozenset({0}))

COMMANDS: Final[Mapping[Header, Command]] = {
    Header.SIMPLE_POLL: _read(0),
    Header.REQUEST_MANUFACTURER_ID: _read(),
    Header.REQUEST_EQUIPMENT_CATEGORY: _read(),
    Header.REQUEST_PRODUCT_CODE: _read(),
    Header.REQUEST_SOFTWARE_REVISION: _read(),
    Header.REQUEST_BUILD_CODE: _read(),
    Header.REQUEST_DATABASE_VERSION: _read(1),
    Header.REQUEST_SERIAL_NUMBER: _read(3, 4),
    Header.REQUEST_COMMS_REVISION: _read(3),
    Header.REQUEST_COMMS_COUNTERS: _read(3),
    Header.PERFORM_SELF_CHECK: _read(1, 2, slow=True),
    Header.READ_BUFFERED_CREDIT: _read(11),
    Header.REQUEST_INHIBIT_STATUS: _read(2),
    Header.REQUEST_MASTER_INHIBIT: _read(1),
    Header.REQUEST_ACCEPT_COUNTER: _read(3),
    Header.REQUEST_SORTER_OVERRIDE: _read(1),
    Header.REQUEST_SORTER_PATH: _read(1, 4),
    Header.REQUEST_COIN_ID: _read(6),
    Header.MODIFY_INHIBIT_STATUS: _set(),
    Header.MODIFY_MASTER_INHIBIT: _set(),
    Header.MODIFY_SORTER_OVERRIDE: _set(),
    Header.MODIFY_SORTER_PATH: _set(),
    Header.SET_ACCEPT_LIMIT: _set(),
    Header.REQUEST_PAYOUT_LEVEL: _read(1),
    Header.REQUEST_HOPPER_COIN: _read(6),
    Header.REQUEST_HOPPER_DISPENSE_COUNT: _read(3),
    Header.REQUEST_HOPPER_STATUS: _read(4),
    Header.TEST_HOPPER: _read(*range(1, 9)),
    Header.ENABLE_HOPPER: _set(),
    Header.PUMP_RNG: _once(0),
    Header.REQUEST_CIPHER_KEY: _once(8),
    Header.DISPENSE_HOPPER_COINS: _once(1),
    Header.EMERGENCY_STOP: _once(1),
    Header.RESET_DEVICE: _once(0),
    Header.FACTORY_SETUP: _NEVER,
    Header.ADDRESS_CHANGE: _NEVER,
    Header.TEACH_MODE: _NEVER,
    Header.WRITE_DATA_BLOCK: _NEVER,
    Header.MODIFY_COIN_ID: _NEVER,
}
"""Retry class and answer of every command that may reach the bus, and those that must not."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `src` is None in CRC-16 frames, which do not carry it."""

    dest: int
    src: int | None
    header: int
    data: bytes = b""


class BadChecksum(Exception):
    """A whole frame came and its checksum is wrong; what was buffered has been dropped."""


def crc16(data: bytes) -> int:
    """CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected."""
    return binascii.crc_hqx(data, 0)


def encode(frame: Frame, checksum: Checksum = Checksum.SIMPLE) -> bytes:
    """The bytes of a frame. Raises ValueError for more than 255 data bytes or a value that is no byte."""
    head = bytes([frame.dest, len(frame.data)])
    if checksum is Checksum.CRC16:
        crc = crc16(head + bytes([frame.header]) + frame.data)
        return head + bytes([crc & 0xFF, frame.header]) + frame.data + bytes([crc >> 8])
    if frame.src is None:
        raise ValueError("a frame with the simple checksum needs its source address")
    body = head + bytes([frame.src, frame.header]) + frame.data
    return body + bytes([-sum(body) & 0xFF])


class Decoder:
    """Bytes in, frames out. `next` returns None while more bytes are needed."""

    def __init__(self, checksum: Checksum = Checksum.SIMPLE) -> None:
        self._checksum = checksum
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def reset(self) -> None:
        """Drop a partial frame, as every ccTalk receiver does after 50 ms without a byte."""
        self._buffer.clear()

    @property
    def pending(self) -> bytes:
        """What was fed and has not been taken yet."""
        return bytes(self._buffer)

    def next(self) -> Frame | None:
        """The next whole frame. Raises BadChecksum (and forgets everything fed so far)."""
        if len(self._buffer) < 2 or len(self._buffer) < self._buffer[1] + OVERHEAD:
            return None
        raw = bytes(self._buffer[: self._buffer[1] + OVERHEAD])
        dest, header, data = raw[0], raw[3], raw[4:-1]
        if self._checksum is Checksum.CRC16:
            good = crc16(raw[:2] + raw[3:-1]) == raw[2] | raw[-1] << 8
            src = None
        else:
            good = sum(raw) & 0xFF == 0
            src = raw[2]
        if not good:
            self._buffer.clear()
            raise BadChecksum
        del self._buffer[: len(raw)]
        return Frame(dest, src, header, data)
