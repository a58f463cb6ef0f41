"""Choosing: certificate, kind, household, items, copies; then the choices once more."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.events import CertificateChosen, CopiesChanged, Event, HouseholdChosen, ItemToggled, NextPressed
from kiosk.view_model import (
    ChooseCertificate,
    ChooseCopies,
    ChooseHousehold,
    ChooseItems,
    ChooseKind,
    Confirm,
)
from screens import theme
from screens.elements import Align, Box, Button, Picture, Rect, Screen, Text
from screens.page import BORDER, GAP, MARGIN, Context, Page

CHOICE_H = 60.0
SMALLEST_CHOICE_H = 30.0


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
    page = Page("choose_certificate", view.frame, context, phrase="choose_certificate")
    page.head()
    page.foot()
    page.title("certificate.title")
    rows: list[Choice] = []
    for offer in view.offers:
        note_id = f"certificate.note.{offer.kind}" if offer.available else "certificate.none"
        note = page.words.get(note_id) if note_id in page.words else ""
        rows.append(
            Choice(
                f"certificate-{offer.kind}",
                f"offer.{offer.kind}",
                offer.name,
                note_id,
                note if offer.available else offer.note or note,
                page.yen(offer.fee_yen) if offer.available else "",
                CertificateChosen(offer.kind) if offer.available else None,
            )
        )
    _fill(page, _list(page, rows))
    return page.finish()


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
    _fill(page, _list(page, rows))
    return page.finish()


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
    top = _list(page, rows)
    page.floor = top
    page.picture("household", share=0.8)
    return page.finish()


def _list(page: Page, rows: list[Choice]) -> float:
    """Rows of equal height at the bottom of the page; returns their top."""
    if not rows:
        return page.floor
    room = page.floor - page.y - 10
    height = min(CHOICE_H, (room - GAP * (len(rows) - 1)) / len(rows))
    height = max(height, SMALLEST_CHOICE_H)
    top = page.floor - height * len(rows) - GAP * (len(rows) - 1)
    for index, row in enumerate(rows):
        rect = Rect(MARGIN, top + index * (height + GAP), page.inner, height)
        _row(page, row, rect)
    return top


def _fill(page: Page, top: float) -> None:
    """A picture above a short list, so that the page is not empty."""
    page.floor = top
    if page.floor - page.y > 110:
        page.picture("certificate", share=0.72)


def _row(page: Page, row: Choice, rect: Rect) -> None:
    fill = "card" if row.press is not None else "foot"
    inside = _words(page, row, rect, fill)
    if row.press is not None:
        box = Box(rect, fill=fill, border="ai", border_mm=BORDER)
        page.add(Button(row.id, rect, row.press, box, tuple(inside)))
    else:
        page.add(Box(rect, fill=fill, border="line", border_mm=BORDER, dashed=True), *inside)


def _words(page: Page, row: Choice, rect: Rect, fill: str) -> list[Text | Picture | Box]:
    value_w = 52.0 if row.value else 0.0
    room = rect.w - 26 - value_w
    name_colour = "ai_deep" if row.press is not None else "soft"
    with_note = bool(row.note) and rect.h >= 34
    name = page.set_text(
        row.name_id,
        row.name,
        Rect(rect.x + 13, rect.y, room, rect.h),
        theme.MAIN_BUTTON,
        colour=name_colour,
        ground=fill,
        middle=True,
    )
    found: list[Text | Picture | Box] = []
    if with_note:
        block = name.em + 5.5 + theme.CAPTION.em
        top = rect.y + (rect.h - block) / 2
        name = page.set_text(
            row.name_id,
            row.name,
            Rect(rect.x + 13, top, room, name.em),
            theme.MAIN_BUTTON,
            colour=name_colour,
            ground=fill,
        )
        found.append(
            page.set_text(
                row.note_id,
                row.note,
                Rect(rect.x + 13, top + name.em + 5.5, room, 12),
                theme.CAPTION,
                colour="soft",
                ground=fill,
            )
        )
    found.insert(0, name)
    if row.value:
        found.append(
            page.set_text(
                f"{row.name_id}.value",
                row.value,
                Rect(rect.right - 13 - value_w, rect.y, value_w, rect.h),
                theme.PRICE,
                ground=fill,
                align=Align.RIGHT,
                middle=True,
            )
        )
    return found


def choose_items(view: ChooseItems, context: Context) -> Screen:
    page = Page("choose_items", view.frame, context, phrase="choose_items")
    page.head()
    page.foot()
    page.main_button("next", NextPressed(), "common.next")
    page.title("items.title")
    page.lead("items.lead", max_lines=1)
    count = max(1, len(view.items))
    room = page.floor - page.y - 8
    height = min(38.0, (room - GAP * (count - 1)) / count)
    top = page.floor - height * count - GAP * (count - 1)
    for index, item in enumerate(view.items):
        rect = Rect(MARGIN, top + index * (height + GAP), page.inner, height)
        page.add(_toggle(page, rect, item.item, item.on))
    return page.finish()


def _toggle(page: Page, rect: Rect, item: str, on: bool) -> Button:
    """The state is told three ways: tick, word and colour."""
    fill, border = ("ai_tint", "ai") if on else ("card", "soft")
    name_id, name = page.words.first(f"items.{item}", "items.other")
    state_w = 36.0
    tick = Rect(rect.x + 9, rect.y + (rect.h - 17) / 2, 17, 17)
    room = rect.w - 35 - state_w - 12
    inside: tuple[Text | Picture | Box, ...] = (
        Picture("tick_on" if on else "tick_off", tick, fill),
        page.set_text(
            name_id,
            name,
            Rect(rect.x + 34, rect.y, room, rect.h),
            theme.STRONG,
            max_lines=2,
            middle=True,
            ground=fill,
            em=10.8,
        ),
        page.set_text(
            "items.on" if on else "items.off",
            page.words.get("items.on" if on else "items.off"),
            Rect(rect.right - 9 - state_w, rect.y, state_w, rect.h),
            theme.CAPTION,
            middle=True,
            align=Align.RIGHT,
            colour="ai_deep" if on else "soft",
            ground=fill,
            em=9.2,
        ),
    )
    box = Box(rect, fill=fill, border=border, border_mm=1.4 if on else BORDER)
    return Button(f"item-{item}", rect, ItemToggled(item), box, inside)


def choose_copies(view: ChooseCopies, context: Context) -> Screen:
    page = Page("choose_copies", view.frame, context, phrase="choose_copies")
    page.head()
    page.foot()
    page.main_button("next", NextPressed(), "common.next")
    page.title("copies.title")
    lead = "copies.lead" if view.max_copies > 1 else "copies.lead_one"
    page.lead(lead, words=page.words.get(lead, fee=f"{view.fee_yen:,}", most=view.max_copies), max_lines=2)

    total = Rect(MARGIN, page.floor - 34, page.inner, 34)
    page.add(Box(total, fill="card", border="line", border_mm=BORDER))
    page.text(
        "copies.total", Rect(total.x + 12, total.y, 60, 34), theme.BODY, middle=True, ground="card", colour="soft"
    )
    page.text(
        "copies.sum",
        Rect(total.x + 80, total.y, total.w - 92, 34),
        theme.TITLE,
        page.yen(view.copies * view.fee_yen),
        middle=True,
        ground="card",
        align=Align.RIGHT,
        colour="ai_deep",
    )

    side = 66.0
    middle = (page.y + 8 + total.y - GAP) / 2
    row = Rect(MARGIN, middle - side / 2, page.inner, side)
    _step(page, Rect(row.x, row.y, side, side), "fewer", view.copies - 1, view.copies > 1)
    _step(page, Rect(row.right - side, row.y, side, side), "more", view.copies + 1, view.copies < view.max_copies)
    number = Rect(row.x + side + GAP, row.y, row.w - 2 * side - 2 * GAP, side)
    digits = str(view.copies)
    unit = page.words.get("copies.unit_one" if view.copies == 1 else "copies.unit")
    width_n, width_u = page.width(digits, theme.AMOUNT), page.width(unit, theme.MAIN_BUTTON)
    x = number.x + (number.w - width_n - width_u - 4) / 2
    base = number.y + (side - theme.AMOUNT.em) / 2
    page.text("copies.number", Rect(x, base, width_n + 1, 44), theme.AMOUNT, digits, colour="ai_deep")
    page.text("copies.unit", Rect(x + width_n + 4, base + 25.5, width_u + 1, 15), theme.MAIN_BUTTON)
    return page.finish()


def _step(page: Page, rect: Rect, name: str, copies: int, possible: bool) -> None:
    label = page.set_text(
        f"copies.{name}",
        page.words.get(f"copies.{name}"),
        Rect(rect.x + 4, rect.bottom - 20, rect.w - 8, 12),
        theme.CAPTION,
        align=Align.CENTRE,
        colour="ai_deep" if possible else "soft",
        ground="card" if possible else "foot",
        em=9.4,
    )
    sign = Rect(rect.x + (rect.w - 28) / 2, rect.y + 10, 28, 28)
    picture = Picture("plus" if name == "more" else "minus", sign, "card" if possible else "foot")
    if possible:
        box = Box(rect, fill="card", border="ai", border_mm=BORDER)
        page.add(Button(name, rect, CopiesChanged(copies), box, (picture, label)))
    else:
        grey = Picture(picture.name + "_off", picture.rect, "foot")
        page.add(Box(rect, fill="foot", border="line", border_mm=BORDER, dashed=True), grey, label)


def confirm(view: Confirm, context: Context) -> Screen:
    page = Page("confirm", view.frame, context, phrase="confirm")
    page.head()
    page.foot()
    page.main_button("next", NextPressed(), "confirm.go")
    page.title("confirm.title")
    note = "confirm.note" if view.frame.back else "confirm.note_plain"
    text = page.set_text(note, page.words.get(note), Rect(MARGIN, 0, page.inner, 40), theme.LEAD, max_lines=2)
    top = page.floor - text.rect.h - 1
    page.text(note, Rect(MARGIN, top, page.inner, 40), theme.LEAD, max_lines=2, colour="soft")
    _summary(page, view, Rect(MARGIN, page.y + 8, page.inner, top - 8 - page.y - 8))
    return page.finish()


def _summary(page: Page, view: Confirm, room: Rect) -> None:
    rows: list[tuple[str, str, tuple[str, ...]]] = [
        ("confirm.certificate", "confirm.certificate.value", (view.certificate_name,))
    ]
    if view.household:
        household = f"household.{view.household}"
        words = page.words.get(household) if household in page.words else view.household
        if view.household == "part" and view.members:
            words = page.words.get("confirm.members", household=words, members=view.members)
        rows.append(("confirm.household", household, (words,)))
        names = tuple(page.words.first(f"items.{item}", "items.other")[1] for item in view.items)
        rows.append(("confirm.items", "confirm.items.value", names or (page.words.get("confirm.items_none"),)))
    rows.append(
        ("confirm.copies", "confirm.copies.value", (page.words.get("confirm.copies_value", copies=view.copies),))
    )

    pitch = 13.6
    total_h = 36.0
    # Many items: rows come closer together before letters become smaller.
    lines = sum(len(values) for _, _, values in rows)
    pad = max(3.0, min(11.5, (room.h - total_h - 10 - lines * pitch) / (2 * len(rows))))
    height = sum(len(values) * pitch + 2 * pad for _, _, values in rows) + total_h + 4
    page.add(Box(Rect(room.x, room.y, room.w, height), fill="card", border="line", border_mm=BORDER))
    x, width, y = room.x + 12, room.w - 24, room.y + 2
    for label, value_id, values in rows:
        row_h = len(values) * pitch + 2 * pad
        page.text(
            label,
            Rect(x, y + pad, width * 0.3, pitch),
            theme.BODY,
            middle=True,
            ground="card",
            colour="soft",
            em=9.6,
        )
        for index, words in enumerate(values):
            first = width * 0.3 if index == 0 else 0.0
            page.text(
                value_id,
                # The label stands beside the first line only; the others have the whole width.
                Rect(x + first, y + pad + index * pitch, width - first, pitch),
                theme.STRONG,
                words,
                middle=True,
                align=Align.RIGHT,
                ground="card",
                em=11.0 if len(values) == 1 else 10.0,
            )
        y += row_h
        page.add(Box(Rect(x, y - 0.3, width, 0.6), fill="line", radius=0))
    page.text(
        "confirm.total",
        Rect(x, y, width * 0.3, total_h),
        theme.BODY,
        middle=True,
        ground="card",
        colour="soft",
        em=9.6,
    )
    page.text(
        "confirm.total.value",
        Rect(x + width * 0.3, y, width * 0.7, total_h),
        theme.TITLE,
        page.yen(view.price_yen),
        middle=True,
        align=Align.RIGHT,
        ground="card",
        colour="ai_deep",
    )
