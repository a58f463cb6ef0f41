"""The test picture: rulers in millimetres along two edges, grey steps, a line of letters, nine points to touch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import pygame

from screens.elements import Screen
from screens.fonts import FILES, FOLDER
from screens.panel import Panel

SCREEN: Final = Screen(id="test_picture", elements=(), phrase="", title="")
"""What the bench is told is on the panel: nothing that can be read out, nothing the kiosk answers to."""

POINT_MM: Final = 12.0
"""Radius of the circle that must be touched."""
GOOD_MM: Final = 6.0
"""A touch further from the middle is told: the touch panel is not adjusted to the picture."""
_MARGIN_MM: Final = 30.0
_INK, _PAPER, _DONE, _FRAME = (23, 32, 43), (255, 255, 255), (22, 92, 68), (161, 42, 20)
_FACE: Final = next(iter(FILES.values()))


@dataclass
class Trial:
    """The nine points in mm, and how far from its middle each was touched."""

    panel: Panel
    off_mm: dict[int, float] = field(default_factory=dict)

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        width, height = self.panel.width_mm, self.panel.height_mm
        return tuple(
            (x, y)
            for y in (_MARGIN_MM, height / 2, height - _MARGIN_MM)
            for x in (_MARGIN_MM, width / 2, width - _MARGIN_MM)
        )

    def touch(self, x_mm: float, y_mm: float) -> int | None:
        """The point that was meant, if any."""
        for number, (x, y) in enumerate(self.points):
            off = math.hypot(x_mm - x, y_mm - y)
            if off <= POINT_MM:
                self.off_mm[number] = off
                return number
        return None

    @property
    def done(self) -> bool:
        return len(self.off_mm) == len(self.points)


def draw(surface: pygame.Surface, panel: Panel, trial: Trial) -> None:
    """Everything anew, and onto the panel."""
    surface.fill(_PAPER)
    # One pixel at the very edge: where a side of it is missing, the picture is larger than the panel (overscan).
    pygame.draw.rect(surface, _FRAME, surface.get_rect(), 1)
    _rulers(surface, panel)
    _middle(surface, panel)
    for number, (x, y) in enumerate(trial.points):
        centre = (round(x * panel.px_per_mm), round(y * panel.px_per_mm))
        touched = number in trial.off_mm
        pygame.draw.circle(surface, _DONE if touched else _INK, centre, POINT_MM * panel.px_per_mm, 0 if touched else 2)
        pygame.draw.circle(surface, _PAPER if touched else _INK, centre, max(2, round(panel.px_per_mm / 2)))
    pygame.display.flip()


def _rulers(surface: pygame.Surface, panel: Panel) -> None:
    face = _face(panel, 4.0)
    for along, length in ((True, panel.width_mm), (False, panel.height_mm)):
        for step in range(1, int(length) + 1):
            at = round(step * panel.px_per_mm)
            long_mm = 8.0 if step % 10 == 0 else 5.0 if step % 5 == 0 else 3.0
            end = round(long_mm * panel.px_per_mm)
            pygame.draw.line(surface, _INK, (at, 0) if along else (0, at), (at, end) if along else (end, at))
            if step % 10 == 0 and step > 10:  # the first ones would lie on one another
                label = face.render(str(step), True, _INK)
                x, y = (at - label.get_width() // 2, end) if along else (end + 2, at - label.get_height() // 2)
                surface.blit(label, (x, y))


def _middle(surface: pygame.Surface, panel: Panel) -> None:
    """Sixteen greys that must all differ, the three colours, and small letters that must be sharp."""
    mm = panel.px_per_mm
    left, width = _MARGIN_MM * mm, (panel.width_mm - 2 * _MARGIN_MM) * mm
    top = (panel.height_mm / 2 - 50.0) * mm
    for step in range(16):
        box = pygame.Rect(round(left + step * width / 16), round(top), math.ceil(width / 16), round(15 * mm))
        pygame.draw.rect(surface, (step * 17,) * 3, box)
    pygame.draw.rect(surface, _INK, pygame.Rect(round(left), round(top), round(width), round(15 * mm)), 1)
    for index, colour in enumerate(((255, 0, 0), (0, 255, 0), (0, 0, 255))):
        box = pygame.Rect(round(left + index * width / 3), round(top + 15 * mm), math.ceil(width / 3), round(8 * mm))
        pygame.draw.rect(surface, colour, box)
    words = f"{panel.width_px} x {panel.height_px}, {panel.width_mm:.1f} x {panel.height_mm:.1f} mm  漢字 かな ABC 123"
    label = _face(panel, 5.0).render(words, True, _INK)
    surface.blit(label, (round(left), round(top - 9 * mm)))


def _face(panel: Panel, high_mm: float) -> pygame.font.Font:
    return pygame.font.Font(str(FOLDER / _FACE), max(8, round(high_mm * panel.px_per_mm)))
