"""Fiscal 2026, minute by minute, against a reference that knows nothing of the calendar it checks.

The reference is typed by hand from the two documents and from the published holidays: no date library, no
configuration file. Its minutes are counted from 2026-04-01 00:00, a Wednesday.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import config
from config.calendar import Opening
from config.hours import Hours, machine_hours
from config.load import load_profile

BEGIN = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # midnight in Japan
MINUTES = 365 * 1440
WEDNESDAY = 2
MONTHS = ((4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30), (12, 31), (1, 31), (2, 28), (3, 31))

HOLIDAYS = {
    (4, 29): "昭和の日",
    (5, 3): "憲法記念日",  # a Sunday
    (5, 4): "みどりの日",
    (5, 5): "こどもの日",
    (5, 6): "振替休日",  # for 3 May
    (7, 20): "海の日",
    (8, 11): "山の日",
    (9, 21): "敬老の日",
    (9, 22): "国民の休日",  # between two holidays
    (9, 23): "秋分の日",
    (10, 12): "スポーツの日",
    (11, 3): "文化の日",
    (11, 23): "勤労感謝の日",
    (1, 1): "元日",
    (1, 11): "成人の日",
    (2, 11): "建国記念の日",
    (2, 23): "天皇誕生日",
    (3, 21): "春分の日",  # a Sunday
    (3, 22): "振替休日",  # for 21 March
}
YEAR_END = {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}

Day = tuple[int | None, int, str, str]
"""Opening and closing minute of the day (None: closed all day), reason and detail when closed."""


def saga(weekday: int, month_day: tuple[int, int]) -> Day:
    if month_day in HOLIDAYS:
        return None, 0, "holiday", HOLIDAYS[month_day]
    return {
        0: (8 * 60 + 30, 17 * 60 + 15, "", ""),
        1: (8 * 60 + 30, 19 * 60, "", ""),
        2: (8 * 60 + 30, 17 * 60 + 15, "", ""),
        3: (8 * 60 + 30, 17 * 60 + 15, "", ""),
        4: (8 * 60 + 30, 17 * 60 + 15, "", ""),
        5: (None, 0, "weekday_closed", ""),
        6: (9 * 60, 16 * 60, "", ""),
    }[weekday]


def fujisawa(weekday: int, month_day: tuple[int, int]) -> Day:
    return 6 * 60 + 30, 23 * 60, "", ""


def fujisawa_hall(weekday: int, month_day: tuple[int, int]) -> Day:
    if month_day in HOLIDAYS:
        return 8 * 60 + 30, 17 * 60, "", HOLIDAYS[month_day]
    return 8 * 60 + 30, 17 * 60 if weekday in (5, 6) else 20 * 60, "", ""


REFERENCES = {"saga": saga, "fujisawa": fujisawa, "fujisawa-hall": fujisawa_hall}


def year(name: str) -> Iterator[Day]:
    number = 0
    for month, length in MONTHS:
        for day in range(1, length + 1):
            if (month, day) in YEAR_END:
                yield None, 0, "year_end", "年末年始"
            else:
                yield REFERENCES[name]((WEDNESDAY + number) % 7, (month, day))
            number += 1


def expected(days: list[Day]) -> list[tuple[str, str]]:
    """Reason and detail at each minute of the year."""
    answers = []
    for opens, closes, reason, detail in days:
        if opens is None:
            answers += [(reason, detail)] * 1440
        else:
            answers += [("before_hours", detail)] * opens
            answers += [("open", detail)] * (closes - opens)
            answers += [("after_hours", detail)] * (1440 - closes)
    return answers


def changes(answers: list[tuple[str, str]]) -> list[int | None]:
    """For each minute the next one at which open turns to closed or closed to open; None: not within the year."""
    found: list[int | None] = [None] * MINUTES
    for minute in range(MINUTES - 2, -1, -1):
        turns = (answers[minute][0] == "open") != (answers[minute + 1][0] == "open")
        found[minute] = minute + 1 if turns else found[minute + 1]
    return found


@pytest.fixture(params=list(REFERENCES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hours(name: str) -> Hours:
    return machine_hours(load_profile(Path(config.__file__).with_name(f"{name}.toml")))


def assert_told(opening: Opening, minute: int, answer: tuple[str, str], change: int | None) -> None:
    at = BEGIN + timedelta(minutes=minute)
    assert (opening.open, opening.reason.value, opening.detail) == (answer[0] == "open", *answer), at
    turn = opening.closes_at if opening.open else opening.next_opening
    assert turn is not None, at
    if change is None:
        assert turn >= BEGIN + timedelta(minutes=MINUTES), at
    else:
        assert turn == BEGIN + timedelta(minutes=change), at


def test_every_minute_of_fiscal_2026_is_as_the_documents_say(name: str, hours: Hours) -> None:
    days = list(year(name))
    assert len(days) == 365
    answers = expected(days)
    turns = changes(answers)
    told: tuple[Opening, tuple[str, str], int | None] | None = None
    instant, step = BEGIN, timedelta(minutes=1)
    for minute in range(MINUTES):
        opening = hours.is_open(instant)
        # The same answer to the same expectation need not be taken apart 500 times.
        if told is None or told[0] is not opening or told[1] != answers[minute] or told[2] != turns[minute]:
            assert_told(opening, minute, answers[minute], turns[minute])
            told = opening, answers[minute], turns[minute]
        instant += step


def test_every_edge_of_fiscal_2026_falls_on_its_second(name: str, hours: Hours) -> None:
    edges = 0
    for number, (opens, closes, _, _) in enumerate(year(name)):
        if opens is None:
            continue
        for edge, then in ((opens, True), (closes, False)):
            at = BEGIN + timedelta(days=number, minutes=edge)
            for before in (timedelta(seconds=1), timedelta(microseconds=1)):
                assert hours.is_open(at - before).open is not then, at
            assert hours.is_open(at).open is then, at
            edges += 1
    # Saga: 365 days less 52 Saturdays, 18 holidays outside the year's end, and 6 days of it, one of them a Saturday.
    assert edges == 2 * {"saga": 365 - 52 - 18 - 5, "fujisawa": 359, "fujisawa-hall": 359}[name]
