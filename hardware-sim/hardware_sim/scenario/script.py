"""A scenario's file: steps and expectations, read and checked before anything is started."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hardware_sim.bench.machine_file import PANELS, PROFILES, READERS

WITHIN_S: Final = 30.0


class ScriptError(ValueError):
    """A scenario's file is wrong; the text names file and place and says what to write."""


@dataclass(frozen=True)
class Step:
    """One thing that is done or waited for. ``within_s``: longest wait in real seconds."""

    n: int
    do: str
    value: Any = field(repr=False)
    within_s: float = WITHIN_S

    def shown(self) -> dict[str, Any]:
        """For the report; the PIN is left out."""
        return {self.do: "****" if self.do in {"pin", "number"} else self.value}


@dataclass(frozen=True)
class Pages:
    """Sheets that must come out of one paper tray, all with this holder's name (empty: not looked at).

    ``says``: words each of which stands on at least one sheet; ``says_not``: words that stand on none.
    """

    tray: str
    sheets: int
    name: str = ""
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setup:
    """The bench that a scenario wants. ``levels``: coins in the hoppers by denomination; empty: well filled."""

    profile: str = "saga"
    reader: str = "pcsc"
    panel: str = "upright"
    levels: tuple[tuple[int, int], ...] = ()
    camera: bool = False
    """With the security camera and its recorder."""


@dataclass(frozen=True)
class Expectation:
    """What the far ends must show at the end. None: not looked at."""

    outcome: str | None = None
    inserted_yen: int | None = None
    kept_yen: int | None = None
    paid_back_yen: int | None = None
    pages: tuple[Pages, ...] | None = None
    phrases: tuple[str, ...] = ()
    """Heard in this order; others may lie between."""
    screens: tuple[str, ...] = ()
    """Seen in this order; others may lie between."""
    final_screen: str | None = None
    recordings: int | None = None
    """Visits that the recorder kept."""
    covered: bool | None = None
    """Each person who stood there is on one of them, from coming until turning to go."""
    gap: bool | None = None
    """Something is missing within a recording."""
    alarms: tuple[str, ...] = ()
    """Faults that the recorder must have told of, in any order; others may be among them."""


@dataclass(frozen=True)
class Script:
    """One scenario."""

    name: str
    title: str
    steps: tuple[Step, ...]
    expect: Expectation
    setup: Setup = Setup()
    red: tuple[Step, ...] = ()
    """What breaks it: done before the first step, it must turn the scenario red."""


OUTCOMES: Final = ("issued", "returned", "nothing", "mixed")
"""Told from metal and paper alone, see :func:`hardware_sim.scenario.judge.outcome`."""
BEFORE_CAMERA: Final = (
    "step_in", "still", "move", "leave", "pass_by", "put_down", "take_away", "light_on", "light_off",
)  # fmt: skip
TAKES: Final = ("card", "paper", "certificate", "receipt", "change")


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _texts(value: object) -> bool:
    return _text(value) or (isinstance(value, list) and bool(value) and all(map(_text, value)))


