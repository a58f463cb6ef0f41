"""Certificates made here, each wrong in one way. `pki` is in conftest.py, as other tests need a good one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from drivers.card_certificate import CardTrust, proves_possession, trouble_of

NOW = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
POLICY = "1.2.392.200149.8.5.1.0.99"
DAY = timedelta(days=1)


def test_a_good_certificate_has_no_trouble(pki) -> None:
    assert trouble_of(pki.leaf(), pki.trust, NOW) == ""


def test_dates_hold_to_the_second(pki) -> None:
    leaf = pki.leaf(not_before=NOW, not_after=NOW + DAY)
    assert trouble_of(leaf, pki.trust, NOW - timedelta(seconds=1)) == "not_yet_valid"
    assert trouble_of(leaf, pki.trust, NOW) == ""
    assert trouble_of(leaf, pki.trust, NOW + DAY) == ""
    assert trouble_of(leaf, pki.trust, NOW + DAY + timedelta(seconds=1)) == "expired"


def test_an_authority_past_its_end_vouches_for_nobody(pki) -> None:
    leaf = pki.leaf(not_after=pki.authority.not_valid_after_utc + 100 * DAY)
    assert trouble_of(leaf, pki.trust, pki.authority.not_valid_after_utc + DAY) == "expired"


@pytest.mark.parametrize(
    "change",
    [
        {"digital_signature": False},
        {"content_commitment": True},
        {"key_cert_sign": True},
        {"usage": False},
        {"ca": True},
        {"policy": "1.2.392.200149.8.5.1.1.20"},
        {"policy": None},
        {"critical": True},
    ],
    ids=str,
)
def test_a_certificate_for_another_use_is_unreadable(pki, change) -> None:
    assert trouble_of(pki.leaf(**change), pki.trust, NOW) == "unreadable"


def test_a_short_key_is_unreadable(pki) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert trouble_of(pki.leaf(key=short), pki.trust, NOW) == "unreadable"


def test_another_algorithm_is_unreadable(pki) -> None:
    assert trouble_of(pki.leaf(key=ec.generate_private_key(ec.SECP256R1())), pki.trust, NOW) == "unreadable"


def test_another_issuer_is_unknown(pki, other_pki) -> None:
    assert trouble_of(other_pki.leaf(), pki.trust, NOW) == "unknown_issuer"


def test_the_name_of_the_issuer_alone_is_worth_nothing(pki, impostor_pki) -> None:
    assert impostor_pki.authority.subject == pki.authority.subject
    assert trouble_of(impostor_pki.leaf(), pki.trust, NOW) == "unknown_issuer"


def test_key_identifiers_alone_are_worth_nothing(pki, impostor_pki) -> None:
    forged = impostor_pki.leaf(issuer_key_id=pki.key_id)
    assert trouble_of(forged, pki.trust, NOW) == "unknown_issuer"


def test_a_wrong_key_identifier_is_not_the_issuer(pki) -> None:
    assert trouble_of(pki.leaf(issuer_key_id=b"\x01" * 20), pki.trust, NOW) == "unknown_issuer"


def test_the_right_generation_is_found_among_equal_names(pki, impostor_pki) -> None:
    both = CardTrust((*impostor_pki.trust.authorities, *pki.trust.authorities), pki.trust.policy_oid)
    assert trouble_of(pki.leaf(), both, NOW) == ""
    assert trouble_of(impostor_pki.leaf(), both, NOW) == ""


def test_a_changed_certificate_is_not_the_authoritys(pki) -> None:
    leaf = bytearray(pki.leaf())
    at = leaf.find(b"HOLDER")
    leaf[at] ^= 0x01
    assert trouble_of(bytes(leaf), pki.trust, NOW) == "unknown_issuer"


@pytest.mark.parametrize("cut", [0, 1, 4, 100, -1])
def test_a_cut_certificate_is_unreadable(pki, cut: int) -> None:
    assert trouble_of(pki.leaf()[:cut], pki.trust, NOW) == "unreadable"


def test_no_single_damaged_byte_raises_or_passes(pki) -> None:
    good = pki.leaf()
    for at in range(0, len(good), 7):
        damaged = good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :]
        assert trouble_of(damaged, pki.trust, NOW) in ("unreadable", "unknown_issuer")


def test_a_terminal_without_authorities_does_not_start(pki) -> None:
    with pytest.raises(ValueError, match="at least one CA certificate"):
        CardTrust(())
    with pytest.raises(ValueError, match="authority 2 is not"):
        CardTrust((pki.authority.public_bytes(Encoding.DER), b"-----BEGIN CERTIFICATE-----"))
    with pytest.raises(ValueError, match="object identifier"):
        CardTrust((pki.authority.public_bytes(Encoding.DER),), "auth")


def test_authorities_come_from_a_folder(pki, other_pki, tmp_path) -> None:
    for name, each in (("a.pem", pki), ("b.pem", other_pki)):
        (tmp_path / name).write_bytes(each.authority.public_bytes(Encoding.PEM))
    (tmp_path / "README").write_text("not a certificate")
    trust = CardTrust.from_folder(tmp_path, POLICY)
    assert trouble_of(pki.leaf(), trust, NOW) == ""
    assert trouble_of(other_pki.leaf(), trust, NOW) == ""


def test_a_folder_without_authorities_or_with_something_else_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="put the CA certificates there"):
        CardTrust.from_folder(tmp_path, POLICY)
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ValueError, match=r"key\.pem .* take it out"):
        CardTrust.from_folder(tmp_path, POLICY)


def test_possession_is_proved_by_the_certificates_key_only(pki, other_pki) -> None:
    leaf = pki.leaf()
    signature = pki.key.sign(b"message", padding.PKCS1v15(), hashes.SHA256())
    assert proves_possession(leaf, b"message", signature)
    assert not proves_possession(leaf, b"another message", signature)
    assert not proves_possession(other_pki.leaf(), b"message", signature)
    assert not proves_possession(leaf, b"message", bytes(256))
    assert not proves_possession(leaf, b"message", b"")
    assert not proves_possession(b"", b"message", signature)


def test_no_certificate_shows_its_holder_in_an_error(pki) -> None:
    holder = x509.load_der_x509_certificate(pki.leaf()).subject.rfc4514_string()
    with pytest.raises(ValueError, match="authority 1 is not") as caught:
        CardTrust((pki.leaf()[:-1],))
    assert holder not in repr(caught.value)
    assert caught.value.__cause__ is None
