"""Opening hours: the edges of every day, holidays, the turn of the year, dated exceptions."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as properties
from hypothesis import strategies as st

from config.calendar import FIRST_YEAR, JST, LAST_YEAR, Calendar, Opening, Reason, hours_text
from config.load import load
from config.schema import CalendarSettings, DatedException, HolidayPolicy, MonthDay, Settings, Window, YearEnd

SECOND = timedelta(seconds=1)


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=JST)


@pytest.fixture
def saga(settings: Settings) -> CalendarSettings:
    return settings.profile.calendar


# A week without a holiday: 2026-11-30 is a Monday.
@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-11-30", "08:30:00", "17:15:00"),
        ("2026-12-01", "08:30:00", "19:00:00"),
        ("2026-12-02", "08:30:00", "17:15:00"),
        ("2026-12-03", "08:30:00", "17:15:00"),
        ("2026-12-04", "08:30:00", "17:15:00"),
        ("2026-12-06", "09:00:00", "16:00:00"),
    ],
)
def test_saga_opens_and_closes_on_the_second(saga: CalendarSettings, day: str, opens: str, closes: str) -> None:
    calendar = Calendar(saga)
    opening, closing = at(day, opens), at(day, closes)
    before = calendar.is_open(opening - SECOND)
    assert before == Opening(False, Reason.BEFORE_HOURS, "", None, opening)
    for instant in (opening, opening + SECOND, closing - SECOND, closing - timedelta(microseconds=1)):
        assert calendar.is_open(instant) == Opening(True, Reason.OPEN, "", closing, None)
    after = calendar.is_open(closing)
    assert (after.open, after.reason, after.closes_at) == (False, Reason.AFTER_HOURS, None)
    assert after.next_opening is not None
    assert after.next_opening.date() > closing.date()


def test_saga_is_closed_all_saturday_and_opens_on_sunday_at_nine(saga: CalendarSettings) -> None:
    for clock in ("00:00:00", "08:30:00", "12:00:00", "23:59:59"):
        assert Calendar(saga).is_open(at("2026-12-05", clock)) == Opening(
            False, Reason.WEEKDAY_CLOSED, "", None, at("2026-12-06", "09:00:00")
        )


@pytest.mark.parametrize(
    ("day", "name", "next_day"),
    [
        ("2026-11-23", "勤労感謝の日", "2026-11-24T08:30:00"),
        ("2026-05-06", "振替休日", "2026-05-07T08:30:00"),  # for Sunday, 3 May
        ("2026-09-22", "国民の休日", "2026-09-24T08:30:00"),  # between two holidays
        ("2026-05-03", "憲法記念日", "2026-05-07T08:30:00"),  # a Sunday
        ("2026-03-20", "春分の日", "2026-03-22T09:00:00"),
        ("2024-02-12", "振替休日", "2024-02-13T08:30:00"),
        ("2020-07-24", "スポーツの日", "2020-07-26T09:00:00"),  # moved for one year
    ],
)
def test_saga_is_closed_on_national_holidays(saga: CalendarSettings, day: str, name: str, next_day: str) -> None:
    opening = Calendar(saga).is_open(at(day, "10:00:00"))
    assert (opening.open, opening.reason, opening.detail) == (False, Reason.HOLIDAY, name)
    assert opening.next_opening == datetime.fromisoformat(next_day).replace(tzinfo=JST)


def test_the_holidays_names_do_not_follow_the_environments_language(
    saga: CalendarSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LANGUAGE", "LANG", "LC_ALL"):
        monkeypatch.setenv(variable, "en_US.UTF-8")
    assert Calendar(saga).is_open(at("2031-11-24", "10:00:00")).detail == "振替休日"


def test_saga_is_closed_from_29_december_to_3_january(saga: CalendarSettings) -> None:
    calendar = Calendar(saga)
    assert calendar.is_open(at("2026-12-28", "17:14:59")).open
    reopening = at("2027-01-04", "08:30:00")  # a Monday
    for day in ("2026-12-29", "2026-12-31", "2027-01-01", "2027-01-03"):
        assert calendar.is_open(at(day, "10:00:00")) == Opening(False, Reason.YEAR_END, "年末年始", None, reopening)
    assert calendar.is_open(reopening).open


def test_year_end_within_one_year(saga: CalendarSettings) -> None:
    calendar = Calendar(dataclasses.replace(saga, year_end=YearEnd(MonthDay(1, 1), MonthDay(1, 3))))
    assert calendar.is_open(at("2026-12-31", "10:00:00")).open
    assert calendar.is_open(at("2027-01-03", "10:00:00")).reason is Reason.YEAR_END
    without = Calendar(dataclasses.replace(saga, year_end=None))
    assert without.is_open(at("2027-01-01", "10:00:00")).reason is Reason.HOLIDAY
    assert without.is_open(at("2027-01-03", "10:00:00")).open


def with_policy(saga: CalendarSettings, policy: HolidayPolicy, *windows: str) -> Calendar:
    parsed = tuple(Window.parse(text) for text in windows)
    return Calendar(dataclasses.replace(saga, holiday_policy=policy, holiday_windows=parsed))


def test_a_holiday_may_shorten_the_hours_but_never_lengthen_them(saga: CalendarSettings) -> None:
    calendar = with_policy(saga, "shorten", "08:00-12:00", "13:00-20:00")
    # A Tuesday, open to 19:00 otherwise.
    assert calendar.windows_on(date(2026, 11, 3)) == (
        Window.parse("08:30-12:00"),
        Window.parse("13:00-19:00"),
    )
    noon = calendar.is_open(at("2026-11-03", "12:00:00"))
    assert noon == Opening(False, Reason.BEFORE_HOURS, "文化の日", None, at("2026-11-03", "13:00:00"))
    assert calendar.is_open(at("2026-11-03", "18:59:59")) == Opening(
        True, Reason.OPEN, "文化の日", at("2026-11-03", "19:00:00"), None
    )
    # A Saturday, closed anyway.
    assert calendar.is_open(at("2030-11-23", "10:00:00")).reason is Reason.WEEKDAY_CLOSED


def test_hours_shortened_to_nothing_are_a_closed_holiday(saga: CalendarSettings) -> None:
    calendar = with_policy(saga, "shorten", "05:00-06:00")
    assert calendar.is_open(at("2026-11-03", "10:00:00")).reason is Reason.HOLIDAY


def test_a_holiday_may_be_like_any_weekday(saga: CalendarSettings) -> None:
    calendar = with_policy(saga, "as_weekday")
    assert calendar.is_open(at("2026-11-03", "18:59:59")) == Opening(
        True, Reason.OPEN, "", at("2026-11-03", "19:00:00"), None
    )


def test_a_holiday_may_be_like_a_sunday(saga: CalendarSettings) -> None:
    calendar = with_policy(saga, "as_sunday")
    assert calendar.is_open(at("2026-11-03", "16:00:00")).reason is Reason.AFTER_HOURS
    assert calendar.is_open(at("2026-11-03", "09:00:00")).closes_at == at("2026-11-03", "16:00:00")
    closed_sundays = Calendar(dataclasses.replace(saga, holiday_policy="as_sunday", sunday=()))
    assert closed_sundays.is_open(at("2026-11-03", "10:00:00")).reason is Reason.HOLIDAY


def test_a_dated_exception_goes_before_everything(profile_with: Callable[..., Path]) -> None:
    text = """
