"""What a terminal can tell of a card's authentication certificate by itself (RFC 5280, JPKI profile).

Form, issuer, dates, use and policy are checked here against pinned certification authorities; revocation is
the city's answer. The names of all generations of the issuer are the same, so the one that signed is found by
key identifier and signature, never by name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

POLICY_USER_AUTHENTICATION: Final = "1.2.392.200149.8.5.1.3.30"
"""Certificate policy of 利用者証明用電子証明書 on a plastic card."""

KEY_BITS: Final = 2048
EXPONENT: Final = 65537

UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)
"""Extensions that may be critical; any other critical one makes the certificate unusable (RFC 5280 §4.2)."""

_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
# cryptography reads lazily: a damaged extension shows only when it is asked for.
_DAMAGED: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class CardTrust:
    """Whom a terminal believes: every generation of the issuing authority, DER, and the policy it issues under.

    A test build names only its test authority and the test arc, so neither build accepts the other's cards.
    """

    authorities: tuple[bytes, ...]
    policy_oid: str = POLICY_USER_AUTHENTICATION

    def __post_init__(self) -> None:
        """Raises ValueError with what to do: a terminal without readable authorities must not start."""
        if not self.authorities:
            raise ValueError("no card authority is pinned: give at least one CA certificate (DER)")
        for number, authority in enumerate(self.authorities, start=1):
            try:
                x509.load_der_x509_certificate(authority)
            except ValueError:
                raise ValueError(f"card authority {number} is not an X.509 certificate in DER") from None
        try:
            x509.ObjectIdentifier(self.policy_oid)
        except ValueError:
            raise ValueError("the card policy is not an object identifier such as 1.2.392.1") from None

    @classmethod
    def from_folder(cls, folder: Path, policy_oid: str) -> Self:
        """Every certificate of every ``*.pem`` in `folder`. Raises ValueError with what to do, OSError."""
        authorities: list[bytes] = []
        for path in sorted(folder.glob("*.pem")):
            try:
                certificates = x509.load_pem_x509_certificates(path.read_bytes())
            except ValueError:
                raise ValueError(
                    f"{path.name} in the folder of card authorities holds no certificate in PEM; take it out"
                ) from None
            authorities += (certificate.public_bytes(Encoding.DER) for certificate in certificates)
        if not authorities:
            raise ValueError(f"{folder} holds no card authority: put the CA certificates there as *.pem")
        return cls(tuple(authorities), policy_oid)


def trouble_of(certificate: bytes, trust: CardTrust, now: datetime) -> str:
    """What is wrong with `certificate` (DER) at `now` (aware): "" for nothing, or

    unreadable       not a certificate, or not one for a card holder's authentication
    unknown_issuer   signed by none of the pinned authorities
    not_yet_valid, expired
    """
    try:
        leaf = x509.load_der_x509_certificate(certificate)
        issuer = _issuer_of(leaf, trust)
        if issuer is None:
            return "unknown_issuer"
        if not _fits_profile(leaf, trust.policy_oid):
            return "unreadable"
    except _DAMAGED:
        return "unreadable"
    # An authority past its own end vouches for nobody: its cards have to be renewed.
    if now > min(leaf.not_valid_after_utc, issuer.not_valid_after_utc):
        return "expired"
    if now < max(leaf.not_valid_before_utc, issuer.not_valid_before_utc):
        return "not_yet_valid"
    return ""


def proves_possession(certificate: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over `message` (PKCS#1 v1.5, SHA-256) was made by the key of `certificate` (DER)."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, *_DAMAGED):
        return False
    return True


def _issuer_of(leaf: x509.Certificate, trust: CardTrust) -> x509.Certificate | None:
    for der in trust.authorities:
        authority = x509.load_der_x509_certificate(der)
        if _names_key_of(leaf, authority) and _signed_by(leaf, authority):
            return authority
    return None


def _names_key_of(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    """AKI equals SKI; a certificate that names no key is left to its signature."""
    try:
        wanted = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        has = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return True
    return wanted is None or wanted == has


def _signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    if not isinstance(leaf.signature_hash_algorithm, _STRONG):
        return False
    try:
        leaf.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _fits_profile(leaf: x509.Certificate, policy_oid: str) -> bool:
    if any(extension.critical and extension.oid not in UNDERSTOOD for extension in leaf.extensions):
        return False
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != KEY_BITS:
        return False
    if key.public_numbers().e != EXPONENT:
        return False
    return _may_authenticate(leaf) and not _is_authority(leaf) and policy_oid in _policies(leaf)


def _may_authenticate(leaf: x509.Certificate) -> bool:
    """keyUsage says digitalSignature and neither nonRepudiation (the signing certificate) nor keyCertSign."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature and not usage.content_commitment and not usage.key_cert_sign


def _is_authority(leaf: x509.Certificate) -> bool:
    try:
        return leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _policies(leaf: x509.Certificate) -> frozenset[str]:
    try:
        policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(policy.policy_identifier.dotted_string for policy in policies)
