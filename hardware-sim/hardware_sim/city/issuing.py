"""From a wish to a manifest and its documents: one reading of the register, one document for each copy."""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from config.calendar import JST
from hardware_sim.centre.faults import Faults
from hardware_sim.city import certificate, wire
from hardware_sim.city.certificate import ITEMS, Boxes, Document, Wish
from hardware_sim.city.persons import Persons
from hardware_sim.city.register import Extract, Register
from hardware_sim.city.rules import KINDS, Refused, Rules, check_fee
from hardware_sim.city.sessions import Session
from hardware_sim.city.typeface import WritingError
from hardware_sim.city.wire import WireError, int_of, text_of

_SERIAL_LETTERS = 10
_MEMBER_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_FEE_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class Request:
    """A wish as it came (docs/protocol.md §7)."""

    kind: str
    household: str
    members: tuple[str, ...] = field(repr=False)
    items: tuple[str, ...]
    copies: int
    fee_yen: int
    fee_day: date


class Issuing:
    """Makes certificates. May be used from any thread."""

    def __init__(
        self,
        register: Register,
        persons: Persons,
        rules: Rules,
        faults: Faults,
        tile: Callable[[], bytes | None],
        now: Callable[[], datetime],
    ) -> None:
        self._register = register
        self._persons = persons
        self._rules = rules
        self._faults = faults
        self._tile = tile
        self._now = now
        self._places = threading.BoundedSemaphore(rules.parallel)
        self._issued: deque[dict[str, Any]] = deque(maxlen=100)

    def parse(self, payload: bytes) -> Request:
        """Raises WireError when it is not of the form of §7."""
        keys = ("v", "kind", "household", "members", "items", "copies", "fee_yen", "fee_day")
        found = wire.read_object(payload, keys)
        kind, household = found["kind"], found["household"]
        if kind not in KINDS:
            raise WireError("no such kind")
        residence = kind == "residence"
        if household not in (("whole", "part") if residence else ("",)):
            raise WireError("household does not fit the kind")
        items, members = _sorted(found["items"]), _sorted(found["members"])
        known = ITEMS if residence else ()
        if any(item not in known for item in items):
            raise WireError("items must be known to the kind")
        if bool(members) is not (household == "part") or not all(_MEMBER_ID.fullmatch(one) for one in members):
            raise WireError("members are the ids of a part, and of nothing else")
        copies, fee_yen = int_of(found["copies"], 1, 9999), int_of(found["fee_yen"], 0, 10**6)
        try:
            fee_day = date.fromisoformat(text_of(found["fee_day"], _FEE_DAY))
        except ValueError:
            raise WireError("fee_day is no day") from None
        return Request(kind, household, members, items, copies, fee_yen, fee_day)

    def issue(self, session: Session, request: Request) -> tuple[dict[str, Any], Sequence[bytes]]:
        """(manifest without the common fields, documents); raises Refused, WireError."""
        if not set(request.members) <= set(session.members):
            raise WireError("members are ids of this session's household")
        rules = self._rules.check_kind(request.kind, session.opened_at)
        if request.copies > rules.max_copies:
            raise Refused("copies_exceeded")
        check_fee(rules, request.fee_yen, request.fee_day, self._now())
        if not self._places.acquire(blocking=False):
            raise Refused("busy")
        try:
            return self._make(session, request)
        finally:
            self._places.release()

    def _make(self, session: Session, request: Request) -> tuple[dict[str, Any], Sequence[bytes]]:
        own = str(session.person)
        swapped = (self._faults.strikes("wrong_subject", "issue") or {}).get("how")
        stranger = self._register.somebody_else(own) if swapped else own
        extract = self._persons.read(stranger if swapped == "row" else own, session)
        self._persons.check(extract)
        drawn = self._persons.read(stranger, session) if swapped else extract
        self._persons.check_registered(drawn, request.kind)
        chosen, members = self._chosen(session, request, drawn)
        if request.kind == "residence":
            self._persons.check_record(drawn, [one for one in drawn.members if one.id in chosen or not chosen])
        items = request.items
        if request.kind == "residence" and self._faults.strikes("wrong_items", "issue"):
            items = tuple(sorted({*items} ^ {"domicile"}))
        town = self._rules.town
        wish = Wish(
            items=items,
            reference=wire.reference(extract.subject),
            serial="",
            on=self._now().astimezone(JST).date(),
            boxes=Boxes.OUTLINES if self._faults.strikes("unreadable_box", "issue") else Boxes.TEXT,
            tile=self._tile(),
            kind=request.kind,
            household=request.household,
            chosen=chosen,
            city=town.name,
            prefecture=town.prefecture,
        )
        copies = self._copies(drawn, wish, request, own)
        entries = [self._entry(serial, document) for serial, document in copies]
        if self._faults.strikes("page_swap", "issue"):
            copies = [(serial, self._swapped(own, session, wish, document)) for serial, document in copies]
            # Length and digest of the file are put right, the pages' are not: those must be checked too.
            sizes = [self._entry(serial, document) for serial, document in copies]
            entries = [{**new, "pages": old["pages"]} for old, new in zip(entries, sizes, strict=True)]
        self._issued.append({"session": session.id.hex(), "person": own, "kind": request.kind, "copies": entries})
        manifest = {
            "municipality": self._rules.municipality,
            "subject": extract.subject.hex(),
            "name": (drawn if swapped == "lying" else extract).holder.name,
            "kind": request.kind,
            "household": request.household,
            "members": members,
            "items": list(items),
            "register_as_of": wire.time_text(extract.as_of),
            "copies": entries,
        }
        return manifest, [document.pdf for _, document in copies]

    def _chosen(self, session: Session, request: Request, drawn: Extract) -> tuple[tuple[str, ...], list[str]]:
        """(register ids to draw, in the register's order and empty for all; session ids for the manifest)."""
        wanted = {session.members[one] for one in request.members}
        here = [person.id for person in drawn.members]
        if drawn.holder.id != session.person:  # somebody else's household (a fault): as many of it
            return tuple(here[: len(wanted)]), list(request.members)
        if not wanted <= set(here):
            raise Refused("not_available")  # moved out since the list was given
        members = list(request.members)
        if wanted and self._faults.strikes("wrong_members", "issue"):
            wanted = set(here) - wanted or {here[0]}
            members = sorted(session.id_of_member(one, secrets.token_hex) for one in wanted)
        return tuple(one for one in here if one in wanted), members

    def issued(self) -> list[dict[str, Any]]:
        """The last issues, oldest first, for the bench's oracle: session, person and the manifest's copies."""
        return list(self._issued)

    def _copies(self, drawn: Extract, wish: Wish, request: Request, person: str) -> list[tuple[str, Document]]:
        if certificate.sheets(drawn, wish) * 2 > self._rules.max_pages:
            raise Refused("too_many_pages")
        serials = self._serials(request.copies, person, request.kind, wish.on)
        try:
            made = [(s, certificate.render(drawn, replace(wish, serial=s))) for s in serials]
        except WritingError:
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

    def _swapped(self, own: str, session: Session, wish: Wish, document: Document) -> Document:
        other = self._persons.read(self._register.somebody_else(own), session)
        return certificate.with_first_page_of(document.pdf, certificate.render(other, replace(wish, chosen=())).pdf)

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


def _sorted(value: object) -> tuple[str, ...]:
    """A list of texts, sorted and without repetition."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or value != sorted(set(value)):
        raise WireError("a list must hold texts, sorted and without repetition")
    return tuple(value)
