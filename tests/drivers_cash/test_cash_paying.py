"""Coins out: one dispense on the wire whatever happens to it, and the metal agrees."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import effects
from kiosk.events import (
    CashIncident,
    CashReady,
    CoinsCredited,
    DeviceFaulted,
    DeviceOnline,
    DispenseResolved,
    HopperInspected,
    Part,
)

HUNDRED, FIVE_HUNDRED = 703455, 0x0AD7DF


def test_check_names_the_hoppers_that_can_pay(rig: SimpleNamespace, bench: Any) -> None:
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(1))) == CashReady(
        1, frozenset({HUNDRED, FIVE_HUNDRED})
    )
    rig.hundred.flags[0] |= 0x08
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(2))).usable == {FIVE_HUNDRED}
    del rig.line.devices[3]
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(3))).usable == frozenset()


def test_a_missing_hopper_does_not_keep_the_rest_from_working(rig: SimpleNamespace, new_bench: Any) -> None:
    del rig.line.devices[3]
    bench = new_bench(rig)
    bench.until(DeviceOnline)
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(1))).usable == {HUNDRED}


def inspect(bench: Any, serial: int) -> HopperInspected:
    return bench.until(HopperInspected, lambda: bench.unit.inspect(effects.InspectHopper(50, serial)))


def pay(bench: Any, serial: int, coins: int, number: int = 51) -> DispenseResolved:
    before = inspect(bench, serial)
    assert not before.blocked
    order = effects.Dispense(number, serial, coins, before.event_counter, before.dispense_count)
    return bench.until(DispenseResolved, lambda: bench.unit.dispense(order), seconds=300)


def test_both_modes_pay_what_is_ordered_with_the_exact_bytes(rig: SimpleNamespace, bench: Any) -> None:
    result = pay(bench, HUNDRED, 5)
    assert (result.order, result.serial, result.paid, result.sure) == (51, HUNDRED, 5, True)
    assert rig.hundred.level == 95
    assert rig.line.requests(167) == [bytes.fromhex("04 09 01 A7 00 00 00 00 00 00 00 00 05 46")]
    assert pay(bench, FIVE_HUNDRED, 1).paid == 1
    assert rig.line.requests(167)[1:] == [bytes.fromhex("03 04 01 A7 DF D7 0A 01 90")]
    assert len(rig.line.requests(160)) == 1


@pytest.mark.parametrize(
    ("header", "fault", "paid", "sent"),
    [
        (167, "lost_reply", 4, 1),
        (167, "late", 4, 1),
        (167, "damaged", 4, 1),
        (167, "broken_off", 4, 1),
        (167, "bad_echo", 4, 1),
        (167, "lost_request", 0, 1),
        (167, "nak", 0, 1),
        (167, "busy", 0, 1),
        (160, "lost_reply", 0, 0),
        (160, "lost_request", 0, 0),
        (164, "lost_reply", 4, 1),
        (164, "lost_request", 4, 1),
        (166, "lost_reply", 4, 1),
        (166, "late", 4, 1),
        (168, "damaged", 4, 1),
    ],
)
def test_whatever_happens_on_the_wire_one_dispense_is_sent(
    rig: SimpleNamespace, bench: Any, header: int, fault: str, paid: int, sent: int
) -> None:
    before = inspect(bench, HUNDRED)
    rig.line.spoil[4, header] = [fault]
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    result = bench.until(DispenseResolved, lambda: bench.unit.dispense(order))
    assert (result.paid, result.sure) == (paid, True), result.evidence
    assert len(rig.line.requests(167)) == sent
    assert 100 - rig.hundred.level == paid, "the metal agrees"
    bench.pass_time(30)
    assert len(rig.line.requests(167)) == sent
    assert len(bench.of(DispenseResolved)) == 1


def test_a_refusing_hopper_that_counts_refusals_has_paid_nothing(rig: SimpleNamespace, bench: Any) -> None:
    pay(bench, HUNDRED, 3)
    rig.hundred.counts_refusals = True
    rig.line.spoil[4, 164] = ["fine"]
    rig.hundred.mode = "serial"  # so it does not like the dummy key
    result = pay(bench, HUNDRED, 2, number=52)
    assert (result.paid, result.sure) == (0, True)
    assert rig.hundred.event == 2


def test_a_hopper_cut_off_in_the_middle_is_judged_by_its_count(rig: SimpleNamespace, bench: Any) -> None:
    pay(bench, HUNDRED, 1)
    rig.hundred.cut_after = 2
    result = pay(bench, HUNDRED, 5, number=52)
    assert (result.paid, result.sure) == (2, True)
    assert len(rig.line.requests(167)) == 2
    assert rig.hundred.level == 97


def test_an_empty_hopper_pays_what_it_has_and_cannot_be_used_again(rig: SimpleNamespace, bench: Any) -> None:
    rig.hundred.level = 2
    result = pay(bench, HUNDRED, 5)
    assert (result.paid, result.sure) == (2, True)
    assert inspect(bench, HUNDRED).blocked
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(2))).usable == {FIVE_HUNDRED}


def test_disagreeing_counters_quarantine_the_hopper(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    bench.unit.dispense(order)
    bench.turn()
    rig.hundred.total += 1
    result = bench.until(DispenseResolved)
    assert (result.paid, result.sure) == (4, False)
    assert inspect(bench, HUNDRED).blocked
    again = effects.Dispense(52, HUNDRED, 1, 1, rig.hundred.total)
    refused = bench.until(DispenseResolved, lambda: bench.unit.dispense(again))
    assert (refused.paid, refused.sure) == (0, True)
    assert len(rig.line.requests(167)) == 1


def test_a_stale_order_is_not_sent(rig: SimpleNamespace, bench: Any) -> None:
    """The same order handed out by two lives of the core: the second finds the counters moved, and only asks."""
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    assert bench.until(DispenseResolved, lambda: bench.unit.dispense(order)).paid == 4
    again = bench.until(DispenseResolved, lambda: bench.unit.dispense(order))
    assert (again.paid, again.sure) == (4, True)
    assert len(rig.line.requests(167)) == 1
    assert rig.hundred.level == 96


def test_an_order_given_twice_while_it_runs_is_one(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    bench.unit.dispense(order)
    assert bench.until(DispenseResolved, lambda: bench.unit.dispense(order)).paid == 4
    bench.pass_time(5)
    assert len(bench.of(DispenseResolved)) == 1


def test_the_link_breaks_while_a_hopper_pays(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count)
    bench.unit.dispense(order)
    bench.turn()
    rig.line.dead = True
    bench.pass_time(20)
    assert not bench.of(DispenseResolved)
    rig.line.dead = False
    result = bench.until(DispenseResolved)
    assert (result.paid, result.sure) == (5, True)
    assert len(rig.line.requests(167)) == 1
    assert not [e for e in bench.of(CashIncident) if e.kind == "hopper_leak"]


def test_a_dispense_ordered_while_offline_is_never_sent_later(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    rig.line.dead = True
    bench.pass_time(1)
    order = effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count)
    result = bench.until(DispenseResolved, lambda: bench.unit.dispense(order))
    assert (result.paid, result.sure) == (0, True)
    rig.line.dead = False
    bench.pass_time(30)
    assert rig.line.requests(167) == []


def test_after_a_restart_only_questions_are_asked(rig: SimpleNamespace, new_bench: Any, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    bench.unit.dispense(effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count))
    bench.turn()
    successor = new_bench(rig)
    successor.unit.resolve(effects.ResolveDispense(1, HUNDRED, 5, before.event_counter, before.dispense_count))
    result = successor.until(DispenseResolved)
    assert (result.order, result.paid, result.sure) == (1, 5, True)
    assert len(rig.line.requests(167)) == 1


def test_a_silent_hopper_is_asked_until_it_answers_and_reported_once(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    bench.unit.dispense(effects.Dispense(51, HUNDRED, 3, before.event_counter, before.dispense_count))
    bench.turn()
    hopper = rig.line.devices.pop(4)
    bench.pass_time(120)
    assert bench.of(DeviceFaulted) == [DeviceFaulted(Part.CASH, "no_answer")]
    assert isinstance(bench.of(DeviceOnline)[-1], DeviceOnline)
    assert not bench.of(DispenseResolved)
    rig.line.devices[4] = hopper
    bench.unit.worker.post(bench.unit._shut)
    assert bench.until(DispenseResolved).paid == 3


def test_coins_that_leave_without_an_order_are_an_alarm(rig: SimpleNamespace, bench: Any) -> None:
    bench.pass_time(11)
    rig.hundred.total += 2
    incident = bench.until(CashIncident)
    assert incident.kind == "hopper_leak"
    assert "703455" in incident.detail
    bench.pass_time(30)
    assert len(bench.of(CashIncident)) == 1


def test_credits_are_not_missed_while_a_hopper_pays(rig: SimpleNamespace, bench: Any) -> None:
    before = inspect(bench, HUNDRED)
    bench.unit.dispense(effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count))
    bench.turn()
    rig.acceptor.happen(3, 3)
    assert bench.until(CoinsCredited).credits[0].yen == 100
    assert not bench.of(DispenseResolved)
    bench.until(DispenseResolved)
