"""One of every screen, and its interesting states: for the gallery and for the layout tests. Nobody's data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kiosk import view_model as vm
from screens.samples_camera import camera_samples

JST: Final = ZoneInfo("Asia/Tokyo")
NOON: Final = datetime(2026, 11, 20, 10, 24, tzinfo=JST)


@dataclass(frozen=True, slots=True)
class Local:
    """What a profile says in one language."""

    city: str
    machine: str
    contact: str
    alternatives: tuple[str, ...]
    certificates: tuple[str, str, str, str]
    caution: str
    change_note: str
    shut: str
    holiday: str


LOCAL: Final = {
    "ja": Local(
        "佐賀市",
        "証明書発行機",
        "市民生活課の窓口",
        (
            "市民生活課の窓口　月・水・木・金曜日 8時30分〜17時15分、火曜日 8時30分〜19時、日曜日 9時〜16時、"
            "土曜日、祝日、年末年始は休みます",
            "コンビニのマルチコピー機　6時30分〜23時",
        ),
        ("住民票の写し", "印鑑登録証明書", "所得課税証明書", "納税証明書"),
        "お店の従業員は、市の職員ではありません。証明書についてのご質問は、市の窓口でお受けします。"
        "カード・証明書・おつり・領収書をお取り忘れのないよう、十分ご注意ください。",
        "10円・50円・100円・500円硬貨が使えます。おつりが出ます。",
        "今日のこの証明書の受付は終わりましたので、次に受け取れるのは11月24日（火）午前8時30分からです。",
        "勤労感謝の日",
    ),
    "en": Local(
        "Fujisawa City",
        "Certificate machine",
        "the Citizens' Service Center",
        (
            "Citizens' Service Center: Mon, Wed, Thu, Fri 8:30 a.m. to 5:15 p.m., Tue 8:30 a.m. to 7 p.m., "
            "Sun 9 a.m. to 4 p.m., closed on Saturdays, holidays and over the New Year",
            "Multi-copy machines in convenience stores: 6:30 a.m. to 11 p.m.",
        ),
        (
            "Residence record (juminhyo)",
            "Seal registration certificate",
            "Income and tax certificate",
            "Tax payment certificate",
        ),
        "The people working in this shop are not city staff. Please ask at a city counter about certificates. Take "
        "good care not to leave your card, certificate, change or receipt behind.",
        "You can use 10, 50, 100 and 500 yen coins. The machine gives change.",
        "The hours for this certificate are over for today; you can next get it from 8:30 a.m. on Tuesday, "
        "24 November.",
        "",
    ),
}
CAMERA: Final = "防犯カメラ作動中"
LANGUAGES: Final = ("ja", "en")
SWITCHES: Final = ("large", "contrast", "spoken")
"""What the first screen offers."""
KINDS: Final = ("residence", "seal", "income", "tax")
ITEMS: Final = ("head_and_relationship", "domicile", "residence_dates", "previous_address", "planned_move")
REASONS: Final = (
    "card_unknown",
    "card_unreadable",
    "card_phone",
    "card_felica",
    "card_not_served",
    "card_juki_expired",
    "other_city",
    "several_cards",
    "card_removed",
    "card_expired",
    "card_not_yet_valid",
    "card_unknown_issuer",
    "pin_blocked",
    "pin_never_set",
    "not_registered",
    "nothing_registered",
    "certificate_revoked",
    "status_unknown",
    "not_in_service",
    "not_available",
    "outside_hours",
    "too_many_pages",
    "copies_exceeded",
    "fee_changed",
    "city_unavailable",
    "page_unreadable",
    "mismatch",
    "not_me",
    "printer_not_ready",
    "receipt_not_ready",
    "change_short",
    "cancelled",
    "timed_out",
    "paid_back",
    "printing_failed",
    "printing_unknown",
    "left_behind",
    "power_cut",
)
"""Every reason of `Refused`."""
OUT: Final = (
    "reader",
    "cash",
    "printer",
    "issuer",
    "paper",
    "change",
    "stopped",
    "sound",
    "sensors",
    "left_behind",
    "journal",
    "receipt",
    "camera",
    "staff",
    "display",
)
"""Every reason of `OutOfService`."""


_PROGRESS: Final = {
    "begun": vm.Progress(5, 20),
    "half": vm.Progress(45, 80),
    "minutes": vm.Progress(20, 120),
    "soon": vm.Progress(95, 0),
    "late": vm.Progress(95, 0, late=True),
}


class _Sampler:
    """The samples of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.local = LOCAL[language]
        names = self.local.certificates
        self.offers = tuple(vm.Offer(kind, name, 300) for kind, name in zip(KINDS, names, strict=True))
        self.shut = (*self.offers[:3], replace(self.offers[3], available=False, note=self.local.shut))
        self.residence, self.seal = names[0], names[1]

    def frame(self, step: int = 0, label: str = "", **changes: object) -> vm.Frame:
        plain = vm.Frame(
            self.language, self.local.city, self.local.machine, NOON, step, 7 if step else 0, label
        )  # fmt: skip
        return replace(plain, **changes)  # type: ignore[arg-type]

    def service(self) -> Iterator[tuple[str, vm.View]]:
        local, frame = self.local, self.frame
        closes = NOON.replace(hour=17, minute=15)
        opens = NOON.replace(day=22, hour=9, minute=0)
        first = frame(languages=LANGUAGES, switches=SWITCHES)
        yield "01-still", vm.Still(frame())
        yield "01-still-returning", vm.Still(frame(), returning_money=True)
        yield "02-idle", vm.Idle(first, self.offers, closes, CAMERA, True)
        yield "02-idle-juki", vm.Idle(frame(switches=SWITCHES), self.offers[:2], closes, CAMERA, True, cards=("juki",))
        yield (
            "02-idle-caution",
            vm.Idle(first, self.offers[:2], closes, CAMERA, True, local.caution, cards=("juki", "my_number")),
        )
        yield "02-idle-shut", vm.Idle(first, self.shut, closes, CAMERA, False)
        yield "02-idle-no-camera", vm.Idle(frame(switches=SWITCHES), self.offers[:1], closes, CAMERA, False)
        saturday = frame(moment=NOON.replace(day=21))
        yield "03-closed", vm.Closed(saturday, "weekday_closed", "", opens, local.alternatives)
        yield "03-closed-holiday", vm.Closed(frame(), "holiday", local.holiday, opens, local.alternatives[:1])
        yield "03-closed-evening", vm.Closed(frame(), "after_hours", "", opens, ())
        yield "03-closed-before", vm.Closed(frame(), "before_hours", "", opens, ())
        yield "03-closed-exception", vm.Closed(frame(), "exception", "", opens, ())
        yield "03-closed-server", vm.Closed(frame(), "server", "", opens, local.alternatives[1:])
        yield "03-closed-year-end", vm.Closed(frame(), "year_end", "", None, ())
        yield "03-closed-not-started", vm.Closed(frame(), "not_started", "", opens.replace(year=2027, month=4), ())
        for reason in OUT:
            elsewhere = local.alternatives if reason == "paper" else ()
            yield f"04-out-{reason}", vm.OutOfService(frame(), reason, local.contact, elsewhere)

    def card(self) -> Iterator[tuple[str, vm.View]]:
        frame = self.frame
        for what, step, keep in (
            ("reading", 1, True),
            ("connecting", 1, True),
            ("checking_pin", 2, True),
            ("downloading", 5, False),
            ("preparing", 6, False),
            ("stopping_coins", 6, False),
            ("settling", 7, False),
            ("erasing", 0, False),
        ):
            label = {1: "connect", 2: "pin", 5: "download", 6: "pay", 7: "print", 0: ""}[step]
            yield f"10-wait-{what}", vm.Wait(frame(step, label, cancel=0 < step < 6), what, keep)
        getting = vm.Wait(frame(5, "download", cancel=True), "downloading")
        for name, progress in _PROGRESS.items():
            yield f"10-wait-{name}", replace(getting, progress=progress)
        yield "10-wait-preparing-half", vm.Wait(frame(6, "pay", cancel=True), "preparing", progress=vm.Progress(50, 10))
        yield "10-wait-checking-at-the-city", vm.Wait(frame(3, "pin", cancel=True), "checking_pin")
        both = {"back": True, "cancel": True}
        yield "11-pin", vm.PinPad(frame(2, "pin", **both), 2, 3)
        yield "11-pin-full", vm.PinPad(frame(2, "pin", **both), 4, 3)
        yield "11-pin-wrong", vm.PinPad(frame(2, "pin", **both), 0, 2, True)
        yield "11-pin-last", vm.PinPad(frame(2, "pin", **both), 1, 1, True)
        yield "11-pin-juki", vm.PinPad(frame(3, "pin", **both), 0, 3, keep_card=False)
        yield "12-last-try", vm.LastTry(frame(2, "pin", cancel=True), self.local.contact)
        yield "13-take-card", vm.TakeCard(frame(3, "take_card", cancel=True), "choose")
        yield "13-take-card-refused", vm.TakeCard(frame(), "refused")
        yield "13-take-card-end", vm.TakeCard(frame(), "end")

    def choosing(self) -> Iterator[tuple[str, vm.View]]:
        both = self.frame(4, "choose", back=True, cancel=True)
        yield "20-certificate", vm.ChooseCertificate(both, self.offers)
        yield "20-certificate-shut", vm.ChooseCertificate(both, self.shut)
        yield "20-certificate-one", vm.ChooseCertificate(both, self.offers[:1])
        yield "21-kind", vm.ChooseKind(both, ("residence_copy",))
        yield "22-household", vm.ChooseHousehold(both, ("whole", "part"))
        yield from _members(both)
        items = tuple(vm.Item(name, index > 1) for index, name in enumerate(ITEMS))
        yield "23-items", vm.ChooseItems(both, items)
        yield "24-copies", vm.ChooseCopies(both, 2, 10, 300)
        yield "24-copies-one", vm.ChooseCopies(both, 1, 10, 300)
        yield "24-copies-only-one", vm.ChooseCopies(both, 1, 1, 300)
        yield "24-copies-most", vm.ChooseCopies(both, 10, 10, 300)
        ready = self.frame(5, "confirm", back=True, cancel=True)
        yield "25-confirm", vm.Confirm(ready, self.residence, "whole", ITEMS[:1], 2, 600)
        yield "25-confirm-all", vm.Confirm(ready, self.residence, "part", ITEMS, 10, 3000, members=12)
        yield "25-confirm-one", vm.Confirm(ready, self.residence, "part", (), 1, 300, members=1)
        yield "25-confirm-seal", vm.Confirm(ready, self.seal, "", (), 1, 300)

    def paying(self) -> Iterator[tuple[str, vm.View]]:
        frame, note = self.frame, self.local.change_note
        arrived = frame(5, "arrived", cancel=True)
        yield "30-arrived", vm.Arrived(arrived, self.residence, 2, 600, "佐〇　〇子")
        yield "30-arrived-rare", vm.Arrived(arrived, self.residence, 1, 300, "𠮷〇　〇﨑")
        long = "Ｓ〇〇〇〇　Ｊ〇〇〇　Ａ〇〇〇〇〇〇〇Ｒ"
        yield "30-arrived-long", vm.Arrived(arrived, self.local.certificates[2], 1, 300, long)
        every = frozenset({500, 100, 50, 10})
        small = frozenset({100, 50, 10})
        before = frame(6, "pay", cancel=True)
        yield "31-pay", vm.Pay(before, 600, 0, every, change_note=note)
        yield "31-pay-no-receipt", vm.Pay(before, 600, 0, every, receipt=False, change_note=note)
        yield "31-pay-exact-no-receipt", vm.Pay(before, 600, 0, small, True, receipt=False, change_note=note)
        returns = frame(6, "pay", cancel=True, cancel_returns_money=True)
        yield "31-pay-part", vm.Pay(returns, 600, 400, small, change_note=note)
        yield "31-pay-exact", vm.Pay(returns, 600, 100, small, True, change_note=note)
        yield "31-pay-over", vm.Pay(returns, 600, 1000, frozenset(), change_note=note)
        yield "31-pay-much", vm.Pay(returns, 12000, 1250, frozenset({500}), change_note=note)
        yield "32-printing", vm.Printing(frame(7, "print"), 1, 2)
        for name, progress in _PROGRESS.items():
            yield f"32-printing-{name}", vm.Printing(frame(7, "print"), 1, 2, progress=progress)
        yield "32-printing-one", vm.Printing(frame(7, "print"), 1, 1)
        for index, why in enumerate(("paper", "jam", "cover", "toner", "tray_full", "other")):
            yield f"32-printing-{why}", vm.Printing(frame(7, "print"), 1 + index % 2, 1 + 2 * (index % 2), why)
        yield "33-warning", vm.Pay(replace(returns, warning_s=20), 600, 400, every)
        yield "33-warning-name", vm.Arrived(replace(arrived, warning_s=9), self.residence, 2, 600, "佐〇　〇子")
        last = {"warning_s": 20, "more_time": False}
        yield "33-warning-last", vm.Arrived(replace(arrived, **last), self.residence, 2, 600, "佐〇　〇子")  # type: ignore[arg-type]
        yield "33-warning-last-money", vm.Pay(replace(returns, **last), 600, 400, every)  # type: ignore[arg-type]

    def ends(self) -> Iterator[tuple[str, vm.View]]:
        local = self.local
        take = self.frame(7, "take")
        yield "40-take-all", vm.Take(take, ("certificate", "change", "receipt"), 400, receipt="printed")
        yield "40-take-printing", vm.Take(take, ("certificate", "change"), 400, receipt="printing")
        yield "40-take-failed", vm.Take(take, ("certificate", "change"), 400, receipt="failed")
        yield "40-take-change", vm.Take(take, ("change", "receipt"), 400, receipt="printed")
        yield "40-take-receipt", vm.Take(take, ("receipt",), 0, receipt="printed")
        yield "40-take-receipt-printing", vm.Take(take, ("receipt",), 0, receipt="printing")
        yield "40-take-touch", vm.Take(take, ("certificate",), 0, by_touch=True)
        yield "40-take-owed", vm.Take(take, ("certificate", "receipt"), 0, 200, "K-0042", receipt="printed")
        yield "40-take-owed-failed", vm.Take(take, ("certificate",), 0, 1200, "K-0042", receipt="failed")
        yield "49-thanks", vm.Thanks(self.frame())
        for reason in REASONS:
            money, amount = _money(reason)
            yield (
                f"50-refused-{reason}",
                vm.Refused(self.frame(), reason, money, local.contact, amount, "", local.alternatives),
            )
        yield "51-refused-owed", vm.Refused(self.frame(), "change_short", "owed", local.contact, 400, "K-0042")
        yield "51-refused-held", vm.Refused(self.frame(), "power_cut", "held", local.contact, 1200, "K-0042")
        yield "51-refused-unknown-word", vm.Refused(self.frame(), "something_new", "none", local.contact)


