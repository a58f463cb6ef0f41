"""The process with the card and its reader: pcscd and vpcd inside a namespace, or a radio, and the control socket.

Started by :class:`hardware_sim.card.bench.CardStand` or :class:`~hardware_sim.card.bench.RadioStand`. It says on its
standard output, in one JSON line, that it is ready or why not.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .control import ControlServer, Desk, load_cards
from .kinds import CardSpec
from .namespace import StandError, find_tools, furnish
from .pcscd import VPCD_PORT, Pcscd
from .pki import CardAuthority
from .radio import RadioSlot
from .vpcd import VpcdSlot

WATCH_S = 0.1
START_S = 10.0


@dataclass(frozen=True)
class Job:
    """What this process was started for."""

    run_dir: Path
    authority: CardAuthority
    specs: list[CardSpec]
    parent: int


def _own_namespace(parent: int) -> bool:
    """Whether the network namespace differs from that of the process that started this one."""
    try:
        return os.readlink("/proc/self/ns/net") != os.readlink(f"/proc/{parent}/ns/net")
    except OSError:
        # From within a user namespace the outer one cannot be looked at, which is answer enough.
        return True


def serve_pcsc(job: Job, stop: threading.Event) -> None:
    """pcscd with vpcd, until ``stop`` or the end of the parent. Raises :class:`StandError` when it cannot start."""
    if not _own_namespace(job.parent):
        raise StandError("this process has no namespace of its own: start it by hardware_sim.card.bench.CardStand")
    socket_dir = job.run_dir / "pcscd"
    tools = find_tools()
    furnish(tools, socket_dir)
    pcscd = Pcscd(tools, job.run_dir / "reader.conf.d", socket_dir, job.run_dir / "pcscd.log")
    try:
        pcscd.start()
        pcscd.wait_ready(START_S)
        slot = VpcdSlot(VPCD_PORT)
        try:
            with _control(job, Desk(slot, job.authority, pcscd)):
                _say({"ready": True})
                while not _ended(job, stop):
                    pcscd.watch(time.monotonic())
        finally:
            slot.close()
    finally:
        pcscd.stop()


def serve_radio(job: Job, stop: threading.Event) -> None:
    """The radio, on the loopback address only."""
    slot = RadioSlot()
    try:
        with _control(job, Desk(slot, job.authority)):
            _say({"ready": True, "port": slot.port})
            while not _ended(job, stop):
                pass
    finally:
        slot.close()


def _ended(job: Job, stop: threading.Event) -> bool:
    return stop.wait(WATCH_S) or os.getppid() != job.parent


@contextlib.contextmanager
def _control(job: Job, desk: Desk) -> Iterator[None]:
    for spec in job.specs:
        desk.register(spec)
    path = job.run_dir / "control.sock"
    try:
        with ControlServer(path, desk) as control:
            threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
            yield
            control.shutdown()
    finally:
        path.unlink(missing_ok=True)


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="hardware_sim.card.stand", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of this run (sockets, logs)")
    parser.add_argument("--authority", type=Path, required=True, help="folder of the test authority")
    parser.add_argument("--cards", type=Path, help="JSON list of cards, mode 0600")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    parser.add_argument("--radio", action="store_true", help="nfcpy's UDP radio in place of pcscd")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        specs = load_cards(arguments.cards) if arguments.cards is not None else []
        job = Job(arguments.run, CardAuthority(arguments.authority), specs, arguments.parent)
        (serve_radio if arguments.radio else serve_pcsc)(job, stop)
    except StandError as error:
        _say({"ready": False, "error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
