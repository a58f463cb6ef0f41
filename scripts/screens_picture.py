"""``python scripts/screens_picture.py``: renews docs/pictures/screens.png, six screens of the way side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

WAY: Final = ("02-idle", "11-pin", "13-take-card", "30-arrived", "31-pay-part", "40-take-all")
"""Samples of `screens.samples`: the first screen, PIN, take the card, is it you, pay, take everything."""
WIDTH_PX, GAP_PX = 324, 12
TARGET: Final = Path(__file__).parents[1] / "docs" / "pictures" / "screens.png"


def main() -> int:
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    import pygame

    from screens.fonts import Faces
    from screens.layout import build
    from screens.panel import REFERENCE
    from screens.render import Renderer
    from screens.samples import samples

    views = dict(samples("ja"))
    if missing := [name for name in WAY if name not in views]:
        known = ", ".join(sorted(views))
        print(f"no sample is called {', '.join(missing)}; correct WAY in this file ({known})", file=sys.stderr)
        return 1
    faces = Faces()
    renderer = Renderer(REFERENCE, faces)
    full = pygame.Surface((REFERENCE.width_px, REFERENCE.height_px))
    height = WIDTH_PX * REFERENCE.height_px // REFERENCE.width_px
    sheet = pygame.Surface((len(WAY) * (WIDTH_PX + GAP_PX) - GAP_PX, height))
    sheet.fill((255, 255, 255))
    for place, name in enumerate(WAY):
        renderer.draw(full, build(views[name], REFERENCE, faces))
        sheet.blit(pygame.transform.smoothscale(full, (WIDTH_PX, height)), (place * (WIDTH_PX + GAP_PX), 0))
    pygame.image.save(sheet, str(TARGET))
    return 0


if __name__ == "__main__":
    sys.exit(main())
