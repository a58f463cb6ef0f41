"""Waiting, the PIN, and giving the card back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from kiosk.events import CancelPressed, DigitPressed, NextPressed, PinConfirmed, PinCorrected
from kiosk.secret import PIN_LENGTH, STAFF_PIN_LENGTH
from kiosk.view_model import LastTry, PinPad, TakeCard, Wait
from screens import theme
from screens.columns import GAP, TIGHT, grid
from screens.elements import Align, Box, Button, KeyPad, Rect, Screen
from screens.page import Page
from screens.pages.parts import note, progress, said
from screens.paper import BORDER
from screens.pictures import for_wait
from screens.typeset import Context

KEY_H = 42.0
LARGE_SHARE = 0.54
SMALL_KEY = theme.Letter(12.6, 16.0, bold=True)
"""けす and つぎへ where keys are narrow."""
DOT = 26.0
DOT_GAP = 9.0
STAFF_DIGITS = STAFF_PIN_LENGTH


def wait(view: Wait, context: Context) -> Screen:
    page = Page("wait", view.frame, context, phrase="wait_download" if view.what == "downloading" else "")
    page.head()
    page.foot()
    what, _ = page.words.first(f"wait.{view.what}", "wait.other")
    page.title(what)
    keep = view.keep_card and f"{what}_lead_keep" in page.words
    told = view.progress is not None and f"{what}_lead_progress" in page.words
    page.lead(f"{what}_lead_progress" if told else f"{what}_lead_keep" if keep else f"{what}_lead")
    if view.keep_card and not keep:
        note(page, "wait.keep_card")
    if view.progress is not None:
        progress(page, view.progress)
    page.picture(for_wait(view.what, view.keep_card), share=0.72)
    return page.finish()


def pin_pad(view: PinPad, context: Context) -> Screen:
    page = Page(
        "pin_pad",
        view.frame,
        context,
        phrase="pin_wrong" if view.wrong else "pin_pad",
        share=0.46,
        large_share=LARGE_SHARE,
    )
    page.head()
    page.foot()
    keys(page, view.digits == PIN_LENGTH)
    last = view.tries_left == 1
    words = page.words.get("pin_pad.tries_last" if last else "pin_pad.tries", tries=view.tries_left)
    with dots(page, view.digits, PIN_LENGTH, "pin_pad.tries", words, strong=last):
        page.title("pin_pad.title_wrong" if view.wrong else "pin_pad.title")
        lead = "pin_pad.lead_wrong" if view.wrong else "pin_pad.lead" if view.keep_card else "pin_pad.lead_city"
        page.lead(lead, if_room=view.frame.spoken)
    return page.finish()


def keys(page: Page, complete: bool) -> None:
    """Four rows of three; つぎへ is a button only when all digits are there."""
    at = page.touch
    gap = TIGHT if page.wide else GAP
    height = min(KEY_H, (at.room - 3 * gap - (1 if page.wide else 4)) / 4)
    letter = _word_key(page) if page.wide else theme.MAIN_BUTTON
    pad = at.take_bottom(4 * height + 3 * gap)
    places = grid(pad, 12, 3, height, gap)
    found: list[Button] = [_digit(page, places[digit - 1], digit) for digit in range(1, 10)]
    found.append(page.button("erase", places[9], PinCorrected(), "pin_pad.erase", letter=letter))
    found.append(_digit(page, places[10], 0))
    last = places[11]
    if complete:
        found.append(page.button("next", last, PinConfirmed(), "pin_pad.next", style="main", letter=letter, main=True))
    page.add(KeyPad(pad, tuple(found)))
    if not complete:
        page.add(Box(last, fill="foot", border="line", border_mm=BORDER, dashed=True))
        page.text(
            "pin_pad.next",
            Rect(last.x + 3, last.y, last.w - 6, last.h),
            letter,
            middle=True,
            align=Align.CENTRE,
            colour="soft",
            ground="foot",
        )


def _word_key(page: Page) -> theme.Letter:
    """Letters of けす and つぎへ on narrow keys: so large that they still fit when they are made larger."""
    words = max((page.words.get(f"pin_pad.{which}") for which in ("erase", "next")), key=len)
    room = (page.w - 2 * page.margin - page.measures.between) * LARGE_SHARE / 3 - TIGHT - 6.5
    em = min(SMALL_KEY.em, 10.0 * room / page.line_width(words, 12.5))
    return replace(SMALL_KEY, em=em)


def _digit(page: Page, rect: Rect, digit: int) -> Button:
    """Direct: a digit of a secret number is never read out."""
    key = page.button(
        f"digit-{digit}",
        rect,
        DigitPressed(digit),
        f"digit.{digit}",
        words=str(digit),
        style="key",
        letter=theme.KEY,
    )
    return replace(key, direct=True)


@contextlib.contextmanager
def dots(page: Page, typed: int, length: int, text_id: str, words: str, *, strong: bool = False) -> Iterator[None]:
    """How many digits are typed, never which; below them one line about it. In the middle of what the body leaves."""
    at = page.read
    size = min(DOT, (at.w - (length - 1) * DOT_GAP) / length, 20.0 if page.wide else DOT)
    letter = theme.STRONG if strong else theme.CAPTION
    line = page.set_text(text_id, words, Rect(at.x, 0, at.w, 30), letter, max_lines=2, em=9.4)
    block = size + 7 + line.rect.h
    at.floor -= block + 6
    yield
    at.floor += block + 6
    if at.room < block + 8:
        size = max(12.0, at.room - line.rect.h - 11)
        block = size + 5 + line.rect.h
    y = at.y + max(3.0, (at.room - block) / 2)
    x = at.x + (at.w - length * size - (length - 1) * DOT_GAP) / 2
    for index in range(length):
        rect = Rect(x + index * (size + DOT_GAP), y, size, size)
        fill = "ai" if index < typed else "card"
        page.add(Box(rect, fill=fill, border="ai", border_mm=1.2, radius=size * 0.21))
    page.text(
        text_id,
        Rect(at.x, y + block - line.rect.h, at.w, 30),
        letter,
        words,
        align=Align.CENTRE,
        colour="shu" if strong else "soft",
        max_lines=2,
        em=9.4,
    )
    at.y = y + block


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
    page.picture("pin_last", share=0.86, column=page.touch)
    return page.finish()


def take_card(view: TakeCard, context: Context) -> Screen:
    page = Page("take_card", view.frame, context, phrase="take_card")
    page.head()
    page.tint("yama_tint", "yama")
    page.foot()
    said(page, "take_card.said")
    page.title("take_card.title", page.measures.take_title, gap=9 if page.wide else 15)
    lead, _ = page.words.first(f"take_card.lead_{view.after}", "take_card.lead_other")
    page.lead(lead, colour="ink")
    page.picture("card_out", bottom_gap=12)
    return page.finish()
