"""The whole dialogue with the city, played by a city of our own: what it may say, and what becomes of the session."""

from __future__ import annotations

import base64
import io
import json
import logging
import queue
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
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

import drivers.issuer
from drivers import envelope
from drivers.certificate import Limits
from drivers.issuer import CertificateIssuer, Pinned
from kiosk import effects as f
from kiosk import events as e
from kiosk.errors import IssuerUnavailable

NOW = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
NAME = "佐賀　花子"
FONT = Path(__file__).parents[2] / "screens" / "fonts" / "BIZUDPGothic-Regular.ttf"
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
WISH = f.Wish("residence", "whole", frozenset({"domicile"}), 2, 300)


def certificate() -> bytes:
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


@pytest.fixture(scope="module")
def font() -> str:
    pdfmetrics.registerFont(TTFont("issuer-body", str(FONT)))
    return "issuer-body"


def document(font: str, serial: str, reference: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(210 * mm, 297 * mm), initialFontName=font, invariant=1)
    for side in (1, 2):
        canvas.setFont(font, 8)
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
    """Centre and city in one, behind the line; `change` alters the next head, `swap` its documents."""

    def __init__(self, font: str) -> None:
        self.font = font
        self.sign = Ed25519PrivateKey.generate()
        kem, dh = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        self.private = hpke.MLKEM768X25519PrivateKey(kem, dh)
        self.hpke = kem.public_key().public_bytes_raw() + dh.public_key().public_bytes_raw()
        self.sessions: list[tuple[str, bytes]] = []
        self.payloads: list[dict[str, Any]] = []
        self.wire: list[Mapping[str, Any]] = []
        self.change: dict[str, Any] = {}
        self.swap: Callable[[tuple[bytes, ...]], tuple[bytes, ...]] = lambda documents: documents
        self.replay: Mapping[str, Any] | None = None
        self.nonce = b""
        self.card = b""

    def health(self) -> Mapping[str, Any]:
        return {"city": "ok"}

    def close(self) -> None:
        """Nothing to close."""

    def post(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.wire.append(body)
        who = envelope.Identity(bytes.fromhex(body["session"]), body["terminal"], body["municipality"])
        if step == "open":
            return self.opened(who, base64.b64decode(body["public_key"]))
        sealed = base64.b64decode(body["sealed"])
        plain = SUITE.decrypt(sealed, self.private, info=envelope.request_info(who, step, body["seq"]))
        self.payloads.append(json.loads(envelope.split(plain[: 4 + int.from_bytes(plain[:4], "big")])[0]))
        if self.replay is not None:
            return self.replay
        return self.answer(who, step, body["seq"], sealed)

    def opened(self, who: envelope.Identity, public_key: bytes) -> Mapping[str, Any]:
        self.sessions.append((who.session.hex(), public_key))
        self.nonce, at = bytes([len(self.sessions)]) * 32, "2026-11-24T01:24:00Z"
        signature = self.sign.sign(envelope.open_signed(who, public_key, self.nonce, at))
        return {
            "v": 1, "session": who.session.hex(), "seq": 0, "at": at,
            "nonce": base64.b64encode(self.nonce).decode(), "signature": base64.b64encode(signature).decode(),
        }  # fmt: skip

    def answer(self, who: envelope.Identity, step: str, seq: int, sealed: bytes) -> Mapping[str, Any]:
        if step == "authenticate":
            self.card = base64.b64decode(self.payloads[-1]["certificate"])
        subject = envelope.commitment(who, self.nonce, self.card)
        head: dict[str, Any] = {
            "v": 1, "session": who.session.hex(), "terminal": who.terminal, "seq": seq, "subject": subject.hex(),
            "request": sha256(sealed).hexdigest(), "at": "2026-11-24T01:24:00Z", "result": "ok",
        }  # fmt: skip
        documents: tuple[bytes, ...] = ()
        if step == "authenticate":
            head["offers"] = ["residence", "一般旅券"]
        else:
            reference = envelope.reference_of(bytes.fromhex(self.change.get("subject", subject.hex())))
            serials = ("A" * 10, "B" * 10)
            documents = tuple(document(self.font, serial, reference) for serial in serials)
            head |= {
                "kind": "residence", "household": "whole", "items": ["domicile"], "name": NAME,
                "municipality": who.municipality,
                "copies": [manifest_entry(pdf, serial) for pdf, serial in zip(documents, serials, strict=True)],
            }  # fmt: skip
            documents = self.swap(documents)
        signer = self.change.pop("signer", self.sign)
        blob = json.dumps(head | self.change).encode()
        signature = signer.sign(envelope.answer_signed(step, blob))
        plain = envelope.padded(b"".join(map(envelope.lp, (blob, signature, *documents))), 16384)
        info = envelope.answer_info(who, step, seq, sealed)
        opened = SUITE.encrypt(plain, envelope.city_key(self.sessions[-1][1]), info=info)
        return {"sealed": base64.b64encode(opened).decode()}


class Rig:
    """The driver in its thread, and somebody who orders and waits."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.answers: queue.SimpleQueue[e.Event] = queue.SimpleQueue()
        trust = Pinned(city.sign.public_key(), city.hpke)
        limits = Limits(10_000_000, 40)
        self.issuer = CertificateIssuer(self.line, trust, "SAGA-0007", "412015", self, limits, 120)
        self.card = certificate()
        self.number = 0

    def line(self) -> Any:
        return self.city

    def now(self) -> datetime:
        return NOW

    def put(self, event: e.Event) -> None:
        if not isinstance(event, e.DeviceOnline):
            self.answers.put(event)

    def wait(self) -> Any:
        return self.answers.get(timeout=20)

    def order(self, name: str, *arguments: Any) -> Any:
        self.number += 1
        getattr(self.issuer, name)(getattr(f, name.title().replace("_", ""))(self.number, *arguments))
        event = self.wait()
        assert event.order == self.number
        return event

    def open(self) -> Any:
        return self.order("open_session")

    def authenticate(self) -> Any:
        return self.order("authenticate", self.card, b"signature")

    def issue(self) -> Any:
        return self.order("issue", WISH)

    def erase(self) -> Any:
        self.issuer.erase(99)
        return self.wait()


@pytest.fixture
def rig(font: str) -> Iterator[Rig]:
    made = Rig(City(font))
    made.issuer.start(made.put)
    yield made
    made.issuer.close()


@pytest.fixture
def recognised(rig: Rig) -> Rig:
    assert isinstance(rig.open(), e.SessionOpened)
    assert isinstance(rig.authenticate(), e.Authenticated)
    return rig


def test_the_way_to_a_certificate(rig: Rig) -> None:
    opened = rig.open()
    session, public_key = rig.city.sessions[0]
    who = envelope.Identity(bytes.fromhex(session), "SAGA-0007", "412015")
    assert opened.challenge == envelope.card_message(who, public_key, rig.city.nonce)
    assert rig.authenticate().offers == ("residence",)
    facts = rig.issue().facts
    assert (facts.kind, facts.household, facts.items, len(facts.copies)) == ("residence", "whole", WISH.items, 2)
    assert facts.expected_reference == envelope.reference_of(envelope.commitment(who, rig.city.nonce, rig.card))
    assert all(copy.reference == facts.expected_reference for copy in facts.copies)
    assert rig.issuer.document(1) != rig.issuer.document(2)
    assert b"%PDF" in rig.issuer.document(2)[:8]


def test_the_city_is_asked_for_exactly_what_was_confirmed(recognised: Rig) -> None:
    recognised.issue()
    assert recognised.city.payloads[-1] == {
        "v": 1, "kind": "residence", "household": "whole", "items": ["domicile"], "copies": 2, "fee_yen": 300,
    }  # fmt: skip
    assert [body["seq"] for body in recognised.city.wire] == [0, 1, 2]


def test_the_centre_sees_who_asks_and_nothing_of_what(recognised: Rig) -> None:
    recognised.issue()
    for body in recognised.city.wire[1:]:
        assert set(body) == {"v", "session", "terminal", "municipality", "seq", "sealed"}
        plain_size = len(base64.b64decode(body["sealed"])) - 1120 - 16  # encapsulated key (1,120) and tag
        assert plain_size % envelope.REQUEST_PADDING == 0


def test_the_row_of_another_card_at_recognition_stops_the_line(rig: Rig) -> None:
    rig.open()
    rig.city.change = {"subject": "00" * 32}
    assert rig.authenticate() == e.IdentityMismatched(2, "subject")


@pytest.mark.parametrize(
    ("change", "what"),
    [({"subject": "00" * 32}, "subject"), ({"municipality": "131016"}, "municipality")],
)
def test_a_certificate_of_somebody_else_or_of_another_city_stops_the_line(
    recognised: Rig, change: dict[str, str], what: str
) -> None:
    """The page bears the other subject's own reference: only the session's own commitment can tell."""
    recognised.city.change = change
    assert recognised.issue() == e.IdentityMismatched(3, what)
    with pytest.raises(IssuerUnavailable):
        recognised.issuer.document(1)


def test_an_answer_signed_by_somebody_else_stops_the_line(recognised: Rig) -> None:
    recognised.city.change = {"signer": Ed25519PrivateKey.generate()}
    assert recognised.issue() == e.IdentityMismatched(3, "issue_signature")


def test_the_same_pages_in_other_bytes_stop_the_line(recognised: Rig) -> None:
    """What goes to the printer is what was signed, byte for byte, not only what the pages show."""
    recognised.city.swap = lambda documents: (documents[0] + b"\n% more", documents[1])
    assert recognised.issue() == e.IdentityMismatched(3, "digest")
    with pytest.raises(IssuerUnavailable):
        recognised.issuer.document(1)


def test_documents_in_another_order_than_listed_stop_the_line(recognised: Rig) -> None:
    recognised.city.swap = lambda documents: documents[::-1]
    assert recognised.issue() == e.IdentityMismatched(3, "digest")


def test_an_answer_of_an_earlier_session_cannot_be_opened_in_the_next(recognised: Rig) -> None:
    who = envelope.Identity(bytes.fromhex(recognised.city.sessions[0][0]), "SAGA-0007", "412015")
    kept = recognised.city.answer(who, "issue", 2, b"sealed request")
    recognised.open()
    recognised.authenticate()
    recognised.city.replay = kept
    assert recognised.issue() == e.IssuerFailed(5, "foreign_envelope")
    (one, first_key), (other, second_key) = recognised.city.sessions
    assert one != other
    assert first_key != second_key


def test_after_the_erase_the_key_is_dead_and_nothing_is_left(recognised: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[envelope.SessionKey] = []

    def key() -> envelope.SessionKey:
        made.append(envelope.SessionKey())
        return made[-1]

    monkeypatch.setattr(drivers.issuer, "SessionKey", key)
    recognised.open()
    recognised.authenticate()
    recognised.issue()
    assert recognised.issuer.document(1)
    erased = recognised.erase()
    assert (erased.part, erased.clean) == (e.Part.ISSUER, True)
    assert not made[0].alive
    with pytest.raises(IssuerUnavailable, match="document_gone"):
        recognised.issuer.document(1)
    assert recognised.issue() == e.IssuerFailed(recognised.number, "no_session")


def test_a_refusal_is_one_of_the_public_words_or_none(recognised: Rig) -> None:
    recognised.city.change = {"result": "certificate_revoked"}
    assert recognised.issue() == e.IssuerDeclined(3, "certificate_revoked")
    recognised.city.change = {"result": f"{NAME} は転出しています"}
    assert recognised.issue() == e.IssuerDeclined(4, "not_available")


def test_no_word_of_an_answer_reaches_a_log(
    recognised: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(head: Mapping[str, Any], *_rest: object) -> None:
        raise RuntimeError(str(head["name"]))

    monkeypatch.setattr(drivers.issuer, "read", broken)
    with caplog.at_level(logging.DEBUG):
        assert recognised.issue() == e.IssuerFailed(3, "garbled")
    assert "RuntimeError" in caplog.text
    assert NAME not in caplog.text
