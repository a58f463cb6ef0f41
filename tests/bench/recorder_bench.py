"""What the recorder costs beside Motion and DVR-Scan: seconds on a core for each second of video, and memory.

A camera of 1280×720, 10 pictures a second, a keyframe every two seconds, about 1 Mbit/s, serves the same stream over
RTSP at real-time pace to `python -m recorder` and to Motion 4.5 (recording by pass-through) at the same moment
(`recorder_rounds`). Ours is the whole of it: camera's process, presence, AES-GCM, ring on the disk with every group
synced, books, health; Motion neither encrypts nor syncs. DVR-Scan knows only files: it gets the same pictures as one,
only scans them (`-so`), and is not held to real time; what its interpreter takes to start is taken off.

Every round also tells who was on whose record; the last measure counts the hard cases that this recorder does not meet
(`presence_compare`: all three on every clip, in the same run; with `--quick` only this recorder).
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final, TypeVar

import presence_compare as compare
import recorder_rounds as rounds
from harness import Measure, Unavailable
from recorder_rounds import Cost

from hardware_sim.camera.scenes import overlap

ROUNDS: Final = 5
SETTING: Final = "tuned"
"""Of Motion and of DVR-Scan: with it they find the most (`presence_compare`)."""
GOALS: Final = {"busy": 1 / 3, "empty": 1 / 8}
GOAL_MIB: Final = 120.0
IOU: Final = 0.95
JOBS: Final = 6
QUICK: Final = "--quick" in sys.argv

T = TypeVar("T")


class Rounds:
    """The rounds of one scene: `ours` and `motions` are asked in any order, each pair of them is one round."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.costs: dict[str, list[Cost]] = {"ours": [], "Motion": []}
        self._given = dict.fromkeys(self.costs, 0)

    def next(self, whose: str) -> float:
        if shutil.which("motion") is None:
            raise Unavailable("Motion is not installed: sudo apt-get install motion")
        if self._given[whose] == len(self.costs[whose]):
            ours, theirs = rounds.round_of(self.name, SETTING)
            assert theirs is not None
            self.costs["ours"].append(ours)
            self.costs["Motion"].append(theirs)
        self._given[whose] += 1
        return self.costs[whose][self._given[whose] - 1].cpu

    def report(self) -> str:
        truth = rounds.clip_of(self.name, Path()).truth
        lines = [
            f"{rounds.kbit_s(self.name):.0f} kbit/s; medians of {len(self.costs['ours'])}; somebody is there in "
            f"{sum(last - first for first, last in truth):.0f} of {rounds.CLIP_S:.0f} s.",
            "",
            "| | CPU s for a second of video | before the clip, CPU s | PSS, MiB | worst IoU / recall / segments |",
            "|---|---|---|---|---|",
        ]
        for who, costs in self.costs.items():
            cpu, start_s, mib = (
                statistics.median(getattr(one, key) for one in costs) for key in ("cpu", "start_s", "mib")
            )
            lines.append(f"| {who} | {cpu:.4f} | {start_s:.2f} | {mib:.0f} | {worst(costs, truth)} |")
        return "\n".join([*lines, self._dvr_scan(len(self.costs["ours"]), truth)])

    def _dvr_scan(self, times: int, truth: compare.Spans) -> str:
        """Its line of the table."""
        program = compare.dvr_scan_program()
        if program is None:
            how = "`python -m venv var/dvr-scan; var/dvr-scan/bin/pip install dvr-scan`"
            return f"| DVR-Scan | not installed: {how} | | | |"
        with tempfile.TemporaryDirectory(prefix="dvr-scan-") as folder:
            clip = rounds.clip_of(self.name, Path(folder) / "clip.mp4")
            seconds = as_file(self.name, clip.path)
            version = partial(subprocess.run, [program, "--version"], check=True, capture_output=True)
            costs, start_s = [], statistics.median(spent_by(version)[0] for _ in range(3))
            for _ in range(times):
                cpu_s, found = spent_by(partial(compare.dvr_scan, clip, SETTING))
                costs.append(Cost((cpu_s - start_s) / seconds, start_s, 0.0, 0.0, shifted(found)))
        cpu = statistics.median(one.cpu for one in costs)
        return f"| DVR-Scan, from a file | {cpu:.4f} | {start_s:.2f} | – | {worst(costs, truth)} |"


