"""The gate at the journal: the kiosk asks before and after every commit, so a mishap can be placed exactly there.

The kiosk connects to a Unix stream socket and sends one line of JSON, ``{"phase": "before"|"after",
"kinds": [...], "n": k}``; it goes on when it reads ``go`` and a line feed, or when the socket is closed.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .changes import Changes

Phase = Literal["before", "after"]
ANY = "*"
"""Every kind of entry."""
_KEPT_PASSES = 5000


@dataclass(frozen=True)
class Passage:
    """One commit at the gate. ``pid``: the process that asks, told by the kernel."""

    phase: Phase
    kinds: tuple[str, ...]
    n: int
    pid: int


@dataclass
class Trap:
    """Springs at the ``nth`` fitting passage; ``act`` is called while the kiosk waits, and no ``go`` follows.

    ``kind``: of one of the entries in the commit, or :data:`ANY`.
    """

    phase: Phase
    kind: str
    act: Callable[[Passage], None]
    nth: int = 1
    sprung: Passage | None = None
    _met: int = field(default=0, repr=False)

    def fits(self, passage: Passage) -> bool:
        if self.sprung is not None or passage.phase != self.phase:
            return False
        if self.kind != ANY and self.kind not in passage.kinds:
            return False
        self._met += 1
        return self._met >= self.nth


class JournalGateServer:
    """Listens at ``path``; lets everything pass that no trap waits for."""

    def __init__(self, path: Path, changes: Changes) -> None:
        self._path = path
        self._changes = changes
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._accept, name="gate", daemon=True)
        self._open: list[socket.socket] = []
        self._talking: list[threading.Thread] = []
        self._traps: list[Trap] = []
        self._passed: deque[Passage] = deque(maxlen=_KEPT_PASSES)
        self._passed_count = 0

    def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._listener.bind(str(self._path))
        self._path.chmod(0o600)
        self._listener.listen(4)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._talking:
            thread.join()
        self._path.unlink(missing_ok=True)

    # -- for the bench -----------------------------------------------------------------------------

    def arm(self, kind: str, phase: Phase, act: Callable[[Passage], None], nth: int = 1) -> Trap:
        """Call ``act`` at the ``nth`` commit from now on that holds an entry ``kind`` (or any)."""
        trap = Trap(phase, kind, act, nth)
        with self._lock:
            self._traps.append(trap)
        return trap

    def disarm(self, trap: Trap | None = None) -> None:
        """One trap, or all of them."""
        with self._lock:
            self._traps = [] if trap is None else [kept for kept in self._traps if kept is not trap]

    @property
    def count(self) -> int:
        """How many passages there were; a mark for :meth:`passed`."""
        with self._lock:
            return self._passed_count

    def passed(self, since: int = 0) -> list[Passage]:
        """Passages after the mark ``since``, oldest first."""
        with self._lock:
            new = self._passed_count - since
            return list(self._passed)[-new:] if new > 0 else []

    # -- own threads -------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.append(connection)
                self._talking = [thread for thread in self._talking if thread.is_alive()]
            thread = threading.Thread(target=self._talk, args=(connection,), name="gate-kiosk", daemon=True)
            self._talking.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        pid = _peer(connection)
        with connection, connection.makefile("rb") as lines:
            try:
                for line in lines:
                    said = json.loads(line)
                    passage = Passage(said["phase"], tuple(map(str, said["kinds"])), int(said["n"]), pid)
                    trap = self._book(passage)
                    self._changes.ring()
                    if trap is None:
                        connection.sendall(b"go\n")
                    else:
                        trap.act(passage)
                        self._changes.ring()
            except (OSError, ValueError, KeyError):
                pass
        with self._lock:
            self._open.remove(connection)

    def _book(self, passage: Passage) -> Trap | None:
        with self._lock:
            self._passed.append(passage)
            self._passed_count += 1
            trap = next((each for each in self._traps if each.fits(passage)), None)
            if trap is not None:
                trap.sprung = passage
                self._traps.remove(trap)
        return trap


def _peer(connection: socket.socket) -> int:
    """Process id at the other end (SO_PEERCRED, socket(7))."""
    size = struct.calcsize("3i")
    return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0])
