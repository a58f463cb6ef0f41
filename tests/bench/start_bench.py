"""From nothing to the still picture, and from the end of one person to the first screen of the next.

Start: `python -m kiosk` on an X server of its own (Xvfb), from the start of the process until the picture is in the
server's memory, where it is looked for every half millisecond. Bare: the same interpreter, pygame, a window of the same
size, filled and flipped. The picture is the one that the last run kept; the very first start has none, see the report.

Between two persons: the whole bench. From the last proof of the erase (nothing of the person is left) to the picture of
the first screen in the next process: the old one closes its devices and ends, the next one is forked, opens its window,
recovers, brings every device online. Nothing is subtracted. Bare: a process of its own that imports the same modules
and opens the same window.
"""

from __future__ import annotations

import mmap
import os
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from harness import Measure, Unavailable
from stand import stand
from whole_run import RESIDENT, Terminal

from hardware_sim.bench.kiosk import kiosk_command, kiosk_environment

WIDTH, HEIGHT = 1080, 1920
GOAL: Final = 1.5
LOOK_S: Final = 0.0005
PATIENCE_S: Final = 60.0
BARE_WINDOW: Final = f"""
import sys, pygame
pygame.display.init()
surface = pygame.display.set_mode(({WIDTH}, {HEIGHT}), pygame.NOFRAME)
surface.fill((240, 240, 240))
pygame.display.flip()
sys.stdin.read()
"""
SAME_IMPORTS: Final = f"""
import sys, kiosk.__main__, pygame
pygame.display.init()
surface = pygame.display.set_mode(({WIDTH}, {HEIGHT}), pygame.NOFRAME)
surface.fill((240, 240, 240))
pygame.display.flip()
print("shown", flush=True)
"""
FORKED: Final = f"""
import os, sys, time, kiosk.__main__, pygame
for _ in range(9):
    began = time.monotonic()
    if (child := os.fork()) == 0:
        pygame.display.init()
        surface = pygame.display.set_mode(({WIDTH}, {HEIGHT}), pygame.NOFRAME)
        surface.fill((240, 240, 240))
        pygame.display.flip()
        print(time.monotonic() - began, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""

_stack = ExitStack()


class Panel:
    """An X server whose picture can be read as a file; closed by the stack that `open_panel` was given."""

    def __init__(self, folder: Path, number: int) -> None:
        self.display = f":{number}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # The header of an xwd file, words of 32 bits: first its own size, 12th bytes of a line, 19th number of colours.
        words: tuple[int, ...] = struct.unpack(">25I", self._map[:100])
        self._first: int = words[0] + 12 * words[19]
        self._line: int = words[12]
        self._spots = [self._at(x, y) for x in (40, WIDTH // 2, WIDTH - 40) for y in (40, HEIGHT // 2, HEIGHT - 40)]

    def _at(self, x: int, y: int) -> int:
        return self._first + y * self._line + 4 * x

    def lit(self) -> bool:
        """A picture stands on it: nowhere is it black."""
        return all(any(self._map[spot : spot + 3]) for spot in self._spots)

    def dark(self) -> bool:
        return not any(any(self._map[spot : spot + 3]) for spot in self._spots)

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("no picture came, or it does not go")
            time.sleep(LOOK_S)


@contextmanager
def panel() -> Iterator[Panel]:
    """Unavailable without Xvfb."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        raise Unavailable("Xvfb is missing: sudo apt-get install xvfb")
    with tempfile.TemporaryDirectory(prefix="bench-x-") as folder:
        told, tell = os.pipe()
        screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder, "-nolisten", "tcp", "-displayfd", str(tell)]
        server = subprocess.Popen([xvfb, *screen], pass_fds=[tell], stderr=subprocess.DEVNULL)
        os.close(tell)
        try:
            if not select.select([told], [], [], PATIENCE_S)[0]:
                raise Unavailable("Xvfb does not start")
            yield Panel(Path(folder), int(os.read(told, 20)))
        finally:
            os.close(told)
            server.terminate()
            server.wait()


