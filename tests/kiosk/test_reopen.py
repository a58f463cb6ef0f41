"""A stopped line is reopened by a named person with a reason, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.effects import Record
from kiosk.journal import Journal
from kiosk.reopen import main

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
CONFIG = ["--config", str(Path(__file__).parents[2] / "config" / "machine.example.toml")]


@pytest.fixture
def state(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path / "kiosk.sqlite"


def stop(settings, path: Path) -> None:
    journal = Journal(path, settings.machine.cash)
    journal.commit([Record("line_stopped", {"tx": "", "what": "reference"})], AT)
    journal.close()


def stopped(settings, path: Path) -> str:
    journal = Journal(path, settings.machine.cash)
    try:
        return journal.stopped()
    finally:
        journal.close()


def test_name_and_reason_reopen_and_are_on_record(settings, state, capsys) -> None:
    stop(settings, state)
    answers = iter(["市民生活課長　見本", "控えと照合した"])
    assert main(CONFIG, lambda _: next(answers), lambda: AT) == 0
    assert "reference" in capsys.readouterr().out
    assert stopped(settings, state) == ""
    journal = Journal(state, settings.machine.cash)
    assert [row.data["reason"] for row in journal.entries() if row.kind == "line_reopened"] == ["控えと照合した"]
    journal.close()


def test_without_a_reason_it_stays_stopped(settings, state, capsys) -> None:
    stop(settings, state)
    answers = iter(["見本", ""])
    assert main(CONFIG, lambda _: next(answers), lambda: AT) == 1
    assert stopped(settings, state) == "reference"


def test_a_line_that_is_not_stopped_asks_nothing(state, capsys) -> None:
    assert main(CONFIG, lambda _: pytest.fail("asked"), lambda: AT) == 0
    assert "停止していません" in capsys.readouterr().out
