"""The process inside the namespace: pcscd, the card, and the control socket.

Started by :class:`hardware_sim.card.bench.CardStand`; by hand it would find no namespace around it and refuse.
It says on its standard output, in one JSON line, that it is ready or why not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from .control import ControlServer, Desk, load_cards
from .namespace import StandError, find_tools, furnish
from .pcscd import VPCD_PORT, Pcscd
from .pki import CardAuthority
from .vpcd import VpcdSlot

WATCH_S = 0.1
START_S = 10.0


def _own_namespace(parent: int) -> bool:
    """Whether the network namespace differs from that of the process that started this one."""
    try:
        return os.readlink("/proc/self/ns/net") != os.readlink(f"/proc/{parent}/ns/net")
    except OSError:
        # From within a user namespace the outer one cannot be looked at, which is answer enough.
        return True


def serve(run_dir: Path, authority_dir: Path, cards: Path | None, parent: int) -> None:
    """Run until SIGTERM, SIGINT or the end of the parent. Raises :class:`StandError` when it cannot start."""
    if not _own_namespace(parent):
        raise StandError("this process has no namespace of its own: start it by hardware_sim.card.bench.CardStand")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    specs = load_cards(cards) if cards is not None else []
    authority = CardAuthority(authority_dir)
    socket_dir = run_dir / "pcscd"
    tools = find_tools()
    furnish(tools, socket_dir)
    pcscd = Pcscd(tools, run_dir / "reader.conf.d", socket_dir, run_dir / "pcscd.log")
    try:
        pcscd.start()
        pcscd.wait_ready(START_S)
        slot = VpcdSlot(VPCD_PORT)
        try:
            desk = Desk(slot, pcscd, authority)
            for spec in specs:
                desk.register(spec)
            with ControlServer(run_dir / "control.sock", desk) as control:
                threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
                _say({"ready": True})
                while not stop.wait(WATCH_S) and os.getppid() == parent:
                    pcscd.watch(time.monotonic())
                control.shutdown()
        finally:
            slot.close()
    finally:
        pcscd.stop()
        (run_dir / "control.sock").unlink(missing_ok=True)


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="hardware_sim.card.stand", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of this run (sockets, logs)")
    parser.add_argument("--authority", type=Path, required=True, help="folder of the test authority")
    parser.add_argument("--cards", type=Path, help="JSON list of cards, mode 0600")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    arguments = parser.parse_args()
    try:
        serve(arguments.run, arguments.authority, arguments.cards, arguments.parent)
    except StandError as error:
        _say({"ready": False, "error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
