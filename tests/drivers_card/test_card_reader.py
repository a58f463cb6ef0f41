"""The port on a scripted reader: what the core is told, and what is never sent to a card.

Longer than 400 lines: one rig for every road of one port, read case by case.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from drivers.card_application import DIGEST_INFO_SHA256
from drivers.card_reader import CardReader
from drivers.card_transport import CardMute, Presence, ReaderBusy
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

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
CHALLENGE = b"sign me"
IDENTIFY = "identify my number card"
VERIFY = "002000800431323334"


class FixedClock:
    def now(self) -> datetime:
        return NOW


class FakeReader:
    """Stands for any transport: what lies there is set, each connection answers by its own script."""

    poll_s = 0.02

    def __init__(self) -> None:
        self.presence: tuple[Presence, bool] | Exception = (Presence.EMPTY, False)
        self.scripts: list = []
        self.used: list = []
        self.connected = False
        self.opened = 0
        self.powered_down = 0
        self.open_error: Exception | None = None

    def open(self) -> None:
        if self.open_error:
            raise self.open_error
        self.opened += 1

    def close(self) -> None:
        self.disconnect()

    def look(self) -> tuple[Presence, bool]:
        if isinstance(self.presence, Exception):
            raise self.presence
        presence, swapped = self.presence
        self.presence = (presence, False)
        return presence, swapped

    def connect(self):
        script = self.scripts.pop(0)
        self.used.append(script)
        if isinstance(script, Exception):
            raise script
        self.connected = True
        return script

    def disconnect(self) -> None:
        if self.connected:
            self.connected = False
            self.powered_down += 1

    @property
    def sent(self) -> list[str]:
        return [command for script in self.used if not isinstance(script, Exception) for command in script.sent]


class Bench:
    """A started driver, its events, and cards made of parts."""

    def __init__(self, card, dialogue, pki, deadlines: Deadlines | None = None) -> None:
        self.card, self.dialogue, self.pki = card, dialogue, pki
        self.fake = FakeReader()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.certificate = pki.leaf()
        self.driver = CardReader(self.fake, pki.trust, FixedClock(), deadlines=deadlines)  # type: ignore[arg-type]

    def start(self) -> None:
        self.driver.start(self.events.put)
        self.expect(DeviceOnline(Part.READER))
        self.expect(CardRemoved())

    def next(self) -> Event:
        return self.events.get(timeout=5.0)

    def expect(self, event: Event) -> None:
        assert self.next() == event

    def read(self, certificate: bytes | None = None, tries: int = 3) -> list:
        der = certificate or self.certificate
        steps = [*self.dialogue(IDENTIFY), ("00A4020C02000A", "9000")]
        for at in range(0, len(der), 256):
            part = der[at : at + 256]
            steps.append((f"00B0{at:04X}{len(part) & 0xFF:02X}", part.hex() + "9000"))
        return [*steps, ("00A4020C020018", "9000"), ("00200080", f"63C{tries}")]

    def again(self, tries: int = 3) -> list:
        """Before a signature: the same card, told by the first part of its certificate."""
        part = self.certificate[:256]
        steps = [*self.dialogue(IDENTIFY), ("00A4020C02000A", "9000"), ("00B0000000", part.hex() + "9000")]
        return [*steps, ("00A4020C020018", "9000"), ("00200080", f"63C{tries}")]

    def verify(self, answer: str | Exception = "9000") -> list:
        return [(VERIFY, answer)]

    def sign(self, signature: bytes | Exception | None = None) -> list:
        unit = "802A008033" + (DIGEST_INFO_SHA256 + hashlib.sha256(CHALLENGE).digest()).hex().upper() + "00"
        if signature is None:
            signature = self.pki.key.sign(CHALLENGE, padding.PKCS1v15(), hashes.SHA256())
        answer = signature if isinstance(signature, Exception) else signature.hex() + "9000"
        return [("00A4020C020017", "9000"), (unit, answer)]

    def lay(self, *scripts) -> None:
        """The scripts of the next connections: steps, or the error of connecting."""
        self.fake.scripts = [s if isinstance(s, Exception) else self.card(s) for s in scripts]

    def identify(self, order: int = 1) -> Event:
        self.driver.identify(IdentifyCard(order))
        return self.next()

    def identified(self, tries: int = 3) -> None:
        self.lay(self.read(tries=tries))
        assert self.identify() == CardIdentified(1, CardKind.MY_NUMBER, tries, "", self.certificate)

    def order(self, number: int = 2) -> SignChallenge:
        pin = Pin()
        for digit in (1, 2, 3, 4):
            pin.push(digit)
        return SignChallenge(number, pin, CHALLENGE)

    def sign_with(self, *scripts) -> tuple[Event, SignChallenge]:
        self.lay(*scripts)
        order = self.order()
        self.driver.sign(order)
        event = self.next()
        self.settle()
        return event, order

    def settle(self) -> None:
        """Wait until the driver's thread has come to the end of what it was given."""
        done = threading.Event()
        self.driver._worker.post(done.set)
        assert done.wait(5.0)


