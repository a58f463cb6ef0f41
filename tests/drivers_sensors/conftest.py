"""A serial port in memory that answers by a script, written byte by byte from the Modbus documents."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import serial

from config.schema import SensorSettings
from drivers.sensors import ModbusSensors
from kiosk.events import Event

SETTINGS = SensorSettings(
    port="/dev/serial/by-id/usb-modbus-if00", unit=1, certificate_input=0, change_input=1, receipt_input=2, poll_ms=200
)


class ScriptedPort:
    """What `serial.serial_for_url` gives. Each request is answered by the next entry, the last one for ever."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._host, self._module = socket.socketpair()
        self.is_open = True

    def fileno(self) -> int:
        return self._host.fileno()

    @property
    def in_waiting(self) -> int:
        try:
            return len(self._host.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return 0

    def read(self, n: int) -> bytes:
        return self._host.recv(n)

    def write(self, data: bytes) -> int:
        if self._wire.pulled:
            raise serial.SerialException("write failed: [Errno 5] Input/output error")
        self._wire.requests.append(data.hex(" "))
        script = self._wire.script
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer:
            self._module.sendall(bytes.fromhex(answer))
        return len(data)

    def close(self) -> None:
        self.is_open = False
        self._host.close()
        self._module.close()


class Wire:
    """The line. `script`: answers in hex, "" for silence."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.requests: list[str] = []
        self.opened: list[tuple[str, dict[str, Any]]] = []
        self.ports: list[ScriptedPort] = []
        self.pulled = False

    def open(self, port: str, **how: Any) -> ScriptedPort:
        self.opened.append((port, how))
        if self.pulled:
            raise serial.SerialException(f"[Errno 2] could not open port {port}")
        self.ports.append(ScriptedPort(self))
        return self.ports[-1]


class Stand:
    """The driver over the scripted line, driven by hand on a clock of its own."""

    def __init__(self, wire: Wire, settings: SensorSettings) -> None:
        self.wire = wire
        self.now = 100.0
        self._events: list[Event] = []
        self.sensors = ModbusSensors(settings, answer_s=0.02, clock=lambda: self.now)
        self.sensors.worker.start = lambda: None  # type: ignore[method-assign]
        self.sensors.start(self._events.append)

    def turns(self, *answers: str) -> list[Event]:
        """Let the worker do what is due once for each answer (in hex); the new events."""
        for answer in answers:
            self.wire.script = [answer]
            self.now += self.sensors.worker.turn()
        return self.events()

    def events(self) -> list[Event]:
        news, self._events[:] = list(self._events), []
        return news


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    line = Wire()
    monkeypatch.setattr("serial.serial_for_url", line.open)
    yield line
    for port in line.ports:
        port.close()


@pytest.fixture
def settings() -> SensorSettings:
    return SETTINGS


@pytest.fixture
def stand(wire: Wire) -> Iterator[Stand]:
    it = Stand(wire, SETTINGS)
    yield it
    it.sensors.close()


@pytest.fixture
def stand_with(wire: Wire) -> Iterator[Callable[[SensorSettings], Stand]]:
    stands: list[Stand] = []

    def make(settings: SensorSettings) -> Stand:
        stands.append(Stand(wire, settings))
        return stands[-1]

    yield make
    for it in stands:
        it.sensors.close()
