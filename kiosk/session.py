"""The state of one kiosk process: one value, replaced by every step, gone with the process.

One process serves one person (design §3a): nothing of this value is ever carried to the next person. Fields that hold
something personal are kept out of `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum
from typing import Final

from config.schema import FlowProfile
from kiosk.catalogue import Rules
from kiosk.desk import Staff as Staff
from kiosk.effects import Wish
from kiosk.events import CameraTold, CardKind, CertificateFacts, Member, Part, Place, PrintOutcome
from kiosk.money import Hopper, Tally
from kiosk.secret import Pin


class State(Enum):
    """All states of the resident's way (design §4), of service, and of recovery."""

    # recovery: the only road to the first screen
    STARTING = "starting"
    RECOVERING = "recovering"
    # nobody is being served
    CLOSED = "closed"
    OUT_OF_SERVICE = "out_of_service"
    CLEARING = "clearing"
    IDLE = "idle"
    # staff, by the key switch
    STAFF_SIGN_IN = "staff_sign_in"
    STAFF_CHECKING = "staff_checking"
    STAFF_MENU = "staff_menu"
    STAFF_REOPENING = "staff_reopening"
    STAFF_FOUND = "staff_found"
    STAFF_CAMERA = "staff_camera"
    STAFF_RECORDER = "staff_recorder"
    STAFF_KEYS = "staff_keys"
    # the card
    READING_CARD = "reading_card"
    CONNECTING = "connecting"
    AWAITING_PIN = "awaiting_pin"
    LAST_TRY = "last_try"
    AUTHENTICATING = "authenticating"
    RECOGNISING = "recognising"
    """The city looks at the card: at its certificate and signature, or at a Juki card's service id."""
    TAKING_CARD = "taking_card"
    # the wish
    CHOOSING_CERTIFICATE = "choosing_certificate"
    CHOOSING_KIND = "choosing_kind"
    CHOOSING_HOUSEHOLD = "choosing_household"
    LISTING_HOUSEHOLD = "listing_household"
    CHOOSING_MEMBERS = "choosing_members"
    CHOOSING_ITEMS = "choosing_items"
    CHOOSING_COPIES = "choosing_copies"
    CONFIRMING = "confirming"
    DOWNLOADING = "downloading"
    CONFIRMING_IDENTITY = "confirming_identity"
    # money and paper
    PREPARING = "preparing"
    PAYING = "paying"
    DRAINING = "draining"
    PRINTING = "printing"
    ERASING_DOCUMENTS = "erasing_documents"
    SETTLING = "settling"
    RECEIPT = "receipt"
    TAKING = "taking"
    # the end
    REFUSED = "refused"
    ERASING = "erasing"
    ENDED = "ended"


STAFF: Final = frozenset(state for state in State if state.name.startswith("STAFF_"))
"""Staff stand before the machine; nobody is served, and nothing of a resident is in this process."""

NOBODY: Final = STAFF | {State.STARTING, State.CLOSED, State.OUT_OF_SERVICE, State.CLEARING, State.IDLE}
"""No session: nothing of a person is in this process."""

ACCEPTS_COINS: Final = frozenset({State.PAYING})
"""The only state in which the slot is open."""

HOLDS_MONEY: Final = frozenset(
    {State.RECOVERING, State.PAYING, State.DRAINING, State.PRINTING, State.ERASING_DOCUMENTS, State.SETTLING}
)
"""States in which money may be undecided; every road out of them passes through SETTLING."""

HOLDS_PERSONAL_DATA: Final = frozenset(set(State) - NOBODY - {State.RECOVERING, State.ENDED})
"""Every road out of these passes through ERASING and ends the process."""

PERSON_DECIDES: Final = frozenset(
    {
        State.AWAITING_PIN,
        State.LAST_TRY,
        State.CHOOSING_CERTIFICATE,
        State.CHOOSING_KIND,
        State.CHOOSING_HOUSEHOLD,
        State.CHOOSING_MEMBERS,
        State.CHOOSING_ITEMS,
        State.CHOOSING_COPIES,
        State.CONFIRMING,
        State.CONFIRMING_IDENTITY,
        State.PAYING,
    }
)
"""States that wait for the person, warn, and are cancelled when nobody answers."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant: `utc` (aware) for records and hours, `boot` (seconds, never steps) for every limit."""

    utc: datetime
    boot: float


