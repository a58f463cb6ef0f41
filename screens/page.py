"""The paper a page is laid on: head bar, progress, title, foot bar, and text that is broken to fit.

Pages measure in millimetres of the reference panel of their shape; `finish` brings everything to the real panel's
size. Which column a thing stands in is said by `page.read` and `page.touch` (`columns.py`): the same one on an
upright panel, left and right on one that lies. Longer than 400 lines: what every page stands on is in one place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import BackPressed, CancelPressed, EaseChosen
from kiosk.view_model import Frame
from screens import theme
from screens.columns import GAP, TIGHT, Column, columns
from screens.dates import Dates
from screens.elements import Again, Align, Box, Button, Element, Picture, Press, Progress, Rect, Screen, Text, scaled
from screens.measures import LYING, MOST_TIGHT_SHARE, TIGHT_LYING, TIGHT_SCALE, UPRIGHT
from screens.strings import table
from screens.theme import Letter
from screens.typeset import SHRINK, Context, Typesetter

SMALLEST_PICTURE_H: Final = 34.0
"""Less room than this is left empty."""
BORDER: Final = 0.9
ONE_LINE: Final = 0.74
"""A label rather becomes so much smaller than that it is broken."""


class Page(Typesetter):
    """A screen in the making; used by one `build` function and thrown away.

    share: part of the width that belongs to what is touched, on a panel that lies; tight_share: on a small one;
    large_share: with large letters.
    read_out: the two buttons of those who listen belong on it.
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
        read_out: bool = True,
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
        self._told: list[Rect] = []
        self._half_taken = False
        if frame.spoken and read_out:
            self._reserve()

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
        bold = replace(theme.CAPTION, bold=True)
        name = f"{frame.city_name}　{frame.machine_title}".strip()
        name_w = self.width(name, bold, em=9.4, modest=True)
        moment = self.dates.moment(frame.moment) if clock else ""
        if moment and self.context.letters > 1 and name_w + self.width(moment, theme.CAPTION, modest=True) + 9 > inner:
            # Large letters: the day above the time, or the time alone.
            time = self.dates.time(frame.moment)
            moment = time if self.wide else f"{self.dates.short_day(frame.moment)}\n{time}"
        moment_w = max((self.width(line, theme.CAPTION, modest=True) for line in moment.split("\n")), default=0.0) + 1
        if name:
            rect = Rect(self.margin, 0, inner - moment_w - (8 if clock else 0), height)
            if name_w * SHRINK[3] > rect.w or (self.context.letters > 1 and name_w > rect.w and not self.tight):
                name = f"{frame.city_name}\n{frame.machine_title}"
            self.text("head.machine", rect, bold, name, em=9.4, modest=True, middle=True, max_lines=2)
        if clock:
            right = Rect(self.margin + inner - moment_w, 0, moment_w, height)
            self.text(
                "head.moment", right, theme.CAPTION, moment, middle=True, max_lines=2, align=Align.RIGHT, colour="soft",
                modest=True,
            )  # fmt: skip
        self.add(Box(Rect(0, height - 0.6, self.w, 0.6), fill="line", radius=0))
        if frame.steps:
            self._progress()

    def _progress(self) -> None:
        frame, height = self.frame, self.measures.progress
        label = self.words.get("step.count", step=frame.step, steps=frame.steps)
        name = f"step.{frame.step_label}"
        if frame.step_label and name in self.words:
            label = f"{label}　{self.words.get(name)}"
        width = self.width(label, theme.CAPTION, modest=True) + 1
        middle = self.measures.head + height / 2 + (1 if self.wide else 0)
        right = self.w - self.margin
        self.text(
            "step.count",
            Rect(right - width, middle - self.grow(6), width, self.grow(12)),
            theme.CAPTION,
            label,
            middle=True,
            align=Align.RIGHT,
            colour="soft",
            modest=True,
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
        spare: int = 1,
        column: Column | None = None,
    ) -> None:
        """A paragraph under the title. max_lines: upright; a narrower column may take twice as many.

        if_room: left out where it does not fit any more. spare: so with large letters, from that level on (see
        `spares`); 0: never.
        """
        if_room = if_room or bool(spare and self.spares(spare))
        column = column or self.read
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

    # ---- foot --------------------------------------------------------------------------------------------

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
        if self.wide and self._told:
            # One row over the whole width: those of the listener at the left, these at the right.
            band = self._told_half()
        else:
            band = self.foot_bands(1)[0]
        for rect, (button_id, label, press) in zip(_across(band, len(offers)), offers, strict=True):
            self.add(self.button(button_id, rect, press, label, letter=self._foot_letter(label, rect.w - 6)))

    def _foot_letter(self, text_id: str, room: float) -> Letter:
        """On a small panel what, made larger, would not stand on one line is set small enough for two."""
        short = self.line_width(self.words.get(text_id), theme.BUTTON.em * 1.25) <= room
        return theme.BUTTON if short or not self.tight else theme.TIGHT_BUTTON

    def foot_bands(self, rows: int, *, whole: bool = False) -> list[Rect]:
        """The places of the foot's rows, the top one first, with the bar behind them.

        On a panel that lies there is no bar: they are the bottom of what is read, or (whole) of both columns.
        """
        measures = self.measures
        height, gap = measures.foot_button, GAP
        if self.wide:
            tall = rows * height + (rows - 1) * TIGHT
            if whole:
                floor = min(self.read.floor, self.touch.floor)
                x, right = self.read.x, self.touch.right
                self.read.floor = self.touch.floor = floor - tall - GAP
            else:
                strip = self.read.take_bottom(tall, GAP * 1.2)
                x, right, floor = strip.x, strip.right, strip.bottom
            top = floor - tall
            return [Rect(x, top + row * (height + TIGHT), right - x, height) for row in range(rows)]
        inset = (measures.foot - height) / 2
        below = height + gap if self._told else 0.0
        top = self.h - inset - below - rows * height - (rows - 1) * gap
        self._bar(top - inset)
        return [Rect(self.touch.x, top + row * (height + gap), self.touch.w, height) for row in range(rows)]

    def _bar(self, top: float) -> None:
        self.add(
            Box(Rect(0, top, self.w, self.h - top), fill="foot", radius=0),
            Box(Rect(0, top, self.w, 0.6), fill="line", radius=0),
        )
        self.touch.floor = self.read.floor = top - GAP * 1.6

    def _reserve(self) -> None:
        """The places of those who listen: the same on every screen, in the lowest row, where a hand finds them."""
        height = self.measures.foot_button
        if self.wide:
            y = self.h - self.measures.bottom + (2.0 if self.tight else 0.0) - height
            inner = Rect(self.margin, y, self.w - 2 * self.margin, height)
            self._told = _across(inner, 4)
            self.read.floor = self.touch.floor = y - TIGHT
        else:
            inset = (self.measures.foot - height) / 2
            inner = Rect(self.margin, self.h - inset - height, self.w - 2 * self.margin, height)
            self._told = _across(inner, 2)
            self.read.floor = self.touch.floor = inner.y - inset - GAP * 1.6

    def _listening(self) -> None:
        """もう一度 and ゆっくり; painted last, the bar too where no other row has brought it."""
        if not self._told:
            return
        if not self.wide and not any(isinstance(each, Box) and each.fill == "foot" and each.rect.w == self.w
                                     for each in self._elements):  # fmt: skip
            top = self._told[0].y - (self.measures.foot - self.measures.foot_button) / 2
            self.add(
                Box(Rect(0, top, self.w, self.h - top), fill="foot", radius=0),
                Box(Rect(0, top, self.w, 0.6), fill="line", radius=0),
            )
        room = self._told[0].w - 6
        again = self.button("again", self._told[0], Again(), "foot.again", letter=self._foot_letter("foot.again", room))
        self.add(again)
        if "slow" in self.frame.switches:
            label = "foot.usual_speed" if self.frame.slow else "foot.slow"
            press, letter = EaseChosen("slow", not self.frame.slow), self._foot_letter(label, room)
            self.add(self.button("slow", self._told[1], press, label, letter=letter))

    def switch(self, what: str, rect: Rect, *, on: bool) -> Button:
        """A button that switches something on and off; a tick tells which, besides colour and edge."""
        fill, border, colour = ("ai_tint", "ai", "ai_deep") if on else ("card", "soft", "ink")
        side = 13.0
        tick = Rect(rect.x + 6, rect.y + (rect.h - side) / 2, side, side)
        words = Rect(tick.right, rect.y, rect.right - tick.right - 1, rect.h)
        text_id = f"foot.{what}"
        letter = self._foot_letter(text_id, words.w - 6)
        label = self.label(text_id, self.words.get(text_id), words, letter, colour=colour, ground=fill)
        box = Box(rect, fill=fill, border=border, border_mm=1.4 if on else BORDER)
        picture = Picture("tick_on" if on else "tick_off", tick, fill)
        return Button(what, rect, EaseChosen(what, not on), box, (picture, label))

    def main_button(
        self, button_id: str, press: Press, text_id: str, *, style: str = "main", height: float | None = None
    ) -> None:
        """The next full-width button above what stands at the bottom already."""
        tall = height or self.measures.main
        letter = theme.TIGHT_MAIN_BUTTON if self.tight else theme.MAIN_BUTTON
        if self._half_free():
            # Beside the buttons of those who listen, where nothing else stands on this page.
            rect = self._told_half()
            self._half_taken = True
        else:
            if self.large:
                room = Rect(0, 0, self.touch.w - 6, 200)
                words = self.words.get(text_id)
                if not self.set_text(text_id, words, room, letter).fits:
                    tall = max(tall, self.set_text(text_id, words, room, letter, max_lines=2).rect.h + 5)
            rect = self.touch.take_bottom(tall)
        self.add(self.button(button_id, rect, press, text_id, style=style, letter=letter, main=style == "main"))

    def _half_free(self) -> bool:
        offers = self.frame.back or self.frame.cancel
        return self.wide and bool(self._told) and not offers and not self._half_taken

    def _told_half(self) -> Rect:
        """The right half of the row of those who listen, on a panel that lies."""
        left, right = self._told[2], self._told[3]
        return Rect(left.x, left.y, right.right - left.x, left.h)

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
        self._listening()
        elements = tuple(self._elements)
        if self.scale != 1.0:
            elements = tuple(scaled(element, self.scale) for element in elements)
        return Screen(self.id, elements, self.phrase, self.title_id, self.first_ground, under)


def _across(band: Rect, count: int) -> list[Rect]:
    """Places of equal width beside each other."""
    width = (band.w - GAP * (count - 1)) / count
    return [Rect(band.x + index * (width + GAP), band.y, width, band.h) for index in range(count)]


STYLES: Final = {
    "main": ("ai", "ai", "card"),
    "plain": ("card", "soft", "ink"),
    "key": ("card", "ai", "ai_deep"),
    "danger": ("card", "shu", "shu"),
}
"""fill, border, letters."""
