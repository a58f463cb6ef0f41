"""The city behind the national centre: httpx client of our own protocol (docs/protocol.md).

Product: any centre that speaks docs/protocol.md; for the real national interface this file, `envelope.py` and
`centre_line.py` are what is to be replaced. Line: HTTPS, TLS 1.3, mutual; the only peer trusted is the very
certificate in the credential `centre.pin`. Each answer is the one to its own request on its own connection; a
time-out closes the connection and fails the order as a whole.

| supported | not |
|---|---|
| open, authenticate, card, pin, household, issue, health | answers fetched later, by number or by position |
| one sealed request at a time, seq counted up | retries: a request is never sent again by itself |

On power loss: nothing to do. Keys and documents live in this process's memory only.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from drivers import envelope
from drivers.centre_line import Line, tls_context
from drivers.certificate import Limits, read
from drivers.envelope import Answer, Asked, Identity, PinWrong, SessionKey
from drivers.worker import Worker
from kiosk import effects
from kiosk.errors import DeviceOffline, IdentityMismatch, IssuerRefused, IssuerUnavailable
from kiosk.events import (
    Authenticated,
    CardRecognised,
    CertificateArrived,
    DeviceFaulted,
    DeviceOnline,
    Erased,
    Event,
    HouseholdListed,
    IdentityMismatched,
    IssuerDeclined,
    IssuerFailed,
    Part,
    PinRefused,
    SessionOpened,
)
from kiosk.ports import Sink
from kiosk.secret import Pin

__all__ = ["CertificateIssuer", "Line", "Pinned", "pinned", "tls_context"]

_log = logging.getLogger(__name__)

HEALTH_S: Final = 15.0
"""The line is looked at this often while nobody is served (S-29 (6): send and receive)."""

KINDS: Final = frozenset({"residence", "seal", "income", "tax"})

REASONS: Final = frozenset(
    {
        "not_registered", "certificate_revoked", "status_unknown", "certificate_expired", "certificate_invalid",
        "not_in_service", "not_available", "too_many_pages", "fee_changed", "copies_exceeded", "busy", "outside_hours",
        "nothing_registered", "other_city", "pin_blocked", "pin_never_set",
    }
)  # fmt: skip
"""Public reasons (§8); any other word in a signed answer counts as "not available". `pin_wrong` is no refusal of the
session: it becomes `PinRefused`."""


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
        self._proven = False
        """The PIN was accepted, by the card or by the city: from here on the city may speak of the person."""
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

    def recognise_card(self, order: effects.RecogniseCard) -> None:
        def ask(number: int) -> Event:
            return self._recognise(number, order.home, order.handle)

        self._worker.post(lambda: self._answer(order.order, ask))

    def check_pin(self, order: effects.CheckPin) -> None:
        self._worker.post(lambda: self._answer(order.order, lambda number: self._check_pin(number, order.pin)))

    def list_household(self, order: effects.ListHousehold) -> None:
        self._worker.post(lambda: self._answer(order.order, self._list_household))

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
        except PinWrong as refusal:
            event = PinRefused(order, refusal.tries_left)
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
        return self._authenticated(order, answer)

    def _authenticated(self, order: int, answer: Answer) -> Event:
        envelope.check_subject(answer.head, self._subject)
        offers = _offers(answer)
        self._proven = True
        return Authenticated(order, offers)

    def _recognise(self, order: int, home: str, handle: bytes) -> Event:
        if len(handle) != envelope.HANDLE_BYTES:
            raise IssuerUnavailable("service_id")
        _, who = self._session()
        self._subject = envelope.commitment_of_juki(who, self._nonce, handle)
        answer = self._ask("card", {"v": 1, "home": home, "id": handle.hex()})
        return CardRecognised(order, _offers(answer), envelope.tries_left(answer.head))

    def _check_pin(self, order: int, pin: Pin) -> Event:
        try:
            _, who = self._session()
            if not self._subject:
                raise IssuerUnavailable("no_card")
            if not pin.complete:
                raise IssuerUnavailable("no_pin")
            seq = self._next_seq()
            sealed = envelope.seal_pin(envelope.city_key(self._trust.city_hpke), who, seq, pin.expose())
        finally:
            pin.wipe()
        return self._authenticated(order, self._exchange("pin", seq, sealed))

    def _list_household(self, order: int) -> Event:
        self._person()
        answer = self._ask("household", {"v": 1})
        envelope.check_subject(answer.head, self._subject)
        return HouseholdListed(order, envelope.members(answer.head))

    def _issue(self, order: int, wish: effects.Wish) -> Event:
        self._person()
        answer = self._ask(
            "issue",
            {
                "v": 1,
                "kind": wish.kind,
                "household": wish.household,
                "members": sorted(wish.members),
                "items": sorted(wish.items),
                "copies": wish.copies,
                "fee_yen": wish.fee_yen,
                "fee_day": wish.fee_day.isoformat(),
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
        _, who = self._session()
        seq = self._next_seq()
        sealed = envelope.seal(envelope.city_key(self._trust.city_hpke), who, step, seq, payload)
        return self._exchange(step, seq, sealed)

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _exchange(self, step: str, seq: int, sealed: bytes) -> Answer:
        key, who = self._session()
        body = {**self._common(seq), "sealed": base64.b64encode(sealed).decode()}
        # Not by a name of its own: the answer as it was sent is a third larger than what is in it.
        answer = envelope.unbase64(self._send(step, body).get("sealed"))
        asked = Asked(step, seq, sealed)
        now = self._clock.now()
        return envelope.check_answer(self._trust.city_sign, key, who, asked, answer, now, self._max_age_s)

    def _person(self) -> None:
        """What is about the person is asked for only after the PIN. Raises IssuerUnavailable."""
        self._session()
        if not self._proven:
            raise IssuerUnavailable("not_authenticated")

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


def _offers(answer: Answer) -> tuple[str, ...]:
    offers = answer.head.get("offers")
    if not isinstance(offers, list):
        raise IssuerUnavailable("garbled")
    return tuple(dict.fromkeys(kind for kind in offers if kind in KINDS))


def _nowhere(_event: Event) -> None:
    """Before `start`."""
