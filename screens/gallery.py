"""``python -m screens.gallery OUTDIR``: one PNG of every screen, on every panel, in every language, without a display.

They go into ``OUTDIR/<panel>/<language>``. ``--panel`` and ``--language`` choose one of them (see `panel.LAYOUTS`),
``--sheet`` puts all of a folder on contact sheets, too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pygame

from screens.fonts import Faces
from screens.layout import build
from screens.panel import LAYOUTS, Panel
from screens.render import Renderer
from screens.samples import samples
from screens.strings import languages

SHEET_PX = 1920
"""Width of a contact sheet."""
ON_SHEET = 24


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m screens.gallery", description="One PNG of every screen.")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("begins", nargs="?", default="", help="only samples whose name begins so")
    parser.add_argument("--panel", choices=sorted(LAYOUTS), help="only this panel")
    parser.add_argument("--language", choices=languages(), help="only this language")
    parser.add_argument("--sheet", action="store_true", help="contact sheets, too")
    wishes = parser.parse_args(arguments)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    count = 0
    for name, panel in LAYOUTS.items():
        for language in languages():
            if wishes.panel in {None, name} and wishes.language in {None, language}:
                folder = wishes.folder / name / language
                folder.mkdir(parents=True, exist_ok=True)
                count += _folder(folder, panel, language, wishes.begins, sheet=wishes.sheet)
    print(f"{count} screens in {wishes.folder}")
    return 0


def _folder(folder: Path, panel: Panel, language: str, begins: str, *, sheet: bool) -> int:
    faces = Faces()
    renderer = Renderer(panel, faces)
    surface = pygame.Surface((panel.width_px, panel.height_px))
    across = 4 if panel.wide else 8
    size = SHEET_PX // across - 6, (SHEET_PX // across - 6) * panel.height_px // panel.width_px
    small: list[pygame.Surface] = []
    for name, view in samples(language):
        if not name.startswith(begins):
            continue
        for part in range(build(view, panel, faces).parts):
            renderer.draw(surface, build(view, panel, faces, turned=part))
            pygame.image.save(surface, str(folder / f"{name}{f'-{part + 1}' if part else ''}.png"))
            small.append(pygame.transform.smoothscale(surface, size))
    if sheet:
        for number, start in enumerate(range(0, len(small), ON_SHEET), 1):
            pygame.image.save(_sheet(small[start : start + ON_SHEET], across), str(folder / f"sheet-{number}.png"))
    return len(small)


def _sheet(pictures: list[pygame.Surface], across: int) -> pygame.Surface:
    width, height = pictures[0].get_size()
    rows = -(-len(pictures) // across)
    sheet = pygame.Surface((across * (width + 6), rows * (height + 6)))
    for index, picture in enumerate(pictures):
        sheet.blit(picture, (index % across * (width + 6), index // across * (height + 6)))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
