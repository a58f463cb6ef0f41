"""Screens outside a session: first screen, closed, out of service, and the still picture between two sessions."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import LanguageChosen
from kiosk.view_model import Closed, Frame, Idle, OutOfService, Still
from screens import theme
from screens.elements import Align, Box, Picture, Rect, Screen, Text
from screens.page import BORDER, GAP, MARGIN, Context, Page

ROW_H = 17.4
CHIP_H = 17.0
LANGUAGE_W, LANGUAGE_H = 84.0, 28.0


def still(view: Still, context: Context) -> Screen:
    """No clock: it would stand still, and the picture must be the same whenever it is shown."""
    phrase = "returning_money" if view.returning_money else ""
    page = Page("still", _bare(view.frame), context, phrase=phrase)
    page.head(clock=False)
    page.title("still.returning" if view.returning_money else "still.title")
    page.lead("still.returning_lead" if view.returning_money else "still.lead", max_lines=3)
    page.picture("change_out" if view.returning_money else "hourglass", share=0.62)
    return page.finish()


def _bare(frame: Frame) -> Frame:
    return Frame(frame.language, frame.city_name, frame.machine_title, frame.moment)


def idle(view: Idle, context: Context) -> Screen:
    page = Page("idle", view.frame, context, phrase="idle")
    page.head()
    page.title("idle.title")
    both = len(view.cards) > 1
    page.lead("idle.lead_both" if both else "idle.lead_juki" if view.cards == ("juki",) else "idle.lead")
    _languages(page, view.frame)
    _chips(page, view)
    if view.caution:
        _note(page, "idle.caution", view.caution)
    if view.offers:
        _prices(page, view)
    page.picture("card_in", top_gap=9, bottom_gap=9)
    return page.finish()


def _languages(page: Page, frame: Frame) -> None:
    """The other languages, each by its name in its own script, at the bottom of the first screen."""
    others = [tag for tag in frame.languages if tag != frame.language]
    if not others:
        return
    width = min(LANGUAGE_W, (page.inner - GAP * (len(others) - 1)) / len(others))
    top = page.floor - LANGUAGE_H
    for index, tag in enumerate(others):
        rect = Rect(page.w - MARGIN - (index + 1) * width - index * GAP, top, width, LANGUAGE_H)
        page.add(page.button(f"language-{tag}", rect, LanguageChosen(tag), f"language.{tag}"))
    page.floor = top - GAP


def _chips(page: Page, view: Idle) -> None:
    """Bottom row: the camera's sign (only while it is true) and until when the machine is open today."""
    top = page.floor - CHIP_H
    used = False
    if view.camera_on and view.camera_notice:
        width = min(page.width(view.camera_notice, theme.CAPTION) + 26, page.inner * 0.62)
        chip = Rect(MARGIN, top, width, CHIP_H)
        page.add(Box(chip, fill="card", border="line", border_mm=BORDER, radius=CHIP_H / 2))
        page.add(Picture("camera_lamp", Rect(chip.x + 7, top + CHIP_H / 2 - 3, 6, 6), "card"))
        page.text(
            "idle.camera",
            Rect(chip.x + 17, top, width - 24, CHIP_H),
            theme.CAPTION,
            view.camera_notice,
            middle=True,
            ground="card",
        )
        used = True
    if view.closes_at is not None:
        words = page.words.get("idle.closes", time=page.time(view.closes_at))
        width = page.width(words, theme.CAPTION) + 16
        chip = Rect(page.w - MARGIN - width, top, width, CHIP_H)
        page.add(Box(chip, fill="card", border="line", border_mm=BORDER, radius=CHIP_H / 2))
        page.text("idle.closes", chip.inset(4), theme.CAPTION, words, middle=True, align=Align.CENTRE, ground="card")
        used = True
    if used:
        page.floor = top - 9


