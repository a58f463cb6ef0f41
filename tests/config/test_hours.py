"""Several calendars put together: the common hours, who closes them, and what residents are told."""

import dataclasses
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as properties
from hypothesis import strategies as st

import config
from config.calendar import JST, LAST_YEAR, Calendar, Opening, Reason
from config.hours import Hours, certificate_hours, machine_hours
from config.load import load_profile
from config.schema import CalendarSettings, DatedException, MonthDay, Profile, Window, YearEnd

SECOND = timedelta(seconds=1)


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=JST)


def windows(*texts: str) -> tuple[Window, ...]:
    return tuple(Window.parse(text) for text in texts)


def daily(*texts: str) -> CalendarSettings:
    return CalendarSettings(*[windows(*texts)] * 7, holiday_policy="as_weekday")


def exception(first: str, last: str, reason: str, *hours: str) -> DatedException:
    return DatedException(date.fromisoformat(first), date.fromisoformat(last), windows(*hours), reason, "市民生活課長")


def shipped(name: str) -> Profile:
    return load_profile(Path(config.__file__).with_name(f"{name}.toml"))


def hours(*limits: tuple[str, CalendarSettings]) -> Hours:
    return Hours([(name, Calendar(settings)) for name, settings in limits])


def told(opening: Opening) -> tuple[Reason, str]:
    return opening.reason, opening.limited_by


# --- whose hours ---


def test_it_is_open_only_while_all_are_and_the_closed_one_is_named() -> None:
    common = hours(("machine", daily("08:30-17:00")), ("server", daily("09:00-16:30")))
    opening, closing = at("2026-12-05", "09:00:00"), at("2026-12-05", "16:30:00")
    tomorrow = opening + timedelta(days=1)
    assert common.is_open(at("2026-12-05", "08:29:59")) == Opening(
        False, Reason.BEFORE_HOURS, "", None, opening, "machine"
    )
    assert common.is_open(opening - SECOND) == Opening(False, Reason.BEFORE_HOURS, "", None, opening, "server")
    assert common.is_open(opening) == common.is_open(closing - SECOND) == Opening(True, Reason.OPEN, "", closing, None)
    assert common.is_open(closing) == Opening(False, Reason.AFTER_HOURS, "", None, tomorrow, "server")
    assert told(common.is_open(at("2026-12-05", "17:00:00"))) == (Reason.AFTER_HOURS, "machine")
    assert common.windows_on(date(2026, 12, 5)) == windows("09:00-16:30")


def test_whoever_does_not_open_again_today_is_named_and_not_whoever_takes_a_break() -> None:
    common = hours(("machine", daily("08:30-12:00", "13:00-17:00")), ("server", daily("09:00-12:00")))
    assert told(common.is_open(at("2026-12-05", "12:30:00"))) == (Reason.AFTER_HOURS, "server")
    assert told(common.is_open(at("2026-12-05", "17:00:00"))) == (Reason.AFTER_HOURS, "machine")
    later = hours(("machine", daily("08:30-12:00", "13:00-17:00")), ("server", daily("09:00-16:00")))
    noon = later.is_open(at("2026-12-05", "12:00:00"))
    assert (told(noon), noon.next_opening) == ((Reason.BEFORE_HOURS, "machine"), at("2026-12-05", "13:00:00"))


def test_whoever_is_closed_all_day_is_named_even_before_the_others_open() -> None:
    maintenance = exception("2026-12-05", "2026-12-06", "保守")
    common = hours(
        ("machine", daily("08:30-17:00")),
        ("server", dataclasses.replace(daily("08:00-20:00"), exceptions=(maintenance,))),
    )
    for clock in ("00:00:00", "08:00:00", "12:00:00", "23:59:59"):
        assert common.is_open(at("2026-12-05", clock)) == Opening(
            False, Reason.EXCEPTION, "保守", None, at("2026-12-07", "08:30:00"), "server"
        )


def test_the_usual_closing_day_is_named_before_somebody_else_s_short_day() -> None:
    short = exception("2026-12-05", "2026-12-05", "午前のみ", "06:00-08:00")
    no_saturdays = dataclasses.replace(daily("08:30-17:00"), saturday=())
    server = dataclasses.replace(daily("06:00-20:00"), exceptions=(short,))
    opening = hours(("machine", no_saturdays), ("server", server)).is_open(at("2026-12-05", "12:00:00"))
    assert told(opening) == (Reason.WEEKDAY_CLOSED, "machine")


