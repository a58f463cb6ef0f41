"""Facts that arrived, in the past tense. Frozen; the only way anything reaches `machine.step`.

An event that answers an order carries the order's number. The machine drops an answer whose number is not
the one it waits for, so a late answer of an earlier order can never be taken for the present one.
Fields that hold something personal are kept out of `repr`.

Longer than 400 lines on purpose: it is one flat catalogue without logic, and is searched rather than read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias


class Part(Enum):
    """Parts of the machine, for faults and for the erase."""

    READER = "reader"
    CASH = "cash"
    PRINTER = "printer"
    ISSUER = "issuer"
    SOUND = "sound"
    SENSORS = "sensors"
    DISPLAY = "display"
    RECEIPT = "receipt"
    """The receipt's own medium: it has a paper-out of its own."""
    CAMERA = "camera"
    """The camera and its recorder, which is a process of its own."""


# ---- time and service ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; sent by the loop a few times a second."""


@dataclass(frozen=True, slots=True)
class DeviceOnline:
    part: Part


@dataclass(frozen=True, slots=True)
class DeviceFaulted:
    """A part does not work. `reason` is a catalogue word (XFS style: offline, hardware_error, fraud_attempt)."""

    part: Part
    reason: str


# ---- start-up recovery -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JobFound:
    """What the printer itself says about a job named in the journal (PWG 5100, RFC 8011)."""

    order: int
    job: str
    outcome: PrintOutcome
    sheets: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wiped:
    """Leftovers of an earlier process are gone; `checked` lists what was looked at, in words."""

    order: int
    checked: tuple[str, ...]
    clean: bool


# ---- card ------------------------------------------------------------------------------------------------


