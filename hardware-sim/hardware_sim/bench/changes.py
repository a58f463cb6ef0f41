"""One bell for everything on the bench: whoever waits looks again when anything has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Changes:
    """Rung by any thread after something changed; never carries what it was.

    Conditions are looked at outside the bell's lock, so they may ask any device.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._listeners: list[Callable[[], None]] = []

    @property
    def count(self) -> int:
        """How often it was rung."""
        with self._condition:
            return self._count

    def ring(self) -> None:
        """Something has changed."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at every ring, from the ringing thread; gives the function that ends it."""
        with self._condition:
            self._listeners.append(listener)

        def end() -> None:
            with self._condition:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def wait(self, since: int, timeout_s: float) -> int:
        """Wait until the bell was rung after ``since``; gives the count now (``since`` when time is up)."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != since, timeout_s)
            return self._count

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition`` holds, looking at every ring. False when time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self.count
            if condition():
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.wait(seen, left)
