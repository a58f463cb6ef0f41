"""Between recorder and kiosk, two Unix datagram sockets: marks come in, health goes out. Nothing of a person passes.

A mark is ``{"v": 1, "seq": n, "state": "idle" | "session" | "closed"}``, once a second and at each change. Health is
``{"v": 1, "seq": n, "armed": bool, "recording": bool, "faults": [...], "required_ok": bool}``, once a second, and at
once when a mark says something new or comes from a new process of the kiosk: there is one for each person, and nobody
can begin before it has heard of the camera. Neither side waits for the other; what is malformed is counted and
otherwise nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from config.datagrams import Datagrams
from recorder.inbox import MOST_S, Marked
from recorder.parts import Report
from recorder.visit import Session

EVERY_S: Final = 1.0
HUNG: Final = "hung"
"""The fault that the recorder's own thread does not go round any more."""
HUNG_S: Final = MOST_S
"""What waits for it for longer than this is lost, so its last report does not hold any more."""
_STATES: Final = {"idle": Session.NONE, "closed": Session.NONE, "session": Session.OPEN}

_log = logging.getLogger(__name__)


def read_mark(told: Mapping[str, Any]) -> Session | None:
    """What a mark says; None when it is none."""
    state = told.get("state")
    return _STATES.get(state) if isinstance(state, str) else None


def health(report: Report) -> dict[str, object]:
    """What the kiosk is told."""
    return {
        "armed": report.armed,
        "recording": report.recording,
        "faults": sorted(report.faults),
        "required_ok": report.required_ok,
    }


class Marks:
    """Listens at `path`, tells `there` how the recorder is. In a thread of its own. Raises OSError when it cannot.

    report: made anew each time the recorder goes round; clock: seconds that never go back.
    """

    def __init__(
        self,
        path: Path,
        there: Path,
        sink: Callable[[Marked], None],
        report: Callable[[], Report],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._report = report
        self._clock = clock
        self._last, self._changed_s = report(), clock()
        self._state, self._number = "", 0
        self._end = Datagrams(path, there)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)

    @property
    def malformed(self) -> int:
        """How many datagrams said nothing that can be understood."""
        return self._end.malformed

    @property
    def report(self) -> Report:
        """How the recorder is now, for whoever asks; what a thread that hangs said last does not count."""
        report, now = self._report(), self._clock()
        if report is not self._last:
            self._last, self._changed_s = report, now
        if now - self._changed_s < HUNG_S:
            return report
        return replace(report, armed=False, recording=False, required_ok=False, faults=frozenset({HUNG}))

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """May be called twice."""
        if not self._ending.is_set():
            self._ending.set()
            self._end.wake()
            if self._thread.is_alive():
                self._thread.join(timeout=5)
            self._end.close()

    def hear(self) -> None:
        """Everything that has come; what is new is answered at once."""
        known, news = self.malformed, False
        for told in self._end.heard():
            session = read_mark(told)
            if session is None:
                self._end.malformed += 1
                continue
            # A number that does not go on is another process's: the kiosk has one for each person.
            news |= told["state"] != self._state or told["seq"] <= self._number
            self._state, self._number = told["state"], told["seq"]
            self._sink(Marked(session))
        if not known and self.malformed:
            _log.warning("a malformed mark came; more of them are only counted")
        if news:
            self.tell()

    def tell(self) -> None:
        """How the recorder is now. A kiosk that is not there, or does not listen, misses it."""
        self._end.tell(health(self.report))

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            if time.monotonic() >= due:
                self.tell()
                due = max(due + EVERY_S, time.monotonic())
            if self._end.wait(due - time.monotonic()):
                self.hear()
