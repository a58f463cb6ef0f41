"""The typed settings: what a terminal may be told, each value with its unit and its meaning.

Three sources, three owners, one tree:

* :class:`Profile`: what a municipality decides (``config/saga.toml``).
* :class:`National`: what holds for every terminal in the country (``config/national.toml``); a municipality
  cannot change it (F-15).
* :class:`Machine`: what stands on this spot: panel, reader, coin bus, printer, line (the machine file).

Field names are the keys of the TOML files. A field with a default may be left out of its file; every other
one must be there. Nothing secret is in here: keys come from the service manager's credentials
(:mod:`config.secrets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from config.windows import MonthDay, Window

CertificateKind = Literal["residence", "seal", "income", "tax"]
"""住民票の写し, 印鑑登録証明書, 所得課税証明書, 納税証明書."""

BusinessArea = Literal["resident_registry", "seal_registration", "tax"]
"""Certificates of one area can be suspended together (F-2)."""

HolidayPolicy = Literal["close", "shorten", "as_weekday", "as_sunday"]
CardPolicy = Literal["hold_until_auth_then_remove", "tap_then_remove"]
Step = Literal[
    "card", "connect", "pin", "card_back", "certificate", "kind", "household", "items", "copies",
    "confirm", "download", "identity", "pay", "print", "announce", "receipt", "take", "erase",
]  # fmt: skip

_CHOOSE_AND_ISSUE: tuple[Step, ...] = (
    "kind", "household", "items", "copies", "confirm", "download", "identity", "pay", "print", "announce",
    "receipt", "take", "erase",
)  # fmt: skip

ALLOWED_ORDERS: Mapping[CardPolicy, frozenset[tuple[Step, ...]]] = {
    # The chip itself checks the PIN, so the card must lie there until it has.
    "hold_until_auth_then_remove": frozenset(
        {("card", "connect", "pin", "card_back", "certificate", *_CHOOSE_AND_ISSUE)}
    ),
    # The city checks the PIN, so the card goes back before anything is chosen (F-21).
    "tap_then_remove": frozenset({("card", "connect", "card_back", "certificate", "pin", *_CHOOSE_AND_ISSUE)}),
}
"""The only orders of steps a flow may declare: card back before choosing; issue and identity before pay."""


# --- the municipality ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One instrument that allows one processing activity (F-1, S-1); old ones stay, with their dates (T-16)."""

    activity: Literal["issue", "camera"]
    instrument: str
    """Title of the ordinance or rule, as published."""
    article: str
    effective_from: date
    reference: str = ""
    """Number and date of the document by which it was decided or asked, where there is one."""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """Closed days around New Year, both inclusive; the range may cross the year's end."""

    first: MonthDay
    last: MonthDay


@dataclass(frozen=True, slots=True)
class DatedException:
    """Other hours, or none, on the dates ``first`` … ``last`` (both inclusive), on somebody's word (S-25)."""

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
    """``close``; ``shorten`` (the weekday's hours cut to ``holiday_windows``); ``as_weekday``; ``as_sunday``."""
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
    """In order of date; the first is not later than ``service_from``."""

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
    """Age in hours elapsed at which an image becomes unreadable; left out: only overwriting ends it (T-1b)."""


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The key of the recorder's case."""

    place: str
    """Where it is kept, as printed in the key-use ledger (T-2)."""
    two_person: bool = False
    """A second person must countersign taking it."""


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
    flow: str
    """One of the national flows, by name."""
    languages: tuple[str, ...]
    """BCP 47 tags in the order of the language choice; the first is the one of the first screen."""
    cautions: str
    """What the municipality wants residents to know beforehand (F-41); may be empty."""
    camera: CameraSettings
    keys: KeySettings
    change_note: str
    """What the pay screen says about coins and change."""
    alternatives: tuple[Alternative, ...]
    suspended_areas: tuple[BusinessArea, ...] = ()
    """Areas out of service for now, whatever their certificates say (F-2)."""


# --- the nation ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FlowProfile:
    """Order of the steps and what becomes of the card; checked against :data:`ALLOWED_ORDERS`."""

    order: tuple[Step, ...]
    card: CardPolicy


@dataclass(frozen=True, slots=True)
class National:
    """What is the same at every terminal. Shipped as ``config/national.toml``; no other file may set any of it."""

    flows: Mapping[str, FlowProfile]
    max_document_bytes: int
    """Largest certificate (all pages of one copy) accepted from the centre."""
    max_pages: int
    """Most pages (printed sides) of one copy."""
    answer_max_age_s: float
    """A signed answer older than this is refused."""
    screen_idle_s: float
    """Untouched screen before the warning appears."""
    warning_s: float
    """The warning stands this long before the transaction is cancelled."""
    max_extensions: int
    """How often a person may ask for more time on one screen (WCAG 2.2.1: at least ten)."""
    slow_factor: float
    """Factor on screen_idle_s, warning_s and pin_idle_s for people who asked for more time throughout."""
    pin_idle_s: float
    """As screen_idle_s, on the PIN screen."""
    identify_s: float
    """Card selected and its kind known."""
    card_read_s: float
    """Authentication certificate read from the card."""
    verify_s: float
    """PIN check by the card."""
    sign_s: float
    """Signature by the card."""
    card_phase_s: float
    """All work with the card together, waiting for the person not counted."""
    download_s: float
    """Certificates requested until the last one has come and been checked."""
    drain_s: float
    """After coins are inhibited, how long one may still fall through before the sum is final."""
    print_sheet_s: float
    """Longest time for one sheet before the printer is asked what is wrong."""
    take_repeat_s: tuple[float, float, float]
    """Pause before the second, before the third and before every further "please take it" announcement."""
    card_left_s: float
    """Card still there after being asked back: staff are called."""
    left_behind_s: float
    """Paper, change or receipt still there: out of service and handler called."""
    max_downtime_auto_payout_s: float
    """After a power cut longer than this nothing is paid out by itself: nobody may be there any more."""
    max_credit_over_price_yen: int
    """Most that may be inserted beyond the price."""
    max_coins_per_denomination: int
    """Most coins of one denomination in one payment."""


