"""Who is it? The steps ``authenticate``, ``card``, ``pin`` and ``household`` (docs/protocol.md §6 to §6b)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509

from config.calendar import JST
from hardware_sim.centre.faults import Faults
from hardware_sim.city import wire
from hardware_sim.city.cardcheck import check_card
from hardware_sim.city.persons import Persons
from hardware_sim.city.register import Extract, Register
from hardware_sim.city.rules import Refused, Rules
from hardware_sim.city.sessions import OutOfOrder, Session
from hardware_sim.city.wire import WireError, b64_of, hex_of, text_of

_JUKI_ID_BYTES = 16
_CODE, _PIN = r"[0-9]{6}", r"[0-9]{4}"


class Identifying:
    """Finds people by their cards. May be used from any thread; the session is the caller's alone meanwhile."""

    def __init__(
        self,
        register: Register,
        persons: Persons,
        rules: Rules,
        faults: Faults,
        authorities: Sequence[x509.Certificate],
        now: Callable[[], datetime],
    ) -> None:
        self._register = register
        self._persons = persons
        self._rules = rules
        self._faults = faults
        self._authorities = tuple(authorities)
        self._now = now

    def authenticate(self, session: Session, payload: bytes) -> dict[str, Any]:
        """A My Number card's certificate and signature; the head's fields. Raises Refused, CardRefused, WireError."""
        request = wire.read_object(payload, ("v", "certificate", "signature"))
        certificate, signature = b64_of(request["certificate"]), b64_of(request["signature"])
        if session.person is not None or session.juki_id:
            raise WireError("this session has had its card")
        message = wire.card_message(session.id, session.public_key, session.nonce, session.terminal)
        now = self._now()
        holder = check_card(certificate, signature, message, self._authorities, now, self._rules.card_policy)
        status = self._register.card_status(holder.issuer_hash, holder.serial)
        if status != "good":
            raise Refused("certificate_revoked" if status == "revoked" else "status_unknown")
        person = self._register.find(holder.issuer_hash, holder.serial)
        if person is None:
            raise Refused("not_registered")
        return self._identified("authenticate", session, person)

    def card(self, session: Session, payload: bytes) -> dict[str, Any]:
        """A Juki card's service id. Nothing about the person is told, or decided, before the PIN."""
        request = wire.read_object(payload, ("v", "home", "id"))
        home, juki_id = text_of(request["home"], _CODE), hex_of(request["id"], _JUKI_ID_BYTES)
        if session.next_seq != 1:
            raise WireError("card is the first sealed step")
        self._rules.check_open(session.opened_at)
        if home != self._rules.town.code:
            raise Refused("other_city")
        tries = self._usable(juki_id)
        session.juki_id = juki_id
        return {"offers": self._rules.on_offer(session.opened_at), "tries_left": tries}

    def pin(self, session: Session, payload: bytes) -> dict[str, Any]:
        """The PIN of the Juki card of this session, counted before it is answered."""
        request = wire.read_object(payload, ("v", "pin"))
        pin = text_of(request["pin"], _PIN)
        if not session.juki_id:
            raise OutOfOrder
        if session.person is not None:
            raise WireError("this session has had its PIN")
        self._usable(session.juki_id)
        right, left = self._register.try_juki_pin(session.juki_id, pin)
        if not right:
            raise Refused("pin_wrong", tries_left=left) if left else Refused("pin_blocked")
        found = self._register.juki_card(session.juki_id)
        if found is None:
            raise Refused("not_registered")
        session.by = "juki"
        return self._identified("pin", session, found.person)

    def household(self, session: Session, payload: bytes) -> dict[str, Any]:
        """Who lives there, under ids of this session only."""
        wire.read_object(payload, ("v",))
        if session.person is None:
            raise OutOfOrder
        extract = self._read("household", session, session.person)
        self._persons.check(extract)
        self._persons.check_record(extract, extract.members)
        holder = self._marked_holder(extract)
        members = [
            {
                "id": session.id_of_member(person.id, secrets.token_hex),
                "name": person.name,
                "relationship": person.relationship,
                "holder": person.id in holder,
            }
            for person in extract.members
        ]
        return {"subject": extract.subject.hex(), "members": members}

    def _usable(self, juki_id: bytes) -> int:
        """Tries left of this card. Raises Refused when it does not serve."""
        card = self._register.juki_card(juki_id)
        if card is None:
            raise Refused("not_registered")
        reason = card.refusal(self._now().astimezone(JST).date())
        if reason:
            raise Refused(reason)
        return card.tries

    def _identified(self, step: str, session: Session, person: str) -> dict[str, Any]:
        self._rules.check_open(session.opened_at)
        extract = self._read(step, session, person)
        self._persons.check(extract)
        session.person = person
        return {"subject": extract.subject.hex(), "offers": self._persons.offers(extract, session.opened_at)}

    def _read(self, step: str, session: Session, person: str) -> Extract:
        swapped = self._faults.strikes("wrong_subject", step) is not None
        return self._persons.read(self._register.somebody_else(person) if swapped else person, session)

    def _marked_holder(self, extract: Extract) -> set[str]:
        strikes = self._faults.strikes("wrong_holder", "household")
        everybody = [person.id for person in extract.members]
        own = extract.holder.id
        match (strikes or {}).get("how"):
            case "none":
                return set()
            case "two":
                return {own, *everybody[:2]}
            case "other":
                return set([person for person in everybody if person != own][:1])
            case _:
                return {own}
