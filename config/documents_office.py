"""Papers for the office: legal basis (F-1, S-1), register of handling (F-39), contracts and yearly tasks (F-13, F-33).

What the two municipal documents and the program itself fix is written here; everything else is read from the
configuration, so that a paper cannot say anything else than the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final, Literal

from config.documents_resident import camera_in_use
from config.documents_text import Paper, both_styles, span_text
from config.schema import BusinessArea, CertificateKind, CertificateSettings, LegalBasis, Profile, Settings

Activity = Literal["issue", "camera"]

RESIDENCE_ITEMS: Final = (
    "氏名", "生年月日", "性別", "住民となった年月日", "続柄", "世帯主名", "住所", "住所を定めた日", "前住所", "本籍",
    "筆頭者", "転出予定地", "転出確定地",
)  # fmt: skip
"""住民票の写し (F-27)."""
SEAL_ITEMS: Final = ("印影", "住所", "氏名", "生年月日")
"""印鑑登録証明書 (F-28)."""
_PLANNED_MOVE: Final = ("転出予定地", "転出確定地")
ITEMS: Final[Mapping[CertificateKind, tuple[str, ...]]] = {
    "residence": RESIDENCE_ITEMS,
    "seal": SEAL_ITEMS,
    # Neither document lists the items of these two: assumptions, after what such certificates usually hold.
    "income": (
        "氏名", "生年月日", "住所", "年度", "収入金額", "所得金額", "所得控除額", "扶養親族の数", "課税標準額", "税額",
    ),
    "tax": ("氏名", "住所", "年度", "税目", "納期限", "課税額", "納付済額", "未納額"),
}  # fmt: skip
_ASSUMED: Final = frozenset({"income", "tax"})

_SOURCE_OF: Final[Mapping[BusinessArea, str]] = {
    "resident_registry": "住民基本台帳",
    "seal_registration": "印鑑登録原票",
    "tax": "市税の課税と収納の記録",
}
_CARD_OF: Final = {
    "my_number": "マイナンバーカードの利用者証明用電子証明書と、それによる署名",
    "juki": "住民基本台帳カードに記録された番号（住民を特定するもの）と、カードを出した市区町村の番号",
}
_PIN_OF: Final = {
    "my_number": "マイナンバーカードの暗証番号（カードの中だけで照合し、市へは送らない）",
    "juki": "住民基本台帳カードの暗証番号（暗号化して市へ送り、市が照合する）",
}
_ACTIVITIES: Final[Mapping[Activity, str]] = {"issue": "証明書の発行", "camera": "防犯カメラによる撮影"}

DUE_SOON: Final = timedelta(days=60)
YEAR: Final = timedelta(days=365)
"""A yearly task is overdue when more than this has gone by since it was done."""


# --- legal basis ---


def basis(settings: Settings, day: date) -> str:
    """Every instrument for each activity: in force on ``day``, ended before it, beginning after it (T-16)."""
    paper = _begin("法令などの根拠", settings.profile, day)
    for activity, title in _ACTIVITIES.items():
        entries = [entry for entry in settings.profile.legal_basis if entry.activity == activity]
        if not entries:
            continue
        paper.section(title)
        in_force = [entry for entry in entries if entry.in_force(day)]
        if not in_force:
            paper.say("この日に効力のある根拠が、設定にありません。確かめて、設定に加えてください。")
        _instruments(paper, "この日の根拠", in_force)
        _instruments(paper, "これまでの根拠", [e for e in entries if e.effective_from <= day and e not in in_force])
        _instruments(paper, "これからの根拠", [entry for entry in entries if entry.effective_from > day])
    if not camera_in_use(settings.profile):
        paper.section(_ACTIVITIES["camera"])
        paper.say("この設定では、防犯カメラを使いません。")
    return str(paper)


def _instruments(paper: Paper, title: str, entries: list[LegalBasis]) -> None:
    if not entries:
        return
    paper.section(title, 3)
    for entry in entries:
        paper.items([f"{entry.instrument}　{entry.article}"])
        until = f"{both_styles(entry.effective_until)}まで" if entry.effective_until else ""
        paper.items([f"{both_styles(entry.effective_from)}から{until}"], 1)
        if entry.reference:
            paper.items([entry.reference], 1)


# --- register of handling ---


def register(settings: Settings, day: date) -> str:
    """What a 個人情報取扱事務届出書 asks for, one part for each activity (F-39, S-2)."""
    profile = settings.profile
    paper = _begin("個人情報取扱事務届出書", profile, day)
    paper.say("届け出る事がらを、機械の設定から書き出したものです。様式は、市の定めによります。")
    _issue(paper, settings, day)
    if camera_in_use(profile):
        _camera(paper, profile, day)
    return str(paper)


def registered(profile: Profile) -> tuple[CertificateSettings, ...]:
    """Certificates whose data are handled: all but those switched off. A suspended area is still registered."""
    return tuple(certificate for certificate in profile.certificates if certificate.enabled)


def items_of(profile: Profile, certificate: CertificateSettings) -> tuple[str, ...]:
    """Items of one certificate. Where nobody with an announced move is served, there are no places to move to."""
    items = ITEMS[certificate.kind]
    if certificate.kind != "residence" or profile.foretell_planned_move:
        return items
    return tuple(item for item in items if item not in _PLANNED_MOVE)


def _issue(paper: Paper, settings: Settings, day: date) -> None:
    profile, machine = settings.profile, settings.machine
    kinds = registered(profile)
    cards = [settings.national.flows[name].card_kind for name in profile.flows]
    paper.section("1　証明書の発行")
    _head(paper, profile, "issue", day)
    paper.items([f"機械：{profile.place}　{machine.machine_no}号機（{machine.terminal_id}）"])
    paper.items([f"始めた日：{both_styles(profile.service_from)}"])
    paper.section("利用の目的", 3)
    names = "、".join(certificate.name for certificate in kinds)
    paper.say(f"本人の求めに応じて、{names}を発行する。")
    paper.section("取り扱う項目", 3)
    for certificate in kinds:
        items = items_of(profile, certificate)
        suspended = "、休止中" if certificate.area in profile.suspended_areas else ""
        begins = f"、{both_styles(certificate.service_from)}から" if certificate.service_from > day else ""
        paper.items([f"{certificate.name}（{len(items)}項目{suspended}{begins}）"])
        paper.items(["・".join(items)], 1)
        if certificate.kind in _ASSUMED:
            paper.items(["項目は仮のもので、市の様式と照らし合わせて確かめる。"], 1)
    paper.items(["本人であることの確認"])
    paper.items([text for card in cards for text in (_CARD_OF[card], _PIN_OF[card])], 1)
    paper.section("集める先", 3)
    paper.items(["本人（カード、暗証番号、画面での選択）"])
    areas = dict.fromkeys(certificate.area for certificate in kinds)
    paper.items([f"{profile.city_name}の{_SOURCE_OF[area]}（市の証明発行サーバを通じて）" for area in areas])
    paper.section("渡す先", 3)
    paper.items(["本人（印刷した証明書）"])
    for processor in profile.processors:
        paper.items([processor.name])
        paper.items([processor.role, *([f"もとになるもの：{processor.under}"] if processor.under else [])], 1)
    paper.section("保存する期間", 3)
    paper.items(
        [
            "証明書の内容：機械が初めの画面にもどるまでに消す。印刷しなかったときも同じ。",
            "暗証番号：照合に使ったら、すぐに消す。",
            "カードから読み取ったもの：市が本人を確かめたら、すぐに消す。",
            "機械の記録（お金と印刷の経過）：氏名・番号など、個人の情報を書かない。",
        ]
    )


def _camera(paper: Paper, profile: Profile, day: date) -> None:
    camera = profile.camera
    least, longest = camera.retention_min_elapsed_h, camera.retention_max_elapsed_h
    paper.section("2　防犯カメラによる撮影")
    _head(paper, profile, "camera", day)
    paper.items([f"設置場所：{profile.place}　証明書を発行する機械"])
    paper.items([f"始める日：{both_styles(camera.from_date)}" if day < camera.from_date
                 else f"始めた日：{both_styles(camera.from_date)}"])  # fmt: skip
    paper.items([f"掲示：「{camera.notice}」"])
    paper.section("利用の目的", 3)
    paper.say("カードの不正な使用によって証明書が取られることを、防ぐ。")
    paper.section("取り扱う項目", 3)
    paper.items(["機械の前にいる人の映像（顔を見分けるしくみは使わない）"])
    paper.section("集める先", 3)
    paper.items(["機械の前にいる人（カメラによる撮影で、本人以外からの収集に当たる）"])
    paper.section("渡す先", 3)
    paper.items(
        ["法令などの根拠があるときに限り、必要な範囲だけを渡す。複製の禁止と、不要になった後の返却を条件とする。"]
    )
    paper.section("保存する期間", 3)
    paper.items([f"撮影してから{_hours_text(least)}の間、保存する。"])
    if longest is None:
        paper.items(["そのあとは、新しい映像を重ねて記録することで消す。"])
    elif longest == least:
        paper.items(["そのあとは、見られないようにする。"])
    else:
        paper.items([f"長くても、撮影してから{_hours_text(longest)}で、見られないようにする。"])
    paper.items([f"記録できる長さ：映像 {camera.capacity_footage_h:,}時間分"])
    paper.items(
        [
            "記録がいっぱいになったときは、保存する期間の途中でも、古い映像から上書きする。"
            if camera.on_conflict == "overwrite_oldest"
            else "記録がいっぱいになっても、保存する期間の途中の映像は上書きせず、係員に知らせる。"
        ]
    )
    paper.items([f"記録装置の鍵を置く所：{profile.keys.place}{'（二人で扱う）' if profile.keys.two_person else ''}"])


def _hours_text(hours: int) -> str:
    whole = span_text(hours)
    return whole if whole.endswith("時間") else f"{whole}（{hours:,}時間）"


def _head(paper: Paper, profile: Profile, activity: Activity, day: date) -> None:
    in_force = [e for e in profile.legal_basis if e.activity == activity and e.in_force(day)]
    paper.items(
        [f"事務の名称：{_ACTIVITIES[activity]}", f"実施機関と担当：{profile.city_name}　{profile.office}", "根拠"]
    )
    rules = [f"{entry.instrument}　{entry.article}" for entry in in_force]
    paper.items(rules or ["この日に効力のある根拠が、設定にない"], 1)


# --- contracts and yearly tasks ---


class State(Enum):
    """How a date to keep stands on a day."""

    LATER = "まだ先です"
    SOON = "期限が近づいています"
    OVERDUE = "期限を過ぎています"


@dataclass(frozen=True, slots=True)
class Due:
    """One date to keep: a contract's review, or a yearly task."""

    kind: Literal["contract", "yearly"]
    name: str
    by: str
    """Partner, or whose task it is."""
    last: date | None
    """Signed, or last done; None: not done yet."""
    due: date | None
    """Last day on which it is in time; None: it never was done, so it is due at once."""
    state: State
    days: int
    """Days left until ``due``; negative: days since."""


