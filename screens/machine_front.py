"""The machine as one sees it when standing before it: the table of where everything is, and its drawing.

To draw another model, change `FRONT`: width and height of the drawing in millimetres, and of each place its form and
where it lies, from the upper left corner of the machine, 0 … 1 of its width and height. Every picture that shows a
place on the machine takes it from here. The places are as large as they have to be to be known again in a small
picture; order and side are those of the real machine. A place that a model does not have is left out of the table:
the pictures then show the close-up alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from screens.shapes import STROKE, Disc, Poly, Round, Shape, cross, line

Form = Literal["screen", "lens", "sign", "grille", "slot_upright", "lever", "slot_flat", "plate", "cup", "output"]


Area: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in millimetres of the drawing."""


@dataclass(frozen=True, slots=True)
class Place:
    """form: how it is drawn. x, y, w, h: 0 … 1 of the machine's width and height."""

    form: Form
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Front:
    """width, height in millimetres of the drawing."""

    width: float
    height: float
    places: Mapping[str, Place]

    def area(self, name: str) -> Area:
        """x, y, width and height of a place in millimetres of the drawing. Raises KeyError without such a place."""
        place = self.places[name]
        return place.x * self.width, place.y * self.height, place.w * self.width, place.h * self.height


FRONT: Final = Front(
    84.0,
    150.0,
    MappingProxyType(
        {
            "sign": Place("sign", 0.10, 0.035, 0.26, 0.040),
            "camera": Place("lens", 0.46, 0.033, 0.08, 0.045),
            "speaker": Place("grille", 0.72, 0.038, 0.18, 0.034),
            "screen": Place("screen", 0.10, 0.105, 0.54, 0.345),
            "coin_slot": Place("slot_upright", 0.72, 0.105, 0.20, 0.140),
            "return_lever": Place("lever", 0.72, 0.275, 0.20, 0.050),
            "receipt": Place("slot_flat", 0.70, 0.370, 0.23, 0.080),
            "reader": Place("plate", 0.06, 0.490, 0.88, 0.115),
            "change": Place("cup", 0.58, 0.655, 0.34, 0.100),
            "certificate": Place("output", 0.10, 0.800, 0.80, 0.120),
        }
    ),
)
PLAIN: Final = ("screen", "reader", "certificate")
"""Enough for a machine that only stands for itself."""


def machine(
    marked: str = "", *, crossed: bool = False, places: tuple[str, ...] = (), front: Front = FRONT
) -> tuple[Shape, ...]:
    """The front, with one place marked; all others are quiet. places: draw only these (and the marked one)."""
    w, h = front.width, front.height
    shapes: list[Shape] = [
        Round(w * 0.1, h - 6, w * 0.8, 6, 1.5, fill="soft", stroke=""),
        Round(0.75, 0.75, w - 1.5, h - 5.5, 6, fill="body"),
    ]
    for name, place in front.places.items():
        if name != marked and (not places or name in places):
            shapes.extend(_drawn(place.form, front.area(name), marked=False))
    if marked in front.places:
        shapes.extend(_drawn(front.places[marked].form, front.area(marked), marked=True))
        if crossed:
            x, y, pw, ph = front.area(marked)
            shapes.extend(cross(x + pw / 2, y + ph / 2, min(pw, ph, 16) * 0.36 + 1.5, 2.6))
    return tuple(shapes)


def _plate(area: Area, radius: float, *, marked: bool) -> tuple[Shape, ...]:
    """What a place is set into. Marked: a thick frame of `yama` in an ink line, its inside a tint of it."""
    x, y, w, h = area
    if not marked:
        return (Round(x, y, w, h, radius, fill="foot", stroke="soft", width=0.9),)
    return (
        Round(x - 1.5, y - 1.5, w + 3, h + 3, radius + 1, fill="yama", stroke="ink", width=1.8),
        Round(x + 1.6, y + 1.6, w - 3.2, h - 3.2, max(0.5, radius - 1), fill="yama_tint", stroke=""),
    )


