"""Everything that can be broken, in one vocabulary: the simulators' own words, grouped for page and scenarios."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hardware_sim.camera.faults import FAULTS as CAMERA_FAULTS
from hardware_sim.cash.faults import FAULTS as CASH_FAULTS
from hardware_sim.centre.faults import CENTRE_FAULTS
from hardware_sim.city.faults import CITY_FAULTS
from hardware_sim.printer.faults import FAULTS as PRINTER_FAULTS
from hardware_sim.sensors.faults import FAULTS as SENSOR_FAULTS

from .english import CHOICES
from .english import FAULTS as ENGLISH

TARGETS: Mapping[str, tuple[str, str]] = {
    "power": ("電源", "Power"),
    "card": ("カードと読み取り台", "Card and reader"),
    "cash": ("お金の装置", "Coin unit"),
    "printer": ("印刷機", "Printer"),
    "sensors": ("受け取り口のセンサー", "Tray sensors"),
    "camera": ("防犯カメラ", "Security camera"),
    "recorder": ("録画装置", "Recorder"),
    "case": ("録画装置のケースのセンサー", "Sensor of the recorder's case"),
    "centre": ("センター", "National centre"),
    "city": ("市のサーバー", "City's server"),
}
"""Part of the world to its name on the page (Japanese, English), in the page's order."""


@dataclass(frozen=True)
class Breakage:
    """One thing that can go wrong. ``lasts``: until it is cleared; otherwise it happens and is over."""

    target: str
    name: str
    label: str
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lasts: bool = True

    @property
    def explained(self) -> str:
        """The description with the values in it that a click on the page takes."""
        text = _PLAINER.get((self.target, self.name), self.description)
        for key, value in self.parameters.items():
            shown = f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
            text = _word(key).sub("" if key in self.choices else shown, text)
        for choice in (choice for choices in self.choices.values() for choice in choices):
            text = _word(choice).sub(CHOICES.get(choice, (choice, ""))[0], text)
        return text

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "name": self.name,
            "label": self.label,
            "description": self.explained,
            "english": ENGLISH.get((self.target, self.name), ""),
            "parameters": dict(self.parameters),
            "choices": {key: list(values) for key, values in self.choices.items()},
            "lasts": self.lasts,
        }


def _word(name: str) -> re.Pattern[str]:
    """A parameter's or a choice's name where it stands in a description, with the space or colon around it."""
    return re.compile(rf" ?(?<![a-z_]){name}(?![a-z_]):? ?")


_PLAINER: Mapping[tuple[str, str], str] = {
    ("printer", "paper_out"): "証明書用紙がなくなります。直すか、用紙を足すと戻ります。",
    ("cash", "hopper_jam"): "100円の払出機が、払い出しを始めると詰まります。",
    ("cash", "hopper_empty"): "100円の払出機は回りますが、硬貨が出ません。",
    ("cash", "hopper_blocked"): "100円の払出機の、出口のセンサーがふさがったままになります。",
    ("cash", "hopper_power_cut"): "払い出しを始めると、100円の払出機だけ電源が落ち、戻ります。",
}
"""Where a click on the page does only one of the things that the simulator's own description tells of."""

_OWN: tuple[Breakage, ...] = (
    Breakage(
        "power",
        "cut",
        "停電",
        "発行機・お金の装置・印刷機の電源が off_s 秒切れて、戻ります。",
        {"off_s": 3.0},
        lasts=False,
    ),
    Breakage("power", "off", "電源を切ったまま", "直すまで、電源は戻りません。"),
    Breakage(
        "power",
        "kill",
        "制御プログラムの強制終了",
        "制御プログラムだけが突然終わり、off_s 秒後に始まります。",
        {"off_s": 1.0},
        lasts=False,
    ),
    Breakage("card", "slow", "カードが遅い", "コマンドごとに ms ミリ秒よけいにかかります。", {"ms": 1500}),
    Breakage("card", "mute", "カードが返事をしない", "置いたことはわかりますが、何を聞いても返事がありません。"),
    Breakage("card", "unplugged", "読み取り台のケーブルが抜けた", "直すと、つなぎ直します。"),
    Breakage(
        "card",
        "pull_at_pin",
        "暗証番号の照合でカードを抜く",
        "照合コマンドがカードで実行された後か前に、カードが抜けます。",
        {"when": "after"},
        {"when": ("before", "after")},
    ),
)  # fmt: skip

_PCSC: tuple[Breakage, ...] = (
    Breakage(
        "card", "reader_gone", "読み取りの常駐プログラムの停止", "pcscd が down_ms ミリ秒止まります。",
        {"down_ms": 5000}, lasts=False,
    ),
)  # fmt: skip
_RADIO: tuple[Breakage, ...] = (
    Breakage(
        "card", "disturbed", "電波の乱れ", "カードからの frames 回分のデータが、消えるか壊れます。",
        {"frames": 3, "how": "broken"}, {"how": ("lost", "broken", "forged")}, lasts=False,
    ),
    Breakage(
        "card", "leaves", "途中で離れる", "カードがあと frames 回データを送ったところで離れます。", {"frames": 8},
        lasts=False,
    ),
)  # fmt: skip

_RECORDER: tuple[Breakage, ...] = (
    Breakage(
        "recorder", "kill", "録画プログラムの強制終了", "録画プログラムだけが突然終わり、off_s 秒後に始まります。",
        {"off_s": 3.0}, lasts=False,
    ),
    Breakage("recorder", "off", "録画装置が止まったまま", "直すまで、録画プログラムは動きません。"),
)  # fmt: skip

_QUICK = (("printer", "paper_out"), ("centre", "down"), ("power", "cut"), ("printer", "jam"), ("cash", "coin_refused"))
"""Shown first on the page; the others behind ほか."""


def vocabulary(*, sensors: bool, radio: bool = False, camera: bool = False) -> list[Breakage]:
    """All of it, in the order of :data:`TARGETS`."""
    found = [*_OWN, *(_RADIO if radio else _PCSC)]
    found += [
        Breakage("printer", name, f.label, f.description, f.parameters, lasts=name != "reboot")
        for name, f in PRINTER_FAULTS.items()
    ]
    for target, words in (("centre", CENTRE_FAULTS), ("city", CITY_FAULTS)):
        found += [Breakage(target, name, f.label, f.description, f.parameters, f.choices) for name, f in words.items()]
    found += [
        Breakage(
            "cash",
            name,
            kind.label,
            kind.description,
            # A hopper has to be named: the page offers the one that matters most for change.
            {key: 100 if key == "yen" else value for key, value in kind.values.items()},
            lasts=not kind.at_once,
        )
        for name, kind in CASH_FAULTS.items()
    ]
    if sensors:
        found += [Breakage("sensors", name, label, lasts=name != "replugged") for name, label in SENSOR_FAULTS.items()]
    if camera:
        found += _RECORDER
        found += [
            Breakage("camera", name, f.label, f.description, f.parameters, f.choices)
            for name, f in CAMERA_FAULTS.items()
        ]
        found += [Breakage("case", name, label, lasts=name != "replugged") for name, label in SENSOR_FAULTS.items()]
    order = list(TARGETS)
    return sorted(found, key=lambda each: order.index(each.target))


def quick() -> tuple[tuple[str, str], ...]:
    """(target, name) of what the page shows first."""
    return _QUICK
