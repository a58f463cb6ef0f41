"""The Juki card's application, byte for byte as the transcripts say, and files that are not as they must be."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.apdu import CardDamaged, Channel
from drivers.card_juki import JukiProfile, JukiRecord, read_record, trouble_of, trouble_without_application
from kiosk import errors

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent.parent / "transcripts" / "card_juki.json").read_text())
PROFILE = JukiProfile(bytes.fromhex(GOLDEN["application"]), 0x0001, GOLDEN["profile_version"])
SELECT, FILE, READ = "00A4040C0AF04B4F534B4A554B4901", "00A4020C020001", "00B0000021"
GOOD = GOLDEN["cards"][0]["file"]


def steps(name: str) -> list[tuple[str, str]]:
    (dialogue,) = (entry for entry in GOLDEN["dialogues"] if entry["name"] == name)
    return [(step["command"], step["response"]) for step in dialogue["steps"]]


@pytest.mark.parametrize("expected", GOLDEN["cards"], ids=lambda entry: entry["name"])
def test_a_card_says_whose_it_is_and_until_when(card, expected) -> None:
    scripted = card(steps(f"read juki card, {expected['name']}"))
    record = read_record(Channel(scripted), PROFILE)
    assert record == JukiRecord(
        expected["home"], bytes.fromhex(expected["card_id"]), date.fromisoformat(expected["expires"])
    )
    assert not scripted.steps
    assert expected["card_id"].lower() not in repr(record).lower()


def test_a_card_without_the_application_is_no_error(card) -> None:
    assert read_record(Channel(card(steps("card without the juki application"))), PROFILE) is None


def test_the_card_authenticates_before_anything_is_read(card) -> None:
    seen: list[str] = []

    def authenticate(channel: Channel) -> None:
        seen.extend(scripted.sent)
        raise errors.ProtocolViolation("not a card of the city")

    scripted = card([(SELECT, "9000")])
    with pytest.raises(errors.ProtocolViolation):
        read_record(Channel(scripted), JukiProfile(PROFILE.application, 1, 1, authenticate))
    assert seen == [SELECT]


def test_a_version_of_one_byte_is_read_too(card) -> None:
    content = GOOD.replace("01020001", "010101")
    assert read_record(Channel(card([(SELECT, "9000"), (FILE, "9000"), (READ, content + "6282")])), PROFILE)


@pytest.mark.parametrize("tail", ["", "00", "FFFF", "00FF00"])
def test_filler_and_the_end_of_file_warning_are_accepted(card, tail: str) -> None:
    scripted = card([(SELECT, "9000"), (FILE, "9000"), (READ, GOOD + tail + "6282")])
    assert read_record(Channel(scripted), PROFILE)


@pytest.mark.parametrize(
    "content",
    [
        "",
        GOOD[:-2],  # ends early
        GOOD[:-12],  # no last day
        GOOD + "01020001",  # a tag twice
        GOOD.replace("01020001", "01020002"),  # another version
        GOOD.replace("01020001", "0103000001"),  # a length that is not the tag's
        GOOD.replace("01020001", "09020001"),  # a tag nobody knows
        GOOD.replace("0203412015", "020341201A"),  # no decimal digit
        GOOD.replace("20350331", "20350231"),  # no such day
        GOOD.replace("20350331", "00000000"),
        "FF" * 33,
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused(card, content: str) -> None:
    with pytest.raises(errors.ProtocolViolation):
        read_record(Channel(card([(SELECT, "9000"), (FILE, "9000"), (READ, content + "9000")])), PROFILE)


def test_a_damaged_chip_and_a_missing_file_are_told_apart(card) -> None:
    with pytest.raises(CardDamaged):
        read_record(Channel(card([(SELECT, "6581")])), PROFILE)
    with pytest.raises(errors.CardUnknown):
        read_record(Channel(card([(SELECT, "9000"), (FILE, "6A82")])), PROFILE)


@pytest.mark.parametrize(
    ("instant", "trouble"),
    [
        (datetime(2035, 3, 31, 14, 59, 59, tzinfo=UTC), ""),  # the last second of that day in Japan
        (datetime(2035, 3, 31, 15, 0, tzinfo=UTC), "expired"),
    ],
)
def test_the_last_day_ends_at_midnight_in_japan(instant: datetime, trouble: str) -> None:
    assert trouble_of(JukiRecord("412015", bytes(16), date(2035, 3, 31)), instant) == trouble


def test_since_2026_every_real_juki_card_has_expired() -> None:
    assert trouble_without_application(datetime(2025, 12, 28, 12, 0, tzinfo=UTC)) == "unreadable"
    assert trouble_without_application(datetime(2025, 12, 28, 15, 0, tzinfo=UTC)) == "expired"
