"""Test authority for the virtual cards: certificates in the form of JPKI's, recognisably not JPKI's.

Organisation ``JPKI-TEST`` and policies under the test arc keep both worlds apart: a machine that trusts the real
authority cannot accept these certificates, a bench cannot accept real ones. Nothing in a certificate says who its
holder is; the city's register knows by issuer and serial number.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

#: Policies of 利用者証明用 and 署名用 in JPKI's arc for test environments (…8.5.1.0.x).
AUTH_POLICY_OID = "1.2.392.200149.8.5.1.0.30"
SIGN_POLICY_OID = "1.2.392.200149.8.5.1.0.20"

CA_NOT_BEFORE = datetime(2015, 1, 1, tzinfo=UTC)
CA_NOT_AFTER = datetime(2045, 1, 1, tzinfo=UTC)
#: The bench's clock may stand anywhere in 2020..2035; these cover it with room to spare.
DEFAULT_NOT_BEFORE = datetime(2019, 4, 1, tzinfo=UTC)
DEFAULT_NOT_AFTER = datetime(2036, 4, 1, tzinfo=UTC)


class Purpose(Enum):
    """Which of the two certificates of a card: 利用者証明用 (no name in it) or 署名用."""

    AUTH = "auth"
    SIGN = "sign"


class Flaw(Enum):
    """What can be wrong with a card's certificate besides its dates. The serial number stays."""

    NONE = "none"
    OTHER_ISSUER = "other_issuer"
    """Signed by another authority with the same names, as the generations of the real CA have."""
    WRONG_POLICY = "wrong_policy"
    """The policy of the other purpose."""
    WRONG_KEY = "wrong_key"
    """Good in itself, but not the certificate of the key that the card signs with."""
    AUTHORITY = "authority"
    """Marked as a CA's."""
    ABSENT = "absent"
    """Never written to the card: its holder did not want one."""


_UNIT = {Purpose.AUTH: "JPKI for user authentication", Purpose.SIGN: "JPKI for digital signature"}
_POLICY = {Purpose.AUTH: AUTH_POLICY_OID, Purpose.SIGN: SIGN_POLICY_OID}


@dataclass(frozen=True)
class CardIdentity:
    """A certificate (DER) and its private key (RSA-2048). Neither shows in ``repr``."""

    certificate_der: bytes = field(repr=False)
    key: RSAPrivateKey = field(repr=False)


