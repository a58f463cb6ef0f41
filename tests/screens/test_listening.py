"""Touching screens that are read out, and what the narrator is told."""

import dataclasses
from collections.abc import Iterator
from typing import Protocol

import pygame
import pytest

from kiosk import events as ev
from kiosk import view_model as vm
from screens.display import Display
from screens.elements import Again, Button, Screen
from screens.panel import REFERENCE
from screens.samples import samples

SAMPLES = dict(samples())


class Clock(Protocol):
    """The conftest's clock: seconds that a test moves."""

    now: float


class Told:
    """Stands for the narrator: writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def showed(self, view: vm.View, screen: Screen) -> None:
        self.heard.append(f"showed {screen.id}")

    def again(self) -> None:
        self.heard.append("again")

    def touched(self, target: Button | None) -> None:
        self.heard.append(f"touched {target.id if target is not None else 'nothing'}")

    def poll(self) -> None:
        pass

    def forget(self) -> None:
        self.heard.append("forget")

    def take(self) -> list[str]:
        heard, self.heard = self.heard, []
        return heard


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def display(clock: Clock, told: Told) -> Iterator[Display]:
    opened = Display(REFERENCE, narrator=told, clock=lambda: clock.now)
    pygame.event.clear()
    yield opened
    opened.close()


def spoken(name: str, **changes: object) -> vm.View:
    view = SAMPLES[name]
    frame = dataclasses.replace(view.frame, spoken=True, switches=("slow",))
    return dataclasses.replace(view, frame=frame, **changes)


def first(*switches: str, **changes: object) -> vm.View:
    view = SAMPLES["02-idle"]
    frame = dataclasses.replace(view.frame, switches=switches)
    return dataclasses.replace(view, frame=dataclasses.replace(frame, **changes))  # type: ignore[arg-type]


def finger(kind: int, x: float, y: float) -> None:
    event = {"touch_id": 1, "finger_id": 7, "x": x, "y": y, "dx": 0.0, "dy": 0.0, "pressure": 1.0, "window": None}
    pygame.event.post(pygame.event.Event(kind, event))


def place(display: Display, target_id: str) -> tuple[float, float]:
    assert display.screen is not None
    rect = next(target.rect for target in display.screen.targets() if target.id == target_id)
    return (rect.x + rect.w / 2) / REFERENCE.width_mm, (rect.y + rect.h / 2) / REFERENCE.height_mm


def tap(display: Display, target_id: str) -> list[ev.Event]:
    return tap_at(display, *place(display, target_id))


def tap_at(display: Display, x: float, y: float) -> list[ev.Event]:
    finger(pygame.FINGERDOWN, x, y)
    finger(pygame.FINGERUP, x, y)
    return display.poll()


BESIDE = (0.5, 0.02)
"""The head bar: nothing to touch."""


def test_the_first_tap_tells_and_the_second_presses(display: Display, told: Told, clock: Clock) -> None:
    display.show(spoken("25-confirm"))
    assert told.take() == ["showed confirm"]
    assert tap(display, "next") == [ev.Touched()]
    assert told.take() == ["touched next"]
    clock.now += 4.9
    assert tap(display, "next") == [ev.NextPressed()]
    clock.now += 1.0
    assert tap(display, "next") == [ev.Touched()]  # pressing ended it: it is told anew
    clock.now += 5.1
    assert tap(display, "next") == [ev.Touched()]  # too late for a second tap
    clock.now += 1.0
    assert tap(display, "back") == [ev.Touched()]
    clock.now += 1.0
    assert tap(display, "next") == [ev.Touched()]  # another target lay between
    clock.now += 1.0
    assert tap_at(display, *BESIDE) == [ev.Touched()]
    clock.now += 1.0
    assert tap(display, "next") == [ev.Touched()]
    assert told.take() == ["touched next", "touched next", "touched back", "touched next", "touched nothing",
                           "touched next"]  # fmt: skip


def test_what_was_told_on_one_screen_presses_nothing_on_the_next(display: Display, clock: Clock) -> None:
    display.show(spoken("25-confirm"))
    tap(display, "next")
    clock.now += 0.5
    display.show(spoken("23-items"))  # its つぎへ stands at the same place
    assert tap(display, "next") == [ev.Touched()]
    clock.now += 0.5
    display.show(spoken("24-copies"))
    tap(display, "more")
    clock.now += 0.5
    display.show(spoken("24-copies", copies=3))  # もうひとつ means another number now
    assert tap(display, "more") == [ev.Touched()]


def test_keys_of_a_secret_number_act_at_once_and_are_never_told(display: Display, told: Told, clock: Clock) -> None:
    display.show(spoken("11-pin-full"))
    told.take()
    for digit in range(10):
        clock.now += 1.0
        assert tap(display, f"digit-{digit}") == [ev.DigitPressed(digit)]
    assert told.take() == []
    assert tap(display, "next") == [ev.Touched()]
    assert told.take() == ["touched next"]


def test_without_being_read_to_nothing_is_told(display: Display, told: Told) -> None:
    display.show(SAMPLES["25-confirm"])
    assert tap(display, "next") == [ev.NextPressed()]
    assert tap_at(display, *BESIDE) == []
    assert told.take() == ["showed confirm"]


def test_once_more_is_a_matter_of_the_narrator(display: Display, told: Told, clock: Clock) -> None:
    display.show(spoken("50-refused-cancelled"))
    assert display.screen is not None
    assert [target.press for target in display.screen.targets() if target.id == "again"] == [Again()]
    told.take()
    tap(display, "again")
    clock.now += 1.0
    assert tap(display, "again") == [ev.Touched()]
    assert told.take() == ["touched again", "again"]


def test_a_resting_finger_begins_it_on_the_first_screen_only(display: Display, clock: Clock) -> None:
    display.show(first("large", "contrast", "spoken"))
    finger(pygame.FINGERDOWN, *BESIDE)
    assert display.poll() == []
    clock.now += 1.9
    assert display.poll() == []
    clock.now += 0.2
    assert display.poll() == [ev.EaseChosen("spoken", True)]
    assert display.poll() == []
    display.show(first("large", "contrast", "spoken", "slow", spoken=True))
    finger(pygame.FINGERUP, *BESIDE)
    assert display.poll() == []  # that finger has said what it had to say
    # Resting on a target, wandering about, or resting on another screen is nothing of the kind.
    display.show(first("large", "contrast", "spoken"))
    for x, y in (place(display, "language-en"), BESIDE):
        finger(pygame.FINGERDOWN, x, y)
        finger(pygame.FINGERMOTION, x, y + (0.2 if (x, y) == BESIDE else 0.0))
        display.poll()
        clock.now += 3.0
        assert display.poll() == []
        finger(pygame.FINGERUP, 0.99, 0.5)
        display.poll()
    display.show(SAMPLES["25-confirm"])
    finger(pygame.FINGERDOWN, *BESIDE)
    display.poll()
    clock.now += 3.0
    assert display.poll() == []


def test_the_end_of_a_person_is_told(display: Display, told: Told) -> None:
    display.show(spoken("49-thanks"))
    told.take()
    display.erase()
    assert told.take() == ["forget", "showed still"]
