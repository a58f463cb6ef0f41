"""From a finger lifted to the picture that answers it: the kiosk's own loop beside a bare one.

Ours: `kiosk.loop.Loop` with the real machine, presenter, layout and renderer on the PIN pad of an upright panel, a
digit for each touch; only the devices are silent. Bare: `pygame.event.get`, the same picture drawn anew from a list
made beforehand (fills, rounded rectangles, labels kept as surfaces), flip, 20 ms of sleep. Both in this process, on
SDL's dummy driver, the finger lifted at evenly spread moments of the 20 ms.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pygame
from harness import Measure

from config.load import load
from kiosk import events as e
from kiosk import loop as kiosk_loop
from kiosk.__main__ import nobody
from kiosk.machine import start
from kiosk.session import State
from screens.display import Display, preload
from screens.elements import Screen
from screens.fonts import Faces
from screens.paint import Fill, Label, Rounded
from screens.panel import Panel
from screens.render import Renderer
from screens.theme import STANDARD

PANEL: Final = Panel(1080, 1920, 21.5)
POLL_S: Final = 0.02
TOUCHES: Final = 20
GOAL: Final = 1.3
EXAMPLE: Final = Path(__file__).parents[2] / "config" / "machine.example.toml"
OPEN: Final = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)

Draw = Callable[[], object]


class Time:
    """Business hours; runs on, and much faster for the panel's debouncing."""

    touches = 0.0

    def now(self) -> datetime:
        return OPEN

    def boot(self) -> float:
        return time.monotonic()

    def acknowledge(self) -> None:
        pass

    def debounce(self) -> float:
        self.touches += 1.0
        return self.touches


class Silent:
    """Every port: keeps the number of the last order, answers nothing."""

    order = 0

    def __getattr__(self, name: str) -> Any:
        def take(order: Any = 0, *_: Any) -> Any:
            self.order = getattr(order, "order", self.order)
            return ()

        return take


class Flips:
    """When pictures were shown."""

    def __init__(self) -> None:
        self.last = 0.0
        self._flip = pygame.display.flip

    def __call__(self) -> None:
        self._flip()
        self.last = time.perf_counter()


class Rig:
    """The loop on the PIN pad, and the bare one, in one window."""

    def __init__(self) -> None:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        preload()
        clock = Time()
        self.display = Display(PANEL, clock=clock.debounce)
        self.flips = Flips()
        pygame.display.flip = self.flips
        port, base = Silent(), type("Base", (), {"settings": load(EXAMPLE)})()
        devices = kiosk_loop.Devices(port, port, port, port, port, port, self.display)
        self.loop = kiosk_loop.Loop(nobody(base), devices, port, clock, kiosk_loop.Inbox(), lambda: None)
        self.to_pin_pad(port)
        screen = self.display.screen
        assert screen is not None
        self.targets = {target.id: target.rect for target in screen.targets()}
        self.bare = bare_picture(screen)
        self.count = 0

    def to_pin_pad(self, port: Silent) -> None:
        loop = self.loop
        moment = loop._now()
        loop.session, orders = start(loop.session, moment)
        loop._carry_out(orders, moment)
        loop.take(e.Wiped(port.order, (), True), moment)
        loop.take(e.CardRemoved(), moment)
        for place in e.Place:
            loop.take(e.PlaceEmptied(place), moment)
        loop.take(e.CardPresented(), moment)
        loop.take(e.CardIdentified(port.order, e.CardKind.MY_NUMBER, 3, certificate=b"der"), moment)
        loop.take(e.SessionOpened(port.order, b"challenge"), moment)
        assert loop.session.state is State.AWAITING_PIN, loop.session.state
        loop._show(moment)

    def touch(self) -> Iterator[Draw]:
        """Two actions: finger down, finger up."""
        target = ("digit-5", "digit-0", "erase", "erase")[self.count % 4]
        self.count += 1
        rect = self.targets[target]
        x, y = (rect.x + rect.w / 2) / PANEL.width_mm, (rect.y + rect.h / 2) / PANEL.height_mm
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
            event = pygame.event.Event(
                kind, touch_id=0, finger_id=1, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None
            )
            yield partial(pygame.event.post, event)

    def mean_s(self, turn: Callable[[], None]) -> float:
        """Mean of `TOUCHES` touches, from the lifted finger to the flip that follows."""
        total = 0.0
        for n in range(TOUCHES):
            down, up = self.touch()
            down()
            turn()
            lifted: list[float] = []

            def lift(up: Draw = up, lifted: list[float] = lifted) -> None:
                lifted.append(time.perf_counter())
                up()

            finger = threading.Timer(POLL_S + POLL_S * (n + 0.5) / TOUCHES, lift)
            finger.start()
            while not (lifted and self.flips.last > lifted[0]):
                turn()
            finger.join()
            total += self.flips.last - lifted[0]
        return total / TOUCHES

    def ours(self) -> float:
        self.loop._show(self.loop._now())
        return self.mean_s(lambda: self.loop.turn(self.loop.patience_s()))

    def answer(self, event: e.Event) -> None:
        """What the loop does for one touch."""
        moment = self.loop._now()
        self.loop.take(event, moment)
        self.loop._show(moment)

    def redraw(self) -> None:
        """What the bare loop does for it."""
        self.bare()
        pygame.display.flip()

    def bare_loop(self) -> float:
        def turn() -> None:
            for event in pygame.event.get():
                if event.type == pygame.FINGERUP:
                    self.redraw()
            time.sleep(POLL_S)

        return self.mean_s(turn)