def _household(count: int) -> tuple[vm.MemberRow, ...]:
    """Invented people; the third has a name as long as names of foreign residents get."""
    names = (
        ("佐賀　花子", "世帯主"),
        ("佐賀　太郎", "夫"),
        ("ＭＡＲＩＡ　ＦＥＲＮＡＮＤＡ　ＧＯＮＺＡＬＥＺ　ＤＥ　ＬＡ　ＣＲＵＺ　ＭＯＮＴＥＮＥＧＲＯ", "子の妻"),
        ("𠮷﨑　葛󠄀子", "子"),
        ("佐賀　一", "子"),
        ("佐賀　勘解由小路左衛門三郎", "父"),
    )
    return tuple(
        vm.MemberRow(f"m{index}", *names[index % len(names)], on=index in {0, 2}, holder=index == 0)
        for index in range(count)
    )


def _members(choosing: vm.Frame) -> Iterator[tuple[str, vm.View]]:
    for count in (2, 5, 20):
        yield f"22-members-{count:02}", vm.ChooseMembers(choosing, _household(count), True)
    nobody = tuple(replace(row, on=False) for row in _household(3))
    yield "22-members-none", vm.ChooseMembers(choosing, nobody, False)
    longest = replace(
        _household(1)[0], name="ＷＯＬＦＥＳＣＨＬＥＧＥＬＳＴＥＩＮＨＡＵＳＥＮＢＥＲＧＥＲＤＯＲＦＦ　" * 4
    )
    yield "22-members-longest", vm.ChooseMembers(choosing, (longest, *_household(7)[1:]), True)


