"""When a service is open, why not, and when it opens next; in Japanese time, from the configured hours.

Intervals are half-open: open at the opening second, closed at the closing second. Precedence for one date:
dated exception, year-end, national holiday, day of the week. Holidays (substitute and in-between holidays
included) come from the ``holidays`` package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.japan import Japan
from config.schema import CalendarSettings, DatedException, Window, YearEnd

JST = ZoneInfo("Asia/Tokyo")

FIRST_YEAR = 1952
"""Summer time was kept in Japan until 1951; no clock of a terminal shows a year before this one."""
LAST_YEAR = Japan.end_year - 1
"""The year after it must still be in the holiday table."""

_DAY_MINUTES = 24 * 60
# Far enough for any closure that is announced with an end.
_SEARCH_DAYS = 400
_YEAR_END_DETAIL = "年末年始"


class Reason(Enum):
    """Why the service is open or closed."""

    OPEN = "open"
    BEFORE_HOURS = "before_hours"
    """It opens later on this date."""
    AFTER_HOURS = "after_hours"
    """It was open on this date and will not be again."""
    WEEKDAY_CLOSED = "weekday_closed"
    HOLIDAY = "holiday"
    YEAR_END = "year_end"
    EXCEPTION = "exception"
    """Closed all day by a dated exception."""
    NOT_STARTED = "not_started"
    """Before the first day of service."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The answer for one instant."""

    open: bool
    reason: Reason
    detail: str
    """Japanese: holiday's name, exception's reason or 年末年始; empty where only the weekday decided."""
    closes_at: datetime | None
    """While open: the first instant it is not (Japanese time); None: not within the next year."""
    next_opening: datetime | None
    """While closed: the first instant it is open (Japanese time); None: not within the next year."""
    limited_by: str = ""
    """Whose hours close it, where several are put together (:mod:`config.hours`); empty: no question."""


@dataclass(frozen=True, slots=True)
class Day:
    """One Japanese date of one service."""

    windows: tuple[Window, ...]
    """In order; empty: closed all day."""
    closed: Reason
    """What makes the hours of this date: the reason when there are none."""
    detail: str
    """As :attr:`Opening.detail`."""


class Calendar:
    """The hours of one service."""

    def __init__(self, settings: CalendarSettings) -> None:
        self._exceptions = settings.exceptions
        self._year_end = settings.year_end
        self._policy = settings.holiday_policy
        self._holiday_windows = settings.holiday_windows
        self._week = (
            settings.monday,
            settings.tuesday,
            settings.wednesday,
            settings.thursday,
            settings.friday,
            settings.saturday,
            settings.sunday,
        )

    def is_open(self, instant: datetime) -> Opening:
        """Whether the service is open at ``instant`` (an aware datetime in any zone).

        Raises:
            ValueError: ``instant`` is naive, or its year lies outside ``FIRST_YEAR`` … ``LAST_YEAR``.
        """
        today, minute = japanese(instant)
        day = self.on(today)
        if any(minute in window for window in day.windows):
            return Opening(True, Reason.OPEN, day.detail, closing(self.windows_on, today, minute), None)
        if not day.windows:
            reason = day.closed
        elif minute < day.windows[-1].opens_min:
            reason = Reason.BEFORE_HOURS
        else:
            reason = Reason.AFTER_HOURS
        return Opening(False, reason, day.detail, None, opening(self.windows_on, today, minute))

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The hours on one Japanese date, in order; empty: closed all day."""
        return self.on(day).windows

    def on(self, day: date) -> Day:
        """The hours on one Japanese date and what makes them."""
        exception = _exception_on(self._exceptions, day)
        if exception is not None:
            return Day(exception.windows, Reason.EXCEPTION, exception.reason)
        if self._year_end is not None and _in_year_end(self._year_end, day):
            return Day((), Reason.YEAR_END, _YEAR_END_DETAIL)
        weekday = self._week[day.weekday()]
        holiday = _holidays(day.year).get(day)
        if holiday is None or self._policy == "as_weekday":
            return Day(weekday, Reason.WEEKDAY_CLOSED, "")
        if self._policy == "close":
            return Day((), Reason.HOLIDAY, holiday)
        if self._policy == "as_sunday":
            return Day(self._week[6], Reason.HOLIDAY, holiday)
        if not weekday:
            return Day((), Reason.WEEKDAY_CLOSED, "")
        return Day(cut(weekday, self._holiday_windows), Reason.HOLIDAY, holiday)


def japanese(instant: datetime) -> tuple[date, int]:
    """The date in Japan and the minute of that day.

    Raises:
        ValueError: ``instant`` is naive, or its year lies outside ``FIRST_YEAR`` … ``LAST_YEAR``.
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("a naive datetime names no instant: give it a time zone")
    local = instant.astimezone(JST)
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise ValueError(f"no holidays are known for the year {local.year}: set the machine's clock")
    return local.date(), local.hour * 60 + local.minute


WindowsOn = Callable[[date], tuple[Window, ...]]


def closing(windows_on: WindowsOn, day: date, minute: int) -> datetime | None:
    """End of the run of windows that holds ``minute``; a window to 24:00 goes on in one from 00:00."""
    for _ in range(_SEARCH_DAYS):
        for window in windows_on(day):
            if minute in window:
                minute = window.closes_min
        if minute < _DAY_MINUTES:
            return _at(day, minute)
        day, minute = day + timedelta(days=1), 0
    return None


def opening(windows_on: WindowsOn, day: date, minute: int) -> datetime | None:
    """The first window that opens after ``minute``; the days after are looked at whole."""
    for _ in range(_SEARCH_DAYS):
        for window in windows_on(day):
            if window.opens_min > minute:
                return _at(day, window.opens_min)
        day, minute = day + timedelta(days=1), -1
    return None


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), JST)


