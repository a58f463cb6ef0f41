"""``python -m hardware_sim``: start the whole bench and keep it running until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType

from .errors import BenchError
from .machine_file import Spot, spot_of
from .preflight import check_packages, listen
from .serving import PageServer
from .world import Bench, Options

PORT = 8700
READY_S = 60.0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m hardware_sim",
        description="The whole bench: simulated devices, centre, city and the kiosk, on a page in your browser.",
    )
    made.add_argument("--port", type=int, default=PORT, help=f"port of the page on 127.0.0.1 (default {PORT})")
    made.add_argument("--state", type=Path, default=Path("var/bench"), help="folder for what lasts (default var/bench)")
    made.add_argument("--fresh", action="store_true", help="begin as a machine just delivered, with empty books")
    made.add_argument("--machine", type=Path, help="take profile, terminal id and panel from this machine file")
    made.add_argument("--no-sensors", action="store_true", help="without tray sensors: a touch stands for taking")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 after Ctrl-C, 1 when the bench cannot start."""
    options = parser().parse_args(arguments)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        _serve(options, stop)
    except BenchError as error:
        print(f"\nThe bench cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
    spot = spot_of(options.machine) if options.machine else Spot()
    if options.no_sensors:
        spot = replace(spot, sensors=False)
    check_packages()
    # The port first: whoever has a bench running learns it before anything is started or touched.
    listener = listen(options.port)
    try:
        print("Starting:", flush=True)
        with Bench(Options(options.state, options.fresh, spot), _say) as bench:
            with PageServer(bench, listener) as page:
                _await_first_screen(bench, stop)
                if not stop.is_set():
                    print(f"\nThe bench is ready: {page.url}", flush=True)
                    print(f"  its clock says {bench.now():%Y-%m-%d %H:%M}; PIN of every card: 1234", flush=True)
                    print("  Ctrl-C ends everything.", flush=True)
                while not stop.wait(0.5):
                    _check_kiosk(bench)
            print("\nStopping …", flush=True)
    finally:
        listener.close()
    print("Stopped.", flush=True)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _await_first_screen(bench: Bench, stop: threading.Event) -> None:
    def ready() -> bool:
        return stop.is_set() or bench.kiosk.configuration_error or bench.screen() not in {"", "still"}

    if not bench.wait_until(ready, READY_S):
        raise BenchError(
            f"the kiosk showed no first screen in {READY_S:.0f} s; the end of {bench.state.log / 'kiosk.log'}:\n"
            f"{bench.kiosk.last_words()}"
        )
    _check_kiosk(bench)


def _check_kiosk(bench: Bench) -> None:
    if bench.kiosk.configuration_error:
        raise BenchError(f"the kiosk refuses its configuration:\n{bench.kiosk.last_words()}")
