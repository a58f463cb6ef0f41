"""What the configuration files say, and how it is shown."""

import json
import os
import runpy
import sys
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

import config
from config.__main__ import main
from config.calendar import JST
from config.load import describe, load, load_national, load_profile
from config.schema import Settings, Window

PACKAGE = Path(config.__file__).parent
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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


def test_fujisawa_s_shop_is_loaded_with_the_seed_s_values() -> None:
    shop = load_profile(PACKAGE / "fujisawa.toml")
    assert (shop.municipality, shop.municipality_code, shop.city_name) == ("fujisawa", "142051", "藤沢市")
    assert (shop.service_from, shop.flows) == (date(2011, 2, 1), ("juki", "mynumber"))
    assert {getattr(shop.calendar, day) for day in WEEKDAYS} == {(Window.parse("06:30-23:00"),)}
    assert [(c.kind, c.area) for c in shop.certificates] == [
        ("residence", "resident_registry"),
        ("seal", "seal_registration"),
    ]
    # The council's condition (F-41), in every language the screens speak.
    assert shop.english is not None
    assert "お店の従業員は、市の職員ではありません" in shop.cautions
    assert "十分ご注意ください" in shop.cautions
    assert "not city staff" in shop.english.cautions
    # Where to go when the machine refuses, and when (F-3, F-9, F-10).
    centre, branches, machine = (alternative.calendar for alternative in shop.alternatives)
    assert centre.tuesday == centre.thursday == (Window.parse("08:30-20:00"),)
    assert centre.monday == centre.wednesday == centre.friday == branches.tuesday == (Window.parse("08:30-17:00"),)
    assert (machine.friday, machine.saturday) == ((Window.parse("08:30-20:00"),), (Window.parse("08:30-17:00"),))


def test_fujisawa_s_hall_is_loaded_with_the_seed_s_values() -> None:
    hall = load_profile(PACKAGE / "fujisawa-hall.toml")
    assert (hall.municipality, hall.machine_title) == ("fujisawa", "証明書自動交付機")
    weekday, weekend = (Window.parse("08:30-20:00"),), (Window.parse("08:30-17:00"),)
    assert [getattr(hall.calendar, day) for day in WEEKDAYS] == [weekday] * 5 + [weekend] * 2
    assert (hall.calendar.holiday_policy, hall.calendar.holiday_windows) == ("shorten", weekend)
    assert hall.cautions == ""  # the council speaks of shops


@pytest.mark.parametrize("name", ["saga", "fujisawa", "fujisawa-hall"])
def test_every_shipped_profile_makes_a_sound_terminal_and_is_described(
    name: str, machine_with: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = machine_with(('profile = "saga"', f'profile = "{name}"'))
    profile = load(file).profile
    assert profile.languages == ("ja", "en")
    assert profile.english is not None
    assert set(profile.english.certificates) == {certificate.kind for certificate in profile.certificates}
    assert main([os.fspath(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"profile.english.certificates.seal = {json.dumps(profile.english.certificates['seal'])}" in lines
    assert 'national.juki_card.application = "F04B4F534B4A554B4901"' in lines
    assert 'national.flows.juki.card_kind = "juki"' in lines
    assert ("# profile.server is not set" in lines) is (name == "saga")
    for line in lines:
        if not line.startswith("# "):
            tomllib.loads("x" + line[line.index(" ") :])


def test_a_reader_held_by_nfcpy_is_named_by_its_device(machine_with: Callable[..., Path]) -> None:
    nfc = ('driver = "pcsc"', 'driver = "nfc"\ndevice = "udp:127.0.0.1:54321"')
    reader = load(machine_with(nfc, ('name_contains = "Virtual PCD"', ""), ("csock =", "# csock ="))).machine.reader
    assert (reader.driver, reader.device, reader.name_contains) == ("nfc", "udp:127.0.0.1:54321", "")


def test_areas_are_suspended_alone(profile_with: Callable[..., Path]) -> None:
    file = profile_with(
        ('languages = ["ja", "en"]', 'languages = ["ja", "en"]\nsuspended_areas = ["seal_registration"]')
    )
    profile = load(file).profile
    assert profile.suspended_areas == ("seal_registration",)
    assert len(profile.certificates) == 4, "a suspended area keeps its certificates for the day it comes back"


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
    changes = "{ from_date = 2027-04-01, yen = 350 }, { from_date = 2028-02-29, yen = 0 }"
    file = profile_with(("yen = 300 }]", f"yen = 300 }}, {changes}]"))
    residence = load(file).profile.certificates[0]

    def fee_at(instant: str) -> int:
        return residence.fee_yen(datetime.fromisoformat(instant).astimezone(JST).date())

    # Midnight in Japan is three in the afternoon by universal time.
    assert [fee_at("2027-03-31T14:59:59Z"), fee_at("2027-03-31T15:00:00Z")] == [300, 350]
    assert [fee_at("2027-03-31T23:59:59+09:00"), fee_at("2027-04-01T00:00:00+09:00")] == [300, 350]
    assert [fee_at("2028-02-28T14:59:59Z"), fee_at("2028-02-28T15:00:00Z"), fee_at("2098-01-01T00:00:00Z")] == [
        350,
        0,
        0,
    ]
    assert [fee_at("2016-01-21T15:00:00Z"), fee_at("2027-03-30T15:00:00Z")] == [300, 300]
    with pytest.raises(LookupError, match="no fee is set for 2016-01-21"):
        fee_at("2016-01-21T14:59:59Z")


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
