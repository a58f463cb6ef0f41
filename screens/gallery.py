"""``python -m screens.gallery OUTDIR``: one PNG of every screen, on the reference panel, without a display."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pygame

from screens.fonts import Faces
from screens.layout import build
from screens.panel import REFERENCE
from screens.render import Renderer
from screens.samples import samples


def main(arguments: list[str]) -> int:
    if len(arguments) not in (1, 2):
        print("usage: python -m screens.gallery OUTDIR [NAME-BEGINS-WITH]", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    begins = arguments[1] if len(arguments) == 2 else ""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    faces = Faces()
    renderer = Renderer(REFERENCE, faces)
    surface = pygame.Surface((REFERENCE.width_px, REFERENCE.height_px))
    count = 0
    for name, view in samples():
        if not name.startswith(begins):
            continue
        renderer.draw(surface, build(view, REFERENCE, faces))
        pygame.image.save(surface, str(folder / f"{name}.png"))
        count += 1
    print(f"{count} screens in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
