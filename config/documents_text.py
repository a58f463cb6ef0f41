"""What all papers share: dates in both styles, and plain text that prints as it stands (Markdown's headings, lists)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from datetime import date
from typing import Final

from config.calendar import day_text
from config.wareki import wareki

COLUMNS: Final = 80
"""Widest line of the residents' papers, a Japanese character counting two: A4 upright in an ordinary size."""

_AS_READ: Final = {"明治": "Meiji", "大正": "Taisho", "昭和": "Showa", "平成": "Heisei", "令和": "Reiwa"}
_HOURS_OF_A_DAY: Final = 24


def both_styles(day: date, language: str = "ja") -> str:
    """``令和8年11月22日（2026年11月22日）``; ``22 November 2026 (Reiwa 8)`` (F-43).

    Before 1873, when Japan took the Gregorian calendar, the western date alone.
    """
    western = f"{day.year}年{day.month}月{day.day}日"
    if language == "en":
        western = f"{day_text(day, 'en').partition(', ')[2]} {day.year}"
    try:
        japanese = wareki(day)
    except ValueError:
        return western
    if language == "ja":
        return f"{japanese}（{western}）"
    year = japanese[2 : japanese.index("年")]
    return f"{western} ({_AS_READ[japanese[:2]]} {'1' if year == '元' else year})"


def span_text(hours: int, language: str = "ja") -> str:
    """A span given in hours, in whole days where it is that: ``240日``, ``100時間``; ``240 days``, ``100 hours``."""
    days, rest = divmod(hours, _HOURS_OF_A_DAY)
    number, (japanese, english) = (hours, ("時間", "hour")) if rest or not days else (days, ("日", "day"))
    if language == "ja":
        return f"{number:,}{japanese}"
    return f"{number:,} {english}{'' if number == 1 else 's'}"


class Paper:
    """Lines of one paper, in the order in which they are added."""

    def __init__(self, title: str, language: str = "ja") -> None:
        self._japanese = language == "ja"
        self._lines = [f"# {title}"]

    def section(self, title: str, level: int = 2) -> None:
        self._lines += ["", f"{'#' * level} {title}"]

    def say(self, *texts: str) -> None:
        """Paragraphs; in Japanese each sentence gets its own line, in English lines are filled."""
        for text in texts:
            if text:
                self._lines += ["", *self._split(text)]

    def items(self, texts: Iterable[str], depth: int = 0) -> None:
        """A list; the whole entries stay on their lines in Japanese."""
        if not depth and not self._lines[-1].startswith((" ", "- ")):
            self._lines.append("")
        for text in texts:
            self._entry(f"{'  ' * depth}- ", text)

    def steps(self, texts: Iterable[str]) -> None:
        """A numbered list."""
        self._lines.append("")
        for number, text in enumerate(texts, start=1):
            self._entry(f"{number}. ", text)

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _entry(self, mark: str, text: str) -> None:
        first, *others = self._split(text, len(mark))
        self._lines.append(mark + first)
        self._lines += [" " * len(mark) + line for line in others]

    def _split(self, text: str, indent: int = 0) -> list[str]:
        if not self._japanese:
            return textwrap.wrap(text, COLUMNS - indent)
        return [line for line in re.split(r"(?<=。)(?!）)", text) if line]
