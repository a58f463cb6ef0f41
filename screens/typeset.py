"""Words into lines: as large as the room allows, broken at phrases, never smaller than can be read.

With large letters a text never becomes smaller than a quarter more than its usual size; rather it does not fit, and
the page is laid out anew with less on it (`layout.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from screens import theme
from screens.elements import Align, Rect, Text
from screens.fonts import Faces
from screens.linebreak import Measure, break_lines, is_widow
from screens.panel import Panel
from screens.strings import Table
from screens.theme import STANDARD, Letter, Theme

SHRINK: Final = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58, 0.5, 0.43, 0.36, 0.3)
"""Steps in which a text that does not fit becomes smaller; never below `theme.SMALLEST_EM_MM`."""
UNCUT: Final = 0.64
"""Down to here a phrase stays whole."""
MODEST: Final = 1.25
UNSEEN: Final = 1.2
LARGE_PITCH: Final = 1.34
"""Lines of large letters need less air between them."""
WIDOW: Final = 0.8
"""So much smaller letters may become to keep a last line from being one or two characters."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every page needs besides its view. turned: which part of a long list is shown, from 0.

    letters: factor of the letter sizes. least: text id → size in mm of the page below which that text must not fall.
    spare: how much of what can be missed is left out to make room (see `Page.spares`).
    """

    panel: Panel
    faces: Faces
    theme: Theme = STANDARD
    turned: int = 0
    letters: float = 1.0
    least: Mapping[str, float] = field(default_factory=dict)
    spare: int = 0


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
        modest: bool = False,
    ) -> Text:
        """Break `words` into at most max_lines lines within rect, smaller if it must be; not added yet.

        middle: centred in the height of rect and no higher than it; otherwise rect is cut to the height of the lines,
        which may be higher than it was unless `inside` is asked for.
        """
        smallest = theme.SMALLEST_EM_MM / self.scale
        # What usually is not shown at all is larger than the smallest letters, too.
        least = max(smallest, self.context.least.get(text_id, smallest * min(self.context.letters, UNSEEN)))
        base_em = max(self.size(letter, em, modest=modest), least)
        pitch_of = self._pitch_of(letter, em)
        measure: Measure = self._measure(base_em, letter.bold)

        def attempt(most: int, *, cut: bool) -> tuple[str, ...] | None:
            if middle or inside:
                # As many as the room is high for: the most even lines may be more than that.
                most = min(most, int((rect.h + 0.05 - used) / (used * pitch_of)) + 1)
                if most < 1 or used > rect.h + 0.05:
                    return None
            return break_lines(words, rect.w, measure, most, self.words.language, cut=cut)

        # What is wider than all its lines together needs no attempt: widths grow with the size, nearly.
        longest = max(words.split("\n"), key=len)
        too_wide = self._measure(least, letter.bold)(longest) / (rect.w * max_lines * 1.03) if rect.w > 0 else 0.0
        lines: tuple[str, ...] | None = None
        torn = False
        widowed: tuple[tuple[str, ...], float, bool] | None = None
        used = base_em
        # First in whole phrases, even if the letters must be smaller for it; cut only where that is in vain.
        for factor, cut in (*((f, False) for f in SHRINK if f >= UNCUT), *((f, True) for f in SHRINK)):
            used = max(least, base_em * factor)
            measure = self._measure(used, letter.bold)
            lines = attempt(max_lines, cut=cut) if too_wide * used <= least else None
            torn = cut
            if lines is not None and is_widow(lines):
                # A last line of one or two characters: rather a little smaller, if that helps.
                widowed = widowed or (lines, used, cut)
                lines = None
            if lines is not None or (cut and used == least) or (widowed is not None and factor < WIDOW):
                break
        if lines is None and widowed is not None:
            lines, used, torn = widowed
        fits = lines is not None
        if lines is None:
            lines = break_lines(words, rect.w, self._measure(used, letter.bold), 12, self.words.language)
        shown = lines if lines is not None else (words,)
        pitch = used * pitch_of
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
            torn=torn and fits and not private,
        )

    def size(self, letter: Letter, em: float | None = None, *, modest: bool = False) -> float:
        """Size wanted for letters, in mm of the page: with large letters they are larger.

        modest: in the head, where they grow by a quarter only: it is the same on every page.
        """
        factor = self.context.letters
        if modest:
            factor = min(factor, MODEST)
        return max(em or letter.em, theme.SMALLEST_EM_MM / self.scale) * factor

    def _pitch_of(self, letter: Letter, em: float | None) -> float:
        """Line to line, as a factor of the size. Letters that had to grow to the smallest size keep less air."""
        grown = (em or letter.em) < theme.SMALLEST_EM_MM / self.scale
        factor = 1.26 if grown else letter.pitch / letter.em
        return min(factor, LARGE_PITCH) if self.context.letters > 1 else factor

    def _measure(self, em: float, bold: bool) -> _Measure:
        return _Measure(self, em, bold)

    def grow(self, length: float) -> float:
        """A length that follows the size of the letters in it."""
        return length * self.context.letters

    def great(self, em: float) -> float:
        """The usual size to ask for when letters are great anyway: they grow by a seventh only."""
        if self.context.letters == 1:
            return em
        return em * (1.0 if self.context.spare > 1 else 1.14) / self.context.letters

    def line_width(self, words: str, em: float, *, bold: bool = True) -> float:
        """Width of one line of letters that are exactly so large."""
        return self._measure(em, bold)(words)

    def px(self, em: float) -> int:
        return max(1, round(em * self.scale * self.context.panel.px_per_mm))

    def width(self, words: str, letter: Letter, em: float | None = None, *, modest: bool = False) -> float:
        """Width of one line in millimetres of the page."""
        return self._measure(self.size(letter, em, modest=modest), letter.bold)(words)


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
