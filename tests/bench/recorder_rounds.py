"""One round of the recorder's bench: the same stream, at the same moment, to this recorder and to Motion.

Both have seen the empty place for a while before the clip begins. What each costs is counted over all its processes,
from the clip's first picture to its last; a bar of numbers below the picture (`presence_compare`) tells afterwards what
each has on its record.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, count, repeat
from pathlib import Path
from statistics import median
from typing import Any, Final

import av
from presence_compare import FPS, Clip, Found, Spans, bar_height, barred, merged, movies, number_of, runs, start_motion
from presence_compare import numbers as numbers_in
from rtsp_camera import RtspCamera
from usage import pss_mib

from config.calendar import JST
from config.clock import ClockFile
from config.framed import receive, send
from config.load import load
from hardware_sim.camera.cases import empty
from hardware_sim.camera.film import GOP_S, Unit, drawn, encoded
from hardware_sim.camera.scenes import Scene, Visitor
from recorder.place import SlotFiles
from recorder.prepare import VAULT, make
from recorder.record import Flag, Group, Note
from recorder.vault import Vault
from recorder.writer import fetch, heads

ROOT: Final = Path(__file__).parents[2]
MACHINE: Final = ROOT / "tests" / "config" / "machine.toml"
WIDTH, HEIGHT, DRAWN_HEIGHT = 1280, 720, 664
CRF: Final = 27
"""About 1 Mbit/s of this place, as the machine file's example asks of the camera."""
CLIP_S, LEAD_S, QUIET_S, AFTER_S, READY_S = 40.0, 4.0, 16.0, 5.0, 60.0
LOOK_S: Final = 1.0
SLOTS, SLOT_KIB = 12, 8192
KEK: Final = bytes(range(32))
OPEN: Final = datetime(2026, 11, 24, 10, 0, tzinfo=JST)
_TICKS: Final = os.sysconf("SC_CLK_TCK")

SCENES: Final = {
    "empty": Scene(CLIP_S, (), width=WIDTH, height=DRAWN_HEIGHT, seed=7),
    "busy": Scene(
        CLIP_S,
        (Visitor(1, 18.4, dress=1), Visitor(21.0, 38, dress=2, side=1, place=(0.46, 0.93))),
        width=WIDTH,
        height=DRAWN_HEIGHT,
        seed=7,
    ),
}


@dataclass(frozen=True)
class Cost:
    """cpu: seconds on a core for each second of video; start_s: seconds on a core before the clip, start and quiet time
    with it; mib: highest PSS of all its processes together; alone_mib: the same if no other process of the machine had
    loaded the same libraries."""

    cpu: float
    start_s: float
    mib: float
    alone_mib: float
    found: Found


# ---- what is shown -----------------------------------------------------------------------------------------


@cache
def film(name: str) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
    """(lead of the empty place, every picture numbered 0; clip, numbered from 1).

    A camera has been running for long: the encoder's first group, which is unlike all others, is left away.
    """
    scene, first = SCENES[name], round(GOP_S * FPS)
    nobody = encoded(barred(drawn(empty(scene, GOP_S + LEAD_S)), repeat(0)), FPS, crf=CRF)
    pictures = chain(drawn(empty(scene, GOP_S)), drawn(scene))
    clip = encoded(barred(pictures, chain(repeat(0, first), count(1))), FPS, crf=CRF)
    return tuple(nobody)[first:], tuple(clip)[first:]


def kbit_s(name: str) -> float:
    clip = film(name)[1]
    return sum(len(unit.data) for unit in clip) * 8 / 1000 / CLIP_S


def clip_of(name: str, path: Path) -> Clip:
    scene = SCENES[name]
    assert DRAWN_HEIGHT + bar_height(DRAWN_HEIGHT, WIDTH) == HEIGHT
    x0, y0, x1, y1 = scene.zone
    lower = DRAWN_HEIGHT / HEIGHT
    zone = ((x0, y0 * lower), (x1, y0 * lower), (x1, y1 * lower), (x0, y1 * lower))
    return Clip(name, path, WIDTH, HEIGHT, zone, merged(scene.truth()))


