"""Papers for residents: the leaflet (F-42) and the notice at the machine, the camera's included (S-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from config.calendar import Calendar, clock_text, hours_text
from config.documents_text import Paper, both_styles, span_text
from config.documents_words import WORDS
from config.schema import (
    CalendarSettings,
    CertificateSettings,
    English,
    FlowProfile,
    MonthDay,
    Profile,
    Settings,
    Window,
)

_LOOK_AHEAD_DAYS: Final = 400
"""A year and the turn of the next: whether other hours ever narrow the machine's own."""

_SPOKEN_OF: Final = ("card", "pin", "card_back", "certificate", "household", "copies", "confirm", "identity", "pay",
                     "print", "take")  # fmt: skip
"""Steps a person takes part in; ``items`` is told with ``household``."""


@dataclass(frozen=True, slots=True)
class _Names:
    """The municipality's own words in one language."""

    city: str
    machine: str
    office: str
    contact: str
    place: str
    change_note: str
    cautions: str
    certificates: dict[str, str]
    alternatives: tuple[str, ...]


def camera_in_use(profile: Profile) -> bool:
    """Whether people are filmed: a camera is required, or a rule about one is listed. Else its settings are idle."""
    return profile.camera.required or any(basis.activity == "camera" for basis in profile.legal_basis)


def offered(profile: Profile) -> tuple[CertificateSettings, ...]:
    """Certificates that can be had: neither switched off nor of a suspended area (F-2)."""
    return tuple(c for c in profile.certificates if c.enabled and c.area not in profile.suspended_areas)


def leaflet(settings: Settings, day: date, language: str = "ja") -> str:
    """What can be had with which card, when, for how much, how, and whom to ask; fees as of ``day``.

    Raises:
        ValueError: the profile has no words in ``language``.
    """
    return str(_Resident(settings, day, language).leaflet())


def notice(settings: Settings, day: date, language: str = "ja") -> str:
    """The sheet to hang up beside the machine.

    Raises:
        ValueError: the profile has no words in ``language``.
    """
    return str(_Resident(settings, day, language).notice())


def _names(profile: Profile, language: str) -> _Names:
    if language not in profile.languages:
        raise ValueError(f"{profile.municipality} has no words in {language!r}: add them to its profile")
    certificates: dict[str, str] = {c.kind: c.name for c in profile.certificates}
    alternatives = tuple(alternative.name for alternative in profile.alternatives)
    words: Profile | English = profile
    if language == "en" and profile.english is not None:
        words = profile.english
        certificates = dict(profile.english.certificates)
        alternatives = profile.english.alternatives
    return _Names(
        words.city_name,
        words.machine_title,
        words.office,
        words.contact,
        words.place,
        words.change_note,
        words.cautions,
        certificates,
        alternatives,
    )


