"""Is this certificate one the city accepts, and did its key sign? (docs/protocol.md §6, in its order.)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hardware_sim.city.wire import serial_bytes, sha256

AUTH_POLICY = "1.2.392.200149.8.5.1.0.30"
"""利用者証明用 in JPKI's arc for test environments; a real card has another one."""


class CardRefused(Exception):
    """Holds the reason of docs/protocol.md §8 and nothing of the card."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class CardHolder:
    """By what the register finds the holder."""

    issuer_hash: bytes = field(repr=False)
    serial: bytes = field(repr=False)


def check_card(
    certificate_der: bytes,
    signature: bytes,
    message: bytes,
    authorities: Sequence[x509.Certificate],
    now: datetime,
    policy: str = AUTH_POLICY,
) -> CardHolder:
    """Chain, dates, policy, key usage, then the signature over ``message``.

    Raises:
        CardRefused: ``certificate_invalid`` or ``certificate_expired``.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        key = certificate.public_key()
        extensions = certificate.extensions
        issuer = certificate.issuer.public_bytes()
        serial = certificate.serial_number
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise CardRefused("certificate_invalid") from None
    if serial <= 0 or not isinstance(key, rsa.RSAPublicKey):
        raise CardRefused("certificate_invalid")
    if not any(_issued(certificate, authority, now) for authority in authorities):
        raise CardRefused("certificate_invalid")
    if now > certificate.not_valid_after_utc:
        raise CardRefused("certificate_expired")
    if now < certificate.not_valid_before_utc:
        raise CardRefused("certificate_invalid")
    try:
        policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise CardRefused("certificate_invalid") from None
    named = {information.policy_identifier.dotted_string for information in policies}
    if policy not in named or not usage.digital_signature or usage.key_cert_sign:
        raise CardRefused("certificate_invalid")
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise CardRefused("certificate_invalid") from None
    return CardHolder(sha256(issuer), serial_bytes(serial))


def _issued(certificate: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
