"""Is it you, then the money."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import IdentityConfirmed, IdentityDenied
from kiosk.view_model import Arrived, Pay
from screens import theme
from screens.elements import Align, AmountBar, Box, Picture, Rect, Screen
from screens.page import BORDER, Page
from screens.pages.parts import note
from screens.typeset import Context

COINS = (500, 100, 50, 10)
METALS = {500: "gold", 100: "silver", 50: "silver", 10: "copper"}


def arrived(view: Arrived, context: Context) -> Screen:
    """Both answers are of one size: the name is the last guard, and it must be as easy to say no."""
    page = Page("arrived", view.frame, context, phrase="arrived")
    page.head()
    page.foot()
    page.main_button("not-me", IdentityDenied(), "arrived.no", style="danger")
    page.main_button("me", IdentityConfirmed(), "arrived.yes")
    page.title("arrived.title")
    page.lead("arrived.lead")
    free = page.touch.free(2 if page.wide else 10, 0 if page.wide else 4)
    box = Rect(free.x, free.y, free.w, min(free.h, 118))
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    # Names are Japanese in every language, and so is the title of respect where the language has one.
    honorific = page.words.get("arrived.honorific")
    name = f"{view.masked_name}　{honorific}".strip()
    summary_h = 34.0 if page.wide else 40.0
    for lines in (1, 2):
        # On one line, if smaller, rather than family and given name torn apart.
        text = page.set_text(
            "arrived.name",
            name,
            Rect(box.x + 10, box.y + 4, box.w - 20, box.h - summary_h - 6),
            theme.NAME,
            max_lines=lines,
            middle=True,
            align=Align.CENTRE,
            ground="card",
            private=True,
        )
        if text.fits:
            break
    page.add(text)
    text_id = "arrived.summary"
    price = f"{view.price_yen:,}"
    words = page.words.get(text_id, name=view.certificate_name, copies=view.copies, price=price)
    page.text(
        text_id,
        Rect(box.x + 10, box.bottom - summary_h, box.w - 20, summary_h - (5 if page.wide else 8)),
        theme.LEAD,
        words,
        em=11.0,
        max_lines=2,
        middle=True,
        align=Align.CENTRE,
        ground="card",
        colour="soft",
    )
    return page.finish()


def pay(view: Pay, context: Context) -> Screen:
    page = Page("pay", view.frame, context, phrase="pay", share=0.56)
    page.head()
    page.foot()
    missing = view.price_yen - view.inserted_yen
    title = "pay.title" if missing > 0 else "pay.title_done"
    if page.wide:
        _notes(page, view, missing)
        page.title(title)
        for text_id, words in _paragraphs(page, view, missing):
            page.lead(text_id, words=words, if_room=True)
        _amount(page, view, missing, 98.0)
    else:
        page.title(title)
        _amount(page, view, missing, 120.0)
        _notes(page, view, missing)
        at = page.touch
        for text_id, words in reversed(_paragraphs(page, view, missing)):
            text = page.set_text(text_id, words, Rect(at.x, 0, at.w, 60), theme.LEAD, max_lines=3)
            strip = at.take_bottom(text.rect.h + 1, 5)
            page.text(text_id, replace(strip, h=60), theme.LEAD, words, max_lines=3, colour="soft")
    _coins(page, view)
    return page.finish()


def _notes(page: Page, view: Pay, missing: int) -> None:
    """What must not be missed before the first coin."""
    column = page.read if page.wide else page.touch
    if not view.receipt and missing > 0:
        note(page, "pay.no_receipt", column=column, em=10.6)
    if view.exact_only and missing > 0:
        note(page, "pay.exact", column=column, em=10.6)


def _paragraphs(page: Page, view: Pay, missing: int) -> list[tuple[str, str]]:
    lead = "pay.lead_exact" if view.exact_only else "pay.lead"
    found = [(lead, page.words.get(lead))]
    if view.change_note and missing > 0 and not view.exact_only:
        found.insert(0, ("pay.change_note", view.change_note))
    return found


def _amount(page: Page, view: Pay, missing: int, height: float) -> None:
    at = page.touch
    box = Rect(at.x, at.y + (4 if page.wide else 8), at.w, height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    inset = 11.0 if page.wide else 14.0
    k = 0.68 if page.wide else 1.0
    x, width = box.x + inset, box.w - 2 * inset
    label = "pay.remaining" if missing >= 0 else "pay.change"
    page.text(label, Rect(x, box.y + 11 * k, width, 14), theme.BODY, ground="card", colour="soft", max_lines=1)
    before, _, after = page.words.get("common.yen", yen="\0").partition("\0")
    digits = f"{before}{abs(missing):,}"
    big = theme.AMOUNT.em * k
    unit_em = theme.TITLE.em * k
    unit_w = page.width(after, theme.TITLE, em=unit_em) + 4 if after else 0.0
    taken = page.text(
        "pay.amount",
        Rect(x, box.y + 27 * k, min(width - unit_w, page.width(digits, theme.AMOUNT, em=big) + 1), 44),
        theme.AMOUNT,
        digits,
        ground="card",
        colour="ai_deep",
        em=big,
    )
    if after:
        unit_x = x + page.width(digits, theme.AMOUNT, em=taken.em) + 3
        top = box.y + 27 * k + 0.88 * (taken.em - unit_em)
        rect = Rect(unit_x, top, unit_w, unit_em)
        page.text("common.yen", rect, theme.TITLE, after, ground="card", colour="ai_deep", em=unit_em)
    part = min(1.0, view.inserted_yen / view.price_yen) if view.price_yen else 1.0
    page.add(AmountBar(Rect(x, box.y + 80 * k, width, 9 * k), part))
    _sums(page, view, Rect(x, box.y + 94 * k, width, box.bottom - (box.y + 94 * k) - 5 * k))
    at.y = box.bottom


def _sums(page: Page, view: Pay, row: Rect) -> None:
    """What was put in and the fee: beside each other, or below each other where that is too narrow."""
    pairs = (
        ("pay.inserted", page.words.get("pay.inserted"), page.yen(view.inserted_yen)),
        ("pay.fee", page.words.get("pay.fee"), page.yen(view.price_yen)),
    )
    widths = [
        (page.width(words, theme.BODY) + 1, page.width(value, theme.STRONG, em=11.0) + 1) for _, words, value in pairs
    ]
    for index, ((text_id, words, value), (label_w, value_w)) in enumerate(zip(pairs, widths, strict=True)):
        if page.wide:
            line = Rect(row.x, row.y + index * row.h / 2, row.w, row.h / 2)
            value_x = line.right - value_w
        else:
            line = replace(row, x=row.right - sum(widths[1]) - 6) if index else row
            value_x = line.x + label_w + 6
        page.text(text_id, replace(line, w=label_w), theme.BODY, words, ground="card", middle=True)
        at = Rect(value_x, line.y, value_w, line.h)
        page.text(f"{text_id}.value", at, theme.STRONG, value, ground="card", middle=True, em=11.0)


def _coins(page: Page, view: Pay) -> None:
    """What the slot takes now; what it does not take is pale and named so."""
    at = page.touch
    if not view.accepted:
        page.picture("coins_counting", share=0.8, column=at)
        return
    values = sorted({*COINS, *view.accepted}, reverse=True)
    refused = [page.yen(value) for value in values if value not in view.accepted]
    if refused:
        words = page.words.get("pay.refused_coins", coins=page.words.get("common.between").join(refused))
        text = page.set_text("pay.refused_coins", words, at.free(), theme.CAPTION, max_lines=2, colour="soft")
        strip = at.take_bottom(text.rect.h + 4, 1)
        page.add(replace(text, rect=replace(text.rect, y=strip.y + 2)))
    free = at.free(3 if page.wide else 8, 0 if page.wide else 4)
    slot = 46.0 if page.wide else 56.0
    step = (free.w - slot - 5) / len(values)
    size = min(42.0, free.h, step - (2.5 if page.wide else 6))
    y = free.y + (free.h - size) / 2
    for index, value in enumerate(values):
        rect = Rect(free.x + index * step, y, size, size)
        usable = value in view.accepted
        kind = f"coin_{value}" if value in COINS else "note"
        page.add(Picture(kind if usable else f"{kind}_off", rect, page.ground))
        metal = METALS.get(value, "ai_tint") if usable else "foot"
        page.text(
            f"pay.coin.{value}",
            Rect(rect.x + 3, rect.y, rect.w - 6, rect.h),
            theme.STRONG,
            str(value),
            em=min(12.0, size * 0.34),
            middle=True,
            align=Align.CENTRE,
            ground=metal,
            colour="ink" if usable else "soft",
        )
    page.add(Picture("coin_slot", Rect(free.right - slot, y - 1, slot, size + 2), page.ground))
