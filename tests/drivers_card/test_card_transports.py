"""What the core is promised of a card holds whatever reader is below: PC/SC, nfcpy, an object in the process.

The same card model lies on each. Below PC/SC stand scripted scard calls, below nfcpy the library itself on its UDP
radio with a card side of this folder's own.

Longer than 400 lines: three readers and one list of promises that is read against all of them.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from smartcard import scard as pcsclite

from drivers.card_inprocess import InProcessReader
from drivers.card_juki import JukiProfile
from drivers.card_nfc import NfcReader
from drivers.card_pcsc import PcscReader
from drivers.card_reader import CardReader
from drivers.card_watchdog import Deadlines
from kiosk import errors
from kiosk.effects import IdentifyCard, SignChallenge
from kiosk.events import (
    CardFailed,
    CardIdentified,
    CardKind,
    CardPresented,
    CardRemoved,
    CardSigned,
    DeviceFaulted,
    DeviceOnline,
    Erased,
    Event,
    Part,
    PinRefused,
)
from kiosk.secret import Pin

DEADLINE_S = 30.0
NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
CHALLENGE = b"challenge of the city"
JUKI = JukiProfile(bytes.fromhex("F04B4F534B4A554B4901"), 0x0001, 1)
VERIFY, SIGN = 0x20, 0x2A
FELICA_ATR = bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042")
CHIP_ATR = bytes.fromhex("3B888001000041E0B381A1003B")


class InProcess:
    def __init__(self) -> None:
        self.reader = InProcessReader()

    def lay(self, model: Any) -> None:
        self.reader.mute, self.reader.foreign = False, None
        self.reader.card = model

    def lay_thing(self, thing: str, model: Any) -> None:
        kinds = {"felica": CardKind.FELICA, "two cards": CardKind.SEVERAL, "memory card": CardKind.UNKNOWN}
        self.reader.mute, self.reader.foreign = thing == "no chip", kinds.get(thing)
        self.reader.card = model if thing == "phone" else None

    def take(self) -> None:
        self.lay(None)

    def unplug(self) -> None:
        self.reader.unplugged = True

    def plug(self) -> None:
        self.reader.unplugged = False

    def close(self) -> None:
        pass


class Scard:
    """pcsc-lite with one reader, on which a model lies."""

    def __init__(self) -> None:
        self.model: Any = None
        self.state, self.counter, self.plugged, self.atr = 0x10, 0, True, CHIP_ATR

    def show(self, model: Any, flags: int, atr: bytes = CHIP_ATR) -> None:
        self.counter += 1
        self.model, self.atr, self.state = model, atr, flags | self.counter << 16

    def SCardEstablishContext(self, _scope: int) -> Any:
        return 0, "context"

    def SCardReleaseContext(self, _context: Any) -> int:
        return 0

    def SCardListReaders(self, _context: Any, _groups: list[str]) -> Any:
        return (0, ["Reader"]) if self.plugged else (0x8010002E, [])

    def SCardGetStatusChange(self, _context: Any, _wait_ms: int, states: list[Any]) -> Any:
        if not self.plugged:
            return 0x80100009, states
        name, current = states[0]
        return (0x8010000A if current == self.state else 0), [(name, self.state, [])]

    def SCardConnect(self, _context: Any, _reader: str, _share: int, _protocols: int) -> Any:
        if self.state & 0x200:
            return 0x80100066, None, 0
        if not self.state & 0x20:
            return 0x8010000C, None, 0
        if self.model:
            self.model.reset()
        return 0, self.model, pcsclite.SCARD_PROTOCOL_T1

    def SCardStatus(self, _card: Any) -> Any:
        return 0, "Reader", 0x34, pcsclite.SCARD_PROTOCOL_T1, list(self.atr)

    def SCardDisconnect(self, card: Any, _disposition: int) -> int:
        if card:
            card.reset()
        return 0

    def SCardTransmit(self, card: Any, _protocol: int, command: list[int]) -> Any:
        if not self.plugged:
            return 0x80100017, []
        if card is None:
            return 0, [0x6D, 0x00]  # the reader itself answers for a memory card
        try:
            answer = card.transmit(bytes(command))
        except errors.CardRemoved:
            return 0x80100016, []
        return (0, list(answer)) if card is self.model else (0x80100069, [])


class Pcsc:
    def __init__(self) -> None:
        self.scard = Scard()
        self.reader = PcscReader("Reader", scard=self.scard)
        self.reader.poll_s = 0.02

    def lay(self, model: Any) -> None:
        self.scard.show(model, 0x20)

    def lay_thing(self, thing: str, model: Any) -> None:
        flags = 0x220 if thing in ("no chip", "two cards") else 0x20
        atr = FELICA_ATR if thing == "felica" else CHIP_ATR
        self.scard.show(model if thing == "phone" else None, flags, atr)

    def take(self) -> None:
        self.scard.show(None, 0x10)

    def unplug(self) -> None:
        self.scard.plugged = False

    def plug(self) -> None:
        self.scard.plugged = True

    def close(self) -> None:
        pass


class Nfc:
    def __init__(self, air: Any, on_air: Any) -> None:
        self.air, self.on_air = air, on_air
        self.reader = NfcReader(air.device, sense_s=0.05, others_s=0.1)
        self.reader.poll_s = 0.02

    def lay(self, model: Any) -> None:
        self.air.cards = [self.on_air("106B", model)]

    def lay_thing(self, thing: str, model: Any) -> None:
        self.air.cards = {
            "felica": [self.on_air("212F")],
            "phone": [self.on_air("106A", model)],
            "memory card": [self.on_air("106A", sel_res=0x08)],
            "two cards": [self.on_air(noise="50")],
            "no chip": [self.on_air()],
        }[thing]

    def take(self) -> None:
        self.air.cards = []

    def unplug(self) -> None:
        self.air.unplug()

    def plug(self) -> None:
        self.air.plug()

    def close(self) -> None:
        pass


class Terminal:
    """The driver over one transport, as the core sees it."""

    def __init__(self, rig: Any, trust: Any, deadlines: Deadlines | None = None) -> None:
        self.rig = rig
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.driver = CardReader(rig.reader, trust, self, juki=JUKI, deadlines=deadlines)
        self.order = 0
        self.driver.start(self.events.put)
        self.expect(DeviceOnline(Part.READER))
        self.expect(CardRemoved())

    def now(self) -> datetime:
        return NOW

    def next(self) -> Event:
        return self.events.get(timeout=DEADLINE_S)

    def expect(self, event: Event) -> None:
        assert self.next() == event

    def await_event(self, kind: type[Event]) -> Event:
        while not isinstance(event := self.next(), kind):
            pass
        return event

    def identify(self) -> Event:
        self.order += 1
        self.driver.identify(IdentifyCard(self.order))
        return self.next()

    def lay(self, model: Any) -> None:
        self.rig.lay(model)
        self.expect(CardPresented())

    def identified(self, model: Any) -> None:
        self.lay(model)
        event = self.identify()
        assert event == CardIdentified(self.order, CardKind.MY_NUMBER, model.tries, "", model.certificate)

    def sign(self, digits: str = "1234") -> Event:
        self.order += 1
        pin = Pin()
        for digit in digits:
            pin.push(int(digit))
        self.driver.sign(SignChallenge(self.order, pin, CHALLENGE))
        event = self.next()
        assert not any(pin.expose())
        return event


def _rig(name: str, request: pytest.FixtureRequest) -> Any:
    if name == "nfc":
        return Nfc(request.getfixturevalue("air"), request.getfixturevalue("on_air"))
    return Pcsc() if name == "pcsc" else InProcess()


@pytest.fixture(params=["in-process", "pcsc", "nfc"])
def rig(request: pytest.FixtureRequest) -> Any:
    return _rig(request.param, request)


@pytest.fixture
def terminal(rig: Any, pki: Any) -> Iterator[Terminal]:
    made = Terminal(rig, pki.trust)
    yield made
    made.driver.close()


@pytest.fixture
def mine(model: Any, pki: Any) -> Any:
    return model(pki.key, pki.leaf())


@pytest.fixture
def another(model: Any, pki: Any) -> Any:
    return model(pki.key, pki.leaf(not_after=datetime(2028, 1, 1, tzinfo=UTC)))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def leaves(rig: Any, ins: int, *, answered: bool) -> Callable[[int, bytes | None], None]:
    """A card that is pulled at the instruction, before or after it has carried it out."""

    def at(instruction: int, answer: bytes | None) -> None:
        if instruction == ins and (answer is not None) is answered:
            rig.take()
            raise errors.CardRemoved("pulled")

    return at


# ---- a My Number card --------------------------------------------------------------------------------------


def test_a_wrong_and_a_right_pin(terminal, mine, pki) -> None:
    terminal.identified(mine)
    assert terminal.sign("0000") == PinRefused(terminal.order, 2)
    signed = terminal.sign()
    assert isinstance(signed, CardSigned)
    pki.key.public_key().verify(signed.signature, CHALLENGE, padding.PKCS1v15(), hashes.SHA256())
    assert (mine.verifies, mine.tries) == (2, 3)
    until(lambda: not mine.verified)  # powered down, it forgot that the PIN was right


def test_the_last_try_blocks_and_no_other_is_sent(terminal, mine) -> None:
    mine.tries = 1
    terminal.identified(mine)
    assert terminal.sign("0000") == PinRefused(terminal.order, 0)
    assert terminal.sign() == PinRefused(terminal.order, 0)
    assert mine.verifies == 1


def test_a_card_without_pin_is_told_and_never_asked(terminal, mine) -> None:
    mine.tries = None
    terminal.lay(mine)
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert (event.kind, event.trouble, event.tries_left) == (CardKind.MY_NUMBER, "pin_never_set", 0)
    assert terminal.sign() == CardFailed(terminal.order, "another_card")
    assert mine.verifies == 0


@pytest.mark.parametrize(("answered", "left"), [(False, 3), (True, 2)])
def test_a_card_pulled_in_verify_is_not_asked_again(terminal, mine, answered: bool, left: int) -> None:
    terminal.identified(mine)
    mine.at = leaves(terminal.rig, VERIFY, answered=answered)
    # The count of tries has the same instruction; it is let through.
    pulled = mine.at
    mine.at = lambda ins, answer: pulled(ins, answer) if len(mine.sent[-1]) > 8 else None
    assert terminal.sign("0000") == CardFailed(terminal.order, "removed", verify_sent=True)
    terminal.expect(CardRemoved())
    mine.at = lambda _ins, _answer: None
    terminal.lay(mine)
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert (event.tries_left, mine.verifies) == (left, int(answered))


def test_another_card_in_its_place_is_noticed_and_not_asked(terminal, mine, another) -> None:
    terminal.identified(mine)
    terminal.rig.lay(another)
    terminal.driver.release()
    event = terminal.sign()
    while isinstance(event, CardRemoved | CardPresented):
        event = terminal.next()
    assert event == CardFailed(terminal.order, "another_card")
    assert another.verifies == 0


def test_a_card_taken_while_the_person_types(terminal, mine) -> None:
    terminal.identified(mine)
    terminal.rig.take()
    terminal.expect(CardRemoved())
    assert terminal.sign() == CardFailed(terminal.order, "removed")
    terminal.lay(mine)
    assert isinstance(terminal.sign(), CardSigned)


def test_erasing_forgets_the_card(terminal, mine) -> None:
    terminal.identified(mine)
    terminal.order += 1
    terminal.driver.erase(terminal.order)
    event = terminal.next()
    assert isinstance(event, Erased)
    assert event.clean
    assert terminal.sign() == CardFailed(terminal.order, "another_card")
    assert mine.verifies == 0


def test_a_command_that_hangs_is_told_while_it_hangs_and_nothing_follows(rig, pki, mine) -> None:
    terminal = Terminal(rig, pki.trust, Deadlines(verify_s=0.05))
    go_on = threading.Event()

    def at(ins: int, answer: bytes | None) -> None:
        if ins == VERIFY and len(mine.sent[-1]) > 8 and answer is None:
            go_on.wait(DEADLINE_S)

    try:
        terminal.identified(mine)
        mine.at = at
        assert terminal.sign() == CardFailed(terminal.order, "silent", verify_sent=True)
        terminal.expect(DeviceFaulted(Part.READER, "silent"))
        terminal.order += 1
        terminal.driver.erase(terminal.order)
        assert isinstance(terminal.next(), Erased)
        go_on.set()
        terminal.await_event(DeviceOnline)
        assert mine.verifies == 1
        assert not any(command.startswith("802A") for command in mine.sent)
    finally:
        go_on.set()
        terminal.driver.close()


# ---- the reader --------------------------------------------------------------------------------------------


def test_an_unplugged_reader_is_told_once_and_comes_back(terminal, mine) -> None:
    terminal.identified(mine)
    terminal.rig.unplug()
    terminal.expect(DeviceFaulted(Part.READER, "offline"))
    assert terminal.identify() == CardFailed(terminal.order, "offline")
    terminal.rig.plug()
    terminal.expect(DeviceOnline(Part.READER))
    # Nobody watched meanwhile: it may be another card.
    terminal.expect(CardRemoved())
    terminal.expect(CardPresented())
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert event.kind is CardKind.MY_NUMBER


def test_a_reader_unplugged_in_verify_is_offline_or_its_card_gone(terminal, mine) -> None:
    terminal.identified(mine)

    def at(ins: int, answer: bytes | None) -> None:
        if ins == VERIFY and len(mine.sent[-1]) > 8 and answer is None:
            # The radio's own thread cannot stop itself.
            threading.Thread(target=terminal.rig.unplug, daemon=True).start()
            raise errors.CardRemoved("unplugged")

    mine.at = at
    event = terminal.sign()
    assert isinstance(event, CardFailed)
    assert event.verify_sent
    assert event.reason in ("removed", "offline")
    terminal.await_event(DeviceFaulted)
    assert mine.verifies == 0


# ---- other cards -------------------------------------------------------------------------------------------


def juki_file(home: str = "412015", last_day: date = date(2026, 7, 1)) -> bytes:
    return bytes.fromhex(f"01020001 0203{home} 0310{'5A' * 16} 0404{last_day:%Y%m%d}")


@pytest.mark.parametrize(("last_day", "trouble"), [(date(2026, 7, 1), ""), (date(2026, 6, 30), "expired")])
@pytest.mark.parametrize("token", ["JPKIAPICCTOKEN", ""])
def test_a_juki_card(terminal, model, last_day: date, trouble: str, token: str) -> None:
    terminal.lay(model(None, token=token, record=juki_file(last_day=last_day)))
    assert terminal.identify() == CardIdentified(
        terminal.order, CardKind.JUKI, trouble=trouble, handle=b"\x5a" * 16, home="412015"
    )
    assert terminal.sign() == CardFailed(terminal.order, "another_card")


@pytest.mark.parametrize("record", [None, b"\x01\x02\x00\x02"])
def test_a_juki_card_that_cannot_be_used(terminal, model, record: bytes | None) -> None:
    terminal.lay(model(None, token="JPKIAPICCTOKEN", record=record))
    trouble = "unreadable" if record else "expired"
    assert terminal.identify() == CardIdentified(terminal.order, CardKind.JUKI, trouble=trouble)


def test_an_unknown_card_gets_selects_only(terminal, model) -> None:
    licence = model(None, token="")
    terminal.lay(licence)
    assert terminal.identify() == CardIdentified(terminal.order, CardKind.UNKNOWN)
    assert all(command.startswith("00A4") for command in licence.sent)


SEEN = {
    "phone": dict.fromkeys(("in-process", "pcsc", "nfc"), CardKind.PHONE),
    "felica": dict.fromkeys(("in-process", "pcsc", "nfc"), CardKind.FELICA),
    "memory card": dict.fromkeys(("in-process", "pcsc", "nfc"), CardKind.UNKNOWN),
    # PC/SC has no word for a collision.
    "two cards": {"in-process": CardKind.SEVERAL, "pcsc": None, "nfc": CardKind.SEVERAL},
    "no chip": dict.fromkeys(("in-process", "pcsc", "nfc")),
}


@pytest.mark.parametrize("thing", list(SEEN))
def test_wrong_cards_as_far_as_the_reader_sees_them(terminal, model, request, thing: str) -> None:
    phone = model(None, token="JPKIAPGPSETOKEN")
    terminal.rig.lay_thing(thing, phone)
    kind = SEEN[thing][request.node.callspec.params["rig"]]
    terminal.expect(CardPresented(mute=kind is None))
    expected = CardIdentified(1, kind) if kind else CardFailed(1, "mute")
    assert terminal.identify() == expected
    assert terminal.sign() == CardFailed(2, "another_card" if kind else "mute")
    assert not any(command.startswith("0020") for command in phone.sent)
    terminal.rig.take()
    terminal.expect(CardRemoved())


# ---- nothing of a person in a log --------------------------------------------------------------------------


def test_no_log_line_holds_a_command_or_an_answer(terminal, mine, caplog) -> None:
    """Every logger of the library is opened as wide as it goes."""
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith("nfc")]
    before = [logger.level for logger in loggers]
    with caplog.at_level(1):
        for logger in loggers:
            logger.setLevel(1)
        try:
            terminal.identified(mine)
            assert isinstance(terminal.sign(), CardSigned)
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
    text = caplog.text.replace(" ", "").upper()
    assert "00200080" in text, "the headers are missing, so the rest would prove nothing"
    assert "31323334" not in text
    assert mine.certificate.hex().upper()[20:60] not in text