def _staff(plain: vm.Frame) -> Iterator[tuple[str, vm.View]]:
    names = ("山田　花子", "鈴木　一郎", "髙橋　美咲", "ＪＯＮＡＴＨＡＮ　ＡＬＥＸＡＮＤＥＲ　ＳＭＩＴＨ")
    people = tuple(
        vm.StaffName(f"s{index}", names[index % len(names)], "manager" if index == 0 else "handler")
        for index in range(15)
    )
    yield "60-staff-names", vm.StaffSignIn(plain, people[:4], "", 0)
    yield "60-staff-names-twelve", vm.StaffSignIn(plain, people[:12], "", 0)
    yield "60-staff-names-more", vm.StaffSignIn(plain, people, "", 0)
    yield "60-staff-nobody", vm.StaffSignIn(plain, (), "", 0, nobody=True)
    yield "61-staff-number", vm.StaffSignIn(plain, people[:4], "s0", 3)
    yield "61-staff-number-full", vm.StaffSignIn(plain, people[:4], "s3", 6)
    yield "61-staff-number-wrong", vm.StaffSignIn(plain, people[:4], "s0", 0, refused=True)
    yield "61-staff-number-locked", vm.StaffSignIn(plain, people[:4], "s0", 0, refused=True, locked_s=271)
    parts = ("reader", "cash", "printer", "issuer", "sound", "sensors", "receipt", "display")
    well = tuple((part, "") for part in parts)
    ill = tuple(zip(parts, ("", "offline", "media-jam", "starting", "", "silent", "media-empty", "new"), strict=True))
    yield "62-staff-menu", vm.StaffMenu(plain, "山田　花子", "manager", ("camera", "sign_off"), "", well)
    yield (
        "62-staff-menu-stopped",
        vm.StaffMenu(
            plain,
            "山田　花子",
            "manager",
            ("reopen", "found", "camera", "sign_off"),
            "reference",
            (*ill, ("camera", "no_recorder")),
            2,
        ),
    )
    yield (
        "62-staff-menu-faulty",
        vm.StaffMenu(plain, "鈴木　一郎", "handler", ("found", "sign_off"), "", ill, 1),
    )
    back = replace(plain, back=True)
    reasons = ("paper_checked", "identity_clarified", "cash_counted", "device_repaired", "false_alarm")
    yield "63-staff-reopen", vm.StaffReopen(back, "erase_failed_reader", reasons, "")
    yield "63-staff-reopen-chosen", vm.StaffReopen(back, "denied_twice", reasons, "identity_clarified")
    what = ("card", "certificate_tray", "change_tray", "receipt_tray")
    entries = tuple(vm.FoundEntry(40 + index, what[index % 4], NOON) for index in range(6))
    yield "64-staff-found", vm.StaffFound(back, entries[:2])
    yield "64-staff-found-many", vm.StaffFound(back, entries)
    yield "64-staff-found-none", vm.StaffFound(back, ())
    yield from camera_samples(back, NOON)


def _money(reason: str) -> tuple[str, int]:
    """What may have become of the money with a reason, and the amount."""
    if reason in {"paid_back", "cancelled", "timed_out", "printing_failed"}:
        return "returned", 600
    if reason in {"printing_unknown", "power_cut"}:
        return "held", 300
    return "none", 0


def wished(view: vm.View, *, large: bool = False, contrast: bool = False, spoken: bool = False) -> vm.View:
    """The view for a person who wishes for this, as the core would say it."""
    frame = view.frame
    switches = frame.switches
    if spoken and not isinstance(view, vm.Still) and "slow" not in switches:
        switches = (*switches, "slow")
    return replace(
        view, frame=replace(frame, large=large, high_contrast=contrast, spoken=spoken, switches=switches)
    )  # fmt: skip


def samples(language: str = "ja") -> Iterator[tuple[str, vm.View]]:
    """(file name without ending, view), as the core would say it in that language; the staff's are Japanese."""
    sampler = _Sampler(language)
    yield from sampler.service()
    yield from sampler.card()
    yield from sampler.choosing()
    yield from sampler.paying()
    yield from sampler.ends()
    yield from _staff(_Sampler("ja").frame())
