"""One of every screen, and its interesting states: for the gallery and for the layout tests. Nobody's data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kiosk import view_model as vm
from screens.strings import table

JST: Final = ZoneInfo("Asia/Tokyo")
NOON: Final = datetime(2026, 11, 20, 10, 24, tzinfo=JST)
CONTACT: Final = "市民生活課の窓口"
ALTERNATIVES: Final = (
    "市民生活課の窓口　月・水・木・金曜日 8時30分〜17時15分、火曜日 8時30分〜19時、日曜日 9時〜16時、"
    "土曜日、祝日、年末年始は休みます",
    "コンビニのマルチコピー機　6時30分〜23時",
)
OFFERS: Final = (
    vm.Offer("residence", "住民票の写し", 300),
    vm.Offer("seal", "印鑑登録証明書", 300),
    vm.Offer("income", "所得課税証明書", 300),
    vm.Offer("tax", "納税証明書", 300),
)
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
    "restricted",
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


def frame(step: int = 0, label: str = "", **changes: object) -> vm.Frame:
    plain = vm.Frame("ja", "佐賀市", "証明書発行機", NOON, step, 7 if step else 0, label)
    return replace(plain, **changes)  # type: ignore[arg-type]


def samples() -> Iterator[tuple[str, vm.View]]:
    """(file name without ending, view)."""
    yield from _service()
    yield from _card()
    yield from _choosing()
    yield from _paying()
    yield from _ends()
    yield from _staff()


def _service() -> Iterator[tuple[str, vm.View]]:
    closes = NOON.replace(hour=17, minute=15)
    opens = NOON.replace(day=22, hour=9, minute=0)
    yield "01-still", vm.Still(frame())
    yield "01-still-returning", vm.Still(frame(), returning_money=True)
    yield "02-idle", vm.Idle(frame(), OFFERS, closes, "防犯カメラ作動中", True)
    yield (
        "02-idle-caution",
        vm.Idle(
            frame(),
            (*OFFERS[:3], replace(OFFERS[3], available=False)),
            closes,
            "防犯カメラ作動中",
            True,
            "住民票の写しは、世帯主の方でも、ご本人のカードがないとお取りになれません。",
        ),
    )
    yield "02-idle-no-camera", vm.Idle(frame(), OFFERS[:1], closes, "防犯カメラ作動中", False)
    yield "03-closed", vm.Closed(frame(moment=NOON.replace(day=21)), "weekday_closed", "", opens, ALTERNATIVES)
    yield "03-closed-holiday", vm.Closed(frame(), "holiday", "勤労感謝の日", opens, ALTERNATIVES[:1])
    yield "03-closed-evening", vm.Closed(frame(), "after_hours", "", opens, ())
    yield "03-closed-year-end", vm.Closed(frame(), "year_end", "年末年始", None, ())
    for reason in ("paper", "left_behind", "stopped"):
        elsewhere = ALTERNATIVES if reason == "paper" else ()
        yield f"04-out-{reason}", vm.OutOfService(frame(), reason, CONTACT, elsewhere)


def _card() -> Iterator[tuple[str, vm.View]]:
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
        yield f"10-wait-{what}", vm.Wait(frame(step, label, cancel=step < 6 and step > 0), what, keep)
    both = {"back": True, "cancel": True}
    yield "11-pin", vm.PinPad(frame(2, "pin", **both), 2, 3)
    yield "11-pin-full", vm.PinPad(frame(2, "pin", **both), 4, 3)
    yield "11-pin-wrong", vm.PinPad(frame(2, "pin", **both), 0, 2, True)
    yield "11-pin-last", vm.PinPad(frame(2, "pin", **both), 1, 1, True)
    yield "12-last-try", vm.LastTry(frame(2, "pin", cancel=True), CONTACT)
    yield "13-take-card", vm.TakeCard(frame(3, "take_card", cancel=True), "choose")
    yield "13-take-card-refused", vm.TakeCard(frame(), "refused")


def _choosing() -> Iterator[tuple[str, vm.View]]:
    both = {"back": True, "cancel": True}
    yield (
        "20-certificate",
        vm.ChooseCertificate(frame(4, "choose", **both), (*OFFERS[:3], replace(OFFERS[3], available=False))),
    )
    yield "20-certificate-one", vm.ChooseCertificate(frame(4, "choose", **both), OFFERS[:1])
    yield "21-kind", vm.ChooseKind(frame(4, "choose", **both), ("residence_copy",))
    yield "22-household", vm.ChooseHousehold(frame(4, "choose", **both), ("whole", "part"))
    yield from _members(frame(4, "choose", **both))
    items = tuple(vm.Item(name, index > 1) for index, name in enumerate(ITEMS))
    yield "23-items", vm.ChooseItems(frame(4, "choose", **both), items)
    yield "24-copies", vm.ChooseCopies(frame(4, "choose", **both), 2, 10, 300)
    yield "24-copies-one", vm.ChooseCopies(frame(4, "choose", **both), 1, 10, 300)
    yield "24-copies-most", vm.ChooseCopies(frame(4, "choose", **both), 10, 10, 300)
    yield "25-confirm", vm.Confirm(frame(5, "confirm", **both), "住民票の写し", "whole", ITEMS[:1], 2, 600)
    yield "25-confirm-all", vm.Confirm(frame(5, "confirm", **both), "住民票の写し", "part", ITEMS, 10, 3000)
    yield "25-confirm-seal", vm.Confirm(frame(5, "confirm", **both), "印鑑登録証明書", "", (), 1, 300)


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


def _staff() -> Iterator[tuple[str, vm.View]]:
    plain = frame()
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
    yield "62-staff-menu", vm.StaffMenu(plain, "山田　花子", "manager", ("sign_off",), "", well)
    yield (
        "62-staff-menu-stopped",
        vm.StaffMenu(plain, "山田　花子", "manager", ("reopen", "found", "sign_off"), "reference", ill, 2),
    )
    yield (
        "62-staff-menu-faulty",
        vm.StaffMenu(plain, "鈴木　一郎", "handler", ("found", "sign_off"), "", ill, 1),
    )
    back = frame(back=True)
    reasons = ("paper_checked", "identity_clarified", "cash_counted", "device_repaired", "false_alarm")
    yield "63-staff-reopen", vm.StaffReopen(back, "erase_failed_reader", reasons, "")
    yield "63-staff-reopen-chosen", vm.StaffReopen(back, "denied_twice", reasons, "identity_clarified")
    what = ("card", "certificate_tray", "change_tray", "receipt_tray")
    entries = tuple(vm.FoundEntry(40 + index, what[index % 4], NOON) for index in range(6))
    yield "64-staff-found", vm.StaffFound(back, entries[:2])
    yield "64-staff-found-many", vm.StaffFound(back, entries)
    yield "64-staff-found-none", vm.StaffFound(back, ())


def _paying() -> Iterator[tuple[str, vm.View]]:
    arrived = frame(5, "arrived", cancel=True)
    yield "30-arrived", vm.Arrived(arrived, "住民票の写し", 2, 600, "佐〇　〇子")
    yield "30-arrived-rare", vm.Arrived(arrived, "住民票の写し", 1, 300, "𠮷〇　〇﨑")
    long = "Ｓ〇〇〇〇　Ｊ〇〇〇　Ａ〇〇〇〇〇〇〇Ｒ"
    yield "30-arrived-long", vm.Arrived(arrived, "所得課税証明書", 1, 300, long)
    every = frozenset({500, 100, 50, 10})
    yield "31-pay", vm.Pay(frame(6, "pay", cancel=True), 600, 0, every)
    returns = frame(6, "pay", cancel=True, cancel_returns_money=True)
    yield "31-pay-part", vm.Pay(returns, 600, 400, frozenset({100, 50, 10}))
    yield "31-pay-exact", vm.Pay(returns, 600, 100, frozenset({100, 50, 10}), True)
    yield "31-pay-over", vm.Pay(returns, 600, 1000, frozenset())
    yield "32-printing", vm.Printing(frame(7, "print"), 1, 2)
    yield "32-printing-one", vm.Printing(frame(7, "print"), 1, 1)
    yield "32-printing-paper", vm.Printing(frame(7, "print"), 2, 3, "paper")
    yield "32-printing-tray", vm.Printing(frame(7, "print"), 1, 1, "tray_full")
    yield "33-warning", vm.Pay(replace(returns, warning_s=20), 600, 400, every)
    yield "33-warning-name", vm.Arrived(replace(arrived, warning_s=9), "住民票の写し", 2, 600, "佐〇　〇子")


def _ends() -> Iterator[tuple[str, vm.View]]:
    take = frame(7, "take")
    yield "40-take-all", vm.Take(take, ("certificate", "change", "receipt"), 400)
    yield "40-take-change", vm.Take(take, ("change", "receipt"), 400)
    yield "40-take-receipt", vm.Take(take, ("receipt",), 0)
    yield "40-take-touch", vm.Take(take, ("certificate",), 0, by_touch=True)
    yield "40-take-owed", vm.Take(take, ("certificate", "receipt"), 0, 200, "K-0042")
    yield "49-thanks", vm.Thanks(frame())
    for reason in REASONS:
        yield f"50-refused-{reason}", vm.Refused(frame(), reason, *_money(reason), alternatives=ALTERNATIVES)
    yield "51-refused-owed", vm.Refused(frame(), "change_short", "owed", CONTACT, 400, "K-0042")
    yield "51-refused-unknown-word", vm.Refused(frame(), "something_new", "none", CONTACT)


def _money(reason: str) -> tuple[str, str, int, str]:
    """money, contact, amount, slip as they may come with a reason."""
    if reason in {"paid_back", "cancelled", "timed_out", "printing_failed"}:
        return "returned", CONTACT, 600, ""
    if reason in {"printing_unknown", "power_cut"}:
        return "held", CONTACT, 300, ""
    return "none", CONTACT, 0, ""


def every_text_id(language: str = "ja") -> frozenset[str]:
    return table(language).ids()
