"""A card that follows a script, the golden dialogues, and a test authority."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from drivers.card_certificate import CardTrust

TRANSCRIPT = Path(__file__).parent.parent / "transcripts" / "card_jpki.json"

Step = tuple[str, str | Exception]


class ScriptedCard:
    """Answers exactly the commands it expects, in order; anything else fails the test at once."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = list(steps)
        self.sent: list[str] = []
        self.kept: list[bytes | bytearray] = []

    def transmit(self, command: bytes | bytearray) -> bytes:
        self.sent.append(command.hex().upper())
        self.kept.append(command)
        assert self.steps, f"unexpected command {self.sent[-1]}"
        expected, answer = self.steps.pop(0)
        assert self.sent[-1] == expected
        if isinstance(answer, Exception):
            raise answer
        return bytes.fromhex(answer)


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(TRANSCRIPT.read_text())
    return content


@pytest.fixture
def dialogue(golden: dict[str, Any]) -> Callable[..., list[Step]]:
    """Steps of the named dialogues, one after the other."""
    by_name = {entry["name"]: entry["steps"] for entry in golden["dialogues"]}

    def steps(*names: str) -> list[Step]:
        return [(step["command"], step["response"]) for name in names for step in by_name[name]]

    return steps


@pytest.fixture
def card() -> type[ScriptedCard]:
    return ScriptedCard


POLICY = "1.2.392.200149.8.5.1.0.99"


class Pki:
    """A test authority shaped like the real one, and one card key; leaves are wrong on request."""

    def __init__(self, organisation: str = "JPKI-TEST", *, key: rsa.RSAPrivateKey | None = None) -> None:
        self._ca_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._name = x509.Name([
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ])  # fmt: skip
        ski = x509.SubjectKeyIdentifier.from_public_key(self._ca_key.public_key())
        self.key_id = ski.digest
        self.authority = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._ca_key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2023, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2033, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(ski, critical=False)
            .sign(self._ca_key, hashes.SHA256())
        )
        self.trust = CardTrust((self.authority.public_bytes(Encoding.DER),), POLICY)

    def leaf(
        self,
        *,
        key: Any = None,
        not_before: datetime = datetime(2025, 1, 1, tzinfo=UTC),
        not_after: datetime = datetime(2029, 1, 1, tzinfo=UTC),
        usage: bool = True,
        digital_signature: bool = True,
        content_commitment: bool = False,
        key_cert_sign: bool = False,
        ca: bool = False,
        policy: str | None = POLICY,
        issuer_key_id: bytes | None = None,
        critical: bool = False,
    ) -> bytes:
        """DER of a card certificate."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "HOLDER0000000001")]))
            .issuer_name(self._name)
            .public_key((key or self.key).public_key())
            .serial_number(2)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.AuthorityKeyIdentifier(issuer_key_id or self.key_id, None, None), critical=False)
        )
        if usage:
            flags = dict.fromkeys(
                ("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
                 "decipher_only"), False
            )  # fmt: skip
            builder = builder.add_extension(
                x509.KeyUsage(
                    digital_signature=digital_signature,
                    content_commitment=content_commitment,
                    key_cert_sign=key_cert_sign,
                    **flags,
                ),
                critical=True,
            )
        if ca:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        if policy is not None:
            information = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
            builder = builder.add_extension(x509.CertificatePolicies([information]), critical=True)
        if critical:
            unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.392.1.2.3"), b"\x05\x00")
            builder = builder.add_extension(unknown, critical=True)
        return builder.sign(self._ca_key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def pki() -> Pki:
    return Pki()


@pytest.fixture(scope="session")
def other_pki() -> Pki:
    return Pki("JPKI-OTHER")


@pytest.fixture(scope="session")
def impostor_pki() -> Pki:
    """The same names, other keys: also what the next generation of the real authority looks like."""
    return Pki()
