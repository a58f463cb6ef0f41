"""The recorder as a process, before a camera that plays a drawn scene; looked at afterwards by ffprobe."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest

from config.calendar import JST
from config.clock import ClockFile
from config.framed import receive, send
from config.load import load
from hardware_sim.camera.cases import SEED
from hardware_sim.camera.film import drawn, written
from hardware_sim.camera.scenes import Scene, Visitor
from recorder.__main__ import INDEX, ring_settings
from recorder.holds import Holds
from recorder.index import Index
from recorder.ledgers import FILE
from recorder.place import SlotFiles
from recorder.prepare import VAULT, make
from recorder.recovery import open_ring
from recorder.times import TrustedTime
from recorder.vault import Vault

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("recorder")]

MACHINE = Path(__file__).parents[1] / "config" / "machine.toml"
KEK = bytes(range(32))
OPEN = datetime(2026, 11, 24, 10, 0, tzinfo=JST)
SCENE = Scene(50, (Visitor(9, 14, dress=1),), width=480, height=270, seed=SEED)
DEADLINE_S = 90.0


class NoRows:
    def append(self, kind, data):
        raise AssertionError("nothing is held")

    def rows(self, after=0):
        return []


@dataclass
class Site:
    """A machine's folders, and its recorder as a process."""

    folder: Path
    film: Path
    process: subprocess.Popen | None = None

    def __post_init__(self) -> None:
        for name in ("state", "run", "credentials", "video"):
            (self.folder / name).mkdir()
        (self.folder / "credentials" / "recorder-kek").write_bytes(KEK)
        clock = ClockFile.create(self.folder / "clock")
        clock.set_utc(OPEN)
        clock.close()
        x0, y0, x1, y1 = SCENE.zone
        text = MACHINE.read_text().replace("/run/test/clock", str(self.folder / "clock"))
        self.config = self.folder / "machine.toml"
        self.config.write_text(
            text
            + f"""
[camera]
source = "file:{self.film}"
width = {SCENE.width}
height = {SCENE.height}
fps = {SCENE.fps}
max_kbit_s = 800
zone = [[{x0}, {y0}], [{x1}, {y0}], [{x1}, {y1}], [{x0}, {y1}]]
shows_keypad_or_screen = false

[recorder]
video = "{self.folder / "video"}"
slot_kib = 512
slots = 12
marks = "{self.folder / "run" / "marks"}"
status = "{self.folder / "run" / "kiosk"}"
"""
        )
        self.settings = load(self.config)
        make(self.settings.machine.recorder, self.folder / "state", KEK, simulation=True)

    def start(self) -> None:
        environment = {
            **os.environ,
            "STATE_DIRECTORY": str(self.folder / "state"),
            "RUNTIME_DIRECTORY": str(self.folder / "run"),
            "CREDENTIALS_DIRECTORY": str(self.folder / "credentials"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recorder", "--config", str(self.config)], env=environment
        )

    def asked(self, what: str = "state") -> dict:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.folder / "run" / "status.sock"))
            send(connection, {"ask": what})
            return receive(connection)

    def wait(self, wanted) -> None:
        give_up = time.monotonic() + DEADLINE_S
        while time.monotonic() < give_up:
            assert self.process.poll() is None, "the recorder has ended"
            with suppress(OSError):
                if wanted(self.asked()):
                    return
            time.sleep(0.2)
        raise AssertionError(f"not within {DEADLINE_S} s; it says {self.asked()}")

    def groups(self) -> list:
        """Everything that can be played, by a ring opened anew."""
        recorder, state = self.settings.machine.recorder, self.folder / "state"
        clock = ClockFile(self.folder / "clock")
        clock.acknowledge = lambda: None
        ring = open_ring(
            SlotFiles(recorder.video, recorder.slots, recorder.slot_bytes),
            Vault.open(state / VAULT, recorder.slots, KEK),
            ring_settings(self.settings),
            TrustedTime(clock, self.folder / "elapsed-of-the-test"),
            Index(self.folder / "index-of-the-test"),
            Holds(NoRows()),
        )
        found = [group for span in ring.find(0, 1 << 62) for group in ring.read(span)]
        ring.close()
        clock.close()
        return found


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("film") / "scene.mp4"
    written(drawn(SCENE), SCENE.fps, path)
    return path


@pytest.fixture
def site(film, tmp_path):
    made = Site(tmp_path, film)
    yield made
    if made.process is not None:
        if made.process.poll() is None:
            made.process.kill()
        made.process.wait(30)


def shown(film: Path, groups) -> list[float]:
    """Seconds of the scene of what was stored, found by the very bytes of its pictures."""
    with av.open(str(film)) as container:
        known = {bytes(one)[4:]: float(one.pts * one.time_base) for one in container.demux(video=0) if one.size}
    return sorted(known[one.data[4:]] for group in groups for one in group.packets if not one.keyframe)


def plays(folder: Path, groups) -> int:
    """How many pictures ffprobe decodes, without any complaint."""
    raw = folder / "stored.h264"
    raw.write_bytes(b"".join(one.data for group in groups for one in group.packets))
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
         "-of", "csv=p=0", str(raw)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not done.stderr
    return int(done.stdout.strip().strip(","))


def test_a_visit_is_recorded_and_plays(site, film):
    site.start()
    site.wait(lambda state: state["recording"])
    assert site.asked()["armed"]
    assert "録画" in site.asked()["outlook"]
    assert site.asked("live")["jpeg"]
    assert site.asked("keys")["sound"]
    assert "not yet" in site.asked("search")["error"]
    site.process.send_signal(signal.SIGHUP)  # its view is accepted; it goes on
    site.wait(lambda state: not state["recording"])
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(30) == 0
    groups = site.groups()
    assert plays(site.folder, groups) == sum(len(group.packets) for group in groups)
    assert {group.event for group in groups} == {1}
    (first, last), rule = SCENE.truth()[0], site.settings.profile.camera
    seconds = shown(film, groups)
    assert first - rule.preroll_s - 2.5 <= seconds[0] <= first - rule.preroll_s + 0.5
    assert last + rule.absence_s - 0.5 <= seconds[-1] <= last + rule.absence_s + 2.5
    assert max(b - a for a, b in pairwise(seconds)) < 0.25, "no picture is missing between"


def test_killed_in_a_visit_only_the_last_group_is_lost(site, film):
    site.start()
    site.wait(lambda state: state["recording"])
    armed_s = site.asked()["for_s"]
    site.wait(lambda state: state["recording"] and state["for_s"] >= armed_s + 5)
    killed_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    site.process.kill()
    site.process.wait(30)
    groups = site.groups()
    assert plays(site.folder, groups) == sum(len(group.packets) for group in groups)
    seconds = shown(film, groups)
    assert seconds[0] <= SCENE.truth()[0][0] - site.settings.profile.camera.preroll_s + 0.5
    assert (killed_ns - groups[-1].packets[-1].boot_ns) / 1e9 < 2 + 2, "the group that grew, and what was on the way"
    # Started again beside spoilt books and a spoilt index it says so, and is armed.
    for name in (FILE, INDEX):
        (site.folder / "state" / f"{name}-wal").unlink(missing_ok=True)
        (site.folder / "state" / name).write_bytes(b"spoilt" * 5000)
    site.start()
    site.wait(lambda state: state["armed"] and state["faults"] == ["books_lost"])


def test_without_its_keys_it_says_what_to_do_and_is_not_started_again(site, capfd):
    (site.folder / "state" / VAULT).unlink()
    site.start()
    assert site.process.wait(60) == 78
    said = capfd.readouterr().err
    assert "put its backup back" in said
