"""The recorder's books on a day that is set by hand, and a machine file to go with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import config
from config.calendar import JST
from config.hours import machine_hours
from config.load import load
from config.schema import Settings
from recorder.case import Case
from recorder.key_ledger import KeyLedger
from recorder.ledgers import FILE, Ledgers

EXAMPLE = Path(config.__file__).with_name("machine.example.toml")
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=JST)
"""Saga is open from 8:30 to 19:00 on this day."""


@dataclass
class Desk:
    """Books, key, case and clock; times in minutes after nine."""

    folder: Path
    settings: Settings
    minutes: float = 0.0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As the recorder starts."""
        self.ledgers = Ledgers(self.folder / FILE, self.now)
        self.book = KeyLedger(self.ledgers.key, self.settings.profile.keys)
        self.case = Case(self.book, machine_hours(self.settings.profile), self.boot_s)

    def now(self) -> datetime:
        return TUESDAY + timedelta(minutes=self.minutes)

    @property
    def boot_s(self) -> float:
        return 500 + self.minutes * 60

    def at(self, minutes: float) -> Desk:
        self.minutes = minutes
        return self

    def see(self, is_open: bool | None) -> frozenset[str]:
        self.case.see(is_open, self.boot_s)
        return self.faults()

    def faults(self) -> frozenset[str]:
        found = self.case.faults(self.now(), self.boot_s)
        self.ledgers.health.set(found)
        return found


@pytest.fixture(scope="session")
def saga() -> Settings:
    return load(EXAMPLE)


@pytest.fixture
def two_person(saga: Settings) -> Settings:
    return replace(saga, profile=replace(saga.profile, keys=replace(saga.profile.keys, two_person=True)))


@pytest.fixture
def desk(tmp_path: Path, saga: Settings) -> Iterator[Desk]:
    one = Desk(tmp_path, saga)
    yield one
    one.ledgers.close()
