"""The rows at the bottom: back, cancel, what the first screen switches, and the buttons of those who listen."""

from __future__ import annotations

from typing import Any

from kiosk.events import BackPressed, CancelPressed, EaseChosen
from kiosk.view_model import Frame
from screens import theme
from screens.columns import GAP, TIGHT
from screens.elements import Again, Box, Button, Picture, Press, Rect
from screens.paper import BORDER, Paper
from screens.theme import Letter
from screens.typeset import Context


class Footed(Paper):
    """Paper with its foot. read_out: the two buttons of those who listen belong on it."""

    def __init__(
        self, screen_id: str, frame: Frame, context: Context, *, read_out: bool = True, **options: Any
    ) -> None:
        super().__init__(screen_id, frame, context, **options)
        self._told: list[Rect] = []
        self._half_taken = False
        if frame.spoken and read_out:
            self._reserve()

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
        self._paint_bar(top)
        self.touch.floor = self.read.floor = top - GAP * 1.6

    def _paint_bar(self, top: float) -> None:
        self.add(
            Box(Rect(0, top, self.w, self.h - top), fill="foot", radius=0),
            Box(Rect(0, top, self.w, 0.6), fill="line", radius=0),
        )

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
            self._paint_bar(self._told[0].y - (self.measures.foot - self.measures.foot_button) / 2)
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

    def _half_free(self) -> bool:
        offers = self.frame.back or self.frame.cancel
        return self.wide and bool(self._told) and not offers and not self._half_taken

    def _told_half(self) -> Rect:
        """The right half of the row of those who listen, on a panel that lies."""
        left, right = self._told[2], self._told[3]
        return Rect(left.x, left.y, right.right - left.x, left.h)


def _across(band: Rect, count: int) -> list[Rect]:
    """Places of equal width beside each other."""
    width = (band.w - GAP * (count - 1)) / count
    return [Rect(band.x + index * (width + GAP), band.y, width, band.h) for index in range(count)]
