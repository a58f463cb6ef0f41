"""The cards that can be laid on the reader: one for every resident who has one, and a few that go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hardware_sim.card import CardSpec
from hardware_sim.city.register import ResidentSummary

PIN = "1234"
"""Of every resident's card."""

_CHOSEN = 6
_EXPIRED = datetime(2024, 4, 1, tzinfo=UTC)


@dataclass(frozen=True)
class BenchCard:
    """A card on the bench's table. ``resident``: id in the register, empty for a card of nobody."""

    id: str
    label: str
    note: str
    spec: CardSpec
    resident: str = ""
    chosen: bool = False
    """Shown first on the page."""

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "label": self.label, "note": self.note, "chosen": self.chosen}


def deck(residents: Sequence[ResidentSummary]) -> dict[str, BenchCard]:
    """All cards by id: residents by their own, special ones as ``<resident>-<what>``."""
    cards: dict[str, BenchCard] = {}
    with_card = [resident for resident in residents if resident.card_serial]
    # Those with a remark are the interesting ones; the sample household's wife is the one of the sketches.
    chosen = [resident.id for resident in with_card if resident.remarks][:_CHOSEN]
    for resident in with_card:
        name = " ".join(resident.name.split())
        cards[resident.id] = BenchCard(
            id=resident.id,
            label=name,
            note=_note(resident),
            spec=CardSpec(card_id=resident.id, serial=resident.card_serial, pin=PIN),
            resident=resident.id,
            chosen=resident.id in chosen,
        )
    if with_card:
        owner = with_card[0]
        name = " ".join(owner.name.split())
        serial = owner.card_serial
        for note, spec in (
            ("暗証番号あと1回", CardSpec(f"{owner.id}-last-try", serial=serial, pin=PIN, tries_left=1)),
            ("暗証番号が止まっている", CardSpec(f"{owner.id}-blocked", serial=serial, tries_left=0)),
            ("電子証明書の期限切れ", CardSpec(f"{owner.id}-expired", serial=serial, not_after=_EXPIRED)),
        ):
            cards[spec.card_id] = BenchCard(spec.card_id, name, note, spec, owner.id)
    licence = CardSpec("driving-licence", kind="driving_licence")
    cards[licence.card_id] = BenchCard(licence.card_id, "運転免許証", "別のカード", licence)
    return cards


def find(cards: dict[str, BenchCard], wanted: str) -> BenchCard:
    """By card id, or by a resident's name (white space does not matter; the first of that name).

    Raises:
        ValueError: nobody of that name has a card.
    """
    if wanted in cards:
        return cards[wanted]
    name = " ".join(wanted.split())
    for card in cards.values():
        if card.label == name:
            return card
    raise ValueError(f"no card {wanted!r}: give a card's id such as r002, or a resident's full name")


def _note(resident: ResidentSummary) -> str:
    size = f"世帯{resident.household_size}人"
    return f"{size}・{resident.remarks}" if resident.remarks else size
