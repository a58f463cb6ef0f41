"""A lobby seen from above and behind a terminal: drawn, noisy, and with the truth beside it.

Nobody is filmed. Light, people, things and the sensor's noise follow a script, the same for the same seed; people stand
with the small sway that living people have, unless the script says that they do not move at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""height x width x 3, BGR; or height x width, luma."""
Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]

_SKIN: Final = (150, 176, 208)
WALK_S: Final = 1.6
"""From the edge of the picture to the place."""
NOISE_MARGIN: Final = 96
"""One picture of noise is cut out elsewhere for each moment; it is larger by so many points."""

_CLOTHES: Final = (
    ((92, 66, 40), (60, 52, 48)),
    ((60, 60, 150), (90, 70, 60)),
    ((70, 110, 80), (40, 40, 46)),
    ((180, 176, 168), (110, 84, 58)),
    ((44, 44, 50), (150, 140, 128)),
    ((150, 120, 170), (70, 66, 90)),
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who comes, stands and leaves. Seconds of the scene; place: where the feet are, in shares of the picture.

    comes, leaves: when the walk in begins and when the walk out begins; side: -1 from the left, 1 from the right;
    still: does not even sway; dress: number of the clothes; height: share of the picture's height.
    passing: only walks past, never to the place.
    """

    comes: float
    leaves: float
    place: Point = (0.5, 0.93)
    side: int = -1
    still: bool = False
    dress: int = 0
    height: float = 0.72
    passing: bool = False
    leaves_bag: bool = False


@dataclass(frozen=True, slots=True)
class Light:
    """From `at` on the light is `gain` times what it was; takes `over` seconds.

    side: 0 everywhere, -1 and 1 only that half; edge: share of the width over which it fades between the halves.
    """

    at: float
    gain: float
    over: float = 0.1
    side: int = 0
    edge: float = 0.3


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens in so many seconds. zone: (x0, y0, x1, y1) in shares of the picture, where people stand in front."""

    seconds: float
    visitors: tuple[Visitor, ...] = ()
    lights: tuple[Light, ...] = ()
    zone: tuple[float, float, float, float] = (0.22, 0.12, 0.78, 1.0)
    seed: int = 1
    width: int = 1280
    height: int = 720
    fps: float = 10.0
    noise: float = 2.2

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)

    def truth(self) -> tuple[tuple[float, float], ...]:
        """Seconds in which somebody is within the zone, in order; those who overlap are one."""
        moments = [
            frame / self.fps
            for frame in range(self.frames)
            if any(self._within(visitor, frame / self.fps) for visitor in self.visitors)
        ]
        found: list[list[float]] = []
        for moment in moments:
            if found and moment - found[-1][1] <= 1.5 / self.fps:
                found[-1][1] = moment
            else:
                found.append([moment, moment])
        return tuple((first, last + 1 / self.fps) for first, last in found)

    def _within(self, visitor: Visitor, at: float) -> bool:
        where = position(visitor, at)
        if where is None:
            return False
        half = visitor.height * 0.15
        x0, _, x1, _ = self.zone
        return where[0] + half * 0.5 > x0 and where[0] - half * 0.5 < x1


def position(visitor: Visitor, at: float) -> Point | None:
    """Where the feet are; None while the person is not in the picture."""
    edge = -0.2 if visitor.side < 0 else 1.2
    x, y = visitor.place
    if visitor.passing:
        span = visitor.leaves - visitor.comes
        if not 0 <= at - visitor.comes <= span:
            return None
        return x, y + (at - visitor.comes) / span * 0.5 - 0.1
    if at < visitor.comes or at > visitor.leaves + WALK_S:
        return None
    if at < visitor.comes + WALK_S:
        share = _smooth((at - visitor.comes) / WALK_S)
        return edge + (x - edge) * share, y
    if at > visitor.leaves:
        share = _smooth((at - visitor.leaves) / WALK_S)
        return x + (edge - x) * share, y
    return x, y


