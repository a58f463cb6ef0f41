"""What a screen shows, as frozen values; made by `presenter.py`, drawn by the room `screens`.

A view carries ids and numbers, not sentences: the words (on the screen and spoken) belong to `screens/strings`.
The only personal field of all views is `Arrived.masked_name`; it is kept out of `repr`.
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


@dataclass(frozen=True, slots=True)
class Still:
    """「準備しています」: the picture between two sessions and during start-up. Nothing of anyone in it.

    returning_money: recovery after a power cut is paying money back.
    """

    frame: Frame
    returning_money: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of certificate: id, name as the profile writes it, fee in yen for one copy."""

    kind: str
    name: str
    fee_yen: int
    available: bool = True


@dataclass(frozen=True, slots=True)
class Idle:
    """First screen. camera_on: the recorder is healthy (the sign must be true). closes_at: local time."""

    frame: Frame
    offers: tuple[Offer, ...]
    closes_at: datetime | None
    camera_notice: str
    camera_on: bool
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """Outside opening hours. reason: id of config.calendar.Reason in lower case; next_opening: local time."""

    frame: Frame
    reason: str
    detail: str
    next_opening: datetime | None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutOfService:
    """reason: reader, cash, printer, issuer, paper, change, stopped, sound, sensors, left_behind, journal."""

    frame: Frame
    reason: str
    contact: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for the person. what: reading, connecting, checking_pin, downloading, preparing,
    stopping_coins, settling, erasing. keep_card: the card has to stay on the reader."""

    frame: Frame
    what: str
    keep_card: bool = False


@dataclass(frozen=True, slots=True)
class PinPad:
    """digits: how many are typed (0..4), never which. wrong: the last PIN was refused. tries_left 1..3."""

    frame: Frame
    digits: int
    tries_left: int
    wrong: bool = False


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
    """accepted: denominations the slot takes now; exact_only: no change can be given."""

    frame: Frame
    price_yen: int
    inserted_yen: int
    accepted: frozenset[int]
    exact_only: bool = False


@dataclass(frozen=True, slots=True)
class Printing:
    """copy i of n; waiting_for: empty, or what the printer waits for (paper, jam, cover, toner, tray_full)."""

    frame: Frame
    copy: int
    copies: int
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """Things to take, in the order to name them: certificate, change, receipt. owed: yen that stay owed.

    by_touch: the machine has no sensor for the first of them, a button stands for it.
    """

    frame: Frame
    things: tuple[str, ...]
    change_yen: int
    owed_yen: int = 0
    slip: str = ""
    by_touch: bool = False


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


View: TypeAlias = (
    Still | Idle | Closed | OutOfService | Wait | PinPad | LastTry | TakeCard | ChooseCertificate | ChooseKind
    | ChooseHousehold | ChooseItems | ChooseCopies | Confirm | Arrived | Pay | Printing | Take | Refused | Thanks
)  # fmt: skip
