"""The bench's folders: one bench at a time, fresh when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.places import Run, State


def test_a_second_bench_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    state = State.open(tmp_path / "b", fresh=False)
    with pytest.raises(BenchError, match="in use by another bench"):
        State.open(tmp_path / "b", fresh=False)
    state.close()
    State.open(tmp_path / "b", fresh=False).close()


def test_fresh_forgets_the_books_and_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    state = State.open(tmp_path / "b", fresh=False)
    (state.kiosk / "kiosk.sqlite").write_text("books")
    state.metal.write_text("{}")
    for folder in (state.recorder, state.video, state.recorder_credentials):
        folder.mkdir()
        (folder / "film").write_text("somebody")
    foreign = tmp_path / "b" / "letter.txt"
    foreign.write_text("mine")
    state.close()
    again = State.open(tmp_path / "b", fresh=False)
    assert (again.kiosk / "kiosk.sqlite").exists()
    assert (again.video / "film").exists()
    again.close()
    fresh = State.open(tmp_path / "b", fresh=True)
    assert not (fresh.kiosk / "kiosk.sqlite").exists()
    assert not fresh.metal.exists()
    assert not any(folder.exists() for folder in (fresh.recorder, fresh.video, fresh.recorder_credentials))
    assert foreign.read_text() == "mine"
    fresh.close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="--state"):
        State.open(tmp_path / "file" / "b", fresh=False)


def test_a_run_is_gone_when_it_is_over() -> None:
    run = Run.make()
    assert run.own.is_dir()
    assert oct(run.own.stat().st_mode & 0o777) == "0o700"
    assert len(str(run.own / "mirror.sock")) < 100
    run.remove()
    assert not run.root.exists()
