"""A card that follows a script, the golden dialogues, and a test authority."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from drivers.card_certificate import CardTrust
from kiosk import errors

TRANSCRIPT = Path(__file__).parent.parent / "transcripts" / "card_jpki.json"

Step = tuple[str, str | Exception]


class ScriptedCard:
    """Answers exactly the commands it expects, in order; anything else fails the test at once."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = list(steps)
        self.sent: list[str] = []
        self.kept: list[bytes | bytearray] = []

    def transmit(self, command: bytes | bytearray) -> bytes:
        self.sent.append(command.hex().upper())
        self.kept.append(command)
        assert self.steps, f"unexpected command {self.sent[-1]}"
        expected, answer = self.steps.pop(0)
        assert self.sent[-1] == expected
        if isinstance(answer, Exception):
            raise answer
        return bytes.fromhex(answer)


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TRANSCRIPT.read_text())
    return content


@pytest.fixture
def dialogue(golden: dict[str, Any]) -> Callable[..., list[Step]]:
    """Steps of the named dialogues, one after the other."""
    by_name = {entry["name"]: entry["steps"] for entry in golden["dialogues"]}

    def steps(*names: str) -> list[Step]:
        return [(step["command"], step["response"]) for name in names for step in by_name[name]]

    return steps


@pytest.fixture
def card() -> type[ScriptedCard]:
    return ScriptedCard


POLICY = "1.2.392.200149.8.5.1.0.99"


