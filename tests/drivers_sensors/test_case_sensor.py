"""What the contact of the recorder's case tells, over a scripted line; and without the package for pins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.schema import CaseSettings
from drivers.sensors import CaseSensor

READ_ONE = "01 02 00 05 00 01 a9 cb"  # unit 1, function 02, one input from number 5
OFF = "01 02 01 00 a1 88"
ON = "01 02 01 01 60 48"
ILLEGAL_ADDRESS = "01 82 02 c1 61"
MODULE = CaseSettings(port="/dev/serial/by-id/usb-modbus-if01", unit=1, input=5)


class Box:
    """The sensor on a clock of its own; `turns` gives what was told."""

    def __init__(self, wire: Any, settings: CaseSettings) -> None:
        self.wire, self.now, self.told = wire, 0.0, list[bool | None]()
        self.sensor = CaseSensor(settings, answer_s=0.02, clock=lambda: self.now)
        self.sensor.worker.start = lambda: None  # type: ignore[method-assign]
        self.sensor.start(self.told.append)
        self.now += self.sensor.worker.turn()  # the port is opened

    def turns(self, *answers: str) -> list[bool | None]:
        for answer in answers:
            self.wire.script = [answer]
            self.now += self.sensor.worker.turn()
        news, self.told[:] = list(self.told), []
        return news


@pytest.fixture
def box(wire: Any) -> Iterator[Callable[[CaseSettings], Box]]:
    boxes: list[Box] = []

    def make(settings: CaseSettings) -> Box:
        boxes.append(Box(wire, settings))
        return boxes[-1]

    yield make
    for one in boxes:
        one.sensor.close()


def test_the_case_is_told_at_first_sight_then_each_change_seen_twice(box: Callable[[CaseSettings], Box]) -> None:
    one = box(MODULE)
    assert one.turns(OFF) == [False]
    assert one.wire.requests == [READ_ONE]
    assert one.turns(ON) == []
    assert one.turns(ON, ON) == [True]
    assert one.turns(OFF, ON, ON) == []


def test_a_contact_that_is_closed_with_the_case_is_read_the_other_way(box: Callable[[CaseSettings], Box]) -> None:
    shut_is_on = CaseSettings(port=MODULE.port, unit=1, input=5, open_when="off")
    assert box(shut_is_on).turns(ON, OFF, OFF) == [False, True]


def test_silence_is_told_as_not_known_and_the_answer_after_it_anew(box: Callable[[CaseSettings], Box]) -> None:
    one = box(MODULE)
    assert one.turns(OFF, "") == [False, None]
    assert one.turns("", OFF, OFF)[-1] is False


def test_a_wrong_input_names_the_section_to_mend(
    box: Callable[[CaseSettings], Box], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert box(MODULE).turns(ILLEGAL_ADDRESS) == [None]
    assert "check unit and inputs in [recorder.case]" in caplog.text


def test_a_pin_without_its_package_is_not_known_and_said(wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    told: list[bool | None] = []
    sensor = CaseSensor(CaseSettings(driver="gpio", line="GPIO17"), clock=lambda: 0.0)
    sensor.worker.start = lambda: None  # type: ignore[method-assign]
    sensor.start(told.append)
    with caplog.at_level(logging.WARNING):
        sensor.worker.turn()
    sensor.close()
    assert told == [None]
    assert "GPIO17 cannot be used (ModuleNotFoundError): check [recorder.case]" in caplog.text
