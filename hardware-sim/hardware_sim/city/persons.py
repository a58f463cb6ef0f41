"""What somebody may be issued: read once, decided by the city's rules, refused without telling why."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from config.calendar import JST
from hardware_sim.city.register import Extract, Register
from hardware_sim.city.residents import Person, age
from hardware_sim.city.rules import Refused, Rules
from hardware_sim.city.sessions import Session


class Persons:
    """Reads people and decides. May be used from any thread."""

    def __init__(self, register: Register, rules: Rules, now: Callable[[], datetime]) -> None:
        self._register = register
        self._rules = rules
        self._now = now

    def read(self, person: str, session: Session) -> Extract:
        """One reading of the register. Raises Refused when the row is gone."""
        extract = self._register.extract(person, session.nonce, session.id, self._now, session.by)
        if extract is None:
            raise Refused("not_registered")
        return extract

    def check(self, extract: Extract) -> None:
        """Raises Refused for somebody this city issues nothing to from a machine; not told: why."""
        holder = extract.holder
        if holder.moved_out:
            raise Refused("not_registered")
        today = extract.as_of.astimezone(JST).date()
        if holder.restricted or age(holder.birth, today) < self._rules.min_age:
            raise Refused("not_available")

    def check_record(self, extract: Extract, drawn: Collection[Person]) -> None:
        """Raises Refused when the residence record of these members is for the counter only.

        Whoever lives with somebody restricted gets none at all: neither who that is, nor where they live.
        """
        moving = any(person.planned_destination or person.confirmed_destination for person in drawn)
        if any(person.restricted for person in extract.members) or (moving and not self._rules.foretell_planned_move):
            raise Refused("not_available")

    def check_registered(self, extract: Extract, kind: str) -> None:
        """Raises Refused when there is nothing of this kind to certify."""
        there = {
            "residence": True,
            "seal": extract.seal is not None,
            "income": extract.income is not None,
            "tax": bool(extract.taxes),
        }
        if not there[kind]:
            raise Refused("nothing_registered")

    def offers(self, extract: Extract, instant: datetime) -> list[str]:
        """The kinds this person can be issued now, in the order of the protocol."""
        offered = []
        for kind in self._rules.on_offer(instant):
            try:
                self.check_registered(extract, kind)
                if kind == "residence":
                    self.check_record(extract, (extract.holder,))
            except Refused:
                continue
            offered.append(kind)
        return offered
