"""Only what differs is painted again; what stands there afterwards is what a whole painting gives."""

from __future__ import annotations

import random

import pygame
import pytest

from screens.fonts import Faces
from screens.layout import build
from screens.panel import LAYOUTS
from screens.render import Renderer
from screens.samples import samples


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_nothing_of_the_screen_before_is_left(name: str) -> None:
    panel, faces = LAYOUTS[name], Faces()
    size = (panel.width_px, panel.height_px)
    over, whole = pygame.Surface(size), pygame.Surface(size)
    pen = Renderer(panel, faces)
    every = [build(view, panel, faces) for _, view in samples("ja")]
    # From each screen to its neighbour, which differs little, and to anywhere else.
    road = [*every[:60:2], *random.Random(7).sample(every, 30)]
    last = None
    for screen in road:
        pen.draw(over, screen, last)
        Renderer(panel, faces).draw(whole, screen)
        assert over.get_buffer().raw == whole.get_buffer().raw, screen.id
        last = screen


def test_labels_of_two_pictures_ago_are_overwritten_and_gone() -> None:
    panel, faces = LAYOUTS["upright"], Faces()
    surface = pygame.Surface((panel.width_px, panel.height_px))
    pen = Renderer(panel, faces)
    views = dict(samples("ja"))
    named = build(views["30-arrived"], panel, faces)
    secret = {text for one in named.texts() if one.private for text in one.lines}
    pen.draw(surface, named)
    assert secret & pen.kept_texts()
    plain = build(views["01-still"], panel, faces)
    pen.draw(surface, plain, named)
    pen.draw(surface, build(views["49-thanks"], panel, faces), plain)
    assert not secret & {key[0] for key in pen._painter._labels}
