"""The rules of this machine, read from the settings: flows, kinds, fees, copies, hours, names.

Fees are looked up by the local day and frozen when the confirm screen is entered, so a change at midnight cannot
reach a transaction that has begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from config.calendar import Opening, Reason, hours_text
from config.hours import Hours, certificate_hours, machine_hours
from config.schema import CertificateSettings, English, FlowProfile, National, Profile, Settings
from kiosk.events import CardKind, Part

JST: Final = ZoneInfo("Asia/Tokyo")

RESIDENCE: Final = "residence"
WHOLE: Final = "whole"
PART: Final = "part"

KINDS_OF_ISSUE: Final = ("residence_copy",)
"""What a residence record can be issued as (F-21 f). One answer only, so nobody is asked."""

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
class Names:
    """What the municipality calls things, in one language."""

    city_name: str
    machine_title: str
    office: str
    contact: str
    place: str
    change_note: str
    cautions: str
    certificates: Mapping[str, str]
    alternatives: tuple[str, ...]
    """Other places to go, each with its hours (F-3)."""
    counters: tuple[str, ...]
    """Those of them that ask for no card and no PIN."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything `machine.step` may ask about the machine it runs on."""

    settings: Settings
    hours: Hours
    """When the machine and the city's server are both open."""
    hours_of: Mapping[str, Hours]
    """The same for each kind of certificate, with its own hours and its first day."""
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

    @property
    def speaks(self) -> bool:
        """Whether this municipality's terminals say anything."""
        return self.profile.voice == "on"

    # ---- hours -------------------------------------------------------------------------------------------

    def opening(self, utc: datetime) -> Opening:
        """Open if the hours say so and something is on offer; else why not, and when next (A8)."""
        opening = self.hours.is_open(utc)
        if not opening.open:
            return opening
        kinds = [self.opening_of(c.kind, utc) for c in self.listed()]
        closings = [kind.closes_at for kind in kinds if kind.open]
        if closings:
            last = None if None in closings else max(at for at in closings if at)
            return Opening(True, opening.reason, opening.detail, last, None)
        awaited = [kind for kind in kinds if kind.next_opening]
        if awaited:
            return min(awaited, key=lambda kind: kind.next_opening or utc)
        return kinds[0] if kinds else Opening(False, Reason.EXCEPTION, "", None, None)

    def opening_of(self, kind: str, utc: datetime) -> Opening:
        """Whether this kind is issued now: machine, server, its own hours and its first day."""
        return self.hours_of[kind].is_open(utc)

    # ---- certificates ------------------------------------------------------------------------------------

    def certificate(self, kind: str) -> CertificateSettings:
        """Settings of a kind. Raises KeyError for a kind the profile does not have."""
        for certificate in self.profile.certificates:
            if certificate.kind == kind:
                return certificate
        raise KeyError(kind)

    def listed(self) -> tuple[CertificateSettings, ...]:
        """Kinds this machine shows, in the profile's order: neither switched off nor of a suspended area (F-2)."""
        return tuple(
            certificate
            for certificate in self.profile.certificates
            if certificate.enabled and certificate.area not in self.profile.suspended_areas
        )

    def on_offer(self, utc: datetime) -> tuple[CertificateSettings, ...]:
        """Kinds that are issued at this moment."""
        return tuple(certificate for certificate in self.listed() if self.opening_of(certificate.kind, utc).open)

    def fee_yen(self, kind: str, day: date) -> int:
        """Fee of one copy on this local day; before the first day of service, the fee of that day."""
        certificate = self.certificate(kind)
        return certificate.fee_yen(max(day, certificate.service_from))

    def households(self, kind: str) -> tuple[str, ...]:
        """Choices of household for this kind (住民票 only)."""
        return (WHOLE, PART) if kind == RESIDENCE else ("",)

    def items(self, kind: str) -> tuple[str, ...]:
        return RESIDENCE_ITEMS if kind == RESIDENCE else ()

    def default_items(self, kind: str) -> frozenset[str]:
        return DEFAULT_ITEMS if kind == RESIDENCE else frozenset()

    # ---- cards and flows ---------------------------------------------------------------------------------

    def flow(self, card: CardKind) -> FlowProfile | None:
        """The flow this municipality has for this kind of card; None: it takes no such card."""
        for name in self.profile.flows:
            flow = self.national.flows[name]
            if flow.card_kind == card.value:
                return flow
        return None

    @property
    def cards(self) -> tuple[str, ...]:
        """Kinds of card this machine takes, in the profile's order."""
        return tuple(self.national.flows[name].card_kind for name in self.profile.flows)

    # ---- names -------------------------------------------------------------------------------------------

    def names(self, language: str) -> Names:
        """The municipality's own words in this language; Japanese where it has none."""
        profile, english = self.profile, self.profile.english
        words: Profile | English = profile
        certificates: Mapping[str, str] = {c.kind: c.name for c in profile.certificates}
        places = tuple(alternative.name for alternative in profile.alternatives)
        if language == "en" and english is not None:
            words, certificates, places = english, english.certificates, english.alternatives
        hours = (hours_text(alternative.calendar, language) for alternative in profile.alternatives)
        between, within = (": ", "; ") if language == "en" else ("　", "、")
        told = tuple(f"{name}{between}{within.join(lines)}" for name, lines in zip(places, hours, strict=True))
        by_card = (alternative.by_card for alternative in profile.alternatives)
        return Names(
            words.city_name,
            words.machine_title,
            words.office,
            words.contact,
            words.place,
            words.change_note,
            words.cautions,
            certificates,
            told,
            tuple(one for one, machine in zip(told, by_card, strict=True) if not machine),
        )


def rules_of(settings: Settings, required: frozenset[Part], sensed: bool) -> Rules:
    """The rules of these settings."""
    profile = settings.profile
    hours_of: dict[str, Hours] = {c.kind: certificate_hours(profile, c) for c in profile.certificates}
    return Rules(settings, machine_hours(profile), hours_of, required, sensed)


def local_day(utc: datetime) -> date:
    """The day in Japan at this instant."""
    return utc.astimezone(JST).date()
