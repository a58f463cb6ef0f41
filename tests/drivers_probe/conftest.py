"""A machine file's settings, pointed at simulated devices, and a report that can be read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.probing import Report
from config.schema import Machine, Settings

EXAMPLE = Path(__file__).parents[2] / "config" / "machine.example.toml"


class Said(Report):
    """Keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        super().__init__(self.lines.append)

    @property
    def wrong(self) -> list[str]:
        """What is NG, without what to do."""
        return [line.removeprefix("  NG    ") for line in self.lines if line.startswith("  NG")]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def each_fault_has_a_remedy(self) -> bool:
        after = [below for line, below in zip(self.lines, self.lines[1:], strict=False) if line.startswith("  NG")]
        return len(after) == self.faults and all(line.strip().startswith("-> ") for line in after)


@pytest.fixture(autouse=True)
def _drivers_speak_again() -> Iterator[None]:
    """A probe says in full what a driver would log, and silences it; the tests that follow must hear it again."""
    log = logging.getLogger("drivers")
    before = log.level
    yield
    log.setLevel(before)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def settings() -> Callable[..., Settings]:
    """`settings(cash={"port": …})`: the example machine with these values changed."""

    def build(**sections: dict[str, Any] | None) -> Settings:
        found = load(EXAMPLE)
        machine: Machine = found.machine
        for name, values in sections.items():
            section = None if values is None else replace(getattr(machine, name), **values)
            machine = replace(machine, **{name: section})
        return replace(found, machine=machine)

    return build


@pytest.fixture
def at_once() -> Callable[[float], bool]:
    """A wait that is over at once."""
    return lambda _seconds: True
