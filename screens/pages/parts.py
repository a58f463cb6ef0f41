"""Parts that several pages share: notes, whom to ask, where else to go, what is said aloud."""

from __future__ import annotations

from dataclasses import replace

from kiosk.view_model import Progress
from screens import theme
from screens.columns import Column
from screens.elements import Align, AmountBar, Box, Picture, Rect, Text
from screens.linebreak import is_widow
from screens.page import Page
from screens.paper import BORDER, ONE_LINE
from screens.theme import Letter

ASK_H = 24.0


def note(
    page: Page,
    text_id: str,
    *,
    words: str | None = None,
    fill: str = "yama_tint",
    border: str = "yama",
    letter: Letter = theme.STRONG,
    align: Align = Align.CENTRE,
    max_lines: int = 2,
    column: Column | None = None,
    em: float | None = None,
) -> None:
    """A few words that must not be missed, in a tinted box at the bottom of a column (what is touched, as a rule)."""
    at = column or page.touch
    shown = page.words.get(text_id) if words is None else words
    lines = page.lines(max_lines)
    inset, air = (5.0, 7.0) if page.wide and page.spares() else (10.0, 12.0 if page.wide else 16.0)
    inner = Rect(at.x + inset, 0, at.w - 2 * inset, 90)
    height = page.set_text(text_id, shown, inner, letter, max_lines=lines, em=em).rect.h + air
    box = at.take_bottom(height)
    page.add(Box(box, fill=fill, border=border, border_mm=BORDER))
    page.text(
        text_id,
        Rect(inner.x, box.y + 2, inner.w, box.h - 4),
        letter,
        shown,
        max_lines=lines,
        middle=True,
        align=align,
        ground=fill,
        em=em,
    )


def progress(page: Page, progress: Progress) -> None:
    """A slow bar, and roughly how long it still takes; nothing is promised any more once that was too little."""
    at = page.touch
    at.floor -= 4
    page.add(AmountBar(at.take_bottom(9, 5), max(progress.percent / 100, 0.04), "ai"))
    minutes, seconds = divmod(progress.left_s, 60)
    text_id = "late" if progress.late else "soon" if not progress.left_s else "seconds" if not minutes else "minutes"
    if minutes and not seconds and not progress.late:
        text_id = "whole_minutes"
    words = page.words.get(f"progress.{text_id}", minutes=minutes, seconds=seconds)
    letter = theme.BODY if progress.late else theme.STRONG
    rect = Rect(at.x, 0, at.w, 60)
    text = page.set_text(f"progress.{text_id}", words, rect, letter)
    if progress.late or not text.fits or text.em < page.size(letter) * ONE_LINE:
        text = page.set_text(f"progress.{text_id}", words, rect, letter, max_lines=max(2, page.lines(1)))
    strip = at.take_bottom(text.rect.h, 4)
    page.add(replace(text, rect=replace(text.rect, y=strip.y)))


def said(page: Page, text_id: str) -> None:
    """The loudspeaker and what it says, for those who do not hear it."""
    words = page.words.get("common.spoken", said=page.words.get(text_id))
    at = page.read
    rect = Rect(at.x + 19, 0, at.w - 19, 40)
    text = page.set_text("common.spoken", words, rect, theme.CAPTION, max_lines=page.lines(1))
    height = max(14.0, text.rect.h)
    strip = at.take_bottom(height, 4)
    page.add(Picture("speaker", Rect(at.x, strip.y + (height - 14) / 2, 14, 14), page.ground))
    page.add(replace(text, rect=Rect(rect.x, strip.y + (height - text.rect.h) / 2, rect.w, text.rect.h)))


