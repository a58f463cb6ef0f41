"""The cards that can be laid on the reader: one for every resident who has one, and a few that go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from hardware_sim.card import CardSpec
from hardware_sim.city.register import ResidentSummary

from .english import REMARKS

PIN = "1234"
"""Of every resident's card."""

_CHOSEN = 6
_EXPIRED = datetime(2024, 4, 1, tzinfo=UTC)
_FLAWS = {
    "other_issuer": "電子証明書の発行者がちがう",
    "wrong_policy": "電子証明書の用途がちがう",
    "absent": "利用者証明用電子証明書なし",
}
_NOT_YET = datetime(2034, 4, 1, tzinfo=UTC)


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
    special: str = ""
    """What sets it apart from the others; empty for a card like any."""
    kind: str = "mynumber"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "label": self.label,
            "note": self.note,
            "chosen": self.chosen,
            "special": self.special,
            "english": REMARKS.get(self.special, ""),
            "kind": self.kind,
        }


def deck(residents: Sequence[ResidentSummary], home: str) -> dict[str, BenchCard]:
    """All cards by id: residents' My Number cards by their own, Juki cards as ``<resident>-juki``, special ones as
    ``<resident>-<what>``. ``home``: the municipality's code on its Juki cards."""
    cards: dict[str, BenchCard] = {}
    with_card = [resident for resident in residents if resident.card_serial]
    # Those with a remark are the interesting ones; the sample household's wife is the one of the sketches.
    chosen = [resident.id for resident in with_card if resident.remarks][:_CHOSEN]
    for resident in with_card:
        cards[resident.id] = BenchCard(
            id=resident.id,
            label=_name(resident),
            note=_note(resident),
            spec=CardSpec(card_id=resident.id, serial=resident.card_serial, pin=PIN),
            resident=resident.id,
            chosen=resident.id in chosen,
            special=resident.remarks,
        )
    for resident in residents:
        if resident.juki_id:
            expires = resident.juki_expires
            spec = CardSpec(f"{resident.id}-juki", "juki", juki_id=resident.juki_id, home=home, expires=expires)
            note = f"住基カード・{_note(resident)}"
            special = resident.remarks
            cards[spec.card_id] = BenchCard(
                spec.card_id, _name(resident), note, spec, resident.id, special=special, kind="juki"
            )
    if with_card:
        cards |= {card.id: card for card in _wrong(with_card[0])}
    cards |= {card.id: card for card in _strange()}
    return cards


def _wrong(owner: ResidentSummary) -> list[BenchCard]:
    """Cards of one resident that cannot be used, or hardly."""
    serial = owner.card_serial
    made = (
        ("暗証番号あと1回", CardSpec(f"{owner.id}-last-try", serial=serial, pin=PIN, tries_left=1)),
        ("暗証番号が止まっている", CardSpec(f"{owner.id}-blocked", serial=serial, tries_left=0)),
        ("暗証番号が未設定", CardSpec(f"{owner.id}-no-pin", serial=serial, pin_set=False)),
        ("電子証明書の期限切れ", CardSpec(f"{owner.id}-expired", serial=serial, not_after=_EXPIRED)),
        ("電子証明書がまだ有効でない", CardSpec(f"{owner.id}-not-yet", serial=serial, not_before=_NOT_YET)),
        *(
            (words, CardSpec(f"{owner.id}-{flaw.replace('_', '-')}", serial=serial, certificate=flaw))
            for flaw, words in _FLAWS.items()
        ),
    )
    return [BenchCard(spec.card_id, _name(owner), note, spec, owner.id, special=note) for note, spec in made]


def _strange() -> list[BenchCard]:
    """Cards of nobody, and of other cities and systems."""
    elsewhere = CardSpec("juki-elsewhere", "juki", juki_id="5e" * 16, home="011002", expires=date(2035, 3, 31))
    unknown = CardSpec("juki-unknown", "juki", juki_id="5f" * 16, home="142051", expires=date(2035, 3, 31))
    return [
        BenchCard(spec.card_id, label, note, spec, special=note, kind="juki" if label == "住基カード" else "other")
        for label, note, spec in (
            ("運転免許証", "別のカード", CardSpec("driving-licence", "driving_licence")),
            ("交通系カード", "FeliCa", CardSpec("transit", "felica")),
            ("スマートフォン", "Android", CardSpec("phone", "phone")),
            ("スマートフォン", "iPhone", CardSpec("iphone", "iphone")),
            ("住基カード", "条例のアプリケーションなし", CardSpec("juki-old", "juki_jpki")),
            ("住基カード", "ほかの市", elsewhere),
            ("住基カード", "登録のない番号", unknown),
        )
    ]


def _name(resident: ResidentSummary) -> str:
    return " ".join(resident.name.split())


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
