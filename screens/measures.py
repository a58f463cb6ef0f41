"""Heights, margins and letters of a page by the panel's shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from screens import theme
from screens.theme import Letter


@dataclass(frozen=True, slots=True)
class Measures:
    """What differs with the panel's shape, in millimetres of the page. between: from column to column, 0 for one."""

    head: float
    progress: float
    foot: float
    foot_button: float
    main: float
    margin: float
    between: float
    bottom: float
    title: Letter
    take_title: Letter
    title_lines: int
    title_gap: float
    step_gap: float

    @property
    def tight(self) -> bool:
        return self is TIGHT_LYING

    def grown(self) -> Measures:
        """For large letters; what is touched grows with its words where a page has the height for that. The foot is
        the same on every page, however large the letters are there."""
        more = 1.25 if not self.between else 1.0 if self.tight else 1.2
        lines = self.title_lines + 1
        foot_button = self.foot_button * more
        return replace(self, foot=self.foot - self.foot_button + foot_button, foot_button=foot_button,
                       main=self.main * min(more, 1.2), title_lines=lines)  # fmt: skip


UPRIGHT: Final = Measures(37.0, 28.0, 49.4, 31.4, 46.0, 15.0, 0.0, 15.0, theme.TITLE, theme.TAKE_TITLE, 2, 16.0, 9.0)
LYING: Final = Measures(
    24.0, 15.0, 0.0, 31.4, 38.0, 11.0, 12.0, 8.0, theme.WIDE_TITLE, theme.WIDE_TAKE_TITLE, 3, 10.0, 6.0
)
TIGHT_LYING: Final = Measures(
    18.0, 12.0, 0.0, 31.2, 33.0, 7.0, 8.0, 6.0, theme.TIGHT_TITLE, theme.TIGHT_TAKE_TITLE, 3, 6.0, 3.0
)
"""Up to about thirteen inches: letters and buttons are as large as the smallest anywhere; the rest gives way."""
MOST_TIGHT_SHARE: Final = 0.62
"""With large letters on a small panel what is read needs the rest."""
TIGHT_SCALE: Final = 0.82
