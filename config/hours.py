"""Several calendars put together: when a machine or one certificate can be used, and why not.

A terminal is of use only while all of these are open: the machine's own hours, the hours of the city's server and,
for one certificate, that certificate's hours; and not before the first day of service (F-5, F-6). The first screen
asks several times a second, so the answers of a date are made once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, reduce

from config.calendar import (
    Calendar,
    Day,
    Opening,
    Reason,
    clock_text,
    closing,
    cut,
    day_text,
    japanese,
    opening,
)
from config.japan import Japan
from config.schema import CertificateSettings, Profile, Window
from config.wareki import wareki

MACHINE, SERVER, CERTIFICATE = "machine", "server", "certificate"
"""Names of the limits, as in :attr:`~config.calendar.Opening.limited_by`."""

_DAYS_KEPT = 64
_WHOLE_DAY = (Window(0, 24 * 60),)


@dataclass(frozen=True, slots=True)
class _Answers:
    """One date: from which minute on which answer holds, both in order."""

    starts: tuple[int, ...]
    openings: tuple[Opening, ...]


class Hours:
    """The hours in which every one of several calendars is open."""

    def __init__(self, limits: Sequence[tuple[str, Calendar]], first_day: date | None = None) -> None:
        """``limits``: name and calendar of each, the one to name first when several are closed at the front.

        ``first_day``: Japanese date before which it is never open.
        """
        self._limits = tuple(limits)
        self._first_day = first_day
        self._answers: dict[date, _Answers] = {}

    def is_open(self, instant: datetime) -> Opening:
        """Whether all are open at ``instant`` (an aware datetime in any zone), and else whose hours prevent it.

        Reasons are told of the whole: BEFORE_HOURS means that it opens later on this very date.

        Raises:
            ValueError: ``instant`` is naive, or its year is one whose holidays are not known.
        """
        today, minute = japanese(instant)
        answers = self._answers.get(today)
        if answers is None:
            if len(self._answers) >= _DAYS_KEPT:
                self._answers.clear()
            answers = self._answers[today] = self._day(today)
        return answers.openings[bisect_right(answers.starts, minute) - 1]

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The common hours on one Japanese date, in order; empty: closed all day."""
        if self._first_day is not None and day < self._first_day:
            return ()
        return reduce(cut, (calendar.windows_on(day) for _, calendar in self._limits), _WHOLE_DAY)

    def _day(self, today: date) -> _Answers:
        days = [(name, calendar.on(today)) for name, calendar in self._limits]
        windows = self.windows_on(today)
        edges = {edge for _, day in days for window in day.windows for edge in (window.opens_min, window.closes_min)}
        starts = tuple(sorted(({0} | edges) - {24 * 60}))
        return _Answers(starts, tuple(self._answer(today, minute, windows, days) for minute in starts))

    def _answer(self, today: date, minute: int, windows: tuple[Window, ...], days: list[tuple[str, Day]]) -> Opening:
        if any(minute in window for window in windows):
            detail = next((day.detail for _, day in days if day.detail), "")
            return Opening(True, Reason.OPEN, detail, closing(self.windows_on, today, minute), None)
        if self._first_day is not None and today < self._first_day:
            first = opening(self.windows_on, self._first_day, -1)
            return Opening(False, Reason.NOT_STARTED, "", None, first)
        reason, name, day = _closed(minute, windows, days)
        return Opening(False, reason, day.detail, None, opening(self.windows_on, today, minute), name)


def _closed(minute: int, windows: tuple[Window, ...], days: list[tuple[str, Day]]) -> tuple[Reason, str, Day]:
    """Why not, by whose hours, and that one's date."""
    now = [(name, day) for name, day in days if not any(minute in window for window in day.windows)]
    if not windows:
        # Closed all day: by the first that is so itself; else they miss each other, and the unusual one is named.
        all_day = [(name, day) for name, day in days if not day.windows]
        unusual = [(name, day) for name, day in now if day.closed is not Reason.WEEKDAY_CLOSED]
        name, day = (all_day or unusual or now)[0]
        return day.closed, name, day
    if minute < windows[-1].opens_min:
        return (Reason.BEFORE_HOURS, *now[0])
    over = [(name, day) for name, day in now if not day.windows or minute >= day.windows[-1].closes_min]
    return (Reason.AFTER_HOURS, *(over or now)[0])


def machine_hours(profile: Profile) -> Hours:
    """When the machine can be used at all."""
    return Hours(_limits(profile), profile.service_from)


def certificate_hours(profile: Profile, certificate: CertificateSettings) -> Hours:
    """When one certificate of the profile can be had."""
    limits = _limits(profile)
    if certificate.calendar is not None:
        limits.append((CERTIFICATE, Calendar(certificate.calendar)))
    return Hours(limits, max(profile.service_from, certificate.service_from))


