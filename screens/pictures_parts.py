"""Parts that many drawings are built of, and the way a place on the machine is shown together with its close-up."""

from __future__ import annotations

import math
from typing import Final

from screens.machine_front import FRONT, PLAIN, Front, machine
from screens.shapes import Disc, Drawing, Point, Poly, Round, Shape, line, moved, rim

PAD: Final = 10.0
"""Between a close-up and the frame around it."""
APART: Final = 16.0
"""Between the machine and the frame of the close-up."""
LEAST_LOCATED: Final = 0.5
"""Below that the places on the machine could not be told apart any more: the close-up stands alone then."""


def located(place: str, close: Drawing, *, crossed: bool = False, front: Front = FRONT) -> Drawing:
    """The machine with one place marked, and that place enlarged in a frame whose tip points at it.

    The close-up alone where there is too little room for both, or where the machine has no such place.
    """
    if place not in front.places:
        return close
    frame_w, frame_h = close.w + 2 * PAD, close.h + 2 * PAD
    height = max(front.height, frame_h)
    down = (height - front.height) / 2
    px, py, pw, ph = front.area(place)
    tip = (px + pw + 1.5, down + py + ph / 2)
    left = front.width + APART
    top = min(max(tip[1] - frame_h / 2, 0.0), height - frame_h)
    shapes = (
        *moved(machine(place, crossed=crossed, front=front), 0, down),
        Poly(_frame(left, top, frame_w, frame_h, tip), fill="card", stroke="ink", width=1.2),
        *moved(close.shapes, left + PAD, top + PAD),
    )
    return Drawing(left + frame_w, height, shapes, most=1.2, least=LEAST_LOCATED, smaller=close)


def _frame(x: float, y: float, w: float, h: float, tip: Point) -> tuple[Point, ...]:
    """A rectangle with round corners that runs out to a tip at its left, from its left edge upwards."""
    half = 7.0
    at = min(max(tip[1], y + 8 + half), y + h - 8 - half)
    return (*rim(x, y, w, h, 8.0), (x, at + half), tip, (x, at - half))


def plain_machine(k: float) -> tuple[Shape, ...]:
    """A machine that only stands for itself, k times as large as in the table; its upper left corner at 0, 0."""
    return moved(machine(places=PLAIN), 0, 0, k)


def reader(y: float, *, marked: bool = False) -> tuple[Shape, ...]:
    """The flat reader seen from in front and above: 160 wide, 62 high."""
    return (
        Poly(((2, y + 44), (158, y + 44), (158, y + 60), (2, y + 60)), fill="line"),
        Poly(((30, y), (130, y), (158, y + 44), (2, y + 44)), fill="body"),
        Poly(((48, y + 7), (112, y + 7), (126, y + 37), (34, y + 37)), fill="yama" if marked else "paper", width=1.2),
    )


def lying_card(y: float) -> tuple[Shape, ...]:
    """A card that lies on the reader of `reader(y)`, its face up."""
    return (
        Poly(((52, y + 10), (108, y + 10), (118, y + 34), (42, y + 34)), fill="card"),
        Poly(((56, y + 15), (70, y + 15), (67, y + 28), (51, y + 28)), fill="ai_tint", stroke="ai", width=1.0),
        line((78, y + 17), (103, y + 17), stroke="soft", width=2.6),
        line((77, y + 24.5), (99, y + 24.5), stroke="soft", width=2.6),
    )


def city(*, w: float = 76.0) -> Drawing:
    """A town hall with steps and columns."""
    k = w / 76.0
    shapes: tuple[Shape, ...] = (
        Poly(((4, 26), (38, 3), (72, 26)), fill="body"),
        Round(8, 26, 60, 42, 0.5, fill="card"),
        *(Round(14 + i * 13.5, 33, 7.5, 28, 0.5, fill="ai_tint", width=1.2) for i in range(4)),
        Round(1, 68, 74, 8, 1, fill="body"),
    )
    return Drawing(w, 77 * k, moved(shapes, 0, 0, k))


def dots(count: int, step: float = 13.0) -> Drawing:
    """What goes over a line between two."""
    shapes = tuple(Disc(3 + i * step, 3, 2.8, fill="ai", stroke="") for i in range(count))
    return Drawing(6 + step * (count - 1), 6, shapes)


