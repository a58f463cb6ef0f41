"""What the recorder does, and what is wrong with it, in plain words for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .watch import Told

FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "lost": ("カメラの映像が来ない", "no pictures from the camera"),
    "frozen": ("映像が止まっている", "the picture is frozen"),
    "dark": ("映像が暗い", "the picture is dark"),
    "bright": ("映像がまっ白", "the picture is too bright"),
    "covered": ("レンズがおおわれている", "the lens is covered"),
    "defocused": ("ピントが外れている", "the picture is blurred"),
    "turned": ("カメラの向きが変わった", "the camera was turned"),
    "case_opened": ("鍵の持ち出しがないのにケースが開いた", "case opened without a booked key"),
    "case_sensor": ("ケースのセンサーの返事がない", "the case's sensor does not answer"),
    "key_out": ("鍵が返っていない", "the key was not brought back"),
    "books": ("帳簿に書けない", "the books cannot be written"),
    "books_lost": ("前の帳簿が読めない", "the books from before cannot be read"),
    "books_changed": ("帳簿が書き換えられている", "a book was changed by hand"),
    "bad_slots": ("録画ディスクに使えない所がある", "a part of the video disk fails"),
    "test": ("開く前の録画の確認に失敗", "the test before opening failed"),
    "state": ("録画装置の控えに書けない", "the recorder's state cannot be written"),
    "clock": ("時計が合っていない", "the clock is not set"),
    "disk": ("録画ディスクの故障", "the video disk fails"),
    "full": ("録画ディスクがいっぱい", "the video disk is full"),
}
"""A fault's name, as the recorder tells it, to Japanese and English."""
_ROOM: Final = ("容量の予告・警報", "the ring is too small for the rule")
"""Everything about the ring's capacity."""


def fault_words(name: str) -> tuple[str, str]:
    return FAULTS.get(name, _ROOM)


def words_of(told: Told, *, running: bool, configured: bool) -> dict[str, Any]:
    """``words``, ``words_en``: what it does; ``alarms``: [{``name``, ``words``, ``words_en``}]."""
    words, english = _state(told, running, configured)
    alarms = [(name, *fault_words(name)) for name in sorted(told.faults)]
    return {
        "words": words,
        "words_en": english,
        "alarms": [{"name": name, "words": japanese, "words_en": said} for name, japanese, said in alarms],
    }


def _state(told: Told, running: bool, configured: bool) -> tuple[str, str]:
    if not configured:
        return "録画装置の設定に誤りがあります（recorder.log）", "The recorder's configuration is wrong (recorder.log)"
    if not running:
        return "録画装置が止まっています", "The recorder is not running"
    if not told.answers:
        return "録画装置が起動しています", "The recorder is starting"
    if told.recording:
        return "録画しています", "Recording"
    if told.armed:
        return "人が前に立つのを待っています", "Waits for somebody to step in front"
    if told.faults & {"lost", "disk", "full"}:
        return "録画できません", "Cannot record"
    return "時間外です。録画しません", "Out of hours: nothing is recorded"
