"""The hard cases of presence, as scenes: what a camera before a terminal meets, each with its truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hardware_sim.camera.scenes import Light, Scene, Visitor

SEED: Final = 7
SMALL: Final = (480, 270)
"""Large enough for a codec to work as it does, small enough to be drawn and encoded within a test."""


def _six() -> tuple[Visitor, ...]:
    return tuple(
        Visitor(5 + 13 * n, 14 + 13 * n, dress=n, side=(-1) ** n, place=(0.42 + 0.03 * n, 0.93)) for n in range(6)
    )


CASES: Final[dict[str, Scene]] = {
    "six visits": Scene(85, _six()),
    "stands still for 60 s": Scene(84, (Visitor(8, 72, dress=3, still=True),)),
    "light, empty": Scene(40, (), (Light(9.3, 0.6), Light(19.1, 1.5), Light(30, 0.8))),
    "half light, empty": Scene(50, (), (Light(9.3, 1.5, side=1), Light(20.7, 0.6, side=-1), Light(33, 0.6, side=1))),
    "half light with a hard edge, empty": Scene(
        40, (), (Light(9.3, 0.6, side=1, edge=0.0), Light(22.1, 1.6, side=-1, edge=0.0))
    ),
    "light, during a visit": Scene(56, (Visitor(8, 38, dress=2),), (Light(17.3, 0.6), Light(29, 1.6))),
    "half light, during a visit": Scene(
        56, (Visitor(8, 38, dress=2),), (Light(17.3, 1.6, side=1), Light(29, 0.5, side=1))
    ),
    "dusk": Scene(100, (Visitor(40, 65, dress=4),), (Light(5, 0.25, over=90),)),
    "bag left behind": Scene(66, (Visitor(8, 26, dress=5, leaves_bag=True), Visitor(42, 56, dress=1))),
    "passes by at the edge": Scene(30, (Visitor(8, 14, place=(0.12, 0.75), passing=True, height=0.5),)),
    "for a moment, between keyframes": Scene(
        40, tuple(Visitor(at, at + 1.6, place=(0.5, 0.93), passing=True, dress=2) for at in (10.2, 26.2))
    ),
    "already there": Scene(50, (Visitor(-20, 22, dress=0), Visitor(32, 42, dress=3))),
    "two in turn": Scene(60, (Visitor(8, 22, dress=1), Visitor(26, 48, dress=2, side=1))),
}


def case(name: str, size: tuple[int, int] = SMALL) -> Scene:
    """A hard case in the given size of picture."""
    return replace(CASES[name], width=size[0], height=size[1], seed=SEED)


def empty(scene: Scene, seconds: float = 1.0) -> Scene:
    """The same place with nobody in it, in its first light."""
    return replace(scene, seconds=seconds, visitors=(), lights=())
