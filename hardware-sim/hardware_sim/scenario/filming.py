"""The security camera in a scenario: what happens before it, and what its recorder has kept.

What was recorded is read off the recorder's own index once everything is sealed, as evidence only: whoever stood there
is known from the simulated place, by the bench's time.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hardware_sim.bench.surveillance import Stay, Surveillance
from hardware_sim.bench.world import Bench

from .script import Step

INDEX: Final = "index.sqlite"
SIGN: Final = "idle.camera"
"""Id of the sign on the panel."""
REST_S: Final = 60.0
SEAL_S: Final = 30.0
_LOOK_S: Final = 0.3
GAP_S: Final = 1.0
"""A visit of which less is missing is whole: between two groups of pictures there may be a frame."""


@dataclass(frozen=True)
class Recording:
    """One visit in the ring, with pre-roll and tail."""

    event: int
    first: datetime
    last: datetime
    footage_s: float

    @property
    def missing_s(self) -> float:
        """How much of it is not there."""
        return (self.last - self.first).total_seconds() - self.footage_s

    def to_json(self) -> dict[str, Any]:
        return {
            "event": self.event,
            "first": self.first.isoformat(timespec="milliseconds"),
            "last": self.last.isoformat(timespec="milliseconds"),
            "footage_s": round(self.footage_s, 1),
        }


@dataclass(frozen=True)
class Filmed:
    """What the recorder kept and said between the scenario's begin and end, beside who was there."""

    recordings: tuple[Recording, ...]
    stays: tuple[Stay, ...]
    alarms: tuple[str, ...]

    @property
    def covered(self) -> bool:
        """Whoever stood there is on one recording, from coming until turning to go."""
        return all(
            any(r.first <= stay.came and stay.left is not None and r.last >= stay.left for r in self.recordings)
            for stay in self.stays
        )

    @property
    def gap(self) -> bool:
        """Something is missing within a recording."""
        return any(recording.missing_s >= GAP_S for recording in self.recordings)

    def to_json(self) -> dict[str, Any]:
        return {
            "recordings": [recording.to_json() for recording in self.recordings],
            "stays": [stay.to_json() for stay in self.stays],
            "alarms": list(self.alarms),
        }


def recordings(index: Path, after: int = 0) -> tuple[Recording, ...]:
    """Visits of the recorder's index above a number; what is not sealed yet is not in it."""
    if not index.exists():
        return ()
    with closing(sqlite3.connect(f"{index.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        rows = db.execute(
            "SELECT event, min(first_utc_us), max(last_utc_us), sum(footage_ms) FROM visit WHERE event > ? "
            "GROUP BY event ORDER BY event",
            (after,),
        ).fetchall()
    return tuple(
        Recording(event, _instant(first_us), _instant(last_us), ms / 1000) for event, first_us, last_us, ms in rows
    )


def _instant(utc_us: int) -> datetime:
    return datetime.fromtimestamp(utc_us / 1e6, UTC)


class Filming:
    """The steps of a scenario that are about the camera. fail: makes the error that a failed step raises."""

    def __init__(self, bench: Bench, fail: Callable[[str], Exception]) -> None:
        self._bench = bench
        self._fail = fail
        self._event = self._stays = self._changes = 0
        self._filmed: Filmed | None = None
        self._alarms: tuple[str, ...] | None = None
        self.acts: dict[str, Callable[[Step], None]] = {
            "camera": self._camera,
            "case": lambda step: self._made.set_case(step.value == "open"),
            "case_key": lambda step: self._made.key(step.value),
            "wait_recorder": self._wait_recorder,
            "wait_sign": self._wait_sign,
        }

    @property
    def _made(self) -> Surveillance:
        if self._bench.surveillance is None:
            raise self._fail("this scenario needs a camera: write camera = true into its [setup]")
        return self._bench.surveillance

    # -- begin and end -----------------------------------------------------------------------------

    def tidy(self) -> None:
        """Nobody there, nothing wrong."""
        self._filmed = None
        if self._bench.surveillance is not None:
            self._bench.surveillance.tidy()

    def begin(self) -> None:
        """The recorder is at rest, and everything before is sealed."""
        made = self._bench.surveillance
        if made is None:
            return
        if not made.sealed:
            self._seal()
        give_up = time.monotonic() + REST_S
        while not made.at_rest() and time.monotonic() < give_up:
            self._bench.changes.wait(self._bench.changes.count, _LOOK_S)
        if not made.at_rest():
            raise self._fail(f"the recorder does not come to rest; it says {made.told.to_json()}")
        found = recordings(self._index)
        self._event = found[-1].event if found else 0
        self._stays, self._alarms = len(made.stays()), None
        assert made.watch is not None
        self._changes = made.watch.count
        made.sealed = False

    def end(self) -> None:
        """Wait until nothing is recorded any more; then all of it can be read."""
        made = self._bench.surveillance
        if made is None:
            return
        if not self._bench.wait_until(lambda: not made.told.recording, REST_S):
            raise self._fail("the recorder still records, long after the end")
        # Before the restart, which has the camera lost for a moment.
        self._alarms = self._begun()
        self._seal()

    def filmed(self) -> Filmed | None:
        """None on a bench without a camera."""
        made = self._bench.surveillance
        if made is None:
            return None
        if self._filmed is None:
            alarms = self._begun() if self._alarms is None else self._alarms
            self._filmed = Filmed(recordings(self._index, self._event), tuple(made.stays(self._stays)), alarms)
        return self._filmed

    def _begun(self) -> tuple[str, ...]:
        """Faults told of since the scenario began."""
        watch = self._made.watch
        assert watch is not None
        return tuple(dict.fromkeys(fault for told in watch.since(self._changes) for fault in sorted(told.faults)))

    @property
    def _index(self) -> Path:
        return self._bench.state.recorder / INDEX

    def _seal(self) -> None:
        """The recorder ends in order, which seals what it wrote, and starts again."""
        recorder = self._made.recorder
        assert recorder is not None
        recorder.restart()
        self._made.sealed = True
        self._filmed = None

    # -- steps -------------------------------------------------------------------------------------

    def _camera(self, step: Step) -> None:
        match step.value:
            case "still" | "move":
                self._made.do("still", on=step.value == "still")
            case what:
                self._made.do(what)

    def _wait_recorder(self, step: Step) -> None:
        made, wanted = self._made, step.value

        def so() -> bool:
            told = made.told
            return bool(
                wanted.get("armed", told.armed) == told.armed
                and wanted.get("recording", told.recording) == told.recording
                and ("fault" not in wanted or wanted["fault"] in told.faults)
                and ("no_fault" not in wanted or (told.answers and wanted["no_fault"] not in told.faults))
            )

        if not self._bench.wait_until(so, step.within_s):
            raise self._fail(f"the recorder was not so in {step.within_s:g} s; it says {made.told.to_json()}")

    def _wait_sign(self, step: Step) -> None:
        """By the picture on the panel: dark is a panel without it, whatever else it shows."""
        bench, lit = self._bench, step.value == "lit"

        def so() -> bool:
            picture = bench.mirror.picture
            shown = picture is not None and any(text_id == SIGN for text_id, _ in picture.texts)
            return shown is lit

        if not bench.wait_until(so, step.within_s):
            raise self._fail(f"the sign was not {step.value} in {step.within_s:g} s; the panel shows {bench.screen()}")


def pause(seconds: float) -> None:
    """Let so much real time pass: for what must not happen."""
    time.sleep(seconds)
