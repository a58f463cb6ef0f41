"""What staff see of the camera, for the gallery and the layout tests. A drawing for a picture, and invented people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from kiosk import view_model as vm

PICTURE: Final = Path(__file__).with_name("sample-camera.jpg")


def camera_samples(back: vm.Frame, noon: datetime) -> Iterator[tuple[str, vm.View]]:
    """(file name without ending, view) of the staff's pages about the camera."""
    jpeg, taken = PICTURE.read_bytes(), noon.replace(second=7)
    both = ("recorder", "keys")
    worst = ("lost", "case_opened", "conflict_7", "overwriting_young", "case_sensor", "key_out", "brand_new")
    live = vm.StaffCamera(back, jpeg, taken, "", 0, True, armed=True, tasks=both)
    yield "65-staff-camera", replace(live, recording=True)
    yield "65-staff-camera-shut", replace(live, armed=False)
    yield "65-staff-camera-old", replace(live, old_s=12, faults=("covered", "clock"))
    yield "65-staff-camera-lost", replace(live, picture=b"", taken=None, why="lost", armed=False, faults=worst)
    yield "65-staff-camera-silent", vm.StaffCamera(back, b"", None, "silent", tasks=both)
    yield "65-staff-camera-waiting", vm.StaffCamera(back, b"", None, tasks=both)
    outlook = (
        "1年のうちに、保存期間に満たない画像を上書きする見込みはありません"
        "（開いている日に1日2.4時間の録画、容量はおよそ1,920時間）。"
    )
    soon = (
        "あと6日ほどで（11月26日ごろ）、保存期間に満たない画像を上書きすることになります（開いている日に1日9.7時間の録画、"
        "容量はおよそ1,920時間）。保存の延長を見直すか、大きいディスクに替えてください。"
    )
    well = vm.StaffRecorder(back, True, armed=True, footage_h=571.25, oldest_h=5123.5, outlook=outlook)
    yield "66-staff-recorder", well
    yield "66-staff-recorder-new", replace(well, footage_h=0.0, oldest_h=None, outlook="")
    yield "66-staff-recorder-one", replace(well, faults=("turned",))
    yield "66-staff-recorder-many", replace(well, armed=False, faults=worst, outlook=soon)
    yield "66-staff-recorder-disk", replace(well, armed=False, faults=("disk",), footage_h=None, oldest_h=None)
    yield "66-staff-recorder-silent", vm.StaffRecorder(back, False, "silent")
    lines = tuple(_keys(noon))
    book = vm.StaffKeys(back, "", "鍵保管庫", lines=lines[1:], rows=27)
    yield "67-staff-keys", book
    yield "67-staff-keys-out", replace(book, holder=lines[0].holder, since=lines[0].out, lines=lines)
    bad = replace(lines[2], bad=9)
    verdict = "9行目が書き換えられています。ファイルはそのままにして、管理者に知らせてください。"
    yield "67-staff-keys-tampered", replace(book, lines=(bad, *lines[1:2], *lines[3:]), rows=8, verdict=verdict)
    yield "67-staff-keys-one", replace(book, lines=lines[1:2], rows=4)
    yield "67-staff-keys-empty", replace(book, lines=(), rows=0)
    yield "67-staff-keys-unreadable", vm.StaffKeys(back, "unreadable")


def _keys(noon: datetime) -> Iterator[vm.KeyLine]:
    """One that is not over, uses, and an alarm; newest first."""
    who = ("市民生活課　主事　佐賀　花子", "ＪＯＮＡＴＨＡＮ　ＡＬＥＸＡＮＤＥＲ　ＳＭＩＴＨ（保守業者）")
    for number in range(9):
        out = noon.replace(day=20 - 2 * number, hour=9, minute=5)
        opened = ((out.replace(minute=7), out.replace(minute=19) if number else None),) if number % 3 != 1 else ()
        if number == 4:
            yield vm.KeyLine(5, True, out, out.replace(minute=9), seen_by="市民生活課長　鍋島　直子")
            continue
        back = out.replace(hour=17, minute=10) if number else None
        purpose = ("媒体の交換", "カメラの点検と、録画装置のほこり取り")[number % 2]
        yield vm.KeyLine(21 - number, False, out, back, who[number == 3], purpose, opened=opened)
