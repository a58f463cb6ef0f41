"""The one job that is being followed, and who is told what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from drivers.leftovers import boot_time_s
from drivers.print_follow import Follow
from drivers.print_witness import Judgement

Progress: TypeAlias = Callable[[int, tuple[str, ...]], None]
"""Sheets out, and what the printer waits for."""


@dataclass(slots=True)
class Errand:
    """`judged` is called once. `cancel_at_s`: cancelled when not over by then (boot time); None: no such limit.

    `look_from_s`: before then (boot time) there is nothing to be seen of it.
    """

    follow: Follow
    judged: Callable[[Judgement], None]
    progressed: Progress | None = None
    cancel_at_s: float | None = None
    look_from_s: float = 0.0
    told: tuple[int, tuple[str, ...]] = (0, ())

    def step(self) -> Judgement | None:
        """Look once and tell progress that is new; returns the verdict when it has fallen."""
        if self.cancel_at_s is not None and boot_time_s() > self.cancel_at_s:
            self.follow.cancel()
        judgement = self.follow.step()
        if self.follow.progress != self.told:
            self.told = self.follow.progress
            if self.progressed is not None:
                self.progressed(*self.told)
        return judgement