class CardAuthority:
    """The authentication CA and the signing CA, kept with everything they issued in one directory (0700).

    A second authority in another directory is "another issuer" with the same names, as the generations of the real
    CA are: only key identifiers and the signature tell them apart. Several processes may share a directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        with self._locked():
            self._ca = {purpose: self._load_or_create_ca(purpose) for purpose in Purpose}

    @property
    def auth_ca_certificate_der(self) -> bytes:
        """Trust anchor for user-authentication certificates."""
        return self._ca[Purpose.AUTH].certificate_der

    @property
    def sign_ca_certificate_der(self) -> bytes:
        """Trust anchor for signing certificates."""
        return self._ca[Purpose.SIGN].certificate_der

    @property
    def auth_ca_certificate_path(self) -> Path:
        """The same anchor as a PEM file, to be named in a machine's configuration."""
        return self._directory / "auth-ca.crt"

    def issue(
        self,
        serial: int,
        not_before: datetime = DEFAULT_NOT_BEFORE,
        not_after: datetime = DEFAULT_NOT_AFTER,
        *,
        purpose: Purpose = Purpose.AUTH,
        flaw: Flaw = Flaw.NONE,
    ) -> CardIdentity:
        """The identity with this serial number: made at the first call, read from the directory afterwards.

        ``serial`` is positive; both times are aware. The key goes with serial and purpose, so a renewal with other
        dates is another certificate over the same key. Raises ``ValueError`` for what no CA would sign.
        """
        if serial < 1:
            raise ValueError("a certificate's serial number is a positive integer")
        if not_before.tzinfo is None or not_after.tzinfo is None:
            raise ValueError("validity needs aware times, for example datetime(2026, 4, 1, tzinfo=UTC)")
        if not_before >= not_after:
            raise ValueError("not_before must lie before not_after")
        if flaw is Flaw.OTHER_ISSUER:
            return self._other().issue(serial, not_before, not_after, purpose=purpose)
        dates = f"{not_before.astimezone(UTC):%Y%m%d%H%M%S}-{not_after.astimezone(UTC):%Y%m%d%H%M%S}"
        key_name = self._opaque(f"key {purpose.value} {serial}")
        what = "" if flaw is Flaw.NONE else f" {flaw.value}"
        certificate_name = self._opaque(f"certificate {purpose.value} {serial} {dates}{what}")
        with self._locked():
            key = self._load_or_create_key(key_name)
            if flaw is Flaw.ABSENT:
                return CardIdentity(b"", key)
            path = self._directory / f"{certificate_name}.crt"
            try:
                certificate = x509.load_pem_x509_certificate(path.read_bytes())
            except FileNotFoundError:
                certificate = self._sign_leaf(purpose, serial, not_before, not_after, key, flaw)
                _write(path, certificate.public_bytes(Encoding.PEM))
        return CardIdentity(certificate.public_bytes(Encoding.DER), key)

    def _other(self) -> CardAuthority:
        """The authority of :attr:`Flaw.OTHER_ISSUER`, made at its first use."""
        return CardAuthority(self._directory / "other-issuer")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / ".lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _opaque(self, what: str) -> str:
        """A file name or CN from which the serial number cannot be read without this authority's key."""
        key = self._ca[Purpose.AUTH].key.private_numbers().d.to_bytes(256, "big")
        return hmac.new(key, what.encode(), hashlib.sha256).hexdigest()[:32]

    def _load_or_create_key(self, name: str) -> RSAPrivateKey:
        path = self._directory / f"{name}.key"
        try:
            loaded = load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        except FileNotFoundError:
            key = generate_private_key(public_exponent=65537, key_size=2048)
            _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            return key
        if not isinstance(loaded, RSAPrivateKey):
            raise ValueError(f"{path} holds no RSA key: delete the directory, it is made anew")
        return loaded

    def _load_or_create_ca(self, purpose: Purpose) -> CardIdentity:
        key = self._load_or_create_key(f"{purpose.value}-ca")
        path = self._directory / f"{purpose.value}-ca.crt"
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError:
            certificate = _sign_ca(purpose, key)
            _write(path, certificate.public_bytes(Encoding.PEM))
        return CardIdentity(certificate.public_bytes(Encoding.DER), key)

    def _sign_leaf(
        self,
        purpose: Purpose,
        serial: int,
        not_before: datetime,
        not_after: datetime,
        key: RSAPrivateKey,
        flaw: Flaw,
    ) -> x509.Certificate:
        ca = self._ca[purpose]
        other = Purpose.SIGN if purpose is Purpose.AUTH else Purpose.AUTH
        policy = _POLICY[other if flaw is Flaw.WRONG_POLICY else purpose]
        if flaw is Flaw.WRONG_KEY:
            key = self._load_or_create_key(self._opaque(f"wrong key {purpose.value} {serial}"))
        opaque = bytes.fromhex(self._opaque(f"subject {purpose.value} {serial}"))
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.COMMON_NAME, base64.b32encode(opaque).decode()[:24]),
            ]
        )
        usage = _key_usage(digital_signature=True, non_repudiation=purpose is Purpose.SIGN)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_ca_name(purpose))
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(usage, critical=True)
            .add_extension(x509.BasicConstraints(ca=flaw is Flaw.AUTHORITY, path_length=None), critical=False)
            .add_extension(
                x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(policy), None)]),
                critical=True,
            )
            .add_extension(_crl_directory(purpose), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return builder.sign(ca.key, hashes.SHA256())


def _ca_name(purpose: Purpose) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _UNIT[purpose]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Simulation only, issued by no authority"),
        ]
    )


def _crl_directory(purpose: Purpose) -> x509.CRLDistributionPoints:
    """A directory name as in the real certificates: no client can fetch it, nobody should try."""
    name = x509.Name([*_ca_name(purpose), x509.NameAttribute(NameOID.COMMON_NAME, "CRL of the simulation")])
    point = x509.DistributionPoint(
        full_name=[x509.DirectoryName(name)], relative_name=None, reasons=None, crl_issuer=None
    )
    return x509.CRLDistributionPoints([point])


def _key_usage(
    *, digital_signature: bool = False, non_repudiation: bool = False, authority: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=non_repudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _sign_ca(purpose: Purpose, key: RSAPrivateKey) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(_ca_name(purpose))
        .issuer_name(_ca_name(purpose))
        .public_key(key.public_key())
        .serial_number(secrets.randbelow(2**28 - 1) + 1)
        .not_valid_before(CA_NOT_BEFORE)
        .not_valid_after(CA_NOT_AFTER)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by the owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as handle:
        handle.write(content)
    temporary.rename(path)