@pytest.fixture
def bench(card, dialogue, pki) -> Iterator[Bench]:
    made = Bench(card, dialogue, pki)
    made.start()
    yield made
    made.driver.close()


# ---- presence --------------------------------------------------------------------------------------------


def test_cards_come_and_go(bench) -> None:
    bench.fake.presence = (Presence.CARD, False)
    bench.expect(CardPresented())
    bench.fake.presence = (Presence.EMPTY, False)
    bench.expect(CardRemoved())
    bench.fake.presence = (Presence.MUTE, False)
    bench.expect(CardPresented(mute=True))
    bench.fake.presence = (Presence.CARD, False)
    bench.expect(CardPresented())


def test_a_card_exchanged_between_two_looks_was_removed(bench) -> None:
    bench.fake.presence = (Presence.CARD, False)
    bench.expect(CardPresented())
    bench.fake.presence = (Presence.CARD, True)
    bench.expect(CardRemoved())
    bench.expect(CardPresented())


def test_a_lost_reader_is_reported_once_and_its_return_once(bench) -> None:
    bench.fake.presence = (Presence.CARD, False)
    bench.expect(CardPresented())
    bench.fake.open_error = errors.DeviceOffline("unplugged")
    bench.fake.presence = errors.DeviceOffline("unplugged")
    bench.expect(DeviceFaulted(Part.READER, "offline"))
    with pytest.raises(queue.Empty):
        bench.events.get(timeout=0.7)  # two more attempts to open it
    bench.fake.presence = (Presence.CARD, False)
    bench.fake.open_error = None
    bench.expect(DeviceOnline(Part.READER))
    # Nobody watched meanwhile: it may be another card.
    bench.expect(CardRemoved())
    bench.expect(CardPresented())


# ---- identify --------------------------------------------------------------------------------------------


def test_a_my_number_card_is_identified_and_powered_down(bench) -> None:
    bench.identified()
    bench.settle()
    assert bench.fake.powered_down == 1
    assert not bench.fake.connected


@pytest.mark.parametrize(
    ("name", "kind", "trouble"),
    [("identify juki card", CardKind.JUKI, "expired"), ("identify android phone", CardKind.PHONE, ""),
     ("identify iphone", CardKind.PHONE, ""), ("identify unknown token", CardKind.UNKNOWN, ""),
     ("identify card without the application", CardKind.UNKNOWN, "")],
)  # fmt: skip
def test_other_cards_are_named_and_left_alone(bench, dialogue, name: str, kind: CardKind, trouble: str) -> None:
    bench.lay(dialogue(name))
    assert bench.identify() == CardIdentified(1, kind, trouble=trouble)
    event, _ = bench.sign_with(dialogue(name))
    assert event == CardFailed(2, "another_card")
    assert not any(command.startswith("0020") for command in bench.fake.sent)


