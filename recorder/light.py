"""Light, as small grey pictures show it: what the empty place would look like in the light of another picture.

The picture is divided into tiles. A tile that shows the same pattern in both pictures, only brighter or darker, tells
the light there; the others, flat ones and those that somebody hides, take it from their neighbours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera import Look

Grey: TypeAlias = NDArray[np.float32]
Points: TypeAlias = NDArray[np.uint8]
"""255 where something holds, 0 elsewhere, as OpenCV makes masks."""

TILES: Final = (10, 6)
"""Columns and rows."""
PATTERN: Final = 0.80
"""Correlation above which a tile shows the same pattern in another light."""
TEXTURE: Final = 4.0
"""Variance below which a tile has no pattern to compare."""
AROUND: Final = np.ones((3, 3), np.uint8)

# The pictures are far too small to be shared out among threads; waking them costs more than the work.
cv2.setNumThreads(1)


@dataclass(frozen=True)
class Lit:
    """The empty place in the light of a picture. low, high: between these, light alone explains a point; gain:
    brightness of the whole beside the reference's; level: mean grey of the picture; tiles: the light of each."""

    low: Grey
    high: Grey
    gain: float
    level: float
    empty: Grey
    tiles: Grey

    @cached_property
    def likely(self) -> Grey:
        """What it most likely is. Of most pictures nobody asks."""
        return _in_light(self.empty, self.tiles)


def prepared(look: Look) -> Grey:
    """A look as numbers, the noise of single points smoothed away."""
    picture = np.frombuffer(look.grey, np.uint8).reshape(look.height, look.width)
    return np.asarray(cv2.blur(picture.astype(np.float32), (3, 3)), np.float32)


def relit(empty: Grey, now: Grey) -> Lit:
    """`empty` in the light of `now`. Of every tile and its neighbours the darkest and the brightest light is allowed
    for: so a lamp over one half is light on both sides of its edge, however sharp that is."""
    gains = _gains(now, empty)
    low, high = (_in_light(empty, _grey(tiles)) for tiles in (cv2.erode(gains, AROUND), cv2.dilate(gains, AROUND)))
    return Lit(low, high, _median(gains), cv2.mean(now)[0], empty, gains)


def _in_light(empty: Grey, tiles: Grey) -> Grey:
    height, width = empty.shape
    light = cv2.resize(tiles, (width, height), interpolation=cv2.INTER_LINEAR)
    return _grey(cv2.min(cv2.multiply(empty, light), 255.0))  # type: ignore[call-overload]


def fine(picture: Grey) -> Grey:
    """The fine pattern: what is left without the brightness around each point."""
    return _grey(picture - cv2.blur(picture, (9, 9)))


def alike(one: Grey, other: Grey, where: Points) -> float:
    """Correlation of two fine patterns within a mask; 0 where there is none to speak of."""
    a, b = one[where > 0], other[where > 0]
    power = float(np.dot(a, a)) * float(np.dot(b, b))
    if power < float(len(a)) ** 2:
        return 0.0
    return float(np.dot(a, b)) / math.sqrt(power)


def outline(picture: Grey, piece: Points) -> float:
    """How sharp the outline of a piece is in a picture: mean gradient along it, grey levels."""
    along = cv2.morphologyEx(piece, cv2.MORPH_GRADIENT, AROUND) > 0
    across, down = cv2.Sobel(picture, cv2.CV_32F, 1, 0)[along], cv2.Sobel(picture, cv2.CV_32F, 0, 1)[along]
    return float(np.mean(np.hypot(across, down))) / 4 if across.size else 0.0


def over(picture: Grey, step: float) -> Points:
    """The points above a step."""
    return (picture > step).astype(np.uint8) * np.uint8(255)


def _gains(now: Grey, empty: Grey) -> Grey:
    """By how much each tile is brighter than the reference."""
    mean_now, mean_empty = _tiles(now), _tiles(empty)
    power_now = _tiles(now * now) - mean_now * mean_now
    power_empty = _tiles(empty * empty) - mean_empty * mean_empty
    common = _tiles(now * empty) - mean_now * mean_empty
    same = common > PATTERN * np.sqrt(np.maximum(power_empty, 0) * np.maximum(power_now, 0.1))
    known = (same & (power_empty > TEXTURE)).astype(np.float32)
    gains = np.clip(mean_now / np.maximum(mean_empty, 4.0), 0.1, 8.0)
    if cv2.countNonZero(known) < 3:
        whole = _median(_grey(now[::3, ::3] / np.maximum(empty[::3, ::3], 4.0)))
        return np.full_like(gains, whole)
    # Whatever is known nearby, the nearer the more; the little of the average is for where nothing is near.
    average = float((gains * known).sum() / known.sum())
    near = cv2.GaussianBlur(gains * known, (0, 0), 1.2) + 1e-6 * average
    filled = np.where(known > 0, gains, near / (cv2.GaussianBlur(known, (0, 0), 1.2) + 1e-6))
    return _grey(cv2.medianBlur(filled.astype(np.float32), 3))


def _tiles(picture: Grey) -> Grey:
    return _grey(cv2.resize(picture, TILES, interpolation=cv2.INTER_AREA))


def _median(values: Grey) -> float:
    """As numpy's, which spends more on what it might be given than on sorting."""
    ordered = np.sort(values, axis=None)
    return float(ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2


def _grey(picture: object) -> Grey:
    return np.asarray(picture, np.float32)
