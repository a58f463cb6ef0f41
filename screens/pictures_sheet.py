"""Sheets of all drawings: each at three sizes, in every theme, on the grounds that pages use."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pygame

from screens import theme as themes
from screens.fonts import Faces
from screens.paint import Fill, Painter, Sketch
from screens.panel import REFERENCE
from screens.pictures import MAKERS
from screens.theme import Theme

SIZES_MM: Final = ((238.0, 150.0), (150.0, 74.0), (100.0, 34.0))
"""About what an upright page, a panel that lies, and the fullest page leave."""
SMALL: Final = ("icon_", "step_", "tick_", "coin_", "plus", "minus", "note", "speaker", "camera_lamp")
GAP_PX: Final = 12
ROWS: Final = 6
ACROSS: Final = 2


def every_theme() -> tuple[Theme, ...]:
    """The themes that `theme.py` has."""
    return tuple(value for value in vars(themes).values() if isinstance(value, Theme))


def sheets(theme: Theme, ground: str, names: Iterable[str], px_per_mm: float = 2.0) -> list[pygame.Surface]:
    """Three sizes of each name in a row; `ROWS` times `ACROSS` names on a sheet."""
    painter = Painter(REFERENCE, Faces(), theme)
    scale = px_per_mm / REFERENCE.px_per_mm
    boxes = [(round(w * REFERENCE.px_per_mm), round(h * REFERENCE.px_per_mm)) for w, h in SIZES_MM]
    cell_w = boxes[0][0] + max(boxes[1][0], boxes[2][0]) + 3 * GAP_PX
    cell_h = max(boxes[0][1], boxes[1][1] + boxes[2][1] + GAP_PX) + 2 * GAP_PX
    wanted = [name for name in names if not name.startswith(SMALL) or name == "coin_in"]
    found = []
    for start in range(0, len(wanted), ROWS * ACROSS):
        sheet = pygame.Surface((cell_w * ACROSS, cell_h * ROWS))
        painter.paint(sheet, [Fill((0, 0, *sheet.get_size()), theme.colour(ground))])
        for index, name in enumerate(wanted[start : start + ROWS * ACROSS]):
            x, y = index % ACROSS * cell_w + GAP_PX, index // ACROSS * cell_h + GAP_PX
            right = x + boxes[0][0] + GAP_PX
            areas = ((x, y, *boxes[0]), (right, y, *boxes[1]), (right, y + boxes[1][1] + GAP_PX, *boxes[2]))
            edge = [Fill((ax - 1, ay - 1, aw + 2, 1), theme.colour("line")) for ax, ay, aw, _ in areas]
            painter.paint(sheet, [*edge, *(Sketch(name, area, theme.colour(ground)) for area in areas)])
        size = round(sheet.get_width() * scale), round(sheet.get_height() * scale)
        found.append(pygame.transform.smoothscale(sheet, size))
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m screens.pictures", description="Draw every picture on sheets.")
    parser.add_argument("folder", type=Path, help="where the sheets go")
    parser.add_argument("--ground", default="paper", help="colour they lie on: paper, yama_tint, card")
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    pygame.font.init()
    for theme in every_theme():
        for number, sheet in enumerate(sheets(theme, chosen.ground, MAKERS), 1):
            pygame.image.save(sheet, str(chosen.folder / f"{theme.name}-{chosen.ground}-{number}.png"))
    return 0
