"""What only nfcpy asks of the driver: technologies in turn, lost blocks, presence, errors of the device."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterator
from typing import Any

import nfc
import nfc.clf
import pytest

from drivers.card_nfc import NfcReader
from drivers.card_transport import CardForeign, CardMute, Presence, reason_of
from drivers.worker import DeviceRefused
from kiosk import errors
from kiosk.events import CardKind

VERIFY = bytearray.fromhex("002000800431323334")
SELECT = bytes.fromhex("00A4040C0AD392F000260100000001")
SELECT_PIN = bytes.fromhex("00A4020C020018")


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(air: Any, clock: Clock) -> Iterator[NfcReader]:
    made = NfcReader(air.device, sense_s=0.05, others_s=1.0, clock=clock)
    made.open()
    yield made
    made.close()
    made.close()


@pytest.fixture
def mine(model: Any) -> Any:
    return model(None)


def asked(air: Any) -> list[str]:
    return [text.split()[0] for text in air.heard if text != "RFOFF"]


# ---- looking -----------------------------------------------------------------------------------------------


def test_other_technologies_are_asked_for_in_turn_and_only_when_due(reader, air, clock) -> None:
    for at in (0.0, 0.5, 1.0, 1.5, 2.0):
        clock.at = at
        assert reader.look() == (Presence.EMPTY, False)
    assert asked(air) == ["106B", "106A", "106B", "106B", "212F", "106B", "106B", "106A"]


def test_a_card_of_type_b_is_seen_without_asking_for_others(reader, air, on_air, mine, clock) -> None:
    air.cards = [on_air("106B", mine), on_air("212F")]
    for at in (0.0, 5.0):
        clock.at = at
        assert reader.look() == (Presence.CARD, False)
    assert set(asked(air)) == {"106B"}


def test_a_card_exchanged_between_two_looks_is_noticed(reader, air, on_air, mine, model) -> None:
    air.cards = [on_air("106B", mine)]
    assert reader.look() == (Presence.CARD, False)
    assert reader.look() == (Presence.CARD, False)
    air.cards = [on_air("106B", model(None))]
    assert reader.look() == (Presence.CARD, True)
    assert reader.look() == (Presence.CARD, False)


def test_a_lost_presence_check_takes_no_card_away(reader, air, on_air, mine) -> None:
    card = on_air("106B", mine)
    air.cards = [card]
    reader.look()
    checks: list[bytes] = []

    def lose(frame: bytes, answer: bytes | None) -> bool:
        if answer is None:
            checks.append(frame)
        return len(checks) == 1

    card.lose = lose
    assert reader.look() == (Presence.CARD, False)
    assert [frame[0] & 0xFE for frame in checks] == [0xB2, 0xB2]


def test_a_lost_sense_after_an_order_takes_no_card_away(reader, air, on_air, mine) -> None:
    card = on_air("106B", mine)
    connected(reader, air, card)
    reader.disconnect()
    senses: list[bytes] = []

    def lose(frame: bytes, answer: bytes | None) -> bool:
        if frame[0] == 0x05 and answer is None:
            senses.append(frame)
            return len(senses) == 1
        return False

    card.lose = lose
    assert reader.look() == (Presence.CARD, False)
    assert len(senses) == 2


def test_a_card_that_wants_much_time_is_sensed_and_not_waited_for(reader, air, on_air, mine) -> None:
    """Its answer to a presence check may take longer than a look is allowed to."""
    air.cards = [on_air("106B", mine, fwi=14)]
    assert reader.look() == (Presence.CARD, False)
    assert reader.look() == (Presence.CARD, False)
    air.cards = []
    assert reader.look() == (Presence.EMPTY, False)
    assert not any(text.startswith(("106B b2", "106B b3")) for text in air.heard)


def test_a_lost_activation_is_tried_again(reader, air, on_air, mine) -> None:
    card = on_air("106B", mine)
    air.cards = [card]
    reader.look()
    lost: list[bytes] = []

    def lose(frame: bytes, answer: bytes | None) -> bool:
        if frame[0] == 0x1D and answer is None:
            lost.append(frame)
            return len(lost) == 1
        return False

    card.lose = lose
    assert reader.connect().transmit(SELECT) == b"\x90\x00"
    assert len(lost) == 2


@pytest.mark.parametrize("answer", ["50", "50FF00", "noise"])
def test_an_answer_of_no_single_card_is_a_collision(reader, air, on_air, answer: str) -> None:
    air.cards = [on_air("106B", noise=answer)]
    assert [reader.look() for _ in range(2)] == [(Presence.CARD, False)] * 2
    with pytest.raises(CardForeign) as caught:
        reader.connect()
    assert caught.value.kind is CardKind.SEVERAL
    reader.disconnect()
    assert not reader.connected


def test_a_broken_frame_is_nobody(reader, air, on_air) -> None:
    air.cards = [on_air("106B", noise="")]
    assert reader.look() == (Presence.EMPTY, False)


def test_a_card_that_is_chosen_and_answers_no_block_is_mute_and_stays_so(reader, air, on_air, mine) -> None:
    card = on_air("106B", mine)
    card.lose = lambda frame, _answer: frame[0] & 0xE0 in (0x00, 0xA0) and frame[0] not in (0x05, 0x1D)
    air.cards = [card]
    assert [reader.look() for _ in range(3)] == [(Presence.MUTE, False)] * 3
    with pytest.raises(CardMute):
        reader.connect()


# ---- speaking ----------------------------------------------------------------------------------------------


def connected(reader: NfcReader, air: Any, card: Any) -> Any:
    air.cards = [card]
    reader.look()
    connection = reader.connect()
    for command in (SELECT, SELECT_PIN):
        assert connection.transmit(command) == b"\x90\x00"
    return connection


@pytest.mark.parametrize("answered", [False, True])
def test_a_lost_block_is_repeated_and_the_pin_counted_once(reader, air, on_air, mine, answered: bool) -> None:
    card = on_air("106B", mine)
    connection = connected(reader, air, card)
    lost: list[bytes] = []

    def lose(frame: bytes, answer: bytes | None) -> bool:
        if frame[1:] == bytes(VERIFY) and (answer is not None) is answered and not lost:
            lost.append(frame)
            return True
        return False

    card.lose = lose
    mine.pin = b"9999"
    assert connection.transmit(VERIFY) == b"\x63\xc2"
    assert (len(lost), mine.verifies) == (1, 1)


def test_the_field_goes_off_with_the_connection_and_not_at_the_next_look(reader, air, on_air, mine) -> None:
    connected(reader, air, on_air("106B", mine))
    air.heard.clear()
    reader.disconnect()
    air.unplug()  # everything sent before was heard
    assert air.heard == ["RFOFF"]
    assert not mine.application


def test_an_error_carries_nothing_of_the_command(reader, air, on_air, mine) -> None:
    connection = connected(reader, air, on_air("106B", mine))
    air.cards = []
    with pytest.raises(errors.CardRemoved) as caught:
        connection.transmit(VERIFY)
    assert caught.value.__context__ is None
    kept = [repr(frame.f_locals) for frame, _ in traceback.walk_tb(caught.value.__traceback__) if "nfc" in
            os.path.basename(os.path.dirname(frame.f_code.co_filename))]  # fmt: skip
    assert kept == []


@pytest.mark.parametrize(
    ("raised", "error", "word"),
    [
        (OSError(errno.ENODEV, "gone"), errors.DeviceOffline, "offline"),
        (OSError(errno.EIO, "31323334"), errors.DeviceOffline, "offline"),
        (TypeError("a reader that answers nonsense"), errors.DeviceOffline, "offline"),
        (IndexError("an empty block"), errors.ProtocolViolation, "unreadable"),
        (nfc.clf.TimeoutError("x"), errors.CardRemoved, "removed"),
        (nfc.clf.BrokenLinkError("x"), errors.CardRemoved, "removed"),
        (nfc.tag.tt4.Type4TagCommandError(nfc.tag.TIMEOUT_ERROR), errors.CardRemoved, "removed"),
        (nfc.tag.tt4.Type4TagCommandError(nfc.tag.RECEIVE_ERROR), errors.CardRemoved, "removed"),
        (nfc.tag.tt4.Type4TagCommandError(nfc.tag.PROTOCOL_ERROR), errors.ProtocolViolation, "unreadable"),
    ],
)
def test_what_nfcpy_raises_becomes_our_errors(reader, air, on_air, mine, monkeypatch, raised, error, word) -> None:
    connection = connected(reader, air, on_air("106B", mine))

    def fail(*_: Any) -> Any:
        raise raised

    monkeypatch.setattr(connection._tag, "transceive", fail)
    with pytest.raises(error) as caught:
        connection.transmit(VERIFY)
    assert reason_of(caught.value) == word
    assert "31323334" not in str(caught.value)


# ---- the device --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENODEV, errors.DeviceOffline), (errno.EACCES, DeviceRefused), (errno.EBUSY, DeviceRefused)],
)
def test_a_reader_that_cannot_be_opened_says_what_to_do(monkeypatch, number: int, error: type[Exception]) -> None:
    def refuse(path: str) -> Any:
        assert path == "usb:054c:06c1"
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(nfc, "ContactlessFrontend", refuse)
    with pytest.raises(error) as caught:
        NfcReader("usb:054c:06c1").open()
    assert reason_of(caught.value) == "offline"
    if isinstance(caught.value, DeviceRefused):
        assert {"EACCES": "udev", "EBUSY": "blacklist"}[errno.errorcode[number]] in caught.value.remedy


@pytest.mark.parametrize("device", ["udp:127.0.0.1", "udp:127.0.0.1:none", "udp:127.0.0.1:0", "udp::54321"])
def test_a_wrong_path_is_a_matter_of_configuration(device: str) -> None:
    with pytest.raises(DeviceRefused) as caught:
        NfcReader(device).open()
    assert caught.value.reason == "configuration_error"
    assert "reader.device" in caught.value.remedy


def test_a_radio_without_partner_is_no_reader(reader, air) -> None:
    air.unplug()
    with pytest.raises(errors.DeviceOffline):
        reader.look()
    with pytest.raises(errors.DeviceOffline):
        reader.open()
    air.plug()
    reader.open()
    assert reader.look() == (Presence.EMPTY, False)


def test_nothing_works_before_opening() -> None:
    with pytest.raises(errors.DeviceOffline):
        NfcReader("usb").look()
    with pytest.raises(errors.DeviceOffline):
        NfcReader("usb").connect()
