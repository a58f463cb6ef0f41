"""The driver against the simulated cards of the bench: through the real pcscd, and through nfcpy's radio.

pcsc-lite takes the socket's name with the first context and keeps it, so one stand serves the whole process.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from drivers.card_certificate import CardTrust
from drivers.card_juki import JukiProfile
from drivers.card_pcsc import SOCKET_VARIABLE
from drivers.card_readers import make_reader
from drivers.card_watchdog import Deadlines
from hardware_sim.card import AUTH_POLICY_OID, CardAuthority, CardSpec, CardStand, RadioStand
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

pytestmark = pytest.mark.stack

DEADLINE_S = 15.0
CHALLENGE = b"challenge of the city"
INS_VERIFY = 0x20
COUNT = "00200080"
JUKI = JukiProfile(bytes.fromhex("F04B4F534B4A554B4901"), 0x0001, 1)


@dataclass(frozen=True)
class Named:
    """Reader settings."""

    driver: str
    name_contains: str = ""
    csock: str = ""
    device: str = ""


def settings_for(stand: CardStand | RadioStand) -> Named:
    if isinstance(stand, RadioStand):
        return Named("nfc", device=stand.device)
    return Named("pcsc", name_contains="Virtual PCD 00 00", csock=str(stand.csock))


class Today:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Terminal:
    """The driver as the core sees it."""

    def __init__(self, stand: CardStand | RadioStand, trust: CardTrust, deadlines: Deadlines | None = None) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.driver = make_reader(settings_for(stand), trust, Today(), JUKI, deadlines=deadlines)
        self.order = 0

    def expect(self, event: Event) -> None:
        assert self.events.get(timeout=DEADLINE_S) == event

    def await_event(self, kind: type[Event]) -> Event:
        """The next event of this kind; others before it are passed over."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            event = self.events.get(timeout=DEADLINE_S)
            if isinstance(event, kind):
                return event
        raise AssertionError(f"no {kind.__name__} came")

    def identify(self) -> Event:
        self.order += 1
        self.driver.identify(IdentifyCard(self.order))
        return self.events.get(timeout=DEADLINE_S)

    def post_sign(self, digits: str) -> Pin:
        self.order += 1
        pin = Pin()
        for digit in digits:
            pin.push(int(digit))
        self.driver.sign(SignChallenge(self.order, pin, CHALLENGE))
        return pin

    def sign(self, digits: str) -> Event:
        pin = self.post_sign(digits)
        event = self.events.get(timeout=DEADLINE_S)
        assert not any(pin.expose())
        return event


@pytest.fixture(scope="module")
def authority_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("card-authority")


@pytest.fixture(scope="module")
def trust(authority_dir: Path) -> CardTrust:
    return CardTrust((CardAuthority(authority_dir).auth_ca_certificate_der,), AUTH_POLICY_OID)


@pytest.fixture(scope="module", params=[CardStand, RadioStand], ids=["pcsc", "nfc"])
def stand(
    request: pytest.FixtureRequest, authority_dir: Path, trust: CardTrust, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CardStand | RadioStand]:
    before = os.environ.get(SOCKET_VARIABLE)
    with request.param(tmp_path_factory.mktemp("card-stand"), authority_dir) as started:
        for spec in (
            CardSpec("mine", serial=11, pin="4071"),
            CardSpec("other", serial=12, pin="4071"),
            CardSpec(
                "old",
                serial=13,
                not_before=datetime(2015, 1, 1, tzinfo=UTC),
                not_after=datetime(2020, 1, 1, tzinfo=UTC),
            ),
            CardSpec("empty", serial=15, certificate="absent"),
            CardSpec("no-pin", serial=16, pin_set=False),
            CardSpec("juki", kind="juki", juki_id="5A" * 16, home="412015", expires=date(2035, 3, 31)),
            CardSpec("broken-juki", kind="juki", juki_data="0102"),
            CardSpec("real-juki", kind="juki_jpki", serial=17),
            CardSpec("phone", kind="phone"),
            CardSpec("felica", kind="felica"),
            CardSpec("licence", kind="driving_licence"),
        ):
            started.register(spec)
        yield started
    os.environ.pop(SOCKET_VARIABLE, None)
    if before is not None:
        os.environ[SOCKET_VARIABLE] = before


