"""A whole transaction beside the time in which its devices were at work: card laid down → everything has come out.

One residence certificate, paid with a 500-yen coin, change and receipt, by the kiosk itself on the whole bench; people
and devices have no latency: a touch is posted as soon as its target is drawn, hands act at once, a command to the card
costs nothing, coins fall and sheets come at once. What is left are the devices' own ways of answering.

**Wall** is from `CardPresented` in the kiosk's queue until the picture that follows the last thing to come out, the
receipt. **Floor** is the union (no moment counts twice) of the times in which a device was at work for this person:

* card: each call to pcscd (connect, command, disconnect), as it leaves the driver;
* card taken: from the hand until `CardRemoved`: pcscd looks every 0.4 s;
* centre and city: each exchange, from connecting to the last byte of the answer;
* cupsd and printer: each call to the spooler, each question to the printer; and from the document being handed over
  until the printer itself notes that the job has ended;
* coins: from the hand until they are credited (a ccTalk acceptor only answers), and each order to the unit until its
  answer; closing the slot alone is 1.5 s, in which a coin past the gate may still be credited.

Everything else is the machine's own: pictures, voice, journal, keys and signatures, the look into each page, its loop,
its ticks, and every pause in which its drivers ask nobody. The second measure calls a driver a part of its device: its
floor is the union from each order at a port to its answer, so keys, signatures and pauses of drivers count as floor.
"""

from __future__ import annotations

import json
import statistics
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from harness import Measure
from whole_run import DIGITS, RESIDENT, Note, Terminal

PAIRS = 12
WAY: Final = {
    "pin_pad": DIGITS,
    "choose_certificate": ("certificate-residence",),
    "choose_household": ("household-whole",),
    "choose_items": ("next",),
    "choose_copies": ("next",),
    "confirm": ("next",),
    "arrived": ("me",),
}
PAID_YEN: Final = 500
SCREENS: Final = ("take_card", "choose_certificate", "arrived", "pay", "printing", "take")

Span = tuple[float, float]


def union(spans: Iterable[Span]) -> float:
    """Seconds in which at least one span ran."""
    total, end = 0.0, float("-inf")
    for t0, t1 in sorted(spans):
        total += max(0.0, t1 - max(t0, end))
        end = max(end, t1)
    return total


def _answered(notes: list[Note]) -> Iterator[tuple[str, Span]]:
    """(port, from order to its last answer)."""
    for order in notes:
        if order["do"] == "order" and order["order"]:
            answers = [
                n["t"] for n in notes if n["do"] == "event" and n["order"] == order["order"] and n["t"] >= order["t"]
            ]
            if answers:
                yield order["part"], (order["t"], answers[-1])


def _by_hand(notes: list[Note]) -> Iterator[tuple[str, Span]]:
    """(port, from what a hand did until the device said so)."""
    for hand, event, part in (("take card", "CardRemoved", "reader"), ("coin", "CoinsCredited", "cash")):
        done = [n["t"] for n in notes if n["do"] == "hand" and n["what"] == hand]
        seen = [n["t"] for n in notes if n["do"] == "event" and n["what"] == event and done and n["t"] >= done[0]]
        if done and seen:
            yield part, (done[0], seen[0])


def at_the_ports(notes: list[Note]) -> list[Span]:
    return [span for _, span in (*_answered(notes), *_by_hand(notes))]


def at_the_wires(notes: list[Note], ended: list[float]) -> list[Span]:
    """`ended`: when the printer noted the end of each job."""
    wires = [(n["t0"], n["t1"]) for n in notes if n["do"] == "wire"]
    cash = [span for part, span in _answered(notes) if part == "cash"]
    handed = [n["t0"] for n in notes if n["do"] == "wire" and n["what"] == "submit"]
    printed = list(zip(handed, ended[-len(handed) :], strict=True))
    return [*wires, *cash, *(span for _, span in _by_hand(notes)), *printed]


