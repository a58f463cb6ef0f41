"""The exact bytes of docs/protocol.md, and what becomes of an answer that is not for this session."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers import envelope as env
from kiosk.errors import IdentityMismatch, IssuerRefused, IssuerUnavailable

VECTORS = json.loads((Path(__file__).parents[1] / "transcripts" / "protocol.json").read_text())
INPUT = VECTORS["input"]
WHO = env.Identity(bytes.fromhex(INPUT["session"]), INPUT["terminal"], "412015")
NONCE = bytes.fromhex(INPUT["nonce"])
PUBLIC = bytes.fromhex(INPUT["public_key"])
SEALED = bytes.fromhex(INPUT["sealed_request"])
NOW = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def test_signed_bytes_of_open() -> None:
    assert env.open_signed(WHO, PUBLIC, NONCE, INPUT["at"]).hex() == VECTORS["open_signed"]


def test_message_for_the_card() -> None:
    assert env.card_message(WHO, PUBLIC, NONCE).hex() == VECTORS["card_message"]


@pytest.mark.parametrize("step", ["authenticate", "card", "pin", "household", "issue"])
def test_infos_and_signed_head(step: str) -> None:
    assert env.request_info(WHO, step, 1).hex() == VECTORS["request_info"][step]
    assert env.answer_info(WHO, step, 1, SEALED).hex() == VECTORS["answer_info"][step]
    assert env.answer_signed(step, INPUT["head"].encode()).hex() == VECTORS["answer_signed"][step]


def test_commitment_and_what_is_printed_of_it() -> None:
    subject = env.commitment_of(WHO, NONCE, bytes.fromhex(INPUT["issuer_name_der"]), INPUT["serial"])
    assert subject.hex() == VECTORS["commitment"]
    assert env.reference_of(subject) == VECTORS["reference"]


def test_commitment_of_a_juki_card() -> None:
    subject = env.commitment_of_juki(WHO, NONCE, bytes.fromhex(INPUT["juki_id"]))
    assert subject.hex() == VECTORS["juki_commitment"]
    assert env.reference_of(subject) == VECTORS["juki_reference"]


@pytest.mark.parametrize("step", ["card", "pin", "household", "issue"])
def test_what_is_sealed_for_a_step(city, step: str) -> None:
    payload = json.loads(INPUT["payloads"][step])
    if step == "pin":
        digits = bytearray(payload["pin"].encode())
        sealed = env.seal_pin(env.city_key(city.public), WHO, INPUT["seq"], digits)
    else:
        sealed = env.seal(env.city_key(city.public), WHO, step, INPUT["seq"], payload)
    plain = SUITE.decrypt(sealed, city.private, info=bytes.fromhex(VECTORS["request_info"][step]))
    assert sha256(plain).hexdigest() == VECTORS["padded_payloads_sha256"][step]


@pytest.mark.parametrize("digits", [b"", b"123", b"12345", b"12a4"])
def test_what_is_no_pin_is_not_sealed(city, digits: bytes) -> None:
    with pytest.raises(ValueError):
        env.seal_pin(env.city_key(city.public), WHO, 1, bytearray(digits))


def test_padding_hides_the_length() -> None:
    assert env.padded(INPUT["payload"].encode()).hex() == VECTORS["padded_request"]
    assert len(env.padded(b"x" * 1000)) == len(env.padded(b"")) == 1024


class City:
    """The far end, made here from the protocol's text."""

    def __init__(self) -> None:
        self.sign = Ed25519PrivateKey.generate()
        self.kem, self.dh = mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate()
        self.public = self.kem.public_key().public_bytes_raw() + self.dh.public_key().public_bytes_raw()
        self.private = hpke.MLKEM768X25519PrivateKey(self.kem, self.dh)

    def answer(self, to: env.SessionKey, asked: env.Asked, **changes: Any) -> bytes:
        head: dict[str, Any] = {
            "v": 1, "session": WHO.session.hex(), "terminal": WHO.terminal, "seq": asked.seq,
            "request": sha256(asked.sealed).hexdigest(), "at": "2026-11-24T01:24:00Z", "result": "ok",
        }  # fmt: skip
        info_of = changes.pop("info_of", asked)
        signer = changes.pop("signer", self.sign)
        documents = changes.pop("documents", ())
        raw = changes.pop("raw", None)
        head |= changes
        blob = raw or json.dumps(head).encode()
        signature = signer.sign(env.lp(b"certkiosk/1 " + asked.step.encode()) + env.lp(blob))
        payload = b"".join(map(env.lp, (blob, signature, *documents)))
        plain = env.padded(payload, 16384)
        info = env.answer_info(WHO, info_of.step, info_of.seq, info_of.sealed)
        return SUITE.encrypt(plain, env.city_key(to.public_bytes), info=info)


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def key() -> env.SessionKey:
    return env.SessionKey()


ASKED = env.Asked("issue", 2, b"sealed request")


def check(city: City, key: env.SessionKey, sealed: bytes, asked: env.Asked = ASKED, now: datetime = NOW) -> env.Answer:
    return env.check_answer(city.sign.public_key(), key, WHO, asked, sealed, now, 120)


