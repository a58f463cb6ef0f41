"""The one entry: what it lists, when it leaves a device alone, and its exit statuses."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import screens.probe
from config import probing
from config.load import load
from drivers import probe
from hardware_sim.sensors import SensorBench

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "machine.example.toml"


@pytest.fixture
def machine_file(tmp_path: Path) -> Iterator[Path]:
    """The example, with its sensors on a simulated line."""
    with SensorBench(tmp_path) as bench:
        path = tmp_path / "machine.toml"
        port = "/dev/serial/by-id/usb-modbus-if00"
        path.write_text(EXAMPLE.read_text().replace(port, str(bench.port)))
        yield path


@pytest.fixture(autouse=True)
def no_service_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_unit_is_active", lambda: False)


def test_the_list_names_every_device_of_both_rooms(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(["--list"]) == 0
    names = re.findall(r"^(\w+) +\S", capsys.readouterr().out, re.MULTILINE)
    assert names == ["reader", "coins", "printer", "sensors", "centre", "clock", "screen", "sound"]
    assert set(probe.ELSEWHERE) == set(screens.probe.DEVICES)


def test_status_0_when_all_is_well(machine_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(["sensors", "--once", "--config", str(machine_file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "result: OK"


def test_status_1_when_something_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(EXAMPLE.read_text())
    assert probe.main(["coins", "--config", str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "result: NG (1)"


def test_status_2_without_a_machine_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(["coins", "--config", str(tmp_path / "none.toml")]) == 2
    assert "--config" in capsys.readouterr().err


def test_a_running_kiosk_with_the_same_machine_file_keeps_its_devices(
    machine_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(machine_file.read_text())
    # Stands for the kiosk by its command line; -c takes the words that follow as its own.
    idle = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    words = ["-m", "kiosk", "--config", machine_file.name]
    kiosk = subprocess.Popen([*idle, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=machine_file.parent)
    assert kiosk.stdout is not None
    kiosk.stdout.readline()
    try:
        assert probing.running_kiosk(machine_file) == kiosk.pid
        assert probing.running_kiosk(other) is None
        assert probe.main(["sensors", "--once", "--config", str(machine_file)]) == 2
        assert f"process {kiosk.pid}" in capsys.readouterr().err
        assert probe.main(["clock", "--config", str(machine_file)]) in (0, 1)
    finally:
        kiosk.communicate()
    assert probing.running_kiosk(machine_file) is None


def test_an_active_unit_keeps_its_devices(machine_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_unit_is_active", lambda: True)
    with pytest.raises(probing.NotTried, match="systemctl stop"):
        probing.leave_to_the_kiosk(machine_file, load(machine_file).machine)


def test_screen_and_sound_are_handed_over_to_the_other_room() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drivers.probe", "screen", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: python -m screens.probe screen")
