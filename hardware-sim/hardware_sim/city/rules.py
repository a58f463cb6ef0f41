"""What one city has decided about issuing, as its server applies it: read from the municipality's profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from config.calendar import JST, Calendar
from config.schema import CertificateSettings, National, Profile
from hardware_sim.city.cardcheck import AUTH_POLICY
from hardware_sim.city.towns import Town, town_of

KINDS = ("residence", "seal", "income", "tax")
"""In the order of the protocol."""
_YESTERDAYS_FEE_UNTIL = time(1)
"""Whoever confirmed before midnight is charged what was shown (docs/protocol.md §7)."""


class Refused(Exception):
    """A reason of docs/protocol.md §8: signed and safe to show."""

    def __init__(self, reason: str, **said: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.said = said
        """What the head of the answer says beside the reason."""


@dataclass(frozen=True)
class KindRules:
    """One certificate: its first day, fees as (first day, yen) with the oldest first, most copies, own hours."""

    service_from: date = date(2016, 1, 22)
    fees: tuple[tuple[date, int], ...] = ((date(2016, 1, 22), 300),)
    max_copies: int = 10
    hours: Calendar | None = None

    def fee_yen(self, day: date) -> int | None:
        """Price of one copy on this day; None before the first fee."""
        return next((yen for first, yen in reversed(self.fees) if first <= day), None)


_EVERY_KIND: Mapping[str, KindRules] = MappingProxyType({kind: KindRules() for kind in KINDS})


@dataclass(frozen=True)
class Rules:
    """All of it. Sides and bytes are those of one copy."""

    municipality: str = "saga"
    kinds: Mapping[str, KindRules] = field(default_factory=lambda: _EVERY_KIND)
    """On offer: enabled, and of no suspended area."""
    service_from: date = date(2016, 1, 22)
    hours: Calendar | None = None
    """Of the server; None: always."""
    foretell_planned_move: bool = True
    min_age: int = 15
    max_pages: int = 40
    max_document_bytes: int = 10_000_000
    parallel: int = 4
    """So many certificates are made at a time; one more is told ``busy``."""
    card_policy: str = AUTH_POLICY

    @classmethod
    def of(cls, profile: Profile, national: National) -> Rules:
        """What ``profile`` says, within what holds everywhere.

        Raises:
            TownError: the bench has no residents of that city.
        """
        town_of(profile.municipality)
        kinds = {
            certificate.kind: _kind(certificate)
            for certificate in profile.certificates
            if certificate.enabled and certificate.area not in profile.suspended_areas
        }
        return cls(
            municipality=profile.municipality,
            kinds=MappingProxyType({kind: kinds[kind] for kind in KINDS if kind in kinds}),
            service_from=profile.service_from,
            hours=None if profile.server is None else Calendar(profile.server),
            foretell_planned_move=profile.foretell_planned_move,
            min_age=profile.minimum_age,
            max_pages=national.max_pages,
            max_document_bytes=national.max_document_bytes,
        )

    @property
    def town(self) -> Town:
        return town_of(self.municipality)

    def check_open(self, now: datetime) -> None:
        """Raises Refused when this city serves nobody at this instant."""
        if now.astimezone(JST).date() < self.service_from:
            raise Refused("not_in_service")
        if self.hours is not None and not self.hours.is_open(now).open:
            raise Refused("outside_hours")

    def check_kind(self, kind: str, now: datetime) -> KindRules:
        """The rules of a kind. Raises Refused when the city does not issue it at this instant."""
        self.check_open(now)
        rules = self.kinds.get(kind)
        if rules is None:
            raise Refused("not_available")
        if now.astimezone(JST).date() < rules.service_from:
            raise Refused("not_in_service")
        if rules.hours is not None and not rules.hours.is_open(now).open:
            raise Refused("outside_hours")
        return rules

    def on_offer(self, now: datetime) -> list[str]:
        """The kinds this city issues at all at this instant, in the order of the protocol."""
        offered = []
        for kind in KINDS:
            try:
                self.check_kind(kind, now)
            except Refused:
                continue
            offered.append(kind)
        return offered


def check_fee(rules: KindRules, fee_yen: int, fee_day: date, now: datetime) -> None:
    """Today's fee, or until 01:00 yesterday's; anything else is refused as ``fee_changed``."""
    local = now.astimezone(JST)
    days = {local.date()}
    if local.time() < _YESTERDAYS_FEE_UNTIL:
        days.add(local.date() - timedelta(days=1))
    if fee_day not in days or rules.fee_yen(fee_day) != fee_yen:
        raise Refused("fee_changed")


def _kind(certificate: CertificateSettings) -> KindRules:
    return KindRules(
        service_from=certificate.service_from,
        fees=tuple((fee.from_date, fee.yen) for fee in certificate.fees),
        max_copies=certificate.max_copies,
        hours=None if certificate.calendar is None else Calendar(certificate.calendar),
    )
