"""The byte strings of the protocol, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from hardware_sim.city import wire
from hardware_sim.city.wire import WireError


@pytest.fixture
def given(vectors: dict[str, Any]) -> dict[str, Any]:
    names = ("session", "nonce", "public_key", "sealed_request", "issuer_name_der")
    return {**vectors["input"], **{name: bytes.fromhex(vectors["input"][name]) for name in names}}


def test_what_the_city_signs_at_open(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    made = wire.open_signed(given["session"], given["public_key"], given["nonce"], given["terminal"], given["at"])
    assert made.hex() == vectors["open_signed"]


def test_what_the_card_signs(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    made = wire.card_message(given["session"], given["public_key"], given["nonce"], given["terminal"])
    assert made.hex() == vectors["card_message"]


@pytest.mark.parametrize("step", ["authenticate", "card", "pin", "household", "issue"])
def test_what_is_bound_and_signed_at_each_step(vectors: dict[str, Any], given: dict[str, Any], step: str) -> None:
    request = wire.request_info(step, given["session"], given["seq"], given["terminal"])
    answer = wire.answer_info(step, given["session"], given["seq"], given["sealed_request"])
    assert request.hex() == vectors["request_info"][step]
    assert answer.hex() == vectors["answer_info"][step]
    assert wire.answer_signed(step, given["head"].encode()).hex() == vectors["answer_signed"][step]


def test_padding_both_ways(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    padded = wire.pad(given["payload"].encode(), wire.REQUEST_UNIT)
    assert padded.hex() == vectors["padded_request"]
    assert wire.unpad(bytes.fromhex(vectors["padded_request"]), wire.REQUEST_UNIT) == given["payload"].encode()
    assert len(wire.pad(given["head"].encode(), wire.ANSWER_UNIT)) == vectors["padded_answer_length"]
    for step, text in given["payloads"].items():
        padded = wire.pad(text.encode(), wire.REQUEST_UNIT)
        assert wire.sha256(padded).hex() == vectors["padded_payloads_sha256"][step]


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"\0\0\0",
        wire.lp(b"{}") + bytes(1017),  # one short
        wire.lp(b"{}") + bytes(1018 + 1024),  # a whole unit too many
        wire.lp(b"{}") + bytes(1017) + b"x",
        (2000).to_bytes(4, "big") + bytes(1020),
    ],
)
def test_wrong_padding_is_refused(plain: bytes) -> None:
    with pytest.raises(WireError):
        wire.unpad(plain, wire.REQUEST_UNIT)


def test_commitment_and_reference(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    issuer, serial = wire.sha256(given["issuer_name_der"]), wire.serial_bytes(given["serial"])
    subject = wire.commitment(given["nonce"], given["session"], issuer, serial)
    assert subject.hex() == vectors["commitment"]
    assert wire.reference(subject) == vectors["reference"]


def test_the_subject_of_a_juki_card(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    subject = wire.juki_commitment(given["nonce"], given["session"], bytes.fromhex(given["juki_id"]))
    assert subject.hex() == vectors["juki_commitment"]
    assert wire.reference(subject) == vectors["juki_reference"]


def test_page_digest(vectors: dict[str, Any], given: dict[str, Any]) -> None:
    streams = [stream.encode() for stream in given["content_streams"]]
    assert wire.page_digest(streams).hex() == vectors["page_digest"]


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b'{"v":1}', b'{"v":1,"a":1,"b":2}', b'{"v":true,"a":1}', b'{"v":1,"a":1,"a":2}', b"\xff", b"[" * 9999],
)
def test_json_of_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(WireError):
        wire.read_object(text, ("v", "a"))


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q Q=", 7])
def test_base64_has_one_form(text: object) -> None:
    with pytest.raises(WireError):
        wire.b64_of(text)
