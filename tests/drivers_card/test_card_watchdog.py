"""Deadlines told while a call still blocks."""

from __future__ import annotations

import threading
import time

from drivers.card_watchdog import Watchdog


def test_the_watchdog_speaks_while_the_call_still_blocks_and_once() -> None:
    told: list[str] = []
    release = threading.Event()

    def expired() -> None:
        told.append("expired")
        release.set()

    watchdog = Watchdog(expired)
    watchdog.start()
    with watchdog.within(60.0):
        pass
    with watchdog.within(0.01):
        assert release.wait(5.0)
    with watchdog.within(60.0):
        pass
    watchdog.stop()
    watchdog.stop()
    assert told == ["expired"]


def test_a_nearer_deadline_wakes_the_watchdog_from_a_farther_one() -> None:
    release = threading.Event()
    watchdog = Watchdog(release.set)
    watchdog.start()
    with watchdog.within(60.0):
        while watchdog._wake is None:
            time.sleep(0.001)
    with watchdog.within(0.01):
        assert release.wait(5.0)
    watchdog.stop()


def test_a_call_that_returns_in_time_is_not_reported() -> None:
    told = threading.Event()
    watchdog = Watchdog(told.set)
    watchdog.start()
    with watchdog.within(0.05):
        pass
    assert not told.wait(0.1)
    watchdog.stop()
