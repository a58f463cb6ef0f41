"""Choosing: certificate, kind, household, items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.events import CertificateChosen, Event, HouseholdChosen, ItemToggled, NextPressed
from kiosk.view_model import ChooseCertificate, ChooseHousehold, ChooseItems, ChooseKind
from screens import theme
from screens.columns import GAP
from screens.elements import Align, Box, Button, Picture, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.pages.parts import choice_box
from screens.paper import BORDER
from screens.typeset import LARGE_PITCH, Context

CHOICE_H = 60.0
SMALLEST_CHOICE_H = 31.2


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of a list: name, a line under it, a value at the right; press None: cannot be chosen now."""

    id: str
    name_id: str
    name: str
    note_id: str = ""
    note: str = ""
    value: str = ""
    press: Event | None = None


def choose_certificate(view: ChooseCertificate, context: Context) -> Screen:
    page = Page("choose_certificate", view.frame, context, phrase="choose_certificate", share=0.6, large_share=0.68)
    page.head()
    page.foot()
    page.title("certificate.title")
    rows: list[Choice] = []
    reasons: list[tuple[str, str]] = []
    for offer in view.offers:
        note_id = f"certificate.note.{offer.kind}" if offer.available else "certificate.none"
        note = page.words.get(note_id) if note_id in page.words else ""
        if offer.note and not offer.available and not page.wide:
            note_id, note = f"offer.{offer.kind}.note", offer.note
        elif offer.note and not offer.available:
            # The reason is a sentence: beside the narrow list there is room for it.
            why = page.words.get("common.labelled", label=offer.name, words=offer.note)
            reasons.append((f"offer.{offer.kind}.note", why))
        rows.append(
            Choice(
                f"certificate-{offer.kind}",
                f"offer.{offer.kind}",
                offer.name,
                note_id,
                note,
                page.yen(offer.fee_yen) if offer.available else "",
                CertificateChosen(offer.kind) if offer.available else None,
            )
        )
    parts = _list(page, rows)
    for text_id, words in reasons:
        page.lead(text_id, words=words, letter=theme.CAPTION, max_lines=4, if_room=True)
    _fill(page)
    return replace(page.finish(), parts=parts)


def choose_kind(view: ChooseKind, context: Context) -> Screen:
    page = Page("choose_kind", view.frame, context, phrase="choose_kind")
    page.head()
    page.foot()
    page.title("kind.title")
    rows: list[Choice] = []
    for kind in view.kinds:
        name_id, name = page.words.first(f"kind.{kind}", "kind.other")
        note_id = f"kind.{kind}_note"
        note = page.words.get(note_id) if note_id in page.words else ""
        # Every kind listed is one that this machine issues; going on is all there is to decide with a single one.
        press: Event = NextPressed() if len(view.kinds) == 1 else CertificateChosen(kind)
        rows.append(Choice(f"kind-{kind}", name_id, name, note_id, note, press=press))
    parts = _list(page, rows)
    _fill(page)
    return replace(page.finish(), parts=parts)


def choose_household(view: ChooseHousehold, context: Context) -> Screen:
    page = Page("choose_household", view.frame, context, phrase="choose_household")
    page.head()
    page.foot()
    page.title("household.title")
    rows = [
        Choice(
            f"household-{choice}",
            f"household.{choice}",
            page.words.get(f"household.{choice}"),
            f"household.{choice}_note",
            page.words.get(f"household.{choice}_note"),
            press=HouseholdChosen(choice),
        )
        for choice in view.choices
    ]
    parts = _list(page, rows)
    page.picture("household", share=0.8)
    return replace(page.finish(), parts=parts)


