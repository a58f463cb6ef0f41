"""`make bench`: how long the machine takes, beside the same thing done bare, in interleaved pairs, one table.

A file `tests/bench/<name>_bench.py` gives its figures by `measures()`:

    from harness import Measure, Unavailable

    def measures() -> list[Measure]:
        return [Measure("touch → drawn frame", ours, baseline, goal=1.3, pairs=40)]

`ours` and `baseline` perform one run each and return what it cost, in `unit` (seconds, unless said otherwise).
They are called in turn, the one that goes first changing with each pair; the ratio is taken pair by pair, and its
median is held against `goal`. Without `baseline` the median of `ours` itself is held against `goal`.

    Unavailable    raised by any of them: the line says what is missing, and the goal counts as not measured
    report         called when the figure has been taken: the parts it is made of, written below the table
    close()        of the file, if it has one: called when its figures are taken

Files are tried in alphabetic order. Exit status: 0, all goals met; 1, one was missed or a measure failed; 2, none
was missed, but something could not be measured here.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import platform
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

FOLDER: Final = Path(__file__).parent
SUFFIX: Final = "_bench"
WARM_UP: Final = 1
"""Pairs before those that count: caches of the disk and of the interpreter fill."""
FEWEST: Final = 3
QUICK: Final = 4
"""`--quick` takes a quarter of the pairs, but never fewer than `FEWEST`."""

Run = Callable[[], float]


class Unavailable(Exception):
    """Cannot be measured here; the text says what is missing."""


@dataclass(frozen=True)
class Measure:
    """One figure and its goal. `unit`: s, ms, MiB, % …; `pairs`: how many, runs where there is no baseline."""

    name: str
    ours: Run
    baseline: Run | None
    goal: float
    pairs: int
    note: str = ""
    unit: str = "s"
    report: Callable[[], str] | None = None
    warm_up: int = WARM_UP


@dataclass(frozen=True)
class Figure:
    """What came of a measure. `ratios`: pair by pair; the values of `ours` themselves where there is no baseline."""

    measure: Measure
    ours: tuple[float, ...]
    baseline: tuple[float, ...]
    missing: str = ""
    failed: bool = False
    seconds_s: float = 0.0
    report: str = ""

    @property
    def ratios(self) -> tuple[float, ...]:
        if self.measure.baseline is None:
            return self.ours
        return tuple(ours / bare for ours, bare in zip(self.ours, self.baseline, strict=True))

    @property
    def met(self) -> bool:
        return bool(self.ours) and not self.failed and statistics.median(self.ratios) <= self.measure.goal

    @property
    def verdict(self) -> str:
        if self.failed:
            return "**failed**"
        if not self.ours:
            return "not measured"
        return "met" if self.met else "**missed**"


def take(measure: Measure, pairs: int, clock: Callable[[], float] = time.monotonic) -> Figure:
    """Run one measure; whatever it raises becomes part of the figure."""
    began = clock()
    ours: list[float] = []
    bare: list[float] = []
    missing, report, failed = "", "", False
    try:
        for pair in range(-measure.warm_up, pairs):
            gc.collect()
            one = _pair(measure, ours_first=pair % 2 == 0)
            if pair >= 0:
                ours.append(one[0])
                bare.append(one[1])
        report = measure.report() if measure.report else ""
    except Unavailable as error:
        missing, ours, bare = str(error), [], []
    except Exception as error:
        missing, failed = f"{type(error).__name__}: {error}", True
        ours, bare = [], []
        traceback.print_exc()
    return Figure(measure, tuple(ours), tuple(bare), missing, failed, clock() - began, report)


def _pair(measure: Measure, *, ours_first: bool) -> tuple[float, float]:
    if measure.baseline is None:
        return measure.ours(), 1.0
    if ours_first:
        ours = measure.ours()
        return ours, measure.baseline()
    bare = measure.baseline()
    return measure.ours(), bare


# ---- the table ---------------------------------------------------------------------------------------------


def written(value: float, unit: str) -> str:
    """A value with its unit; seconds below one as milliseconds."""
    if unit == "s" and abs(value) < 1:
        return f"{value * 1000:.3g} ms" if abs(value) < 0.1 else f"{value * 1000:.0f} ms"
    return f"{value:.3g} {unit}" if abs(value) < 100 else f"{value:.0f} {unit}"


def row(figure: Figure) -> str:
    """One line of the table."""
    measure = figure.measure
    bare = measure.baseline is None
    goal = f"≤ {written(measure.goal, measure.unit)}" if bare else f"≤ {measure.goal:.2f} ×"
    if not figure.ours:
        return f"| {measure.name} | | | {figure.missing} | {goal} | {figure.verdict} |"
    ours = written(statistics.median(figure.ours), measure.unit)
    low, middle, high = min(figure.ratios), statistics.median(figure.ratios), max(figure.ratios)
    if bare:
        spread = f"{written(low, measure.unit)} … {written(high, measure.unit)}" if len(figure.ours) > 1 else ""
        baseline = "—"
    else:
        spread = f"{middle:.2f} × ({low:.2f} … {high:.2f})"
        baseline = written(statistics.median(figure.baseline), measure.unit)
    count = f" (n = {len(figure.ours)})"
    return f"| {measure.name}{count} | {ours} | {baseline} | {spread} | {goal} | {figure.verdict} |"


def table(figures: Sequence[Figure]) -> str:
    """All figures as one Markdown table, with notes and parts below."""
    lines = ["| measure | ours | bare | ratio: median (least … most) | goal | |", "|---|---|---|---|---|---|"]
    lines += [row(figure) for figure in figures]
    for figure in figures:
        below = [text for text in (figure.measure.note, figure.report) if text]
        if below:
            lines += ["", f"**{figure.measure.name}**", "", *below]
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    system = f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, load {load}, {system}"


# ---- the run -----------------------------------------------------------------------------------------------


def names(only: Sequence[str]) -> list[str]:
    """The files to be run; SystemExit for a name that is none."""
    there = sorted(path.stem.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}.py"))
    if wrong := sorted(set(only) - set(there)):
        raise SystemExit(f"no such bench: {', '.join(wrong)}; there are {', '.join(there)}")
    return [name for name in there if not only or name in only]


def figures_of(module: ModuleType, say: Callable[[str], None], *, quick: bool) -> Iterator[Figure]:
    """Every figure of one file. What the file itself raises becomes a line of the table, too."""
    name = module.__name__.removesuffix(SUFFIX)
    try:
        try:
            found: list[Measure] = module.measures()
        except Unavailable as error:
            yield Figure(Measure(name, lambda: 0.0, None, 0.0, 0), (), (), str(error))
            return
        for measure in found:
            pairs = max(min(FEWEST, measure.pairs), measure.pairs // QUICK) if quick else measure.pairs
            say(f"{name}: {measure.name}")
            figure = take(measure, pairs)
            say(f"    {row(figure)}  {figure.seconds_s:.0f} s")
            yield figure
    finally:
        close = getattr(module, "close", None)
        if close is not None:
            close()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this file only; may be repeated")
    parser.add_argument("--quick", action="store_true", help="a quarter of the pairs")
    parser.add_argument("--list", action="store_true", help="name the files and end")
    options = parser.parse_args(arguments)
    chosen = names(options.only)
    if options.list:
        print("\n".join(chosen))
        return 0
    began, before = time.monotonic(), machine()
    figures: list[Figure] = []
    for name in chosen:
        module = importlib.import_module(f"{name}{SUFFIX}")
        figures += figures_of(module, lambda line: print(line, file=sys.stderr, flush=True), quick=options.quick)
    print(f"\nBefore: {before}; after: load {os.getloadavg()[0]:.2f}; {time.monotonic() - began:.0f} s in all\n")
    print(table(figures))
    if any(figure.failed or (figure.ours and not figure.met) for figure in figures):
        return 1
    return 2 if any(not figure.ours for figure in figures) else 0


if __name__ == "__main__":
    # Loaded again under its own name, so that the files raise the very exceptions that are caught here.
    sys.exit(importlib.import_module("harness").main())
