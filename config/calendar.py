"""When a service is open, why not, and when it opens next; in Japanese time, from the configured hours.

Intervals are half-open: open at the opening second, closed at the closing second. Precedence for one date:
dated exception, year-end, national holiday, day of the week. Holidays (substitute and in-between holidays
included) come from the ``holidays`` package.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays.countries.japan import Japan

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
class _Day:
    windows: tuple[Window, ...]
    closed: Reason
    """The reason when there are no windows."""
    detail: str


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
        if instant.tzinfo is None or instant.utcoffset() is None:
            raise ValueError("a naive datetime names no instant: give it a time zone")
        local = instant.astimezone(JST)
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            raise ValueError(f"no holidays are known for the year {local.year}: set the machine's clock")
        today = local.date()
        day = self._day(today)
        minute = local.hour * 60 + local.minute
        if any(window.opens_min <= minute < window.closes_min for window in day.windows):
            return Opening(True, Reason.OPEN, day.detail, self._closing(today, minute), None)
        if not day.windows:
            reason = day.closed
        elif minute < day.windows[-1].opens_min:
            reason = Reason.BEFORE_HOURS
        else:
            reason = Reason.AFTER_HOURS
        return Opening(False, reason, day.detail, None, self._opening(today, minute))

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The hours on one Japanese date, in order; empty: closed all day."""
        return self._day(day).windows

    def _day(self, day: date) -> _Day:
        exception = _exception_on(self._exceptions, day)
        if exception is not None:
            return _Day(exception.windows, Reason.EXCEPTION, exception.reason)
        if self._year_end is not None and _in_year_end(self._year_end, day):
            return _Day((), Reason.YEAR_END, _YEAR_END_DETAIL)
        weekday = self._week[day.weekday()]
        holiday = _holidays(day.year).get(day)
        if holiday is None or self._policy == "as_weekday":
            return _Day(weekday, Reason.WEEKDAY_CLOSED, "")
        if self._policy == "close":
            return _Day((), Reason.HOLIDAY, holiday)
        if self._policy == "as_sunday":
            return _Day(self._week[6], Reason.HOLIDAY, holiday)
        if not weekday:
            return _Day((), Reason.WEEKDAY_CLOSED, "")
        return _Day(_cut(weekday, self._holiday_windows), Reason.HOLIDAY, holiday)

    def _closing(self, day: date, minute: int) -> datetime | None:
        """End of the run of windows that holds ``minute``; a window to 24:00 goes on in one from 00:00."""
        for _ in range(_SEARCH_DAYS):
            for window in self._day(day).windows:
                if window.opens_min <= minute < window.closes_min:
                    minute = window.closes_min
            if minute < _DAY_MINUTES:
                return _at(day, minute)
            day, minute = day + timedelta(days=1), 0
        return None

    def _opening(self, day: date, minute: int) -> datetime | None:
        """The first window that opens after ``minute``; the days after are looked at whole."""
        for _ in range(_SEARCH_DAYS):
            for window in self._day(day).windows:
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


def _cut(windows: tuple[Window, ...], to: tuple[Window, ...]) -> tuple[Window, ...]:
    return tuple(part for window in windows for other in to if (part := window.cut_to(other)) is not None)


@lru_cache(maxsize=8)
def _holidays(year: int) -> dict[date, str]:
    # The language is named: the package would otherwise follow the environment's.
    return {day: str(name) for day, name in Japan(years=year, language="ja", expand=False).items()}


# --- telling people ---

_WEEKDAY_NAMES = "月火水木金土日"


def hours_text(settings: CalendarSettings) -> tuple[str, ...]:
    """The usual week for a screen or notice: one line for each set of hours, then the closed days.

    ``("月・水・木・金曜日 8時30分〜17時15分", "火曜日 8時30分〜19時", …, "土曜日、祝日は休みます")``
    """
    week = Calendar(settings)._week
    lines = [
        f"{'・'.join(_WEEKDAY_NAMES[n] for n in range(7) if week[n] == windows)}曜日 {_spell(windows)}"
        for windows in dict.fromkeys(week)
        if windows
    ]
    closed = [f"{name}曜日" for name, windows in zip(_WEEKDAY_NAMES, week, strict=True) if not windows]
    if settings.holiday_policy == "close":
        closed.append("祝日")
    elif settings.holiday_policy == "shorten":
        lines.append(f"祝日は {_spell(settings.holiday_windows)}の間だけです")
    elif settings.holiday_policy == "as_sunday":
        lines.append("祝日は日曜日と同じです")
    if settings.year_end is not None:
        closed.append(_YEAR_END_DETAIL)
    if closed:
        lines.append(f"{'、'.join(closed)}は休みます")
    return tuple(lines)


def _spell(windows: tuple[Window, ...]) -> str:
    return "、".join(f"{_clock(window.opens_min)}〜{_clock(window.closes_min)}" for window in windows)


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours}時{minutes}分" if minutes else f"{hours}時"