def test_hours_that_miss_each_other_on_one_day_are_closed_all_that_day() -> None:
    short = exception("2026-12-05", "2026-12-05", "午前のみ", "06:00-08:00")
    common = hours(
        ("machine", daily("08:30-17:00")), ("server", dataclasses.replace(daily("06:00-20:00"), exceptions=(short,)))
    )
    for clock in ("07:00:00", "12:00:00"):
        opening = common.is_open(at("2026-12-05", clock))
        assert not opening.open
        assert opening.next_opening == at("2026-12-06", "08:30:00")
    assert told(common.is_open(at("2026-12-05", "12:00:00"))) == (Reason.EXCEPTION, "server")


def test_a_certificate_has_its_own_hours_within_the_others() -> None:
    saga = shipped("saga")
    seal = dataclasses.replace(saga.certificates[1], calendar=daily("09:00-17:00"))
    machine, certificate = machine_hours(saga), certificate_hours(saga, seal)
    assert machine.is_open(at("2026-11-24", "08:45:00")).open
    assert told(certificate.is_open(at("2026-11-24", "08:45:00"))) == (Reason.BEFORE_HOURS, "certificate")
    assert certificate.is_open(at("2026-11-24", "17:00:00")).limited_by == "certificate"
    assert told(certificate.is_open(at("2026-11-28", "10:00:00"))) == (Reason.WEEKDAY_CLOSED, "machine")
    # One without hours of its own has the machine's.
    plain = certificate_hours(saga, saga.certificates[0])
    for clock in ("08:29:59", "08:30:00", "18:59:59", "19:00:00"):
        assert plain.is_open(at("2026-11-24", clock)) == machine.is_open(at("2026-11-24", clock))


def test_the_shop_s_server_closes_it_at_the_turn_of_the_year_even_if_the_shop_does_not() -> None:
    shop = shipped("fujisawa")
    open_shop = dataclasses.replace(shop, calendar=dataclasses.replace(shop.calendar, year_end=None))
    opening = machine_hours(open_shop).is_open(at("2026-12-30", "10:00:00"))
    assert opening == Opening(False, Reason.YEAR_END, "年末年始", None, at("2027-01-04", "06:30:00"), "server")


# --- the first day (F-5, F-6) ---


def test_the_service_begins_with_its_first_day() -> None:
    common = Hours([("machine", Calendar(daily("00:00-24:00")))], date(2011, 2, 1))
    first = at("2011-02-01", "00:00:00")
    for before in (first - SECOND, first - timedelta(microseconds=1), first - timedelta(days=3000)):
        assert common.is_open(before) == Opening(False, Reason.NOT_STARTED, "", None, first)
    assert common.is_open(first).open
    assert common.is_open(first.astimezone(UTC)).open


def test_fujisawa_opens_on_its_first_morning_and_not_a_second_sooner() -> None:
    hours = machine_hours(shipped("fujisawa"))
    opening = at("2011-02-01", "06:30:00")
    last_second = hours.is_open(at("2011-01-31", "23:59:59"))
    assert (last_second.reason, last_second.next_opening) == (Reason.NOT_STARTED, opening)
    assert hours.is_open(at("2011-02-01", "00:00:00")) == Opening(
        False, Reason.BEFORE_HOURS, "", None, opening, "machine"
    )
    assert not hours.is_open(opening - SECOND).open
    assert hours.is_open(opening).open


def test_a_first_day_that_is_closed_waits_for_the_next_open_one() -> None:
    saga = dataclasses.replace(shipped("saga"), service_from=date(2026, 12, 29))
    before = machine_hours(saga).is_open(at("2026-12-28", "10:00:00"))
    assert (before.reason, before.next_opening) == (Reason.NOT_STARTED, at("2027-01-04", "08:30:00"))
    assert machine_hours(saga).is_open(at("2026-12-29", "10:00:00")).reason is Reason.YEAR_END


