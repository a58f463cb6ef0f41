"""Touching a screen that is read out: the first tap on a target tells what it is, the second one presses it.

Somebody who does not see the screen begins by resting a finger for two seconds anywhere beside the targets of the
first screen; from then on every screen is read out, until the person has gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from screens.elements import Button, Rect, Screen

HOLD_S: Final = 2.0
"""How long a finger rests on the first screen to have it read out."""
SECOND_TAP_S: Final = 5.0
"""Within that time after the first tap the second one presses."""


class Listening:
    """Remembers the target told last. clock: seconds that never step back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: tuple[str, Rect] | None = None
        self._at = 0.0

    def presses(self, target: Button | None) -> bool:
        """Whether this tap presses its target; if not, the target is to be told (None: a touch beside all targets)."""
        if target is None:
            self.forget()
            return False
        if target.direct:
            self.forget()
            return True
        place = target.id, target.rect
        if self._told == place and self._clock() - self._at <= SECOND_TAP_S:
            self.forget()
            return True
        self._told, self._at = place, self._clock()
        return False

    def changed(self, before: Screen | None, after: Screen) -> None:
        """Another picture: what was told counts only while the same target does the same thing on the same screen."""
        if self._told is None:
            return
        target_id, rect = self._told
        same = before is not None and before.id == after.id and before.under == after.under
        old = _find(before, target_id) if before is not None else None
        new = _find(after, target_id)
        if not same or old is None or new is None or new.press != old.press or new.rect != rect:
            self.forget()

    def forget(self) -> None:
        self._told = None


def _find(screen: Screen, target_id: str) -> Button | None:
    return next((target for target in screen.targets() if target.id == target_id), None)
