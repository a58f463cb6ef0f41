"""The bench's ccTalk codec against the golden vectors that the driver's tests read too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.cash.frame import Checksum, Frame, FrameError, crc16, decode, encode, wire_length

VECTORS = json.loads((Path(__file__).parents[1] / "transcripts" / "cctalk.json").read_text("utf-8"))
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])


def parts(vector: dict[str, Any]) -> tuple[bytes, Frame, Checksum]:
    frame = Frame(vector["dest"], vector["src"], vector["header"], bytes.fromhex(vector["data"]))
    return bytes.fromhex(vector["hex"]), frame, Checksum(vector["checksum"])


@each_vector
def test_a_frame_becomes_the_golden_bytes(vector: dict[str, Any]) -> None:
    raw, frame, checksum = parts(vector)
    assert encode(frame, checksum) == raw


@each_vector
def test_the_golden_bytes_become_the_frame(vector: dict[str, Any]) -> None:
    raw, frame, checksum = parts(vector)
    assert decode(raw, checksum) == frame
    assert wire_length(raw) == len(raw)


@each_vector
def test_any_single_changed_bit_is_noticed(vector: dict[str, Any]) -> None:
    raw, _, checksum = parts(vector)
    for i in range(len(raw) * 8):
        wrong = bytearray(raw)
        wrong[i // 8] ^= 1 << i % 8
        with pytest.raises(FrameError):
            decode(bytes(wrong), checksum)


def test_the_crc_is_the_xmodem_one() -> None:
    assert crc16(b"123456789") == 0x31C3


def test_what_no_frame_can_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        encode(Frame(2, 1, 229, bytes(256)))
    with pytest.raises(ValueError, match="source"):
        encode(Frame(2, None, 229))
