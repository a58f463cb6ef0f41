"""Every phrase the machine may say, by id. The words belong to `screens/strings`, the sound to `screens/voices`.

Who speaks when:

* TITLES are said once, as their screen comes. Where the screen is read out as a whole they may be left out.
* WAITS are said only once a wait has lasted: a phrase cut off after its first syllable is worse than none.
* CALLS are for whoever does not look at the screen, and are always said.

No phrase: the still picture between two people and staff screens (nobody listens), the last moment of paying and
the erasing (over before a word could be understood; from the erase on nothing may sound).
"""

from __future__ import annotations

from typing import Final

REFUSALS: Final = frozenset(
    {
        "cancelled", "card_expired", "card_felica", "card_juki_expired", "card_not_served", "card_not_yet_valid",
        "card_phone", "card_removed", "card_unknown", "card_unknown_issuer", "card_unreadable", "certificate_revoked",
        "change_short", "city_unavailable", "copies_exceeded", "fee_changed", "mismatch", "not_available",
        "not_in_service", "not_me", "not_registered", "nothing_registered", "other_city", "outside_hours",
        "page_unreadable", "pin_blocked", "pin_never_set", "printer_not_ready", "printing_failed", "printing_unknown",
        "receipt_not_ready", "several_cards", "status_unknown", "timed_out", "too_many_pages",
    }
)  # fmt: skip
"""Reasons of a refusal that have a phrase of their own; a reason that is new to the machine has the general one."""

TITLES: Final = frozenset(
    {
        "idle", "closed", "out_of_service",
        "pin_pad", "pin_wrong", "last_try", "choose_certificate", "choose_kind", "choose_household",
        "choose_members", "choose_items", "choose_copies", "confirm", "arrived", "pay", "printing", "thanks",
        "refused", *(f"refused_{reason}" for reason in REFUSALS),
    }
)  # fmt: skip
"""idle, closed, out_of_service: only to somebody who has just touched the screen or laid down a card.

thanks is heard to its end: chime and words together must not last longer than `moves_take.THANKS_S`.
"""

WAITS: Final = frozenset(
    {
        "wait_card",  # the card is being read, and has to stay
        "wait_city_card",  # the line to the city is made, the card has to stay
        "wait_city",  # the same when the card may go: Juki card, list of the household
        "wait_pin_card",  # the PIN is being checked, the card has to stay
        "wait_pin",  # the same without the card
        "wait_download",  # the city makes the certificate
        "wait_prepare",  # the printer is being made ready
        "wait_coins",  # the slot is shut, no more coins
        "wait_money",  # what was not charged is counted and paid out
        "wait_receipt",  # everything else is taken, the receipt is being printed
        "returning_money",  # after a power cut
    }
)

CALLS: Final = frozenset(
    {
        "take_card", "take_certificate", "take_change", "take_receipt",
        "receipt_failed",
        "warning", "warning_last",  # warning_last: no more time can be given
        "more_time",
        "not_yours",  # what to press when the certificate is somebody else's
        "wait_longer",  # it takes longer than usual
        "printing_stay",
        "printer_paper", "printer_jam", "printer_cover", "printer_toner", "printer_tray_full",
    }
)  # fmt: skip

PHRASES: Final = TITLES | WAITS | CALLS


def refusal(reason: str) -> str:
    """The phrase of a refusal."""
    return f"refused_{reason}" if reason in REFUSALS else "refused"
