"""Is it you, then the money."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import IdentityConfirmed, IdentityDenied
from kiosk.view_model import Arrived, Pay
from screens import theme
from screens.elements import Align, AmountBar, Box, Element, Picture, Rect, Screen, Text
from screens.linebreak import atoms
from screens.page import Page
from screens.pages.parts import note
from screens.paper import BORDER
from screens.typeset import Context

COINS = (500, 100, 50, 10)
NAME_ON_ONE_LINE = 0.55
"""A longer name goes over two lines rather than become so much smaller."""
COINS_ROOM = 52.0
"""What the coins and the line under them need."""
RING = 0.74
"""Part of a coin's width that its figures may take."""
METALS = {500: "gold", 100: "silver", 50: "silver", 10: "copper"}


def arrived(view: Arrived, context: Context) -> Screen:
    """Both answers are of one size: the name is the last guard, and it must be as easy to say no."""
    page = Page("arrived", view.frame, context, phrase="arrived", large_share=0.6)
    page.head()
    page.foot()
    page.main_button("not-me", IdentityDenied(), "arrived.no", style="danger")
    page.main_button("me", IdentityConfirmed(), "arrived.yes")
    page.title("arrived.title")
    page.lead("arrived.lead")
    free = page.touch.free(2 if page.wide else 10, 0 if page.wide else 4)
    box = Rect(free.x, free.y, free.w, min(free.h, page.grow(118)))
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    # Names are Japanese in every language, and so is the title of respect where the language has one.
    honorific = page.words.get("arrived.honorific")
    name = f"{view.masked_name}　{honorific}".strip()
    summary_h = 34.0 if page.wide else 40.0
    if page.spares(2):
        summary_h = 0.0  # It was confirmed before; the name is what counts.
    elif page.large:
        words = page.words.get("arrived.summary", name=view.certificate_name, copies=view.copies,
                               price=f"{view.price_yen:,}")  # fmt: skip
        inner = Rect(0, 0, box.w - 20, 200)
        text = page.set_text("arrived.summary", words, inner, theme.LEAD, em=11.0, max_lines=3)
        summary_h = text.rect.h + (8 if page.wide else 12)
    page.add(_name(page, name, Rect(box.x + 5, box.y + 4, box.w - 10, box.h - summary_h - 6)))
    text_id = "arrived.summary"
    price = f"{view.price_yen:,}"
    words = page.words.get(text_id, name=view.certificate_name, copies=view.copies, price=price)
    if page.spares(2):
        return page.finish()
    page.text(
        text_id,
        Rect(box.x + 10, box.bottom - summary_h, box.w - 20, summary_h - (5 if page.wide else 8)),
        theme.LEAD,
        words,
        em=11.0,
        max_lines=3 if page.large else 2,
        middle=True,
        align=Align.CENTRE,
        ground="card",
        colour="soft",
    )
    return page.finish()


def _name(page: Page, name: str, room: Rect) -> Text:
    """On one line, if smaller, rather than family and given name torn apart; in the end smaller rather than a name
    cut in two."""
    longest = max((piece.strip() for piece in atoms(name, page.words.language)), key=len)
    whole = (room.w - 1) / page.line_width(longest, 10.0) * 10.0 / page.context.letters
    found: Text | None = None
    for lines in (1, 2, 3) if page.large else (1, 2):
        wanted = page.great(theme.NAME.em)
        found = page.set_text(
            "arrived.name",
            name,
            room,
            theme.NAME,
            em=min(wanted, whole) if lines > 1 else wanted,
            max_lines=lines,
            middle=True,
            align=Align.CENTRE,
            ground="card",
            private=True,
        )
        if found.fits and found.em >= min(page.size(theme.NAME) * NAME_ON_ONE_LINE, whole * page.context.letters):
            break
    assert found is not None
    return found


