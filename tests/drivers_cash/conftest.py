"""A coin bus in memory, on a clock of its own: answers are written here from the specification, byte by byte.

It shares nothing with the driver's codec and nothing with the bench's simulated devices.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from config.schema import CashSettings, CoinPosition, HopperSettings
from drivers.cash_unit import CashUnit
from drivers.cctalk_bus import Line
from kiosk.errors import DeviceOffline
from kiosk.events import CoinsCredited, Credit, DeviceMark, DeviceOnline, Event

Reply = bytes | None
E = TypeVar("E")


class Time:
    def __init__(self) -> None:
        self.now = 500.0

    def boot(self) -> float:
        return self.now

    def __call__(self) -> float:
        return self.now


def summed(*body: int) -> bytes:
    """The body with its simple checksum."""
    return bytes(body) + bytes([(256 - sum(body) % 256) % 256])


class Acceptor:
    """Address 2. `keep`: it keeps its settings over a reset."""

    def __init__(self) -> None:
        self.serial = 123456
        self.category = b"Coin Acceptor"
        self.ids = {1: b"JP010A", 2: b"JP050A", 3: b"JP100A", 4: b"JP500A", 5: b"JP500B"}
        self.paths = dict.fromkeys(range(1, 17), 5)
        self.fault = 0
        self.unknown: set[int] = set()
        self.reset()

    def reset(self) -> None:
        self.counter = 0
        self.events: list[tuple[int, int]] = []
        self.mask, self.master = bytes(2), 0

    def happen(self, a: int, b: int) -> None:
        self.counter = self.counter % 255 + 1
        self.events = [(a, b), *self.events][:5]

    @property
    def accepts(self) -> set[int]:
        mask = int.from_bytes(self.mask, "little") if self.master else 0
        return {n for n in range(1, 17) if mask >> n - 1 & 1}

    def coin(self, position: int) -> bool:
        """A coin falls in: credited if it is accepted now, else rejected with an event."""
        if position in self.accepts:
            self.happen(position, self.paths[position])
            return True
        self.happen(0, 2)
        return False

    def answer(self, header: int, data: bytes) -> Reply:
        if header in self.unknown:
            return None
        window = [byte for pair in self.events for byte in pair]
        if header == 229:
            return bytes([self.counter, *window, *[0] * (10 - len(window))])
        if header == 231:
            self.mask = data
            return b""
        if header == 228:
            self.master = data[0] & 1
            return b""
        if header == 210:
            self.paths[data[0]] = data[1]
            return b""
        answers: dict[int, Callable[[], bytes]] = {
            254: lambda: b"",
            245: lambda: self.category,
            242: lambda: self.serial.to_bytes(3, "little"),
            184: lambda: self.ids.get(data[0], b"------"),
            232: lambda: bytes([self.fault]),
            230: lambda: self.mask,
            227: lambda: bytes([self.master]),
            222: lambda: b"",
            221: lambda: b"\xff",
            209: lambda: bytes([self.paths[data[0]]]),
        }
        return answers[header]()


class Hopper:
    """A hopper that pays one coin each 0.2 s once it has accepted a dispense."""

    def __init__(self, serial: int, clock: Time, *, mode: str) -> None:
        self.serial, self.clock, self.mode = serial, clock, mode
        self.product = b"SCH2-NOENCRYPT" if mode == "cipher-dummy" else b"FLOW-USE_SER"
        self.level = 100
        self.event = self.paid = self.unpaid = 0
        self.total = 1000
        self.flags = bytearray(2)
        self.enabled = self.keyed = False
        self.counts_refusals = False
        self.cut_after: int | None = None
        self._ordered = 0
        self._began = 0.0

    def _run(self) -> None:
        """Let the motor do what it had time for."""
        if not self._ordered:
            return
        due = min(self._ordered, int((self.clock.now - self._began) / 0.2))
        while self.paid < due and self.level:
            self.paid, self.total, self.level = self.paid + 1, self.total + 1, self.level - 1
            if self.cut_after == self.paid:
                self.event, self.unpaid, self._ordered = 0, self._ordered - self.paid, 0
                self.enabled = False
                return
        empty = not self.level and self.clock.now - self._began > 0.2 * self.paid + 10
        if self.paid == self._ordered or empty:
            self.unpaid, self._ordered = self._ordered - self.paid, 0
            if empty and self.unpaid:
                self.flags[0] |= 2

    def answer(self, header: int, data: bytes) -> Reply:
        self._run()
        remaining = self._ordered - self.paid if self._ordered else 0
        if header == 164:
            self.enabled = data == b"\xa5"
            return b""
        if header == 160:
            self.keyed = True
            return bytes(range(8))
        if header == 172:
            self.unpaid, self._ordered = remaining, 0
            return bytes([remaining])
        if header == 167:
            return self._dispense(data)
        return {
            254: b"",
            245: b"Payout",
            244: self.product,
            242: self.serial.to_bytes(3, "little"),
            171: b"------",
            166: bytes([self.event, remaining, self.paid, self.unpaid]),
            168: self.total.to_bytes(3, "little"),
            163: bytes(self.flags),
        }[header]

    def _dispense(self, data: bytes) -> Reply:
        if self.mode == "serial":
            armed = data[:-1] == self.serial.to_bytes(3, "little")
        else:
            armed = len(data) == 9 and self.keyed
        if not (armed and self.enabled) or self._ordered:
            if self.counts_refusals:
                self.event = self.event % 255 + 1
            raise LookupError
        self.keyed = False
        self.event = self.event % 255 + 1
        self.paid, self.unpaid, self._ordered, self._began = 0, 0, data[-1], self.clock.now
        self.flags[0] &= ~2
        return bytes([self.event])


class FakeLine:
    """Host's end of the wire. `spoil[(address, header)]` is a list of what goes wrong, one for each request."""

    def __init__(self, clock: Time, *, echo: bool = True) -> None:
        self.clock, self.echo = clock, echo
        self.devices: dict[int, Acceptor | Hopper] = {}
        self.sent: list[bytes] = []
        self.spoil: dict[tuple[int, int], list[str]] = {}
        self.dead = False
        self.closed = 0
        self._coming: list[tuple[float, bytes]] = []

    def requests(self, header: int) -> list[bytes]:
        return [raw for raw in self.sent if raw[3] == header]

    def write(self, data: bytes) -> None:
        if self.dead:
            raise DeviceOffline
        self.sent.append(data)
        address, header = data[0], data[3]
        assert sum(data) % 256 == 0
        assert len(data) == data[1] + 5
        faults = self.spoil.get((address, header)) or ["fine"]
        fault = faults.pop(0)
        if self.echo:
            echoed = bytes([data[0] ^ 4]) + data[1:] if fault == "bad_echo" else data
            self._coming.append((self.clock.now, echoed))
        device = self.devices.get(address)
        if device is None or fault == "lost_request":
            return
        if fault in ("nak", "busy"):
            self._coming.append((self.clock.now + 0.005, summed(1, 0, address, 5 if fault == "nak" else 6)))
            return
        try:
            reply = device.answer(header, data[4:-1])
        except LookupError:
            self._coming.append((self.clock.now + 0.005, summed(1, 0, address, 5)))
            return
        if reply is None or fault == "lost_reply":
            return
        raw = summed(1, len(reply), address, 0, *reply)
        at = self.clock.now + 0.005
        if fault == "damaged":
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        elif fault == "late":
            at += 0.215  # after the 200 ms, within the silence that follows
        elif fault == "broken_off":
            raw = raw[:3]
        self._coming.append((at, raw))

    def read(self, timeout_s: float) -> bytes:
        if self.dead:
            raise DeviceOffline
        self._coming.sort(key=lambda item: item[0])
        end = self.clock.now + timeout_s
        if not self._coming or self._coming[0][0] > end:
            self.clock.now = end
            return b""
        self.clock.now = max(self.clock.now, self._coming[0][0])
        arrived = b"".join(raw for at, raw in self._coming if at <= self.clock.now)
        self._coming = [item for item in self._coming if item[0] > self.clock.now]
        return arrived

    def close(self) -> None:
        self.closed += 1


