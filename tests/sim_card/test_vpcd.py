"""The card side of vpcd, against a listener that plays pcscd's half."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from hardware_sim.card.kinds import CardSpec, build
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import CardAuthority
from hardware_sim.card.slot import Pull, SlotOccupiedError
from hardware_sim.card.vpcd import VpcdSlot

WAIT_S = 5.0
SELECT_AP = bytes.fromhex("00A4040C0AD392F000260100000001")
SELECT_PIN = bytes.fromhex("00A4020C020018")
WRONG_PIN = bytes.fromhex("0020008004") + b"0000"
OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Vpcd:
    """The listening half: what the driver inside pcscd does."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(WAIT_S)
        self.port: int = self._listener.getsockname()[1]
        self._peer: socket.socket | None = None

    def accept(self) -> None:
        self.drop()
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(WAIT_S)

    def drop(self) -> None:
        if self._peer is not None:
            self._peer.close()
            self._peer = None

    def close(self) -> None:
        self.drop()
        self._listener.close()

    def send(self, message: bytes) -> None:
        assert self._peer is not None
        self._peer.sendall(struct.pack(">H", len(message)) + message)

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def receive(self) -> bytes:
        (length,) = struct.unpack(">H", self._exactly(2))
        return self._exactly(length)

    def broken_off(self) -> bool:
        """Whether an answer was begun and the connection reset: what vpcd reports as a failed exchange."""
        assert self._peer is not None
        assert self._exactly(2) == b"\x00\x02"
        try:
            self._peer.recv(1)
        except ConnectionResetError:
            return True
        return False

    def _exactly(self, count: int) -> bytes:
        assert self._peer is not None
        received = b""
        while len(received) < count:
            chunk = self._peer.recv(count - len(received))
            if not chunk:
                raise EOFError
            received += chunk
        return received


@pytest.fixture
def vpcd() -> Iterator[Vpcd]:
    listener = Vpcd()
    yield listener
    listener.close()


@pytest.fixture
def slot(vpcd: Vpcd) -> Iterator[VpcdSlot]:
    made = VpcdSlot(vpcd.port, settle_s=0.0)
    yield made
    made.close()


def test_controls_and_commands(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    vpcd.accept()
    assert vpcd.ask(ATR) == card.atr
    vpcd.send(ON)  # no answer to this one: the next message is the next answer
    assert vpcd.ask(SELECT_AP) == b"\x90\x00"
    assert vpcd.ask(SELECT_PIN) == b"\x90\x00"
    vpcd.send(RESET)
    assert vpcd.ask(SELECT_PIN) == b"\x6a\x82"
    vpcd.send(OFF)
    assert vpcd.ask(ATR) == card.atr


def test_removed_and_laid_again_with_its_counter(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    vpcd.accept()
    for command in (SELECT_AP, SELECT_PIN):
        vpcd.ask(command)
    assert vpcd.ask(WRONG_PIN) == b"\x63\xc2"
    assert slot.remove()
    assert vpcd.broken_off()
    assert not slot.inserted
    assert not slot.remove()
    slot.insert([card])
    vpcd.accept()
    assert vpcd.ask(SELECT_PIN) == b"\x6a\x82"
    vpcd.ask(SELECT_AP)
    vpcd.ask(SELECT_PIN)
    assert vpcd.ask(bytes.fromhex("00200080")) == b"\x63\xc2"


def test_connects_again_when_pcscd_has_gone(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    vpcd.accept()
    vpcd.ask(SELECT_AP)
    vpcd.drop()
    vpcd.accept()
    assert vpcd.ask(SELECT_PIN) == b"\x6a\x82"
    assert slot.inserted


def test_connects_once_pcscd_has_come(card: JpkiCard) -> None:
    unused = socket.create_server(("127.0.0.1", 0))
    port = unused.getsockname()[1]
    unused.close()
    slot = VpcdSlot(port)
    try:
        slot.insert([card])
        assert slot.inserted
        assert not slot.connected
        with socket.create_server(("127.0.0.1", port)) as listener:
            listener.settimeout(WAIT_S)
            peer, _ = listener.accept()
            peer.close()
    finally:
        slot.close()


def test_the_reader_answers_for_the_uid(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    vpcd.accept()
    first = vpcd.ask(bytes.fromhex("FFCA000000"))
    assert len(first) == 6
    assert first.endswith(b"\x90\x00")
    vpcd.send(ON)
    assert vpcd.ask(bytes.fromhex("FFCA000000")) != first  # fresh for each activation, so nobody can be known by it


@pytest.mark.parametrize("how", ["two", "mute"])
def test_present_without_an_atr(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard, authority: CardAuthority, how: str) -> None:
    licence = build(CardSpec("licence", kind="driving_licence"), authority)
    slot.mute(how == "mute")
    slot.insert([card, licence] if how == "two" else [card])
    vpcd.accept()
    assert len(vpcd.ask(ATR)) > 33  # more than the ISO 7816-3 has room for
    slot.remove()
    slot.mute(False)
    slot.insert([licence])
    vpcd.accept()
    assert vpcd.ask(ATR) == licence.atr


def test_one_card_at_a_time(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    with pytest.raises(SlotOccupiedError):
        slot.insert([card])


@pytest.mark.parametrize(("when", "tries"), [(Pull.BEFORE, 3), (Pull.AFTER, 2)])
def test_pulled_at_verify(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard, when: Pull, tries: int) -> None:
    slot.pull_at(0x20, when)
    slot.insert([card])
    vpcd.accept()
    assert vpcd.ask(SELECT_AP) == b"\x90\x00"
    assert vpcd.ask(SELECT_PIN) == b"\x90\x00"
    vpcd.send(WRONG_PIN)
    assert vpcd.broken_off()
    assert not slot.inserted
    assert card.pin_tries_left == tries
    slot.insert([card])  # it pulls once
    vpcd.accept()
    vpcd.ask(SELECT_AP)
    vpcd.ask(SELECT_PIN)
    assert vpcd.ask(WRONG_PIN) == bytes((0x63, 0xC0 | tries - 1))


def test_taken_away_while_it_thinks(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.slow_down(60_000)
    slot.insert([card])
    vpcd.accept()
    assert vpcd.ask(ATR) == card.atr  # only commands are slow
    vpcd.send(SELECT_AP)
    slot.remove()
    assert vpcd.broken_off()  # long before the minute is over
    assert slot.trace() == []


def test_trace_keeps_headers_and_no_pin(vpcd: Vpcd, slot: VpcdSlot, card: JpkiCard) -> None:
    slot.insert([card])
    vpcd.accept()
    for command in (SELECT_AP, SELECT_PIN, bytes.fromhex("0020008004") + b"4071"):
        vpcd.ask(command)
    assert [(entry.header, entry.lc, entry.sw) for entry in slot.trace()] == [
        ("00A4040C", 10, "9000"),
        ("00A4020C", 2, "9000"),
        ("00200080", 4, "9000"),
    ]
    assert b"4071".hex() not in repr(slot.trace())
    slot.clear_trace()
    assert slot.trace() == []
