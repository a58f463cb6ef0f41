"""What staff do once they are signed in: look at the parts, reopen a stopped line, book things left behind."""

from __future__ import annotations

from typing import Final

from kiosk.events import FoundHandled, NextPressed, ReasonChosen, TaskChosen
from kiosk.view_model import FoundEntry, StaffFound, StaffMenu, StaffReopen
from screens import theme
from screens.columns import GAP
from screens.elements import Align, Box, Button, Picture, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.pages.staff_sign_in import finish, person, staff_page
from screens.paper import BORDER
from screens.typeset import Context

TASK_H: Final = 38.0
WIDE_TASK_H: Final = 34.0
ANSWER_H: Final = 32.0
PART_H: Final = 20.0
BECAME: Final = ("handed_back", "at_counter", "nothing_there")


def menu(view: StaffMenu, context: Context) -> Screen:
    page = staff_page("staff_menu", view.frame, context, share=0.58)
    _tasks(page, view)
    page.title("staff.menu", gap=11)
    post = page.words.first(f"staff.post.{view.post}", "staff.post.other")[1]
    person(page, "staff.signed_in", page.words.get("staff.signed_in", name=view.name, post=post))
    _line(page, view)
    _parts(page, view.parts)
    return finish(page)


def _tasks(page: Page, view: StaffMenu) -> None:
    """Signing off lowest, the others above it; on a panel that lies all in one row, or it at the left of many."""
    others = [task for task in view.tasks if task != "sign_off"]
    last = [task for task in view.tasks if task == "sign_off"]
    rows = [others + last] if page.wide else [others, last]
    if page.wide and len(others) > 2 and last:
        page.foot(extra=("sign-off", "staff.task.sign_off", TaskChosen("sign_off")))
        rows = [others]
    else:
        page.foot()
    for tasks in reversed([row for row in rows if row]):
        band = page.touch.take_bottom(WIDE_TASK_H if page.wide else TASK_H)
        width = (band.w - GAP * (len(tasks) - 1)) / len(tasks)
        for index, task in enumerate(tasks):
            rect = Rect(band.x + index * (width + GAP), band.y, width, band.h)
            label, words = page.words.first(f"staff.task.{task}", "staff.task.other", count=view.found)
            button_id = "sign-off" if task == "sign_off" else f"task-{task}"
            style = "plain" if task == "sign_off" else "key"
            page.add(page.button(button_id, rect, TaskChosen(task), label, words=words, style=style))


def why_stopped(page: Page, stopped: str) -> tuple[str, str]:
    """Id and words of the reason; one with a detail (`erase_failed_reader`) is told without it."""
    pieces = stopped.split("_")
    ids = [f"staff.stopped.{'_'.join(pieces[:end])}" for end in range(len(pieces), 0, -1)]
    return page.words.first(*ids, "staff.stopped.other")


def _line(page: Page, view: StaffMenu) -> None:
    """Whether certificates can be issued, and if not, why."""
    if view.stopped:
        _banner(page, "staff.line_stopped", why_stopped(page, view.stopped), "shu_tint", "shu", "shu")
    elif any(reason for _, reason in view.parts):
        why = ("staff.line_faulty_why", page.words.get("staff.line_faulty_why"))
        _banner(page, "staff.line_faulty", why, "yama_tint", "yama", "ink")
    else:
        _banner(page, "staff.line_runs", None, "wakatake_tint", "wakatake", "wakatake")


def _banner(page: Page, title: str, why: tuple[str, str] | None, fill: str, edge: str, colour: str) -> None:
    column = page.read
    top = column.y + 5
    room = Rect(column.x + 10, top + 8, column.w - 20, 40)
    lines: list[Text] = []
    if title:
        lines.append(
            page.set_text(
                title, page.words.get(title), room, theme.STRONG, max_lines=page.lines(1), colour=colour, ground=fill
            )
        )
    if why is not None:
        below = Rect(room.x, lines[0].rect.bottom + 6 if lines else room.y, room.w, 60)
        lines.append(page.set_text(why[0], why[1], below, theme.BODY, max_lines=page.lines(2), ground=fill, em=9.2))
    box = Rect(column.x, top, column.w, lines[-1].rect.bottom + 8 - top)
    page.add(Box(box, fill=fill, border=edge, border_mm=1.2), *lines)
    column.y = box.bottom


def _parts(page: Page, parts: tuple[tuple[str, str], ...]) -> None:
    """Every part with 「正常」 or what is wrong with it."""
    if not parts:
        return
    free = page.touch.free(above=GAP)
    pitch = min(PART_H, (free.h - 6) / len(parts))
    box = Rect(free.x, free.y, free.w, len(parts) * pitch + 6)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    for index, (part, reason) in enumerate(parts):
        line = Rect(box.x + 10, box.y + 3 + index * pitch, box.w - 20, pitch)
        page.add(*_part(page, line, part, reason))
        if index + 1 < len(parts):
            page.add(Box(Rect(line.x, line.bottom - 0.2, line.w, 0.4), fill="line", radius=0))
    page.touch.y = box.bottom


