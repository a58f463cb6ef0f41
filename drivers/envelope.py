"""Sealing, opening and checking what passes between this terminal and the city (docs/protocol.md §3–§7).

Pure: bytes in, frozen facts out; no line, no clock, no file. Everything that contradicts the session raises
IdentityMismatch (the line stops, A7); what merely cannot be used raises IssuerUnavailable (the session ends).
Standards: HPKE (RFC 9180) with MLKEM768_X25519, HKDF-SHA-256, AES-256-GCM; Ed25519 (RFC 8032); HMAC (RFC 2104).
"""

from __future__ import annotations

import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.errors import IdentityMismatch, IssuerRefused, IssuerUnavailable
from kiosk.events import Member

PUBLIC_KEY_BYTES: Final = 1184 + 32
NONCE_BYTES: Final = 32
REQUEST_PADDING: Final = 1024
HANDLE_BYTES: Final = 16
"""Length of a Juki card's service id."""
PIN_DIGITS: Final = 4

_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PIN_HEAD: Final = b'{"v":1,"pin":"'
_PIN_TAIL: Final = b'"}'
_MEMBER_ID: Final = re.compile(r"[0-9a-f]{8}")


class PinWrong(IssuerRefused):
    """The city counted a wrong PIN (step `pin`). `tries_left`: 1..2."""

    def __init__(self, tries_left: int) -> None:
        super().__init__("pin_wrong")
        self.tries_left = tries_left


def lp(data: bytes) -> bytes:
    """Length (four bytes, big-endian), then the bytes."""
    return len(data).to_bytes(4, "big") + data


def split(data: bytes) -> list[bytes]:
    """The fields of a sequence of `lp`. Raises IssuerUnavailable when a length does not fit."""
    fields: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if at + 4 > len(data) or end > len(data):
            raise IssuerUnavailable("garbled")
        fields.append(data[at + 4 : end])
        at = end
    return fields


class SessionKey:
    """The key pair of one session; the private half lives here only, until `destroy`."""

    def __init__(self) -> None:
        kem, dh = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        self.public_bytes: Final = kem.public_key().public_bytes_raw() + dh.public_key().public_bytes_raw()
        self._private: hpke.MLKEM768X25519PrivateKey | None = hpke.MLKEM768X25519PrivateKey(kem, dh)

    def destroy(self) -> None:
        """Drop the private half: nothing sealed to it can be opened any more."""
        self._private = None

    @property
    def alive(self) -> bool:
        return self._private is not None

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """HPKE open. Raises IssuerUnavailable for anything sealed to another key, step, seq or request."""
        if self._private is None:
            raise IssuerUnavailable("key_destroyed")
        try:
            return _SUITE.decrypt(sealed, self._private, info=info)
        except (InvalidTag, ValueError):
            raise IssuerUnavailable("foreign_envelope") from None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks: this session on this terminal."""

    session: bytes
    """16 random bytes."""
    terminal: str
    municipality: str


def city_key(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    """The city's HPKE key from its 1,216 bytes (ML-KEM-768 ‖ X25519)."""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise ValueError(f"city-hpke.pub must be {PUBLIC_KEY_BYTES} bytes, not {len(raw)}")
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:1184]), x25519.X25519PublicKey.from_public_bytes(raw[1184:])
    )


# ---- the exact bytes --------------------------------------------------------------------------------------


def open_signed(who: Identity, public_key: bytes, nonce: bytes, at: str) -> bytes:
    """What the city signs in its answer to `open` (§3)."""
    fields = (who.session, sha256(public_key).digest(), nonce, who.terminal.encode(), at.encode())
    return lp(b"certkiosk/1 open") + b"".join(map(lp, fields))


def card_message(who: Identity, public_key: bytes, nonce: bytes) -> bytes:
    """What the card signs (§4)."""
    fields = (who.session, public_key, nonce, who.terminal.encode())
    return lp(b"certkiosk/1 card") + b"".join(map(lp, fields))


def request_info(who: Identity, step: str, seq: int) -> bytes:
    fields = (step.encode(), who.session, seq.to_bytes(4, "big"), who.terminal.encode())
    return lp(b"certkiosk/1 request") + b"".join(map(lp, fields))


