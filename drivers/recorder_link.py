"""The kiosk's side of the recorder: says whether a session is open, hears whether the camera records (S-11, S-12).

Two Unix datagram sockets. Marks go out once a second and at each change: ``{"v": 1, "seq": n, "state": ...}``. Health
comes in once a second, and at once after a mark that is another one than before. What was heard counts for less than
two seconds: a recorder that has died is not believed any longer, and the sign goes dark. Neither side waits for the
other; nothing of a person passes.

A folder that is not there, or a recorder that is not running, is a fault among others: it is tried again each second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from config.datagrams import Datagrams
from kiosk.events import CameraTold
from kiosk.ports import MarkState, Sink

EVERY_S: Final = 1.0
BELIEVED_S: Final = 1.7
"""So that the sign is dark within two seconds: until that is seen, told and drawn, some tenths more go by."""

SILENT: Final = "silent"
NO_FOLDER: Final = "no_folder"
"""Our own socket cannot be made: its folder is missing, or is not ours to write."""
NO_RECORDER: Final = "no_recorder"
"""Nobody listens at the recorder's socket."""

_log = logging.getLogger(__name__)


def read_health(told: Mapping[str, Any]) -> CameraTold | None:
    """What a message of the recorder says; None when it is malformed."""
    flags = [told.get(name) for name in ("armed", "recording", "required_ok")]
    faults = told.get("faults")
    if not all(isinstance(flag, bool) for flag in flags) or not isinstance(faults, list):
        return None
    if not all(isinstance(fault, str) for fault in faults):
        return None
    armed, recording, required_ok = (bool(flag) for flag in flags)
    return CameraTold(armed, recording, required_ok, frozenset(faults))


class RecorderLink:
    """Implements `kiosk.ports.CameraWatch`. marks: the recorder's socket; own: the kiosk's, made here.

    clock: seconds that never go back, for silences only.
    """

    def __init__(self, marks: Path, own: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._marks, self._own = marks, own
        self._clock = clock
        self._sink: Sink | None = None
        self._lock = threading.Lock()
        self._end: Datagrams | None = None
        self._malformed = 0
        self._state: MarkState | None = None
        self._said_s = self._tried_s = float("-inf")
        self._taken = True
        self._heard: CameraTold | None = None
        self._heard_s = clock()
        self._told: CameraTold | None = None
        self._wrong = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder link", daemon=True)

    @property
    def malformed(self) -> int:
        """How many datagrams said nothing that can be understood."""
        return self._malformed + (self._end.malformed if self._end else 0)

    @property
    def told(self) -> CameraTold | None:
        """As last handed on; None: nothing was heard yet, and it is too early to call it silence."""
        return self._told

    def start(self, sink: Sink) -> None:
        """In a thread of its own from now on. Silence counts from here."""
        self._sink = sink
        self._heard_s = self._clock()
        self._thread.start()

    def mark(self, state: MarkState) -> None:
        """What the kiosk does now; said at once if it is something else than before."""
        with self._lock:
            if state != self._state:
                self._state = state
                self._open()
                self._say()
                if self._end is not None:
                    self._end.wake()

    def turn(self) -> float:
        """Hear what has come, say again what is due, hand on what has changed. Returns how long nothing is due, s."""
        with self._lock:
            self._open()
            now = self._clock()
            for message in self._end.heard() if self._end else ():
                heard = read_health(message)
                if heard is None:
                    self._malformed += 1
                else:
                    self._heard, self._heard_s = heard, now
            if now - self._said_s >= EVERY_S:
                self._say()
            self._hand_on(now)
            due = self._said_s + EVERY_S if self._state and self._end else now + EVERY_S
            silent_s = self._heard_s + BELIEVED_S
            return max(0.0, (due if now >= silent_s else min(due, silent_s)) - now)

    def close(self) -> None:
        """End the thread and take the socket away; may be called twice."""
        self._ending.set()
        with self._lock:
            if self._end is not None:
                self._end.wake()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        with self._lock:
            if self._end is not None:
                self._end.close()
                self._end = None

    # ---- with the lock held ----------------------------------------------------------------------------------

    def _open(self) -> None:
        """Our own socket, as long as it takes; made anew when it was taken away."""
        now = self._clock()
        if self._ending.is_set() or now - self._tried_s < EVERY_S:
            return
        self._tried_s = now
        if self._end is not None and not self._end.reachable:
            self._malformed += self._end.malformed
            self._end.close()
            self._end = None
        if self._end is None:
            try:
                self._end = Datagrams(self._own, self._marks)
            except OSError as error:
                self._complain(f"{self._own}: {error.strerror}; its folder comes from systemd/certkiosk.conf")

    def _say(self) -> None:
        if self._state is not None and self._end is not None:
            self._said_s = self._clock()
            self._taken = self._end.tell({"state": self._state})

    def _hand_on(self, now: float) -> None:
        if now - self._heard_s < BELIEVED_S:
            told = self._heard
        else:
            why = {NO_FOLDER} if self._end is None else set() if self._taken else {NO_RECORDER}
            told = CameraTold(False, False, False, frozenset({SILENT} | why))
        if told is None or told == self._told:
            return
        if SILENT not in told.faults:
            self._wrong = ""
        elif self._end is not None:
            self._complain(f"{self._marks}: {'the recorder is silent' if self._taken else 'no recorder is running'}")
        self._told = told
        if self._sink is not None:
            self._sink(told)

    def _complain(self, wrong: str) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            _log.warning("%s", wrong)

    # ---- the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.is_set():
            wait_s = self.turn()
            end = self._end
            if end is None:
                self._ending.wait(wait_s)
            elif not self._ending.is_set():
                end.wait(wait_s)
