"""Words into lines: as large as the room allows, broken at phrases, never smaller than can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from screens import theme
from screens.elements import Align, Rect, Text
from screens.fonts import Faces
from screens.linebreak import break_lines
from screens.panel import Panel
from screens.strings import Table
from screens.theme import STANDARD, Letter, Theme

SHRINK: Final = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58, 0.5, 0.43, 0.36, 0.3)
"""Steps in which a text that does not fit becomes smaller; never below `theme.SMALLEST_EM_MM`."""
UNCUT: Final = 0.64
"""Down to here a phrase stays whole."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every page needs besides its view. turned: which part of a long list is shown, from 0.

    letters: factor of the letter sizes.
    """

    panel: Panel
    faces: Faces
    theme: Theme = STANDARD
    turned: int = 0
    letters: float = 1.0


class Typesetter:
    """Sets texts of one language for one panel. Sizes in millimetres of the page."""

    def __init__(self, context: Context, words: Table, ground: str) -> None:
        self.context = context
        self.words = words
        self.ground = ground
        self.scale = context.panel.scale

    def set_text(
        self,
        text_id: str,
        words: str,
        rect: Rect,
        letter: Letter,
        *,
        max_lines: int = 1,
        colour: str = "ink",
        ground: str = "",
        align: Align = Align.LEFT,
        middle: bool = False,
        private: bool = False,
        em: float | None = None,
        inside: bool = False,
    ) -> Text:
        """Break `words` into at most max_lines lines within rect, smaller if it must be; not added yet.

        middle: centred in the height of rect and no higher than it; otherwise rect is cut to the height of the lines,
        which may be higher than it was unless `inside` is asked for.
        """
        smallest = theme.SMALLEST_EM_MM / self.scale
        wanted = (em or letter.em) * self.context.letters
        base_em = max(wanted, smallest)
        # Letters that had to grow to the smallest size keep a little less air between the lines.
        base_pitch = letter.pitch * base_em / letter.em if base_em == wanted else base_em * 1.26
        lines: tuple[str, ...] | None = None
        used = base_em
        # First in whole phrases, even if the letters must be smaller for it; cut only where that is in vain.
        for factor, cut in (*((f, False) for f in SHRINK if f >= UNCUT), *((f, True) for f in SHRINK)):
            used = max(smallest, base_em * factor)
            measure = self._measure(used, letter.bold)
            lines = break_lines(words, rect.w, measure, max_lines, self.words.language, cut=cut)
            if lines is not None and (middle or inside):
                height = _height(len(lines), used, base_pitch * used / base_em)
                lines = lines if height <= rect.h + 0.05 else None
            if lines is not None or (cut and used == smallest):
                break
        fits = lines is not None
        if lines is None:
            lines = break_lines(words, rect.w, self._measure(used, letter.bold), 12, self.words.language)
        shown = lines if lines is not None else (words,)
        pitch = base_pitch * used / base_em
        height = _height(len(shown), used, pitch)
        top = rect.y + (rect.h - height) / 2 if middle else rect.y
        return Text(
            id=text_id,
            lines=shown,
            rect=Rect(rect.x, top, rect.w, height),
            em=used,
            pitch=pitch,
            bold=letter.bold,
            colour=colour,
            ground=ground or self.ground,
            align=align,
            private=private,
            fits=fits,
        )

    def _measure(self, em: float, bold: bool) -> _Measure:
        return _Measure(self, em, bold)

    def px(self, em: float) -> int:
        return max(1, round(em * self.scale * self.context.panel.px_per_mm))

    def width(self, words: str, letter: Letter, em: float | None = None) -> float:
        """Width of one line in millimetres of the page."""
        size = max((em or letter.em) * self.context.letters, theme.SMALLEST_EM_MM / self.scale)
        return self._measure(size, letter.bold)(words)


def _height(lines: int, em: float, pitch: float) -> float:
    return pitch * (lines - 1) + em


class _Measure:
    """Width in page millimetres of a text at one letter size, exact to the pixel it will be drawn with."""

    def __init__(self, setter: Typesetter, em: float, bold: bool) -> None:
        self._setter = setter
        self._px = setter.px(em)
        self._bold = bold
        self._mm_per_px = 1 / (setter.context.panel.px_per_mm * setter.scale)

    def __call__(self, text: str) -> float:
        return self._setter.context.faces.width(text, self._px, bold=self._bold) * self._mm_per_px