def paper(x: float, y: float, w: float, h: float, *, seal: bool = True, turned: bool = False) -> tuple[Shape, ...]:
    """A printed page. turned: its lower left corner is turned up and shows that the back is printed, too."""
    lines = tuple(
        line((x + w * 0.12, y + h * part), (x + w * end, y + h * part), stroke="soft", width=2.2)
        for part, end in ((0.3, 0.88), (0.4, 0.88), (0.5, 0.66), (0.6, 0.88))
    )
    heading = line((x + w * 0.34, y + h * 0.16), (x + w * 0.66, y + h * 0.16), stroke="ink", width=3.6)
    fold = w * 0.34
    sheet: Shape = Round(x, y, w, h, 1, fill="card")
    back: tuple[Shape, ...] = ()
    if turned:
        sheet = Poly(((x, y), (x + w, y), (x + w, y + h), (x + fold, y + h), (x, y + h - fold)), fill="card")
        corner = (x + fold * 0.86, y + h - fold * 0.86)
        back = (
            Poly(((x, y + h - fold), corner, (x + fold, y + h)), fill="ai_tint"),
            line((x + fold * 0.42, y + h - fold * 0.72), (x + fold * 0.74, y + h - fold * 0.4), stroke="ai", width=2.0),
        )
    shapes: tuple[Shape, ...] = (sheet, heading, *lines, *back)
    if seal:
        sx, sy, side = x + w * 0.72, y + h * 0.76, w * 0.16
        shapes += (Poly(((sx, sy), (sx + side, sy), (sx + side, sy + side), (sx, sy + side)), stroke="shu", width=1.6),)
    return shapes


def printer(body_h: float = 56.0, *, lamp: str = "wakatake") -> tuple[Shape, ...]:
    """The printer's front, 150 wide, with its slot at the bottom."""
    return (
        Round(1, 1, 148, body_h, 8, fill="body"),
        Disc(17, 14, 3.4, fill=lamp, stroke=""),
        line((116, 14), (136, 14), stroke="soft", width=2.6),
        Round(18, body_h - 17, 114, 7, 3.5, fill="ink", stroke=""),
    )


def slot_over(body_h: float, *, x: float = 27.0, w: float = 96.0) -> Shape:
    """The edge of the slot in front of a page that comes out of it."""
    return Round(x, body_h - 17, w, 7, 3.5, fill="ink", stroke="")


def person(cx: float, y: float, u: float, fill: str, stroke: str = "ink") -> tuple[Shape, ...]:
    """Head and shoulders; 48 high at u = 1."""
    shoulders = tuple(
        (cx + 16 * u * math.cos(math.radians(a)), y + 48 * u + 22 * u * math.sin(math.radians(a)))
        for a in range(180, 361, 9)
    )
    return (
        Poly(shoulders, fill=fill, stroke=stroke),
        Disc(cx, y + 12 * u, 10.5 * u, fill=fill, stroke=stroke),
    )


def badge(cx: float, cy: float, r: float = 15.0) -> tuple[Shape, ...]:
    """A red disc with a cross: this does not work now."""
    arm = r * 0.42
    return (
        Disc(cx, cy, r + 2.4, fill="card", stroke=""),
        Disc(cx, cy, r, fill="shu", stroke=""),
        line((cx - arm, cy - arm), (cx + arm, cy + arm), stroke="card", width=r * 0.24),
        line((cx + arm, cy - arm), (cx - arm, cy + arm), stroke="card", width=r * 0.24),
    )


def clock(cx: float, cy: float, r: float, stroke: str = "ai") -> tuple[Shape, ...]:
    return (
        Disc(cx, cy, r, fill="card", stroke=stroke, width=2.4),
        line((cx, cy - r * 0.62), (cx, cy), (cx + r * 0.44, cy + r * 0.3), stroke=stroke, width=2.4),
    )


def counter() -> Drawing:
    """A member of staff behind a counter, with a bell on it: call here."""
    bell = tuple(
        (88 + 11 * math.cos(math.radians(a)), 66 + 11 * math.sin(math.radians(a))) for a in range(180, 361, 15)
    )
    shapes: tuple[Shape, ...] = (
        *person(46, 6, 1.25, "ai_tint"),
        Poly(bell, fill="yama"),
        Disc(88, 53, 2.2, fill="ink", stroke=""),
        Round(1, 67, 118, 8, 2, fill="card"),
        Round(8, 75, 104, 32, 1, fill="body"),
        *(
            line((88 + a * 15, 52 - b), (88 + a * 20, 48 - b * 1.6), stroke="shu", width=2.4)
            for a, b in ((-1, 0), (1, 0))
        ),
        line((88, 44), (88, 37), stroke="shu", width=2.4),
    )
    return Drawing(120, 108, shapes, most=1.2)
