"""A stopped line is reopened by a manager who is entered, with number and reason, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.effects import Record
from kiosk.events import Post
from kiosk.journal import Journal
from kiosk.reopen import main
from kiosk.staff import StaffBook

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
CONFIG = ["--config", str(Path(__file__).parents[2] / "config" / "machine.example.toml")]


@pytest.fixture
def state(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a manager, a handler and a stopped line."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    book = StaffBook(tmp_path / "staff.sqlite", lambda: AT)
    manager = book.enter("課長 見本", Post.MANAGER, "194027", "")
    book.enter("係員 見本", Post.HANDLER, "730518", manager.staff)
    journal = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    journal.commit([Record("line_stopped", {"tx": "", "what": "reference"})], AT)
    journal.close()
    return tmp_path


def says(*answers: str) -> Callable[[str], str]:
    left: Iterator[str] = iter(answers)
    return lambda _prompt: next(left)


def stopped(settings, state: Path) -> str:
    journal = Journal(state / "kiosk.sqlite", settings.machine.cash)
    try:
        return journal.stopped()
    finally:
        journal.close()


def reopened(settings, state: Path) -> list[dict[str, object]]:
    journal = Journal(state / "kiosk.sqlite", settings.machine.cash)
    try:
        return [dict(row.data) for row in journal.entries() if row.kind == "line_reopened"]
    finally:
        journal.close()


def test_a_manager_with_a_reason_reopens_and_is_on_record(settings, state, capsys) -> None:
    assert main(CONFIG, says("課長　見本", "控えと照合した"), says("194027"), lambda: AT) == 0
    assert "reference" in capsys.readouterr().out
    assert stopped(settings, state) == ""
    manager = StaffBook(state / "staff.sqlite", lambda: AT).members()[0]
    assert reopened(settings, state) == [{"by": manager.staff, "reason": "控えと照合した"}]


@pytest.mark.parametrize(
    ("answers", "number", "told"),
    [
        (("課長 見本", "控えと照合した"), "194028", "番号がちがいます"),
        (("係員 見本", "控えと照合した"), "730518", "管理者だけ"),
        (("課長 見本", " "), "194027", "理由が必要"),
        (("誰か",), "194027", "登録されていません"),
    ],
)
def test_anything_less_leaves_it_stopped(settings, state, capsys, answers, number, told) -> None:
    assert main(CONFIG, says(*answers), says(number), lambda: AT) == 1
    assert stopped(settings, state) == "reference"
    assert told in capsys.readouterr().err


def test_a_line_that_is_not_stopped_asks_nothing(settings, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert main(CONFIG, lambda _: pytest.fail("asked"), lambda _: pytest.fail("asked"), lambda: AT) == 0
    assert "停止していません" in capsys.readouterr().out
