"""The Juki card's (住民基本台帳カード) application for issuing, without any reader.

**A profile of our own.** The real application (its identifier, files, keys and the form of its id) is not public, so
everything here follows the `JukiProfile` a configuration gives; its AID lies in the range nobody can register (first
nibble F, ISO 7816-5) and cannot be a real card's. One elementary file holds TLV objects, 33 bytes in all:

    01  2 bytes   version of the profile (one byte is taken as well)
    02  3 bytes   municipality code that issued the card, six digits BCD, check digit included (JIS X 0402)
    03 16 bytes   card id, random; given by the city
    04  4 bytes   last day of validity, yyyymmdd BCD

The card id is a bearer handle: whoever can read it can show it. A real card is read only after card and machine
have proved themselves to each other and over secured messages; that is the profile's `authenticate`, called before
anything is read. Here it does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from drivers.apdu import (
    INS_READ_BINARY,
    INS_SELECT,
    SW_END_OF_FILE,
    SW_MEMORY_FAILURE,
    SW_OK,
    Channel,
    command,
    error_of,
    require_ok,
)
from kiosk.errors import ProtocolViolation

FILE_BYTES: Final = 33
_VERSION, _HOME, _CARD_ID, _EXPIRES = 0x01, 0x02, 0x03, 0x04
_LENGTHS: Final = {_VERSION: (1, 2), _HOME: (3,), _CARD_ID: (16,), _EXPIRES: (4,)}
_FILLER: Final = frozenset({0x00, 0xFF})

LAST_DAY_OF_ALL: Final = date(2025, 12, 28)
"""The last Juki card was issued on 2015-12-28 and none is valid for more than ten years."""

_JAPAN: Final = ZoneInfo("Asia/Tokyo")


def no_authentication(_channel: Channel) -> None:
    """The hook of our own profile: the card gives its file to everybody."""


@dataclass(frozen=True, slots=True)
class JukiProfile:
    """Where the application is and how it is opened.

    `application`: AID; `file`: identifier of the elementary file; `version`: the profile's version the file must
    name. `authenticate` runs after the application was selected; it raises CardError or ProtocolViolation when card
    and machine do not prove themselves to each other.
    """

    application: bytes
    file: int
    version: int
    authenticate: Callable[[Channel], None] = no_authentication


@dataclass(frozen=True, slots=True)
class JukiRecord:
    """What the file says. `home`: six digits; `card_id`: 16 bytes; `expires`: the last day it can be used."""

    home: str
    card_id: bytes = field(repr=False)
    expires: date


def read_record(channel: Channel, profile: JukiProfile) -> JukiRecord | None:
    """What the card on `channel` says; None when it does not have the application.

    Raises ProtocolViolation or CardError when it has, but its file cannot be used; CardRemoved and the
    transport's errors.
    """
    selected = channel.send(command(0x00, INS_SELECT, 0x04, 0x0C, profile.application))
    if selected.sw == SW_MEMORY_FAILURE:
        raise error_of(selected.sw)
    if selected.sw != SW_OK:
        return None
    profile.authenticate(channel)
    require_ok(channel.send(command(0x00, INS_SELECT, 0x02, 0x0C, profile.file.to_bytes(2))))
    answer = channel.send(command(0x00, INS_READ_BINARY, 0, 0, le=FILE_BYTES))
    return _record_of(require_ok(answer, SW_END_OF_FILE).data, profile.version)


def trouble_of(record: JukiRecord, now: datetime) -> str:
    """ "expired" when the card's last day is over in Japan at `now` (aware), else ""."""
    return "expired" if now.astimezone(_JAPAN).date() > record.expires else ""


def trouble_without_application(now: datetime) -> str:
    """What is wrong with a Juki card that lacks our application: since the end of 2025 every one has expired."""
    return "expired" if now.astimezone(_JAPAN).date() > LAST_DAY_OF_ALL else "unreadable"


def _record_of(content: bytes, version: int) -> JukiRecord:
    values = _objects(content)
    if int.from_bytes(values[_VERSION]) != version:
        raise ProtocolViolation("a Juki card of another profile version")
    digits = _digits(values[_EXPIRES])
    try:
        expires = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise ProtocolViolation("no calendar day on the Juki card") from None
    return JukiRecord(_digits(values[_HOME]), values[_CARD_ID], expires)


def _objects(content: bytes) -> dict[int, bytes]:
    """Value by tag; every known tag is there once, in any order, with its length. Filler ends the file."""
    values: dict[int, bytes] = {}
    at = 0
    while at < len(content) and content[at] not in _FILLER:
        tag, length = content[at], content[at + 1] if at + 1 < len(content) else 0
        value = content[at + 2 : at + 2 + length]
        if length not in _LENGTHS.get(tag, ()) or len(value) != length or tag in values:
            raise ProtocolViolation("the Juki card's file is not as its profile says")
        values[tag] = value
        at += 2 + length
    if values.keys() != _LENGTHS.keys():
        raise ProtocolViolation("the Juki card's file is incomplete")
    return values


def _digits(bcd: bytes) -> str:
    digits = bcd.hex()
    if not digits.isdecimal():
        raise ProtocolViolation("the Juki card's file holds no decimal digits")
    return digits
