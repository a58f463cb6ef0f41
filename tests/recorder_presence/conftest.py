"""Hard cases as a camera sends them: drawn, encoded as H.264 with a keyframe every two seconds, decoded to looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from drivers.camera import Codec, Look, Packet, StreamFacts
from hardware_sim.camera import cases
from hardware_sim.camera.film import drawn, encoded
from hardware_sim.camera.scenes import Scene
from recorder.capture_child import Looker
from recorder.light import prepared
from recorder.presence import Detector, PresenceSettings, packed
from recorder.rehearsal import Rehearsal, rehearse
from recorder.sighting import Sighting
from recorder.visit import VisitSettings
from recorder.wire import look

BOOT_S = 1000.0
RULE = VisitSettings(preroll_s=5.0, absence_s=10.0)


@dataclass(frozen=True)
class Film:
    scene: Scene
    facts: StreamFacts
    packets: tuple[Packet, ...]

    @property
    def zone(self):
        x0, y0, x1, y1 = self.scene.zone
        return (x0, y0), (x1, y0), (x1, y1), (x0, y1)

    def looks(self, every: bool = False) -> list[Look]:
        """Of its keyframes, or of every picture."""
        looker = Looker(self.facts)
        if every:
            return [look(told) for told in looker.group(list(self.packets))]
        told = (looker.keyframe(packet) for packet in self.packets if packet.keyframe)
        return [look(one) for one in told if one is not None]


@cache
def shot(scene: Scene, crf: int = 26) -> Film:
    facts = StreamFacts(Codec.H264, scene.width, scene.height, scene.fps)
    packets = tuple(
        Packet(unit.data, unit.keyframe, round((BOOT_S + unit.at_s) * 1e9), 0)
        for unit in encoded(drawn(scene), scene.fps, crf=crf)
    )
    return Film(scene, facts, packets)


@pytest.fixture(scope="session")
def film() -> Callable[[str | Scene], Film]:
    """A hard case, or any other scene, filmed. Each is made once."""
    return lambda what: shot(cases.case(what) if isinstance(what, str) else what)


@pytest.fixture(scope="session")
def reference(film) -> bytes:
    """The empty place, as it was learned before."""
    return packed(prepared(film(cases.empty(cases.case("two in turn"))).looks()[0]))


@pytest.fixture(scope="session")
def recorded(film, reference) -> Callable[..., tuple[Film, Rehearsal]]:
    """What is recorded of a hard case; kept: whether the empty place was known at the start."""

    @cache
    def run(name: str, kept: bool = True) -> tuple[Film, Rehearsal]:
        one = film(name)
        sighting = Sighting(Detector(PresenceSettings(one.zone), reference if kept else None))
        return one, moved(rehearse(one.packets, one.facts, sighting, RULE))

    return run


def moved(done: Rehearsal) -> Rehearsal:
    """In seconds of the scene."""
    done.visits = [(first - BOOT_S, last - BOOT_S) for first, last in done.visits]
    done.recorded = [(first - BOOT_S, last - BOOT_S) for first, last in done.recorded]
    return done
