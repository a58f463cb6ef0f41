"""The camera's process, watched: started, listened to, killed when it hangs, started again (A10).

A camera that is unplugged, hangs or sends what its decoder dies of is a restart and a gap on the record; it never is
the end of the recorder.
"""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from config.clock import Clock
from drivers.camera import Codec, Look, Lost, Packet, StreamFacts
from recorder.wire import Kind, Message, Wire, WireClosed, apart, look, message

HANG_S: Final = 3.0
OPEN_S: Final = 15.0
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0)
MOVED_NS: Final = 1_000_000
"""By less no simulated time is moved; boot time as a float is exact to much less."""
STEADY_S: Final = 30.0
"""After so long without a fault the pauses begin anew."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LookedInto:
    """Every picture of what was asked for has been handed over. boot_ns: as asked."""

    boot_ns: int


Heard: TypeAlias = StreamFacts | Packet | Look | Lost | LookedInto


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """source, width, height, fps: see drivers.camera.make_source; mask: polygons in shares of the picture."""

    source: str
    width: int
    height: int
    fps: float
    mask: tuple[tuple[tuple[float, float], ...], ...] = ()


class Capture:
    """Hands everything to `sink`, in a thread of its own. boot times are the clock's, utc_us is left 0."""

    def __init__(self, settings: CaptureSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._sink: Callable[[Heard], None] = lambda heard: None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._lock = threading.Lock()
        self._wire: Wire | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._ahead = 0

    def start(self, sink: Callable[[Heard], None]) -> None:
        self._sink = sink
        self._thread.start()

    def look_into(self, boot_ns: int) -> None:
        """Ask for every picture of the group of that boot time, and of the group before; `LookedInto` ends them."""
        self._ask(Message(Kind.INTO, boot_ns - self._ahead_ns()))

    def look_closely(self, every: bool) -> None:
        """Whether every keyframe is to be looked at, as it is at first: somebody is there."""
        self._ask(Message(Kind.CLOSELY, flag=int(every)))

    def _ask(self, asked: Message) -> None:
        with self._lock:
            if self._wire is None:
                return
            try:
                self._wire.send(asked)
            except WireClosed:
                return

    def close(self) -> None:
        """End the camera's process; may be called twice."""
        self._ending.set()
        self._kill()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        failures = 0
        while not self._ending.is_set():
            began = time.monotonic()
            reason = self._listen()
            if self._ending.is_set():
                return
            self._sink(Lost(reason, round(self._clock.boot() * 1e9)))
            failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
            self._ending.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])

    def _listen(self) -> str:
        """One life of the camera's process; returns what ended it."""
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            child = subprocess.Popen(
                [sys.executable, "-m", "recorder.capture_child", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        wire, known = Wire(ours), False
        with self._lock:
            self._wire, self._child = wire, child
        try:
            wire.send(self._wish())
            while True:
                heard = wire.receive(HANG_S if known else OPEN_S)
                if heard is None:
                    return "hung"
                if heard.kind is Kind.LOST:
                    return str(heard.facts["reason"])
                known = True
                for told in self._told(heard):
                    self._sink(told)
        except WireClosed:
            return "crashed"
        finally:
            self._kill()
            child.wait()
            with self._lock:
                self._wire = self._child = None
            wire.close()

    def _told(self, heard: Message) -> Sequence[Heard]:
        ahead_ns = self._ahead_ns()
        match heard.kind:
            case Kind.PACKETS:
                return apart(heard, ahead_ns)
            case Kind.LOOK:
                return (look(heard, ahead_ns),)
            case Kind.DONE:
                return (LookedInto(heard.boot_ns + ahead_ns),)
            case _:
                facts = heard.facts
                codec, sets = Codec(facts["codec"]), bytes.fromhex(facts["sets"])
                return (StreamFacts(codec, facts["width"], facts["height"], facts["fps"], sets),)

    def _ahead_ns(self) -> int:
        """By how much the recorder's boot time is ahead of the machine's: nothing, but in simulation.

        The same each time, unless the simulated time is moved: what is asked for by a time must be found by it.
        """
        before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        clock_ns = round(self._clock.boot() * 1e9)
        after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        if not before_ns - MOVED_NS <= clock_ns - self._ahead <= after_ns + MOVED_NS:
            self._ahead = clock_ns - (before_ns + after_ns) // 2
        return self._ahead

    def _wish(self) -> Message:
        s = self._settings
        return message(
            Kind.SETTINGS, source=s.source, width=s.width, height=s.height, fps=s.fps, mask=[list(p) for p in s.mask]
        )

    def _kill(self) -> None:
        with self._lock:
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGKILL)
