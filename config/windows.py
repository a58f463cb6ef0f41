"""Times of day as the configuration writes them: half-open windows and days of the year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_DAY_MINUTES = 24 * 60
_WINDOW = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", re.ASCII)
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})", re.ASCII)
# A leap year's lengths: 02-29 is a day of the year in some years.
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open part ``[opens, closes)`` of one day, in minutes since midnight, Japanese time."""

    opens_min: int
    """0 … 1439."""
    closes_min: int
    """Later than ``opens_min``, at most 1440 (24:00)."""

    def __post_init__(self) -> None:
        if not 0 <= self.opens_min < self.closes_min <= _DAY_MINUTES:
            raise ValueError(f"the window {self} ends before it begins: write the earlier time first")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"08:30-17:15"``; the end may be ``24:00``.

        Raises:
            ValueError: not that form, no such time, or the end is not after the begin.
        """
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise ValueError(f'{text!r} is not a window: write it as "08:30-17:15"')
        open_h, open_m, close_h, close_m = (int(part) for part in match.groups())
        opens_min, closes_min = open_h * 60 + open_m, close_h * 60 + close_m
        if max(open_m, close_m) > 59 or max(opens_min, closes_min) > _DAY_MINUTES:
            raise ValueError(f"{text!r} names a time that no day has: use 00:00 to 24:00")
        return cls(opens_min, closes_min)

    def __contains__(self, minute: int) -> bool:
        """Whether the minute of the day that begins ``minute`` minutes after midnight lies in it."""
        return self.opens_min <= minute < self.closes_min

    def cut_to(self, other: Window) -> Window | None:
        """The part that lies in both, or None."""
        opens_min, closes_min = max(self.opens_min, other.opens_min), min(self.closes_min, other.closes_min)
        return Window(opens_min, closes_min) if opens_min < closes_min else None

    def __str__(self) -> str:
        opens_h, opens_m = divmod(self.opens_min, 60)
        closes_h, closes_m = divmod(self.closes_min, 60)
        return f"{opens_h:02}:{opens_m:02}-{closes_h:02}:{closes_m:02}"


@dataclass(frozen=True, slots=True, order=True)
class MonthDay:
    """A day of the year, such as 12-29."""

    month: int
    day: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.day <= _LONGEST[self.month - 1]):
            raise ValueError(f"{self} is not a day of the year")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"12-29"``.

        Raises:
            ValueError: not that form, or no such day.
        """
        match = _MONTH_DAY.fullmatch(text)
        if match is None:
            raise ValueError(f'{text!r} is not a day of the year: write month and day as "12-29"')
        return cls(int(match.group(1)), int(match.group(2)))

    def __str__(self) -> str:
        return f"{self.month:02}-{self.day:02}"
