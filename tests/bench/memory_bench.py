"""Memory of the kiosk over a whole visit: a household of twenty, five sheets, ten copies of it.

The proportional share (PSS, smaps_rollup) of parent and child together, looked at ten times a second from the card to
the first screen of the next person; its highest value counts. The spooler (cupsd and what it starts) is told beside it.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from harness import Measure
from stand import stand
from usage import pss_mib

from hardware_sim.bench.world import Bench

GOAL_MIB: Final = 150.0
LOOK_S: Final = 0.1
STEP_S: Final = 90.0
HOUSEHOLD: Final = 20
COPIES: Final = 10
PARTS: Final = ("Pss", "Pss_Anon", "Pss_File", "Pss_Shmem", "Rss")


class Watch:
    """Looks at the memory of a running kiosk in a thread of its own."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._end = threading.Event()
        self.highest = 0.0
        self.parts: dict[str, dict[str, float]] = {}
        self.at = ""
        self.spooler = 0.0
        self.screens: dict[str, float] = {}
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        parent = self._bench.kiosk.pid
        picture = self._bench.mirror.picture
        if parent is None or picture is None:
            return
        pids = self._bench.kiosk.pids()
        found = {"parent": pss_mib(parent), "child": pss_mib(picture.process)}
        total = sum(each.get("Pss", 0.0) for each in found.values())
        self.screens[picture.screen] = max(total, self.screens.get(picture.screen, 0.0))
        if total > self.highest:
            self.highest, self.parts, self.at = total, found, picture.screen
        others = [pss_mib(pid).get("Pss", 0.0) for pid in pids if pid not in (parent, picture.process)]
        self.spooler = max(self.spooler, sum(others))

    def close(self) -> None:
        self._end.set()
        self._thread.join()

    def report(self) -> str:
        lines = [
            "By screen: " + ", ".join(f"{name} {mib:.0f}" for name, mib in self.screens.items()) + " MiB.",
            f"The highest, on '{self.at}', by process; the spooler beside it at most {self.spooler:.0f} MiB.",
            "",
            "| MiB | " + " | ".join(PARTS) + " |",
            "|---" * (len(PARTS) + 1) + "|",
        ]
        for who, parts in self.parts.items():
            lines.append(f"| {who} | " + " | ".join(f"{parts.get(part, 0.0):.1f}" for part in PARTS) + " |")
        return "\n".join(lines)


def visit(bench: Bench) -> None:
    """The whole of it. RuntimeError when a screen does not come."""

    def screen(*names: str) -> None:
        if not bench.wait_screen(*names, timeout_s=STEP_S):
            raise RuntimeError(
                f"{' or '.join(names)} did not come: {bench.screen()}; {bench.kiosk.last_words()[-600:]}"
            )

    def touch(*targets: str) -> None:
        for target in targets:
            if not bench.touch_target(target, STEP_S):
                raise RuntimeError(f"no target {target} on {bench.screen()}")

    bench.lay_card(card_of_twenty(bench))
    screen("pin_pad")
    touch("digit-1", "digit-2", "digit-3", "digit-4", "next")
    screen("take_card")
    bench.take_card()
    touch("certificate-residence", "household-whole")
    screen("choose_items")
    picture = bench.mirror.picture
    items = sorted(name for name in (picture.targets if picture else {}) if name.startswith("item-"))
    touch(*items, "next")
    screen("choose_copies")
    touch(*["more"] * (COPIES - 1), "next")
    screen("confirm")
    touch("next")
    screen("arrived")
    touch("me")
    screen("pay")
    deadline = time.monotonic() + STEP_S
    while bench.screen() == "pay" and time.monotonic() < deadline:
        bench.throw_coin(500)
        time.sleep(0.3)
    screen("take")
    taken = threading.Event()

    def take() -> None:
        while not taken.wait(0.2):
            bench.trays.take_paper()
            bench.trays.take_change()

    hands = threading.Thread(target=take, daemon=True)
    hands.start()
    try:
        screen("idle")
    finally:
        taken.set()
        hands.join()


def card_of_twenty(bench: Bench) -> str:
    """The card of somebody who lives with nineteen others."""
    from hardware_sim.city.residents import households

    home = next(each for each in households() if len(each.members) == HOUSEHOLD)
    people = {person.id for person in home.members if person.card_serial}
    return next(card.id for card in bench.cards.values() if card.resident in people)


def measures() -> list[Measure]:
    last: list[Watch] = []

    def highest() -> float:
        options: dict[str, Any] = {"seconds_per_sheet_s": 0.1}
        with stand(**options) as bench:
            watch = Watch(bench)
            try:
                visit(bench)
            finally:
                watch.close()
        last[:] = [watch]
        return watch.highest

    note = f"{HOUSEHOLD} members, every item, {COPIES} copies; PSS of parent and child together at its highest."
    report = Measure("memory of the kiosk", highest, None, GOAL_MIB, 1, note, "MiB", lambda: last[0].report(), 0)
    return [report]
