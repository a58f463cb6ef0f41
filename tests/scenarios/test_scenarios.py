"""The committed scenarios, lived on the whole bench and judged by metal, paper and sound."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from hardware_sim.bench.world import Bench
from hardware_sim.scenario.runner import Report, Runner
from hardware_sim.scenario.script import Script, Step

pytestmark = pytest.mark.stack

NAMES = ("paid_with_change", "cancelled_after_coin", "wrong_pin_once", "power_cut_after_payment")


def told(report: Report) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False, indent=1)


@pytest.mark.parametrize("name", NAMES)
def test_the_scenario_is_green(bench: Bench, script: Callable[[str], Script], name: str) -> None:
    report = Runner(bench).run(script(name))
    assert report.green, told(report)
    books, money = report.remained["books"], report.far_ends["money"]
    assert books["inserted"] == money["inserted_yen"]
    assert books["paid_back"] == money["paid_back_yen"]
    assert report.remained["open_transactions"] == 0
    assert report.remained["files_in_memory"] == 0
    assert report.remained["card_on_reader"] is None


def test_a_page_of_somebody_else_turns_it_red(bench: Bench, script: Callable[[str], Script]) -> None:
    """The city lies under its own signature and the resident does not look: only the paper tells."""
    script_ = script("paid_with_change")
    lie = Step(0, "fault", {"target": "city", "name": "wrong_subject", "values": {"step": "issue", "how": "lying"}})
    report = Runner(bench).run(replace(script_, steps=(lie, *script_.steps)))
    assert [difference for difference in report.differences if "is not of" in difference], told(report)
    assert report.far_ends["pages"]


def test_money_that_the_machine_swallows_turns_it_red(bench: Bench, script: Callable[[str], Script]) -> None:
    script_ = script("cancelled_after_coin")
    swallow = Step(0, "fault", {"target": "cash", "name": "coin_swallowed"})
    steps = tuple(replace(step, within_s=4.0) if step.do == "wait_change" else step for step in script_.steps)
    report = Runner(bench).run(replace(script_, steps=(swallow, *steps)))
    assert not report.green
    assert any(difference.startswith("paid_back_yen") for difference in report.differences), told(report)
    assert any(difference.startswith("outcome") for difference in report.differences), told(report)
