"""Of the two hundred countries whose holidays the package knows, a terminal carries one."""

from __future__ import annotations

import subprocess
import sys


def test_what_a_terminal_reads_knows_no_other_country() -> None:
    """Some megabytes and a fifth of a second at every start; one import past `config.japan` brings them back."""
    asked = (
        "import sys, kiosk.__main__, recorder.__main__;"
        "print(*sorted(name for name in sys.modules if name.startswith('holidays.countries.')))"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[-2].split() == ["holidays.countries.japan"]
