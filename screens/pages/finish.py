"""From printing to the end: taking, refusals, thanks."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import NextPressed, Place, TakenPressed
from kiosk.view_model import Printing, Refused, Take, Thanks
from screens import theme
from screens.columns import GAP, grid
from screens.elements import Align, AmountBar, Box, Element, Picture, Rect, Screen, Text
from screens.measures import TIGHT_SCALE
from screens.page import Page
from screens.pages.parts import ASK_H, alternatives, ask_box, note, progress, said
from screens.paper import BORDER
from screens.pictures import for_money, for_printing, for_take
from screens.typeset import Context

SAID_ROOM = 90.0
"""With less left the title and the rest of the words go before what is said aloud anyway."""
PLACES = {
    "certificate": Place.CERTIFICATE_TRAY,
    "change": Place.CHANGE_TRAY,
    "receipt": Place.RECEIPT_TRAY,
}


def printing(view: Printing, context: Context) -> Screen:
    waiting = bool(view.waiting_for)
    page = Page("printing", view.frame, context, phrase="" if waiting else "printing")
    page.head()
    page.foot()
    page.title("printing.title_waiting" if waiting else "printing.title")
    page.lead("printing.lead_waiting" if waiting else "printing.lead")
    at = page.touch
    if view.progress is not None:
        progress(page, view.progress)
        at.floor -= 4
    else:
        at.floor -= 4
        done = (view.copy - 1) / view.copies if view.copies else 0.0
        page.add(AmountBar(at.take_bottom(9, 8), max(done, 0.04), "ai"))
    now_id = f"printing.{'wait' if waiting else 'now'}{'_one' if view.copies == 1 else ''}"
    now = page.words.get(now_id, copy=view.copy, copies=view.copies)
    steps = [
        ("done", "printing.arrived", page.words.get("printing.arrived")),
        ("done", "printing.paid", page.words.get("printing.paid")),
        ("now", now_id, now),
        ("later", "printing.receipt", page.words.get("printing.receipt")),
    ]
    if page.spares():
        steps = [step for step in steps if step[0] == "now"]
    rows = [
        page.set_text(
            text_id,
            words,
            Rect(at.x + 21, 0, at.w - 21, 40),
            theme.STRONG if state == "now" else theme.BODY,
            max_lines=2,
            colour={"done": "ink", "now": "ai_deep", "later": "soft"}[state],
            em=10.6,
        )
        for state, text_id, words in steps
    ]
    heights = [max(18.0 if page.wide and waiting else 20.0, text.rect.h + 5) for text in rows]
    area = at.take_bottom(sum(heights), 2)
    y = area.y
    for (state, _, _), text, height in zip(steps, rows, heights, strict=True):
        page.add(Picture(f"step_{state}", Rect(area.x + 1, y + (height - 13) / 2, 13, 13), page.ground))
        page.add(replace(text, rect=replace(text.rect, y=y + (height - text.rect.h) / 2)))
        y += height
    if waiting:
        text_id, _ = page.words.first(f"printing.waiting_{view.waiting_for}", "printing.waiting_other")
        note(page, text_id)
    page.picture(for_printing(view.waiting_for, view.copies))
    return page.finish()


def take(view: Take, context: Context) -> Screen:
    """Names the first thing that lies there; the others stand below it, so that nothing is left."""
    first = view.things[0] if view.things else "certificate"
    coming = first == "receipt" and view.receipt == "printing"
    phrase = "" if coming else f"take_{first}" if first in PLACES else "take_all"
    page = Page("take", view.frame, context, phrase=phrase)
    page.head()
    page.tint("yama_tint", "yama")
    page.foot()
    if view.by_touch and first in PLACES and not coming:
        page.main_button("taken", TakenPressed(PLACES[first]), "take.done")
    beside = page.read if page.wide and (page.large or page.spares() or not view.owed_yen) else page.touch
    if view.receipt == "failed":
        note(page, "take.receipt_failed", fill="card", border="shu", align=Align.LEFT, column=beside, em=10.0)
    elif view.receipt == "printing" and not coming:
        note(page, "take.receipt_soon", fill="card", border="line", align=Align.LEFT, column=beside, em=10.0)
    if view.owed_yen:
        _owed(page, view)
    if len(view.things) > 1:
        _things(page, view)
    elif not view.by_touch and first in PLACES and not coming and page.read.room > page.grow(page.grow(SAID_ROOM)):
        said(page, f"take.title_{first}")
    title, _ = page.words.first(f"take.title_{first}", "take.title_all")
    lead = "take.lead" if len(view.things) > 1 else "take.lead_one"
    if coming:
        title, lead = "take.title_receipt_printing", "take.lead_receipt_printing"
    page.title(title, page.measures.take_title, gap=9 if page.wide else 15)
    page.lead(lead, colour="ink")
    page.picture(for_take(first))
    return page.finish()


def _owed(page: Page, view: Take) -> None:
    at = page.read if page.wide and not page.large and not page.spares() else page.touch
    words = page.words.get("take.owed", yen=f"{view.owed_yen:,}")
    inner = Rect(at.x + 10, 0, at.w - 20, 60)
    text = page.set_text(
        "take.owed", words, inner, theme.STRONG, max_lines=page.lines(3), em=10.4, ground="card"
    )  # fmt: skip
    slip = page.set_text(
        "take.slip", page.words.get("take.slip", slip=view.slip), inner, theme.BODY, ground="card", max_lines=2
    )
    box = at.take_bottom(text.rect.h + 16 + (slip.rect.h + 5 if view.slip else 0))
    page.add(Box(box, fill="card", border="shu", border_mm=1.2))
    page.add(replace(text, rect=replace(text.rect, y=box.y + 8)))
    if view.slip:
        page.add(replace(slip, rect=replace(slip.rect, y=box.y + 8 + text.rect.h + 5)))


def _things(page: Page, view: Take) -> None:
    """One box for each thing, in the order to take them: side by side, or in rows where that is too narrow."""
    count = len(view.things)
    at = page.read if page.wide and view.owed_yen and page.spares(2) else page.touch
    beside = page.wide or page.large
    if beside:
        height = page.grow(26.0) if page.large else 30.0
        boxes = grid(at.take_bottom(height * count + 4.0 * (count - 1)), count, 1, height, 4.0)
    else:
        boxes = grid(at.take_bottom(46.0), count, count, 46.0)
    labels = [_thing_label(page, view, thing) for thing in view.things]
    words_h = 0.0 if beside else max(_below(page, *label, boxes[0]).rect.h for label in labels)
    for index, (thing, (text_id, words), box) in enumerate(zip(view.things, labels, boxes, strict=True)):
        edge, edge_mm = ("yama", 1.6) if index == 0 else ("line", BORDER)
        page.add(Box(box, fill="card", border=edge, border_mm=edge_mm))
        _icon(page, f"icon_{thing}", text_id, words, box, beside=beside, words_h=words_h)


def _thing_label(page: Page, view: Take, thing: str) -> tuple[str, str]:
    """Text id and words of a thing to take: the change with its amount."""
    if thing == "change" and view.change_yen:
        return "take.change_value", page.words.get("take.change_value", yen=f"{view.change_yen:,}")
    return page.words.first(f"take.{thing}", "take.title_all")


def _below(page: Page, text_id: str, words: str, box: Rect) -> Text:
    """The word of one or two lines below a drawing."""
    rect = Rect(box.x + 1.5, 0, box.w - 3, 40)
    one = page.set_text(text_id, words, rect, theme.STRONG, align=Align.CENTRE, ground="card", em=10.2)
    if one.fits and one.em >= page.size(theme.STRONG, 10.2) * 0.7:
        return one
    return page.set_text(text_id, words, rect, theme.STRONG, max_lines=2, align=Align.CENTRE, ground="card", em=10.2)


def _icon(
    page: Page, picture: str, text_id: str, words: str, box: Rect, *, beside: bool = False, words_h: float = 0.0
) -> None:
    """A drawing with a word of one or two lines below it, or beside it. words_h: of the highest word beside it, so
    that all drawings of a row are of one size."""
    if beside:
        page.add(Picture(picture, Rect(box.x + 6, box.y + 4, 32, box.h - 8), "card"))
        room = Rect(box.x + 44, box.y + 2, box.w - 50, box.h - 4)
        page.text(text_id, room, theme.STRONG, words, max_lines=2, middle=True, ground="card", em=10.6)
        return
    text = _below(page, text_id, words, box)
    height = box.h - max(words_h, text.rect.h) - 12
    page.add(Picture(picture, Rect(box.x + 4, box.y + 4, box.w - 8, height), "card"))
    page.add(replace(text, rect=replace(text.rect, y=box.y + 4 + height + 3)))


def refused(view: Refused, context: Context) -> Screen:
    """What happened, what became of card, money and paper, what to do, whom to ask; in this order."""
    # Japanese says what became of the money in one long word.
    small = context.panel.wide and context.panel.scale < TIGHT_SCALE and view.frame.language == "ja"
    page = Page("refused", view.frame, context, phrase="refused", share=0.55, large_share=0.54 if small else 0.505)
    page.head()
    page.foot()
    known = f"refused.{view.reason}.title" in page.words
    base = f"refused.{view.reason}" if known else "refused.other"
    page.main_button("next", NextPressed(), "foot.finish")
    if page.wide:
        _state(page, view, base)
    # Lying, with large letters, whom to ask is said below the rest, without a box of its own.
    compact = page.wide and (page.large or page.spares())
    if view.contact and page.wide and not compact:
        ask_box(page, view.contact, column=page.touch if page.touch.room >= ASK_H + 16 else page.read)
    page.title(f"{base}.title")
    page.lead(f"{base}.what", colour="ink", max_lines=3, spare=0)
    if not page.wide:
        _state(page, view, base)
    if page.wide and page.spares() and view.frame.spoken:
        page.lead(f"{base}.do", colour="ink", max_lines=3, spare=0, column=page.touch)
    else:
        page.lead(f"{base}.do", colour="ink", max_lines=3, gap=10, spare=0)
    if view.contact and compact:
        words = f"{page.words.get('common.ask')}\n{view.contact}"
        before = page.touch.y
        page.lead("common.ask", words=words, colour="ink", if_room=True, column=page.touch)
        if page.touch.y == before:
            page.lead("common.ask", words=words, colour="ink", spare=2)
    if view.contact and not page.wide:
        ask_box(page, view.contact)
    alternatives(page, view.alternatives, column=page.read if page.wide else page.touch, keep=4 if page.wide else 12)
    return page.finish()


def _state(page: Page, view: Refused, base: str) -> None:
    """Card, money and paper: one row for each, as high as its words need."""
    card_id, card = page.words.first(f"{base}.card", "refused.card")
    paper_id, paper = page.words.first(f"{base}.paper", "refused.paper")
    money_id = f"refused.money_{view.money}"
    if not view.amount_yen and f"{money_id}_all" in page.words:
        money_id += "_all"
    money_id, money = page.words.first(money_id, "refused.money_none", yen=f"{view.amount_yen:,}")
    rows = [("card", card_id, card), ("money", money_id, money), ("paper", paper_id, paper)]
    icons = {"card": "icon_card", "money": for_money(view.money), "paper": "icon_certificate"}
    labels = {what: page.words.get(f"refused.{what}_label") for what, _, _ in rows}
    label_w = max(page.width(words, theme.BODY, em=9.6) for words in labels.values()) + 2
    at = page.touch
    icon_w, inset = (20.0, 7.0) if page.wide else (24.0, 9.0)
    # Words need the room, and it is the same on every one of these pages.
    pictured = not (page.wide and (page.large or page.spares()))
    if not pictured:
        icon_w, inset = -6.0, 4.0
    least, air = (22.0, 9.0) if page.wide else (27.0, 13.0)
    if page.wide and page.spares(2):
        least, air = 15.0, 4.5
    x = at.x + inset + icon_w + 6 + label_w + 5
    width = at.right - inset - x
    top = at.y + (1 if least < 17 else 4 if page.wide else 9)
    y = top + 2
    inside: list[Element] = []
    for index, (what, value_id, value) in enumerate(rows):
        rect = Rect(x, 0, width, 60)
        text = page.set_text(value_id, value, rect, theme.STRONG, max_lines=page.lines(3), ground="card", em=10.4)
        slip = None
        if what == "money" and view.slip:
            number = page.words.get("refused.slip", slip=view.slip)
            slip = page.set_text("refused.slip", number, rect, theme.CAPTION, max_lines=2, ground="card")
        words_h = text.rect.h + (slip.rect.h + 5 if slip else 0)
        row_h = max(least, words_h + air)
        if index:
            inside.append(Box(Rect(at.x + inset, y - 0.3, at.w - 2 * inset, 0.6), fill="line", radius=0))
        if pictured:
            inside.append(Picture(icons[what], Rect(at.x + inset, y + (row_h - 18) / 2, icon_w, 18), "card"))
        label = Rect(at.x + inset + icon_w + 6, y, label_w, row_h)
        inside.append(
            page.set_text(
                f"refused.{what}_label", labels[what], label, theme.BODY, middle=True, ground="card", colour="soft",
                em=9.6,
            )
        )  # fmt: skip
        words_top = y + (row_h - words_h) / 2
        inside.append(replace(text, rect=Rect(x, words_top, width, text.rect.h)))
        if slip:
            inside.append(replace(slip, rect=replace(slip.rect, y=words_top + text.rect.h + 5)))
        y += row_h
    page.add(Box(Rect(at.x, top, at.w, y + 2 - top), fill="card", border="line", border_mm=BORDER))
    page.add(*inside)
    at.y = y + 2


def thanks(view: Thanks, context: Context) -> Screen:
    page = Page("thanks", view.frame, context, phrase="thanks")
    page.head()
    page.title("thanks.title")
    page.lead("thanks.lead", colour="ink")
    names = ("card", "certificate", "change", "receipt")
    rows = page.large
    height = page.grow(26.0) if rows else 40.0
    across = 1 if rows else 2
    tall = (height + GAP) * len(names) / across - GAP
    for name, box in zip(names, grid(page.touch.take_bottom(tall), len(names), across, height), strict=True):
        page.add(Box(box, fill="card", border="line", border_mm=BORDER))
        text_id = f"thanks.{name}"
        _icon(page, f"icon_{name}", text_id, page.words.get(text_id), box, beside=rows or not page.wide)
    page.picture("done", share=0.7)
    return page.finish()