[[calendar.exceptions]]
first = 2026-12-30
last = 2026-12-30
windows = ["09:00-12:00", "13:00-15:00"]
reason = "臨時開庁"
approver = "市民生活課長"

[[calendar.exceptions]]
first = 2026-12-07
last = 2026-12-09
windows = []
reason = "停電"
approver = "市民生活課長"
"""
    calendar = Calendar(load(profile_with(("# Fees, copies", text + "# Fees, copies"))).profile.calendar)
    # Closed by the year's end otherwise.
    assert calendar.is_open(at("2026-12-30", "09:00:00")) == Opening(
        True, Reason.OPEN, "臨時開庁", at("2026-12-30", "12:00:00"), None
    )
    assert calendar.is_open(at("2026-12-30", "15:00:00")) == Opening(
        False, Reason.AFTER_HOURS, "臨時開庁", None, at("2027-01-04", "08:30:00")
    )
    assert calendar.is_open(at("2026-12-07", "10:00:00")) == Opening(
        False, Reason.EXCEPTION, "停電", None, at("2026-12-10", "08:30:00")
    )


def test_round_the_clock_runs_on_over_midnight(saga: CalendarSettings) -> None:
    whole_day = (Window.parse("00:00-24:00"),)
    always = dataclasses.replace(
        saga,
        **dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), whole_day),
        holiday_policy="as_weekday",
        year_end=None,
    )
    assert Calendar(always).is_open(at("2026-12-05", "12:00:00")) == Opening(True, Reason.OPEN, "", None, None)
    resting = dataclasses.replace(always, sunday=(Window.parse("06:00-12:00"), Window.parse("12:00-20:00")))
    calendar = Calendar(resting)
    assert calendar.is_open(at("2026-11-30", "00:00:00")).closes_at == at("2026-12-06", "00:00:00")
    assert calendar.is_open(at("2026-12-06", "07:00:00")).closes_at == at("2026-12-06", "20:00:00")


def test_closed_for_longer_than_a_year_has_no_next_opening(saga: CalendarSettings) -> None:
    closed = DatedException(date(2026, 1, 1), date(2030, 12, 31), (), "改修", "市長")
    opening = Calendar(dataclasses.replace(saga, exceptions=(closed,))).is_open(at("2026-06-01", "10:00:00"))
    assert (opening.reason, opening.detail, opening.next_opening) == (Reason.EXCEPTION, "改修", None)


def test_any_zone_will_do_but_none_will_not(saga: CalendarSettings) -> None:
    calendar = Calendar(saga)
    instant = at("2026-11-30", "08:30:00")
    for zone in (UTC, timezone(timedelta(hours=-5))):
        assert calendar.is_open(instant.astimezone(zone)).open
    with pytest.raises(ValueError, match="naive datetime"):
        calendar.is_open(datetime(2026, 11, 30, 8, 30))


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_a_clock_far_off_is_told_and_not_guessed(saga: CalendarSettings, year: int) -> None:
    with pytest.raises(ValueError, match="set the machine's clock"):
        Calendar(saga).is_open(datetime(year, 6, 1, tzinfo=JST))


# --- properties ---


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=4)))
    return tuple(Window(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))


DAYS = st.dates(date(2016, 1, 1), date(2040, 12, 31))
EXCEPTIONS = st.builds(
    lambda first, days, hours: DatedException(first, first + timedelta(days), hours, "理由", "課長"),
    DAYS,
    st.integers(0, 9),
    windows(),
)
CALENDARS = st.builds(
    CalendarSettings,
    *[windows()] * 7,
    st.sampled_from(["close", "shorten", "as_weekday", "as_sunday"]),
    windows(),
    st.sampled_from([None, YearEnd(MonthDay(12, 29), MonthDay(1, 3)), YearEnd(MonthDay(1, 1), MonthDay(1, 3))]),
    st.lists(EXCEPTIONS, max_size=1).map(tuple),
)
INSTANTS = st.builds(lambda day, clock: datetime.combine(day, clock, JST), DAYS, st.times())


@properties(deadline=None)  # a loaded machine is no fault of the calendar
@given(CALENDARS, INSTANTS)
def test_the_end_and_the_next_beginning_are_true(settings: CalendarSettings, instant: datetime) -> None:
    calendar = Calendar(settings)
    opening = calendar.is_open(instant)
    edge = opening.closes_at if opening.open else opening.next_opening
    assert (opening.next_opening if opening.open else opening.closes_at) is None
    assert (opening.reason is Reason.OPEN) == opening.open
    if edge is None:
        return
    assert edge > instant
    assert calendar.is_open(edge).open is not opening.open
    assert calendar.is_open(edge - SECOND).open is opening.open
    # Nothing changes in between: every edge that any window could make on the way, and the seconds around it.
    day = instant.astimezone(JST).date()
    for _ in range(min((edge.date() - day).days + 1, 15)):
        for window in calendar.windows_on(day):
            for minute in (window.opens_min, window.closes_min - 1):
                between = datetime.combine(day, time(minute // 60, minute % 60), JST)
                if instant <= between < edge:
                    assert calendar.is_open(between).open is opening.open
        day += timedelta(days=1)


@properties(deadline=None)  # a loaded machine is no fault of the calendar
@given(windows(), windows(), windows(), DAYS)
def test_shortened_hours_lie_within_the_weekdays(
    week: tuple[Window, ...], to: tuple[Window, ...], sunday: tuple[Window, ...], day: date
) -> None:
    usual = CalendarSettings(*[week] * 6, sunday, "as_weekday")
    shortened = dataclasses.replace(usual, holiday_policy="shorten", holiday_windows=to)
    hours = Calendar(usual).windows_on(day)
    for part in Calendar(shortened).windows_on(day):
        assert any(part.cut_to(window) == part for window in hours)


# --- in words ---


def test_the_week_is_told_in_words(saga: CalendarSettings) -> None:
    assert hours_text(saga) == (
        "月・水・木・金曜日 8時30分〜17時15分",
        "火曜日 8時30分〜19時",
        "日曜日 9時〜16時",
        "土曜日、祝日、年末年始は休みます",
    )


def test_other_holidays_are_told_in_words(saga: CalendarSettings) -> None:
    daily = (Window.parse("08:30-12:00"), Window.parse("13:00-20:00"))
    hall = CalendarSettings(*[daily] * 7, "shorten", (Window.parse("08:30-17:00"),))
    assert hours_text(hall) == (
        "毎日 8時30分〜12時、13時〜20時",
        "祝日は 8時30分〜17時の間だけ",
    )
    assert "祝日は日曜日と同じ" in hours_text(dataclasses.replace(saga, holiday_policy="as_sunday"))
    assert not any("祝日" in line for line in hours_text(dataclasses.replace(saga, holiday_policy="as_weekday")))
