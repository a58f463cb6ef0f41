"""Anticollision and activation by bytes: ISO/IEC 14443-3 types A and B, FeliCa."""

from __future__ import annotations

from functools import reduce

import pytest

from hardware_sim.card.activation import Tag, in_the_field
from hardware_sim.card.isodep import Command
from hardware_sim.card.kinds import build, demonstration
from hardware_sim.card.pki import CardAuthority

REQB, WUPB = bytes.fromhex("050010"), bytes.fromhex("050018")


@pytest.fixture
def tag(authority: CardAuthority) -> Tag:
    return in_the_field(build(demonstration("licence", "driving_licence"), authority))


def attrib(tag: Tag, rest: str = "00080100") -> bytes:
    return b"\x1d" + tag.card.uid + bytes.fromhex(rest)


def test_requested_chosen_halted_and_woken(tag: Tag) -> None:
    assert tag.hear("106B", attrib(tag)) is None  # nobody asked yet
    assert tag.hear("106B", REQB) == b"\x50" + tag.card.uid + bytes.fromhex("000000009181C1")
    assert tag.hear("106B", attrib(tag)) == b"\x00"
    assert isinstance(tag.hear("106B", bytes.fromhex("0200A40000")), Command)
    assert tag.hear("106B", REQB) is None  # deaf to that while in dialogue
    assert tag.hear("106B", bytes.fromhex("C2")) == bytes.fromhex("C2")
    assert tag.blocks is None
    assert tag.hear("106B", REQB) is None
    assert tag.hear("106B", WUPB) is not None
    assert tag.hear("106B", b"\x50" + tag.card.uid) == b"\x00"
    assert tag.hear("106B", REQB) is None


def test_another_pupi_is_not_this_card(tag: Tag) -> None:
    tag.hear("106B", REQB)
    other = bytes(byte ^ 0xFF for byte in tag.card.uid)
    assert tag.hear("106B", b"\x1d" + other + bytes.fromhex("00080100")) is None
    assert tag.hear("106B", b"\x50" + other) is None
    assert tag.hear("106B", attrib(tag)) == b"\x00"


@pytest.mark.parametrize("rest", ["00180100", "00080000", "0008010F"])
def test_faster_rates_and_other_protocols_are_refused(tag: Tag, rest: str) -> None:
    tag.hear("106B", REQB)
    assert tag.hear("106B", attrib(tag, rest)) is None


def test_the_reader_gives_a_number(tag: Tag) -> None:
    tag.hear("106B", REQB)
    assert tag.hear("106B", attrib(tag, "00080103")) == b"\x03"
    assert isinstance(tag.hear("106B", bytes.fromhex("0A0300")), Command)


def test_in_slots_a_card_answers_once(tag: Tag) -> None:
    """Sixteen slots, the first with the request, the others with their markers."""
    chosen = set()
    for _ in range(50):
        answers = [tag.hear("106B", bytes.fromhex("050014"))]
        answers += [tag.hear("106B", bytes((slot << 4 | 0x05,))) for slot in range(1, 16)]
        assert sum(answer is not None for answer in answers) == 1
        chosen |= {slot for slot, answer in enumerate(answers) if answer is not None}
    assert len(chosen) > 1  # another slot each time, or two cards would never get apart


def test_families_and_other_rates_are_not_for_it(tag: Tag) -> None:
    assert tag.hear("106B", bytes.fromhex("051010")) is None
    assert tag.hear("212B", REQB) is None
    assert tag.hear("106A", b"\x26") is None


def test_each_power_up_has_another_pupi(tag: Tag) -> None:
    before = tag.card.uid
    assert in_the_field(tag.card).card.uid != before


def test_a_phone_is_type_a(authority: CardAuthority) -> None:
    tag = in_the_field(build(demonstration("phone", "phone"), authority))
    uid = tag.card.uid
    assert uid[0] == 0x08
    whole = uid + bytes((reduce(lambda a, b: a ^ b, uid),))
    assert tag.hear("106B", REQB) is None
    assert tag.hear("106A", b"\x93\x20") is None
    assert tag.hear("106A", b"\x26") == b"\x04\x00"
    assert tag.hear("106A", b"\x93\x20") == whole
    assert tag.hear("106A", b"\x93\x70" + whole) == b"\x20"
    assert tag.hear("106A", bytes.fromhex("E080")) == bytes.fromhex("057880A002")
    assert tag.hear("106A", bytes.fromhex("D01100")) == b"\xd0"
    assert isinstance(tag.hear("106A", bytes.fromhex("0200A40400")), Command)
    assert tag.hear("106A", bytes.fromhex("C2")) == b"\xc2"
    assert tag.hear("106A", b"\x26") is None
    assert tag.hear("106A", b"\x52") == b"\x04\x00"


def test_felica_answers_its_polling(authority: CardAuthority) -> None:
    tag = in_the_field(build(demonstration("felica", "felica"), authority))
    names = "0114000000000001" + "05310000FFFF0000"
    assert tag.hear("212F", bytes.fromhex("0600FFFF0000")) == bytes.fromhex("1201" + names)
    assert tag.hear("424F", bytes.fromhex("0600000301 00")) == bytes.fromhex("1401" + names + "0003")
    assert tag.hear("212F", bytes.fromhex("060012FC0000")) is None
    assert tag.hear("212F", bytes.fromhex("0A04" + names[:16])) == bytes.fromhex("0B05" + names[:16] + "00")
    assert tag.hear("106B", REQB) is None
