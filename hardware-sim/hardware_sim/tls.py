"""The bench's keys and certificates: terminal, centre and city (docs/protocol.md §2, §5).

Everything is made at the first use and kept in one directory (0700, keys 0600). Validity is real time, as TLS
is: from yesterday, ten years. Nothing here is fit for a real machine, and every name says so.

==================  ===============================================================================
file                content
==================  ===============================================================================
terminal-ca         the authority the centre takes client certificates from
terminals/<id>      a terminal's client certificate; the CN is the terminal id
stranger-ca         an authority nobody trusts, made only for certificates that are to be refused
operations-ca       issues the servers' certificates; nobody trusts it, leaves are pinned
centre-server       for ``localhost`` and ``127.0.0.1``
centre-client       the one client the city takes
city-server         the one server the centre takes as the city
city-sign           Ed25519, signs answers
city-hpke           ML-KEM-768 seed (64 bytes) ‖ X25519 private key (32), opens requests
==================  ===============================================================================
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, x25519
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TERMINAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
MLKEM_PUBLIC, X25519_PUBLIC = 1184, 32
HPKE_PUBLIC = MLKEM_PUBLIC + X25519_PUBLIC
_MLKEM_SEED = 64
_YEARS = timedelta(days=3652)

_Usage = x509.ObjectIdentifier
Flaw = Literal["wrong_ca", "expired", "not_yet_valid", "other_terminal", "unlisted", "wrong_centre"]
"""What can be wrong with a terminal's credentials; with ``wrong_centre`` it is the terminal that must refuse."""


class PkiError(Exception):
    """The bench's keys cannot be made or read; the text says what to do."""


@dataclass(frozen=True)
class CityKeys:
    """The city's private keys; neither shows in ``repr``."""

    sign: ed25519.Ed25519PrivateKey = field(repr=False)
    hpke: MLKEM768X25519PrivateKey = field(repr=False)


