"""A whole bench for each module, or for each set-up: simulated devices, centre, city and the kiosk's own processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hardware_sim.bench.preflight import check_packages
from hardware_sim.bench.world import Bench, Options
from hardware_sim.scenario.script import Script, Setup, read_script
from hardware_sim.scenario.setups import options_of

SCENARIOS = Path(__file__).parents[2] / "hardware-sim" / "scenarios"
READY_S = 60.0
LEVELS = {10: 60, 50: 60, 100: 200, 500: 60}


def quick(state: Path, setup: Setup, **more: object) -> Options:
    """Mechanics run faster than life; the wires do not."""
    levels = dict(setup.levels) or LEVELS
    return options_of(setup, state, seconds_per_sheet_s=0.3, cash_speed=2.0, levels=levels, **more)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Running, with the first screen on the panel."""
    check_packages()
    with Bench(quick(tmp_path_factory.mktemp("bench"), Setup())) as running:
        assert running.wait_screen("idle", timeout_s=READY_S), running.kiosk.last_words()
        yield running


@pytest.fixture(scope="module")
def bench_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Setup], Bench]]:
    """The bench a scenario wants; the one that runs already when it is the same as before."""
    check_packages()
    with ExitStack() as stack:
        running: dict[Setup, Bench] = {}

        def get(setup: Setup) -> Bench:
            if setup not in running:
                stack.close()
                running.clear()
                made = stack.enter_context(Bench(quick(tmp_path_factory.mktemp("bench"), setup)))
                assert made.wait_screen("idle", timeout_s=READY_S), made.kiosk.last_words()
                running[setup] = made
            return running[setup]

        yield get


@pytest.fixture
def script() -> Callable[[str], Script]:
    """A committed scenario by its name."""
    return lambda name: read_script(SCENARIOS / f"{name}.toml")
