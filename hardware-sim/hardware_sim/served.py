"""A simulator in a process of its own, and the line to its control socket: one JSON object a line, each answered."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

START_S: Final = 30.0
STOP_S: Final = 5.0


class ServedError(RuntimeError):
    """The process does not start, or does not answer; the text says where to look."""


class Refused(ServedError, ValueError):
    """It answered that it cannot do so, and why."""


class Served:
    """``python -m module --control FOLDER/NAME.sock ARGUMENTS``. May be used from any thread.

    log: where its standard error goes; answer_s: how long an answer may take. The first line that it writes is a JSON
    object with its ports. Raises ServedError when the folder's path is too long for a Unix socket.
    """

    def __init__(
        self, name: str, module: str, folder: Path, log: Path, arguments: list[str], answer_s: float = 30.0
    ) -> None:
        self.name, self.log = name, log
        self._control = folder / f"{module.rpartition('.')[2]}.sock"
        if len(bytes(self._control)) > 100:
            raise ServedError(f"{folder} is too long a path for a Unix socket: choose a shorter one")
        self._answer_s = answer_s
        self._lock = threading.Lock()
        self._ports: dict[str, int] = {}
        self._line: socket.socket | None = None
        self._received = b""
        self._ended = False
        command = [sys.executable, "-m", module, "--control", str(self._control), *arguments]
        with log.open("ab") as errors:
            # It reads its standard input to the end: however this process ends, it ends too. (A signal at the parent's
            # death would come already when the thread that started it is over.)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the bench, which then stops us in order
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> dict[str, int]:
        """Its ports by name, once it serves."""
        with self._lock:
            if self._ports:
                return self._ports
            out = self._process.stdout
            readable = select.select([out], [], [], START_S)[0] if out is not None and not self._ended else []
            line = out.readline() if out is not None and readable else b""
            try:
                ports = {name: int(port) for name, port in json.loads(line).items()}
            except (ValueError, AttributeError):
                raise ServedError(f"the {self.name} did not start; see {self.log}") from None
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._line.settimeout(self._answer_s)
            self._line.connect(str(self._control))
            self._ports = ports
            return ports

    def ask(self, do: str, **arguments: object) -> Any:
        """The result. Raises Refused or ServedError."""
        with self._lock:
            if self._line is None:
                raise ServedError(f"the {self.name} is not running")
            try:
                self._line.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
                while b"\n" not in self._received:
                    chunk = self._line.recv(1 << 20)
                    if not chunk:
                        raise ConnectionError
                    self._received += chunk
            except OSError:
                raise ServedError(f"the {self.name} does not answer; see {self.log}") from None
            line, _, self._received = self._received.partition(b"\n")
        answer = json.loads(line)
        if not answer["ok"]:
            raise Refused(str(answer["error"]))
        return answer["result"]

    def stop(self) -> None:
        """May be called twice."""
        self._ended = True
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