def bare_picture(screen: Screen) -> Draw:
    """The same picture by plain calls of pygame, everything worked out beforehand."""
    surface = pygame.display.get_surface()
    assert surface is not None
    faces = Faces()
    steps: list[Draw] = []
    for command in Renderer(PANEL, faces, STANDARD).commands(screen):
        if isinstance(command, Fill):
            steps.append(partial(surface.fill, command.colour, command.area))
        elif isinstance(command, Rounded):
            rect = partial(pygame.draw.rect, surface, rect=command.area, border_radius=command.radius)
            if command.fill is not None:
                steps.append(partial(rect, color=command.fill))
            if command.border is not None:
                steps.append(partial(rect, color=command.border, width=max(1, command.border_px)))
        elif isinstance(command, Label):
            font = faces.font(command.face, command.px)
            drawn = font.render(command.text, True, command.colour)
            steps.append(partial(surface.blit, drawn, (command.x, command.baseline - font.get_ascent())))
        else:
            area = pygame.Rect(command.area).clip(surface.get_rect())
            steps.append(partial(surface.blit, surface.subsurface(area).copy(), area))

    def draw() -> None:
        for step in steps:
            step()

    return draw


def _once(draw: Draw) -> float:
    began = time.process_time()
    draw()
    return time.process_time() - began


_rigs: list[Rig] = []


def measures() -> list[Measure]:
    rig = Rig()
    _rigs.append(rig)
    parts: dict[str, list[float]] = {"ours": [], "bare": []}

    def report() -> str:
        for n in range(40):
            event = e.DigitPressed(5) if n % 2 == 0 else e.PinCorrected()
            parts["ours"].append(_once(partial(rig.answer, event)))
            parts["bare"].append(_once(rig.redraw))
        ours, bare = (1000 * sorted(parts[who])[len(parts[who]) // 2] for who in ("ours", "bare"))
        return f"Without the poll, on a core: ours {ours:.1f} ms (step, view, layout, picture), bare {bare:.1f} ms."

    note = f"Mean of {TOUCHES} touches a run; half a poll (10 ms) is in both."
    return [Measure("touch → drawn frame", rig.ours, rig.bare_loop, GOAL, 20, note, report=report)]


def close() -> None:
    for rig in _rigs:
        pygame.display.flip = rig.flips._flip
        rig.display.close()
