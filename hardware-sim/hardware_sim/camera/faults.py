"""What can go wrong with the simulated camera: its lens, its picture, its stream and its cable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Fault:
    """label, description: Japanese, for the page. parameters: with their defaults; choices: what a word may be."""

    label: str
    description: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "unplugged": Fault("カメラの線が抜けた", "カメラにつながらなくなります。直すと、つながります。"),
        "hung": Fault("カメラが固まった", "つながったまま、何も送ってこなくなります。"),
        "garbled": Fault(
            "映像データの化け",
            "how：送られてくるデータが壊れます。",
            {"how": "noise"},
            {"how": ("bits", "noise")},
        ),
        "frozen": Fault("映像が止まった", "同じ一枚の画像を送り続けます。"),
        "covered": Fault("レンズをおおう", "レンズの前がふさがれます。"),
        "defocused": Fault("ピントが外れた", "画像がぼやけます。"),
        "turned": Fault("向きが変えられた", "カメラが横を向き、機械の前が映りません。"),
        "dark": Fault("まっ暗", "灯りがすべて消え、ほとんど何も映りません。"),
        "glare": Fault("強い光", "レンズに強い光が当たり、まっ白になります。"),
        "resolution": Fault(
            "画像の大きさが変わった",
            "カメラの設定が変わり、幅 width、高さ height の画像になります。",
            {"width": 480, "height": 270},
        ),
        "no_keyframes": Fault("キーフレームが来ない", "差分だけを送り、単独で開ける画像を送らなくなります。"),
        "timestamps": Fault("時刻の飛び", "映像の中の時刻が、数秒ごとに前や後ろへ飛びます。"),
    }
)
"""Each lasts until it is cleared."""
LENS: Final = ("covered", "defocused", "turned", "dark", "glare")
"""Those of the view: one at a time, the last one counts."""
