"""A few pictures as they were last looked at. Everything else about the screens is told without pixels."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from screens.gallery import GOLDEN, Golden, golden
from screens.panel import LAYOUTS
from screens.strings import languages
from screens.theme import THEMES

FOLDER = Path(__file__).parent / "golden"
MEAN = 1.2
"""Mean difference of a colour value (of 255) that another processor or compiler may make."""
PLACE = 24.0
"""The same for the mean of any place of 8 x 8 pixels: a mark that is missing or a colour that is wrong is more."""
RENEW = "look at the pictures, then renew them: python -m screens.gallery --golden tests/screens/golden"

Pixels = npt.NDArray[np.float32]


def pixels(surface: pygame.Surface) -> Pixels:
    width, height = surface.get_size()
    raw = np.frombuffer(pygame.image.tobytes(surface, "RGB"), dtype=np.uint8)
    return raw.reshape(height, width, 3).astype(np.float32)


def difference(new: Pixels, old: Pixels) -> tuple[float, float]:
    """Mean over the picture, and mean over the place that differs most."""
    apart = np.abs(new - old).max(axis=2)
    high, wide = (side // 8 * 8 for side in apart.shape)
    places = apart[:high, :wide].reshape(high // 8, 8, wide // 8, 8).mean(axis=(1, 3))
    return float(apart.mean()), float(places.max())


@pytest.mark.parametrize("one", GOLDEN, ids=lambda one: one.file.removesuffix(".png"))
def test_the_picture_is_the_one_last_looked_at(one: Golden, tmp_path: Path) -> None:
    new = golden(one)
    kept = FOLDER / one.file
    assert kept.is_file(), f"no {kept.name}; {RENEW}"
    old = pygame.image.load(str(kept))
    aside = Path(os.environ.get("GOLDEN_OUT", tmp_path)) / one.file
    assert new.get_size() == old.get_size()
    mean, place = difference(pixels(new), pixels(old))
    if mean > MEAN or place > PLACE:
        aside.parent.mkdir(parents=True, exist_ok=True)
        both = pygame.Surface((2 * new.get_width() + 8, new.get_height()))
        both.blit(old, (0, 0))
        both.blit(new, (new.get_width() + 8, 0))
        pygame.image.save(both, str(aside))
        pytest.fail(f"differs (mean {mean:.2f}, worst place {place:.1f}): kept and new are in {aside}; {RENEW}")


def test_a_small_change_is_seen_and_noise_is_not() -> None:
    picture = golden(GOLDEN[0])
    before = pixels(picture)
    noise = np.random.default_rng(1).integers(-1, 2, before.shape)
    mean, place = difference(before + noise, before)
    assert mean <= MEAN
    assert place <= PLACE
    # The lamp beside 「防犯カメラ作動中」 is a few pixels; painted over, it is missed.
    red = np.argwhere((before[:, :, 0] > 120) & (before[:, :, 1] < 60) & (before[:, :, 2] < 60))
    y, x = red[len(red) // 2]
    after = before.copy()
    after[y - 6 : y + 6, x - 6 : x + 6] = before[0, 0]
    assert difference(after, before)[1] > PLACE


def test_the_kept_pictures_are_spread_over_panels_languages_and_themes() -> None:
    assert {one.panel for one in GOLDEN} == set(LAYOUTS)
    assert {one.language for one in GOLDEN} == set(languages())
    assert {one.theme for one in GOLDEN} == set(THEMES)
    assert {path.name for path in FOLDER.glob("*.png")} == {one.file for one in GOLDEN}