def _drawn(form: Form, area: Area, *, marked: bool) -> tuple[Shape, ...]:
    x, y, w, h = area
    dark = "ink" if marked else "soft"
    if form == "screen":
        face = (
            _plate(area, 2.5, marked=True)
            if marked
            else (Round(x, y, w, h, 2.5, fill="card", stroke="soft", width=0.9),)
        )
        rows = tuple(
            line((x + w * 0.16, y + h * at), (x + w * end, y + h * at), stroke="ink" if marked else "line", width=2.2)
            for at, end in ((0.2, 0.8), (0.36, 0.6))
        )
        return (*face, *rows, Round(x + w * 0.16, y + h * 0.68, w * 0.68, h * 0.18, 1.5, fill="ai", stroke=""))
    if form == "lens":
        return (
            *(_plate(area, 2.0, marked=True) if marked else ()),
            Disc(x + w / 2, y + h / 2, min(w, h) * (0.3 if marked else 0.5), fill=dark, stroke=""),
        )
    if form == "sign":
        return (
            *(
                _plate(area, 1.0, marked=True)
                if marked
                else (Round(x, y, w, h, 1, fill="card", stroke="soft", width=0.9),)
            ),
            Disc(x + h * 0.6, y + h / 2, h * 0.24, fill="shu", stroke=""),
            line((x + h * 1.3, y + h / 2), (x + w - h * 0.5, y + h / 2), stroke=dark if marked else "line", width=1.4),
        )
    if form == "grille":
        holes = tuple(
            Disc(x + w * (i + 1) / 5, y + h * (j + 0.5) / 2, 0.9, fill=dark, stroke="")
            for i in range(4)
            for j in (0, 1)
        )
        return (*(_plate((x - 1, y - 1.5, w + 2, h + 3), 1.5, marked=True) if marked else ()), *holes)
    if form == "plate":
        return _reader(area, marked=marked)
    plate = _plate(area, 2.0, marked=marked)
    if form == "slot_upright":
        return (*plate, Round(x + w / 2 - 1.5, y + h * 0.2, 3, h * 0.6, 1.5, fill=dark, stroke=""))
    if form == "lever":
        knob = Disc(x + w * 0.72, y + h / 2, h * 0.3, fill=dark, stroke="")
        return (*plate, line((x + w * 0.24, y + h / 2), (x + w * 0.72, y + h / 2), stroke=dark, width=1.8), knob)
    if form == "slot_flat":
        return (*plate, Round(x + w * 0.16, y + h * 0.38, w * 0.68, h * 0.24, h * 0.12, fill=dark, stroke=""))
    if form == "cup":
        rows_of = ((0.16, 0.3), (0.84, 0.3), (0.72, 0.74), (0.28, 0.74))
        return (*plate, Poly(tuple((x + w * a, y + h * b) for a, b in rows_of), fill=dark, stroke=dark, width=1.0))
    # output: a slot, and below it the shelf on which the paper comes to lie
    return (
        *plate,
        Round(x + w * 0.1, y + h * 0.26, w * 0.8, h * 0.18, h * 0.09, fill=dark, stroke=""),
        line((x + w * 0.1, y + h * 0.72), (x + w * 0.9, y + h * 0.72), stroke=dark, width=STROKE * 0.7),
    )


def _reader(area: Area, *, marked: bool) -> tuple[Shape, ...]:
    """The plate for the card stands out from the front: one sees its top and its lip."""
    x, y, w, h = area
    stroke, width = ("ink", 1.8) if marked else ("soft", 0.9)
    lip = y + h * 0.72
    pad = ((0.3, 0.14), (0.7, 0.14), (0.76, 0.56), (0.24, 0.56))
    return (
        Poly(((x, lip), (x + w, lip), (x + w, y + h), (x, y + h)), fill="line", stroke=stroke, width=width),
        Poly(
            ((x + w * 0.12, y), (x + w * 0.88, y), (x + w, lip), (x, lip)),
            fill="yama" if marked else "foot",
            stroke=stroke,
            width=width,
        ),
        Poly(
            tuple((x + w * a, y + h * b) for a, b in pad),
            fill="card",
            stroke="" if marked else stroke,
            width=0.8,
        ),
    )
