"""The paper a page is laid on: head bar, progress, title, foot bar, and text that is broken to fit.

Pages measure in millimetres of the reference panel of their shape; `finish` brings everything to the real panel's
size. Which column a thing stands in is said by `page.read` and `page.touch` (`columns.py`): the same one on an
upright panel, left and right on one that lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from kiosk.events import BackPressed, CancelPressed
from kiosk.view_model import Frame
from screens import theme
from screens.columns import GAP, Column, columns
from screens.dates import Dates
from screens.elements import Align, Box, Button, Element, Picture, Press, Progress, Rect, Screen, Text, scaled
from screens.strings import table
from screens.theme import Letter
from screens.typeset import SHRINK, Context, Typesetter

SMALLEST_PICTURE_H: Final = 34.0
"""Less room than this is left empty."""
BORDER: Final = 0.9
ONE_LINE: Final = 0.74
"""A label rather becomes so much smaller than that it is broken."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What differs with the panel's shape, in millimetres of the page. between: from column to column, 0 for one."""

    head: float
    progress: float
    foot: float
    foot_button: float
    main: float
    margin: float
    between: float
    bottom: float
    title: Letter
    take_title: Letter
    title_lines: int
    title_gap: float
    step_gap: float


UPRIGHT: Final = Measures(37.0, 28.0, 49.4, 31.4, 46.0, 15.0, 0.0, 15.0, theme.TITLE, theme.TAKE_TITLE, 2, 16.0, 9.0)
LYING: Final = Measures(
    24.0, 15.0, 0.0, 31.4, 38.0, 11.0, 12.0, 8.0, theme.WIDE_TITLE, theme.WIDE_TAKE_TITLE, 3, 10.0, 6.0
)
TIGHT_LYING: Final = Measures(
    18.0, 12.0, 0.0, 31.2, 33.0, 7.0, 8.0, 6.0, theme.TIGHT_TITLE, theme.TIGHT_TAKE_TITLE, 3, 6.0, 3.0
)
"""Up to about thirteen inches: letters and buttons are as large as the smallest anywhere; the rest gives way."""
TIGHT_SCALE: Final = 0.82


