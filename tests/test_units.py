"""The units are read by systemd itself, as files: nothing misspelt, and little exposed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import config.datagrams
from config.load import load

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "systemd"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")


@pytest.fixture(params=["kiosk.service", "recorder.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit with a program that exists here."""
    copy = tmp_path / str(request.param)
    text = (UNITS / copy.name).read_text()
    for program in ("/opt/kiosk/venv/bin/kiosk-ui", "/opt/kiosk/venv/bin/python"):
        text = text.replace(program, "/bin/true")
    copy.write_text(text)
    return copy


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_every_key_is_one_systemd_knows(unit: Path) -> None:
    result = analyze("verify", str(unit))
    unknown = [line for line in result.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line]
    assert not unknown


def test_the_exposure_stays_low(unit: Path) -> None:
    result = analyze("security", "--offline=true", "--threshold=25", str(unit))
    assert result.returncode == 0, result.stdout[-400:]


def test_nothing_of_anybody_may_reach_a_disk_by_memory(unit: Path) -> None:
    text = unit.read_text()
    for key in ("LimitCORE=0", "MemorySwapMax=0", "UMask=0077", "RestartPreventExitStatus=78"):
        assert key in text


def test_what_a_session_leaves_is_in_memory_and_ends_with_the_kiosk() -> None:
    text = (UNITS / "kiosk.service").read_text()
    for key in ("RuntimeDirectoryMode=0700", "KillMode=control-group"):
        assert key in text


def test_the_recorder_ends_only_after_the_last_group_is_on_the_disk() -> None:
    text = (UNITS / "recorder.service").read_text()
    for key in ("KillMode=mixed", "User=recorder", "RequiresMountsFor=/var/lib/certkiosk-video"):
        assert key in text


# ---- the folder of their sockets -------------------------------------------------------------------------

FOLDER = Path("/run/certkiosk")


def lines(name: str, key: str) -> list[str]:
    """What a unit says under this key."""
    found = (line.partition("=") for line in (UNITS / name).read_text().splitlines())
    return [word for name, _, value in found if name == key for word in value.split()]


def test_both_sides_look_for_their_sockets_where_the_folder_is_made() -> None:
    recorder = load(ROOT / "config" / "machine.example.toml").machine.recorder
    assert recorder is not None
    assert {recorder.marks.parent, recorder.status.parent} == {FOLDER}
    made = [line.split() for line in (UNITS / "certkiosk.conf").read_text().splitlines() if line[:1] == "d"]
    assert made == [["d", str(FOLDER), "2770", "root", "recorder", "-"]]
    assert f"RUNTIME_DIRECTORY={FOLDER}" in lines("recorder.service", "Environment")
    assert not lines("recorder.service", "RuntimeDirectory"), "it would go with the recorder"
    assert str(FOLDER) in lines("recorder.service", "ReadWritePaths")
    assert f"-{FOLDER}" in lines("kiosk.service", "ReadWritePaths"), "a kiosk without the folder starts all the same"
    assert "recorder" in lines("kiosk.service", "SupplementaryGroups")


@pytest.fixture
def machine() -> Iterator[tuple[Path, dict[str, int], int]]:
    """The folder as it is made on a machine, its users by name, and the group both are in."""
    with tempfile.TemporaryDirectory() as root:
        place = Path(root)
        place.chmod(0o755)
        (place / "etc").mkdir()
        (place / "run").mkdir()
        make = (("systemd-sysusers", "certkiosk-users.conf"), ("systemd-tmpfiles", "--create", "certkiosk.conf"))
        for tool, *options, file in make:
            done = subprocess.run(
                [tool, *options, f"--root={root}", str(UNITS / file)], capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr
        rows = [line.split(":") for line in (place / "etc" / "passwd").read_text().splitlines()]
        users = {row[0]: int(row[2]) for row in rows}
        folder = place / "run" / "certkiosk"
        yield folder, users, folder.stat().st_gid


TALK = """
import sys
user, group, *extra = map(int, sys.argv[3:])
os.umask(0o077)
os.setgroups(extra)
os.setgid(group)
os.setuid(user)
end = Datagrams(Path(sys.argv[1]), Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
print("sent" if end.tell({}) else "nobody", flush=True)
sys.stdin.readline()
print(*(message["seq"] for message in end.heard()), "heard", flush=True)
"""
"""Becomes a user, which nobody but root can; waits for a line before each step."""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other users")
def test_the_two_users_reach_each_other_and_a_third_reaches_neither(machine: tuple[Path, dict[str, int], int]) -> None:
    folder, users, group = machine
    source = Path(config.datagrams.__file__).read_text() + TALK
    elsewhere = Path(tempfile.mkdtemp(dir=folder.parents[1]))
    elsewhere.chmod(0o777)
    marks, kiosk = folder / "marks.sock", folder / "kiosk.sock"

    def run(own: Path, there: Path, *ids: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", "-c", source, str(own), str(there), *map(str, ids)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    ends = [
        run(marks, kiosk, users["recorder"], group),
        run(kiosk, marks, users["kiosk"], users["kiosk"], group),
        run(elsewhere / "own", marks, 65534, 65534),
    ]
    said: list[list[str]] = [[], [], []]
    for _ in range(3):
        for process, words in zip(ends, said, strict=True):
            assert process.stdout is not None
            words.append(process.stdout.readline().strip())
        for process in ends:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
    for process in ends:
        process.communicate(timeout=30)
    assert said == [["ready", "sent", "1 heard"], ["ready", "sent", "1 heard"], ["ready", "nobody", "heard"]]
