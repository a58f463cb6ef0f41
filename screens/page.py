"""The paper a page is laid on: head bar, progress, title, foot bar, and text that is broken to fit.

Pages measure in millimetres of the reference panel; `finish` brings everything to the real panel's size.
Content grows from the top (`y`), touch targets from the bottom (`floor`), so that the main button is always
lowest and where the last one was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from kiosk.events import BackPressed, CancelPressed, Event
from kiosk.view_model import Frame
from screens import theme
from screens.elements import Align, Box, Button, Element, Picture, Progress, Rect, Screen, Text, scaled
from screens.fonts import Faces
from screens.linebreak import break_lines
from screens.panel import Panel
from screens.strings import Table, table
from screens.theme import STANDARD, Letter, Theme

MARGIN: Final = 15.0
HEAD_H: Final = 37.0
PROGRESS_H: Final = 28.0
FOOT_H: Final = 49.4
FOOT_BUTTON_H: Final = 31.4
MAIN_H: Final = 46.0
GAP: Final = 6.0
SMALLEST_PICTURE_H: Final = 34.0
"""Less room than this is left empty."""
BORDER: Final = 0.9
SHRINK: Final = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58)
"""Steps in which a text that does not fit becomes smaller; never below `theme.SMALLEST_EM_MM`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every page needs besides its view."""

    panel: Panel
    faces: Faces
    theme: Theme = STANDARD


class Page:
    """A screen in the making; used by one `build` function and thrown away."""

    def __init__(
        self, screen_id: str, frame: Frame, context: Context, *, phrase: str = "", ground: str = "paper"
    ) -> None:
        self.id = screen_id
        self.frame = frame
        self.context = context
        self.words: Table = table(frame.language)
        self.phrase = phrase
        self.ground = ground
        self.scale = context.panel.scale
        self.w = context.panel.width_mm / self.scale
        self.h = context.panel.height_mm / self.scale
        self.inner = self.w - 2 * MARGIN
        self.y = HEAD_H
        self.floor = self.h - MARGIN
        self.foot_top = self.h
        self.title_id = ""
        self._elements: list[Element] = []

    # ---- text --------------------------------------------------------------------------------------------

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
    ) -> Text:
        """Break `words` into at most max_lines lines within rect, smaller if it must be; not added yet.

        middle: centred in the height of rect; otherwise rect is cut to the height of the lines.
        """
        smallest = theme.SMALLEST_EM_MM / self.scale
        base_em = max((em or letter.em) * self.context.theme.scale, smallest)
        base_pitch = letter.pitch * base_em / letter.em
        lines: tuple[str, ...] | None = None
        used = base_em
        for factor in SHRINK:
            used = base_em * factor
            if used < smallest:
                break
            lines = break_lines(words, rect.w, self._measure(used, letter.bold), max_lines, self.words.language)
            if lines is not None:
                break
        fits = lines is not None
        if lines is None:
            used = max(smallest, base_em * SHRINK[-1])
            lines = break_lines(words, rect.w, self._measure(used, letter.bold), 12, self.words.language)
        shown = lines if lines is not None else (words,)
        pitch = base_pitch * used / base_em
        height = pitch * (len(shown) - 1) + used
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
        return self._measure((em or letter.em) * self.context.theme.scale, letter.bold)(words)

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
        frame = self.frame
        middle = Rect(MARGIN, 0, self.inner * 0.58, HEAD_H)
        name = f"{frame.city_name}　{frame.machine_title}".strip()
        if name:
            self.text("head.machine", middle, theme.CAPTION, name, em=9.4, middle=True, max_lines=1)
            last = self._elements[-1]
            assert isinstance(last, Text)
            self._elements[-1] = replace(last, bold=True)
        if clock:
            right = Rect(MARGIN + self.inner * 0.58, 0, self.inner * 0.42, HEAD_H)
            self.text(
                "head.moment",
                right,
                theme.CAPTION,
                self.moment(frame.moment),
                middle=True,
                align=Align.RIGHT,
                colour="soft",
            )
        self.add(Box(Rect(0, HEAD_H - 0.6, self.w, 0.6), fill="line", radius=0))
        if frame.steps:
            self._progress()

    def _progress(self) -> None:
        frame = self.frame
        label = self.words.get("step.count", step=frame.step, steps=frame.steps)
        name = f"step.{frame.step_label}" if f"step.{frame.step_label}" in self.words else frame.step_label
        if name and name in self.words:
            label = f"{label}　{self.words.get(name)}"
        width = self.width(label, theme.CAPTION) + 1
        middle = HEAD_H + PROGRESS_H / 2
        self.text(
            "step.count",
            Rect(self.w - MARGIN - width, middle - 6, width, 12),
            theme.CAPTION,
            label,
            middle=True,
            align=Align.RIGHT,
            colour="soft",
        )
        bar = Rect(MARGIN, middle - 1.8, self.inner - width - 8, 3.6)
        self.add(Progress(bar, frame.step, frame.steps))
        self.y = HEAD_H + PROGRESS_H

    def tint(self, fill: str, edge: str) -> None:
        """Colour everything between head and foot, with a strong edge on top."""
        self.add(
            Box(Rect(0, self.y, self.w, self.foot_top - self.y), fill=fill, radius=0),
            Box(Rect(0, self.y, self.w, 4.0), fill=edge, radius=0),
        )
        self.ground = fill
        self.y += 4.0

    def title(self, text_id: str, letter: Letter = theme.TITLE, *, words: str | None = None, gap: float = 0.0) -> None:
        self.title_id = text_id
        self.y += gap or (9.0 if self.frame.steps else 16.0)
        text = self.text(text_id, Rect(MARGIN, self.y, self.inner, 60), letter, words, max_lines=2)
        self.y = text.rect.bottom + (letter.pitch - letter.em) / 2

    def lead(
        self,
        text_id: str,
        *,
        words: str | None = None,
        max_lines: int = 2,
        letter: Letter = theme.LEAD,
        colour: str = "soft",
        gap: float = 6.5,
    ) -> None:
        self.y += gap
        rect = Rect(MARGIN, self.y, self.inner, 60)
        text = self.text(text_id, rect, letter, words, max_lines=max_lines, colour=colour)
        self.y = text.rect.bottom + 3

    def button(
        self,
        button_id: str,
        rect: Rect,
        press: Event,
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
        label = self.set_text(
            text_id,
            self.words.get(text_id) if words is None else words,
            rect.inset(5),
            letter,
            max_lines=2 if rect.h >= 40 else 1,
            colour=colour,
            ground=fill,
            align=Align.CENTRE,
            middle=True,
        )
        box = Box(rect, fill=fill, border=border, border_mm=BORDER, radius=radius)
        return Button(button_id, rect, press, box, (label,), main=main)

    def foot(self, *, extra: tuple[str, str, Event] | None = None) -> None:
        """The bar at the bottom with what the frame offers; nothing at all when it offers nothing."""
        frame = self.frame
        offers: list[tuple[str, str, Event]] = []
        if frame.back:
            offers.append(("back", "foot.back", BackPressed()))
        if frame.cancel:
            label = "foot.cancel_money" if frame.cancel_returns_money else "foot.cancel"
            offers.append(("cancel", label, CancelPressed()))
        if extra is not None:
            offers.append(extra)
        if not offers:
            return
        top = self.foot_band()
        width = (self.inner - GAP * (len(offers) - 1)) / len(offers)
        for index, (button_id, label, press) in enumerate(offers):
            rect = Rect(MARGIN + index * (width + GAP), top + (FOOT_H - FOOT_BUTTON_H) / 2, width, FOOT_BUTTON_H)
            self.add(self.button(button_id, rect, press, label))

    def foot_band(self) -> float:
        """Draw the bar alone; returns its top."""
        top = self.h - FOOT_H
        self.add(
            Box(Rect(0, top, self.w, FOOT_H), fill="foot", radius=0),
            Box(Rect(0, top, self.w, 0.6), fill="line", radius=0),
        )
        self.foot_top = top
        self.floor = top - GAP * 1.6
        return top

    def main_button(
        self, button_id: str, press: Event, text_id: str, *, style: str = "main", height: float = MAIN_H
    ) -> None:
        """The next full-width button above what stands at the bottom already."""
        rect = Rect(MARGIN, self.floor - height, self.inner, height)
        self.add(
            self.button(button_id, rect, press, text_id, style=style, letter=theme.MAIN_BUTTON, main=style == "main")
        )
        self.floor = rect.y - GAP

    def picture(self, name: str, *, share: float = 1.0, top_gap: float = 8.0, bottom_gap: float = 8.0) -> None:
        """A drawing in the room that is left between content and targets, if there is enough of it."""
        top, bottom = self.y + top_gap, self.floor - bottom_gap
        if bottom - top < SMALLEST_PICTURE_H:
            return
        height = (bottom - top) * share
        rect = Rect(MARGIN, top + (bottom - top - height) / 2, self.inner, height)
        self.add(Picture(name, rect, self.ground))

    def moment(self, moment: datetime) -> str:
        return self.words.get(
            "head.moment",
            month=moment.month,
            day=moment.day,
            hour=moment.hour,
            minute=f"{moment.minute:02}",
            weekday=self.weekday(moment),
        )

    def day(self, moment: datetime) -> str:
        return self.words.get("head.day", month=moment.month, day=moment.day, weekday=self.weekday(moment))

    def time(self, moment: datetime) -> str:
        return self.words.get("head.time", hour=moment.hour, minute=f"{moment.minute:02}")

    def weekday(self, moment: datetime) -> str:
        return self.words.get(f"head.weekday_{moment.weekday()}")

    def yen(self, amount: int) -> str:
        return self.words.get("common.yen", yen=f"{amount:,}")

    def finish(self, *, under: str = "", first_ground: str = "paper") -> Screen:
        elements = tuple(self._elements)
        if self.scale != 1.0:
            elements = tuple(scaled(element, self.scale) for element in elements)
        return Screen(self.id, elements, self.phrase, self.title_id, first_ground, under)


STYLES: Final = {
    "main": ("ai", "ai", "card"),
    "plain": ("card", "soft", "ink"),
    "key": ("card", "ai", "ai_deep"),
    "danger": ("card", "shu", "shu"),
}
"""fill, border, letters."""


class _Measure:
    """Width in page millimetres of a text at one letter size, exact to the pixel it will be drawn with."""

    def __init__(self, page: Page, em: float, bold: bool) -> None:
        self._page = page
        self._px = page.px(em)
        self._bold = bold
        self._mm_per_px = 1 / (page.context.panel.px_per_mm * page.scale)

    def __call__(self, text: str) -> float:
        return self._page.context.faces.width(text, self._px, bold=self._bold) * self._mm_per_px