class Page(Typesetter):
    """A screen in the making; used by one `build` function and thrown away.

    share: part of the width that belongs to what is touched, on a panel that lies; tight_share: on a small one.
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
    ) -> None:
        self.id = screen_id
        super().__init__(context, table(frame.language), ground)
        self.frame = frame
        self.dates = Dates(self.words)
        self.phrase = phrase
        self.first_ground = ground
        self.wide = context.panel.wide
        self.tight = self.wide and self.scale < TIGHT_SCALE
        self.measures = TIGHT_LYING if self.tight else LYING if self.wide else UPRIGHT
        self.w = context.panel.width_mm / self.scale
        self.h = context.panel.height_mm / self.scale
        self.margin = self.measures.margin
        self.read, self.touch = columns(
            self.w,
            margin=self.margin,
            between=self.measures.between,
            top=self.measures.head,
            bottom=self.h - self.measures.bottom,
            share=tight_share if self.tight and tight_share else share,
        )
        self.title_id = ""
        self._elements: list[Element] = []

    def lines(self, count: int) -> int:
        """How many lines a text may take that takes `count` on an upright page: columns are narrower."""
        return count * 2 if self.wide else count

    # ---- building ----------------------------------------------------------------------------------------

    def add(self, *elements: Element) -> None:
        self._elements.extend(elements)

    def text(self, text_id: str, rect: Rect, letter: Letter, words: str | None = None, **options: object) -> Text:
        """`set_text` with the words of the id, added."""
        found = self.words.get(text_id) if words is None else words
        text = self.set_text(text_id, found, rect, letter, **options)  # type: ignore[arg-type]
        self.add(text)
        return text

    def head(self, *, clock: bool = True) -> None:
        frame, height = self.frame, self.measures.head
        inner = self.w - 2 * self.margin
        moment = self.dates.moment(frame.moment) if clock else ""
        moment_w = self.width(moment, theme.CAPTION) + 1 if clock else 0.0
        name = f"{frame.city_name}　{frame.machine_title}".strip()
        if name:
            rect = Rect(self.margin, 0, inner - moment_w - (8 if clock else 0), height)
            bold = replace(theme.CAPTION, bold=True)
            if self.width(name, bold, em=9.4) * SHRINK[3] > rect.w:
                name = f"{frame.city_name}\n{frame.machine_title}"
            self.text("head.machine", rect, bold, name, em=9.4, middle=True, max_lines=2)
        if clock:
            right = Rect(self.margin + inner - moment_w, 0, moment_w, height)
            self.text("head.moment", right, theme.CAPTION, moment, middle=True, align=Align.RIGHT, colour="soft")
        self.add(Box(Rect(0, height - 0.6, self.w, 0.6), fill="line", radius=0))
        if frame.steps:
            self._progress()

    def _progress(self) -> None:
        frame, height = self.frame, self.measures.progress
        label = self.words.get("step.count", step=frame.step, steps=frame.steps)
        name = f"step.{frame.step_label}"
        if frame.step_label and name in self.words:
            label = f"{label}　{self.words.get(name)}"
        width = self.width(label, theme.CAPTION) + 1
        middle = self.measures.head + height / 2 + (1 if self.wide else 0)
        right = self.w - self.margin
        self.text(
            "step.count",
            Rect(right - width, middle - 6, width, 12),
            theme.CAPTION,
            label,
            middle=True,
            align=Align.RIGHT,
            colour="soft",
        )
        bar = Rect(self.margin, middle - 1.8, right - width - 8 - self.margin, 3.6)
        self.add(Progress(bar, frame.step, frame.steps))
        self._lower(self.measures.head + height)

    def _lower(self, y: float) -> None:
        self.read.y = self.touch.y = y

    def tint(self, fill: str, edge: str) -> None:
        """Colour everything below the head, with a strong edge on top; the foot bar is painted over it."""
        top = self.read.y
        self.add(
            Box(Rect(0, top, self.w, self.h - top), fill=fill, radius=0),
            Box(Rect(0, top, self.w, 4.0), fill=edge, radius=0),
        )
        self.ground = fill
        self._lower(top + 4.0)

    def title(
        self, text_id: str, letter: Letter | None = None, *, words: str | None = None, gap: float | None = None
    ) -> None:
        self.title_id = text_id
        measures, column = self.measures, self.read
        letter = letter or measures.title
        column.y += gap if gap is not None else measures.step_gap if self.frame.steps else measures.title_gap
        rect = Rect(column.x, column.y, column.w, max(letter.em, column.room))
        text = self.text(text_id, rect, letter, words, max_lines=measures.title_lines, inside=True)
        column.y = text.rect.bottom + (letter.pitch - letter.em) / 2

    def lead(
        self,
        text_id: str,
        *,
        words: str | None = None,
        max_lines: int = 2,
        letter: Letter = theme.LEAD,
        colour: str = "soft",
        gap: float = 6.5,
        if_room: bool = False,
    ) -> None:
        """A paragraph under the title. max_lines: upright; a narrower column may take twice as many.

        if_room: left out where it does not fit any more.
        """
        column = self.read
        top = column.y + (min(gap, 5.0) if self.wide else gap)
        rect = Rect(column.x, top, column.w, max(0.0 if if_room else letter.em, column.floor - top))
        found = self.words.get(text_id) if words is None else words
        text = self.set_text(
            text_id, found, rect, letter, max_lines=self.lines(max_lines), colour=colour, inside=True
        )  # fmt: skip
        if if_room and not text.fits:
            return
        self.add(text)
        column.y = text.rect.bottom + 3

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
        room = Rect(rect.x + 3, rect.y + 2, rect.w - 6, rect.h - 4)
        options = {"colour": colour, "ground": ground, "align": Align.CENTRE, "middle": True}
        one = self.set_text(text_id, words, room, letter, **options)  # type: ignore[arg-type]
        if one.fits and one.em >= letter.em * ONE_LINE:
            return one
        two = self.set_text(text_id, words, room, letter, max_lines=2, **options)  # type: ignore[arg-type]
        return two if two.fits and (two.em > one.em or not one.fits) else one

    def foot(self, *, extra: tuple[str, str, Press] | None = None) -> None:
        """The bar at the bottom with what the frame offers; nothing at all when it offers nothing."""
        frame = self.frame
        offers: list[tuple[str, str, Press]] = []
        if frame.back:
            offers.append(("back", "foot.back", BackPressed()))
        if frame.cancel:
            label = "foot.cancel_money" if frame.cancel_returns_money else "foot.cancel"
            offers.append(("cancel", label, CancelPressed()))
        if extra is not None:
            offers.append(extra)
        if not offers:
            return
        band = self.foot_band()
        width = (band.w - GAP * (len(offers) - 1)) / len(offers)
        for index, (button_id, label, press) in enumerate(offers):
            rect = Rect(band.x + index * (width + GAP), band.y, width, band.h)
            self.add(self.button(button_id, rect, press, label))

    def foot_band(self) -> Rect:
        """The place of the foot's buttons, with the bar behind it; on a panel that lies, the bottom of what is read."""
        measures = self.measures
        if self.wide:
            return self.read.take_bottom(measures.foot_button, GAP * 1.2)
        top = self.h - measures.foot
        self.add(
            Box(Rect(0, top, self.w, measures.foot), fill="foot", radius=0),
            Box(Rect(0, top, self.w, 0.6), fill="line", radius=0),
        )
        self.touch.floor = top - GAP * 1.6
        y = top + (measures.foot - measures.foot_button) / 2
        return Rect(self.touch.x, y, self.touch.w, measures.foot_button)

    def main_button(
        self, button_id: str, press: Press, text_id: str, *, style: str = "main", height: float | None = None
    ) -> None:
        """The next full-width button above what stands at the bottom already."""
        rect = self.touch.take_bottom(height or self.measures.main)
        self.add(
            self.button(button_id, rect, press, text_id, style=style, letter=theme.MAIN_BUTTON, main=style == "main")
        )

    def picture(
        self,
        name: str,
        *,
        share: float = 1.0,
        top_gap: float = 8.0,
        bottom_gap: float = 8.0,
        column: Column | None = None,
    ) -> None:
        """A drawing where most room is left between content and targets, if there is enough of it."""
        at = column or max(self.touch, self.read, key=lambda each: each.room * each.w)
        if self.wide:
            top_gap, bottom_gap = min(top_gap, 6.0), min(bottom_gap, 5.0)
        free = at.free(top_gap, bottom_gap)
        if free.h < SMALLEST_PICTURE_H:
            return
        height = free.h * share
        rect = Rect(free.x, free.y + (free.h - height) / 2, free.w, height)
        self.add(Picture(name, rect, self.ground))

    def yen(self, amount: int) -> str:
        return self.words.get("common.yen", yen=f"{amount:,}")

    def finish(self, *, under: str = "") -> Screen:
        elements = tuple(self._elements)
        if self.scale != 1.0:
            elements = tuple(scaled(element, self.scale) for element in elements)
        return Screen(self.id, elements, self.phrase, self.title_id, self.first_ground, under)


STYLES: Final = {
    "main": ("ai", "ai", "card"),
    "plain": ("card", "soft", "ink"),
    "key": ("card", "ai", "ai_deep"),
    "danger": ("card", "shu", "shu"),
}
"""fill, border, letters."""