def answer_info(who: Identity, step: str, seq: int, sealed_request: bytes) -> bytes:
    fields = (step.encode(), who.session, seq.to_bytes(4, "big"), sha256(sealed_request).digest())
    return lp(b"certkiosk/1 answer") + b"".join(map(lp, fields))


def answer_signed(step: str, head: bytes) -> bytes:
    return lp(b"certkiosk/1 " + step.encode()) + lp(head)


def padded(payload: bytes, multiple: int = REQUEST_PADDING) -> bytes:
    """`lp(payload)` and zero bytes up to a multiple, so that the length tells nothing (§1)."""
    field = lp(payload)
    return field + bytes(-len(field) % multiple)


def commitment(who: Identity, nonce: bytes, certificate_der: bytes) -> bytes:
    """The subject commitment of the card's certificate (§6), 32 bytes."""
    certificate = x509.load_der_x509_certificate(certificate_der)
    issuer = certificate.issuer.public_bytes()
    return commitment_of(who, nonce, issuer, certificate.serial_number)


def commitment_of(who: Identity, nonce: bytes, issuer_name_der: bytes, serial: int) -> bytes:
    serial_bytes = serial.to_bytes((serial.bit_length() + 7) // 8, "big")
    return _commitment(nonce, who.session, sha256(issuer_name_der).digest(), serial_bytes)


def commitment_of_juki(who: Identity, nonce: bytes, handle: bytes) -> bytes:
    """The subject commitment of a Juki card's service id (§6a), 32 bytes."""
    return _commitment(nonce, who.session, b"juki", handle)


def _commitment(nonce: bytes, *fields: bytes) -> bytes:
    return hmac.digest(nonce, lp(b"certkiosk/1 subject") + b"".join(map(lp, fields)), "sha256")


def reference_of(subject: bytes) -> str:
    """The printed form of a commitment: its first 10 bytes in base 32, `XXXX-XXXX-XXXX-XXXX` (§7)."""
    number = int.from_bytes(subject[:10], "big")
    letters = "".join(_BASE32[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


# ---- requests ---------------------------------------------------------------------------------------------


def seal(city: hpke.MLKEM768X25519PublicKey, who: Identity, step: str, seq: int, payload: Mapping[str, Any]) -> bytes:
    """One sealed request. What it holds is for the city alone; the centre sees only its padded length."""
    plain = padded(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode())
    return _SUITE.encrypt(plain, city, info=request_info(who, step, seq))


def seal_pin(city: hpke.MLKEM768X25519PublicKey, who: Identity, seq: int, digits: bytearray) -> bytes:
    """The request of step `pin` (§6a). Its plaintext lies in one buffer only, which is overwritten before returning.

    `digits`: four ASCII digits, left to the caller to wipe. Raises ValueError for anything else.
    """
    if len(digits) != PIN_DIGITS or not all(0x30 <= digit <= 0x39 for digit in digits):
        raise ValueError("a PIN has four digits")
    plain = bytearray(REQUEST_PADDING)
    try:
        at = 4
        for piece in (_PIN_HEAD, digits, _PIN_TAIL):
            # Byte by byte: a slice assignment could go through a copy of its own.
            for byte in piece:
                plain[at] = byte
                at += 1
        plain[:4] = (at - 4).to_bytes(4, "big")
        return _SUITE.encrypt(plain, city, info=request_info(who, "pin", seq))
    finally:
        for at in range(len(plain)):
            plain[at] = 0


# ---- answers ----------------------------------------------------------------------------------------------


def check_open(
    city: Ed25519PublicKey,
    who: Identity,
    public_key: bytes,
    answer: Mapping[str, Any],
    now: datetime,
    max_age_s: float,
) -> bytes:
    """The nonce of a signed answer to `open`. Raises IdentityMismatch or IssuerUnavailable."""
    nonce, signature, at = unbase64(answer.get("nonce")), unbase64(answer.get("signature")), str(answer.get("at"))
    if len(nonce) != NONCE_BYTES:
        raise IssuerUnavailable("garbled")
    _verify(city, signature, open_signed(who, public_key, nonce, at), "open_signature")
    if answer.get("session") != who.session.hex() or answer.get("seq") != 0:
        raise IdentityMismatch("open_session")
    _fresh(at, now, max_age_s)
    return nonce


@dataclass(frozen=True, slots=True)
class Answer:
    """An opened answer whose signature and common fields were checked. `head` holds the step's own fields."""

    head: Mapping[str, Any]
    documents: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Answer({len(self.documents)} documents)"


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that an answer must be for."""

    step: str
    seq: int
    sealed: bytes

    def __repr__(self) -> str:
        return f"Asked({self.step}, {self.seq})"


def check_answer(
    city: Ed25519PublicKey,
    key: SessionKey,
    who: Identity,
    asked: Asked,
    sealed: bytes,
    now: datetime,
    max_age_s: float,
) -> Answer:
    """Open, verify, compare with the session (§5). Raises IssuerUnavailable, IssuerRefused, IdentityMismatch."""
    plain = key.open(sealed, answer_info(who, asked.step, asked.seq, asked.sealed))
    fields = split(plain[4 : 4 + int.from_bytes(plain[:4], "big")])
    del plain  # ten copies are some megabytes, and each holder of them is as much again
    if len(fields) < 2:
        raise IssuerUnavailable("garbled")
    head_bytes, signature, *documents = fields
    _verify(city, signature, answer_signed(asked.step, head_bytes), f"{asked.step}_signature")
    head = _object(head_bytes)
    expected = {
        "v": 1,
        "session": who.session.hex(),
        "terminal": who.terminal,
        "seq": asked.seq,
        "request": sha256(asked.sealed).hexdigest(),
    }
    for name, value in expected.items():
        if head.get(name) != value:
            raise IdentityMismatch(f"{asked.step}_{name}")
    _fresh(str(head.get("at")), now, max_age_s)
    result = head.get("result")
    if result == "pin_wrong" and asked.step == "pin":
        raise PinWrong(_count(head.get("tries_left"), 2))
    if result != "ok":
        raise IssuerRefused(str(result))
    return Answer(head, tuple(documents))


def check_subject(head: Mapping[str, Any], subject: bytes) -> None:
    """The row that was read must be the one of the card on this reader (I-3). Raises IdentityMismatch."""
    if not hmac.compare_digest(str(head.get("subject")), subject.hex()):
        raise IdentityMismatch("subject")


def tries_left(head: Mapping[str, Any]) -> int:
    """Tries left of a Juki card's PIN, 1..3 (§6a). Raises IssuerUnavailable."""
    return _count(head.get("tries_left"), 3)


def _count(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise IssuerUnavailable("garbled")
    return value


def members(head: Mapping[str, Any]) -> tuple[Member, ...]:
    """The household in the order of the register (§6b).

    Raises IssuerUnavailable where it is not a list of members, IdentityMismatch where two have the same id or not
    exactly one is the holder: then nobody can tell who is meant.
    """
    listed = head.get("members")
    if not isinstance(listed, list) or not listed:
        raise IssuerUnavailable("garbled")
    found = tuple(_member(item) for item in listed)
    if len({member.member for member in found}) != len(found):
        raise IdentityMismatch("household_ids")
    if sum(member.holder for member in found) != 1:
        raise IdentityMismatch("household_holder")
    return found


def _member(item: object) -> Member:
    if not isinstance(item, dict):
        raise IssuerUnavailable("garbled")
    own, name, relationship, holder = (item.get(key) for key in ("id", "name", "relationship", "holder"))
    if not isinstance(own, str) or not isinstance(name, str) or not isinstance(relationship, str):
        raise IssuerUnavailable("garbled")
    if not isinstance(holder, bool) or not _MEMBER_ID.fullmatch(own) or not name.strip():
        raise IssuerUnavailable("garbled")
    return Member(own, name, relationship, holder)


def unbase64(text: object) -> bytes:
    """Strict base64. Raises IssuerUnavailable."""
    if not isinstance(text, str):
        raise IssuerUnavailable("garbled")
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise IssuerUnavailable("garbled") from None


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        raise IssuerUnavailable("garbled") from None
    if not isinstance(value, dict):
        raise IssuerUnavailable("garbled")
    return value


def _verify(city: Ed25519PublicKey, signature: bytes, message: bytes, what: str) -> None:
    try:
        city.verify(signature, message)
    except InvalidSignature:
        raise IdentityMismatch(what) from None


def _fresh(at: str, now: datetime, max_age_s: float) -> None:
    try:
        moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise IdentityMismatch("time") from None
    if abs((now - moment).total_seconds()) > max_age_s:
        raise IdentityMismatch("time")
