"""The kiosk's processes, stood in for by small programs: started anew, killed, cut off, ended without a trace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware_sim.bench.changes import Changes
from hardware_sim.bench.processes import marked, processes
from hardware_sim.bench.program import Program

WAIT_S = 15.0
FAMILY = """
import os, subprocess, sys, time
open(os.environ["RUNTIME_DIRECTORY"] + "/secret", "w").close()
child = subprocess.Popen([sys.executable, "-c", "import subprocess, sys, time\\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\\n"
    "time.sleep(600)"])
open(os.environ["RUNTIME_DIRECTORY"] + "/ready", "w").close()
time.sleep(600)
"""


@pytest.fixture
def start(folder: Path, changes: Changes) -> Iterator[Callable[[str], Program]]:
    started: list[Program] = []

    def run(program: str) -> Program:
        command = [sys.executable, "-c", program]
        kiosk = Program(command, {"PATH": os.environ["PATH"]}, folder / "rt", folder / "kiosk.log", changes)
        started.append(kiosk)
        kiosk.start()
        return kiosk

    yield run
    for kiosk in started:
        kiosk.stop()
        assert not marked(folder / "rt", processes())


def family(kiosk: Program, changes: Changes) -> list[int]:
    """Parent, child and grandchild, once all three are there."""
    assert changes.wait_until(lambda: kiosk.pid is not None, WAIT_S)
    ready = kiosk.runtime / "ready"
    # Nobody rings when a process has started another one: looked at again and again.
    for _ in range(int(WAIT_S / 0.05)):
        if ready.exists() and len(kiosk.pids()) == 3:
            return kiosk.pids()
        changes.wait(changes.count, 0.05)
    raise AssertionError(kiosk.last_words())


def test_it_is_started_again_after_every_end_but_not_after_a_configuration_error(
    start: Callable[[str], Program], changes: Changes, folder: Path
) -> None:
    mark = folder / "again"
    kiosk = start(
        f"import os, sys\nprint('mend the machine file', file=sys.stderr)\n"
        f"sys.exit(78 if os.path.exists({str(mark)!r}) else open({str(mark)!r}, 'w').close() or 3)"
    )
    assert changes.wait_until(lambda: kiosk.configuration_error, WAIT_S)
    assert kiosk.unexpected_exits == (3, 78)
    assert kiosk.starts == 2
    assert "mend the machine file" in kiosk.last_words()


def test_a_kill_ends_parent_and_child_and_leaves_the_rest(start: Callable[[str], Program], changes: Changes) -> None:
    kiosk = start(FAMILY)
    parent, child, grandchild = family(kiosk, changes)
    (kiosk.runtime / "ready").unlink()
    kiosk.kill()
    alive = processes()
    assert parent not in alive
    assert child not in alive
    assert grandchild in alive
    assert (kiosk.runtime / "secret").exists()
    assert changes.wait_until(lambda: kiosk.starts == 2, WAIT_S)
    assert grandchild in kiosk.pids()
    assert kiosk.unexpected_exits == ()


def test_a_power_cut_leaves_no_process_and_no_memory(start: Callable[[str], Program], changes: Changes) -> None:
    kiosk = start(FAMILY)
    everybody = family(kiosk, changes)
    kiosk.cut(off_s=0.3)
    assert not set(everybody) & set(processes())
    assert not (kiosk.runtime / "secret").exists()
    assert oct(kiosk.runtime.stat().st_mode & 0o777) == "0o700"
    assert kiosk.starts == 1
    assert changes.wait_until(lambda: kiosk.starts == 2, WAIT_S)
    assert set(family(kiosk, changes)).isdisjoint(everybody)


def test_power_that_stays_off_waits_for_a_hand(start: Callable[[str], Program], changes: Changes) -> None:
    kiosk = start(FAMILY)
    everybody = family(kiosk, changes)
    kiosk.cut(None)
    assert not set(everybody) & set(processes())
    assert not changes.wait_until(lambda: kiosk.starts > 1, 0.5)
    kiosk.start()
    assert changes.wait_until(lambda: kiosk.starts == 2, WAIT_S)


def test_stop_ends_strays_too_and_takes_the_memory_away(start: Callable[[str], Program], changes: Changes) -> None:
    kiosk = start(FAMILY)
    everybody = family(kiosk, changes)
    kiosk.stop()
    assert not set(everybody) & set(processes())
    assert not kiosk.runtime.exists()


def test_a_restart_in_order_lets_it_say_goodbye(
    start: Callable[[str], Program], changes: Changes, folder: Path
) -> None:
    last = folder / "last"
    kiosk = start(
        "import os, signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(last)!r}, 'w').close(), sys.exit(0)))\n"
        "open(os.environ['RUNTIME_DIRECTORY'] + '/ready', 'w').close()\ntime.sleep(600)"
    )
    ready = kiosk.runtime / "ready"
    for _ in range(int(WAIT_S / 0.05)):
        if ready.exists():
            break
        changes.wait(changes.count, 0.05)
    before = kiosk.pid
    kiosk.restart()
    assert last.exists()
    assert changes.wait_until(lambda: kiosk.starts == 2, WAIT_S)
    assert kiosk.pid != before
    assert kiosk.unexpected_exits == ()
