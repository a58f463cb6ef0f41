"""What a screen shows, as frozen values; made by `presenter.py`, drawn by the room `screens`.

A view carries ids and numbers, not sentences: the words (on the screen and spoken) belong to `screens/strings`.
Personal fields (`Arrived.masked_name`, the names in `ChooseMembers`) are kept out of `repr`.

Longer than 400 lines on purpose: it is one flat catalogue without logic, and is searched rather than read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Frame:
    """What every screen has: head bar, progress, foot bar.

    moment: local time (aware, Asia/Tokyo), shown to the minute. step/steps: 0/0 hides the progress bar;
    step_label is a text id. back/cancel: whether the foot bar offers them; cancel_returns_money changes its words.
    warning_s: None, or the seconds left before the session is cancelled (drawn as a question over the screen).
    more_time: the warning still offers more time. languages: tags to switch to (first screen only), else empty.
    large, high_contrast, spoken, slow: what this person has switched on; switches: which of these (large, contrast,
    spoken, slow) can be switched on this screen.
    """

    language: str
    city_name: str
    machine_title: str
    moment: datetime
    step: int = 0
    steps: int = 0
    step_label: str = ""
    back: bool = False
    cancel: bool = False
    cancel_returns_money: bool = False
    warning_s: int | None = None
    more_time: bool = True
    languages: tuple[str, ...] = ()
    large: bool = False
    high_contrast: bool = False
    spoken: bool = False
    slow: bool = False
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is that takes long, by what it usually takes on this machine.

    percent: 0 … 95 in steps of 5 (it is never full before it is done); left_s: about so many seconds more, rounded up
    to tens; late: it takes longer than usual, so that nothing is promised any more.
    """

    percent: int
    left_s: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Still:
    """「準備しています」: the picture between two sessions and during start-up. Nothing of anyone in it.

    returning_money: recovery after a power cut is paying money back.
    """

    frame: Frame
    returning_money: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of certificate: id, name as the profile writes it, fee in yen for one copy.

    note: why it is not available now, in words (its own hours, for instance); empty for the usual one.
    """

    kind: str
    name: str
    fee_yen: int
    available: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Idle:
    """First screen. camera_on: the recorder is healthy (the sign must be true). closes_at: local time."""

    frame: Frame
    offers: tuple[Offer, ...]
    closes_at: datetime | None
    camera_notice: str
    camera_on: bool
    caution: str = ""
    cards: tuple[str, ...] = ("my_number",)
    """Kinds of card this machine takes: my_number, juki."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Outside opening hours. reason: id of config.calendar.Reason in lower case, or `server` when it is the city's
    server that is shut; next_opening: local time."""

    frame: Frame
    reason: str
    detail: str
    next_opening: datetime | None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutOfService:
    """reason: reader, cash, printer, issuer, paper, change, stopped, sound, sensors, receipt, camera, left_behind,
    journal."""

    frame: Frame
    reason: str
    contact: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for the person. what: reading, connecting, checking_pin, downloading, preparing,
    stopping_coins, settling, erasing. keep_card: the card has to stay on the reader. progress: None where it is
    short, or where it is not known yet how long it takes."""

    frame: Frame
    what: str
    keep_card: bool = False
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class PinPad:
    """digits: how many are typed (0..4), never which. wrong: the last PIN was refused. tries_left 1..3.

    keep_card: the card must lie there (My Number); False: it has been taken back already and the city checks (Juki).
    """

    frame: Frame
    digits: int
    tries_left: int
    wrong: bool = False
    keep_card: bool = True


@dataclass(frozen=True, slots=True)
class LastTry:
    """One try left before the card blocks its PIN: asks whether to go on (A12)."""

    frame: Frame
    contact: str


@dataclass(frozen=True, slots=True)
class TakeCard:
    """Blocks until the card is gone. after: what comes next (choose, refused, end)."""

    frame: Frame
    after: str


@dataclass(frozen=True, slots=True)
class ChooseCertificate:
    frame: Frame
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class ChooseKind:
    """住民票 only: what kind of issue. `kinds`: ids (residence_copy)."""

    frame: Frame
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChooseHousehold:
    """choices: `whole`, `part`."""

    frame: Frame
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of the household that can be put on or left off."""

    member: str
    name: str = field(repr=False)
    relationship: str = field(repr=False)
    on: bool = False
    holder: bool = False


@dataclass(frozen=True, slots=True)
class ChooseMembers:
    """Whose entries: at least one must be on before `next` does anything (ready). Up to twenty rows."""

    frame: Frame
    members: tuple[MemberRow, ...]
    ready: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item group of 住民票 that can be put on or left off. id: head_and_relationship, domicile, …"""

    item: str
    on: bool


@dataclass(frozen=True, slots=True)
class ChooseItems:
    frame: Frame
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ChooseCopies:
    frame: Frame
    copies: int
    max_copies: int
    fee_yen: int


@dataclass(frozen=True, slots=True)
class Confirm:
    """What will be asked for. rows: (label id, value id or text); price in yen."""

    frame: Frame
    certificate_name: str
    household: str
    items: tuple[str, ...]
    copies: int
    price_yen: int
    members: int = 0
    """How many members of the household, for `part`."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Is it you? The name is masked from the very page that will be printed."""

    frame: Frame
    certificate_name: str
    copies: int
    price_yen: int
    masked_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pay:
    """accepted: denominations the slot takes now; exact_only: no change can be given; receipt: one can be printed.

    change_note: what the municipality says about coins and change, in the frame's language.
    """

    frame: Frame
    price_yen: int
    inserted_yen: int
    accepted: frozenset[int]
    exact_only: bool = False
    receipt: bool = True
    change_note: str = ""


