"""What the sensor driver tells the machine, over a scripted line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from config.schema import SensorSettings
from drivers.sensors import MODBUS_RTU, ModbusSensors
from kiosk.events import DeviceFaulted, DeviceOnline, Part, Place, PlaceEmptied, PlaceOccupied

READ_3 = "01 02 00 00 00 03 38 0b"
NOTHING = "01 02 01 00 a1 88"
PAPER = "01 02 01 01 60 48"
CHANGE = "01 02 01 02 20 49"
ALL = "01 02 01 07 e0 4a"
BAD_CRC = "01 02 01 01 60 49"
SILENCE = ""

ONLINE = DeviceOnline(Part.SENSORS)
OFFLINE = DeviceFaulted(Part.SENSORS, "offline")
TRAY, COINS, SLIP = Place.CERTIFICATE_TRAY, Place.CHANGE_TRAY, Place.RECEIPT_TRAY
ALL_EMPTY = [PlaceEmptied(TRAY), PlaceEmptied(COINS), PlaceEmptied(SLIP)]


def test_the_line_is_9600_8e1_and_ours_alone(stand: Any) -> None:
    assert (MODBUS_RTU.baud, MODBUS_RTU.bits, MODBUS_RTU.parity, MODBUS_RTU.stop_bits) == (9600, 8, "E", 1)
    stand.turns(NOTHING)
    ((port, how),) = stand.wire.opened
    assert port == "/dev/serial/by-id/usb-modbus-if00"
    assert (how["baudrate"], how["bytesize"], how["parity"], how["stopbits"]) == (9600, 8, "E", 1)
    assert how["exclusive"] is True


def test_a_pty_knows_no_parity(stand_with: Callable[[SensorSettings], Any], settings: SensorSettings) -> None:
    stand = stand_with(replace(settings, port="/dev/pts/999999"))
    stand.turns(NOTHING)
    ((_, how),) = stand.wire.opened
    assert (how["baudrate"], how["bytesize"], how["parity"], how["stopbits"]) == (9600, 8, "N", 1)


def test_online_only_with_an_answer_then_every_place_is_told(stand: Any) -> None:
    assert stand.turns(CHANGE) == [ONLINE]
    assert stand.turns(CHANGE) == [PlaceEmptied(TRAY), PlaceOccupied(COINS), PlaceEmptied(SLIP)]
    assert stand.wire.requests == [READ_3, READ_3]
    assert stand.turns(CHANGE, CHANGE, CHANGE) == []


def test_a_change_is_told_when_seen_twice(stand: Any) -> None:
    assert stand.turns(NOTHING, NOTHING) == [ONLINE, *ALL_EMPTY]
    assert stand.turns(PAPER) == []
    assert stand.turns(PAPER) == [PlaceOccupied(TRAY)]
    assert stand.turns(PAPER) == []
    assert stand.turns(NOTHING) == []
    assert stand.turns(NOTHING) == [PlaceEmptied(TRAY)]


def test_a_bouncing_sensor_tells_nothing(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    assert stand.turns(PAPER, NOTHING, PAPER, NOTHING, NOTHING) == []


def test_places_change_each_for_themselves(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    assert stand.turns(PAPER, ALL) == [PlaceOccupied(TRAY)]
    assert stand.turns(ALL) == [PlaceOccupied(COINS), PlaceOccupied(SLIP)]


def test_polls_come_as_often_as_the_settings_say(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    before = stand.now
    stand.turns(NOTHING)
    assert stand.now - before == pytest.approx(0.2)


def test_one_damaged_answer_is_asked_again(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    stand.wire.requests.clear()
    stand.wire.script = [BAD_CRC, SILENCE, NOTHING]
    stand.now += stand.sensors.worker.turn()
    assert stand.wire.requests == [READ_3] * 3
    assert stand.events() == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(SILENCE, id="silence"),
        pytest.param(BAD_CRC, id="bad CRC"),
        pytest.param("01 02 01", id="cut off"),
        pytest.param("ff 00 55 aa", id="noise"),
        pytest.param("02 02 01 00 a1 cc", id="another unit"),
    ],
)
def test_loss_is_told_once_and_on_return_everything_again(stand: Any, answer: str) -> None:
    stand.turns(NOTHING, NOTHING)
    assert stand.turns(answer) == [OFFLINE]
    assert not any(port.is_open for port in stand.wire.ports)
    assert stand.turns(answer, answer, answer) == []
    assert stand.turns(PAPER) == [ONLINE]
    assert stand.turns(PAPER) == [PlaceOccupied(TRAY), PlaceEmptied(COINS), PlaceEmptied(SLIP)]


def test_a_pulled_cable_is_told_once(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    stand.wire.pulled = True
    assert stand.turns(NOTHING) == [OFFLINE]
    assert stand.turns(NOTHING, NOTHING) == []
    stand.wire.pulled = False
    assert stand.turns(NOTHING, NOTHING) == [ONLINE, *ALL_EMPTY]


def test_a_module_that_never_answered_is_never_online(stand: Any) -> None:
    assert stand.turns(SILENCE, SILENCE, SILENCE) == [OFFLINE]


def test_a_change_seen_before_a_loss_does_not_count_after_it(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING, PAPER, SILENCE)
    stand.events()
    assert stand.turns(NOTHING, NOTHING, PAPER, NOTHING) == [ONLINE, *ALL_EMPTY]


def test_an_exception_for_the_request_names_the_settings(stand: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert stand.turns("01 82 02 c1 61") == [DeviceFaulted(Part.SENSORS, "wrong_device")]
    assert "check unit and inputs in [sensors]" in caplog.text
    assert "exception 02" in caplog.text


def test_an_exception_of_the_module_is_its_fault(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    assert stand.turns("01 82 04 41 63") == [DeviceFaulted(Part.SENSORS, "hardware_error")]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("01 01 01 00 51 88", id="function 01"),
        pytest.param("01 02 02 00 00 b9 b8", id="too many inputs"),
    ],
)
def test_an_answer_to_another_question_is_not_believed(stand: Any, answer: str) -> None:
    stand.turns(NOTHING, NOTHING)
    assert stand.turns(answer) == [DeviceFaulted(Part.SENSORS, "protocol_error")]


def test_inputs_are_read_in_one_request_from_the_lowest(
    stand_with: Callable[[SensorSettings], Any], settings: SensorSettings
) -> None:
    stand = stand_with(replace(settings, unit=5, certificate_input=17, change_input=10, receipt_input=7))
    both = "05 02 02 08 04 4e 7b"  # the 4th and the 11th of those asked for: inputs 10 and 17
    assert stand.turns(both, both) == [ONLINE, PlaceOccupied(TRAY), PlaceOccupied(COINS), PlaceEmptied(SLIP)]
    assert stand.wire.requests == ["05 02 00 07 00 0b 89 88"] * 2


def test_nothing_is_logged_at_every_attempt(stand: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for pulled in (True, False) * 3:  # in turn: the library itself hides a line that repeats the last one
        stand.wire.pulled = pulled
        stand.turns(SILENCE)
    assert len(caplog.records) == 1


def test_the_time_of_day_has_no_say_in_how_long_a_silent_line_holds(
    stand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask_the_time() -> float:
        raise AssertionError("a clock set back would hold the line for as long")

    stand.turns(NOTHING, NOTHING)
    monkeypatch.setattr("pymodbus.client.serial.time", SimpleNamespace(time=ask_the_time, sleep=time.sleep))
    assert stand.turns(SILENCE) == [OFFLINE]


def test_close_lets_go_of_the_port(stand: Any) -> None:
    stand.turns(NOTHING, NOTHING)
    stand.sensors.close()
    stand.sensors.close()
    assert not any(port.is_open for port in stand.wire.ports)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"unit": 0}, "unit 0 is no slave address"),
        ({"unit": 248}, "unit 248"),
        ({"poll_ms": 0}, "poll_ms 0 must be above 0"),
        ({"change_input": 0}, "two things share one input"),
        ({"receipt_input": -1}, "must lie in 0 to 65535"),
        ({"receipt_input": 65536}, "must lie in 0 to 65535"),
        ({"receipt_input": 2000}, "within 2000 of each other"),
    ],
)
def test_settings_that_no_module_can_serve(settings: SensorSettings, change: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ModbusSensors(replace(settings, **change))  # type: ignore[arg-type]
