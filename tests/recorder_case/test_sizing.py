"""The figures of T-1, T-1a and T-1c, recomputed from the calendars; and the document that shows them."""

from __future__ import annotations

from datetime import date
from itertools import accumulate
from pathlib import Path

import pytest

import config
from config.hours import machine_hours
from config.load import load_profile
from recorder.sizing import Figures, days, document, figures, fiscal_year, open_min

PROFILES = Path(config.__file__).parent


@pytest.fixture(scope="module")
def saga() -> Figures:
    return figures("saga")


def test_saga_even_recording_all_the_time_does_not_reach_its_floor(saga: Figures) -> None:
    assert saga.week_h == 4 * 8.75 + 10.5 + 7 == 52.5
    assert (saga.plain_h, saga.plain_one_more_h) == (1804.25, 1813)
    assert (saga.capacity_h, saga.floor_days) == (1920, 240)
    assert saga.margin_h == 107
    assert round(saga.margin_h / saga.capacity_h, 3) == 0.056
    assert saga.real_h < saga.plain_one_more_h  # holidays only lower it
    assert saga.lap_days == (256, 257)


def test_about_a_year_is_true_of_no_timetable(saga: Figures) -> None:
    assert saga.years[0] == (2022, 294, 2569)
    hours = machine_hours(load_profile(PROFILES / "saga.toml"))
    so_far = accumulate(open_min(hours, day) for day in days(date(2022, 6, 15), date(2023, 6, 15)))
    assert next(n for n, minutes in enumerate(so_far, start=1) if minutes >= 1920 * 60) == 273
    # What the consultation seems to have reckoned with: eight hours on 243 working days.
    working = sum(day.weekday() < 5 and open_min(hours, day) > 0 for day in days(*fiscal_year(2022)))
    assert working * 8 == 1944


@pytest.mark.parametrize(
    ("name", "week_h", "span_h", "margin_h", "lap_days"),
    [("fujisawa", 115.5, 3976.5, -2056.5, (117, 117)), ("fujisawa-hall", 74.5, 2567.5, -647.5, (180, 181))],
)
def test_a_shop_that_records_all_the_time_collides(
    name: str, week_h: float, span_h: float, margin_h: float, lap_days: tuple[int, int]
) -> None:
    shop = figures(name)
    assert (shop.week_h, shop.plain_one_more_h, shop.margin_h) == (week_h, span_h, margin_h)
    assert shop.lap_days == lap_days


def test_the_document_is_what_the_program_says() -> None:
    written = (Path(__file__).parents[2] / "docs" / "recorder_sizing.md").read_text("utf-8")
    assert written == document(), "make it anew: python -m recorder.sizing > docs/recorder_sizing.md"