def test_a_good_answer_opens(city, key) -> None:
    answer = check(city, key, city.answer(key, ASKED, documents=(b"%PDF one", b"%PDF two")))
    assert answer.documents == (b"%PDF one", b"%PDF two")
    assert "PDF" not in repr(answer)


def test_an_answer_for_another_session_cannot_be_opened(city, key) -> None:
    other = env.SessionKey()
    with pytest.raises(IssuerUnavailable, match="foreign_envelope"):
        check(city, key, city.answer(other, ASKED))


@pytest.mark.parametrize(
    "was_for",
    [replace(ASKED, seq=1), replace(ASKED, step="authenticate"), replace(ASKED, sealed=b"an earlier request")],
)
def test_a_late_or_reordered_answer_cannot_be_opened(city, key, was_for: env.Asked) -> None:
    with pytest.raises(IssuerUnavailable, match="foreign_envelope"):
        check(city, key, city.answer(key, ASKED, info_of=was_for))


def test_after_the_erase_nothing_can_be_opened(city, key) -> None:
    sealed = city.answer(key, ASKED)
    key.destroy()
    with pytest.raises(IssuerUnavailable, match="key_destroyed"):
        check(city, key, sealed)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"signer": Ed25519PrivateKey.generate()}, "issue_signature"),
        ({"session": "00" * 16}, "issue_session"),
        ({"terminal": "SAGA-0001"}, "issue_terminal"),
        ({"seq": 1}, "issue_seq"),
        ({"request": "00" * 32}, "issue_request"),
        ({"at": "2026-11-24T01:30:00Z"}, "time"),
        ({"at": "yesterday"}, "time"),
        ({"v": 2}, "issue_v"),
    ],
)
def test_an_opened_answer_that_contradicts_the_session_stops_the_line(city, key, changes, what) -> None:
    with pytest.raises(IdentityMismatch, match=what):
        check(city, key, city.answer(key, ASKED, **changes))


def test_a_signed_refusal_is_a_refusal(city, key) -> None:
    with pytest.raises(IssuerRefused) as refusal:
        check(city, key, city.answer(key, ASKED, result="not_registered"))
    assert refusal.value.reason == "not_registered"


@pytest.mark.parametrize("raw", [b"not json", b"[1, 2]"])
def test_signed_rubbish_ends_the_session(city, key, raw) -> None:
    with pytest.raises(IssuerUnavailable, match="garbled"):
        check(city, key, city.answer(key, ASKED, raw=raw))


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x00\x00\x05abc", b"\xff\xff\xff\xff"])
def test_fields_that_do_not_fit_are_refused(data: bytes) -> None:
    with pytest.raises(IssuerUnavailable, match="garbled"):
        env.split(data)


def open_answer(city: City, **changes: Any) -> dict[str, Any]:
    import base64

    at = changes.get("at", "2026-11-24T01:24:00Z")
    nonce = changes.get("nonce", NONCE)
    signature = city.sign.sign(env.open_signed(WHO, changes.get("key", PUBLIC), nonce, at))
    answer = {
        "v": 1, "session": WHO.session.hex(), "seq": 0, "nonce": base64.b64encode(nonce).decode(), "at": at,
        "signature": base64.b64encode(signature).decode(),
    }  # fmt: skip
    return answer | {name: value for name, value in changes.items() if name in answer and name != "nonce"}


def test_open_gives_the_nonce(city) -> None:
    assert env.check_open(city.sign.public_key(), WHO, PUBLIC, open_answer(city), NOW, 120) == NONCE


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"key": b"another key"}, "open_signature"),
        ({"session": "00" * 16}, "open_session"),
        ({"seq": 1}, "open_session"),
    ],
)
def test_open_for_another_session_stops_the_line(city, changes, what) -> None:
    with pytest.raises(IdentityMismatch, match=what):
        env.check_open(city.sign.public_key(), WHO, PUBLIC, open_answer(city, **changes), NOW, 120)


def test_an_old_nonce_is_refused(city) -> None:
    with pytest.raises(IdentityMismatch, match="time"):
        env.check_open(city.sign.public_key(), WHO, PUBLIC, open_answer(city), NOW + timedelta(minutes=3), 120)


def test_the_row_of_somebody_else_is_seen() -> None:
    subject = bytes.fromhex(VECTORS["commitment"])
    env.check_subject({"subject": subject.hex()}, subject)
    with pytest.raises(IdentityMismatch, match="subject"):
        env.check_subject({"subject": "00" * 32}, subject)


def test_the_request_is_for_the_city_alone(city) -> None:
    sealed = env.seal(env.city_key(city.public), WHO, "issue", 1, {"kind": "residence"})
    plain = SUITE.decrypt(sealed, city.private, info=env.request_info(WHO, "issue", 1))
    assert json.loads(env.split(plain[: 4 + int.from_bytes(plain[:4], "big")])[0]) == {"kind": "residence"}
    assert b"residence" not in sealed
