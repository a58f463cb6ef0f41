"""What can go wrong with the simulated machine: one vocabulary for tests, scenarios and the bench page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Fault:
    """A fault: its label and description for the bench page (Japanese) and its parameters with their defaults."""

    label: str
    description: str
    parameters: Mapping[str, object] = field(default_factory=dict)


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "paper_out": Fault(
            "用紙切れ",
            "指定のトレイの用紙がなくなります。after に枚数を入れると、その枚数だけ残して切れます。",
            {"tray": "tray-1", "after": 0},
        ),
        "jam": Fault(
            "紙づまり",
            "印刷中（なければ次）のジョブの sheet 枚目がつまります。解除すると、その紙を刷り直します。",
            {"sheet": 1},
        ),
        "toner_empty": Fault("トナー切れ", "トナーがなくなり、印刷が止まります。"),
        "toner_low": Fault("トナー残りわずか", "トナーが残り 5 % になります。印刷は続きます。"),
        "cover_open": Fault("カバー開", "カバーが開きます。途中の紙は機内に残り、閉じると刷り直します。"),
        "output_full": Fault("排紙トレイ満杯", "排紙トレイが他の紙で一杯になります。取り除くまで次の紙は出ません。"),
        "unreachable": Fault("ネットワーク断", "接続を拒否します。受け取り済みのジョブの印刷は続きます。"),
        "hang": Fault(
            "無応答",
            "接続は受けますが何も答えず、紙も動きません。解除すると、たまっていた要求に遅れて答えます。",
        ),
        "reboot": Fault("再起動", "その場で再起動します。ジョブと番号を忘れ、稼働時間が 1 に戻ります。"),
        "abort_next": Fault(
            "次のジョブを中止",
            "印刷中の（なければ次の）ジョブを、after_sheets 枚出したところで複合機が中止します。",
            {"after_sheets": 0},
        ),
        "hold_next": Fault(
            "次のジョブを保留", "次のジョブを複合機が保留します。解除しても、保留中のジョブは残ります。"
        ),
        "slow": Fault("低速", "1 枚にかかる時間が factor 倍になります。", {"factor": 10.0}),
    }
)


@dataclass
class Troubles:
    """The faults at work now. `armed` holds those that wait for a sheet: name -> sheet number or count."""

    active: dict[str, dict[str, object]] = field(default_factory=dict)
    armed: dict[str, int] = field(default_factory=dict)
    before: dict[str, float] = field(default_factory=dict)
    """What was there before the fault, to be put back."""
    network: bool = True
    hanging: bool = False
    slow: float = 1.0

    def disarm(self, name: str) -> None:
        self.armed.pop(name, None)
        self.active.pop(name, None)


def parameters(name: str, given: Mapping[str, object]) -> dict[str, object]:
    """The parameters of fault `name`, defaults filled in. Raises ValueError naming what is allowed."""
    if name not in FAULTS:
        raise ValueError(f"unknown fault {name!r}; known: {', '.join(FAULTS)}")
    allowed = FAULTS[name].parameters
    unknown = sorted(set(given) - set(allowed))
    if unknown:
        raise ValueError(
            f"fault {name} does not take {', '.join(unknown)}; it takes: {', '.join(allowed) or 'nothing'}"
        )
    result = {**allowed, **given}
    for key, value in result.items():
        default = allowed[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        right = isinstance(value, str) if isinstance(default, str) else number
        if isinstance(default, int) and not isinstance(value, int):
            right = False
        if not right or (number and value < 0):  # type: ignore[operator]
            kind = "a text" if isinstance(default, str) else "a number of at least 0"
            raise ValueError(f"fault {name}: {key} must be {kind}")
    return result