def ask_box(page: Page, contact: str, *, column: Column | None = None) -> None:
    """Whom to ask, always the same box near the bottom."""
    words = page.words.get("common.ask")
    label_w = page.width(words, theme.BODY) + 1
    at = column or page.touch
    inset = 8.0 if page.wide else 11.0
    room = at.w - 2 * inset - label_w - 8
    text = page.set_text("contact", contact, Rect(0, 0, room, 60), theme.STRONG)
    lines = 1 if text.fits and text.em >= page.size(theme.STRONG) * ONE_LINE else 3 if page.large else 2
    text = page.set_text("contact", contact, Rect(0, 0, room, 60), theme.STRONG, max_lines=lines)
    if not text.fits or text.torn or (page.large and is_widow(text.lines)):
        _ask_stacked(page, contact, at, inset)
        return
    box = at.take_bottom(max(ASK_H if page.wide else 36.0, text.rect.h + 10))
    page.add(Box(box, fill="ai_tint", border="ai", border_mm=BORDER))
    page.text(
        "common.ask",
        Rect(box.x + inset, box.y, label_w, box.h),
        theme.BODY,
        words,
        middle=True,
        ground="ai_tint",
        colour="ai_deep",
    )
    page.text(
        "contact",
        Rect(box.right - inset - room, box.y, room, box.h),
        theme.STRONG,
        contact,
        max_lines=lines,
        middle=True,
        ground="ai_tint",
    )


def _ask_stacked(page: Page, contact: str, at: Column, inset: float) -> None:
    """The same with the label above, where a long name finds no room beside it."""
    inner = Rect(at.x + inset, 0, at.w - 2 * inset, 60)
    words = page.words.get("common.ask")
    label = page.set_text("common.ask", words, inner, theme.BODY, ground="ai_tint", colour="ai_deep")
    text = page.set_text("contact", contact, inner, theme.STRONG, max_lines=3, ground="ai_tint")
    box = at.take_bottom(label.rect.h + text.rect.h + 14)
    page.add(Box(box, fill="ai_tint", border="ai", border_mm=BORDER))
    page.add(replace(label, rect=replace(label.rect, y=box.y + 5)))
    page.add(replace(text, rect=replace(text.rect, y=box.y + label.rect.h + 9)))


def alternatives(page: Page, places: tuple[str, ...], *, column: Column | None = None, keep: float = 12.0) -> None:
    """Where else certificates can be had, as the profile writes it: as many places as there is room for.

    keep: millimetres that must stay free above the box.
    """
    at = column or page.touch
    inset, gap = (8.0, 5.0) if page.wide else (11.0, 7.0)
    width = at.w - 2 * inset
    title = page.set_text(
        "common.alternatives",
        page.words.get("common.alternatives"),
        Rect(at.x + inset, 0, width, 12),
        theme.STRONG,
        em=10.2,
        ground="card",
    )
    shown: list[Text] = []
    height = inset * 2 + title.rect.h
    for index, words in enumerate(places):
        rect = Rect(at.x + inset, 0, width, 100)
        text = page.set_text(
            f"alternative.{index}", words, rect, theme.BODY, max_lines=page.lines(4), ground="card", em=9.6
        )
        if not text.fits or height + text.rect.h + gap > at.room - keep:
            continue  # rather a shorter one than none
        shown.append(text)
        height += text.rect.h + gap
    if not shown:
        return
    box = at.take_bottom(height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    y = box.y + inset
    for text in (title, *shown):
        page.add(replace(text, rect=Rect(text.rect.x, y, width, text.rect.h)))
        y += text.rect.h + gap


def badge(page: Page, text_id: str) -> None:
    """A short word above the title that says where one is."""
    words = page.words.get(text_id)
    at = page.read
    width = min(page.width(words, theme.CAPTION, em=9.4) + 19, at.w)
    height = page.size(theme.CAPTION, 9.4) + 9.6
    at.y += 8 if page.wide else 16
    box = Rect(at.x, at.y, width, height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER, radius=height / 2))
    inner = Rect(box.x + 6, box.y + 1, box.w - 12, box.h - 2)
    page.text(text_id, inner, theme.CAPTION, em=9.4, middle=True, align=Align.CENTRE, ground="card")
    at.y = box.bottom


def choice_box(rect: Rect, on: bool) -> Box:
    """Tint and a strong edge when chosen."""
    fill, border = ("ai_tint", "ai") if on else ("card", "soft")
    return Box(rect, fill=fill, border=border, border_mm=1.4 if on else BORDER)
