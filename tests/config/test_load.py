"""What the configuration files say, and how it is shown."""

import os
import runpy
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import config
from config.__main__ import main
from config.load import describe, load, load_national, load_profile
from config.schema import Settings, Window

PACKAGE = Path(config.__file__).parent


def test_saga_is_loaded_with_the_seeds_values(settings: Settings) -> None:
    profile = settings.profile
    assert (profile.city_name, profile.office, profile.place) == ("佐賀市", "市民生活課", "本庁舎1階")
    weekday, tuesday, sunday = (Window.parse(text) for text in ("08:30-17:15", "08:30-19:00", "09:00-16:00"))
    hours = profile.calendar
    assert hours.monday == hours.wednesday == hours.thursday == hours.friday == (weekday,)
    assert (hours.tuesday, hours.saturday, hours.sunday) == ((tuesday,), (), (sunday,))
    assert hours.holiday_policy == "close"
    assert [certificate.kind for certificate in profile.certificates] == [
        "residence",
        "seal",
        "income",
        "tax",
    ]
    assert (profile.camera.capacity_footage_h, profile.camera.retention_min_elapsed_h) == (1920, 5760)
    assert profile.camera.notice == "防犯カメラ作動中"
    assert profile.camera.from_date == date(2022, 6, 15)


def test_a_machine_file_is_read_as_written(settings: Settings) -> None:
    machine = settings.machine
    assert machine.simulation is True
    assert machine.cash.coins[2].yen == 100
    assert machine.cash.hoppers[0].reserve == 0
    assert machine.centre.read_s == 10.5
    assert machine.bench is not None
    assert machine.bench.journal_gate == Path("/run/test/gate.sock")
    assert machine.panel.px_per_mm == pytest.approx(4.03, abs=0.01)


def test_the_example_is_a_sound_file_of_a_real_machine() -> None:
    machine = load(PACKAGE / "machine.example.toml").machine
    assert not machine.simulation
    assert machine.bench is None


def test_a_shipped_profile_loads_alone() -> None:
    assert load_profile(PACKAGE / "saga.toml").municipality == "saga"
    assert load_national().screen_idle_s == 60


def test_the_fee_is_the_one_in_force_on_the_day(profile_with: Callable[..., Path]) -> None:
    file = profile_with(("yen = 300 }]", "yen = 300 }, { from_date = 2027-04-01, yen = 350 }]"))
    residence = load(file).profile.certificates[0]
    assert [residence.fee_yen(day) for day in (date(2016, 1, 22), date(2027, 3, 31))] == [300, 300]
    assert [residence.fee_yen(day) for day in (date(2027, 4, 1), date(2099, 1, 1))] == [350, 350]
    with pytest.raises(LookupError, match="no fee is set for 2016-01-21"):
        residence.fee_yen(date(2016, 1, 21))


def test_the_description_is_toml_and_complete(settings: Settings) -> None:
    lines = describe(settings).splitlines()
    assert 'profile.calendar.tuesday = ["08:30-19:00"]' in lines
    assert "profile.certificates[1].fees[1].yen = 300" in lines
    assert "national.take_repeat_s = [4.0, 8.0, 6.0]" in lines
    assert "machine.simulation = true" in lines
    assert 'machine.bench.clock_file = "/run/test/clock"' in lines
    for line in lines:
        if not line.startswith("# "):
            tomllib.loads("x" + line[line.index(" ") :])


def test_a_value_left_out_is_described_as_not_set() -> None:
    assert "# machine.bench is not set" in describe(load(PACKAGE / "machine.example.toml")).splitlines()


def test_the_command_prints_the_configuration(machine_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([os.fspath(machine_file)]) == 0
    assert capsys.readouterr().out == describe(load(machine_file))


def test_the_command_ends_with_78_and_says_why(
    machine_with: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([os.fspath(machine_with(("machine_no = 1", "")))]) == os.EX_CONFIG
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "machine.toml: machine_no: is missing: add it" in printed.err


def test_the_command_is_the_module(machine_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "config.__main__")
    monkeypatch.setattr(sys, "argv", ["config", os.fspath(machine_file)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("config", run_name="__main__")
    assert ended.value.code == 0
