"""The bench's handle on the simulated camera: a process of its own, started, commanded and ended."""

from __future__ import annotations

import base64
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hardware_sim.served import Served

from .scenes import WALK_S, Scene

WIDTH: Final = 640
HEIGHT: Final = 360
FPS: Final = 6.0
ZONE: Final = Scene(0.0).zone
"""Where users stand: x0, y0, x1, y1 in shares of the picture."""
MAX_KBIT_S: Final = {"tcp": 600, "http": 3000}
"""By scheme: above what the stream ever has; the disk is planned by it."""
ANSWER_S: Final = 10.0


class CameraBench:
    """The camera as a process; a context manager. May be used from any thread.

    folder: for its control socket (short path); log: what it says on standard error. ValueError from every command that
    cannot be carried out; RuntimeError when the process is not there any more.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder, self._log = folder, log
        self._process: Served | None = None

    def __enter__(self) -> Self:
        arguments = ["--width", str(WIDTH), "--height", str(HEIGHT), "--fps", str(FPS)]
        self._process = Served("simulated camera", "hardware_sim.camera", self._folder, self._log, arguments, ANSWER_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def ready(self) -> None:
        """Wait until it serves. RuntimeError when it does not."""
        self._served.ready()

    @property
    def _served(self) -> Served:
        if self._process is None:
            raise RuntimeError("the simulated camera has ended")
        return self._process

    @property
    def h264_url(self) -> str:
        """H.264 in MPEG-TS over TCP."""
        return f"tcp://127.0.0.1:{self._served.ready()['h264_port']}"

    @property
    def mjpeg_url(self) -> str:
        """Multipart JPEG over HTTP."""
        return f"http://127.0.0.1:{self._served.ready()['mjpeg_port']}/video.mjpg"

    # -- what happens before it, and to it ---------------------------------------------------------

    def do(self, what: str, **values: object) -> dict[str, Any]:
        """An action of `control`, such as ``step_in``; gives the state afterwards."""
        return self._ask(what, **values)

    def fault(self, name: str, **values: object) -> None:
        """Something goes wrong until it is cleared; see `faults.FAULTS`."""
        self._ask("fault", name=name, **values)

    def clear_faults(self, name: str | None = None) -> None:
        """End one kind of fault, or all."""
        self._ask("clear", **({} if name is None else {"name": name}))

    def snapshot(self) -> dict[str, Any]:
        """The state, see `control`."""
        return self._ask("status")

    def picture(self, width: int | None = None) -> bytes:
        """JPEG of what is before it now, as it sees it."""
        return base64.b64decode(self._ask("picture", **({} if width is None else {"width": width}))["jpeg"])

    def stays(self) -> list[tuple[float, float | None]]:
        """The truth: since when and until when somebody stood there, in seconds of CLOCK_MONOTONIC."""
        return [(came, left) for came, left in self._ask("stays")["stays"]]

    def _ask(self, do: str, **values: object) -> dict[str, Any]:
        served = self._served
        served.ready()
        result: dict[str, Any] = served.ask(do, **values)
        return result


__all__ = ["FPS", "HEIGHT", "MAX_KBIT_S", "WALK_S", "WIDTH", "ZONE", "CameraBench"]
