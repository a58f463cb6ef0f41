"""Drawings of what happens with the card."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens import icons
from screens.pictures_parts import city, dots, located, lying_card, reader
from screens.shapes import Disc, Drawing, Poly, Round, Shape, arc, arrow, cross, line, moved, pointer, row


def _target(y: float) -> tuple[Shape, ...]:
    """Where the card has to lie and which way up: its outline on the reader, dashed."""
    return (
        Poly(((52, y + 10), (108, y + 10), (118, y + 34), (42, y + 34)), stroke="ai", width=1.4, dash=(4, 3.4)),
        Poly(((57, y + 15), (69, y + 15), (66, y + 28), (52, y + 28)), stroke="ai", width=1.0),
        line((78, y + 17), (103, y + 17), stroke="ai", width=1.2),
        line((77, y + 24.5), (99, y + 24.5), stroke="ai", width=1.2),
    )


def _waves(y: float, count: int, width: float = 2.6) -> tuple[Shape, ...]:
    return tuple(arc(80, y, 16 + 12 * i, 215, 325, width=width) for i in range(count))


def _beside(cards: tuple[Shape, ...], cards_w: float, *, out: bool) -> Drawing:
    """Reader and card in one row, for low places."""
    k = 0.62
    plate = moved((*reader(0), *(() if out else _target(0))), 0, 0, k, strokes=0.8)
    if out:
        shapes = (*plate, *pointer((106, 20), (128, 20), "shu", 5.0, 8.0), *moved(cards, 136, 0))
        return Drawing(136 + cards_w, 40, shapes)
    right = cards_w + 34
    shapes = (*cards, *pointer((cards_w + 7, 20), (cards_w + 28, 20), "ai", 5.0, 8.0), *moved(plate, right, 0))
    return Drawing(right + 160 * k, 40, shapes)


def _laid(cards: tuple[Shape, ...], flat: tuple[Shape, ...], flat_w: float) -> Drawing:
    low = _beside(flat, flat_w, out=False)
    shapes = (*cards, *arrow(80, 64, 88, "ai"), *reader(94), *_target(94))
    return located("reader", Drawing(160, 156, shapes, least=0.4, smaller=low))


def _card_in() -> Drawing:
    return _laid(icons.card(34, 1), icons.card(1, 1, 60), 62)


def _card_in_juki() -> Drawing:
    return _laid(icons.juki(34, 1), icons.juki(1, 1, 60), 62)


def _card_in_both() -> Drawing:
    """One card or the other: a slanted stroke between them."""
    both = (*icons.card(1, 6, 68), *icons.juki(91, 6, 68), line((84, 10), (76, 46), stroke="soft", width=2.4))
    flat = (*icons.card(1, 1, 58), *icons.juki(73, 1, 58), line((68, 5), (63, 33), stroke="soft", width=2.0))
    return _laid(both, flat, 132)


def _card_reading() -> Drawing:
    low = Drawing(160, 84, (*reader(22), *lying_card(22), *_waves(28, 2, 3.4)))
    return Drawing(160, 106, (*reader(44), *lying_card(44), *_waves(48, 3)), least=0.6, smaller=low)


def _card_out() -> Drawing:
    low = _beside(icons.card(1, 1, 60), 62, out=True)
    shapes = (*arrow(80, 38, 4, "shu", 6.0), *icons.card(34, 46), *reader(108))
    return located("reader", Drawing(160, 170, shapes, least=0.4, smaller=low))


def shield() -> Drawing:
    """The number is looked at: a shield with four dots, none of them a digit."""
    right = [(40 + 36 * math.cos(t) ** 0.8, 40 + 46 * math.sin(t)) for t in (math.pi / 2 * i / 9 for i in range(9))]
    left = [(80 - x, y) for x, y in reversed(right)]
    outline = ((40, 2), (58, 9), (76, 12), *right, (40, 86), *left, (4, 12), (22, 9))
    typed = tuple(Disc(19 + i * 14, 40, 4.6, fill="ai", stroke="") for i in range(4))
    return Drawing(80, 88, (Poly(outline, fill="ai_tint"), *typed))


def _on_reader(k: float) -> Drawing:
    return Drawing(160 * k, 78 * k, moved((*reader(17), *lying_card(17)), 0, 0, k, strokes=0.85))


def _pin_check_card() -> Drawing:
    return row(_on_reader(0.72), dots(3), shield(), most=1.2)


def _pin_check_city() -> Drawing:
    return row(shield(), dots(3), city(w=84), most=1.2)


def _line_city_card() -> Drawing:
    return row(_on_reader(0.72), dots(4), city(w=84), most=1.2)


def _card_keep() -> Drawing:
    """The card stays where it lies: the arrow that would lift it is crossed out."""
    up = (*arrow(80, 44, 6, "soft", 5.0), *cross(80, 26, 15, 5.0))
    return Drawing(160, 112, (*reader(50), *lying_card(50), *up))


def _pin_last() -> Drawing:
    boxes = (
        *(Round(9 + i * 31, 4, 24, 24, 5, fill="foot", stroke="soft", width=1.2) for i in range(2)),
        Round(71, 1, 30, 30, 6, fill="card", stroke="shu", width=2.2),
    )
    crosses = tuple(
        stroke
        for i in range(2)
        for stroke in (
            line((15 + i * 31, 10), (27 + i * 31, 22), stroke="soft", width=2.2),
            line((27 + i * 31, 10), (15 + i * 31, 22), stroke="soft", width=2.2),
        )
    )
    one = (line((81.5, 10.5), (86.5, 7.5), (86.5, 24.5), stroke="shu", width=3.2),)
    return Drawing(110, 32, (*boxes, *crosses, *one), most=1.8)


MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        "card_in": _card_in,
        "card_in_juki": _card_in_juki,
        "card_in_both": _card_in_both,
        "card_reading": _card_reading,
        "card_keep": _card_keep,
        "card_out": _card_out,
        "pin_check_card": _pin_check_card,
        "pin_check_city": _pin_check_city,
        "line_city_card": _line_city_card,
        "pin_last": _pin_last,
    }
)
