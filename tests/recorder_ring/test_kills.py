"""A real process that records is killed; a thousand times by ``python tests/bench/ring_kills.py --kills 1000``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

KILLS = 12
PROGRAM = Path(__file__).parents[1] / "bench" / "ring_kills.py"


def test_killed_at_any_moment_it_keeps_what_it_stored_and_opens_nothing_old(tmp_path):
    done = subprocess.run(
        [sys.executable, PROGRAM, "--kills", str(KILLS), "--folder", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{KILLS} kills")
    assert " 0 pictures decoded" not in done.stdout
