"""The bench's devices without the kiosk, as an engineer starts them, and probes beside them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAIT_S = 90

pytestmark = pytest.mark.stack


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """The devices' state folder, while they run."""
    folder = tmp_path / "devices"
    command = [sys.executable, "-m", "hardware_sim.devices", "--port", "0", "--reader", "nfc", "--state", str(folder)]
    devices = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert devices.stdout is not None
    try:
        for line in devices.stdout:
            if "Ctrl-C" in line:
                break
        yield folder
    finally:
        devices.send_signal(signal.SIGINT)
        rest, _ = devices.communicate(timeout=WAIT_S)
    assert devices.returncode == 0
    assert rest.rstrip().endswith("Stopped.")


def test_what_the_devices_print_is_enough_to_try_them(state: Path) -> None:
    exports = re.findall(r"^export (\w+)=(\S+)$", (state / "environment").read_text(), re.MULTILINE)
    for words in (["sensors", "--once"], ["centre"], ["screen", "--seconds", "0"]):
        done = subprocess.run(
            [sys.executable, "-m", "drivers.probe", *words, "--config", str(state / "machine.toml")],
            cwd=ROOT,
            env={**os.environ, **dict(exports)},
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )
        wanted = "result: NG (1)" if words[0] == "screen" else "result: OK"  # nobody touches its circles
        assert done.stdout.splitlines()[-1:] == [wanted], done.stdout + done.stderr
