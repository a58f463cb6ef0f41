"""The PC/SC reader on scripted scard calls."""

from __future__ import annotations

import os
from typing import Any

import pytest
from smartcard import scard as pcsclite

from drivers.apdu import CardDamaged
from drivers.card_pcsc import SOCKET_VARIABLE, PcscReader, storage_card_of, use_socket
from drivers.card_transport import CardForeign, CardMute, Presence, ReaderBusy, reason_of
from drivers.worker import DeviceRefused
from kiosk import errors
from kiosk.events import CardKind

EMPTY, PRESENT, MUTE, UNKNOWN, UNAVAILABLE, CHANGED = 0x10, 0x20, 0x200, 0x4, 0x8, 0x2
PICC = "ACS ACR1252 Reader [PICC] 00 00"
SAM = "ACS ACR1252 Reader [SAM] 01 00"


class FakeScard:
    """pcsc-lite as one reader's thread sees it; every result code can be set."""

    def __init__(self) -> None:
        self.readers = [PICC, SAM]
        self.state = EMPTY
        self.results: dict[str, int] = {}
        self.answer: list[int] = [0x90, 0x00]
        self.atr = bytes.fromhex("3B888001000005E0B381A1007F")
        self.calls: list[tuple[Any, ...]] = []
        self.wire: list[int] = []
        self.seen: list[int] = []

    def _result(self, name: str, *args: Any) -> int:
        self.calls.append((name, *args))
        return self.results.get(name, 0)

    def SCardEstablishContext(self, scope: int) -> Any:
        return self._result("establish", scope), "context"

    def SCardReleaseContext(self, context: Any) -> int:
        return self._result("release", context)

    def SCardListReaders(self, context: Any, groups: list[str]) -> Any:
        return self._result("list"), list(self.readers)

    def SCardGetStatusChange(self, context: Any, wait_ms: int, states: list[Any]) -> Any:
        if wait_ms:
            return self._result("wait", wait_ms, *states[0]), states
        name, current = states[0]
        if name not in self.readers:
            return 0x80100009, states
        result = self._result("status", current)
        if result == 0 and current == self.state:
            return 0x8010000A, [(name, current, [])]
        return result, [(name, self.state | CHANGED, [])]

    def SCardConnect(self, context: Any, reader: str, share: int, protocols: int) -> Any:
        return self._result("connect", reader, share), "card", pcsclite.SCARD_PROTOCOL_T1

    def SCardStatus(self, card: Any) -> Any:
        return self._result("card status"), PICC, 0x34, pcsclite.SCARD_PROTOCOL_T1, list(self.atr)

    def SCardDisconnect(self, card: Any, disposition: int) -> int:
        return self._result("disconnect", disposition)

    def SCardTransmit(self, card: Any, protocol: int, command: list[int]) -> Any:
        self.wire = command
        self.seen = list(command)
        return self._result("transmit", protocol), self.answer


@pytest.fixture
def scard() -> FakeScard:
    return FakeScard()


@pytest.fixture
def reader(scard: FakeScard) -> PcscReader:
    reader = PcscReader("[PICC]", scard=scard)
    reader.open()
    return reader


def test_the_reader_of_the_configured_name_is_connected_exclusively_and_unpowered(reader, scard) -> None:
    reader.connect()
    assert ("connect", PICC, pcsclite.SCARD_SHARE_EXCLUSIVE) in scard.calls
    assert reader.connected
    reader.disconnect()
    reader.disconnect()
    assert scard.calls.count(("disconnect", pcsclite.SCARD_UNPOWER_CARD)) == 1
    assert not reader.connected


def test_closing_powers_the_card_down_first(reader, scard) -> None:
    reader.connect()
    reader.close()
    assert [call[0] for call in scard.calls[-2:]] == ["disconnect", "release"]


@pytest.mark.parametrize(("code", "answer"), [(0x80100016, [0x90, 0x00]), (0, [])])
def test_after_a_broken_exchange_pcscd_looks_before_the_card_is_powered_down(reader, scard, code, answer) -> None:
    scard.state = PRESENT | 1 << 16
    reader.look()
    scard.results["transmit"], scard.answer = code, answer
    with pytest.raises(errors.CardRemoved):
        reader.connect().transmit(b"\x00\x20\x00\x80")
    reader.disconnect()
    assert scard.calls[-2:] == [
        ("wait", 500, PICC, PRESENT | 1 << 16), ("disconnect", pcsclite.SCARD_UNPOWER_CARD),
    ]  # fmt: skip


def test_after_a_good_exchange_nothing_is_waited_for(reader, scard) -> None:
    reader.connect().transmit(b"\x00\x20\x00\x80")
    reader.disconnect()
    assert not any(call[0] == "wait" for call in scard.calls)


def test_two_matching_readers_are_a_matter_of_configuration(scard) -> None:
    with pytest.raises(DeviceRefused) as caught:
        PcscReader("ACR1252", scard=scard).open()
    assert caught.value.reason == "configuration_error"
    assert "reader.name_contains" in caught.value.remedy


@pytest.mark.parametrize("readers", [[], ["SONY FeliCa RC-S300/P"]])
def test_no_matching_reader_is_offline(scard, readers) -> None:
    scard.readers = readers
    with pytest.raises(errors.DeviceOffline):
        PcscReader("[PICC]", scard=scard).open()


def test_no_reader_at_all_is_offline(scard) -> None:
    scard.results["list"] = 0x8010002E
    with pytest.raises(errors.DeviceOffline):
        PcscReader("[PICC]", scard=scard).open()


