"""The IPP codec against octets written by hand (layout and examples: RFC 8010 section 3 and appendix A)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_sim.printer import ipp
from hardware_sim.printer.ipp import (
    Attribute,
    Group,
    IppError,
    Localized,
    Message,
    Range,
    Resolution,
    Status,
    Tag,
    Value,
)

# RFC 8010 appendix A.1: Print-Job, job template with copies 20 and duplex, then the document.
PRINT_JOB = (
    b"\x01\x01\x00\x02\x00\x00\x00\x01"
    b"\x01"
    b"\x47\x00\x12attributes-charset\x00\x05utf-8"
    b"\x48\x00\x1battributes-natural-language\x00\x05en-us"
    b"\x45\x00\x0bprinter-uri\x00\x2cipp://printer.example.com/ipp/print/pinetree"
    b"\x42\x00\x08job-name\x00\x06foobar"
    b"\x22\x00\x16ipp-attribute-fidelity\x00\x01\x01"
    b"\x02"
    b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
    b"\x44\x00\x05sides\x00\x13two-sided-long-edge"
    b"\x03"
    b"%!PDF..."
)

# After RFC 8010 appendix A.7: media-col with a nested media-size.
MEDIA_COL = (
    b"\x34\x00\x09media-col\x00\x00"
    b"\x4a\x00\x00\x00\x0amedia-size"
    b"\x34\x00\x00\x00\x00"
    b"\x4a\x00\x00\x00\x0bx-dimension\x21\x00\x00\x00\x04\x00\x00\x52\x08"
    b"\x4a\x00\x00\x00\x0by-dimension\x21\x00\x00\x00\x04\x00\x00\x74\x04"
    b"\x37\x00\x00\x00\x00"
    b"\x4a\x00\x00\x00\x0amedia-type\x44\x00\x00\x00\x0astationery"
    b"\x37\x00\x00\x00\x00"
)


def wrapped(attributes: bytes) -> bytes:
    return b"\x02\x00\x00\x00\x00\x00\x00\x09\x04" + attributes + b"\x03"


def test_print_job_of_the_rfc() -> None:
    message = ipp.decode(PRINT_JOB)
    assert (message.version, message.code, message.request_id) == ((1, 1), 2, 1)
    operation, job = message.groups
    assert [a.name for a in operation.attributes][-2:] == ["job-name", "ipp-attribute-fidelity"]
    assert operation.attributes[-1].values == (Value(Tag.BOOLEAN, True),)
    assert job == Group(
        Tag.JOB,
        (
            Attribute("copies", (Value(Tag.INTEGER, 20),)),
            Attribute("sides", (Value(Tag.KEYWORD, "two-sided-long-edge"),)),
        ),
    )
    assert message.data == b"%!PDF..."
    assert ipp.encode(message) == PRINT_JOB


def test_nested_collection() -> None:
    message = ipp.decode(wrapped(MEDIA_COL))
    media_col = message.group(Tag.PRINTER).attributes[0]
    size, kind = media_col.first  # type: ignore[misc]
    assert size.name == "media-size"
    assert {m.name: m.first for m in size.first} == {"x-dimension": 21000, "y-dimension": 29700}
    assert (kind.name, kind.first) == ("media-type", "stationery")
    assert ipp.encode(message) == wrapped(MEDIA_COL)


def test_set_of_values_keeps_order_and_mixed_tags() -> None:
    octets = wrapped(b"\x44\x00\x05media\x00\x02a4\x44\x00\x00\x00\x02a5\x42\x00\x00\x00\x03own")
    media = ipp.decode(octets).group(Tag.PRINTER).attributes[0]
    assert media.values == (Value(Tag.KEYWORD, "a4"), Value(Tag.KEYWORD, "a5"), Value(Tag.NAME, "own"))


TOKYO = timezone(timedelta(hours=9))
VALUES = [
    (0x21, b"\xff\xff\xff\xff", -1),
    (0x22, b"\x00", False),
    (0x23, b"\x00\x00\x00\x05", 5),
    (0x30, b"\x00\xff", b"\x00\xff"),
    (0x31, b"\x07\xea\x07\x01\x09\x1e\x00\x05+\x09\x00", datetime(2026, 7, 1, 9, 30, 0, 500_000, TOKYO)),
    (0x31, b"\x07\xea\x0c\x1f\x17\x3b\x3b\x00+\x00\x00", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
    (
        0x31,
        b"\x07\xea\x01\x01\x00\x00\x00\x00-\x03\x1e",
        datetime(2026, 1, 1, tzinfo=timezone(-timedelta(hours=3.5))),
    ),
    (0x32, b"\x00\x00\x02\x58\x00\x00\x02\x58\x03", Resolution(600, 600, 3)),
    (0x33, b"\x00\x00\x00\x01\x00\x00\x00\x63", Range(1, 99)),
    (0x35, b"\x00\x02ja\x00\x06\xe5\x8d\xb0\xe5\x88\xb7", Localized("ja", "印刷")),
    (0x36, b"\x00\x02en\x00\x03mfp", Localized("en", "mfp")),
    (0x41, "用紙切れ".encode(), "用紙切れ"),
    (0x42, b"kiosk", "kiosk"),
    (0x44, b"one-sided", "one-sided"),
    (0x45, b"ipp://127.0.0.1/ipp/print", "ipp://127.0.0.1/ipp/print"),
    (0x46, b"ipp", "ipp"),
    (0x47, b"utf-8", "utf-8"),
    (0x48, b"ja", "ja"),
    (0x49, b"application/pdf", "application/pdf"),
    (0x10, b"", None),
    (0x12, b"", None),
    (0x13, b"", None),
]


@pytest.mark.parametrize(("tag", "octets", "data"), VALUES)
def test_every_value_syntax_both_ways(tag: int, octets: bytes, data: Any) -> None:
    whole = wrapped(bytes([tag]) + b"\x00\x01x" + struct.pack(">H", len(octets)) + octets)
    message = ipp.decode(whole)
    value = message.group(Tag.PRINTER).attributes[0].values[0]
    assert value == Value(Tag(tag), data)
    assert type(value.data) is type(data)
    assert ipp.encode(message) == whole


BROKEN = {
    "integer of 3 octets": b"\x21\x00\x01x\x00\x03\x00\x00\x01",
    "boolean 2": b"\x22\x00\x01x\x00\x01\x02",
    "range upside down": b"\x33\x00\x01x\x00\x08\x00\x00\x00\x02\x00\x00\x00\x01",
    "resolution without unit": b"\x32\x00\x01x\x00\x09\x00\x00\x02\x58\x00\x00\x02\x58\x07",
    "31 February": b"\x31\x00\x01x\x00\x0b\x07\xea\x02\x1f\x09\x1e\x00\x00+\x09\x00",
    "dateTime without sign": b"\x31\x00\x01x\x00\x0b\x07\xea\x02\x1c\x09\x1e\x00\x00 \x09\x00",
    "no-value with a value": b"\x13\x00\x01x\x00\x01\x00",
    "keyword not ASCII": b"\x44\x00\x01x\x00\x02\xc3\xa9",
    "text not UTF-8": b"\x41\x00\x01x\x00\x01\xff",
    "name too long": b"\x42\x00\x01x\x01\x00" + b"n" * 256,
    "text with language left over": b"\x35\x00\x01x\x00\x07\x00\x02ja\x00\x00!",
    "value without attribute": b"\x44\x00\x00\x00\x02a4",
    "same attribute twice": b"\x44\x00\x01x\x00\x01a\x44\x00\x01x\x00\x01b",
    "attribute name with a space": b"\x44\x00\x03x y\x00\x01a",
    "negative length": b"\x44\x00\x01x\xff\xff",
    "undefined value tag": b"\x2f\x00\x01x\x00\x00",
    "extension tag": b"\x7f\x00\x01x\x00\x04\x00\x00\x00\x01",
    "member name outside a collection": b"\x4a\x00\x01x\x00\x01m",
    "end of no collection": b"\x37\x00\x01x\x00\x00",
    "collection never ended": b"\x34\x00\x01x\x00\x00\x4a\x00\x00\x00\x01m\x21\x00\x00\x00\x04\x00\x00\x00\x01",
    "member without value": b"\x34\x00\x01x\x00\x00\x4a\x00\x00\x00\x01m\x37\x00\x00\x00\x00",
    "value before member name": b"\x34\x00\x01x\x00\x00\x21\x00\x00\x00\x04\x00\x00\x00\x01\x37\x00\x00\x00\x00",
    "same member twice": b"\x34\x00\x01x\x00\x00"
    + b"\x4a\x00\x00\x00\x01m\x22\x00\x00\x00\x01\x00" * 2
    + b"\x37\x00\x00\x00\x00",
    "collections without bottom": b"\x34\x00\x01x\x00\x00"
    + b"\x4a\x00\x00\x00\x01m\x34\x00\x00\x00\x00" * 50
    + b"\x4a\x00\x00\x00\x01m\x22\x00\x00\x00\x01\x00"
    + b"\x37\x00\x00\x00\x00" * 51,
    "group tag 0": b"\x00",
    "group tag 15": b"\x0f",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_octets_are_a_bad_request(name: str) -> None:
    with pytest.raises(IppError) as caught:
        ipp.decode(wrapped(BROKEN[name]))
    assert caught.value.status is Status.BAD_REQUEST


def test_every_cut_of_a_message_is_a_bad_request() -> None:
    whole = PRINT_JOB[: PRINT_JOB.index(b"%!PDF")]
    ipp.decode(whole)
    for length in range(len(whole)):
        with pytest.raises(IppError):
            ipp.decode(whole[:length])


def test_errors_do_not_repeat_values() -> None:
    with pytest.raises(IppError) as caught:
        ipp.decode(wrapped(b"\x44\x00\x01x\x00\x08" + "秘密".encode() + b"ab"))
    assert "秘密" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_octets_decode_or_are_refused(octets: bytes) -> None:
    for whole in (octets, wrapped(octets), wrapped(MEDIA_COL[:40] + octets)):
        try:
            message = ipp.decode(whole)
        except IppError:
            continue
        assert ipp.decode(ipp.encode(message)) == message


_names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_int32 = st.integers(-(2**31), 2**31 - 1)
_plain = st.one_of(
    st.builds(Value, st.just(Tag.INTEGER), _int32),
    st.builds(Value, st.just(Tag.BOOLEAN), st.booleans()),
    st.builds(Value, st.just(Tag.TEXT), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
    st.builds(Value, st.just(Tag.OCTET_STRING), st.binary(max_size=40)),
    st.just(Value(Tag.NO_VALUE, None)),
)


def _attributes(values: st.SearchStrategy[Value]) -> st.SearchStrategy[tuple[Attribute, ...]]:
    one = st.builds(Attribute, _names, st.lists(values, min_size=1, max_size=3).map(tuple))
    return st.lists(one, max_size=4, unique_by=lambda a: a.name).map(tuple)


_values = st.recursive(
    _plain, lambda inner: st.builds(Value, st.just(Tag.BEGIN_COLLECTION), _attributes(inner)), max_leaves=6
)


@settings(max_examples=30)
@given(_attributes(_values), st.binary(max_size=20))
def test_what_is_encoded_decodes_to_the_same(attributes: tuple[Attribute, ...], data: bytes) -> None:
    message = Message((2, 0), 0x0B, 1, (Group(Tag.OPERATION, attributes),), data)
    assert ipp.decode(ipp.encode(message)) == message
