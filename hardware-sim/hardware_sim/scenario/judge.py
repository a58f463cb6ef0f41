"""The judge: what the machine gave and took, from metal, paper and sound, against what the scenario expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hardware_sim.bench.ears import Heard
from hardware_sim.bench.mirror import Shown
from hardware_sim.bench.paper import Printed, plain

from .filming import Filmed
from .script import Expectation


@dataclass(frozen=True)
class FarEnds:
    """What was seen from outside between the scenario's begin and end."""

    inserted_yen: int
    paid_back_yen: int
    pages: tuple[Printed, ...]
    phrases: tuple[Heard, ...]
    screens: tuple[Shown, ...]
    final_screen: str
    filmed: Filmed | None = None
    """None on a bench without a camera."""

    @property
    def kept_yen(self) -> int:
        """What stayed in the machine, by the metal."""
        return self.inserted_yen - self.paid_back_yen

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": outcome(self),
            "money": {
                "inserted_yen": self.inserted_yen,
                "kept_yen": self.kept_yen,
                "paid_back_yen": self.paid_back_yen,
            },
            "pages": [page.to_json() for page in self.pages],
            "phrases": [heard.to_json() for heard in self.phrases if heard.phrase],
            "screens": [
                {"time": shown.at.isoformat(timespec="milliseconds"), "screen": shown.screen, "title": shown.title}
                for shown in self.screens
            ],
            "final_screen": self.final_screen,
            **({} if self.filmed is None else {"filmed": self.filmed.to_json()}),
        }


def outcome(ends: FarEnds) -> str:
    """From metal and paper alone.

    ``issued``: a page came out and money was kept for it. ``returned``: money came in and went back whole, no page.
    ``nothing``: neither money nor page. ``mixed``: anything else, such as money kept and no page.
    """
    if ends.pages and ends.kept_yen > 0:
        return "issued"
    if not ends.pages and ends.kept_yen == 0:
        return "returned" if ends.inserted_yen else "nothing"
    return "mixed"


def differences(expect: Expectation, ends: FarEnds) -> list[str]:
    """Every way in which the far ends are not as expected; empty: green."""
    found: list[str] = []
    pairs = (
        ("outcome", expect.outcome, outcome(ends)),
        ("inserted_yen", expect.inserted_yen, ends.inserted_yen),
        ("kept_yen", expect.kept_yen, ends.kept_yen),
        ("paid_back_yen", expect.paid_back_yen, ends.paid_back_yen),
        ("final_screen", expect.final_screen, ends.final_screen),
    )
    found += [f"{name}: expected {wanted}, found {seen}" for name, wanted, seen in pairs if wanted not in (None, seen)]
    found += _pages(expect, ends)
    found += _filmed(expect, ends.filmed)
    heard = [line.phrase for line in ends.phrases if line.phrase]
    if (missing := first_missing(expect.phrases, heard)) is not None:
        found.append(f"phrases: {missing!r} was not heard in its place; heard {', '.join(heard) or 'nothing'}")
    seen = [shown.screen for shown in ends.screens]
    if (missing := first_missing(expect.screens, seen)) is not None:
        found.append(f"screens: {missing!r} was not seen in its place; seen {', '.join(seen) or 'nothing'}")
    return found


def _filmed(expect: Expectation, filmed: Filmed | None) -> Iterable[str]:
    if filmed is None:
        if expect.recordings is not None:
            yield "recordings: there is no camera; write camera = true into [setup]"
        return
    for name, wanted, seen in (
        ("recordings", expect.recordings, len(filmed.recordings)),
        ("covered", expect.covered, filmed.covered),
        ("gap", expect.gap, filmed.gap),
    ):
        if wanted not in (None, seen):
            yield f"{name}: expected {wanted}, found {seen}; {filmed.to_json()}"
    for alarm in expect.alarms:
        if alarm not in filmed.alarms:
            yield f"alarms: {alarm!r} was not told; told were {', '.join(filmed.alarms) or 'none'}"


def _pages(expect: Expectation, ends: FarEnds) -> Iterable[str]:
    if expect.pages is None:
        return
    wanted_trays = {pages.tray for pages in expect.pages}
    for pages in expect.pages:
        came = [page for page in ends.pages if page.tray == pages.tray]
        if len(came) != pages.sheets:
            yield f"pages: expected {pages.sheets} sheets from {pages.tray}, found {len(came)}"
        if pages.name:
            wanted = plain(pages.name)
            for page in came:
                if set(page.names) != {wanted}:
                    yield f"pages: sheet {page.number} is not of {wanted!r} on every side; it says {page.names}"
            if came and not any(_says(page, wanted) for page in came):
                yield f"pages: {wanted!r} stands in the text of no sheet from {pages.tray}"
        for words in pages.says:
            if not any(_says(page, words) for page in came):
                yield f"pages: {words!r} stands on no sheet from {pages.tray}"
        for words in pages.says_not:
            if any(_says(page, words) for page in came):
                yield f"pages: {words!r} stands on a sheet from {pages.tray} and should not"
    strays = [page.number for page in ends.pages if page.tray not in wanted_trays]
    if strays:
        yield f"pages: sheets {strays} came out of a tray from which none was expected"


def _says(page: Printed, words: str) -> bool:
    """Whether these words stand on the front; titles are often set with space between their letters."""
    return "".join(plain(words).split()) in "".join(page.words.split())


def first_missing(wanted: Sequence[str], found: Sequence[str]) -> str | None:
    """The first of ``wanted`` that does not follow, in order, in ``found``; None when all do."""
    rest = iter(found)
    return next((each for each in wanted if each not in rest), None)