class Pki:
    """A test authority shaped like the real one, and one card key; leaves are wrong on request."""

    def __init__(self, organisation: str = "JPKI-TEST", *, key: rsa.RSAPrivateKey | None = None) -> None:
        self._ca_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name([
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ])  # fmt: skip
        ski = x509.SubjectKeyIdentifier.from_public_key(self._ca_key.public_key())
        self.key_id = ski.digest
        self.authority = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._ca_key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2023, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2033, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(ski, critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )
        self.trust = CardTrust((self.authority.public_bytes(Encoding.DER),), POLICY)

    def leaf(
        self,
        *,
        key: Any = None,
        not_before: datetime = datetime(2025, 1, 1, tzinfo=UTC),
        not_after: datetime = datetime(2029, 1, 1, tzinfo=UTC),
        usage: bool = True,
        digital_signature: bool = True,
        content_commitment: bool = False,
        key_cert_sign: bool = False,
        ca: bool = False,
        policy: str | None = POLICY,
        issuer_key_id: bytes | None = None,
        critical: bool = False,
    ) -> bytes:
        """DER of a card certificate."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "HOLDER0000000001")]))
            .issuer_name(self._name)
            .public_key((key or self.key).public_key())
            .serial_number(2)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.AuthorityKeyIdentifier(issuer_key_id or self.key_id, None, None), critical=False)
        )
        if usage:
            flags = dict.fromkeys(
                ("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
                 "decipher_only"), False
            )  # fmt: skip
            builder = builder.add_extension(
                x509.KeyUsage(
                    digital_signature=digital_signature,
                    content_commitment=content_commitment,
                    key_cert_sign=key_cert_sign,
                    **flags,
                ),
                critical=True,
            )
        if ca:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        if policy is not None:
            information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
            builder = builder.add_extension(x509.CertificatePolicies([information]), critical=True)
        if critical:
            unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.392.1.2.3"), b"\x05\x00")
            builder = builder.add_extension(unknown, critical=True)
        return builder.sign(self._ca_key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def pki() -> Pki:
    return Pki()


@pytest.fixture(scope="session")
def other_pki() -> Pki:
    return Pki("JPKI-OTHER")


@pytest.fixture(scope="session")
def impostor_pki() -> Pki:
    """The same names, other keys: also what the next generation of the real authority looks like."""
    return Pki()


# ---- a card that works -----------------------------------------------------------------------------------


class ModelCard:
    """A card with state, written for tests. `record`: content of the Juki file, None for a card without it.

    `tries` None: no PIN was ever set. `at`: called with the instruction before a command is carried out and with
    its answer afterwards, to pull the card or to block.
    """

    def __init__(
        self, key: Any, certificate: bytes = b"", token: str = "JPKIAPICCTOKEN2", record: bytes | None = None
    ) -> None:
        self.key, self.certificate, self.token, self.record = key, certificate, token, record
        self.pin, self.tries = b"1234", 3
        self.verifies = self.resets = 0
        self.at: Callable[[int, bytes | None], None] = lambda _ins, _answer: None
        self.sent: list[str] = []
        self.reset()

    def reset(self) -> None:
        self.resets += 1
        self.file, self.application, self.verified = 0, "", False

    def transmit(self, command: bytes) -> bytes:
        self.sent.append(command.hex().upper())
        self.at(command[1], None)
        answer = self._answer(command)
        self.at(command[1], answer)
        return answer

    def _answer(self, unit: bytes) -> bytes:
        head, body = unit[:4].hex().upper(), unit[5:]
        if head == "00A4040C":
            return self._select(body.hex().upper())
        if not self.application:
            return bytes.fromhex("6D00")
        if head == "00A4020C":
            self.file = int.from_bytes(body)
            return bytes.fromhex("9000")
        if unit[1] == 0xB0:
            part = self._content()[int.from_bytes(unit[2:4]) :][: unit[4] or 256]
            return part + bytes.fromhex("9000")
        if head == "00200080":
            return self._verify(body)
        if head == "802A0080" and self.verified:
            digest = unit[5 : 5 + unit[4]][-32:]
            return self.key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256())) + bytes.fromhex("9000")
        return bytes.fromhex("6982")

    def _select(self, application: str) -> bytes:
        self.verified = False
        known = {"D392F000260100000001": self.token, "F04B4F534B4A554B4901": self.record}
        self.application = application if known.get(application) else ""
        return bytes.fromhex("9000" if self.application else "6A82")

    def _content(self) -> bytes:
        if self.application.startswith("F0"):
            return self.record or b""
        return self.token.encode().ljust(32) if self.file == 0x0006 else self.certificate

    def _verify(self, pin: bytes) -> bytes:
        if self.tries is None:
            return bytes.fromhex("6A88")
        if pin:
            self.verifies += 1
            self.verified = self.tries > 0 and pin == self.pin
            self.tries = 3 if self.verified else max(0, self.tries - 1)
        return bytes.fromhex("9000" if self.verified and pin else f"63C{self.tries}")


# ---- the air ---------------------------------------------------------------------------------------------


class OnAir:
    """One card in the field. `model` None: it answers a sense and nothing more. `fwi`: frame waiting time, type B.

    `noise`: text in place of every frame of its own. `lose`: called with each frame and its answer; True for an answer
    that is lost, or for a command where the answer is None.
    """

    def __init__(
        self,
        technology: str = "106B",
        model: Any = None,
        sel_res: int = 0x20,
        fwi: int = 4,
        noise: str | None = None,
    ) -> None:
        self.technology, self.model, self.sel_res, self.fwi, self.noise = technology, model, sel_res, fwi, noise
        self.lose: Callable[[bytes, bytes | None], bool] = lambda _frame, _answer: False
        self.number = 1
        self.activated = False
        self.last = self.collected = self.waiting = b""

    def field_off(self) -> None:
        self.activated = False
        if self.model:
            self.model.reset()

    def frame(self, data: bytes) -> bytes | None:
        """ISO 14443-3 activation and ISO 14443-4 blocks, card's side; None for silence."""
        if self.lose(data, None):
            return None
        answer = self._sensed(data) or self._activation(data) or (self._block(data) if self.activated else None)
        return None if answer is not None and self.lose(data, answer) else answer

    def _sensed(self, data: bytes) -> bytes | None:
        answers = {
            "106A 26": "0400",
            "106A 9320": "0801020308",
            "106A 93700801020308": f"{self.sel_res:02X}",
            "106B 050010": f"50A1B2C3D4000041E0B381{self.fwi:X}1",
            "212F 0600ffff0100": "12010102030405060708FFFFFFFFFFFFFFFF",
        }
        answer = answers.get(f"{self.technology} {data.hex()}")
        if answer is not None:
            self.field_off()  # nfcpy senses after a field that was off
        return bytes.fromhex(answer) if answer else None

    def _activation(self, data: bytes) -> bytes | None:
        if self.model is None or data[0] != {"106A": 0xE0, "106B": 0x1D}.get(self.technology):
            return None
        self.number, self.activated = 1, True
        return b"\0" if data[0] == 0x1D else bytes.fromhex("0578807002")

    def _block(self, data: bytes) -> bytes | None:
        if data[0] & 0xFE == 0xB2:  # R(NAK): the last block again, or "still here"
            return self.last if data[0] & 1 == self.number else bytes([0xA2 | self.number])
        self.number ^= 1
        if data[0] & 0xFE == 0xA2:  # R(ACK): the next part
            return self._part()
        self.collected += data[1:]
        if data[0] & 0x10:
            return bytes([0xA2 | self.number])
        command, self.collected = self.collected, b""
        try:
            self.waiting = self.model.transmit(command)
        except errors.CardRemoved:
            return None
        return self._part()

    def _part(self) -> bytes:
        part, self.waiting = self.waiting[:250], self.waiting[250:]
        self.last = bytes([(0x12 if self.waiting else 0x02) | self.number]) + part
        return self.last


class Air:
    """The other end of nfcpy's UDP radio, in a thread: a field with `cards` in it."""

    def __init__(self) -> None:
        self.cards: list[OnAir] = []
        self.port = 0
        self.heard: list[str] = []
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.plug()

    @property
    def device(self) -> str:
        return f"udp:127.0.0.1:{self.port}"

    def plug(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        if self._socket and self._thread:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.sendto(b"END", ("127.0.0.1", self.port))
            self._thread.join(30.0)
            self._socket.close()
            self._socket = None

    def _serve(self, air: socket.socket) -> None:
        while (datagram := air.recvfrom(1024))[0] != b"END":
            text, sender = datagram
            self.heard.append(text.decode())
            technology, _, data = text.decode().partition(" ")
            for card in list(self.cards):
                if technology == "RFOFF":
                    card.field_off()
                if card.technology == technology:
                    answer = card.frame(bytes.fromhex(data))
                    # Taken away meanwhile: nothing of it is heard any more.
                    if answer is not None and card in self.cards:
                        said = answer.hex() if card.noise is None else card.noise
                        air.sendto(f"{technology} {said}".strip().encode(), sender)


@pytest.fixture
def air() -> Iterator[Air]:
    made = Air()
    yield made
    made.unplug()


@pytest.fixture
def on_air() -> type[OnAir]:
    return OnAir


@pytest.fixture
def model() -> type[ModelCard]:
    return ModelCard
