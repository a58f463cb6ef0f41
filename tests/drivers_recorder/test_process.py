"""The kiosk's end of the sockets and the recorder as it runs, a process of its own that is killed and started again."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from config.calendar import JST
from config.clock import ClockFile
from config.load import load
from drivers.recorder_link import RecorderLink
from hardware_sim.camera.film import drawn, written
from hardware_sim.camera.scenes import Scene
from kiosk.events import CameraTold, Event
from recorder.prepare import make

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("recorder")]

MACHINE = Path(__file__).parents[1] / "config" / "machine.toml"
KEK = bytes(range(32))
EMPTY = Scene(60, (), width=320, height=180, seed=5)
DEADLINE_S = 90.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the recorder of a machine whose sockets are `marks` and `kiosk`."""
    for name in ("state", "credentials", "video"):
        (tmp_path / name).mkdir()
    (tmp_path / "credentials" / "recorder-kek").write_bytes(KEK)
    clock = ClockFile.create(tmp_path / "clock")
    clock.set_utc(datetime(2026, 11, 24, 10, 0, tzinfo=JST))
    clock.close()
    film, config = tmp_path / "scene.mp4", tmp_path / "machine.toml"
    written(drawn(EMPTY), EMPTY.fps, film)
    config.write_text(
        MACHINE.read_text().replace("/run/test/clock", str(tmp_path / "clock"))
        + f"""
[camera]
source = "file:{film}"
width = {EMPTY.width}
height = {EMPTY.height}
fps = {EMPTY.fps}
max_kbit_s = 800
zone = [[0.2, 0.1], [0.8, 0.1], [0.8, 1.0], [0.2, 1.0]]
shows_keypad_or_screen = false

[recorder]
video = "{tmp_path / "video"}"
slot_kib = 512
slots = 8
marks = "{tmp_path / "marks"}"
status = "{tmp_path / "kiosk"}"
"""
    )
    recorder = load(config).machine.recorder
    assert recorder is not None
    make(recorder, tmp_path / "state", KEK, simulation=True)
    environment = {
        **os.environ,
        "STATE_DIRECTORY": str(tmp_path / "state"),
        "RUNTIME_DIRECTORY": str(tmp_path),
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
    }
    started: list[subprocess.Popen[bytes]] = []

    def again() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "recorder", "--config", str(config)]
        started.append(subprocess.Popen(command, env=environment))
        return started[-1]

    yield again
    for process in started:
        process.kill()
        process.wait(30)


def test_the_sign_is_lit_by_the_recorder_alone_dark_when_it_is_killed_and_lit_again(start, tmp_path) -> None:
    told: queue.SimpleQueue[Event] = queue.SimpleQueue()
    link = RecorderLink(tmp_path / "marks", tmp_path / "kiosk")
    link.start(told.put)
    link.mark("session")

    def until(wanted: Callable[[CameraTold], bool]) -> CameraTold:
        while True:
            event = told.get(timeout=DEADLINE_S)
            assert isinstance(event, CameraTold)
            if wanted(event):
                return event

    try:
        assert "no_recorder" in until(lambda one: not one.armed).faults
        for _ in range(2):
            process = start()
            until(lambda one: one.armed and one.recording and one.required_ok)
            process.kill()
            process.wait(30)
            dark = until(lambda one: not one.armed)
            assert dark == CameraTold(False, False, False, frozenset({"silent", "no_recorder"}))
    finally:
        link.close()
