"""The kiosk's side of the recorder: says whether a session is open, hears whether the camera records (S-11, S-12).

Two Unix datagram sockets. Marks go out once a second and at each change: ``{"v": 1, "seq": n, "state": ...}``. Health
comes in once a second. What was heard counts for two seconds: a recorder that has died is not believed any longer, and
the sign goes dark. Neither side waits for the other; nothing of a person passes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from config.datagrams import Datagrams

EVERY_S: Final = 1.0
BELIEVED_S: Final = 2.0

MarkState = Literal["idle", "session", "closed"]


@dataclass(frozen=True, slots=True)
class RecorderHealth:
    """How the recorder is. armed: who steps in front is recorded, so that the sign may be lit; required_ok: by the
    municipality's rule the terminal may open; faults: short words, for staff."""

    armed: bool = False
    recording: bool = False
    faults: frozenset[str] = frozenset()
    required_ok: bool = False


NOTHING_HEARD: Final = RecorderHealth(faults=frozenset({"silent"}))


def read_health(told: Mapping[str, Any]) -> RecorderHealth | None:
    """What a message of the recorder says; None when it is malformed."""
    flags = [told.get(name) for name in ("armed", "recording", "required_ok")]
    faults = told.get("faults")
    if not all(isinstance(flag, bool) for flag in flags) or not isinstance(faults, list):
        return None
    if not all(isinstance(fault, str) for fault in faults):
        return None
    armed, recording, required_ok = (bool(flag) for flag in flags)
    return RecorderHealth(armed, recording, frozenset(faults), required_ok)


class RecorderLink:
    """marks: the recorder's socket; own: the kiosk's, made here. `say` and `health` may be used from any thread.

    clock: seconds that never go back. Raises OSError when the kiosk's own socket cannot be made.
    """

    def __init__(self, marks: Path, own: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state: MarkState = "closed"
        self._said_s = float("-inf")
        self._heard: tuple[float, RecorderHealth] | None = None
        self._end = Datagrams(own, marks)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder link", daemon=True)

    @property
    def malformed(self) -> int:
        """How many datagrams said nothing that can be understood."""
        return self._end.malformed

    def start(self) -> None:
        """In a thread of its own from now on."""
        self._thread.start()

    def say(self, state: MarkState) -> None:
        """What the kiosk does now; said at once if it is something else than before."""
        with self._lock:
            changed, self._state = state != self._state, state
            if changed:
                self._send()

    @property
    def health(self) -> RecorderHealth:
        """As the recorder said within the last two seconds; `NOTHING_HEARD` otherwise."""
        with self._lock:
            if self._heard is None or self._clock() - self._heard[0] >= BELIEVED_S:
                return NOTHING_HEARD
            return self._heard[1]

    @property
    def armed(self) -> bool:
        """Whether the sign may be lit."""
        return self.health.armed

    def turn(self) -> None:
        """Say again what is due, hear what has come."""
        with self._lock:
            if self._clock() - self._said_s >= EVERY_S:
                self._send()
            for told in self._end.heard():
                heard = read_health(told)
                if heard is None:
                    self._end.malformed += 1
                else:
                    self._heard = self._clock(), heard

    def close(self) -> None:
        """End the thread and take the socket away."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._end.close()

    def _send(self) -> None:
        self._said_s = self._clock()
        self._end.tell({"state": self._state})

    def _run(self) -> None:
        while not self._ending.is_set():
            self.turn()
            self._end.wait(0.2)
