"""Reads the configuration: machine file, the profile it names, the national settings; all faults at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from config.checks import CHECKS
from config.decode import Decoder
from config.errors import ConfigError, Problem
from config.recorder_checks import recorder_fits
from config.schema import Machine, MonthDay, National, Profile, Settings, Window

__all__ = ["ConfigError", "Problem", "describe", "load", "load_national", "load_profile"]

T = TypeVar("T")

_PACKAGED = Path(__file__).parent
_NATIONAL_FILE = _PACKAGED / "national.toml"
_NATIONAL_KEYS = frozenset(field.name for field in fields(National)) | {"national"}


def load(machine_file: Path) -> Settings:
    """The effective configuration of the terminal that ``machine_file`` describes.

    The file names its profile: ``profile = "saga"`` for one shipped with the program, or a path ending in
    ``.toml``, relative to the machine file.

    Raises:
        ConfigError: a file cannot be read, or anything in the three files is wrong; every fault found.
    """
    problems: list[Problem] = []
    national = _read(_NATIONAL_FILE, National, problems)
    table = _parse(machine_file, problems)
    profile: Profile | None = None
    machine: Machine | None = None
    if table is not None:
        profile_file = _profile_file(machine_file, table.pop("profile", None), problems)
        if profile_file is not None:
            profile = _read(profile_file, Profile, problems)
            if profile is not None and national is not None:
                problems.extend(_flows(str(profile_file), profile, national))
        machine = _decode(machine_file, table, Machine, problems)
        if profile is not None and machine is not None:
            problems.extend(_voice(str(machine_file), profile, machine))
            problems.extend(Problem(str(machine_file), key, what) for key, what in recorder_fits(profile, machine))
    if problems or profile is None or national is None or machine is None:
        raise ConfigError(problems)
    return Settings(profile, national, machine)


def load_profile(profile_file: Path) -> Profile:
    """One municipal profile alone.

    Raises:
        ConfigError: as :func:`load`.
    """
    return _alone(profile_file, Profile)


def load_national() -> National:
    """The national settings shipped with the program.

    Raises:
        ConfigError: as :func:`load`.
    """
    return _alone(_NATIONAL_FILE, National)


def describe(settings: Settings) -> str:
    """The effective configuration, one ``key = value`` a line in TOML's notation, the owner of each first."""
    return "\n".join(_lines("", settings)) + "\n"


# --- reading ---


def _flows(file: str, profile: Profile, national: National) -> Iterator[Problem]:
    """What only both files together show: flows that do not exist, or two that one card could take."""
    taken: dict[str, str] = {}
    for n, name in enumerate(profile.flows, start=1):
        if name not in national.flows:
            known = ", ".join(map(repr, national.flows))
            yield Problem(file, f"flows[{n}]", f"is {name!r}; it must be one of {known}")
            continue
        kind = national.flows[name].card_kind
        if taken.setdefault(kind, name) != name:
            yield Problem(
                file, f"flows[{n}]", f"{name!r} and {taken[kind]!r} are both for a {kind!r} card: keep one of them"
            )


def _voice(file: str, profile: Profile, machine: Machine) -> Iterator[Problem]:
    """A terminal is silent because its municipality says so, never because nobody put up a loudspeaker."""
    speaks, required = profile.voice == "on", machine.sound.required
    # The bench may run on a computer without a sound device.
    if machine.simulation or speaks is required:
        return
    if speaks:
        wrong = 'is false, but the municipality\'s profile has voice = "on": set it to true and connect a loudspeaker'
    else:
        wrong = 'is true, but the municipality\'s profile has voice = "off": nothing would be said, so set it to false'
    yield Problem(file, "sound.required", wrong)


def _alone(file: Path, kind: type[T]) -> T:
    problems: list[Problem] = []
    value = _read(file, kind, problems)
    if value is None:
        raise ConfigError(problems)
    return value


def _read(file: Path, kind: type[T], problems: list[Problem]) -> T | None:
    table = _parse(file, problems)
    return None if table is None else _decode(file, table, kind, problems)


def _parse(file: Path, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        problems.append(Problem(str(file), "", f"cannot be read ({error.strerror}): check path and permissions"))
    except UnicodeDecodeError as error:
        problems.append(Problem(str(file), "", f"is not UTF-8 at byte {error.start}: save it as UTF-8"))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(str(file), "", f"is not TOML: {error}"))
    return None


def _decode(file: Path, table: Mapping[str, object], kind: type[T], problems: list[Problem]) -> T | None:
    decoder = Decoder(str(file), CHECKS, frozenset() if kind is National else _NATIONAL_KEYS)
    value = decoder.table(kind, table)
    problems.extend(sorted(decoder.problems, key=lambda problem: problem.key))
    return value


def _profile_file(machine_file: Path, name: object, problems: list[Problem]) -> Path | None:
    packaged = sorted(
        file.stem for file in _PACKAGED.glob("*.toml") if file.stem != "national" and "." not in file.stem
    )
    if isinstance(name, str) and name in packaged:
        return _PACKAGED / f"{name}.toml"
    if isinstance(name, str) and name.endswith(".toml"):
        return machine_file.parent / name
    what = "is missing" if name is None else f"is {name!r}"
    shipped = ", ".join(map(repr, packaged))
    problems.append(
        Problem(
            str(machine_file),
            "profile",
            f"{what}: name a shipped one ({shipped}) or the path of a .toml file",
        )
    )
    return None


# --- printing ---


def _lines(key: str, value: Any) -> Iterator[str]:
    if is_dataclass(value) and not isinstance(value, (Window, MonthDay)):
        for field in fields(value):
            yield from _lines(f"{key}.{field.name}" if key else field.name, getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _lines(f"{key}.{name}", item)
    elif isinstance(value, tuple) and value and is_dataclass(value[0]) and not isinstance(value[0], Window):
        for n, item in enumerate(value, start=1):
            yield from _lines(f"{key}[{n}]", item)
    else:
        yield f"# {key} is not set" if value is None else f"{key} = {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