RECEIPT_COPY: Final = 0  # `Job.copy` of a receipt


@dataclass(frozen=True, slots=True)
class Job:
    """A print order of the journal. `job` is the random name the printer knows it by."""

    copy: int
    job: str
    pages: int
    up_time: int = 0
    ordered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A dispense and the counters of its hopper before it."""

    serial: int
    coins: int
    event_before: int = 0
    count_before: int = 0
    sent: bool = False
    """True once the order to dispense may have left: from then on only the hopper can say what came of it."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A transaction that the journal does not show as ended."""

    tx: str
    fee_yen: int
    tally: Tally
    jobs: tuple[Job, ...]
    """Ordered and not yet judged."""
    intent: Intent | None
    last_utc: datetime
    deserted: bool = False
    """An earlier recovery found that nobody can be assumed to stand there any more; its own entries are newer."""


@dataclass(frozen=True, slots=True)
class Service:
    """What works and what does not."""

    online: frozenset[Part] = frozenset()
    reasons: tuple[tuple[Part, str], ...] = ()
    stopped: str = ""
    """Why the line is stopped (A7); a latch kept in the journal until a named person reopens."""
    denials: int = 0
    """How often 私ではない was pressed within the last day."""

    def with_fault(self, part: Part, reason: str) -> Service:
        other = self.without(part)
        return replace(other, reasons=(*other.reasons, (part, reason)))

    def with_online(self, part: Part) -> Service:
        return replace(self.without(part), online=self.online | {part})

    def without(self, part: Part) -> Service:
        """As if it had not answered yet."""
        return replace(self, online=self.online - {part}, reasons=tuple(r for r in self.reasons if r[0] is not part))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person has chosen so far; kept by back."""

    kind: str = ""
    household: str = ""
    items: frozenset[str] = frozenset()
    copies: int = 1
    members: frozenset[str] = frozenset()
    """Whose entries, for a part of the household; kept when the whole is chosen meanwhile."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The fee of one copy as it stood on the confirm screen, and the local day whose fee it is."""

    fee_yen: int
    day: date


@dataclass(frozen=True, slots=True)
class Card:
    """The card phase. `pin` is the one mutable thing of a session, so that it can be overwritten.

    certificate, handle, home and challenge are gone as soon as the city has them; the kind stays: it names the flow.
    """

    present: bool = False
    kind: CardKind = CardKind.UNKNOWN
    tries_left: int = 0
    wrong: bool = False
    digits: int = 0
    pin: Pin = field(default_factory=Pin)
    certificate: bytes = field(default=b"", repr=False)
    handle: bytes = field(default=b"", repr=False)
    home: str = ""
    challenge: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Ease:
    """What a person switches on for themselves: larger letters, stronger colours, every screen read out, slower."""

    large: bool = False
    contrast: bool = False
    spoken: bool = False
    slow: bool = False


SWITCHES: Final = frozenset({"large", "contrast", "spoken", "slow"})  # the fields of `Ease`


@dataclass(frozen=True, slots=True)
class Pace:
    """How long something usually takes, and from when on it takes longer than usual; seconds."""

    usual_s: float
    late_s: float


@dataclass(frozen=True, slots=True)
class Usual:
    """What this very machine has needed lately, from its journal. None: not known, so nothing is claimed.

    downloads: (copies, pace); copy: from the order to print one copy until it is judged."""

    downloads: tuple[tuple[int, Pace], ...] = ()
    copy: Pace | None = None

    def download(self, copies: int) -> Pace | None:
        return dict(self.downloads).get(copies)


