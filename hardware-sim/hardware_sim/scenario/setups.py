"""From a scenario's set-up to the bench's options: profile, reader, panel, camera, coins in the hoppers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hardware_sim.bench.machine_file import spot_for
from hardware_sim.bench.world import Options

from .script import Setup


def options_of(setup: Setup, state: Path, **more: Any) -> Options:
    """Options for a fresh bench; ``more`` are further options. An explicit ``levels`` replaces the set-up's."""
    if setup.levels and "levels" not in more:
        more["levels"] = dict(setup.levels)
    return Options(
        state,
        fresh=True,
        spot=spot_for(setup.profile, setup.reader, setup.panel, "h264" if setup.camera else ""),
        **more,
    )