def _exception_on(exceptions: tuple[DatedException, ...], day: date) -> DatedException | None:
    return next((exception for exception in exceptions if exception.first <= day <= exception.last), None)


def _in_year_end(year_end: YearEnd, day: date) -> bool:
    first = (year_end.first.month, year_end.first.day)
    last = (year_end.last.month, year_end.last.day)
    today = (day.month, day.day)
    if first <= last:
        return first <= today <= last
    return today >= first or today <= last


def cut(windows: tuple[Window, ...], to: tuple[Window, ...]) -> tuple[Window, ...]:
    """What lies in both, in order."""
    return tuple(part for window in windows for other in to if (part := window.cut_to(other)) is not None)


@lru_cache(maxsize=8)
def _holidays(year: int) -> dict[date, str]:
    # The language is named: the package would otherwise follow the environment's.
    return {day: str(name) for day, name in Japan(years=year, language="ja", expand=False).items()}


# --- telling people ---

_WEEKDAYS = {
    "ja": "月火水木金土日",
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_NOON = 12 * 60


def hours_text(settings: CalendarSettings, language: str = "ja") -> tuple[str, ...]:
    """The usual week for a screen or notice: one line for each set of hours, then the closed days.

    ``("月・水・木・金曜日 8時30分〜17時15分", "火曜日 8時30分〜19時", …, "土曜日、祝日は休みます")`` or
    ``("Monday, Wednesday, Thursday and Friday, 8:30 a.m. to 5:15 p.m.", …, "Closed on Saturday and …")``.

    Raises:
        KeyError: ``language`` is neither ``"ja"`` nor ``"en"``.
    """
    tell = {"ja": _in_japanese, "en": _in_english}[language]
    week = Calendar(settings)._week
    by_hours = [
        (tuple(n for n in range(7) if week[n] == windows), windows) for windows in dict.fromkeys(week) if windows
    ]
    return tuple(tell(settings, by_hours, [n for n in range(7) if not week[n]]))


_ByHours = list[tuple[tuple[int, ...], tuple[Window, ...]]]


def _in_japanese(settings: CalendarSettings, by_hours: _ByHours, closed_days: list[int]) -> list[str]:
    names = _WEEKDAYS["ja"]

    def spell(windows: tuple[Window, ...]) -> str:
        return "、".join(f"{_clock(window.opens_min)}〜{_clock(window.closes_min)}" for window in windows)

    def days(numbers: tuple[int, ...]) -> str:
        if len(numbers) == 7:
            return "毎日"
        listed = "月〜金" if numbers == (0, 1, 2, 3, 4) else "・".join(names[n] for n in numbers)
        return f"{listed}曜日"

    lines = [f"{days(numbers)} {spell(windows)}" for numbers, windows in by_hours]
    closed = [f"{names[n]}曜日" for n in closed_days]
    if settings.holiday_policy == "close":
        closed.append("祝日")
    elif settings.holiday_policy == "shorten":
        lines.append(f"祝日は {spell(settings.holiday_windows)}の間だけ")
    elif settings.holiday_policy == "as_sunday":
        lines.append("祝日は日曜日と同じ")
    if settings.year_end is not None:
        closed.append(_YEAR_END_DETAIL)
    if closed:
        lines.append(f"{'、'.join(closed)}は休みます")
    return lines


def _in_english(settings: CalendarSettings, by_hours: _ByHours, closed_days: list[int]) -> list[str]:
    names = _WEEKDAYS["en"]

    def spell(windows: tuple[Window, ...]) -> str:
        return _listed([f"{clock_text(w.opens_min, 'en')} to {clock_text(w.closes_min, 'en')}" for w in windows])

    def days(numbers: tuple[int, ...]) -> str:
        if len(numbers) == 7:
            return "Every day"
        if numbers == (0, 1, 2, 3, 4):
            return "Monday to Friday"
        return _listed([names[n] for n in numbers])

    lines = [f"{days(numbers)}, {spell(windows)}" for numbers, windows in by_hours]
    closed = [names[n] for n in closed_days]
    if settings.holiday_policy == "close":
        closed.append("national holidays")
    elif settings.holiday_policy == "shorten":
        lines.append(f"National holidays, only {spell(settings.holiday_windows)}")
    elif settings.holiday_policy == "as_sunday":
        lines.append("National holidays, as on Sunday")
    if settings.year_end is not None:
        closed.append("New Year holidays")
    if closed:
        lines.append(f"Closed on {_listed(closed)}")
    return lines


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours}時{minutes}分" if minutes else f"{hours}時"


def clock_text(minute: int, language: str = "ja") -> str:
    """A time of day that cannot be taken for another: ``午前8時30分``, ``正午``; ``8:30 a.m.``, ``noon``."""
    if minute == _NOON:
        return "正午" if language == "ja" else "noon"
    if language == "ja":
        return f"午前{_clock(minute)}" if minute < _NOON else f"午後{_clock(minute - _NOON)}"
    if minute % _DAY_MINUTES == 0:
        return "midnight"
    hours, minutes = divmod(minute, 60)
    return f"{(hours - 1) % 12 + 1}:{minutes:02} {'a.m.' if minute < _NOON else 'p.m.'}"


def day_text(day: date, language: str = "ja") -> str:
    """``11月24日（火）``; ``Tuesday, 24 November``."""
    name = _WEEKDAYS[language][day.weekday()]
    return f"{day.month}月{day.day}日（{name}）" if language == "ja" else f"{name}, {day.day} {_MONTHS[day.month - 1]}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
