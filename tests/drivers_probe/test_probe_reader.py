"""The reader as the probe tells of it: simulated cards on a reader in this process, and lists of PC/SC readers."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.schema import ReaderSettings, Settings
from drivers import probe_reader
from drivers.card_certificate import CardTrust
from drivers.card_inprocess import InProcessReader
from drivers.card_reader import CardReader
from hardware_sim.card import AUTH_POLICY_OID, CardAuthority, CardSpec
from hardware_sim.card.kinds import build
from hardware_sim.card.model import JpkiCard
from kiosk.events import CardKind

SERIAL = 4077
SETTINGS = ReaderSettings("nfc", Path("card-ca"), AUTH_POLICY_OID)


class Laid:
    """A simulated card as an object in this process."""

    def __init__(self, card: JpkiCard) -> None:
        self.card = card

    def transmit(self, command: bytes) -> bytes:
        return self.card.exchange(command)

    def reset(self) -> None:
        self.card.activate()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    return CardAuthority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def card(authority: CardAuthority) -> Laid:
    built = build(CardSpec("card-1", serial=SERIAL, pin="4071"), authority)
    assert isinstance(built, JpkiCard)
    built.activate()
    return Laid(built)


@pytest.fixture
def reader() -> InProcessReader:
    return InProcessReader()


@pytest.fixture
def try_card(authority: CardAuthority, reader: InProcessReader, said: Any) -> Callable[..., None]:
    def run(trusted: bytes = authority.auth_ca_certificate_der, seconds: float = 30.0) -> None:
        clock = SimpleNamespace(now=lambda: datetime.now(UTC))
        driver = CardReader(reader, CardTrust((trusted,), AUTH_POLICY_OID), clock)
        probe_reader.try_card(driver, reader, SETTINGS, said, seconds)

    return run


def test_a_good_card_is_told_without_anything_of_its_holder(
    reader: InProcessReader, card: Laid, try_card: Callable[..., None], said: Any
) -> None:
    reader.card = card
    try_card()
    assert said.wrong == []
    assert "it is a My Number card" in said.text
    assert "PIN tries left: 3" in said.text
    assert str(SERIAL) not in said.text
    assert f"{SERIAL:x}" not in said.text.lower()


def test_a_card_of_another_authority_is_refused_with_what_to_do(
    reader: InProcessReader, card: Laid, try_card: Callable[..., None], said: Any, tmp_path: Path
) -> None:
    reader.card = card
    try_card(CardAuthority(tmp_path / "other").auth_ca_certificate_der)
    assert said.wrong == ["the certificate is signed by no authority that this machine trusts"]
    assert said.each_fault_has_a_remedy()


def test_what_cannot_be_powered_and_what_takes_no_commands(
    reader: InProcessReader, card: Laid, try_card: Callable[..., None], said: Any
) -> None:
    reader.card, reader.foreign = card, CardKind.FELICA
    try_card()
    assert "it is a FeliCa card" in said.text
    reader.foreign, reader.mute = None, True
    try_card()
    assert any("mute" in line for line in said.wrong)


def test_no_card_and_no_reader_are_faults(reader: InProcessReader, try_card: Callable[..., None], said: Any) -> None:
    try_card(seconds=0.1)
    assert said.wrong == ["no card was seen"]
    reader.unplugged = True
    try_card()
    assert "cannot be opened" in said.wrong[-1]
    assert said.each_fault_has_a_remedy()


def test_a_radio_that_is_not_there_is_told(
    authority: CardAuthority, settings: Callable[..., Settings], said: Any
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    folder = authority.auth_ca_certificate_path.parent / "trusted"
    folder.mkdir(exist_ok=True)
    (folder / "ca.pem").write_bytes(authority.auth_ca_certificate_path.read_bytes())
    reader = {"driver": "nfc", "device": f"udp:127.0.0.1:{port}", "card_trust": folder, "policy_oid": AUTH_POLICY_OID}
    probe_reader.probe(settings(reader=reader), said, seconds=5)
    assert ["cannot be opened" in line for line in said.wrong] == [True], said.text


def test_a_folder_without_authorities_is_told(settings: Callable[..., Settings], said: Any, tmp_path: Path) -> None:
    probe_reader.probe(settings(reader={"card_trust": tmp_path}), said, seconds=5)
    assert ["no card authorities" in line for line in said.wrong] == [True]


def scard(*names: str, result: int = 0) -> Any:
    return SimpleNamespace(
        SCardEstablishContext=lambda _scope: (result, "context"),
        SCardReleaseContext=lambda _context: 0,
        SCardListReaders=lambda _context, _groups: (0, list(names)),
    )


@pytest.mark.parametrize(
    ("pcscd", "wrong"),
    [
        (scard("ACS ACR1252 [PICC] 00 00", "Other 01 00"), None),
        (scard(result=0x8010001D - (1 << 32)), "pcscd does not answer"),
        (scard(), "pcscd knows no reader"),
        (scard("Other 01 00"), "none of them has"),
        (scard("ACS ACR1252 [PICC] 00 00", "ACS ACR1252 [SAM] 01 00"), "2 readers have"),
    ],
)
def test_exactly_one_pcsc_reader_must_be_ours(pcscd: Any, wrong: str | None, said: Any) -> None:
    settings = replace(SETTINGS, driver="pcsc", name_contains="ACR1252")
    assert probe_reader.list_readers(settings, said, pcscd) is (wrong is None)
    assert [line for line in said.wrong if wrong and wrong in line] == said.wrong
    assert said.each_fault_has_a_remedy()


@pytest.mark.parametrize(
    ("atr", "words"),
    [
        ("3B888001000041E0B381A1003B", "contactless card with ISO 14443-4"),
        ("3B8F8001804F0CA00000030611003B0000000042", "storage card"),
        ("3BDF18FF8131FE4590", "the chip's own"),
        ("", "could not be powered"),
    ],
)
def test_an_answer_to_reset_is_told_by_its_kind_only(atr: str, words: str) -> None:
    told = probe_reader.kind_of_atr(bytes.fromhex(atr))
    assert words in told
    assert not atr or atr not in told.upper()