def _part(page: Page, line: Rect, part: str, reason: str) -> tuple[Text, Text]:
    name_id, name = page.words.first(f"staff.part.{part}", "staff.part.other")
    state = reason or "ok"
    told = page.words.first(f"staff.fault.{part}.{state}", f"staff.fault.{state}", "staff.fault.other")[1]
    colour = "wakatake" if not reason else "soft" if reason == "starting" else "shu"
    split = page.width(name, theme.BODY, em=10.2) + 5
    left = Rect(line.x, line.y, split - 3, line.h)
    right = Rect(line.x + split, line.y, line.w - split, line.h)
    return (
        page.set_text(name_id, name, left, theme.BODY, middle=True, ground="card", em=10.2),
        page.set_text(
            f"staff.state.{part}", told, right, theme.STRONG, middle=True, align=Align.RIGHT, colour=colour,
            ground="card", em=10.2,
        ),
    )  # fmt: skip


def reopen(view: StaffReopen, context: Context) -> Screen:
    page = staff_page("staff_reopen", view.frame, context, share=0.56)
    page.foot()
    if view.chosen:
        page.main_button("next", NextPressed(), "staff.reopen_now")
    else:
        leaves.inert(page, page.touch.take_bottom(page.measures.main), "staff.reopen_now", theme.MAIN_BUTTON)
    page.title("staff.reopen", gap=11)
    _banner(page, "" if page.wide else "staff.line_stopped", why_stopped(page, view.stopped), "shu_tint", "shu", "shu")
    page.lead("staff.reopen_lead", colour="ink")
    across = 2 if page.wide else 1
    leaf = leaves.lay(page, len(view.reasons), smallest=31.0, largest=36.0, words="staff", across=across)
    for index, rect in leaf.places:
        page.add(_reason(page, rect, view.reasons[index], chosen=view.reasons[index] == view.chosen))
    return finish(page, leaf.parts)


def _reason(page: Page, rect: Rect, reason: str, *, chosen: bool) -> Button:
    """The state is told twice: tick and colour."""
    fill, border = ("ai_tint", "ai") if chosen else ("card", "soft")
    side = 12.0 if page.wide else 17.0
    tick = Rect(rect.x + side / 2, rect.y + (rect.h - side) / 2, side, side)
    text_id, words = page.words.first(f"staff.reason.{reason}", "staff.reason.other")
    room = Rect(tick.right + side / 2, rect.y + 2, rect.right - tick.right - side / 2 - 5, rect.h - 4)
    label = page.set_text(text_id, words, room, theme.STRONG, max_lines=3, middle=True, ground=fill, em=10.4)
    box = Box(rect, fill=fill, border=border, border_mm=1.4 if chosen else BORDER)
    picture = Picture("tick_on" if chosen else "tick_off", tick, fill)
    return Button(f"reason-{reason}", rect, ReasonChosen(reason), box, (picture, label))


def found(view: StaffFound, context: Context) -> Screen:
    page = staff_page("staff_found", view.frame, context, share=0.62)
    page.foot()
    page.title("staff.found", gap=11)
    page.lead("staff.found_lead" if view.entries else "staff.found_none", max_lines=2)
    leaf = leaves.lay(page, len(view.entries), smallest=68.0 if page.wide else 64.0, largest=70.0, words="staff")
    for index, rect in leaf.places:
        _entry(page, rect, index + 1, view.entries[index])
    return finish(page, leaf.parts)


def _entry(page: Page, rect: Rect, number: int, entry: FoundEntry) -> None:
    """What it is, since when, and what became of it."""
    page.add(Box(rect, fill="card", border="line", border_mm=BORDER))
    what_id, what = page.words.first(f"staff.what.{entry.what}", "staff.what.other")
    since = page.words.get("staff.since", day=page.dates.day(entry.since), time=page.dates.time(entry.since))
    top = Rect(rect.x + 10, rect.y + 3, rect.w - 20, rect.h - ANSWER_H - 13)
    split = top.w * 0.33
    page.text(what_id, Rect(top.x, top.y, split - 4, top.h), theme.STRONG, what, middle=True, ground="card")
    page.text(
        f"staff.since.{number}", Rect(top.x + split, top.y, top.w - split, top.h), theme.CAPTION, since, middle=True,
        align=Align.RIGHT, colour="soft", max_lines=2, ground="card",
    )  # fmt: skip
    width = (rect.w - 14 - 2 * GAP) / 3
    for place, became in enumerate(BECAME):
        answer = Rect(rect.x + 7 + place * (width + GAP), rect.bottom - 7 - ANSWER_H, width, ANSWER_H)
        press = FoundHandled(entry.entry, became)
        label = f"staff.became.{became}"
        page.add(page.button(f"found-{number}-{became}", answer, press, label, style="key", letter=theme.CAPTION))
