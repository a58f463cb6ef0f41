"""The forecast in operation over a year, against a queue of days that stands for the ring."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

import config
from config.hours import machine_hours
from config.load import load_profile
from recorder.forecast import Outlook, by_day, capacity_s, forecast
from recorder.index import Visit
from recorder.sizing import open_min

FLOOR = 240
FIRST = date(2026, 4, 1)
Open = Callable[[date], float]


def opened(name: str) -> Open:
    hours = machine_hours(load_profile(Path(config.__file__).with_name(f"{name}.toml")))
    return cache(lambda day: open_min(hours, day) * 60.0)


@dataclass
class Queue:
    """A ring as a queue of days: the oldest seconds make room for the new ones."""

    room_s: float
    days: deque[tuple[date, float]] = field(default_factory=deque)
    youngest: int = 10_000
    """Days of age of the youngest image that was written over."""

    def record(self, day: date, seconds: float) -> None:
        self.days.append((day, seconds))
        over = sum(length for _, length in self.days) - self.room_s
        while over > 1e-6:
            oldest, length = self.days.popleft()
            self.youngest = min(self.youngest, (day - oldest).days)
            if length > over:
                self.days.appendleft((oldest, length - over))
            over -= length


def year(open_s: Open, room_h: float, share: Callable[[int], float], length: int = 400) -> tuple[list[Outlook], Queue]:
    """Every morning a forecast, every day some video; share: of the opening hours, by day."""
    queue, outlooks = Queue(room_h * 3600), []
    for n in range(length):
        day = FIRST + timedelta(days=n)
        outlooks.append(forecast(dict(queue.days), room_h * 3600, open_s, FLOOR, day))
        queue.record(day, share(n) * open_s(day))
    return outlooks, queue


@pytest.mark.parametrize(("name", "share"), [("saga", 1.0), ("fujisawa", 0.35), ("fujisawa-hall", 0.55)])
def test_a_year_that_fits_is_never_warned_of(name: str, share: float) -> None:
    dice = random.Random(5)
    open_s = opened(name)
    spread = 0.0 if share == 1.0 else 0.1
    outlooks, queue = year(open_s, 1920, lambda _: share + dice.uniform(-spread, spread))
    assert queue.youngest > FLOOR
    assert {one.warn for one in outlooks} == {None}
    assert "見込みはありません" in str(outlooks[-1])
    settled = outlooks[60:]
    assert all(one.conflict is None and one.most_h < 1920 for one in settled)
    # Saga, recording without pause: the lap of 256 days, and of more with the holidays.
    assert name != "saga" or all(one.lap_days is not None and 250 <= one.lap_days <= 290 for one in settled)


@pytest.mark.parametrize(("name", "room_h"), [("fujisawa", 1920.0), ("fujisawa-hall", 1920.0), ("saga", 1200.0)])
def test_a_ring_too_small_for_recording_without_pause_is_told_30_14_and_7_days_before(name: str, room_h: float) -> None:
    open_s = opened(name)
    queue, warned, told = Queue(room_h * 3600), {}, []
    for n in range(400):
        day = FIRST + timedelta(days=n)
        outlook = forecast(dict(queue.days), room_h * 3600, open_s, FLOOR, day)
        told.append(outlook)
        if outlook.warn is not None:
            warned.setdefault(outlook.warn, day)
        queue.record(day, open_s(day))
        if queue.youngest <= FLOOR:
            break
    assert outlook.days_left == 0, "it is foreseen on the morning of the very day"
    assert "上書きするところです" in str(outlook)
    assert [(day - first).days for first in (warned[30], warned[14], warned[7])] == [30, 14, 7]
    month = told[-31]
    assert (month.conflict, month.days_left) == (day, 30)
    assert "あと30日ほどで" in str(month)


def test_a_site_that_grows_busy_is_warned_of_before_it_is_too_late() -> None:
    open_s, dice = opened("fujisawa"), random.Random(9)
    outlooks, queue = year(open_s, 1920, lambda n: min(1.0, 0.3 + max(0, n - 100) * 0.004) * dice.uniform(0.9, 1.1))
    first = {days: next(n for n, one in enumerate(outlooks) if one.warn == days) for days in (30, 14, 7)}
    conflict = next(n for n, one in enumerate(outlooks) if one.days_left == 0)
    assert queue.youngest <= FLOOR
    assert first[30] < first[14] < first[7] < conflict
    assert conflict - first[30] >= 20  # busier every day than the four weeks before say, and still weeks ahead


def test_what_is_held_broken_or_kept_back_makes_the_ring_smaller() -> None:
    @dataclass
    class State:
        slots: int = 100
        free: int = 60
        held: int = 0
        bad: int = 0
        footage_s: float = 39.5 * 500.0

    assert capacity_s(State(), slot_s=534) == 100 * 500
    assert capacity_s(State(held=10, bad=2), slot_s=534, reserve=8) == 80 * 500
    assert capacity_s(State(free=90, footage_s=9.0), slot_s=534) == 100 * 534  # too little is written to tell
    assert capacity_s(State(held=99, bad=5), slot_s=534) == 0


def test_visits_are_counted_on_their_japanese_date() -> None:
    noon, late = 1_795_489_200_000_000, 1_795_489_200_000_000 + 12 * 3_600_000_000  # 2026-11-24 12:00 and 24:00 JST
    visits = [Visit(1, noon, noon, 30_000, 1), Visit(2, late - 1, late, 5_000, 1), Visit(3, late, late, 7_000, 1)]
    assert by_day(visits) == {date(2026, 11, 24): 35.0, date(2026, 11, 25): 7.0}


def test_nothing_recorded_yet_is_no_reason_to_worry() -> None:
    outlook = forecast({}, 1920 * 3600, opened("saga"), FLOOR, FIRST)
    assert (outlook.conflict, outlook.lap_days, outlook.a_day_h) == (None, None, 0.0)


@pytest.mark.parametrize(("room_h", "conflict"), [(240.5, FIRST), (241.0, None)])
def test_a_floor_of_240_days_touches_241_dates(room_h: float, conflict: date | None) -> None:
    """At noon an image of the morning 240 days ago is past the floor, one of that evening is not."""
    footage = {FIRST - timedelta(days=n): 3600.0 for n in range(1, 241)}
    assert forecast(footage, room_h * 3600, lambda _: 3600.0, FLOOR, FIRST).conflict == conflict
