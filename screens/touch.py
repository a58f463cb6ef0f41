"""From SDL's finger and mouse events to one lift: down and up on the same target, or beside all of them.

One tap of a finger arrives as FINGERDOWN and as a synthetic mouse press; the latter is dropped when SDL marks
it (`touch`), and by the time and place when it does not. Resistive panels bounce; the same rule covers that.
A finger that rests beside all targets is noticed, too (`rests`): so begins who does not see the screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import pygame

from screens.elements import Button, Screen
from screens.panel import Panel

DEBOUNCE_S: Final = 0.150
SAME_SPOT_MM: Final = 12.0
MOUSE: Final = -1
"""Stands for the mouse where a finger has its number."""


@dataclass(frozen=True, slots=True)
class Lift:
    """A finger was lifted from the target it went down on. None: beside all targets."""

    target: Button | None


@dataclass(frozen=True, slots=True)
class _Held:
    target: Button | None
    x: float
    y: float
    since: float


class Touch:
    """Folds pygame events into what was touched. clock: monotonic seconds."""

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
        kept: dict[int, _Held] = {}
        for finger, held in self._held.items():
            if held.target is None:
                if screen.target_at(held.x, held.y) is None:
                    kept[finger] = held
                continue
            same = now.get(held.target.id)
            if same is not None and same.rect == held.target.rect and same.press == held.target.press:
                kept[finger] = replace(held, target=same)
        self._held = kept

    def feed(self, event: pygame.event.Event, screen: Screen) -> Lift | None:
        """What a finger or the mouse button was lifted from, if it was one place from the beginning to the end."""
        if event.type in (pygame.FINGERDOWN, pygame.FINGERUP, pygame.FINGERMOTION):
            x, y = event.x * self._panel.width_mm, event.y * self._panel.height_mm
            if event.type == pygame.FINGERMOTION:
                self._moved(event.finger_id, x, y)
                return None
            return self._act(event.type == pygame.FINGERDOWN, event.finger_id, x, y, screen)
        if event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            if event.button != 1 or getattr(event, "touch", False):
                return None
            x, y = (value / self._panel.px_per_mm for value in event.pos)
            return self._act(event.type == pygame.MOUSEBUTTONDOWN, MOUSE, x, y, screen)
        return None

    def rests(self, seconds: float) -> bool:
        """Whether a finger has rested beside all targets for so long. That finger's lift then says nothing more."""
        now = self._clock()
        for finger, held in self._held.items():
            if held.target is None and now - held.since >= seconds:
                del self._held[finger]
                return True
        return False

    def _act(self, down: bool, finger: int, x: float, y: float, screen: Screen) -> Lift | None:
        if down:
            if not self._bounces(x, y):
                self._held[finger] = _Held(screen.target_at(x, y), x, y, self._clock())
            return None
        held = self._held.pop(finger, None)
        if held is None or not _stayed(held, x, y) or self._bounces(x, y):
            return None
        self._last = (x, y, self._clock())
        return Lift(held.target)

    def _moved(self, finger: int, x: float, y: float) -> None:
        """A finger that wanders rests nowhere; on a target it only has to come back to it."""
        held = self._held.get(finger)
        if held is not None and held.target is None and not _stayed(held, x, y):
            del self._held[finger]

    def _bounces(self, x: float, y: float) -> bool:
        if self._last is None:
            return False
        last_x, last_y, when = self._last
        return self._clock() - when < DEBOUNCE_S and math.hypot(x - last_x, y - last_y) < SAME_SPOT_MM


def _stayed(held: _Held, x: float, y: float) -> bool:
    if held.target is not None:
        return held.target.rect.contains(x, y)
    return math.hypot(x - held.x, y - held.y) < SAME_SPOT_MM