def spent_by(run: Callable[[], T]) -> tuple[float, T]:
    """Seconds on a core of the processes that it starts and waits for, and what it gives."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found


def as_file(name: str, path: Path) -> float:
    """The very pictures of a scene, lead and clip, as a file; returns its seconds."""
    lead, clip = rounds.film(name)
    raw = path.with_suffix(".h264")
    raw.write_bytes(b"".join(unit.data for unit in (*lead, *clip)))
    command = ["ffmpeg", "-v", "error", "-y", "-r", f"{compare.FPS:g}", "-i", str(raw), "-c", "copy", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return (len(lead) + len(clip)) / compare.FPS


def shifted(found: compare.Found) -> compare.Found:
    """From seconds of the file to seconds of the clip."""
    spans = [(first - rounds.LEAD_S, last - rounds.LEAD_S) for first, last in found.recorded]
    return compare.Found(spans, spans)


def worst(costs: Sequence[Cost], truth: compare.Spans) -> str:
    """Of all rounds, as `presence_compare` says it."""
    if not truth:
        return compare.cell(max((one.found for one in costs), key=lambda found: len(found.recorded)), truth)
    return compare.cell(min((one.found for one in costs), key=lambda found: quality(found, truth)), truth)


def quality(found: compare.Found, truth: compare.Spans) -> tuple[float, float]:
    return overlap(found.recorded, truth)[1], overlap(found.visits, truth)[0]


def meets(found: compare.Found | None, truth: compare.Spans) -> bool:
    """Everybody on the record, whole; as many visits as there were; nobody where nobody was."""
    if found is None:
        return False
    if not truth:
        return not found.recorded
    recall, iou = quality(found, truth)
    return recall >= 1.0 and iou >= IOU and len(found.visits) == len(truth)


@cache
def _rounds(name: str) -> Rounds:
    return Rounds(name)


def mib() -> float:
    """The highest of all rounds; they have been gone by then."""
    costs = [cost for name in GOALS for cost in _rounds(name).costs["ours"]]
    if not costs:
        raise Unavailable("no round was possible")
    return max(cost.mib for cost in costs)


def alone() -> str:
    costs = [cost for name in GOALS for cost in _rounds(name).costs["ours"]]
    most = max(one.alone_mib for one in costs)
    return f"If no other process had loaded the same libraries: {most:.0f} MiB, what only mirrors files included."


_TABLE: list[str] = []


def unmet() -> float:
    """Clips on which this recorder does not do what is asked."""
    tools, missing = compare.all_tools()
    if QUICK:
        tools, missing = {"ours": tools["ours"]}, ["Only this recorder (--quick)."]
    _TABLE[:] = [*missing, "", "IoU of bounds / recall of recorded seconds / segments", "", *compare.head(tools)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="clips-") as folder:
        chosen = list(compare.clips(Path(folder), compare.REAL, ""))
        for clip, found in compare.judged(chosen, tools, JOBS):
            _TABLE.append(compare.line(clip, found))
            failed += not meets(found["ours"], clip.truth)
    return failed


def measures() -> list[Measure]:
    found = []
    for name, goal in GOALS.items():
        scene = _rounds(name)
        found.append(
            Measure(
                f"recorder beside Motion, {name} scene (CPU s / s)",
                partial(scene.next, "ours"),
                partial(scene.next, "Motion"),
                goal,
                ROUNDS,
                report=scene.report,
                warm_up=0,
            )
        )
    found.append(Measure("recorder's memory", mib, None, GOAL_MIB, 1, unit="MiB", report=alone, warm_up=0))
    return [
        *found,
        Measure(
            "clips that are not recorded as asked",
            unmet,
            None,
            0.0,
            1,
            unit="",
            report=lambda: "\n".join(_TABLE),
            warm_up=0,
        ),
    ]