def test_a_certificate_begins_with_the_later_of_its_own_day_and_the_municipality_s() -> None:
    saga = shipped("saga")
    late = dataclasses.replace(saga.certificates[2], service_from=date(2026, 11, 25))
    certificate = certificate_hours(saga, late)
    assert machine_hours(saga).is_open(at("2026-11-24", "18:59:59")).open
    eve = certificate.is_open(at("2026-11-24", "23:59:59"))
    assert (eve.reason, eve.next_opening) == (Reason.NOT_STARTED, at("2026-11-25", "08:30:00"))
    assert certificate.is_open(at("2026-11-25", "00:00:00")).reason is Reason.BEFORE_HOURS
    assert certificate.is_open(at("2026-11-25", "08:30:00")).open
    earlier = dataclasses.replace(late, service_from=date(2000, 1, 1))
    assert certificate_hours(saga, earlier).is_open(at("2016-01-21", "10:00:00")).reason is Reason.NOT_STARTED


# --- properties ---


@st.composite
def some_windows(draw: st.DrawFn) -> tuple[Window, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=4)))
    return tuple(Window(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))


DAYS = st.dates(date(2016, 1, 1), date(2040, 12, 31))
CALENDARS = st.builds(
    CalendarSettings,
    *[some_windows()] * 7,
    st.sampled_from(["close", "shorten", "as_weekday", "as_sunday"]),
    some_windows(),
    st.sampled_from([None, YearEnd(MonthDay(12, 29), MonthDay(1, 3))]),
)
NAMED = st.lists(CALENDARS, min_size=1, max_size=3).map(
    lambda settings: list(zip(("machine", "server", "certificate"), map(Calendar, settings), strict=False))
)
INSTANTS = st.builds(lambda day, clock: datetime.combine(day, clock, JST), DAYS, st.times())


@properties(deadline=None)  # a loaded machine is no fault of the hours
@given(NAMED, INSTANTS)
def test_the_common_hours_are_those_of_each(limits: list[tuple[str, Calendar]], instant: datetime) -> None:
    common = Hours(limits)
    opening = common.is_open(instant)
    each = {name: calendar.is_open(instant) for name, calendar in limits}
    assert opening.open is all(one.open for one in each.values())
    assert (opening.reason is Reason.OPEN) is opening.open
    if opening.open:
        assert (opening.limited_by, opening.next_opening) == ("", None)
        closings = [one.closes_at for one in each.values() if one.closes_at is not None]
        assert opening.closes_at == min(closings, default=None)
        return
    assert not each[opening.limited_by].open
    following = opening.next_opening
    assert (opening.reason is Reason.BEFORE_HOURS) is (following is not None and following.date() == instant.date())
    if following is not None:
        assert following > instant
        assert common.is_open(following).open
        assert not common.is_open(following - SECOND).open
        # Nobody else opens all of them sooner: each edge of each on the way, for some days.
        day = instant.date()
        for _ in range(min((following.date() - day).days + 1, 10)):
            for _, calendar in limits:
                for window in calendar.windows_on(day):
                    between = datetime.combine(day, time(window.opens_min // 60, window.opens_min % 60), JST)
                    assert not instant <= between < following or not common.is_open(between).open
            day += timedelta(days=1)


@properties(deadline=None)  # a loaded machine is no fault of the hours
@given(CALENDARS, INSTANTS)
def test_one_calendar_alone_is_told_as_it_is(settings: CalendarSettings, instant: datetime) -> None:
    alone = Calendar(settings).is_open(instant)
    assert hours(("machine", settings)).is_open(instant) == dataclasses.replace(
        alone, limited_by="" if alone.open else "machine"
    )


def test_the_answers_do_not_depend_on_what_was_asked_before() -> None:
    saga = shipped("saga")
    asked = machine_hours(saga)
    instants = [at("2026-04-01", "10:00:00") + timedelta(days=n, hours=n % 24) for n in range(200)]
    for instant in (*instants, *reversed(instants)):
        assert asked.is_open(instant) == machine_hours(saga).is_open(instant)


def test_any_zone_will_do_but_none_will_not() -> None:
    common = machine_hours(shipped("saga"))
    instant = at("2026-11-30", "08:30:00")
    for zone in (UTC, timezone(timedelta(hours=-5))):
        assert common.is_open(instant.astimezone(zone)).open
    with pytest.raises(ValueError, match="naive datetime"):
        common.is_open(datetime(2026, 11, 30, 8, 30))
    with pytest.raises(ValueError, match="set the machine's clock"):
        common.is_open(datetime(LAST_YEAR + 1, 6, 1, tzinfo=JST))