# --- the machine ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Panel:
    """The touch panel. There is no default: a guessed size makes targets too small to hit."""

    width_px: int
    height_px: int
    diagonal_in: float
    """Diagonal of the visible picture in inches."""

    @property
    def px_per_mm(self) -> float:
        """Pixels for one millimetre."""
        diagonal_px: float = (self.width_px**2 + self.height_px**2) ** 0.5
        return diagonal_px / (self.diagonal_in * 25.4)


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """The card reader behind PC/SC."""

    driver: Literal["pcsc"]
    name_contains: str
    """Part of the reader's PC/SC name, exactly one reader must have it."""
    csock: str = ""
    """Socket of the pcscd to use (``PCSCLITE_CSOCK_NAME``); empty: the system's."""


@dataclass(frozen=True, slots=True)
class CoinPosition:
    """One position of the acceptor's coin table (ccTalk header 184)."""

    position: int
    """1 … 16."""
    coin_id: str
    """The six characters the acceptor must report for it, e.g. ``JP100A``."""
    yen: int
    path: int
    """Sorter path the coin takes, 1 … 8 (ccTalk header 210)."""


@dataclass(frozen=True, slots=True)
class HopperSettings:
    """One hopper, bound by its serial number and not by its address."""

    serial: int
    """ccTalk header 242, 24 bit."""
    yen: int
    dispense_mode: Literal["cipher-dummy", "serial"]
    """What the data of a dispense command look like; the device's product code must agree."""
    reserve: int
    """Coins left out of every calculation, for what a book cannot know."""
    capacity: int = 500
    """Coins that fit; when the book reaches it, this coin is not accepted any more."""


@dataclass(frozen=True, slots=True)
class CashSettings:
    """The coin bus (ccTalk)."""

    port: str
    """Serial port, by its stable name."""
    acceptor_serial: int
    coins: tuple[CoinPosition, ...]
    """Every position that may be enabled; any other stays inhibited."""
    hoppers: tuple[HopperSettings, ...]
    cashbox_path: int = 5
    """Sorter path into the cashbox; coins on any other path fall into the hopper of their value."""
    coin_divisor: int = 1
    """Number in the coin id divided by this is the value in yen (makers differ for currencies without cents)."""
    echo: Literal["auto", "on", "off"] = "auto"
    """Whether the adapter returns our own bytes."""
    poll_ms: int = 150
    """Credit poll while coins are accepted."""
    watchdog_ms: int = 1000
    """The acceptor inhibits itself when not polled for so long; must be more than twice ``poll_ms``."""
    reply_ms: int = 200
    """Wait for the first byte of an ordinary reply."""
    slow_reply_ms: int = 2000
    """The same for commands that move or test something."""


@dataclass(frozen=True, slots=True)
class PrinterSettings:
    """The multi-copy machine's printer (IPP)."""

    uri: str
    """``ipp://`` or ``ipps://``."""
    certificate_tray: str
    """The ``media-source`` with plain A4 for certificates."""
    receipt_tray: str
    """The ``media-source`` for receipts."""


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """The line to the national centre: the only next hop this terminal has (F-31)."""

    url: str
    """``https://`` only; the peer's key is pinned by the credential ``centre.pin``."""
    connect_s: float
    """Time to connect, TLS included."""
    read_s: float
    """Longest silence while an answer is coming."""


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """The loudspeaker."""

    required: bool
    """Without a sound device the terminal does not open."""


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """What only a simulation may have."""

    clock_file: Path
    """The bench's settable clock (:mod:`config.clock`)."""
    mirror_socket: Path
    """Unix socket that shows the picture and takes fingers."""
    voice_log: Path
    """File into which every spoken phrase is written."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands on this spot."""

    terminal_id: str
    """Unique in the country; the name in the client certificate (F-12)."""
    machine_no: int
    """The municipality's own number of the machine."""
    simulation: bool
    """True only on the bench. A machine with real devices refuses everything in ``bench``."""
    panel: Panel
    reader: ReaderSettings
    cash: CashSettings
    printer: PrinterSettings
    centre: CentreSettings
    sound: SoundSettings
    bench: BenchSettings | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective configuration of one terminal."""

    profile: Profile
    national: National
    machine: Machine
