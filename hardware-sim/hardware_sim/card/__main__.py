"""Just the card, for trying PC/SC programs such as OpenSC against it.

    python -m hardware_sim.card [--kind KIND] [--run FOLDER] [--radio]

lays a demonstration card (PIN 1234, 署名用 password SIGN1234) on the simulated reader, prints the line that tells
PC/SC clients where to find it, and waits for Ctrl-C. In another terminal paste that line, then for example

    opensc-tool -n
    pkcs15-tool --dump
    pkcs15-tool --read-certificate 1
    echo test > message
    pkcs11-tool --module opensc-pkcs11.so --sign --login --pin 1234 --id 01 \\
        -m SHA256-RSA-PKCS -i message -o signature

With --radio there is no pcscd: it prints the path for nfc.ContactlessFrontend (nfcpy), such as udp:127.0.0.1:54321.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
import threading
from pathlib import Path

from .bench import CardStand, RadioStand, Stand
from .kinds import KINDS, demonstration
from .namespace import StandError

DEMO = "demo"


def _wait(stand: Stand) -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(0.5):
        if stand.pid is None:
            raise StandError(f"the card stand has ended; see {stand.run_dir / 'stand.log'}")


def _run(run_dir: Path, kind: str, radio: bool) -> None:
    stand: CardStand | RadioStand = RadioStand(run_dir) if radio else CardStand(run_dir)
    with stand:
        stand.register(demonstration(DEMO, kind))
        stand.insert(DEMO)
        if isinstance(stand, RadioStand):
            print(stand.device, flush=True)
        else:
            print(f"export PCSCLITE_CSOCK_NAME={shlex.quote(str(stand.csock))}", flush=True)
        _wait(stand)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m hardware_sim.card",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kind", choices=sorted(KINDS), default="mynumber")
    parser.add_argument("--run", type=Path, help="folder for sockets, logs, test authority (default: a new one)")
    parser.add_argument("--radio", action="store_true", help="nfcpy's UDP radio in place of pcscd")
    arguments = parser.parse_args()
    try:
        if arguments.run is not None:
            _run(arguments.run, arguments.kind, arguments.radio)
        else:
            with tempfile.TemporaryDirectory(prefix="kiosk-card-") as folder:
                _run(Path(folder), arguments.kind, arguments.radio)
    except StandError as error:
        print(f"hardware_sim.card: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
