"""The events of one driver, waited for one after the other."""

from __future__ import annotations

import queue
import time
from typing import TypeVar, overload

from kiosk.events import Event

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class Answers:
    """The driver's sink."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def put(self, event: Event) -> None:
        self._events.put(event)

    @overload
    def wait(self, seconds: float, first: type[A], /) -> A | None: ...
    @overload
    def wait(self, seconds: float, first: type[A], second: type[B], /) -> A | B | None: ...
    @overload
    def wait(self, seconds: float, first: type[A], second: type[B], third: type[C], /) -> A | B | C | None: ...
    def wait(self, seconds: float, *kinds: type[object]) -> object:
        """The next event of one of these kinds, others are passed over; None when none came in time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(event, kinds):
                return event
        return None
