"""A city of our own behind the line, made from the text of docs/protocol.md, and somebody who orders and waits."""

from __future__ import annotations

import base64
import functools
import io
import json
import queue
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drivers import envelope
from drivers.certificate import Limits
from drivers.issuer import CertificateIssuer, Pinned
from kiosk import effects as f
from kiosk import events as e
from kiosk.secret import Pin

NOW = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
NAME = "佐賀　花子"
FONT = Path(__file__).parents[2] / "screens" / "fonts" / "BIZUDPGothic-Regular.ttf"
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
WISH = f.Wish("residence", "part", frozenset({"domicile"}), 2, 300, frozenset({"0a1b2c3d"}), date(2026, 11, 24))
HANDLE = bytes(range(16))
HOUSEHOLD = [
    {"id": "0a1b2c3d", "name": NAME, "relationship": "世帯主", "holder": True},
    {"id": "99887766", "name": "佐賀　太郎", "relationship": "夫", "holder": False},
]
MY_NUMBER = ("open", "authenticate", "household", "issue")
JUKI = ("open", "card", "pin", "household", "issue")


@functools.cache
def card_certificate() -> bytes:
    """A card's certificate as far as the commitment needs one: issuer and serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test card CA")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def document(serial: str, reference: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(210 * mm, 297 * mm), initialFontName="issuer-body", invariant=1)
    for side in (1, 2):
        canvas.setFont("issuer-body", 8)
        canvas.drawString(30 * mm, 200 * mm, f"copy {serial} side {side}")
        for x, text in ((21, NAME), (101, reference), (145, serial), (175, f"{side}/2")):
            canvas.drawString(x * mm, 9 * mm, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def manifest_entry(pdf: bytes, serial: str) -> dict[str, Any]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        contents = [page.obj.Contents for page in opened.pages]
        streams = [list(c) if isinstance(c, pikepdf.Array) else [c] for c in contents]
        pages = [sha256(b"\n".join(s.read_bytes() for s in page)).hexdigest() for page in streams]
    return {"serial": serial, "bytes": len(pdf), "sha256": sha256(pdf).hexdigest(), "pages": pages}


class City:
    """Centre and city in one. What is set here spoils the answer to the step it names, once it comes to that.

    `change` alters the head (any step when `at` is empty), `signer` signs instead, `blob` stands in place of the
    head's JSON, `swap` alters the documents, `sealed_for` the (step, seq, request, public key) an answer is for,
    `wire` what goes back over the line.
    """

    sign = Ed25519PrivateKey.generate()
    kem, dh = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
    private = hpke.MLKEM768X25519PrivateKey(kem, dh)
    hpke = kem.public_key().public_bytes_raw() + dh.public_key().public_bytes_raw()

    def __init__(self) -> None:
        self.sessions: list[tuple[str, bytes]] = []
        self.payloads: list[dict[str, Any]] = []
        self.requests: list[Mapping[str, Any]] = []
        self.answers: list[Mapping[str, Any]] = []
        self.nonce = b""
        self.subject = b""
        self.at = ""
        self.change: dict[str, Any] = {}
        self.signer: Ed25519PrivateKey | None = None
        self.blob: bytes | None = None
        self.swap: Callable[[tuple[bytes, ...]], tuple[bytes, ...]] | None = None
        self.sealed_for: Callable[[str, int, bytes, bytes], tuple[str, int, bytes, bytes]] | None = None
        self.wire: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None

    def health(self) -> Mapping[str, Any]:
        return {"city": "ok"}

    def close(self) -> None:
        """Nothing to close."""

    def post(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.requests.append(body)
        now = self.at in ("", step)
        who = envelope.Identity(bytes.fromhex(body["session"]), body["terminal"], body["municipality"])
        if step == "open":
            answer = self._opened(who, base64.b64decode(body["public_key"]), now)
        else:
            answer = self._answered(who, step, body["seq"], base64.b64decode(body["sealed"]), now)
        if now and self.wire is not None:
            answer = self.wire(answer)
        self.answers.append(answer)
        return answer

    def _opened(self, who: envelope.Identity, public_key: bytes, now: bool) -> Mapping[str, Any]:
        self.sessions.append((who.session.hex(), public_key))
        self.nonce = bytes([len(self.sessions)]) * 32
        change = self.change if now else {}
        at = change.get("at", "2026-11-24T01:24:00Z")
        signer = (self.signer if now else None) or self.sign
        signature = signer.sign(envelope.open_signed(who, public_key, self.nonce, at))
        return {
            "v": 1, "session": who.session.hex(), "seq": 0, "at": at,
            "nonce": base64.b64encode(self.nonce).decode(), "signature": base64.b64encode(signature).decode(),
        } | change  # fmt: skip

    def _answered(self, who: envelope.Identity, step: str, seq: int, sealed: bytes, now: bool) -> Mapping[str, Any]:
        plain = SUITE.decrypt(sealed, self.private, info=envelope.request_info(who, step, seq))
        payload = json.loads(plain[4 : 4 + int.from_bytes(plain[:4], "big")])
        assert not any(plain[4 + int.from_bytes(plain[:4], "big") :])
        assert len(plain) == 1024
        self.payloads.append(payload)
        change = self.change if now else {}
        if step == "authenticate":
            self.subject = envelope.commitment(who, self.nonce, base64.b64decode(payload["certificate"]))
        elif step == "card":
            self.subject = envelope.commitment_of_juki(who, self.nonce, bytes.fromhex(payload["id"]))
        head: dict[str, Any] = {
            "v": 1, "session": who.session.hex(), "terminal": who.terminal, "seq": seq,
            "request": sha256(sealed).hexdigest(), "at": "2026-11-24T01:24:00Z", "result": "ok",
        }  # fmt: skip
        documents: tuple[bytes, ...] = ()
        if step == "card":
            head |= {"offers": ["residence", "seal"], "tries_left": 3}
        else:
            head["subject"] = self.subject.hex()
        if step in ("authenticate", "pin"):
            head["offers"] = ["residence", "一般旅券"]
        elif step == "household":
            head["members"] = HOUSEHOLD
        elif step == "issue":
            reference = envelope.reference_of(bytes.fromhex(change.get("subject", self.subject.hex())))
            serials = ("A" * 10, "B" * 10)[: payload["copies"]]
            documents = tuple(document(serial, reference) for serial in serials)
            head |= {name: payload[name] for name in ("kind", "household", "members", "items")}
            head |= {"name": NAME, "municipality": who.municipality}
            head["copies"] = [manifest_entry(pdf, serial) for pdf, serial in zip(documents, serials, strict=True)]
            documents = self.swap(documents) if now and self.swap else documents
        blob = (self.blob if now else None) or json.dumps(head | change).encode()
        signature = ((self.signer if now else None) or self.sign).sign(envelope.answer_signed(step, blob))
        plain = envelope.padded(b"".join(map(envelope.lp, (blob, signature, *documents))), 16384)
        facts = (step, seq, sealed, self.sessions[-1][1])
        to_step, to_seq, to_request, key = self.sealed_for(*facts) if now and self.sealed_for else facts
        info = envelope.answer_info(who, to_step, to_seq, to_request)
        opened = SUITE.encrypt(plain, envelope.city_key(key), info=info)
        return {"sealed": base64.b64encode(opened).decode()}


class Rig:
    """The driver in its thread, and somebody who orders and waits."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.line: Callable[[], Any] = lambda: city
        self.answers: queue.SimpleQueue[e.Event] = queue.SimpleQueue()
        trust = Pinned(city.sign.public_key(), city.hpke)
        limits = Limits(10_000_000, 40)
        self.issuer = CertificateIssuer(lambda: self.line(), trust, "SAGA-0007", "412015", self, limits, 120)
        self.card = card_certificate()
        self.pin = Pin()
        self.number = 0

    def now(self) -> datetime:
        return NOW

    def put(self, event: e.Event) -> None:
        if not isinstance(event, e.DeviceOnline):
            self.answers.put(event)

    def wait(self) -> Any:
        return self.answers.get(timeout=30)

    def typed(self, digits: str = "5937") -> Pin:
        self.pin = Pin()
        for digit in digits:
            self.pin.push(int(digit))
        return self.pin

    def step(self, name: str, wish: f.Wish = WISH) -> Any:
        """Order one step of docs/protocol.md and return its answer."""
        self.number += 1
        number, issuer = self.number, self.issuer
        match name:
            case "open":
                issuer.open_session(f.OpenSession(number))
            case "authenticate":
                issuer.authenticate(f.Authenticate(number, self.card, b"signature"))
            case "card":
                issuer.recognise_card(f.RecogniseCard(number, HANDLE, "412015"))
            case "pin":
                issuer.check_pin(f.CheckPin(number, self.typed()))
            case "household":
                issuer.list_household(f.ListHousehold(number))
            case "issue":
                issuer.issue(f.Issue(number, wish))
        event = self.wait()
        assert event.order == number
        return event

    def until(self, step: str, road: tuple[str, ...] | None = None) -> Rig:
        """Everything before `step`, answered well."""
        road = road or (MY_NUMBER if step in MY_NUMBER else JUKI)
        for name in road[: road.index(step)]:
            event = self.step(name)
            assert not isinstance(event, e.IssuerFailed | e.IssuerDeclined | e.IdentityMismatched), event
        return self

    def erase(self) -> Any:
        self.issuer.erase(99)
        return self.wait()

    def silent(self) -> bool:
        """Nobody was answered twice: after everything before it, the erase is the only answer there is."""
        return isinstance(self.erase(), e.Erased) and self.answers.empty()


@pytest.fixture(scope="session", autouse=True)
def font() -> None:
    pdfmetrics.registerFont(TTFont("issuer-body", str(FONT)))


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig(City())
    made.issuer.start(made.put)
    yield made
    made.issuer.close()


@pytest.fixture
def household() -> list[dict[str, Any]]:
    return [dict(member) for member in HOUSEHOLD]


@pytest.fixture(scope="session")
def certificate() -> bytes:
    return card_certificate()