def _list(page: Page, rows: list[Choice]) -> int:
    """Rows of equal height at the bottom of what is touched; over how many parts they go."""
    smallest = max([SMALLEST_CHOICE_H, *(_needed(page, row) for row in rows)]) if page.large else SMALLEST_CHOICE_H
    leaf = leaves.lay(page, len(rows), smallest=smallest, largest=max(page.grow(CHOICE_H), smallest), words="list")
    for index, rect in leaf.places:
        row = rows[index]
        inside = _words(page, row, rect, "card" if row.press is not None else "foot")
        if row.press is not None:
            box = Box(rect, fill="card", border="ai", border_mm=BORDER)
            page.add(Button(row.id, rect, row.press, box, tuple(inside)))
        else:
            page.add(Box(rect, fill="foot", border="line", border_mm=BORDER, dashed=True), *inside)
    if leaf.places:
        page.touch.floor = leaf.places[0][1].y - GAP
    return leaf.parts


def _needed(page: Page, row: Choice) -> float:
    """How high a row with large letters has to be; its note goes before the list is turned."""
    room = Rect(0, 0, page.touch.w - 22 - (_value_w(page, row) + 4 if row.value else 0), 400)
    name = page.set_text(row.name_id, row.name, room, theme.MAIN_BUTTON, max_lines=3)
    height = name.rect.h + 8
    if row.note and not page.spares():
        note = page.set_text(row.note_id, row.note, room, theme.CAPTION, max_lines=4)
        height += note.rect.h + 5.5
    return height


def _value_w(page: Page, row: Choice) -> float:
    return page.width(row.value, theme.PRICE) + 8


def _fill(page: Page) -> None:
    """A picture beside a short list, so that the page is not empty."""
    if page.wide:
        page.picture("certificate", share=0.9, column=page.read)
    elif page.touch.room > 110:
        page.picture("certificate", share=0.72)


def _words(page: Page, row: Choice, rect: Rect, fill: str) -> list[Text | Picture | Box]:
    """Name, and under it the note, together in the middle of the row; the value at the right."""
    colour = "ai_deep" if row.press is not None else "soft"
    found: list[Text | Picture | Box] = []
    value_w = 0.0
    if row.value:
        value_w = _value_w(page, row)
        place = Rect(rect.right - 11 - value_w, rect.y, value_w, rect.h)
        value = page.set_text(
            f"{row.name_id}.value", row.value, place, theme.PRICE, ground=fill, align=Align.RIGHT, middle=True
        )
        found.append(value)
    room = Rect(rect.x + 11, rect.y + 3, rect.w - 22 - value_w - (4 if value_w else 0), rect.h - 6)
    letter = theme.MAIN_BUTTON
    both = _name_and_note(page, row, room, colour, fill) if row.note else None
    if both is None and row.press is None:
        # Why it is shut today is a sentence; that it is shut must be said in any case.
        short = replace(row, note_id="certificate.none", note=page.words.get("certificate.none"))
        both = _name_and_note(page, short, room, colour, fill)
    if both is not None:
        return [*found, *both]
    return [
        *found,
        page.set_text(
            row.name_id, row.name, room, letter, colour=colour, ground=fill, middle=True,
            max_lines=3 if page.large else 2,
        ),
    ]  # fmt: skip


