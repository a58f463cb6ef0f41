"""What every page is laid on: its columns and measures, text set into places, and buttons.

Measured in millimetres of the reference panel of the page's shape.
"""

from __future__ import annotations

from typing import Final

from kiosk.view_model import Frame
from screens import theme
from screens.columns import columns
from screens.dates import Dates
from screens.elements import Align, Box, Button, Element, Press, Rect, Text
from screens.measures import LYING, MOST_TIGHT_SHARE, TIGHT_LYING, TIGHT_SCALE, UPRIGHT
from screens.strings import table
from screens.theme import Letter
from screens.typeset import Context, Typesetter

BORDER: Final = 0.9
AIRY: Final = 42.0
"""Buttons of this height and above keep air around two lines."""
ONE_LINE: Final = 0.74
"""A label rather becomes so much smaller than that it is broken."""


class Paper(Typesetter):
    """An empty screen in the making.

    share: part of the width that belongs to what is touched, on a panel that lies; tight_share: on a small one;
    large_share: with large letters.
    """

    def __init__(
        self,
        screen_id: str,
        frame: Frame,
        context: Context,
        *,
        phrase: str = "",
        ground: str = "paper",
        share: float = 0.53,
        tight_share: float | None = None,
        large_share: float | None = None,
    ) -> None:
        self.id = screen_id
        super().__init__(context, table(frame.language), ground)
        self.frame = frame
        self.dates = Dates(self.words)
        self.phrase = phrase
        self.first_ground = ground
        self.wide = context.panel.wide
        self.tight = self.wide and self.scale < TIGHT_SCALE
        measures = TIGHT_LYING if self.tight else LYING if self.wide else UPRIGHT
        self.measures = measures.grown() if context.theme.large else measures
        self.w = context.panel.width_mm / self.scale
        self.h = context.panel.height_mm / self.scale
        self.margin = self.measures.margin
        self.read, self.touch = columns(
            self.w,
            margin=self.margin,
            between=self.measures.between,
            top=self.measures.head,
            bottom=self.h - self.measures.bottom,
            share=self._share(share, tight_share, large_share),
        )
        self.title_id = ""
        self._elements: list[Element] = []

    def _share(self, share: float, tight_share: float | None, large_share: float | None) -> float:
        if self.large:
            wished = large_share or share
            return min(wished, MOST_TIGHT_SHARE) if self.tight else wished
        return tight_share if self.tight and tight_share else share

    def lines(self, count: int) -> int:
        """How many lines a text may take that takes `count` on an upright page: columns are narrower."""
        most = count * 2 if self.wide else count
        return most if self.context.letters == 1 else most + (most + 1) // 2

    @property
    def large(self) -> bool:
        """Whether the letters are larger than usual."""
        return self.context.letters > 1

    def spares(self, level: int = 1) -> bool:
        """Whether the letters are so large that what can be missed is left out. 1: what helps, 2: what is told again
        elsewhere."""
        return self.context.spare >= level

    def add(self, *elements: Element) -> None:
        self._elements.extend(elements)

    def text(self, text_id: str, rect: Rect, letter: Letter, words: str | None = None, **options: object) -> Text:
        """`set_text` with the words of the id, added."""
        found = self.words.get(text_id) if words is None else words
        text = self.set_text(text_id, found, rect, letter, **options)  # type: ignore[arg-type]
        self.add(text)
        return text

    def button(
        self,
        button_id: str,
        rect: Rect,
        press: Press,
        text_id: str,
        *,
        words: str | None = None,
        style: str = "plain",
        letter: Letter = theme.BUTTON,
        main: bool = False,
        radius: float = 6.0,
    ) -> Button:
        """A button with one label in its middle; not added yet. style: main, plain, key, danger."""
        fill, border, colour = STYLES[style]
        shown = self.words.get(text_id) if words is None else words
        label = self.label(text_id, shown, rect, letter, colour=colour, ground=fill)
        box = Box(rect, fill=fill, border=border, border_mm=BORDER, radius=radius)
        return Button(button_id, rect, press, box, (label,), main=main)

    def label(
        self, text_id: str, words: str, rect: Rect, letter: Letter, *, colour: str = "ink", ground: str = ""
    ) -> Text:
        """Words in the middle of a button or a box: in one line if that does not make them much smaller."""
        beside = label_inset(rect.w)
        room = Rect(rect.x + beside, rect.y + 2, rect.w - 2 * beside, rect.h - 4)
        options = {"colour": colour, "ground": ground, "align": Align.CENTRE, "middle": True}
        one = self.set_text(text_id, words, room, letter, **options)  # type: ignore[arg-type]
        if one.fits and one.em >= letter.em * ONE_LINE:
            return one
        if rect.h >= AIRY:  # two lines need air above and below
            room = Rect(room.x, rect.y + 4, room.w, rect.h - 8)
        two = self.set_text(text_id, words, room, letter, max_lines=2, **options)  # type: ignore[arg-type]
        return two if two.fits and (two.em > one.em or not one.fits) else one

    def yen(self, amount: int) -> str:
        return self.words.get("common.yen", yen=f"{amount:,}")


def label_inset(width: float) -> float:
    """What stays free at either side of a button's words."""
    return 3.0 if width < 110 else 6.0


STYLES: Final = {
    "main": ("ai", "ai", "card"),
    "plain": ("card", "soft", "ink"),
    "key": ("card", "ai", "ai_deep"),
    "danger": ("card", "shu", "shu"),
}
"""fill, border, letters."""
