"""The measuring itself: pairs alternate, the ratio is taken pair by pair, a missed goal ends in 1."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@pytest.fixture(scope="module")
def harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_harness", Path(__file__).with_name("harness.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_harness"] = module
    spec.loader.exec_module(module)
    return module


def series(order: list[str], name: str, values: list[float]) -> Any:
    left = iter(values)

    def run() -> float:
        order.append(name)
        return next(left)

    return run


def test_who_goes_first_alternates_and_the_ratio_is_taken_pair_by_pair(harness: ModuleType) -> None:
    order: list[str] = []
    ours, bare = series(order, "ours", [9, 2, 40, 6]), series(order, "bare", [9, 1, 10, 3])
    figure = harness.take(harness.Measure("x", ours, bare, goal=2.0, pairs=3), 3)
    assert figure.ratios == (2, 4, 2)
    assert figure.met
    assert order[2:] == ["ours", "bare", "bare", "ours", "ours", "bare"]


def test_a_missed_goal_a_failure_and_what_is_missing_end_differently(
    harness: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> float:
        raise harness.Unavailable("no cupsd")

    def failing() -> float:
        raise ValueError("wrong")

    def status(ours: Any) -> Any:
        closed: list[bool] = []
        measure = harness.Measure("x", ours, None, goal=150, pairs=1, unit="MiB")
        module = SimpleNamespace(__name__="x_bench", measures=lambda: [measure], close=lambda: closed.append(True))
        monkeypatch.setattr(harness.importlib, "import_module", lambda _name: module)
        monkeypatch.setattr(harness, "names", lambda _only: ["x"])
        code = harness.main([])
        assert closed == [True]
        return code

    assert status(lambda: 149.0) == 0
    assert status(lambda: 151.0) == 1
    assert status(failing) == 1
    assert status(broken) == 2
    assert "no cupsd" in capsys.readouterr().out
