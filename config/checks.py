"""What types cannot say about a configuration: contradictions, overlaps, inverted ranges, impossible values.

Each check looks at one decoded dataclass and gives (key below it, what is wrong and what to do).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from config.calendar import FIRST_YEAR, LAST_YEAR
from config.hours import Hours, certificate_hours, machine_hours
from config.machine_checks import COINS_YEN, MACHINE_CHECKS, Found, twice
from config.recorder_checks import RECORDER_CHECKS
from config.schema import (
    ALLOWED_ORDERS,
    CARD_POLICY_OF,
    BusinessArea,
    CalendarSettings,
    CameraSettings,
    CertificateKind,
    CertificateSettings,
    Contract,
    DatedException,
    FlowProfile,
    JukiCard,
    LegalBasis,
    National,
    Profile,
    Window,
    YearEnd,
)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AREA_OF: Mapping[CertificateKind, BusinessArea] = {
    "residence": "resident_registry",
    "seal": "seal_registration",
    "income": "tax",
    "tax": "tax",
}
_MOST_COPIES = 20
_HIGHEST_MINIMUM_AGE = 20
_LOOK_AHEAD_DAYS = 400
_RESERVED_FILES = frozenset({0x3F00, 0x3FFF, 0xFFFF})
_LONGEST_YEAR_END = timedelta(days=31)


# --- calendar ---


def _windows(key: str, windows: tuple[Window, ...]) -> Found:
    for n, (earlier, later) in enumerate(pairwise(windows), start=2):
        if later.opens_min < earlier.closes_min:
            yield f"{key}[{n}]", f"{later} overlaps or comes before {earlier}: put them in order, apart"


def _calendar(calendar: CalendarSettings) -> Found:
    for day in WEEKDAYS:
        yield from _windows(day, getattr(calendar, day))
    yield from _windows("holiday_windows", calendar.holiday_windows)
    if not any(getattr(calendar, day) for day in WEEKDAYS):
        yield "monday", "no day of the week has opening hours: give at least one day a window"
    if calendar.holiday_policy == "shorten" and not calendar.holiday_windows:
        yield "holiday_windows", 'is missing: holiday_policy "shorten" needs to know to what'
    if calendar.holiday_policy != "shorten" and calendar.holiday_windows:
        yield "holiday_windows", f"contradicts holiday_policy {calendar.holiday_policy!r}: remove one of them"
    for n, later in enumerate(calendar.exceptions, start=1):
        for earlier in calendar.exceptions[: n - 1]:
            if later.first <= earlier.last and earlier.first <= later.last:
                yield f"exceptions[{n}]", f"overlaps the one from {earlier.first}: a date can have only one"


def _exception(exception: DatedException) -> Found:
    yield from _windows("windows", exception.windows)
    if exception.last < exception.first:
        yield "last", f"{exception.last} comes before first ({exception.first}): swap them"


def _year_end(year_end: YearEnd) -> Found:
    # Seen from a January in which the range could have begun in the year before.
    days = (year_end.last.month - year_end.first.month) % 12 * 31 + year_end.last.day - year_end.first.day
    if not 0 <= days <= _LONGEST_YEAR_END.days:
        yield "last", f"from {year_end.first} to {year_end.last} is no turn of the year: swap or mend them"


# --- municipality ---


def _check_digit(five_digits: str) -> int:
    """JIS X 0402: weights 6 to 2, remainder by 11 from 11, last digit of that."""
    total = sum(int(digit) * weight for digit, weight in zip(five_digits, range(6, 1, -1), strict=True))
    return (11 - total % 11) % 10


def _profile(profile: Profile) -> Found:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", profile.municipality):
        yield "municipality", 'must be small ASCII letters, digits and hyphens, such as "saga"'
    code = profile.municipality_code
    if not re.fullmatch(r"[0-9]{6}", code):
        yield "municipality_code", 'must be five digits and the check digit, such as "412015"'
    elif int(code[5]) != _check_digit(code[:5]):
        yield "municipality_code", "its check digit is wrong: compare it with the published list"
    yield from _legal_basis(profile)
    yield from _catalogue(profile)
    if not profile.flows:
        yield "flows", "is empty: name at least one of the national flows, or no card could be used"
    for n in twice(profile.flows):
        yield f"flows[{n}]", "is listed twice: remove one"
    if "ja" not in profile.languages:
        yield "languages", 'must contain "ja": residents must be able to choose Japanese'
    for n in twice(profile.languages):
        yield f"languages[{n}]", "is listed twice: remove one"
    yield from _english(profile)
    yield from _meetings(profile)
    if profile.minimum_age > _HIGHEST_MINIMUM_AGE:
        yield "minimum_age", f"is {profile.minimum_age}; it must not be above {_HIGHEST_MINIMUM_AGE}"
    for n in twice(profile.suspended_areas):
        yield f"suspended_areas[{n}]", "is listed twice: remove one"
    for n in twice([processor.name for processor in profile.processors]):
        yield f"processors[{n}].name", "is listed twice: put both roles into one entry"
    for n in twice([contract.name for contract in profile.contracts]):
        yield f"contracts[{n}].name", "is listed twice: keep the one that holds"
    for n in twice([yearly.task for yearly in profile.yearly]):
        yield f"yearly[{n}].task", "is listed twice: keep the one last done"


def _english(profile: Profile) -> Found:
    english = profile.english
    if english is None:
        if "en" in profile.languages:
            yield "english", 'is missing though languages lists "en": add the table, or remove "en"'
        return
    if "en" not in profile.languages:
        yield "english", 'contradicts languages, which does not list "en": add it, or remove the table'
    kinds = [certificate.kind for certificate in profile.certificates]
    for kind in kinds:
        if not english.certificates.get(kind):
            yield f"english.certificates.{kind}", "is missing: every certificate needs its English name"
    for name in english.certificates:
        if name not in kinds:
            yield f"english.certificates.{name}", "is no kind of this profile's certificates: remove it"
    if len(english.alternatives) != len(profile.alternatives):
        yield (
            "english.alternatives",
            f"has {len(english.alternatives)} names for {len(profile.alternatives)} alternatives: give each one",
        )
    for n, name in enumerate(english.alternatives, start=1):
        if not name:
            yield f"english.alternatives[{n}]", "is empty; it must say something"
    if bool(english.cautions) != bool(profile.cautions):
        yield "english.cautions", "must say what cautions says in Japanese: fill in both, or neither"


def _meetings(profile: Profile) -> Found:
    """Hours that never come together are a slip of the pen, found only when somebody stands there."""
    services = [("service_from", profile.service_from)]
    services += [
        (f"certificates[{n}].service_from", c.service_from) for n, c in enumerate(profile.certificates, start=1)
    ]
    strange = [(key, day) for key, day in services if not FIRST_YEAR <= day.year <= LAST_YEAR]
    for key, day in strange:
        yield key, f"is {day}; the years whose holidays are known are {FIRST_YEAR} to {LAST_YEAR}"
    if strange:
        return
    if profile.server is not None and not _ever_open(machine_hours(profile), profile.service_from, profile):
        yield "server", "has no hour in common with calendar: nothing could ever be issued, so mend one of them"
        return
    for n, certificate in enumerate(profile.certificates, start=1):
        first = max(profile.service_from, certificate.service_from)
        if certificate.calendar is None or _ever_open(certificate_hours(profile, certificate), first, profile):
            continue
        others = "calendar" if profile.server is None else "calendar and server"
        yield f"certificates[{n}].calendar", f"has no hour in common with {others}: it could never be issued, mend it"


def _ever_open(hours: Hours, first: date, profile: Profile) -> bool:
    """Within a year and a month of the first day, or on the day of a dated exception."""
    calendars = [profile.calendar, profile.server, *(certificate.calendar for certificate in profile.certificates)]
    special = [e.first for calendar in calendars if calendar is not None for e in calendar.exceptions]
    return any(hours.windows_on(first + timedelta(n)) for n in range(_LOOK_AHEAD_DAYS)) or any(
        hours.windows_on(day) for day in special if FIRST_YEAR <= day.year <= LAST_YEAR
    )


def _legal_basis(profile: Profile) -> Found:
    activities = {basis.activity for basis in profile.legal_basis}
    if "issue" not in activities:
        yield "legal_basis", 'has no entry for activity "issue": name the rule that allows issuing'
    if profile.camera.required and "camera" not in activities:
        yield "legal_basis", 'has no entry for activity "camera" though camera.required is true: add it'


def _basis(basis: LegalBasis) -> Found:
    if basis.effective_until is not None and basis.effective_until < basis.effective_from:
        yield "effective_until", f"comes before effective_from ({basis.effective_from}): swap them"


def _contract(contract: Contract) -> Found:
    if contract.review_by <= contract.signed:
        yield "review_by", f"does not come after signed ({contract.signed}): enter the next review"


def _catalogue(profile: Profile) -> Found:
    if not profile.certificates:
        yield "certificates", "is empty: a terminal needs something to issue"
    for n in twice([certificate.kind for certificate in profile.certificates]):
        yield f"certificates[{n}].kind", "is listed twice: keep one entry for each kind"
    for n, certificate in enumerate(profile.certificates, start=1):
        if certificate.service_from < profile.service_from:
            yield (
                f"certificates[{n}].service_from",
                f"comes before the municipality's own service_from ({profile.service_from}): mend one",
            )


def _certificate(certificate: CertificateSettings) -> Found:
    area = _AREA_OF[certificate.kind]
    if certificate.area != area:
        yield "area", f"is {certificate.area!r}, but a {certificate.kind!r} certificate belongs to {area!r}"
    if certificate.max_copies > _MOST_COPIES:
        yield "max_copies", f"is {certificate.max_copies}; it must not be above {_MOST_COPIES}"
    if not certificate.fees:
        yield "fees", "is empty: say what a copy costs and from which day"
    elif certificate.fees[0].from_date > certificate.service_from:
        yield (
            "fees[1].from_date",
            f"comes after service_from: no fee is set from {certificate.service_from} on",
        )
    for n, (earlier, later) in enumerate(pairwise(certificate.fees), start=2):
        if later.from_date <= earlier.from_date:
            yield f"fees[{n}].from_date", "does not come after the one before: put the fees in order of date"
    for n, fee in enumerate(certificate.fees, start=1):
        if fee.yen % COINS_YEN[0]:
            yield f"fees[{n}].yen", f"is {fee.yen}; coins can only make multiples of {COINS_YEN[0]} yen"


def _camera(camera: CameraSettings) -> Found:
    longest = camera.retention_max_elapsed_h
    if longest is not None and longest < camera.retention_min_elapsed_h:
        yield (
            "retention_max_elapsed_h",
            f"is below retention_min_elapsed_h ({camera.retention_min_elapsed_h}): no image could meet both",
        )


# --- nation ---


def _flow(flow: FlowProfile) -> Found:
    if flow.order not in ALLOWED_ORDERS[flow.card]:
        yield (
            "order",
            f"is not an allowed order for card = {flow.card!r}: see ALLOWED_ORDERS in config/national.py",
        )
    if flow.card != CARD_POLICY_OF[flow.card_kind]:
        yield (
            "card",
            f"is {flow.card!r}, but the PIN of a {flow.card_kind!r} card is checked where only "
            f"{CARD_POLICY_OF[flow.card_kind]!r} works",
        )


def _juki_card(card: JukiCard) -> Found:
    if not re.fullmatch(r"(?:[0-9A-F]{2}){5,16}", card.application):
        yield "application", "must be an AID of 5 to 16 bytes in capital hexadecimal digits (ISO 7816-4)"
    if card.file in _RESERVED_FILES or card.file > 0xFFFF:
        yield "file", f"is {card.file:#06x}, which names no elementary file (ISO 7816-4)"
    if card.profile_version > 0xFFFF:
        yield "profile_version", f"is {card.profile_version}; it has two bytes on the card"


def _national(national: National) -> Found:
    if national.warning_s < 20:
        yield "warning_s", f"is {national.warning_s}; people need at least 20 s to answer a warning"
    if national.max_extensions < 10:
        yield "max_extensions", f"is {national.max_extensions}; at least 10 must be possible"
    if national.slow_factor < 1:
        yield "slow_factor", f"is {national.slow_factor}; below 1 it would hurry people"
    steps_s = national.identify_s + national.card_read_s + national.verify_s + national.sign_s
    if steps_s > national.card_phase_s:
        yield "card_phase_s", f"is shorter than its four steps together ({steps_s} s)"
    if national.left_behind_s <= sum(national.take_repeat_s):
        yield "left_behind_s", "would call staff before the announcement was repeated: make it longer"


CHECKS: Mapping[type, Callable[[Any], Found]] = {
    **MACHINE_CHECKS,
    **RECORDER_CHECKS,
    CalendarSettings: _calendar,
    CameraSettings: _camera,
    CertificateSettings: _certificate,
    Contract: _contract,
    DatedException: _exception,
    FlowProfile: _flow,
    JukiCard: _juki_card,
    LegalBasis: _basis,
    National: _national,
    Profile: _profile,
    YearEnd: _year_end,
}
"""The check of each dataclass that has one."""
