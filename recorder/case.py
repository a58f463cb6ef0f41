"""The recorder's case: opened and closed, with its key or without (S-13, S-17, S-31, S-34).

Decisions only; the contact itself is `drivers.sensors.CaseSensor`. Three faults come of it:

- `case_opened`: it was opened while the key was in its place, and nobody has answered for that yet;
- `case_sensor`: whether it is open is not known (a cut wire is how one would begin);
- `key_out`: the key was not back by the closing time of the day on which it was taken.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from config.calendar import JST
from config.hours import Hours
from recorder.key_ledger import KeyLedger

CASE_OPENED: Final = "case_opened"
CASE_SENSOR: Final = "case_sensor"
KEY_OUT: Final = "key_out"
SILENCE_S: Final = 5.0
"""So long may the contact be unknown: a module that starts again is no alarm."""
_LOOK_AHEAD_DAYS: Final = 60


class Case:
    """Follows the contact and the key. hours: of the machine. For one thread.

    Calls raise sqlite3.Error when the book cannot be written; the next call tries again.
    """

    def __init__(self, book: KeyLedger, hours: Hours, boot_s: float) -> None:
        self._book = book
        self._hours = hours
        self._open: bool | None = None
        self._known_s = boot_s
        self._first = True
        self._due: tuple[int, datetime | None] = (0, None)

    def see(self, is_open: bool | None, boot_s: float) -> None:
        """What the contact says, None when it does not."""
        if is_open is None:
            if self._open is not None:
                self._known_s = boot_s
            self._open, self._first = None, True
            return
        self._open = is_open
        # After a start, or after the contact was silent, it may have been so for longer than this.
        self._book.case_is(is_open, found=self._first)
        self._first = False

    @property
    def is_open(self) -> bool | None:
        return self._open

    def faults(self, now: datetime, boot_s: float) -> frozenset[str]:
        """What is wrong at this moment. To be asked every second or so."""
        found = set()
        if self._book.unseen():
            found.add(CASE_OPENED)
        if self._open is None and boot_s - self._known_s > SILENCE_S:
            found.add(CASE_SENSOR)
        use = self._book.out()
        if use is not None:
            if self._due[0] != use.number:
                self._due = (use.number, back_by(self._hours, use.out))
            if self._due[1] is not None and now >= self._due[1]:
                found.add(KEY_OUT)
        return frozenset(found)


def back_by(hours: Hours, out: datetime) -> datetime | None:
    """When a key taken at `out` must be back: the last closing of that day, or of the next open one when it was taken
    after it. None when no day is open, or none is known for such a date (the clock was never set)."""
    day = out.astimezone(JST).date()
    try:
        for ahead in range(_LOOK_AHEAD_DAYS):
            closing = _last_closing(hours, day + timedelta(days=ahead))
            if closing is not None and closing > out:
                return closing
    except (ValueError, OverflowError):
        return None
    return None


def _last_closing(hours: Hours, day: date) -> datetime | None:
    windows = hours.windows_on(day)
    if not windows:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=JST) + timedelta(minutes=windows[-1].closes_min)
