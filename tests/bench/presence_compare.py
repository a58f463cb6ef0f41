"""Who is recorded when: this recorder beside Motion and DVR-Scan on the same clips, one Markdown table.

    python tests/bench/presence_compare.py [--clips FOLDER] [--only PART] [--tool PART] [--jobs N] [--bounds]

Every clip is encoded once as H.264, 10 pictures a second, a keyframe every two seconds; nobody knows the empty place
beforehand. Below the picture, outside everybody's zone, a bar of black and white fields numbers the pictures: so what
Motion has recorded is read from its own files, whatever its clock says.

- ours: `recorder.rehearsal`, the very code of the recorder, without real time;
- Motion 4.5 (Debian `motion`), pass-through recording, fed in real time; several at once;
- DVR-Scan (`DVR_SCAN=…/bin/dvr-scan`, or `var/dvr-scan/bin/dvr-scan`; in a venv of its own: it brings another OpenCV).

IoU is of visits (ours) or of what is recorded as events (theirs: they know no other bounds) with the truth, where gaps
of less than two seconds are none. Recall is of the seconds with somebody that are on the record, pre-roll included.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from drivers.camera import Codec, Packet, StreamFacts
from hardware_sim.camera import cases
from hardware_sim.camera.film import drawn, written
from hardware_sim.camera.scenes import Picture, overlap
from recorder.presence import Detector, PresenceSettings
from recorder.rehearsal import rehearse
from recorder.sighting import Sighting
from recorder.visit import BOUNDARY_S, VisitSettings

ROOT: Final = Path(__file__).parents[2]
REAL: Final = ROOT.parent / "shared" / "video"
TRUTH: Final = ROOT / "tests" / "recorder_presence" / "truth"
FPS: Final = 10.0
BITS: Final = 12
BAR: Final = 16
RULE: Final = VisitSettings(preroll_s=5.0, absence_s=10.0)
Spans = Sequence[tuple[float, float]]
Zone = tuple[tuple[float, float], ...]

MOTION: Final = {
    "defaults": {},
    "tuned": {
        "event_gap": "2",
        "pre_capture": "10",
        "post_capture": "20",
        "threshold": "300",
        "lightswitch_percent": "20",
    },
}
DVR_SCAN: Final = {
    "defaults": ([], ""),
    "tuned": (["-tb", "0s", "-tp", "2s", "-l", "0.5s", "-t", "0.1"], "learning-rate = 0.0005\n"),
}  # fmt: skip


@dataclass(frozen=True)
class Clip:
    """A clip on disk, its zone in shares of the picture with its bar, and the seconds with somebody in the zone."""

    name: str
    path: Path
    width: int
    height: int
    zone: Zone
    truth: Spans


@dataclass(frozen=True)
class Found:
    """visits: bounds of events; recorded: all that is on the record; None: could not be run."""

    visits: Spans
    recorded: Spans


# ---- clips -------------------------------------------------------------------------------------------------


def barred(pictures: Iterator[Picture], numbers: Iterable[int] = ()) -> Iterator[Picture]:
    """Pictures with their number below; the height becomes a multiple of eight, as Motion wants it."""
    for number, picture in zip(numbers or itertools.count(), pictures, strict=False):
        height, width = picture.shape[:2]
        added = bar_height(height, width)
        # The last row goes on for a while, so that nothing of the bar gets into small or blurred pictures of the zone.
        between = np.repeat(picture[-1:], added - BAR, axis=0)
        bar = np.zeros((BAR, width, *picture.shape[2:]), np.uint8)
        for bit in range(BITS):
            if number >> bit & 1:
                bar[:, bit * width // BITS : (bit + 1) * width // BITS] = 235
        yield np.vstack([picture, between, bar])


def number_of(luma: Picture, height: int) -> int:
    """The number of a decoded picture; height: with its bar."""
    middle = luma[height - BAR // 2]
    width = len(middle)
    return sum(int(middle[(2 * bit + 1) * width // (2 * BITS)] > 120) << bit for bit in range(BITS))


def bar_height(height: int, width: int) -> int:
    least = BAR + width // 32
    return least + -(height + least) % 8


def filmed(path: Path) -> Iterator[Picture]:
    """A real clip at ten pictures a second."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        rate, taken = float(stream.average_rate or 25), 0
        for number, frame in enumerate(file.decode(stream)):
            if number / rate + 1e-6 >= taken / FPS:
                taken += 1
                yield frame.to_ndarray(format="bgr24")


def clips(folder: Path, real: Path, only: str) -> Iterator[Clip]:
    for name in cases.CASES:
        if only in name:
            scene = cases.case(name)
            x0, y0, x1, y1 = scene.zone
            yield _clip(
                name, folder, lambda scene=scene: drawn(scene), ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), scene.truth()
            )
    for path in sorted(TRUTH.glob("*.toml")):
        facts = tomllib.loads(path.read_text("utf-8"))
        if only not in path.stem:
            continue
        if not (real / facts["clip"]).exists():
            print(f"{path.stem}: no {facts['clip']} in {real}", file=sys.stderr)
            continue
        zone = tuple((x, y) for x, y in facts["zone"])
        source = real / facts["clip"]
        yield _clip(
            path.stem, folder, lambda source=source: filmed(source), zone, [(a, b) for a, b in facts["seconds"]]
        )


