"""The slave's codec against the examples printed in the Modbus documents."""

from __future__ import annotations

import pytest

from hardware_sim.sensors.modbus import answer, crc16, frame, is_frame

# Application protocol v1.1b3, 6.2: inputs 197 to 218 are AC DB 35, the lowest input in the lowest bit.
_BITS = tuple(bool(byte >> n & 1) for byte in (0xAC, 0xDB, 0x35) for n in range(8))[:22]
INPUTS = (False,) * 196 + _BITS


def test_crc_of_the_serial_line_guide() -> None:
    assert crc16(bytes.fromhex("02 07")) == 0x1241  # appendix B
    assert frame(2, b"\x07").hex(" ") == "02 07 41 12"  # low byte first


def test_function_02_as_printed_in_the_application_protocol() -> None:
    assert answer(bytes.fromhex("02 00 c4 00 16"), INPUTS).hex(" ") == "02 03 ac db 35"


def test_unused_bits_of_the_last_byte_are_zero() -> None:
    assert answer(bytes.fromhex("02 00 00 00 03"), (True,) * 8).hex(" ") == "02 01 07"


@pytest.mark.parametrize(
    ("request_pdu", "refusal"),
    [
        ("03 00 00 00 01", "83 01"),  # holding registers: this module has none
        ("01 00 00 00 01", "81 01"),
        ("02 00 08 00 01", "82 02"),  # behind the last input
        ("02 00 07 00 02", "82 02"),  # begins inside, ends outside
        ("02 00 00 00 00", "82 03"),  # no input at all
        ("02 00 00 07 d1", "82 03"),  # 2001 inputs
        ("02 ff ff ff ff", "82 03"),  # quantity is judged before address
        ("02 00 00 01", "82 03"),  # too short
    ],
)
def test_requests_that_are_refused(request_pdu: str, refusal: str) -> None:
    assert answer(bytes.fromhex(request_pdu), (False,) * 8).hex(" ") == refusal


def test_2000_inputs_are_the_most_in_one_request() -> None:
    assert len(answer(bytes.fromhex("02 00 00 07 d0"), (True,) * 2000)) == 2 + 250


def test_a_damaged_or_cut_frame_is_none() -> None:
    good = frame(1, bytes.fromhex("02 00 00 00 08"))
    assert is_frame(good)
    assert not is_frame(good[:-1])
    assert not is_frame(bytes((good[0] ^ 1,)) + good[1:])
    assert not is_frame(good + good)
    assert not is_frame(b"")