class _Resident:
    def __init__(self, settings: Settings, day: date, language: str) -> None:
        self._settings, self._day, self._language = settings, day, language
        self._profile = settings.profile
        self._names = _names(settings.profile, language)
        self._words = WORDS[language]
        self._offered = offered(settings.profile)

    # --- the two papers ---

    def leaflet(self) -> Paper:
        names, profile = self._names, self._profile
        paper = self._begin("leaflet")
        if self._day < profile.service_from:
            paper.say(self._say("starts", day=self._date(profile.service_from)))
        paper.section(self._say("where"))
        paper.say(names.place)
        self._certificates(paper)
        self._cards(paper)
        paper.section(self._say("hours"))
        self._hours(paper)
        self._how(paper)
        if any(fee for _, fee, _ in self._fees()):
            paper.section(self._say("money"))
            paper.items((names.change_note, *(self._say(key) for key in ("coins_only", "stop", "unprinted"))))
        paper.section(self._say("care"))
        paper.say(names.cautions)
        paper.items(self._say(key) for key in (f"voice_{profile.voice}", "secret", "blocked", "erased"))
        if camera_in_use(profile):
            paper.section(self._say("camera"))
            paper.items(self._filmed("camera_why", "kept", "camera_faces"))
        self._ask(paper)
        self._elsewhere(paper)
        return paper

    def notice(self) -> Paper:
        profile, camera = self._profile, self._profile.camera
        begun = camera_in_use(profile) and self._day >= camera.from_date
        paper = self._begin("notice")
        paper.items(
            (
                self._say("number", number=self._settings.machine.machine_no),
                self._say("here", place=self._names.place),
                self._say(f"voice_{profile.voice}"),
                self._say("erased"),
            )
        )
        if begun:
            paper.section(camera.notice)
            if self._language == "en":
                paper.say(self._say("camera"))
            paper.items(self._filmed("camera_why", "camera_hours", "kept", "camera_faces", "camera_given"))
        elif camera_in_use(profile):
            paper.say(self._say("camera_not_yet", day=self._date(camera.from_date), notice=camera.notice))
        paper.section(self._say("hours"))
        if self._day < profile.service_from:
            paper.say(self._say("starts", day=self._date(profile.service_from)))
        self._hours(paper)
        paper.say(self._names.cautions)
        self._ask(paper)
        paper.say(self._say("trouble"))
        return paper

    # --- their parts ---

    def _begin(self, title: str) -> Paper:
        heading = self._say(title, city=self._names.city, machine=self._names.machine)
        paper = Paper(heading, self._language)
        paper.say(self._say("as_of", day=self._date(self._day)))
        return paper

    def _certificates(self, paper: Paper) -> None:
        most = {certificate.max_copies for certificate in self._offered}
        paper.section(self._say("offered"))
        if not self._offered:
            paper.say(self._say("nothing"))
        for certificate, fee, coming in self._fees():
            paper.items([self._say("fee", name=self._names.certificates[certificate.kind], yen=self._yen(fee))])
            paper.items(coming, 1)
            if len(most) > 1:
                paper.items([self._say("copies", most=certificate.max_copies)], 1)
            calendar = certificate.calendar
            if calendar is not None and self._narrows(calendar, self._profile.calendar):
                paper.items([self._say("only_hours")], 1)
                paper.items(hours_text(calendar, self._language), 2)
        notes = []
        if self._offered:
            notes = [self._say("each"), self._say("copies", most=min(most)) if len(most) == 1 else ""]
            notes.append(self._say("owner"))
        if residence := self._residence():
            notes.append(self._say("household", name=residence))
        paper.say(self._join(notes))
        resting = [c for c in self._profile.certificates if c.enabled and c not in self._offered]
        if resting:
            names = "、" if self._language == "ja" else ", "
            paper.say(self._say("suspended", names=names.join(self._names.certificates[c.kind] for c in resting)))

    def _fees(self) -> Iterator[tuple[CertificateSettings, int, tuple[str, ...]]]:
        """Each with the fee of the day (before its first day of service: of that day), and what changes later."""
        for certificate in self._offered:
            first = max(self._day, certificate.service_from)
            begins = [self._say("begins", day=self._date(first))] if first > self._day else []
            coming = [
                self._say("coming", day=self._date(fee.from_date), yen=self._yen(fee.yen))
                for fee in certificate.fees
                if fee.from_date > first
            ]
            yield certificate, certificate.fee_yen(first), (*begins, *coming)

    def _cards(self, paper: Paper) -> None:
        profile = self._profile
        paper.section(self._say("cards"))
        for flow in self._flows():
            paper.items([self._card(flow)])
            paper.items([self._say(f"{flow.card_kind}_pin")], 1)
        notes = [self._say("own"), self._say("valid")]
        if profile.minimum_age:
            notes.append(self._say("age", age=profile.minimum_age))
        if self._residence() and not profile.foretell_planned_move:
            notes.append(self._say("moving"))
        paper.say(self._join(notes))

    def _hours(self, paper: Paper) -> None:
        profile = self._profile
        self._week(paper, profile.calendar)
        if profile.server is not None and self._narrows(profile.server, profile.calendar):
            paper.say(self._say("server"))
            self._week(paper, profile.server)

    def _week(self, paper: Paper, calendar: CalendarSettings) -> None:
        paper.items(hours_text(calendar, self._language))
        if calendar.year_end is not None:
            first, last = (self._month_day(day) for day in (calendar.year_end.first, calendar.year_end.last))
            paper.say(self._say("year_end", first=first, last=last))
        coming = [exception for exception in calendar.exceptions if exception.last >= self._day]
        if coming:
            paper.say(self._say("special"))
        for exception in sorted(coming, key=lambda exception: exception.first):
            dates = self._date(exception.first)
            if exception.last != exception.first:
                dates = self._say("span", first=dates, last=self._date(exception.last))
            between, colon = ("、", "　") if self._language == "ja" else (", ", ": ")
            hours = between.join(self._window(window) for window in exception.windows) or self._say("closed")
            paper.items([f"{dates}{colon}{hours}{self._say('because', reason=exception.reason)}"])

    def _how(self, paper: Paper) -> None:
        paper.section(self._say("how"))
        flows = self._flows()
        for flow in flows:
            if len(flows) > 1:
                paper.section(self._say("how_card", card=self._card(flow)), 3)
            paper.steps(self._steps(flow))

    def _steps(self, flow: FlowProfile) -> Iterator[str]:
        paid = any(fee for _, fee, _ in self._fees())
        for step in flow.order:
            if step not in _SPOKEN_OF:
                continue
            if step == "household" and not self._residence():
                continue
            if step == "pay" and not paid:
                continue
            key = f"step_{step}"
            if step == "pin" and flow.card == "hold_until_auth_then_remove":
                key += "_hold"
            if step == "take" and not paid:
                key += "_free"
            yield self._say(key, name=self._residence())

    def _filmed(self, *keys: str) -> list[str]:
        camera = self._profile.camera
        least, longest = camera.retention_min_elapsed_h, camera.retention_max_elapsed_h
        if longest is None:
            kept = self._say("camera_kept_at_least", span=span_text(least, self._language))
        elif longest == least:
            kept = self._say("camera_kept", span=span_text(least, self._language))
        else:
            spans = {"least": span_text(least, self._language), "span": span_text(longest, self._language)}
            kept = self._say("camera_kept_between", **spans)
        begins = "camera_on" if self._day >= camera.from_date else "camera_from"
        first = self._say(begins, day=self._date(camera.from_date))
        return [first, *(kept if key == "kept" else self._say(key) for key in keys)]

    def _ask(self, paper: Paper) -> None:
        names = self._names
        paper.section(self._say("ask"))
        paper.items(
            [
                self._say("ask_whom", contact=names.contact),
                self._say("in_charge", city=names.city, office=names.office),
            ]
        )

    def _elsewhere(self, paper: Paper) -> None:
        if not self._profile.alternatives:
            return
        paper.section(self._say("elsewhere"))
        for name, alternative in zip(self._names.alternatives, self._profile.alternatives, strict=True):
            paper.items([self._say("place_of", name=name, place=alternative.place)])
            paper.items(hours_text(alternative.calendar, self._language), 1)

    # --- small things ---

    def _narrows(self, other: CalendarSettings, own: CalendarSettings) -> bool:
        """Whether some hour of ``own`` is closed by ``other`` in the year to come."""
        first, second = Calendar(own), Calendar(other)
        days = (max(self._day, self._profile.service_from) + timedelta(n) for n in range(_LOOK_AHEAD_DAYS))
        return any(not _within(first.windows_on(day), second.windows_on(day)) for day in days)

    def _flows(self) -> list[FlowProfile]:
        return [self._settings.national.flows[name] for name in self._profile.flows]

    def _card(self, flow: FlowProfile) -> str:
        return self._say(flow.card_kind, city=self._names.city)

    def _residence(self) -> str:
        """The name of 住民票の写し where it is offered; else empty."""
        return next((self._names.certificates[c.kind] for c in self._offered if c.kind == "residence"), "")

    def _yen(self, yen: int) -> str:
        return self._say("yen", yen=yen) if yen else self._say("free")

    def _date(self, day: date) -> str:
        return both_styles(day, self._language)

    def _month_day(self, day: MonthDay) -> str:
        # Any leap year has every day of the year.
        text = both_styles(date(2024, day.month, day.day), self._language)
        return f"{day.month}月{day.day}日" if self._language == "ja" else text.partition(" 2024")[0]

    def _window(self, window: Window) -> str:
        edges = (clock_text(minute, self._language) for minute in (window.opens_min, window.closes_min))
        return ("〜" if self._language == "ja" else " to ").join(edges)

    def _join(self, texts: list[str]) -> str:
        return ("" if self._language == "ja" else " ").join(text for text in texts if text)

    def _say(self, key: str, **values: object) -> str:
        return self._words[key].format(**values)


def _within(inner: tuple[Window, ...], outer: tuple[Window, ...]) -> bool:
    """Whether every minute of ``inner`` lies in ``outer``."""
    return all(any(minute in window for window in outer) for one in inner for minute in _edges(one, outer))


def _edges(one: Window, outer: tuple[Window, ...]) -> Iterator[int]:
    """Minutes of ``one`` at which ``outer`` could begin to fail: its first, and the first after each end."""
    yield one.opens_min
    yield from (window.closes_min for window in outer if window.closes_min in one)