class Transactions:
    """Each transaction gives a wall time and two floors; whoever is asked first makes it."""

    def __init__(self) -> None:
        self._terminal: Terminal | None = None
        self._waiting: dict[str, deque[float]] = {name: deque() for name in ("wall", "wires", "again", "ports")}
        self._parts: list[dict[str, float]] = []
        self._paid = False

    def give(self, name: str) -> Callable[[], float]:
        def one() -> float:
            # Both measures look at the same transactions; a figure that one of them has used is kept for the other.
            if not self._waiting[name]:
                self._transaction()
            return self._waiting[name].popleft()

        return one

    def close(self) -> None:
        if self._terminal is not None:
            self._terminal.__exit__(None, None, None)
            self._terminal = None

    def report(self) -> str:
        """Medians of each stretch of the way, and in brackets of what in it was no device's."""

        def median_ms(name: str) -> int:
            return round(statistics.median(parts[name] for parts in self._parts) * 1000)

        ends = (*SCREENS, "everything out")
        stretches = ", ".join(f"{end} {median_ms(f'to {end}')} ({median_ms(f'of it own at {end}')})" for end in ends)
        pictures = round(statistics.median(parts["pictures"] for parts in self._parts))
        drawn = f"{pictures} pictures took {median_ms('drawing')} ms of a core"
        return f"ms from one picture to the next (own): {stretches}; {drawn}."

    def _open(self) -> Terminal:
        if self._terminal is None:
            hands = {"take_card": _take_card, "pay": self._pay}
            self._terminal = Terminal(WAY, hands).__enter__()
        return self._terminal

    def _pay(self, terminal: Terminal) -> None:
        if not self._paid:
            self._paid = True
            terminal.hand("coin")
            terminal.bench.cash.insert(PAID_YEN)

    def _transaction(self) -> None:
        terminal, self._paid = self._open(), False
        mark = terminal.mark()
        terminal.bench.lay_card(RESIDENT)
        judged = terminal.wait_event("ReceiptJudged", mark)["t"]
        shown = terminal.wait(lambda n: n["do"] == "draw" and n["screen"] == "take" and n["t"] > judged, mark)
        presented = terminal.wait_event("CardPresented", mark)["t"]
        notes = [n for n in terminal.since(mark) if presented <= n.get("t0", n["t"]) and n["t"] <= shown["t"]]
        trays = terminal.bench.trays
        trays.take_paper()
        trays.take_change()
        terminal.wait(lambda n: n["do"] == "draw" and n["screen"] == "idle" and n["t"] > shown["t"], mark)
        wall = shown["t"] - presented
        wires = at_the_wires(notes, _ended(terminal.bench.state.printer / "printer.jsonl", terminal))
        ports = at_the_ports(notes)
        for name, value in (("wall", wall), ("wires", union(wires)), ("again", wall), ("ports", union(ports))):
            self._waiting[name].append(value)
        self._parts.append(_parts(notes, presented, wall, wires))


def _take_card(terminal: Terminal) -> None:
    terminal.hand("take card")
    terminal.bench.take_card()


def _ended(log: Path, terminal: Terminal) -> list[float]:
    """Monotonic clock at the end of each job, by the printer's own log."""
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    over = [e for e in entries if e["event"] == "job" and e["state"] == "completed"]
    return [datetime.fromisoformat(entry["t"]).timestamp() - terminal.wall_offset_s for entry in over]


def _parts(notes: list[Note], presented: float, wall: float, wires: list[Span]) -> dict[str, float]:
    """What a wall time is made of: each stretch of the way, and of it what no device was at work in."""
    marks = [presented]
    for screen in SCREENS:
        drawn = [n["t"] for n in notes if n["do"] == "draw" and n["screen"] == screen]
        marks.append(drawn[0] if drawn else marks[-1])
    marks.append(presented + wall)
    found: dict[str, float] = {}
    for name, t0, t1 in zip((*SCREENS, "everything out"), marks[:-1], marks[1:], strict=True):
        found[f"to {name}"] = t1 - t0
        found[f"of it own at {name}"] = t1 - t0 - union((max(a, t0), min(b, t1)) for a, b in wires if b > t0 and a < t1)
    draws = [note["cpu_s"] for note in notes if note["do"] == "draw"]
    found["pictures"], found["drawing"] = len(draws), sum(draws)
    return found


_all = Transactions()


def measures() -> list[Measure]:
    give = _all.give
    strict = "Floor: calls below the drivers, see the head of whole_bench.py."
    ports = "Floor: from each order at a port to its answer."
    return [
        Measure(
            "whole transaction, beside its devices",
            give("wall"),
            give("wires"),
            1.10,
            PAIRS,
            strict,
            report=_all.report,
        ),
        Measure("whole transaction, beside its drivers", give("again"), give("ports"), 1.10, PAIRS, ports),
    ]


def close() -> None:
    _all.close()
