"""The question before a time-out. It covers the page, name included, until it is answered."""

from __future__ import annotations

from kiosk.events import CancelPressed, MoreTimePressed
from kiosk.view_model import Frame
from screens import theme
from screens.elements import Align, Box, Rect, Screen
from screens.page import MAIN_H, MARGIN, Context, Page


def warning(frame: Frame, seconds: int, under: str, context: Context) -> Screen:
    page = Page("warning", frame, context, phrase="warning")
    page.head()
    if frame.more_time:
        page.main_button("more-time", MoreTimePressed(), "warning.more", height=MAIN_H + 8)
    if frame.cancel:
        label = "foot.cancel_money" if frame.cancel_returns_money else "foot.cancel"
        page.main_button("cancel", CancelPressed(), label, style="plain", height=FOOT_LIKE_H)
    page.title("warning.title", theme.TAKE_TITLE, gap=14)
    lead = "warning.lead_money" if frame.cancel_returns_money else "warning.lead"
    page.lead(lead if frame.more_time else "warning.lead_last", colour="ink")
    digits = str(max(0, seconds))
    before, unit = page.words.get("warning.left"), page.words.get("warning.seconds")
    top, bottom = page.y + 10, page.floor - 10
    box = Rect(MARGIN, top, page.inner, bottom - top)
    page.add(Box(box, fill="yama_tint", border="yama", border_mm=1.6))
    wide = [
        page.width(before, theme.MAIN_BUTTON),
        page.width(digits, theme.AMOUNT, em=60),
        page.width(unit, theme.MAIN_BUTTON),
    ]
    x = box.x + (box.w - sum(wide) - 12) / 2
    base = box.y + (box.h - 60) / 2
    page.text("warning.left", Rect(x, base + 38, wide[0] + 1, 16), theme.MAIN_BUTTON, ground="yama_tint")
    page.text(
        "warning.number",
        Rect(x + wide[0] + 6, base, wide[1] + 1, 60),
        theme.AMOUNT,
        digits,
        em=60,
        ground="yama_tint",
        align=Align.CENTRE,
    )
    page.text(
        "warning.seconds",
        Rect(x + wide[0] + wide[1] + 12, base + 38, wide[2] + 1, 16),
        theme.MAIN_BUTTON,
        ground="yama_tint",
    )
    return page.finish(under=under)


FOOT_LIKE_H = 36.0
