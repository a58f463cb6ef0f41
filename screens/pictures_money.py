"""Drawings of coins: put in, counted, given back, kept, owed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens import icons
from screens.pictures_parts import badge, located
from screens.shapes import Disc, Drawing, Poly, Round, Shape, arrow, cross, line, pointer


def _slot(x: float, y: float, w: float, h: float, *, closed: bool = False) -> tuple[Shape, ...]:
    return (
        Round(x, y, w, h, 6, fill="body"),
        Round(x + w / 2 - 4, y + h * 0.2, 8, h * 0.6, 4, fill="soft" if closed else "ink", stroke=""),
    )


def _coin_slot() -> Drawing:
    shapes = (*pointer((2, 22), (16, 22), "ai", 3.2, 6.0), *_slot(22, 2, 33, 40))
    return Drawing(56, 44, shapes, most=1.2)


def _coin_in() -> Drawing:
    """A coin before the slot."""
    low = Drawing(
        124, 60, (*icons.coin(20, 30, 17, "gold"), *pointer((46, 30), (68, 30), "ai", 5.0, 9.0), *_slot(80, 4, 42, 52))
    )
    shapes = (*icons.coin(28, 50, 22, "gold"), *pointer((60, 50), (88, 50), "ai", 5.5), *_slot(100, 8, 54, 84))
    return located("coin_slot", Drawing(156, 100, shapes, least=0.5, smaller=low))


def _coins_stop() -> Drawing:
    """No more coins: the slot is shut."""
    shapes = (*icons.coin(28, 50, 22, "silver"), *_slot(80, 8, 54, 84, closed=True), *cross(107, 50, 18, 6.0))
    return Drawing(136, 100, shapes)


TRAY: Final = ((4, 44), (146, 44), (130, 94), (20, 94))
WELL: Final = ((22, 53), (128, 53), (118, 84), (32, 84))


def tray(down: float = 0.0, *, coins: bool = True) -> tuple[Shape, ...]:
    """The tray for change, 150 wide, 52 high from 43; empty: where the coins would lie is dashed."""
    lying: tuple[Shape, ...] = (
        *icons.coin(51, 69 + down, 12, "silver"),
        *icons.coin(76, 71 + down, 13, "gold"),
        *icons.coin(100, 69 + down, 11, "copper"),
    )
    if not coins:
        lying = tuple(_dashed_coin(x, 69 + down, 11) for x in (51, 76, 101))
    return (
        Poly(tuple((x, y + down) for x, y in TRAY), fill="body"),
        Poly(tuple((x, y + down) for x, y in WELL), fill="card", width=1.2),
        *lying,
    )


def _dashed_coin(cx: float, cy: float, r: float) -> Shape:
    return Poly(icons.round_points(cx, cy, r), stroke="soft", width=1.4, dash=(4, 3.2))


def _change_out() -> Drawing:
    low = Drawing(190, 54, (*tray(-42), *pointer((162, 40), (162, 8), "shu", 6.0)))
    shapes = (*tray(), *arrow(75, 34, 3, "shu", 6.0))
    return located("change", Drawing(150, 96, shapes, least=0.55, smaller=low))


def _stacks(x: float, y: float, counts: tuple[tuple[int, str], ...]) -> tuple[Shape, ...]:
    return tuple(
        Round(x + index * 43, y - level * 11, 36, 10, 5, fill=metal)
        for index, (count, metal) in enumerate(counts)
        for level in range(count)
    )


def _abacus(x: float, y: float) -> tuple[Shape, ...]:
    """Four rods, one bead above the bar and four below: 84 wide, 84 high."""
    rods = [x + 15 + i * 18 for i in range(4)]
    beads = tuple(
        Poly(
            ((rod - 7.5, y + at), (rod, y + at - 4.6), (rod + 7.5, y + at), (rod, y + at + 4.6)), fill="yama", width=1.1
        )
        for index, rod in enumerate(rods)
        for at in (13 if index % 2 else 19, *(38 + 9.6 * n + (0 if n < index else 6) for n in range(4)))
    )
    return (
        Round(x, y, 84, 84, 4, fill="card", width=2.4),
        *(line((rod, y + 3), (rod, y + 81), width=1.4) for rod in rods),
        line((x + 2, y + 28), (x + 82, y + 28), width=3.0),
        *beads,
    )


def _coins_counting() -> Drawing:
    """Coins and an abacus: it is being reckoned."""
    stacks = _stacks(4, 84, ((4, "gold"), (6, "silver")))
    return Drawing(184, 98, (*stacks, *_abacus(98, 10), line((1, 96.5), (183, 96.5))))


def _no_notes() -> Drawing:
    note = (
        Round(2, 12, 104, 56, 4, fill="ai_tint"),
        Disc(54, 40, 15, fill="card", width=1.2),
        line((14, 24), (30, 24), stroke="soft", width=2.4),
        line((78, 56), (94, 56), stroke="soft", width=2.4),
    )
    return Drawing(122, 80, (*note, *badge(100, 62, 15)), most=1.2)


# ---- small ones, for a row of words ----------------------------------------------------------------------------


def _icon_none() -> Drawing:
    ring = Poly(icons.round_points(20, 13.5, 11), stroke="soft", width=1.2, dash=(3, 2.4))
    return Drawing(40, 27, (ring, line((14, 13.5), (26, 13.5), stroke="soft", width=2.0)))


def _icon_returned() -> Drawing:
    return Drawing(40, 27, (*icons.coin(13, 15, 10.5, "gold"), *pointer((31, 24), (31, 4), "shu", 2.8, 5.5)))


def _icon_held() -> Drawing:
    """Coins that stay safe in the machine: a padlock beside them."""
    shackle = tuple(
        (29 + x, y) for x, y in ((-4.6, 14), (-4.6, 8.5), (-3, 5.4), (0, 4), (3, 5.4), (4.6, 8.5), (4.6, 14))
    )
    lock = (Poly(shackle, closed=False, width=1.6), Round(21.5, 13, 15, 12, 1.6, fill="yama", width=1.3))
    return Drawing(40, 27, (*icons.coin(12, 15, 10, "gold"), *lock, Disc(29, 18.5, 1.7, fill="ink", stroke="")))


def _icon_owed() -> Drawing:
    """A slip with a number against a coin that is still to be given."""
    coin = Poly(icons.round_points(28, 16, 9), fill="card", stroke="ink", width=1.3, dash=(3.2, 2.4))
    slip = (
        Round(2, 2, 20, 23, 1, fill="card", width=1.2),
        line((6, 8), (18, 8), stroke="ink", width=2.0),
        line((6, 13.5), (14, 13.5), stroke="soft", width=1.3),
        line((6, 18.5), (14, 18.5), stroke="soft", width=1.3),
    )
    return Drawing(40, 27, (coin, *slip))


MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        "coin_slot": _coin_slot,
        "coin_in": _coin_in,
        "coins_stop": _coins_stop,
        "coins_counting": _coins_counting,
        "change_out": _change_out,
        "no_notes": _no_notes,
        "icon_money_none": _icon_none,
        "icon_money_returned": _icon_returned,
        "icon_money_held": _icon_held,
        "icon_money_owed": _icon_owed,
        "note": lambda: icons.note_of(True),
        "note_off": lambda: icons.note_of(False),
        **{
            f"coin_{value}{'' if usable else '_off'}": functools.partial(icons.coin_of, value, usable)
            for value in (500, 100, 50, 10)
            for usable in (True, False)
        },
    }
)
