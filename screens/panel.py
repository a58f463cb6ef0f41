"""The touch panel's size: the bridge between millimetres and pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

REFERENCE_WIDTH_MM: Final = 267.7
REFERENCE_HEIGHT_MM: Final = 475.9
"""A 21.5 inch panel of 1080 by 1920 pixels, upright: what the pages are measured on."""

SMALLEST_SCALE: Final = 0.68
"""Below this share of the reference the smallest button would be under 20 mm high."""


@dataclass(frozen=True, slots=True)
class Panel:
    """width_px, height_px: the picture; diagonal_in: its visible diagonal in inches, never a guess.

    Raises ValueError for a panel on which targets would be too small to hit, or which does not stand upright.
    """

    width_px: int
    height_px: int
    diagonal_in: float

    def __post_init__(self) -> None:
        if min(self.width_px, self.height_px) <= 0 or self.diagonal_in <= 0:
            raise ValueError("panel: width_px, height_px and diagonal_in must be greater than zero")
        if self.height_px <= self.width_px:
            raise ValueError("panel: the screens are laid out upright; give a height_px greater than width_px")
        if self.scale < SMALLEST_SCALE:
            raise ValueError(
                f"panel: {self.width_mm:.0f} x {self.height_mm:.0f} mm is too small for targets of 20 mm; "
                f"it needs at least {REFERENCE_WIDTH_MM * SMALLEST_SCALE:.0f} x "
                f"{REFERENCE_HEIGHT_MM * SMALLEST_SCALE:.0f} mm"
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
    def scale(self) -> float:
        """1 on the reference panel and on larger ones; smaller panels shrink everything alike."""
        return min(1.0, self.width_mm / REFERENCE_WIDTH_MM, self.height_mm / REFERENCE_HEIGHT_MM)


REFERENCE: Final = Panel(1080, 1920, 21.5)
