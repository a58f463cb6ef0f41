"""The one vocabulary of what can go wrong with the cash unit, and the faults that are armed now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .metal import HOPPERS

Value = int | float

_REQUEST: Mapping[str, Value | None] = MappingProxyType({"times": 1, "address": None, "header": None})
_HOPPER: Mapping[str, Value | None] = MappingProxyType({"yen": None})


@dataclass(frozen=True)
class FaultKind:
    """What the bench page says of a fault, and the values it takes with their defaults.

    `times`: how often it strikes before it is used up (None: until cleared). `address`, `header`: only
    requests to that device, with that command. `yen`: which hopper (required). `gap_s` and a late reply's
    `delay_s` are seconds on the wire, a late coin's `delay_s` and `off_s` seconds of mechanics.
    `at_once`: an act rather than a state; nothing stays armed.
    """

    label: str
    description: str
    values: Mapping[str, Value | None] = field(default_factory=dict)
    at_once: bool = False


FAULTS: Mapping[str, FaultKind] = MappingProxyType(
    {
        # on the wire
        "lost_request": FaultKind("要求が消える", "次の要求が装置に届きません(エコーは返ります)。", _REQUEST),
        "lost_reply": FaultKind("応答が消える", "装置は動作しますが、応答が届きません。", _REQUEST),
        "corrupt_reply": FaultKind("応答が壊れる", "次の応答の1ビットが化けます。", _REQUEST),
        "late_reply": FaultKind(
            "応答が遅れる", "次の応答が制限時間を過ぎてから届きます。", {**_REQUEST, "delay_s": 0.5}
        ),
        "no_echo": FaultKind("エコーなし", "送った内容が折り返されません。"),
        "corrupt_echo": FaultKind("エコーが壊れる", "次のエコーの1ビットが化けます。", {"times": 1}),
        "double_echo": FaultKind("エコーが二重", "次のエコーが2回返ります。", {"times": 1}),
        "busy": FaultKind("装置がBUSY", "実行せずにBUSYを返します。", _REQUEST),
        "nak": FaultKind("装置がNAK", "実行せずにNAKを返します。", _REQUEST),
        "bus_dead": FaultKind("回線が無応答", "エコーも応答もありません。"),
        "byte_gaps": FaultKind(
            "応答が途切れ途切れ",
            "応答のバイトの間が空きます。",
            {"times": None, "address": None, "header": None, "gap_s": 0.02},
        ),
        "unplugged": FaultKind("ケーブル抜け", "通信ケーブルが抜けます。解除すると差し直します。"),
        # coin acceptor
        "coin_refused": FaultKind("硬貨を受け付けない", "正しい硬貨が返却されます。", {"times": 1}),
        "coin_swallowed": FaultKind("硬貨の飲み込み", "硬貨が金額に数えられずに金庫へ落ちます。", {"times": 1}),
        "coin_on_string": FaultKind(
            "糸つり硬貨", "通過した硬貨が引き戻されます。金額には数えられません。", {"times": 1}
        ),
        "late_coin": FaultKind(
            "硬貨が遅れて届く", "次の硬貨が通路で遅れ、受付停止の後に届きます。", {"times": 1, "delay_s": 1.0}
        ),
        "acceptor_event": FaultKind("識別機の通知", "識別機が番号の通知を1件出します。", {"code": 14}, at_once=True),
        "acceptor_self_check": FaultKind("識別機の故障", "自己診断が故障番号を返します。", {"code": 3}),
        "acceptor_reset": FaultKind(
            "識別機の瞬断", "識別機の電源が一瞬落ち、受付停止の状態から始まります。", at_once=True
        ),
        "acceptor_swapped": FaultKind("識別機の交換", "別の製造番号の識別機に替わります。", {"serial": 654321}),
        # payout hoppers
        "hopper_jam": FaultKind("払出機の詰まり", "指定の枚数を出した後に詰まります。", {**_HOPPER, "at": 0}),
        "hopper_empty": FaultKind(
            "払出機の空回り", "指定の枚数を出した後、硬貨が出なくなります。", {**_HOPPER, "at": 0}
        ),
        "hopper_blocked": FaultKind("払出口のふさがり", "出口のセンサーがふさがったままになります。", _HOPPER),
        "hopper_power_cut": FaultKind(
            "払出中の停電",
            "指定の枚数を出した後、その払出機だけ電源が落ち、戻ります。",
            {**_HOPPER, "at": 0, "off_s": 1.0, "bounces": 1},
        ),
        "hopper_late_coin": FaultKind(
            "緊急停止後の1枚", "緊急停止の応答の後に、もう1枚落ちます。", {**_HOPPER, "times": 1}
        ),
        "hopper_count_cleared": FaultKind("払出累計の消去", "払出枚数の累計が0に戻ります。", _HOPPER, at_once=True),
        "hopper_count_jumped": FaultKind(
            "払出累計の飛び", "払い出していないのに累計が増えます。", {**_HOPPER, "by": 1}, at_once=True
        ),
    }
)


@dataclass
class Armed:
    """One fault that waits for its moment or lasts. `left` counts down; None lasts until cleared."""

    name: str
    values: dict[str, Value | None]
    left: int | None

    def __getitem__(self, key: str) -> float:
        """A value that the fault's kind always has."""
        value = self.values[key]
        if value is None:
            raise KeyError(f"{self.name}: {key} was not given")
        return float(value)

    def fits(self, where: Mapping[str, int]) -> bool:
        return all(self.values.get(key) in (None, value) for key, value in where.items())


