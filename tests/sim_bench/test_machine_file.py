"""The kiosk's machine file for the bench, and the hour its clock begins with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import config
from config.calendar import JST, Calendar
from config.load import load_profile
from config.schema import CalendarSettings, Profile
from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.machine_file import CameraWiring, Spot, Wiring, opening_instant, spot_of, write_machine_file

SAGA = Path(config.__file__).parent / "saga.toml"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return Wiring(
        csock=tmp_path / "pcscd.comm",
        card_trust=tmp_path / "ca",
        cash_port=tmp_path / "cctalk",
        hopper_coins={10: 50, 50: 30, 100: 50, 500: 20},
        printer_uri="ipp://127.0.0.1:6631/ipp/print",
        centre_url="https://127.0.0.1:4433",
        clock_file=tmp_path / "clock",
        mirror_socket=tmp_path / "mirror",
        journal_gate=tmp_path / "gate",
        sensors_port=tmp_path / "modbus",
    )


@pytest.fixture
def profile() -> Profile:
    return load_profile(SAGA)


def test_the_written_file_names_the_simulated_devices(tmp_path: Path, wiring: Wiring) -> None:
    machine = write_machine_file(tmp_path / "machine.toml", Spot(), wiring).machine
    assert machine.simulation
    assert machine.bench is not None
    assert machine.bench.journal_gate == tmp_path / "gate"
    assert {hopper.yen: hopper.initial_coins for hopper in machine.cash.hoppers} == {10: 50, 50: 30, 100: 50, 500: 20}
    assert {coin.yen for coin in machine.cash.coins} == {10, 50, 100, 500}
    assert machine.sensors is not None
    assert machine.printer.uri == wiring.printer_uri


def test_without_sensors_and_gate_their_settings_are_left_out(tmp_path: Path, wiring: Wiring) -> None:
    bare = replace(wiring, sensors_port=None, journal_gate=None)
    machine = write_machine_file(tmp_path / "machine.toml", Spot(), bare).machine
    assert machine.sensors is None
    assert machine.bench is not None
    assert machine.bench.journal_gate is None


def test_a_camera_comes_with_its_recorder_and_its_case(tmp_path: Path, wiring: Wiring) -> None:
    (tmp_path / "link").mkdir()
    seen = CameraWiring("tcp://127.0.0.1:4711", tmp_path / "video", tmp_path / "link", tmp_path / "case")
    file = tmp_path / "machine.toml"
    machine = write_machine_file(file, Spot(camera="h264"), replace(wiring, camera=seen)).machine
    assert machine.camera is not None
    assert machine.camera.source == seen.source
    assert machine.recorder is not None
    assert machine.recorder.case is not None
    assert machine.recorder.case.open_when == "off", "a cut wire shows as an open case"
    assert machine.recorder.marks.parent == machine.recorder.status.parent == seen.link
    assert spot_of(file).camera == "h264"
    write_machine_file(file, Spot(), replace(wiring, camera=replace(seen, source="http://127.0.0.1:4712/video.mjpg")))
    assert spot_of(file).camera == "mjpeg"
    write_machine_file(file, Spot(), wiring)
    assert spot_of(file).camera == ""


def test_a_setting_the_kiosk_would_refuse_is_told_at_once(tmp_path: Path, wiring: Wiring) -> None:
    with pytest.raises(BenchError, match="diagonal_in"):
        write_machine_file(tmp_path / "machine.toml", Spot(diagonal_in=900), wiring)


def test_a_spot_is_taken_from_a_machine_file_of_a_simulation(tmp_path: Path, wiring: Wiring) -> None:
    written = tmp_path / "machine.toml"
    spot = Spot(terminal_id="SAGA-0007", width_px=1280, height_px=800, diagonal_in=15.6, sensors=False)
    write_machine_file(written, spot, replace(wiring, sensors_port=None))
    assert spot_of(written) == spot


def test_a_machine_file_of_real_devices_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "machine.toml"
    example = Path(config.__file__).parent / "machine.example.toml"
    real.write_text(example.read_text("utf-8"), "utf-8")
    with pytest.raises(BenchError, match="never touches"):
        spot_of(real)


def test_the_clock_begins_at_ten_twenty_four_of_an_open_day(profile: Profile) -> None:
    assert opening_instant(profile, date(2026, 5, 13)) == datetime(2026, 5, 13, 10, 24, tzinfo=JST)


def test_closed_days_are_passed_over(profile: Profile) -> None:
    # 2026-12-28 is a Monday; from the 29th the year's end, and January the 4th is a Monday.
    assert opening_instant(profile, date(2026, 12, 29)).date() == date(2027, 1, 4)
    # A Saturday, closed; Sunday is open from nine.
    assert opening_instant(profile, date(2026, 11, 21)) == datetime(2026, 11, 22, 10, 24, tzinfo=JST)


def test_every_day_of_a_year_leads_to_an_open_hour_not_before_it(profile: Profile) -> None:
    calendar = Calendar(profile.calendar)
    for ordinal in range(date(2027, 1, 1).toordinal(), date(2028, 1, 1).toordinal()):
        today = date.fromordinal(ordinal)
        instant = opening_instant(profile, today)
        assert calendar.is_open(instant).open
        assert today <= instant.date() <= date.fromordinal(ordinal + 10)


def test_hours_without_ten_twenty_four_begin_with_their_first_minute(profile: Profile) -> None:
    sunday = profile.calendar.sunday[0]
    late = replace(sunday, opens_min=18 * 60, closes_min=20 * 60)
    days: dict[str, Any] = dict.fromkeys(WEEK, (late,))
    calendar: CalendarSettings = replace(profile.calendar, **days)
    instant = opening_instant(replace(profile, calendar=calendar), date(2026, 5, 13))
    assert instant == datetime(2026, 5, 13, 18, 0, tzinfo=JST)


def test_a_service_that_never_opens_is_refused(profile: Profile) -> None:
    days: dict[str, Any] = dict.fromkeys(WEEK, ())
    calendar: CalendarSettings = replace(profile.calendar, **days)
    with pytest.raises(BenchError, match="no open hour"):
        opening_instant(replace(profile, calendar=calendar), date(2026, 5, 13))
