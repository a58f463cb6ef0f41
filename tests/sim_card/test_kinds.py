"""Descriptions of cards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hardware_sim.card.kinds import CardSpec, CardSpecError, build, demonstration
from hardware_sim.card.model import JpkiCard
from hardware_sim.card.pki import CardAuthority

JUKI = {"kind": "juki", "juki_id": "0123456789abcdef" * 2, "home": "142051", "expires": "2028-03-31"}


@pytest.mark.parametrize(
    ("kind", "atr"),
    [
        ("mynumber", "3B8880010000 41E0B381A1003B"),
        ("juki", "3B8880010000 14E0B38191005E"),
        ("juki_jpki", "3B8880010000 14E0B38191005E"),
        ("driving_licence", "3B88800100000000 9181C100D8"),
        ("phone", "3B80800101"),
        ("iphone", "3B80800101"),
        ("felica", "3B8F8001804F0CA0000003061100 3B0000000042"),
    ],
)
def test_atr_is_that_of_the_contactless_card(authority: CardAuthority, kind: str, atr: str) -> None:
    """As listed by the pcsc-tools for such cards."""
    assert build(demonstration("card-1", kind), authority).atr == bytes.fromhex(atr)


def test_a_juki_card_described_alike() -> None:
    spec = CardSpec.from_json({"card_id": "card-1", **JUKI})
    assert CardSpec.from_json(spec.to_json()) == spec
    assert "0123456789abcdef" not in repr(spec)


def test_described_and_built_alike(authority: CardAuthority) -> None:
    spec = CardSpec("card-1", serial=7, pin="0987", tries_left=1, not_after=datetime(2030, 1, 1, tzinfo=UTC))
    assert CardSpec.from_json(spec.to_json()) == spec
    card = build(spec, authority)
    assert isinstance(card, JpkiCard)
    assert card.pin_tries_left == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"card_id": "../x"}, "card_id"),
        ({"kind": "suica"}, "choose one of driving_licence, felica, iphone, juki, juki_jpki, mynumber, phone"),
        ({"pin": "98765"}, "four digits"),
        ({"pin": "９８７６"}, "four digits"),
        ({"pin": 9876}, "type str"),
        ({"sign_password": "secretive"}, "6 to 16"),
        ({"tries_left": 4}, "0 to 3"),
        ({"serial": True}, "type int"),
        ({"not_before": "tomorrow"}, "2026-04-01T"),
        ({"not_before": "2026-04-01T00:00:00"}, "with a zone"),
        ({"kind": "juki"}, "juki_id"),
        ({**JUKI, "juki_id": "98" * 15}, "32 hexadecimal"),
        ({**JUKI, "home": "41201"}, "six digits"),
        ({**JUKI, "expires": ""}, "last day"),
        ({**JUKI, "expires": "soon"}, "2028-03-31"),
        ({**JUKI, "kind": "mynumber"}, "belong to a card of kind juki"),
        ({"certificate": "perfect"}, "one of none, other_issuer"),
        ({"colour": "pink"}, "unknown key 'colour'"),
    ],
)
def test_wrong_descriptions_say_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CardSpecError, match=said) as caught:
        CardSpec.from_json({"card_id": "card-1", "pin": "9876", **change})
    assert "9876" not in str(caught.value)
    assert "secretive" not in str(caught.value)


def test_secrets_stay_out_of_repr() -> None:
    shown = repr(CardSpec("card-1", pin="9876", sign_password="HIDDEN99"))
    assert "9876" not in shown
    assert "HIDDEN99" not in shown
