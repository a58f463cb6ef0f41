"""A terminal of the tests' own, written from docs/protocol.md, and the far end in this process.

Longer than 400 lines: the terminal speaks every step of the protocol, and fixtures can come from here only.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, padding, rsa, x25519
from cryptography.x509.oid import NameOID

from hardware_sim.centre.app import Centre
from hardware_sim.city.app import CityApp
from hardware_sim.city.register import Register, ResidentSummary
from hardware_sim.city.rules import Rules
from hardware_sim.city.service import CityService
from hardware_sim.tls import BenchPki

SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
NOW = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
TERMINAL = "saga-0002"
DEMO = "r001"


class HandClock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.instant = NOW
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.instant

    def boot(self) -> float:
        return self.seconds

    def acknowledge(self) -> None:
        """Nobody waits."""

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.seconds += seconds


class CardMaker:
    """An authentication CA; one RSA key serves all its cards, to be quick."""

    def __init__(self, common_name: str = "test CA") -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.card_key = rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        years = datetime(2015, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
        builder = self._builder(self.name, self.key, 1, *years)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, key: rsa.RSAPrivateKey, serial: int, first: datetime, last: datetime
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
        builder = builder.public_key(key.public_key()).serial_number(serial)
        return builder.not_valid_before(first).not_valid_after(last)

    def card(
        self,
        serial: int,
        *,
        first: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        last: datetime = datetime(2035, 1, 1, tzinfo=UTC),
        policy: str = "1.2.392.200149.8.5.1.0.30",
        signs: bool = True,
    ) -> bytes:
        """DER of a card's certificate."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "0123456789")])
        builder = self._builder(subject, self.card_key, serial, first, last)
        usage = x509.KeyUsage(signs, False, not signs, False, False, False, False, False, False)
        builder = builder.add_extension(usage, critical=True)
        information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
        builder = builder.add_extension(x509.CertificatePolicies([information]), critical=True)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def lp(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def take(data: bytes) -> list[bytes]:
    """Every lp in ``data``."""
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        assert len(data) >= 4 + size
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Answer:
    """What an opened answer held."""

    head: dict[str, Any]
    documents: list[bytes]
    signed: bool
    sealed_size: int
    body: bytes = field(repr=False)


class Terminal:
    """One session of a terminal. ``post`` sends a body to a path and gives (status, body)."""

    def __init__(
        self,
        post: Callable[[str, bytes], tuple[int, bytes]],
        credentials: Path,
        cards: CardMaker,
        terminal: str = TERMINAL,
        municipality: str = "saga",
    ) -> None:
        self.post, self.cards, self.terminal, self.municipality = post, cards, terminal, municipality
        self.session = secrets.token_bytes(16)
        lattice, curve = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        self.key = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        raw = (credentials / "city-hpke.pub").read_bytes()
        self.city_key = hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(raw[:1184]), x25519.X25519PublicKey.from_public_bytes(raw[1184:])
        )
        loaded = serialization.load_pem_public_key((credentials / "city-sign.pub").read_bytes())
        assert isinstance(loaded, ed25519.Ed25519PublicKey)
        self.city_sign = loaded
        self.nonce = b""
        self.seq = 0

    def signed(self, signature: bytes, text: bytes) -> bool:
        try:
            self.city_sign.verify(signature, text)
        except Exception:
            return False
        return True

    def open_body(self, **changes: object) -> bytes:
        message: dict[str, object] = {"v": 1, "session": self.session.hex(), "terminal": self.terminal}
        message |= {"municipality": self.municipality, "seq": 0, "public_key": b64(self.public), **changes}
        return json.dumps(message).encode()

    def open(self) -> dict[str, Any]:
        status, body = self.post("open", self.open_body())
        assert status == 200, body
        answer = json.loads(body)
        self.nonce = base64.b64decode(answer["nonce"])
        public = hashlib.sha256(self.public).digest()
        text = lp(b"certkiosk/1 open", self.session, public, self.nonce, self.terminal.encode(), answer["at"].encode())
        answer["signed"] = self.signed(base64.b64decode(answer["signature"]), text)
        return dict(answer)

    def card_request(self, certificate: bytes, **changes: object) -> dict[str, object]:
        message = lp(b"certkiosk/1 card", self.session, self.public, self.nonce, self.terminal.encode())
        signature = self.cards.card_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {"v": 1, "certificate": b64(certificate), "signature": b64(signature), **changes}

    def seal(self, step: str, seq: int, plain: bytes) -> bytes:
        info = lp(b"certkiosk/1 request", step.encode(), self.session, seq.to_bytes(4, "big"), self.terminal.encode())
        return SUITE.encrypt(plain, self.city_key, info=info)

    def sealed_body(self, sealed: bytes, seq: int, **changes: object) -> bytes:
        message: dict[str, object] = {"v": 1, "session": self.session.hex(), "terminal": self.terminal}
        message |= {"municipality": self.municipality, "seq": seq, "sealed": b64(sealed), **changes}
        return json.dumps(message).encode()

    def request(self, step: str, payload: dict[str, object] | bytes) -> tuple[bytes, bytes]:
        """(body, sealed) of the next request."""
        self.seq += 1
        text = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        plain = lp(text)
        sealed = self.seal(step, self.seq, plain + bytes(-len(plain) % 1024))
        return self.sealed_body(sealed, self.seq), sealed

    def opened(self, step: str, sealed_request: bytes, body: bytes) -> Answer:
        """Open an answer; raises when it cannot be."""
        outer = json.loads(body)
        assert outer["session"] == self.session.hex()
        assert outer["seq"] == self.seq
        sealed = base64.b64decode(outer["sealed"])
        digest = hashlib.sha256(sealed_request).digest()
        info = lp(b"certkiosk/1 answer", step.encode(), self.session, self.seq.to_bytes(4, "big"), digest)
        plain = SUITE.decrypt(sealed, self.key, info=info)
        size = int.from_bytes(plain[:4], "big")
        assert not plain[4 + size :].strip(b"\0")
        assert len(plain) % 16384 == 0
        head, signature, *documents = take(plain[4 : 4 + size])
        signed = self.signed(signature, lp(b"certkiosk/1 " + step.encode(), head))
        found = json.loads(head)
        assert found["v"] == 1
        assert found["session"] == self.session.hex()
        assert found["terminal"] == self.terminal
        assert found["seq"] == self.seq
        assert found["request"] == digest.hex()
        return Answer(found, documents, signed, len(sealed), body)

    def ask(self, step: str, payload: dict[str, object] | bytes) -> Answer:
        body, sealed = self.request(step, payload)
        status, answer = self.post(step, body)
        assert status == 200, answer
        return self.opened(step, sealed, answer)

    def authenticate(self, certificate: bytes) -> Answer:
        return self.ask("authenticate", self.card_request(certificate))

    @staticmethod
    def wish(**changes: object) -> dict[str, object]:
        residence = changes.get("kind", "residence") == "residence"
        items = ["domicile", "head_and_relationship"] if residence else []
        wish: dict[str, object] = {"v": 1, "kind": "residence", "household": "whole" if residence else ""}
        wish |= {"members": [], "items": items, "copies": 1, "fee_yen": 300, "fee_day": "2026-11-24"}
        return {**wish, **changes}

    def card(self, resident: ResidentSummary, home: str = "412015") -> Answer:
        """The step of a Juki card."""
        return self.ask("card", {"v": 1, "home": home, "id": resident.juki_id})

    def pin(self, pin: str = "1234") -> Answer:
        return self.ask("pin", {"v": 1, "pin": pin})

    def juki_commitment(self, resident: ResidentSummary) -> bytes:
        text = lp(b"certkiosk/1 subject", self.session, b"juki", bytes.fromhex(resident.juki_id))
        return hmac.new(self.nonce, text, hashlib.sha256).digest()

    def commitment(self, serial: int) -> bytes:
        issuer = hashlib.sha256(self.cards.name.public_bytes()).digest()
        size = (serial.bit_length() + 7) // 8
        text = lp(b"certkiosk/1 subject", self.session, issuer, serial.to_bytes(size, "big"))
        return hmac.new(self.nonce, text, hashlib.sha256).digest()


