"""Whether the camera still shows what it should: loss and tampering, from packets and the looks of keyframes.

Every fault begins and ends as a `Change` with its time, for the record and for whoever looks after the machine. None of
them says anything about stopping: what a camera shows is recorded, whatever it is.

What is judged is judged beside what this camera showed before, because lenses, places and encoders differ:

- frozen: two looks of a living camera always differ, by its sensor's noise. Identical ones are a frozen stream; ones
  far more alike than usual are a frozen sensor before an encoder that still runs;
- covered: far less contrast than usual, whatever the brightness; defocused: contrast, but hardly any fine pattern;
- turned: the whole picture is shifted, or shows hardly anything of the pattern it showed.

Slow changes (sun, dusk, dust) are followed; a fault is not. `accept_view` takes a camera's new direction as right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import cv2
import numpy as np

from drivers.camera import Look
from recorder.light import Grey, Points, alike, fine, prepared
from recorder.presence import unpacked


class Fault(Enum):
    FROZEN = "frozen"
    DARK = "dark"
    BRIGHT = "bright"
    COVERED = "covered"
    DEFOCUSED = "defocused"
    TURNED = "turned"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Change:
    """A fault begins or ends. at_ns: boot time since when it is so, which is before it was sure."""

    fault: Fault
    began: bool
    at_ns: int


HOLDS_S: Final = {
    Fault.DARK: 3.0,
    Fault.BRIGHT: 3.0,
    Fault.COVERED: 3.0,
    Fault.DEFOCUSED: 5.0,
    Fault.TURNED: 5.0,
    Fault.FROZEN: 3.0,
}
"""So long must it be so in every look, before the fault is told."""
LOST_S: Final = 2.0
DARK: Final = 12.0
BRIGHT: Final = 243.0
"""Mean grey levels."""
CONTRAST: Final = 0.3
SHARPNESS: Final = 0.4
"""Share of the usual contrast, and of the usual sharpness."""
ALIKE: Final = 0.1
"""Share of the usual difference between two looks, below which they are identical, but for rounding."""
TOO_ALIKE: Final = 0.4
TOO_ALIKE_S: Final = 6.0
"""The same for an encoder that still runs before a frozen picture; it settles over some keyframes."""
LIVING: Final = 0.1
"""Usual difference in grey levels below which a camera is too clean to be judged by it."""
CLEAN_S: Final = 30.0
"""Such a one is frozen when nothing at all has changed for so long."""
SHIFT: Final = 0.03
"""Share of the width by which the view is shifted."""
CERTAIN: Final = 0.08
"""Response of the phase correlation above which its shift counts."""
IN_PLACE: Final = 0.8
"""Correlation with the usual pattern above which nothing can be shifted."""
FOREIGN: Final = 0.15
"""Correlation with the usual pattern below which the camera shows another place."""
FOLLOWS_S: Final = 600.0
"""Time constant with which the usual is learned."""


@dataclass(slots=True)
class _Usual:
    """What this camera shows when nothing is wrong. contrast: spread of grey levels by their mean; sharpness: median of
    the Laplacian by the mean; step: mean difference of two looks."""

    view: Grey
    contrast: float
    sharpness: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class _Measured:
    """A look in numbers. view: as presence sees it; level: mean grey."""

    grey: Grey
    view: Grey
    level: float
    contrast: float
    sharpness: float


class Health:
    """Told of every packet (`heard`), every look of a keyframe (`see`), and of time (`tick`, about once a second).

    reference: the empty place as presence kept it (`presence.packed`), or None at the very first start. Until the usual
    is known it says where the camera looked when the recorder was on last.
    """

    def __init__(self, reference: bytes | None = None) -> None:
        self._kept = reference
        self._usual: _Usual | None = None
        self._before: tuple[int, Grey] | None = None
        self._suspect: dict[Fault, int] = {}
        self._standing: dict[Fault, int] = {}
        self._heard_ns: int | None = None
        self._steps: list[float] = []

    @property
    def faults(self) -> Mapping[Fault, int]:
        """What is wrong now, and since which boot time."""
        return dict(self._standing)

    def accept_view(self) -> None:
        """What the camera shows from now on is what it should show."""
        self._usual = self._kept = None

    def heard(self, boot_ns: int) -> tuple[Change, ...]:
        """A packet came."""
        self._heard_ns = boot_ns
        return self._set(Fault.LOST, False, boot_ns)

    def tick(self, boot_ns: int) -> tuple[Change, ...]:
        """Time passes. Before the first packet the time of the first tick counts."""
        if self._heard_ns is None:
            self._heard_ns = boot_ns
        if boot_ns - self._heard_ns <= LOST_S * 1e9:
            return ()
        self._before = None
        self._suspect.clear()
        return self._set(Fault.LOST, True, self._heard_ns)

    def see(self, look: Look, present: bool) -> tuple[Change, ...]:
        """A look of a keyframe. present: whether somebody may be there; then the usual stays as it is.

        What somebody hides is no fault: of each measure only a fall that a person does not cause counts.
        """
        now = _measured(look)
        if self._usual is not None and self._usual.view.shape != now.view.shape:
            self._usual = self._before = None
        wrong = self._wrong(now, look.boot_ns)
        changes: tuple[Change, ...] = ()
        for fault, hold_s in HOLDS_S.items():
            since_ns = wrong.get(fault)
            if since_ns is None:
                self._suspect.pop(fault, None)
                changes += self._set(fault, False, look.boot_ns)
                continue
            since_ns = self._suspect.setdefault(fault, since_ns)
            if look.boot_ns - since_ns >= hold_s * 1e9:
                changes += self._set(fault, True, since_ns)
        if not wrong and not self._standing:
            self._learn(now, present, look.boot_ns)
        self._before = look.boot_ns, now.grey
        return changes

    # ---- inside ------------------------------------------------------------------------------------------

    def _set(self, fault: Fault, standing: bool, at_ns: int) -> tuple[Change, ...]:
        if standing == (fault in self._standing):
            return ()
        if standing:
            self._standing[fault] = at_ns
        else:
            del self._standing[fault]
        return (Change(fault, standing, at_ns),)

    def _wrong(self, now: _Measured, at_ns: int) -> dict[Fault, int]:
        """What looks wrong in this look, and since when at most."""
        wrong: dict[Fault, int] = {}
        if now.level < DARK:
            wrong[Fault.DARK] = at_ns
        elif now.level > BRIGHT:
            wrong[Fault.BRIGHT] = at_ns
        usual = self._usual
        if usual is not None and not wrong:
            if now.contrast < CONTRAST * usual.contrast:
                wrong[Fault.COVERED] = at_ns
            elif now.sharpness < SHARPNESS * usual.sharpness:
                wrong[Fault.DEFOCUSED] = at_ns
            elif self._turned(now.view, usual.view):
                wrong[Fault.TURNED] = at_ns
        elif not wrong and (kept := unpacked(self._kept, now.view.shape)) is not None and self._turned(now.view, kept):
            wrong[Fault.TURNED] = at_ns
        # A black, covered or blurred picture has no noise to live by.
        if not wrong.keys() - {Fault.TURNED} and (frozen_ns := self._frozen(now.grey)) is not None:
            wrong[Fault.FROZEN] = frozen_ns
        return wrong

    def _frozen(self, now: Grey) -> int | None:
        """Since when the picture has not lived, if it does not; with `HOLDS_S` still to pass."""
        if self._before is None:
            return None
        step, usual = _apart(now, self._before[1]), self._usual.step if self._usual is not None else None
        if usual is None or usual < LIVING:
            return self._before[0] + _hold(CLEAN_S) if step == 0.0 else None
        if step < ALIKE * usual:
            # From now on as a frozen stream, even if it was suspected as a frozen sensor: that takes longer.
            known_ns = self._suspect.get(Fault.FROZEN)
            if known_ns is not None:
                self._suspect[Fault.FROZEN] = min(known_ns, self._before[0])
            return self._before[0]
        return self._before[0] + _hold(TOO_ALIKE_S) if step < TOO_ALIKE * usual else None

    def _turned(self, view: Grey, usual: Grey) -> bool:
        same = alike(fine(view), fine(usual), np.full(view.shape, 255, np.uint8))
        if same > IN_PLACE:
            return False
        window = cv2.createHanningWindow((view.shape[1], view.shape[0]), cv2.CV_32F)
        # Copies: the window is laid upon the pictures themselves.
        (right, down), certain = cv2.phaseCorrelate(usual.copy(), view.copy(), window)
        return same < FOREIGN or (certain > CERTAIN and math.hypot(right, down) > SHIFT * view.shape[1])

    def _learn(self, now: _Measured, present: bool, at_ns: int) -> None:
        if present:
            return
        if self._usual is None:
            self._usual = _Usual(now.view.copy(), now.contrast, now.sharpness)
            return
        usual = self._usual
        if self._before is None:
            return
        share = 1.0 - math.exp(-max(0, at_ns - self._before[0]) / 1e9 / FOLLOWS_S)
        step = _apart(now.grey, self._before[1])
        if usual.step is None:
            # Somebody who leaves makes more of a difference; the least of some is the camera's own.
            self._steps.append(step)
            usual.step = min(self._steps) if len(self._steps) >= 3 else None
        else:
            usual.step += share * (min(step, 2 * usual.step) - usual.step)
        usual.contrast += share * (now.contrast - usual.contrast)
        usual.sharpness += share * (now.sharpness - usual.sharpness)
        cv2.accumulateWeighted(now.view, usual.view, share)


def _hold(seconds: float) -> int:
    """How much later a suspicion counts, so that it takes so long altogether."""
    return round((seconds - HOLDS_S[Fault.FROZEN]) * 1e9)


def _measured(look: Look) -> _Measured:
    points = np.frombuffer(look.grey, np.uint8).reshape(look.height, look.width)
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(points))
    by = max(mean, 1.0)
    return _Measured(points.astype(np.float32), prepared(look), mean, spread / by, _sharpness(points) / by)


def _sharpness(points: Points) -> float:
    """Of the finest pattern. Half of the points have less: no edge of light, no person counts. The median of whole
    numbers is counted out, which is quicker than to sort them."""
    steps = np.bincount(np.abs(cv2.Laplacian(points, cv2.CV_16S)).ravel())
    return float(np.searchsorted(np.cumsum(steps), points.size / 2))


def _apart(one: Grey, other: Grey) -> float:
    return cv2.norm(one, other, cv2.NORM_L1) / one.size
