"""Bench only: asks before and after every journal commit whether to go on, so that a power cut can be placed exactly.

The bench listens on a Unix stream socket. Each line is one JSON object
`{"phase": "before"|"after", "kinds": [...], "n": k}`, k counting commits of this process from 1; the answer is the
line `go`. A bench that is gone is not waited for.
"""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import IO


class Gate:
    """Implements `kiosk.ports.JournalGate`."""

    def __init__(self, path: Path) -> None:
        self._count = 0
        self._socket: socket.socket | None = None
        self._lines: IO[bytes] | None = None
        with contextlib.suppress(OSError):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(str(path))
            self._socket, self._lines = connection, connection.makefile("rb")

    def before(self, kinds: tuple[str, ...]) -> None:
        self._count += 1
        self._ask("before", kinds)

    def after(self, kinds: tuple[str, ...]) -> None:
        self._ask("after", kinds)

    def _ask(self, phase: str, kinds: tuple[str, ...]) -> None:
        if self._socket is None or self._lines is None:
            return
        line = json.dumps({"phase": phase, "kinds": list(kinds), "n": self._count}) + "\n"
        try:
            self._socket.sendall(line.encode())
            answered = self._lines.readline()
        except OSError:
            answered = b""
        if not answered:
            self.close()

    def close(self) -> None:
        """May be called twice."""
        if self._lines is not None:
            self._lines.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._lines = None
