"""What the terminal is doing and what it waits for, in plain words, from the screen that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Doing:
    """``tone``: free, busy, person (it waits for the person), out, staff or off; the page colours by it."""

    tone: str
    state: str
    waits: str
    state_en: str
    waits_en: str

    def to_json(self) -> dict[str, str]:
        return {
            "tone": self.tone,
            "state": self.state,
            "waits": self.waits,
            "state_en": self.state_en,
            "waits_en": self.waits_en,
        }


def _person(waits: str, waits_en: str) -> Doing:
    return Doing("person", "ご利用中", waits, "In use", waits_en)


OFF = Doing("off", "停電中", "電源が入るのを待っています", "No power", "waits for the power")
STARTING = Doing("busy", "起動中", "画面が出るのを待っています", "Starting", "no picture yet")
UNKNOWN = Doing("person", "ご利用中", "画面の操作を待っています", "In use", "waits for a touch")

SCREENS: Mapping[str, Doing] = {
    "still": Doing("busy", "準備中", "次の人の準備をしています", "Preparing", "gets ready for the next person"),
    "idle": Doing("free", "受付中", "カードを待っています", "Ready", "waits for a card"),
    "closed": Doing("out", "時間外", "開く時刻を待っています", "Closed", "waits for the opening time"),
    "out_of_service": Doing(
        "out", "休止中", "直るか、係員が来るのを待っています", "Out of service", "waits for a repair or the staff"
    ),
    "wait": Doing(
        "busy", "処理中", "カード・センター・市の返事を待っています", "Working", "waits for card, centre or city"
    ),
    "pin_pad": _person("暗証番号を待っています（1234）", "waits for the PIN (1234)"),
    "last_try": _person("もう一度入れるか、やめるかの返事を待っています", "waits for: try once more, or stop"),
    "take_card": _person("カードが取られるのを待っています", "waits until the card is taken"),
    "choose_certificate": _person("証明書を選ぶのを待っています", "waits for the choice of a certificate"),
    "choose_kind": _person("種類を選ぶのを待っています", "waits for the choice of a kind"),
    "choose_household": _person("だれの分かを待っています", "waits for: whose entries"),
    "choose_members": _person("だれの分かを待っています", "waits for: whose entries"),
    "choose_items": _person("のせる項目を待っています", "waits for the items"),
    "choose_copies": _person("部数を待っています", "waits for the number of copies"),
    "confirm": _person("内容の確認を待っています", "waits for a confirmation"),
    "arrived": _person("本人の確認を待っています", "waits for: is it you?"),
    "pay": _person("お金を待っています", "waits for money"),
    "printing": Doing("busy", "印刷中", "印刷機を待っています", "Printing", "waits for the printer"),
    "take": _person("紙とおつりが取られるのを待っています", "waits until paper and change are taken"),
    "refused": _person("説明を読むのを待っています", "has said why it cannot go on"),
    "thanks": Doing("busy", "終了", "次の人の準備をしています", "Done", "gets ready for the next person"),
    "warning": _person("続けるかどうかの返事を待っています", "asks whether the person is still there"),
    "staff_sign_in": Doing(
        "staff", "係員用の画面", "係員の番号を待っています", "Staff screen", "waits for a staff number"
    ),
    "staff_menu": Doing("staff", "係員用の画面", "作業を選ぶのを待っています", "Staff screen", "waits for a task"),
    "staff_reopen": Doing("staff", "係員用の画面", "再開の理由を待っています", "Staff screen", "waits for a reason"),
    "staff_found": Doing(
        "staff", "係員用の画面", "忘れ物の処理を待っています", "Staff screen", "waits for the found object"
    ),
    "staff_camera": Doing(
        "staff", "係員用の画面", "カメラの画面を見るのを待っています", "Staff screen", "shows the camera to the staff"
    ),
    "staff_recorder": Doing(
        "staff", "係員用の画面", "録画装置の確認を待っています", "Staff screen", "tells of the recorder"
    ),
    "staff_keys": Doing(
        "staff", "係員用の画面", "鍵の記録の確認を待っています", "Staff screen", "shows the key's book"
    ),
}
"""By the id of the screen."""


def doing(screen: str, *, powered: bool) -> Doing:
    """What to say while this screen is shown; an empty id is a dark panel."""
    if not powered:
        return OFF
    return STARTING if not screen else SCREENS.get(screen, UNKNOWN)
