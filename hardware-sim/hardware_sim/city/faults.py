"""What can go wrong at the city: one vocabulary for tests, scenarios and the bench page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hardware_sim.centre.faults import STEPS, Fault, on

REASONS: Final = (
    "not_registered", "certificate_revoked", "status_unknown", "certificate_expired", "certificate_invalid",
    "not_in_service", "not_available", "too_many_pages", "fee_changed", "copies_exceeded", "busy", "outside_hours",
    "nothing_registered", "other_city", "pin_wrong", "pin_blocked", "pin_never_set",
)  # fmt: skip
"""docs/protocol.md §8."""

_SEALED: Final = (*(step for step in STEPS if step != "open"), "any")
_WITH_SUBJECT: Final = ("authenticate", "pin", "household", "issue", "any")


def _issue(label: str, description: str) -> Fault:
    """A fault of certificates only."""
    return Fault(label, description, {"times": 0})


CITY_FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "slow": on("any", "市の応答が遅い", "s 秒待ってから答えます。", s=5.0),
        "refuse": Fault(
            "理由つきの拒否",
            "署名した理由 reason を返します。",
            {"step": "issue", "times": 0, "reason": "not_available"},
            {"step": _SEALED, "reason": REASONS},
        ),
        "garble": on("issue", "封が壊れる", "封をした応答の 1 ビットを変えます。開けなくなります。"),
        "cut": on("issue", "応答が切れる", "応答の途中で接続を切ります。"),
        "wrong_subject": Fault(
            "別人の証明書",
            "要求の番号はそのまま、別人の記録を使います。how: row＝記録ごと取り違え、page＝紙面だけ別人、"
            "lying＝別人の紙面を本人のものとして署名（暗号では見破れません）。",
            {"step": "issue", "times": 0, "how": "row"},
            {"step": _WITH_SUBJECT, "how": ("row", "page", "lying")},
        ),
        "truncate": on("issue", "封が途中まで", "封をした応答を半分で終わらせます。形は正しい応答です。"),
        "foreign_envelope": on("issue", "別セッション宛の封", "別のセッションの鍵で封をします。"),
        "replay_old": on("issue", "古い応答", "前に返した応答を、今の番号でもう一度返します。"),
        "wrong_holder": Fault(
            "世帯の本人の印が違う",
            "世帯員の一覧の「本人」の印を変えます。how: none＝誰にも付けない、two＝二人に付ける、"
            "other＝別の人に付ける。",
            {"times": 0, "how": "none"},
            {"how": ("none", "two", "other")},
        ),
        "wrong_members": _issue("世帯員の相違", "頼まれた人の代わりに、世帯の残りの人の住民票を出します。"),
        "wrong_items": _issue("項目の相違", "「本籍・筆頭者」の有無を、頼まれたものと逆にします。"),
        "page_swap": _issue("頁の差し替え", "1 頁目を別の世帯の頁に差し替えます。目録は元のままです。"),
        "unreadable_box": _issue("確認欄が読めない", "確認欄を文字でなく図形で描きます。"),
        "unsigned": on("issue", "署名なし", "署名の代わりに 0 を入れます。"),
        "late": on("issue", "古い時刻の応答", "応答の時刻を s 秒前にします。", s=600.0),
    }
)
