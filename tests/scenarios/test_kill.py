"""The kiosk killed (-9) before and after every journaled step of a paid one-copy transaction, and started again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hardware_sim.bench.gate import ANY, Passage, Phase
from hardware_sim.bench.trays import RECEIPT_TRAY
from hardware_sim.bench.world import PURSE, Bench
from hardware_sim.scenario.evidence import JOURNAL, books, entries, last_entry, open_transactions

pytestmark = pytest.mark.stack

FEE_YEN, PAID_YEN = 300, 500
STEP_S, HOME_S, QUIET_S = 30.0, 60.0, 10.0
ASKING = ("take", "take_card", "refused")
GREETING = ("idle", "out_of_service")
CARD = "r002"


@dataclass(frozen=True)
class Row:
    """One line of the table: where it was killed, what the metal says, what the books say, what was printed."""

    where: str
    metal_in: int
    metal_back: int
    books: dict[str, int]
    sheets: int
    first_screen: str

    @property
    def kept(self) -> int:
        return self.metal_in - self.metal_back

    def __str__(self) -> str:
        book = "  ".join(f"{key} {value:3}" for key, value in self.books.items())
        return (
            f"{self.where:46} metal: in {self.metal_in} kept {self.kept:3} back {self.metal_back:3} | "
            f"books: {book} | sheets {self.sheets} | {self.first_screen}"
        )


class Visit:
    """One resident, one copy, a 500-yen coin; whatever the machine asks to be taken is taken."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        assert bench.wait_screen("idle", timeout_s=HOME_S), bench.screen()
        bench.take_card()
        bench.cash.settle()
        bench.cash.new_resident(PURSE)
        printed = bench.trays.paper.printed()
        self.sheet = printed[-1].number if printed else 0
        self.entry = last_entry(bench.state.kiosk / JOURNAL)
        self.passages = bench.gate.count
        self.inserted, self.paid_back = bench.cash.inserted(), bench.cash.paid_back()
        self.killed = False

    def kill_at(self, phase: Phase, nth: int) -> None:
        def act(_passage: Passage) -> None:
            self.bench.breaker.kill_kiosk(0.2)
            self.killed = True

        self.bench.gate.arm(ANY, phase, act, nth)

    def pay(self) -> None:
        """From the card to the coin, unless it is killed on the way."""
        bench = self.bench
        bench.lay_card(CARD)
        self._until("pin_pad")
        for target in ("digit-1", "digit-2", "digit-3", "digit-4", "next"):
            self._touch(target)
        self._until("take_card")
        bench.take_card()
        self._touch("certificate-seal")
        for screen in ("choose_copies", "confirm"):
            self._until(screen)
            self._touch("next")
        self._until("arrived")
        self._touch("me")
        self._until("pay")
        if not self.killed:
            bench.throw_coin(PAID_YEN)

    def _until(self, screen: str) -> None:
        bench = self.bench
        assert bench.wait_until(lambda: self.killed or bench.screen() == screen, STEP_S), (screen, bench.screen())

    def _touch(self, target: str) -> None:
        if not self.killed:
            assert self.bench.touch_target(target, STEP_S) or self.killed, (target, self.bench.screen())

    def home(self) -> str:
        """Take what the machine asks to be taken until it greets the next; gives its first screen."""
        bench = self.bench
        for _ in range(12):
            assert bench.wait_until(lambda: bench.screen() in ASKING + GREETING, HOME_S), bench.screen()
            screen = bench.screen()
            if screen in GREETING and bench.wait_until(self._at_rest, QUIET_S):
                return screen
            if screen not in GREETING:
                bench.take_card()
                bench.trays.take_paper()
                bench.trays.take_change()
                bench.wait_until(lambda screen=screen: bench.screen() != screen, QUIET_S)
        raise AssertionError(f"the machine does not come home; it shows {bench.screen()}, {self._left()}")

    def _left(self) -> dict[str, object]:
        bench = self.bench
        return {
            "change": bench.cash.change_in_tray(),
            "paper": bench.printer.paper_present,
            "printing": bench.printer.snapshot()["state"],
            "open": open_transactions(bench.state.kiosk / JOURNAL),
        }

    def _at_rest(self) -> bool:
        """Nothing lies there, nothing moves, no transaction is open."""
        left = self._left()
        return not left["change"] and not left["paper"] and left["printing"] != "processing" and not left["open"]

    def row(self, where: str, first_screen: str) -> Row:
        bench = self.bench
        bench.trays.paper.look()
        return Row(
            where,
            bench.cash.inserted() - self.inserted,
            bench.cash.paid_back() - self.paid_back,
            books(entries(bench.state.kiosk / JOURNAL, self.entry)),
            sum(sheet.tray != RECEIPT_TRAY for sheet in bench.trays.paper.printed(self.sheet)),
            first_screen,
        )


def lived(bench: Bench, phase: Phase | None = None, nth: int = 0, where: str = "not killed") -> Row:
    visit = Visit(bench)
    if phase is not None:
        visit.kill_at(phase, nth)
    visit.pay()
    first_screen = visit.home()
    if phase is not None and not visit.killed:
        # The last commits come when everything was taken, on the way to the first screen.
        assert bench.wait_until(lambda: visit.killed, HOME_S), where
        first_screen = visit.home()
    bench.gate.disarm()
    return visit.row(where, first_screen)


def wrong_with(row: Row) -> list[str]:
    """What of the row must never be so."""
    found = []
    book = row.books
    if book["inserted"] != row.metal_in or book["paid_back"] != row.metal_back:
        found.append("the books do not say what the metal says")
    if book["charged"] + book["paid_back"] + book["held"] + book["owed"] != row.metal_in:
        found.append("money was lost or invented")
    if row.sheets > 1:
        found.append("the page was printed twice")
    if book["charged"] and not row.sheets:
        found.append("charged for a page that did not come out")
    if row.metal_in and not row.sheets and row.kept and not book["held"] and not book["owed"]:
        found.append("money kept for nothing")
    return found


def test_killed_at_every_journaled_step(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    begin = bench.gate.count
    clean = lived(bench)
    steps = [passage.kinds for passage in bench.gate.passed(begin) if passage.phase == "before"]
    assert steps[0] == ("session_began",)
    assert "session_ended" in steps[-1]
    assert {"credit", "print_judged"} <= {kind for kinds in steps for kind in kinds}
    assert (clean.metal_in, clean.metal_back, clean.sheets) == (PAID_YEN, PAID_YEN - FEE_YEN, 1)
    rows = [clean]
    phases: tuple[Phase, ...] = ("before", "after")
    for n, kinds in enumerate(steps, 1):
        for phase in phases:
            rows.append(lived(bench, phase, n, f"{n:2} {phase:6} {'+'.join(kinds)}"))
    table = "\n".join(f"{row}{'  <-- ' + '; '.join(wrong) if (wrong := wrong_with(row)) else ''}" for row in rows)
    with capsys.disabled():
        print(f"\n{table}")
    assert not [row for row in rows if wrong_with(row)], table
    assert {row.sheets for row in rows} == {0, 1}
