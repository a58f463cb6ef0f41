"""The rules of this machine, read from the settings: kinds, fees, copies, hours, limits.

Fees and limits are looked up by the local day; the machine freezes them in the `Wish` at the confirm screen, so a
change at midnight cannot reach a transaction that has begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from config.calendar import Calendar, Opening
from config.schema import CertificateSettings, National, Profile, Settings
from kiosk.events import Part

JST: Final = ZoneInfo("Asia/Tokyo")

RESIDENCE: Final = "residence"

SERVED: Final = frozenset({RESIDENCE})
"""Kinds this version takes from the choice to the paper; what it cannot issue it does not advertise."""

RESIDENCE_ITEMS: Final = (
    "head_and_relationship",
    "domicile",
    "residence_dates",
    "previous_address",
    "planned_move",
)
"""Selectable item groups of 住民票の写し (F-27); name, date of birth, sex and address are always there."""

DEFAULT_ITEMS: Final = frozenset({"residence_dates", "previous_address", "planned_move"})
"""What is on at first. Head of household and domicile are off: nobody should hand out more than was asked for."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything `machine.step` may ask about the machine it runs on."""

    settings: Settings
    calendar: Calendar
    required: frozenset[Part]
    """Parts without which nobody can start (A8)."""
    sensed: bool
    """Whether sensors tell that paper and change were taken."""

    @property
    def national(self) -> National:
        return self.settings.national

    @property
    def profile(self) -> Profile:
        return self.settings.profile

    def opening(self, utc: datetime) -> Opening:
        return self.calendar.is_open(utc)

    def certificate(self, kind: str) -> CertificateSettings:
        """Settings of a kind. Raises KeyError for a kind the profile does not have."""
        for certificate in self.profile.certificates:
            if certificate.kind == kind:
                return certificate
        raise KeyError(kind)

    def on_offer(self, utc: datetime) -> tuple[CertificateSettings, ...]:
        """Kinds the profile issues on this local day, in the profile's order."""
        day = local_day(utc)
        return tuple(
            certificate
            for certificate in self.profile.certificates
            if certificate.enabled
            and certificate.kind in SERVED
            and certificate.service_from <= day
            and certificate.area not in self.profile.suspended_areas
        )

    def households(self, kind: str) -> tuple[str, ...]:
        """Choices of household for this kind (住民票 only)."""
        return ("whole",) if kind == RESIDENCE else ("",)

    def items(self, kind: str) -> tuple[str, ...]:
        return RESIDENCE_ITEMS if kind == RESIDENCE else ()

    def default_items(self, kind: str) -> frozenset[str]:
        return DEFAULT_ITEMS if kind == RESIDENCE else frozenset()


def local_day(utc: datetime) -> date:
    """The day in Japan at this instant."""
    return utc.astimezone(JST).date()
