"""A list that may be longer than the screen: rows of one size, and buttons to the leaf before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from screens import theme
from screens.columns import GAP, TIGHT, grid
from screens.elements import Align, Box, Rect, Text, Turn
from screens.page import Page
from screens.paper import BORDER

TURN_H = 32.0
COUNT_H = 13.0
ABOVE = 8.0
"""Between what is read and the first row."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What of a list stands on this leaf: the positions in the whole list (from 0) and where each of them is drawn."""

    places: tuple[tuple[int, Rect], ...]
    parts: int


def lay(
    page: Page, count: int, *, smallest: float, largest: float, words: str, across: int = 1, most: int = 1000
) -> Leaf:
    """Places for the rows of the leaf that the display shows, in what is free of `page.touch`.

    smallest, largest: height of a row in mm. across: rows beside each other. most: rows on one leaf. words: text ids
    `<words>.before`, `<words>.after` and `<words>.shown` ({first}, {last}, {total}) for the two buttons and what
    stands between them.
    """
    gap = TIGHT if page.wide else GAP
    if count <= _fitting(page, smallest, gap, across, most):
        return Leaf(_places(page, 0, count, -(-count // across), largest, gap, across, low=True), 1)
    band = _band(page)
    fit = _fitting(page, smallest, gap, across, most)
    leaves = -(-count // fit)
    leaf = min(page.context.turned, leaves - 1)
    first, last = leaf * fit, min(count, (leaf + 1) * fit)
    one = f"{words}.shown_one"
    text_id = one if last == first + 1 and one in page.words else f"{words}.shown"
    shown = page.words.get(text_id, first=first + 1, last=last, total=count)
    _turn(page, band, leaf, leaves, words, shown)
    return Leaf(_places(page, first, last - first, -(-fit // across), largest, gap, across), leaves)


def turn(page: Page, leaves: int) -> int:
    """Buttons to turn a page that goes over so many leaves, where nothing is left out of it; the leaf to show."""
    leaf = min(page.context.turned, leaves - 1)
    _turn(page, _band(page), leaf, leaves, "list", page.words.get("list.leaf", leaf=leaf + 1, leaves=leaves))
    return leaf


def _band(page: Page) -> Rect:
    """The place of the two buttons: on a panel that lies under what is read, so that rows keep their whole column."""
    count_h = page.grow(COUNT_H) if page.wide else 0.0
    return (page.read if page.wide else page.touch).take_bottom(max(TURN_H, page.measures.foot_button) + count_h)


def fits(page: Page, count: int, *, smallest: float, across: int = 1) -> bool:
    """Whether the whole list finds room on one leaf."""
    return count <= _fitting(page, smallest, TIGHT if page.wide else GAP, across, count)


def _fitting(page: Page, height: float, gap: float, across: int, most: int) -> int:
    rows = int((page.touch.free(above=ABOVE).h + gap) // (height + gap))
    return min(most, across * max(1, rows))


def _places(
    page: Page, first: int, count: int, rows: int, largest: float, gap: float, across: int, *, low: bool = False
) -> tuple[tuple[int, Rect], ...]:
    """low: a list that fits stands at the bottom, where the hand is; a leaf keeps the places of its full one."""
    if not rows:
        return ()
    free = page.touch.free(above=ABOVE)
    height = min(largest, (free.h - gap * (rows - 1)) / rows)
    used = height * rows + gap * (rows - 1)
    area = Rect(free.x, free.bottom - used if low else free.y, free.w, used)
    return tuple((first + index, place) for index, place in enumerate(grid(area, count, across, height, gap)))


def _turn(page: Page, band: Rect, leaf: int, leaves: int, words: str, shown: str) -> None:
    width = (band.w - GAP) / 2 if page.wide else (band.w - 2 * GAP) * 0.32
    height = max(TURN_H, page.measures.foot_button)
    back = Rect(band.x, band.bottom - height, width, height)
    on = Rect(band.right - width, back.y, width, height)
    middle = Rect(back.right + GAP, band.y, on.x - back.right - 2 * GAP, band.h)
    if page.wide:
        middle = Rect(band.x, band.y, band.w, band.h - height - 3)
    for button_id, rect, label, to in (
        ("page-back", back, f"{words}.before", leaf - 1),
        ("page-next", on, f"{words}.after", leaf + 1),
    ):
        if 0 <= to < leaves:
            page.add(page.button(button_id, rect, Turn(to), label, style="key"))
        else:
            inert(page, rect, label)
    page.text(
        f"{words}.shown",
        middle,
        theme.CAPTION,
        shown,
        max_lines=1 if page.wide else 2,
        middle=True,
        align=Align.CENTRE,
    )


def name(
    page: Page, text_id: str, words: str, room: Rect, letter: theme.Letter, *, ground: str, **options: Any
) -> Text:
    """Somebody's name on one line, or smaller and on two or three; the very longest are cut: a row stays a row."""

    def attempt(shown: str, lines: int) -> Text:
        return page.set_text(
            text_id, shown, room, letter, max_lines=lines, middle=True, ground=ground, private=True, **options
        )

    text = attempt(words, 1)
    if text.fits and text.em >= letter.em * 0.75:
        return text
    text = attempt(words, 2)
    if not text.fits:
        text = attempt(words, 3)
    if text.fits:
        return text
    # As much of it as two lines hold: the longest beginning that fits, found by halving.
    shortest, longest = 4, min(len(words), 80)
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        if attempt(words[:middle].rstrip() + "…", 2).fits:
            shortest = middle
        else:
            longest = middle
    return attempt(words[:shortest].rstrip() + "…", 2)


def inert(page: Page, rect: Rect, text_id: str, letter: theme.Letter = theme.BUTTON) -> None:
    """The place of a button that does nothing now: no target."""
    page.add(Box(rect, fill="foot", border="line", border_mm=BORDER, dashed=True))
    page.text(
        text_id, rect.inset(4), letter, max_lines=2, middle=True, align=Align.CENTRE, colour="soft", ground="foot"
    )
