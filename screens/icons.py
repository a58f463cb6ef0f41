"""Small drawings: card, coins, papers, ticks, signs; the large ones are built of some of them."""

from __future__ import annotations

import math

from screens.shapes import Disc, Drawing, Point, Poly, Round, Shape, arc, line


def round_points(cx: float, cy: float, r: float) -> tuple[Point, ...]:
    """A circle as points, for what is dashed."""
    return tuple((cx + r * math.cos(math.radians(a)), cy + r * math.sin(math.radians(a))) for a in range(0, 360, 10))


def _portrait(x: float, y: float, u: float) -> tuple[Shape, ...]:
    """Head and shoulders in a frame of 22 by 27."""
    shoulders = tuple(
        (x + 11 * u + 8.6 * u * math.cos(math.radians(a)), y + 26.2 * u + 9.2 * u * math.sin(math.radians(a)))
        for a in range(180, 361, 10)
    )
    return (
        Round(x, y, 22 * u, 27 * u, 2 * u, fill="ai_tint", stroke="ai", width=1.2),
        Disc(x + 11 * u, y + 9.5 * u, 5.2 * u, fill="ai", stroke=""),
        Poly(shoulders, fill="ai", stroke=""),
    )


def _bar(x: float, y: float, w: float, u: float) -> Shape:
    return line((x + 2.2 * u, y), (x + w - 2.2 * u, y), stroke="soft", width=4.2 * u)


def card(x: float, y: float, w: float = 92.0) -> tuple[Shape, ...]:
    """The face of a My Number card: portrait at the left, name and address beside it, nothing of its marks.

    85.6 to 54 as a real one; its chip is on the back.
    """
    u = w / 92.0
    return (
        Round(x, y, w, w * 0.63, 5 * u, fill="card"),
        *_portrait(x + 8 * u, y + 18 * u, u),
        _bar(x + 8 * u, y + 10 * u, 52 * u, u),
        _bar(x + 37 * u, y + 23 * u, 46 * u, u),
        _bar(x + 37 * u, y + 33 * u, 36 * u, u),
        Round(x + 58 * u, y + 41 * u, 25 * u, 8 * u, 4 * u, fill="foot", stroke="soft", width=0.8),
    )


def juki(x: float, y: float, w: float = 92.0) -> tuple[Shape, ...]:
    """The face of a Juki card: a band with the title, the chip at the left, nothing of its marks."""
    u = w / 92.0
    return (
        Round(x, y, w, w * 0.63, 5 * u, fill="card"),
        Round(x + 8 * u, y + 7 * u, 76 * u, 10 * u, 2 * u, fill="ai_tint", stroke="ai", width=1.0),
        line((x + 24 * u, y + 12 * u), (x + 68 * u, y + 12 * u), stroke="ai", width=2.4 * u),
        Round(x + 12 * u, y + 24 * u, 17 * u, 14 * u, 2.4 * u, fill="gold", stroke="ink", width=1.2),
        line((x + 20.5 * u, y + 24 * u), (x + 20.5 * u, y + 38 * u), width=1.0),
        line((x + 12 * u, y + 31 * u), (x + 29 * u, y + 31 * u), width=1.0),
        _bar(x + 38 * u, y + 27 * u, 44 * u, u),
        _bar(x + 38 * u, y + 37 * u, 34 * u, u),
        _bar(x + 12 * u, y + 48 * u, 40 * u, u),
    )


def coin(cx: float, cy: float, r: float, metal: str, *, hole: bool = False) -> tuple[Shape, ...]:
    shapes: tuple[Shape, ...] = (
        Disc(cx, cy, r, fill=metal),
        Disc(cx, cy, r * 0.84, stroke="ink", width=0.7),
    )
    if hole:
        shapes += (Disc(cx, cy, r * 0.2, fill="paper", width=1.1),)
    return shapes


def speaker() -> Drawing:
    return Drawing(
        14,
        14,
        (
            Poly(((1, 5), (4, 5), (8, 1.6), (8, 12.4), (4, 9), (1, 9)), fill="ink", width=0.6),
            arc(7.4, 7, 3.4, -45, 45, stroke="ink", width=1.1),
            arc(7.4, 7, 5.8, -48, 48, stroke="ink", width=1.1),
        ),
    )


