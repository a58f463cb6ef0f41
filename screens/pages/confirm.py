"""How many copies, and everything chosen once more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.events import CopiesChanged, NextPressed
from kiosk.view_model import ChooseCopies, Confirm
from screens import theme
from screens.columns import GAP, Column
from screens.elements import Align, Box, Button, Picture, Rect, Screen, Text
from screens.page import Page
from screens.pages import leaves
from screens.paper import BORDER, ONE_LINE
from screens.typeset import Context

NOTE_ROOM = 44.0
"""Less is left beside a long list of items: then the note is left out."""


def choose_copies(view: ChooseCopies, context: Context) -> Screen:
    page = Page("choose_copies", view.frame, context, phrase="choose_copies")
    page.head()
    page.foot()
    page.main_button("next", NextPressed(), "common.next")
    page.title("copies.title")
    lead = "copies.lead" if view.max_copies > 1 else "copies.lead_one"
    page.lead(lead, words=page.words.get(lead, fee=f"{view.fee_yen:,}", most=view.max_copies), max_lines=2)

    at = page.touch
    total = at.take_bottom(page.grow(28.0 if page.wide else 34.0))
    page.add(Box(total, fill="card", border="line", border_mm=BORDER))
    label_w = page.width(page.words.get("copies.total"), theme.BODY) + 1
    page.text(
        "copies.total",
        Rect(total.x + 12, total.y, label_w, total.h),
        theme.BODY,
        middle=True,
        ground="card",
        colour="soft",
    )
    page.text(
        "copies.sum",
        Rect(total.x + 20 + label_w, total.y, total.w - 32 - label_w, total.h),
        page.measures.title,
        page.yen(view.copies * view.fee_yen),
        middle=True,
        ground="card",
        align=Align.RIGHT,
        colour="ai_deep",
    )
    free = at.free(2 if page.wide else 8, 0)
    units = (page.words.get("copies.unit"), page.words.get("copies.unit_one"))
    unit_w = max(page.width(unit, theme.MAIN_BUTTON, em=_unit_em(page)) for unit in units)
    side = min(66.0, free.h, (free.w - 2 * GAP - max(48.0, unit_w + 4)) / 2)
    row = Rect(free.x, free.y + (free.h - side) / 2, free.w, side)
    _step(page, Rect(row.x, row.y, side, side), "fewer", view.copies - 1, view.copies > 1)
    _step(page, Rect(row.right - side, row.y, side, side), "more", view.copies + 1, view.copies < view.max_copies)
    _number(page, Rect(row.x + side + GAP, row.y, row.w - 2 * side - 2 * GAP, side), view.copies, view.max_copies)
    return page.finish()


def _unit_em(page: Page) -> float:
    return 11.6 if page.wide else theme.MAIN_BUTTON.em


def _number(page: Page, room: Rect, copies: int, most: int) -> None:
    """The number and its unit, beside each other if the highest number finds room so: it stays where it is."""
    digits = str(copies)
    unit = page.words.get("copies.unit" if copies != 1 else "copies.unit_one")
    great = 34.0 if page.wide else theme.AMOUNT.em
    usual = _unit_em(page)
    width_u = page.width(unit, theme.MAIN_BUTTON, em=usual)
    widest, smaller = page.width(str(max(most, copies)), theme.AMOUNT, em=page.great(great)), 1.0
    if widest + width_u + 4 > room.w:
        least = great / (page.great(great) * page.context.letters) if page.large else 0.8
        smaller = max(least, (room.w - width_u - 4) / widest)
    beside = widest * smaller + width_u + 4 <= room.w + 0.01
    wanted = page.great(great) * (smaller if beside else 1.0)
    width_n = page.width(digits, theme.AMOUNT, em=wanted)
    big, small = page.size(theme.AMOUNT, wanted), page.size(theme.MAIN_BUTTON, usual)
    x = room.x + (room.w - width_n - ((width_u + 4) if beside else 0)) / 2
    base = room.y + (room.h - big - (0 if beside else small + 3)) / 2
    page.text("copies.number", Rect(x, base, width_n + 1, big), theme.AMOUNT, digits, colour="ai_deep", em=wanted)
    # The baseline of the digits lies at 0.88 of their size.
    below = Rect(x + width_n + 4, base + 0.88 * (big - small), width_u + 1, small)
    if not beside:
        below = Rect(room.x + (room.w - width_u) / 2 - 0.5, base + big + 3, width_u + 1, small)
    page.text("copies.unit", below, theme.MAIN_BUTTON, unit, em=usual)


def _step(page: Page, rect: Rect, name: str, copies: int, possible: bool) -> None:
    fill = "card" if possible else "foot"
    words_h = page.grow(13.0)
    label = page.set_text(
        f"copies.{name}",
        page.words.get(f"copies.{name}"),
        Rect(rect.x + 4, rect.bottom - words_h - 6, rect.w - 8, words_h),
        theme.CAPTION,
        align=Align.CENTRE,
        colour="ai_deep" if possible else "soft",
        ground=fill,
        em=9.4,
        middle=True,
    )
    size = min(28.0, rect.h - words_h - 13)
    sign = Rect(rect.x + (rect.w - size) / 2, rect.y + (rect.h - words_h - 6 - size) / 2 + 1, size, size)
    picture = Picture(("plus" if name == "more" else "minus") + ("" if possible else "_off"), sign, fill)
    if possible:
        box = Box(rect, fill="card", border="ai", border_mm=BORDER)
        page.add(Button(name, rect, CopiesChanged(copies), box, (picture, label)))
    else:
        page.add(Box(rect, fill="foot", border="line", border_mm=BORDER, dashed=True), picture, label)


@dataclass(frozen=True, slots=True)
class Row:
    """Label and what was chosen; several values stand below each other."""

    label: str
    value_id: str
    values: tuple[str, ...]


def confirm(view: Confirm, context: Context) -> Screen:
    page = Page("confirm", view.frame, context, phrase="confirm", share=0.5, large_share=0.55)
    page.head()
    page.foot()
    # Where large letters leave no room for all of it: the items on leaves of their own, after the rest.
    split = bool(view.household) and len(view.items) > 1 and page.spares(2)
    parts = _item_parts(page, view) + 1 if split else 1
    last = not split or page.context.turned >= parts - 1
    if last:
        page.main_button("next", NextPressed(), "confirm.go")
    else:
        leaves.inert(page, page.touch.take_bottom(page.measures.main), "confirm.go", theme.MAIN_BUTTON)
    leaf = leaves.turn(page, parts) if split else 0
    page.title("confirm.title")
    names = tuple(page.words.first(f"items.{item}", "items.other")[1] for item in view.items)
    items = Row("confirm.items", "confirm.items.value", names or (page.words.get("confirm.items_none"),))
    rows = [Row("confirm.certificate", "confirm.certificate.value", (view.certificate_name,))]
    if view.household:
        rows.append(Row("confirm.household", *_household(page, view)))
        if not page.wide and not split:
            rows.append(items)
    copies = page.words.get("confirm.copies_value", copies=view.copies)
    rows.append(Row("confirm.copies", "confirm.copies.value", (copies,)))
    note = "confirm.note" if view.frame.back else "confirm.note_plain"
    if leaf:
        _items(page, replace(items, values=_item_leaf(names, leaf - 1, parts - 1)), page.touch)
    elif page.wide:
        if view.household and not split:
            _items(page, items, page.read)
        if page.read.room > page.grow(NOTE_ROOM):
            page.lead(note)
        _summary(page, view, rows, page.touch.free(4, 0))
    else:
        at = page.touch
        if not page.spares():
            text = page.set_text(
                note, page.words.get(note), Rect(at.x, 0, at.w, 40), theme.LEAD, max_lines=page.lines(2), colour="soft"
            )
            strip = at.take_bottom(text.rect.h + 1, 8)
            page.add(replace(text, rect=replace(text.rect, y=strip.y)))
        _summary(page, view, rows, at.free(8, 0))
    return replace(page.finish(), parts=parts)


def _item_leaf(names: tuple[str, ...], leaf: int, count: int) -> tuple[str, ...]:
    """What stands on one of the leaves after the first: a share of the items."""
    each = -(-len(names) // count)
    return names[leaf * each : (leaf + 1) * each]


def _item_parts(page: Page, view: Confirm) -> int:
    """Over how many leaves the items go."""
    names = tuple(page.words.first(f"items.{item}", "items.other")[1] for item in view.items)
    room = page.touch.free(6, 60)
    for count in range(1, len(names)):
        shown = (_item_leaf(names, leaf, count) for leaf in range(count))
        texts = [page.words.get("common.between").join(each) for each in shown]
        if all(
            page.set_text(
                "confirm.items.value", words, room.inset(8), theme.STRONG, max_lines=12, em=10.4, inside=True
            ).fits
            for words in texts
        ):
            return count
    return len(names)


def _household(page: Page, view: Confirm) -> tuple[str, tuple[str, ...]]:
    text_id = f"household.{view.household}"
    words = page.words.get(text_id) if text_id in page.words else view.household
    if view.household == "part" and view.members:
        words = page.words.get("confirm.members", household=words, members=view.members)
    return text_id, (words,)


def _items(page: Page, row: Row, at: Column) -> None:
    """On a panel that lies the items stand in a box of their own beside the rest, one after the other."""
    inner = Rect(at.x + 8, 0, at.w - 16, at.room - 6)
    words = page.words.get("common.between").join(row.values)
    label = page.set_text(row.label, page.words.get(row.label), inner, theme.CAPTION, ground="card", colour="soft")
    plain = page.tight or at is not page.read
    head = 0.0 if plain else label.rect.h + 5
    if plain:
        label_words = page.words.get(row.label)
        words = (
            f"{label_words}\n{words}"
            if page.large
            else page.words.get("common.labelled", label=label_words, words=words)
        )
    text = page.set_text(
        row.value_id,
        words,
        replace(inner, h=inner.h - head - 12),
        theme.STRONG,
        max_lines=12,
        ground="card",
        em=10.4,
        inside=True,
    )
    box = Rect(at.x, at.y + (3 if page.tight else 5), at.w, head + text.rect.h + 12)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    if not plain:
        page.add(replace(label, rect=replace(label.rect, y=box.y + 6)))
    page.add(replace(text, rect=replace(text.rect, y=box.y + 6 + head)))
    at.y = box.bottom


def _summary(page: Page, view: Confirm, rows: list[Row], room: Rect) -> None:
    pitch = page.grow(11.8 if page.tight else 13.6)
    total_h = 24.0 if page.tight else 30.0 if page.wide else 36.0
    total_h = max(min(total_h, 24.0) if page.spares(2) else total_h, page.size(page.measures.title) + 4)
    x, width = room.x + 11, room.w - 22
    blocks = [_block(page, row, x, width, pitch) for row in rows]
    heights = [sum(max(pitch, text.rect.h + 2) for text in block) for block in blocks]
    # Many items: rows come closer together before letters become smaller.
    pad = max(0.3 if page.spares(2) else 1.4, min(11.5, (room.h - total_h - 6 - sum(heights)) / (2 * len(rows))))
    height = sum(heights) + 2 * pad * len(rows) + total_h + 4
    page.add(Box(Rect(room.x, room.y, room.w, height), fill="card", border="line", border_mm=BORDER))
    y = room.y + 2
    for row, block, block_h in zip(rows, blocks, heights, strict=True):
        place = y + pad
        first = max(pitch, block[0].rect.h + 2)
        _label(page, row.label, Rect(x, place, _label_w(page, row.label) - 4, first))
        for text in block:
            line = max(pitch, text.rect.h + 2)
            if text.lines:
                page.add(replace(text, rect=replace(text.rect, y=place + (line - text.rect.h) / 2)))
            place += line
        y += block_h + 2 * pad
        page.add(Box(Rect(x, y - 0.3, width, 0.6), fill="line", radius=0))
    label_w = _label_w(page, "confirm.total")
    _label(page, "confirm.total", Rect(x, y, label_w, total_h))
    page.text(
        "confirm.total.value",
        Rect(x + label_w, y, width - label_w, total_h),
        page.measures.title,
        page.yen(view.price_yen),
        middle=True,
        align=Align.RIGHT,
        ground="card",
        colour="ai_deep",
    )


def _block(page: Page, row: Row, x: float, width: float, pitch: float) -> list[Text]:
    """The values of a row, below each other; the first beside the label, or below it when it needs the whole width."""
    label_w = _label_w(page, row.label)

    def value(words: str, left: float, lines: int, em: float) -> Text:
        rect = Rect(x + left, 0, width - left, pitch)
        return page.set_text(
            row.value_id, words, rect, theme.STRONG, align=Align.RIGHT, ground="card", max_lines=lines, em=em
        )

    alone = replace(value("", 0, 1, 11.0), lines=())
    alone = replace(alone, rect=replace(alone.rect, h=0.0))
    if len(row.values) > 1 and page.large:
        return [alone, *(value(words, 0, 2, 10.0) for words in row.values)]
    if len(row.values) > 1:
        return [value(words, 0 if index else label_w, 1, 10.0) for index, words in enumerate(row.values)]
    words = row.values[0]
    beside = value(words, label_w, 1, 11.0)
    if beside.fits and (page.tight or beside.em >= page.size(theme.STRONG, 11.0) * ONE_LINE):
        return [beside]
    if not page.tight:
        beside = value(words, label_w, page.lines(2), 11.0)
        if beside.fits:
            return [beside]
    return [alone, value(words, 0, page.lines(2), 11.0)]


def _label_w(page: Page, text_id: str) -> float:
    return page.width(page.words.get(text_id), theme.BODY, em=9.6) + 6


def _label(page: Page, text_id: str, rect: Rect) -> None:
    page.text(text_id, rect, theme.BODY, middle=True, ground="card", colour="soft", em=9.6)
