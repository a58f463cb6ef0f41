"""The coin acceptor: when it takes a coin, what it tells of it, and where the metal went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hardware_sim.cash import AcceptorProfile
from hardware_sim.cash.device import Identity

Make = Callable[..., Any]
ACK = b""


def test_after_power_up_no_coin_is_taken_and_the_buffer_is_empty(rig: Any) -> None:
    assert rig.bench.insert(100) == "returned"
    assert rig.bench.change_in_tray() == {100: 1}
    assert rig.bench.inserted() == 0
    assert rig.host.data(2, 230) == bytes(2)
    assert rig.host.data(2, 227) == bytes(1)
    assert rig.host.credits() == (0, [(0, 0)] * 5)


@pytest.mark.parametrize("missing", ["mask", "master", "poll"])
def test_each_of_the_three_conditions_is_needed(rig: Any, missing: str) -> None:
    if missing != "mask":
        rig.host.ask(2, 231, 0xFF, 0xFF)
    if missing != "master":
        rig.host.ask(2, 228, 1)
    if missing != "poll":
        rig.host.credits()
    assert rig.bench.insert(100) == "returned"


def test_only_coins_enabled_in_the_mask_are_taken(rig: Any) -> None:
    rig.host.start_acceptor(mask=0b00100)
    assert rig.bench.insert(10) == "returned"
    assert rig.bench.insert(100) == "accepted"
    rig.pass_time(0.5)
    assert rig.host.credits() == (2, [(3, 3), (0, 2), (0, 0), (0, 0), (0, 0)])
    assert rig.bench.inserted() == 100


def test_coins_it_does_not_know_are_returned_with_an_event(rig: Any) -> None:
    rig.host.start_acceptor()
    assert rig.bench.insert(5) == "returned"
    assert rig.host.credits()[1][0] == (0, 1)


def test_each_coin_falls_down_its_own_chute(rig: Any) -> None:
    before = rig.bench.count()
    rig.host.start_acceptor()
    rig.throw_in(10, 50, 100, 500)
    assert rig.bench.insert(500, "B") == "accepted"
    rig.pass_time(0.5)
    assert rig.host.credits() == (5, [(5, 5), (4, 4), (3, 3), (2, 2), (1, 1)])
    after = rig.bench.count()
    for yen in (10, 50, 100, 500):
        assert after[f"hopper_{yen}"] == {yen: before[f"hopper_{yen}"][yen] + 1}
    assert after["cashbox"] == {500: 1}
    assert rig.bench.inserted() == 1160


def test_the_credit_comes_when_the_coin_has_passed_not_before(rig: Any) -> None:
    rig.host.start_acceptor()
    assert rig.bench.insert(100) == "accepted"
    assert rig.host.credits()[0] == 0
    assert rig.bench.count()["path"] == {100: 1}
    rig.pass_time(0.5)
    assert rig.host.credits()[0] == 1
    assert rig.bench.count()["path"] == {}


def test_a_coin_past_the_gate_counts_after_the_inhibit(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.bench.fault("late_coin", delay_s=1.2)
    assert rig.bench.insert(100) == "accepted"
    assert rig.host.ask(2, 231, 0, 0) == ACK
    assert rig.bench.insert(100) == "returned"
    rig.pass_time(1.3)
    assert rig.host.credits() == (2, [(3, 3), (0, 2), (0, 0), (0, 0), (0, 0)])
    assert rig.bench.inserted() == 100


def test_reading_takes_nothing_out_of_the_buffer(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.throw_in(100)
    rig.bench.fault("lost_reply", header=229)
    rig.host.ask_in_vain(rig.host.by_hand(2, 229))
    assert rig.host.credits() == rig.host.credits() == (1, [(3, 3)] + [(0, 0)] * 4)


def test_the_buffer_holds_five_and_the_counter_skips_zero(rig: Any) -> None:
    rig.host.start_acceptor()
    for _ in range(253):
        rig.bench.press_return_lever()
    rig.throw_in(10, 50, 100, 500)
    assert rig.host.credits() == (2, [(4, 4), (3, 3), (2, 2), (1, 1), (0, 254)])
    assert rig.bench.event_counters()["acceptor"] == 2


def test_the_watchdog_closes_the_gate_when_the_host_is_silent(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.pass_time(0.9)
    assert rig.bench.insert(10) == "accepted"
    rig.pass_time(0.2)
    assert rig.bench.insert(10) == "returned"
    assert rig.host.credits() == (1, [(1, 1)] + [(0, 0)] * 4)
    assert rig.bench.insert(10) == "accepted", "polling again opens it again"


def test_the_lever_is_an_event_and_a_status(rig: Any) -> None:
    rig.bench.press_return_lever()
    assert rig.host.data(2, 248) == b"\x01"
    assert rig.host.credits() == (1, [(0, 254)] + [(0, 0)] * 4)
    rig.pass_time(1)
    assert rig.host.data(2, 248) == b"\x00"


def test_the_coin_table_is_told_by_position(rig: Any) -> None:
    ids = [rig.host.data(2, 184, position) for position in range(1, 7)]
    assert ids == [b"JP010A", b"JP050A", b"JP100A", b"JP500A", b"JP500B", b"......"]


def test_a_path_can_be_changed_and_forbidden(rig: Any) -> None:
    host = rig.host
    host.start_acceptor()
    assert host.ask(2, 210, 3, 5) == ACK
    assert host.data(2, 209, 3) == b"\x05"
    rig.throw_in(100)
    assert host.ask(2, 222, 0b1110) == ACK
    assert host.data(2, 221) == bytes((0b1110,))
    rig.throw_in(10)
    assert host.credits()[1][:2] == [(1, 5), (3, 5)]
    assert rig.bench.count()["cashbox"] == {10: 1, 100: 1}


def test_the_first_open_of_four_paths_is_taken(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.host.ask(2, 210, 5, 4, 5, 5, 5)
    assert rig.host.data(2, 209, 5) == bytes((4, 5, 5, 5))
    assert rig.bench.insert(500, "B") == "accepted"
    rig.pass_time(0.5)
    assert rig.host.credits()[1][0] == (5, 4)


def test_the_accept_limit_is_exact(rig: Any) -> None:
    rig.host.start_acceptor()
    assert rig.host.ask(2, 135, 2) == ACK
    assert [rig.bench.insert(10) for _ in range(3)] == ["accepted", "accepted", "returned"]
    rig.host.ask(2, 135, 1)
    assert [rig.bench.insert(10) for _ in range(2)] == ["accepted", "returned"]


def test_insertion_and_accept_counters(rig: Any) -> None:
    rig.host.start_acceptor(mask=1)
    rig.throw_in(10)
    rig.bench.insert(50)
    assert rig.host.data(2, 226) == bytes((2, 0, 0))
    assert rig.host.data(2, 225) == bytes((1, 0, 0))


def test_a_reset_forgets_credits_and_inhibits_all(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.throw_in(100, 100)
    rig.host.ask(2, 1)
    rig.pass_time(0.3)
    assert rig.host.credits() == (0, [(0, 0)] * 5)
    assert rig.bench.insert(100) == "returned"
    assert rig.bench.inserted() == 200, "the metal is in, whatever the device remembers"


def test_a_coin_in_flight_at_power_loss_is_in_the_machine_without_a_credit(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.bench.insert(100)
    rig.bench.fault("acceptor_reset")
    rig.pass_time(1)
    assert rig.host.credits()[0] == 0
    assert rig.bench.count()["cashbox"] == {100: 1}
    assert rig.bench.inserted() == 100


def test_without_power_coins_fall_through_and_nobody_answers(rig: Any) -> None:
    rig.host.start_acceptor()
    rig.bench.power_off()
    rig.host.send_echoed(rig.host.by_hand(2, 254))
    assert rig.bench.insert(100) == "returned"
    rig.bench.power_on()
    rig.pass_time(0.3)
    assert rig.host.ask(2, 254) == ACK
    assert rig.host.credits()[0] == 0


@pytest.mark.parametrize(
    ("fault", "event", "place"),
    [("coin_swallowed", 36, "cashbox"), ("coin_on_string", 20, "hand"), ("coin_refused", 1, "return_tray")],
)
def test_coins_that_go_astray(rig: Any, fault: str, event: int, place: str) -> None:
    before = rig.bench.count()[place].get(100, 0)
    rig.host.start_acceptor()
    rig.bench.fault(fault)
    rig.bench.insert(100)
    rig.pass_time(0.5)
    assert rig.host.credits() == (1, [(0, event)] + [(0, 0)] * 4)
    assert rig.bench.count()[place][100] == before + (0 if place == "hand" else 1)
    assert rig.bench.inserted() == (100 if place == "cashbox" else 0)
    rig.throw_in(100)
    assert rig.host.credits()[1][0] == (3, 3)


def test_self_check_and_other_events_on_order(rig: Any) -> None:
    assert rig.host.data(2, 232) == b"\x00"
    rig.bench.fault("acceptor_self_check", code=3)
    rig.bench.fault("acceptor_event", code=14)
    assert rig.host.data(2, 232) == b"\x03"
    assert rig.host.credits()[1][0] == (0, 14)


def test_another_acceptor_has_another_serial_and_an_empty_buffer(make_rig: Make) -> None:
    rig = make_rig(acceptor=AcceptorProfile(identity=Identity("Coin Acceptor", "SIM", 0x030201)))
    assert rig.host.data(2, 242) == bytes((1, 2, 3))
    rig.bench.press_return_lever()
    rig.bench.fault("acceptor_swapped", serial=0x0C0B0A)
    rig.pass_time(0.3)
    assert rig.host.data(2, 242) == bytes((0x0A, 0x0B, 0x0C))
    assert rig.host.credits()[0] == 0
    rig.bench.clear_faults()
    rig.pass_time(0.3)
    assert rig.host.data(2, 242) == bytes((1, 2, 3))