class CardKind(Enum):
    """What lies on the reader, told by the application selected, never by the ATR."""

    MY_NUMBER = "my_number"
    JUKI = "juki"
    PHONE = "phone"
    FELICA = "felica"
    UNKNOWN = "unknown"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class CardPresented:
    """Something was laid on the reader and answers (`mute`: it does not)."""

    mute: bool = False


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The reader is empty."""


@dataclass(frozen=True, slots=True)
class CardIdentified:
    """The card's kind and, for a My Number card, its authentication certificate and PIN tries left (0..3);
    for a Juki card its service id (`handle`, 16 bytes) and the municipality that gave it out (`home`, six digits).

    `trouble` is empty or one of: expired, not_yet_valid, unknown_issuer, unreadable (checked by the driver
    against the pinned card CAs, or by the date on a Juki card; revocation is the city's answer), pin_never_set.
    """

    order: int
    kind: CardKind
    tries_left: int = 0
    trouble: str = ""
    certificate: bytes = field(default=b"", repr=False)
    handle: bytes = field(default=b"", repr=False)
    home: str = ""


@dataclass(frozen=True, slots=True)
class CardSigned:
    """VERIFY was accepted and the card signed the challenge. `signature`: 256 bytes (RSA-2048)."""

    order: int
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinRefused:
    """The card (VERIFY) or the city (step `pin`) refused it; `tries_left` 0 means blocked now."""

    order: int
    tries_left: int


@dataclass(frozen=True, slots=True)
class CardFailed:
    """The exchange broke. `verify_sent`: a VERIFY may have been counted; only a fresh count tells."""

    order: int
    reason: str
    verify_sent: bool = False


# ---- issuer (centre and city) ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The city answered with a nonce; `challenge` is what the card must sign (docs/protocol.md §4)."""

    order: int
    challenge: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardRecognised:
    """The city knows this Juki card and will check its PIN. `offers` are the kinds the city issues at all now:
    nothing about the person is said before the PIN. `tries_left` 1..3."""

    order: int
    offers: tuple[str, ...]
    tries_left: int


@dataclass(frozen=True, slots=True)
class Member:
    """One of the holder's household, to choose from. `member`: an id of this session only, never a position."""

    member: str
    name: str = field(repr=False)
    relationship: str = field(repr=False)
    holder: bool = False


@dataclass(frozen=True, slots=True)
class HouseholdListed:
    """The members of the holder's household, in the order of the register; only after the PIN."""

    order: int
    members: tuple[Member, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The city knows the person. `offers`: kinds of certificate it can issue to this person now."""

    order: int
    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """One copy as it was read off its own pages.

    `pages` counts sides, `reference` is the subject reference printed on every page (or empty when a page
    could not be read), `names_agree` says that the name on the page equals the manifest's.
    """

    index: int
    pages: int
    reference: str
    names_agree: bool


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the opened, verified envelope is about; compared by the machine with what was confirmed (A1)."""

    kind: str
    household: str
    items: frozenset[str]
    copies: tuple[CopyFacts, ...]
    expected_reference: str
    masked_name: str = field(repr=False)
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CertificateArrived:
    order: int
    facts: CertificateFacts


@dataclass(frozen=True, slots=True)
class IssuerDeclined:
    """The city refused with a public reason (docs/protocol.md §8). Nothing was issued."""

    order: int
    reason: str


@dataclass(frozen=True, slots=True)
class IssuerFailed:
    """No usable answer: unreachable, slow, cut, garbled, oversized. Nothing was issued."""

    order: int
    reason: str


@dataclass(frozen=True, slots=True)
class IdentityMismatched:
    """An answer contradicts the session (signature, session, subject, count, digest): the line stops (A7)."""

    order: int
    what: str


# ---- cash ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceMark:
    """How far the credit buffer of an acceptor has been read (ccTalk 229), kept in the journal.

    `window` is the buffer as last read: five (A, B) pairs, newest first, as hex.
    """

    serial: int
    epoch: int
    counter: int
    seq: int
    window: str


@dataclass(frozen=True, slots=True)
class Credit:
    """One coin. (serial, epoch, seq) is unique for ever: a coin can be journaled once only."""

    serial: int
    epoch: int
    seq: int
    yen: int
    path: int


@dataclass(frozen=True, slots=True)
class CoinsCredited:
    """New credits, oldest first, and the mark that belongs to them; journaled together."""

    credits: tuple[Credit, ...]
    mark: DeviceMark


@dataclass(frozen=True, slots=True)
class CashIncident:
    """Something happened to metal that has no credit: gap, reset, swallowed coin, fraud code."""

    kind: str
    detail: str
    mark: DeviceMark | None = None


@dataclass(frozen=True, slots=True)
class ReturnLeverPressed:
    """ccTalk event 254: the person wants the money back."""


@dataclass(frozen=True, slots=True)
class CoinsRefused:
    """Inhibited, and the drain window passed quietly: no coin is in flight any more."""

    order: int


@dataclass(frozen=True, slots=True)
class CashReady:
    """The cash unit answers; `usable` are the serials of hoppers without a blocking flag."""

    order: int
    usable: frozenset[int]


@dataclass(frozen=True, slots=True)
class HopperInspected:
    """Counters of one hopper before a dispense (ccTalk 166, 168, 163)."""

    order: int
    serial: int
    event_counter: int
    dispense_count: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class DispenseResolved:
    """What a hopper really paid, by its own counters. `sure` False: counters disagree, hopper quarantined."""

    order: int
    serial: int
    paid: int
    sure: bool
    evidence: str


# ---- printer ---------------------------------------------------------------------------------------------


class PrintOutcome(Enum):
    """The witness rule's verdict on one copy, or on a job of an earlier process."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrinterReady:
    """Asked directly: two-sided A4 on certificate paper is possible now. `sheets`: level or -1 if unknown.

    `up_time`: the printer's printer-up-time (RFC 8011 §5.4.29, seconds), kept with the print order: after a power
    cut of ours it tells whether the printer has been there all the time.
    """

    order: int
    sheets: int
    up_time: int = 0
    warnings: tuple[str, ...] = ()
    receipt: bool = True
    """Whether a receipt can be printed now; asked together with the rest, so it is known before payment."""


@dataclass(frozen=True, slots=True)
class PrinterNotReady:
    """`reasons`: IPP printer-state-reasons keywords, or `unreachable`, `no-duplex`, `no-a4`, `busy`."""

    order: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintProgressed:
    order: int
    sheets_done: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyJudged:
    order: int
    copy: int
    outcome: PrintOutcome
    sheets: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptJudged:
    """What became of the receipt. Its failure never undoes an issue."""

    order: int
    outcome: PrintOutcome
    reasons: tuple[str, ...] = ()


# ---- staff -----------------------------------------------------------------------------------------------


class Post(Enum):
    """Who may do what (S-26, S-28): 管理者 (custodian) and 取扱者 (handler)."""

    MANAGER = "manager"
    HANDLER = "handler"


@dataclass(frozen=True, slots=True)
class ServiceKeyTurned:
    """The key switch of the machine: staff screens can be reached with it only, never by touches."""

    on: bool


@dataclass(frozen=True, slots=True)
class StaffSignedIn:
    order: int
    staff: str
    name: str
    post: Post


@dataclass(frozen=True, slots=True)
class StaffRefused:
    """Wrong number, or too many of them (`locked_s`: seconds until the next try is looked at)."""

    order: int
    locked_s: int = 0


# ---- erase -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Erased:
    """A part destroyed what it held of the session; `checked` says what was looked at and found empty."""

    order: int
    part: Part
    checked: tuple[str, ...]
    clean: bool


# ---- sensors ---------------------------------------------------------------------------------------------


class Place(Enum):
    """Where something of the person may lie."""

    CERTIFICATE_TRAY = "certificate_tray"
    RECEIPT_TRAY = "receipt_tray"
    CHANGE_TRAY = "change_tray"


@dataclass(frozen=True, slots=True)
class PlaceOccupied:
    place: Place


@dataclass(frozen=True, slots=True)
class PlaceEmptied:
    place: Place


# ---- camera ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CameraTold:
    """What the recorder says of itself: once it is known, at each change, and when it falls silent (then all is False,
    and the one fault is "silent").

    armed: who steps in front now is recorded, so the sign may be lit; required_ok: by the municipality's rule somebody
    may begin; faults: its short words (`recorder.service`, `recorder.health`), for staff.
    """

    armed: bool
    recording: bool
    required_ok: bool
    faults: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecorderFacts:
    """How the recorder is, for staff. faults: its short words; footage_h: hours that can be read, oldest_h: age of the
    oldest image in elapsed hours, both None while its disk cannot be read; outlook: what it foresees, a sentence."""

    armed: bool
    recording: bool
    faults: frozenset[str]
    footage_h: float | None = None
    oldest_h: float | None = None
    outlook: str = ""


@dataclass(frozen=True, slots=True)
class CameraSeen:
    """Answers `LookAtCamera` by its number. jpeg: what the camera shows now; taken: when, UTC; age_s: how long ago that
    was. Without a picture `why`: lost, garbled, busy (none that is new), silent, refused; "" where none was asked for.
    recorder: None if it does not answer."""

    look: int
    jpeg: bytes = field(default=b"", repr=False)
    taken: datetime | None = None
    age_s: float = 0.0
    why: str = ""
    recorder: RecorderFacts | None = None


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """An entry of the recorder's key book. A use of the key, or (alarm) an opening of its case without one: then `out`
    and `back` are its times. opened: times at which the case was opened and closed in a use; seen_by: who answered for
    an alarm; rows: its rows in the chain. Times are UTC; None: not yet."""

    rows: tuple[int, ...]
    alarm: bool
    out: datetime
    back: datetime | None
    holder: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    seen_by: str = field(default="", repr=False)
    opened: tuple[tuple[datetime, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True)
class KeyBookSeen:
    """Answers `ReadKeyBook` by its number. why: as of `CameraSeen`, or unreadable; then there is nothing else.

    place: where the key is kept; entries: newest first; bad_row: the first row that was tampered with (0: the record of
    the newest row), None: the chain of `rows` rows holds; verdict: the same as a sentence."""

    look: int
    why: str = ""
    place: str = ""
    entries: tuple[KeyEntry, ...] = ()
    rows: int = 0
    bad_row: int | None = None
    verdict: str = ""


# ---- touches ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class PinCorrected:
    """One digit taken back."""


@dataclass(frozen=True, slots=True)
class PinConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class CertificateChosen:
    kind: str


@dataclass(frozen=True, slots=True)
class HouseholdChosen:
    """`whole` (謄本) or `part` (抄本)."""

    household: str


@dataclass(frozen=True, slots=True)
class ItemToggled:
    item: str


@dataclass(frozen=True, slots=True)
class CopiesChanged:
    copies: int


@dataclass(frozen=True, slots=True)
class NextPressed:
    """The main button of a screen that only goes on: items, copies, confirm, last-try warning."""


@dataclass(frozen=True, slots=True)
class IdentityConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class IdentityDenied:
    """私ではない: the person says that the certificate is not theirs."""


@dataclass(frozen=True, slots=True)
class BackPressed:
    pass


@dataclass(frozen=True, slots=True)
class CancelPressed:
    pass


@dataclass(frozen=True, slots=True)
class MoreTimePressed:
    pass


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """BCP 47 tag, one of the profile's."""

    language: str


@dataclass(frozen=True, slots=True)
class EaseChosen:
    """A switch of the person's own, on or off. what: large, contrast, spoken, slow (see `session.Ease`)."""

    what: str
    on: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """A touch that chose nothing: a long list was turned, a screen was listened to. Somebody is there."""


@dataclass(frozen=True, slots=True)
class MemberToggled:
    member: str


@dataclass(frozen=True, slots=True)
class StaffChosen:
    """Whose number is going to be typed: id of a member of staff."""

    staff: str


@dataclass(frozen=True, slots=True)
class TaskChosen:
    """An entry of the staff menu: reopen, found, camera, sign_off; of the camera's page: recorder, keys."""

    task: str


@dataclass(frozen=True, slots=True)
class ReasonChosen:
    """Why the line may be reopened: id of a reason in the list."""

    reason: str


@dataclass(frozen=True, slots=True)
class FoundHandled:
    """What became of something left behind: handed_back, at_counter, nothing_there."""

    entry: int
    became: str


@dataclass(frozen=True, slots=True)
class TakenPressed:
    """Stands for a sensor where the machine has none (its profile says so)."""

    place: Place


Event: TypeAlias = (
    Tick | DeviceOnline | DeviceFaulted | JobFound | Wiped
    | CardPresented | CardRemoved | CardIdentified | CardSigned | PinRefused | CardFailed
    | SessionOpened | CardRecognised | HouseholdListed | Authenticated | CertificateArrived
    | IssuerDeclined | IssuerFailed | IdentityMismatched
    | CoinsCredited | CashIncident | ReturnLeverPressed | CoinsRefused | CashReady | HopperInspected
    | DispenseResolved
    | PrinterReady | PrinterNotReady | PrintProgressed | CopyJudged | ReceiptJudged
    | ServiceKeyTurned | StaffSignedIn | StaffRefused
    | Erased | PlaceOccupied | PlaceEmptied | CameraTold | CameraSeen | KeyBookSeen
    | DigitPressed | PinCorrected | PinConfirmed | CertificateChosen | HouseholdChosen | ItemToggled
    | CopiesChanged | NextPressed | IdentityConfirmed | IdentityDenied | BackPressed | CancelPressed
    | MoreTimePressed | TakenPressed | LanguageChosen | EaseChosen | Touched | MemberToggled
    | StaffChosen | TaskChosen | ReasonChosen | FoundHandled
)  # fmt: skip
