"""Lives a scenario on the bench: one step after the other, each wait ended by what happens and not by the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from config.calendar import JST
from hardware_sim.bench.gate import Passage, Trap
from hardware_sim.bench.trays import RECEIPT_TRAY
from hardware_sim.bench.world import PURSE, Bench
from hardware_sim.card import StandError

from .evidence import JOURNAL, last_entry, remained, stopped
from .filming import Filming, pause
from .judge import FarEnds, differences
from .script import Script, Step

READY_S = 60.0
REST_S = 8.0
END_S = 30.0
BROKEN_S = 5.0
_AT_REST = ("idle",)


class StepFailed(Exception):
    """A step could not be done, or what it waited for did not come; the text says what was there instead."""


@dataclass
class Report:
    """What happened. ``differences`` empty: green."""

    scenario: str
    title: str
    started: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    far_ends: dict[str, Any] = field(default_factory=dict)
    remained: dict[str, Any] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def green(self) -> bool:
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "title": self.title,
            "green": self.green,
            "differences": self.differences,
            "started": self.started,
            "steps": self.steps,
            **self.far_ends,
            "remained": self.remained,
        }


@dataclass(frozen=True)
class _Marks:
    """Where everything stood when the scenario began."""

    inserted: int
    paid_back: int
    sheet: int
    phrases: int
    screens: int
    entry: int


class Runner:
    """Runs scenarios one after the other on one running bench; each begins at the first screen."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._acts: dict[str, Callable[[Step], None]] = {
            "card": self._lay_cards,
            "take": self._take,
            "wait_screen": self._wait_screen,
            "wait_phrase": self._wait_phrase,
            "wait_read": self._wait_read,
            "wait_change": self._wait_change,
            "wait_sheets": self._wait_sheets,
            "wait_receipt": self._wait_receipt,
            "wait_cut": self._wait_cut,
            "touch": lambda step: self._touch(str(step.value), step.within_s),
            "pin": self._pin,
            "number": self._pin,
            "key": lambda step: bench.turn_key(step.value == "on"),
            "set_time": self._set_time,
            "coin": lambda step: self._coin(int(step.value), "accepted"),
            "returned_coin": lambda step: self._coin(int(step.value), "returned"),
            "advance_s": self._advance,
            "pause_s": lambda step: pause(float(step.value)),
            "fault": self._fault,
            "clear": self._clear,
            "power_cut": lambda step: bench.breaker.power_cut(float(step.value.get("off_s", 2.0))),
            "kill": lambda step: bench.breaker.kill_kiosk(float(step.value.get("off_s", 0.5))),
            "kill_at": self._kill_at,
            "expect": self._expect,
        }
        self._filming = Filming(bench, StepFailed)
        self._acts |= self._filming.acts
        self._trap: Trap | None = None
        self._end_s = END_S
        self._fresh = self._ended_well = True
        self._phrases_before = self._read_before = 0
        self._card = ""
        self._marks = _Marks(0, 0, 0, 0, 0, 0)

    def run(self, script: Script, *, broken: bool = False) -> Report:
        """One scenario from the first screen to its end. Never raises for what the machine does.

        ``broken``: with what its file says must turn it red; then nothing is waited for longer than a few seconds.
        """
        bench = self._bench
        if broken:
            within = tuple(replace(step, within_s=min(step.within_s, BROKEN_S)) for step in script.steps)
            script = replace(script, steps=(*script.red, *within))
        self._end_s = BROKEN_S if broken else END_S
        report = Report(script.name, script.title, bench.now().isoformat(timespec="seconds"))
        try:
            self._prepare()
            for step in script.steps:
                self._one(step, report)
            self._finish(script)
        except StepFailed as error:
            report.differences.append(str(error))
        finally:
            bench.gate.disarm()
        ends = self._far_ends()
        report.far_ends = ends.to_json()
        report.remained = remained(bench, self._marks.entry)
        report.differences += differences(script.expect, ends)
        self._ended_well = report.green
        return report

    # -- begin and end -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """The world in order, a new resident before the first screen."""
        bench = self._bench
        bench.gate.disarm()
        bench.breaker.clear()
        bench.take_card()
        bench.trays.take_paper()
        bench.trays.take_change()
        if bench.key_turned():
            bench.turn_key(False)
        self._filming.tidy()
        self._come_to_rest()
        self._filming.begin()
        bench.cash.settle()
        bench.cash.new_resident(PURSE)
        sheets = bench.trays.paper.printed()
        self._marks = _Marks(
            inserted=bench.cash.inserted(),
            paid_back=bench.cash.paid_back(),
            sheet=sheets[-1].number if sheets else 0,
            phrases=bench.ears.count,
            screens=bench.mirror.shown_count,
            entry=last_entry(bench.state.kiosk / JOURNAL),
        )
        self._phrases_before = bench.ears.count
        self._read_before = bench.mirror.read_count
        self._trap = None

    def _come_to_rest(self) -> None:
        """The first screen, in an open hour, whatever the scenario before has left."""
        bench = self._bench
        first, self._fresh = self._fresh, False
        bench.open_hours()
        # What a broken run has left is not waited for.
        rest_s = REST_S if self._ended_well else 1.0
        if bench.wait_screen(*_AT_REST, timeout_s=READY_S if first else rest_s):
            return
        # As a service manager would: what was under way is taken up by recovery. A stopped line needs the manager.
        if stopped(bench.state.kiosk / JOURNAL):
            bench.office.reopen()
        bench.breaker.kill_kiosk()
        deadline = time.monotonic() + READY_S
        while not bench.wait_screen(*_AT_REST, timeout_s=REST_S):
            # Recovery may have paid money back, or let a sheet come out.
            bench.trays.take_paper()
            bench.trays.take_change()
            if time.monotonic() > deadline:
                shown = bench.screen() or "nothing"
                raise StepFailed(f"the machine does not come to its first screen; it shows {shown}")

    def _finish(self, script: Script) -> None:
        """Wait for what is expected last; then nothing moves any more."""
        bench, expect = self._bench, script.expect
        wanted = expect.final_screen
        if wanted and not bench.wait_screen(wanted, timeout_s=self._end_s):
            raise StepFailed(f"at the end: {wanted!r} did not come; the panel shows {bench.screen() or 'nothing'}")
        bench.cash.settle()
        self._filming.end()

        def said() -> bool:
            return not any(difference.startswith("phrases") for difference in differences(expect, self._far_ends()))

        bench.wait_until(said, self._end_s / 3)

    def _far_ends(self) -> FarEnds:
        bench, marks = self._bench, self._marks
        bench.trays.paper.look()
        return FarEnds(
            inserted_yen=bench.cash.inserted() - marks.inserted,
            paid_back_yen=bench.cash.paid_back() - marks.paid_back,
            pages=tuple(bench.trays.paper.printed(marks.sheet)),
            phrases=tuple(bench.ears.transcript(marks.phrases)),
            screens=tuple(bench.mirror.shown(marks.screens)),
            final_screen=bench.screen(),
            filmed=self._filming.filmed(),
        )

    def _one(self, step: Step, report: Report) -> None:
        bench = self._bench
        began = time.monotonic()
        entry: dict[str, Any] = {
            "n": step.n,
            "do": step.shown(),
            "time": bench.now().isoformat(timespec="milliseconds"),
        }
        report.steps.append(entry)
        if not step.do.startswith("wait") and step.do not in {"expect", "kill_at"}:
            self._phrases_before = bench.ears.count
            self._read_before = bench.mirror.read_count
        try:
            self._acts[step.do](step)
        except (StepFailed, ValueError, StandError) as error:
            entry |= {"ok": False, "said": str(error)}
            raise StepFailed(f"step {step.n} ({step.do}): {error}") from None
        else:
            entry["ok"] = True
        finally:
            entry |= {"took_s": round(time.monotonic() - began, 3), "screen": bench.screen()}

    # -- the resident ------------------------------------------------------------------------------

    def _lay_cards(self, step: Step) -> None:
        self._card = self._bench.lay_card(*_listed(step.value)).id

    def _take(self, step: Step) -> None:
        trays = self._bench.trays
        taken: object
        match step.value:
            case "card":
                taken = self._bench.take_card()
            case "change":
                taken = trays.take_change()
            case "paper":
                taken = trays.take_paper()
            case "certificate":
                taken = trays.take_paper("tray-1")
            case _:
                taken = trays.take_paper("tray-2")
        if not taken:
            raise StepFailed("there is nothing to take")

    def _touch(self, target: str, within_s: float) -> None:
        if not self._bench.touch_target(target, within_s):
            picture = self._bench.mirror.picture
            there = ", ".join(sorted(picture.targets)) if picture else "nothing, it is dark"
            raise StepFailed(f"the panel has no target {target!r}; it has {there or 'none'} ({self._bench.screen()})")

    def _pin(self, step: Step) -> None:
        for digit in step.value:
            self._touch(f"digit-{digit}", step.within_s)
        self._touch("next", step.within_s)

    def _coin(self, yen: int, wanted: str) -> None:
        became = self._bench.throw_coin(yen)
        if became != wanted:
            raise StepFailed(f"the {yen}-yen coin was {became}, not {wanted}")

    # -- waiting -----------------------------------------------------------------------------------

    def _wait_screen(self, step: Step) -> None:
        wanted = _listed(step.value)
        if not self._bench.wait_screen(*wanted, timeout_s=step.within_s):
            shown = self._bench.screen() or "nothing"
            raise StepFailed(f"{' or '.join(wanted)} did not come in {step.within_s:g} s; the panel shows {shown}")

    def _wait_phrase(self, step: Step) -> None:
        """Heard since the resident last did something."""
        wanted, before = _listed(step.value), self._phrases_before

        def heard() -> list[str]:
            return [line.phrase for line in self._bench.ears.transcript(before)]

        if not self._bench.wait_until(lambda: bool(set(wanted) & set(heard())), step.within_s):
            said = ", ".join(filter(None, heard())) or "nothing"
            raise StepFailed(f"{' or '.join(wanted)} was not heard in {step.within_s:g} s; heard: {said}")

    def _wait_read(self, step: Step) -> None:
        """Read out since the resident last did something."""
        wanted, before, mirror = _listed(step.value), self._read_before, self._bench.mirror
        if not self._bench.wait_until(lambda: bool(set(wanted) & set(mirror.read(before))), step.within_s):
            read = ", ".join(dict.fromkeys(mirror.read(before))) or "nothing"
            raise StepFailed(f"{' or '.join(wanted)} was not read out in {step.within_s:g} s; read: {read}")

    def _wait_change(self, step: Step) -> None:
        def lying() -> int:
            return sum(yen * n for yen, n in self._bench.cash.change_in_tray().items())

        if not self._bench.wait_until(lambda: lying() == step.value, step.within_s):
            raise StepFailed(f"{step.value} yen did not come to the change tray; {lying()} yen lie there")

    def _wait_sheets(self, step: Step) -> None:
        def lying() -> int:
            return self._sheets(receipts=False)

        if not self._bench.wait_until(lambda: lying() == step.value, step.within_s):
            raise StepFailed(f"{step.value} sheets did not come to the output tray; {lying()} lie there")

    def _sheets(self, *, receipts: bool) -> int:
        """Sheets in the output tray: certificates, or receipts."""
        return sum((sheet.tray == RECEIPT_TRAY) is receipts for sheet in self._bench.printer.output())

    def _wait_receipt(self, step: Step) -> None:
        if not self._bench.wait_until(lambda: self._sheets(receipts=True) > 0, step.within_s):
            raise StepFailed(f"no receipt came in {step.within_s:g} s")

    def _wait_cut(self, step: Step) -> None:
        trap = self._trap
        if trap is None:
            raise StepFailed("no kill_at was armed before")
        if not self._bench.wait_until(lambda: trap.sprung is not None, step.within_s):
            raise StepFailed(f"the kiosk never came to {trap.phase} {trap.kind!r}")

    def _set_time(self, step: Step) -> None:
        """To an instant of Japanese time, then on by a blink, so that every loop has lived in it."""
        self._bench.set_time(datetime.fromisoformat(step.value).replace(tzinfo=JST))
        if not self._bench.advance(0.1):
            raise StepFailed("kiosk, centre or city did not live a turn in the new time")

    def _expect(self, step: Step) -> None:
        bench, marks = self._bench, self._marks
        found: dict[str, object] = {
            "screen": bench.screen(),
            "inserted_yen": bench.cash.inserted() - marks.inserted,
            "paid_back_yen": bench.cash.paid_back() - marks.paid_back,
            "sheets": self._sheets(receipts=False),
        }
        if "tries_left" in step.value:
            found["tries_left"] = bench.stand.tries(self._card)
        wrong = [f"{key} is {found[key]}, not {value}" for key, value in step.value.items() if found[key] != value]
        if wrong:
            raise StepFailed("; ".join(wrong))

    # -- the world ---------------------------------------------------------------------------------

    def _advance(self, step: Step) -> None:
        if not self._bench.advance(float(step.value)):
            raise StepFailed("kiosk, centre or city did not live a turn in the new time")

    def _fault(self, step: Step) -> None:
        self._bench.breaker.fault(step.value["target"], step.value["name"], **step.value.get("values", {}))

    def _clear(self, step: Step) -> None:
        which = {} if step.value is True else step.value
        self._bench.breaker.clear(which.get("target"), which.get("name"))

    def _kill_at(self, step: Step) -> None:
        """Arm it; the kiosk is ended while it waits at its journal's gate."""
        wish = step.value
        off_s = float(wish.get("off_s", 2.0))
        breaker = self._bench.breaker
        end = breaker.power_cut if wish.get("how", "power_cut") == "power_cut" else breaker.kill_kiosk

        def act(_passage: Passage) -> None:
            end(off_s)

        self._trap = self._bench.gate.arm(wish["kind"], wish["phase"], act, int(wish.get("nth", 1)))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
