"""A raw Modbus host: bytes made by hand over the pty."""

from __future__ import annotations

import os
import select
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware_sim.sensors import SensorBench


class RawHost:
    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)

    def close(self) -> None:
        os.close(self.fd)

    def send(self, hex_bytes: str) -> None:
        os.write(self.fd, bytes.fromhex(hex_bytes))

    def read(self, n: int) -> str:
        """Exactly n bytes as hex; fails after 5 s."""
        got = b""
        deadline = time.monotonic() + 5
        while len(got) < n:
            if not select.select([self.fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"the line is silent: {got.hex(' ')} instead of {n} bytes")
            got += os.read(self.fd, n - len(got))
        return got.hex(" ")

    def is_silent(self, for_s: float) -> bool:
        return not select.select([self.fd], [], [], for_s)[0]

    def hangs_up(self) -> bool:
        """Whether the far end closes within 5 s."""
        poll = select.poll()
        poll.register(self.fd, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(5000))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SensorBench]:
    with SensorBench(tmp_path) as module:
        yield module


@pytest.fixture
def open_host() -> Iterator[Callable[[Path], RawHost]]:
    hosts: list[RawHost] = []

    def open_one(port: Path) -> RawHost:
        hosts.append(RawHost(port))
        return hosts[-1]

    yield open_one
    for host in hosts:
        host.close()


@pytest.fixture
def host(bench: SensorBench, open_host: Callable[[Path], RawHost]) -> RawHost:
    return open_host(bench.port)
