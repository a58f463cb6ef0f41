"""The units are read by systemd itself, as files: nothing misspelt, and little exposed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[1] / "systemd"

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
