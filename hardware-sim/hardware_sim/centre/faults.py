"""What can go wrong at the far end: the form of a fault and of the set at work. The vocabularies are beside it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

STEPS: Final = ("open", "authenticate", "card", "pin", "household", "issue")


_MOST: Final = 100_000_000


@dataclass(frozen=True)
class Fault:
    """Label and description for the bench page (Japanese), and parameters with their defaults."""

    label: str
    description: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Allowed values of a text parameter."""

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "description": self.description,
            "parameters": dict(self.parameters),
            "choices": {name: list(values) for name, values in self.choices.items()},
        }


_STEP: Final = {"step": (*STEPS, "any")}


def on(step: str, label: str, description: str, **parameters: object) -> Fault:
    """A fault that strikes at a step, ``times`` times (0: until cleared)."""
    return Fault(label, description, {"step": step, "times": 0, **parameters}, _STEP)


class FaultError(ValueError):
    """A fault that cannot be set; the text says what can."""


class Faults:
    """The faults at work in one process. May be used from any thread."""

    def __init__(self, vocabulary: Mapping[str, Fault]) -> None:
        self.vocabulary = MappingProxyType(dict(vocabulary))
        self._active: dict[str, dict[str, Any]] = {}
        self._struck: dict[str, int] = {}
        self._lock = threading.Lock()

    def set(self, name: str, given: Mapping[str, object]) -> dict[str, Any]:
        """Put a fault to work; a second time replaces its parameters. Gives them, defaults filled in."""
        parameters = self._checked(name, given)
        with self._lock:
            self._active[name] = parameters
            self._struck[name] = 0
        return parameters

    def clear(self, name: str | None = None) -> None:
        """Take one fault away, or all of them."""
        if name is not None and name not in self.vocabulary:
            raise FaultError(f"unknown fault; known are {', '.join(self.vocabulary)}")
        with self._lock:
            for one in [name] if name is not None else list(self._active):
                self._active.pop(one, None)

    def active(self) -> dict[str, dict[str, Any]]:
        """Name -> parameters, with ``struck``: how often it did."""
        with self._lock:
            return {name: {**found, "struck": self._struck[name]} for name, found in self._active.items()}

    def strikes(self, name: str, step: str) -> dict[str, Any] | None:
        """The parameters when the fault strikes now, and counts; else None."""
        with self._lock:
            found = self._active.get(name)
            if found is None or found.get("step", "any") not in {step, "any"}:
                return None
            if 0 < found.get("times", 0) <= self._struck[name]:
                return None
            self._struck[name] += 1
            return dict(found)

    def _checked(self, name: str, given: Mapping[str, object]) -> dict[str, Any]:
        if name not in self.vocabulary:
            raise FaultError(f"unknown fault; known are {', '.join(self.vocabulary)}")
        fault = self.vocabulary[name]
        unknown = sorted(set(given) - set(fault.parameters))
        if unknown:
            allowed = ", ".join(fault.parameters) or "no parameters"
            raise FaultError(f"fault {name} does not take {', '.join(unknown)}; it takes {allowed}")
        result: dict[str, Any] = {**fault.parameters, **given}
        for key, value in result.items():
            if isinstance(fault.parameters[key], str):
                allowed_texts = fault.choices.get(key)
                if not isinstance(value, str) or (allowed_texts is not None and value not in allowed_texts):
                    raise FaultError(f"fault {name}: {key} must be one of {', '.join(allowed_texts or ())}")
            elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
                raise FaultError(f"fault {name}: {key} must be a number from 0 to {_MOST}")
        return result


CENTRE_FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "down": Fault("センター停止", "待ち受けをやめ、接続を拒否します。つながっている接続も切ります。"),
        "slow": on("any", "応答が遅い", "s 秒待ってから答えます。", s=5.0),
        "garble": on("any", "応答が壊れる", "応答の本文の 1 バイトを壊します。"),
        "truncate": on("any", "応答が途中まで", "応答の本文を半分で終わらせます。"),
        "cut": on("any", "応答が切れる", "応答の途中で接続を切ります。"),
        "oversized": on("any", "応答が大きすぎる", "応答の後ろに空白を bytes バイト足します。", bytes=14_000_000),
        "replay": on(
            "any",
            "古い応答の再送",
            "同じ手順で前に返した応答を、もう一度返します（最初の 1 件は覚えるだけです）。同じセッションでも替えます。",
        ),
        "cross_reply": on(
            "any",
            "応答の取り違え",
            "同じ手順で直前に別のセッションへ返した応答を、この端末に返します（最初の 1 件は覚えるだけです）。",
        ),
        "busy": on("any", "混雑", "受け付けず、混んでいると答えます。"),
        "unlisted_terminal": on("any", "端末が名簿にない", "この端末を知らないものとして断ります。"),
        "unlisted_address": Fault("アドレスが名簿にない", "どの接続元も許さず、接続を切ります。"),
        "duplicate": on("any", "要求の重複", "同じ要求を市へ 2 回送り、2 回目の応答を返します。"),
    }
)