class FarEnd:
    """Centre and city in this process, joined without sockets."""

    def __init__(self, directory: Path, pki: BenchPki, cards: CardMaker, rules: Rules, built: Path) -> None:
        self.cards = cards
        self.clock = HandClock()
        self.pki = pki
        self.credentials = self.pki.fill_credentials(TERMINAL, directory / "credentials")
        self.register = Register(Path(shutil.copy(built, directory / "register.db")))
        self.tile: bytes | None = None
        self.service = CityService(
            self.pki.city_keys(),
            self.register,
            [cards.certificate],
            self.clock,
            rules=rules,
            tile=lambda: self.tile,
        )
        self.centre_certificate = self.pki.path("centre-client")[1].read_text()
        self.city = CityApp(self.service, x509.load_pem_x509_certificate(self.centre_certificate.encode()))
        way = httpx.ASGITransport(with_peer(self.city.app, self.centre_certificate), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=way, base_url="https://city")
        self.centre = Centre([TERMINAL, "saga-0003"], {"saga": client}, self.clock)

    def send(
        self, method: str, path: str, body: bytes = b"", terminal: str | None = TERMINAL, **headers: str
    ) -> httpx.Response:
        """A request to the centre by the terminal with this certificate."""
        pem = self.pki.terminal(terminal)[1].read_text() if terminal else None
        return _send(with_peer(self.centre.app, pem), method, path, body, headers)

    def send_city(
        self, method: str, path: str, body: bytes = b"", pem: str | None = None, **headers: str
    ) -> httpx.Response:
        """A request straight to the city; by default as the centre."""
        return _send(with_peer(self.city.app, pem or self.centre_certificate), method, path, body, headers)

    def post(self, step: str, body: bytes) -> tuple[int, bytes]:
        reply = self.send("POST", f"/v1/{step}", body)
        return reply.status_code, reply.content

    def terminal(self, terminal: str = TERMINAL) -> Terminal:
        def post(step: str, body: bytes) -> tuple[int, bytes]:
            reply = self.send("POST", f"/v1/{step}", body, terminal)
            return reply.status_code, reply.content

        return Terminal(post, self.credentials, self.cards, terminal)

    def serial(self, person: str) -> int:
        return self.resident(person).card_serial

    def resident(self, person: str) -> ResidentSummary:
        return next(one for one in self.register.residents() if one.id == person)

    def tapped(self, person: str = DEMO, terminal: str = TERMINAL) -> Terminal:
        """A terminal on which this resident has laid their Juki card."""
        here = self.terminal(terminal)
        here.open()
        assert here.card(self.resident(person)).head["result"] == "ok"
        return here

    def identified(self, person: str = DEMO) -> Terminal:
        """A terminal that has authenticated this resident."""
        terminal = self.terminal()
        terminal.open()
        answer = terminal.authenticate(self.cards.card(self.serial(person)))
        assert answer.head["result"] == "ok"
        return terminal