def check(name: str, given: Mapping[str, Value | None]) -> dict[str, Value | None]:
    """The fault's values with defaults filled in.

    ValueError, naming what is allowed, for an unknown fault, an unknown value or a missing hopper.
    """
    kind = FAULTS.get(name)
    if kind is None:
        raise ValueError(f"unknown fault {name!r}; known are: {', '.join(sorted(FAULTS))}")
    if unknown := set(given) - set(kind.values):
        known = ", ".join(kind.values) or "no values"
        raise ValueError(f"fault {name!r} does not take {', '.join(sorted(unknown))}; it takes {known}")
    values = {**kind.values, **given}
    if "yen" in values and values["yen"] not in HOPPERS:
        raise ValueError(f"fault {name!r} needs yen=, the hopper meant: one of {tuple(HOPPERS)}")
    for key, value in values.items():
        if value is not None and value < 0:
            raise ValueError(f"fault {name!r}: {key} cannot be below 0")
    if values.get("times") == 0:
        raise ValueError(f"fault {name!r}: times must be at least 1, or None to last until cleared")
    return values


class Faults:
    """The faults that are armed now. Not thread-safe: the bench holds its lock around every call."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []

    def arm(self, name: str, values: dict[str, Value | None]) -> None:
        times = values.get("times")
        self._armed.append(Armed(name, values, None if times is None else int(times)))

    def clear(self, name: str | None = None) -> None:
        """Disarm one kind, or all."""
        self._armed = [fault for fault in self._armed if name is not None and fault.name != name]

    def find(self, name: str, **where: int) -> Armed | None:
        """The oldest armed fault of that kind that fits, left as it is."""
        for fault in self._armed:
            if fault.name == name and fault.left != 0 and fault.fits(where):
                return fault
        return None

    def strike(self, name: str, **where: int) -> Armed | None:
        """As `find`, and one of its times is used up."""
        fault = self.find(name, **where)
        if fault is not None and fault.left is not None:
            fault.left -= 1
            if fault.left == 0:
                self._armed.remove(fault)
        return fault

    def remove(self, fault: Armed) -> None:
        self._armed.remove(fault)

    def __iter__(self) -> Iterator[Armed]:
        return iter(self._armed)
