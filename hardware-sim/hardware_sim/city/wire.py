"""Byte strings of docs/protocol.md, as the city makes and reads them. No I/O, no state."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
SEAL_OVERHEAD = 1088 + 32 + 16
"""Encapsulated key and authentication tag, bytes."""
REQUEST_UNIT, ANSWER_UNIT = 1024, 16384
NONCE_BYTES = 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of references and serial numbers of issue (Crockford): no I, L, O, U."""


class WireError(ValueError):
    """What came is not what the protocol says. The text names the rule and never repeats what came."""


def lp(data: bytes) -> bytes:
    """Length as four bytes, big-endian, then the data."""
    return len(data).to_bytes(4, "big") + data


def lp_int(number: int) -> bytes:
    """An integer inside ``lp``: four bytes, big-endian."""
    return lp(number.to_bytes(4, "big"))


def split(data: bytes) -> tuple[bytes, bytes]:
    """One ``lp`` off the front: (content, rest)."""
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        raise WireError("a length runs past the end")
    return data[4 : 4 + size], data[4 + size :]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- JSON and its encodings ---


def read_object(data: bytes, keys: Iterable[str]) -> dict[str, Any]:
    """A JSON object with exactly these keys, ``v`` being 1."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise WireError("a key is there twice")
        return found

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except WireError:
        raise
    except (ValueError, RecursionError):
        raise WireError("not a JSON text in UTF-8") from None
    if not isinstance(value, dict) or set(value) != set(keys):
        raise WireError("not an object with the keys of this message")
    if type(value["v"]) is not int or value["v"] != 1:
        raise WireError("v must be 1")
    return value


def write_object(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def text_of(value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise WireError("a text is not of its form")
    return value


def int_of(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise WireError("a number is out of its range")
    return value


def hex_of(value: object, size: int) -> bytes:
    return bytes.fromhex(text_of(value, f"[0-9a-f]{{{2 * size}}}"))


def b64_of(value: object) -> bytes:
    """Base64 with padding (RFC 4648 §4), in its one canonical form."""
    if not isinstance(value, str):
        raise WireError("base64 must be a text")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise WireError("not base64") from None
    if b64(data) != value:
        raise WireError("not base64 in its canonical form")
    return data


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def time_text(instant: datetime) -> str:
    """RFC 3339, UTC, whole seconds, ``Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what is signed, what is bound (§3 to §6) ---


def open_signed(session: bytes, public_key: bytes, nonce: bytes, terminal: str, at: str) -> bytes:
    parts = (b"certkiosk/1 open", session, sha256(public_key), nonce, terminal.encode(), at.encode())
    return b"".join(lp(part) for part in parts)


def card_message(session: bytes, public_key: bytes, nonce: bytes, terminal: str) -> bytes:
    """M, what the card signs."""
    return b"".join(lp(part) for part in (b"certkiosk/1 card", session, public_key, nonce, terminal.encode()))


def request_info(step: str, session: bytes, seq: int, terminal: str) -> bytes:
    head = lp(b"certkiosk/1 request") + lp(step.encode()) + lp(session)
    return head + lp_int(seq) + lp(terminal.encode())


def answer_info(step: str, session: bytes, seq: int, sealed_request: bytes) -> bytes:
    head = lp(b"certkiosk/1 answer") + lp(step.encode()) + lp(session)
    return head + lp_int(seq) + lp(sha256(sealed_request))


def answer_signed(step: str, head: bytes) -> bytes:
    return lp(b"certkiosk/1 " + step.encode()) + lp(head)


def answer_payload(head: bytes, signature: bytes, documents: Iterable[bytes] = ()) -> bytes:
    return lp(head) + lp(signature) + b"".join(lp(document) for document in documents)


def pad(payload: bytes, unit: int) -> bytes:
    """``lp(payload)`` and zero bytes up to a multiple of ``unit``."""
    plain = lp(payload)
    return plain + bytes(-len(plain) % unit)


def unpad(plain: bytes, unit: int) -> bytes:
    payload, rest = split(plain)
    if len(plain) % unit or len(rest) >= unit or rest.strip(b"\0"):
        raise WireError("the padding is wrong")
    return payload


def open_request(sealed: bytes, key: MLKEM768X25519PrivateKey, info: bytes) -> bytes:
    """The payload of a sealed request."""
    try:
        plain = SUITE.decrypt(sealed, key, info=info)
    except (InvalidTag, ValueError):
        raise WireError("the request cannot be opened") from None
    return unpad(plain, REQUEST_UNIT)


def seal_answer(payload: bytes, key: MLKEM768X25519PublicKey, info: bytes) -> bytes:
    return SUITE.encrypt(pad(payload, ANSWER_UNIT), key, info=info)


# --- the subject ---


def serial_bytes(serial: int) -> bytes:
    """Unsigned, big-endian, without leading zeros."""
    return serial.to_bytes((serial.bit_length() + 7) // 8, "big")


def commitment(nonce: bytes, session: bytes, issuer_hash: bytes, serial: bytes) -> bytes:
    """C (§6). ``issuer_hash`` is SHA-256 of the DER of the issuer name."""
    parts = (b"certkiosk/1 subject", session, issuer_hash, serial)
    return hmac.new(nonce, b"".join(lp(part) for part in parts), hashlib.sha256).digest()


def juki_commitment(nonce: bytes, session: bytes, juki_id: bytes) -> bytes:
    """C of a Juki card (§6a): its service id of 16 bytes in place of issuer and serial number."""
    return commitment(nonce, session, b"juki", juki_id)


def reference(subject: bytes) -> str:
    """``XXXX-XXXX-XXXX-XXXX``, the first 80 bits of C in base 32."""
    bits = int.from_bytes(subject[:10], "big")
    letters = "".join(ALPHABET[bits >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def page_digest(streams: Iterable[bytes]) -> bytes:
    """SHA-256 of a page's decoded content streams, joined by one line feed (ISO 32000-1 §7.8.2)."""
    return sha256(b"\n".join(streams))
