"""The input module that tells whether something lies in a tray and how the key switch stands (`kiosk.ports.Sensors`);
and the contact that tells the recorder whether its case is open.

Modbus RTU, function 02 Read Discrete Inputs (application protocol v1.1b3, 6.2), 9600 8E1 (serial line guide
v1.02, 2.5.1). Each life of the line begins with one answer of the module, so that online means answering; then
every input is told, and from there on only what changes and stays changed over two polls.
"""

from __future__ import annotations

import logging
import select
import termios
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol, TypeAlias

import serial
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ExceptionResponse
from pymodbus.pdu.bit_message import ReadDiscreteInputsResponse

from config.schema import CaseSettings, SensorSettings
from drivers.cctalk_bus import LineSettings, format_for
from drivers.worker import DeviceRefused, Worker
from kiosk.errors import DeviceOffline, ProtocolViolation
from kiosk.events import (
    DeviceFaulted,
    DeviceOnline,
    Event,
    Part,
    Place,
    PlaceEmptied,
    PlaceOccupied,
    ServiceKeyTurned,
)
from kiosk.ports import Sink

# The worker reports a loss once; the library would write a line at every attempt.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

MODBUS_RTU: Final = LineSettings(9600, 8, serial.PARITY_EVEN, 1)
ANSWER_S: Final = 0.3
"""Wait for an answer; it has 6 bytes, which take 7 ms, and a USB adapter holds them back for up to 16 ms."""
RETRIES: Final = 2
"""A damaged or missing answer is asked for again so often before the module counts as lost."""
MOST_BITS: Final = 2000
"""Inputs in one request of function 02."""
KEY: Final = "key"
Input: TypeAlias = Place | Literal["key"]

_WRONG_REQUEST: Final = (1, 2, 3)
"""Exceptions that blame the request: illegal function, data address, data value."""


class _Client(ModbusSerialClient):
    """The library's client with a wait of its own: the library's goes by the time of day, and a clock set back
    while the module is silent would hold it for as long as the clock was set back.
    """

    def recv(self, size: int | None) -> bytes:
        if self.socket is None:
            raise ConnectionException("the line is closed")
        try:
            ready, _, _ = select.select([self.socket], [], [], self.comm_params.timeout_connect)
            return bytes(self.socket.read(max(1, self.socket.in_waiting))) if ready else b""
        except OSError as error:
            raise ConnectionException(type(error).__name__) from error


class InputModule:
    """One Modbus module's discrete inputs. Used by one thread only; open from the start.

    section: of the machine file, where it is named. DeviceOffline if the port cannot be opened.
    """

    def __init__(self, port: str, unit: int, *, answer_s: float = ANSWER_S, section: str = "sensors") -> None:
        used = format_for(port, MODBUS_RTU)
        self._section = section
        self._unit = unit
        self._client = _Client(
            port,
            baudrate=used.baud,
            bytesize=used.bits,
            parity=used.parity,
            stopbits=used.stop_bits,
            timeout=answer_s,
            retries=RETRIES,
        )
        if not self._client.connect():
            raise DeviceOffline("the serial port of the input module cannot be opened")

    def read(self, first: int, count: int) -> tuple[bool, ...]:
        """The inputs `first` … `first + count - 1`.

        DeviceOffline: no right answer came. DeviceRefused: the module answered by an exception.
        ProtocolViolation: an answer to another question.
        """
        try:
            answer = self._client.read_discrete_inputs(first, count=count, device_id=self._unit)
        except (ModbusException, serial.SerialException, OSError, termios.error) as error:
            raise DeviceOffline(f"input module: {type(error).__name__}") from error
        if isinstance(answer, ExceptionResponse):
            raise _refusal(answer.exception_code, first, count, self._section)
        if not isinstance(answer, ReadDiscreteInputsResponse) or len(answer.bits) != (count + 7) // 8 * 8:
            raise ProtocolViolation("the input module answered another question")
        return tuple(answer.bits[:count])

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]


def _refusal(code: int, first: int, count: int, section: str) -> DeviceRefused:
    if code in _WRONG_REQUEST:
        return DeviceRefused(
            "wrong_device",
            f"Modbus exception {code:02d} for function 02, inputs {first} to {first + count - 1}: "
            f"check unit and inputs in [{section}] of the machine file",
        )
    return DeviceRefused("hardware_error", f"the input module reports Modbus exception {code:02d}")


class Debounce:
    """Tells an input at first sight, later only once it has been found changed twice in a row."""

    def __init__(self) -> None:
        self._told: dict[Input, bool] = {}
        self._last: dict[Input, bool] = {}

    def news(self, seen: Mapping[Input, bool]) -> dict[Input, bool]:
        """What is to be told of this look: {place: occupied}, {KEY: turned}."""
        news = {
            place: on
            for place, on in seen.items()
            if place not in self._told or (on != self._told[place] and on == self._last[place])
        }
        self._last = dict(seen)
        self._told |= news
        return news


def _nowhere(_: Event) -> None:
    raise DeviceOffline("the sensors have not been started")