def test_a_certificate_behind_a_pin_is_a_phone(bench, dialogue) -> None:
    bench.lay(dialogue(IDENTIFY, "certificate locked on a phone"))
    assert bench.identify() == CardIdentified(1, CardKind.PHONE)


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"not_after": NOW.replace(month=6)}, "expired"),
        ({"not_before": NOW.replace(month=8)}, "not_yet_valid"),
        ({"ca": True}, "unreadable"),
    ],
)
def test_trouble_with_the_certificate_is_told(bench, change, trouble: str) -> None:
    bench.lay(bench.read(bench.pki.leaf(**change)))
    event = bench.identify()
    assert isinstance(event, CardIdentified)
    assert event.trouble == trouble


def test_a_foreign_issuer_is_told(bench, other_pki) -> None:
    bench.lay(bench.read(other_pki.leaf()))
    event = bench.identify()
    assert isinstance(event, CardIdentified)
    assert event.trouble == "unknown_issuer"


def test_a_file_without_certificate_is_unreadable(bench, dialogue) -> None:
    bench.lay([*dialogue(IDENTIFY), ("00A4020C02000A", "6A82")])
    assert bench.identify() == CardIdentified(1, CardKind.MY_NUMBER, trouble="unreadable")


def test_a_card_that_slips_is_read_anew(bench) -> None:
    slipped = bench.read()[:5]
    slipped[-1] = (slipped[-1][0], errors.CardRemoved("slipped"))
    bench.lay(slipped, CardMute("badly placed"), bench.read())
    assert bench.identify() == CardIdentified(1, CardKind.MY_NUMBER, 3, "", bench.certificate)
    bench.settle()
    assert bench.fake.powered_down == 2


@pytest.mark.parametrize(
    ("error", "reason"),
    [(errors.CardRemoved("x"), "removed"), (CardMute("x"), "mute"), (ReaderBusy("x"), "busy")],
)
def test_a_card_that_cannot_be_read_fails_with_its_reason(bench, error: Exception, reason: str) -> None:
    bench.lay(error, errors.CardRemoved("echo"), errors.CardRemoved("echo"))
    assert bench.identify() == CardFailed(1, reason)
    bench.settle()
    assert bench.events.empty()


def test_an_offline_reader_answers_the_order_too(bench) -> None:
    bench.lay(errors.DeviceOffline("pcscd gone"))
    bench.fake.open_error = errors.DeviceOffline("pcscd gone")
    assert bench.identify() == CardFailed(1, "offline")
    bench.expect(DeviceFaulted(Part.READER, "offline"))
    bench.lay(errors.DeviceOffline("pcscd gone"))
    assert bench.identify(2) == CardFailed(2, "offline")


# ---- sign ------------------------------------------------------------------------------------------------


def test_the_pin_is_zero_before_the_card_begins_to_sign(bench) -> None:
    """Signing takes a second or two; nothing of the PIN is left in memory meanwhile."""
    bench.identified()
    bench.lay(bench.again() + bench.verify() + bench.sign())
    order, script, held = bench.order(), bench.fake.scripts[0], {}
    transmit = script.transmit

    def watched(command: bytes) -> bytes:
        held[bytes(command[:2])] = bytes(order.pin.expose())
        return transmit(command)

    script.transmit = watched
    bench.driver.sign(order)
    assert isinstance(bench.next(), CardSigned)
    assert held[b"\x00\x20"] == b"1234"
    assert held[b"\x80\x2a"] == bytes(4)


@pytest.mark.parametrize(("answer", "left"), [("63C2", 2), ("63C1", 1), ("63C0", 0), ("6984", 0), ("6983", 0)])
def test_a_refused_pin_tells_the_tries_left(bench, answer: str, left: int) -> None:
    bench.identified()
    event, order = bench.sign_with(bench.again() + bench.verify(answer))
    assert event == PinRefused(2, left)
    assert not any(order.pin.expose())
    assert bench.fake.sent.count(VERIFY) == 1
    assert bench.fake.powered_down == 2


def test_a_blocked_card_gets_no_verify(bench) -> None:
    bench.identified(tries=0)
    event, _ = bench.sign_with(bench.again(tries=0))
    assert event == PinRefused(2, 0)
    assert VERIFY not in bench.fake.sent


