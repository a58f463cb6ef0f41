"""From a parsed TOML table to a frozen dataclass, strictly: nothing unknown, nothing missing, no other type.

Every fault becomes a :class:`~config.errors.Problem` and reading goes on: a file is mended in one round.
"""

from __future__ import annotations

import difflib
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from config.errors import Problem
from config.windows import MonthDay, Window

Check = Callable[[Any], Iterable[tuple[str, str]]]
"""Looks at one decoded dataclass; gives pairs of (key below it, what is wrong and what to do)."""

T = TypeVar("T")

_BAD: Any = object()
# Zero is a sensible value of these numbers; of every other number it is a slip of the pen.
_MAY_BE_ZERO = frozenset({
    "reserve", "preroll_s", "initial_coins", "certificate_input", "change_input", "receipt_input", "service_key_input",
    "yen", "minimum_age", "input", "reserve_slots", "zone", "mask",
})  # fmt: skip
_NATIONAL = "is set for the whole country and cannot be changed here: remove it"


def _article(value: object) -> str:
    """The TOML name of a value's type."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "true or false"),
        (int, "a whole number"),
        (float, "a number"),
        (str, "a string"),
        (list, "a list"),
        (dict, "a table"),
        (datetime, "a date with a time"),
        (date, "a date"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "a time of day")


class Decoder:
    """Reads the tables of one file and gathers what is wrong with them in ``problems``."""

    def __init__(self, file: str, checks: Mapping[type, Check], national_keys: frozenset[str]) -> None:
        """``national_keys`` are refused wherever they appear; empty for the national file itself."""
        self._file = file
        self._checks = checks
        self._national_keys = national_keys
        self.problems: list[Problem] = []

    def table(self, kind: type[T], table: Mapping[str, object]) -> T | None:
        """The whole file as one ``kind``; None if anything in it is wrong."""
        value = self._dataclass(kind, table, "")
        return None if self.problems else typing.cast("T", value)

    def _problem(self, key: str, message: str) -> Any:
        self.problems.append(Problem(self._file, key, message))
        return _BAD

    def _wrong(self, key: str, value: object, wanted: str) -> Any:
        return self._problem(key, f"is {_article(value)}; it must be {wanted}")

    # --- one value ---

    def _value(self, kind: Any, value: object, key: str) -> Any:
        origin = typing.get_origin(kind)
        if origin is types.UnionType:  # always "X | None": TOML writes None by leaving the key out
            return self._value(typing.get_args(kind)[0], value, key)
        if origin is tuple:
            return self._tuple(typing.get_args(kind), value, key)
        if origin is typing.Literal:
            return self._choice(typing.get_args(kind), value, key)
        if origin is not None:
            return self._mapping(typing.get_args(kind)[1], value, key)
        if is_dataclass(kind) and kind not in (Window, MonthDay):
            if not isinstance(value, dict):
                return self._wrong(key, value, "a table")
            return self._dataclass(kind, value, key)
        return self._scalar(kind, value, key)

    def _scalar(self, kind: Any, value: object, key: str) -> Any:
        if kind is bool:
            return value if isinstance(value, bool) else self._wrong(key, value, "true or false")
        if kind in (int, float):
            return self._number(kind, value, key)
        if kind is date:
            plain = isinstance(value, date) and not isinstance(value, datetime)
            return value if plain else self._wrong(key, value, "a date such as 2026-04-01, without quotes")
        if not isinstance(value, str):
            return self._wrong(key, value, "a string")
        if kind in (Window, MonthDay):
            try:
                return kind.parse(value)
            except ValueError as error:
                return self._problem(key, str(error))
        if kind is Path and not Path(value).is_absolute():
            return self._problem(key, f"{value!r} is not an absolute path: begin it with /")
        return kind(value)

    def _number(self, kind: Any, value: object, key: str) -> Any:
        wanted = "a whole number" if kind is int else "a number"
        if isinstance(value, bool) or not isinstance(value, (int, kind)):
            return self._wrong(key, value, wanted)
        name = key.rpartition(".")[2].partition("[")[0]
        if not math.isfinite(value) or value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
            return self._problem(key, f"is {value}; it must be {wanted} above zero")
        return kind(value)

    def _choice(self, choices: Sequence[object], value: object, key: str) -> Any:
        if value in choices:
            return value
        return self._problem(key, f"is {value!r}; it must be one of {', '.join(map(repr, choices))}")

    def _tuple(self, kinds: Sequence[Any], value: object, key: str) -> Any:
        if not isinstance(value, list):
            return self._wrong(key, value, "a list")
        if kinds[-1] is Ellipsis:
            kinds = (kinds[0],) * len(value)
        elif len(kinds) != len(value):
            return self._problem(key, f"has {len(value)} values; it must have {len(kinds)}")
        items = tuple(
            self._value(kind, item, f"{key}[{n}]")
            for n, (kind, item) in enumerate(zip(kinds, value, strict=True), start=1)
        )
        return _BAD if any(item is _BAD for item in items) else items

    def _mapping(self, kind: Any, value: object, key: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong(key, value, "a table")
        items = {name: self._value(kind, item, f"{key}.{name}") for name, item in value.items()}
        return _BAD if any(item is _BAD for item in items.values()) else items

    # --- one table ---

    def _dataclass(self, kind: Any, table: Mapping[str, object], key: str) -> Any:
        hints = typing.get_type_hints(kind)
        known: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}
        prefix = f"{key}." if key else ""
        for name in table.keys() - known.keys():
            self._problem(prefix + name, self._unknown(name, known))
        values: dict[str, Any] = {}
        for name, field in known.items():
            if name in table:
                value = self._value(hints[name], table[name], prefix + name)
                if value == "" and field.default != "":
                    value = self._problem(prefix + name, "is empty; it must say something")
                values[name] = value
            elif field.default is MISSING:
                values[name] = self._problem(prefix + name, "is missing: add it")
        if any(value is _BAD for value in values.values()):
            return _BAD
        made = kind(**values)
        for below, message in self._checks.get(kind, lambda _: ())(made):
            self._problem(prefix + below, message)
        return made

    def _unknown(self, name: str, known: Iterable[str]) -> str:
        if name in self._national_keys:
            return _NATIONAL
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "remove it"
        return f"is not a known key: {hint}"
