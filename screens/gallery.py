"""``python -m screens.gallery OUTDIR``: one PNG of every screen, without a display.

``--panel`` chooses the shape (see `panel.LAYOUTS`), ``--language`` one of the languages with strings, ``--sheet`` a
contact sheet of all of them beside the single ones.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pygame

from screens.fonts import Faces
from screens.layout import build
from screens.panel import LAYOUTS
from screens.render import Renderer
from screens.samples import samples
from screens.strings import DEFAULT_LANGUAGE, languages

SHEET_PX = 1920
"""Width of the contact sheet."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m screens.gallery", description="One PNG of every screen.")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("begins", nargs="?", default="", help="only samples whose name begins so")
    parser.add_argument("--panel", choices=sorted(LAYOUTS), default="upright")
    parser.add_argument("--language", choices=languages(), default=DEFAULT_LANGUAGE)
    parser.add_argument("--sheet", action="store_true", help="all of them on sheet.png, too")
    wishes = parser.parse_args(arguments)
    wishes.folder.mkdir(parents=True, exist_ok=True)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    panel, faces = LAYOUTS[wishes.panel], Faces()
    renderer = Renderer(panel, faces)
    surface = pygame.Surface((panel.width_px, panel.height_px))
    small: list[pygame.Surface] = []
    across = 3 if panel.wide else 6
    size = SHEET_PX // across, SHEET_PX // across * panel.height_px // panel.width_px
    for name, sample in samples():
        if not name.startswith(wishes.begins):
            continue
        view = replace(sample, frame=replace(sample.frame, language=wishes.language))
        for part in range(build(view, panel, faces).parts):
            renderer.draw(surface, build(view, panel, faces, turned=part))
            pygame.image.save(surface, str(wishes.folder / f"{name}{f'-{part + 1}' if part else ''}.png"))
            small.append(pygame.transform.smoothscale(surface, size))
    if wishes.sheet and small:
        rows = -(-len(small) // across)
        sheet = pygame.Surface((across * (size[0] + 6), rows * (size[1] + 6)))
        for index, picture in enumerate(small):
            sheet.blit(picture, (index % across * (size[0] + 6), index // across * (size[1] + 6)))
        pygame.image.save(sheet, str(wishes.folder / "sheet.png"))
    print(f"{len(small)} screens in {wishes.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
