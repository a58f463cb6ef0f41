"""What residents are told, word by word: twenty moments, each in both languages."""

import dataclasses
from datetime import date, datetime
from pathlib import Path

import pytest

import config
from config.calendar import JST, Opening, Reason, clock_text, hours_text
from config.hours import certificate_hours, explain, machine_hours
from config.load import load_profile
from config.schema import CalendarSettings, DatedException, Profile, Window


def windows(*texts: str) -> tuple[Window, ...]:
    return tuple(Window.parse(text) for text in texts)


def shipped(name: str) -> Profile:
    return load_profile(Path(config.__file__).with_name(f"{name}.toml"))


def exception(day: date, reason: str, *hours: str, last: date | None = None) -> DatedException:
    return DatedException(day, last or day, windows(*hours), reason, "市民生活課長")


def with_exceptions() -> Profile:
    saga = shipped("saga")
    exceptions = (
        exception(date(2026, 12, 8), "停電"),
        exception(date(2026, 12, 12), "臨時開庁", "09:00-12:00"),
        exception(date(2028, 4, 1), "庁舎の建て替え", last=date(2030, 3, 31)),
    )
    return dataclasses.replace(saga, calendar=dataclasses.replace(saga.calendar, exceptions=exceptions))


def with_server() -> Profile:
    hall = shipped("fujisawa-hall")
    maintenance = exception(date(2026, 12, 13), "システム保守")
    server = CalendarSettings(*[windows("09:00-19:00")] * 7, "as_weekday", exceptions=(maintenance,))
    return dataclasses.replace(hall, server=server)


def with_certificate_hours() -> Profile:
    saga = shipped("saga")
    weekdays = CalendarSettings(*[windows("09:00-17:00")] * 5, (), (), "close")
    return dataclasses.replace(
        saga, certificates=(dataclasses.replace(saga.certificates[0], calendar=weekdays), *saga.certificates[1:])
    )


PROFILES = {
    "saga": lambda: shipped("saga"),
    "shop": lambda: shipped("fujisawa"),
    "hall": lambda: shipped("fujisawa-hall"),
    "exceptions": with_exceptions,
    "server": with_server,
    "certificate": with_certificate_hours,
}