# ---- what it costs -----------------------------------------------------------------------------------------


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                with suppress(OSError):
                    found += [int(one) for one in (task / "children").read_text().split()]
    return found


def spent_s(pid: int) -> float:
    """Seconds on a core of a process and its descendants until now, those that have ended and were waited for too."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            total += sum(int(value) for value in fields[11:15])
    return total / _TICKS


def alone_mib(pids: Iterable[int]) -> float:
    """Memory of processes that share with each other only: what is mapped of each part of a file counts once."""
    own, files = 0, dict[str, int]()
    for pid in pids:
        part, shown = "", 0
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
                field, _, value = line.partition(":")
                if field == "Rss":
                    shown = int(value.split()[0])
                elif field == "Anonymous":
                    own += (anonymous := int(value.split()[0]))
                    files[part] = max(files.get(part, 0), shown - anonymous)
                elif not field[:1].isupper():
                    part = f"{line.split()[2]} {line[73:] or pid}"
    return (own + sum(files.values())) / 1024


class Counter:
    """What one process tree costs. `begin` and `end` of the clip; `look` now and then between."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.start_s = self.cpu_s = self.mib = self.alone_mib = 0.0

    def begin(self) -> None:
        self.start_s = spent_s(self._pid)

    def look(self) -> None:
        self.mib = max(self.mib, sum(pss_mib(each).get("Pss", 0.0) for each in tree(self._pid)))

    def end(self) -> None:
        self.alone_mib = alone_mib(tree(self._pid))
        self.cpu_s = spent_s(self._pid) - self.start_s

    def cost(self, found: Found) -> Cost:
        return Cost(self.cpu_s / CLIP_S, self.start_s, self.mib, self.alone_mib, found)


# ---- ours --------------------------------------------------------------------------------------------------


class Recorder:
    """`python -m recorder` as in the field, but for its clock: a ring and a vault of its own, real files."""

    def __init__(self, folder: Path, clip: Clip, url: str) -> None:
        self.folder = folder
        for name in ("state", "run", "credentials", "video"):
            (folder / name).mkdir(parents=True)
        (folder / "credentials" / "recorder-kek").write_bytes(KEK)
        with ClockFile.create(folder / "clock") as clock:
            clock.set_utc(OPEN)
        config = folder / "machine.toml"
        config.write_text(
            MACHINE.read_text().replace("/run/test/clock", str(folder / "clock"))
            + f"""
[camera]
source = "{url}"
width = {WIDTH}
height = {HEIGHT}
fps = {FPS}
max_kbit_s = 2000
zone = {[list(corner) for corner in clip.zone]}
shows_keypad_or_screen = false

[recorder]
video = "{folder / "video"}"
slot_kib = {SLOT_KIB}
slots = {SLOTS}
marks = "{folder / "run" / "marks"}"
status = "{folder / "run" / "kiosk"}"
"""
        )
        self._recorder = load(config).machine.recorder
        assert self._recorder is not None
        make(self._recorder, folder / "state", KEK, simulation=True)
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "recorder", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stderr=log,
                env={
                    **os.environ,
                    "STATE_DIRECTORY": str(folder / "state"),
                    "RUNTIME_DIRECTORY": str(folder / "run"),
                    "CREDENTIALS_DIRECTORY": str(folder / "credentials"),
                },
            )

    def armed(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.folder / "run" / "status.sock"))
            send(connection, {"ask": "state"})
            return bool(receive(connection)["armed"])
        return False

    def words(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-1500:]

    def kept(self) -> list[Group | Note]:
        """Everything in its ring, once it has ended, in the order of time."""
        assert self._recorder is not None
        place = SlotFiles(self._recorder.video, SLOTS, self._recorder.slot_bytes)
        vault = Vault.open(self.folder / "state" / VAULT, SLOTS, KEK)
        found: list[Group | Note] = []
        for slot in range(SLOTS):
            generation = vault.generation(slot)
            if (key := vault.key(slot, generation)) is not None:
                found += [fetch(place, slot, head, key) for head in heads(place, slot, generation)]
        place.close()
        vault.close()
        return sorted(found, key=lambda item: (item.first if isinstance(item, Group) else item.at).boot_ns)

    def found(self) -> Found:
        """Seconds of the clip: bounds of visits by its own notes, what is recorded by the numbers in its pictures."""
        items = self.kept()
        groups = [item for item in items if isinstance(item, Group) and not item.flags & Flag.TEST]
        shown = shown_in(groups)
        if not shown:
            return Found((), ())
        begins_s = median(boot_ns / 1e9 - (number - 1) / FPS for boot_ns, number in shown if number)
        visits: list[tuple[float, float]] = []
        for note in (item for item in items if isinstance(item, Note)):
            at_s = note.at.boot_ns / 1e9 - begins_s
            if note.kind == "event_begin":
                visits.append((at_s, CLIP_S + AFTER_S))
            elif note.kind == "event_end" and visits:
                visits[-1] = visits[-1][0], at_s
        return Found(visits, within_clip(runs([number - 1 for _, number in shown if number])))


