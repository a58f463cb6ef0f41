"""What types cannot say about a configuration: contradictions, overlaps, inverted ranges, impossible values.

Each check looks at one decoded dataclass and gives (key below it, what is wrong and what to do).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from config.schema import (
    ALLOWED_ORDERS,
    CARD_POLICY_OF,
    BusinessArea,
    CalendarSettings,
    CameraSettings,
    CashSettings,
    CentreSettings,
    CertificateKind,
    CertificateSettings,
    CoinPosition,
    DatedException,
    FlowProfile,
    HopperSettings,
    JukiCard,
    Machine,
    National,
    Panel,
    PrinterSettings,
    Profile,
    ReaderSettings,
    SensorSettings,
    Window,
    YearEnd,
)

Found = Iterator[tuple[str, str]]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COINS_YEN = (10, 50, 100, 500)
_AREA_OF: Mapping[CertificateKind, BusinessArea] = {
    "residence": "resident_registry",
    "seal": "seal_registration",
    "income": "tax",
    "tax": "tax",
}
_MOST_COPIES = 20
_HIGHEST_MINIMUM_AGE = 20
_RESERVED_FILES = frozenset({0x3F00, 0x3FFF, 0xFFFF})
_LONGEST_YEAR_END = timedelta(days=31)
_SERIAL_LIMIT = 1 << 24


def _twice(values: Sequence[Any]) -> list[int]:
    """Positions (from one) whose value stood before already."""
    return [n for n, value in enumerate(values, start=1) if value in values[: n - 1]]


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
    for n in _twice(profile.flows):
        yield f"flows[{n}]", "is listed twice: remove one"
    if "ja" not in profile.languages:
        yield "languages", 'must contain "ja": residents must be able to choose Japanese'
    for n in _twice(profile.languages):
        yield f"languages[{n}]", "is listed twice: remove one"
    yield from _english(profile)
    if profile.minimum_age > _HIGHEST_MINIMUM_AGE:
        yield "minimum_age", f"is {profile.minimum_age}; it must not be above {_HIGHEST_MINIMUM_AGE}"
    for n in _twice(profile.suspended_areas):
        yield f"suspended_areas[{n}]", "is listed twice: remove one"


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


def _legal_basis(profile: Profile) -> Found:
    activities = {basis.activity for basis in profile.legal_basis}
    if "issue" not in activities:
        yield "legal_basis", 'has no entry for activity "issue": name the rule that allows issuing'
    if profile.camera.required and "camera" not in activities:
        yield "legal_basis", 'has no entry for activity "camera" though camera.required is true: add it'


def _catalogue(profile: Profile) -> Found:
    if not profile.certificates:
        yield "certificates", "is empty: a terminal needs something to issue"
    for n in _twice([certificate.kind for certificate in profile.certificates]):
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


# --- machine ---


def _machine(machine: Machine) -> Found:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", machine.terminal_id):
        yield "terminal_id", "must be up to 64 ASCII letters, digits, dots, hyphens and underscores"
    if machine.bench is not None and not machine.simulation:
        yield "bench", "is only for simulations: remove it from a real machine's file"


def _reader(reader: ReaderSettings) -> Found:
    needed, other = ("name_contains", "device") if reader.driver == "pcsc" else ("device", "name_contains")
    if not getattr(reader, needed):
        yield needed, f"is missing: driver {reader.driver!r} finds its reader by it"
    for key in (other,) if reader.driver == "pcsc" else (other, "csock"):
        if getattr(reader, key):
            yield key, f"means nothing to driver {reader.driver!r}: remove it, or change the driver"


def _sensors(sensors: SensorSettings) -> Found:
    if not 1 <= sensors.unit <= 247:
        yield "unit", f"is {sensors.unit}; Modbus slaves have addresses 1 to 247"
    names = ("certificate_input", "change_input", "receipt_input", "service_key_input")
    inputs = {name: number for name in names if (number := getattr(sensors, name)) is not None}
    first: dict[int, str] = {}
    for name, number in inputs.items():
        if number > 0xFFFF:
            yield name, f"is {number}; Modbus inputs have numbers 0 to 65535"
        if first.setdefault(number, name) != name:
            yield name, f"is {number}, and so is {first[number]}: every sensor has an input of its own"


def _panel(panel: Panel) -> Found:
    if not 2 <= panel.px_per_mm <= 20:
        yield (
            "diagonal_in",
            f"gives {panel.px_per_mm:.1f} pixels a millimetre: measure the picture, in inches",
        )


def _coin(coin: CoinPosition) -> Found:
    if not 1 <= coin.position <= 16:
        yield "position", f"is {coin.position}; a ccTalk acceptor has positions 1 to 16"
    if not 1 <= coin.path <= 8:
        yield "path", f"is {coin.path}; sorter paths are 1 to 8"
    if coin.yen not in COINS_YEN:
        yield "yen", f"is {coin.yen}; accepted are {', '.join(map(str, COINS_YEN))}"
    if not re.fullmatch(r"JP[0-9]{3}[A-Z]", coin.coin_id):
        yield "coin_id", f'is {coin.coin_id!r}; a Japanese coin\'s id looks like "JP100A"'


def _hopper(hopper: HopperSettings) -> Found:
    if hopper.serial >= _SERIAL_LIMIT:
        yield "serial", f"is {hopper.serial}; a ccTalk serial number has 24 bits"
    if hopper.yen not in COINS_YEN:
        yield "yen", f"is {hopper.yen}; hoppers can hold {', '.join(map(str, COINS_YEN))}"
    if hopper.reserve >= hopper.capacity:
        yield "reserve", f"leaves nothing of capacity ({hopper.capacity}): make it smaller"


def _cash(cash: CashSettings) -> Found:
    if cash.acceptor_serial >= _SERIAL_LIMIT:
        yield "acceptor_serial", f"is {cash.acceptor_serial}; a ccTalk serial number has 24 bits"
    if not 1 <= cash.cashbox_path <= 8:
        yield "cashbox_path", f"is {cash.cashbox_path}; sorter paths are 1 to 8"
    if cash.watchdog_ms <= 2 * cash.poll_ms:
        yield "poll_ms", "must be below half of watchdog_ms, or one lost poll inhibits the acceptor"
    for key, values in (("coins", cash.coins), ("hoppers", cash.hoppers)):
        if not values:
            yield key, "is empty: the terminal could not take money and give change"
    for n in _twice([coin.position for coin in cash.coins]):
        yield f"coins[{n}].position", "is listed twice: keep one entry for each position"
    for n in _twice([hopper.serial for hopper in cash.hoppers]):
        yield f"hoppers[{n}].serial", "is listed twice: every hopper has its own"
    for n in _twice([hopper.yen for hopper in cash.hoppers]):
        yield f"hoppers[{n}].yen", "is listed twice: one hopper for each coin"
    yield from _paths(cash)


def _paths(cash: CashSettings) -> Found:
    hoppers_yen = {hopper.yen for hopper in cash.hoppers}
    path_yen: dict[int, int] = {}
    for n, coin in enumerate(cash.coins, start=1):
        number = coin.coin_id[2:5]
        if number.isdigit() and int(number) != coin.yen * cash.coin_divisor:
            yield (
                f"coins[{n}].yen",
                f"does not agree with {coin.coin_id!r} and coin_divisor: mend the wrong one",
            )
        if coin.path == cash.cashbox_path:
            continue
        if coin.yen not in hoppers_yen:
            yield f"coins[{n}].path", f"leads to a hopper, but none holds {coin.yen} yen: use cashbox_path"
        if path_yen.setdefault(coin.path, coin.yen) != coin.yen:
            yield f"coins[{n}].path", f"would mix {coin.yen} and {path_yen[coin.path]} yen in one hopper"


def _url(key: str, url: str, schemes: tuple[str, ...]) -> Found:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        sound = plain = False
    if not (sound and plain):
        wanted = " or ".join(f"{scheme}://host[:port]/path" for scheme in schemes)
        yield key, f"is not a usable address: write {wanted}, nothing more"


def _printer(printer: PrinterSettings) -> Found:
    yield from _url("uri", printer.uri, ("ipp", "ipps"))
    if printer.receipt_tray == printer.certificate_tray:
        yield "receipt_tray", "is the certificate's tray too: receipts have their own paper in their own tray"
    if not re.fullmatch(r"[a-z0-9]+_[a-z0-9.-]+_[0-9.]+x[0-9.]+(mm|in)", printer.receipt_media):
        yield "receipt_media", 'must be a size name of PWG 5101.1, such as "iso_a5_148x210mm"'


def _centre(centre: CentreSettings) -> Found:
    return _url("url", centre.url, ("https",))


CHECKS: Mapping[type, Callable[[Any], Found]] = {
    CalendarSettings: _calendar,
    CameraSettings: _camera,
    CashSettings: _cash,
    CentreSettings: _centre,
    CertificateSettings: _certificate,
    CoinPosition: _coin,
    DatedException: _exception,
    FlowProfile: _flow,
    HopperSettings: _hopper,
    JukiCard: _juki_card,
    Machine: _machine,
    National: _national,
    Panel: _panel,
    PrinterSettings: _printer,
    Profile: _profile,
    ReaderSettings: _reader,
    SensorSettings: _sensors,
    YearEnd: _year_end,
}
"""The check of each dataclass that has one."""
