"""From a wish to a manifest and its documents: one reading of the register, one document for each copy."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from hardware_sim.centre.faults import Faults
from hardware_sim.city import certificate, wire
from hardware_sim.city.cardcheck import AUTH_POLICY
from hardware_sim.city.certificate import ITEMS, Boxes, Document, Wish
from hardware_sim.city.register import Extract, Register
from hardware_sim.city.residents import age
from hardware_sim.city.sessions import Session
from hardware_sim.city.typeface import GlyphError
from hardware_sim.city.wire import WireError, int_of

KINDS: Final = ("residence", "seal", "income", "tax")
_JAPAN = timezone(timedelta(hours=9))
_SERIAL_LETTERS = 10


class Refused(Exception):
    """A reason of docs/protocol.md §8: signed and safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Rules:
    """What this city has decided. Yen, copies, sides and bytes; ``fees``: (first day, yen), oldest first."""

    municipality: str = "saga"
    kinds: tuple[str, ...] = ("residence",)
    """Kinds this server can issue."""
    service_from: date = date(2016, 1, 22)
    fees: tuple[tuple[date, int], ...] = ((date(2016, 1, 22), 300),)
    max_copies: int = 10
    max_pages: int = 40
    max_document_bytes: int = 10_000_000
    min_age: int = 15
    parallel: int = 4
    """So many certificates are made at a time; one more is told ``busy``."""
    card_policy: str = AUTH_POLICY


@dataclass(frozen=True)
class Request:
    """A wish as it came (docs/protocol.md §7)."""

    kind: str
    household: str
    items: tuple[str, ...]
    copies: int
    fee_yen: int


