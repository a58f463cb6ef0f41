"""When the ring would have to write over an image that is younger than the retention floor (T-1c). Pure.

The last four weeks say how much is recorded for each hour in which the machine is open; the calendar says how many
hours are to come. What is stored already and what is foreseen are put in a row: on the first date on which the footage
that is younger than the floor does not fit into the ring any more, the two rules collide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from config.calendar import JST

LOOK_BACK_DAYS: Final = 28
LOOK_AHEAD_DAYS: Final = 365
LONGEST_LAP_DAYS: Final = 3650
WARN_DAYS: Final = (7, 14, 30)
"""A warning so many days before, and again at each of the shorter ones."""
ENOUGH_SLOTS: Final = 16
"""From so many written slots on, what they hold tells more than the camera's highest bit rate."""


class Stored(Protocol):
    """A visit in the ring (`recorder.index.Visit`)."""

    @property
    def first_utc_us(self) -> int: ...

    @property
    def footage_ms(self) -> int: ...


class State(Protocol):
    """What is needed of `recorder.ring.RingState`."""

    @property
    def slots(self) -> int: ...

    @property
    def free(self) -> int: ...

    @property
    def held(self) -> int: ...

    @property
    def bad(self) -> int: ...

    @property
    def footage_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is foreseen.

    conflict: first date on which an image younger than the floor would be written over, None: not within a year;
    days_left: until then, 0: it happens now; lap_days: age the oldest image will have when it is written over, None:
    more than ten years; a_day_h: footage of an open day, mean of the last four weeks; capacity_h: footage the ring
    holds at what its slots hold now; most_h: the most footage younger than the floor within the year to come.
    """

    conflict: date | None
    days_left: int | None
    lap_days: int | None
    a_day_h: float
    capacity_h: float
    most_h: float

    @property
    def warn(self) -> int | None:
        """30, 14 or 7: so many days or fewer are left; None: more."""
        if self.days_left is None:
            return None
        return next((days for days in WARN_DAYS if self.days_left <= days), None)

    def __str__(self) -> str:
        fill = f"開いている日に1日{self.a_day_h:.1f}時間の録画、容量はおよそ{self.capacity_h:,.0f}時間"
        if self.conflict is None:
            return f"1年のうちに、保存期間に満たない画像を上書きする見込みはありません（{fill}）。"
        if self.days_left == 0:
            return f"録画装置がいっぱいで、保存期間に満たない画像を上書きするところです（{fill}）。"
        return (
            f"あと{self.days_left}日ほどで（{self.conflict.month}月{self.conflict.day}日ごろ）、"
            f"保存期間に満たない画像を上書きすることになります（{fill}）。"
            "保存の延長を見直すか、大きいディスクに替えてください。"
        )


def by_day(visits: Iterable[Stored]) -> dict[date, float]:
    """Seconds of footage by the Japanese date on which a visit began; of `Ring.visits` over the time of the floor."""
    found: Counter[date] = Counter()
    for visit in visits:
        found[datetime.fromtimestamp(visit.first_utc_us / 1e6, UTC).astimezone(JST).date()] += visit.footage_ms
    return {day: ms / 1000 for day, ms in found.items()}


def capacity_s(state: State, slot_s: float, reserve: int = 0) -> float:
    """Seconds of footage the ring holds. slot_s: what a slot holds at the camera's highest bit rate
    (`config.footage.Stream.slot_s`); once there are enough written ones, their own mean counts, with all that stays
    unfilled in them. What is held, broken or kept in reserve does not count.
    """
    written = state.slots - state.free
    # One of them is being filled, and half full in the mean.
    each_s = state.footage_s / (written - 0.5) if written >= ENOUGH_SLOTS else slot_s
    return max(0, state.slots - state.held - state.bad - reserve) * each_s


def forecast(
    footage_s: Mapping[date, float],
    ring_s: float,
    open_s: Callable[[date], float],
    floor_days: int,
    today: date,
) -> Outlook:
    """footage_s: see `by_day`; ring_s: see `capacity_s`; open_s: seconds in which a date is open, such as
    ``lambda day: open_min(hours, day) * 60``; floor_days: the retention floor.
    """
    share, a_day_s = _rate(footage_s, open_s, today)
    # A span as long as the floor touches one date more.
    days = [today + timedelta(days=ahead) for ahead in range(-floor_days, LOOK_AHEAD_DAYS)]
    filled = [footage_s.get(day, 0.0) if day < today else share * open_s(day) for day in days]
    filled[floor_days] = max(filled[floor_days], footage_s.get(today, 0.0))
    within, most_s, conflict = math.fsum(filled[:floor_days]), 0.0, None
    for at in range(floor_days, len(days)):
        within += filled[at]
        most_s = max(most_s, within)
        if within > ring_s and conflict is None:
            conflict = days[at]
        within -= filled[at - floor_days]
    return Outlook(
        conflict=conflict,
        days_left=(conflict - today).days if conflict else None,
        lap_days=_lap(share, ring_s, open_s, today),
        a_day_h=a_day_s / 3600,
        capacity_h=ring_s / 3600,
        most_h=most_s / 3600,
    )


def _rate(footage_s: Mapping[date, float], open_s: Callable[[date], float], today: date) -> tuple[float, float]:
    """Footage for each second of opening, and for each open day, over the last four weeks or since the first image."""
    begun = min(footage_s, default=today)
    back = [today - timedelta(days=n) for n in range(1, LOOK_BACK_DAYS + 1)]
    opened = {day: seconds for day in back if day >= begun and (seconds := open_s(day)) > 0}
    recorded = math.fsum(footage_s.get(day, 0.0) for day in opened)
    if not opened:
        return 0.0, 0.0
    return recorded / math.fsum(opened.values()), recorded / len(opened)


def _lap(share: float, ring_s: float, open_s: Callable[[date], float], today: date) -> int | None:
    """Days until all that is there now has been written over once."""
    if share <= 0:
        return None
    year_s = math.fsum(open_s(today + timedelta(days=n)) for n in range(LOOK_AHEAD_DAYS)) * share
    years = int(ring_s // year_s) if year_s > 0 else LONGEST_LAP_DAYS
    if years * LOOK_AHEAD_DAYS >= LONGEST_LAP_DAYS:
        return None
    left = ring_s - years * year_s
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        left -= share * open_s(today + timedelta(days=ahead))
        if left <= 0:
            return years * LOOK_AHEAD_DAYS + ahead + 1
    return (years + 1) * LOOK_AHEAD_DAYS
