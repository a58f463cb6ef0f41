"""Whose entries go on the copy: the members of the household, put on or left off one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import MemberToggled, NextPressed
from kiosk.view_model import ChooseMembers, MemberRow
from screens import theme
from screens.elements import Align, Box, Button, Picture, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.paper import BORDER
from screens.typeset import LARGE_PITCH, Context

ONE_LINE_H: Final = 32.0
TWO_LINES_H: Final = 37.0
THREE_LINES_H: Final = 37.4
"""On a small panel; the main button, which is the largest, is as high then."""
LARGEST_ROW_H: Final = 44.0
TICK: Final = 17.0
SMALLEST_LARGE_ROW_H: Final = 31.5
BESIDE_W: Final = 50.0
BADGE_H: Final = 12.0
NAME: Final = theme.Letter(10.8, 14.2, bold=True)


def choose_members(view: ChooseMembers, context: Context) -> Screen:
    page = Page("choose_members", view.frame, context, phrase="choose_members", share=0.58, tight_share=0.66)
    page.head()
    page.foot()
    beside = _beside_w(page, view)
    room = _name_w(page, page.touch.w, beside)
    three = page.tight and not page.large and _needs_three(page, view, room)
    tall = THREE_LINES_H if three else page.measures.main
    if view.ready:
        page.main_button("next", NextPressed(), "common.next", height=tall)
    else:
        told = page.wide and not page.large
        label, letter = ("members.lead_none", theme.BUTTON) if told else ("common.next", theme.MAIN_BUTTON)
        leaves.inert(page, page.touch.take_bottom(tall), label, letter)
    # With large letters on a panel that lies, what is missing is said where most room is.
    missing = page.large and page.wide and not view.ready
    page.title("members.lead_none" if missing else "members.title")
    short = all(page.width(row.name, NAME) <= room for row in view.members)
    one, two = ONE_LINE_H + page.grow(23.0) - 23.0, max(page.grow(TWO_LINES_H), 28.5 / page.scale)
    smallest = tall if page.tight else one if short else two
    if page.large:
        smallest = max(
            SMALLEST_LARGE_ROW_H, *(_needed(page, number, row) for number, row in enumerate(view.members, 1))
        )
    if not page.wide:
        page.lead("members.lead" if view.ready else "members.lead_none", colour="soft" if view.ready else "ink")
    elif not page.large and leaves.fits(page, len(view.members), smallest=smallest):
        page.lead("members.lead")
    leaf = leaves.lay(
        page,
        len(view.members),
        smallest=smallest,
        largest=max(smallest, min(max(LARGEST_ROW_H, 28.5 / page.scale), tall)),
        words="members",
    )
    for index, rect in leaf.places:
        page.add(_row(page, rect, index + 1, view.members[index], beside))
    if page.wide and page.large and view.ready:
        page.lead("members.lead", if_room=True)
    return replace(page.finish(), parts=leaf.parts)


def _beside_w(page: Page, view: ChooseMembers) -> float:
    """On a small panel: what the relationships beside the names need, so that these have the rest."""
    widths = [page.width(row.relationship, theme.CAPTION) + 2 for row in view.members]
    badge = page.width(page.words.get("members.holder"), theme.CAPTION) + 10
    return min(BESIDE_W, max([badge, *widths]))


def _needs_three(page: Page, view: ChooseMembers, width: float) -> bool:
    """Whether a name finds no room on two lines of the smallest letters, but does on three."""
    room = Rect(0, 0, width, 400)

    def fits(name: str, lines: int) -> bool:
        text = page.set_text("member", name, room, NAME, max_lines=lines, private=True)
        return text.fits

    return any(not fits(row.name, 2) and fits(row.name, 3) for row in view.members)


def _needed(page: Page, number: int, row: MemberRow) -> float:
    """How high a row in large letters has to be for the whole name, on three lines at most."""
    room = Rect(0, 0, _name_w(page, page.touch.w), 400)
    size = page.size(NAME)
    text_id, height = f"member.{number}.name", size * (1 + LARGE_PITCH)  # two lines, and the rest is cut
    for lines in (1, 2, 3):
        name = page.set_text(text_id, row.name, room, NAME, max_lines=lines, private=True)
        if name.fits and (lines > 1 or name.em >= size * 0.75):
            least = page.context.least.get(text_id, name.em) if lines == 3 else name.em
            height = name.rect.h * least / name.em
            break
    below = page.grow(BADGE_H) + 3.0 if row.relationship or row.holder else 0.0
    return height + below + 5.5


def _state_w(page: Page) -> float:
    if page.large:
        return 0.0  # the tick tells it, and the colour: the name needs the room
    return max(page.width(page.words.get(text_id), theme.CAPTION, em=9.2) for text_id in ("members.on", "members.off"))


def _name_w(page: Page, width: float, beside: float = BESIDE_W) -> float:
    if page.tight and not page.large:
        return width - 2 * TICK - beside - 14
    return width - 2 * TICK - _state_w(page) - 16


def _tight_row(page: Page, rect: Rect, number: int, row: MemberRow, beside_w: float) -> Button:
    """On a small panel: the name on up to two lines, what is known of the person beside it, no word for the state."""
    fill, border = ("ai_tint", "ai") if row.on else ("card", "soft")
    tick = Rect(rect.x + 9, rect.y + (rect.h - TICK) / 2, TICK, TICK)
    room = Rect(rect.x + 2 * TICK, rect.y + 1.5, _name_w(page, rect.w, beside_w), rect.h - 3)
    inside: list[Text | Picture | Box] = [Picture("tick_on" if row.on else "tick_off", tick, fill)]
    inside.append(leaves.name(page, f"member.{number}.name", row.name, room, NAME, ground=fill))
    badge_h = BADGE_H
    beside = Rect(rect.right - 8 - beside_w, rect.y + 3, beside_w, rect.h - 6)
    if row.holder:
        top, beside = (
            replace(beside, h=badge_h),
            Rect(beside.x, beside.y + badge_h + 2, beside_w, beside.h - badge_h - 2),
        )
        inside += _under(page, number, replace(row, relationship=""), top, fill)
    if row.relationship:
        inside.append(
            page.set_text(
                f"member.{number}.relationship", row.relationship, beside, theme.CAPTION, max_lines=2, middle=True,
                colour="soft", ground=fill, private=True,
            )
        )  # fmt: skip
    box = Box(rect, fill=fill, border=border, border_mm=1.4 if row.on else BORDER)
    return Button(f"member-{number}", rect, MemberToggled(row.member), box, tuple(inside))


def _row(page: Page, rect: Rect, number: int, row: MemberRow, beside_w: float) -> Button:
    """The state is told three ways: tick, word and colour."""
    if page.tight and not page.large:
        return _tight_row(page, rect, number, row, beside_w)
    fill, border = ("ai_tint", "ai") if row.on else ("card", "soft")
    state = "members.on" if row.on else "members.off"
    state_w = _state_w(page) + 1
    inside: list[Text | Picture | Box] = [
        Picture("tick_on" if row.on else "tick_off", Rect(rect.x + 9, rect.y + (rect.h - TICK) / 2, TICK, TICK), fill),
    ]
    if state_w > 1:
        inside.append(
            page.set_text(
                state,
                page.words.get(state),
                Rect(rect.right - 9 - state_w, rect.y, state_w, rect.h),
                theme.CAPTION,
                middle=True,
                align=Align.RIGHT,
                colour="ai_deep" if row.on else "soft",
                ground=fill,
                em=9.2,
            )
        )
    under = bool(row.relationship) or row.holder
    badge_h = page.grow(BADGE_H)
    below = badge_h + 1.5 if under else 0.0
    room = Rect(rect.x + 2 * TICK, rect.y + 2.5, _name_w(page, rect.w), rect.h - 5 - below)
    name = leaves.name(page, f"member.{number}.name", row.name, room, NAME, ground=fill)
    top = rect.y + (rect.h - name.rect.h - below - (1.5 if under else 0)) / 2
    top = max(top, room.y)
    name = replace(name, rect=Rect(room.x, top, room.w, name.rect.h))
    if under:
        gap = min(3.0, rect.bottom - 2 - badge_h - name.rect.bottom)
        inside += _under(page, number, row, Rect(room.x, name.rect.bottom + gap, room.w, badge_h), fill)
    inside.append(name)
    box = Box(rect, fill=fill, border=border, border_mm=1.4 if row.on else BORDER)
    return Button(f"member-{number}", rect, MemberToggled(row.member), box, tuple(inside))


def _under(page: Page, number: int, row: MemberRow, line: Rect, fill: str) -> list[Text | Picture | Box]:
    """Second line of a row: 「ご本人」 in a frame for the card's holder, and the relationship."""
    found: list[Text | Picture | Box] = []
    x = line.x
    if row.holder:
        words = page.words.get("members.holder")
        badge = Rect(x, line.y, page.width(words, theme.CAPTION) + 9, line.h)
        inner = Rect(badge.x + 4, badge.y + 1, badge.w - 8, badge.h - 2)
        text = page.set_text(
            "members.holder", words, inner, theme.CAPTION, middle=True, align=Align.CENTRE, colour="ai_deep",
            ground="card",
        )  # fmt: skip
        found += [Box(badge, fill="card", border="ai", border_mm=0.6, radius=3.0), text]
        x = badge.right + 5
    if row.relationship:
        rect = Rect(x, line.y, line.right - x, line.h)
        text = page.set_text(
            f"member.{number}.relationship", row.relationship, rect, theme.CAPTION, middle=True, colour="soft",
            ground=fill, private=True,
        )  # fmt: skip
        found.append(text)
    return found
