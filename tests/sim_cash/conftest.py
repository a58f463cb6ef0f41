"""A raw host for the cash bench: bytes made by hand, read and written with os.read and os.write."""

from __future__ import annotations

import os
import select
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.cash import CashBench, ManualClock

ACK = b""
NAK = "NAK"
BUSY = "BUSY"


class RawHost:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.reopen()

    def reopen(self) -> None:
        self.fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)

    @staticmethod
    def by_hand(dest: int, header: int, *data: int) -> bytes:
        body = bytes((dest, len(data), 1, header, *data))
        return body + bytes(((256 - sum(body) % 256) % 256,))

    def close(self) -> None:
        os.close(self.fd)

    def send(self, raw: bytes) -> None:
        os.write(self.fd, raw)

    def read(self, n: int) -> bytes:
        """Exactly n bytes; fails after 5 s."""
        got = b""
        deadline = time.monotonic() + 5
        while len(got) < n:
            if not select.select([self.fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"the line is silent: {got.hex(' ')} instead of {n} bytes")
            got += os.read(self.fd, n - len(got))
        return got

    def waiting(self) -> bytes:
        return os.read(self.fd, 4096) if select.select([self.fd], [], [], 0)[0] else b""

    def frame(self) -> bytes:
        head = self.read(2)
        return head + self.read(head[1] + 3)

    def send_echoed(self, raw: bytes) -> None:
        self.send(raw)
        assert self.read(len(raw)) == raw

    def reply(self, source: int) -> bytes | str:
        raw = self.frame()
        assert raw[0] == 1, raw.hex(" ")
        assert raw[2] == source, raw.hex(" ")
        assert sum(raw) % 256 == 0, raw.hex(" ")
        return {0: raw[4:-1], 5: NAK, 6: BUSY}[raw[3]]

    def ask(self, dest: int, header: int, *data: int) -> bytes | str:
        self.send_echoed(self.by_hand(dest, header, *data))
        return self.reply(dest)

    def data(self, dest: int, header: int, *data: int) -> bytes:
        answer = self.ask(dest, header, *data)
        assert isinstance(answer, bytes), answer
        return answer

    def ask_in_vain(self, raw: bytes) -> None:
        """The request is echoed and not answered: the next thing on the line belongs to another request."""
        self.send_echoed(raw)
        other = 6 if raw[0] != 6 else 5
        assert self.ask(other, 254) == ACK

    # -- what a host does all day ----------------------------------------------------------------

    def start_acceptor(self, mask: int = 0xFFFF) -> None:
        assert self.ask(2, 231, mask & 0xFF, mask >> 8) == ACK
        assert self.ask(2, 228, 1) == ACK
        self.credits()

    def credits(self) -> tuple[int, list[tuple[int, int]]]:
        raw = self.data(2, 229)
        assert len(raw) == 11
        return raw[0], [(raw[i], raw[i + 1]) for i in range(1, 11, 2)]

    def status(self, hopper: int) -> tuple[int, int, int, int]:
        event, remaining, paid, unpaid = self.data(hopper, 166)
        return event, remaining, paid, unpaid

    def dispensed(self, hopper: int) -> int:
        return int.from_bytes(self.data(hopper, 168), "little")

    def dispense_frame(self, hopper: int, n: int) -> bytes:
        assert self.ask(hopper, 164, 165) == ACK
        return self.by_hand(hopper, 167, *self.data(hopper, 242), n)

    def dispense(self, hopper: int, n: int) -> bytes | str:
        self.send_echoed(self.dispense_frame(hopper, n))
        return self.reply(hopper)


class Rig:
    """One bench with a clock that stands still, and its host."""

    def __init__(self, bench: CashBench, clock: ManualClock, host: RawHost) -> None:
        self.bench, self.clock, self.host = bench, clock, host

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def throw_in(self, *coins: int) -> None:
        """Coins that must be taken, each seen by a poll of the host before the next one."""
        for yen in coins:
            assert self.bench.insert(yen) == "accepted"
            self.pass_time(0.5)
            self.host.credits()


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Benches to order. Whatever a test does, at its end no coin may have appeared or vanished."""
    rigs: list[tuple[Rig, dict[int, int]]] = []

    def make(**options: Any) -> Rig:
        clock = ManualClock()
        directory = tmp_path / str(len(rigs))
        directory.mkdir()
        bench = CashBench(directory, clock=clock, **options)
        bench.__enter__()
        rig = Rig(bench, clock, RawHost(bench.port))
        clock.advance(0.3)  # the devices have started up
        rigs.append((rig, bench.total()))
        return rig

    yield make
    for rig, total in rigs:
        after = rig.bench.total()
        rig.host.close()
        rig.bench.__exit__(None, None, None)
        assert after == total


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()


@pytest.fixture
def make_host() -> Iterator[Callable[[Path], RawHost]]:
    """Hosts for benches that run in real time."""
    hosts: list[RawHost] = []

    def make(port: Path) -> RawHost:
        hosts.append(RawHost(port))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