def with_peer(app: Any, pem: str | None) -> Any:
    """``app`` as a server with mutual TLS calls it (ASGI TLS extension)."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "extensions": {"tls": {"client_cert_chain": [pem] if pem else []}}}, receive, send)

    return called


def _send(app: Any, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="https://centre") as client:
            kind = {"Content-Type": "application/json"} if body else {}
            return await client.request(method, path, content=body, headers={**kind, **headers})

    return asyncio.run(go())


@pytest.fixture(scope="session")
def cards() -> CardMaker:
    return CardMaker()


@pytest.fixture(scope="session")
def other_cards() -> CardMaker:
    """Another authority of the same name."""
    return CardMaker()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> BenchPki:
    return BenchPki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, cards: CardMaker) -> Path:
    """A register for these cards, to be copied."""
    path = tmp_path_factory.mktemp("register") / "register.db"
    Register.build(path, cards.name.public_bytes())
    return path


@pytest.fixture
def far(tmp_path: Path, pki: BenchPki, cards: CardMaker, built: Path) -> FarEnd:
    return FarEnd(tmp_path, pki, cards, Rules(), built)


@pytest.fixture
def far_with(tmp_path: Path, pki: BenchPki, cards: CardMaker, built: Path) -> Callable[[Rules], FarEnd]:
    return lambda rules: FarEnd(tmp_path, pki, cards, rules, built)


@pytest.fixture
def terminal_class() -> type[Terminal]:
    return Terminal


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "transcripts" / "protocol.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture
def register(tmp_path: Path, built_alone: Path) -> Register:
    return Register(Path(shutil.copy(built_alone, tmp_path / "alone.db")))


@pytest.fixture(scope="session")
def built_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alone") / "register.db"
    Register.build(path, b"issuer")
    return path


BOXES = {"name": (20, 98), "reference": (100, 142), "serial": (144, 172), "page": (174, 196)}


@pytest.fixture
def pages() -> Callable[[bytes], list[dict[str, str]]]:
    """What pdfium reads in the control boxes (docs/protocol.md §7) of every side."""

    def read(pdf: bytes) -> list[dict[str, str]]:
        document = pypdfium2.PdfDocument(pdf)
        found = []
        for page in document:
            text = page.get_textpage()
            scale = 72 / 25.4
            found.append(
                {
                    box: text.get_text_bounded(left * scale, 7 * scale, right * scale, 13 * scale)
                    for box, (left, right) in BOXES.items()
                }
            )
            text.close()
            page.close()
        document.close()
        return found

    return read
