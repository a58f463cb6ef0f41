"""The question before a time-out. It covers the page, name included, until it is answered."""

from __future__ import annotations

from dataclasses import replace

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
            page.main_button("cancel", CancelPressed(), cancel, style="plain", height=CANCEL_H)
    elif frame.cancel:
        page.main_button("cancel", CancelPressed(), cancel)
    last = "" if frame.more_time else "_last"
    page.title(f"warning.title{last}", page.measures.take_title, gap=8 if page.wide else 14)
    money = "_money" if frame.cancel_returns_money else ""
    page.lead(f"warning.lead{last}{money}", colour="ink", max_lines=3)
    _seconds(page, str(max(0, seconds)))
    return page.finish(under=under)


def _seconds(page: Page, digits: str) -> None:
    before, unit = page.words.get("warning.left"), page.words.get("warning.seconds")
    box = page.touch.free(6 if page.wide else 10, 0 if page.wide else 10 - GAP)
    page.add(Box(box, fill="yama_tint", border="yama", border_mm=1.6))
    small = theme.MAIN_BUTTON
    big = min(60.0, box.h * (0.5 if page.wide else 0.62))
    while True:
        wide = [page.width(before, small), page.width(digits, theme.AMOUNT, em=big), page.width(unit, small)]
        if sum(wide) + 24 <= box.w or small.em < theme.CAPTION.em:
            break
        small = replace(small, em=small.em * 0.92, pitch=small.pitch * 0.92)
    beside = sum(wide) + 24 <= box.w
    if not beside:
        # Too long for one line: the words above, the number below them.
        wide[0] = 0.0
        big = min(big, box.h * 0.42)
    x = box.x + (box.w - sum(wide) - 12) / 2
    base = box.y + (box.h - big) / 2 + (0 if beside else 8)
    # Number and words stand on one line: the baseline is 0.88 of the letters' size below their top.
    low = base + 0.88 * (big - small.em)
    above = Rect(box.x + 8, base - small.em - 6, box.w - 16, small.em)
    page.text(
        "warning.left",
        Rect(x, low, wide[0] + 1, small.em) if beside else above,
        small,
        before,
        ground="yama_tint",
        align=Align.LEFT if beside else Align.CENTRE,
    )
    page.text(
        "warning.number",
        Rect(x + wide[0] + 6, base, wide[1] + 1, big),
        theme.AMOUNT,
        digits,
        em=big,
        ground="yama_tint",
        align=Align.CENTRE,
    )
    page.text(
        "warning.seconds", Rect(x + wide[0] + wide[1] + 12, low, wide[2] + 1, small.em), small, ground="yama_tint"
    )
