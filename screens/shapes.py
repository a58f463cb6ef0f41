"""Shapes that drawings are made of, in millimetres of the drawing's own box."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

Point: TypeAlias = tuple[float, float]
STROKE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Poly:
    """A line through points with round joints and ends; closed ones may be filled. dash: on and off lengths."""

    points: tuple[Point, ...]
    fill: str = ""
    stroke: str = "ink"
    width: float = STROKE
    closed: bool = True
    dash: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A rectangle with round corners."""

    x: float
    y: float
    w: float
    h: float
    r: float
    fill: str = ""
    stroke: str = "ink"
    width: float = STROKE


@dataclass(frozen=True, slots=True)
class Disc:
    cx: float
    cy: float
    r: float
    fill: str = ""
    stroke: str = "ink"
    width: float = STROKE


Shape: TypeAlias = Poly | Round | Disc


@dataclass(frozen=True, slots=True)
class Drawing:
    """w, h: the box in millimetres; drawn no larger than `most` times that.

    smaller: what is drawn instead where there is so little room that this one would be less than `least` times its
    size: the same said with fewer lines.
    """

    w: float
    h: float
    shapes: tuple[Shape, ...]
    most: float = 1.35
    least: float = 0.0
    smaller: Drawing | None = None
    _edges: tuple[float, float, float, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        left, top, right, bottom = 0.0, 0.0, self.w, self.h
        for shape in self.shapes:
            half = shape.width / 2 if shape.stroke else 0.0
            if isinstance(shape, Poly):
                xs, ys = [p[0] for p in shape.points], [p[1] for p in shape.points]
            elif isinstance(shape, Round):
                xs, ys = [shape.x, shape.x + shape.w], [shape.y, shape.y + shape.h]
            else:
                xs, ys = [shape.cx - shape.r, shape.cx + shape.r], [shape.cy - shape.r, shape.cy + shape.r]
            left, right = min(left, min(xs) - half), max(right, max(xs) + half)
            top, bottom = min(top, min(ys) - half), max(bottom, max(ys) + half)
        object.__setattr__(self, "_edges", (left, top, right, bottom))

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the box and of everything that reaches over its edge, strokes included."""
        return self._edges

    def fitting(self, w: float, h: float) -> Drawing:
        """This drawing or the one of its smaller ones that is still clear in w by h millimetres."""
        left, top, right, bottom = self._edges
        if self.smaller is None or min(w / (right - left), h / (bottom - top)) >= self.least:
            return self
        return self.smaller.fitting(w, h)


def line(*points: Point, stroke: str = "ink", width: float = STROKE) -> Poly:
    return Poly(points, stroke=stroke, width=width, closed=False)


def arc(cx: float, cy: float, r: float, start: float, end: float, stroke: str = "ai", width: float = 2.0) -> Poly:
    """Angles in degrees, 0 to the right, counting clockwise on the screen."""
    steps = max(6, round(abs(end - start) / 6))
    points = tuple(
        (
            cx + r * math.cos(math.radians(start + (end - start) * i / steps)),
            cy + r * math.sin(math.radians(start + (end - start) * i / steps)),
        )
        for i in range(steps + 1)
    )
    return Poly(points, stroke=stroke, width=width, closed=False)


def arrow(x: float, y0: float, y1: float, stroke: str, width: float = 5.0) -> tuple[Shape, ...]:
    """Upright arrow from y0 to y1."""
    head = 11.0 if y1 > y0 else -11.0
    return (
        line((x, y0), (x, y1), stroke=stroke, width=width),
        line((x - 11, y1 - head), (x, y1), (x + 11, y1 - head), stroke=stroke, width=width),
    )


def pointer(start: Point, end: Point, stroke: str, width: float = 5.0, head: float = 11.0) -> tuple[Shape, ...]:
    """Arrow from start to end, in any direction."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    wings = tuple(
        (end[0] - head * math.sqrt(2) * math.cos(angle + turn), end[1] - head * math.sqrt(2) * math.sin(angle + turn))
        for turn in (math.pi / 4, -math.pi / 4)
    )
    return (
        line(start, end, stroke=stroke, width=width),
        line(wings[0], end, wings[1], stroke=stroke, width=width),
    )


def cross(cx: float, cy: float, r: float, width: float = 4.0, stroke: str = "shu") -> tuple[Shape, ...]:
    """A cross with a rim, so that it stands out from whatever it lies on."""
    ways = (((cx - r, cy - r), (cx + r, cy + r)), ((cx + r, cy - r), (cx - r, cy + r)))
    return (
        *(line(*way, stroke="card", width=width + 2.6) for way in ways),
        *(line(*way, stroke=stroke, width=width) for way in ways),
    )


def rim(x: float, y: float, w: float, h: float, r: float) -> tuple[Point, ...]:
    """Points of a rectangle with round corners, clockwise, from the upper end of its left edge to the lower one."""
    corners = ((x + r, y + r, 180), (x + w - r, y + r, 270), (x + w - r, y + h - r, 0), (x + r, y + h - r, 90))
    return tuple(
        (cx + r * math.cos(math.radians(a)), cy + r * math.sin(math.radians(a)))
        for cx, cy, start in corners
        for a in range(start, start + 91, 15)
    )


def moved(shapes: Iterable[Shape], dx: float, dy: float, k: float = 1.0, *, strokes: float = 1.0) -> tuple[Shape, ...]:
    """The same shapes k times as large and then shifted. strokes: factor of the widths of their lines."""
    found: list[Shape] = []
    for shape in shapes:
        width = shape.width * strokes
        if isinstance(shape, Poly):
            points = tuple((x * k + dx, y * k + dy) for x, y in shape.points)
            dash = (shape.dash[0] * k, shape.dash[1] * k) if shape.dash else None
            found.append(replace(shape, points=points, width=width, dash=dash))
        elif isinstance(shape, Round):
            found.append(
                replace(
                    shape,
                    x=shape.x * k + dx,
                    y=shape.y * k + dy,
                    w=shape.w * k,
                    h=shape.h * k,
                    r=shape.r * k,
                    width=width,
                )
            )
        else:
            found.append(replace(shape, cx=shape.cx * k + dx, cy=shape.cy * k + dy, r=shape.r * k, width=width))
    return tuple(found)


def row(
    *drawings: Drawing, gap: float = 12.0, most: float = 1.35, least: float = 0.0, smaller: Drawing | None = None
) -> Drawing:
    """Drawings beside each other, their middles on one line."""
    height = max(each.h for each in drawings)
    x = 0.0
    shapes: list[Shape] = []
    for each in drawings:
        shapes.extend(moved(each.shapes, x, (height - each.h) / 2))
        x += each.w + gap
    return Drawing(x - gap, height, tuple(shapes), most, least, smaller)