class Painter:
    """Draws a scene, picture by picture. Holds the place and the noise; may be asked for any second.

    colour: False draws the luma plane only, at a third of the cost.
    """

    def __init__(self, scene: Scene, colour: bool = True) -> None:
        self._scene = scene
        random = np.random.default_rng(scene.seed)
        self._place = lobby(scene.width, scene.height, random)
        if not colour:
            self._place = np.asarray(cv2.cvtColor(self._place, cv2.COLOR_BGR2GRAY), np.uint8)
        shape = (scene.height + NOISE_MARGIN, scene.width + NOISE_MARGIN)
        noise = np.rint(random.normal(0, scene.noise, shape)).astype(np.int16)
        self._noise = cv2.merge([noise, noise, noise]) if colour else noise
        self._cuts = random.integers(0, NOISE_MARGIN, (4096, 2))
        ramp = np.linspace(0, 1, scene.width, dtype=np.float32)
        self._ramp = ramp[None, :, None] if colour else ramp[None, :]

    def picture(self, at: float) -> Picture:
        """The scene at a second, as the sensor sees it."""
        scene = self._scene
        drawn = self._place.copy()
        for visitor in scene.visitors:
            if visitor.leaves_bag and at >= visitor.leaves - 1.0:
                bag(drawn, visitor.place)
        for visitor in sorted(scene.visitors, key=lambda one: one.place[1]):
            where = position(visitor, at)
            if where is not None:
                person(drawn, visitor, where, at)
        gain = self._light(at)
        if isinstance(gain, float):
            drawn = np.asarray(cv2.convertScaleAbs(drawn, alpha=gain), np.uint8)
        elif gain is not None:
            drawn = np.clip(drawn * gain, 0, 255).astype(np.uint8)
        y, x = (int(value) for value in self._cuts[round(at * scene.fps) % len(self._cuts)])
        noise = self._noise[y : y + scene.height, x : x + scene.width]
        return np.asarray(cv2.add(drawn, noise, dtype=cv2.CV_8U), np.uint8)

    def _light(self, at: float) -> NDArray[np.float32] | float | None:
        """By how much each column, or all of it, is brighter than at first; None: it is not."""
        whole, columns = 1.0, None
        for light in self._scene.lights:
            share = min(1.0, max(0.0, (at - light.at) / max(light.over, 1e-6)))
            if not light.side:
                whole *= 1 + (light.gain - 1) * share
            elif share:
                ramp = self._ramp if light.side > 0 else 1 - self._ramp
                half = max(light.edge, 1e-3) / 2
                weight = np.clip((ramp - 0.5 + half) / (2 * half), 0, 1)
                here = np.asarray(1 + (light.gain - 1) * share * weight, np.float32)
                columns = here if columns is None else columns * here
        if columns is not None:
            return columns * np.float32(whole)
        return whole if whole != 1.0 else None