class ModbusSensors:
    """Implements `kiosk.ports.Sensors`. ValueError for settings that no module can serve.

    A module that is unplugged, silent or unintelligible is `offline`.
    """

    def __init__(
        self,
        settings: SensorSettings,
        *,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._answer_s = answer_s
        self._inputs = _inputs(settings)
        self._first = min(self._inputs.values())
        self._count = max(self._inputs.values()) - self._first + 1
        self._sink: Sink = _nowhere
        self.worker = Worker(
            "sensors",
            open=self._come_up,
            poll=self._poll,
            shut=self._shut,
            online=lambda: self._sink(DeviceOnline(Part.SENSORS)),
            fault=lambda reason: self._sink(DeviceFaulted(Part.SENSORS, reason)),
            clock=clock,
        )
        # These belong to the worker's thread.
        self._module: InputModule | None = None
        self._debounce = Debounce()

    def start(self, sink: Sink) -> None:
        self._sink = sink
        self.worker.start()

    def close(self) -> None:
        self.worker.stop()

    def _come_up(self) -> None:
        self._module = InputModule(self._settings.port, self._settings.unit, answer_s=self._answer_s)
        self._debounce = Debounce()
        self._look()

    def _shut(self) -> None:
        module, self._module = self._module, None
        if module is not None:
            module.close()

    def _poll(self) -> float:
        for place, on in self._debounce.news(self._look()).items():
            if isinstance(place, Place):
                self._sink(PlaceOccupied(place) if on else PlaceEmptied(place))
            else:
                self._sink(ServiceKeyTurned(on))
        return self._settings.poll_ms / 1000

    def _look(self) -> dict[Input, bool]:
        if self._module is None:
            raise DeviceOffline("the input module is not open")
        bits = self._module.read(self._first, self._count)
        return {place: bits[number - self._first] for place, number in self._inputs.items()}


def _inputs(settings: SensorSettings) -> dict[Input, int]:
    inputs: dict[Input, int] = {
        Place.CERTIFICATE_TRAY: settings.certificate_input,
        Place.CHANGE_TRAY: settings.change_input,
        Place.RECEIPT_TRAY: settings.receipt_input,
    }
    if settings.service_key_input is not None:
        inputs[KEY] = settings.service_key_input
    numbers = sorted(inputs.values())
    if not 1 <= settings.unit <= 247:
        raise ValueError(f"sensors: unit {settings.unit} is no slave address; give 1 to 247")
    if settings.poll_ms <= 0:
        raise ValueError(f"sensors: poll_ms {settings.poll_ms} must be above 0")
    if len(set(numbers)) != len(numbers):
        raise ValueError("sensors: two things share one input; give each its own")
    if numbers[0] < 0 or numbers[-1] > 0xFFFF or numbers[-1] - numbers[0] >= MOST_BITS:
        raise ValueError(f"sensors: inputs {numbers} must lie in 0 to 65535 and within {MOST_BITS} of each other")
    return inputs


# ---- the recorder's case --------------------------------------------------------------------------------------


class Contact(Protocol):
    """One contact. `read` raises DeviceError when it cannot tell."""

    def read(self) -> bool: ...

    def close(self) -> None: ...


class ModbusContact:
    """A discrete input of a module of the recorder's own. DeviceOffline if the port cannot be opened."""

    def __init__(self, port: str, unit: int, number: int, *, answer_s: float = ANSWER_S) -> None:
        self._number = number
        self._module = InputModule(port, unit, answer_s=answer_s, section="recorder.case")

    def read(self) -> bool:
        return self._module.read(self._number, 1)[0]

    def close(self) -> None:
        self._module.close()


class GpioContact:
    """A pin of the computer itself, through gpiozero (on a Raspberry Pi: package python3-gpiozero); pulled up, so that
    it is on while connected to ground. Not tried: no such computer was at hand.

    DeviceRefused where gpiozero is not installed or the pin cannot be had.
    """

    def __init__(self, line: str) -> None:
        try:
            import gpiozero  # type: ignore[import-not-found, unused-ignore]

            self._pin = gpiozero.DigitalInputDevice(line, pull_up=True)
        except Exception as error:
            raise DeviceRefused(
                "wrong_device", f"{line} cannot be used ({type(error).__name__}): check [recorder.case], and gpiozero"
            ) from error

    def read(self) -> bool:
        return bool(self._pin.value)

    def close(self) -> None:
        self._pin.close()


CaseSink: TypeAlias = Callable[[bool | None], None]


class CaseSensor:
    """Tells whether the recorder's case is open: at first sight, later each change found twice in a row; None as soon
    as it cannot be told. In a thread of its own.
    """

    def __init__(
        self,
        settings: CaseSettings,
        *,
        answer_s: float = ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._answer_s = answer_s
        self._sink: CaseSink = lambda _: None
        self.worker = Worker(
            "case",
            open=self._come_up,
            poll=self._poll,
            shut=self._shut,
            online=lambda: None,
            fault=lambda _: self._sink(None),
            clock=clock,
        )
        self._contact: Contact | None = None
        self._debounce = Debounce()

    def start(self, sink: CaseSink) -> None:
        self._sink = sink
        self.worker.start()

    def close(self) -> None:
        self.worker.stop()

    def _come_up(self) -> None:
        settings = self._settings
        if settings.driver == "gpio":
            self._contact = GpioContact(settings.line)
        else:
            self._contact = ModbusContact(
                settings.port, settings.unit or 0, settings.input or 0, answer_s=self._answer_s
            )
        self._debounce = Debounce()

    def _shut(self) -> None:
        contact, self._contact = self._contact, None
        if contact is not None:
            contact.close()

    def _poll(self) -> float:
        if self._contact is None:
            raise DeviceOffline("the contact is not open")
        for on in self._debounce.news({KEY: self._contact.read()}).values():
            self._sink(on is (self._settings.open_when == "on"))
        return self._settings.poll_ms / 1000
