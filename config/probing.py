"""What every probe of a device shares: plain lines, one sentence for each fault, and the care not to disturb a kiosk.

A probe (``python -m drivers.probe``, ``python -m screens.probe``) tries what the machine file names, with the code
that the kiosk uses. It ends with 0 when all was well, 1 when something was not, 2 when nothing was tried.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from config.clock import ClockFile
from config.errors import ConfigError
from config.load import load
from config.schema import Machine, Settings

WELL, FAULTY, NOT_TRIED = 0, 1, 2
MACHINE_FILE: Final = Path("/etc/certkiosk/machine.toml")
BENCH_FILE: Final = Path("var/bench/machine.toml")
UNIT: Final = "kiosk.service"


class NotTried(Exception):
    """The device was left alone; the text says why and what to do."""


class Report:
    """Lines for a person: what was found, whether it is as it must be, and what to do where it is not."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self.faults = 0

    def title(self, text: str) -> None:
        self._say(text)

    def note(self, text: str) -> None:
        """Something found that is neither right nor wrong."""
        self._say(f"        {text}")

    def ok(self, text: str) -> None:
        self._say(f"  OK    {text}")

    def fault(self, text: str, remedy: str) -> None:
        """`text`: what is wrong; `remedy`: one sentence that says what to do."""
        self.faults += 1
        self._say(f"  NG    {text}")
        self._say(f"        -> {remedy}")

    def check(self, good: bool, text: str, wrong: str, remedy: str) -> bool:
        """OK with `text`, or NG with `wrong`; gives `good` back."""
        if good:
            self.ok(text)
        else:
            self.fault(wrong, remedy)
        return good

    @property
    def status(self) -> int:
        return FAULTY if self.faults else WELL

    def close(self) -> int:
        """The last line, and the exit status."""
        self._say("result: OK" if not self.faults else f"result: NG ({self.faults})")
        return self.status


def add_config(parser: argparse.ArgumentParser) -> None:
    """The option that every probe has."""
    parser.add_argument(
        "--config",
        type=Path,
        default=MACHINE_FILE,
        help=f"the machine file (default {MACHINE_FILE}; on the bench {BENCH_FILE})",
    )


def settings_of(machine_file: Path) -> Settings:
    """The configuration that the kiosk would run with. Raises NotTried."""
    try:
        return load(machine_file)
    except ConfigError as error:
        hint = ""
        if not machine_file.exists():
            hint = f"\nName the machine file with --config; on the bench it is {BENCH_FILE}, once `make devices` runs."
        raise NotTried(f"{error}{hint}") from None


def run(machine_file: Path, title: str, work: Callable[[Settings, Report], None]) -> int:
    """Carry out a probe and give its exit status. Ctrl-C ends it like any other end."""
    report = Report(lambda line: print(line, flush=True))
    try:
        settings = settings_of(machine_file)
        report.title(f"{title} ({machine_file}{', simulation' if settings.machine.simulation else ''})")
        work(settings, report)
    except NotTried as error:
        print(f"not tried: {error}", file=sys.stderr)
        return NOT_TRIED
    except KeyboardInterrupt:
        print(flush=True)
    return report.close()


def leave_to_the_kiosk(machine_file: Path, machine: Machine, proc: Path = Path("/proc")) -> None:
    """Raises NotTried while a kiosk runs that has the devices of this machine file.

    It is known by its command line (`python -m kiosk` or `kiosk-ui`, with `--config` and the same file). On a real
    machine, where other users' processes may be hidden, the service manager is asked as well.
    """
    if (pid := running_kiosk(machine_file, proc)) is not None:
        raise NotTried(f"the kiosk with this machine file is running (process {pid}). {_how_to_stop(machine)}")
    if not machine.simulation and _unit_is_active():
        raise NotTried(f"{UNIT} is active. {_how_to_stop(machine)}")


def running_kiosk(machine_file: Path, proc: Path = Path("/proc")) -> int | None:
    """The lowest number of a process that is a kiosk with this machine file."""
    for pid in sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()):
        try:
            words = (proc / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            named = _machine_file_of(words)
            if named is not None and os.path.samefile(proc / str(pid) / "cwd" / named, machine_file):
                return pid
        except OSError:
            continue  # it has ended, or is somebody else's business
    return None


def _machine_file_of(words: list[str]) -> str | None:
    as_module = any(pair == ("-m", "kiosk") for pair in pairwise(words))
    if not as_module and not any(Path(word).name == "kiosk-ui" for word in words[:2]):
        return None
    for word, following in pairwise(words):
        if word == "--config":
            return following
        if word.startswith("--config="):
            return word.partition("=")[2]
    return None


def _unit_is_active() -> bool:
    try:
        return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _how_to_stop(machine: Machine) -> str:
    if machine.simulation:
        return "Stop the bench (Ctrl-C) and start its devices alone: make devices"
    return f"Stop it first, when nobody is being served: sudo systemctl stop {UNIT}"


class MachineTime:
    """The instant this machine lives in: the bench's clock in a simulation that names one, else the system's.

    Unlike `config.clock.open_clock` it takes no slot, so the bench never waits for a probe.
    """

    def __init__(self, machine: Machine) -> None:
        self._file: ClockFile | None = None
        if machine.bench is not None:
            try:
                self._file = ClockFile(machine.bench.clock_file)
            except (OSError, ConfigError):
                raise NotTried("the bench is not running: start its devices with `make devices`") from None

    def now(self) -> datetime:
        return datetime.now(UTC) if self._file is None else self._file.now()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
