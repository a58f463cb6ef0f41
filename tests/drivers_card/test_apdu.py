from __future__ import annotations

import pytest

from drivers import apdu
from drivers.apdu import Channel, command, describe, error_of, parse, with_le
from kiosk import errors


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((0x00, 0x20, 0x00, 0x80), "00200080"),
        ((0x00, 0xB0, 0x01, 0x00, b"", 256), "00B0010000"),
        ((0x00, 0xB0, 0x00, 0x00, b"", 4), "00B0000004"),
        ((0x00, 0xA4, 0x02, 0x0C, b"\x00\x0a"), "00A4020C02000A"),
        ((0x80, 0x2A, 0x00, 0x80, b"\x01\x02", 256), "802A008002010200"),
    ],
)
def test_the_four_cases_are_encoded(args: tuple[int, ...], expected: str) -> None:
    assert command(*args).hex().upper() == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("data", "le"), [(b"x" * 256, None), (b"", 0), (b"", 257)])
def test_what_does_not_fit_the_short_form_is_refused(data: bytes, le: int | None) -> None:
    with pytest.raises(ValueError, match="short command"):
        command(0, 0xB0, 0, 0, data, le)


@pytest.mark.parametrize(
    ("before", "after"),
    [("00B0000000", "00B0000010"), ("00C00000", "00C0000010"), ("80CA000002AABB", "80CA000002AABB10"),
     ("80CA000002AABB00", "80CA000002AABB10")],
)  # fmt: skip
def test_le_is_replaced_or_added(before: str, after: str) -> None:
    assert with_le(bytes.fromhex(before), 0x10).hex().upper() == after


@pytest.mark.parametrize("answer", [b"", b"\x90", bytes(259)])
def test_an_answer_without_status_word_is_a_violation(answer: bytes) -> None:
    with pytest.raises(errors.ProtocolViolation):
        parse(answer)


def test_wrong_le_is_asked_again_with_the_right_one(card) -> None:
    scripted = card([("00B0000000", "6C03"), ("00B0000003", "AABBCC9000")])
    assert Channel(scripted).send(command(0, 0xB0, 0, 0, le=256)).data == b"\xaa\xbb\xcc"
    assert not scripted.steps


def test_announced_data_is_fetched_until_the_end(card) -> None:
    scripted = card([("00B0000000", "AA6102"), ("00C0000002", "BBCC6100"), ("00C0000000", "DD9000")])
    assert Channel(scripted).send(command(0, 0xB0, 0, 0, le=256)).data == b"\xaa\xbb\xcc\xdd"
    assert not scripted.steps


def test_a_card_that_announces_data_for_ever_is_left(card) -> None:
    scripted = card([("00B0000000", "6101")] + [("00C0000001", "AA6101")] * 100)
    with pytest.raises(errors.ProtocolViolation):
        Channel(scripted).send(command(0, 0xB0, 0, 0, le=256))
    assert len(scripted.sent) < 50


@pytest.mark.parametrize("status", ["6C00", "6110"])
def test_verify_goes_out_once_whatever_the_status_asks_for(card, status: str) -> None:
    scripted = card([("002000800431323334", status)])
    Channel(scripted).send(command(0, 0x20, 0, 0x80, b"1234"))
    assert len(scripted.sent) == 1


@pytest.mark.parametrize(
    ("sw", "error"),
    [
        (0x63C0, errors.CardBlocked), (0x6983, errors.CardBlocked), (0x6984, errors.CardBlocked),
        (0x63C2, errors.PinRejected), (0x6A82, errors.CardUnknown), (0x6D00, errors.CardUnknown),
        (0x6E00, errors.CardUnknown), (0x6581, apdu.CardDamaged), (0x6F00, errors.ProtocolViolation),
        (0x6982, errors.ProtocolViolation),
    ],
)  # fmt: skip
def test_status_words_become_errors(sw: int, error: type[Exception]) -> None:
    assert type(error_of(sw)) is error


def test_a_refused_pin_carries_the_tries_left() -> None:
    error = error_of(0x63C2)
    assert isinstance(error, errors.PinRejected)
    assert error.tries_left == 2


def test_the_trace_shows_no_pin_no_content_and_no_length_of_it(card) -> None:
    lines: list[str] = []
    scripted = card([
        ("00A4020C020018", "9000"),
        ("002000800431323334", "63C2"),
        ("00240180043536373839", "9000"),
        ("00B0000004", "308202A89000"),
        ("802A00800199", "9000"),
    ])  # fmt: skip
    channel = Channel(scripted, lines.append)
    channel.send(command(0, 0xA4, 2, 0x0C, b"\x00\x18"))
    channel.send(command(0, 0x20, 0, 0x80, b"1234"))
    channel.send_once(bytes.fromhex("00240180043536373839"))
    channel.send(command(0, 0xB0, 0, 0, le=4))
    channel.send(command(0x80, 0x2A, 0, 0x80, b"\x99"))
    assert lines[::2] == [
        "> 00 A4 02 0C | 02 00 18", "> 00 20 00 80", "> 00 24 01 80", "> 00 B0 00 00", "> 80 2A 00 80",
    ]  # fmt: skip
    assert lines[1::2] == [
        "< 0 bytes, 9000", "< 0 bytes, 63C2", "< 0 bytes, 9000", "< 4 bytes, 9000", "< 0 bytes, 9000",
    ]  # fmt: skip


def test_responses_do_not_show_their_data() -> None:
    assert "secret" not in repr(parse(b"secret\x90\x00"))
    assert describe(command(0, 0x20, 0, 0x80, b"1234")) == "00 20 00 80"
