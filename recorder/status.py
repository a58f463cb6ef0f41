"""How the recorder is, for programs of this machine: a Unix stream socket, length (4 bytes, big endian) and JSON.

``{"ask": "state"}`` is answered; everything else says plainly that it is not there yet. Only processes of the same user
or group are answered (SO_PEERCRED, unix(7)).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from recorder.parts import Report

LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 64 << 10
ANSWER_S: Final = 5.0
_CREDENTIALS: Final = struct.Struct("3i")

_log = logging.getLogger(__name__)


def told(report: Report, boot_s: float) -> dict[str, Any]:
    """The answer to ``state``. for_s: since when it has been armed, or not; footage_h: hours in the ring;
    outlook: a sentence for staff."""
    ring = report.ring
    return {
        "v": 1,
        "armed": report.armed,
        "recording": report.recording,
        "faults": sorted(report.faults),
        "required_ok": report.required_ok,
        "for_s": round(max(0.0, boot_s - report.since_boot_s)),
        "footage_h": None if ring is None else round(ring.footage_s / 3600, 2),
        "outlook": None if report.outlook is None else str(report.outlook),
        "ring": None if ring is None else asdict(ring) | {"stage": ring.stage.value},
    }


def receive(connection: socket.socket) -> Any:
    """One message; None at the end. Raises ValueError for what is none, OSError."""
    head = _exactly(connection, LENGTH.size)
    if head is None:
        return None
    (size,) = LENGTH.unpack(head)
    if size > LONGEST:
        raise ValueError(f"a message of {size} bytes is too long")
    return json.loads(_exactly(connection, size) or b"")


def send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    body = json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(LENGTH.pack(len(body)) + body)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            return None
        found += more
    return found


class Status:
    """Answers one after the other, in a thread of its own. Raises OSError when the socket cannot be made."""

    def __init__(self, path: Path, state: Callable[[], Mapping[str, Any]]) -> None:
        self._path = path
        self._state = state
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(str(path))
            path.chmod(0o660)
            self._socket.listen(8)
            self._socket.settimeout(0.5)
        except OSError:
            self._socket.close()
            raise
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                continue
            with connection, contextlib.suppress(OSError, ValueError, RecursionError):
                connection.settimeout(ANSWER_S)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        if not allowed(connection):
            _log.warning("somebody without the right to it asked how the recorder is")
            receive(connection)  # whoever is cut off while still asking does not hear why
            send(connection, {"v": 1, "error": "not allowed: ask as the recorder's user or group"})
            return
        while (asked := receive(connection)) is not None:
            what = asked.get("ask") if isinstance(asked, dict) else None
            if what == "state":
                send(connection, self._state())
            else:
                send(connection, {"v": 1, "error": "not yet: this recorder answers 'state' only"})


def allowed(connection: socket.socket) -> bool:
    """Whether the other end runs as our user, or with our group."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, gid = _CREDENTIALS.unpack(raw)
    return bool(uid == os.geteuid() or gid == os.getegid())