def _clip(name: str, folder: Path, pictures: Callable[[], Iterator[Picture]], zone: Zone, truth: Spans) -> Clip:
    height, width = next(pictures()).shape[:2]
    whole = height + bar_height(height, width)
    path = folder / (name.replace(" ", "_").replace(",", "") + ".mp4")
    written(barred(pictures()), FPS, path)
    lower = tuple((x, y * height / whole) for x, y in zone)
    return Clip(name, path, width, whole, lower, merged(truth))


def merged(spans: Spans) -> Spans:
    """Gaps within one visit closed."""
    found: list[tuple[float, float]] = []
    for first, last in spans:
        if found and first - found[-1][1] < BOUNDARY_S:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


# ---- ours --------------------------------------------------------------------------------------------------


def ours(clip: Clip) -> Found:
    facts = StreamFacts(Codec.H264, clip.width, clip.height, FPS)
    sighting = Sighting(Detector(PresenceSettings(clip.zone)))
    done = rehearse(_packets(clip), facts, sighting, RULE)
    return Found(done.visits, done.recorded)


def _packets(clip: Clip) -> Iterator[Packet]:
    with av.open(str(clip.path)) as file:
        stream = file.streams.video[0]
        annexb = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in file.demux(stream):
            if packet.pts is None:
                continue
            at_ns, keyframe = round(float(packet.pts * packet.time_base) * 1e9), bool(packet.is_keyframe)
            for unit in annexb.filter(packet):
                yield Packet(bytes(unit), keyframe, at_ns, 0)


# ---- Motion ------------------------------------------------------------------------------------------------


def motion(clip: Clip, setting: str) -> Found:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = start_motion(clip, f"file://{clip.path}", setting, folder)
        try:
            time.sleep(_seconds(clip) + 6)
        finally:
            process.terminate()
            process.wait(30)
        found: list[tuple[float, float]] = []
        for movie in movies(folder):
            found += runs(numbers(movie, clip.height))
        return Found(_once(found), _once(found))


def start_motion(clip: Clip, url: str, setting: str, folder: Path, **more: str) -> subprocess.Popen[bytes]:
    """Motion before a stream or a file, recording into the folder by pass-through. Its words are in `log` there."""
    _mask(clip, folder / "mask.pgm")
    options = {
        "daemon": "off", "setup_mode": "off", "log_level": "6", "target_dir": str(folder),
        "netcam_url": url, "width": str(clip.width), "height": str(clip.height),
        "framerate": str(round(FPS)), "mask_file": str(folder / "mask.pgm"), "picture_output": "off",
        "movie_output": "on", "movie_passthrough": "on", "movie_codec": "mkv", "movie_max_time": "0",
        "movie_filename": "%v-%Y%m%d%H%M%S-%q", "webcontrol_port": "0", "stream_port": "0",
    } | MOTION[setting] | more  # fmt: skip
    (folder / "motion.conf").write_text("".join(f"{key} {value}\n" for key, value in options.items()))
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            ["motion", "-n", "-c", str(folder / "motion.conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, cwd=folder,
        )  # fmt: skip


def movies(folder: Path) -> list[Path]:
    """What Motion has recorded there, in order."""
    return sorted(folder.glob("*.m[kp][v4]"), key=lambda path: path.stat().st_mtime)


def _mask(clip: Clip, path: Path) -> None:
    mask = np.zeros((clip.height, clip.width), np.uint8)
    cv2.fillPoly(mask, [_corners(clip)], 255)
    path.write_bytes(f"P5\n{clip.width} {clip.height}\n255\n".encode() + mask.tobytes())


def _corners(clip: Clip) -> np.ndarray:
    return np.array([(round(x * (clip.width - 1)), round(y * (clip.height - 1))) for x, y in clip.zone], np.int32)


def _seconds(clip: Clip) -> float:
    with av.open(str(clip.path)) as file:
        return float(file.duration or 0) / 1_000_000


def numbers(movie: Path, height: int) -> list[int]:
    try:
        with av.open(str(movie)) as file:
            return [number_of(frame.to_ndarray(format="gray"), height) for frame in file.decode(video=0)]
    except av.error.FFmpegError:
        return []  # a movie without a picture


def runs(shown: list[int]) -> list[tuple[float, float]]:
    """Pictures in a row as seconds; what comes after the clip began anew does not count."""
    found: list[list[int]] = []
    for number in shown:
        if found and number < found[-1][1] - 50:
            break
        if found and number - found[-1][1] <= 2:
            found[-1][1] = max(found[-1][1], number)
        else:
            found.append([number, number])
    return [(first / FPS, (last + 1) / FPS) for first, last in found]


def _once(spans: list[tuple[float, float]]) -> Spans:
    """In order, what overlaps or follows within two pictures as one; a second lap of the clip is cut off."""
    found: list[tuple[float, float]] = []
    for first, last in spans:
        if found and first < found[-1][0] - 5:
            break
        if found and first <= found[-1][1] + 0.25:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


# ---- DVR-Scan ----------------------------------------------------------------------------------------------


def dvr_scan_program() -> str | None:
    named = os.environ.get("DVR_SCAN") or str(ROOT / "var" / "dvr-scan" / "bin" / "dvr-scan")
    return shutil.which(named)


def dvr_scan(clip: Clip, setting: str) -> Found:
    program = dvr_scan_program()
    assert program is not None
    options, config = DVR_SCAN[setting]
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "dvr-scan.cfg").write_text(config)
        corners = [str(value) for corner in _corners(clip).tolist() for value in corner]
        done = subprocess.run(
            [program, "-i", str(clip.path), "-so", "-q", "-c", f"{name}/dvr-scan.cfg", *options, "-a", *corners],
            check=True, capture_output=True, text=True, cwd=name, timeout=1200,
        )  # fmt: skip
    times = [_seconds_of(part) for part in done.stdout.strip().split(",") if ":" in part]
    spans = list(zip(times[::2], times[1::2], strict=True))
    return Found(spans, spans)


