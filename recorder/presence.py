"""Whether somebody stands in front, from small grey pictures: against a reference frozen while anybody is there.

Motion alone loses who stands still. So the question asked of each picture is whether it differs from the empty place:

- the *reference* is the empty place. It is learned while nobody is there; what somebody hides stays as it was, and only
  follows the light around it. It is kept on disk, so that a start with somebody standing there already knows the place;
- *light* is what `light.relit` explains. What differs as a piece, but shows the reference's fine pattern, is light or
  shadow, too;
- *things*: what differs, does not move at all and is much smaller than the people who come was left behind: the view
  has changed, and is learned. What is as large as a person has `patience_s` before it counts as a thing; should the
  place look as before after all, that holds again at once.

Without a kept reference the place is learned from the first moments in which nothing at all moves. Such a reference may
hold somebody who stood very still; until a visit has come and gone before it (`sure`), a difference whose outline is in
the reference and not in the picture is somebody who has left it, and the reference is mended.

Pictures are 160 points wide and as high as the camera's shape asks for. Cost: about half a millisecond each.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from drivers.camera import Look
from recorder.light import AROUND, Grey, Lit, Points, alike, fine, outline, over, prepared, relit

DIFFERENT: Final = 15.0
"""Grey levels between a point and the reference, light taken into account."""
BRIGHT: Final = 110.0
"""Mean grey from which on that step holds. Less light, less contrast: a darker picture is judged by a smaller one."""
SMALLEST: Final = 0.008
"""Share of the zone that one connected piece must cover to be somebody."""
LIGHT_PIECE: Final = 0.75
"""Correlation of fine patterns above which a piece is light, not somebody."""
BRIGHTER: Final = 0.08
"""Change of the whole light from one picture to the next that is told."""
MOVING: Final = 9.0
"""Grey levels between two pictures; above the noise of a small, blurred picture."""
MOVED: Final = 0.0006
"""Share of the zone that must change for motion; and so many points at least."""
MOVED_POINTS: Final = 3
LEARNING_S: Final = 10.0
"""Time constant with which the reference follows the empty place."""
DRIFT_S: Final = 40.0
"""The same around somebody who is there, and for differences too small to be anybody."""
LEFT_BEHIND: Final = 0.3
"""What is left behind is so much smaller than who was there, at most."""
SETTLED_S: Final = 4.0
"""Without any motion for so long, something small was left behind by who was there."""
APPEARED_S: Final = 20.0
"""The same for what is small beside the people who usually come, with nobody seen to leave it."""
QUIET_S: Final = 2.5
"""Without the least motion for so long, in so many pictures, an unknown place is taken as empty."""
QUIET_LOOKS: Final = 10
QUIET_STEP: Final = 6.0
RESTLESS_S: Final = 6.0
"""After so long without such a moment somebody counts as there, even if nothing as large as a person has moved."""
WHOLE: Final = 0.5
"""Share of the zone above which the view has changed: nobody is as large, and nobody has left that place."""
BLANK: Final = 4.0
"""Spread of grey levels below which a picture shows no place at all."""
SURE_S: Final = 600.0
"""A reference without a kept one before it is sure after nobody has come for so long."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a picture shows. share: of the zone that the largest piece covers that differs.

    changed_view: the place looks different now, and was learned anew; light: the light has changed much since the
    picture before; small: perhaps only a thing that somebody left; since_ns: with changed_view, what differed has not
    moved since then; sure: False while the reference itself is not certain.
    """

    present: bool
    share: float = 0.0
    changed_view: bool = False
    light: bool = False
    small: bool = False
    since_ns: int | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class PresenceSettings:
    """zone: polygon in shares of the picture, where people stand in front of the machine; patience_s: so long may a
    person stand without the least motion."""

    zone: tuple[tuple[float, float], ...]
    patience_s: float = 300.0


@dataclass(slots=True)
class _Known:
    """What the detector has learned. All of it goes when the camera looks elsewhere."""

    empty: Grey | None = None
    former: Grey | None = None
    """The empty place before the last thing was learned. That may have been no thing: a hand on the lens, a stream that
    stood still."""
    sure: bool = False
    gain: float = 1.0
    before: Grey | None = None
    before_ns: int | None = None
    still_since_ns: int | None = None
    largest: float = 0.0
    """Of the visit that is going on."""
    usual: float = 0.0
    """Of the visits before."""
    alone_s: float = 0.0
    quiet: deque[tuple[int, Grey]] = field(default_factory=deque)
    """While the place is not known: boot times and pictures in which nothing has moved."""
    first_ns: int | None = None
    restless: bool = False


class Detector:
    """Asked of every look on the way (`see`), and of those of a group looked into (`shows`).

    reference: as `reference()` gave it, or None at the very first start.
    """

    def __init__(self, settings: PresenceSettings, reference: bytes | None = None) -> None:
        self._settings = settings
        self._kept = reference
        self._zone: Points = np.zeros((0, 0), np.uint8)
        self._zone_points = 1
        self._known = _Known()

    @property
    def ready(self) -> bool:
        """Whether the empty place is known."""
        return self._known.empty is not None

    def ready_for(self, look: Look) -> bool:
        """Whether the empty place is known, as pictures of this shape show it."""
        self._begin((look.height, look.width))
        return self.ready

    @property
    def sure(self) -> bool:
        """Whether the empty place is known for certain."""
        return self._known.empty is not None and self._known.sure

    def reference(self) -> bytes | None:
        """The empty place, to be kept for the next start: width, height (two bytes each), points. None: not sure."""
        if self._known.empty is None or not self._known.sure:
            return None
        return packed(self._known.empty)

    def empty_place(self) -> Grey | None:
        """The reference itself, as `light.prepared` makes pictures. Not to be changed."""
        return self._known.empty

    def relearn(self) -> None:
        """The camera looks elsewhere now: learn the empty place anew."""
        self._known = _Known()

    def see(self, look: Look) -> Seen:
        """The next picture on the way; the reference learns from it. In the order of time."""
        now, at_ns = prepared(look), look.boot_ns
        self._begin(now.shape)
        known = self._known
        moved = known.before is None or self._moved(np.abs(now - known.before), MOVING)
        past_s = 0.0 if known.before_ns is None else max(0.0, (at_ns - known.before_ns) / 1e9)
        known.before, known.before_ns = now, at_ns
        if moved or known.still_since_ns is None:
            known.still_since_ns = at_ns
        if known.empty is None:
            return self._wait_for_quiet(now, at_ns)
        lit, differs, share, piece = self._compared(known.empty, now)
        if share >= SMALLEST and known.former is not None:
            again = self._compared(known.former, now)
            if again[2] < SMALLEST:
                known.empty, known.former = known.former, None
                lit, differs, share, piece = again
        light = abs(lit.gain - known.gain) > BRIGHTER * known.gain
        known.gain = lit.gain
        if share < SMALLEST:
            self._nobody(differs, now, past_s)
            return Seen(False, share, light=light, sure=known.sure)
        known.alone_s = 0.0
        if share < WHOLE:
            known.largest = max(known.largest, share)
        still_s = (at_ns - known.still_since_ns) / 1e9
        if self._is_thing(share, piece, lit, now, still_s):
            # Unless somebody had been in it, perhaps.
            known.former = known.empty if known.sure or still_s >= self._settings.patience_s else None
            known.empty, known.largest = now.copy(), 0.0
            return Seen(False, share, True, light, since_ns=known.still_since_ns, sure=known.sure)
        # What is hidden takes the light of what is not.
        target = lit.likely
        cv2.copyTo(now, cv2.bitwise_not(cv2.dilate(differs, AROUND, iterations=3)), target)
        cv2.accumulateWeighted(target, known.empty, _share(past_s, DRIFT_S))
        return Seen(True, share, light=light, small=share < LEFT_BEHIND * known.largest, sure=known.sure)

    def shows(self, look: Look) -> bool:
        """Whether a picture shows somebody, judged by the reference as it is; nothing is learned."""
        now, empty = prepared(look), self._known.empty
        if empty is None or empty.shape != now.shape:
            return True
        return self._compared(empty, now)[2] >= SMALLEST

    # ---- learning ----------------------------------------------------------------------------------------

    def _begin(self, shape: tuple[int, ...]) -> None:
        """The first picture, or the first of another shape."""
        if self._zone.shape == shape:
            return
        self._zone = zone_mask(self._settings.zone, shape)
        self._zone_points = max(1, cv2.countNonZero(self._zone))
        kept = unpacked(self._kept, shape)
        self._known = _Known(empty=kept, sure=kept is not None)

    def _wait_for_quiet(self, now: Grey, at_ns: int) -> Seen:
        """The empty place is not known. Living people never keep every point still for long; empty places do."""
        known, quiet = self._known, self._known.quiet
        if known.first_ns is None:
            known.first_ns = at_ns
        if quiet:
            known.restless |= self._compared(quiet[0][1], now)[2] >= SMALLEST
        known.restless |= at_ns - known.first_ns >= RESTLESS_S * 1e9
        if _blank(now):
            quiet.clear()
            return Seen(known.restless, sure=False)
        while quiet and not self._same(quiet[0][1], now):
            quiet.popleft()
        quiet.append((at_ns, now))
        since_ns, first = quiet[0]
        if len(quiet) < QUIET_LOOKS or at_ns - since_ns < QUIET_S * 1e9:
            return Seen(known.restless, sure=False)
        if not all(self._same(first, picture) for _, picture in quiet):
            quiet.popleft()
            return Seen(known.restless, sure=False)
        known.empty = now.copy()
        quiet.clear()
        return Seen(False, changed_view=True, since_ns=since_ns, sure=False)

    def _same(self, first: Grey, now: Grey) -> bool:
        """Nothing but the light is different."""
        lit = relit(first, now)
        return not self._moved(np.maximum(lit.low - now, now - lit.high), QUIET_STEP)

    def _nobody(self, differs: Points, now: Grey, past_s: float) -> None:
        known = self._known
        assert known.empty is not None
        if known.largest:
            known.usual += (0.3 if known.usual else 1.0) * (known.largest - known.usual)
            known.sure, known.largest = True, 0.0
        known.alone_s += past_s
        known.sure |= known.alone_s >= SURE_S
        near = cv2.dilate(differs, AROUND)
        cv2.accumulateWeighted(now, known.empty, _share(past_s, LEARNING_S), cv2.bitwise_not(near))
        cv2.accumulateWeighted(now, known.empty, _share(past_s, DRIFT_S), near)

    def _is_thing(self, share: float, piece: Points, lit: Lit, now: Grey, still_s: float) -> bool:
        known = self._known
        if still_s >= self._settings.patience_s:
            return True
        if still_s < SETTLED_S or share >= WHOLE or _blank(now):
            return False
        if share < LEFT_BEHIND * known.largest:
            return True
        if not known.sure and outline(lit.likely, piece) > 1.5 * outline(now, piece):
            return True
        return still_s >= APPEARED_S and share < LEFT_BEHIND * known.usual

    # ---- comparing ---------------------------------------------------------------------------------------

    def _compared(self, empty: Grey, now: Grey) -> tuple[Lit, Points, float, Points]:
        """The empty place in this light, the points that differ from it, their largest piece's share, and the piece."""
        lit = relit(empty, now)
        differs = self._differs(now, lit)
        return lit, differs, *self._largest_piece(differs, now, lit)

    def _differs(self, now: Grey, lit: Lit) -> Points:
        step = DIFFERENT * min(1.0, max(0.45, lit.level / BRIGHT))
        return over(np.maximum(lit.low - now, now - lit.high), step) & self._zone

    def _largest_piece(self, differs: Points, now: Grey, lit: Lit) -> tuple[float, Points]:
        """Share of the zone of the largest connected piece that is not light, and the piece."""
        least = SMALLEST * self._zone_points
        if (points := cv2.countNonZero(differs)) < 0.5 * least:
            return points / self._zone_points, differs
        x, y, width, height = cv2.boundingRect(differs)
        part = slice(y, y + height), slice(x, x + width)
        closed = cv2.morphologyEx(differs[part], cv2.MORPH_CLOSE, AROUND)
        _, labels, facts, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        areas = facts[:, cv2.CC_STAT_AREA]
        areas[0] = 0
        patterns: tuple[Grey, Grey] | None = None
        for number in np.argsort(areas)[::-1]:
            if areas[number] < least:
                break
            piece = np.zeros_like(differs)
            piece[part][labels == number] = 255
            patterns = patterns or (fine(now), fine(lit.likely))
            if alike(*patterns, piece) < LIGHT_PIECE:
                return float(areas[number]) / self._zone_points, piece
            differs &= ~piece
        return 0.0, differs

    def _moved(self, apart: Grey, step: float) -> bool:
        """Whether enough points within the zone are more than a step apart."""
        points = cv2.countNonZero(over(apart, step) & self._zone)
        return points > max(MOVED_POINTS, MOVED * self._zone_points)


