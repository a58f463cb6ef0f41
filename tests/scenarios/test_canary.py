"""The canary: everything of a person is found while the page prints, and nothing once the first screen is back."""

from __future__ import annotations

import json

import pytest

from hardware_sim.bench.canary import NotAllowed
from hardware_sim.bench.canary_visit import CanaryVisit, Findings, kind
from hardware_sim.bench.world import Bench

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def found(bench: Bench) -> Findings:
    try:
        return CanaryVisit(bench).run()
    except NotAllowed as error:
        pytest.skip(str(error))


def told(found: Findings) -> str:
    return json.dumps(found.to_json(), ensure_ascii=False, indent=1)


def test_everything_is_found_while_it_is_there(found: Findings) -> None:
    assert {kind(hit.needle) for hit in found.at_pin} == {"PIN"}, told(found)
    assert {"tile", "deflate"} <= {kind(hit.needle) for hit in found.in_spool}, told(found)
    assert {"tile", "deflate"} <= {kind(hit.needle) for hit in found.in_memory}, told(found)
    assert "name" in {kind(hit.needle) for hit in (*found.at_arrival, *found.in_memory)}, told(found)
    assert len(found.keys) == 1, told(found)


def test_nothing_remains_after_the_first_screen_is_back(found: Findings, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{told(found)}")
    assert found.keys, "the session's key was not found before, so its absence would prove nothing"
    assert found.after == [], told(found)
