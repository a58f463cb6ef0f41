"""Our own cupsd: alive only for us, closed to others, gone without a trace; and what to do when it cannot start."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import cupsd
from kiosk.errors import PrintError


@pytest.fixture
def spooler(runtime: Path) -> Iterator[cupsd.Cupsd]:
    made = cupsd.Cupsd(runtime)
    yield made
    made.stop()


def wait_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def sockets_of(pid: int | None) -> set[str]:
    """Inodes of the open sockets; a descriptor that is closed while we look is none any more."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:"):
                found.add(target.removeprefix("socket:[").removesuffix("]"))
    return found


@pytest.mark.stack
class TestRunning:
    def test_starts_again_and_again_and_leaves_nothing(self, spooler: cupsd.Cupsd, runtime: Path) -> None:
        for _ in range(3):
            spooler.start()
            assert spooler.alive
            pid = spooler.pid
            sweep = spooler.stop()
            assert sweep.clean
            assert pid is not None
            assert wait_gone(pid)
            assert list(runtime.iterdir()) == []

    def test_listens_on_its_socket_only(self, spooler: cupsd.Cupsd) -> None:
        spooler.start()
        inodes = sockets_of(spooler.pid)
        tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")]
        rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        assert inodes
        assert [row for row in rows if row[9] in inodes] == []

    def test_others_may_not_enter(self, spooler: cupsd.Cupsd) -> None:
        spooler.start()
        assert stat.S_IMODE(spooler.directory.stat().st_mode) & 0o007 == 0
        assert stat.S_IMODE((spooler.directory / "log").stat().st_mode) == 0o700

    def test_dies_with_the_process_that_started_it(self, runtime: Path) -> None:
        code = (
            "import os, signal, sys; from pathlib import Path; from drivers.cupsd import Cupsd\n"
            f"it = Cupsd(Path({str(runtime)!r})); it.start(); print(it.pid, flush=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL
        assert wait_gone(int(done.stdout))

    def test_a_dead_one_is_noticed(self, spooler: cupsd.Cupsd) -> None:
        spooler.start()
        assert spooler.pid is not None
        os.kill(spooler.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while spooler.alive:
            assert time.monotonic() < deadline
        spooler.start()
        assert spooler.alive


def test_missing_package_is_named(spooler: cupsd.Cupsd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cupsd, "_PATH", "/nonexistent")
    with pytest.raises(PrintError, match="install the Debian package cups-daemon"):
        spooler.start()


def test_a_path_too_long_for_a_socket_is_told(runtime: Path) -> None:
    with pytest.raises(PrintError, match="shorter"):
        cupsd.Cupsd(runtime / ("x" * 100)).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the backends under another account")
def test_a_closed_folder_above_is_told(runtime: Path) -> None:
    closed = runtime / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PrintError, match=r"chmod o\+x"):
        cupsd.Cupsd(closed / "run").start()


def test_what_it_says_when_it_cannot_start(
    spooler: cupsd.Cupsd, monkeypatch: pytest.MonkeyPatch, runtime: Path
) -> None:
    monkeypatch.setattr(cupsd, "_FILES_CONF", cupsd._FILES_CONF + "SetEnv PPD /dev/null\n")
    with pytest.raises(PrintError, match="did not start"):
        spooler.start()
    assert list(runtime.iterdir()) == []
