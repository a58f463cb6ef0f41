"""Painting: from commands in pixels to a surface, and what is kept of it.

A label is rendered once and kept as a picture; so are drawings and round corners, as long as the last two pictures
need them. SDL's own lines have no soft edges, so drawings are painted larger and made smaller.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pygame

from screens.brush import Band, dashes, draw, outline
from screens.fonts import FaceName, Faces
from screens.panel import Panel
from screens.pictures import fitting
from screens.theme import Colour, Theme

Area: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

OVERSAMPLE: Final = 3
OVERSAMPLE_LARGE: Final = 2
LARGE_PX: Final = 250_000
BAND_PX: Final = 600_000
"""So much of a drawing is painted large at a time: all at once the greatest would need 20 MB for a moment."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A plain rectangle."""

    area: Area
    colour: Colour


@dataclass(frozen=True, slots=True)
class Rounded:
    """A rectangle with round corners and, if border_px is not 0, a border inside its edge."""

    area: Area
    radius: int
    fill: Colour | None
    border: Colour | None = None
    border_px: int = 0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """One run of one line: left end and baseline."""

    text: str = field(repr=False)
    face: FaceName
    px: int
    x: int
    baseline: int
    colour: Colour


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing of `pictures.py` in this area, on this colour."""

    name: str
    area: Area
    ground: Colour


@dataclass(frozen=True, slots=True)
class Shot:
    """What a camera shows, in the middle of this area; nothing of it is kept."""

    jpeg: bytes = field(repr=False)
    area: Area


Command: TypeAlias = Fill | Rounded | Label | Sketch | Shot


class Painter:
    """Draw commands onto a surface, with smooth edges."""

    def __init__(self, panel: Panel, faces: Faces, theme: Theme) -> None:
        self._panel = panel
        self._faces = faces
        self._theme = theme
        self._labels: dict[tuple[str, FaceName, int, Colour], pygame.Surface] = {}
        self._sketches: dict[tuple[str, int, int, Colour], pygame.Surface] = {}
        self._corners: dict[tuple[int, Colour], pygame.Surface] = {}
        self._used: set[tuple[object, ...]] = set()
        """Labels and drawings of the picture that is being painted."""
        self._before: set[tuple[object, ...]] = set()
        """And of the one before it."""

    def clear(self) -> None:
        """Overwrite what was kept, then let go of it."""
        for surface in (*self._labels.values(), *self._sketches.values(), *self._corners.values()):
            surface.fill((0, 0, 0, 0))
        self._labels.clear()
        self._sketches.clear()
        self._corners.clear()
        self._used.clear()
        self._before.clear()

    def kept_texts(self) -> frozenset[str]:
        return frozenset(key[0] for key in self._labels)

    def paint(self, surface: pygame.Surface, commands: list[Command], area: Area | None = None) -> None:
        """Paint all of it; or, within `area`, what is there."""
        surface.set_clip(area)
        for command in commands:
            if isinstance(command, Fill):
                surface.fill(command.colour, command.area)
            elif isinstance(command, Rounded):
                self._rounded(surface, command)
            elif isinstance(command, Label):
                self._label(surface, command)
            elif isinstance(command, Shot):
                _shot(surface, command)
            else:
                self._sketch(surface, command)
        surface.set_clip(None)
        self._drop_unused()

    def ready(self, commands: list[Command]) -> None:
        """Make what a picture that is likely to be the next is made of; nothing is painted."""
        for command in commands:
            if isinstance(command, Label) and command.text.strip():
                self._written(command)
            elif isinstance(command, Sketch):
                self._drawn(command)
            elif isinstance(command, Rounded) and not command.dashed:
                self._rounded(None, command)

    def _drop_unused(self) -> None:
        """Keep what the last two pictures need: a person sees most pictures once, and each is some megabytes."""
        needed = self._used | self._before
        gone = [self._labels.pop(key) for key in [key for key in self._labels if key not in needed]]
        gone += [self._sketches.pop(key) for key in [key for key in self._sketches if key not in needed]]
        for surface in gone:
            surface.fill((0, 0, 0, 0))
        self._before, self._used = self._used, set()

    def changed(self, before: list[Command], after: list[Command]) -> Area | None:
        """The rectangle that holds every difference of two pictures; None where only the whole picture will do."""
        if any(isinstance(command, Rounded) and command.dashed and not command.radius for command in after):
            return None  # its ground is read off the surface, where only a round corner leaves it bare
        first = 0
        while first < min(len(before), len(after)) and before[first] == after[first]:
            first += 1
        last = 0
        while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
            last += 1
        differing = [*before[first : len(before) - last], *after[first : len(after) - last]]
        areas = [self._area_of(command) for command in differing]
        found = pygame.Rect(areas[0]).unionall(areas[1:]) if areas else pygame.Rect(0, 0, 0, 0)
        return found.x, found.y, found.w, found.h

    def _area_of(self, command: Command) -> Area:
        if not isinstance(command, Label):
            return command.area
        font = self._faces.font(command.face, command.px)
        width, height = font.size(command.text)
        return command.x, command.baseline - font.get_ascent(), width, height

    def _label(self, surface: pygame.Surface, label: Label) -> None:
        if not label.text.strip():
            return
        font = self._faces.font(label.face, label.px)
        surface.blit(self._written(label), (label.x, label.baseline - font.get_ascent()))

    def _written(self, label: Label) -> pygame.Surface:
        key = (label.text, label.face, label.px, label.colour)
        self._used.add(key)
        if key not in self._labels:
            self._labels[key] = self._faces.font(label.face, label.px).render(label.text, True, label.colour)
        return self._labels[key]

    # ---- round corners -----------------------------------------------------------------------------------

    def _rounded(self, surface: pygame.Surface | None, box: Rounded) -> None:
        """surface: None, when only its corners are to be made."""
        if box.dashed and box.border is not None and surface is not None:
            self._dashed(surface, box)
            return
        area, radius = box.area, box.radius
        if box.border is not None and box.border_px:
            self._plain_rounded(surface, area, radius, box.border)
            edge = box.border_px
            area = (area[0] + edge, area[1] + edge, area[2] - 2 * edge, area[3] - 2 * edge)
            radius = max(0, radius - edge)
        if box.fill is not None:
            self._plain_rounded(surface, area, radius, box.fill)

    def _plain_rounded(self, surface: pygame.Surface | None, area: Area, radius: int, colour: Colour) -> None:
        x, y, w, h = area
        r = min(radius, w // 2, h // 2)
        if surface is None:
            if r:
                self._corner(r, colour)
            return
        surface.fill(colour, (x + r, y, w - 2 * r, h))
        surface.fill(colour, (x, y + r, r, h - 2 * r))
        surface.fill(colour, (x + w - r, y + r, r, h - 2 * r))
        if r:
            corner = self._corner(r, colour)
            surface.blit(corner, (x, y), (0, 0, r, r))
            surface.blit(corner, (x + w - r, y), (r, 0, r, r))
            surface.blit(corner, (x, y + h - r), (0, r, r, r))
            surface.blit(corner, (x + w - r, y + h - r), (r, r, r, r))

    def _corner(self, r: int, colour: Colour) -> pygame.Surface:
        """A disc of radius r, opaque inside, its edge covered by share of the pixel."""
        key = (r, colour)
        if key not in self._corners:
            disc = pygame.Surface((2 * r, 2 * r), pygame.SRCALPHA)
            for py in range(2 * r):
                dy = py + 0.5 - r
                reach = math.sqrt(max(0.0, (r + 1) ** 2 - dy * dy))
                inner = math.sqrt(max(0.0, (r - 1) ** 2 - dy * dy)) if abs(dy) < r - 1 else 0.0
                first, last = max(0, int(r - reach)), min(2 * r, int(r + reach) + 1)
                if inner:
                    disc.fill((*colour, 255), (int(r - inner) + 1, py, int(2 * inner) - 1, 1))
                for px in range(first, last):
                    dx = px + 0.5 - r
                    if inner and abs(dx) < inner - 1.5:
                        continue
                    cover = min(1.0, max(0.0, r + 0.5 - math.hypot(dx, dy)))
                    disc.set_at((px, py), (*colour, round(255 * cover)))
            self._corners[key] = disc
        return self._corners[key]

    def _dashed(self, surface: pygame.Surface, box: Rounded) -> None:
        """Fill as usual, the border in short strokes along the straight edges and corners."""
        x, y, w, h = box.area
        name = f"dashed:{box.radius}:{box.border_px}:{box.border}:{box.fill}"
        ground = surface.get_at((x, y))[:3]
        key = (name, w, h, (ground[0], ground[1], ground[2]))
        self._used.add(key)
        if key not in self._sketches:
            s = OVERSAMPLE
            big = pygame.Surface((w * s, h * s))
            big.fill(ground)
            if box.fill is not None:
                pygame.draw.rect(big, box.fill, big.get_rect(), border_radius=box.radius * s)
            assert box.border is not None
            edge = outline(w * s, h * s, box.radius * s, box.border_px * s / 2)
            dashes(Band(big), edge, box.border, box.border_px * s, 14 * s, 9 * s)
            self._sketches[key] = _bare(pygame.transform.smoothscale(big, (w, h)))
        surface.blit(self._sketches[key], (x, y))

    # ---- drawings ----------------------------------------------------------------------------------------

    def _sketch(self, surface: pygame.Surface, sketch: Sketch) -> None:
        x, y, w, h = sketch.area
        drawn = self._drawn(sketch)
        surface.blit(drawn, (x + (w - drawn.get_width()) // 2, y + (h - drawn.get_height()) // 2))

    def _drawn(self, sketch: Sketch) -> pygame.Surface:
        _, _, w, h = sketch.area
        art = fitting(sketch.name, w / self._panel.px_per_mm, h / self._panel.px_per_mm)
        most = self._panel.px_per_mm * self._panel.scale * art.most
        left, top, right, bottom = art.bounds()
        scale = min(w / (right - left), h / (bottom - top), most)
        width, height = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
        key = (sketch.name, width, height, sketch.ground)
        self._used.add(key)
        if key not in self._sketches:
            times = OVERSAMPLE_LARGE if width * height > LARGE_PX else OVERSAMPLE
            small = pygame.Surface((width, height))
            rows = max(1, BAND_PX // (width * times * times))
            for row in range(0, height, rows):
                band = pygame.Surface((width * times, min(rows, height - row) * times))
                band.fill(sketch.ground)
                draw(Band(band, row * times), art, scale * times, (-left, -top), self._theme)
                small.blit(pygame.transform.smoothscale(band, (width, band.get_height() // times)), (0, row))
            self._sketches[key] = _bare(small)
        return self._sketches[key]


def _shot(surface: pygame.Surface, shot: Shot) -> None:
    """What is no picture leaves the place as it is."""
    try:
        picture = pygame.image.load(io.BytesIO(shot.jpeg), "shot.jpg")
    except pygame.error:
        return
    x, y, w, h = shot.area
    share = min(w / picture.get_width(), h / picture.get_height())
    width, height = max(1, round(picture.get_width() * share)), max(1, round(picture.get_height() * share))
    fitted = pygame.transform.smoothscale(picture, (width, height))
    surface.blit(fitted, (x + (w - width) // 2, y + (h - height) // 2))
    for each in (picture, fitted):
        each.fill((0, 0, 0))


def _bare(small: pygame.Surface) -> pygame.Surface:
    """Without its ground: smoothscale may miss a plain colour by one step."""
    small.set_colorkey(small.get_at((0, 0)))
    return small
