"""The thread of one device, driven by hand on a clock that stands still until told."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable

import pytest

from drivers.worker import DeviceRefused, Worker, reason_of
from kiosk.errors import DeviceOffline, DeviceTimeout, ProtocolViolation


class Rig:
    """A worker whose device does what the test says; `said` is what it reported, in order."""

    def __init__(self) -> None:
        self.now = 100.0
        self.said: list[str] = []
        self.calls: list[str] = []
        self.open_error: Exception | None = None
        self.poll_error: Exception | None = None
        self.period_s = 0.1
        self.worker = Worker(
            "test",
            open=self._open,
            poll=self._poll,
            shut=lambda: self.calls.append("shut"),
            online=lambda: self.said.append("online"),
            fault=self.said.append,
            clock=lambda: self.now,
        )

    def _open(self) -> None:
        self.calls.append("open")
        if self.open_error:
            raise self.open_error

    def _poll(self) -> float:
        self.calls.append("poll")
        if self.poll_error:
            raise self.poll_error
        return self.period_s

    def pass_time(self, seconds: float) -> None:
        """Let the worker do what falls due, at the very times it asks for."""
        end = self.now + seconds
        while True:
            wait_s = self.worker.turn()
            if self.now + wait_s > end:
                self.now = end
                return
            self.now += wait_s


def test_polls_at_the_period_the_driver_asks_for() -> None:
    rig = Rig()
    rig.period_s = 0.15
    rig.pass_time(1.0)
    assert rig.calls.count("open") == 1
    assert rig.calls.count("poll") == 7  # 0, 0.15 … 0.9


def test_offline_once_then_online_once_with_growing_waits() -> None:
    rig = Rig()
    rig.open_error = DeviceOffline()
    opened_at: list[float] = []
    end = rig.now + 20
    while rig.now < end:
        before = rig.calls.count("open")
        wait_s = rig.worker.turn()
        if rig.calls.count("open") > before:
            opened_at.append(rig.now)
        rig.now += wait_s
    gaps = [round(b - a, 3) for a, b in itertools.pairwise(opened_at)]
    assert gaps == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert rig.said == ["offline"]
    rig.open_error = None
    rig.pass_time(6)
    assert rig.said == ["offline", "online"]


def test_a_failed_poll_shuts_the_device_and_opens_it_again() -> None:
    rig = Rig()
    rig.pass_time(0)
    rig.poll_error = DeviceOffline()
    rig.pass_time(0.1)
    assert rig.calls[-2:] == ["poll", "shut"]
    rig.poll_error = None
    rig.pass_time(0.3)
    assert rig.said == ["online", "offline", "online"]


def test_an_order_that_fails_is_always_reported_even_while_offline() -> None:
    rig = Rig()
    rig.open_error = DeviceOffline()
    rig.pass_time(1)

    def order() -> None:
        raise DeviceOffline

    rig.worker.post(order)
    rig.worker.post(order)
    rig.worker.turn()
    assert rig.said == ["offline"] * 3


def test_a_device_that_opens_and_fails_at_the_first_look_is_not_hammered() -> None:
    rig = Rig()
    rig.poll_error = DeviceOffline()
    rig.pass_time(60)
    assert rig.calls.count("open") < 20


def test_a_new_reason_is_reported() -> None:
    rig = Rig()
    rig.open_error = DeviceOffline()
    rig.pass_time(0.1)
    rig.open_error = DeviceRefused("wrong_device", "put the right one in")
    rig.pass_time(10)
    assert rig.said == ["offline", "wrong_device"]


def test_no_word_of_an_exception_gets_out(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.pass_time(0)

    def order() -> None:
        raise ValueError("PIN 1234")

    with caplog.at_level(logging.DEBUG):
        rig.worker.post(order)
        rig.worker.turn()
    assert rig.said == ["online", "hardware_error"]
    assert "1234" not in caplog.text
    assert "ValueError" in caplog.text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DeviceOffline(), "offline"),
        (DeviceTimeout(), "no_answer"),
        (ProtocolViolation(), "protocol_error"),
        (DeviceRefused("wrong_device"), "wrong_device"),
        (KeyError("x"), "hardware_error"),
    ],
)
def test_reasons_are_catalogue_words(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def _threaded(poll: Callable[[], float], shut: Callable[[], None]) -> Worker:
    return Worker("t", open=lambda: None, poll=poll, shut=shut, online=lambda: None, fault=lambda _: None)


def test_orders_run_in_order_in_one_thread_and_stop_joins_after_shutting() -> None:
    done: list[int] = []
    threads: set[int] = set()
    last = threading.Event()
    shut = threading.Event()
    worker = _threaded(lambda: 60.0, shut.set)
    worker.start()
    for number in range(20):

        def order(number: int = number) -> None:
            done.append(number)
            threads.add(threading.get_ident())
            if number == 19:
                last.set()

        worker.post(order)
    assert last.wait(5)
    assert worker.stop()
    assert shut.is_set()
    assert done == list(range(20))
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    worker.post(lambda: done.append(99))
    assert worker.stop()
    assert done[-1] == 19


def test_stop_without_start_is_harmless() -> None:
    assert _threaded(lambda: 1.0, lambda: None).stop()