class Starts:
    """Starts the kiosk or a bare window on the panel, again and again."""

    def __init__(self) -> None:
        self._panel = _stack.enter_context(panel())
        bench = _stack.enter_context(stand())
        self._command = kiosk_command(bench.state.machine_file)
        # A state of its own: the journal of the kiosk that runs there is not ours.
        folder = Path(_stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-s-")))
        self._state, runtime = folder / "state", folder / "run"
        credentials = bench.city.credentials_of[bench.options.spot.terminal_id]
        bench.kiosk.stop()
        for made in (self._state, runtime):
            made.mkdir(mode=0o700)
        environment = kiosk_environment(credentials, self._state, folder / "sound")
        environment.pop("SDL_VIDEODRIVER", None)
        self._environment = {
            **environment,
            "RUNTIME_DIRECTORY": str(runtime),
            "DISPLAY": self._panel.display,
            "SDL_VIDEODRIVER": "x11",
            "SDL_AUDIODRIVER": "dummy",
            "SDL_FRAMEBUFFER_ACCELERATION": "0",
        }
        self.first_s = self.ours()

    def _run(self, command: list[str], after: Callable[[], None] = lambda: None) -> float:
        began = time.monotonic()
        with subprocess.Popen(
            command, env=self._environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as process:
            self._panel.wait(self._panel.lit)
            took = time.monotonic() - began
            after()
            process.terminate()
        self._panel.wait(self._panel.dark)
        return took

    def ours(self) -> float:
        def kept() -> None:
            deadline = time.monotonic() + PATIENCE_S
            while not list(self._state.glob("still-*.png")) and time.monotonic() < deadline:
                time.sleep(0.05)

        return self._run(self._command, kept)

    def bare(self) -> float:
        return self._run([sys.executable, "-c", BARE_WINDOW])


class Sessions:
    """One visit after the other, each given up at the PIN; only what comes after it is measured."""

    def __init__(self) -> None:
        way = {"pin_pad": ["cancel"], "refused": ["next"]}

        def take_card(terminal: Terminal) -> None:
            terminal.bench.take_card()

        self._terminal = _stack.enter_context(Terminal(way, {"take_card": take_card}))
        self._first: list[float] = []

    def ours(self) -> float:
        terminal = self._terminal
        mark = terminal.mark()
        terminal.bench.lay_card(RESIDENT)
        terminal.wait_drawn("refused", mark)
        drawn = terminal.wait_drawn("idle", mark)
        notes = terminal.since(mark)
        ended = max(note["t"] for note in notes if note["do"] == "event" and note["what"] == "Erased")
        still = [n["t"] for n in notes if n["do"] == "draw" and n["screen"] == "still" and n["t"] > ended]
        self._first += [min(still) - ended] if still else []
        # Let everything settle that comes after the first screen.
        time.sleep(0.3)
        return float(drawn["t"] - ended)

    def bare(self) -> float:
        environment = {**os.environ, "SDL_VIDEODRIVER": "dummy"}
        began = time.monotonic()
        with subprocess.Popen([sys.executable, "-c", SAME_IMPORTS], env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == b"shown":
                    break
            return time.monotonic() - began

    def report(self) -> str:
        environment = {**os.environ, "SDL_VIDEODRIVER": "dummy"}
        command = [sys.executable, "-c", FORKED]
        out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        times = [float(line) for line in out.split() if line.replace(".", "").replace("e-", "").isdigit()]
        still, bare = statistics.median(self._first), statistics.median(times)
        return (
            f"The next process stands with its still picture after {1000 * still:.0f} ms. "
            f"A bare fork of a process with the same imports has its window after {1000 * bare:.0f} ms."
        )


def measures() -> list[Measure]:
    starts = Starts()
    sessions = Sessions()
    first = f"Without a kept picture (the very first start) it takes {starts.first_s:.2f} s."
    return [
        Measure("start → still picture", starts.ours, starts.bare, GOAL, 15, report=lambda: first),
        Measure("end of one session → first screen of the next", sessions.ours, sessions.bare, GOAL, 12,
                report=sessions.report),
    ]  # fmt: skip


def close() -> None:
    _stack.close()
