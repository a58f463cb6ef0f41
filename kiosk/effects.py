"""Orders that leave `machine.step`, in the imperative. Frozen; carried out by the loop, never by the machine.

The loop commits every `Record` of one step to the journal, and forces it to disk, before it hands out any
other effect of that step. So whatever moves money or paper is in the journal before it moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

from kiosk.events import Credit, DeviceMark, Part
from kiosk.secret import Pin

Value: TypeAlias = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Record:
    """One journal entry; `kind` and `data` follow the catalogue in `journal.py`. Never anything personal."""

    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)
    credits: tuple[Credit, ...] = ()
    mark: DeviceMark | None = None


# ---- start-up --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wipe:
    """Kill leftovers of earlier processes, wipe the runtime folder; answered by `Wiped`."""

    order: int


@dataclass(frozen=True, slots=True)
class FindJob:
    """Ask the printer itself about a job by its name; cancel it if it is still waiting. → `JobFound`.

    `up_time`: the printer's up-time when the job was ordered (0: not known); `ago_s`: how long ago that was.
    """

    order: int
    job: str
    pages: int
    up_time: int = 0
    ago_s: float = 0.0


# ---- card ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IdentifyCard:
    """→ `CardIdentified` or `CardFailed`."""

    order: int


@dataclass(frozen=True, slots=True)
class SignChallenge:
    """VERIFY once with this PIN, then sign. → `CardSigned`, `PinRefused` or `CardFailed`. The PIN is wiped."""

    order: int
    pin: Pin
    challenge: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """Power the card down and only watch for its removal from now on."""


# ---- issuer ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenSession:
    """New session id and key pair; say hello to the city. → `SessionOpened`, `IssuerDeclined`, `IssuerFailed`."""

    order: int


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Card certificate and signature to the city, sealed. → `Authenticated`, `Issuer…`, `IdentityMismatched`."""

    order: int
    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecogniseCard:
    """A Juki card's service id to the city, sealed. → `CardRecognised`, `Issuer…`, `IdentityMismatched`."""

    order: int
    handle: bytes = field(repr=False)
    home: str = ""


@dataclass(frozen=True, slots=True)
class CheckPin:
    """The PIN of a Juki card to the city, sealed, once; the buffer is wiped when it has been sealed.

    → `Authenticated`, `PinRefused`, `Issuer…`, `IdentityMismatched`.
    """

    order: int
    pin: Pin


@dataclass(frozen=True, slots=True)
class ListHousehold:
    """→ `HouseholdListed`, `Issuer…`, `IdentityMismatched`."""

    order: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person confirmed; compared with what arrives (A1). `fee_day`: the local day whose fee was shown."""

    kind: str
    household: str
    items: frozenset[str]
    copies: int
    fee_yen: int
    members: frozenset[str] = frozenset()
    fee_day: date = date.min


@dataclass(frozen=True, slots=True)
class Issue:
    """→ `CertificateArrived`, `IssuerDeclined`, `IssuerFailed`, `IdentityMismatched`."""

    order: int
    wish: Wish


# ---- cash ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckCash:
    """Ask every hopper whether it can pay. → `CashReady` or `DeviceFaulted`."""

    order: int


@dataclass(frozen=True, slots=True)
class AcceptCoins:
    """Enable exactly these denominations (yen), now and until changed; empty = inhibit."""

    yen: frozenset[int]


@dataclass(frozen=True, slots=True)
class RefuseCoins:
    """Inhibit, keep polling through the drain window. → `CoinsRefused` (late coins arrive before it)."""

    order: int


@dataclass(frozen=True, slots=True)
class InspectHopper:
    """→ `HopperInspected` or `DeviceFaulted`."""

    order: int
    serial: int


@dataclass(frozen=True, slots=True)
class Dispense:
    """Send one dispense, once; then ask until the outcome is known. → `DispenseResolved`.

    `event_before` and `count_before` are those journaled with the intent.
    """

    order: int
    serial: int
    coins: int
    event_before: int
    count_before: int


@dataclass(frozen=True, slots=True)
class ResolveDispense:
    """After a restart: only ask what came of a dispense that may have been sent. → `DispenseResolved`."""

    order: int
    serial: int
    coins: int
    event_before: int
    count_before: int


# ---- printer ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WarmPrinter:
    """Start our cupsd and its empty queue while nobody waits for it. No answer: `PreparePrinter` asks for all of it
    again, and where this came to nothing, does it."""


@dataclass(frozen=True, slots=True)
class PreparePrinter:
    """Start our cupsd, add the queue, ask the printer directly. → `PrinterReady` or `PrinterNotReady`."""

    order: int
    sheets: int


@dataclass(frozen=True, slots=True)
class PrintCopy:
    """Stream copy `copy` from memory, two-sided A4; follow it. → `PrintProgressed`*, `CopyJudged`."""

    order: int
    copy: int
    pages: int
    job: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt or an owed slip says; nothing about the person. Amounts in yen, `at` in local time.

    number: the transaction's short number, the same as the slip's. lines: (name of certificate, copies charged,
    fee of one copy). owed_yen: to be paid at the counter; held_yen: in doubt until staff have looked.
    """

    number: str
    at: datetime
    lines: tuple[tuple[str, int, int], ...]
    inserted_yen: int
    paid_back_yen: int
    owed_yen: int
    held_yen: int
    city_name: str
    office: str
    place: str
    machine: str
    contact: str
    language: str = "ja"


@dataclass(frozen=True, slots=True)
class PrintReceipt:
    """One sheet on the receipt's own medium. → `ReceiptJudged`."""

    order: int
    receipt: Receipt
    job: str


# ---- staff -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckStaff:
    """→ `StaffSignedIn` or `StaffRefused`. The number is wiped."""

    order: int
    staff: str
    pin: Pin


@dataclass(frozen=True, slots=True)
class LookAtCamera:
    """Staff look. picture: what the camera shows now, too. → `CameraSeen`. `look` numbers it; nothing waits for it."""

    look: int
    picture: bool


@dataclass(frozen=True, slots=True)
class ReadKeyBook:
    """→ `KeyBookSeen`."""

    look: int


# ---- erase and end ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EraseDocuments:
    """Destroy the session's private key first, then its documents; kill cupsd and wipe its memory.

    → one `Erased` for each of ISSUER and PRINTER, under the same order number.
    """

    order: int


@dataclass(frozen=True, slots=True)
class EraseSession:
    """Everything else that knows the session: card worker, PIN, label cache, picture, sound queue. → `Erased`."""

    order: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class EndProcess:
    """Last act: draw the still picture and end this process (design §3a)."""


# ---- voice -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Chime, then phrase. `level` 0..4 raises the loudness of a repeated warning."""

    phrase: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop speaking at once."""


Effect: TypeAlias = (
    Record | Wipe | FindJob
    | IdentifyCard | SignChallenge | ReleaseCard
    | OpenSession | Authenticate | RecogniseCard | CheckPin | ListHousehold | Issue
    | CheckCash | AcceptCoins | RefuseCoins | InspectHopper | Dispense | ResolveDispense
    | WarmPrinter | PreparePrinter | PrintCopy | PrintReceipt
    | CheckStaff | LookAtCamera | ReadKeyBook
    | EraseDocuments | EraseSession | EndProcess
    | Say | Hush
)  # fmt: skip
