"""A real driver in a real process before cameras that fail: each fault is told, and the camera comes back by itself."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import socket
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from config.clock import SystemClock
from drivers.camera import Look, Lost, Packet, StreamFacts
from hardware_sim.camera.bench import FPS, HEIGHT, WIDTH, CameraBench
from recorder.capture import Capture, CaptureSettings, LookedInto

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("camera")]

DEADLINE_S = 60.0


class Watch:
    """What a camera's process says."""

    def __init__(self, source):
        self.heard = queue.Queue()
        self.capture = Capture(CaptureSettings(source, WIDTH, HEIGHT, FPS), SystemClock())
        self.capture.start(self.heard.put)

    def until(self, kind, wanted=lambda one: True):
        """Everything up to the first of a kind that is as wanted."""
        found, give_up = [], time.monotonic() + DEADLINE_S
        while time.monotonic() < give_up:
            try:
                one = self.heard.get(timeout=0.5)
            except queue.Empty:
                continue
            found.append(one)
            if isinstance(one, kind) and wanted(one):
                return found
        raise AssertionError(f"no such {kind.__name__} within {DEADLINE_S} s; heard {found[-5:]}")

    def lost(self):
        return self.until(Lost)[-1].reason

    def back(self):
        """Facts and a keyframe, after whatever was still on its way."""
        facts = self.until(StreamFacts)[-1]
        self.until(Packet, lambda one: one.keyframe)
        return facts


@pytest.fixture(scope="module")
def camera():
    folder = Path(tempfile.mkdtemp(prefix="cam-"))
    with CameraBench(folder, folder / "log") as made:
        made.ready()
        yield made
    shutil.rmtree(folder)


@pytest.fixture
def watching(camera):
    made = []

    def start(source=None):
        made.append(Watch(source or camera.h264_url))
        return made[-1]

    yield start
    for watch in made:
        watch.capture.close()
    camera.clear_faults()


def test_every_picture_comes_dated_and_keyframes_are_looked_at(watching):
    watch = watching()
    facts = watch.back()
    assert (facts.width, facts.height) == (WIDTH, HEIGHT)
    heard = watch.until(Look)
    assert heard[-1].width == 160
    times = [one.boot_ns for one in watch.until(Look) if isinstance(one, Packet)]
    apart_s = [(later - one) / 1e9 for one, later in pairwise(times)]
    assert apart_s
    assert max(apart_s) < 2.5 / FPS, "none is missing"


def test_a_group_is_found_by_the_time_of_its_keyframe(watching):
    """Not the group before it, with whoever was there then."""
    watch = watching()
    watch.back()
    for _ in range(4):
        before, at = (watch.until(Look, lambda one: one.keyframe)[-1].boot_ns for _ in range(2))
        watch.capture.look_into(at)
        pictures = [one for one in watch.until(LookedInto) if isinstance(one, Look) and not one.keyframe]
        times_us = [one.boot_ns // 1000 for one in pictures]
        assert times_us[0] == before // 1000
        assert at // 1000 in times_us


@pytest.mark.parametrize(
    ("fault", "values", "reasons"),
    [
        ("unplugged", {}, {"ended", "unplugged", "garbled"}),
        ("hung", {}, {"hung"}),
        ("garbled", {"how": "noise"}, {"garbled", "hung", "ended"}),
        ("no_keyframes", {}, {"no_keyframes"}),
    ],
)
def test_a_fault_is_told_and_the_camera_is_back_when_it_is_over(camera, watching, fault, values, reasons):
    watch = watching()
    watch.back()
    camera.fault(fault, **values)
    assert watch.lost() in reasons
    camera.clear_faults()
    watch.back()


def test_a_picture_of_another_size_is_another_stream(camera, watching):
    watch = watching()
    assert (watch.back().width, HEIGHT) == (WIDTH, HEIGHT)
    camera.fault("resolution", width=480, height=270)
    assert watch.lost() == "changed"
    facts = watch.back()
    assert (facts.width, facts.height) == (480, 270)


def test_single_wrong_bits_lose_pictures_and_never_the_recorder(camera, watching):
    watch = watching()
    watch.back()
    camera.fault("garbled", how="bits")
    watch.until(Packet, lambda one: one.boot_ns > time.clock_gettime_ns(time.CLOCK_BOOTTIME) - 10**9)
    time.sleep(3.0)
    camera.clear_faults()
    now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    watch.until(Packet, lambda one: one.keyframe and one.boot_ns > now_ns)
    watch.until(Look, lambda one: one.boot_ns > now_ns)


def test_jumping_timestamps_are_dated_by_arrival(camera, watching):
    watch = watching()
    watch.back()
    camera.fault("timestamps")
    began_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    heard = watch.until(Packet, lambda one: one.boot_ns > began_ns + 8 * 10**9)
    times = [one.boot_ns for one in heard if isinstance(one, Packet)]
    assert times == sorted(times)
    assert times[-1] <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize(("sent", "reason"), [(signal.SIGKILL, "crashed"), (signal.SIGSTOP, "hung")])
def test_a_camera_s_process_that_crashes_or_hangs_is_started_again(watching, sent, reason):
    watch = watching()
    watch.back()
    child = watch.capture._child
    assert child is not None
    os.kill(child.pid, sent)
    assert watch.lost() == reason
    watch.back()


@pytest.fixture
def mute():
    """A port that takes connections and never says a word."""
    listener, kept, ending = socket.create_server(("127.0.0.1", 0)), [], threading.Event()
    listener.settimeout(0.2)

    def accept():
        while not ending.is_set():
            try:
                kept.append(listener.accept()[0])
            except TimeoutError:
                continue

    thread = threading.Thread(target=accept)
    thread.start()
    yield listener.getsockname()[1]
    ending.set()
    thread.join()
    for one in [*kept, listener]:
        one.close()


def test_a_camera_that_takes_the_call_and_says_nothing_is_given_up_soon(watching, mute):
    watches = [watching(f"{scheme}://127.0.0.1:{mute}/stream") for scheme in ("tcp", "http", "rtsp")]
    assert {watch.lost() for watch in watches} <= {"unplugged", "hung"}


def test_a_camera_that_is_not_there_is_told_at_once(watching):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert watching(f"tcp://127.0.0.1:{port}").lost() == "unplugged"


def test_pictures_over_http_come_as_keyframes(camera, watching):
    watch = watching(camera.mjpeg_url)
    heard = watch.until(Packet)
    assert heard[-1].keyframe
    assert heard[-1].data[:2] == b"\xff\xd8"
