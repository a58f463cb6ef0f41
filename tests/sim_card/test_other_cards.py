"""Everything that is no good My Number card, spoken to in bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hardware_sim.card.files import Card
from hardware_sim.card.kinds import CardSpec, build, demonstration
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import AUTH_POLICY_OID, CardAuthority, Flaw

SELECT_JPKI = "00A4040C0AD392F000260100000001"
SELECT_JUKI = "00A4040C0AF04B4F534B4A554B4901"
SELECT_FILE, READ_32 = "00A4020C020001", "00B0000020"
AUTH_PIN, AUTH_KEY, AUTH_CERTIFICATE = "00A4020C020018", "00A4020C020017", "00A4020C02000A"
STATUS, RIGHT = "00200080", "0020008004" + b"1234".hex()
JUKI = CardSpec("juki", kind="juki", juki_id="0123456789abcdef" * 2, home="142051", expires=date(2028, 3, 31))


def sender(card: Card) -> Callable[[str], str]:
    card.activate()
    return lambda command: card.exchange(bytes.fromhex(command)).hex().upper()


def certificate(card: Card) -> bytes:
    """Read freely, in one go; less the status word and the filler behind it."""
    send = sender(card)
    assert send(SELECT_JPKI) == "9000"
    assert send(AUTH_CERTIFICATE) == "9000"
    return bytes.fromhex(send("00B00000000000"))[: -2 - 16]


def test_a_juki_card_gives_its_file(authority: CardAuthority) -> None:
    send = sender(build(JUKI, authority))
    assert send(SELECT_FILE) == "6A82"
    assert send(SELECT_JUKI) == "9000"
    assert send(SELECT_FILE) == "9000"
    content = "01020001" + "0203142051" + "0310" + "0123456789ABCDEF" * 2 + "040420280331"
    assert send("00B0000021") == content + "9000"
    assert send("00B0000000") == content + "9000"
    assert send("00B0000022") == content + "6282"
    assert send("00B0002101") == "6B00"


GOLDEN = json.loads(Path(__file__).parents[1].joinpath("transcripts/card_juki.json").read_text())


@pytest.mark.parametrize("dialogue", GOLDEN["dialogues"], ids=lambda dialogue: dialogue["name"])
def test_the_profile_as_written_down(authority: CardAuthority, dialogue: dict[str, Any]) -> None:
    """The same dialogues that the terminal's side is held to."""
    written = {f"read juki card, {card['name']}": card for card in GOLDEN["cards"]}.get(dialogue["name"])
    spec = demonstration("licence", "driving_licence")
    if written is not None:
        day = date.fromisoformat(written["expires"])
        spec = CardSpec("juki", kind="juki", juki_id=written["card_id"], home=written["home"], expires=day)
    send = sender(build(spec, authority))
    assert [send(step["command"]) for step in dialogue["steps"]] == [step["response"] for step in dialogue["steps"]]


def test_a_juki_card_has_no_pin_and_no_jpki(authority: CardAuthority) -> None:
    send = sender(build(JUKI, authority))
    assert send(SELECT_JPKI) == "6A82"
    send(SELECT_JUKI)
    send(SELECT_FILE)
    assert send(STATUS) == "6D00"
    assert send(RIGHT) == "6D00"


def test_a_juki_card_can_hold_what_it_should_not(authority: CardAuthority) -> None:
    send = sender(build(CardSpec("odd", kind="juki", juki_data="0101"), authority))
    send(SELECT_JUKI)
    send(SELECT_FILE)
    assert send(READ_32) == "01016282"


def test_the_juki_card_of_old(authority: CardAuthority) -> None:
    old = build(demonstration("old", "juki_jpki"), authority)
    send = sender(old)
    assert send(SELECT_JUKI) == "6A82"
    assert send(SELECT_JPKI) == "9000"
    send("00A4020C020006")
    assert bytes.fromhex(send(READ_32))[:32] == b"JPKIAPICCTOKEN".ljust(32)
    read = x509.load_der_x509_certificate(certificate(old))
    assert read.not_valid_after_utc < datetime(2016, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "label"), [("phone", b"JPKIAPGPSETOKEN"), ("iphone", b"JPKIAPIOSTOKEN")])
