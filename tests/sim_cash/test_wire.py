"""The line itself: echo, silence, time between bytes, faults of the wire, the cable pulled and put back."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.cash import AcceptorProfile, CashBench, Checksum, HopperProfile

Make = Callable[..., Any]
ACK = b""


def test_every_byte_comes_back_before_the_answer(rig: Any) -> None:
    rig.host.send(bytes.fromhex("02 00 01 FE FF"))
    assert rig.host.read(10) == bytes.fromhex("02 00 01 FE FF  01 00 02 00 FD")


def test_an_adapter_that_suppresses_the_echo(make_rig: Make) -> None:
    rig = make_rig(echo=False)
    rig.host.send(bytes.fromhex("02 00 01 FE FF"))
    assert rig.host.read(5) == bytes.fromhex("01 00 02 00 FD")
    assert rig.host.waiting() == b""


@pytest.mark.parametrize("address", [2, 3, 4, 5, 6])
def test_every_device_says_what_it_is(rig: Any, address: int) -> None:
    host = rig.host
    assert host.ask(address, 254) == ACK
    assert host.data(address, 245) == (b"Coin Acceptor" if address == 2 else b"Payout")
    assert len(host.data(address, 242)) == 3
    assert len(host.data(address, 4)) == 3
    for header in (246, 244, 241, 192, 243, 249):
        assert host.data(address, header)


def test_serial_numbers_are_told_low_byte_first_and_differ(rig: Any) -> None:
    assert rig.host.data(3, 242) == bytes.fromhex("DF D7 0A")
    assert len({rig.host.data(address, 242) for address in range(2, 7)}) == 5


@pytest.mark.parametrize(
    "raw",
    ["02 00 01 FE FE", "02 00 01 E4 01 17", "07 00 01 FE FA", "00 00 01 FE 01", "02 00 03 00 FB"],
    ids=["wrong checksum", "wrong length", "nobody there", "broadcast", "a reply, no request"],
)
def test_silence_to_what_is_no_valid_request(rig: Any, raw: str) -> None:
    rig.host.send(bytes.fromhex(raw))
    rig.host.read(len(bytes.fromhex(raw)))
    rig.pass_time(0.06)
    assert rig.host.ask(3, 254) == ACK


def test_unknown_commands_and_wrong_arguments_are_answered_by_nak(rig: Any) -> None:
    assert rig.host.ask(2, 99) == "NAK"
    assert rig.host.ask(2, 231, 1) == "NAK"
    assert rig.host.ask(2, 210, 1, 9) == "NAK"
    assert rig.host.ask(2, 184, 17) == "NAK"


def test_a_partial_frame_is_dropped_after_50_ms(rig: Any) -> None:
    rig.host.send_echoed(bytes.fromhex("02 00 01"))
    rig.pass_time(0.051)
    assert rig.host.ask(2, 254) == ACK
    assert rig.host.data(2, 2) == bytes((1, 3, 0))


def test_a_frame_in_two_pieces_within_50_ms_is_one_frame(rig: Any) -> None:
    rig.host.send_echoed(bytes.fromhex("02 00 01"))
    rig.pass_time(0.049)
    rig.host.send_echoed(bytes.fromhex("FE FF"))
    assert rig.host.reply(2) == ACK


def test_comms_counters_tell_of_bad_frames_and_of_a_reset(rig: Any) -> None:
    rig.host.ask_in_vain(bytes.fromhex("02 00 01 FE FE"))
    assert rig.host.data(2, 2) == bytes((0, 0, 1))
    assert rig.host.ask(2, 3) == ACK
    assert rig.host.data(2, 2) == bytes(3)


def test_a_reset_is_acknowledged_then_silence_until_started(rig: Any) -> None:
    assert rig.host.ask(2, 1) == ACK
    rig.host.ask_in_vain(rig.host.by_hand(2, 254))
    rig.pass_time(0.3)
    assert rig.host.ask(2, 254) == ACK


def test_crc_devices_use_the_other_frame(make_rig: Make) -> None:
    rig = make_rig(acceptor=AcceptorProfile(checksum=Checksum.CRC16), hopper=HopperProfile(checksum=Checksum.CRC16))
    rig.host.send_echoed(bytes.fromhex("02 00 B1 FE 60"))
    assert rig.host.read(5) == bytes.fromhex("01 00 30 00 37")


# -- faults of the wire -----------------------------------------------------------------------------


def test_a_lost_request_is_echoed_and_not_obeyed(rig: Any) -> None:
    rig.bench.fault("lost_request", header=231)
    rig.host.ask_in_vain(rig.host.by_hand(2, 231, 7, 0))
    assert rig.host.data(2, 230) == bytes((0, 0))


def test_a_lost_reply_is_obeyed_all_the_same(rig: Any) -> None:
    rig.bench.fault("lost_reply", header=231)
    rig.host.ask_in_vain(rig.host.by_hand(2, 231, 7, 0))
    assert rig.host.data(2, 230) == bytes((7, 0))


def test_a_fault_strikes_only_the_command_and_device_it_is_for(rig: Any) -> None:
    rig.bench.fault("lost_reply", header=166, address=4)
    assert rig.host.ask(3, 166)
    assert rig.host.ask(4, 168)
    rig.host.ask_in_vain(rig.host.by_hand(4, 166))
    assert rig.host.ask(4, 166)


def test_a_corrupt_reply_has_a_wrong_checksum(rig: Any) -> None:
    rig.bench.fault("corrupt_reply")
    rig.host.send_echoed(rig.host.by_hand(2, 254))
    assert sum(rig.host.frame()) % 256 != 0
    assert rig.host.ask(2, 254) == ACK


def test_a_late_reply_comes_between_others(rig: Any) -> None:
    rig.bench.fault("late_reply", delay_s=0.5)
    rig.host.send_echoed(rig.host.by_hand(3, 166))
    rig.pass_time(0.3)
    assert rig.host.ask(2, 254) == ACK
    rig.pass_time(0.3)
    assert len(rig.host.reply(3)) == 4


def test_busy_and_nak_are_answers_without_deeds(rig: Any) -> None:
    rig.bench.fault("busy", times=2)
    rig.bench.fault("nak", times=1)
    answers = [rig.host.ask(2, 231, 7, 0) for _ in range(3)]
    assert answers == ["BUSY", "BUSY", "NAK"]
    assert rig.host.data(2, 230) == bytes((0, 0))


def test_gaps_between_the_bytes_of_a_reply(rig: Any) -> None:
    rig.bench.fault("byte_gaps", gap_s=0.02)
    rig.host.send_echoed(rig.host.by_hand(2, 254))
    rig.host.read(1)
    assert rig.host.waiting() == b""
    rig.pass_time(0.02)
    rig.host.read(1)
    assert rig.host.waiting() == b""
    rig.pass_time(0.1)
    rig.host.read(3)


@pytest.mark.parametrize(
    ("fault", "echo"),
    [("no_echo", ""), ("corrupt_echo", "02 00 01 FE EF"), ("double_echo", "02 00 01 FE FF 02 00 01 FE FF")],
)
def test_echo_faults(rig: Any, fault: str, echo: str) -> None:
    rig.bench.fault(fault)
    rig.host.send(bytes.fromhex("02 00 01 FE FF"))
    expected = bytes.fromhex(echo) + bytes.fromhex("01 00 02 00 FD")
    assert rig.host.read(len(expected)) == expected


def test_a_dead_bus_says_nothing_and_comes_back(rig: Any) -> None:
    rig.bench.fault("bus_dead")
    rig.host.send(rig.host.by_hand(2, 231, 7, 0))
    assert rig.bench.wait_until(lambda: _taken_from(rig.bench))
    assert rig.host.waiting() == b""
    rig.bench.clear_faults()
    rig.pass_time(0.1)
    assert rig.host.data(2, 230) == bytes((0, 0))


def _taken_from(bench: CashBench) -> bool:
    """True once the bench has read what the host wrote."""
    fd = bench._bus.fileno
    assert fd is not None
    return not select.select([fd], [], [], 0)[0]


# -- the cable --------------------------------------------------------------------------------------


def test_a_pulled_cable_hangs_up_and_comes_back_under_the_same_path(rig: Any, tmp_path: Path) -> None:
    port = rig.bench.port
    assert rig.host.ask(2, 231, 7, 0) == ACK
    rig.bench.fault("unplugged")
    assert not os.path.lexists(port)
    with pytest.raises(OSError) as gone:
        rig.host.send(b"\x02")
    assert gone.value.errno == errno.EIO

    rig.bench.clear_faults("unplugged")
    rig.host.close()
    rig.host.reopen()
    assert rig.host.data(2, 230) == bytes((7, 0)), "the devices kept their power"


def test_a_host_that_died_in_mid_frame_leaves_nothing_behind(rig: Any) -> None:
    rig.host.send_echoed(bytes.fromhex("03 04 01 A7"))
    rig.host.close()
    rig.pass_time(10)
    rig.host.reopen()
    assert rig.host.ask(2, 254) == ACK


def test_a_file_in_the_place_of_the_link_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "cctalk").write_text("somebody's")
    with pytest.raises(FileExistsError, match="no symlink"), CashBench(tmp_path):
        pass
    assert (tmp_path / "cctalk").read_text() == "somebody's"


def test_the_link_goes_with_the_bench(tmp_path: Path) -> None:
    with CashBench(tmp_path) as bench:
        assert bench.port == tmp_path / "cctalk"
        assert bench.port.is_symlink()
    assert not os.path.lexists(tmp_path / "cctalk")