def dues(profile: Profile, day: date) -> tuple[Due, ...]:
    """Every contract and yearly task as it stands on ``day``, the most urgent first."""

    def due(kind: Literal["contract", "yearly"], name: str, by: str, last: date | None, until: date | None) -> Due:
        if until is None:
            return Due(kind, name, by, last, None, State.OVERDUE, 0)
        left = until - day
        state = State.OVERDUE if left.days < 0 else State.SOON if left <= DUE_SOON else State.LATER
        return Due(kind, name, by, last, until, state, left.days)

    reviews = [due("contract", c.name, c.partner, c.signed, c.review_by) for c in profile.contracts]
    tasks = [
        due("yearly", y.task, y.by or profile.office, y.last_done, y.last_done + YEAR if y.last_done else None)
        for y in profile.yearly
    ]
    return tuple(sorted((*reviews, *tasks), key=lambda one: one.due or date.min))


def contracts(settings: Settings, day: date) -> str:
    """Agreements and yearly tasks with their dates, and which are due within 60 days or overdue (F-13, F-33)."""
    profile = settings.profile
    paper = _begin("契約と、毎年すること", profile, day)
    found = dues(profile, day)
    urgent = [one for one in found if one.state is not State.LATER]
    if urgent:
        paper.section("急ぐもの")
        paper.items(f"{one.name}：{_state_text(one)}" for one in urgent)
    _dues(paper, "契約", [one for one in found if one.kind == "contract"])
    _dues(paper, "毎年すること", [one for one in found if one.kind == "yearly"])
    return str(paper)