def _seconds_of(timecode: str) -> float:
    hours, minutes, seconds = timecode.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


# ---- the table ---------------------------------------------------------------------------------------------


def cell(found: Found | None, truth: Spans) -> str:
    if found is None:
        return "failed"
    segments = len(found.visits)
    if not truth:
        return "nothing" if not found.recorded else f"**{segments} × for nobody**"
    iou, recall = overlap(found.visits, truth)[0], overlap(found.recorded, truth)[1]
    return f"{iou:.3f} / {recall:.3f} / {segments}"


def all_tools() -> tuple[dict[str, Callable[[Clip], Found]], list[str]]:
    """(what can be run here, what is missing)"""
    tools: dict[str, Callable[[Clip], Found]] = {"ours": ours}
    missing = []
    if shutil.which("motion"):
        tools |= {f"Motion, {name}": partial(motion, setting=name) for name in MOTION}
    else:
        missing.append("Motion is not installed (Debian package `motion`)")
    if dvr_scan_program():
        tools |= {f"DVR-Scan, {name}": partial(dvr_scan, setting=name) for name in DVR_SCAN}
    else:
        missing.append(
            "DVR-Scan is not installed (`python -m venv var/dvr-scan; var/dvr-scan/bin/pip install dvr-scan`)"
        )
    return tools, missing


Tools = dict[str, Callable[[Clip], Found]]


def judged(chosen: Sequence[Clip], tools: Tools, jobs: int) -> Iterator[tuple[Clip, dict[str, Found | None]]]:
    """What each tool found in each clip; None where it failed."""
    with ThreadPoolExecutor(jobs) as pool:
        asked = {(clip.name, tool): pool.submit(run, clip) for tool, run in tools.items() for clip in chosen}
        for clip in chosen:
            found: dict[str, Found | None] = {}
            for tool in tools:
                try:
                    found[tool] = asked[clip.name, tool].result()
                except (subprocess.SubprocessError, ValueError) as error:
                    print(f"{clip.name}, {tool}: {error}", file=sys.stderr)
                    found[tool] = None
            yield clip, found


def head(tools: Tools) -> list[str]:
    """The first lines of the table."""
    return ["| clip | visits | " + " | ".join(tools) + " |", "|---|---|" + "---|" * len(tools)]


def line(clip: Clip, found: dict[str, Found | None]) -> str:
    """One line of the table."""
    return f"| {clip.name} | {len(clip.truth)} | " + " | ".join(cell(one, clip.truth) for one in found.values()) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=Path, default=REAL, help="folder of the real clips")
    parser.add_argument("--only", default="", help="clips whose name holds this")
    parser.add_argument("--tool", default="", help="tools whose name holds this")
    parser.add_argument("--jobs", type=int, default=4, help="so many instances of Motion at once")
    parser.add_argument("--bounds", action="store_true", help="write down the bounds of every segment, too")
    options = parser.parse_args()
    tools, missing = all_tools()
    tools = {name: run for name, run in tools.items() if options.tool in name}
    print(*missing, sep="\n")
    with tempfile.TemporaryDirectory() as name:
        print("\nIoU of bounds / recall of recorded seconds / segments\n")
        print(*head(tools), sep="\n")
        for clip, found in judged(list(clips(Path(name), options.clips, options.only)), tools, options.jobs):
            print(line(clip, found), flush=True)
            if options.bounds:
                print(f"<!-- truth {clip.truth}; " + "; ".join(f"{tool}: {found[tool]}" for tool in tools) + " -->")
    return 0


if __name__ == "__main__":
    sys.exit(main())
