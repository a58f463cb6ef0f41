"""The touch panel's size and shape: the bridge between millimetres and pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

REFERENCE_WIDTH_MM: Final = 267.7
REFERENCE_HEIGHT_MM: Final = 475.9
"""A 21.5 inch panel of 1080 by 1920 pixels, upright: what the upright pages are measured on."""

WIDE_WIDTH_MM: Final = 336.0
WIDE_HEIGHT_MM: Final = 210.0
"""A 15.6 inch panel of 1280 by 800 pixels, lying: what the pages with two columns are measured on."""
WIDE_ROOM: Final = 0.84
"""A lying panel of that size and above gives up so much of the letters' size for more room around them; smaller ones
cannot: their buttons would fall under 20 mm."""

SMALLEST_SCALE: Final = 0.68
SMALLEST_WIDE_SCALE: Final = 0.645
"""Below this share of the reference the smallest button would be under 20 mm high. 10.1 inches of 16:10 are 0.647."""


@dataclass(frozen=True, slots=True)
class Panel:
    """width_px, height_px: the picture; diagonal_in: its visible diagonal in inches, never a guess.

    Raises ValueError for a panel on which targets would be too small to hit.
    """

    width_px: int
    height_px: int
    diagonal_in: float

    def __post_init__(self) -> None:
        if min(self.width_px, self.height_px) <= 0 or self.diagonal_in <= 0:
            raise ValueError("panel: width_px, height_px and diagonal_in must be greater than zero")
        width, height, smallest = self._measures
        if min(self.width_mm / width, self.height_mm / height) < smallest:
            raise ValueError(
                f"panel: {self.width_mm:.0f} x {self.height_mm:.0f} mm is too small for targets of 20 mm; "
                f"it needs at least {width * smallest:.0f} x {height * smallest:.0f} mm"
            )

    @property
    def px_per_mm(self) -> float:
        return math.hypot(self.width_px, self.height_px) / (self.diagonal_in * 25.4)

    @property
    def width_mm(self) -> float:
        return self.width_px / self.px_per_mm

    @property
    def height_mm(self) -> float:
        return self.height_px / self.px_per_mm

    @property
    def wide(self) -> bool:
        """Wider than high: what is read stands at the left, what is touched at the right."""
        return self.width_px > self.height_px

    @property
    def _measures(self) -> tuple[float, float, float]:
        if self.wide:
            return WIDE_WIDTH_MM, WIDE_HEIGHT_MM, SMALLEST_WIDE_SCALE
        return REFERENCE_WIDTH_MM, REFERENCE_HEIGHT_MM, SMALLEST_SCALE

    @property
    def scale(self) -> float:
        """Millimetres of the panel for one of the page, at most 1: smaller panels shrink everything alike."""
        width, height, _ = self._measures
        share = min(self.width_mm / width, self.height_mm / height)
        if self.wide:
            share = max(min(share, WIDE_ROOM), share * WIDE_ROOM)
        return min(1.0, share)


REFERENCE: Final = Panel(1080, 1920, 21.5)
WIDE: Final = Panel(1280, 800, 15.6)
SMALL_WIDE: Final = Panel(1280, 800, 10.1)
LAYOUTS: Final = {"upright": REFERENCE, "landscape": WIDE, "landscape-10": SMALL_WIDE}
"""The panels every screen is looked at on, by name."""
