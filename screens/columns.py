"""Where things go on a page: one column on an upright panel, two on one that lies.

What is read grows from the top of its column (`y`), what is touched from the bottom (`floor`). Upright both share
one column; lying, what is read stands at the left and what is touched at the right. A page is written once, in terms
of `read` and `touch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from screens.elements import Rect

GAP: Final = 6.0
TIGHT: Final = 4.8
"""Gap between targets where many must stand; still 3 mm on the smallest panel."""


@dataclass(slots=True)
class Column:
    """x, w: fixed. y: top of what is free, floor: its bottom. All in millimetres of the page."""

    x: float
    w: float
    y: float
    floor: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def room(self) -> float:
        """Height that is still free."""
        return self.floor - self.y

    def free(self, above: float = 0.0, below: float = 0.0) -> Rect:
        """What is still free, less a gap above and below."""
        return Rect(self.x, self.y + above, self.w, max(0.0, self.room - above - below))

    def take_bottom(self, height: float, gap: float = GAP) -> Rect:
        """The lowest free strip of this height; what comes next stands `gap` above it."""
        rect = Rect(self.x, self.floor - height, self.w, height)
        self.floor = rect.y - gap
        return rect


def columns(
    width: float, *, margin: float, between: float, top: float, bottom: float, share: float
) -> tuple[Column, Column]:
    """(read, touch) of a page; the same object twice when nothing is `between` them.

    share: part of the width that is touched.
    """
    inner = width - 2 * margin
    if not between:
        only = Column(margin, inner, top, bottom)
        return only, only
    touched = (inner - between) * share
    read = Column(margin, inner - between - touched, top, bottom)
    return read, Column(read.right + between, touched, top, bottom)


def grid(area: Rect, count: int, across: int, height: float, gap: float = GAP) -> list[Rect]:
    """`count` rectangles row by row from the top left of `area`, `across` in a row."""
    width = (area.w - gap * (across - 1)) / across
    return [
        Rect(area.x + (i % across) * (width + gap), area.y + (i // across) * (height + gap), width, height)
        for i in range(count)
    ]