def zone_mask(zone: Sequence[Sequence[float]], shape: tuple[int, ...]) -> Points:
    """The points within a polygon given in shares of the picture, but for those to which the smoothing of a picture
    carries what is outside. At the picture's own edge nothing is."""
    height, width = shape
    corners = np.array([(round(x * (width - 1)), round(y * (height - 1))) for x, y in zone], np.int32)
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [corners], 255)
    return np.asarray(cv2.erode(drawn, AROUND), np.uint8)


def packed(empty: Grey) -> bytes:
    """A reference as it is kept: width, height (two bytes each, little endian), points row by row."""
    height, width = empty.shape
    return np.array([width, height], "<u2").tobytes() + np.clip(empty, 0, 255).astype(np.uint8).tobytes()


def unpacked(kept: bytes | None, shape: tuple[int, ...]) -> Grey | None:
    """A kept reference; None where there is none, or one of another shape."""
    if kept is None or len(kept) < 4:
        return None
    width, height = (int(value) for value in np.frombuffer(kept[:4], "<u2"))
    if (height, width) != tuple(shape) or len(kept) != 4 + width * height:
        return None
    return np.frombuffer(kept[4:], np.uint8).reshape(height, width).astype(np.float32)


def _blank(now: Grey) -> bool:
    return float(cv2.meanStdDev(now)[1][0, 0]) < BLANK


def _share(past_s: float, constant_s: float) -> float:
    return 1.0 - math.exp(-past_s / constant_s)
