"""Time on the cash bench: a clock that is given, and an agenda of what the metal does next.

Two kinds of time pass on the bench. What the host can measure on the wire (the 50 ms between bytes, the
acceptor's watchdog, a late reply) runs at the clock's own pace, because the host's time-outs do. What
falls and turns (coins, motors, a device starting up) may run `speed` times faster, so that a scenario
need not wait for a hopper.
"""

from __future__ import annotations

import heapq
import itertools
import math
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

Action = Callable[[], None]


class Clock(Protocol):
    """Monotonic seconds, and the only place where the bench waits."""

    def now(self) -> float:
        """Seconds since any fixed moment; never goes back."""
        ...

    def wait(self, fds: Sequence[int], until: float | None) -> list[int]:
        """Those of `fds` that can be read, as soon as there is one; [] when `until` has come."""
        ...

    def attach(self, wake: Action) -> None:
        """Call `wake` whenever time moves by itself, so that a waiter looks again."""
        ...


def _readable(fds: Sequence[int], timeout_ms: int | None) -> list[int]:
    poller = select.poll()
    for fd in fds:
        poller.register(fd, select.POLLIN)
    return [fd for fd, _ in poller.poll(timeout_ms)]


class RealClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, fds: Sequence[int], until: float | None) -> list[int]:
        if until is None:
            return _readable(fds, None)
        return _readable(fds, max(0, math.ceil((until - self.now()) * 1000)))

    def attach(self, wake: Action) -> None:
        """Nothing to do: `wait` ends by itself."""


class ManualClock:
    """Stands still until `advance`; for tests, which never sleep."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1000.0
        self._wakes: list[Action] = []

    def now(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
        for wake in self._wakes:
            wake()

    def wait(self, fds: Sequence[int], until: float | None) -> list[int]:
        return _readable(fds, 0 if until is not None and until <= self.now() else None)

    def attach(self, wake: Action) -> None:
        self._wakes.append(wake)


@dataclass(order=True)
class Appointment:
    """One action at one time; earlier made goes first at the same time."""

    due: float
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class Agenda:
    """What happens when. Not thread-safe: the bench holds its lock around every call."""

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._clock = clock
        self._speed = speed
        self._heap: list[Appointment] = []
        self._order = itertools.count()
        self._running_at: float | None = None

    def now(self) -> float:
        """The clock's time or, within an action, the time that action was due."""
        return self._clock.now() if self._running_at is None else self._running_at

    def after_on_wire(self, seconds: float, action: Action) -> Appointment:
        """`action` after `seconds` of the clock, whatever the speed of the mechanics."""
        appointment = Appointment(self.now() + seconds, next(self._order), action)
        heapq.heappush(self._heap, appointment)
        return appointment

    def after(self, seconds: float, action: Action) -> Appointment:
        """`action` after `seconds` of mechanics."""
        return self.after_on_wire(self.mechanical(seconds), action)

    def mechanical(self, seconds: float) -> float:
        """How long on the clock the mechanics take for what takes `seconds` at speed 1."""
        return seconds / self._speed

    def next_due(self) -> float | None:
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """What happens within happens at one time, however long the computer takes over it."""
        self._running_at = self._clock.now()
        try:
            yield
        finally:
            self._running_at = None

    def run_due(self) -> bool:
        """Run everything that is due, each at its own time and in order. True if anything ran."""
        ran = False
        now = self._clock.now()
        while (due := self.next_due()) is not None and due <= now:
            appointment = heapq.heappop(self._heap)
            self._running_at = appointment.due
            try:
                appointment.action()
            finally:
                self._running_at = None
            ran = True
        return ran
