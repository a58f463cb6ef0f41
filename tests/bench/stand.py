"""The whole bench for figures on the real stack: simulated devices, centre and city, and the kiosk's own processes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness import Unavailable

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.preflight import check_packages
from hardware_sim.bench.world import Bench, Options

READY_S: Final = 90.0
LEVELS: Final = {10: 60, 50: 60, 100: 200, 500: 60}
NAMED: Final = Path(__file__).with_name("start_named.py")


def named_command(machine_file: Path) -> list[str]:
    """The kiosk with named threads."""
    return [sys.executable, str(NAMED), "--config", str(machine_file)]


@contextmanager
def stand(**options: object) -> Iterator[Bench]:
    """Running, with the first screen on the panel. Unavailable without the daemons it needs."""
    try:
        check_packages()
    except BenchError as error:
        raise Unavailable(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        more = {"seconds_per_sheet_s": 0.3, "cash_speed": 2.0, "levels": LEVELS, **options}
        made = Options(Path(folder), fresh=True, **more)  # type: ignore[arg-type]
        with Bench(made) as bench:
            if not bench.wait_screen("idle", timeout_s=READY_S):
                raise RuntimeError(f"the first screen did not come: {bench.kiosk.last_words()}")
            yield bench