@dataclass(frozen=True, slots=True)
class Printing:
    """copy i of n; waiting_for: empty, or what the printer waits for (paper, jam, cover, toner, tray_full).

    progress: of all copies together; None while the printer waits, or where it is not known yet how long it takes.
    """

    frame: Frame
    copy: int
    copies: int
    waiting_for: str = ""
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """Things to take, in the order to name them: certificate, change, receipt. owed: yen that stay owed.

    by_touch: the machine has no sensor for the first of them, a button stands for it.
    receipt: "" (none is meant to come), printing, printed, failed. While it prints it is named in things only when
    nothing else is left to take.
    """

    frame: Frame
    things: tuple[str, ...]
    change_yen: int
    owed_yen: int = 0
    slip: str = ""
    by_touch: bool = False
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A plain refusal. reason: id in the strings (refused.<reason>); card/money/paper say what became of them.

    money: none, returned, owed, held. Says what happened, then what to do, then whom to ask.
    """

    frame: Frame
    reason: str
    money: str
    contact: str
    amount_yen: int = 0
    slip: str = ""
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thanks:
    """Everything is taken; the machine is forgetting the session."""

    frame: Frame


# ---- staff: a different look, reached by the key switch only ---------------------------------------------


@dataclass(frozen=True, slots=True)
class StaffName:
    """One who may sign in. post: manager, handler."""

    staff: str
    name: str
    post: str


@dataclass(frozen=True, slots=True)
class StaffSignIn:
    """Who, then the number. chosen: "" while nobody is chosen. digits: how many are typed (0..6).

    refused: the last number was wrong; locked_s: seconds until another try is looked at.
    nobody: no member of staff has been entered yet.
    """

    frame: Frame
    staff: tuple[StaffName, ...]
    chosen: str
    digits: int
    refused: bool = False
    locked_s: int = 0
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class StaffMenu:
    """tasks: ids that can be chosen now (reopen, found, sign_off). stopped: why the line is stopped, or "".

    parts: (part, reason) of every part; reason "" when it works, "starting" until it has answered.
    """

    frame: Frame
    name: str
    post: str
    tasks: tuple[str, ...]
    stopped: str
    parts: tuple[tuple[str, str], ...]
    found: int = 0


@dataclass(frozen=True, slots=True)
class StaffReopen:
    """A reason for reopening must be chosen from the list (ids); then it is confirmed."""

    frame: Frame
    stopped: str
    reasons: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """Something left behind. what: card, certificate_tray, change_tray, receipt_tray; since: local time."""

    entry: int
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class StaffFound:
    frame: Frame
    entries: tuple[FoundEntry, ...]


@dataclass(frozen=True, slots=True)
class StaffCamera:
    """What the camera shows now. picture: JPEG, empty while there is none, and then why (lost, garbled, silent,
    refused; "" while the first is on its way); taken: local time; old_s: 0, or seconds ago, if that is not just now.

    known: the recorder answers; armed: who steps in front is recorded; faults: its words, the gravest first; tasks:
    what can be chosen (recorder, keys).
    """

    frame: Frame
    picture: bytes = field(repr=False)
    taken: datetime | None
    why: str = ""
    old_s: int = 0
    known: bool = False
    armed: bool = False
    recording: bool = False
    faults: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaffRecorder:
    """How the recorder is: see `StaffCamera`. footage_h: hours stored; oldest_h: age of the oldest image, both None
    while that is not known; outlook: a sentence of the recorder, or ""."""

    frame: Frame
    known: bool
    why: str = ""
    armed: bool = False
    recording: bool = False
    faults: tuple[str, ...] = ()
    footage_h: float | None = None
    oldest_h: float | None = None
    outlook: str = ""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """An entry of the key book, in local time. alarm: the case was opened without the key (then seen_by answered for
    it); bad: this is the entry that was tampered with, at this row."""

    row: int
    alarm: bool
    out: datetime
    back: datetime | None
    holder: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    seen_by: str = field(default="", repr=False)
    opened: tuple[tuple[datetime, datetime | None], ...] = ()
    bad: int | None = None


@dataclass(frozen=True, slots=True)
class StaffKeys:
    """The key of the recorder's case. why: why nothing is known of it (silent, refused, unreadable), "waiting", or "".

    place: where it is kept; holder, since: who has it now, since when; lines: newest first; rows: so many, all sound,
    unless there is a verdict: a sentence that says what was tampered with.
    """

    frame: Frame
    why: str
    place: str = ""
    holder: str = field(default="", repr=False)
    since: datetime | None = None
    lines: tuple[KeyLine, ...] = ()
    rows: int = 0
    verdict: str = ""


View: TypeAlias = (
    Still | Idle | Closed | OutOfService | Wait | PinPad | LastTry | TakeCard | ChooseCertificate | ChooseKind
    | ChooseHousehold | ChooseMembers | ChooseItems | ChooseCopies | Confirm | Arrived | Pay | Printing | Take
    | Refused | Thanks
    | StaffSignIn | StaffMenu | StaffReopen | StaffFound | StaffCamera | StaffRecorder | StaffKeys
)  # fmt: skip