SETTINGS = CashSettings(
    port="/dev/null",
    acceptor_serial=123456,
    coins=tuple(
        CoinPosition(position, coin_id, yen, path)
        for position, coin_id, yen, path in (
            (1, "JP010A", 10, 1),
            (2, "JP050A", 50, 2),
            (3, "JP100A", 100, 3),
            (4, "JP500A", 500, 4),
            (5, "JP500B", 500, 4),
        )
    ),
    hoppers=(
        HopperSettings(703455, 100, "cipher-dummy", 5),
        HopperSettings(0x0AD7DF, 500, "serial", 5),
    ),
)


@pytest.fixture
def rig() -> SimpleNamespace:
    """`line` with an acceptor and the two configured hoppers, the wrong way round as to address."""
    clock = Time()
    line = FakeLine(clock)
    acceptor = Acceptor()
    hundred = Hopper(703455, clock, mode="cipher-dummy")
    five_hundred = Hopper(0x0AD7DF, clock, mode="serial")
    line.devices = {2: acceptor, 4: hundred, 3: five_hundred}
    return SimpleNamespace(
        clock=clock, line=line, acceptor=acceptor, hundred=hundred, five_hundred=five_hundred, settings=SETTINGS
    )


class Bench:
    """A unit, its bus, and what it said. `until` and `pass_time` turn its worker."""

    def __init__(self, rig: SimpleNamespace, mark: DeviceMark | None = None) -> None:
        self.rig, self.said = rig, list[Event]()
        self.openings = 0
        self.unit = CashUnit(rig.settings, rig.clock, open_line=self._open, monotonic=rig.clock)
        self.unit.resume(mark)
        self.unit._sink = self.said.append  # started by hand: no thread

    def _open(self, _: object) -> Line:
        self.openings += 1
        if self.rig.line.dead:
            raise DeviceOffline
        line: Line = self.rig.line
        return line

    def turn(self) -> None:
        self.rig.clock.now += self.unit.worker.turn()

    def pass_time(self, seconds: float) -> None:
        end = self.rig.clock.now + seconds
        while self.rig.clock.now < end:
            self.turn()

    def until(self, kind: type[E], after: Callable[[], Any] | None = None, seconds: float = 60.0) -> E:
        """The next event of that kind; `after` gives the order that causes it."""
        seen = len(self.said)
        if after:
            after()
        end = self.rig.clock.now + seconds
        while self.rig.clock.now < end:
            self.turn()
            for event in self.said[seen:]:
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"no {kind.__name__} in {self.said[seen:]}")

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.said if isinstance(event, kind)]

    @property
    def credits(self) -> list[Credit]:
        return [credit for event in self.of(CoinsCredited) for credit in event.credits]


@pytest.fixture
def new_bench() -> type[Bench]:
    """For a unit that has not been opened yet, or a second life: `new_bench(rig, mark)`."""
    return Bench


@pytest.fixture
def bench(rig: SimpleNamespace) -> Bench:
    """A unit that is online."""
    bench = Bench(rig)
    bench.until(DeviceOnline)
    return bench
