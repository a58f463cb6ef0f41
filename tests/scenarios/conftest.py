"""One whole bench for each module: pcscd, cupsd, simulated devices, centre, city and the kiosk's own processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware_sim.bench.preflight import check_packages
from hardware_sim.bench.world import Bench, Options
from hardware_sim.scenario.script import Script, read_script

SCENARIOS = Path(__file__).parents[2] / "hardware-sim" / "scenarios"
READY_S = 60.0


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Running, with the first screen on the panel. Mechanics run faster than life; the wires do not."""
    check_packages()
    options = Options(
        tmp_path_factory.mktemp("bench"), fresh=True, seconds_per_sheet_s=0.3, cash_speed=2.0, levels=LEVELS
    )
    with Bench(options) as running:
        assert running.wait_screen("idle", timeout_s=READY_S), running.kiosk.last_words()
        yield running


LEVELS = {10: 60, 50: 60, 100: 200, 500: 60}


@pytest.fixture
def script() -> Callable[[str], Script]:
    """A committed scenario by its name."""
    return lambda name: read_script(SCENARIOS / f"{name}.toml")
