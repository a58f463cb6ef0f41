"""The key of the recorder's case, as staff see it: where it is, who used it, and whether the book holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from kiosk.view_model import KeyLine, StaffKeys
from screens import theme
from screens.elements import Align, Box, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.pages.camera import ABOVE, above
from screens.pages.staff_sign_in import finish, staff_page
from screens.paper import BORDER
from screens.typeset import Context

LINE_H: Final = 46.0
SMALLEST_LINE_H: Final = 38.0


def keys(view: StaffKeys, context: Context) -> Screen:
    page = staff_page("staff_keys", view.frame, context, share=0.6)
    page.foot()
    page.title("staff.keys.title", gap=6 if page.tight else 11)
    if view.why:
        text_id, words = page.words.first(f"staff.keys.none.{view.why}", "staff.keys.none.other")
        page.lead(text_id, words=words, max_lines=3, colour="ink")
        return finish(page)
    if page.wide:
        page.touch.y += ABOVE
    _where(page, view)
    if view.rows or view.verdict:
        _chain(page, view)
    if not view.lines:
        page.lead("staff.keys.empty")
        return finish(page)
    tall = 4 * _pitch(page) + 9 if page.tight else SMALLEST_LINE_H
    leaf = leaves.lay(page, len(view.lines), smallest=tall, largest=max(tall, LINE_H), words="staff")
    # They are read, not touched: a list that fits stands below what is read.
    up = leaf.places[0][1].y - page.touch.y - leaves.ABOVE
    for index, rect in leaf.places:
        _line(page, replace(rect, y=rect.y - up), index + 1, view.lines[index])
    return finish(page, leaf.parts)


def _pitch(page: Page) -> float:
    return page.size(theme.CAPTION) + 2.5


def _where(page: Page, view: StaffKeys) -> None:
    """Who has it, since when; where it belongs, or is."""
    column = page.read
    top = column.y + above(page)
    fill, edge = ("yama_tint", "yama") if view.holder else ("card", "line")
    room = Rect(column.x + 9, top + 7, column.w - 18, 60)
    below = room.y
    texts: list[Text] = []
    if view.holder:
        assert view.since is not None
        label = page.set_text("staff.keys.with", page.words.get("staff.keys.with"), room, theme.CAPTION, ground=fill)
        name_room = Rect(room.x, label.rect.bottom + 2, room.w, page.size(theme.STRONG) * page.lines(1) * 1.35)
        name = leaves.name(page, "staff.keys.holder", view.holder, name_room, theme.STRONG, ground=fill)
        today = view.since.date() == view.frame.moment.date()
        when = page.dates.time(view.since) if today and page.tight else _moment(page, view.since)
        since = page.words.get("staff.keys.since", when=when)
        from_room = Rect(room.x, name_room.bottom + 2, room.w, 20)
        texts = [label, name, page.set_text("staff.keys.since", since, from_room, theme.CAPTION, ground=fill)]
        below = texts[-1].rect.bottom + 4
    if not view.holder or not page.wide:
        place_id = "staff.keys.belongs" if view.holder else "staff.keys.there"
        letter = theme.CAPTION if view.holder else theme.STRONG
        place = page.words.get(place_id, place=view.place)
        texts.append(page.set_text(place_id, place, Rect(room.x, below, room.w, 60), letter, max_lines=page.lines(1),
                                   ground=fill))  # fmt: skip
    box = Rect(column.x, top, column.w, texts[-1].rect.bottom + 7 - top)
    page.add(Box(box, fill=fill, border=edge, border_mm=BORDER), *texts)
    column.y = box.bottom


def _chain(page: Page, view: StaffKeys) -> None:
    """Whether a row was tampered with, and which; and where the key belongs, if that found no room above."""
    column = page.touch
    fill, edge = ("shu_tint", "shu") if view.verdict else ("wakatake_tint", "wakatake")
    text_id = "staff.keys.verdict" if view.verdict else "staff.keys.holds"
    words = view.verdict or page.words.get("staff.keys.holds", rows=view.rows)
    if view.holder and page.wide:
        words = page.words.get("staff.keys.belongs", place=view.place) + words
    top = column.y + above(page)
    room = Rect(column.x + 9, top + 6, column.w - 18, 80)
    text = page.set_text(text_id, words, room, theme.BODY, max_lines=4, colour=edge, ground=fill, em=9.2)
    box = Rect(column.x, top, column.w, text.rect.bottom + 6 - top)
    page.add(Box(box, fill=fill, border=edge, border_mm=1.2), text)
    column.y = box.bottom


def _line(page: Page, rect: Rect, number: int, line: KeyLine) -> None:
    """When, who and what for; below, when the case was open, or what is wrong with the row.

    Times at the left of names; on a small panel above them.
    """
    fill, edge = ("yama_tint", "yama") if line.alarm else ("card", "line")
    if line.bad is not None:
        fill, edge = "shu_tint", "shu"
    page.add(Box(rect, fill=fill, border=edge, border_mm=BORDER))
    room = Rect(rect.x + 7, rect.y + 3, rect.w - 14, rect.h - 6)
    row_h = room.h / (4 if page.tight else 3)
    left = room.w * (0.56 if page.tight else 0.4)

    def row(number: int) -> Rect:
        return Rect(room.x, room.y + number * row_h, room.w, row_h)

    def text(name: str, words: str, place: Rect, letter: theme.Letter = theme.CAPTION, **options: Any) -> None:
        page.text(f"staff.keys.{number}.{name}", place, letter, words, middle=True, ground=fill, **options)

    def cut(name: str, words: str, place: Rect, letter: theme.Letter, **options: Any) -> None:
        page.add(leaves.name(page, f"staff.keys.{number}.{name}", words, place, letter, ground=fill, **options))

    out, back, who, what = row(0), row(1), row(0), row(1)
    if page.tight:
        back = Rect(room.x + left, room.y, room.w - left, row_h)
        who, what = row(1), row(2)
        out = replace(out, w=left - 2)
    else:
        out, back = replace(out, w=left), replace(back, w=left)
        who, what = (Rect(room.x + left + 4, one.y, room.w - left - 4, row_h) for one in (who, what))
    text("out", _moment(page, line.out), out)
    text("back", _back(page, line), back, colour="ink" if line.back else "shu",
         align=Align.RIGHT if page.tight else Align.LEFT)  # fmt: skip
    if line.alarm:
        text("who", page.words.get("staff.keys.alarm"), who, theme.STRONG, em=9.4)
        if line.seen_by:
            cut("seen", page.words.get("staff.keys.seen", name=line.seen_by), what, theme.CAPTION)
        else:
            text("seen", page.words.get("staff.keys.unseen"), what, colour="shu")
    else:
        cut("who", line.holder, who, theme.STRONG, em=9.4)
        cut("for", line.purpose, what, theme.CAPTION)
    last = row(3 if page.tight else 2)
    if line.bad is not None:
        text("bad", page.words.get("staff.keys.bad", row=line.bad), last, colour="shu")
    elif not line.alarm:
        text("case", _case(page, line), last, colour="soft")


def _moment(page: Page, instant: datetime) -> str:
    return page.words.get("staff.keys.moment", day=page.dates.short_day(instant), time=page.dates.time(instant))


def _back(page: Page, line: KeyLine) -> str:
    if line.back is None:
        return page.words.get("staff.keys.still_open" if line.alarm else "staff.keys.not_back")
    when = page.dates.time(line.back)
    if line.back.date() != line.out.date():
        when = page.words.get("staff.keys.other_day", month=line.back.month, day=line.back.day, time=when)
    return page.words.get("staff.keys.closed" if line.alarm else "staff.keys.back", when=when)


def _case(page: Page, line: KeyLine) -> str:
    """The last time at which the case was open in this use."""
    if not line.opened:
        return page.words.get("staff.keys.case_shut")
    first, last = line.opened[-1]
    if last is None:
        words = page.words.get("staff.keys.case_open", first=page.dates.time(first))
    else:
        words = page.words.get("staff.keys.case", first=page.dates.time(first), last=page.dates.time(last))
    if len(line.opened) > 1:
        words += page.words.get("staff.keys.case_more", count=len(line.opened) - 1)
    return words