def pay(view: Pay, context: Context) -> Screen:
    share = 0.5 if view.exact_only and not view.receipt else 0.56
    page = Page("pay", view.frame, context, phrase="pay", share=0.56, large_share=share)
    page.head()
    page.foot()
    missing = view.price_yen - view.inserted_yen
    title = "pay.title" if missing > 0 else "pay.title_done"
    if page.wide:
        _notes(page, view, missing)
        page.title(title)
        for text_id, words in _paragraphs(page, view, missing):
            page.lead(text_id, words=words, if_room=True)
        _amount(page, view, missing)
    else:
        page.title(title)
        _amount(page, view, missing)
        _notes(page, view, missing)
        at = page.touch
        for text_id, words in reversed(_paragraphs(page, view, missing)):
            text = page.set_text(text_id, words, Rect(at.x, 0, at.w, 60), theme.LEAD, max_lines=page.lines(3))
            needed = page.grow(COINS_ROOM) if page.spares() else COINS_ROOM + (0 if set(COINS) <= view.accepted else 16)
            if (page.large or view.frame.spoken) and view.accepted and at.room - text.rect.h < needed:
                continue
            strip = at.take_bottom(text.rect.h + 1, 5)
            page.add(replace(text, rect=strip, colour="soft"))
    _coins(page, view)
    return page.finish()


def _notes(page: Page, view: Pay, missing: int) -> None:
    """What must not be missed before the first coin."""
    column = page.read if page.wide else page.touch
    if page.large and view.exact_only and not view.receipt and missing > 0:
        words = f"{page.words.get('pay.exact')}\n{page.words.get('pay.no_receipt')}"
        note(page, "pay.exact", words=words, column=column, em=10.6, max_lines=4)
        return
    if not view.receipt and missing > 0:
        note(page, "pay.no_receipt", column=column, em=10.6)
    if view.exact_only and missing > 0:
        note(page, "pay.exact", column=column, em=10.6)


def _paragraphs(page: Page, view: Pay, missing: int) -> list[tuple[str, str]]:
    lead = "pay.lead_done" if missing <= 0 else "pay.lead_exact" if view.exact_only else "pay.lead"
    found = [(lead, page.words.get(lead))]
    # The note names all coins: it would not be true while one of them is refused.
    if view.change_note and missing > 0 and not view.exact_only and set(COINS) <= view.accepted:
        found.insert(0, ("pay.change_note", view.change_note))
    return found


def _amount(page: Page, view: Pay, missing: int) -> None:
    """What is still missing, great; below it how much of the fee is there, as a bar and in figures."""
    at = page.touch
    inset = 11.0 if page.wide else 9.0 if page.large else 14.0
    k = 0.68 if page.wide else 1.0
    top = at.y + (4 if page.wide else 8)
    x, width = at.x + inset, at.w - 2 * inset
    y = top + 11 * k
    label = "pay.remaining" if missing >= 0 else "pay.change"
    inside: list[Element] = [
        page.set_text(label, page.words.get(label), Rect(x, y, width, 14), theme.BODY, ground="card", colour="soft")
    ]
    y += max(16 * k, page.size(theme.BODY) + 1.5)
    before, _, after = page.words.get("common.yen", yen="\0").partition("\0")
    digits = f"{before}{abs(missing):,}"
    wanted, usual = page.great(theme.AMOUNT.em * k), theme.TITLE.em * k
    unit_em = page.size(theme.TITLE, usual)
    unit_w = page.line_width(after, unit_em) + 4 if after else 0.0
    digits_w = page.width(digits, theme.AMOUNT, em=wanted) + 1
    room = Rect(x, y, min(width - unit_w, digits_w), 90)
    taken = page.set_text("pay.amount", digits, room, theme.AMOUNT, ground="card", colour="ai_deep", em=wanted)
    inside.append(taken)
    if after:
        rect = Rect(x + page.line_width(digits, taken.em) + 3, y + 0.88 * (taken.em - unit_em), unit_w, unit_em)
        inside.append(page.set_text("common.yen", after, rect, theme.TITLE, ground="card", colour="ai_deep", em=usual))
    y += page.size(theme.AMOUNT, wanted) + 9 * k
    inside.append(AmountBar(Rect(x, y, width, 9 * k), min(1.0, view.inserted_yen / max(1, view.price_yen))))
    if page.spares(1 if page.wide else 2):
        # The bar tells it, too.
        box = Rect(at.x, top, at.w, y + 16 * k - top)
        page.add(Box(box, fill="card", border="line", border_mm=BORDER), *inside)
        at.y = box.bottom
        return
    y += 14 * k
    sums = _sums(page, view, Rect(x, y, width, max(21 * k, page.size(theme.STRONG, 11.0) + 3)))
    bottom = max(text.rect.bottom for text in sums) + (page.size(theme.STRONG, 11.0) * 0.3 if page.large else 10.0 * k)
    page.add(Box(Rect(at.x, top, at.w, bottom - top), fill="card", border="line", border_mm=BORDER), *inside, *sums)
    at.y = bottom


