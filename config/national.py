"""What holds for every terminal in the country, whoever runs it (F-15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CardPolicy = Literal["hold_until_auth_then_remove", "tap_then_remove"]
CardKind = Literal["my_number", "juki"]
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


CARD_POLICY_OF: Mapping[CardKind, CardPolicy] = {
    "my_number": "hold_until_auth_then_remove",
    "juki": "tap_then_remove",
}
"""Who checks the PIN decides: the My Number card's own chip, or the city for a Juki card."""


@dataclass(frozen=True, slots=True)
class FlowProfile:
    """Order of the steps and what becomes of the card; checked against :data:`ALLOWED_ORDERS`."""

    card_kind: CardKind
    """The kind of card that takes this way."""
    order: tuple[Step, ...]
    card: CardPolicy


@dataclass(frozen=True, slots=True)
class JukiCard:
    """Where a Juki card keeps its card id. A profile of our own: the real application is not public."""

    application: str
    """AID in hexadecimal, 5 … 16 bytes (ISO 7816-4)."""
    file: int
    """Identifier of the elementary file, two bytes."""
    profile_version: int
    """What the file must name as its version (tag 01)."""


@dataclass(frozen=True, slots=True)
class National:
    """What is the same at every terminal. Shipped as ``config/national.toml``; no other file may set it."""

    flows: Mapping[str, FlowProfile]
    juki_card: JukiCard
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
