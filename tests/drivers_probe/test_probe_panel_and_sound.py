"""The test picture and the five levels, on SDL's dummy drivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest

from config.schema import Settings
from screens import probe
from screens.probe_picture import Trial


@pytest.fixture(autouse=True)
def dummies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    yield
    pygame.display.quit()
    pygame.mixer.quit()


class Finger:
    """Touches the nine points one after the other, each so far beside its middle."""

    def __init__(self, off_mm: float = 0.0) -> None:
        self.off_mm = off_mm
        self.left = list(range(9))

    def __call__(self, _seconds: float) -> bool:
        if not self.left:
            return True
        surface = pygame.display.get_surface()
        assert surface is not None
        panel = probe.Panel(*surface.get_size(), 21.5)
        x, y = Trial(panel).points[self.left.pop(0)]
        where = {"x": (x + self.off_mm) / panel.width_mm, "y": y / panel.height_mm}
        pygame.event.post(pygame.event.Event(pygame.FINGERDOWN, touch_id=0, finger_id=1, dx=0.0, dy=0.0, **where))
        return False


def test_nine_points_touched_well(settings: Callable[..., Settings], said: Any, tmp_path: Path) -> None:
    picture = tmp_path / "test.png"
    probe.screen(settings(), said, Finger(), picture=picture)
    assert said.wrong == []
    assert "all circles were touched" in said.text
    assert pygame.image.load(picture).get_size() == (1080, 1920)


@pytest.mark.parametrize(
    ("finger", "wrong"),
    [(Finger(8.0), "touches lie up to 8.0 mm beside"), (Finger(20.0), "9 circles were not touched")],
)
def test_a_touch_panel_that_is_not_adjusted(
    settings: Callable[..., Settings], said: Any, finger: Finger, wrong: str
) -> None:
    probe.screen(settings(), said, finger)
    assert [wrong in line for line in said.wrong] == [True], said.text
    assert said.each_fault_has_a_remedy()


def test_a_panel_whose_size_cannot_be(settings: Callable[..., Settings], said: Any) -> None:
    probe.screen(settings(panel={"diagonal_in": 5.0}), said, Finger())
    assert ["too small" in line for line in said.wrong] == [True]


def test_five_levels_are_played(settings: Callable[..., Settings], said: Any) -> None:
    probe.sound(settings(), said, sleep=lambda _seconds: None)
    assert said.wrong == []
    assert [line for line in said.lines if "level " in line][-1].endswith("level 4: 0.00 dB below full loudness")


def test_no_sound_device_is_a_fault(
    settings: Callable[..., Settings], said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    probe.sound(settings(), said)
    assert ["no sound device" in line for line in said.wrong] == [True]
    assert said.each_fault_has_a_remedy()
