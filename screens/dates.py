"""Days and times in the words of a language."""

from __future__ import annotations

from datetime import datetime

from screens.strings import Table


class Dates:
    """Moments of local time as people read them."""

    def __init__(self, words: Table) -> None:
        self._words = words

    def moment(self, moment: datetime) -> str:
        """Day and time, short: for the head bar."""
        return self._words.get("head.moment", day=self.short_day(moment), time=self.time(moment))

    def day(self, moment: datetime) -> str:
        return self._words.get(
            "head.day", month=self._name("month", moment.month), day=moment.day, weekday=self.weekday(moment)
        )

    def day_of_year(self, moment: datetime) -> str:
        """With the year, for a day far away."""
        return self._words.get("head.day_of_year", year=moment.year, month=self._name("month", moment.month),
                               day=moment.day, weekday=self.weekday(moment))  # fmt: skip

    def time(self, moment: datetime) -> str:
        half = self._words.get("head.before_noon" if moment.hour < 12 else "head.after_noon")
        return self._words.get(
            "head.time", hour=moment.hour, twelve=(moment.hour - 1) % 12 + 1, minute=f"{moment.minute:02}", half=half
        )

    def weekday(self, moment: datetime) -> str:
        return self._name("weekday", moment.weekday())

    def short_day(self, moment: datetime) -> str:
        return self._words.get(
            "head.short_day",
            month=self._name("short_month", moment.month),
            day=moment.day,
            weekday=self._name("short_weekday", moment.weekday()),
        )

    def _name(self, kind: str, number: int) -> str:
        return self._words.get(f"head.{kind}_{number}")
