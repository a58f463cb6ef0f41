"""Command APDUs: the seven cases of ISO/IEC 7816-3, and lengths that contradict themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware_sim.card.apdu import ApduLengthError, parse


@pytest.mark.parametrize(
    ("raw", "data", "le"),
    [
        ("00200080", "", None),  # case 1
        ("00B0000004", "", 4),  # case 2 short
        ("00B0000000", "", 256),
        ("00A4020C020018", "0018", None),  # case 3 short
        ("802A008003010203" + "00", "010203", 256),  # case 4 short
        ("00B00000000000", "", 65536),  # case 2 extended
        ("00B00000000340", "", 832),
        ("00A4020C0000020018", "0018", None),  # case 3 extended
        ("802A008000000301020300" + "00", "010203", 65536),  # case 4 extended
    ],
)
def test_each_case_is_told_apart(raw: str, data: str, le: int | None) -> None:
    command = parse(bytes.fromhex(raw))
    assert command.data == bytes.fromhex(data)
    assert command.le == le


@pytest.mark.parametrize(
    "raw", ["", "00A404", "00A4020C0300", "00A4020C020018FFFF", "00B000000000", "00A4020C00000000"]
)
def test_contradicting_lengths_are_refused(raw: str) -> None:
    with pytest.raises(ApduLengthError):
        parse(bytes.fromhex(raw))


def test_data_stays_out_of_repr() -> None:
    assert "34" not in repr(parse(bytes.fromhex("00200080" + "04" + "34343434")))


@given(st.binary(max_size=300))
def test_no_bytes_surprise_the_decoder(raw: bytes) -> None:
    try:
        command = parse(raw)
    except ApduLengthError:
        return
    assert len(command.data) <= len(raw)
