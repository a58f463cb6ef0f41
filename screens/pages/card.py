"""Waiting, the PIN, and giving the card back."""

from __future__ import annotations

from kiosk.events import CancelPressed, DigitPressed, NextPressed, PinConfirmed, PinCorrected
from kiosk.secret import PIN_LENGTH
from kiosk.view_model import LastTry, PinPad, TakeCard, Wait
from screens import theme
from screens.elements import Align, Box, Button, KeyPad, Picture, Rect, Screen
from screens.page import BORDER, GAP, MARGIN, Context, Page

KEY_H = 42.0
DOT = 26.0

_PICTURES = {
    "reading": "card_reading",
    "connecting": "line_city",
    "checking_pin": "card_reading",
    "downloading": "line_city",
    "preparing": "printer_idle",
    "stopping_coins": "coins_counting",
    "settling": "coins_counting",
    "erasing": "hourglass",
}


def wait(view: Wait, context: Context) -> Screen:
    page = Page("wait", view.frame, context, phrase="wait_download" if view.what == "downloading" else "")
    page.head()
    page.foot()
    what, _ = page.words.first(f"wait.{view.what}", "wait.other")
    page.title(what)
    page.lead(f"{what}_lead")
    if view.keep_card and view.what not in {"reading", "checking_pin"}:
        note(page, "wait.keep_card")
    page.picture(_PICTURES.get(view.what, "hourglass"), share=0.72)
    return page.finish()


def note(page: Page, text_id: str, *, fill: str = "yama_tint", border: str = "yama") -> None:
    """One sentence that must not be missed, in a tinted box above the foot."""
    letter = theme.STRONG
    text = page.set_text(text_id, page.words.get(text_id), Rect(0, 0, page.inner - 24, 60), letter, max_lines=2)
    height = text.rect.h + 18
    box = Rect(MARGIN, page.floor - height, page.inner, height)
    page.add(Box(box, fill=fill, border=border, border_mm=BORDER))
    page.text(
        text_id,
        Rect(box.x + 12, box.y, box.w - 24, height),
        letter,
        max_lines=2,
        middle=True,
        align=Align.CENTRE,
        ground=fill,
    )
    page.floor = box.y - GAP


def pin_pad(view: PinPad, context: Context) -> Screen:
    page = Page("pin_pad", view.frame, context, phrase="pin_wrong" if view.wrong else "pin_pad")
    page.head()
    page.foot()
    page.title("pin_pad.title_wrong" if view.wrong else "pin_pad.title")
    lead = "pin_pad.lead" if view.keep_card else "pin_pad.lead_city"
    page.lead("pin_pad.lead_wrong" if view.wrong and view.keep_card else lead, max_lines=1)
    top = _keys(page, view.digits == PIN_LENGTH)
    _dots(page, view, page.y, top)
    return page.finish()


def _keys(page: Page, complete: bool) -> float:
    """Four rows of three; つぎへ is a button only when four digits are there. Returns the pad's top."""
    width = (page.inner - 2 * GAP) / 3
    top = page.floor - 4 * KEY_H - 3 * GAP
    keys: list[Button] = []

    def place(index: int) -> Rect:
        row, column = divmod(index, 3)
        return Rect(MARGIN + column * (width + GAP), top + row * (KEY_H + GAP), width, KEY_H)

    for index, digit in enumerate((1, 2, 3, 4, 5, 6, 7, 8, 9)):
        keys.append(_digit(page, place(index), digit))
    keys.append(page.button("erase", place(9), PinCorrected(), "pin_pad.erase", letter=theme.MAIN_BUTTON))
    keys.append(_digit(page, place(10), 0))
    last = place(11)
    if complete:
        keys.append(
            page.button("next", last, PinConfirmed(), "pin_pad.next", style="main", letter=theme.MAIN_BUTTON, main=True)
        )
    page.add(KeyPad(Rect(MARGIN, top, page.inner, page.floor - top), tuple(keys)))
    if not complete:
        page.add(Box(last, fill="foot", border="line", border_mm=BORDER, dashed=True))
        page.text(
            "pin_pad.next", last, theme.MAIN_BUTTON, middle=True, align=Align.CENTRE, colour="soft", ground="foot"
        )
    return top


def _digit(page: Page, rect: Rect, digit: int) -> Button:
    return page.button(
        f"digit-{digit}",
        rect,
        DigitPressed(digit),
        f"digit.{digit}",
        words=str(digit),
        style="key",
        letter=theme.KEY,
    )


def _dots(page: Page, view: PinPad, top: float, bottom: float) -> None:
    """How many digits are typed, never which, and how many tries are left."""
    block = DOT + 7 + theme.CAPTION.em
    y = top + max(4.0, (bottom - top - block) / 2)
    row = PIN_LENGTH * DOT + (PIN_LENGTH - 1) * 9
    x = (page.w - row) / 2
    for index in range(PIN_LENGTH):
        rect = Rect(x + index * (DOT + 9), y, DOT, DOT)
        page.add(Box(rect, fill="ai" if index < view.digits else "card", border="ai", border_mm=1.2, radius=5.5))
    last = view.tries_left == 1
    page.text(
        "pin_pad.tries",
        Rect(MARGIN, y + DOT + 7, page.inner, 12),
        theme.STRONG if last else theme.CAPTION,
        page.words.get("pin_pad.tries_last" if last else "pin_pad.tries", tries=view.tries_left),
        align=Align.CENTRE,
        colour="shu" if last else "soft",
        em=9.4,
    )


def last_try(view: LastTry, context: Context) -> Screen:
    """Two ways of equal size: neither is pushed on the person (A12)."""
    page = Page("last_try", view.frame, context, phrase="last_try")
    page.head()
    if view.frame.cancel:
        page.main_button("cancel", CancelPressed(), "last_try.stop", style="plain")
    page.main_button("next", NextPressed(), "last_try.go_on")
    page.title("last_try.title")
    page.lead("last_try.lead", colour="ink", max_lines=2)
    page.lead("last_try.help", max_lines=4)
    page.picture("pin_last", share=0.86)
    return page.finish()


def take_card(view: TakeCard, context: Context) -> Screen:
    page = Page("take_card", view.frame, context, phrase="take_card")
    page.head()
    page.foot()
    page.tint("yama_tint", "yama")
    page.title("take_card.title", theme.TAKE_TITLE, gap=15)
    lead, _ = page.words.first(f"take_card.lead_{view.after}", "take_card.lead_other")
    page.lead(lead, colour="ink")
    said(page, "take_card.said")
    page.picture("card_out", bottom_gap=12)
    return page.finish()


def said(page: Page, text_id: str) -> None:
    """The loudspeaker and what it says, for those who do not hear it."""
    words = page.words.get("common.spoken", said=page.words.get(text_id))
    top = page.floor - 13
    page.add(Picture("speaker", Rect(MARGIN, top - 0.5, 14, 14), page.ground))
    page.text("common.spoken", Rect(MARGIN + 19, top, page.inner - 19, 13), theme.CAPTION, words, middle=True)
    page.floor = top - 4
