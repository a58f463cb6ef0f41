"""The command itself: starts everything, listens on loopback only, ends without a trace, refuses in plain words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import config
from hardware_sim.bench.preflight import listen
from hardware_sim.bench.processes import descendants, processes

pytestmark = pytest.mark.stack

END_S = 30.0
ANY_ADDRESS = {"00000000", "0" * 32}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hardware_sim", "--state", str(tmp_path / "bench"), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=END_S)


def free_port() -> int:
    with closing(listen(0)) as probe:
        return int(probe.getsockname()[1])


def said_until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    """What it says up to the line that holds ``wanted``."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if wanted in line:
            return lines
    raise AssertionError("".join(lines))


def listening(pids: list[int]) -> set[tuple[str, str]]:
    """(protocol, local address in hex) of what these processes listen on in our own network."""
    ours = os.readlink("/proc/self/ns/net")
    inodes = set()
    for pid in pids:
        try:
            if os.readlink(f"/proc/{pid}/ns/net") != ours:
                continue
            inodes |= {os.readlink(link.path) for link in os.scandir(f"/proc/{pid}/fd")}
        except OSError:
            continue
    found = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/self/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            listens = fields[3] == "0A" or protocol.startswith("udp")
            if listens and f"socket:[{fields[9]}]" in inodes:
                found.add((protocol, fields[1].partition(":")[0]))
    return found


def run_folders(pids: list[int]) -> set[Path]:
    """Folders in memory that the bench's servers were started with."""
    words = [Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in pids]
    paths = [Path(word) for line in words for word in line if "/ckb-" in word]
    return {next(part for part in (path, *path.parents) if part.name.startswith("ckb-")) for path in paths}


def test_it_starts_serves_and_ends_without_a_trace(start: Start) -> None:
    port = free_port()
    process = start("--port", str(port), "--fresh")
    lines = said_until(process, "Ctrl-C ends everything")
    assert any(f"http://127.0.0.1:{port}/" in line for line in lines)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
        assert "証明書発行機" in page.read().decode()
    tree = descendants(process.pid, processes())
    assert len(tree) >= 6
    addresses = listening(tree)
    assert addresses
    assert all(protocol == "tcp" and address == "0100007F" for protocol, address in addresses), addresses
    runs = run_folders(tree)
    assert runs
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=END_S)
    assert process.returncode == 0, rest
    assert not set(tree) & set(processes()), rest
    assert not [run for run in runs if run.exists()]


def test_a_taken_port_is_told_before_anything_starts(start: Start, tmp_path: Path) -> None:
    with closing(listen(0)) as taken:
        process = start("--port", str(taken.getsockname()[1]))
        said, _ = process.communicate(timeout=END_S)
    assert process.returncode == 1
    assert "is taken" in said
    assert not (tmp_path / "bench" / "kiosk").exists()


def test_a_machine_file_of_real_devices_is_refused(start: Start, tmp_path: Path) -> None:
    example = Path(config.__file__).parent / "machine.example.toml"
    process = start("--port", str(free_port()), "--machine", str(example))
    said, _ = process.communicate(timeout=END_S)
    assert process.returncode == 1
    assert "real devices" in said
    assert not (tmp_path / "bench" / "kiosk").exists()
