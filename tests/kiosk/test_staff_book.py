"""The book of those who may sign in: numbers never readable, tries counted across power cuts, every change kept."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk import events as e
from kiosk.effects import CheckStaff
from kiosk.errors import JournalError
from kiosk.events import Post
from kiosk.secret import STAFF_PIN_LENGTH, Pin
from kiosk.staff import LOCKED_S, Member, StaffBook, StaffError
from kiosk.staff_admin import main

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
CONFIG = ["--config", str(Path(__file__).parents[2] / "config" / "machine.example.toml")]


class Time:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "staff.sqlite"


@pytest.fixture
def book(path: Path, time: Time) -> StaffBook:
    return StaffBook(path, time, cost=2**4)


@pytest.fixture
def manager(book: StaffBook) -> Member:
    return book.enter("課長 見本", Post.MANAGER, "194027", "")


def test_the_right_number_signs_in_and_only_that(book, manager) -> None:
    assert book.verify(manager.staff, b"194027").member == manager
    assert book.verify(manager.staff, b"194020").member is None
    assert book.verify("nobody", b"194027").member is None
    assert book.verify(manager.staff, b"").member is None


def test_three_wrong_numbers_shut_out_for_five_minutes_even_over_a_power_cut(book, manager, path, time) -> None:
    locks = [book.verify(manager.staff, b"000001").locked_s for _ in range(3)]
    assert locks == [0, 0, LOCKED_S]
    again = StaffBook(path, time, cost=2**4)
    time.at += timedelta(seconds=LOCKED_S - 1)
    assert again.verify(manager.staff, b"194027") == again.verify(manager.staff, b"194027")
    assert again.verify(manager.staff, b"194027").locked_s == 1
    time.at += timedelta(seconds=1)
    assert again.verify(manager.staff, b"194027").member == manager


def test_a_clock_set_back_neither_opens_a_lock_nor_makes_it_endless(book, manager, time) -> None:
    for _ in range(3):
        book.verify(manager.staff, b"000001")
    time.at -= timedelta(days=365)
    assert book.verify(manager.staff, b"194027").locked_s == LOCKED_S


def test_a_right_number_ends_the_count(book, manager) -> None:
    for number in (b"000001", b"000001", b"194027", b"000001", b"000001"):
        last = book.verify(manager.staff, number)
    assert last.locked_s == 0


def test_handlers_are_entered_by_a_manager_and_by_nobody_else(book, manager) -> None:
    handler = book.enter("係員 見本", Post.HANDLER, "730518", manager.staff)
    for by in (handler.staff, "", "nobody"):
        with pytest.raises(StaffError, match="管理者だけ"):
            book.enter("べつの 係員", Post.HANDLER, "602941", by)
    assert [name for _, name, _ in book.names()] == ["課長 見本", "係員 見本"]


def test_the_first_must_be_a_manager_and_the_last_cannot_leave(book) -> None:
    with pytest.raises(StaffError, match="先に管理者"):
        book.enter("係員 見本", Post.HANDLER, "730518", "")
    only = book.enter("課長 見本", Post.MANAGER, "194027", "")
    with pytest.raises(StaffError, match="最後の管理者"):
        book.leave(only.staff, only.staff)


@pytest.mark.parametrize("number", ["12345", "1234567", "12345a", "000000", "123456", "987654", "890123"])
def test_numbers_that_everybody_tries_first_are_refused(book, number) -> None:
    with pytest.raises(StaffError):
        book.enter("課長 見本", Post.MANAGER, number, "")
    assert book.names() == ()


def test_who_has_left_cannot_sign_in_and_the_ledger_still_tells_the_name(book, manager) -> None:
    handler = book.enter("係員 見本", Post.HANDLER, "730518", manager.staff)
    book.leave(handler.staff, manager.staff)
    assert book.verify(handler.staff, b"730518").member is None
    rows = book.entries()
    assert [(row.kind, row.data.get("name")) for row in rows] == [
        ("entered", "課長 見本"),
        ("entered", "係員 見本"),
        ("left", None),
    ]


def test_a_new_number_ends_a_lock_and_a_handler_cannot_change_anothers(book, manager) -> None:
    handler = book.enter("係員 見本", Post.HANDLER, "730518", manager.staff)
    for _ in range(3):
        book.verify(handler.staff, b"000001")
    with pytest.raises(StaffError, match="管理者だけ"):
        book.change_number(manager.staff, "602941", handler.staff)
    book.change_number(handler.staff, "602941", manager.staff)
    assert book.verify(handler.staff, b"602941").member == handler


def test_no_number_is_in_the_file(book, manager, path) -> None:
    book.verify(manager.staff, b"194028")
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"194027" not in stored
    assert b"194028" not in stored


def test_a_changed_row_shows(book, manager, path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER staff_ledger_no_update")
        db.execute("UPDATE staff_ledger SET data = replace(data, 'manager', 'handler')")
    db.close()
    with pytest.raises(JournalError, match="row 1"):
        book.entries()


def test_the_port_answers_by_events_and_wipes_the_number(book, manager) -> None:
    seen: list[e.Event] = []
    came = threading.Event()

    def sink(event: e.Event) -> None:
        seen.append(event)
        came.set()

    book.start(sink)
    try:
        for order, digits in enumerate((194027, 194020), 1):
            pin = Pin(STAFF_PIN_LENGTH)
            for digit in str(digits):
                pin.push(int(digit))
            came.clear()
            book.check(CheckStaff(order, manager.staff, pin))
            assert came.wait(30)
            assert not any(pin.expose())
    finally:
        book.close()
    assert seen == [e.StaffSignedIn(1, manager.staff, "課長 見本", Post.MANAGER), e.StaffRefused(2, 0)]


def test_the_console_enters_the_first_manager_then_asks_for_one(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    def run(do: str, answers: list[str], secrets: list[str]) -> int:
        said, hidden = iter(answers), iter(secrets)
        return main([*CONFIG, do], lambda _: next(said), lambda _: next(hidden), lambda: AT)

    assert run("enter", ["課長 見本"], ["194027", "194027"]) == 0
    assert run("enter", ["課長 見本", "取扱者", "係員 見本"], ["194028"]) == 1
    assert run("enter", ["課長 見本", "取扱者", "係員 見本"], ["194027", "730518", "730519"]) == 1
    assert run("enter", ["課長 見本", "取扱者", "係員 見本"], ["194027", "730518", "730518"]) == 0
    capsys.readouterr()
    assert run("list", [], []) == 0
    told = capsys.readouterr().out
    assert told.index("管理者　課長 見本") < told.index("取扱者　係員 見本")
    assert "194027" not in told
