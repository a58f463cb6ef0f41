"""The first moments of a start: the kept picture is up before the program is read, gone before anybody is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from screens import kept

PROGRAM = """
import os, signal, sys, time, types
from kiosk import begin, process
stub = types.ModuleType("kiosk.__main__")
def serve(arguments, picture):
    print(arguments[0], len(process.children_of(os.getpid())), flush=True)
    {then}
    picture.end()
    picture.end()
    print(len(process.children_of(os.getpid())), flush=True)
    return 5
stub.main = serve
sys.modules["kiosk.__main__"] = stub
sys.exit(begin.main(["--config", "machine.toml"]))
"""


@pytest.fixture
def window():
    """A window of the dummy driver with something on it."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.init()
    surface = pygame.display.set_mode((60, 40))
    surface.fill((10, 200, 30))
    surface.fill((250, 0, 0), (5, 5, 20, 10))
    yield surface
    pygame.display.quit()


def program(state: Path, then: str = "pass") -> subprocess.Popen[str]:
    environment = {**os.environ, "STATE_DIRECTORY": str(state), "SDL_VIDEODRIVER": "dummy"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM.replace("{then}", then)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_picture_that_was_kept_is_shown_as_it_was(window, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept.keep(tmp_path)
    assert not kept.keep(tmp_path), "the same picture is not written again"
    before = pygame.image.tobytes(window, "RGB")
    window.fill((0, 0, 0))
    pygame.display.quit()
    shown: list[bytes] = []

    def flip() -> None:
        shown.append(pygame.image.tobytes(pygame.display.get_surface(), "RGB"))

    starter, line = os.pipe()
    os.close(line)
    monkeypatch.setattr(pygame.display, "flip", flip)
    kept.hold(tmp_path, starter)
    os.close(starter)
    assert shown == [before]


def test_another_picture_takes_the_place_of_the_old_one(window, tmp_path) -> None:
    (tmp_path / ".still-broken.png").write_bytes(b"a power cut")
    kept.keep(tmp_path)
    window.fill((0, 0, 0))
    assert kept.keep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_state_that_cannot_be_written_keeps_nobody_from_being_served(window, tmp_path) -> None:
    assert not kept.keep(tmp_path / "away")


def test_the_picture_is_gone_before_anybody_is_served(window, tmp_path) -> None:
    kept.keep(tmp_path)
    run = program(tmp_path)
    out, _ = run.communicate(timeout=30)
    assert out.splitlines() == ["--config 1", "0"]
    assert run.returncode == 5


def test_the_picture_ends_with_a_start_that_is_killed(window, tmp_path) -> None:
    kept.keep(tmp_path)
    run = program(tmp_path, "print(process.children_of(os.getpid())[0], flush=True); time.sleep(60)")
    assert run.stdout is not None
    run.stdout.readline()
    picture = int(run.stdout.readline())
    run.kill()
    try:
        run.communicate(timeout=30)  # ends once nobody has the pipes any more, so once the picture has ended, too
    except subprocess.TimeoutExpired:
        os.kill(picture, signal.SIGKILL)
        pytest.fail("the picture outlived the start")


@pytest.mark.parametrize("content", [None, b"no picture at all"])
def test_without_a_picture_the_start_goes_on(tmp_path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "still-00000000.png").write_bytes(content)
    run = program(tmp_path, "os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)")
    out, errors = run.communicate(timeout=30)
    assert out.splitlines()[-1] == "0"
    assert run.returncode == 5
    assert ("no picture" in errors) == (content is not None)
