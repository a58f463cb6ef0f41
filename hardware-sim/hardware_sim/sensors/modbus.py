"""The slave's half of Modbus: RTU frames (serial line guide v1.02) and requests (application protocol v1.1b3).

A frame is address, PDU, CRC-16 with the low byte first. The PDU of an answer begins with the function of the
request, that of an exception with the function plus 0x80.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

READ_DISCRETE_INPUTS: Final = 0x02

ILLEGAL_FUNCTION: Final = 0x01
ILLEGAL_DATA_ADDRESS: Final = 0x02
ILLEGAL_DATA_VALUE: Final = 0x03
SERVER_DEVICE_FAILURE: Final = 0x04

LONGEST_FRAME: Final = 256
"""Bytes in one frame, CRC included (serial line guide 2.5.1)."""
SHORTEST_FRAME: Final = 4
MOST_BITS: Final = 2000
"""Inputs in one request of function 02 (application protocol 6.2)."""


class ModbusError(Exception):
    """A request that is answered by an exception; `code` is the exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Modbus exception {code:02d}")
        self.code = code


def crc16(data: bytes) -> int:
    """CRC-16 over `data`: start 0xFFFF, polynomial 0xA001 reflected (serial line guide 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def frame(unit: int, pdu: bytes) -> bytes:
    """The frame that carries `pdu` to or from slave `unit`."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(2, "little")


def is_frame(data: bytes) -> bool:
    """Whether `data` is one whole frame with a right CRC."""
    return SHORTEST_FRAME <= len(data) <= LONGEST_FRAME and crc16(data) == 0  # the CRC over itself leaves nothing


def answer(pdu: bytes, inputs: Sequence[bool]) -> bytes:
    """The PDU that answers the request `pdu` from the discrete inputs 0 … n-1."""
    function = pdu[0]
    try:
        serve = _FUNCTIONS.get(function)
        if serve is None:
            raise ModbusError(ILLEGAL_FUNCTION)
        return bytes((function,)) + serve(pdu[1:], inputs)
    except ModbusError as error:
        return exception(function, error.code)


def exception(function: int, code: int) -> bytes:
    """The PDU that refuses a request."""
    return bytes((function | 0x80, code))


def _read_bits(data: bytes, bits: Sequence[bool]) -> bytes:
    """Start address and quantity → byte count and the bits, the first in the lowest bit (application 6.1, 6.2)."""
    if len(data) != 4:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    start, quantity = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
    if not 1 <= quantity <= MOST_BITS:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    if start + quantity > len(bits):
        raise ModbusError(ILLEGAL_DATA_ADDRESS)
    packed = sum(bit << n for n, bit in enumerate(bits[start : start + quantity]))
    size = (quantity + 7) // 8
    return bytes((size,)) + packed.to_bytes(size, "little")


_FUNCTIONS: Final[Mapping[int, Callable[[bytes, Sequence[bool]], bytes]]] = {READ_DISCRETE_INPUTS: _read_bits}
"""What the module can do. An output module adds 01 (the same bits, of its coils) and 05 here."""
