"""Drawings of what the machine does while the person waits, and of the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens.pictures_parts import city, dots, person, plain_machine
from screens.shapes import Disc, Drawing, Poly, Round, Shape, line, pointer, row


def _machine() -> Drawing:
    return Drawing(84 * 0.56, 150 * 0.56, plain_machine(0.56))


def _line_city() -> Drawing:
    return row(_machine(), dots(4), city(w=84), most=1.35)


def envelope(w: float = 62.0) -> Drawing:
    """A letter under seal."""
    h = w * 0.66
    shapes = (
        Round(1, 1, w - 2, h - 2, 2, fill="card"),
        line((2.5, 3), (w / 2, h * 0.56), (w - 2.5, 3), width=1.5),
        Disc(w / 2, h * 0.56, w * 0.13, fill="shu", stroke=""),
        Disc(w / 2, h * 0.56, w * 0.08, stroke="card", width=1.0),
    )
    return Drawing(w, h, shapes)


def _downloading() -> Drawing:
    """From the town hall a sealed letter comes to the machine."""
    mail = envelope(58)
    way = Drawing(22, 20, pointer((20, 10), (2, 10), "ai", 4.6, 7.0))
    return row(_machine(), way, mail, dots(2), city(w=76), gap=8, most=1.35)


def _erasing() -> Drawing:
    """A page that is rubbed out: what was written at the left is gone."""
    written = tuple(line((98, y), (x, y), stroke="ink", width=2.8) for y, x in ((22, 126), (38, 126), (54, 112)))
    gone = tuple(Poly(((24, y), (62, y)), closed=False, stroke="soft", width=1.2, dash=(3, 5)) for y in (22, 38, 54))
    eraser: tuple[Shape, ...] = (
        Poly(((56, 62), (84, 22), (104, 36), (76, 76)), fill="card", width=1.5),
        Poly(((66, 48), (84, 22), (104, 36), (86, 62)), fill="ai", width=1.5),
        *(Disc(x, y, 1.8, fill="soft", stroke="") for x, y in ((50, 72), (58, 78), (46, 80))),
    )
    way = pointer((40, 90), (110, 90), "ai", 4.0, 7.0)
    return Drawing(150, 104, (Round(10, 2, 130, 100, 4, fill="card"), *gone, *written, *eraser, *way))


def _hourglass() -> Drawing:
    shapes = (
        line((12, 4), (68, 4), width=5),
        line((12, 96), (68, 96), width=5),
        Poly(
            ((18, 7), (62, 7), (62, 22), (44, 50), (62, 78), (62, 93), (18, 93), (18, 78), (36, 50), (18, 22)),
            fill="card",
        ),
        Poly(((23, 26), (57, 26), (41.5, 49), (38.5, 49)), fill="ai", stroke=""),
        Poly(((24, 88), (56, 88), (56, 82), (40, 68), (24, 82)), fill="ai", stroke=""),
        line((40, 50), (40, 66), stroke="ai", width=1.6),
    )
    return Drawing(80, 100, shapes, most=1.2)


def _household() -> Drawing:
    shapes = (
        Poly(((20, 50), (95, 6), (170, 50)), fill="body"),
        Round(34, 50, 122, 64, 1, fill="card"),
        *person(64, 58, 1.05, "ai_tint"),
        *person(126, 58, 1.05, "ai_tint"),
        *person(95, 72, 0.8, "card"),
        line((14, 114.5), (176, 114.5)),
    )
    return Drawing(190, 118, shapes)


def _done() -> Drawing:
    return Drawing(
        90,
        90,
        (
            Disc(45, 45, 42, fill="wakatake_tint", stroke="wakatake", width=3.0),
            line((26, 47), (40, 61), (66, 32), stroke="wakatake", width=7.0),
        ),
        most=1.2,
    )


MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        "line_city": _line_city,
        "downloading": _downloading,
        "erasing": _erasing,
        "hourglass": _hourglass,
        "household": _household,
        "done": _done,
    }
)
