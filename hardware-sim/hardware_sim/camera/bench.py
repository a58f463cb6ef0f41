"""The bench's handle on the simulated camera: a process of its own, started, commanded and ended."""

from __future__ import annotations

import base64
import json
import select
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from .scenes import WALK_S, Scene

WIDTH: Final = 640
HEIGHT: Final = 360
FPS: Final = 6.0
ZONE: Final = Scene(0.0).zone
"""Where users stand: x0, y0, x1, y1 in shares of the picture."""
MAX_KBIT_S: Final = 600
"""Above what the stream ever has; the disk is planned by it."""
START_S: Final = 30.0
ANSWER_S: Final = 10.0
STOP_S: Final = 5.0


class CameraBench:
    """The camera as a process; a context manager. May be used from any thread.

    folder: for its control socket (short path); log: what it says on standard error. ValueError from every command that
    cannot be carried out; RuntimeError when the process is not there any more.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._control = folder / "camera.sock"
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._received = b""
        self._ports: dict[str, int] = {}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "hardware_sim.camera", "--control", str(self._control)]
        command += ["--width", str(WIDTH), "--height", str(HEIGHT), "--fps", str(FPS)]
        with self._log.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the bench, which then stops us in order
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if self._line is not None:
            self._line.close()
            self._line = None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def ready(self) -> None:
        """Wait until it serves. RuntimeError when it does not."""
        with self._lock:
            if self._ports:
                return
            out = None if self._process is None else self._process.stdout
            readable = select.select([out], [], [], START_S)[0] if out is not None else []
            line = out.readline() if out is not None and readable else b""
            try:
                self._ports = {name: int(port) for name, port in json.loads(line).items()}
            except (ValueError, AttributeError):
                raise RuntimeError(f"the simulated camera did not start; see {self._log}") from None
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._line.settimeout(ANSWER_S)
            self._line.connect(str(self._control))

    @property
    def h264_url(self) -> str:
        """H.264 in MPEG-TS over TCP."""
        self.ready()
        return f"tcp://127.0.0.1:{self._ports['h264_port']}"

    @property
    def mjpeg_url(self) -> str:
        """Multipart JPEG over HTTP."""
        self.ready()
        return f"http://127.0.0.1:{self._ports['mjpeg_port']}/video.mjpg"

    # -- what happens before it, and to it ---------------------------------------------------------

    def do(self, what: str, **values: object) -> dict[str, Any]:
        """An action of `control`, such as ``step_in``; gives the state afterwards."""
        return self._ask({"do": what, **values})

    def fault(self, name: str, **values: object) -> None:
        """Something goes wrong until it is cleared; see `faults.FAULTS`."""
        self._ask({"do": "fault", "name": name, **values})

    def clear_faults(self, name: str | None = None) -> None:
        """End one kind of fault, or all."""
        self._ask({"do": "clear"} if name is None else {"do": "clear", "name": name})

    def snapshot(self) -> dict[str, Any]:
        """The state, see `control`."""
        return self._ask({"do": "status"})

    def picture(self, width: int | None = None) -> bytes:
        """JPEG of what is before it now, as it sees it."""
        wish: dict[str, object] = {"do": "picture"} if width is None else {"do": "picture", "width": width}
        return base64.b64decode(self._ask(wish)["jpeg"])

    def stays(self) -> list[tuple[float, float | None]]:
        """The truth: since when and until when somebody stood there, in seconds of CLOCK_MONOTONIC."""
        return [(came, left) for came, left in self._ask({"do": "stays"})["stays"]]

    def _ask(self, wish: dict[str, object]) -> dict[str, Any]:
        self.ready()
        with self._lock:
            if self._line is None:
                raise RuntimeError("the simulated camera has ended")
            try:
                self._line.sendall(json.dumps(wish).encode() + b"\n")
                while b"\n" not in self._received:
                    chunk = self._line.recv(1 << 20)
                    if not chunk:
                        raise ConnectionError
                    self._received += chunk
            except OSError:
                raise RuntimeError(f"the simulated camera does not answer; see {self._log}") from None
            line, _, self._received = self._received.partition(b"\n")
        answer = json.loads(line)
        if not answer["ok"]:
            raise ValueError(str(answer["error"]))
        result: dict[str, Any] = answer["result"]
        return result


__all__ = ["FPS", "HEIGHT", "MAX_KBIT_S", "WALK_S", "WIDTH", "ZONE", "CameraBench"]
