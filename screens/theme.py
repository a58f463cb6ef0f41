"""Colours and letter sizes by name. A page names tokens only, so that another theme changes nothing but values.

What the tokens are for, in every theme (pictures are drawn by them, too):

* grounds: ``paper`` (the screen), ``card`` (boxes, white things, and letters on ``ai``), ``foot`` (foot bar, what
  cannot be chosen), ``ai_tint``, ``wakatake_tint``, ``yama_tint``, ``shu_tint``; on all of them ``ink``, ``soft`` and
  the strong colour of a tint can be read at 7:1;
* letters and lines: ``ink`` (text and outlines), ``soft`` (text that is less important), ``line`` (borders, what is
  still to come), ``ai_deep`` (letters on ``card`` and ``ai_tint`` that belong to something one can touch);
* strong colours: ``ai`` (action, chosen; movement in), ``wakatake`` (done), ``yama`` (take it: edges and marks, never
  letters), ``shu`` (movement out, refusal);
* things: ``body`` (the machine), ``track`` (empty part of a bar), ``gold``, ``silver``, ``copper`` (coins; ``ink`` can
  be read on them).

The strong colours may be light and the grounds dark (high contrast): what is drawn on something names its ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

Colour: TypeAlias = tuple[int, int, int]


def _rgb(code: str) -> Colour:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


_STANDARD: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        name: _rgb(code)
        for name, code in {
            "paper": "#F7F5EF",  # ground
            "card": "#FFFFFF",  # boxes
            "line": "#CFC9BB",  # borders, what is still to come
            "foot": "#EEEBE2",  # foot bar, what cannot be chosen
            "body": "#DBD5C7",  # the machine in the pictures
            "track": "#E4DFD2",  # empty part of a bar
            "ink": "#17202B",
            "soft": "#3D4753",  # darker than the sketch: 7:1 must hold on `foot` and on tints too
            "ai": "#1D3F72",  # 藍: action, selected
            "ai_deep": "#142E55",
            "ai_tint": "#E6ECF5",
            "wakatake": "#14583F",  # 若竹: done, received; 7:1 on its tint
            "wakatake_tint": "#E3F1EB",
            "yama": "#F2B705",  # 山吹: take it
            "yama_tint": "#FFF5D1",
            "shu": "#94200D",  # 朱: arrow out, refusal, "not me"
            "shu_tint": "#FBE9E4",
            "gold": "#EAD9A0",  # 500 yen
            "silver": "#E2E5E8",  # 100 and 50 yen
            "copper": "#DDA57E",  # 10 yen
        }.items()
    }
)


_HIGH_CONTRAST: Final[Mapping[str, Colour]] = MappingProxyType(
    {
        name: _rgb(code)
        for name, code in {
            "paper": "#000000",
            "card": "#000000",
            "line": "#D8D8D8",
            "foot": "#000000",
            "body": "#3A3A3A",
            "track": "#4A4A4A",
            "ink": "#FFFFFF",
            "soft": "#FFFFFF",
            "ai": "#FFE100",
            "ai_deep": "#FFE94D",
            "ai_tint": "#2B2700",
            "wakatake": "#FFFFFF",
            "wakatake_tint": "#262626",
            "yama": "#FFE100",
            "yama_tint": "#2B2700",
            "shu": "#FFCFC2",
            "shu_tint": "#2B0F08",
            "gold": "#332A00",
            "silver": "#303030",
            "copper": "#3A1D0A",
        }.items()
    }
)


@dataclass(frozen=True, slots=True)
class Theme:
    """colours: token → RGB. large: letters clearly larger than usual. border: factor of the borders' width."""

    name: str
    colours: Mapping[str, Colour] = field(repr=False)
    large: bool = False
    border: float = 1.0

    def colour(self, token: str) -> Colour:
        return self.colours[token]


STANDARD: Final = Theme("standard", _STANDARD)
LARGE: Final = Theme("large", _STANDARD, large=True)
HIGH_CONTRAST: Final = Theme("contrast", _HIGH_CONTRAST, border=1.4)
BOTH: Final = Theme("both", _HIGH_CONTRAST, large=True, border=1.4)
THEMES: Final = {theme.name: theme for theme in (STANDARD, LARGE, HIGH_CONTRAST, BOTH)}


def theme_of(*, large: bool, contrast: bool) -> Theme:
    """The theme of what a person has chosen."""
    if large:
        return BOTH if contrast else LARGE
    return HIGH_CONTRAST if contrast else STANDARD


@dataclass(frozen=True, slots=True)
class Letter:
    """em and pitch (line to line) in millimetres of the reference panel."""

    em: float
    pitch: float
    bold: bool = False


TITLE: Final = Letter(19.4, 25.4, bold=True)
TAKE_TITLE: Final = Letter(23.0, 31.0, bold=True)
WIDE_TITLE: Final = Letter(15.6, 20.6, bold=True)
WIDE_TAKE_TITLE: Final = Letter(19.4, 25.4, bold=True)
TIGHT_TITLE: Final = Letter(13.4, 17.4, bold=True)
TIGHT_TAKE_TITLE: Final = Letter(16.0, 20.4, bold=True)
"""On a panel that lies, where the title has a column of its own."""
LEAD: Final = Letter(10.4, 16.4)
BODY: Final = Letter(10.2, 15.6)
STRONG: Final = Letter(11.6, 16.4, bold=True)
CAPTION: Final = Letter(8.6, 12.4)
MAIN_BUTTON: Final = Letter(14.6, 18.0, bold=True)
TIGHT_MAIN_BUTTON: Final = Letter(12.6, 16.0, bold=True)
BUTTON: Final = Letter(11.6, 15.0, bold=True)
TIGHT_BUTTON: Final = Letter(9.6, 12.1, bold=True)
KEY: Final = Letter(20.0, 24.0, bold=True)
PRICE: Final = Letter(14.6, 18.0, bold=True)
NAME: Final = Letter(29.0, 36.0, bold=True)
AMOUNT: Final = Letter(44.0, 48.0, bold=True)

SMALLEST_EM_MM: Final = 6.1
"""0.7 degrees at 500 mm (EN 301 549, 5.1.4); nothing on any panel is set smaller."""


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio of two colours, 1 … 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: Colour) -> float:
        parts = [value / 255 for value in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)
