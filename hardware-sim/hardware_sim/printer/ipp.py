"""IPP message codec: the "application/ipp" media type of RFC 8010, for IPP/1.1 and IPP/2.0.

Bytes in, frozen values out, and back. Nothing here opens a socket or knows what an operation means. Input
that breaks the encoding rules raises `IppError` with the status a printer answers, usually
client-error-bad-request; the text names the rule, never a value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hardware_sim.printer.ipp_types import (
    Attribute,
    Data,
    Group,
    IppError,
    Localized,
    Message,
    Range,
    Resolution,
    Status,
    Tag,
    Value,
    attribute,
    collection,
)

__all__ = [
    "Attribute",
    "Data",
    "Group",
    "Header",
    "IppError",
    "Localized",
    "Message",
    "Range",
    "Resolution",
    "Status",
    "Tag",
    "Value",
    "attribute",
    "collection",
    "decode",
    "decode_header",
    "encode",
]

MAX_COLLECTION_DEPTH: Final = 8
MAX_NAME_BYTES: Final = 255

OUT_OF_BAND: Final = frozenset(
    {
        Tag.UNSUPPORTED,
        Tag.DEFAULT,
        Tag.UNKNOWN,
        Tag.NO_VALUE,
        Tag.NOT_SETTABLE,
        Tag.DELETE_ATTRIBUTE,
        Tag.ADMIN_DEFINE,
    }
)
# Longest value in octets (RFC 8011 section 5.1).
_TEXTUAL: Final = {
    Tag.TEXT: 1023,
    Tag.NAME: 255,
    Tag.KEYWORD: 255,
    Tag.URI: 1023,
    Tag.URI_SCHEME: 63,
    Tag.CHARSET: 63,
    Tag.NATURAL_LANGUAGE: 63,
    Tag.MIME_MEDIA_TYPE: 255,
}
_FIXED: Final = {Tag.INTEGER: 4, Tag.ENUM: 4, Tag.BOOLEAN: 1, Tag.DATE_TIME: 11, Tag.RESOLUTION: 9, Tag.RANGE: 8}
_GROUPS: Final = frozenset(Tag(t) for t in range(0x01, 0x0B) if t != Tag.END)


# ------------------------------------------------------------ encoding


def encode(message: Message) -> bytes:
    """The bytes of a message (RFC 8010 section 3.1)."""
    out = bytearray(struct.pack(">BBHI", *message.version, message.code, message.request_id))
    for group in message.groups:
        out.append(group.tag)
        for attr in group.attributes:
            _put_attribute(out, attr)
    out.append(Tag.END)
    return bytes(out) + message.data


def _put(out: bytearray, tag: Tag, name: bytes, value: bytes) -> None:
    out += struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def _put_attribute(out: bytearray, attr: Attribute) -> None:
    name = attr.name.encode("ascii")
    for value in attr.values:
        _put_value(out, name, value)
        name = b""


def _put_value(out: bytearray, name: bytes, value: Value) -> None:
    if value.tag != Tag.BEGIN_COLLECTION:
        _put(out, value.tag, name, _value_bytes(value))
        return
    _put(out, Tag.BEGIN_COLLECTION, name, b"")
    assert isinstance(value.data, tuple)
    for member in value.data:
        _put(out, Tag.MEMBER_NAME, b"", member.name.encode("ascii"))
        for one in member.values:
            _put_value(out, b"", one)
    _put(out, Tag.END_COLLECTION, b"", b"")


def _value_bytes(value: Value) -> bytes:
    data = value.data
    match data:
        case None:
            return b""
        case bool():
            return bytes([data])
        case int():
            return struct.pack(">i", data)
        case str():
            return data.encode("utf-8")
        case bytes():
            return data
        case Range():
            return struct.pack(">ii", data.low, data.high)
        case Resolution():
            return struct.pack(">iib", data.x, data.y, data.unit)
        case Localized():
            language, text = data.language.encode("ascii"), data.text.encode("utf-8")
            return struct.pack(">H", len(language)) + language + struct.pack(">H", len(text)) + text
        case datetime():
            return _date_bytes(data)
    raise TypeError(f"no encoding for {type(data).__name__}")


def _date_bytes(when: datetime) -> bytes:
    """DateAndTime of RFC 2579, eleven octets."""
    offset = when.utcoffset()
    if offset is None:
        raise ValueError("a dateTime needs a time zone")
    minutes = int(offset.total_seconds()) // 60
    sign = b"+" if minutes >= 0 else b"-"
    hours, rest = divmod(abs(minutes), 60)
    tenths = when.microsecond // 100_000
    return (
        struct.pack(">HBBBBBB", when.year, when.month, when.day, when.hour, when.minute, when.second, tenths)
        + sign
        + bytes([hours, rest])
    )


# ------------------------------------------------------------ decoding


@dataclass(frozen=True)
class Header:
    """The eight octets before the attributes: enough to answer even when the rest is unreadable."""

    version: tuple[int, int]
    code: int
    request_id: int


def decode_header(data: bytes) -> Header:
    """Raises IppError when fewer than eight octets came."""
    if len(data) < 8:
        raise _bad("the message is shorter than its header")
    major, minor, code, request_id = struct.unpack_from(">BBHI", data)
    return Header((major, minor), code, request_id)


def decode(data: bytes) -> Message:
    """The message in `data`, document bytes included. Raises IppError on anything RFC 8010 does not allow."""
    header = decode_header(data)
    reader = _Reader(data, 8)
    groups: list[Group] = []
    while True:
        tag = reader.byte()
        if tag == Tag.END:
            break
        if tag not in _GROUPS:
            raise _bad("an attribute group was expected")
        groups.append(Group(Tag(tag), _group_attributes(reader)))
    return Message(header.version, header.code, header.request_id, tuple(groups), data[reader.pos :])


class _Reader:
    def __init__(self, data: bytes, pos: int) -> None:
        self.data = data
        self.pos = pos

    def peek(self) -> int:
        if self.pos >= len(self.data):
            raise _bad("the message ends before its end-of-attributes tag")
        return self.data[self.pos]

    def byte(self) -> int:
        value = self.peek()
        self.pos += 1
        return value

    def counted(self) -> bytes:
        """A two-octet signed length and that many octets."""
        end = self.pos + 2
        if end > len(self.data):
            raise _bad("a length field is cut off")
        (length,) = struct.unpack_from(">h", self.data, self.pos)
        if length < 0 or end + length > len(self.data):
            raise _bad("a length field goes beyond the message")
        self.pos = end + length
        return self.data[end : self.pos]

    def item(self) -> tuple[Tag, bytes, bytes]:
        """Value tag, name octets, value octets."""
        raw = self.byte()
        try:
            tag = Tag(raw)
        except ValueError:
            raise _bad(f"value tag 0x{raw:02x} is not defined") from None
        return tag, self.counted(), self.counted()


def _group_attributes(reader: _Reader) -> tuple[Attribute, ...]:
    names: list[str] = []
    values: list[list[Value]] = []
    while reader.peek() >= 0x10:
        tag, raw_name, raw = reader.item()
        if raw_name:
            name = _name(raw_name)
            if name in names:
                raise _bad(f"attribute {name} is given twice in one group")
            names.append(name)
            values.append([])
        elif not names:
            raise _bad("the first value of a group has no attribute name")
        values[-1].append(_value(reader, tag, raw, depth=0))
    return tuple(Attribute(n, tuple(v)) for n, v in zip(names, values, strict=True))


def _value(reader: _Reader, tag: Tag, raw: bytes, depth: int) -> Value:
    if tag != Tag.BEGIN_COLLECTION:
        return Value(tag, _data(tag, raw))
    if raw:
        raise _bad("begCollection carries a value")
    if depth >= MAX_COLLECTION_DEPTH:
        raise _bad("collections are nested too deeply")
    names: list[str] = []
    values: list[list[Value]] = []
    while True:
        member_tag, name, member = reader.item()
        if name:
            raise _bad("a collection member carries an attribute name")
        if member_tag == Tag.END_COLLECTION:
            if member:
                raise _bad("endCollection carries a value")
            break
        if member_tag == Tag.MEMBER_NAME:
            names.append(_name(member))
            if names[-1] in names[:-1]:
                raise _bad(f"member {names[-1]} is given twice in one collection")
            values.append([])
        elif not names:
            raise _bad("a collection value comes before its member name")
        else:
            values[-1].append(_value(reader, member_tag, member, depth + 1))
    if not all(values):
        raise _bad("a collection member has no value")
    return Value(tag, tuple(Attribute(n, tuple(v)) for n, v in zip(names, values, strict=True)))


def _name(raw: bytes) -> str:
    """An attribute name: a keyword (RFC 8011 section 5.1.4), case kept since some vendors use capitals."""
    text = _ascii(raw, MAX_NAME_BYTES)
    if not text or not all(c.isalnum() or c in "-_." for c in text):
        raise _bad("an attribute name is not a keyword")
    return text


def _ascii(raw: bytes, longest: int) -> str:
    if len(raw) > longest:
        raise _bad("a value is longer than its syntax allows")
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise _bad("a value that must be ASCII is not") from None


def _utf8(raw: bytes, longest: int) -> str:
    if len(raw) > longest:
        raise _bad("a value is longer than its syntax allows")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("a value is not valid UTF-8") from None


def _data(tag: Tag, raw: bytes) -> Data:
    if tag in OUT_OF_BAND:
        if raw:
            raise _bad("an out-of-band tag carries a value")
        return None
    if tag in _FIXED and len(raw) != _FIXED[tag]:
        raise _bad(f"a value of tag 0x{tag:02x} has the wrong length")
    match tag:
        case Tag.INTEGER | Tag.ENUM:
            return int(struct.unpack(">i", raw)[0])
        case Tag.BOOLEAN:
            if raw not in (b"\0", b"\1"):
                raise _bad("a boolean is neither 0 nor 1")
            return raw == b"\1"
        case Tag.RANGE:
            low, high = struct.unpack(">ii", raw)
            if low > high:
                raise _bad("a range ends before it begins")
            return Range(low, high)
        case Tag.RESOLUTION:
            x, y, unit = struct.unpack(">iib", raw)
            if x <= 0 or y <= 0 or unit not in (3, 4):
                raise _bad("a resolution is not positive or has no known unit")
            return Resolution(x, y, unit)
        case Tag.DATE_TIME:
            return _date(raw)
        case Tag.OCTET_STRING:
            if len(raw) > 1023:
                raise _bad("a value is longer than its syntax allows")
            return raw
        case Tag.TEXT_WITH_LANGUAGE | Tag.NAME_WITH_LANGUAGE:
            return _localized(raw, 1023 if tag == Tag.TEXT_WITH_LANGUAGE else 255)
        case Tag.TEXT | Tag.NAME:
            return _utf8(raw, _TEXTUAL[tag])
        case _ if tag in _TEXTUAL:
            return _ascii(raw, _TEXTUAL[tag])
    raise _bad(f"tag 0x{tag:02x} is not allowed here")


def _localized(raw: bytes, longest: int) -> Localized:
    inner = _Reader(raw, 0)
    language, text = inner.counted(), inner.counted()
    if inner.pos != len(raw):
        raise _bad("a value with language has octets left over")
    return Localized(_ascii(language, 63), _utf8(text, longest))


def _date(raw: bytes) -> datetime:
    year, month, day, hour, minute, second, tenths = struct.unpack(">HBBBBBB", raw[:8])
    if raw[8:9] not in (b"+", b"-") or raw[9] > 14 or raw[10] > 59 or tenths > 9:
        raise _bad("a dateTime has no valid offset")
    offset = timedelta(hours=raw[9], minutes=raw[10]) * (1 if raw[8:9] == b"+" else -1)
    zone = timezone(offset) if offset else UTC
    try:
        # RFC 2579 allows second 60 (leap second), datetime does not.
        return datetime(year, month, day, hour, minute, min(second, 59), tenths * 100_000, zone)
    except ValueError:
        raise _bad("a dateTime is not a date") from None


def _bad(message: str) -> IppError:
    return IppError(Status.BAD_REQUEST, message)
