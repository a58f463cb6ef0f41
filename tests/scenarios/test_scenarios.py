"""The committed scenarios, lived on the whole bench and judged by metal, paper and sound; each goes red when broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardware_sim.bench.world import Bench
from hardware_sim.scenario.runner import Report, Runner
from hardware_sim.scenario.script import Script, Setup, read_script

pytestmark = pytest.mark.stack

SCENARIOS = Path(__file__).parents[2] / "hardware-sim" / "scenarios"
SCRIPTS = sorted((read_script(path) for path in SCENARIOS.glob("*.toml")), key=lambda s: (repr(s.setup), s.name))
"""By set-up, so that one bench serves all that want the same."""

BenchFor = Callable[[Setup], Bench]


def told(report: Report) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False, indent=1)


def cases() -> list[object]:
    """Green, then broken, scenario by scenario; those of one set-up side by side."""
    return [
        pytest.param(
            script,
            broken,
            id=f"{script.name}-{'broken' if broken else 'green'}",
            marks=pytest.mark.xdist_group(f"{script.setup} {n % 3}"),
        )
        for n, script in enumerate(SCRIPTS)
        for broken in (False, True)
    ]


@pytest.mark.parametrize(("script", "broken"), cases())
def test_a_scenario_is_green_and_red_when_broken(bench_for: BenchFor, script: Script, broken: bool) -> None:
    report = Runner(bench_for(script.setup)).run(script, broken=broken)
    if broken:
        assert script.red, "its file names nothing that breaks it"
        assert not report.green, told(report)
        return
    assert report.green, told(report)
    books, money = report.remained["books"], report.far_ends["money"]
    assert books["inserted"] == money["inserted_yen"]
    assert books["paid_back"] == money["paid_back_yen"]
    assert report.remained["open_transactions"] == 0
    assert report.remained["files_in_memory"] == 0
    assert report.remained["card_on_reader"] is None


@pytest.mark.xdist_group("red for its own reason")
def test_a_page_of_somebody_else_turns_it_red(bench_for: BenchFor, script: Callable[[str], Script]) -> None:
    """The city lies under its own signature and the resident does not look: only the paper tells."""
    wanted = script("paid_with_change")
    report = Runner(bench_for(wanted.setup)).run(wanted, broken=True)
    assert [difference for difference in report.differences if "is not of" in difference], told(report)
    assert report.far_ends["pages"]


@pytest.mark.xdist_group("red for its own reason")
def test_money_that_the_machine_swallows_turns_it_red(bench_for: BenchFor, script: Callable[[str], Script]) -> None:
    wanted = script("cancelled_after_coin")
    report = Runner(bench_for(wanted.setup)).run(wanted, broken=True)
    assert any(difference.startswith("paid_back_yen") for difference in report.differences), told(report)
    assert any(difference.startswith("outcome") for difference in report.differences), told(report)


# ---- two readers, one report -------------------------------------------------------------------------------------

SAME = [
    pytest.param(name, id=name, marks=pytest.mark.xdist_group(f"both readers: {name}"))
    for name in ("paid_with_change", "juki_paid")
]
_PASSING = {
    *("pin_pad", "choose_certificate", "choose_household", "choose_items", "choose_copies", "confirm"),
    *("pay", "printing"),
}
"""Said while the person goes on already: how much of them is heard is a matter of a tenth of a second."""
_TIMES = {"time", "took_s", "started", "from", "to", "screen"}
"""And which screen a step ended on: the way of the screens is compared as a whole."""


def without_times(report: Report) -> object:
    """What a report says, but for times, serial numbers of pages and phrases repeated while somebody waits."""
    found = report.to_json()
    phrases = list(dict.fromkeys(line["phrase"] for line in found["phrases"] if line["phrase"] not in _PASSING))
    screens = [line["screen"] for line in found["screens"] if line["screen"] != "wait"]
    return {
        **{key: found[key] for key in ("scenario", "green", "outcome", "money", "final_screen", "differences")},
        "steps": [{key: value for key, value in step.items() if key not in _TIMES} for step in found["steps"]],
        "pages": [{"tray": page["tray"], "sides": page["sides"], "names": page["names"]} for page in found["pages"]],
        "phrases": phrases,
        "screens": [each for n, each in enumerate(screens) if n == 0 or each != screens[n - 1]],
        "remained": {key: value for key, value in found["remained"].items() if key != "processes"},
    }


@pytest.mark.parametrize("name", SAME)
def test_both_readers_give_the_same_report(bench_for: BenchFor, script: Callable[[str], Script], name: str) -> None:
    wanted = script(name)
    reports = [
        Runner(bench_for(setup)).run(replace(wanted, setup=setup))
        for setup in (replace(wanted.setup, reader=reader) for reader in ("pcsc", "nfc"))
    ]
    assert all(report.green for report in reports), "\n".join(map(told, reports))
    assert without_times(reports[0]) == without_times(reports[1])
