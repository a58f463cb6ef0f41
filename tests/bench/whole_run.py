"""The whole bench with a kiosk that notes its times (`whole_kiosk.py`), and hands without reaction time."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harness import Unavailable

from hardware_sim.bench.errors import BenchError
from hardware_sim.bench.kiosk import kiosk_command
from hardware_sim.bench.preflight import check_packages
from hardware_sim.bench.world import Bench, Options

RESIDENT = "佐賀 花子"
DIGITS = ("digit-1", "digit-2", "digit-3", "digit-4", "next")
WAIT_S = 60.0
LEVELS = {10: 100, 50: 60, 100: 300, 500: 60}

Note = dict[str, Any]


@dataclass
class Terminal:
    """A running bench. `way`: what the finger touches; `hands`: what is done when a screen has been drawn."""

    way: Mapping[str, Sequence[str]]
    hands: Mapping[str, Callable[[Terminal], None]] = field(default_factory=dict)
    seconds_per_sheet_s: float = 0.0
    cash_speed: float = 1000.0
    wall_offset_s: float = 0.0
    """The clock on the wall (s) less the monotonic one."""

    def __enter__(self) -> Self:
        try:
            check_packages()
        except BenchError as error:
            raise Unavailable(" ".join(str(error).split())) from None
        self.notes: list[Note] = []
        self.wall_offset_s = time.time() - time.monotonic()
        self._changed = threading.Condition()
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pace-")))
            self._listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            address = folder / "notes.sock"
            self._listener.bind(str(address))
            self._listener.listen(4)
            threading.Thread(target=self._accept, name="notes", daemon=True).start()

            def command(machine_file: Path) -> list[str]:
                usual = kiosk_command(machine_file)
                front = usual[: usual.index(sys.executable)]
                program = [sys.executable, str(Path(__file__).with_name("whole_kiosk.py"))]
                told = ["--notes", str(address), "--way", json.dumps(self.way), "--config", str(machine_file)]
                return [*front, *program, *told]

            options = Options(
                folder / "state",
                fresh=True,
                seconds_per_sheet_s=self.seconds_per_sheet_s,
                cash_speed=self.cash_speed,
                levels=LEVELS,
                command=command,
            )
            try:
                self.bench = stack.enter_context(Bench(options))
            except BenchError as error:
                raise Unavailable(" ".join(str(error).split())) from None
            self.wait_drawn("idle", 0)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._stack.close()

    # ---- what was noted ----------------------------------------------------------------------------------

    def mark(self) -> int:
        with self._changed:
            return len(self.notes)

    def since(self, mark: int) -> list[Note]:
        with self._changed:
            return self.notes[mark:]

    def wait(self, fits: Callable[[Note], bool], mark: int, timeout_s: float = WAIT_S) -> Note:
        """The first note after `mark` that fits. AssertionError when none comes."""
        found: list[Note] = []

        def there() -> bool:
            found[:] = [note for note in self.notes[mark:] if fits(note)][:1]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(there, timeout_s):
                screens = [note["screen"] for note in self.notes[mark:] if note["do"] == "draw"]
                raise AssertionError(f"never seen; drawn: {screens}; {self.bench.kiosk.last_words()[-600:]}")
        return found[0]

    def wait_drawn(self, screen: str, mark: int) -> Note:
        return self.wait(lambda note: note["do"] == "draw" and note["screen"] == screen, mark)

    def wait_event(self, what: str, mark: int) -> Note:
        return self.wait(lambda note: note["do"] == "event" and note["what"] == what, mark)

    def hand(self, what: str) -> None:
        """Note that somebody has just done something."""
        self._keep({"do": "hand", "t": time.monotonic(), "what": what})

    def _keep(self, note: Note) -> None:
        with self._changed:
            self.notes.append(note)
            self._changed.notify_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._listen, args=(line,), name="notes-of-one", daemon=True).start()

    def _listen(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as stream:
            for text in stream:
                note = json.loads(text)
                self._keep(note)
                if note["do"] == "draw" and (hand := self.hands.get(note["screen"])) is not None:
                    hand(self)
