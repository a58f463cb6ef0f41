"""Choosing: certificate, kind, household, items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.events import CertificateChosen, Event, HouseholdChosen, ItemToggled, NextPressed
from kiosk.view_model import ChooseCertificate, ChooseHousehold, ChooseItems, ChooseKind, Item
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
ITEM_EM = 10.8


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
    """Rows of equal height at the bottom of what is touched; over how many parts they go. All names are of one size,
    and notes stand under all of them or under none: they go before the list is turned."""
    style = _style(page, rows)
    smallest = max(SMALLEST_CHOICE_H, style.needed)
    leaf = leaves.lay(
        page, len(rows), smallest=smallest, largest=max(CHOICE_H * (1.2 if page.large else 1.0), smallest), words="list"
    )
    for index, rect in leaf.places:
        row = rows[index]
        inside = _words(page, row, rect, style, "card" if row.press is not None else "foot")
        if row.press is not None:
            box = Box(rect, fill="card", border="ai", border_mm=BORDER)
            page.add(Button(row.id, rect, row.press, box, tuple(inside)))
        else:
            page.add(Box(rect, fill="foot", border="line", border_mm=BORDER, dashed=True), *inside)
    if leaf.places:
        page.touch.floor = leaf.places[0][1].y - GAP
    return leaf.parts


@dataclass(frozen=True, slots=True)
class Style:
    """How the rows of a list are set. em, lines: of the names. notes: whether they are there. needed: mm of height."""

    em: float
    lines: int
    notes: bool
    needed: float


def _style(page: Page, rows: list[Choice]) -> Style:
    """The largest names with which the whole list stands on one leaf; if none do, the smallest."""
    sizes = [(theme.MAIN_BUTTON.em, 1), (12.0, 1), (10.6, 1), (12.0, 2), (10.6, 2)]
    if page.tight and page.large:
        # On a small panel they are larger than the rest anyway: rather not larger still than torn.
        factor = page.context.letters
        sizes = [*sizes[:1], *((em / factor, lines) for em, lines in sizes)]
    elif page.large:
        sizes = [*sizes[:1], (theme.MAIN_BUTTON.em, 2), *sizes[1:]]
    found = [
        style
        for notes in ((True, False) if any(row.note for row in rows) else (False,))
        for em, lines in sizes
        if (style := _measured(page, rows, em, lines, notes=notes)) is not None
    ]
    fitting = (each for each in found if leaves.fits(page, len(rows), smallest=max(SMALLEST_CHOICE_H, each.needed)))
    return next(fitting, found[-1] if found else Style(10.6, 3, False, _tallest(page, rows)))


def _measured(page: Page, rows: list[Choice], em: float, lines: int, *, notes: bool) -> Style | None:
    """None: a name does not find room so."""
    needed = 0.0
    for row in rows:
        room = _row_room(page, row, Rect(0, 0, page.touch.w, 400))
        name = page.set_text(row.name_id, row.name, room, theme.MAIN_BUTTON, max_lines=lines, em=em)
        if not name.fits or name.torn or name.em < page.size(theme.MAIN_BUTTON, em) * 0.9:
            return None
        height = name.rect.h + 8.0
        if row.note and (notes or row.press is None):
            note = page.set_text(*_note(page, row, notes=notes), room, theme.CAPTION, max_lines=4 if notes else 1)
            if not note.fits:
                return None
            height += note.rect.h + (5.5 if page.large and notes else 2.0)
        needed = max(needed, height)
    return Style(em, lines, notes, needed)


def _tallest(page: Page, rows: list[Choice]) -> float:
    rooms = ((row, _row_room(page, row, Rect(0, 0, page.touch.w, 400))) for row in rows)
    return 8.0 + max(
        page.set_text(row.name_id, row.name, room, theme.MAIN_BUTTON, max_lines=3, em=10.6).rect.h
        for row, room in rooms
    )


def _note(page: Page, row: Choice, *, notes: bool) -> tuple[str, str]:
    """Text id and words under a name. Why it is shut today is a sentence; that it is shut is said in any case."""
    if row.press is None and not notes:
        return "certificate.none", page.words.get("certificate.none")
    return row.note_id, row.note


def _row_room(page: Page, row: Choice, rect: Rect) -> Rect:
    """What is free for name and note beside the value."""
    return Rect(rect.x + 11, rect.y + 3, rect.w - 22 - (_value_w(page, row) + 4 if row.value else 0), rect.h - 6)


def _price_em(page: Page) -> float:
    """On a small panel the price stays beside the names, and with large letters as large as they."""
    return theme.PRICE.em / page.context.letters if page.tight else theme.PRICE.em


def _value_w(page: Page, row: Choice) -> float:
    return page.width(row.value, theme.PRICE, em=_price_em(page)) + 8


def _fill(page: Page) -> None:
    """A picture beside a short list, so that the page is not empty."""
    if page.wide:
        page.picture("certificate", share=0.9, column=page.read)
    elif page.touch.room > 110:
        page.picture("certificate", share=0.72)


def _words(page: Page, row: Choice, rect: Rect, style: Style, fill: str) -> list[Text | Picture | Box]:
    """Name, and under it the note, together in the middle of the row; the value at the right."""
    colour = "ai_deep" if row.press is not None else "soft"
    found: list[Text | Picture | Box] = []
    if row.value:
        value_w = _value_w(page, row)
        place = Rect(rect.right - 11 - value_w, rect.y, value_w, rect.h)
        value = page.set_text(
            f"{row.name_id}.value", row.value, place, theme.PRICE, ground=fill, align=Align.RIGHT, middle=True,
            em=_price_em(page),
        )  # fmt: skip
        found.append(value)
    room = _row_room(page, row, rect)
    name = page.set_text(
        row.name_id, row.name, room, theme.MAIN_BUTTON, colour=colour, ground=fill, max_lines=style.lines, em=style.em
    )
    height, gap, note = name.rect.h, 5.5 if room.h > 34 else 3.0, None
    if row.note and (style.notes or row.press is None):
        text_id, words = _note(page, row, notes=style.notes)
        pitch = page.size(theme.CAPTION) * LARGE_PITCH if page.large else theme.CAPTION.pitch
        lines = max(1, int((room.h - height - gap + pitch) // pitch))
        note = page.set_text(text_id, words, room, theme.CAPTION, colour="soft", ground=fill, max_lines=lines)
        height += gap + note.rect.h
    top = room.y + (room.h - height) / 2
    found.append(replace(name, rect=replace(name.rect, y=top)))
    if note is not None:
        found.append(replace(note, rect=replace(note.rect, y=top + height - note.rect.h)))
    return found


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
    em = _items_em(page, view.items, leaf.places[0][1])
    for index, rect in leaf.places:
        page.add(_toggle(page, rect, view.items[index].item, view.items[index].on, em))
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


def _items_em(page: Page, items: tuple[Item, ...], rect: Rect) -> float:
    """Size of all names: rather a little smaller than one on three lines that touch the edges."""
    room = _name_room(page, rect)
    for em in (ITEM_EM, 10.0, 9.2):
        texts = [
            page.set_text(
                *page.words.first(f"items.{each.item}", "items.other"), room, theme.STRONG, max_lines=2, em=em
            )
            for each in items
        ]
        if all(text.fits and not text.torn and text.em >= page.size(theme.STRONG, em) * 0.92 for text in texts):
            return em
    return ITEM_EM


def _name_room(page: Page, rect: Rect) -> Rect:
    inset, tick, air = (6.0, 15.0, 1.0) if rect.w < 150 else (9.0, 17.0, 2.5)
    state_w = _state_w(page, rect.w)
    left = rect.x + inset + tick + inset * 0.8
    right = rect.right - inset - (state_w + 5 if state_w else 0)
    return Rect(left, rect.y + air, right - left, rect.h - 2 * air)


def _toggle(page: Page, rect: Rect, item: str, on: bool, em: float) -> Button:
    """The state is told by tick and edge, and by a word where there is room for one."""
    box = choice_box(rect, on)
    name_id, name = page.words.first(f"items.{item}", "items.other")
    narrow = rect.w < 150
    state_id = "items.on" if on else "items.off"
    state_w = _state_w(page, rect.w)
    inset, tick = (6.0, 15.0) if narrow else (9.0, 17.0)
    place = Rect(rect.x + inset, rect.y + (rect.h - tick) / 2, tick, tick)
    inside: list[Text | Picture | Box] = [
        Picture("tick_on" if on else "tick_off", place, box.fill),
        page.set_text(
            name_id, name, _name_room(page, rect), theme.STRONG, max_lines=3, middle=True, ground=box.fill, em=em
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
