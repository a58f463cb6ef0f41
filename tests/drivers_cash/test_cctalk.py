"""The codec against vectors that others can check by hand, and against broken input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cctalk import COMMANDS, BadChecksum, Checksum, Decoder, Frame, Header, Retry, crc16, encode

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "transcripts" / "cctalk.json").read_text(encoding="utf-8")
)


def frame_of(vector: dict[str, Any]) -> Frame:
    return Frame(vector["dest"], vector["src"], vector["header"], bytes.fromhex(vector["data"]))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden_vectors_both_ways(vector: dict[str, Any]) -> None:
    raw, checksum = bytes.fromhex(vector["hex"]), Checksum(vector["checksum"])
    assert encode(frame_of(vector), checksum) == raw
    decoder = Decoder(checksum)
    for byte in raw[:-1]:
        decoder.feed(bytes([byte]))
        assert decoder.next() is None
    decoder.feed(raw[-1:])
    assert decoder.next() == frame_of(vector)
    assert decoder.pending == b""


def test_there_are_vectors_of_both_kinds() -> None:
    assert {vector["checksum"] for vector in VECTORS} == {"simple", "crc16"}


def test_crc_check_value() -> None:
    assert crc16(b"123456789") == 0x31C3


FRAMES = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(min_size=0, max_size=255)
)


@given(st.lists(FRAMES, max_size=4), st.randoms(use_true_random=False))
def test_frames_survive_any_fragmentation(frames: list[Frame], rng: Any) -> None:
    raw = b"".join(encode(frame) for frame in frames)
    decoder, out = Decoder(), []
    while raw:
        n = rng.randint(1, 40)
        decoder.feed(raw[:n])
        raw = raw[n:]
        while (frame := decoder.next()) is not None:
            out.append(frame)
    assert out == frames


@given(FRAMES, st.sampled_from(Checksum), st.data())
def test_a_changed_byte_is_noticed(frame: Frame, checksum: Checksum, data: st.DataObject) -> None:
    raw = bytearray(encode(frame, checksum))
    # Not the length: another one only means that more bytes are awaited.
    at = data.draw(st.sampled_from([i for i in range(len(raw)) if i != 1]))
    raw[at] ^= data.draw(st.integers(1, 255))
    decoder = Decoder(checksum)
    decoder.feed(bytes(raw))
    with pytest.raises(BadChecksum):
        decoder.next()
    assert decoder.pending == b""


def test_a_partial_frame_can_be_dropped() -> None:
    decoder = Decoder()
    decoder.feed(bytes.fromhex("01 0B 02"))
    decoder.reset()
    decoder.feed(bytes.fromhex("01 00 02 00 FD"))
    assert decoder.next() == Frame(1, 2, 0)


def test_a_simple_frame_needs_a_source_and_a_frame_fits_its_length_byte() -> None:
    with pytest.raises(ValueError, match="source address"):
        encode(Frame(2, None, 254))
    with pytest.raises(ValueError):
        encode(Frame(2, 1, 254, bytes(256)))


def test_what_moves_metal_is_never_repeated_and_what_unlocks_is_never_sent() -> None:
    once = {Header.DISPENSE_HOPPER_COINS, Header.EMERGENCY_STOP, Header.RESET_DEVICE, Header.REQUEST_CIPHER_KEY}
    assert {COMMANDS[header].retry for header in once} == {Retry.ONCE}
    never = {Header.FACTORY_SETUP, Header.ADDRESS_CHANGE, Header.MODIFY_COIN_ID, Header.TEACH_MODE}
    assert {COMMANDS[header].retry for header in never} == {Retry.FORBIDDEN}
    assert set(COMMANDS) == set(Header) - {Header.REPLY, Header.NAK, Header.BUSY}