def test_fewer_tries_than_told_stop_before_verify(bench) -> None:
    bench.identified()
    event, order = bench.sign_with(bench.again(tries=1))
    assert event == CardFailed(2, "tries_changed")
    assert VERIFY not in bench.fake.sent
    assert not any(order.pin.expose())


def test_a_card_that_was_never_identified_gets_no_verify(bench) -> None:
    event, order = bench.sign_with(bench.again())
    assert event == CardFailed(2, "another_card")
    assert VERIFY not in bench.fake.sent
    assert not any(order.pin.expose())


@pytest.mark.parametrize("error", [errors.CardRemoved("x"), CardMute("x"), ReaderBusy("x")])
def test_verify_is_never_sent_again_by_itself(bench, error: Exception) -> None:
    bench.identified()
    event, order = bench.sign_with(bench.again() + bench.verify(error), bench.again() + bench.verify())
    assert isinstance(event, CardFailed)
    assert event.verify_sent
    assert bench.fake.sent.count(VERIFY) == 1
    assert len(bench.fake.scripts) == 1
    assert not any(order.pin.expose())
    assert not bench.fake.connected


def test_a_card_pulled_before_verify_has_not_lost_a_try(bench) -> None:
    bench.identified()
    event, order = bench.sign_with([*bench.again()[:4], ("00B0000000", errors.CardRemoved("x"))])
    assert event == CardFailed(2, "removed")
    assert not any(order.pin.expose())


def test_a_card_pulled_while_signing(bench) -> None:
    bench.identified()
    event, _ = bench.sign_with(bench.again() + bench.verify() + bench.sign(errors.CardRemoved("x")))
    assert event == CardFailed(2, "removed", verify_sent=True)


def test_a_signature_by_another_key_is_not_believed(bench) -> None:
    bench.identified()
    event, _ = bench.sign_with(bench.again() + bench.verify() + bench.sign(bytes(256)))
    assert event == CardFailed(2, "not_proved", verify_sent=True)


def test_an_incomplete_pin_never_reaches_a_card(bench) -> None:
    bench.identified()
    order = bench.order()
    order.pin.pop()
    bench.driver.sign(order)
    bench.expect(CardFailed(2, "pin_incomplete"))
    bench.settle()
    assert not any(order.pin.expose())
    assert len(bench.fake.used) == 1


def test_an_unforeseen_error_still_answers_and_wipes(bench) -> None:
    bench.identified()
    event, order = bench.sign_with(bench.again() + bench.verify(RuntimeError("1234")))
    assert event == CardFailed(2, "unreadable", verify_sent=True)
    assert not any(order.pin.expose())


