"""The paper a page is laid on: head bar, progress, title, foot bar, and text that is broken to fit.

Pages measure in millimetres of the reference panel of their shape; `finish` brings everything to the real panel's
size. Which column a thing stands in is said by `page.read` and `page.touch` (`columns.py`): the same one on an
upright panel, left and right on one that lies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from screens import theme
from screens.columns import Column
from screens.elements import Align, Box, Picture, Press, Progress, Rect, Screen, scaled
from screens.foot import Footed
from screens.paper import ONE_LINE, label_inset
from screens.theme import Letter
from screens.typeset import SHRINK

SMALLEST_PICTURE_H: Final = 34.0
"""Less room than this is left empty."""


SMALLER_IF_ROOM: Final = 0.84
"""A paragraph that can be missed is left out rather than set in letters so much smaller than those beside it."""


class Page(Footed):
    """A screen in the making; used by one `build` function and thrown away. Options: see `Paper` and `Footed`."""

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
        middle = self.measures.head + height / 2 + (-0.6 if self.tight else 1.0 if self.wide else 0.0)
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
        if if_room and (not text.fits or text.em < self.size(letter) * SMALLER_IF_ROOM):
            return
        self.add(text)
        column.y = text.rect.bottom + 3

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
                room = Rect(0, 0, self.touch.w - 2 * label_inset(self.touch.w), 200)
                words = self.words.get(text_id)
                one = self.set_text(text_id, words, room, letter)
                if not one.fits or one.em < letter.em * ONE_LINE:
                    tall = max(
                        tall,
                        self.set_text(text_id, words, room, letter, max_lines=2).rect.h
                        + (5.0 if self.spares(2) else 8.5),
                    )
            rect = self.touch.take_bottom(tall)
        self.add(self.button(button_id, rect, press, text_id, style=style, letter=letter, main=style == "main"))

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

    def finish(self, *, under: str = "") -> Screen:
        self._listening()
        elements = tuple(self._elements)
        if self.scale != 1.0:
            elements = tuple(scaled(element, self.scale) for element in elements)
        return Screen(self.id, elements, self.phrase, self.title_id, self.first_ground, under)
