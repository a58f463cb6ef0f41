"""Between recorder and kiosk, two Unix datagram sockets: marks come in, health goes out. Nothing of a person passes.

A mark is ``{"v": 1, "seq": n, "state": "idle" | "session" | "closed"}``, once a second and at each change. Health is
``{"v": 1, "seq": n, "armed": bool, "recording": bool, "faults": [...], "required_ok": bool}``, once a second. Neither
side waits for the other; what is malformed is counted and otherwise nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.inbox import Marked
from recorder.parts import Report
from recorder.visit import Session

EVERY_S: Final = 1.0
LONGEST: Final = 4096
_STATES: Final = {"idle": Session.NONE, "closed": Session.NONE, "session": Session.OPEN}

_log = logging.getLogger(__name__)


def read_mark(datagram: bytes) -> Session | None:
    """What a mark says; None when it is none."""
    try:
        told = json.loads(datagram)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("v") != 1 or type(told.get("seq")) is not int:
        return None
    state = told.get("state")
    return _STATES.get(state) if isinstance(state, str) else None


def health(report: Report, number: int) -> bytes:
    """The datagram for the kiosk."""
    told = {
        "v": 1,
        "seq": number,
        "armed": report.armed,
        "recording": report.recording,
        "faults": sorted(report.faults),
        "required_ok": report.required_ok,
    }
    return json.dumps(told, separators=(",", ":")).encode()


class Marks:
    """Listens at `path`, tells `there` how the recorder is. In a thread of its own. Raises OSError when it cannot."""

    def __init__(self, path: Path, there: Path, sink: Callable[[Marked], None], report: Callable[[], Report]) -> None:
        self._path = path
        self._there = str(there)
        self._sink = sink
        self._report = report
        self._number = 0
        self.malformed = 0
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(str(path))
            path.chmod(0o660)
        except OSError:
            self._socket.close()
            raise
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def hear(self) -> None:
        """Everything that has come."""
        while True:
            try:
                datagram = self._socket.recv(LONGEST)
            except OSError:
                return
            session = read_mark(datagram)
            if session is None:
                self.malformed += 1
                if self.malformed == 1:
                    _log.warning("a malformed mark came; more of them are only counted")
            else:
                self._sink(Marked(session))

    def tell(self) -> None:
        """How the recorder is now. A kiosk that is not there, or does not listen, misses it."""
        self._number += 1
        with contextlib.suppress(OSError):
            self._socket.sendto(health(self._report(), self._number), self._there)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ending.is_set():
            if time.monotonic() >= due:
                self.tell()
                due = max(due + EVERY_S, time.monotonic())
            ready, _, _ = select.select([self._socket], [], [], min(0.25, max(0.0, due - time.monotonic())))
            if ready:
                self.hear()
