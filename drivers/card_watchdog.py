"""A second thread that notices when a call to the card reader does not come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a call that still blocks is reported as `silent`."""

    look_s: float = 2.0
    identify_s: float = 2.0
    certificate_s: float = 3.0
    verify_s: float = 3.0
    sign_s: float = 6.0


class Watchdog:
    """Tells, from a thread of its own, when a call that may block for ever has passed its deadline.

    `expired` is called once for each deadline that passes, while the call still blocks.
    """

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired = expired
        self._changed = threading.Condition()
        self._due: float | None = None
        self._wake: float | None = None
        self._ended = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="card-watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; may be called twice and before `start`."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """The body has so long. Not nested."""
        with self._changed:
            self._due = time.monotonic() + seconds
            if self._wake is None or self._wake > self._due:
                self._changed.notify()
        try:
            yield
        finally:
            # Not woken for it: the thread finds nothing due when its time comes.
            with self._changed:
                self._due = None

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._ended:
                    return
                now = time.monotonic()
                if self._due is None or self._due > now:
                    self._wake = self._due
                    self._changed.wait(None if self._due is None else self._due - now)
                    continue
                self._due = None
            self._expired()