@pytest.mark.parametrize("code", [0x8010001D, 0x8010001E, 0x80100013, 0x80100013 - (1 << 32)])
def test_a_missing_pcscd_is_offline_also_with_negative_codes(scard, code: int) -> None:
    scard.results["establish"] = code
    with pytest.raises(errors.DeviceOffline):
        PcscReader("[PICC]", scard=scard).open()


def test_presence_is_followed_with_the_event_counter(reader, scard) -> None:
    assert reader.look() == (Presence.EMPTY, False)
    scard.state = PRESENT | 1 << 16
    assert reader.look() == (Presence.CARD, False)
    assert reader.look() == (Presence.CARD, False)
    assert scard.calls[-1] == ("status", PRESENT | 1 << 16)
    scard.state = PRESENT | MUTE | 1 << 16
    assert reader.look() == (Presence.MUTE, False)
    scard.state = EMPTY | 2 << 16
    assert reader.look() == (Presence.EMPTY, False)


def test_a_card_exchanged_between_two_looks_is_noticed(reader, scard) -> None:
    scard.state = PRESENT | 1 << 16
    reader.look()
    scard.state = PRESENT | 3 << 16
    assert reader.look() == (Presence.CARD, True)
    assert reader.look() == (Presence.CARD, False)


@pytest.mark.parametrize("state", [UNKNOWN, UNAVAILABLE])
def test_an_unavailable_reader_is_offline(reader, scard, state: int) -> None:
    scard.state = state
    with pytest.raises(errors.DeviceOffline):
        reader.look()


def test_an_unplugged_reader_is_offline(reader, scard) -> None:
    scard.readers = []
    with pytest.raises(errors.DeviceOffline):
        reader.look()


def test_nothing_works_before_opening(scard) -> None:
    with pytest.raises(errors.DeviceOffline):
        PcscReader("[PICC]", scard=scard).look()


@pytest.mark.parametrize(
    ("code", "error", "word"),
    [
        (0x8010000C, errors.CardRemoved, "removed"),
        (0x80100016, errors.CardRemoved, "removed"),
        (0x80100068, errors.CardRemoved, "removed"),
        (0x80100069, errors.CardRemoved, "removed"),
        (0x80100069 - (1 << 32), errors.CardRemoved, "removed"),
        (0x80100066, CardMute, "mute"),
        (0x80100067, CardMute, "mute"),
        (0x8010000B, ReaderBusy, "busy"),
        (0x80100013, errors.DeviceOffline, "offline"),
        (0x8010001D, errors.DeviceOffline, "offline"),
        (0x80100017, errors.DeviceOffline, "offline"),
        (0x80100009, errors.DeviceOffline, "offline"),
        (0x80100003, errors.DeviceOffline, "offline"),
    ],
)
@pytest.mark.parametrize("call", ["connect", "card status", "transmit"])
def test_result_codes_become_errors(reader, scard, call: str, code: int, error, word: str) -> None:
    scard.results[call] = code
    with pytest.raises(error) as caught:
        reader.connect().transmit(b"\x00\x20\x00\x80")
    assert reason_of(caught.value) == word


@pytest.mark.parametrize(
    ("atr", "kind"),
    [
        ("3B8F8001804F0CA00000030611003B0000000042", CardKind.FELICA),
        ("3B8F8001804F0CA0000003060300030000000068", None),  # MIFARE Ultralight
        ("3B8F8001804F0CA000000306 03F01100000000 8A", CardKind.FELICA),  # as readers of ACS say it
        ("3B888001000000009181C100D8", None),  # a driving licence
        ("3B8F8001804F0CA000000306", None),
        ("", None),
    ],
)
def test_only_an_answer_to_reset_made_by_the_reader_tells_the_kind(atr: str, kind: CardKind | None) -> None:
    assert storage_card_of(bytes.fromhex(atr)) is kind


def test_a_felica_is_not_spoken_to_and_powered_down(reader, scard) -> None:
    scard.atr = bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042")
    with pytest.raises(CardForeign) as caught:
        reader.connect()
    assert caught.value.kind is CardKind.FELICA
    reader.disconnect()
    assert scard.calls[-1] == ("disconnect", pcsclite.SCARD_UNPOWER_CARD)
    assert not any(call[0] == "transmit" for call in scard.calls)


def test_an_empty_answer_is_a_card_that_left(reader, scard) -> None:
    scard.answer = []
    with pytest.raises(errors.CardRemoved):
        reader.connect().transmit(b"\x00\x20\x00\x80")


@pytest.mark.parametrize("code", [0, 0x80100016])
def test_the_list_given_to_pyscard_is_zeroed_in_place(reader, scard, code: int) -> None:
    scard.results["transmit"] = code
    connection = reader.connect()
    try:
        connection.transmit(bytearray(b"\x00\x20\x00\x80\x041234"))
    except errors.CardRemoved:
        assert code
    assert bytes(scard.seen) == b"\x00\x20\x00\x80\x041234"
    assert scard.wire == [0] * 9


def test_other_errors_have_words_too() -> None:
    assert reason_of(CardDamaged("x")) == "damaged"
    assert reason_of(DeviceRefused("silent")) == "silent"
    assert reason_of(errors.ProtocolViolation("x")) == "unreadable"


def test_only_a_configured_socket_changes_the_environment(monkeypatch) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, "/run/a")
    use_socket("")
    assert os.environ[SOCKET_VARIABLE] == "/run/a"
    use_socket("/run/b")
    assert os.environ[SOCKET_VARIABLE] == "/run/b"
