"""The units are read by systemd itself, as files: nothing misspelt, and little exposed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[1] / "systemd"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists here."""
    copy = tmp_path / "kiosk.service"
    text = (UNITS / "kiosk.service").read_text()
    copy.write_text(text.replace("/opt/kiosk/venv/bin/kiosk-ui", "/bin/true"))
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


def test_nothing_of_a_session_may_reach_a_disk(unit: Path) -> None:
    text = unit.read_text()
    for key in ("LimitCORE=0", "MemorySwapMax=0", "RuntimeDirectoryMode=0700", "KillMode=control-group"):
        assert key in text
