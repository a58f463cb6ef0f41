"""The thread of one device: everything that touches the device happens in it, one thing after the other.

A driver gives the worker three functions and posts its orders; it needs no lock of its own:

    open()          open the device and bring it to its safe, known state
    poll() -> s     look after it; returns the seconds until the next look
    shut()          leave it safe and closed; called after every failure and at the end, also when never opened

Whatever escapes from one of them or from an order is a failure: the device is shut, the failure is reported
as one catalogue word, and it is opened again after 0.2 s, 0.4 s … 5 s. A lasting failure of the device itself
is reported once, its return once; an order that fails is always reported, since somebody waits for its answer.
No text of an exception leaves the thread: it may hold what nobody may read.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from kiosk.errors import DeviceError, DeviceOffline, DeviceTimeout, ProtocolViolation

_log = logging.getLogger(__name__)

Task: TypeAlias = Callable[[], None]

BACK_OFF_FIRST_S: Final = 0.2
BACK_OFF_LAST_S: Final = 5.0


class DeviceRefused(DeviceError):
    """A driver's own verdict: the device answers but cannot be used. `reason` is the catalogue word.

    `remedy` says in plain words, for the log only, what is wrong and what to do about it.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}: {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


def reason_of(error: BaseException) -> str:
    """The catalogue word of a failure, for `DeviceFaulted.reason`."""
    match error:
        case DeviceRefused():
            return error.reason
        case DeviceOffline():
            return "offline"
        case DeviceTimeout():
            return "no_answer"
        case ProtocolViolation():
            return "protocol_error"
        case _:
            return "hardware_error"


class Worker:
    """One daemon thread. `online()` and `fault(reason)` are called in it and must not block.

    `clock` counts seconds and never goes back. Without `start`, a test may drive the worker by hand: each `turn`
    does what is due at the moment the clock shows.
    """

    def __init__(
        self,
        name: str,
        *,
        open: Task,
        poll: Callable[[], float],
        shut: Task,
        online: Task,
        fault: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._open, self._poll, self._shut = open, poll, shut
        self._online, self._fault = online, fault
        self._clock = clock
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._is_open = False
        self._reported: str | None = None
        self._back_off_s = BACK_OFF_FIRST_S
        self._due = self._clock()

    def start(self) -> None:
        """Start the thread; the device is opened at once."""
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def post(self, task: Task) -> None:
        """Run `task` in the thread, after those posted before; the device is polled right after."""
        self._inbox.put(task)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Finish the running task, shut the device, end. Waiting orders are dropped. True once it has ended."""
        self._stopped = True
        self._inbox.put(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        if self._thread is None and self._is_open:
            self._is_open = False
            self._safely_shut()
        return self._thread is None

    def turn(self) -> float:
        """Carry out waiting orders, open or poll if due; returns the seconds until something is due again."""
        while not self._stopped:
            try:
                task = self._inbox.get_nowait()
            except queue.Empty:
                break
            self._carry_out(task)
        if self._clock() >= self._due:
            self._guard(self._look if self._is_open else self._come_up)
        return max(0.0, self._due - self._clock())

    def _work(self) -> None:
        while not self._stopped:
            wait_s = self.turn()
            try:
                task = self._inbox.get(timeout=wait_s)
            except queue.Empty:
                continue
            self._carry_out(task)
        self._safely_shut()

    def _carry_out(self, task: Task | None) -> None:
        if task is not None and not self._stopped:
            self._guard(task, ordered=True)
            if self._is_open:
                self._due = self._clock()

    def _come_up(self) -> None:
        self._open()
        self._is_open = True
        self._reported = None
        self._due = self._clock()
        self._online()

    def _look(self) -> None:
        period_s = self._poll()
        self._back_off_s = BACK_OFF_FIRST_S  # not before: a device may open and fail at the first look
        self._due = self._clock() + period_s

    def _guard(self, action: Task, *, ordered: bool = False) -> None:
        try:
            action()
        except Exception as error:
            self._failed(error, ordered)

    def _failed(self, error: Exception, ordered: bool) -> None:
        reason = reason_of(error)
        if reason != self._reported:
            # Only the type and our own words: the text of a foreign exception may hold anything.
            words = error.remedy if isinstance(error, DeviceRefused) else ""
            _log.warning("%s: %s (%s) %s", self._name, reason, type(error).__name__, words)
        if ordered or reason != self._reported:
            self._fault(reason)
        self._reported = reason
        if ordered and not self._is_open:
            return
        self._is_open = False
        self._safely_shut()
        self._due = self._clock() + self._back_off_s
        self._back_off_s = min(self._back_off_s * 2, BACK_OFF_LAST_S)

    def _safely_shut(self) -> None:
        try:
            self._shut()
        except Exception as error:
            _log.warning("%s: could not be shut (%s)", self._name, type(error).__name__)
