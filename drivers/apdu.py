"""Command and response units of ISO 7816-4, short form, and the channel that carries them.

    case 1   CLA INS P1 P2
    case 2   CLA INS P1 P2 Le
    case 3   CLA INS P1 P2 Lc data
    case 4   CLA INS P1 P2 Lc data Le        Le 00 means 256

A response is data followed by the status word SW1 SW2. Units are kept as mutable buffers, so that one which
carried a PIN can be overwritten by whoever built it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from kiosk.errors import CardBlocked, CardError, CardUnknown, KioskError, PinRejected, ProtocolViolation

Octets: TypeAlias = bytes | bytearray

INS_VERIFY: Final = 0x20
INS_PERFORM_SECURITY_OPERATION: Final = 0x2A
INS_SELECT: Final = 0xA4
INS_READ_BINARY: Final = 0xB0
INS_GET_RESPONSE: Final = 0xC0

SW_OK: Final = 0x9000
SW_END_OF_FILE: Final = 0x6282
SW_MEMORY_FAILURE: Final = 0x6581
SW_WRONG_LENGTH: Final = 0x6700
SW_SECURITY_STATUS: Final = 0x6982
SW_BLOCKED: Final = frozenset({0x6983, 0x6984})
SW_FILE_NOT_FOUND: Final = 0x6A82
SW_NOT_HERE: Final = frozenset({0x6A81, SW_FILE_NOT_FOUND, 0x6D00, 0x6E00})

MAX_PARTS: Final = 16
"""GET RESPONSE rounds for one command; a short answer never needs so many."""


class CardDamaged(CardError):
    """The chip reports a memory failure (SW 6581)."""


class Transmit(Protocol):
    """Whatever brings one command unit to the card and its answer back."""

    def transmit(self, command: Octets) -> bytes:
        """One exchange: data and status word. Raises CardRemoved, DeviceOffline, DeviceTimeout."""


@dataclass(frozen=True, slots=True)
class Response:
    """Answer to one command: `data` (0..256 bytes a part) and the status word `sw` (0x9000 …)."""

    sw: int
    data: bytes = field(default=b"", repr=False)

    @property
    def tries_left(self) -> int | None:
        """x of SW 63Cx, else None."""
        return self.sw & 0x0F if self.sw & 0xFFF0 == 0x63C0 else None


def command(cla: int, ins: int, p1: int, p2: int, data: Octets = b"", le: int | None = None) -> bytearray:
    """Encode a command. `data`: at most 255 bytes; `le`: 1..256 expected bytes, None for no answer data.

    Raises ValueError when it does not fit the short form.
    """
    if len(data) > 255:
        raise ValueError(f"a short command carries at most 255 bytes, not {len(data)}")
    if le is not None and not 1 <= le <= 256:
        raise ValueError(f"a short command expects 1 to 256 bytes, not {le}")
    # One buffer of the final size, filled in place: joining would leave copies of the data behind.
    head = 5 if data else 4
    unit = bytearray(head + len(data) + (le is not None))
    unit[0:4] = (cla, ins, p1, p2)
    if data:
        unit[4] = len(data)
        unit[head : head + len(data)] = data
    if le is not None:
        unit[-1] = le & 0xFF
    return unit


def with_le(unit: Octets, le: int) -> bytearray:
    """The same command with another Le (0 means 256), as SW 6Cxx asks for."""
    has_le = len(unit) == 5 or (len(unit) > 5 and len(unit) == unit[4] + 6)
    again = bytearray(unit[:-1] if has_le else unit)
    again.append(le & 0xFF)
    return again


def parse(answer: bytes) -> Response:
    """Split an answer. Raises ProtocolViolation when it has no status word or is longer than a short one."""
    if not 2 <= len(answer) <= 258:
        raise ProtocolViolation(f"an answer of {len(answer)} bytes, expected 2 to 258")
    return Response(int.from_bytes(answer[-2:]), answer[:-2])


def describe(unit: Octets) -> str:
    """A command for the log: header only, and the data of a SELECT (names of files, never their content)."""
    text = bytes(unit[:4]).hex(" ").upper()
    if unit[1] == INS_SELECT and len(unit) > 5:
        text += " | " + bytes(unit[4:]).hex(" ").upper()
    return text


Trace: TypeAlias = Callable[[str], None]


def _silent(_line: str) -> None:
    pass


class Channel:
    """Commands to one card over `transmit`; `trace` gets one line a command and one an answer, never data."""

    def __init__(self, transmit: Transmit, trace: Trace = _silent) -> None:
        self._transmit = transmit
        self._trace = trace

    def send_once(self, unit: Octets) -> Response:
        """Exactly one exchange, whatever the status word asks for. The only way for VERIFY."""
        self._trace(f"> {describe(unit)}")
        response = parse(self._transmit.transmit(unit))
        self._trace(f"< {len(response.data)} bytes, {response.sw:04X}")
        return response

    def send(self, unit: Octets) -> Response:
        """One exchange, repeated with the right Le on 6Cxx and completed by GET RESPONSE on 61xx.

        Raises ProtocolViolation when the card never comes to an end.
        """
        if unit[1] == INS_VERIFY:
            return self.send_once(unit)
        response = self.send_once(unit)
        if response.sw >> 8 == 0x6C:
            response = self.send_once(with_le(unit, response.sw & 0xFF))
        data = bytearray(response.data)
        for _ in range(MAX_PARTS):
            if response.sw >> 8 != 0x61:
                return Response(response.sw, bytes(data))
            response = self.send_once(command(0x00, INS_GET_RESPONSE, 0, 0, le=response.sw & 0xFF or 256))
            data += response.data
        raise ProtocolViolation("the card announces more data without end")


def error_of(sw: int) -> KioskError:
    """The error a status word stands for (ISO 7816-4 table 6, as the JPKI application uses it)."""
    if sw in SW_BLOCKED or sw == 0x63C0:
        return CardBlocked(f"the PIN is blocked (SW {sw:04X})")
    if sw & 0xFFF0 == 0x63C0:
        return PinRejected(sw & 0x0F)
    if sw == SW_MEMORY_FAILURE:
        return CardDamaged(f"memory failure (SW {sw:04X})")
    if sw in SW_NOT_HERE:
        return CardUnknown(f"no such application, file or command (SW {sw:04X})")
    return ProtocolViolation(f"status word {sw:04X}")


def require_ok(response: Response, *also: int) -> Response:
    """The response itself when its status is 9000 or one of `also`; else raises `error_of` it."""
    if response.sw == SW_OK or response.sw in also:
        return response
    raise error_of(response.sw)
