"""What the bench makes of the recorder's own word: its changes, its silence, and plain words for the page."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from config.calendar import JST
from hardware_sim.bench.camera_words import FAULTS, words_of
from hardware_sim.bench.changes import Changes
from hardware_sim.bench.watch import RecorderWatch, Told, ask

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=JST)
STATE = {
    "v": 1,
    "armed": True,
    "recording": False,
    "faults": ["lost"],
    "required_ok": True,
    "for_s": 9,
    "footage_h": 0.5,
}


class FarEnd:
    """A recorder's status socket, written from its description: length in four bytes, then JSON."""

    def __init__(self, path: Path) -> None:
        self.answer: Any = dict(STATE)
        self.asked: list[Any] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                (size,) = struct.unpack(">I", lines.read(4))
                self.asked.append(json.loads(lines.read(size)))
                body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
                connection.sendall(struct.pack(">I", len(body)) + body)

    def close(self) -> None:
        if self._thread.is_alive():
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join()
        self._socket.close()


@pytest.fixture
def far_end(folder: Path) -> Iterator[Callable[[], FarEnd]]:
    made: list[FarEnd] = []

    def one() -> FarEnd:
        made.append(FarEnd(folder / "status.sock"))
        return made[-1]

    yield one
    for end in made:
        end.close()


@pytest.fixture
def watch(folder: Path, changes: Changes) -> RecorderWatch:
    return RecorderWatch(folder / "status.sock", changes, lambda: NOON)


def test_every_change_is_kept_and_rung_and_nothing_else(
    far_end: Callable[[], FarEnd], watch: RecorderWatch, changes: Changes
) -> None:
    end = far_end()
    watch.look()
    assert end.asked == [{"ask": "state"}]
    assert (watch.last.armed, watch.last.recording, watch.last.faults) == (True, False, {"lost"})
    rung, mark = changes.count, watch.count
    end.answer["for_s"] = 10
    watch.look()
    assert (changes.count, watch.count) == (rung, mark), "time alone is no change"
    assert watch.last.for_s == 10
    end.answer |= {"recording": True, "faults": []}
    watch.look()
    (told,) = watch.since(mark)
    assert told.to_json() == {
        "time": NOON.isoformat(timespec="milliseconds"),
        "armed": True,
        "recording": True,
        "faults": [],
    }
    assert changes.count == rung + 1


@pytest.mark.parametrize("answer", [b"nonsense", b"[1]", {"v": 1, "error": "not allowed"}, {**STATE, "faults": 3}])
def test_an_answer_that_is_none_is_silence(far_end: Callable[[], FarEnd], watch: RecorderWatch, answer: object) -> None:
    end = far_end()
    watch.look()
    end.answer = answer
    watch.look()
    assert not watch.last.answers
    assert not watch.last.armed


def test_a_recorder_that_is_gone_is_not_armed(
    far_end: Callable[[], FarEnd], folder: Path, watch: RecorderWatch
) -> None:
    end = far_end()
    watch.look()
    assert ask(folder / "status.sock")["footage_h"] == 0.5
    end.close()
    before = watch.count
    watch.look()
    assert watch.since(before) == [Told(NOON)]


# ---- words ------------------------------------------------------------------------------------------------


def said(told: Told, *, running: bool = True, configured: bool = True) -> str:
    found = words_of(told, running=running, configured=configured)
    assert found["words_en"]
    return str(found["words"])


def test_each_state_has_words_of_its_own() -> None:
    up = Told(NOON, answers=True)
    states = [
        said(Told(NOON), configured=False, running=False),
        said(Told(NOON), running=False),
        said(Told(NOON)),
        said(Told(NOON, True, armed=True, recording=True)),
        said(Told(NOON, True, armed=True)),
        said(Told(NOON, True, faults=frozenset({"lost"}))),
        said(up),
    ]
    assert len(set(states)) == len(states)


def test_every_alarm_is_told_in_both_languages_unknown_ones_too() -> None:
    told = words_of(Told(NOON, True, faults=frozenset({*FAULTS, "conflict_7"})), running=True, configured=True)
    assert len(told["alarms"]) == len(FAULTS) + 1
    assert all(alarm["words"] and alarm["words_en"] for alarm in told["alarms"])
