"""How much video a year brings and how large the disk must be, from the calendars themselves (T-1, T-1a):

    python -m recorder.sizing > docs/recorder_sizing.md

Two kinds of hours: *footage* is time in which something is recorded (capacity, S-15), *elapsed* is time that passes
(retention, S-32). They meet in one question: how much footage can arise within the retention floor?
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final

import config
from config.footage import Stream, slots_for
from config.hours import Hours, machine_hours
from config.load import load_profile
from config.schema import CalendarSettings, Profile, Window
from recorder.place import TEST_SLOT

PROFILES: Final = ("saga", "fujisawa", "fujisawa-hall")
YEARS: Final = range(2022, 2031)
"""Fiscal years, April to March."""
SLOT_BYTES: Final = 64 << 20
PICTURES: Final = 10
"""A second."""
UNFILLED: Final = 240
"""Slots sealed before they are full within the retention floor, at most: one a day."""
GROUP_S: Final = 2.0
"""From keyframe to keyframe."""
RATES: Final = {350: "mean, 720p", 500: "", 1000: "cap for 1 TB", 1500: "", 2000: "", 3100: "720p MJPEG"}
"""kbit/s, and what is of that kind."""
_DAY_MIN: Final = 24 * 60


def open_min(hours: Hours, day: date) -> int:
    """Minutes of one Japanese date in which a visit may begin."""
    return _length(hours.windows_on(day))


def _length(windows: Sequence[Window]) -> int:
    return sum(window.closes_min - window.opens_min for window in windows)


def days(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def fiscal_year(year: int) -> tuple[date, date]:
    return date(year, 4, 1), date(year + 1, 3, 31)


def most(values: Sequence[int], length: int) -> int:
    """The largest sum of so many values in a row."""
    sums = [0, *accumulate(values)]
    return max(sums[at + length] - sums[at] for at in range(len(values) - length + 1))


def without_holidays(profile: Profile) -> Profile:
    """The same weeks without a holiday, a turn of the year or an exception: the most that can be open."""

    def plain(calendar: CalendarSettings) -> CalendarSettings:
        return replace(calendar, holiday_policy="as_weekday", holiday_windows=(), year_end=None, exceptions=())

    server = plain(profile.server) if profile.server is not None else None
    return replace(profile, calendar=plain(profile.calendar), server=server)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a profile's calendar comes to. Hours of opening; days are Japanese dates.

    floor_days: the retention floor; plain: without any holiday, at most in so many dates, and in one more, since a span
    of the floor's hours touches that many; real: with the holidays of `YEARS`; lap_days: a ring filled without pause in
    opening hours lasts, without holidays, from the fewest to the most; pauses: of more than a day, at most within the
    floor, each of which leaves a slot unfilled.
    """

    name: str
    city: str
    title: str
    capacity_h: int
    floor_days: int
    week_h: float
    plain_h: float
    plain_one_more_h: float
    real_h: float
    years: tuple[tuple[int, int, float], ...]
    lap_days: tuple[int, int]
    pauses: int

    @property
    def margin_h(self) -> float:
        """Capacity above the most footage there can be within the floor; below zero: the two rules can collide."""
        return self.capacity_h - self.plain_one_more_h


def figures(name: str) -> Figures:
    """Of a profile shipped with the program."""
    profile = load_profile(Path(config.__file__).with_name(f"{name}.toml"))
    rule = profile.camera
    hours, plain = machine_hours(profile), machine_hours(without_holidays(profile))
    first, last = fiscal_year(YEARS[0])[0], fiscal_year(YEARS[-1])[1]
    opened = {day: hours.windows_on(day) for day in days(first, last)}
    real = {day: _length(windows) for day, windows in opened.items()}
    # A year without holidays; every day of the week begins a span in it.
    week = [open_min(plain, day) for day in days(date(2024, 1, 1), date(2025, 12, 31))]
    floor_days = rule.retention_min_elapsed_h // 24
    laps = [lap(week[start:], rule.capacity_footage_h) for start in range(7)]
    return Figures(
        name=name,
        city=profile.city_name,
        title=profile.machine_title,
        capacity_h=rule.capacity_footage_h,
        floor_days=floor_days,
        week_h=sum(week[:7]) / 60,
        plain_h=most(week, floor_days) / 60,
        plain_one_more_h=most(week, floor_days + 1) / 60,
        real_h=most(list(real.values()), floor_days + 1) / 60,
        years=tuple(_year(real, year) for year in YEARS),
        lap_days=(min(laps), max(laps)),
        pauses=most(list(_pauses(opened.values())), floor_days),
    )


