"""How the kiosk's program is started on the bench, and what it finds around it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def started_by(module: str, machine_file: Path) -> list[str]:
    """The command line of a program of the machine; it dies with the bench (setpriv of util-linux)."""
    program = [sys.executable, "-m", module, "--config", str(machine_file)]
    setpriv = shutil.which("setpriv")
    return program if setpriv is None else [setpriv, "--pdeathsig", "TERM", "--", *program]


def kiosk_command(machine_file: Path) -> list[str]:
    """How the kiosk is started."""
    return started_by("kiosk", machine_file)


def passed_on(*names: str) -> dict[str, str]:
    """What a program of the machine gets of the bench's own environment, and these variables."""
    return {
        key: value
        for key, value in os.environ.items()
        if key in {"PATH", "HOME", "LANG", "LC_ALL", *names} or key.startswith(("PYTHON", "COV_"))
    }


def kiosk_environment(credentials: Path, state: Path, sound: Path) -> dict[str, str]:
    """What the kiosk finds around it: credentials, state, a display that may be none, sound into a pipe."""
    passed = passed_on("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR")
    environment = {
        **passed,
        "CREDENTIALS_DIRECTORY": str(credentials),
        "STATE_DIRECTORY": str(state),
        "SDL_AUDIODRIVER": "disk",
        "SDL_DISKAUDIOFILE": str(sound),
        "PYTHONUNBUFFERED": "1",
    }
    if not (passed.get("DISPLAY") or passed.get("WAYLAND_DISPLAY")):
        environment["SDL_VIDEODRIVER"] = "dummy"
    elif "SDL_VIDEODRIVER" in os.environ:
        environment["SDL_VIDEODRIVER"] = os.environ["SDL_VIDEODRIVER"]
    return environment