class BenchPki:
    """Keys and certificates of one bench, in one directory."""

    def __init__(self, directory: Path) -> None:
        """Load what is there, make what is missing.

        Raises:
            PkiError: a file is there but cannot be used.
            OSError: the directory cannot be written.
        """
        self.directory = directory
        for folder in (directory, directory / "terminals"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        self._terminal_ca = self._authority("terminal-ca", "certkiosk bench terminal CA (simulation)")
        self._operations_ca = self._authority("operations-ca", "certkiosk bench operations CA (simulation)")
        for name, common_name, usage in (
            ("centre-server", "centre.bench.invalid", ExtendedKeyUsageOID.SERVER_AUTH),
            ("centre-client", "centre-client.bench.invalid", ExtendedKeyUsageOID.CLIENT_AUTH),
            ("city-server", "city.bench.invalid", ExtendedKeyUsageOID.SERVER_AUTH),
        ):
            self._leaf(self._operations_ca, directory / name, common_name, usage)
        self._city_keys()

    # --- for the servers ---

    def path(self, name: str) -> tuple[Path, Path]:
        """(key, certificate) of one of the names above, both PEM."""
        return self.directory / f"{name}.key", self.directory / f"{name}.crt"

    def city_keys(self) -> CityKeys:
        """The city's private keys."""
        return self._city_keys()

    def centre_server_context(self) -> ssl.SSLContext:
        """TLS 1.3, a client certificate of the terminal CA required."""
        return server_context(self.path("centre-server"), self.path("terminal-ca")[1])

    def city_server_context(self) -> ssl.SSLContext:
        """TLS 1.3, exactly the centre's client certificate required."""
        return server_context(self.path("city-server"), self.path("centre-client")[1])

    def centre_client_context(self) -> ssl.SSLContext:
        """The centre's way to the city: exactly the city's certificate trusted."""
        return client_context(self.path("centre-client"), self.path("city-server")[1])

    # --- for terminals ---

    def terminal(
        self, terminal_id: str, *, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> tuple[Path, Path]:
        """(key, certificate) of a terminal; made once. Other dates make another certificate beside it.

        Raises:
            ValueError: ``terminal_id`` is not one to 32 of letters, digits and dashes.
        """
        if not TERMINAL_ID.fullmatch(terminal_id):
            raise ValueError(f"{terminal_id!r} is not a terminal id: use 1 to 32 of A-Z a-z 0-9 and -")
        stem = self.directory / "terminals" / terminal_id
        if not_before is not None or not_after is not None:
            stem = stem.with_name(f"{terminal_id}-other-dates")
        return self._leaf(self._terminal_ca, stem, terminal_id, ExtendedKeyUsageOID.CLIENT_AUTH, not_before, not_after)

    def flawed_terminal(self, terminal_id: str, flaw: Flaw, other: str) -> tuple[Path, Path]:
        """(key, certificate) of a terminal as the centre must refuse it; made once.

        ``other``: whose certificate it is for ``other_terminal``. With ``wrong_centre`` the certificate is good.
        """
        stem = self.directory / "terminals" / f"{terminal_id}-{flaw.replace('_', '-')}"
        now, usage = datetime.now(UTC).replace(microsecond=0), ExtendedKeyUsageOID.CLIENT_AUTH
        match flaw:
            case "wrong_ca":
                stranger = self._authority("stranger-ca", "certkiosk bench stranger CA (simulation)")
                return self._leaf(stranger, stem, terminal_id, usage)
            case "expired":
                first, last = now - timedelta(days=9), now - timedelta(days=1)
                return self._leaf(self._terminal_ca, stem, terminal_id, usage, first, last)
            case "not_yet_valid":
                return self._leaf(self._terminal_ca, stem, terminal_id, usage, now + timedelta(days=9))
            case "other_terminal":
                return self.terminal(other)
            case "unlisted":
                return self._leaf(self._terminal_ca, stem, "bench-unlisted", usage)
            case "wrong_centre":
                return self.terminal(terminal_id)

    def flawed_credentials(self, terminal_id: str, flaw: Flaw, other: str, directory: Path) -> Path:
        """As :meth:`fill_credentials`, but with one thing wrong."""
        self.fill_credentials(terminal_id, directory)
        key, certificate = self.flawed_terminal(terminal_id, flaw, other)
        _write(directory / "terminal.key", key.read_bytes())
        _write(directory / "terminal.crt", certificate.read_bytes())
        if flaw == "wrong_centre":
            _write(directory / "centre.pin", self.path("city-server")[1].read_bytes())
        return directory

    def fill_credentials(self, terminal_id: str, directory: Path) -> Path:
        """Write the kiosk's credentials of the line, under their fixed names, into ``directory`` (0700).

        ``terminal.key`` and ``terminal.crt`` (PEM), ``centre.pin`` (PEM of the centre's server certificate),
        ``city-sign.pub`` (PEM SubjectPublicKeyInfo, Ed25519), ``city-hpke.pub`` (1,216 bytes,
        ML-KEM-768 ‖ X25519). Gives ``directory`` back.
        """
        key, certificate = self.terminal(terminal_id)
        keys = self._city_keys()
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        _write(directory / "terminal.key", key.read_bytes())
        _write(directory / "terminal.crt", certificate.read_bytes())
        _write(directory / "centre.pin", self.path("centre-server")[1].read_bytes())
        spki = keys.sign.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _write(directory / "city-sign.pub", spki)
        hpke_key = (self.directory / "city-hpke.key").read_bytes()
        _write(directory / "city-hpke.pub", _hpke_public(hpke_key))
        return directory

    # --- making ---

    def _authority(self, name: str, common_name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key_path, certificate_path = self.path(name)
        if not certificate_path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            subject = _name(common_name)
            builder = _builder(subject, subject, key.public_key(), None, None)
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            builder = builder.add_extension(_key_usage(authority=True), critical=True)
            identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            builder = builder.add_extension(identifier, critical=False)
            _write(key_path, _pem(key))
            _write(certificate_path, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        loaded = load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise PkiError(f"{key_path} holds no EC key: delete the directory, it is made anew")
        return loaded, x509.load_pem_x509_certificate(certificate_path.read_bytes())

    def _leaf(
        self,
        authority: tuple[ec.EllipticCurvePrivateKey, x509.Certificate],
        stem: Path,
        common_name: str,
        usage: _Usage,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> tuple[Path, Path]:
        key_path, certificate_path = stem.with_name(f"{stem.name}.key"), stem.with_name(f"{stem.name}.crt")
        if certificate_path.exists():
            return key_path, certificate_path
        ca_key, ca_certificate = authority
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(common_name), ca_certificate.subject, key.public_key(), not_before, not_after)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        builder = builder.add_extension(own, critical=False).add_extension(issuer, critical=False)
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            names: list[x509.GeneralName] = [x509.DNSName("localhost")]
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        _write(key_path, _pem(key))
        _write(certificate_path, builder.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return key_path, certificate_path

    def _city_keys(self) -> CityKeys:
        sign_path, hpke_path = self.directory / "city-sign.key", self.directory / "city-hpke.key"
        if not sign_path.exists():
            _write(sign_path, _pem(ed25519.Ed25519PrivateKey.generate()))
        if not hpke_path.exists():
            seed = mlkem.MLKEM768PrivateKey.generate().private_bytes_raw()
            _write(hpke_path, seed + x25519.X25519PrivateKey.generate().private_bytes_raw())
        sign = load_pem_private_key(sign_path.read_bytes(), None)
        if not isinstance(sign, ed25519.Ed25519PrivateKey):
            raise PkiError(f"{sign_path} holds no Ed25519 key: delete the directory, it is made anew")
        lattice, curve = _hpke_halves(hpke_path.read_bytes())
        return CityKeys(sign, MLKEM768X25519PrivateKey(lattice, curve))


def hpke_public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    """From ML-KEM-768 encapsulation key (1,184 bytes) ‖ X25519 public key (32).

    Raises:
        ValueError: another length, or not a key.
    """
    if len(raw) != HPKE_PUBLIC:
        raise ValueError(f"a public key of this suite has {HPKE_PUBLIC} bytes, not {len(raw)}")
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC]),
        x25519.X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC:]),
    )


def server_context(own: tuple[Path, Path], trusted: Path) -> ssl.SSLContext:
    """TLS 1.3 server with a client certificate required; ``trusted`` (PEM) is the only anchor."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _common(context, own, trusted)


def client_context(own: tuple[Path, Path], trusted: Path) -> ssl.SSLContext:
    """TLS 1.3 client; ``trusted`` (PEM) is the only anchor, the host name is checked."""
    return _common(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), own, trusted)


def _common(context: ssl.SSLContext, own: tuple[Path, Path], trusted: Path) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # A leaf may be the anchor: then it alone is accepted, and nothing else of its issuer.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    key, certificate = own
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(trusted)
    return context


def _hpke_halves(raw: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    try:
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(raw[:_MLKEM_SEED]),
            x25519.X25519PrivateKey.from_private_bytes(raw[_MLKEM_SEED:]),
        )
    except ValueError:
        raise PkiError("city-hpke.key is damaged: delete the directory, it is made anew") from None


def _hpke_public(raw: bytes) -> bytes:
    lattice, curve = _hpke_halves(raw)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "certkiosk bench (simulation)"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    not_before: datetime | None,
    not_after: datetime | None,
) -> x509.CertificateBuilder:
    begin = not_before or datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(not_after or begin + _YEARS)
    )


def _key_usage(*, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by the owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as handle:
        handle.write(content)
    beside.rename(path)