def test_a_phone_hides_its_certificate_behind_its_pin(authority: CardAuthority, kind: str, label: bytes) -> None:
    send = sender(build(demonstration("phone", kind), authority))
    assert send(SELECT_JPKI) == "9000"
    send("00A4020C020006")
    assert bytes.fromhex(send(READ_32))[:32] == label.ljust(32)
    assert send(AUTH_CERTIFICATE) == "9000"
    assert send("00B0000004") == "6982"
    send(AUTH_PIN)
    assert send(RIGHT) == "9000"
    send(AUTH_CERTIFICATE)
    assert send("00B0000004").startswith("3082")
    assert send("00A4040C0AD3921000310001010408") == "6A82"  # no surface applications on a phone


def test_a_card_without_a_pin_has_nothing_to_verify(authority: CardAuthority) -> None:
    card = build(CardSpec("card-1", serial=7, pin_set=False), authority)
    assert isinstance(card, JpkiCard)
    assert certificate(card) == authority.issue(7).certificate_der
    send = sender(card)
    send(SELECT_JPKI)
    send(AUTH_PIN)
    assert [send(STATUS), send(RIGHT), send("0020008000"), send(STATUS)] == ["6A88"] * 4
    send(AUTH_KEY)
    assert send("802A0080" + "0100" + "00") == "6982"
    with pytest.raises(ValueError, match="ever set"):
        card.set_pin_tries_left(3)


def test_a_card_without_a_certificate_says_so(authority: CardAuthority) -> None:
    card = build(CardSpec("card-1", serial=7, certificate="absent"), authority)
    assert certificate(card) == b""
    send = sender(card)
    send(SELECT_JPKI)
    send("00A4020C020008")
    assert send("00B0000003") == "8F00009000"


def issued_by(ca_der: bytes, leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(x509.load_der_x509_certificate(ca_der))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if flaw is not Flaw.ABSENT])
def test_each_flaw_is_the_only_one(authority: CardAuthority, flaw: Flaw) -> None:
    card = build(CardSpec("card-1", serial=7, certificate=flaw.value), authority)
    leaf = x509.load_der_x509_certificate(certificate(card))
    assert leaf.serial_number == 7
    assert leaf.issuer == x509.load_der_x509_certificate(authority.auth_ca_certificate_der).subject
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    send = sender(card)
    for command in (SELECT_JPKI, AUTH_PIN, RIGHT, AUTH_KEY):
        assert send(command) == "9000"
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"challenge")
    info = bytes.fromhex("3031300D060960864801650304020105000420") + digest.finalize()
    signature = bytes.fromhex(send(f"802A0080{len(info):02X}{info.hex()}00"))[:256]
    key = leaf.public_key()
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(signature, b"challenge", padding.PKCS1v15(), hashes.SHA256())
        of_this_key = True
    except Exception:
        of_this_key = False
    found = {
        Flaw.OTHER_ISSUER: not issued_by(authority.auth_ca_certificate_der, leaf),
        Flaw.WRONG_POLICY: [policy.policy_identifier.dotted_string for policy in policies] != [AUTH_POLICY_OID],
        Flaw.WRONG_KEY: not of_this_key,
        Flaw.AUTHORITY: leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca,
    }
    assert [name for name, wrong in found.items() if wrong] == ([] if flaw is Flaw.NONE else [flaw])


def test_dates_make_an_expired_card_and_one_not_yet_valid(authority: CardAuthority) -> None:
    expired = CardSpec("old", serial=7, not_after=datetime(2024, 4, 1, tzinfo=UTC))
    early = CardSpec("new", serial=7, not_before=datetime(2035, 4, 1, tzinfo=UTC))
    dates = [x509.load_der_x509_certificate(certificate(build(spec, authority))) for spec in (expired, early)]
    assert dates[0].not_valid_after_utc == datetime(2024, 4, 1, tzinfo=UTC)
    assert dates[1].not_valid_before_utc == datetime(2035, 4, 1, tzinfo=UTC)
    assert {leaf.serial_number for leaf in dates} == {7}
