"""Japanese era dates, as certificates and receipts write them."""

from __future__ import annotations

from datetime import date

ERAS: tuple[tuple[str, date, int], ...] = (
    # name, first Gregorian date written in it, the Gregorian year that is its first
    ("令和", date(2019, 5, 1), 2019),
    ("平成", date(1989, 1, 8), 1989),
    ("昭和", date(1926, 12, 25), 1926),
    ("大正", date(1912, 7, 30), 1912),
    # The era began in 1868, but until 明治5年 months and days were those of the lunisolar calendar.
    ("明治", date(1873, 1, 1), 1868),
)
"""Newest first."""


def wareki(day: date, eras: tuple[tuple[str, date, int], ...] = ERAS) -> str:
    """``令和8年11月22日``; the first year of an era is written 元年.

    Raises:
        ValueError: before 1873-01-01, when Japan took the Gregorian calendar.
    """
    for name, first, first_year in eras:
        if day >= first:
            year = day.year - first_year + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    raise ValueError(f"{day.isoformat()} lies before Japan's Gregorian calendar and has no era date here")
