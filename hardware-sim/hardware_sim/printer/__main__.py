"""Start one simulated machine by hand: `python -m hardware_sim.printer --port 8631`."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from hardware_sim.printer import PrinterBench, PrinterConfig


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hardware_sim.printer", description=__doc__)
    parser.add_argument("--port", type=int, default=8631, help="port on 127.0.0.1 (default 8631, 0: any)")
    parser.add_argument("--seconds-per-sheet", type=float, default=1.0, help="default 1.0")
    parser.add_argument("--directory", type=Path, help="where printer.jsonl and output/ go (default: nowhere)")
    options = parser.parse_args()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    config = PrinterConfig(seconds_per_sheet_s=options.seconds_per_sheet)
    shown = options.directory is not None
    with PrinterBench(options.directory, options.port, config=config, show_output=shown) as bench:
        print(bench.uri, flush=True)
        done.wait()


if __name__ == "__main__":
    main()