class Issuing:
    """Makes certificates. May be used from any thread."""

    def __init__(self, register: Register, rules: Rules, faults: Faults, tile: Callable[[], bytes | None]) -> None:
        self._register = register
        self._rules = rules
        self._faults = faults
        self._tile = tile
        self._places = threading.BoundedSemaphore(rules.parallel)
        self._issued: deque[dict[str, Any]] = deque(maxlen=100)

    def parse(self, payload: bytes) -> Request:
        """Raises WireError when it is not of the form of §7."""
        found = wire.read_object(payload, ("v", "kind", "household", "items", "copies", "fee_yen"))
        kind, household, items = found["kind"], found["household"], found["items"]
        if kind not in KINDS or not isinstance(items, list):
            raise WireError("no such kind, or items is no list")
        residence = kind == "residence"
        if household not in (("whole", "part") if residence else ("",)):
            raise WireError("household does not fit the kind")
        known = ITEMS if residence else ()
        if any(item not in known for item in items) or items != sorted(set(items)):
            raise WireError("items must be known to the kind, sorted and without repetition")
        copies, fee_yen = int_of(found["copies"], 1, 9999), int_of(found["fee_yen"], 0, 10**6)
        return Request(kind, household, tuple(items), copies, fee_yen)

    def read(self, person: str, session: Session, now: Callable[[], datetime]) -> Extract:
        """One reading of the register; raises Refused when the row is gone."""
        extract = self._register.extract(person, session.nonce, session.id, now)
        if extract is None:
            raise Refused("not_registered")
        return extract

    def check_person(self, extract: Extract, now: datetime) -> None:
        """Raises Refused with a reason that does not tell why somebody is restricted."""
        holder = extract.holder
        if holder.moved_out:
            raise Refused("not_registered")
        if holder.restricted or age(holder.birth, now.astimezone(_JAPAN).date()) < self._rules.min_age:
            raise Refused("not_available")

    def offers(self, now: datetime) -> list[str]:
        """The kinds that can be issued now, in the order of the protocol."""
        if now.astimezone(_JAPAN).date() < self._rules.service_from:
            return []
        return [kind for kind in KINDS if kind in self._rules.kinds]

    def issue(
        self, session: Session, request: Request, now: Callable[[], datetime]
    ) -> tuple[dict[str, Any], Sequence[bytes]]:
        """(manifest without the common fields, documents); raises Refused."""
        instant = now()
        today = instant.astimezone(_JAPAN).date()
        if today < self._rules.service_from:
            raise Refused("not_in_service")
        if request.kind not in self._rules.kinds or request.household == "part":
            raise Refused("not_available")
        if request.copies > self._rules.max_copies:
            raise Refused("copies_exceeded")
        if request.fee_yen != self._fee(today):
            raise Refused("fee_changed")
        if not self._places.acquire(blocking=False):
            raise Refused("busy")
        try:
            return self._make(session, request, today, now)
        finally:
            self._places.release()

    def _make(
        self, session: Session, request: Request, today: date, now: Callable[[], datetime]
    ) -> tuple[dict[str, Any], Sequence[bytes]]:
        own = str(session.person)
        swapped = (self._faults.strikes("wrong_subject", "issue") or {}).get("how")
        stranger = self._register.somebody_else(own) if swapped else own
        extract = self.read(stranger if swapped == "row" else own, session, now)
        self.check_person(extract, now())
        drawn = self.read(stranger, session, now) if swapped else extract
        if certificate.sheets(drawn) * 2 > self._rules.max_pages:
            raise Refused("too_many_pages")
        items = request.items
        if self._faults.strikes("wrong_items", "issue"):
            items = tuple(sorted({*items} ^ {"domicile"}))
        readable = Boxes.OUTLINES if self._faults.strikes("unreadable_box", "issue") else Boxes.TEXT
        wish = Wish(items, wire.reference(extract.subject), "", today, readable, self._tile())
        copies = self._copies(drawn, wish, request, own)
        entries = [self._entry(serial, document) for serial, document in copies]
        if self._faults.strikes("page_swap", "issue"):
            copies = [(serial, self._swapped(own, session, wish, document, now)) for serial, document in copies]
            # Length and digest of the file are put right, the pages' are not: those must be checked too.
            sizes = [self._entry(serial, document) for serial, document in copies]
            entries = [{**new, "pages": old["pages"]} for old, new in zip(entries, sizes, strict=True)]
        self._issued.append({"session": session.id.hex(), "person": own, "copies": entries})
        manifest = {
            "municipality": self._rules.municipality,
            "subject": extract.subject.hex(),
            "name": (drawn if swapped == "lying" else extract).holder.name,
            "kind": request.kind,
            "household": request.household,
            "items": list(items),
            "register_as_of": wire.time_text(extract.as_of),
            "copies": entries,
        }
        return manifest, [document.pdf for _, document in copies]

    def issued(self) -> list[dict[str, Any]]:
        """The last issues, oldest first, for the bench's oracle: session, person and the manifest's copies."""
        return list(self._issued)

    def _copies(self, drawn: Extract, wish: Wish, request: Request, person: str) -> list[tuple[str, Document]]:
        serials = self._serials(request.copies, person, request.kind, wish.on)
        try:
            made = [(s, certificate.render(drawn, replace(wish, serial=s))) for s in serials]
        except GlyphError:
            raise Refused("not_available") from None
        if sum(len(document.pdf) for _, document in made) > self._rules.max_document_bytes:
            raise Refused("too_many_pages")
        return made

    def _serials(self, count: int, person: str, kind: str, on: date) -> list[str]:
        """Fresh serial numbers of issue, kept in the register before anything is made with them."""
        while True:
            serials = [_serial() for _ in range(count)]
            try:
                self._register.record_issue(serials, person, kind, on.isoformat())
            except sqlite3.IntegrityError:
                continue  # one in 2^50
            return serials

    def _swapped(
        self, own: str, session: Session, wish: Wish, document: Document, now: Callable[[], datetime]
    ) -> Document:
        other = self.read(self._register.somebody_else(own), session, now)
        return certificate.with_first_page_of(document.pdf, certificate.render(other, wish).pdf)

    def _fee(self, today: date) -> int:
        return [yen for first, yen in self._rules.fees if first <= today][-1]

    @staticmethod
    def _entry(serial: str, document: Document) -> dict[str, Any]:
        return {
            "serial": serial,
            "bytes": len(document.pdf),
            "sha256": wire.sha256(document.pdf).hex(),
            "pages": [digest.hex() for digest in document.pages],
        }


def _serial() -> str:
    return "".join(secrets.choice(wire.ALPHABET) for _ in range(_SERIAL_LETTERS))
