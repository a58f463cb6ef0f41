"""The place before the camera while the bench runs: somebody steps in, stands, leaves; light, things, and the lens.

No process, no clock and no codec here: every call is given its second, and a picture is three planes. What never
changes is drawn once, so that a hall with nobody in it costs next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .scenes import NOISE_MARGIN, WALK_S, Picture, Scene, Visitor, bag, lobby, person, position

PLACE: Final = (0.5, 0.93)
"""Where whoever uses the terminal stands, in shares of the picture."""
AISLE: Final = (0.1, 0.75)
PASSING_S: Final = 5.0
SWITCH_S: Final = 0.3
"""A lamp's own time to its new brightness."""
LIGHTS: Final = {"on": 1.0, "off": 0.45}
LENSES: Final = ("clear", "covered", "defocused", "turned", "dark", "glare")
NOISE: Final = 2.2
_TURNED: Final = 0.28
"""Share of the width by which a camera that was pushed aside looks past its place."""
_BY_THE_THING: Final = (0.3, 0.86)


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody was within the zone. Seconds; left: None while they are."""

    came_s: float
    left_s: float | None


class LivePlace:
    """The scene and what it shows. For one thread. Raises ValueError for what cannot be done, with what to do.

    width, height: of the picture, even numbers; seed: of place and noise.
    """

    def __init__(self, width: int, height: int, *, seed: int = 7) -> None:
        self._seed = seed
        self._user: Visitor | None = None
        self._passer: Visitor | None = None
        self._visits = 0
        self._thing = False
        self._light = (1.0, 1.0, -math.inf)
        """Gain before, gain now, when it was switched."""
        self._lens = "clear"
        self._frozen: NDArray[np.uint8] | None = None
        self._stays: list[Stay] = []
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Another size of picture, of the same place."""
        if not (160 <= width <= 1920 and 120 <= height <= 1080) or width % 2 or height % 2:
            raise ValueError(f"a picture of {width}x{height} cannot be: even numbers, 160x120 to 1920x1080")
        random = np.random.default_rng(self._seed)
        self._scene = Scene(0.0, width=width, height=height, seed=self._seed)
        self._empty = lobby(width, height, random)
        shape = (height + NOISE_MARGIN, width + NOISE_MARGIN)
        self._noise = np.rint(random.normal(0, NOISE, shape)).astype(np.int16)
        self._cuts = random.integers(0, NOISE_MARGIN, (4096, 2))
        self._still: tuple[object, NDArray[np.uint8]] | None = None
        self._frozen = None

    @property
    def size(self) -> tuple[int, int]:
        return self._scene.width, self._scene.height

    @property
    def zone(self) -> tuple[float, float, float, float]:
        """Where users stand: x0, y0, x1, y1 in shares of the picture."""
        return self._scene.zone

    # -- what happens ------------------------------------------------------------------------------

    def step_in(self, at_s: float, still: bool = False) -> None:
        """Somebody comes, from one side and the other in turn, and stands before the terminal."""
        if self._someone(self._user, at_s):
            raise ValueError("somebody stands there already: let them leave first")
        self._settle(at_s)
        self._visits += 1
        side = -1 if self._visits % 2 else 1
        self._user = Visitor(at_s, math.inf, PLACE, side, still, dress=self._visits)
        self._stays.append(Stay(at_s + WALK_S, None))

    def stand_still(self, still: bool = True) -> None:
        """Whoever is there does not move at all any more, or does again."""
        user = self._standing()
        self._user = replace(user, still=still)

    def leave(self, at_s: float) -> None:
        """Whoever is there goes away, back to the side they came from."""
        user = self._standing()
        self._user = replace(user, leaves=max(at_s, user.comes + WALK_S))
        self._settle(at_s)

    def pass_by(self, at_s: float) -> None:
        """Somebody walks past at the edge, never to the place."""
        if self._someone(self._passer, at_s):
            raise ValueError("somebody is passing by already")
        self._visits += 1
        self._passer = Visitor(at_s, at_s + PASSING_S, AISLE, passing=True, height=0.5, dress=self._visits)

    def light(self, at_s: float, gain: float) -> None:
        """The lamps: 1 as at first."""
        if not 0.05 <= gain <= 3.0:
            raise ValueError(f"light {gain:g} cannot be; 1 is as at first, 0.05 to 3 are possible")
        self._light = (self._gain(at_s), gain, at_s)

    def put_down(self) -> None:
        """A bag is left before the terminal."""
        if self._thing:
            raise ValueError("something stands there already: take it away first")
        self._thing = True

    def take_away(self) -> None:
        if not self._thing:
            raise ValueError("nothing stands there: put something down first")
        self._thing = False

    def lens(self, how: str) -> None:
        """What is wrong with the camera's view: one of LENSES."""
        if how not in LENSES:
            raise ValueError(f"{how!r} is nothing a lens can be; there are {', '.join(LENSES)}")
        self._lens = how

    def freeze(self, frozen: bool, at_s: float) -> None:
        """One and the same picture from now on, noise and all; or a living one again."""
        self._frozen = self.planes(at_s) if frozen else None

    # -- what is so --------------------------------------------------------------------------------

    def stays(self, at_s: float) -> tuple[Stay, ...]:
        """Whoever used the terminal so far, as the truth has it: from standing there until turning away."""
        self._settle(at_s)
        return tuple(self._stays)

    def there(self) -> bool:
        """Somebody has come, and was not told to go."""
        return self._user is not None and self._user.leaves == math.inf

    def status(self, at_s: float) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "person": self.there(),
            "in_picture": self._someone(self._user, at_s) or self._someone(self._passer, at_s),
            "still": self._user is not None and self._user.still and self.there(),
            "thing": self._thing,
            "light": round(self._light[1], 3),
            "lens": self._lens,
            "frozen": self._frozen is not None,
            "width": self._scene.width,
            "height": self._scene.height,
        }

    # -- the picture -------------------------------------------------------------------------------

    def planes(self, at_s: float) -> NDArray[np.uint8]:
        """Luma and chroma below each other (4:2:0, "I420"): height * 3 / 2 rows."""
        if self._frozen is not None:
            return self._frozen
        height, width = self._scene.height, self._scene.width
        drawn = self._clean(at_s).copy()
        y, x = (int(value) for value in self._cuts[round(at_s * 1000) % len(self._cuts)])
        tile = self._noise[y : y + height, x : x + width]
        cv2.add(drawn[:height], tile, dst=drawn[:height], dtype=cv2.CV_8U)
        return drawn

    def _clean(self, at_s: float) -> NDArray[np.uint8]:
        """Without noise; kept while nothing moves."""
        moves = self._someone(self._user, at_s) or self._someone(self._passer, at_s)
        gain = self._gain(at_s)
        key = (self._thing, gain, self._lens)
        if not moves and self._still is not None and self._still[0] == key:
            return self._still[1]
        if self._lens == "covered":
            planes = np.full((self._scene.height * 3 // 2, self._scene.width), 128, np.uint8)
            planes[: self._scene.height] = 34
        else:
            planes = _planes(self._seen(self._drawn(at_s, gain)))
        if not moves:
            self._still = (key, planes)
        return planes

    def _drawn(self, at_s: float, gain: float) -> Picture:
        picture = self._empty.copy()
        if self._thing:
            bag(picture, _BY_THE_THING)
        for one in (self._passer, self._user):
            if one is not None and (where := position(one, at_s)) is not None:
                person(picture, one, where, at_s)
        if gain != 1.0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)
        return picture

    def _seen(self, picture: Picture) -> Picture:
        """Through the lens as it is."""
        width = self._scene.width
        match self._lens:
            case "defocused":
                return np.asarray(cv2.GaussianBlur(picture, (0, 0), width / 50), np.uint8)
            case "turned":
                aside = round(width * _TURNED)
                return np.ascontiguousarray(
                    cv2.copyMakeBorder(picture[:, aside:], 0, 0, 0, aside, cv2.BORDER_REFLECT), np.uint8
                )
            case "dark":
                return np.asarray(cv2.convertScaleAbs(picture, alpha=0.02), np.uint8)
            case "glare":
                return np.asarray(cv2.convertScaleAbs(picture, alpha=1.5, beta=200), np.uint8)
            case _:
                return picture

    def _gain(self, at_s: float) -> float:
        before, now, switched_s = self._light
        share = min(1.0, max(0.0, (at_s - switched_s) / SWITCH_S))
        return before + (now - before) * share

    # -- people ------------------------------------------------------------------------------------

    def _someone(self, visitor: Visitor | None, at_s: float) -> bool:
        return visitor is not None and position(visitor, at_s) is not None

    def _standing(self) -> Visitor:
        if self._user is None or not self.there():
            raise ValueError("nobody stands there: let somebody step in first")
        return self._user

    def _settle(self, at_s: float) -> None:
        """Who has gone is booked."""
        user = self._user
        if user is not None and self._stays and self._stays[-1].left_s is None and user.leaves < math.inf:
            self._stays[-1] = replace(self._stays[-1], left_s=user.leaves)


def _planes(picture: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
