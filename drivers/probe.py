"""``python -m drivers.probe DEVICE``: try one device by itself, with the kiosk's own driver, and say what is found.

    python -m drivers.probe --list
    python -m drivers.probe coins --config /etc/certkiosk/machine.toml

Picture and sound live in another room; `screen` and `sound` hand over to ``python -m screens.probe``.
Exit status: 0 all is well, 1 something is not (each NG line is followed by what to do), 2 nothing was tried.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from config.probing import Report, add_config, leave_to_the_kiosk, run
from config.schema import Settings

DEVICES: Final = {
    "reader": "the card reader: readers that are there, then what the driver makes of a card laid down",
    "coins": "coin acceptor and hoppers (ccTalk): identity, coin table, counters, levels, self-test",
    "printer": "the multi-copy machine (IPP): state, paper, supplies, and what it lacks for us",
    "sensors": "the input module (Modbus): trays and key switch, live",
    "centre": "the line to the national centre: TCP, TLS, certificates, greeting",
    "clock": "the system's clock: synchronised, real-time clock",
}
ELSEWHERE: Final = {
    "screen": "the panel: test picture with millimetres, and nine points to touch",
    "sound": "the loudspeaker: one phrase at each level",
}
WAIT_S: Final = 60.0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m drivers.probe",
        description="Try one device of this machine by itself. Exit status: 0 well, 1 a fault, 2 not tried.",
    )
    made.add_argument("--list", action="store_true", help="the devices that can be tried")
    devices = made.add_subparsers(dest="device", metavar="DEVICE")
    each = {name: devices.add_parser(name, help=what, description=what) for name, what in DEVICES.items()}
    for one in each.values():
        add_config(one)
    for name, what in ELSEWHERE.items():
        devices.add_parser(name, help=what)
    seconds = f"how long to wait for a card (default {WAIT_S:.0f})"
    each["reader"].add_argument("--seconds", type=float, default=WAIT_S, help=seconds)
    each["coins"].add_argument(
        "--accept", action="store_true", help="open the slot and show coins as they come; nothing books them"
    )
    each["coins"].add_argument("--seconds", type=float, help="shut the slot after so long (default: at Ctrl-C)")
    each["printer"].add_argument("--test-page", action="store_true", help="print one sheet, both sides")
    each["sensors"].add_argument("--once", action="store_true", help="look once, do not go on")
    each["sensors"].add_argument("--seconds", type=float, help="end after so long (default: at Ctrl-C)")
    each["centre"].add_argument(
        "--credentials",
        type=Path,
        help="folder with terminal.crt (default $CREDENTIALS_DIRECTORY, else /etc/certkiosk/credentials)",
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ELSEWHERE:
        # Not imported: drivers know nothing of screens (pyproject.toml). One program gives way to the other.
        os.execv(sys.executable, [sys.executable, "-m", "screens.probe", *words])  # noqa: S606
    options = parser().parse_args(words)
    if options.list or options.device is None:
        for name, what in {**DEVICES, **ELSEWHERE}.items():
            print(f"{name:<9}{what}")
        return 0
    logging.basicConfig(level=logging.WARNING, format="        (%(message)s)")
    return run(options.config, DEVICES[options.device].partition(":")[0], _work(options))


def _work(options: argparse.Namespace) -> Callable[[Settings, Report], None]:
    """What to do with the configuration. Libraries of one device are loaded for that device only."""

    def work(settings: Settings, report: Report) -> None:
        if options.device in ("reader", "coins", "sensors") or getattr(options, "test_page", False):
            leave_to_the_kiosk(options.config, settings.machine)
        match options.device:
            case "reader":
                from drivers import probe_reader

                probe_reader.probe(settings, report, seconds=options.seconds)
            case "coins":
                from drivers import probe_coins

                probe_coins.probe(settings, report, waiting(options.seconds), accept=options.accept)
            case "printer":
                from drivers import probe_printer

                probe_printer.probe(settings, report, test_page=options.test_page)
            case "sensors":
                from drivers import probe_sensors

                probe_sensors.probe(settings, report, waiting(options.seconds), once=options.once)
            case "centre":
                from drivers import probe_centre

                probe_centre.probe(settings, report, credentials=options.credentials)
            case _:
                from drivers import probe_clock

                probe_clock.probe(settings, report)

    return work


def waiting(seconds: float | None) -> Callable[[float], bool]:
    """Waits a moment; True once `seconds` are over (None: never)."""
    end = None if seconds is None else time.monotonic() + seconds

    def wait(moment_s: float) -> bool:
        if end is not None and time.monotonic() >= end:
            return True
        time.sleep(moment_s)
        return False

    return wait


if __name__ == "__main__":
    sys.exit(main())
