"""Two terminals of one city, two people at the same time: nothing of one comes out at the other (S-5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hardware_sim.bench.machine_file import neighbour
from hardware_sim.bench.paper import plain
from hardware_sim.bench.trays import RECEIPT_TRAY
from hardware_sim.bench.world import Bench

pytestmark = pytest.mark.stack

STEP_S = 30.0


class Person:
    """One resident before one terminal; every call is one thing they do, or wait for."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench, self.name = bench, name
        assert bench.wait_screen("idle", timeout_s=60), bench.kiosk.last_words()
        self.inserted, self.paid_back = bench.cash.inserted(), bench.cash.paid_back()

    def sees(self, screen: str) -> None:
        assert self.bench.wait_screen(screen, timeout_s=STEP_S), (self.name, screen, self.bench.screen())

    def touches(self, *targets: str) -> None:
        for target in targets:
            assert self.bench.touch_target(target, STEP_S), (self.name, target, self.bench.screen())

    def way(self) -> list[Callable[[], object]]:
        """From the card to the last coin."""
        bench = self.bench
        return [
            lambda: bench.lay_card(self.name),
            lambda: self.sees("pin_pad"),
            lambda: self.touches("digit-1", "digit-2", "digit-3", "digit-4", "next"),
            lambda: self.sees("take_card"),
            bench.take_card,
            lambda: self.touches("certificate-seal"),
            lambda: self.sees("choose_copies"),
            lambda: self.touches("next"),
            lambda: self.sees("confirm"),
            lambda: self.touches("next"),
            lambda: self.sees("arrived"),
            lambda: self.touches("me"),
            lambda: self.sees("pay"),
            lambda: bench.throw_coin(500),
        ]

    def takes_all(self) -> None:
        self.sees("take")
        trays = self.bench.trays
        printer = self.bench.printer
        assert self.bench.wait_until(lambda: any(s.tray == RECEIPT_TRAY for s in printer.output()), STEP_S)
        trays.take_paper()
        trays.take_change()
        self.sees("idle")


def test_two_people_at_once_each_get_their_own(bench: Bench, tmp_path: Path) -> None:
    spot = replace(bench.options.spot, terminal_id=neighbour(bench.options.spot.terminal_id), machine_no=3)
    options = replace(bench.options, state=tmp_path / "second", spot=spot, beside=bench)
    with Bench(options) as second:
        people = (Person(bench, "佐賀 太郎"), Person(second, "佐賀 花子"))
        for step in zip(*(person.way() for person in people), strict=True):
            for act in step:
                act()
        for person in people:
            person.takes_all()
        for person in people:
            printed = [sheet for sheet in person.bench.trays.paper.printed() if sheet.tray != RECEIPT_TRAY]
            assert [set(sheet.names) for sheet in printed] == [{plain(person.name)}]
            kept = person.bench.cash.inserted() - person.bench.cash.paid_back()
            assert kept - (person.inserted - person.paid_back) == 300
        # The city saw two terminals, and gave each document under a serial number of its own.
        issued = bench.city.issued()[-2:]
        assert len({copy["serial"] for each in issued for copy in each["copies"]}) == 2
        assert {row["terminal"] for row in bench.city.journal("city") if row.get("terminal")} == {
            bench.options.spot.terminal_id,
            spot.terminal_id,
        }