@pytest.fixture
def terminal(stand: CardStand | RadioStand, trust: CardTrust) -> Iterator[Terminal]:
    stand.set_tries("mine", 3)
    stand.trace(clear=True)
    made = Terminal(stand, trust)
    made.driver.start(made.events.put)
    try:
        made.expect(DeviceOnline(Part.READER))
        made.expect(CardRemoved())
        yield made
    finally:
        stand.slow(0)
        stand.pull_at(None)
        if stand.remove():
            made.await_event(CardRemoved)
        made.driver.close()


def identified(terminal: Terminal, stand: CardStand | RadioStand) -> CardIdentified:
    stand.insert("mine")
    terminal.expect(CardPresented())
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    return event


def verifies_with_pin(stand: CardStand | RadioStand) -> int:
    """Commands VERIFY that carried a PIN, counted by the card."""
    return sum(1 for c in stand.trace() if c["header"] == COUNT and c["lc"])


def test_a_card_signs_after_a_wrong_and_a_right_pin(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    event = identified(terminal, stand)
    assert (event.kind, event.tries_left, event.trouble) == (CardKind.MY_NUMBER, 3, "")
    assert terminal.sign("0000") == PinRefused(terminal.order, 2)
    assert stand.tries("mine") == 2
    signed = terminal.sign("4071")
    assert isinstance(signed, CardSigned)
    key = x509.load_der_x509_certificate(event.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signed.signature, CHALLENGE, padding.PKCS1v15(), hashes.SHA256())
    assert stand.tries("mine") == 3
    assert verifies_with_pin(stand) == 2


def test_the_last_try_blocks(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    stand.set_tries("mine", 1)
    assert identified(terminal, stand).tries_left == 1
    assert terminal.sign("0000") == PinRefused(terminal.order, 0)
    assert terminal.sign("4071") == PinRefused(terminal.order, 0)
    assert verifies_with_pin(stand) == 1


def test_another_card_is_not_asked(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    identified(terminal, stand)
    stand.remove()
    terminal.expect(CardRemoved())
    stand.insert("other")
    terminal.expect(CardPresented())
    assert terminal.sign("4071") == CardFailed(terminal.order, "another_card")
    assert verifies_with_pin(stand) == 0


@pytest.mark.parametrize(
    ("card", "kind", "trouble"),
    [
        ("old", CardKind.MY_NUMBER, "expired"),
        ("empty", CardKind.MY_NUMBER, "unreadable"),
        ("no-pin", CardKind.MY_NUMBER, "pin_never_set"),
        ("juki", CardKind.JUKI, ""),
        ("broken-juki", CardKind.JUKI, "unreadable"),
        ("real-juki", CardKind.JUKI, "expired"),
        ("phone", CardKind.PHONE, ""),
        ("felica", CardKind.FELICA, ""),
        ("licence", CardKind.UNKNOWN, ""),
    ],
)
def test_cards_are_told_apart(
    terminal: Terminal, stand: CardStand | RadioStand, card: str, kind: CardKind, trouble: str
) -> None:
    stand.insert(card)
    terminal.expect(CardPresented())
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert (event.kind, event.trouble) == (kind, trouble)
    assert (event.handle, event.home) == ((b"\x5a" * 16, "412015") if card == "juki" else (b"", ""))
    assert verifies_with_pin(stand) == 0


def test_two_cards_at_once(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    """A radio without collisions sees both; PC/SC has no word for it."""
    stand.insert("mine", "other")
    seen = terminal.events.get(timeout=DEADLINE_S)
    assert isinstance(seen, CardPresented)
    event = terminal.identify()
    if isinstance(stand, RadioStand):
        assert event == CardIdentified(terminal.order, CardKind.SEVERAL)
    else:
        assert (seen.mute, event) == (True, CardFailed(terminal.order, "mute"))


def test_a_card_without_power_is_mute(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    stand.mute(True)
    try:
        stand.insert("mine")
        terminal.expect(CardPresented(mute=True))
        assert terminal.identify() == CardFailed(terminal.order, "mute")
    finally:
        stand.mute(False)


def test_an_unplugged_reader_comes_back(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    identified(terminal, stand)
    stand.unplug()
    try:
        assert terminal.await_event(DeviceFaulted) == DeviceFaulted(Part.READER, "offline")
    finally:
        stand.plug()
    terminal.expect(DeviceOnline(Part.READER))
    terminal.await_event(CardPresented)
    assert isinstance(terminal.identify(), CardIdentified)
    assert isinstance(terminal.sign("4071"), CardSigned)


@pytest.mark.parametrize(("when", "left"), [("before", 3), ("after", 2)])
def test_a_card_pulled_during_verify(terminal: Terminal, stand: CardStand | RadioStand, when: str, left: int) -> None:
    identified(terminal, stand)
    stand.trace(clear=True)
    stand.slow(300)
    terminal.post_sign("0000")
    # The count of tries has the same INS as VERIFY: arm only once that count was answered.
    deadline = time.monotonic() + DEADLINE_S
    while not any(command["header"] == COUNT for command in stand.trace()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    stand.pull_at(INS_VERIFY, when)
    terminal.expect(CardFailed(terminal.order, "removed", verify_sent=True))
    terminal.await_event(CardRemoved)
    stand.slow(0)
    stand.insert("mine")
    terminal.expect(CardPresented())
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert event.tries_left == left


def test_a_dead_pcscd_is_reported_once_and_recovered_from(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    if not isinstance(stand, CardStand):
        pytest.skip("the radio has no daemon")
    identified(terminal, stand)
    restarts = stand.status()["pcscd_restarts"]
    stand.kill_pcscd(down_ms=500)
    terminal.expect(DeviceFaulted(Part.READER, "offline"))
    terminal.expect(DeviceOnline(Part.READER))
    stand.wait_pcscd(restarts + 1)
    terminal.await_event(CardPresented)
    event = terminal.identify()
    assert isinstance(event, CardIdentified)
    assert isinstance(terminal.sign("4071"), CardSigned)


def test_a_card_that_hangs_is_reported_while_it_hangs(stand: CardStand | RadioStand, trust: CardTrust) -> None:
    terminal = Terminal(stand, trust, Deadlines(identify_s=0.3))
    terminal.driver.start(terminal.events.put)
    try:
        terminal.await_event(CardRemoved)
        stand.insert("mine")
        terminal.expect(CardPresented())
        stand.slow(1500)
        assert terminal.identify() == CardFailed(1, "silent")
        terminal.expect(DeviceFaulted(Part.READER, "silent"))
        terminal.driver.erase(2)
        event = terminal.events.get(timeout=DEADLINE_S)
        assert isinstance(event, Erased)
        assert not event.clean
        stand.slow(0)
        terminal.expect(DeviceOnline(Part.READER))
        # Nobody watched while it hung: it may be another card by now.
        terminal.expect(CardRemoved())
        terminal.expect(CardPresented())
    finally:
        stand.slow(0)
        stand.remove()
        terminal.await_event(CardRemoved)
        terminal.driver.close()


def test_a_released_card_is_seen_leaving(terminal: Terminal, stand: CardStand | RadioStand) -> None:
    identified(terminal, stand)
    terminal.driver.release()
    commands = len(stand.trace())
    stand.remove()
    terminal.expect(CardRemoved())
    assert len(stand.trace()) == commands
