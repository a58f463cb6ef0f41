"""What an earlier process left is found and ended, and nobody else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers import leftovers

Start = Callable[..., "subprocess.Popen[bytes]"]
LIVE = "import sys, time; sys.stdout.write('up'); sys.stdout.flush(); time.sleep(600)"


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, code: str = LIVE, **more: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            **more,  # type: ignore[call-overload]
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.read(2) == b"up"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def killed(process: subprocess.Popen[bytes]) -> bool:
    try:
        return process.wait(0.3) == -9 or process.returncode == 0  # 0: reaped by the sweep itself
    except subprocess.TimeoutExpired:
        return False


def test_every_trace_leads_to_its_process(start: Start, runtime: Path) -> None:
    marked = start(env={leftovers.MARKER: str(runtime)})
    by_argument = start(str(runtime / "cups/spool/d00001-001"))
    inside = start(cwd=runtime)
    held = runtime / "held"
    by_file = start(code=f"f = open({str(held)!r}, 'w'); {LIVE}")
    group = start(env={leftovers.MARKER: str(runtime)}, process_group=0)  # as cupsd's backends have their own
    for process in (marked, by_argument, inside, by_file, group):
        assert process.pid in leftovers.find_processes(runtime)
    checked, clean = leftovers.sweep(runtime)
    assert clean, checked
    assert all(killed(process) for process in (marked, by_argument, inside, by_file, group))
    assert list(runtime.iterdir()) == []


def test_others_are_spared(start: Start, runtime: Path, tmp_path: Path) -> None:
    others = [
        start(env={leftovers.MARKER: f"{runtime}-other"}),
        start(str(runtime) + "-other/cups/x"),
        start(str(runtime / "mirror.sock")),  # told of the runtime directory, does not work in it
        start(cwd=tmp_path),
    ]
    assert leftovers.find_processes(runtime) == []
    leftovers.sweep(runtime)
    assert not any(killed(process) for process in others)


def test_neither_the_caller_nor_its_parents_are_touched(runtime: Path) -> None:
    (runtime / "cups").mkdir()
    code = (
        "import sys; from pathlib import Path; from drivers import leftovers\n"
        f"f = open({str(runtime / 'mine')!r}, 'w')\n"
        f"checked, clean = leftovers.sweep(Path({str(runtime)!r}))\n"
        "print(clean, checked[2])"
    )
    # The shell above it carries the marker as well, and must live to print its last word.
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1"; echo parent lives', sys.executable, code],
        env={**os.environ, leftovers.MARKER: str(runtime)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["False deleted files still held open by this process: 1", "parent lives"]


def test_what_is_kept_stays(runtime: Path) -> None:
    (runtime / "mirror.sock").write_text("")
    (runtime / "cups/spool").mkdir(parents=True)
    (runtime / "cups/spool/d1").write_text("x")
    checked, clean = leftovers.sweep(runtime, keep=[runtime / "mirror.sock"])
    assert clean
    assert checked[1] == "runtime directory: 1 files removed, 0 left"
    assert [path.name for path in runtime.iterdir()] == ["mirror.sock"]


def test_links_out_of_the_directory_are_not_followed(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    (runtime / "link").symlink_to(tmp_path)
    assert leftovers.sweep(runtime)[1]
    assert (tmp_path / "precious").exists()


def test_record_of_jobs_is_read_by_the_next_process(runtime: Path) -> None:
    assert not leftovers.read_handover(runtime).known
    leftovers.open_handover(runtime)
    leftovers.hand_over(runtime, "a1", 500, lambda: 1000.0)
    leftovers.open_handover(runtime)
    assert leftovers.read_handover(runtime) == leftovers.Handover(True, {"a1": leftovers.Handed(1000.0, 500)})


@pytest.mark.parametrize("tail", ['{"job": "a1", "at', '{"job": "a1"}', "[]", "\xff"])
def test_a_torn_record_says_nothing(runtime: Path, tail: str) -> None:
    leftovers.open_handover(runtime)
    with (runtime / leftovers.HANDOVER_NAME).open("a", encoding="latin-1") as file:
        file.write(tail)
    assert not leftovers.read_handover(runtime).known


def test_a_record_of_another_boot_says_nothing(runtime: Path) -> None:
    (runtime / leftovers.HANDOVER_NAME).write_text('{"boot": "another"}\n')
    assert not leftovers.read_handover(runtime).known
