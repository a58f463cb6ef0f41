"""Screens outside a session: first screen, closed, out of service, and the still picture between two sessions."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import LanguageChosen
from kiosk.view_model import Closed, Frame, Idle, OutOfService, Still
from screens import theme
from screens.columns import GAP, Column, grid
from screens.elements import Align, Box, Element, Picture, Rect, Screen
from screens.page import Page
from screens.pages.parts import alternatives, ask_box, badge, note
from screens.paper import BORDER
from screens.pictures import for_cards, for_closed, for_reason
from screens.typeset import Context

CHIP_H = 17.0
"""At least; large letters need more."""
SMALLEST_FOR_LIST = 1.25
PICTURE_ROOM = 64.0
"""On a panel that lies: less is too little for the picture of what to do."""


def still(view: Still, context: Context) -> Screen:
    """No clock: it would stand still, and the picture must be the same whenever it is shown."""
    phrase = "returning_money" if view.returning_money else ""
    page = Page("still", _bare(view.frame), context, phrase=phrase, read_out=False)
    page.head(clock=False)
    page.title("still.returning" if view.returning_money else "still.title")
    page.lead("still.returning_lead" if view.returning_money else "still.lead", max_lines=3)
    page.picture("change_out" if view.returning_money else "hourglass", share=0.62)
    return page.finish()


def _bare(frame: Frame) -> Frame:
    return Frame(frame.language, frame.city_name, frame.machine_title, frame.moment)


def idle(view: Idle, context: Context) -> Screen:
    page = Page("idle", view.frame, context, phrase="idle", large_share=0.6)
    page.head()
    _wishes(page)
    page.title("idle.title")
    both = len(view.cards) > 1
    lead = "idle.lead_both" if both else "idle.lead_juki" if view.cards == ("juki",) else "idle.lead"
    if not page.wide:
        _chips(page, view, page.touch)
    if view.caution:
        # What the municipality wants to be known beforehand.
        letter = theme.CAPTION
        note(page, "idle.caution", words=view.caution, letter=letter, align=Align.LEFT, max_lines=5)
    if view.offers:
        _prices(page, view)
    if page.wide:
        _chips(page, view, page.read)
        # The picture says more than the words below the title: these stand there if both have room.
        beside = max(page.touch.room, 0.0) >= PICTURE_ROOM
        floor = page.read.floor
        page.read.floor -= 0.0 if beside else PICTURE_ROOM
        page.lead(lead, if_room=True)
        page.read.floor = floor
    else:
        page.lead(lead, if_room=True)
    page.picture(for_cards(view.cards), top_gap=9, bottom_gap=9)
    return page.finish()


def _wishes(page: Page) -> None:
    """What a person can choose for themselves: a language by its own name, letters, colours, being read to."""
    frame = page.frame
    languages = [tag for tag in frame.languages if tag != frame.language]
    state = {"large": frame.large, "contrast": frame.high_contrast, "spoken": frame.spoken}
    switches = [what for what in state if what in frame.switches]
    count = len(languages) + len(switches)
    if not count:
        return
    most = 4 if page.wide else 2
    rows = -(-count // most)
    across = -(-count // rows)
    places: list[Rect] = []
    for row, band in enumerate(page.foot_bands(rows, whole=True)):
        here = min(across, count - row * across)
        places += grid(band, here, here, band.h)
    for tag, rect in zip(languages, places, strict=False):
        page.add(page.button(f"language-{tag}", rect, LanguageChosen(tag), f"language.{tag}"))
    for what, rect in zip(switches, places[len(languages) :], strict=False):
        page.add(page.switch(what, rect, on=state[what]))


def _chips(page: Page, view: Idle, column: Column) -> None:
    """The camera's sign (only while it is true) and until when the machine is open today; side by side if they fit."""
    chips: list[tuple[str, str, float]] = []
    if view.camera_on and view.camera_notice:
        # The profile writes the sign in Japanese; other languages have their own words for it.
        own = view.frame.language != "ja" and page.words.language != "ja"
        words = page.words.get("idle.camera_notice") if own else view.camera_notice
        chips.append(("idle.camera", words, 26.0))
    if view.closes_at is not None:
        words = page.words.get("idle.closes", time=page.dates.time(view.closes_at))
        if not page.spares(2) or page.width(words, theme.CAPTION) + 16 <= column.w:
            chips.append(("idle.closes", words, 16.0))
    if not chips:
        return
    widths = [min(page.width(words, theme.CAPTION) + extra, column.w) for _, words, extra in chips]
    rows = [list(range(len(chips)))] if sum(widths) + GAP <= column.w else [[i] for i in range(len(chips))]
    height = max(CHIP_H, page.size(theme.CAPTION) + 5)
    for row in reversed(rows):
        strip = column.take_bottom(height, 4)
        for place, index in enumerate(row):
            text_id, words, extra = chips[index]
            right = place == 1 or (len(chips) == 1 and text_id == "idle.closes")
            x = strip.right - widths[index] if right and not page.wide else strip.x + place * (widths[0] + GAP)
            _chip(page, Rect(x, strip.y, widths[index], height), text_id, words, lamp=extra > 20)
    column.floor -= 5


