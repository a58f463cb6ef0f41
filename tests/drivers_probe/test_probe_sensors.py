"""The input module as the probe tells of it, against the simulated module over a real pty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.probing import NotTried
from config.schema import Settings
from drivers import probe_sensors
from hardware_sim.sensors import SensorBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SensorBench]:
    with SensorBench(tmp_path) as module:
        yield module


@pytest.fixture
def machine(bench: SensorBench, settings: Callable[..., Settings]) -> Settings:
    return settings(sensors={"port": str(bench.port)})


def test_every_input_is_shown_and_changes_as_they_come(bench: SensorBench, machine: Settings, said: Any) -> None:
    bench.set_input(1, True)
    turns = iter((False, False, True))

    def hand(_seconds: float) -> bool:
        bench.set_input(3, True)
        return next(turns)

    probe_sensors.probe(machine, said, hand)
    assert said.wrong == []
    assert "input 0   certificate tray   empty" in said.text
    assert "input 1   change tray        something lies there" in said.text
    assert said.text.index("service key        not turned") < said.text.index("service key        turned")


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [("silent", "no right answer"), ("garbled", "no right answer"), ("exception", "exception")],
)
def test_a_fault_is_told_with_what_to_do(
    bench: SensorBench, machine: Settings, said: Any, fault: str, wrong: str
) -> None:
    bench.fault(fault)
    probe_sensors.probe(machine, said, lambda _seconds: True, once=True)
    assert [wrong in line for line in said.wrong] == [True], said.text
    assert said.each_fault_has_a_remedy()


def test_a_cable_pulled_while_looking_is_told(bench: SensorBench, machine: Settings, said: Any) -> None:
    def pull(_seconds: float) -> bool:
        bench.fault("unplugged")
        return False

    probe_sensors.probe(machine, said, pull)
    assert said.faults == 1


def test_a_machine_without_sensors_has_nothing_to_try(said: Any, settings: Callable[..., Settings]) -> None:
    with pytest.raises(NotTried, match=r"no \[sensors\]"):
        probe_sensors.probe(settings(sensors=None), said, lambda _seconds: True)