def shown_in(groups: Iterable[Group]) -> list[tuple[int, int]]:
    """(boot time, number in the bar) of every stored picture."""
    found = []
    for group in groups:
        decoder: Any = av.CodecContext.create("h264", "r")
        decoder.options = {"flags": "low_delay"}
        frames: list[Any] = []
        for packet in group.packets:
            frames += decoder.decode(av.Packet(packet.data))
        frames += decoder.decode(None)
        pairs = zip(group.packets, frames, strict=True)
        found += [(packet.boot_ns, number_of(frame.to_ndarray(format="gray"), HEIGHT)) for packet, frame in pairs]
    return found


def within_clip(spans: Spans) -> Spans:
    return [(first, min(last, CLIP_S)) for first, last in spans]


# ---- the round ---------------------------------------------------------------------------------------------


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def round_of(name: str, setting: str) -> tuple[Cost, Cost | None]:
    """(ours, Motion's). Motion's is None where it is not installed. RuntimeError when either does not start."""
    (ROOT / "var" / "bench").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="recorder-", dir=ROOT / "var" / "bench"))
    try:
        return _round_in(folder, name, setting)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _round_in(folder: Path, name: str, setting: str) -> tuple[Cost, Cost | None]:
    clip, beside = clip_of(name, folder), folder / "motion"
    beside.mkdir()
    lead, pictures = film(name)
    with RtspCamera(lead, pictures, FPS) as camera:
        ours = Recorder(folder / "ours", clip, camera.url)
        with ended(ours.process):
            if shutil.which("motion") is None:
                counters = [Counter(ours.process.pid)]
                _clip(camera, ours, counters)
                theirs = None
            else:
                theirs = start_motion(clip, camera.url, setting, beside)
                with ended(theirs):
                    counters = [Counter(ours.process.pid), Counter(theirs.pid)]
                    _clip(camera, ours, counters)
    cost = counters[0].cost(ours.found())
    if theirs is None:
        return cost, None
    seen: list[tuple[float, float]] = []
    for movie in movies(beside):
        seen += runs([number - 1 for number in numbers_in(movie, HEIGHT) if number])
    recorded = within_clip(seen)
    return cost, counters[1].cost(Found(recorded, recorded))


def _clip(camera: RtspCamera, ours: Recorder, counters: list[Counter]) -> None:
    give_up = time.monotonic() + READY_S
    while not (ours.armed() and camera.watched_by == len(counters)):
        if time.monotonic() > give_up or ours.process.poll() is not None:
            raise RuntimeError(f"{camera.watched_by} of {len(counters)} are before the camera; ours: {ours.words()}")
        time.sleep(0.2)
    time.sleep(QUIET_S)
    began_s = camera.play()
    for counter in counters:
        counter.begin()
    while time.monotonic() < began_s + CLIP_S - LOOK_S:
        time.sleep(LOOK_S)
        for counter in counters:
            counter.look()
    time.sleep(max(0.0, began_s + CLIP_S - time.monotonic()))
    for counter in counters:
        counter.end()
    time.sleep(AFTER_S)