@dataclass(frozen=True, slots=True)
class Session:
    """Everything `machine.step` knows."""

    rules: Rules
    tokens: tuple[str, ...]
    """Random names made before anybody came (never a clock, never a counter): transaction, copies, receipt."""
    state: State = State.STARTING
    entered: float = 0.0
    touched: float = 0.0
    warned: bool = False
    extensions: int = 0
    """How often more time was asked for on this screen."""
    order: int = 0
    awaiting: int = 0
    service: Service = field(default_factory=Service)
    interrupted: tuple[Interrupted, ...] = ()
    places: frozenset[Place] = frozenset()
    hoppers: tuple[Hopper, ...] = ()
    camera: CameraTold | None = None  # None: nothing heard yet, or this machine has none
    staff: Staff = field(default_factory=Staff)
    language: str = ""
    """Chosen on the first screen; empty: the profile's first. Ends with this process, so with this person; so does:"""
    ease: Ease = field(default_factory=Ease)
    usual: Usual = field(default_factory=Usual)
    # one person
    tx: str = ""
    card: Card = field(default_factory=Card)
    known: bool = False
    """The PIN was right: the city has said what it can issue to this person."""
    offers: tuple[str, ...] = ()
    household: tuple[Member, ...] = field(default=(), repr=False)
    """The members to choose from, once they were asked for."""
    choice: Choice = field(default_factory=Choice)
    aside: tuple[Choice, ...] = ()
    """What was chosen for other certificates, should the person come back to them."""
    quote: Quote | None = None
    wish: Wish | None = None
    facts: CertificateFacts | None = field(default=None, repr=False)
    tally: Tally = field(default_factory=Tally)
    taken: tuple[tuple[int, int], ...] = ()
    outcomes: tuple[PrintOutcome, ...] = ()
    printer_up: tuple[int, float] = (0, 0.0)
    """printer-up-time as last told, and our boot time then."""
    waiting_for: str = ""
    copy_since: float = 0.0
    download_ms: int = 0
    """When the present copy was ordered; how long the certificate took, for the first entry that follows."""
    intent: Intent | None = None
    refusal: str = ""
    """Why this ends without (all of) what was wished; id of a text. Empty: all went well."""
    erased: frozenset[Part] = frozenset()
    checked: tuple[str, ...] = ()
    said: str = ""
    said_at: float = 0.0  # where nothing was said yet: since when this state is silent
    said_times: int = 0
    late_told: bool = False  # that it takes longer than usual
    recovering: bool = False
    attended: bool = True
    """False: nobody can be assumed to stand there (long power cut), so nothing is paid out by itself."""
    # what lies there
    told: frozenset[str] = frozenset()
    """Of what (card, names of places) reader and sensors have said since they came up whether it lies there."""
    up_since: float = 0.0
    """When the last part came up."""
    reported: frozenset[str] = frozenset()
    """What lies there and has an open entry of things left behind already."""
    # the taking
    receipt_ready: bool = True
    """Known before payment: a receipt can be printed."""
    receipt: str = ""
    """"" (none is meant to come), printing, printed, failed."""
    gone: frozenset[Place] = frozenset()
    """Places that were emptied since everything was settled."""
    thanked: float = 0.0
    """Since when everything has been taken; 0: not yet."""
    strays: int = 0

    @property
    def flow(self) -> FlowProfile | None:
        """The flow of the card that began this session (design §4)."""
        return self.rules.flow(self.card.kind)

    @property
    def taps(self) -> bool:
        """The card goes back before the PIN, which the city checks; else it lies there until it has signed."""
        return self.flow is not None and self.flow.card == "tap_then_remove"

    @property
    def slowness(self) -> float:
        """Factor on every limit that waits for this person: who listens needs more time throughout."""
        return self.rules.national.slow_factor if self.ease.spoken or self.ease.slow else 1

    @property
    def idle_s(self) -> float:
        """How long this screen may stay untouched before the person is asked."""
        national = self.rules.national
        return (national.pin_idle_s if self.state is State.AWAITING_PIN else national.screen_idle_s) * self.slowness

    @property
    def warning_s(self) -> float:
        """How long the person has to answer."""
        return self.rules.national.warning_s * self.slowness

    @property
    def slip(self) -> str:
        """Number of a claim for money, shown to the person: it names the transaction, so the books know it."""
        return self.tx[:8].upper()

    @property
    def receipt_job(self) -> str:
        """The name under which the printer knows the receipt."""
        return self.tokens[-1]

    @property
    def speaks(self) -> str:
        """The language of this session (BCP 47)."""
        return self.language or self.rules.profile.languages[0]

    @property
    def price_yen(self) -> int:
        return self.wish.fee_yen * self.wish.copies if self.wish else 0

    @property
    def printed(self) -> int:
        return sum(outcome is PrintOutcome.PRINTED for outcome in self.outcomes)
