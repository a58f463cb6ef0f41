"""``python -m hardware_sim``: start the whole bench and keep it running until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType

from hardware_sim.card.namespace import StandError, find_tools, unshare_command

from .errors import BenchError
from .machine_file import CAMERAS, PANELS, PROFILES, READERS, neighbour, spot_for, spot_of
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
    made.add_argument("--profile", choices=PROFILES, default=PROFILES[0], help="whose terminal (default saga)")
    readers = "pcsc: real pcscd; nfc: a radio for nfcpy (default: pcsc where it can run)"
    made.add_argument("--reader", choices=READERS, help=readers)
    made.add_argument("--panel", choices=PANELS, default="upright", help="shape of the panel (default upright)")
    stream = "the camera's stream: H.264 over TCP, or JPEG over HTTP (default h264)"
    made.add_argument("--camera", choices=CAMERAS, default=CAMERAS[0], help=stream)
    made.add_argument("--no-camera", dest="camera", action="store_const", const="", help="without camera and recorder")
    made.add_argument("--second", action="store_true", help="a second terminal of the same city, on the next port")
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
    if options.machine:
        spot = spot_of(options.machine)
    else:
        spot = spot_for(options.profile, options.reader or _reader_here(), options.panel, options.camera)
    if options.no_sensors:
        spot = replace(spot, sensors=False)
    check_packages()
    # The port first: whoever has a bench running learns it before anything is started or touched.
    listener = listen(options.port)
    beside = listen(options.port + 1) if options.second else None
    try:
        print("Starting:", flush=True)
        with Bench(Options(options.state, options.fresh, spot), _say) as bench, ExitStack() as more:
            with PageServer(bench, listener) as page:
                _await_first_screen(bench, stop)
                if beside is not None:
                    _start_second(bench, page.port, beside, more, stop)
                if not stop.is_set():
                    print(f"\nThe bench is ready: {page.url}", flush=True)
                    if beside is not None:
                        print(f"  the second terminal: http://127.0.0.1:{options.port + 1}/", flush=True)
                    print(f"  its clock says {bench.now():%Y-%m-%d %H:%M}; PIN of every card: 1234", flush=True)
                    print("  Ctrl-C ends everything.", flush=True)
                while not stop.wait(0.5):
                    _check_kiosk(bench)
            print("\nStopping …", flush=True)
    finally:
        listener.close()
        if beside is not None:
            beside.close()
    print("Stopped.", flush=True)


def _reader_here() -> str:
    """pcscd where its namespace can be made; otherwise the radio, with a word about why."""
    try:
        unshare_command(find_tools())
    except StandError as error:
        print(f"Without pcscd: {error}\nThe radio for nfcpy is used instead (--reader nfc).", flush=True)
        return "nfc"
    return "pcsc"


def _start_second(bench: Bench, port: int, listener: socket.socket, more: ExitStack, stop: threading.Event) -> None:
    """Another terminal beside the first, whose page is at ``port``: devices and kiosk of its own; city, centre and
    clock are shared."""
    print("Starting the second terminal:", flush=True)
    options = bench.options
    first = options.spot
    spot = replace(first, terminal_id=neighbour(first.terminal_id), machine_no=first.machine_no + 1)
    state = options.state.with_name(f"{options.state.name}-second")
    second = more.enter_context(Bench(replace(options, state=state, spot=spot, beside=bench), _say))
    page = more.enter_context(PageServer(second, listener))
    bench.others[spot.terminal_id] = page.port
    second.others[first.terminal_id] = port
    _await_first_screen(second, stop)


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
