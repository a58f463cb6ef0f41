"""``python -m hardware_sim.devices``: the bench's devices, centre and city without the kiosk, to be tried one by one.

Takes the options of ``python -m hardware_sim``. Everything runs on the same page; the panel stays dark until
somebody (`python -m drivers.probe screen`) draws on it. What else a program needs to be in the kiosk's place lies
as `export` lines in the file `environment` of the state folder.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.kiosk import kiosk_environment
from hardware_sim.bench.launcher import parser
from hardware_sim.bench.machine_file import spot_for, spot_of
from hardware_sim.bench.preflight import check_packages, listen
from hardware_sim.bench.serving import PageServer
from hardware_sim.bench.world import Bench, Options
from hardware_sim.card.namespace import StandError, find_tools, unshare_command

ENVIRONMENT = "environment"
_HANDED_ON = ("CREDENTIALS_DIRECTORY", "SDL_AUDIODRIVER", "SDL_DISKAUDIOFILE", "SDL_VIDEODRIVER")


def nobody(_machine_file: Path) -> list[str]:
    """Stands in the kiosk's place, touches nothing, and ends with the bench."""
    idle = ["sleep", "infinity"]
    setpriv = shutil.which("setpriv")
    return idle if setpriv is None else [setpriv, "--pdeathsig", "TERM", "--", *idle]


def write_environment(bench: Bench) -> Path:
    """What the kiosk would find around it, for `source`."""
    own = bench.run.own
    found = kiosk_environment(
        bench.city.credentials_of[bench.options.spot.terminal_id], bench.state.kiosk, own / "sound"
    )
    path = bench.state.root / ENVIRONMENT
    lines = [f"export {name}={shlex.quote(found[name])}\n" for name in _HANDED_ON if name in found]
    path.write_text("# Written by the bench at every start, for programs that stand in the kiosk's place.\n")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 after Ctrl-C, 1 when the bench cannot start."""
    made = parser()
    made.prog = "python -m hardware_sim.devices"
    made.description = "The simulated devices, centre and city without the kiosk: for `python -m drivers.probe`."
    options = made.parse_args(arguments)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        if options.second:
            raise BenchError("--second is for terminals; devices are started for one alone")
        spot = (
            spot_of(options.machine)
            if options.machine
            else spot_for(options.profile, options.reader or _reader_here(), options.panel, options.camera)
        )
        if options.no_sensors:
            spot = replace(spot, sensors=False)
        check_packages()
        listener = listen(options.port)
        try:
            print("Starting the devices:", flush=True)
            with (
                Bench(Options(options.state, options.fresh, spot, command=nobody, recorder=None), _say) as bench,
                PageServer(bench, listener) as page,
            ):
                _tell(bench, write_environment(bench), page.url)
                stop.wait()
                print("\nStopping …", flush=True)
        finally:
            listener.close()
    except BenchError as error:
        print(f"\nThe devices cannot start: {error}", file=sys.stderr)
        return 1
    print("Stopped.", flush=True)
    return 0


def _reader_here() -> str:
    try:
        unshare_command(find_tools())
    except StandError:
        return "nfc"
    return "pcsc"


def _tell(bench: Bench, environment: Path, url: str) -> None:
    print(f"\nThe devices are ready, and no kiosk holds them. Cards, coins and faults: {url}", flush=True)
    print("  In another terminal:", flush=True)
    print(f"    source {_shown(environment)}", flush=True)
    print("    .venv/bin/python -m drivers.probe --list", flush=True)
    print(f"    .venv/bin/python -m drivers.probe coins --config {_shown(bench.state.machine_file)}", flush=True)
    print("  Ctrl-C ends everything.", flush=True)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _say(line: str) -> None:
    if line not in {"kiosk", "recorder"}:
        print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