def test_no_log_line_holds_pin_certificate_or_signature(bench, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        bench.identified()
        bench.sign_with(bench.again() + bench.verify(RuntimeError("31323334")))
    text = caplog.text.replace(" ", "").upper()
    assert "00200080" in text
    assert "31323334" not in text
    assert bench.certificate.hex().upper()[20:60] not in text


# ---- release and erase -----------------------------------------------------------------------------------


def test_a_released_card_is_watched_without_a_connection(bench) -> None:
    bench.fake.presence = (Presence.CARD, False)
    bench.expect(CardPresented())
    bench.identified()
    bench.driver.release()
    bench.fake.presence = (Presence.EMPTY, False)
    bench.expect(CardRemoved())
    assert len(bench.fake.used) == 1


def test_erasing_works_with_the_reader_gone(bench) -> None:
    bench.fake.open_error = errors.DeviceOffline("x")
    bench.fake.presence = errors.DeviceOffline("x")
    bench.expect(DeviceFaulted(Part.READER, "offline"))
    bench.driver.erase(9)
    event = bench.next()
    assert isinstance(event, Erased)
    assert event.clean


def test_closing_wipes_a_pin_that_still_waits(card, dialogue, pki) -> None:
    made = Bench(card, dialogue, pki)  # never started: the order stays in the inbox
    order = made.order()
    made.driver.sign(order)
    made.driver.close()
    made.driver.close()
    assert not any(order.pin.expose())


# ---- a call that never returns ---------------------------------------------------------------------------


class Blocking:
    """A script whose step `at` blocks until `release`, then answers as it should."""

    def __init__(self, inner, at: str) -> None:
        self.inner, self.at = inner, at
        self.blocked = threading.Event()
        self.release = threading.Event()

    @property
    def sent(self) -> list[str]:
        return self.inner.sent

    def transmit(self, command: bytes) -> bytes:
        stop = command.hex().upper() == self.at
        answer = self.inner.transmit(command)
        if stop:
            self.blocked.set()
            assert self.release.wait(10.0)
        return answer


@pytest.fixture
def hasty(card, dialogue, pki) -> Iterator[Callable[[str, list], tuple[Bench, Blocking]]]:
    """Identified, then a card that blocks at the command given; deadlines of 50 ms."""
    started: list[tuple[Bench, Blocking]] = []

    def make(at: str, steps: Callable[[Bench], list]) -> tuple[Bench, Blocking]:
        made = Bench(card, dialogue, pki, Deadlines(*[0.05] * 5))
        made.start()
        made.identified()
        blocking = Blocking(card(steps(made)), at)
        made.fake.scripts = [blocking]
        started.append((made, blocking))
        return made, blocking

    yield make
    for made, blocking in started:
        blocking.release.set()
        made.driver.close()


def test_a_blocked_verify_is_reported_wiped_and_recovered_from(hasty) -> None:
    bench, blocking = hasty(VERIFY, lambda b: b.again() + b.verify() + b.sign())
    order = bench.order()
    bench.driver.sign(order)
    bench.expect(CardFailed(2, "silent", verify_sent=True))
    bench.expect(DeviceFaulted(Part.READER, "silent"))
    assert not any(order.pin.expose())
    # Everybody else is answered while the call still blocks.
    bench.driver.identify(IdentifyCard(3))
    bench.expect(CardFailed(3, "silent"))
    late = bench.order(4)
    bench.driver.sign(late)
    bench.expect(CardFailed(4, "silent"))
    assert not any(late.pin.expose())
    bench.driver.erase(5)
    event = bench.next()
    assert isinstance(event, Erased)
    assert not event.clean
    blocking.release.set()
    bench.expect(DeviceOnline(Part.READER))
    assert blocking.sent[-1] == VERIFY  # it did not go on to sign
    bench.driver.erase(6)
    event = bench.next()
    assert isinstance(event, Erased)
    assert event.clean


def test_a_call_that_returns_late_does_not_go_on_to_verify(hasty) -> None:
    bench, blocking = hasty("00200080", lambda b: b.again() + b.verify() + b.sign())
    bench.driver.sign(bench.order())
    bench.expect(CardFailed(2, "silent"))
    bench.expect(DeviceFaulted(Part.READER, "silent"))
    blocking.release.set()
    bench.expect(DeviceOnline(Part.READER))
    assert VERIFY not in blocking.sent


def test_a_call_that_returns_late_is_followed_by_no_other(hasty) -> None:
    bench, blocking = hasty("00A4020C020017", lambda b: b.again() + b.verify() + b.sign())
    bench.driver.sign(bench.order())
    bench.expect(CardFailed(2, "silent", verify_sent=True))
    bench.expect(DeviceFaulted(Part.READER, "silent"))
    blocking.release.set()
    bench.expect(DeviceOnline(Part.READER))
    assert blocking.sent[-1] == "00A4020C020017"


def test_orders_behind_a_blocked_one_are_answered(hasty) -> None:
    bench, blocking = hasty("00A4020C02000A", lambda b: b.read())
    bench.driver.identify(IdentifyCard(2))
    assert blocking.blocked.wait(5.0)
    bench.driver.identify(IdentifyCard(4))
    bench.driver.erase(3)
    answers = [type(bench.next()) for _ in range(4)]
    assert sorted(answer.__name__ for answer in answers) == ["CardFailed", "CardFailed", "DeviceFaulted", "Erased"]
    bench.fake.scripts = [bench.card(bench.again())]
    blocking.release.set()
    bench.expect(DeviceOnline(Part.READER))
    bench.settle()
    assert bench.events.empty()
    assert len(bench.fake.used) == 2  # nobody waits for that card any more
