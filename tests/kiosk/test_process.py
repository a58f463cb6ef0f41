"""One person, one process: tried with real processes, in a small program of its own (pytest has threads)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from config.service_manager import notify
from kiosk.process import swap_on_disk


def program(tmp_path: Path, body: str) -> subprocess.Popen[str]:
    """Runs `body` as the life of each child; prints what it prints. `n` counts the lives in a file."""
    source = f"""
import os, signal, subprocess, sys, time
from pathlib import Path
from kiosk import process
process.BACK_OFF_S = (0.0,)
process.harden()
count = Path({str(tmp_path / "count")!r})

def life():
    n = int(count.read_text()) + 1 if count.exists() else 1
    count.write_text(str(n))
{textwrap.indent(textwrap.dedent(body), "    ")}

sys.exit(process.Parent(life).run())
"""
    return subprocess.Popen([sys.executable, "-W", "error", "-c", source], stdout=subprocess.PIPE, text=True)


def test_each_life_is_another_process_and_a_crash_is_followed_by_the_next(tmp_path) -> None:
    run = program(
        tmp_path,
        """
        print(n, os.getpid(), flush=True)
        if n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if n == 2:
            raise RuntimeError("secret 1234")
        return 0 if n < 4 else process.CONFIGURATION_ERROR
        """,
    )
    out, _ = run.communicate(timeout=20)
    lives = [line.split() for line in out.splitlines()]
    assert [n for n, _ in lives] == ["1", "2", "3", "4"]
    assert len({pid for _, pid in lives}) == 4
    assert run.returncode == 78


def test_what_a_life_leaves_running_is_dead_before_the_next_begins(tmp_path) -> None:
    run = program(
        tmp_path,
        """
        if n == 1:
            # A grandchild in a session of its own, orphaned twice over.
            code = "import subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid, flush=True)"
            subprocess.run([sys.executable, "-c", code], check=True)
            return 0
        return process.CONFIGURATION_ERROR
        """,
    )
    out, _ = run.communicate(timeout=20)
    left = int(out.split()[0])
    assert not Path(f"/proc/{left}").exists()


def test_a_stop_reaches_the_life_that_is_running(tmp_path) -> None:
    run = program(
        tmp_path,
        """
        def stop(*_): os._exit(0)
        signal.signal(signal.SIGTERM, stop)
        print("up", flush=True)
        time.sleep(60)
        return 0
        """,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "up\n"
    run.terminate()
    assert run.wait(timeout=20) == 0
    run.stdout.close()


def test_a_life_dies_with_its_parent(tmp_path) -> None:
    run = program(tmp_path, "print(os.getpid(), flush=True)\ntime.sleep(60)\nreturn 0")
    assert run.stdout is not None
    child = int(run.stdout.readline())
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        stat = Path(f"/proc/{child}/stat")
        if " Z " in stat.read_text():
            break
        time.sleep(0.01)
    else:
        assert not Path(f"/proc/{child}").exists()


def test_swap_on_a_disk_is_named_and_compressed_memory_is_not() -> None:
    table = "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n/var/swap file 1 0 -2\n"
    assert swap_on_disk(table) == ("/var/swap",)
    assert swap_on_disk("Filename Type Size Used Priority\n") == ()


def test_the_service_manager_is_told(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        notify("READY=1")
        assert listener.recv(64) == b"READY=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("WATCHDOG=1")
