"""The office behind the machine: who may sign in there, entered as an engineer would, by the kiosk's own console."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .errors import BenchError

_WAIT_S = 60.0


@dataclass(frozen=True)
class Colleague:
    """A made-up member of staff. ``number``: what they type at the machine."""

    name: str
    title: str
    number: str


MANAGER = Colleague("課長 見本", "管理者", "270416")
HANDLER = Colleague("係員 見本", "取扱者", "583902")


class Office:
    """Speaks to `python -m kiosk.staff_admin` and `python -m kiosk.reopen` through their standard input."""

    def __init__(self, machine_file: Path, state: Path, now: Callable[[], datetime]) -> None:
        self._machine_file = machine_file
        self._state = state
        self._now = now

    def enter_staff(self) -> None:
        """A manager and a handler, once in the life of a machine. Raises BenchError."""
        if (self._state / "staff.sqlite").exists():
            return
        self._run("kiosk.staff_admin", ["enter"], (MANAGER.name, MANAGER.number, MANAGER.number))
        handler = (MANAGER.name, MANAGER.number, HANDLER.title, HANDLER.name, HANDLER.number, HANDLER.number)
        self._run("kiosk.staff_admin", ["enter"], handler)

    def reopen(self, reason: str = "点検しました") -> None:
        """The manager reopens a stopped line at the console. Raises BenchError."""
        self._run("kiosk.reopen", [], (MANAGER.name, MANAGER.number, reason))

    def _run(self, module: str, words: Sequence[str], typed: Sequence[str]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, "--config", str(self._machine_file), *words],
            input="".join(f"{line}\n" for line in typed),
            env={**os.environ, "STATE_DIRECTORY": str(self._state)},
            capture_output=True,
            text=True,
            timeout=_WAIT_S,
            check=False,
        )
        if done.returncode != 0:
            raise BenchError(f"{module} refused: {done.stderr.strip()}")
