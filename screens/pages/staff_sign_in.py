"""Staff before the machine: the look of their pages, and signing in. Japanese only."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import StaffChosen
from kiosk.view_model import Frame, StaffName, StaffSignIn
from screens import theme
from screens.elements import Align, Box, Button, Rect, Screen
from screens.page import Page
from screens.pages import leaves
from screens.pages.card import STAFF_DIGITS, dots, keys
from screens.paper import BORDER
from screens.typeset import Context

LANGUAGE: Final = "ja"
GROUND: Final = "foot"
BAR_H: Final = 5.0
POST_H: Final = 10.0
MOST_NAMES: Final = 12


def staff_page(screen_id: str, frame: Frame, context: Context, share: float) -> Page:
    """Another look at a glance: dark head with a banner, bar of colour, grey ground; no progress, no language."""
    page = Page(screen_id, replace(frame, language=LANGUAGE, step=0, steps=0), context, ground=GROUND, share=share,
                read_out=False)  # fmt: skip
    height, margin = page.measures.head, page.margin
    page.add(Box(Rect(0, 0, page.w, height), fill="ink", radius=0))
    page.add(Box(Rect(0, height, page.w, BAR_H), fill="yama", radius=0))
    words, letter = page.words.get("staff.banner"), theme.STRONG if page.wide else theme.MAIN_BUTTON
    banner = Rect(margin, height * 0.17, page.width(words, letter) + 18, height * 0.66)
    page.add(Box(banner, fill="yama", radius=4))
    page.text("staff.banner", banner.inset(0.5), letter, words, middle=True, align=Align.CENTRE, ground="yama")
    moment = page.dates.moment(frame.moment)
    moment_w = page.width(moment, theme.CAPTION) + 1
    clock = Rect(page.w - margin - moment_w, 0, moment_w, height)
    page.text("head.moment", clock, theme.CAPTION, moment, middle=True, align=Align.RIGHT, colour="card", ground="ink")
    name = f"{frame.city_name}　{frame.machine_title}".strip()
    if name:
        rect = Rect(banner.right + 8, 0, clock.x - banner.right - 16, height)
        page.text("head.machine", rect, theme.CAPTION, name, max_lines=2, middle=True, colour="card", ground="ink")
    page.read.y = page.touch.y = height + BAR_H
    return page


def finish(page: Page, parts: int = 1) -> Screen:
    return replace(page.finish(), parts=parts)


def person(page: Page, text_id: str, words: str) -> None:
    """Who it is about, under the title; the name stays out of every list of texts."""
    column = page.read
    rect = Rect(column.x, column.y + 5, column.w, 40)
    text = page.text(text_id, rect, theme.LEAD, words, max_lines=page.lines(2), private=True)
    column.y = text.rect.bottom + 3


def sign_in(view: StaffSignIn, context: Context) -> Screen:
    """First who, then the number; before anybody has been entered, how to do that."""
    chosen = next((one for one in view.staff if one.staff == view.chosen), None)
    page = staff_page("staff_sign_in", view.frame, context, share=0.62 if chosen is None else 0.5)
    if view.nobody or not view.staff:
        return _nobody(page)
    return _names(page, view) if chosen is None else _number(page, view, chosen)


def _nobody(page: Page) -> Screen:
    page.title("staff.nobody")
    page.lead("staff.nobody_lead", max_lines=3, colour="ink")
    column = page.touch
    box = Rect(column.x, column.y + 10, column.w, 34)
    page.add(Box(box, fill="card", border="soft", border_mm=BORDER))
    page.text("staff.command", box.inset(5), theme.STRONG, max_lines=2, middle=True, align=Align.CENTRE, ground="card")
    column.y = box.bottom
    page.lead("staff.key", max_lines=2)
    return finish(page)


def _names(page: Page, view: StaffSignIn) -> Screen:
    page.title("staff.who")
    page.lead("staff.key", max_lines=2)
    smallest = 38.0 if page.wide else 31.5
    leaf = leaves.lay(page, len(view.staff), smallest=smallest, largest=40.0, words="staff", across=2, most=MOST_NAMES)
    for index, rect in leaf.places:
        page.add(_one(page, rect, index + 1, view.staff[index]))
    return finish(page, leaf.parts)


def _one(page: Page, rect: Rect, number: int, one: StaffName) -> Button:
    inner = Rect(rect.x + 7, rect.y + 3, rect.w - 14, rect.h - 6)
    post_id, post = page.words.first(f"staff.post.{one.post}", "staff.post.other")
    room = Rect(inner.x, inner.y, inner.w, inner.h - POST_H)
    name = leaves.name(page, f"staff.{number}.name", one.name, room, theme.STRONG, ground="card", colour="ai_deep")
    under = page.set_text(
        post_id, post, Rect(inner.x, inner.bottom - POST_H, inner.w, POST_H), theme.CAPTION, middle=True,
        colour="soft", ground="card", em=7.6,
    )  # fmt: skip
    box = Box(rect, fill="card", border="ai", border_mm=BORDER)
    return Button(f"staff-{number}", rect, StaffChosen(one.staff), box, (name, under))


def _number(page: Page, view: StaffSignIn, one: StaffName) -> Screen:
    """Six digits of the one chosen: how many are typed, never which."""
    page.foot(extra=None if view.frame.back else ("back", "staff.another", StaffChosen("")))
    locked = view.locked_s > 0
    if locked:
        page.title("staff.locked")
        person(page, "staff.whose", page.words.get("staff.whose", name=one.name))
        return _locked(page, view.locked_s)
    keys(page, view.digits == STAFF_DIGITS)
    words = page.words.get("staff.typed", digits=view.digits, length=STAFF_DIGITS)
    with dots(page, view.digits, STAFF_DIGITS, "staff.typed", words):
        page.title("staff.number_wrong" if view.refused else "staff.number")
        person(page, "staff.whose", page.words.get("staff.whose", name=one.name))
    return finish(page)


def _locked(page: Page, seconds: int) -> Screen:
    """No pad while nothing typed would count."""
    page.lead("staff.locked_lead", max_lines=3, colour="ink")
    minutes, rest = divmod(seconds, 60)
    words = page.words.get("staff.locked_minutes" if minutes else "staff.locked_seconds", m=minutes, s=rest)
    column = page.touch
    box = Rect(column.x, column.y + 12, column.w, 56)
    page.add(Box(box, fill="yama_tint", border="yama", border_mm=1.4))
    page.text(
        "staff.locked_left", box.inset(8), theme.TITLE, words, middle=True, align=Align.CENTRE, ground="yama_tint"
    )
    column.y = box.bottom
    page.picture("hourglass", share=0.6, column=column)
    return finish(page)
