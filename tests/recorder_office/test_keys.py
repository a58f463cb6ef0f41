"""The book of the case's key, as it is told to another program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import config
from config.calendar import JST
from config.load import load
from recorder.key_ledger import KeyLedger
from recorder.key_told import NEWEST, key_told
from recorder.ledgers import FILE, Ledgers

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=JST)
HANAKO = "市民生活課 主事 佐賀 花子"


class Desk:
    """A book in use, and who asks about it beside."""

    def __init__(self, folder: Path) -> None:
        self.path, self.minutes = folder / FILE, 0
        self.settings = load(Path(config.__file__).with_name("machine.example.toml")).profile.keys
        self.ledgers = Ledgers(self.path, self.now)
        self.book = KeyLedger(self.ledgers.key, self.settings)

    def now(self) -> datetime:
        return NINE + timedelta(minutes=self.minutes)

    def after(self, minutes: int) -> KeyLedger:
        self.minutes += minutes
        return self.book

    def told(self):
        return key_told(self.path, self.settings, self.now)

    def by_hand(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.ledgers.close()


def test_who_has_the_key_since_when_and_where_it_belongs(desk) -> None:
    assert desk.told()["out"] is None
    desk.after(5).take(HANAKO, "媒体の交換")
    desk.after(2).case_is(True)
    told = desk.told()
    assert (told["place"], told["out"]["holder"], told["out"]["purpose"]) == ("鍵保管庫", HANAKO, "媒体の交換")
    assert datetime.fromisoformat(told["out"]["out"]) == NINE + timedelta(minutes=5)
    (entry,) = told["entries"]
    assert (entry["back"], entry["rows"], len(entry["openings"])) == (None, (1, 2), 1)
    desk.after(9).case_is(False)
    desk.after(1).give_back(HANAKO)
    told = desk.told()
    assert told["out"] is None
    assert datetime.fromisoformat(told["entries"][0]["back"]) == desk.now()
    assert (told["sound"], told["rows"], told["bad_row"]) == (True, 4, None)


def test_the_newest_come_first_and_the_one_that_was_changed_is_always_there(desk) -> None:
    for number in range(NEWEST + 3):
        desk.after(1).take(HANAKO, f"点検{number}")
        desk.after(1).give_back(HANAKO)
    assert [entry["purpose"] for entry in desk.told()["entries"]][::39] == [f"点検{NEWEST + 2}", "点検3"]
    desk.by_hand("UPDATE key_ledger SET at_utc = replace(at_utc, '2026', '2025') WHERE seq = 3")
    told = desk.told()
    assert (told["sound"], told["bad_row"]) == (False, 3)
    assert "3行目が書き換えられています" in told["verdict"]
    assert told["entries"][-1]["rows"] == (3, 4)


def test_a_book_that_cannot_be_read_is_an_error_and_no_empty_book(tmp_path, desk) -> None:
    (tmp_path / "other").write_bytes(b"no database at all, but long enough to look like one" * 40)
    told = key_told(tmp_path / "other", desk.settings, desk.now)
    assert "error" in told
    assert "entries" not in told
    desk.by_hand("DROP TABLE key_ledger_head")
    told = desk.told()
    assert (told["sound"], told["entries"]) == (False, [])
