"""From SDL's finger and mouse events to one press: down and up on the same target.

One tap of a finger arrives as FINGERDOWN and as a synthetic mouse press; the latter is dropped when SDL marks
it (`touch`), and by the time and place when it does not. Resistive panels bounce; the same rule covers that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pygame

from screens.elements import Button, Press, Screen
from screens.panel import Panel

DEBOUNCE_S: Final = 0.150
SAME_SPOT_MM: Final = 12.0
MOUSE: Final = -1
"""Stands for the mouse where a finger has its number."""


@dataclass(frozen=True, slots=True)
class _Held:
    target: Button
    x: float
    y: float


class Touch:
    """Folds pygame events into what the targets touched do. clock: monotonic seconds."""

    def __init__(self, panel: Panel, clock: Callable[[], float]) -> None:
        self._panel = panel
        self._clock = clock
        self._held: dict[int, _Held] = {}
        self._last: tuple[float, float, float] | None = None

    def forget(self) -> None:
        """Fingers that are down now will do nothing."""
        self._held.clear()
        self._last = None

    def changed(self, screen: Screen) -> None:
        """Another picture: a finger that is down stays valid only where the same target is still there."""
        now = {target.id: target for target in screen.targets()}
        self._held = {
            finger: _Held(now[held.target.id], held.x, held.y)
            for finger, held in self._held.items()
            if held.target.id in now
            and now[held.target.id].rect == held.target.rect
            and now[held.target.id].press == held.target.press
        }

    def feed(self, event: pygame.event.Event, screen: Screen) -> Press | None:
        """What a target does when a finger or the button is lifted inside the target it went down on."""
        if event.type in (pygame.FINGERDOWN, pygame.FINGERUP):
            x, y = event.x * self._panel.width_mm, event.y * self._panel.height_mm
            return self._act(event.type == pygame.FINGERDOWN, event.finger_id, x, y, screen)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            if event.button != 1 or getattr(event, "touch", False):
                return None
            x, y = (value / self._panel.px_per_mm for value in event.pos)
            return self._act(event.type == pygame.MOUSEBUTTONDOWN, MOUSE, x, y, screen)
        return None

    def _act(self, down: bool, finger: int, x: float, y: float, screen: Screen) -> Press | None:
        if down:
            target = screen.target_at(x, y)
            if target is not None and not self._bounces(x, y):
                self._held[finger] = _Held(target, x, y)
            return None
        held = self._held.pop(finger, None)
        if held is None or not held.target.rect.contains(x, y) or self._bounces(x, y):
            return None
        self._last = (x, y, self._clock())
        return held.target.press

    def _bounces(self, x: float, y: float) -> bool:
        if self._last is None:
            return False
        last_x, last_y, when = self._last
        return self._clock() - when < DEBOUNCE_S and math.hypot(x - last_x, y - last_y) < SAME_SPOT_MM