def lap(opened_min: Sequence[int], capacity_h: float) -> int:
    """On which date, counted from one, a ring is full that records all the time the machine is open."""
    return next(n for n, so_far in enumerate(accumulate(opened_min), start=1) if so_far >= capacity_h * 60)


def _year(opened_min: Mapping[date, int], year: int) -> tuple[int, int, float]:
    opened = [opened_min[day] for day in days(*fiscal_year(year))]
    return year, sum(minutes > 0 for minutes in opened), sum(opened) / 60


def _pauses(opened: Iterable[Sequence[Window]]) -> Iterator[int]:
    """For each date in turn: 1 if it opens more than a day after the closing before."""
    closed: int | None = None
    for number, windows in enumerate(opened):
        if not windows:
            yield 0
            continue
        yield int(closed is not None and number * _DAY_MIN + windows[0].opens_min - closed > _DAY_MIN)
        closed = number * _DAY_MIN + windows[-1].closes_min


# ---- the document ---------------------------------------------------------------------------------------------


@cache
def _all() -> tuple[Figures, ...]:
    return tuple(figures(name) for name in PROFILES)


def document() -> str:
    """docs/recorder_sizing.md."""
    return "\n".join((*_head(), *_hours(), *_years(), *_disk(), *_losses())) + "\n"


def _head() -> Iterator[str]:
    yield "# 録画の容量 — Size of the recording"
    yield ""
    yield "Made by `python -m recorder.sizing` from the profiles' own calendars; a test compares it."
    yield "録画時間（footage）は実際に録画した時間、経過時間（elapsed）は暦の上で過ぎた時間です。"
    yield "「容量 1,920 時間」は録画時間、「保存 5,760 時間（240 日）」は経過時間を数えます。"


def _hours() -> Iterator[str]:
    all_ = _all()
    span = f"{YEARS[0]}～{YEARS[-1]}年度"
    yield from ("", "## 開いている時間 — Opening hours", "")
    yield from _table(
        ("", *(f"{one.city} {one.title}<br>`{one.name}`" for one in all_)),
        ("1週間 — a week", *(_h(one.week_h) for one in all_)),
        ("連続する240日、休日なし、最大 — any 240 dates without holidays, at most", *(_h(one.plain_h) for one in all_)),
        ("同241日（5,760時間がかかる日数）— the same of 241, which 5,760 h can touch",
         *(_h(one.plain_one_more_h) for one in all_)),
        (f"同、実際の休日で（{span}）— the same with real holidays", *(_h(one.real_h) for one in all_)),
        ("容量 — capacity of footage", *(_h(one.capacity_h) for one in all_)),
        ("余裕 — margin", *(_margin(one) for one in all_)),
        ("休まず録画して一巡する日数 — days of a lap, recording without pause", *(_lap(one) for one in all_)),
    )  # fmt: skip
    yield ""
    for one in _all():
        if one.margin_h >= 0:
            yield (
                f"- `{one.name}`: 開いている間ずっと録画しても、5,760時間に満たない画像を上書きすることはありません。"
                f" Even continuous recording in opening hours never reaches an image younger than the floor."
            )
        else:
            share = one.capacity_h / one.plain_one_more_h
            yield (
                f"- `{one.name}`: ずっと録画すると衝突します。開いている時間の{share:.0%}までなら収まります。"
                f" Continuous recording collides with the floor from day {one.lap_days[0]}; up to {share:.0%} of the "
                f"opening hours fit, or a capacity of {_h(one.plain_one_more_h)} is needed."
            )


