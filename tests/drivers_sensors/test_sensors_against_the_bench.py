"""The sensor driver against the simulated input module, over a real pty, in real time."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.schema import SensorSettings
from drivers.sensors import ModbusSensors
from hardware_sim.sensors import SensorBench
from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part, Place, PlaceEmptied, PlaceOccupied, ServiceKeyTurned

TRAY, COINS, SLIP = Place.CERTIFICATE_TRAY, Place.CHANGE_TRAY, Place.RECEIPT_TRAY
ONLINE = DeviceOnline(Part.SENSORS)
OFFLINE = DeviceFaulted(Part.SENSORS, "offline")
EMPTY = [PlaceEmptied(TRAY), PlaceEmptied(COINS), PlaceEmptied(SLIP)]


class Listener:
    def __init__(self) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.put = self._events.put

    def next(self, n: int) -> list[Event]:
        deadline = time.monotonic() + 10
        return [self._events.get(timeout=max(0.0, deadline - time.monotonic())) for _ in range(n)]

    def quiet(self) -> bool:
        return self._events.empty()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SensorBench]:
    with SensorBench(tmp_path) as module:
        yield module


@pytest.fixture
def events(bench: SensorBench) -> Iterator[Listener]:
    listener = Listener()
    sensors = ModbusSensors(SensorSettings(str(bench.port), 1, 0, 1, 2, poll_ms=10), answer_s=0.2)
    sensors.start(listener.put)
    yield listener
    sensors.close()
    assert listener.quiet()  # nothing but what a test has asked for


def test_trays_fill_and_are_emptied(bench: SensorBench, events: Listener) -> None:
    assert events.next(4) == [ONLINE, *EMPTY]
    for number, place in enumerate((TRAY, COINS, SLIP)):
        bench.set_input(number, True)
        assert events.next(1) == [PlaceOccupied(place)]
        bench.set_input(number, False)
        assert events.next(1) == [PlaceEmptied(place)]


@pytest.mark.parametrize("fault", ["unplugged", "silent", "garbled"])
def test_lost_and_back_with_what_happened_meanwhile(bench: SensorBench, events: Listener, fault: str) -> None:
    assert events.next(4) == [ONLINE, *EMPTY]
    bench.fault(fault)
    assert events.next(1) == [OFFLINE]
    bench.set_input(1, True)
    bench.clear_faults()
    assert events.next(4) == [ONLINE, PlaceEmptied(TRAY), PlaceOccupied(COINS), PlaceEmptied(SLIP)]


def test_replugged(bench: SensorBench, events: Listener) -> None:
    assert events.next(4) == [ONLINE, *EMPTY]
    bench.fault("replugged")
    assert events.next(5) == [OFFLINE, ONLINE, *EMPTY]


def test_refused_and_back(bench: SensorBench, events: Listener) -> None:
    assert events.next(4) == [ONLINE, *EMPTY]
    bench.fault("exception")
    assert events.next(1) == [DeviceFaulted(Part.SENSORS, "hardware_error")]
    bench.clear_faults()
    assert events.next(4) == [ONLINE, *EMPTY]


def test_a_module_that_is_plugged_in_later(tmp_path: Path) -> None:
    listener = Listener()
    sensors = ModbusSensors(SensorSettings(str(tmp_path / "modbus"), 1, 0, 1, 2, poll_ms=10))
    sensors.start(listener.put)
    try:
        assert listener.next(1) == [OFFLINE]
        with SensorBench(tmp_path):
            assert listener.next(4) == [ONLINE, *EMPTY]
            sensors.close()
    finally:
        sensors.close()


def test_the_key_switch_is_told_at_first_sight_and_when_it_is_turned(bench: SensorBench) -> None:
    listener = Listener()
    bench.set_input(3, True)
    settings = SensorSettings(str(bench.port), 1, 0, 1, 2, poll_ms=10, service_key_input=3)
    sensors = ModbusSensors(settings, answer_s=0.2)
    sensors.start(listener.put)
    try:
        assert listener.next(5) == [ONLINE, *EMPTY, ServiceKeyTurned(True)]
        bench.set_input(3, False)
        assert listener.next(1) == [ServiceKeyTurned(False)]
    finally:
        sensors.close()
