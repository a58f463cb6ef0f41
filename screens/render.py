"""From a screen to a picture: first a pure list of draw commands in pixels, then one painter.

Labels and drawings are kept once painted; `Painter.clear()` forgets all of them.
"""

from __future__ import annotations

from typing import Final

import pygame

from screens.elements import AmountBar, Box, Leaf, Photo, Picture, Progress, Rect, Screen, Text
from screens.fonts import Faces
from screens.paint import Area, Command, Fill, Label, Painter, Rounded, Shot, Sketch
from screens.panel import Panel
from screens.theme import STANDARD, Colour, Theme

PROGRESS_GAP_MM: Final = 3.4


class Renderer:
    """Screens of one panel in one theme."""

    def __init__(self, panel: Panel, faces: Faces, theme: Theme = STANDARD) -> None:
        self._panel = panel
        self._faces = faces
        self._theme = theme
        self._painter = Painter(panel, faces, theme)
        self._last: tuple[Screen, list[Command]] | None = None

    def commands(self, screen: Screen) -> list[Command]:
        """What to draw, in order; the same screen gives the same list."""
        whole = (0, 0, self._panel.width_px, self._panel.height_px)
        found: list[Command] = [Fill(whole, self._theme.colour(screen.ground))]
        for leaf in screen.leaves():
            found.extend(self._leaf(leaf))
        return found

    def draw(self, surface: pygame.Surface, screen: Screen, over: Screen | None = None) -> None:
        """over: the screen that stands on this surface, drawn by this renderer; then only what differs is painted."""
        commands = self.commands(screen)
        last, self._last = self._last, (screen, commands)
        area = self._painter.changed(last[1], commands) if last and over is last[0] else None
        self._painter.paint(surface, commands, area)

    def ready(self, screen: Screen) -> None:
        """Make everything that this screen needs, as it may be the next; nothing is painted."""
        self._painter.ready(self.commands(screen))

    def kept_texts(self) -> frozenset[str]:
        """Texts of which a picture or a width is kept."""
        return self._painter.kept_texts() | self._faces.kept_texts()

    def clear(self) -> None:
        """Forget every label and drawing, every width, and the glyphs inside the open faces."""
        self._last = None
        self._painter.clear()
        self._faces.clear()

    # ---- commands ----------------------------------------------------------------------------------------

    def _px(self, mm: float) -> int:
        return round(mm * self._panel.px_per_mm)

    def _area(self, rect: Rect) -> Area:
        x, y = self._px(rect.x), self._px(rect.y)
        return x, y, self._px(rect.right) - x, self._px(rect.bottom) - y

    def _colour(self, token: str) -> Colour | None:
        return self._theme.colour(token) if token else None

    def _leaf(self, leaf: Leaf) -> list[Command]:
        if isinstance(leaf, Text):
            return self._text(leaf)
        if isinstance(leaf, Box):
            return [self._box(leaf)]
        if isinstance(leaf, Picture):
            return [Sketch(leaf.name, self._area(leaf.rect), self._theme.colour(leaf.ground))]
        if isinstance(leaf, Photo):
            return [Shot(leaf.jpeg, self._area(leaf.rect))]
        if isinstance(leaf, AmountBar):
            return self._bar(leaf)
        return self._progress(leaf)

    def _box(self, box: Box) -> Command:
        area = self._area(box.rect)
        border_px = max(1, self._px(box.border_mm * self._theme.border)) if box.border else 0
        if not box.radius and box.fill:
            return Fill((area[0], area[1], area[2], max(1, area[3])), self._theme.colour(box.fill))
        return Rounded(
            area, self._px(box.radius), self._colour(box.fill), self._colour(box.border), border_px, box.dashed
        )

    def _bar(self, bar: AmountBar) -> list[Command]:
        area = self._area(bar.rect)
        radius = area[3] // 2
        found: list[Command] = [Rounded(area, radius, self._theme.colour("track"))]
        width = max(area[3], round(area[2] * min(1.0, bar.part)))
        if bar.part > 0:  # however little, it is seen
            found.append(Rounded((area[0], area[1], width, area[3]), radius, self._theme.colour(bar.colour)))
        return found

    def _progress(self, progress: Progress) -> list[Command]:
        found: list[Command] = []
        width = (progress.rect.w - PROGRESS_GAP_MM * (progress.steps - 1)) / progress.steps
        for index in range(progress.steps):
            x = progress.rect.x + index * (width + PROGRESS_GAP_MM)
            area = self._area(Rect(x, progress.rect.y, width, progress.rect.h))
            colour = self._theme.colour("ai" if index < progress.step else "track")
            found.append(Rounded(area, area[3] // 2, colour))
        return found

    def _text(self, text: Text) -> list[Command]:
        px = max(1, self._px(text.em))
        colour = self._theme.colour(text.colour)
        left, right = self._px(text.rect.x), self._px(text.rect.right)
        found: list[Command] = []
        for index, line in enumerate(text.lines):
            runs = self._faces.runs(line, bold=text.bold)
            width = sum(self._faces.font(run.face, px).size(run.text)[0] for run in runs)
            x = left + round((right - left - width) * text.align.value)
            baseline = self._px(text.rect.y + index * text.pitch) + round(px * 0.88)
            for run in runs:
                found.append(Label(run.text, run.face, px, x, baseline, colour))
                x += self._faces.font(run.face, px).size(run.text)[0]
        return found
