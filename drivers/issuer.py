"""The city behind the national centre: httpx client of our own protocol (docs/protocol.md).

Product: any centre that speaks docs/protocol.md; for the real national interface this file and `envelope.py` are
what is to be replaced. Line: HTTPS, TLS 1.3, mutual; the only peer trusted is the very certificate in the
credential `centre.pin`. Each answer is the one to its own request on its own connection; a time-out closes the
connection and fails the order as a whole.

| supported | not |
|---|---|
| open, authenticate, issue, health | pin and household steps (later flows) |
| one sealed request at a time, seq counted up | retries: a request is never sent again by itself |

On power loss: nothing to do. Keys and documents live in this process's memory only.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from config.schema import CentreSettings
from drivers import envelope
from drivers.certificate import Limits, read
from drivers.envelope import Answer, Asked, Identity, SessionKey
from drivers.worker import Worker
from kiosk import effects
from kiosk.errors import DeviceOffline, IdentityMismatch, IssuerRefused, IssuerUnavailable
from kiosk.events import (
    Authenticated,
    CertificateArrived,
    DeviceFaulted,
    DeviceOnline,
    Erased,
    Event,
    IdentityMismatched,
    IssuerDeclined,
    IssuerFailed,
    Part,
    SessionOpened,
)
from kiosk.ports import Sink

_log = logging.getLogger(__name__)

HEALTH_S: Final = 15.0
"""The line is looked at this often while nobody is served (S-29 (6): send and receive)."""

KINDS: Final = frozenset({"residence", "seal", "income", "tax"})

REASONS: Final = frozenset(
    {
        "not_registered", "certificate_revoked", "status_unknown", "certificate_expired", "certificate_invalid",
        "not_in_service", "not_available", "too_many_pages", "fee_changed", "copies_exceeded", "busy",
    }
)  # fmt: skip
"""Public reasons (§8); any other word in a signed answer counts as "not available"."""


class Now(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Pinned:
    """Whom this terminal believes."""

    city_sign: Ed25519PublicKey
    city_hpke: bytes


def pinned(city_sign_pem: bytes, city_hpke: bytes) -> Pinned:
    """From the credentials `city-sign.pub` (PEM) and `city-hpke.pub` (1,216 bytes). Raises ValueError."""
    key = load_pem_public_key(city_sign_pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("city-sign.pub is not an Ed25519 key: ask the city for its signing key")
    envelope.city_key(city_hpke)
    return Pinned(key, city_hpke)


def tls_context(centre_pin: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3, our client certificate, and exactly one trusted peer certificate (partial chains allowed)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=str(centre_pin))
    context.load_cert_chain(str(certificate), str(key))
    return context


class Line:
    """POST and GET to the centre with every limit of §2; raises IssuerUnavailable with a word, never more."""

    def __init__(
        self,
        settings: CentreSettings,
        context: ssl.SSLContext,
        max_answer_bytes: int,
        total_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`total_s`: longest time for one whole answer, however steadily it trickles."""
        timeout = httpx.Timeout(settings.read_s, connect=settings.connect_s)
        self._client = httpx.Client(
            base_url=settings.url,
            verify=context,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
            # A connection is never kept for the next request: an answer can only be the one to its own request.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._max = max_answer_bytes
        self._total_s, self._monotonic = total_s, monotonic

    def close(self) -> None:
        self._client.close()

    def post(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._exchange("POST", f"v1/{step}", json.dumps(body).encode())

    def health(self) -> Mapping[str, Any]:
        return self._exchange("GET", "v1/health", None)

    def _exchange(self, method: str, path: str, body: bytes | None) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        deadline = self._monotonic() + self._total_s
        try:
            with self._client.stream(method, path, content=body, headers=headers) as response:
                content = bytearray()
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > self._max:
                        raise IssuerUnavailable("too_large")
                    if self._monotonic() > deadline:
                        raise IssuerUnavailable("slow")
                status = response.status_code
        except httpx.TimeoutException:
            raise IssuerUnavailable("silent") from None
        except (httpx.HTTPError, ssl.SSLError, OSError):
            raise IssuerUnavailable("unreachable") from None
        try:
            answer = json.loads(content)
        except ValueError:
            raise IssuerUnavailable("garbled") from None
        if not isinstance(answer, dict):
            raise IssuerUnavailable("garbled")
        if status != 200:
            # Unsigned, so it can only end the session. The code is one of §8 or nothing worth writing down.
            raise IssuerUnavailable(f"http_{status}")
        return answer


class CertificateIssuer:
    """`kiosk.ports.CertificateIssuer`. Everything of the session is held here, and here only, until `erase`."""

    def __init__(
        self,
        line: Callable[[], Line],
        trust: Pinned,
        terminal: str,
        municipality: str,
        clock: Now,
        limits: Limits,
        max_age_s: float,
    ) -> None:
        self._make_line = line
        self._trust = trust
        self._terminal, self._municipality = terminal, municipality
        self._clock, self._limits, self._max_age_s = clock, limits, max_age_s
        self._line: Line | None = None
        self._sink: Sink = _nowhere
        self._forget()
        self._worker = Worker(
            "issuer",
            open=self._open,
            poll=self._poll,
            shut=self._shut,
            online=lambda: self._sink(DeviceOnline(Part.ISSUER)),
            fault=lambda reason: self._sink(DeviceFaulted(Part.ISSUER, reason)),
        )

    def _forget(self) -> None:
        self._key: SessionKey | None = None
        self._who: Identity | None = None
        self._nonce = b""
        self._subject = b""
        self._seq = 0
        self._documents: tuple[bytes, ...] = ()

    # ---- life cycle --------------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        self._sink = sink
        self._worker.start()

    def close(self) -> None:
        self._worker.stop()

    def _open(self) -> None:
        self._look()

    def _poll(self) -> float:
        # While somebody is being served their own requests tell; a health call would only be in their way.
        if self._key is None:
            self._look()
        return HEALTH_S

    def _look(self) -> None:
        self._line = self._line or self._make_line()
        try:
            answer = self._line.health()
        except IssuerUnavailable as error:
            raise DeviceOffline(str(error)) from None
        if answer.get("city") != "ok":
            raise DeviceOffline("city")

    def _shut(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    # ---- orders ------------------------------------------------------------------------------------------

    def open_session(self, order: effects.OpenSession) -> None:
        self._worker.post(lambda: self._answer(order.order, self._open_session))

    def authenticate(self, order: effects.Authenticate) -> None:
        def ask(number: int) -> Event:
            return self._authenticate(number, order.certificate, order.signature)

        self._worker.post(lambda: self._answer(order.order, ask))

    def issue(self, order: effects.Issue) -> None:
        self._worker.post(lambda: self._answer(order.order, lambda number: self._issue(number, order.wish)))

    def document(self, copy: int) -> bytes:
        """PDF of one verified copy (1..n). Raises IssuerUnavailable once it is erased."""
        try:
            return self._documents[copy - 1]
        except IndexError:
            raise IssuerUnavailable("document_gone") from None

    def erase(self, order: int) -> None:
        self._worker.post(lambda: self._erase(order))

    def _answer(self, order: int, ask: Callable[[int], Event]) -> None:
        """Run one step; every failure becomes its event, so that somebody who waits is always answered."""
        try:
            event = ask(order)
        except IdentityMismatch as mismatch:
            _log.error("mismatch: %s", mismatch.what)
            event = IdentityMismatched(order, mismatch.what)
        except IssuerRefused as refusal:
            event = IssuerDeclined(order, refusal.reason if refusal.reason in REASONS else "not_available")
        except IssuerUnavailable as error:
            event = IssuerFailed(order, str(error))
        except Exception as error:
            # Whatever a hostile answer makes a parser raise ends this session, and no text of it reaches a log.
            _log.error("answer could not be used (%s)", type(error).__name__)
            event = IssuerFailed(order, "garbled")
        self._sink(event)

    def _open_session(self, order: int) -> Event:
        self._forget()
        key = SessionKey()
        who = Identity(secrets.token_bytes(16), self._terminal, self._municipality)
        self._key, self._who = key, who
        body = {**self._common(0), "public_key": base64.b64encode(key.public_bytes).decode()}
        answer = self._send("open", body)
        now = self._clock.now()
        self._nonce = envelope.check_open(self._trust.city_sign, who, key.public_bytes, answer, now, self._max_age_s)
        return SessionOpened(order, envelope.card_message(who, key.public_bytes, self._nonce))

    def _authenticate(self, order: int, certificate: bytes, signature: bytes) -> Event:
        self._subject = envelope.commitment(self._session()[1], self._nonce, certificate)
        answer = self._ask(
            "authenticate",
            {
                "v": 1,
                "certificate": base64.b64encode(certificate).decode(),
                "signature": base64.b64encode(signature).decode(),
            },
        )
        envelope.check_subject(answer.head, self._subject)
        offers = answer.head.get("offers")
        kinds = tuple(kind for kind in offers if kind in KINDS) if isinstance(offers, list) else ()
        return Authenticated(order, kinds)

    def _issue(self, order: int, wish: effects.Wish) -> Event:
        answer = self._ask(
            "issue",
            {
                "v": 1,
                "kind": wish.kind,
                "household": wish.household,
                "items": sorted(wish.items),
                "copies": wish.copies,
                "fee_yen": wish.fee_yen,
            },
        )
        envelope.check_subject(answer.head, self._subject)
        if answer.head.get("municipality") != self._municipality:
            raise IdentityMismatch("municipality")
        facts = read(answer.head, answer.documents, envelope.reference_of(self._subject), self._limits)
        self._documents = answer.documents
        return CertificateArrived(order, facts)

    def _ask(self, step: str, payload: Mapping[str, Any]) -> Answer:
        """Seal, send, open, check. seq counts up whether or not an answer comes."""
        key, who = self._session()
        self._seq += 1
        seq = self._seq
        sealed = envelope.seal(envelope.city_key(self._trust.city_hpke), who, step, seq, payload)
        wire = self._send(step, {**self._common(seq), "sealed": base64.b64encode(sealed).decode()})
        opened = envelope.unbase64(wire.get("sealed"))
        asked = Asked(step, seq, sealed)
        now = self._clock.now()
        return envelope.check_answer(self._trust.city_sign, key, who, asked, opened, now, self._max_age_s)

    def _session(self) -> tuple[SessionKey, Identity]:
        if self._key is None or self._who is None:
            raise IssuerUnavailable("no_session")
        return self._key, self._who

    def _common(self, seq: int) -> dict[str, Any]:
        _, who = self._session()
        return {
            "v": 1,
            "session": who.session.hex(),
            "terminal": who.terminal,
            "municipality": who.municipality,
            "seq": seq,
        }

    def _send(self, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self._line = self._line or self._make_line()
        return self._line.post(step, body)

    def _erase(self, order: int) -> None:
        """Private key first: from then on nothing sealed to it opens, wherever a copy may lie. Then the rest."""
        if self._key is not None:
            self._key.destroy()
        self._forget()
        self._shut()
        clean = not self._documents and self._key is None
        self._sink(Erased(order, Part.ISSUER, ("session-key", "documents", "connection"), clean))


def _nowhere(_event: Event) -> None:
    """Before `start`."""
