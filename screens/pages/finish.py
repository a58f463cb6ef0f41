"""From "is it you?" to the end: name, money, printing, taking, refusals, thanks."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import IdentityConfirmed, IdentityDenied, NextPressed, Place, TakenPressed
from kiosk.view_model import Arrived, Pay, Printing, Refused, Take, Thanks
from screens import theme
from screens.elements import Align, AmountBar, Box, Element, Picture, Rect, Screen
from screens.page import BORDER, GAP, MARGIN, Context, Page
from screens.pages.card import note, said
from screens.pages.service import alternatives, ask_box

COINS = (500, 100, 50, 10)
METALS = {500: "gold", 100: "silver", 50: "silver", 10: "copper"}
PLACES = {
    "certificate": Place.CERTIFICATE_TRAY,
    "change": Place.CHANGE_TRAY,
    "receipt": Place.RECEIPT_TRAY,
}


def arrived(view: Arrived, context: Context) -> Screen:
    """Both answers are of one size: the name is the last guard, and it must be as easy to say no."""
    page = Page("arrived", view.frame, context, phrase="arrived")
    page.head()
    page.foot()
    page.main_button("not-me", IdentityDenied(), "arrived.no", style="danger")
    page.main_button("me", IdentityConfirmed(), "arrived.yes")
    page.title("arrived.title")
    page.lead("arrived.lead")
    room = page.floor - page.y - 14
    box = Rect(MARGIN, page.y + 10, page.inner, min(room, 118))
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    honorific = page.words.get("arrived.honorific")
    name = f"{view.masked_name}　{honorific}" if honorific else view.masked_name
    page.text(
        "arrived.name",
        Rect(box.x + 10, box.y + 6, box.w - 20, box.h - 36),
        theme.NAME,
        name,
        max_lines=2,
        middle=True,
        align=Align.CENTRE,
        ground="card",
        private=True,
    )
    words = page.words.get(
        "arrived.summary", name=view.certificate_name, copies=view.copies, price=f"{view.price_yen:,}"
    )
    page.text(
        "arrived.summary",
        Rect(box.x + 10, box.bottom - 28, box.w - 20, 18),
        theme.LEAD,
        words,
        em=11.0,
        middle=True,
        align=Align.CENTRE,
        ground="card",
        colour="soft",
    )
    return page.finish()


def pay(view: Pay, context: Context) -> Screen:
    page = Page("pay", view.frame, context, phrase="pay")
    page.head()
    page.foot()
    missing = view.price_yen - view.inserted_yen
    page.title("pay.title" if missing > 0 else "pay.title_done")
    _amount(page, view, missing)
    if not view.receipt:
        note(page, "pay.no_receipt", fill="card", border="line")
    if view.exact_only and missing > 0:
        note(page, "pay.exact")
    lead_id = "pay.lead_exact" if view.exact_only else "pay.lead"
    lead = page.set_text(lead_id, page.words.get(lead_id), Rect(0, 0, page.inner, 40), theme.LEAD, max_lines=2)
    top = page.floor - lead.rect.h - 2
    page.text(lead_id, Rect(MARGIN, top, page.inner, 40), theme.LEAD, max_lines=2, colour="soft")
    page.floor = top - 6
    _coins(page, view)
    return page.finish()


def _amount(page: Page, view: Pay, missing: int) -> None:
    box = Rect(MARGIN, page.y + 8, page.inner, 120)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    x, width = box.x + 14, box.w - 28
    label = "pay.remaining" if missing >= 0 else "pay.change"
    page.text(label, Rect(x, box.y + 11, width, 12), theme.BODY, ground="card", colour="soft")
    digits = f"{abs(missing):,}"
    unit = page.words.get("common.yen", yen="")
    # ¥600 or 600円: the unit is small, and stands where the language writes it.
    ahead = page.words.get("common.yen", yen="0").endswith("0")
    digits_x = x + (page.width(unit, theme.TITLE) + 4 if ahead else 0.0)
    taken = page.text(
        "pay.amount",
        Rect(digits_x, box.y + 26, min(width - 30, page.width(digits, theme.AMOUNT) + 1), 44),
        theme.AMOUNT,
        digits,
        ground="card",
        colour="ai_deep",
    )
    unit_x = x if ahead else x + page.width(digits, theme.AMOUNT, em=taken.em) + 3
    page.text(
        "common.yen",
        Rect(unit_x, box.y + 26 + taken.em - 23.5, 24, 20),
        theme.TITLE,
        unit,
        ground="card",
        colour="ai_deep",
    )
    part = min(1.0, view.inserted_yen / view.price_yen) if view.price_yen else 1.0
    page.add(AmountBar(Rect(x, box.y + 80, width, 9), part))
    y = box.y + 96
    inserted = page.words.get("pay.inserted")
    label_w = page.width(inserted, theme.BODY) + 1
    page.text("pay.inserted", Rect(x, y, label_w, 14), theme.BODY, inserted, ground="card", middle=True)
    page.text(
        "pay.inserted.value",
        Rect(x + label_w + 6, y, 55, 14),
        theme.STRONG,
        page.yen(view.inserted_yen),
        ground="card",
        middle=True,
        em=11.0,
    )
    fee, price = page.words.get("pay.fee"), page.yen(view.price_yen)
    price_w = page.width(price, theme.STRONG, em=11.0) + 1
    page.text(
        "pay.fee.value",
        Rect(x + width - price_w, y, price_w, 14),
        theme.STRONG,
        price,
        ground="card",
        align=Align.RIGHT,
        middle=True,
        em=11.0,
    )
    fee_w = page.width(fee, theme.BODY) + 1
    page.text(
        "pay.fee",
        Rect(x + width - price_w - 6 - fee_w, y, fee_w, 14),
        theme.BODY,
        fee,
        ground="card",
        align=Align.RIGHT,
        middle=True,
    )
    page.y = box.bottom


def _coins(page: Page, view: Pay) -> None:
    """What the slot takes now; what it does not take is pale and named so."""
    values = sorted({*COINS, *view.accepted}, reverse=True)
    refused = [value for value in values if value not in view.accepted]
    room = page.floor - page.y - 14
    size = min(42.0, room - (14 if refused else 0), (page.inner - 62) / len(values) - 6)
    y = page.y + 8 + (room - size - (14 if refused else 0)) / 2
    if not view.accepted:
        page.picture("coins_counting", share=0.8)
        return
    step = (page.inner - 62) / len(values)
    for index, value in enumerate(values):
        rect = Rect(MARGIN + index * step, y, size, size)
        usable = value in view.accepted
        kind = f"coin_{value}" if value in COINS else "note"
        page.add(Picture(kind if usable else f"{kind}_off", rect, page.ground))
        if not usable:
            words = Rect(rect.x - (step - 1 - size) / 2, rect.bottom + 3, step - 1, 10)
            page.text("pay.refused_coin", words, theme.CAPTION, align=Align.CENTRE, colour="soft")
        metal = METALS.get(value, "ai_tint") if usable else "foot"
        page.text(
            f"pay.coin.{value}",
            rect.inset(6),
            theme.STRONG,
            str(value),
            em=12.0,
            middle=True,
            align=Align.CENTRE,
            ground=metal,
            colour="ink" if usable else "soft",
        )
    page.add(Picture("coin_slot", Rect(MARGIN + page.inner - 56, y - 1, 56, size + 2), page.ground))


def printing(view: Printing, context: Context) -> Screen:
    waiting = bool(view.waiting_for)
    page = Page("printing", view.frame, context, phrase="" if waiting else "printing")
    page.head()
    page.foot()
    page.title("printing.title_waiting" if waiting else "printing.title")
    page.lead("printing.lead_waiting" if waiting else "printing.lead")
    page.floor -= 4
    done = (view.copy - 1) / view.copies if view.copies else 0.0
    bar = Rect(MARGIN, page.floor - 9, page.inner, 9)
    page.add(AmountBar(bar, max(done, 0.04), "ai"))
    page.floor = bar.y - 8
    now_id = f"printing.{'wait' if waiting else 'now'}{'_one' if view.copies == 1 else ''}"
    now = page.words.get(now_id, copy=view.copy, copies=view.copies)
    steps = [
        ("done", "printing.arrived", page.words.get("printing.arrived")),
        ("done", "printing.paid", page.words.get("printing.paid")),
        ("now", now_id, now),
        ("later", "printing.receipt", page.words.get("printing.receipt")),
    ]
    row = 20.0
    top = page.floor - row * len(steps)
    for index, (state, text_id, words) in enumerate(steps):
        y = top + index * row
        page.add(Picture(f"step_{state}", Rect(MARGIN + 1, y + (row - 13) / 2, 13, 13), page.ground))
        page.text(
            text_id,
            Rect(MARGIN + 21, y, page.inner - 21, row),
            theme.STRONG if state == "now" else theme.BODY,
            words,
            middle=True,
            colour={"done": "ink", "now": "ai_deep", "later": "soft"}[state],
            em=10.6,
        )
    page.floor = top - 2
    if waiting:
        text_id, _ = page.words.first(f"printing.waiting_{view.waiting_for}", "printing.waiting_other")
        note(page, text_id)
    page.picture("paper_out" if not waiting else "printer_idle")
    return page.finish()


def take(view: Take, context: Context) -> Screen:
    """Names the first thing that lies there; the others stand below it, so that nothing is left."""
    first = view.things[0] if view.things else "certificate"
    page = Page("take", view.frame, context, phrase=f"take_{first}" if first in PLACES else "take_all")
    page.head()
    page.foot()
    page.tint("yama_tint", "yama")
    title, _ = page.words.first(f"take.title_{first}", "take.title_all")
    page.title(title, theme.TAKE_TITLE, gap=15)
    page.lead("take.lead" if len(view.things) > 1 else "take.lead_one", colour="ink")
    if view.by_touch and first in PLACES:
        page.main_button("taken", TakenPressed(PLACES[first]), "take.done")
    if view.owed_yen:
        _owed(page, view)
    if view.receipt == "failed":
        note(page, "take.receipt_failed", fill="card", border="shu")
    if view.receipt == "printing" and view.things == ("receipt",):
        note(page, "take.receipt_printing", fill="card", border="line")
    if len(view.things) > 1:
        _things(page, view)
    elif not view.by_touch and first in PLACES:
        said(page, f"take.title_{first}")
    page.picture({"change": "change_out", "receipt": "receipt_out"}.get(first, "certificate_out"))
    return page.finish()


def _owed(page: Page, view: Take) -> None:
    words = page.words.get("take.owed", yen=f"{view.owed_yen:,}")
    text = page.set_text("take.owed", words, Rect(0, 0, page.inner - 24, 60), theme.STRONG, max_lines=3, em=10.6)
    height = text.rect.h + 18 + (15 if view.slip else 0)
    box = Rect(MARGIN, page.floor - height, page.inner, height)
    page.add(Box(box, fill="card", border="shu", border_mm=1.2))
    page.text(
        "take.owed",
        Rect(box.x + 12, box.y + 9, box.w - 24, 60),
        theme.STRONG,
        words,
        max_lines=3,
        em=10.6,
        ground="card",
    )
    if view.slip:
        page.text(
            "take.slip",
            Rect(box.x + 12, box.bottom - 20, box.w - 24, 12),
            theme.BODY,
            page.words.get("take.slip", slip=view.slip),
            ground="card",
        )
    page.floor = box.y - GAP


def _things(page: Page, view: Take) -> None:
    """One box for each thing, in the order to take them."""
    count = len(view.things)
    width = (page.inner - GAP * (count - 1)) / count
    height = 46.0
    top = page.floor - height
    for index, thing in enumerate(view.things):
        box = Rect(MARGIN + index * (width + GAP), top, width, height)
        page.add(
            Box(box, fill="card", border="yama" if index == 0 else "line", border_mm=1.6 if index == 0 else BORDER)
        )
        page.add(Picture(f"icon_{thing}", Rect(box.x + 4, box.y + 4, box.w - 8, 22), "card"))
        text_id, words = page.words.first(f"take.{thing}", "take.title_all")
        if thing == "change" and view.change_yen:
            text_id, words = "take.change_value", page.words.get("take.change_value", yen=f"{view.change_yen:,}")
        page.text(
            text_id,
            Rect(box.x + 4, box.y + 28, box.w - 8, 15),
            theme.STRONG,
            words,
            middle=True,
            align=Align.CENTRE,
            ground="card",
            em=10.2,
        )
    page.floor = top - GAP


def refused(view: Refused, context: Context) -> Screen:
    """What happened, what became of card, money and paper, what to do, whom to ask; in this order."""
    page = Page("refused", view.frame, context, phrase="refused")
    page.head()
    page.foot()
    known = f"refused.{view.reason}.title" in page.words
    base = f"refused.{view.reason}" if known else "refused.other"
    page.main_button("next", NextPressed(), "foot.finish")
    page.title(f"{base}.title")
    page.lead(f"{base}.what", colour="ink", max_lines=2)
    _state(page, view, base)
    page.lead(f"{base}.do", colour="ink", max_lines=3, gap=10)
    if view.contact:
        ask_box(page, view.contact)
    alternatives(page, view.alternatives)
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
    icons = {"card": "icon_card", "money": "icon_change", "paper": "icon_certificate"}
    top = page.y + 9
    y = top + 3
    x, width = MARGIN + 82, page.inner - 92
    inside: list[Element] = []
    for index, (what, value_id, value) in enumerate(rows):
        text = page.set_text(value_id, value, Rect(x, 0, width, 40), theme.STRONG, max_lines=2, ground="card", em=10.4)
        slip = what == "money" and bool(view.slip)
        words_h = text.rect.h + (17 if slip else 0)
        row_h = max(27.0, words_h + 13)
        if index:
            inside.append(Box(Rect(MARGIN + 10, y - 0.3, page.inner - 20, 0.6), fill="line", radius=0))
        inside.append(Picture(icons[what], Rect(MARGIN + 9, y + (row_h - 20) / 2, 24, 20), "card"))
        label = Rect(MARGIN + 40, y, 40, row_h)
        name = f"refused.{what}_label"
        inside.append(
            page.set_text(
                name, page.words.get(name), label, theme.BODY, middle=True, ground="card", colour="soft", em=9.6
            )
        )
        words_top = y + (row_h - words_h) / 2
        inside.append(replace(text, rect=Rect(x, words_top, width, text.rect.h)))
        if slip:
            number = page.words.get("refused.slip", slip=view.slip)
            below = Rect(x, words_top + text.rect.h + 6, width, 11)
            inside.append(page.set_text("refused.slip", number, below, theme.BODY, ground="card"))
        y += row_h
    page.add(Box(Rect(MARGIN, top, page.inner, y + 3 - top), fill="card", border="line", border_mm=BORDER))
    page.add(*inside)
    page.y = y + 3


def thanks(view: Thanks, context: Context) -> Screen:
    page = Page("thanks", view.frame, context, phrase="thanks")
    page.head()
    page.title("thanks.title")
    page.lead("thanks.lead", colour="ink")
    # Only what this version hands over; the receipt joins them with its medium.
    names = ("card", "certificate", "change")
    width = (page.inner - GAP * (len(names) - 1)) / len(names)
    top = page.floor - 52
    for index, name in enumerate(names):
        box = Rect(MARGIN + index * (width + GAP), top, width, 52)
        page.add(Box(box, fill="card", border="line", border_mm=BORDER))
        page.add(Picture(f"icon_{name}", Rect(box.x + 4, box.y + 6, box.w - 8, 25), "card"))
        page.text(
            f"thanks.{name}",
            Rect(box.x + 2, box.y + 33, box.w - 4, 14),
            theme.BODY,
            middle=True,
            align=Align.CENTRE,
            ground="card",
        )
    page.floor = top - GAP
    page.picture("done", share=0.7)
    return page.finish()