def _name_and_note(page: Page, row: Choice, room: Rect, colour: str, fill: str) -> list[Text] | None:
    """None: not both fit, then the name alone is shown."""
    for name_lines, em in ((1, theme.MAIN_BUTTON.em), (1, 12.0), (1, 10.6), (2, 12.0), (2, 10.6)):
        name = page.set_text(
            row.name_id, row.name, room, theme.MAIN_BUTTON, colour=colour, ground=fill, max_lines=name_lines, em=em
        )
        if name.em < page.size(theme.MAIN_BUTTON, em) * 0.9 or not name.fits:
            continue
        pitch = page.size(theme.CAPTION) * LARGE_PITCH if page.large else theme.CAPTION.pitch
        note_lines = max(1, int((room.h - name.rect.h - 5) // pitch))
        note = page.set_text(
            row.note_id, row.note, room, theme.CAPTION, colour="soft", ground=fill, max_lines=note_lines
        )
        gap = 5.5 if room.h > 34 else 4.0
        height = name.rect.h + gap + note.rect.h
        if note.fits and height <= room.h + 0.05:
            top = room.y + (room.h - height) / 2
            return [
                replace(name, rect=replace(name.rect, y=top)),
                replace(note, rect=replace(note.rect, y=top + name.rect.h + gap)),
            ]
    return None


def choose_items(view: ChooseItems, context: Context) -> Screen:
    page = Page(
        "choose_items", view.frame, context, phrase="choose_items", share=0.62, tight_share=0.69, large_share=0.58
    )
    page.head()
    page.foot()
    page.main_button("next", NextPressed(), "common.next")
    page.title("items.title")
    if not page.wide:
        page.lead("items.lead")
    if not view.items:
        return page.finish()
    # Large letters need the whole width for a name.
    across = 2 if page.wide and not page.large else 1
    smallest = max(_toggle_h(page, item.item) for item in view.items) if page.large else 28.0
    smallest = max(smallest, SMALLEST_CHOICE_H if page.wide else 28.0)
    largest = max(smallest, 42.0 if page.wide else 38.0)
    leaf = leaves.lay(page, len(view.items), smallest=smallest, largest=largest, words="list", across=across)
    for index, rect in leaf.places:
        page.add(_toggle(page, rect, view.items[index].item, view.items[index].on))
    if page.wide:
        page.lead("items.lead", if_room=True)
    return replace(page.finish(), parts=leaf.parts)


def _state_w(page: Page, width: float) -> float:
    """Width of the word for the state; 0: no room for one."""
    if width < 150 or page.spares():
        return 0.0
    words = [page.words.get(each) for each in ("items.on", "items.off")]
    return max(page.width(each, theme.CAPTION, em=9.2) for each in words) + 1


def _toggle_h(page: Page, item: str) -> float:
    """How high a row with large letters has to be."""
    width = page.touch.w
    state_w = _state_w(page, width)
    room = Rect(0, 0, width - 18 - 17 - 7.2 - (state_w + 5 if state_w else 0), 400)
    name_id, name = page.words.first(f"items.{item}", "items.other")
    return page.set_text(name_id, name, room, theme.STRONG, max_lines=2, em=10.8).rect.h + 6


def _toggle(page: Page, rect: Rect, item: str, on: bool) -> Button:
    """The state is told by tick and edge, and by a word where there is room for one."""
    box = choice_box(rect, on)
    name_id, name = page.words.first(f"items.{item}", "items.other")
    narrow = rect.w < 150
    state_id = "items.on" if on else "items.off"
    state_w = _state_w(page, rect.w)
    inset, tick, air = (6.0, 15.0, 1.0) if narrow else (9.0, 17.0, 2.5)
    left = rect.x + inset + tick + inset * 0.8
    right = rect.right - inset - (state_w + 5 if state_w else 0)
    place = Rect(rect.x + inset, rect.y + (rect.h - tick) / 2, tick, tick)
    inside: list[Text | Picture | Box] = [
        Picture("tick_on" if on else "tick_off", place, box.fill),
        page.set_text(
            name_id,
            name,
            Rect(left, rect.y + air, right - left, rect.h - 2 * air),
            theme.STRONG,
            max_lines=3,
            middle=True,
            ground=box.fill,
            em=10.8,
        ),
    ]
    if state_w:
        inside.append(
            page.set_text(
                state_id,
                page.words.get(state_id),
                Rect(rect.right - inset - state_w, rect.y, state_w, rect.h),
                theme.CAPTION,
                middle=True,
                align=Align.RIGHT,
                colour="ai_deep" if on else "soft",
                ground=box.fill,
                em=9.2,
            )
        )
    return Button(f"item-{item}", rect, ItemToggled(item), box, tuple(inside))