def _limits(profile: Profile) -> list[tuple[str, Calendar]]:
    limits = [(MACHINE, Calendar(profile.calendar))]
    if profile.server is not None:
        limits.append((SERVER, Calendar(profile.server)))
    return limits


# --- telling people ---


def explain(opening: Opening, language: str = "ja") -> str:
    """One plain sentence for residents: why it is closed and when it opens next, or until when it is open.

    In English a dated exception's reason is left out, since it is written in Japanese only.

    Raises:
        KeyError: ``language`` is neither ``"ja"`` nor ``"en"``.
    """
    return {"ja": _in_japanese, "en": _in_english}[language](opening)


def _moment(instant: datetime, language: str) -> str:
    clock = clock_text(instant.hour * 60 + instant.minute, language)
    day = day_text(instant.date(), language)
    return f"{day}{clock}" if language == "ja" else f"{clock} on {day}"


def _in_japanese(opening: Opening) -> str:
    whose = {SERVER: "市のシステムの", CERTIFICATE: "この証明書の"}.get(opening.limited_by, "")
    use = "受け取れる" if opening.limited_by == CERTIFICATE else "使える"
    following = opening.next_opening
    if opening.open:
        until = f"{_moment(opening.closes_at, 'ja')}まで" if opening.closes_at else "いつでも"
        return f"{until}受け付けています。"
    if opening.reason is Reason.NOT_STARTED:
        if following is None:
            return "このサービスはまだ始まっておらず、始まる日は窓口でお尋ねください。"
        when = f"{following.year}年（{wareki(following.date()).partition('年')[0]}年）{_moment(following, 'ja')}"
        return f"このサービスはまだ始まっておらず、使えるのは{when}からです。"
    rest = f"{whose}受付がお休み" if whose else "お休み"
    why_today = f"（{opening.detail}）" if opening.detail else ""
    day = f"今日{why_today}"
    match opening.reason:
        case Reason.BEFORE_HOURS:
            why = f"いまは{whose}受付時間外で"
            if following is not None:
                clock = clock_text(following.hour * 60 + following.minute)
                return f"{why}、次に{use}のは{day}の{clock}からです。"
        case Reason.AFTER_HOURS:
            why = f"{whose}{day}の受付は終わりましたので"
        case Reason.HOLIDAY:
            # 振替休日 and 国民の休日 are days off, but no 祝日.
            holiday = opening.detail if opening.detail.endswith("休日") else f"祝日{why_today}"
            why = f"今日は{holiday}で{rest}のため"
        case Reason.YEAR_END:
            why = f"年末年始で{rest}のため"
        case Reason.EXCEPTION:
            why = f"今日は{rest}{why_today}のため"
        case _:
            why = f"今日は{rest}のため" if whose else "今日は定休日のため"
    if following is None:
        return f"{why}、次に{use}日は窓口でお尋ねください。"
    return f"{why}、次に{use}のは{_moment(following, 'ja')}からです。"


def _in_english(opening: Opening) -> str:
    closed, hours, do = {
        SERVER: ("The city's system is closed", "the hours of the city's system", "use this machine"),
        CERTIFICATE: ("This certificate is not issued", "the hours for this certificate", "get it"),
    }.get(opening.limited_by, ("This machine is closed", "opening hours", "use this machine"))
    following = opening.next_opening
    if opening.open:
        return f"Open until {_moment(opening.closes_at, 'en')}." if opening.closes_at else "Open at any time."
    if opening.reason is Reason.NOT_STARTED:
        if following is None:
            return "This service has not started yet; please ask at the counter when it will."
        return f"This service has not started yet; you can use it from {_moment(following, 'en')} {following.year}."
    match opening.reason:
        case Reason.BEFORE_HOURS:
            why = f"It is outside {hours} now"
            if following is not None:
                return (
                    f"{why}; you can next {do} from {clock_text(following.hour * 60 + following.minute, 'en')} today."
                )
        case Reason.AFTER_HOURS:
            why = f"{hours[0].upper()}{hours[1:]} are over for today"
        case Reason.HOLIDAY:
            why = f"{closed} today ({_english_holidays().get(opening.detail, 'national holiday')})"
        case Reason.YEAR_END:
            why = f"{closed} over the New Year holidays"
        case Reason.EXCEPTION:
            why = f"{closed} today for a special reason"
        case _:
            why = f"{closed} today"
    if following is None:
        return f"{why}; please ask at the counter when you can next {do}."
    return f"{why}; you can next {do} from {_moment(following, 'en')}."


@cache
def _english_holidays() -> dict[str, str]:
    """English names by the Japanese ones; those of the days between are no names, and are said in small letters."""
    names: dict[str, str] = {}
    for year in range(2000, 2051):
        english = Japan(years=year, language="en_US", expand=False)
        for day, name in Japan(years=year, language="ja", expand=False).items():
            names[str(name)] = str(english[day])
    return names | {"振替休日": "substitute holiday", "国民の休日": "national holiday"}
