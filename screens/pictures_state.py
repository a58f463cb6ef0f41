"""Drawings of why the machine cannot be used now: out of service, closed; and of what it does meanwhile."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens.pictures_money import tray
from screens.pictures_paper import no_paper
from screens.pictures_parts import (
    badge,
    city,
    clock,
    counter,
    dots,
    located,
    paper,
    person,
    plain_machine,
    printer,
    reader,
)
from screens.shapes import Disc, Drawing, Point, Poly, Round, Shape, arc, cross, line, moved, pointer, row


def _machine(k: float = 0.56) -> Drawing:
    return Drawing(84 * k, 150 * k, plain_machine(k))


# ---- out of service: the machine with the place crossed out, and what it is in its frame --------------------------


def _out_reader() -> Drawing:
    return located("reader", Drawing(160, 80, (*reader(14), *badge(136, 20))), crossed=True)


def _out_cash() -> Drawing:
    slot = (Round(10, 4, 54, 84, 6, fill="body"), Round(33, 22, 8, 48, 4, fill="ink", stroke=""))
    coin = (Disc(96, 46, 22, fill="gold"), Disc(96, 46, 18, stroke="ink", width=0.8))
    return located("coin_slot", Drawing(128, 94, (*slot, *coin, *badge(70, 74))), crossed=True)


def _out_printer() -> Drawing:
    return located("certificate", Drawing(158, 80, (*printer(62), *badge(138, 62))), crossed=True)


def _out_issuer() -> Drawing:
    """The line to the city is broken."""
    gap = Drawing(64, 40, (*moved(dots(5).shapes, 3, 17), *cross(32, 20, 12, 5.0)))
    return row(_machine(), gap, city(w=84), most=1.2)


def _out_paper() -> Drawing:
    return located("certificate", no_paper(), crossed=True)


def _out_change() -> Drawing:
    return located("change", Drawing(158, 66, (*tray(-36, coins=False), *badge(138, 48))), crossed=True)


def _out_receipt() -> Drawing:
    """The roll of the receipts has run out."""
    strip = Poly(((42, 48), (42, 86), (82, 86), (82, 48)), closed=False, stroke="soft", width=1.6, dash=(5, 4))
    roll = (Round(1, 1, 122, 40, 8, fill="body"), Round(32, 24, 60, 6, 3, fill="ink", stroke=""), strip)
    return located("receipt", Drawing(128, 92, (*roll, *badge(104, 66))), crossed=True)


def _out_sound() -> Drawing:
    horn = Poly(((4, 34), (26, 34), (54, 10), (54, 86), (26, 62), (4, 62)), fill="body")
    waves = (
        arc(52, 48, 24, -42, 42, stroke="soft", width=3.4),
        arc(52, 48, 42, -42, 42, stroke="soft", width=3.4),
    )
    return located("speaker", Drawing(118, 96, (horn, *waves, *badge(94, 76))), crossed=True)


def _eye(cx: float, cy: float, r: float) -> tuple[Shape, ...]:
    upper = _bow(cx, cy, r, -1)
    lower = _bow(cx, cy, r, 1)
    return (
        Poly((*upper, *reversed(lower)), fill="card"),
        Disc(cx, cy, r * 0.34, fill="ai", stroke=""),
    )


def _bow(cx: float, cy: float, r: float, way: int) -> tuple[Point, ...]:
    return tuple((cx + r * x / 8, cy + way * r * 0.55 * math.cos(x / 8 * math.pi / 2)) for x in range(-8, 9))


def _out_sensors() -> Drawing:
    """The eye over the tray sees nothing."""
    looks = tuple(line((75 + s * 12, 46), (75 + s * 26, 66), stroke="soft", width=1.8) for s in (-1, 0, 1))
    shelf = (
        Poly(((14, 74), (136, 74), (148, 100), (2, 100)), fill="body"),
        Poly(((44, 79), (106, 79), (112, 94), (38, 94)), fill="card", width=1.2),
    )
    return located("certificate", Drawing(158, 104, (*_eye(75, 24, 34), *looks, *shelf, *badge(128, 30))), crossed=True)


def _out_camera() -> Drawing:
    """The camera above the machine does not film."""
    arm = Poly(((40, 30), (40, 10), (18, 10)), closed=False, width=5.0)
    body = (Round(6, 2, 10, 16, 2, fill="body"), arm, Round(8, 30, 92, 46, 8, fill="body"))
    lens = (Round(96, 36, 22, 34, 5, fill="body"), Disc(32, 53, 5, fill="soft", stroke=""))
    sees = tuple(line((126, 53 + s * 10), (150, 53 + s * 26), stroke="soft", width=1.8) for s in (-1, 0, 1))
    return located("camera", Drawing(154, 92, (*body, *lens, *sees, *badge(74, 74))), crossed=True)


def _out_display() -> Drawing:
    screen = (
        Round(10, 2, 78, 98, 6, fill="body"),
        Round(18, 10, 62, 82, 3, fill="foot", width=1.2),
    )
    return located("screen", Drawing(110, 104, (*screen, *badge(88, 80))), crossed=True)


def _out_stopped() -> Drawing:
    """Stopped to be safe: the machine, and the sign that bars a way."""
    sign = (Disc(40, 40, 38, fill="shu", stroke=""), Round(16, 33, 48, 14, 3, fill="card", stroke=""))
    return row(_machine(0.7), Drawing(80, 80, sign), gap=24, most=1.2)


def _found_box() -> Drawing:
    """What was left lies in a box, with a tag on it."""
    things = (
        *moved(paper(0, 0, 46, 60, seal=False), 22, 4),
        Round(76, 22, 50, 34, 4, fill="card"),
        Round(82, 30, 12, 15, 1, fill="ai_tint", stroke="ai", width=1.0),
        line((100, 34), (118, 34), stroke="soft", width=2.4),
    )
    box = (
        Poly(((6, 48), (144, 48), (134, 104), (16, 104)), fill="body"),
        line((75, 48), (62, 66), stroke="ink", width=1.2),
        Poly(((46, 66), (78, 66), (78, 84), (46, 84), (38, 75)), fill="yama", width=1.2),
        Disc(46, 75, 1.8, fill="ink", stroke=""),
    )
    return Drawing(150, 106, (*things, *box))


def _left_behind() -> Drawing:
    """Something was left: ask at the counter."""
    go = Drawing(26, 20, pointer((2, 10), (23, 10), "ai", 5.0, 8.0))
    return row(_found_box(), go, counter(), most=1.2, least=0.5, smaller=_found_box())


def _out_journal() -> Drawing:
    """The book in which everything is noted cannot be written."""
    book: tuple[Shape, ...] = (
        Round(10, 2, 84, 98, 4, fill="card"),
        Round(10, 2, 18, 98, 4, fill="body"),
        *(line((40, y), (x, y), stroke="soft", width=2.4) for y, x in ((24, 82), (40, 82), (56, 66))),
        *(line((4, y), (16, y), width=3.0) for y in (18, 38, 58, 78)),
    )
    alone = Drawing(114, 104, (*book, *badge(92, 78)))
    return row(_machine(0.7), alone, gap=20, most=1.2, least=0.45, smaller=alone)


def _wrench(x: float, y: float, k: float, stroke: str = "ai") -> tuple[Shape, ...]:
    jaw = tuple((18 + 13 * math.cos(math.radians(a)), 18 + 13 * math.sin(math.radians(a))) for a in range(-15, 286, 15))
    return moved(
        (line((28, 28), (58, 58), stroke=stroke, width=9.0), Poly(jaw, stroke=stroke, width=7.0, closed=False)), x, y, k
    )


def _out_staff() -> Drawing:
    """A member of staff works at the machine."""
    someone = Drawing(84, 100, (*person(40, 6, 1.7, "ai_tint"),))
    return row(_machine(0.66), Drawing(64, 64, _wrench(0, 0, 1.0)), someone, gap=8, most=1.2)


def _out_other() -> Drawing:
    """Being looked after: the machine and a tool."""
    return row(_machine(0.66), Drawing(64, 64, _wrench(0, 0, 1.0)), gap=16, most=1.2)


# ---- closed -----------------------------------------------------------------------------------------------------


def _sign(inside: tuple[Shape, ...]) -> Drawing:
    """The board that hangs on a closed door."""
    shapes = (
        line((50, 30), (76, 6), (102, 30), width=2.0),
        Disc(76, 6, 3, fill="ink", stroke=""),
        Round(2, 30, 148, 64, 6, fill="card"),
        *inside,
    )
    return Drawing(152, 96, shapes, most=1.5)


def _moon(cx: float, cy: float, r: float) -> tuple[Shape, ...]:
    """A crescent: a disc without the part that a second one covers."""
    bite = (cx + r * 0.5, cy - r * 0.36, r * 0.82)

    def around(x: float, y: float, radius: float, turns: range) -> list[Point]:
        return [(x + radius * math.cos(math.radians(a)), y + radius * math.sin(math.radians(a))) for a in turns]

    outer = [p for p in around(cx, cy, r, range(-40, 320, 5)) if math.dist(p, bite[:2]) >= bite[2]]
    inner = [p for p in around(*bite, range(330, -30, -5)) if math.dist(p, (cx, cy)) <= r]
    return (Poly((*outer, *inner), fill="yama"),)


def _closed_evening() -> Drawing:
    return _sign((*_moon(52, 64, 22), *clock(106, 62, 20)))


def _closed_before() -> Drawing:
    """The sun is not up yet."""
    half = tuple(
        (50 + 18 * math.cos(math.radians(a)), 76 + 18 * math.sin(math.radians(a))) for a in range(180, 361, 10)
    )
    rays = tuple(
        line(
            (50 + 24 * math.cos(math.radians(a)), 76 + 24 * math.sin(math.radians(a))),
            (50 + 31 * math.cos(math.radians(a)), 76 + 31 * math.sin(math.radians(a))),
            width=2.4,
        )
        for a in (202, 236, 270, 304, 338)
    )
    return _sign((Poly(half, fill="yama"), *rays, line((14, 77), (86, 77), width=2.4), *clock(114, 62, 20)))


def _closed_open() -> Drawing:
    return _sign(clock(76, 62, 22))


def _corner(cx: float, cy: float, start: int) -> tuple[Point, ...]:
    """A quarter of a circle of 5 mm."""
    turns = (math.radians(a) for a in range(start, start + 91, 15))
    return tuple((cx + 5 * math.cos(a), cy + 5 * math.sin(a)) for a in turns)


def _leaf(marks: Mapping[int, str], *, head: str = "ai") -> tuple[Shape, ...]:
    """A leaf of a calendar, 118 wide and 96 high. marks: cell (seven in a row) → token it is filled with."""
    found: list[Shape] = [
        Round(2, 8, 114, 86, 5, fill="card"),
        Poly((*_corner(7, 13, 180), *_corner(111, 13, 270), (116, 32), (2, 32)), fill=head),
        *(line((x, 2), (x, 15), width=3.4) for x in (32, 86)),
    ]
    for cell in range(21):
        column, week = cell % 7, cell // 7
        x, y = 9 + column * 14.6, 40 + week * 18
        fill = marks.get(cell, "foot")
        found.append(
            Round(
                x,
                y,
                11.5,
                12.5,
                1.5,
                fill=fill,
                stroke="ink" if cell in marks else "soft",
                width=1.4 if cell in marks else 0.7,
            )
        )
    return tuple(found)


def _struck(cell: int) -> tuple[Shape, ...]:
    x, y = 9 + cell % 7 * 14.6 + 5.75, 40 + cell // 7 * 18 + 6.25
    return cross(x, y, 7.5, 3.6)


def _closed_weekday() -> Drawing:
    """This day of the week is closed in every week."""
    days = (6, 13, 20)
    strikes = tuple(shape for day in days for shape in _struck(day))
    return Drawing(118, 96, (*_leaf(dict.fromkeys(days, "shu_tint")), *strikes), most=1.5)


def _closed_holiday() -> Drawing:
    """A red day in the middle of the week."""
    return Drawing(118, 96, (*_leaf({10: "shu"}, head="shu"),), most=1.5)


def _closed_exception() -> Drawing:
    """One day, crossed out."""
    return Drawing(118, 96, (*_leaf({10: "shu_tint"}), *_struck(10)), most=1.5)


def _closed_year_end() -> Drawing:
    """The last days of one leaf and the first of the next."""
    last = (*_leaf(dict.fromkeys((17, 18, 19, 20), "shu"), head="shu"),)
    first = (*_leaf(dict.fromkeys((0, 1, 2), "shu"), head="shu"),)
    return row(Drawing(118, 96, last), Drawing(118, 96, first), gap=10, most=1.3)


def _closed_not_started() -> Drawing:
    """From a day that is still to come."""
    way = pointer((15, 64), (78, 64), "ai", 4.0, 7.0)
    return Drawing(118, 96, (*_leaf({12: "wakatake"}), *way), most=1.5)


def _closed_server() -> Drawing:
    """The town hall is shut for today."""
    return Drawing(136, 100, (*moved(city().shapes, 2, 8, 1.18), *clock(110, 30, 21)), most=1.5)


MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        "out_reader": _out_reader,
        "out_cash": _out_cash,
        "out_printer": _out_printer,
        "out_issuer": _out_issuer,
        "out_paper": _out_paper,
        "out_change": _out_change,
        "out_receipt": _out_receipt,
        "out_sound": _out_sound,
        "out_sensors": _out_sensors,
        "out_camera": _out_camera,
        "out_display": _out_display,
        "out_stopped": _out_stopped,
        "out_left_behind": _left_behind,
        "out_journal": _out_journal,
        "out_staff": _out_staff,
        "out_other": _out_other,
        "found": _found_box,
        "closed_evening": _closed_evening,
        "closed_before": _closed_before,
        "closed_weekday": _closed_weekday,
        "closed_holiday": _closed_holiday,
        "closed_exception": _closed_exception,
        "closed_year_end": _closed_year_end,
        "closed_not_started": _closed_not_started,
        "closed_server": _closed_server,
        "closed_sign": _closed_open,
    }
)
