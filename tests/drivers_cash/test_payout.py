"""What a hopper paid, by its counters: the table of cases, and a hopper of random misfortunes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.coin_hopper import Counters, Sent, Status
from drivers.payout import Order, Payout, decide, next_event

ORDER = Order(coins=5, event_before=7, count_before=1000)
CLEARED = 2**24 - 1000

# name: (sent, (event, remaining, paid, unpaid), count, paid, sure)
CASES = {
    "all paid": (Sent.ACKNOWLEDGED, (8, 0, 5, 0), 1005, 5, True),
    "answer lost, all paid": (Sent.UNKNOWN, (8, 0, 5, 0), 1005, 5, True),
    "request lost": (Sent.UNKNOWN, (7, 0, 3, 0), 1000, 0, True),
    "never sent": (Sent.NOT_SENT, (7, 0, 3, 0), 1000, 0, True),
    "empty after two": (Sent.ACKNOWLEDGED, (8, 0, 2, 3), 1002, 2, True),
    "refused": (Sent.REFUSED, (7, 0, 3, 0), 1000, 0, True),
    "refused, event counter moved all the same": (Sent.REFUSED, (8, 0, 3, 0), 1000, 0, True),
    "refused, and yet coins left": (Sent.REFUSED, (8, 0, 3, 0), 1002, 2, False),
    "power cut after three": (Sent.UNKNOWN, (0, 0, 3, 2), 1003, 3, True),
    "power cut, bounced": (Sent.UNKNOWN, (0, 0, 3, 0), 1003, 3, True),
    "power cut before it arrived": (Sent.UNKNOWN, (0, 0, 4, 0), 1000, 0, True),
    "power cut, count not written": (Sent.UNKNOWN, (0, 0, 3, 2), 1000, 3, False),
    "reset, late coin": (Sent.UNKNOWN, (0, 0, 3, 2), 1004, 4, False),
    "counters disagree": (Sent.ACKNOWLEDGED, (8, 0, 5, 0), 1004, 5, False),
    "coins left without the command": (Sent.UNKNOWN, (7, 0, 0, 0), 1002, 2, False),
    "somebody else dispensed": (Sent.UNKNOWN, (9, 0, 1, 0), 1005, 5, False),
    "one coin too many": (Sent.ACKNOWLEDGED, (8, 0, 5, 0), 1006, 5, False),
    "count cleared": (Sent.ACKNOWLEDGED, (8, 0, 5, 0), 0, 5, False),
    "count cleared and reset": (Sent.UNKNOWN, (0, 0, 2, 3), 0, 2, False),
}


@pytest.mark.parametrize("case", CASES)
def test_table(case: str) -> None:
    sent, status, count, paid, sure = CASES[case]
    outcome = decide(ORDER, sent, Status(*status), count)
    assert (outcome.paid, outcome.sure) == (paid, sure), outcome.evidence


def test_a_fresh_hopper_that_was_reset_again_is_judged_by_its_count() -> None:
    fresh = Order(coins=5, event_before=0, count_before=1000)
    assert decide(fresh, Sent.UNKNOWN, Status(0, 0, 0, 0), 1000).paid == 0
    cut = decide(fresh, Sent.UNKNOWN, Status(0, 0, 3, 2), 1003)
    assert (cut.paid, cut.sure) == (3, True)


def test_counters_wrap() -> None:
    assert [next_event(n) for n in (0, 1, 254, 255)] == [1, 2, 255, 1]
    wrapped = decide(Order(5, 255, 2**24 - 2), Sent.ACKNOWLEDGED, Status(1, 0, 5, 0), 3)
    assert (wrapped.paid, wrapped.sure) == (5, True)


BYTE = st.integers(0, 255)


@given(
    st.builds(Order, st.integers(1, 255), BYTE, st.integers(0, 2**24 - 1)),
    st.sampled_from(Sent),
    st.builds(Status, BYTE, st.just(0), BYTE, BYTE),
    st.integers(0, 2**24 - 1),
)
def test_never_more_than_ordered_and_never_sure_against_the_count(
    order: Order, sent: Sent, status: Status, count: int
) -> None:
    outcome = decide(order, sent, status, count)
    assert 0 <= outcome.paid <= order.coins
    if outcome.sure:
        assert outcome.paid == (count - order.count_before) % 2**24


@pytest.mark.parametrize(
    ("flags", "remaining", "blocked"),
    [
        ("0000", 0, False),
        ("c000", 0, False),  # power-up seen, payout disabled: as after every start
        ("0400", 0, False),  # motor was reversed once
        ("00", 0, False),  # hoppers with one flag byte
        ("0002", 0, False),  # single-coin mode
        ("0000", 3, True),  # paying
        ("0100", 0, True),  # over-current
        ("0200", 0, True),  # empty or jammed
        ("0800", 0, True),  # exit blocked
        ("1000", 0, True),  # light in the exit
        ("2000", 0, True),  # exit blocked while paying
        ("0001", 0, True),
        ("0004", 0, True),  # damaged counter
        ("0040", 0, True),  # power failed while writing
        ("0080", 0, True),  # PIN
    ],
)
def test_flags_that_keep_a_hopper_from_paying(flags: str, remaining: int, blocked: bool) -> None:
    assert Counters(Status(1, remaining, 0, 0), 0, bytes.fromhex(flags)).blocked is blocked


def script(*answers: tuple[tuple[int, int, int, int], int]) -> Any:
    """A hopper that answers (166, 168) like this, the last for ever; `stops` counts emergency stops."""
    left = list(answers)
    hopper = SimpleNamespace(stops=0)

    def count() -> int:
        return left.pop(0)[1] if len(left) > 1 else left[0][1]

    hopper.status = lambda: Status(*left[0][0])
    hopper.count = count
    hopper.stop = lambda: setattr(hopper, "stops", hopper.stops + 1)
    return hopper


def test_a_coin_that_falls_after_the_motor_stopped_is_waited_for() -> None:
    hopper = script(((8, 2, 3, 0), 1003), ((8, 0, 4, 1), 1004), ((8, 0, 5, 0), 1005))
    payout = Payout(1, 703455, ORDER, sent=Sent.ACKNOWLEDGED)
    outcomes = [payout.follow(hopper, now / 10) for now in range(4)]
    assert outcomes[:3] == [None] * 3
    assert outcomes[3] is not None
    assert (outcomes[3].paid, outcomes[3].sure) == (5, True)


def test_a_hopper_that_never_stops_is_stopped_once_and_then_given_up_unsure() -> None:
    hopper = script(((8, 3, 2, 0), 1002))
    payout = Payout(1, 703455, ORDER, sent=Sent.ACKNOWLEDGED)
    now, outcome = 0.0, None
    while outcome is None:
        outcome = payout.follow(hopper, now)
        if now < 17:
            assert hopper.stops == 0
        now += 0.1
    assert hopper.stops == 1
    assert (outcome.paid, outcome.sure) == (2, False)
    assert now < 30


def test_after_an_emergency_stop_a_last_coin_is_waited_for() -> None:
    running = [((8, 3, 2, 0), 1002)] * 180
    hopper = script(*running, ((8, 0, 2, 3), 1002), ((8, 0, 2, 3), 1002), ((8, 0, 3, 2), 1003))
    payout = Payout(1, 703455, ORDER, sent=Sent.ACKNOWLEDGED)
    now, outcome = 0.0, None
    while outcome is None:
        outcome = payout.follow(hopper, now)
        now += 0.1
    assert (hopper.stops, outcome.paid, outcome.sure) == (1, 3, True)
