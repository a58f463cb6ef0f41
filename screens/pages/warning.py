"""The question before a time-out. It covers the page, name included, until it is answered."""

from __future__ import annotations

from kiosk.events import CancelPressed, MoreTimePressed
from kiosk.view_model import Frame
from screens import theme
from screens.columns import GAP
from screens.elements import Align, Box, Rect, Screen
from screens.page import Page
from screens.typeset import Context

CANCEL_H = 36.0


def warning(frame: Frame, seconds: int, under: str, context: Context) -> Screen:
    """Without more time to give it says so, and leaves nothing but to stop now or in a few seconds."""
    page = Page("warning", frame, context, phrase="warning")
    page.head()
    cancel = "foot.cancel_money" if frame.cancel_returns_money else "foot.cancel"
    if frame.more_time:
        page.main_button("more-time", MoreTimePressed(), "warning.more", height=page.measures.main + 8)
        if frame.cancel:
            page.main_button("cancel", CancelPressed(), cancel, style="plain", height=page.grow(CANCEL_H))
    elif frame.cancel:
        page.main_button("cancel", CancelPressed(), cancel)
    last = "" if frame.more_time else "_last"
    page.title(f"warning.title{last}", page.measures.take_title, gap=8 if page.wide else 14)
    money = "_money" if frame.cancel_returns_money else ""
    page.lead(f"warning.lead{last}{money}", colour="ink", max_lines=3)
    _seconds(page, str(max(0, seconds)))
    return page.finish(under=under)


def _seconds(page: Page, digits: str) -> None:
    """The number great in the middle; the words around it on its line, or the first of them above it."""
    before, unit = page.words.get("warning.left"), page.words.get("warning.seconds")
    box = page.touch.free(6 if page.wide else 10, 0 if page.wide else 10 - GAP)
    page.add(Box(box, fill="yama_tint", border="yama", border_mm=1.6))
    small = theme.BUTTON if page.wide else theme.MAIN_BUTTON
    real = page.size(small)
    great = min(page.great(48.0) * page.context.letters, box.h * (0.62 if page.large or not page.wide else 0.48))
    gap = 6.0
    wide = [page.width(before, small), page.line_width(digits, great), page.width(unit, small)]
    beside = sum(wide) + 2 * gap + 16 <= box.w
    if not beside:
        great = max(real, min(great, box.h - real - 14))
        wide = [0.0, page.line_width(digits, great), wide[2]]
    x = box.x + (box.w - sum(wide) - (2 * gap if beside else gap)) / 2
    base = box.y + (box.h - great) / 2 + (0 if beside else (real + 3) / 2)
    # Number and words stand on one line: the baseline is 0.88 of the letters' size below their top.
    low = base + 0.88 * (great - real)
    left = Rect(x, low, wide[0] + 1, real) if beside else Rect(box.x + 5, base - real - 3, box.w - 10, real)
    align = Align.LEFT if beside else Align.CENTRE
    page.text("warning.left", left, small, before, ground="yama_tint", align=align)
    x += wide[0] + gap if beside else 0.0
    number = Rect(x - 1, base, wide[1] + 2, great)
    em = great / page.context.letters
    page.text("warning.number", number, theme.AMOUNT, digits, em=em, ground="yama_tint", align=Align.CENTRE)
    page.text("warning.seconds", Rect(x + wide[1] + gap, low, wide[2] + 1, real), small, ground="yama_tint")
