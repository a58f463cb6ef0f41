"""The test authority: the profile of the certificates, and that it is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from hardware_sim.card.pki import AUTH_POLICY_OID, CardAuthority, Purpose


def load(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def test_profile_of_the_user_certificate(authority: CardAuthority) -> None:
    identity = authority.issue(7)
    certificate, ca = load(identity.certificate_der), load(authority.auth_ca_certificate_der)
    certificate.verify_directly_issued_by(ca)
    assert certificate.serial_number == 7
    assert certificate.public_key() == identity.key.public_key()
    assert identity.key.key_size == 2048
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.content_commitment
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == [AUTH_POLICY_OID]
    authority_key = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ca_key = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority_key.key_identifier == ca_key.digest


def test_the_subject_says_nothing_but_an_opaque_name(authority: CardAuthority) -> None:
    subject = load(authority.issue(7).certificate_der).subject
    assert [attribute.oid for attribute in subject] == [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME]
    name = str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    assert 20 <= len(name) <= 26
    assert name == name.upper()


def test_recognisably_a_test_authority(authority: CardAuthority) -> None:
    issuer = load(authority.auth_ca_certificate_der).subject
    organisation = issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [attribute.value for attribute in organisation] == ["JPKI-TEST"]
    assert AUTH_POLICY_OID.startswith("1.2.392.200149.8.5.1.0.")


@pytest.mark.parametrize("year", range(2020, 2036))
def test_valid_wherever_the_clock_may_stand(authority: CardAuthority, year: int) -> None:
    for der in (authority.issue(7).certificate_der, authority.auth_ca_certificate_der):
        certificate = load(der)
        assert certificate.not_valid_before_utc < datetime(year, 1, 1, tzinfo=UTC)
        assert certificate.not_valid_after_utc > datetime(year, 12, 31, 23, 59, tzinfo=UTC)


def test_issued_once_and_kept(authority: CardAuthority, authority_dir: Path) -> None:
    again = CardAuthority(authority_dir)
    assert again.auth_ca_certificate_der == authority.auth_ca_certificate_der
    assert again.issue(7).certificate_der == authority.issue(7).certificate_der
    assert again.issue(7).key.private_numbers() == authority.issue(7).key.private_numbers()


def test_anchor_as_a_file(authority: CardAuthority) -> None:
    pem = authority.auth_ca_certificate_path.read_bytes()
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) == authority.auth_ca_certificate_der


def test_keys_are_private_and_file_names_tell_nothing(authority: CardAuthority, authority_dir: Path) -> None:
    authority.issue(918273645)
    files = list(authority_dir.iterdir())
    assert {path.stat().st_mode & 0o077 for path in files if path.suffix == ".key"} == {0}
    assert not any("918273645" in path.name for path in files)


def test_expired_one_on_request(authority: CardAuthority) -> None:
    past = authority.issue(7, datetime(2016, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC))
    assert load(past.certificate_der).not_valid_after_utc == datetime(2019, 1, 1, tzinfo=UTC)
    assert past.key.private_numbers() == authority.issue(7).key.private_numbers()


def test_the_two_purposes_have_keys_and_issuers_of_their_own(authority: CardAuthority) -> None:
    auth, sign = authority.issue(7), authority.issue(7, purpose=Purpose.SIGN)
    assert auth.key.private_numbers() != sign.key.private_numbers()
    assert load(sign.certificate_der).issuer == load(authority.sign_ca_certificate_der).subject


def test_another_authority_differs_by_key_only(authority: CardAuthority, tmp_path: Path) -> None:
    other = CardAuthority(tmp_path / "other")
    ours, theirs = load(authority.auth_ca_certificate_der), load(other.auth_ca_certificate_der)
    assert ours.subject == theirs.subject
    encoding = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert ours.public_key().public_bytes(*encoding) != theirs.public_key().public_bytes(*encoding)
    with pytest.raises(InvalidSignature):
        load(other.issue(7).certificate_der).verify_directly_issued_by(ours)


@pytest.mark.parametrize(
    ("serial", "start", "end", "said"),
    [
        (0, datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC), "positive"),
        (1, datetime(2020, 1, 1), datetime(2021, 1, 1, tzinfo=UTC), "aware"),
        (1, datetime(2021, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), "before"),
    ],
)
def test_what_no_authority_would_sign(
    authority: CardAuthority, serial: int, start: datetime, end: datetime, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        authority.issue(serial, start, end)
