"""The kiosk as it is, with somebody who notes times and a finger that touches as soon as a target is drawn.

Started by `whole_run.py` in place of `python -m kiosk`. Times go as lines of JSON into a stream socket, with the
monotonic clock (s), which all processes of a machine share:

    order   handed out to a device: `part`, `order` (number), `what` (name of the order)
    event   put into the queue of the core: `what` (its type), `order` (number it answers, 0 for none)
    draw    a picture stands on the panel: `screen`; `cpu_s`: what it cost
    wire    one call below a driver, from `t0` to `t1`: `part`, `what`; for the card also `unit`, the command in hex,
            where no PIN can be in it

What belongs to the bench alone is left out, since no real machine has it: the mirror of the panel and the gate before
the journal. Two touches of one spot are no bounce here; a finger without reaction time is none that bounces.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pygame

from drivers import card_pcsc, cctalk_bus, centre_line, cups_queue, cupsd, ipp_client
from kiosk import __main__ as kiosk
from kiosk.events import Event
from kiosk.loop import Devices, Inbox
from kiosk.view_model import View
from screens import touch
from screens.display import Display

_WIRES: Final[tuple[tuple[Any, str, str], ...]] = (
    (card_pcsc.PcscReader, "connect", "card"),
    (card_pcsc.PcscReader, "disconnect", "card"),
    (centre_line.Line, "_exchange", "centre"),
    (ipp_client.IppClient, "_exchange", "printer"),
    (cupsd.Cupsd, "start", "cupsd"),
    (cupsd.Cupsd, "stop", "cupsd"),
    (cups_queue.Queue, "create", "cupsd"),
    (cups_queue.Queue, "open", "cupsd"),
    (cups_queue.Queue, "purge", "cupsd"),
    (cups_queue.Queue, "submit", "cupsd"),
    (cctalk_bus.Bus, "exchange", "cash"),
)
_VERIFY: Final = 0x20

PARTS: Final = ("reader", "issuer", "cash", "printer")


class Notes:
    """One line a note, in the order of time; each process of the kiosk has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._line: socket.socket | None = None

    def open(self) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.connect(str(self._path))

    def __call__(self, do: str, **more: object) -> None:
        if self._line is not None:
            with self._lock:
                self._line.sendall(json.dumps({"do": do, "t": time.monotonic(), **more}).encode() + b"\n")


class Noted:
    """A port whose orders are noted before they are handed on."""

    def __init__(self, inner: Any, part: str, notes: Notes) -> None:
        self._inner, self._part, self._notes = inner, part, notes

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name in {"start", "close", "document"}:
            return method

        def noted(order: Any = 0, *more: Any) -> None:
            number = order if isinstance(order, int) else getattr(order, "order", 0)
            self._notes("order", part=self._part, order=number, what=name)
            method(*(() if order == 0 else (order,)), *more)

        return noted


class NotedDisplay(Display):
    """The panel, and the finger before it. `way`: what is touched, by screen, one for each picture of it."""

    notes: Notes
    way: Mapping[str, Sequence[str]] = {}
    _at = ""
    _done = 0

    def show(self, view: View) -> bool:
        cpu_s = time.thread_time()
        drawn = super().show(view)
        screen = self.screen
        if drawn and screen is not None:
            self.notes("draw", screen=screen.id, cpu_s=time.thread_time() - cpu_s)
            self._press(screen.id)
        return drawn

    def _press(self, name: str) -> None:
        if name != self._at:
            self._at, self._done = name, 0
        wanted = self.way.get(name, ())
        if self._done >= len(wanted) or self.screen is None:
            return
        rect = next((target.rect for target in self.screen.targets() if target.id == wanted[self._done]), None)
        if rect is None:
            return
        self._done += 1
        panel = self._panel
        x, y = (rect.x + rect.w / 2) / panel.width_mm, (rect.y + rect.h / 2) / panel.height_mm
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
            pygame.event.post(
                pygame.event.Event(kind, touch_id=0, finger_id=1, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None)
            )


def attach(notes: Notes, way: Mapping[str, Sequence[str]]) -> None:
    """Put the noting parts where `kiosk.__main__` finds its own."""

    class NotedInbox(Inbox):
        def put(self, event: Event) -> None:
            notes("event", what=type(event).__name__, order=getattr(event, "order", 0))
            super().put(event)

    build, serve_one = kiosk.build, kiosk.serve_one

    def noted_build(*arguments: Any) -> Devices:
        made = build(*arguments)
        return replace(made, **{part: Noted(getattr(made, part), part, notes) for part in PARTS})

    def noted_serve_one(*arguments: Any, **named: Any) -> int:
        notes.open()
        return serve_one(*arguments, **named)

    NotedDisplay.notes, NotedDisplay.way = notes, way
    bare: dict[str, Any] = {
        "build": noted_build,
        "serve_one": noted_serve_one,
        "Inbox": NotedInbox,
        "Display": NotedDisplay,
        "Mirror": _nobody,
        "Gate": _nobody,
    }
    for name, other in bare.items():
        setattr(kiosk, name, other)
    touch.DEBOUNCE_S = 0.0  # type: ignore[misc]
    for owner, name, part in _WIRES:
        setattr(owner, name, _timed(getattr(owner, name), part, name.lstrip("_"), notes))
    card_pcsc.Connection.transmit = _units(card_pcsc.Connection.transmit, notes)  # type: ignore[method-assign]


def _nobody(*_arguments: Any, **_named: Any) -> None:
    """In place of a part that is not there."""


def _timed(inner: Callable[..., Any], part: str, what: str, notes: Notes) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        t0 = time.monotonic()
        try:
            return inner(*arguments, **named)
        finally:
            notes("wire", part=part, what=what, t0=t0, t1=time.monotonic())

    return timed


def _units(inner: Callable[..., bytes], notes: Notes) -> Callable[..., bytes]:
    def transmit(self: Any, command: bytes) -> bytes:
        unit = "" if command[1] == _VERIFY and len(command) > 5 else bytes(command).hex()
        t0 = time.monotonic()
        try:
            return inner(self, command)
        finally:
            notes("wire", part="card", what="transmit", unit=unit, t0=t0, t1=time.monotonic())

    return transmit


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--notes", type=Path, required=True, help="the socket that takes the notes")
    parser.add_argument("--way", type=json.loads, required=True, help="JSON: screen → targets touched")
    parser.add_argument("--config", type=Path, required=True)
    options = parser.parse_args()

    attach(Notes(options.notes), options.way)
    return kiosk.main(["--config", str(options.config)])


if __name__ == "__main__":
    sys.exit(main())
