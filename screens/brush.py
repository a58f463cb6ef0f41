"""How a drawing becomes pixels: polygons, discs, lines with round ends, dashes; painted large, then made smaller."""

from __future__ import annotations

import itertools
import math

import pygame

from screens.shapes import Drawing, Poly, Round
from screens.theme import Colour, Theme


class Band:
    """A part of a drawing, painted large: everything is given in the whole drawing's pixels, `above` rows of which lie
    above this surface. Pixels are cut off as pygame does it, but before they are moved."""

    def __init__(self, surface: pygame.Surface, above: int = 0) -> None:
        self._surface = surface
        self._above = above

    def polygon(self, colour: Colour, points: list[tuple[float, float]]) -> None:
        pygame.draw.polygon(self._surface, colour, [(int(x), int(y) - self._above) for x, y in points])

    def disc(self, colour: Colour, centre: tuple[float, float], radius: float, width: int = 0) -> None:
        at = int(centre[0]), int(centre[1]) - self._above
        pygame.draw.circle(self._surface, colour, at, radius, width)

    def rounded(self, colour: Colour, rect: pygame.Rect, radius: int, width: int = 0) -> None:
        pygame.draw.rect(self._surface, colour, rect.move(0, -self._above), width, border_radius=radius)


def draw(band: Band, art: Drawing, scale: float, shift: tuple[float, float], theme: Theme) -> None:
    dx, dy = shift
    for shape in art.shapes:
        stroke = theme.colour(shape.stroke) if shape.stroke else None
        fill = theme.colour(shape.fill) if shape.fill else None
        width = max(1, round(shape.width * scale))
        if isinstance(shape, Poly):
            points = [((px + dx) * scale, (py + dy) * scale) for px, py in shape.points]
            if fill is not None:
                band.polygon(fill, points)
            if stroke is not None:
                ends = [*points, points[0]] if shape.closed else points
                if shape.dash is not None:
                    dashes(band, ends, stroke, width, shape.dash[0] * scale, shape.dash[1] * scale)
                else:
                    strokes(band, ends, stroke, width)
        elif isinstance(shape, Round):
            rect = pygame.Rect(
                round((shape.x + dx) * scale),
                round((shape.y + dy) * scale),
                round(shape.w * scale),
                round(shape.h * scale),
            )
            radius = round(shape.r * scale)
            if stroke is not None:
                border = 0 if fill is not None else width
                band.rounded(stroke, rect.inflate(width, width), radius + width // 2, border)
            if fill is not None:
                inner = rect.inflate(-width, -width) if stroke is not None else rect
                band.rounded(fill, inner, max(0, radius - (width // 2 if stroke else 0)))
        else:
            centre = ((shape.cx + dx) * scale, (shape.cy + dy) * scale)
            if fill is not None:
                band.disc(fill, centre, shape.r * scale)
            if stroke is not None:
                band.disc(stroke, centre, shape.r * scale + width / 2, width)


def strokes(band: Band, points: list[tuple[float, float]], colour: Colour, width: int) -> None:
    """A line with round joints and ends."""
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        length = math.hypot(bx - ax, by - ay)
        if length:
            nx, ny = -(by - ay) / length * width / 2, (bx - ax) / length * width / 2
            corners = [(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)]
            band.polygon(colour, corners)
    for point in points:
        band.disc(colour, point, width / 2)


def dashes(band: Band, points: list[tuple[float, float]], colour: Colour, width: int, on: float, off: float) -> None:
    drawing_on, left = True, on
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        length, at = math.hypot(bx - ax, by - ay), 0.0
        while at < length:
            step = min(left, length - at)
            if drawing_on:
                a = (ax + (bx - ax) * at / length, ay + (by - ay) * at / length)
                b = (ax + (bx - ax) * (at + step) / length, ay + (by - ay) * (at + step) / length)
                strokes(band, [a, b], colour, width)
            at += step
            left -= step
            if left <= 0:
                drawing_on = not drawing_on
                left = on if drawing_on else off


def outline(w: float, h: float, r: float, inset: float) -> list[tuple[float, float]]:
    """Points of a rounded rectangle's edge, clockwise, closed."""
    points: list[tuple[float, float]] = []
    for cx, cy, start in ((w - r, r, 270), (w - r, h - r, 0), (r, h - r, 90), (r, r, 180)):
        for angle in range(start, start + 91, 10):
            points.append(
                (
                    cx + (r - inset) * math.cos(math.radians(angle)),
                    cy + (r - inset) * math.sin(math.radians(angle)),
                )
            )
    return [*points, points[0]]