def _prices(page: Page, view: Idle) -> None:
    height = ROW_H * len(view.offers) + 24
    box = Rect(MARGIN, page.floor - height, page.inner, height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    page.text(
        "idle.fees",
        Rect(box.x + 11, box.y + 6, box.w - 22, 13),
        theme.CAPTION,
        middle=True,
        ground="card",
        colour="soft",
        align=Align.RIGHT,
    )
    for index, offer in enumerate(view.offers):
        row = Rect(box.x + 11, box.y + 19 + index * ROW_H, box.w - 22, ROW_H)
        value = page.yen(offer.fee_yen) if offer.available else page.words.get("idle.unavailable")
        page.text(
            f"offer.{offer.kind}",
            Rect(row.x, row.y, row.w * 0.72, ROW_H),
            theme.BODY,
            offer.name,
            middle=True,
            ground="card",
            colour="ink" if offer.available else "soft",
        )
        page.text(
            f"offer.{offer.kind}.fee",
            Rect(row.x + row.w * 0.72, row.y, row.w * 0.28, ROW_H),
            theme.STRONG,
            value,
            middle=True,
            ground="card",
            align=Align.RIGHT,
            colour="ink" if offer.available else "soft",
            em=10.6,
        )
    page.floor = box.y


def _note(page: Page, text_id: str, words: str) -> None:
    """What the municipality wants to be known beforehand, in a tinted box."""
    letter = theme.CAPTION
    text = page.set_text(text_id, words, Rect(0, 0, page.inner - 20, 60), letter, max_lines=3)
    height = text.rect.h + 12
    box = Rect(MARGIN, page.floor - height, page.inner, height)
    page.add(Box(box, fill="yama_tint", border="yama", border_mm=BORDER))
    page.text(
        text_id,
        Rect(box.x + 10, box.y, box.w - 20, height),
        letter,
        words,
        max_lines=3,
        middle=True,
        ground="yama_tint",
    )
    page.floor = box.y - GAP


def badge(page: Page, text_id: str) -> None:
    """A short word above the title that says where one is."""
    words = page.words.get(text_id)
    width = page.width(words, theme.CAPTION, em=9.4) + 18
    page.y += 16
    box = Rect(MARGIN, page.y, width, 19)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER, radius=9.5))
    page.text(text_id, box.inset(4), theme.CAPTION, em=9.4, middle=True, align=Align.CENTRE, ground="card")
    page.y = box.bottom


def closed(view: Closed, context: Context) -> Screen:
    page = Page("closed", view.frame, context, phrase="closed")
    page.head()
    badge(page, "closed.badge")
    text_id, words = page.words.first(
        f"closed.{view.reason}", "closed.after_hours", weekday=page.weekday(view.frame.moment)
    )
    page.title(text_id, words=words, gap=14)
    if view.detail and view.reason in {"holiday", "exception"}:
        page.lead("closed.detail", words=page.words.get("closed.detail", detail=view.detail))
    page.y += 12
    if view.next_opening is not None:
        page.lead("closed.next", colour="ink", letter=theme.STRONG)
        moment = view.next_opening
        words = page.words.get("closed.next_moment", day=page.day(moment), time=page.time(moment))
        text = page.text("closed.next_moment", Rect(MARGIN, page.y + 5, page.inner, 30), theme.TITLE, words)
        page.y = text.rect.bottom
    else:
        page.lead("closed.no_next", colour="ink")
    alternatives(page, view.alternatives)
    page.picture("closed_sign", share=0.8)
    return page.finish()


def out_of_service(view: OutOfService, context: Context) -> Screen:
    page = Page("out_of_service", view.frame, context, phrase="out_of_service")
    page.head()
    badge(page, "out.badge")
    page.title("out.title", gap=14)
    text_id, words = page.words.first(f"out.{view.reason}", "out.other")
    page.lead(text_id, words=words, colour="ink", gap=9)
    if view.reason != "staff":
        page.lead("out.counter", max_lines=3)
    alternatives(page, view.alternatives)
    if view.contact:
        ask_box(page, view.contact)
    page.picture("out_sign", share=0.8)
    return page.finish()


def ask_box(page: Page, contact: str) -> None:
    """Whom to ask, always the same box near the bottom."""
    box = Rect(MARGIN, page.floor - 36, page.inner, 36)
    page.add(Box(box, fill="ai_tint", border="ai", border_mm=BORDER))
    page.text(
        "common.ask",
        Rect(box.x + 11, box.y, 50, box.h),
        theme.BODY,
        middle=True,
        ground="ai_tint",
        colour="ai_deep",
    )
    page.text(
        "contact",
        Rect(box.x + 64, box.y, box.w - 75, box.h),
        theme.STRONG,
        contact,
        max_lines=2,
        middle=True,
        ground="ai_tint",
    )
    page.floor = box.y - GAP


def alternatives(page: Page, places: tuple[str, ...], keep: float = 12.0) -> None:
    """Where else certificates can be had, as the profile writes it: as many places as there is room for.

    keep: millimetres that must stay free above the box.
    """
    width = page.inner - 22
    shown: list[Text] = []
    height = 31.0
    for index, words in enumerate(places):
        rect = Rect(MARGIN + 11, 0, width, 100)
        text = page.set_text(f"alternative.{index}", words, rect, theme.BODY, max_lines=5, ground="card", em=9.6)
        if height + text.rect.h + 7 > page.floor - page.y - keep:
            break
        shown.append(text)
        height += text.rect.h + 7
    if not shown:
        return
    box = Rect(MARGIN, page.floor - height, page.inner, height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    title = Rect(box.x + 11, box.y + 10, width, 12)
    page.text("common.alternatives", title, theme.STRONG, em=10.2, ground="card")
    y = box.y + 27
    for text in shown:
        page.add(replace(text, rect=Rect(text.rect.x, y, width, text.rect.h)))
        y += text.rect.h + 7
    page.floor = box.y - GAP