# Where, when (Japanese time), what is read in Japanese, what is read in English.
MOMENTS = [
    (
        "saga", "2026-11-24T07:59",
        "いまは受付時間外で、次に使えるのは今日の午前8時30分からです。",
        "It is outside opening hours now; you can next use this machine from 8:30 a.m. today.",
    ),
    (
        "saga", "2026-11-24T10:00",
        "11月24日（火）午後7時まで受け付けています。",
        "Open until 7:00 p.m. on Tuesday, 24 November.",
    ),
    (
        "saga", "2026-11-25T17:15",
        "今日の受付は終わりましたので、次に使えるのは11月26日（木）午前8時30分からです。",
        "Opening hours are over for today; you can next use this machine from 8:30 a.m. on Thursday, 26 November.",
    ),
    (
        "saga", "2026-11-28T10:00",
        "今日は定休日のため、次に使えるのは11月29日（日）午前9時からです。",
        "This machine is closed today; you can next use this machine from 9:00 a.m. on Sunday, 29 November.",
    ),
    (
        "saga", "2026-11-23T10:00",
        "今日は祝日（勤労感謝の日）でお休みのため、次に使えるのは11月24日（火）午前8時30分からです。",
        "This machine is closed today (Labor Thanksgiving Day); you can next use this machine from 8:30 a.m. on "
        "Tuesday, 24 November.",
    ),
    (
        "saga", "2026-05-06T10:00",
        "今日は振替休日でお休みのため、次に使えるのは5月7日（木）午前8時30分からです。",
        "This machine is closed today (substitute holiday); you can next use this machine from 8:30 a.m. on "
        "Thursday, 7 May.",
    ),
    (
        "saga", "2026-09-22T10:00",
        "今日は国民の休日でお休みのため、次に使えるのは9月24日（木）午前8時30分からです。",
        "This machine is closed today (national holiday); you can next use this machine from 8:30 a.m. on "
        "Thursday, 24 September.",
    ),
    (
        "saga", "2026-12-31T10:00",
        "年末年始でお休みのため、次に使えるのは1月4日（月）午前8時30分からです。",
        "This machine is closed over the New Year holidays; you can next use this machine from 8:30 a.m. on "
        "Monday, 4 January.",
    ),
    (
        "saga", "2016-01-21T10:00",
        "このサービスはまだ始まっておらず、使えるのは2016年（平成28年）1月22日（金）午前8時30分からです。",
        "This service has not started yet; you can use it from 8:30 a.m. on Friday, 22 January 2016.",
    ),
    (
        "exceptions", "2026-12-08T10:00",
        "今日はお休み（停電）のため、次に使えるのは12月9日（水）午前8時30分からです。",
        "This machine is closed today for a special reason; you can next use this machine from 8:30 a.m. on "
        "Wednesday, 9 December.",
    ),
    (
        "exceptions", "2026-12-12T08:00",
        "いまは受付時間外で、次に使えるのは今日（臨時開庁）の午前9時からです。",
        "It is outside opening hours now; you can next use this machine from 9:00 a.m. today.",
    ),
    (
        "exceptions", "2028-05-01T10:00",
        "今日はお休み（庁舎の建て替え）のため、次に使える日は窓口でお尋ねください。",
        "This machine is closed today for a special reason; please ask at the counter when you can next use this "
        "machine.",
    ),
    (
        "shop", "2026-11-23T23:00",
        "今日の受付は終わりましたので、次に使えるのは11月24日（火）午前6時30分からです。",
        "Opening hours are over for today; you can next use this machine from 6:30 a.m. on Tuesday, 24 November.",
    ),
    (
        "shop", "2011-01-31T23:59",
        "このサービスはまだ始まっておらず、使えるのは2011年（平成23年）2月1日（火）午前6時30分からです。",
        "This service has not started yet; you can use it from 6:30 a.m. on Tuesday, 1 February 2011.",
    ),
    (
        "hall", "2026-11-23T17:00",
        "今日（勤労感謝の日）の受付は終わりましたので、次に使えるのは11月24日（火）午前8時30分からです。",
        "Opening hours are over for today; you can next use this machine from 8:30 a.m. on Tuesday, 24 November.",
    ),
    (
        "server", "2026-11-24T08:45",
        "いまは市のシステムの受付時間外で、次に使えるのは今日の午前9時からです。",
        "It is outside the hours of the city's system now; you can next use this machine from 9:00 a.m. today.",
    ),
    (
        "server", "2026-11-24T19:30",
        "市のシステムの今日の受付は終わりましたので、次に使えるのは11月25日（水）午前9時からです。",
        "The hours of the city's system are over for today; you can next use this machine from 9:00 a.m. on "
        "Wednesday, 25 November.",
    ),
    (
        "server", "2026-12-13T10:00",
        "今日は市のシステムの受付がお休み（システム保守）のため、次に使えるのは12月14日（月）午前9時からです。",
        "The city's system is closed today for a special reason; you can next use this machine from 9:00 a.m. on "
        "Monday, 14 December.",
    ),
    (
        "certificate", "2026-11-24T17:30",
        "この証明書の今日の受付は終わりましたので、次に受け取れるのは11月25日（水）午前9時からです。",
        "The hours for this certificate are over for today; you can next get it from 9:00 a.m. on "
        "Wednesday, 25 November.",
    ),
    (
        "certificate", "2026-11-29T10:00",
        "今日はこの証明書の受付がお休みのため、次に受け取れるのは11月30日（月）午前9時からです。",
        "This certificate is not issued today; you can next get it from 9:00 a.m. on Monday, 30 November.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("where", "when", "japanese", "english"), MOMENTS, ids=[f"{m[0]}-{m[1]}" for m in MOMENTS])
def test_the_explanation_at_twenty_moments(where: str, when: str, japanese: str, english: str) -> None:
    profile = PROFILES[where]()
    of_certificate = where == "certificate"
    hours = certificate_hours(profile, profile.certificates[0]) if of_certificate else machine_hours(profile)
    opening = hours.is_open(datetime.fromisoformat(when).replace(tzinfo=JST))
    assert explain(opening) == japanese
    assert explain(opening, "en") == english


@pytest.mark.parametrize("limit", ["", "machine", "server", "certificate"])
@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("following", [None, datetime(2026, 11, 24, 12, 0, tzinfo=JST)])
def test_every_answer_there_can_be_has_one_sentence(reason: Reason, limit: str, following: datetime | None) -> None:
    opening = Opening(reason is Reason.OPEN, reason, "", None, following, limit)
    japanese, english = explain(opening), explain(opening, "en")
    assert japanese.count("。") == 1
    assert japanese.endswith(("です。", "ください。", "います。"))
    assert english.count(".") == 1
    assert english.endswith(".")
    assert "（）" not in japanese
    if following is not None and reason is not Reason.OPEN:
        assert "正午" in japanese
        assert "noon" in english


def test_another_language_is_refused() -> None:
    opening = machine_hours(shipped("saga")).is_open(datetime(2026, 11, 24, 20, 0, tzinfo=JST))
    for tell in (lambda: explain(opening, "zh"), lambda: hours_text(shipped("saga").calendar, "zh")):
        with pytest.raises(KeyError):
            tell()


def test_a_time_of_day_cannot_be_taken_for_another() -> None:
    minutes = (0, 390, 720, 725, 1035, 1380, 1440)
    assert [clock_text(minute) for minute in minutes] == [
        "午前0時", "午前6時30分", "正午", "午後0時5分", "午後5時15分", "午後11時", "午後12時",
    ]  # fmt: skip
    assert [clock_text(minute, "en") for minute in minutes] == [
        "midnight", "6:30 a.m.", "noon", "12:05 p.m.", "5:15 p.m.", "11:00 p.m.", "midnight",
    ]  # fmt: skip


def test_the_week_of_every_shipped_counter_is_told_in_both_languages() -> None:
    told = {
        (name, alternative.name): (hours_text(alternative.calendar), hours_text(alternative.calendar, "en"))
        for name in ("fujisawa", "fujisawa-hall")
        for alternative in shipped(name).alternatives
    }
    assert told["fujisawa", "市民窓口センター"] == (
        ("月・水・金曜日 8時30分〜17時", "火・木曜日 8時30分〜20時", "土曜日、日曜日、祝日、年末年始は休みます"),
        (
            "Monday, Wednesday and Friday, 8:30 a.m. to 5:00 p.m.",
            "Tuesday and Thursday, 8:30 a.m. to 8:00 p.m.",
            "Closed on Saturday, Sunday, national holidays and New Year holidays",
        ),
    )
    assert told["fujisawa", "各市民センター"] == (
        ("月〜金曜日 8時30分〜17時", "土曜日、日曜日、祝日、年末年始は休みます"),
        (
            "Monday to Friday, 8:30 a.m. to 5:00 p.m.",
            "Closed on Saturday, Sunday, national holidays and New Year holidays",
        ),
    )
    assert told["fujisawa", "証明書自動交付機"] == (
        (
            "月〜金曜日 8時30分〜20時",
            "土・日曜日 8時30分〜17時",
            "祝日は 8時30分〜17時の間だけ",
            "年末年始は休みます",
        ),
        (
            "Monday to Friday, 8:30 a.m. to 8:00 p.m.",
            "Saturday and Sunday, 8:30 a.m. to 5:00 p.m.",
            "National holidays, only 8:30 a.m. to 5:00 p.m.",
            "Closed on New Year holidays",
        ),
    )
    assert told["fujisawa-hall", "コンビニエンスストアのマルチコピー機"] == (
        ("毎日 6時30分〜23時", "年末年始は休みます"),
        ("Every day, 6:30 a.m. to 11:00 p.m.", "Closed on New Year holidays"),
    )
    as_sunday = dataclasses.replace(shipped("saga").calendar, holiday_policy="as_sunday")
    assert "National holidays, as on Sunday" in hours_text(as_sunday, "en")
