"""One exchange at a time: exact bytes out, the right answer picked, silence understood."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from drivers.cctalk import Header
from drivers.cctalk_bus import CCTALK, Bus, Busy, LineSettings, Refused, SerialLine, format_for, is_pty
from kiosk.errors import DeviceOffline, DeviceTimeout

POLL = bytes.fromhex("02 00 01 FE FF")
ACK = bytes.fromhex("01 00 02 00 FD")
CREDIT = bytes.fromhex("02 00 01 E5 18")
CREDIT_ANSWER = bytes.fromhex("01 0B 02 00 06 06 04 00 14 00 17 06 04 0D 02 9E")
DISPENSE = bytes.fromhex("03 04 01 A7 DF D7 0A 01 90")


class Script:
    """A line that expects exact bytes and answers with chunks at given moments (seconds after the write)."""

    def __init__(self, *steps: tuple[bytes, list[tuple[float, bytes]]]) -> None:
        self.now = 0.0
        self.steps = list(steps)
        self.coming: list[tuple[float, bytes]] = []
        self.sent_at: list[float] = []

    def write(self, data: bytes) -> None:
        assert self.steps, f"unexpected {data.hex(' ')}"
        expected, chunks = self.steps.pop(0)
        assert data == expected
        self.sent_at.append(self.now)
        self.coming += [(self.now + after, chunk) for after, chunk in chunks]

    def read(self, timeout_s: float) -> bytes:
        if not self.coming or self.coming[0][0] > self.now + timeout_s:
            self.now += timeout_s
            return b""
        at, chunk = self.coming.pop(0)
        self.now = max(self.now, at)
        return chunk

    def close(self) -> None:
        pass


def bus_on(script: Script, echo: str = "off") -> Bus:
    return Bus(script, echo=echo, clock=lambda: script.now)  # type: ignore[arg-type]


def test_answer_in_pieces_with_and_without_echo() -> None:
    pieces = [(0.01, CREDIT_ANSWER[:3]), (0.04, CREDIT_ANSWER[3:9]), (0.08, CREDIT_ANSWER[9:])]
    plain = Script((CREDIT, pieces))
    assert bus_on(plain).exchange(2, Header.READ_BUFFERED_CREDIT) == CREDIT_ANSWER[4:-1]
    echoing = Script((CREDIT, [(0.0, CREDIT[:2]), (0.003, CREDIT[2:] + CREDIT_ANSWER)]))
    assert bus_on(echoing, "on").exchange(2, Header.READ_BUFFERED_CREDIT) == CREDIT_ANSWER[4:-1]


@pytest.mark.parametrize(
    ("chunks", "echo"), [([(0.0, POLL), (0.005, ACK)], True), ([(0.005, ACK)], False), ([(0.0, POLL)], True)]
)
def test_echo_is_found_out(chunks: list[tuple[float, bytes]], echo: bool) -> None:
    script = Script((POLL, chunks))
    bus = bus_on(script, "auto")
    bus.detect_echo(2)
    assert bus.echo is echo


def test_a_dead_bus_is_offline() -> None:
    with pytest.raises(DeviceOffline):
        bus_on(Script(*[(POLL, [])] * 3), "auto").detect_echo(2)


def test_an_undeclared_echo_does_no_harm() -> None:
    script = Script((CREDIT, [(0.0, CREDIT), (0.01, CREDIT_ANSWER)]))
    assert bus_on(script, "off").exchange(2, Header.READ_BUFFERED_CREDIT) == CREDIT_ANSWER[4:-1]


STATUS = bytes.fromhex("03 00 01 A6 56")
STATUS_ANSWER = bytes.fromhex("01 04 03 00 07 00 05 00 EC")


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    """It is flushed in the silence that follows a time-out, or passed over for its sender or its length."""
    flushed = Script((STATUS, [(0.22, STATUS_ANSWER)]), (STATUS, [(0.01, STATUS_ANSWER)]))
    assert bus_on(flushed).exchange(3, Header.REQUEST_HOPPER_STATUS) == STATUS_ANSWER[4:-1]
    assert flushed.sent_at[1] - flushed.sent_at[0] == pytest.approx(0.22 + 0.05)
    other_device = Script((CREDIT, [(0.0, STATUS_ANSWER), (0.01, CREDIT_ANSWER)]))
    assert bus_on(other_device).exchange(2, Header.READ_BUFFERED_CREDIT) == CREDIT_ANSWER[4:-1]
    twin = bytes.fromhex("01 04 04 00 09 00 01 00 ED")  # of another hopper, with the same length
    same_length = Script((STATUS, [(0.0, twin), (0.01, STATUS_ANSWER)]))
    assert bus_on(same_length).exchange(3, Header.REQUEST_HOPPER_STATUS) == STATUS_ANSWER[4:-1]
    count = bytes.fromhex("03 00 01 A8 54")
    count_answer = bytes.fromhex("01 03 03 00 E8 03 00 0E")
    other_length = Script((count, [(0.0, STATUS_ANSWER), (0.01, count_answer)]))
    assert bus_on(other_length).exchange(3, Header.REQUEST_HOPPER_DISPENSE_COUNT) == b"\xe8\x03\x00"


def test_reads_are_asked_three_times_then_given_up() -> None:
    script = Script(*[(CREDIT, [])] * 3)
    with pytest.raises(DeviceTimeout):
        bus_on(script).exchange(2, Header.READ_BUFFERED_CREDIT)
    assert not script.steps


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [(0.0, DISPENSE)],
        [(0.0, DISPENSE[:-1] + b"\x91")],
        [(0.0, DISPENSE[:4] + b"\x00" + DISPENSE[5:]), (0.01, bytes.fromhex("01 01 03 00 05 F6"))],
        [(0.0, DISPENSE), (0.01, bytes.fromhex("01 01 03 00 05 00"))],
        [(0.0, DISPENSE), (0.01, bytes.fromhex("01 01 03"))],
        [(0.0, DISPENSE[:4])],
        [(0.0, DISPENSE + DISPENSE)],
    ],
    ids=[
        "dead",
        "no answer",
        "echo differs",
        "echo differs, then an answer",
        "damaged",
        "broken off",
        "half an echo",
        "double echo",
    ],
)
def test_a_dispense_is_sent_once_whatever_comes_back(chunks: list[tuple[float, bytes]]) -> None:
    script = Script((DISPENSE, chunks))
    with pytest.raises(DeviceTimeout):
        bus_on(script, "on").exchange(3, Header.DISPENSE_HOPPER_COINS, bytes.fromhex("DF D7 0A 01"))
    assert script.sent_at == [0.0]


def test_a_busy_device_is_asked_again_after_a_pause_but_not_to_dispense() -> None:
    busy = bytes.fromhex("01 00 02 06 F7")
    script = Script((CREDIT, [(0.01, busy)]), (CREDIT, [(0.01, CREDIT_ANSWER)]))
    assert bus_on(script).exchange(2, Header.READ_BUFFERED_CREDIT) == CREDIT_ANSWER[4:-1]
    assert script.sent_at[1] >= 0.1
    script = Script((DISPENSE, [(0.01, bytes.fromhex("01 00 03 06 F6"))]))
    with pytest.raises(Busy):
        bus_on(script).exchange(3, Header.DISPENSE_HOPPER_COINS, bytes.fromhex("DF D7 0A 01"))


def test_nak_is_a_refusal_and_not_repeated() -> None:
    script = Script((CREDIT, [(0.01, bytes.fromhex("01 00 02 05 F8"))]))
    with pytest.raises(Refused):
        bus_on(script).exchange(2, Header.READ_BUFFERED_CREDIT)


def test_a_forbidden_command_does_not_reach_the_wire() -> None:
    with pytest.raises(ValueError, match="never"):
        bus_on(Script()).exchange(2, Header.FACTORY_SETUP)


def test_a_babbling_line_does_not_hold_the_thread() -> None:
    script = Script((CREDIT, []))
    script.read = lambda timeout_s: setattr(script, "now", script.now + 0.01) or b"\x07"  # type: ignore[method-assign]
    bus = bus_on(script)
    with pytest.raises(DeviceTimeout):
        bus._attempt(2, Header.READ_BUFFERED_CREDIT, b"")
    assert script.now < 5


# ---- the serial port itself, on a pty ----------------------------------------------------------------------


@pytest.fixture
def wire() -> Iterator[SimpleNamespace]:
    master, slave = pty.openpty()
    ends = SimpleNamespace(master=master, slave=slave, port=os.ttyname(slave))
    yield ends
    for fd in (ends.master, ends.slave):
        if fd >= 0:
            os.close(fd)


def test_the_declared_format_is_8n1_and_a_pty_is_never_given_parity(wire: SimpleNamespace) -> None:
    assert LineSettings(9600, 8, "N", 1) == CCTALK
    assert is_pty(wire.port)
    assert format_for(wire.port, LineSettings(9600, 8, "E", 2)) == LineSettings(9600, 8, "N", 1)
    assert format_for("/dev/ttyS0", LineSettings(9600, 8, "E", 1)).parity == "E"


def test_bytes_pass_unchanged_and_silence_is_nothing(wire: SimpleNamespace) -> None:
    line = SerialLine(wire.port)
    try:
        line.write(bytes(range(256)))
        assert os.read(wire.master, 300) == bytes(range(256))
        assert line.read(0.0) == b""
        os.write(wire.master, b"\x00\x11\x13\x03\x1a\xff\r\n")
        assert line.read(5.0) == b"\x00\x11\x13\x03\x1a\xff\r\n"
    finally:
        line.close()


def test_a_second_kiosk_cannot_open_the_port(wire: SimpleNamespace) -> None:
    line = SerialLine(wire.port)
    with pytest.raises(DeviceOffline):
        SerialLine(wire.port)
    line.close()
    SerialLine(wire.port).close()


def test_a_pulled_cable_is_offline(wire: SimpleNamespace) -> None:
    line = SerialLine(wire.port)
    os.close(wire.master)
    os.close(wire.slave)
    wire.master = wire.slave = -1
    with pytest.raises(DeviceOffline):
        line.read(1.0)
    with pytest.raises(DeviceOffline):
        line.write(b"x")
    line.close()
    with pytest.raises(DeviceOffline):
        SerialLine("/dev/nonexistent")
