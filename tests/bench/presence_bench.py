"""What judging one small picture costs: `Detector.see` on the looks of an encoded scene, half of them with somebody.

CPU time of the thread, so that a busy machine counts less. At two seconds between keyframes it is spent every other
second; while a group is looked into, twenty times more.
"""

from __future__ import annotations

import time
from functools import cache

from harness import Measure

from drivers.camera import Codec, Look, Packet, StreamFacts
from hardware_sim.camera import cases
from hardware_sim.camera.film import drawn, encoded
from recorder.capture_child import Looker
from recorder.health import Health
from recorder.presence import Detector, PresenceSettings
from recorder.wire import look

CASE = "two in turn"
GOAL_MS = 0.5


@cache
def _looks() -> tuple[Look, ...]:
    scene = cases.case(CASE)
    looker = Looker(StreamFacts(Codec.H264, scene.width, scene.height, scene.fps))
    packets = [Packet(one.data, one.keyframe, round(one.at_s * 1e9), 0) for one in encoded(drawn(scene), scene.fps)]
    return tuple(look(told) for told in looker.group(packets[:400]))


def _detector() -> Detector:
    x0, y0, x1, y1 = cases.case(CASE).zone
    return Detector(PresenceSettings(((x0, y0), (x1, y0), (x1, y1), (x0, y1))))


def see_ms() -> float:
    looks, detector = _looks(), _detector()
    began = time.thread_time()
    for one in looks:
        detector.see(one)
    return (time.thread_time() - began) / len(looks) * 1000


def health_ms() -> float:
    looks, health = _looks()[::4], Health()
    began = time.thread_time()
    for one in looks:
        health.see(one, present=False)
    return (time.thread_time() - began) / len(looks) * 1000


def measures() -> list[Measure]:
    return [
        Measure("a look → somebody or nobody (CPU)", see_ms, None, GOAL_MS, 9, unit="ms"),
        Measure("a look → the camera's health (CPU)", health_ms, None, 1.5, 9, unit="ms"),
    ]