def _dues(paper: Paper, title: str, found: list[Due]) -> None:
    paper.section(title)
    if not found:
        paper.say("設定に、登録がありません。")
    for one in found:
        paper.items([one.name])
        paper.items(_due_lines(one), 1)


def _due_lines(one: Due) -> Iterator[str]:
    contract = one.kind == "contract"
    yield f"{'相手' if contract else '行う者'}：{one.by}"
    done = both_styles(one.last) if one.last else "記録がありません"
    yield f"{'結んだ日' if contract else '前に行った日'}：{done}"
    if one.due is not None:
        yield f"{'見直しの期限' if contract else '次の期限'}：{both_styles(one.due)}"
    yield _state_text(one)


def _state_text(one: Due) -> str:
    if one.due is None:
        return "まだ行った記録がありません。行って、日付を設定に入れてください。"
    if one.state is State.OVERDUE:
        return f"{one.state.value}（{-one.days}日前まででした）。"
    if one.days == 0:
        return f"{one.state.value}（今日まで）。"
    return f"{one.state.value}（あと{one.days}日）。"


def _begin(title: str, profile: Profile, day: date) -> Paper:
    paper = Paper(title)
    paper.say(f"{profile.city_name}　{profile.machine_title}", f"{both_styles(day)}現在")
    return paper