def _chip(page: Page, chip: Rect, text_id: str, words: str, *, lamp: bool) -> None:
    page.add(Box(chip, fill="card", border="line", border_mm=BORDER, radius=chip.h / 2))
    left = 17.0 if lamp else 7.0
    if lamp:
        page.add(Picture("camera_lamp", Rect(chip.x + 7, chip.y + chip.h / 2 - 3, 6, 6), "card"))
    inner = Rect(chip.x + left, chip.y, chip.w - left - 7, chip.h)
    page.text(text_id, inner, theme.CAPTION, words, middle=True, align=Align.CENTRE, ground="card")


def _prices(page: Page, view: Idle) -> None:
    """What there is and what one copy costs; why something is shut now, below its name."""
    at = page.touch
    inset, air = (8.0, 4.6) if page.wide else (11.0, 7.2)
    x, width = at.x + inset, at.w - 2 * inset
    values = [page.yen(each.fee_yen) if each.available else page.words.get("idle.unavailable") for each in view.offers]
    fee_w = max(page.width(value, theme.STRONG, em=10.6) for value in values) + 1
    name_w = width - fee_w - 6
    head = page.set_text(
        "idle.fees",
        page.words.get("idle.fees"),
        Rect(x, 0, width, 13),
        theme.CAPTION,
        ground="card",
        colour="soft",
        align=Align.RIGHT,
    )
    parts: list[Element] = []
    y = inset * 0.8
    parts.append(_at(head, y))
    y += head.rect.h + air * 0.6
    for offer, value in zip(view.offers, values, strict=True):
        colour = "ink" if offer.available else "soft"
        rect = Rect(x, 0, name_w, 40)
        name = page.set_text(
            f"offer.{offer.kind}",
            offer.name,
            rect,
            theme.BODY,
            max_lines=page.lines(1) + 1,
            ground="card",
            colour=colour,
        )
        fee = page.set_text(
            f"offer.{offer.kind}.fee",
            value,
            Rect(x + width - fee_w, 0, fee_w, 20),
            theme.STRONG,
            ground="card",
            align=Align.RIGHT,
            colour=colour,
            em=10.6,
        )
        parts += [_at(name, y + air / 2), _at(fee, y + air / 2)]
        y += max(name.rect.h, fee.rect.h) + air
        if offer.note and not page.wide and not page.spares(2):
            rect = Rect(x, 0, width, 40)
            why = page.set_text(
                f"offer.{offer.kind}.note", offer.note, rect, theme.CAPTION, max_lines=page.lines(3), ground="card",
                colour="soft",
            )  # fmt: skip
            parts.append(_at(why, y))
            y += why.rect.h + air
    least = page.grow(60.0) if not page.wide else PICTURE_ROOM - 22 if page.large else 0.0
    # Before the letters become smaller than by a quarter larger, the list gives way.
    gives_way = view.caution or page.spares() or 1 < page.context.letters <= SMALLEST_FOR_LIST
    if gives_way and y + inset * 0.6 > at.room - least:
        _fee(page, view)  # They are told again where a certificate is chosen.
        return
    box = at.take_bottom(y + inset * 0.6)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    page.add(*(_moved(part, box.y) for part in parts))


