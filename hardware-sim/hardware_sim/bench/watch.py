"""The bench's eye on the recorder: asks it twice a second how it is, by its own status socket, and remembers.

A Unix stream socket; each message is its length (4 bytes, big endian) and JSON: ``{"ask": "state"}`` is answered with
``armed``, ``recording``, ``faults``, ``required_ok``, ``footage_h`` and more.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .changes import Changes

EVERY_S: Final = 0.5
ANSWER_S: Final = 5.0
_LENGTH: Final = struct.Struct(">I")
_LONGEST: Final = 4 << 20
_KEPT: Final = 5000


@dataclass(frozen=True)
class Told:
    """What the recorder said of itself, from an instant of the bench's time on; all False while it says nothing.

    for_s: since when it has been armed, or not. footage_h: hours in its ring, None while it does not know.
    """

    at: datetime
    answers: bool = False
    armed: bool = False
    recording: bool = False
    required_ok: bool = False
    faults: frozenset[str] = frozenset()
    for_s: float = 0.0
    footage_h: float | None = None

    @property
    def facts(self) -> tuple[object, ...]:
        """Without what changes by itself."""
        return self.answers, self.armed, self.recording, self.required_ok, self.faults

    def to_json(self) -> dict[str, Any]:
        return {
            "time": self.at.isoformat(timespec="milliseconds"),
            "armed": self.armed,
            "recording": self.recording,
            "faults": sorted(self.faults),
        }


def ask(path: Path, what: str = "state", timeout_s: float = ANSWER_S) -> dict[str, Any]:
    """One question to the recorder. Raises OSError while nobody answers, ValueError for an answer that is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        body = json.dumps({"ask": what}).encode()
        connection.sendall(_LENGTH.pack(len(body)) + body)
        (size,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
        if size > _LONGEST:
            raise ValueError(f"an answer of {size} bytes")
        answer = json.loads(_exactly(connection, size))
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    return answer


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise ConnectionError("the recorder hung up")
        found += more
    return found


def read(answer: dict[str, Any], at: datetime) -> Told:
    """Raises ValueError for an answer without the facts."""
    try:
        return Told(
            at,
            True,
            bool(answer["armed"]),
            bool(answer["recording"]),
            bool(answer["required_ok"]),
            frozenset(map(str, answer["faults"])),
            float(answer.get("for_s", 0.0)),
            answer.get("footage_h"),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"an answer without {error}") from None


class RecorderWatch:
    """Asks in a thread of its own, rings at every change. May be used from any thread."""

    def __init__(self, path: Path, changes: Changes, now: Callable[[], datetime]) -> None:
        self._path = path
        self._changes = changes
        self._now = now
        self._lock = threading.Lock()
        self._last = Told(now())
        self._kept: deque[Told] = deque(maxlen=_KEPT)
        self._count = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def last(self) -> Told:
        """What it said last."""
        with self._lock:
            return self._last

    @property
    def count(self) -> int:
        """How many changes there were; a mark for :meth:`since`."""
        with self._lock:
            return self._count

    def since(self, mark: int) -> list[Told]:
        """Every change after the mark, oldest first."""
        with self._lock:
            new = self._count - mark
            return list(self._kept)[-new:] if new > 0 else []

    def look(self) -> None:
        """Ask once."""
        try:
            told = read(ask(self._path), self._now())
        except (OSError, ValueError):
            told = Told(self._now())
        with self._lock:
            new = told.facts != self._last.facts
            self._last = told
            if new:
                self._kept.append(told)
                self._count += 1
        if new:
            self._changes.ring()

    def _run(self) -> None:
        while not self._ending.wait(EVERY_S):
            self.look()