def _yen(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _moment(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _bool(value: object) -> bool:
    return isinstance(value, bool)


def _seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _table(**keys: Callable[[object], bool]) -> Callable[[object], bool]:
    """A table with these keys and no others."""

    def fits(value: object) -> bool:
        if not isinstance(value, dict) or set(value) - set(keys):
            return False
        return all(keys[key](item) for key, item in value.items())

    return fits


def _needs(check: Callable[[object], bool], *names: str) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        return check(value) and isinstance(value, dict) and set(names) <= set(value)

    return fits


_FAULT = _table(target=_text, name=_text, values=lambda value: isinstance(value, dict))
STEPS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "card": (_texts, "a card's id or its owner's name, or a list of them for several at once"),
    "take": (lambda value: value in TAKES, f"one of {', '.join(TAKES)}"),
    "wait_screen": (_texts, "a screen's id, or a list of them"),
    "wait_phrase": (_texts, "a phrase's id, or a list of them"),
    "wait_read": (_texts, "the id of a text or target that is read out, or a list of them"),
    "wait_change": (_yen, "the yen that must lie in the change tray"),
    "wait_sheets": (_yen, "the number of certificate sheets that must lie in the output tray"),
    "wait_receipt": (lambda value: value is True, "true"),
    "wait_cut": (lambda value: value is True, "true"),
    "touch": (_text, "a target's id"),
    "pin": (lambda value: isinstance(value, str) and value.isdigit(), "digits as text"),
    "number": (lambda value: isinstance(value, str) and value.isdigit(), "digits of a staff number as text"),
    "key": (lambda value: value in {"on", "off"}, '"on" or "off", the service key'),
    "set_time": (_moment, "an instant in Japan such as 2026-11-24T10:24"),
    "coin": (_yen, "a coin in yen"),
    "returned_coin": (_yen, "a coin in yen that must come back"),
    "advance_s": (_seconds, "seconds"),
    "pause_s": (_seconds, "real seconds"),
    "camera": (lambda value: value in BEFORE_CAMERA, f"one of {', '.join(BEFORE_CAMERA)}"),
    "case": (lambda value: value in {"open", "shut"}, '"open" or "shut", the recorder\'s case'),
    "case_key": (lambda value: value in {"out", "in", "seen"}, '"out", "in" or "seen"'),
    "wait_recorder": (
        _table(armed=_bool, recording=_bool, fault=_text, no_fault=_text),
        "a table with armed, recording, fault or no_fault",
    ),
    "wait_sign": (lambda value: value in {"lit", "dark"}, '"lit" or "dark"'),
    "fault": (_needs(_FAULT, "target", "name"), "a table with target, name and perhaps values"),
    "clear": (lambda value: value is True or _FAULT(value), "true, or a table with target and perhaps name"),
    "power_cut": (_table(off_s=_seconds), "a table with off_s"),
    "kill": (_table(off_s=_seconds), "a table with off_s"),
    "kill_at": (
        _needs(
            _table(
                kind=_text,
                phase=lambda value: value in {"before", "after"},
                nth=_yen,
                how=lambda value: value in {"kill", "power_cut"},
                off_s=_seconds,
            ),
            "kind",
            "phase",
        ),
        'a table with kind (of journal entry), phase ("before" or "after") and perhaps nth, how, off_s',
    ),
    "expect": (
        _table(screen=_text, inserted_yen=_yen, paid_back_yen=_yen, sheets=_yen, tries_left=_yen),
        "a table with screen, inserted_yen, paid_back_yen, sheets or tries_left",
    ),
}


def read_script(path: Path) -> Script:
    """One scenario's file.

    Raises:
        ScriptError: it cannot be read, or anything in it is not as docs/scenarios.md says.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ScriptError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScriptError(f"{path} is not TOML: {error}") from None
    known = ("title", "setup", "step", "expect", "red")
    if unknown := set(table) - set(known):
        raise ScriptError(f"{path}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    steps = table.get("step")
    if not isinstance(steps, list) or not steps:
        raise ScriptError(f"{path}: has no [[step]]")
    read = tuple(_step(path, n, each) for n, each in enumerate(steps, 1))
    broken = table.get("red", [])
    if not isinstance(broken, list):
        raise ScriptError(f"{path}: red must be given as [[red]], each with one step")
    return Script(
        path.stem,
        str(table.get("title", path.stem)),
        read,
        _expectation(path, table.get("expect", {})),
        _setup(path, table.get("setup", {})),
        tuple(_step(path, -n, each) for n, each in enumerate(broken, 1)),
    )


def _setup(path: Path, table: object) -> Setup:
    where = f"{path}: [setup]"
    if not isinstance(table, dict) or set(table) - set(Setup.__dataclass_fields__):
        raise ScriptError(f"{where} must be a table; known are {', '.join(Setup.__dataclass_fields__)}")
    for key, choices in (("profile", PROFILES), ("reader", READERS), ("panel", tuple(PANELS))):
        if table.get(key, choices[0]) not in choices:
            raise ScriptError(f"{where}: {key} must be one of {', '.join(choices)}")
    if not _bool(table.get("camera", False)):
        raise ScriptError(f"{where}: camera must be true or false")
    levels = table.get("levels", {})
    if not isinstance(levels, dict) or not all(each.isdigit() and _yen(n) for each, n in levels.items()):
        raise ScriptError(f"{where}: levels must be a table of coins by denomination, such as {{ 10 = 5 }}")
    return Setup(**{**table, "levels": tuple(sorted((int(each), n) for each, n in levels.items()))})


def _step(path: Path, n: int, table: object) -> Step:
    where = f"{path}: step {n}"
    if not isinstance(table, dict):
        raise ScriptError(f"{where} must be a table")
    within_s = table.pop("within_s", WITHIN_S)
    if not _seconds(within_s):
        raise ScriptError(f"{where}: within_s must be seconds")
    if len(table) != 1:
        raise ScriptError(f"{where} must do exactly one thing; it has {', '.join(table) or 'nothing'}")
    ((do, value),) = table.items()
    if do not in STEPS:
        raise ScriptError(f"{where}: unknown step {do!r}; known are {', '.join(STEPS)}")
    fits, wanted = STEPS[do]
    if not fits(value):
        raise ScriptError(f"{where}: {do} must be {wanted}")
    return Step(n, do, value, float(within_s))


def _expectation(path: Path, table: object) -> Expectation:
    where = f"{path}: [expect]"
    if not isinstance(table, dict):
        raise ScriptError(f"{where} must be a table")
    known = Expectation.__dataclass_fields__
    if unknown := set(table) - set(known):
        raise ScriptError(f"{where}: unknown key {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    for key in ("inserted_yen", "kept_yen", "paid_back_yen"):
        if key in table and not _yen(table[key]):
            raise ScriptError(f"{where}: {key} must be whole yen")
    if not _yen(table.get("recordings", 0)):
        raise ScriptError(f"{where}: recordings must be a whole number")
    for key in ("covered", "gap"):
        if not _bool(table.get(key, False)):
            raise ScriptError(f"{where}: {key} must be true or false")
    if table.get("outcome", OUTCOMES[0]) not in OUTCOMES:
        raise ScriptError(f"{where}: outcome must be one of {', '.join(OUTCOMES)}")
    values = dict(table)
    for key in ("phrases", "screens", "alarms"):
        listed = values.get(key, [])
        if not isinstance(listed, list) or not all(map(_text, listed)):
            raise ScriptError(f"{where}: {key} must be a list of ids")
        values[key] = tuple(listed)
    if "pages" in values:
        values["pages"] = tuple(_pages(where, each) for each in values["pages"])
    return Expectation(**values)


def _pages(where: str, table: object) -> Pages:
    fits = _needs(_table(tray=_text, sheets=_yen, name=_text, says=_texts, says_not=_texts), "tray", "sheets")
    if not fits(table) or not isinstance(table, dict):
        raise ScriptError(f"{where}: each of pages must be a table with tray, sheets and perhaps name, says, says_not")
    words = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items() if "says" in key}
    return Pages(**{**table, **words})