def _fee(page: Page, view: Idle) -> None:
    """What one copy costs, whatever it is of: one line where the list leaves no room for what to do with the card."""
    fees = {offer.fee_yen for offer in view.offers if offer.available}
    at = page.touch
    height = page.grow(24.0)
    if len(fees) != 1 or at.room - height < (50.0 if page.wide else page.grow(64.0)):
        return
    box = at.take_bottom(height)
    page.add(Box(box, fill="card", border="line", border_mm=BORDER))
    value = page.yen(fees.pop())
    value_w = page.width(value, theme.STRONG, em=10.6) + 1
    inner = Rect(box.x + 9, box.y, box.w - 18, box.h)
    page.text("idle.fees", replace(inner, w=inner.w - value_w - 4), theme.CAPTION, middle=True, ground="card",
              colour="soft")  # fmt: skip
    right = Rect(inner.right - value_w, inner.y, value_w, inner.h)
    page.text("idle.fee", right, theme.STRONG, value, em=10.6, middle=True, align=Align.RIGHT, ground="card")


def _at(element: Element, y: float) -> Element:
    return replace(element, rect=replace(element.rect, y=y))


def _moved(element: Element, by: float) -> Element:
    return _at(element, element.rect.y + by)


def closed(view: Closed, context: Context) -> Screen:
    page = Page("closed", view.frame, context, phrase="closed")
    page.head()
    if not page.spares():
        badge(page, "closed.badge")
    text_id, words = page.words.first(
        f"closed.{view.reason}", "closed.after_hours", weekday=page.dates.weekday(view.frame.moment)
    )
    page.title(text_id, words=words, gap=8 if page.wide else 14)
    if view.detail and view.reason in {"holiday", "exception"}:
        page.lead("closed.detail", words=page.words.get("closed.detail", detail=view.detail))
    at = page.read
    at.y += 4 if page.wide else 12
    if view.next_opening is not None:
        page.lead("closed.next", colour="ink", letter=theme.STRONG)
        moment = view.next_opening
        far = moment.year != view.frame.moment.year
        day = page.dates.day_of_year(moment) if far else page.dates.day(moment)
        words = page.words.get("closed.next_moment", day=day, time=page.dates.time(moment))
        rect = Rect(at.x, at.y + 5, at.w, max(20.0, at.room - 5))
        lines = page.measures.title_lines
        text = page.text("closed.next_moment", rect, page.measures.title, words, max_lines=lines, inside=True)
        at.y = text.rect.bottom
    else:
        page.lead("closed.no_next", colour="ink")
    alternatives(page, view.alternatives)
    page.picture(for_closed(view.reason), share=0.8)
    return page.finish()


def out_of_service(view: OutOfService, context: Context) -> Screen:
    page = Page("out_of_service", view.frame, context, phrase="out_of_service")
    page.head()
    badge(page, "out.badge")
    page.title("out.title", gap=8 if page.wide else 14)
    text_id, words = page.words.first(f"out.{view.reason}", "out.other")
    page.lead(text_id, words=words, colour="ink", gap=9)
    if view.reason != "staff":
        page.lead("out.counter", max_lines=3)
    if view.contact:
        ask_box(page, view.contact)
    alternatives(page, view.alternatives)
    page.picture(for_reason(view.reason), share=0.8)
    return page.finish()
