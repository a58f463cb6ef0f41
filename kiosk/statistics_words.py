"""What the statistics call the words of the journal; a word that is not here is shown as it is."""

from __future__ import annotations

from typing import Final

ENDINGS: Final = {
    "completed": "終わりまで使えた",
    "interrupted": "停電などで途中で止まった",
    "cancelled": "本人がやめた",
    "timed_out": "時間がたったのでやめた",
    "not_me": "「私ではない」と答えた",
    "card_unknown": "使えない種類のカード",
    "card_phone": "スマートフォン",
    "card_felica": "交通系などのカード",
    "several_cards": "カードが2枚以上",
    "card_unreadable": "カードを読み取れない",
    "card_removed": "途中でカードが離れた",
    "card_expired": "電子証明書の期限切れ",
    "card_not_yet_valid": "電子証明書の使い始めの前",
    "card_unknown_issuer": "電子証明書を確かめられない",
    "card_juki_expired": "住基カードの期限切れ",
    "card_not_served": "この機械では扱わないカード",
    "other_city": "ほかの市区町村のカード",
    "pin_blocked": "暗証番号が止まっている",
    "pin_never_set": "暗証番号が登録されていない",
    "not_registered": "登録が見つからない",
    "certificate_revoked": "電子証明書の失効",
    "status_unknown": "電子証明書の状態がわからない",
    "not_in_service": "扱っていない証明書",
    "not_available": "この機械では発行できない",
    "nothing_registered": "証明する登録がない",
    "outside_hours": "受付時間の外",
    "too_many_pages": "枚数が多すぎる",
    "fee_changed": "手数料が変わった",
    "copies_exceeded": "部数が多すぎる",
    "city_unavailable": "市につながらない",
    "page_unreadable": "届いた証明書を確かめられない",
    "mismatch": "届いた内容が合わない（機械を停止）",
    "printer_not_ready": "印刷の用意ができていない",
    "receipt_not_ready": "領収書の用紙がない",
    "change_short": "おつりが足りない",
    "paid_back": "お金を返して終わった",
    "printing_failed": "印刷が途中で止まった",
    "printing_unknown": "印刷を確かめられない",
    "left_behind": "カードの取り忘れ",
    "power_cut": "停電などで途中で止まった（お金の扱いが残った）",
}
THINGS: Final = {
    "card": "カード",
    "certificate_tray": "証明書",
    "change_tray": "おつり",
    "receipt_tray": "領収書",
}
BECAME: Final = {"handed_back": "本人に返した", "at_counter": "窓口で預かった", "nothing_there": "何もなかった"}
SPOILT: Final = {
    "void": "紙が出たが、そろわなかった（無効にするもの）",
    "nothing": "紙が出なかった",
    "unknown": "出たかどうかわからない（係員が確かめるもの）",
}
"""Copies that are no good; the first are for the rubber stamp 無効 (F-20)."""
