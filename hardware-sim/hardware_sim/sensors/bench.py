"""The input module on the bench: a Modbus RTU slave that answers by itself, and hands that move its sensors.

One thread serves the line, so the module goes on when the kiosk dies, as a real one does. Everything public
may be called from any thread.
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from .cable import Cable
from .faults import FAULTS
from .modbus import LONGEST_FRAME, SERVER_DEVICE_FAILURE, answer, exception, frame, is_frame

LINK_NAME: Final = "modbus"
GAP_S: Final = 0.030
"""Silence that ends a frame. 3.5 characters are 4 ms at 9600 8E1 (serial line guide 2.5.1.1), but a pty delivers
when the scheduler pleases: a frame cut in two must not be taken for two."""


class SensorBench:
    """The simulated module; a context manager, alive from enter to exit.

    `directory`: where the symlink `modbus` to the serial port is put (must exist). `inputs`: number of discrete
    inputs, all off at the start. `unit`: slave address, 1 … 247. `gap_s`: silence that ends a frame. ValueError
    for a module that cannot be.
    """

    def __init__(
        self, directory: str | os.PathLike[str], *, inputs: int = 8, unit: int = 1, gap_s: float = GAP_S
    ) -> None:
        if not 1 <= unit <= 247:
            raise ValueError(f"unit {unit} is no slave address; they are 1 … 247")
        if not 1 <= inputs <= 65536:
            raise ValueError(f"a module with {inputs} inputs cannot be; 1 … 65536 are possible")
        self._unit = unit
        self._gap_s = gap_s
        self._inputs = [False] * inputs
        self._faults: dict[str, dict[str, int]] = {}
        self._cable = Cable(Path(directory).absolute() / LINK_NAME)
        self._wanted = self._stopping = False
        self._heard = b""
        self._heard_at = 0.0
        self._answered = 0
        self._failure: BaseException | None = None
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._run, name="sensor-bench", daemon=True)
        self._wake_out = self._wake_in = -1

    # -- life ----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._cable.plug()
        except OSError:
            self._close_pipe()
            raise
        self._wanted = True
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._wake()
        self._thread.join()
        self._cable.pull()
        self._close_pipe()
        if self._failure is not None and error is None:
            raise RuntimeError("the sensor bench's thread had stopped by an error") from self._failure

    # -- the sensors ---------------------------------------------------------------------------

    @property
    def port(self) -> Path:
        """The serial port to open: a symlink that stays the same when the cable is pulled and put back."""
        return self._cable.link

    def set_input(self, n: int, on: bool) -> None:
        """Input `n` (from 0) is on: something lies there. ValueError if the module has no such input."""
        with self._changed:
            if not 0 <= n < len(self._inputs):
                raise ValueError(f"there is no input {n}; the module has 0 … {len(self._inputs) - 1}")
            self._inputs[n] = on

    def inputs(self) -> tuple[bool, ...]:
        """Every input as it is now, from 0."""
        with self._changed:
            return tuple(self._inputs)

    # -- faults --------------------------------------------------------------------------------

    def fault(self, name: str, **values: int) -> None:
        """Something goes wrong until it is cleared; `FAULTS` lists the names. ValueError for any other.

        `exception` takes `code`, the exception code 1 … 255 (default 4, server device failure).
        """
        _known(name)
        allowed = {"code": SERVER_DEVICE_FAILURE} if name == "exception" else {}
        if unknown := values.keys() - allowed.keys():
            raise ValueError(f"fault {name!r} takes no {', '.join(sorted(unknown))}; it takes {list(allowed)}")
        values = allowed | values
        if not 1 <= values.get("code", 1) <= 255:
            raise ValueError(f"exception code {values['code']} does not fit; it must be 1 … 255")
        with self._changed:
            if name in ("unplugged", "replugged"):
                self._set_cable(False)
            if name == "replugged":
                self._faults.pop("unplugged", None)
                self._set_cable(True)
            else:
                self._faults[name] = values

    def clear_faults(self, name: str | None = None) -> None:
        """End one kind of fault, or all; the cable is put back. ValueError for an unknown name."""
        if name is not None:
            _known(name)
        with self._changed:
            for ended in [name] if name is not None else list(self._faults):
                self._faults.pop(ended, None)
            if "unplugged" not in self._faults:
                self._set_cable(True)

    # -- looking at it -------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The state for the bench page, ready for JSON. `answered`: requests answered since the start."""
        with self._changed:
            return {
                "port": str(self._cable.link),
                "plugged": self._cable.fileno is not None,
                "unit": self._unit,
                "inputs": list(self._inputs),
                "answered": self._answered,
                "faults": [
                    {"name": name, "label": FAULTS[name], "values": dict(values)}
                    for name, values in self._faults.items()
                ],
            }

    # -- the module's own thread ---------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping:
                with self._changed:
                    self._move_cable()
                    line = self._cable.fileno
                    wait_s = max(0.0, self._heard_at + self._gap_s - time.monotonic()) if self._heard else None
                ready, _, _ = select.select([fd for fd in (self._wake_out, line) if fd is not None], [], [], wait_s)
                with self._changed:
                    if self._wake_out in ready:
                        with suppress(BlockingIOError):
                            os.read(self._wake_out, 4096)
                    if line in ready:
                        self._hear(self._cable.read())
                    else:
                        self._forget()
        except BaseException as error:
            with self._changed:
                self._failure = error
            raise
        finally:
            with self._changed:
                self._changed.notify_all()

    def _forget(self) -> None:
        """After the silence the frame is over and was none; a slave says nothing to that."""
        if time.monotonic() - self._heard_at >= self._gap_s:
            self._heard = b""

    def _hear(self, data: bytes) -> None:
        """Take bytes of the host; a right CRC tells the end of a frame before the silence does."""
        self._forget()
        self._heard = (self._heard + data)[: LONGEST_FRAME + 1]  # what is longer stays wrong until the silence
        self._heard_at = time.monotonic()
        if is_frame(self._heard):
            request, self._heard = self._heard, b""
            # A broadcast (address 0) is answered by no one either.
            if request[0] == self._unit and "silent" not in self._faults:
                self._reply(request[1:-2])

    def _reply(self, pdu: bytes) -> None:
        refusal = self._faults.get("exception")
        said = answer(pdu, self._inputs) if refusal is None else exception(pdu[0], refusal["code"])
        raw = frame(self._unit, said)
        if "garbled" in self._faults:
            raw = raw[:-1] + bytes((raw[-1] ^ 0x10,))
        self._cable.write(raw)
        self._answered += 1

    def _move_cable(self) -> None:
        if self._wanted != (self._cable.fileno is not None):
            self._heard = b""
            if self._wanted:
                self._cable.plug()
            else:
                self._cable.pull()
            self._changed.notify_all()

    def _set_cable(self, wanted: bool) -> None:
        # By the module's own thread: while that waits on the pty, closing it here would not hang up yet.
        self._wanted = wanted
        self._wake()
        self._changed.wait_for(
            lambda: (
                not self._thread.is_alive() or self._failure is not None or wanted == (self._cable.fileno is not None)
            )
        )
        if self._failure is not None:
            raise RuntimeError("the sensor bench's thread has stopped by an error") from self._failure

    def _wake(self) -> None:
        with self._changed:
            if self._wake_in >= 0:
                with suppress(BlockingIOError):  # full: it will wake anyway
                    os.write(self._wake_in, b"!")

    def _close_pipe(self) -> None:
        with self._changed:
            for fd in (self._wake_out, self._wake_in):
                os.close(fd)
            self._wake_out = self._wake_in = -1


def _known(name: str) -> None:
    if name not in FAULTS:
        raise ValueError(f"unknown fault {name!r}; known are: {', '.join(FAULTS)}")
