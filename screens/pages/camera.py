"""The camera and its recorder, as staff see them: what it shows now, what is wrong and what to do, what is stored."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from kiosk.events import TaskChosen
from kiosk.view_model import StaffCamera, StaffRecorder
from screens import theme
from screens.columns import GAP, Column
from screens.elements import Align, Box, Photo, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.pages.staff_sign_in import finish, staff_page
from screens.paper import BORDER
from screens.typeset import Context

TASK_H: Final = 34.0
SHAPE: Final = 9 / 16
"""Of the place for the picture; another one stands in its middle."""
CAPTION_H: Final = 13.0
ABOVE: Final = 6.0
STOPS: Final = frozenset({"lost", "hung", "disk", "full", "refusing", "test"})
"""Faults with which nothing is recorded; with the others it is not armed because the machine is closed."""


def camera(view: StaffCamera, context: Context) -> Screen:
    page = staff_page("staff_camera", view.frame, context, share=0.56)
    page.foot()
    _tasks(page, view.tasks)
    page.title("staff.camera.title", gap=6 if page.tight else 11)
    _picture(page, view)
    _state(page, view)
    return finish(page)


def above(page: Page) -> float:
    """Between two boxes."""
    return 4.0 if page.tight else ABOVE


def _tasks(page: Page, tasks: tuple[str, ...]) -> None:
    if not tasks:
        return
    band = page.touch.take_bottom(TASK_H)
    width = (band.w - GAP * (len(tasks) - 1)) / len(tasks)
    for index, task in enumerate(tasks):
        rect = Rect(band.x + index * (width + GAP), band.y, width, band.h)
        label, words = page.words.first(f"staff.task.{task}", "staff.task.other")
        page.add(page.button(f"task-{task}", rect, TaskChosen(task), label, words=words, style="key"))


def _picture(page: Page, view: StaffCamera) -> None:
    """The picture, and below it when it was taken; or why there is none."""
    at = page.touch if page.wide else page.read
    top = at.y + (11 if page.wide else 7)
    height = min(at.w * SHAPE, at.floor - top - CAPTION_H - 8)
    place = Rect(at.x, top, at.w, height)
    page.add(Box(place, fill="ink" if view.picture else "foot", border="ink" if view.picture else "soft", radius=2.0))
    if view.picture:
        page.add(Photo(view.picture, place.inset(BORDER)))
    else:
        text_id, words = page.words.first(f"staff.camera.none.{view.why or 'waiting'}", "staff.camera.none.other")
        page.text(
            text_id, place.inset(10), theme.STRONG, words, max_lines=2, middle=True, align=Align.CENTRE,
            colour="soft", ground="foot",
        )  # fmt: skip
    at.y = place.bottom
    if view.picture and view.taken is not None:
        _taken(page, view, at)


def _taken(page: Page, view: StaffCamera, at: Column) -> None:
    """「いま」 or how long ago, in words and colour; and the time to the second."""
    assert view.taken is not None
    text_id, fill, colour = ("now", "wakatake", "card") if not view.old_s else ("old", "yama_tint", "ink")
    words = page.words.get(f"staff.camera.{text_id}", s=view.old_s)
    chip = Rect(at.x, at.y + 5, page.width(words, theme.CAPTION, em=9.4) + 12, CAPTION_H)
    border = "" if not view.old_s else "yama"
    page.add(Box(chip, fill=fill, border=border, border_mm=BORDER, radius=CAPTION_H / 2))
    page.text(
        f"staff.camera.{text_id}", chip.inset(1), theme.CAPTION, words, middle=True, align=Align.CENTRE,
        colour=colour, ground=fill, em=9.4,
    )  # fmt: skip
    time = f"{page.dates.time(view.taken)}:{view.taken.second:02}"
    moment = time if page.tight else f"{page.dates.day(view.taken)} {time}"
    taken = page.words.get("staff.camera.taken", moment=moment)
    room = Rect(chip.right + 6, chip.y, at.right - chip.right - 6, chip.h)
    page.text("staff.camera.taken", room, theme.CAPTION, taken, middle=True, em=9.4)
    at.y = chip.bottom


def _state(page: Page, view: StaffCamera) -> None:
    """Whether somebody who steps in front is recorded, and the gravest of what is wrong."""
    column = page.read
    if not view.known:
        if view.why in {"silent", "refused"}:
            _banner(page, column, "staff.camera.unknown", "shu_tint", "shu")
            _alarm(page, column, view.why)
        return
    _recording(page, view)
    if not view.faults:
        page.lead("staff.camera.not_kept", max_lines=3, if_room=True)
        return
    more = len(view.faults) - 1
    low = page.size(theme.CAPTION, 9.4) + 5 if more else 0.0
    _alarm(page, column, view.faults[0], low=low)
    if more:
        words = page.words.get("staff.camera.more", count=more)
        rect = Rect(column.x, column.y + 4, column.w, low)
        page.text("staff.camera.more", rect, theme.CAPTION, words, em=9.4)


def _recording(page: Page, view: StaffCamera | StaffRecorder) -> None:
    if view.recording:
        _banner(page, page.read, "staff.camera.recording", "wakatake_tint", "wakatake")
    elif view.armed:
        _banner(page, page.read, "staff.camera.armed", "wakatake_tint", "wakatake")
    elif STOPS & set(view.faults):
        _banner(page, page.read, "staff.camera.off", "shu_tint", "shu")
    else:
        _banner(page, page.read, "staff.camera.shut", "card", "soft", colour="ink")


def _banner(page: Page, column: Column, text_id: str, fill: str, edge: str, colour: str = "") -> None:
    top = column.y + above(page)
    room = Rect(column.x + 9, top + 7, column.w - 18, 40)
    text = page.set_text(text_id, page.words.get(text_id), room, theme.STRONG, max_lines=page.lines(1),
                         colour=colour or edge, ground=fill)  # fmt: skip
    box = Rect(column.x, top, column.w, text.rect.bottom + 7 - top)
    page.add(Box(box, fill=fill, border=edge, border_mm=1.2), text)
    column.y = box.bottom


def _alarm(page: Page, column: Column, word: str, *, low: float = 0.0) -> None:
    """What is wrong in a box, and what to do if there is room for it. low: height that must stay free below."""
    texts, height = _told(page, column.w, word)
    if height > column.room - ABOVE - low:
        texts, height = _told(page, column.w, word, briefly=True)
    _put(page, Rect(column.x, column.y + ABOVE, column.w, height), texts)
    column.y += ABOVE + height


def _told(page: Page, width: float, word: str, *, briefly: bool = False) -> tuple[list[Text], float]:
    """What it is, and what to do, as texts in a box whose corner is at 0, 0; and the height of the box."""
    what_id, what = page.words.first(f"staff.alarm.{word}.what", "staff.alarm.other.what")
    do_id, do = page.words.first(f"staff.alarm.{word}.do", "staff.alarm.other.do")
    room = Rect(8, 6, width - 16, 90)
    lines = page.lines(2)
    texts = [page.set_text(what_id, what, room, theme.STRONG, max_lines=lines, colour="shu", ground="shu_tint", em=10)]
    if not briefly:
        below = replace(room, y=texts[0].rect.bottom + 4)
        texts.append(page.set_text(do_id, do, below, theme.BODY, max_lines=lines + 1, ground="shu_tint", em=9.0))
    return texts, texts[-1].rect.bottom + 7


def _put(page: Page, rect: Rect, texts: list[Text]) -> None:
    page.add(Box(rect, fill="shu_tint", border="shu", border_mm=BORDER))
    page.add(*(replace(one, rect=replace(one.rect, x=one.rect.x + rect.x, y=one.rect.y + rect.y)) for one in texts))


# ---- how the recorder is ---------------------------------------------------------------------------------


def recorder(view: StaffRecorder, context: Context) -> Screen:
    """What is stored, what is foreseen, and each thing that is wrong: what it is and what to do."""
    page = staff_page("staff_recorder", view.frame, context, share=0.56)
    page.foot()
    page.title("staff.recorder.title", gap=6 if page.tight else 11)
    if not view.known:
        if view.why in {"silent", "refused"}:
            _banner(page, page.read, "staff.camera.unknown", "shu_tint", "shu")
            _alarm(page, page.read, view.why)
        else:
            page.lead("staff.recorder.waiting")
        return finish(page)
    if page.wide:
        page.touch.y += ABOVE
    _recording(page, view)
    _stored(page, view)
    _foreseen(page, view.outlook)
    if not view.faults:
        _banner(page, page.touch, "staff.recorder.well", "wakatake_tint", "wakatake")
        return finish(page)
    told = [_told(page, page.touch.w, word) for word in view.faults]
    tall = max(height for _, height in told)
    leaf = leaves.lay(page, len(told), smallest=tall, largest=tall, words="staff")
    # They are read, not touched: a list that fits stands below what is read.
    up = leaf.places[0][1].y - page.touch.y - leaves.ABOVE
    for index, rect in leaf.places:
        _put(page, replace(rect, y=rect.y - up), told[index][0])
    return finish(page, leaf.parts)


def _stored(page: Page, view: StaffRecorder) -> None:
    """How many hours, and how old the oldest is."""
    column = page.read
    top, inner = column.y + above(page), column.w - 18
    pitch = page.size(theme.STRONG, 10.2) + 5
    box = Rect(column.x, top, column.w, 2 * pitch + 9)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    told = (
        ("footage", _hours(page, view.footage_h)),
        ("oldest", _age(page, view.oldest_h, nothing=view.footage_h is not None)),
    )
    for row, (name, words) in enumerate(told):
        text_id = f"staff.recorder.{name}"
        label = page.words.get(text_id)
        line = Rect(box.x + 9, top + 4.5 + row * pitch, inner, pitch)
        split = page.width(label, theme.BODY, em=9.4) + 3
        page.text(text_id, replace(line, w=split), theme.BODY, label, middle=True, ground="card", em=9.4)
        right = Rect(line.x + split, line.y, inner - split, pitch)
        page.text(f"{text_id}_value", right, theme.STRONG, words, middle=True, align=Align.RIGHT, ground="card",
                  em=10.2)  # fmt: skip
    column.y = box.bottom


def _foreseen(page: Page, outlook: str) -> None:
    """The recorder's own sentence about the time to come; on a small panel without its figures."""
    column = page.touch
    words = outlook or page.words.get("staff.recorder.no_outlook")
    if page.tight:
        words = re.sub("（[^）]*）", "", words)
    top = column.y + ABOVE
    room = Rect(column.x + 9, top + 6, column.w - 18, 90)
    text = page.set_text("staff.recorder.outlook", words, room, theme.CAPTION, max_lines=5, ground="card", em=9.0)
    box = Rect(column.x, top, column.w, text.rect.bottom + 6 - top)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER), text)
    column.y = box.bottom


def _hours(page: Page, hours: float | None) -> str:
    if hours is None:
        return page.words.get("staff.recorder.not_known")
    return page.words.get("staff.recorder.hours", hours=f"{hours:,.1f}" if hours < 100 else f"{hours:,.0f}")


def _age(page: Page, hours: float | None, *, nothing: bool) -> str:
    """nothing: it is known that there is none yet."""
    if hours is None:
        return page.words.get("staff.recorder.none_yet" if nothing else "staff.recorder.not_known")
    if hours < 48:
        return page.words.get("staff.recorder.hours_ago", hours=f"{hours:.0f}")
    return page.words.get("staff.recorder.days_ago", days=f"{hours / 24:,.0f}")
