"""What a municipality decides about its terminals: one :class:`Profile` for each, such as ``saga.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from config.windows import MonthDay, Window

CertificateKind = Literal["residence", "seal", "income", "tax"]
"""住民票の写し, 印鑑登録証明書, 所得課税証明書, 納税証明書."""

BusinessArea = Literal["resident_registry", "seal_registration", "tax"]
"""Certificates of one area can be suspended together (F-2)."""

Language = Literal["ja", "en"]
"""BCP 47 tags of the languages the screens speak."""

HolidayPolicy = Literal["close", "shorten", "as_weekday", "as_sunday"]


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """An instrument that allows a processing activity (F-1, S-1); old ones stay, with their dates (T-16)."""

    activity: Literal["issue", "camera"]
    instrument: str
    """Title of the ordinance or rule, as published."""
    article: str
    effective_from: date
    reference: str = ""
    """Number and date of the document by which it was decided or asked, where there is one."""
    effective_until: date | None = None
    """Last day in force; None: in force to this day. An entry that has ended stays in the list (T-16)."""

    def in_force(self, day: date) -> bool:
        """Whether it holds on ``day``."""
        return self.effective_from <= day and (self.effective_until is None or day <= self.effective_until)


@dataclass(frozen=True, slots=True)
class Processor:
    """An organisation through whose hands or machines the data pass, beside the municipality itself (F-14)."""

    name: str
    role: str
    """What it does with the data, in Japanese."""
    under: str = ""
    """Agreement or rule it is bound by; empty where the documents name none."""


@dataclass(frozen=True, slots=True)
class Contract:
    """An agreement about the service, with the day by which it is looked at again (F-13)."""

    name: str
    partner: str
    signed: date
    review_by: date
    """Last day for the review."""


@dataclass(frozen=True, slots=True)
class YearlyTask:
    """Something that has to be done every year, such as the security diagnosis (F-33)."""

    task: str
    last_done: date | None = None
    """None: never, as far as is recorded."""
    by: str = ""
    """Whose task it is; empty: the section in charge's."""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """Closed days around New Year, both inclusive; the range may cross the year's end."""

    first: MonthDay
    last: MonthDay


@dataclass(frozen=True, slots=True)
class DatedException:
    """Other hours, or none, on the dates ``first`` to ``last`` (inclusive), on somebody's word (S-25)."""

    first: date
    last: date
    windows: tuple[Window, ...]
    """Hours on each of these dates; empty: closed all day."""
    reason: str
    """Shown to residents."""
    approver: str
    """The post that approved it (not a private person's name)."""


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """Opening hours in Japanese local time, each a list of half-open windows such as ``"08:30-17:15"``.

    Precedence: dated exception, then year-end, then holiday, then day of the week.
    """

    monday: tuple[Window, ...]
    tuesday: tuple[Window, ...]
    wednesday: tuple[Window, ...]
    thursday: tuple[Window, ...]
    friday: tuple[Window, ...]
    saturday: tuple[Window, ...]
    sunday: tuple[Window, ...]
    holiday_policy: HolidayPolicy
    """``shorten`` cuts the weekday's hours to ``holiday_windows``; it never opens a closed day."""
    holiday_windows: tuple[Window, ...] = ()
    """Only with ``shorten``."""
    year_end: YearEnd | None = None
    exceptions: tuple[DatedException, ...] = ()


@dataclass(frozen=True, slots=True)
class Fee:
    """Price of one copy from ``from_date`` on, until the next entry."""

    from_date: date
    yen: int


