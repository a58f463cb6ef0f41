"""Screens are tested on the dummy drivers; time is a number the test moves."""

import os

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"

from collections.abc import Iterator

import pygame
import pytest

from screens.display import Display
from screens.fonts import Faces
from screens.panel import REFERENCE


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def faces() -> Faces:
    return Faces()


@pytest.fixture
def display(clock: Clock) -> Iterator[Display]:
    opened = Display(REFERENCE, clock=clock)
    pygame.event.clear()
    yield opened
    opened.close()