def _sums(page: Page, view: Pay, row: Rect) -> list[Text]:
    """What was put in and the fee: beside each other, or below each other where that is too narrow."""
    pairs = (
        ("pay.inserted", page.words.get("pay.inserted"), page.yen(view.inserted_yen)),
        ("pay.fee", page.words.get("pay.fee"), page.yen(view.price_yen)),
    )
    widths = [
        (page.width(words, theme.BODY) + 1, page.width(value, theme.STRONG, em=11.0) + 1) for _, words, value in pairs
    ]
    beside = not page.wide and sum(map(sum, widths)) + 20 <= row.w
    found: list[Text] = []
    for index, ((text_id, words, value), (label_w, value_w)) in enumerate(zip(pairs, widths, strict=True)):
        if beside:
            line = replace(row, x=row.right - sum(widths[1]) - 6) if index else row
            value_x = line.x + label_w + 6
        else:
            line = replace(row, y=row.y + index * row.h)
            value_x = line.right - value_w
        label = replace(line, w=label_w)
        found.append(page.set_text(text_id, words, label, theme.BODY, ground="card", middle=True))
        at = Rect(value_x, line.y, value_w, line.h)
        found.append(page.set_text(f"{text_id}.value", value, at, theme.STRONG, ground="card", middle=True, em=11.0))
    return found


def _coin_em(page: Page, digits: str, size: float) -> float:
    """As large as the coin bears: the figures stay clear of the ring inside its edge."""
    inside = RING * size / page.line_width(digits, 10.0) * 10.0
    return min(page.grow(12.0), size * 0.43, inside) / page.context.letters


def _coins(page: Page, view: Pay) -> None:
    """What the slot takes now; what it does not take is pale and named so."""
    at = page.touch
    if not view.accepted:
        page.picture("coins_counting", share=0.8, column=at)
        return
    values = sorted({*COINS, *view.accepted}, reverse=True)
    refused = [page.yen(value) for value in reversed(values) if value not in view.accepted]
    if refused:
        words = page.words.get("pay.refused_coins", coins=page.words.get("common.between").join(refused))
        text = page.set_text("pay.refused_coins", words, at.free(), theme.CAPTION, max_lines=2, colour="soft")
        strip = at.take_bottom(text.rect.h + 4, 1)
        page.add(replace(text, rect=replace(text.rect, y=strip.y + 2)))
    free = at.free(3 if page.wide else 8, 0 if page.wide else 4)
    slot = (36.0 if page.wide else 48.0) if page.large else 46.0 if page.wide else 56.0
    step = (free.w - slot - 5) / len(values)
    drawn = not page.large or step - 4.5 >= page.width("500", theme.STRONG, em=9.8 if page.tight else 12.0)
    if not drawn:
        step = free.w / len(values)
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
            Rect(rect.x + 1, rect.y, rect.w - 2, rect.h),
            theme.STRONG,
            str(value),
            em=_coin_em(page, str(value), size),
            middle=True,
            align=Align.CENTRE,
            ground=metal,
            colour="ink" if usable else "soft",
        )
    if drawn:
        page.add(Picture("coin_slot", Rect(free.right - slot, y - 1, slot, size + 2), page.ground))