@dataclass(frozen=True, slots=True)
class CertificateSettings:
    """One certificate of the catalogue."""

    kind: CertificateKind
    area: BusinessArea
    name: str
    """The certificate's Japanese name on screens and receipts."""
    service_from: date
    """First day it is offered (F-6)."""
    enabled: bool
    max_copies: int
    """Most copies of it in one transaction."""
    fees: tuple[Fee, ...]
    """In order of date; the first is not later than ``service_from``. 0 yen: free of charge."""
    calendar: CalendarSettings | None = None
    """Hours of this certificate alone, within the machine's and the server's; None: none of its own."""

    def fee_yen(self, day: date) -> int:
        """Price of one copy on ``day`` (the Japanese date), in yen.

        Raises:
            LookupError: ``day`` lies before the first fee.
        """
        for fee in reversed(self.fees):
            if fee.from_date <= day:
                return fee.yen
        raise LookupError(f"{self.kind}: no fee is set for {day.isoformat()}: add one to its 'fees'")


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another counter where the certificate can be had, told when the terminal refuses (F-3)."""

    name: str
    place: str
    calendar: CalendarSettings
    by_card: bool = False
    """A machine that asks for the same card and PIN: of no use to whom just these have failed."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """The camera beside the terminal, as the municipality's rule orders it."""

    required: bool
    """Without a working camera the terminal does not open (S-23)."""
    notice: str
    """The words of the sign, verbatim (S-12)."""
    from_date: date
    """First day of filming (S-10); before it neither camera nor sign is on."""
    preroll_s: float
    """Footage kept from before a person steps in front."""
    absence_s: float
    """Stillness and emptiness after which the visit counts as over."""
    capacity_footage_h: int
    """What the ring must hold, in hours of footage (S-15)."""
    retention_min_elapsed_h: int
    """No image younger than this, in hours elapsed, is overwritten (S-32)."""
    on_conflict: Literal["overwrite_oldest", "protect_floor_and_alarm"]
    """What gives way when the ring is full of images younger than the floor (T-1c)."""
    retention_max_elapsed_h: int | None = None
    """Age at which an image becomes unreadable, in hours elapsed; left out: only overwriting ends it."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The key of the recorder's case."""

    place: str
    """Where it is kept, as printed in the key-use ledger (T-2)."""
    two_person: bool = False
    """A second person must countersign taking it."""


@dataclass(frozen=True, slots=True)
class English:
    """The municipality's words in English; one for every Japanese text a resident sees."""

    city_name: str
    machine_title: str
    office: str
    contact: str
    place: str
    change_note: str
    certificates: Mapping[str, str]
    """Name of each certificate by its kind; every kind of the catalogue and no other."""
    alternatives: tuple[str, ...]
    """Names, one for each entry of ``Profile.alternatives``, in its order."""
    cautions: str = ""
    """Empty exactly when ``Profile.cautions`` is."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the municipality decides."""

    municipality: str
    """Short name in ASCII, as in file names and metrics."""
    municipality_code: str
    """Local government code: five digits and the check digit (JIS X 0402)."""
    city_name: str
    machine_title: str
    """What the terminal is called on its screens."""
    office: str
    """The section in charge (S-9)."""
    contact: str
    """Whom a resident should ask, as shown on screen."""
    place: str
    """Building and floor (S-3)."""
    service_from: date
    """First day of the municipality's service (F-5)."""
    legal_basis: tuple[LegalBasis, ...]
    calendar: CalendarSettings
    certificates: tuple[CertificateSettings, ...]
    flows: tuple[str, ...]
    """National flows, by name; the card's kind chooses among them, so no two are for the same kind."""
    languages: tuple[Language, ...]
    """In the order of the language choice; the first is the one of the first screen. Japanese is among them."""
    camera: CameraSettings
    keys: KeySettings
    change_note: str
    """What the pay screen says about coins and change."""
    alternatives: tuple[Alternative, ...]
    cautions: str = ""
    """What the municipality wants residents to know beforehand (F-41)."""
    suspended_areas: tuple[BusinessArea, ...] = ()
    """Areas out of service for now, whatever their certificates say (F-2)."""
    server: CalendarSettings | None = None
    """Hours of the city's server, which issues nothing outside them; None: whenever the machine is open."""
    english: English | None = None
    """Required when ``languages`` lists ``"en"``."""
    receipt_required: bool = False
    """Without receipt paper nobody can start; else people are told before they pay and may go on."""
    foretell_planned_move: bool = True
    """Whoever has announced a move gets the record with 転出予定地・転出確定地; False: is sent to the counter."""
    minimum_age: int = 15
    """Completed years below which a person is sent to the counter; 0: nobody is."""
    voice: Literal["on", "off"] = "on"
    """Whether the terminal speaks; then the machine must have a loudspeaker (``sound.required``). ``off``: it says
    nothing at all, reads no screen out, and the papers for residents say so."""
    processors: tuple[Processor, ...] = ()
    """Organisations on the way of the data, from the city's server to the terminal."""
    contracts: tuple[Contract, ...] = ()
    yearly: tuple[YearlyTask, ...] = ()
