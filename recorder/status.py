"""How the recorder is, for programs of this machine: a Unix stream socket (`config.framed`).

``{"ask": "state"}`` says how it is (`told`), ``live`` what the camera shows now (`recorder.live`), ``keys`` who used
the key of its case (`recorder.key_told`); everything else says plainly that it is not there yet. Only processes of the
same user, or in the same group, are answered (SO_PEERCRED and SO_PEERGROUPS, unix(7)). Each asker has a thread of its
own: one that is slow, or dead, keeps nobody else waiting.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeAlias

from config.framed import receive, send
from recorder.parts import Report

ANSWER_S: Final = 5.0
MOST_ASKERS: Final = 8
"""At once; one more, and the one that has been there for longest is cut off."""
_CREDENTIALS: Final = struct.Struct("3i")
_PEERGROUPS: Final = 59
"""SO_PEERGROUPS of asm-generic/socket.h; Python does not name it."""
_MOST_GROUPS: Final = 256

Answer: TypeAlias = Callable[[], Mapping[str, Any]]

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


class Status:
    """Answers by what is asked, each asker in a thread of its own. Raises OSError when the socket cannot be made.

    answers: they are called from several threads at once.
    """

    def __init__(self, path: Path, answers: Mapping[str, Answer]) -> None:
        self._path = path
        self._answers = dict(answers)
        self._askers: dict[threading.Thread, socket.socket] = {}
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(str(path))
            path.chmod(0o660)
            self._socket.listen(8 * MOST_ASKERS)
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
        _cut(self._socket)
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._socket.close()
        for thread, connection in self._askers.items():
            _cut(connection)
            thread.join(timeout=10)
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                continue
            self._askers = {thread: theirs for thread, theirs in self._askers.items() if thread.is_alive()}
            if len(self._askers) >= MOST_ASKERS:
                _cut(self._askers.pop(next(iter(self._askers))))
            thread = threading.Thread(target=self._serve, args=(connection,), name="asker", daemon=True)
            self._askers[thread] = connection
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
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
            answer = self._answers.get(what) if isinstance(what, str) else None
            if answer is None:
                known = ", ".join(f"'{name}'" for name in self._answers)
                send(connection, {"v": 1, "error": f"not yet: this recorder answers {known} only"})
            else:
                send(connection, answer())


def _cut(connection: socket.socket) -> None:
    """Whatever waits on it goes on, and ends."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def allowed(connection: socket.socket) -> bool:
    """Whether the other end runs as our user, or is in our group (its own, or one of its supplementary groups)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, gid = _CREDENTIALS.unpack(raw)
    return bool(uid == os.geteuid() or os.getegid() in {gid, *_groups(connection)})


def _groups(connection: socket.socket) -> tuple[int, ...]:
    """The other end's supplementary groups as it connected; none where the kernel cannot tell, or they are too many."""
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _PEERGROUPS, 4 * _MOST_GROUPS)
    except OSError:
        return ()
    return struct.unpack(f"{len(raw) // 4}I", raw)
