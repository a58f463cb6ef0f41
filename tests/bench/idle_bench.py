"""Idle: the kiosk on its first screen, every device polled over its wire, nobody there."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import Final

from harness import Measure
from stand import named_command, stand
from usage import by_thread, cpu_s, threads

IDLE_S: Final = 60.0
SETTLE_S: Final = 5.0
GOAL: Final = 2.0
"""% of one core."""

_stack = ExitStack()


def measures() -> list[Measure]:
    bench = _stack.enter_context(stand(command=named_command))
    lines: list[str] = []

    def idle() -> float:
        seconds = float(os.environ.get("BENCH_IDLE_S", IDLE_S))
        time.sleep(SETTLE_S)
        pids = bench.kiosk.pids()
        before, used, began = threads(pids), cpu_s(pids), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        percent = 100 * (cpu_s(pids) - used) / took
        lines[:] = by_thread(before, threads(pids), took)
        return percent

    note = (
        f"Parent and child over {IDLE_S:.0f} s on the first screen, utime and stime of /proc/<pid>/stat; no cupsd runs "
        "then. Reader (pcscd), acceptor and hoppers (ccTalk), sensors (Modbus), printer (IPP) and centre (TLS) are "
        "polled, the sound device is open, the bench's mirror is connected."
    )

    def report() -> str:
        return "\n".join(lines)

    return [Measure("idle, all devices polled", idle, None, GOAL, 1, note, "%", report, warm_up=0)]


def close() -> None:
    _stack.close()