def lobby(width: int, height: int, random: np.random.Generator) -> Picture:
    """Floor tiles, a wall with posters, a counter's edge, a plant; nothing in it is flat."""
    base = np.zeros((height, width, 3), np.float32)
    horizon = round(height * 0.38)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    base[:horizon] = (176, 184, 188)
    depth = np.clip((rows[horizon:] - horizon) / (height - horizon), 1e-3, 1)
    tile_x = np.floor((columns - width / 2) / (18 + 150 * depth) + 100)
    tile_y = np.floor(np.log(depth + 0.05) * 9)
    chequer = ((tile_x + tile_y) % 2)[..., None]
    base[horizon:] = np.where(chequer > 0, (120, 130, 136), (146, 156, 160))
    picture = base.astype(np.uint8)
    for _ in range(5):
        x, y = int(random.uniform(0.02, 0.85) * width), int(random.uniform(0.04, 0.2) * height)
        w, h = int(width * random.uniform(0.05, 0.1)), int(height * random.uniform(0.1, 0.16))
        colour = tuple(int(value) for value in random.integers(90, 240, 3))
        cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
        for line in range(3):
            cv2.line(picture, (x + 6, y + 10 + line * h // 4), (x + w - 6, y + 10 + line * h // 4), (70, 70, 70), 2)
    cv2.rectangle(picture, (0, horizon - 6), (width, horizon + 4), (96, 100, 104), -1)
    cv2.rectangle(
        picture, (int(width * 0.86), int(height * 0.3)), (int(width * 0.93), int(height * 0.62)), (70, 92, 120), -1
    )
    for _ in range(40):
        x, y = int(random.normal(0.895, 0.03) * width), int(random.normal(0.25, 0.06) * height)
        cv2.ellipse(
            picture, (x, y), (width // 60, height // 70), float(random.uniform(0, 180)), 0, 360, (60, 120, 70), -1
        )
    rough = np.zeros((height, width), np.float32)
    for cells, weight in ((12, 8.0), (48, 5.0), (180, 3.0)):
        small = random.normal(0, 1, (max(2, cells * height // width), cells)).astype(np.float32)
        rough += weight * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(picture + rough[..., None], 8, 250), np.uint8)


def person(picture: Picture, visitor: Visitor, feet: Point, at: float) -> None:
    """A figure of simple bodies, with a shadow, legs that walk and a head that looks about."""
    height, width = picture.shape[:2]
    tall = visitor.height * height
    walking = at < visitor.comes + WALK_S or at > visitor.leaves or visitor.passing
    sways = walking or not visitor.still
    sway = math.sin(at * 1.7 + visitor.dress) * 0.006 * tall if sways else 0.0
    nod = round(math.sin(at * 0.9 + 2 * visitor.dress) * 0.012 * tall) if sways else 0
    x, y = feet[0] * width, feet[1] * height
    coat, trousers = _CLOTHES[visitor.dress % len(_CLOTHES)]
    paint = _Ink(picture)

    def at_(dx: float, up: float) -> tuple[int, int]:
        return round(x + dx * tall + sway * up), round(y - up * tall)

    def long(share: float, least: int = 1) -> int:
        return max(least, int(tall * share + 0.5))

    _shadow(picture, at_(0.05, 0.0), (long(0.2), long(0.05)))
    step = math.sin(at * 7.0) * 0.1 if walking else 0.0
    for side, swing in ((-0.055, step), (0.055, -step)):
        cv2.line(picture, at_(side, 0.48), at_(side + swing, 0.02), paint(trousers), long(0.075, 2))
        shoe = at_(side + swing, 0.015)
        cv2.ellipse(picture, shoe, (long(0.05), long(0.02)), 0, 0, 360, paint((30, 30, 34)), -1)
    body = [at_(-0.13, 0.8), at_(0.13, 0.8), at_(0.11, 0.45), at_(-0.11, 0.45)]
    cv2.fillConvexPoly(picture, np.array(body, np.int32), paint(coat))
    blue, green, red = (max(0, part - 26) for part in coat)
    cv2.line(picture, at_(0.0, 0.79), at_(0.0, 0.47), paint((blue, green, red)), long(0.008))
    reach = 0.03 * math.sin(at * 1.1) if sways and not walking else 0.02
    for side in (-1, 1):
        hand = at_(side * 0.15 + reach, 0.49)
        cv2.line(picture, at_(side * 0.14, 0.77), at_(side * 0.15 + reach, 0.5), paint(coat), long(0.055, 2))
        cv2.circle(picture, hand, long(0.024, 2), paint(_SKIN), -1)
    (head_x, head_y), (_, hair_y) = at_(0, 0.89), at_(0, 0.92)
    cv2.circle(picture, (head_x + nod, head_y), long(0.068, 3), paint(_SKIN), -1)
    hair = (head_x + nod, hair_y)
    cv2.ellipse(picture, hair, (long(0.072), long(0.055)), 0, 180, 360, paint((36, 34, 38)), -1)


def bag(picture: Picture, feet: Point) -> None:
    """What somebody leaves standing."""
    height, width = picture.shape[:2]
    paint = _Ink(picture)
    x, y = round((feet[0] + 0.09) * width), round(feet[1] * height)
    cv2.rectangle(picture, (x, y - height // 9), (x + width // 16, y), paint((50, 60, 130)), -1)
    handle = (x + width // 32, y - height // 9)
    cv2.ellipse(picture, handle, (width // 60, height // 36), 0, 180, 360, paint((40, 40, 60)), 4)


class _Ink:
    """Colours as the picture takes them: as they are, or their luma (ITU-R BT.601)."""

    def __init__(self, picture: Picture) -> None:
        self._luma = picture.ndim == 2

    def __call__(self, colour: Colour) -> tuple[int, ...]:
        blue, green, red = colour
        return (round(0.114 * blue + 0.587 * green + 0.299 * red),) if self._luma else colour


def _shadow(picture: Picture, middle: tuple[int, int], axes: tuple[int, int]) -> None:
    """Darkens an ellipse on the floor by nearly a half."""
    height, width = picture.shape[:2]
    left, right = (min(width, max(0, middle[0] + sign * (axes[0] + 1))) for sign in (-1, 1))
    top, bottom = (min(height, max(0, middle[1] + sign * (axes[1] + 1))) for sign in (-1, 1))
    if left >= right or top >= bottom:
        return
    floor = picture[top:bottom, left:right]
    dark = floor.copy()
    there = (middle[0] - left, middle[1] - top)
    cv2.ellipse(dark, there, axes, 0, 0, 360, _Ink(picture)((60, 60, 60)), -1)
    floor[:] = cv2.addWeighted(dark, 0.45, floor, 0.55, 0)


def grey(picture: Picture, width: int = 160) -> bytes:
    """The small luma picture of a look, without any codec in between."""
    height = max(2, round(width * picture.shape[0] / picture.shape[1] / 2) * 2)
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
    return bytes(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).tobytes())


def overlap(found: Sequence[tuple[float, float]], truth: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """(intersection over union, recall) of two lists of seconds, by tenths."""

    def tenths(spans: Sequence[tuple[float, float]]) -> set[int]:
        return {tenth for first, last in spans for tenth in range(round(first * 10), round(last * 10))}

    ours, theirs = tenths(found), tenths(truth)
    if not ours | theirs:
        return 1.0, 1.0
    return len(ours & theirs) / len(ours | theirs), len(ours & theirs) / len(theirs) if theirs else 1.0


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)