def _margin(one: Figures) -> str:
    return f"{one.margin_h:+,.2f} h ({one.margin_h / one.capacity_h:+.1%})"


def _lap(one: Figures) -> str:
    fewest, longest = one.lap_days
    return f"{fewest}" if fewest == longest else f"{fewest}～{longest}"


def _years() -> Iterator[str]:
    yield from ("", "## 年度ごと — By fiscal year", "", "開いている日数と時間。 Open days and hours.", "")
    lines = []
    for n, year in enumerate(YEARS):
        cells = [f"{opened} 日, {_h(hours)}" for _, opened, hours in (one.years[n] for one in _all())]
        lines.append((f"{year}年度", *cells))
    yield from _table(("", *(f"`{one.name}`" for one in _all())), *lines)


def _disk() -> Iterator[str]:
    yield from ("", "## ディスク — Disk", "")
    yield (
        f"スロットは {SLOT_BYTES >> 20} MiB、毎秒{PICTURES}枚、キーフレームは{GROUP_S:g}秒ごと。 Slots of "
        f"{SLOT_BYTES >> 20} MiB, {PICTURES} pictures a second, a keyframe every {GROUP_S:g} s; their number includes "
        f"{UNFILLED}, one a day, that are sealed before they are full."
    )
    yield ""
    capacities = {float(one.capacity_h) for one in _all()}
    capacities |= {one.plain_one_more_h for one in _all() if one.margin_h < 0}
    lines = []
    for kbit_s, note in RATES.items():
        stream = Stream(kbit_s, PICTURES, GROUP_S)
        cells = []
        for footage_h in sorted(capacities):
            slots = slots_for(footage_h, stream, SLOT_BYTES, UNFILLED)
            video = footage_h * 3600 * kbit_s * 125
            cells.append(f"{_gb(video)}; {slots:,} slots = {_gb(slots * SLOT_BYTES)}")
        lines.append((f"{kbit_s / 1000:g} Mbit/s{f' ({note})' if note else ''}", *cells))
    yield from _table(("平均または上限 — mean or cap", *(f"{_h(one)}" for one in sorted(capacities))), *lines)


def _losses() -> Iterator[str]:
    yield from ("", "## 埋まらないスロット — What stays unfilled", "")
    stream = Stream(1000, PICTURES, GROUP_S)
    slot_s = stream.slot_s(SLOT_BYTES)
    lost = 1 - slot_s * 125_000 / SLOT_BYTES
    yield f"- 満ちたスロットでも（1 Mbit/s）: {lost:.2%} — heads, record heads and the group that did not fit any more."
    ring = slots_for(_all()[0].capacity_h, stream, SLOT_BYTES)
    for one in _all():
        mean, worst = one.pauses / 2 / ring, one.pauses / ring
        yield (
            f"- `{one.name}`: 1日を超える休みは240日に最大{one.pauses}回。 "
            f"Pauses of more than a day in 240 days: {one.pauses} at most. Each leaves a slot half filled "
            f"in the mean: {mean:.2%} of {ring:,} slots, {worst:.2%} at most."
        )
    yield (
        f"- 人がいる間だけの録画では、1日に1スロットまで、240日で{UNFILLED}スロットまで（{UNFILLED / ring:.2%}）。"
        " Recording on presence leaves at most one slot a day unfilled; the check of the machine file counts that. "
        "Held video comes on top."
    )
    yield (
        f"- ほかに、受付前の試験の画像に1スロット（{TEST_SLOT}）。 "
        "One slot more, beside all of them, for the test pattern before opening."
    )


def _table(head: Sequence[str], *lines: Sequence[str]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for line in lines:
        yield f"| {' | '.join(line)} |"


def _h(hours: float) -> str:
    return f"{hours:,.2f}".rstrip("0").rstrip(".") + " h"


def _gb(size: float) -> str:
    return f"{size / 1e9:,.0f} GB" if size < 1e12 else f"{size / 1e12:,.2f} TB"


if __name__ == "__main__":
    sys.stdout.write(document())