def tick(on: bool) -> Drawing:
    if on:
        return Drawing(
            17,
            17,
            (
                Round(0.8, 0.8, 15.4, 15.4, 3, fill="ai", stroke="ai", width=1.2),
                line((4.4, 8.8), (7.4, 12), (12.8, 5.4), stroke="card", width=2.0),
            ),
        )
    return Drawing(17, 17, (Round(0.8, 0.8, 15.4, 15.4, 3, fill="card", stroke="soft", width=1.2),))


def sign(plus: bool, colour: str) -> Drawing:
    shapes: tuple[Shape, ...] = (line((4, 14), (24, 14), stroke=colour, width=5),)
    if plus:
        shapes += (line((14, 4), (14, 24), stroke=colour, width=5),)
    return Drawing(28, 28, shapes)


def step(state: str) -> Drawing:
    if state == "done":
        return Drawing(
            13,
            13,
            (
                Disc(6.5, 6.5, 6.2, fill="wakatake", stroke=""),
                line((3.6, 6.8), (5.8, 9.0), (9.6, 4.6), stroke="card", width=1.5),
            ),
        )
    if state == "now":
        return Drawing(
            13,
            13,
            (
                Disc(6.5, 6.5, 5.6, fill="ai_tint", stroke="ai", width=1.4),
                Disc(6.5, 6.5, 2.4, fill="ai", stroke=""),
            ),
        )
    if state == "fault":
        cross = (line((4, 4), (9, 9), stroke="card", width=1.7), line((9, 4), (4, 9), stroke="card", width=1.7))
        return Drawing(13, 13, (Disc(6.5, 6.5, 6.2, fill="shu", stroke=""), *cross))
    return Drawing(13, 13, (Disc(6.5, 6.5, 5.6, stroke="line", width=1.4),))


def coin_of(value: int, usable: bool) -> Drawing:
    """A coin; one that is not taken now has a dashed edge, so that colour is not all that tells it."""
    if not usable:
        edge = Poly(round_points(20, 20, 18.4), stroke="soft", width=1.2, dash=(4, 3.4))
        return Drawing(40, 40, (Disc(20, 20, 18, fill="foot", stroke=""), edge))
    metal = {500: "gold", 100: "silver", 50: "silver", 10: "copper"}[value]
    shapes = (Disc(20, 20, 19, fill=metal, width=1.2), Disc(20, 20, 16.6, width=0.7))
    return Drawing(40, 40, shapes)


def note_of(usable: bool) -> Drawing:
    """A bank note; dashed when none is taken."""
    if usable:
        return Drawing(40, 40, (Round(1, 9, 38, 22, 2, fill="ai_tint", width=1.2),))
    corners = ((1.5, 9.5), (38.5, 9.5), (38.5, 30.5), (1.5, 30.5))
    return Drawing(40, 40, (Poly(corners, fill="foot", stroke="soft", width=1.2, dash=(4, 3.4)),))


def icon_card() -> Drawing:
    """The card as small as a letter: frame, portrait, two lines."""
    shapes = (
        Round(1.2, 1.2, 89.6, 56, 7, fill="card", width=2.6),
        *_portrait(11, 16, 1.05),
        line((46, 22), (78, 22), stroke="soft", width=4.6),
        line((46, 36), (70, 36), stroke="soft", width=4.6),
    )
    return Drawing(92, 58.4, shapes, most=0.6)


def icon_paper(*, receipt: bool) -> Drawing:
    if receipt:
        shapes: tuple[Shape, ...] = (
            Poly(((1, 1), (17, 1), (17, 25), (13, 22.5), (9, 25), (5, 22.5), (1, 25)), fill="card", width=1.1),
            line((4.5, 6.5), (13.5, 6.5), stroke="soft", width=1.3),
            line((4.5, 11), (13.5, 11), stroke="soft", width=1.3),
            line((4.5, 15.5), (10, 15.5), stroke="soft", width=1.3),
        )
        return Drawing(18, 26, shapes)
    shapes = (
        Round(1, 1, 19, 25, 1, fill="card", width=1.1),
        line((7, 5.5), (14, 5.5), stroke="soft", width=1.5),
        line((4.5, 10.5), (16.5, 10.5), stroke="soft", width=1.2),
        line((4.5, 14.5), (16.5, 14.5), stroke="soft", width=1.2),
        Round(12.5, 18.5, 4, 4, 0.4, stroke="shu", width=1.0),
    )
    return Drawing(21, 27, shapes)


def icon_change() -> Drawing:
    return Drawing(40, 27, (*coin(15, 14, 11.5, "gold"), *coin(26, 15, 11, "silver")))
