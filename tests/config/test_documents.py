"""The papers say what the configuration says: change it, and the paper changes with it.

Longer than 400 lines: seven papers, each against configurations that differ from one another in one thing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import config
from config.documents import main
from config.documents_office import SEAL_ITEMS, State, basis, contracts, dues, register
from config.documents_resident import leaflet, notice
from config.documents_system import Component, figure, processors, runtime
from config.documents_text import both_styles, span_text
from config.documents_words import WORDS
from config.errors import ConfigError
from config.load import load, load_profile
from config.schema import (
    Alternative,
    CertificateSettings,
    Contract,
    DatedException,
    Fee,
    Processor,
    Profile,
    Settings,
    Window,
    YearlyTask,
)

DAY = date(2026, 11, 22)
PROFILES = ("saga", "fujisawa", "fujisawa-hall")


@pytest.fixture
def of(settings: Settings) -> Callable[..., Settings]:
    """The tests' machine with a shipped profile, some of whose values are replaced."""

    def make(profile: str = "saga", **changes: object) -> Settings:
        loaded = load_profile(Path(config.__file__).with_name(f"{profile}.toml"))
        return replace(settings, profile=replace(loaded, **changes))  # type: ignore[arg-type]

    return make


def with_certificate(profile: Profile, kind: str, **changes: object) -> tuple[CertificateSettings, ...]:
    return tuple(replace(c, **changes) if c.kind == kind else c for c in profile.certificates)  # type: ignore[arg-type]


def part(paper: str, title: str) -> list[str]:
    """Lines of one section, without empty ones."""
    lines = paper.splitlines()
    start = next(n for n, line in enumerate(lines) if line.lstrip("#") == f" {title}" and line.startswith("#"))
    level = lines[start].partition(" ")[0]
    rest = lines[start + 1 :]
    end = next((n for n, line in enumerate(rest) if line.startswith("#") and len(line.split()[0]) <= len(level)), None)
    return [line for line in rest[:end] if line]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "FWA" else 1 for c in line)


# --- dates ---


@pytest.mark.parametrize(
    ("day", "japanese", "english"),
    [
        (date(2019, 4, 30), "平成31年4月30日（2019年4月30日）", "30 April 2019 (Heisei 31)"),
        (date(2019, 5, 1), "令和元年5月1日（2019年5月1日）", "1 May 2019 (Reiwa 1)"),
        (date(1989, 1, 7), "昭和64年1月7日（1989年1月7日）", "7 January 1989 (Showa 64)"),
        (date(1872, 12, 31), "1872年12月31日", "31 December 1872"),
    ],
)
def test_dates_are_told_in_both_styles_at_the_change_of_an_era(day: date, japanese: str, english: str) -> None:
    assert both_styles(day) == japanese
    assert both_styles(day, "en") == english


def test_spans_are_days_only_where_they_are_whole_days() -> None:
    assert [span_text(h) for h in (5760, 25, 24, 1)] == ["240日", "25時間", "1日", "1時間"]
    assert [span_text(h, "en") for h in (5760, 25, 24, 1)] == ["240 days", "25 hours", "1 day", "1 hour"]


