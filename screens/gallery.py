"""``python -m screens.gallery OUTDIR``: one PNG of every screen, on every panel, in every language, in every theme.

They go into ``OUTDIR/<panel>/<language>/<theme>``; no display is needed. ``--panel``, ``--language`` and ``--theme``
choose one of them (see `panel.LAYOUTS` and `theme.THEMES`), ``--spoken`` shows the buttons of those who listen,
``--sheet`` puts all of a folder on contact sheets, too, ``--only-sheets`` writes nothing but these (writing PNGs is
nine tenths of the work).

``python -m screens.gallery --golden tests/screens/golden`` renews the pictures that a test compares with. Look at them
before they are committed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygame

from kiosk import view_model as vm
from screens.fonts import Faces
from screens.layout import build, theme_for
from screens.panel import LAYOUTS
from screens.render import Renderer
from screens.samples import samples, wished
from screens.strings import languages
from screens.theme import THEMES, Theme

SHEET_PX: Final = 1920
"""Width of a contact sheet."""
ON_SHEET: Final = 24
GOLDEN_PX: Final = 540
"""Longer side of a golden picture."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A picture that is kept: sample, panel, language and theme by their names."""

    sample: str
    panel: str = "upright"
    language: str = "ja"
    theme: str = "standard"
    spoken: bool = False

    @property
    def file(self) -> str:
        return ".".join((self.sample, self.panel, self.language, self.theme, *(["spoken"] * self.spoken), "png"))


GOLDEN: Final = (
    Golden("02-idle"),
    Golden("02-idle", theme="both"),
    Golden("02-idle-caution", "landscape-10", "en"),
    Golden("03-closed", "landscape", "en", "contrast"),
    Golden("10-wait-half", "landscape-10"),
    Golden("11-pin-full", theme="contrast"),
    Golden("11-pin-wrong", "landscape-10", "en", "large", spoken=True),
    Golden("13-take-card"),
    Golden("20-certificate-shut", "landscape", "en", "large"),
    Golden("22-members-20", "upright", "ja", "large"),
    Golden("23-items", "landscape-10", "ja", "contrast"),
    Golden("25-confirm-all", "landscape"),
    Golden("30-arrived-rare", "upright", "ja", "large"),
    Golden("31-pay-part", "landscape-10", "ja", "both"),
    Golden("32-printing-half", "upright", "en"),
    Golden("40-take-all", "landscape", "ja", "contrast", spoken=True),
    Golden("50-refused-mismatch", "upright", "en", "both"),
    Golden("62-staff-menu-faulty", "landscape"),
)
"""Few, so spread that each panel, language, theme and kind of element is among them."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m screens.gallery", description="One PNG of every screen.")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("begins", nargs="?", default="", help="only samples whose name begins so")
    parser.add_argument("--panel", choices=sorted(LAYOUTS), help="only this panel")
    parser.add_argument("--language", choices=languages(), help="only this language")
    parser.add_argument("--theme", choices=list(THEMES), help="only this theme")
    parser.add_argument("--spoken", action="store_true", help="with the buttons of those who listen")
    parser.add_argument("--sheet", action="store_true", help="contact sheets, too")
    parser.add_argument("--only-sheets", action="store_true", help="contact sheets and nothing else")
    parser.add_argument("--golden", action="store_true", help="the pictures a test compares with")
    wishes = parser.parse_args(arguments)
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    if wishes.golden:
        wishes.folder.mkdir(parents=True, exist_ok=True)
        for one in GOLDEN:
            pygame.image.save(golden(one), str(wishes.folder / one.file))
        print(f"{len(GOLDEN)} golden pictures in {wishes.folder}")
        return 0
    jobs = [
        (wishes.folder, panel, language, theme, wishes.begins, wishes.spoken, wishes.sheet, wishes.only_sheets)
        for panel in LAYOUTS
        for language in languages()
        for theme in THEMES
        if wishes.panel in {None, panel} and wishes.language in {None, language} and wishes.theme in {None, theme}
    ]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        count = sum(pool.map(_folder, jobs))
    print(f"{count} screens in {wishes.folder}")
    return 0


def golden(one: Golden) -> pygame.Surface:
    """The picture as it is kept: small, 24 bits."""
    view = dict(samples(one.language))[one.sample]
    panel = LAYOUTS[one.panel]
    faces = Faces()
    view = _dressed(view, THEMES[one.theme], spoken=one.spoken)
    surface = pygame.Surface((panel.width_px, panel.height_px), depth=24)
    Renderer(panel, faces, theme_for(view)).draw(surface, build(view, panel, faces))
    share = GOLDEN_PX / max(panel.width_px, panel.height_px)
    return pygame.transform.smoothscale(surface, (round(panel.width_px * share), round(panel.height_px * share)))


def _dressed(view: vm.View, theme: Theme, *, spoken: bool) -> vm.View:
    return wished(view, large=theme.large, contrast=theme.name in {"contrast", "both"}, spoken=spoken)


def _views(language: str, begins: str, theme: Theme, *, spoken: bool) -> Iterator[tuple[str, vm.View]]:
    for name, view in samples(language):
        if name.startswith(begins):
            yield name, _dressed(view, theme, spoken=spoken)


def _folder(job: tuple[Path, str, str, str, str, bool, bool, bool]) -> int:
    out, panel_name, language, theme_name, begins, spoken, sheet, only_sheets = job
    folder = out / panel_name / language / (theme_name + ("-spoken" if spoken else ""))
    folder.mkdir(parents=True, exist_ok=True)
    panel, faces = LAYOUTS[panel_name], Faces()
    renderers: dict[str, Renderer] = {}
    surface = pygame.Surface((panel.width_px, panel.height_px))
    across = 4 if panel.wide else 8
    size = SHEET_PX // across - 6, (SHEET_PX // across - 6) * panel.height_px // panel.width_px
    small: list[pygame.Surface] = []
    for name, view in _views(language, begins, THEMES[theme_name], spoken=spoken):
        theme = theme_for(view)
        renderer = renderers.setdefault(theme.name, Renderer(panel, faces, theme))
        parts = build(view, panel, faces).parts
        for part in range(parts):
            renderer.draw(surface, build(view, panel, faces, turned=part))
            if not only_sheets:
                pygame.image.save(surface, str(folder / f"{name}{f'-{part + 1}' if part else ''}.png"))
            small.append(pygame.transform.smoothscale(surface, size))
    if sheet or only_sheets:
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