# --- for residents ---


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["ja"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("write", [leaflet, notice])
def test_residents_papers_fit_the_sheet_and_have_the_same_parts_in_english(
    of: Callable[..., Settings], profile: str, write: Callable[[Settings, date, str], str]
) -> None:
    papers = [write(of(profile), DAY, language) for language in ("ja", "en")]
    assert all(columns(line) <= 80 for paper in papers for line in paper.splitlines())
    levels = [[line.split()[0] for line in paper.splitlines() if line.startswith("#")] for paper in papers]
    assert levels[0] == levels[1]
    assert "{" not in "".join(papers)
    english = papers[1].replace("「", "").replace("」", "").replace("防犯カメラ作動中", "")
    assert not any("CJK" in unicodedata.name(c, "") for c in english)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("write", [leaflet, notice])
def test_residents_papers_say_whether_the_machine_speaks(
    of: Callable[..., Settings], write: Callable[[Settings, date, str], str], language: str
) -> None:
    for voice, other in (("on", "off"), ("off", "on")):
        paper = "".join(write(of(voice=voice), DAY, language).split())
        said, unsaid = ("".join(WORDS[language][f"voice_{each}"].split()) for each in (voice, other))
        assert f"-{said}" in paper
        assert unsaid not in paper


def test_the_leaflet_lists_the_certificates_that_can_be_had_and_no_others(of: Callable[..., Settings]) -> None:
    saga = of().profile
    assert part(leaflet(of(), DAY), "受け取れる証明書と手数料")[:4] == [
        "- 住民票の写し　300円",
        "- 印鑑登録証明書　300円",
        "- 所得課税証明書　300円",
        "- 納税証明書　300円",
    ]
    changed = of(certificates=with_certificate(saga, "income", enabled=False), suspended_areas=("seal_registration",))
    lines = part(leaflet(changed, DAY), "受け取れる証明書と手数料")
    assert [line for line in lines if line.startswith("- ")] == ["- 住民票の写し　300円", "- 納税証明書　300円"]
    assert lines[-1] == "いまはお休みしている証明書：印鑑登録証明書"
    none = of(suspended_areas=("resident_registry", "seal_registration", "tax"))
    paper = leaflet(none, DAY)
    assert "いまは、この機械で受け取れる証明書がありません。" in paper
    assert "## お金について" not in paper


def test_fees_are_those_of_the_day_and_later_ones_are_announced(of: Callable[..., Settings]) -> None:
    fees = (Fee(date(2016, 1, 22), 300), Fee(date(2027, 4, 1), 250), Fee(date(2028, 4, 1), 0))
    settings = of(certificates=with_certificate(of().profile, "residence", fees=fees))

    def told(day: date) -> list[str]:
        lines = part(leaflet(settings, day), "受け取れる証明書と手数料")
        return lines[: lines.index("- 印鑑登録証明書　300円")]

    assert told(date(2027, 3, 31)) == [
        "- 住民票の写し　300円",
        "  - 令和9年4月1日（2027年4月1日）からは、250円です。",
        "  - 令和10年4月1日（2028年4月1日）からは、無料です。",
    ]
    assert told(date(2027, 4, 1))[0] == "- 住民票の写し　250円"
    assert told(date(2028, 4, 1)) == ["- 住民票の写し　無料"]


def test_a_certificate_that_begins_later_has_the_fee_of_its_first_day(of: Callable[..., Settings]) -> None:
    fees = (Fee(date(2026, 1, 1), 300), Fee(date(2027, 1, 1), 400))
    begins = with_certificate(of().profile, "tax", service_from=date(2027, 2, 1), fees=fees, max_copies=3)
    lines = part(leaflet(of(certificates=begins), DAY), "受け取れる証明書と手数料")
    at = lines.index("- 納税証明書　400円")
    assert lines[at + 1 : at + 3] == [
        "  - 令和9年2月1日（2027年2月1日）から受け取れます。",
        "  - 一度に受け取れるのは、3部までです。",
    ]


def test_the_way_is_told_in_the_order_of_the_flow_for_each_card(of: Callable[..., Settings]) -> None:
    paper = leaflet(of("fujisawa"), DAY)
    juki = part(paper, "藤沢市の住民基本台帳カード（住基カード）のとき")
    mine = part(paper, "マイナンバーカードのとき")
    assert juki[1:4] == ["2. カードを取ります。", "3. 証明書をえらびます。", "4. 暗証番号を押します。"]
    assert mine[1:4] == ["2. 暗証番号を押します。", "   カードは置いたままにします。", "3. カードを取ります。"]
    alone = leaflet(of("fujisawa", flows=("juki",)), DAY)
    assert "マイナンバー" not in alone
    no_household = of(certificates=with_certificate(of().profile, "residence", enabled=False))
    assert "だれの分か" not in leaflet(no_household, DAY)


def test_rules_of_the_profile_show_on_the_leaflet(of: Callable[..., Settings]) -> None:
    plain = leaflet(of(), DAY)
    assert "15歳未満の方は、窓口でお求めください。" in plain
    assert "転出" not in plain
    other = leaflet(of(minimum_age=0, foretell_planned_move=False, cautions="足もとにご注意ください。"), DAY)
    assert "歳未満" not in other
    assert "引っこし（転出）の届けを出した方は、窓口でお求めください。" in other
    assert "足もとにご注意ください。" in part(other, "お気をつけください")
    assert "お店の従業員は、市の職員ではありません。" in leaflet(of("fujisawa"), DAY)


def test_hours_tell_narrower_ones_of_the_city_and_days_to_come(of: Callable[..., Settings]) -> None:
    calendar = of().profile.calendar
    past = DatedException(date(2026, 10, 1), date(2026, 10, 1), (), "点検", "課長")
    coming = DatedException(date(2026, 12, 5), date(2026, 12, 6), (Window.parse("09:00-12:00"),), "臨時開庁", "課長")
    wide = replace(calendar, **dict.fromkeys(("monday", "tuesday", "sunday"), (Window.parse("00:00-24:00"),)))
    early = replace(wide, tuesday=(Window.parse("06:00-18:00"),))
    whole = replace(wide, wednesday=wide.monday, thursday=wide.monday, friday=wide.monday)
    paper = part(leaflet(of(calendar=replace(calendar, exceptions=(coming, past)), server=whole), DAY), "使える時間")
    told = "- 令和8年12月5日（2026年12月5日）から令和8年12月6日（2026年12月6日）まで　午前9時〜正午（臨時開庁）"
    assert told in paper
    assert "点検" not in "".join(paper)
    assert "ただし、市のシステムが動いている次の時間だけです。" in paper, "the city's own exception is missing"
    assert "ただし" not in leaflet(of(server=whole), DAY)
    narrow = part(leaflet(of(server=early), DAY), "使える時間")
    assert "- 火曜日 6時〜18時" in narrow


def test_a_certificates_own_hours_stand_under_it(of: Callable[..., Settings]) -> None:
    calendar = of().profile.calendar
    short = replace(calendar, sunday=())
    lines = part(
        leaflet(of(certificates=with_certificate(of().profile, "tax", calendar=short)), DAY), "受け取れる証明書と手数料"
    )
    at = lines.index("- 納税証明書　300円")
    assert lines[at + 1] == "  - 受け取れる時間："
    assert "    - 土曜日、日曜日、祝日、年末年始は休みます" in lines[at + 2 :]
    same = leaflet(of(certificates=with_certificate(of().profile, "tax", calendar=calendar)), DAY)
    assert "受け取れる時間" not in same


def test_before_the_first_day_the_leaflet_says_when_it_begins(of: Callable[..., Settings]) -> None:
    begins = of(service_from=date(2027, 1, 4))
    begins = replace(
        begins, profile=replace(begins.profile, certificates=tuple(
            replace(c, service_from=date(2027, 1, 4)) for c in begins.profile.certificates))
    )  # fmt: skip
    assert "令和9年1月4日（2027年1月4日）から使えます。" in leaflet(begins, date(2027, 1, 3))
    assert "から使えます" not in leaflet(begins, date(2027, 1, 4))


def test_other_places_are_those_of_the_profile(of: Callable[..., Settings]) -> None:
    town = Alternative("東支所", "東町1番地", of().profile.calendar)
    lines = part(leaflet(of(alternatives=(town,)), DAY), "ほかの受け取り方")
    assert [line for line in lines if line.startswith("- ")] == ["- 東支所（東町1番地）"]
    assert "ほかの受け取り方" not in leaflet(of(alternatives=()), DAY)


def test_the_camera_is_announced_only_where_there_is_one_and_never_too_early(of: Callable[..., Settings]) -> None:
    assert "カメラ" not in leaflet(of("fujisawa"), DAY)
    assert "カメラ" not in notice(of("fujisawa"), DAY)
    first = of().profile.camera.from_date
    assert "## 防犯カメラ作動中" in notice(of(), first)
    before = notice(of(), first - timedelta(days=1))
    assert "## 防犯カメラ作動中" not in before
    assert "令和4年6月15日（2022年6月15日）から動きます。" in before
    assert "から、機械の前にいる方を撮影します。" in leaflet(of(), first - timedelta(days=1))


def test_how_long_pictures_are_kept_follows_the_settings(of: Callable[..., Settings]) -> None:
    camera = of().profile.camera

    def told(least: int, longest: int | None) -> str:
        kept = replace(camera, retention_min_elapsed_h=least, retention_max_elapsed_h=longest)
        return "".join(part(leaflet(of(camera=kept), DAY), "防犯カメラ"))

    assert "映像を保存する期間は、240日です。" in told(5760, 5760)
    assert "映像は240日以上保存し、そのあと新しい映像を重ねて消します。" in told(5760, None)
    assert "映像は、10日以上保存し、長くても20日で消します。" in told(240, 480)


# --- for the office ---


def test_the_basis_is_that_of_the_day_and_the_old_one_stays(of: Callable[..., Settings]) -> None:
    ordinance = "- 藤沢市個人情報の保護に関する条例（平成15年藤沢市条例第7号）　第18条"
    law = "- 個人情報の保護に関する法律（平成15年法律第57号）　第61条・第66条"
    last, first = (basis(of("fujisawa"), date(2023, month, day)) for month, day in ((3, 31), (4, 1)))
    assert ordinance in part(last, "この日の根拠")
    assert law in part(last, "これからの根拠")
    assert ordinance in part(first, "これまでの根拠")
    assert law in part(first, "この日の根拠")
    assert "この日に効力のある根拠が、設定にありません。" in basis(of("fujisawa"), date(2010, 12, 8))


def test_the_register_has_the_items_of_the_certificates_and_two_activities(of: Callable[..., Settings]) -> None:
    saga, fujisawa = register(of(), DAY), register(of("fujisawa"), DAY)
    thirteen = (
        "氏名・生年月日・性別・住民となった年月日・続柄・世帯主名・住所・住所を定めた日・前住所・本籍・筆頭者・"
        "転出予定地・転出確定地"
    )
    assert "- 住民票の写し（13項目）\n  - " + thirteen in saga
    assert f"- 印鑑登録証明書（4項目）\n  - {'・'.join(SEAL_ITEMS)}" in saga
    assert [line for line in saga.splitlines() if line.startswith("## ")] == [
        "## 1　証明書の発行",
        "## 2　防犯カメラによる撮影",
    ]
    assert [line for line in fujisawa.splitlines() if line.startswith("## ")] == ["## 1　証明書の発行"]
    assert "納税証明書" not in fujisawa
    assert "住民基本台帳カードの暗証番号" in fujisawa
    assert "住民基本台帳カード" not in saga


def test_the_register_follows_the_configuration(of: Callable[..., Settings]) -> None:
    saga = of().profile
    changed = of(
        foretell_planned_move=False,
        certificates=tuple(c for c in saga.certificates if c.area != "tax"),
        processors=(Processor("中継の会社", "データを送る", "覚書"),),
        camera=replace(saga.camera, on_conflict="protect_floor_and_alarm", retention_max_elapsed_h=None),
        keys=replace(saga.keys, place="金庫", two_person=True),
        suspended_areas=("seal_registration",),
    )
    paper = register(changed, DAY)
    assert "- 住民票の写し（11項目）" in paper
    assert "転出" not in paper
    assert "- 印鑑登録証明書（4項目、休止中）" in paper
    assert "市税" not in paper
    assert part(paper, "渡す先") == [
        "- 本人（印刷した証明書）", "- 中継の会社", "  - データを送る", "  - もとになるもの：覚書"
    ]  # fmt: skip
    assert "そのあとは、新しい映像を重ねて記録することで消す。" in paper
    assert "上書きせず、係員に知らせる。" in paper
    assert "- 記録装置の鍵を置く所：金庫（二人で扱う）" in paper
    no_camera = of(
        camera=replace(saga.camera, required=False),
        legal_basis=tuple(b for b in saga.legal_basis if b.activity == "issue"),
    )
    assert "カメラ" not in register(no_camera, DAY)


@pytest.mark.parametrize(("left", "state"), [(61, State.LATER), (60, State.SOON), (0, State.SOON), (-1, State.OVERDUE)])
def test_dates_to_keep_are_told_sixty_days_before_and_once_they_are_over(
    of: Callable[..., Settings], left: int, state: State
) -> None:
    day = date(2028, 2, 29)
    review = Contract("覚書", "会社", date(2020, 1, 1), day + timedelta(days=left))
    yearly = YearlyTask("診断", day + timedelta(days=left - 365))
    settings = of(contracts=(review,), yearly=(yearly,))
    assert [(one.state, one.days) for one in dues(settings.profile, day)] == [(state, left)] * 2
    paper = contracts(settings, day)
    assert ("## 急ぐもの" in paper) is (state is not State.LATER)
    assert paper.count(state.value) == (2 if state is State.LATER else 4)


def test_a_yearly_task_never_done_is_told_first(of: Callable[..., Settings]) -> None:
    review = Contract("覚書", "会社", date(2020, 1, 1), date(2021, 1, 1))
    settings = of(contracts=(review,), yearly=(YearlyTask("診断"),))
    assert [one.name for one in dues(settings.profile, DAY)] == ["診断", "覚書"]
    assert "- 診断：まだ行った記録がありません。" in contracts(settings, DAY)


def test_fujisawa_keeps_its_two_agreements_and_the_yearly_diagnosis(of: Callable[..., Settings]) -> None:
    assert [one.name for one in dues(of("fujisawa").profile, DAY)] == [
        "藤沢市証明書等自動交付事務の運営管理に係る協定書",
        "藤沢市証明書等自動交付事務委託契約書",
        "セキュリティ診断",
    ]
    assert dues(of("saga").profile, DAY) == ()


# --- about the system ---


def test_the_figure_has_the_configured_links_and_no_others(settings: Settings) -> None:
    def links(changed: Settings) -> list[str]:
        return [line.split("─ ")[1].split("　")[0] for line in figure(changed, DAY).splitlines() if "─ " in line]

    devices = ["カード読み取り機", "印刷機", "硬貨の受け入れ", *["硬貨の払い出し"] * 3]
    assert links(settings) == devices
    example = load(Path(config.__file__).with_name("machine.example.toml"))
    assert links(example)[-1] == "センサー"
    machine = example.machine
    fewer = replace(machine, sensors=None, cash=replace(machine.cash, hoppers=machine.cash.hoppers[:1]))
    assert links(replace(example, machine=fewer)) == [*devices[:3], "硬貨の払い出し"]


def test_the_figure_names_the_peers_but_no_secret(settings: Settings) -> None:
    machine = settings.machine
    centre = replace(machine.centre, url="https://user:hidden@[2001:db8::1]:8443/path?key=hidden")
    printer = replace(machine.printer, uri="ipps://who:hidden@printer.example/ipp/print")
    paper = figure(replace(settings, machine=replace(machine, centre=centre, printer=printer)), DAY)
    assert "証明書交付センター　https://[2001:db8::1]:8443\n" in paper
    assert "ipps://printer.example　" in paper
    assert "hidden" not in paper
    assert "who" not in paper
    assert "試験用の設定です。" in paper
    assert "試験用" not in figure(replace(settings, machine=replace(machine, simulation=False)), DAY)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts distributions of our own before those of this Python."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, version: str, *requires: str) -> None:
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {r}" for r in requires)]
        (folder / "METADATA").write_text("\n".join(lines) + "\n")

    return put


def test_versions_are_those_installed_of_what_is_needed_to_run(
    of: Callable[..., Settings], installed: Callable[..., None], tmp_path: Path
) -> None:
    installed("zz_root", "1.0", "zz.one>=2", "zz_dev; extra == 'dev'", "zz_old; python_version < '3'", "zz_gone")
    installed("zz_one", "2.5", "zz_two[fast]")
    installed("zz_two", "3.0", "zz_quick; extra == 'fast'")
    installed("zz_quick", "4.0")
    installed("zz_dev", "9.0")
    installed("zz_old", "9.0")
    assert runtime({"zz-one": "2.4"}, "zz_root") == (
        Component("zz_root", "1.0"),
        Component("zz-gone", ""),
        Component("zz_one", "2.5", "2.4"),
        Component("zz_quick", "4.0"),
        Component("zz_two", "3.0"),
    )


def test_processors_lists_organisations_and_programs_and_what_differs_from_the_lock(
    of: Callable[..., Settings], tmp_path: Path
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("# made by hand\nholidays==0.1\n")
    paper = processors(of("fujisawa"), DAY, lock, lambda package: f"7.{len(package)}")
    names = [line[2:] for line in part(paper, "組織") if line.startswith("- ")]
    assert names == ["藤沢市　市民窓口センター", "財団法人地方自治情報センター", "コンビニ事業者"]
    programs = "\n".join(part(paper, "プログラム"))
    assert "（固定表の 0.1 と合いません）" in programs
    assert "- cryptography　" in programs
    assert "pytest" not in programs
    assert "- pcscd（カード読み取り機の受け渡し）　7.5" in paper
    settings = of("fujisawa")
    radio = replace(settings.machine.reader, driver="nfc", device="usb", name_contains="")
    paper = processors(
        replace(settings, machine=replace(settings.machine, reader=radio)), DAY, tmp_path / "none", lambda _: ""
    )
    assert "pcscd" not in paper
    assert "版がわかりません" in paper
    assert "照合していません。" in paper


# --- the command and the configuration ---


def test_the_command_writes_a_paper_or_says_why_not(
    profile_with: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(profile_with())
    assert main(["--config", file, "--date", "2019-04-30", "leaflet"]) == 0
    assert "平成31年4月30日（2019年4月30日）現在" in capsys.readouterr().out
    assert main(["--config", file, "--language", "en", "notice"]) == 0
    assert capsys.readouterr().out.startswith("# Saga City: Certificate machine\n")
    for wrong, said in (
        (["--language", "en", "register"], "日本語だけです"),
        (["--date", "22.11.2026", "leaflet"], "日付ではありません"),
        (["--date", "1900-01-01", "leaflet"], "までの日付にしてください"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["--config", file, *wrong])
        assert stopped.value.code == 2
        assert said in capsys.readouterr().err
    assert main(["--config", str(profile_with(("minimum_age = 15", "minimum_age = 99"))), "leaflet"]) == 78
    assert "minimum_age" in capsys.readouterr().err


def test_english_is_refused_where_the_profile_has_none(
    profile_with: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = profile_with(('languages = ["ja", "en"]', 'languages = ["ja"]'))
    town = tmp_path / "town.toml"
    text = town.read_text()
    town.write_text(text[: text.index("[english]")] + text[text.index("[[legal_basis]]") :])
    with pytest.raises(SystemExit) as stopped:
        main(["--config", str(file), "--language", "en", "leaflet"])
    assert stopped.value.code == 2
    assert "英語の言葉がありません" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no words in 'en'"):
        leaflet(load(file), DAY, "en")


CONTRACT = '[[contracts]]\nname = "覚書"\npartner = "会社"\nsigned = 2026-01-01\nreview_by = 2027-01-01\n'
YEARLY = '[[yearly]]\ntask = "診断"\nlast_done = 2026-01-01\n'
PROCESSOR = '[[processors]]\nname = "会社"\nrole = "中継"\n'


@pytest.mark.parametrize(
    ("added", "key", "words"),
    [
        (CONTRACT.replace("2027", "2025"), "contracts[1].review_by", "does not come after signed"),
        (CONTRACT * 2, "contracts[2].name", "listed twice"),
        (CONTRACT.replace("partner", "with"), "contracts[1].partner", "is missing"),
        (YEARLY * 2, "yearly[2].task", "listed twice"),
        (YEARLY.replace("2026-01-01", '"2026"'), "yearly[1].last_done", "date"),
        (PROCESSOR * 2, "processors[4].name", "listed twice"),
        (
            '[[legal_basis]]\nactivity = "issue"\ninstrument = "条例"\narticle = "第1条"\n'
            "effective_from = 2026-01-02\neffective_until = 2026-01-01\n",
            "legal_basis[5].effective_until",
            "comes before effective_from",
        ),
    ],
)
def test_faulty_entries_are_refused(profile_with: Callable[..., Path], added: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(profile_with(("[camera]\n", f"{added}\n[camera]\n")))
    assert any(problem.key == key and words in problem.message for problem in refused.value.problems)


def test_entries_are_read(profile_with: Callable[..., Path]) -> None:
    profile = load(profile_with(("[camera]\n", f"{CONTRACT}{YEARLY}[camera]\n"))).profile
    assert profile.contracts == (Contract("覚書", "会社", date(2026, 1, 1), date(2027, 1, 1)),)
    assert profile.yearly == (YearlyTask("診断", date(2026, 1, 1)),)
