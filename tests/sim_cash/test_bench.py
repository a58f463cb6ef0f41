"""The bench as scenarios and the bench page use it, and the count of the metal."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.cash import FAULTS, AcceptorProfile, CashBench
from hardware_sim.cash.metal import Metal, MetalError, Place
from hardware_sim.cash.timing import Agenda, ManualClock

PATIENT = AcceptorProfile(watchdog_s=60.0)
"""For tests in real time on a machine that may stall."""


def test_coins_are_moved_never_made() -> None:
    metal = Metal({10: 2}, {100: 1})
    with pytest.raises(MetalError, match="hopper_10"):
        metal.move(10, Place.HOPPER_10, Place.CHANGE_TRAY, 3)
    with pytest.raises(MetalError):
        metal.move(10, Place.HAND, Place.PATH)
    assert metal.at(Place.HOPPER_10) == {10: 2}
    assert metal.release(Place.HOPPER_500, Place.CHANGE_TRAY, random.Random(0)) is None


def test_a_hopper_with_a_foreign_coin_may_pay_it_and_the_oracle_sees_it() -> None:
    metal = Metal({10: 1}, {100: 1})
    metal.move(100, Place.HAND, Place.PATH)
    metal.move(100, Place.PATH, Place.HOPPER_10)
    rng = random.Random(0)
    for _ in range(2):
        metal.release(Place.HOPPER_10, Place.CHANGE_TRAY, rng)
    assert (metal.inserted(), metal.paid_back()) == (100, 110)


@pytest.mark.parametrize(
    ("levels", "purse", "message"),
    [({7: 1}, {}, "no hopper for 7"), ({10: -1}, {}, "below 0"), ({}, {3: 1}, "no coin")],
)
def test_levels_and_purse_that_cannot_be(
    tmp_path: Path, levels: dict[int, int], purse: dict[int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        CashBench(tmp_path, levels=levels, purse=purse)


def test_only_coins_in_hand_can_be_inserted(make_rig: Any) -> None:
    rig = make_rig(purse={100: 1})
    assert rig.bench.insert(100) == "returned"
    with pytest.raises(ValueError, match="no 100-yen coin"):
        rig.bench.insert(100)
    assert rig.bench.take_change() == {100: 1}
    assert rig.bench.insert(100) == "returned"


def test_the_tray_holds_change_and_returned_coins_but_only_change_is_paid_back(rig: Any) -> None:
    rig.bench.insert(100)
    rig.host.dispense(5, 2)
    rig.pass_time(1)
    assert rig.bench.change_in_tray() == {100: 3}
    assert rig.bench.paid_back() == 200
    assert rig.bench.take_change() == {100: 3}


def test_the_next_resident_brings_another_purse(rig: Any) -> None:
    rig.bench.new_resident({500: 2})
    assert rig.bench.count()["hand"] == {500: 2}


def test_a_sale_with_change_balances_in_the_metal(rig: Any) -> None:
    before = rig.bench.count()
    rig.host.start_acceptor()
    rig.throw_in(500)
    rig.host.ask(2, 231, 0, 0)
    rig.host.dispense(5, 2)
    rig.pass_time(2)
    assert rig.bench.inserted() - rig.bench.paid_back() == 300
    assert rig.bench.take_change() == {100: 2}
    after = rig.bench.count()
    assert after["hand"] == {**before["hand"], 500: before["hand"][500] - 1, 100: before["hand"][100] + 2}


def test_random_handling_never_makes_or_loses_a_coin(rig: Any) -> None:
    """The fixture compares all coins at the end; here the yen are followed through every step."""
    rng = random.Random(11)
    bench, host = rig.bench, rig.host
    start = _machine_yen(bench)
    host.start_acceptor()
    acts = [
        lambda: bench.insert(rng.choice((5, 10, 50, 100))),
        lambda: host.dispense(rng.choice((3, 4, 5, 6)), rng.randrange(4)),
        lambda: rig.pass_time(rng.random()),
        lambda: host.credits(),
        lambda: host.start_acceptor(rng.randrange(32)),
        bench.take_change,
        bench.new_resident,
        bench.press_return_lever,
        lambda: bench.fault(rng.choice(("coin_swallowed", "coin_on_string", "late_coin", "acceptor_reset"))),
        lambda: bench.fault("hopper_jam", yen=rng.choice((10, 50, 100)), at=rng.randrange(3)),
        lambda: bench.fault("hopper_power_cut", yen=rng.choice((10, 50)), at=rng.randrange(3), off_s=0.0),
        bench.clear_faults,
    ]
    for _ in range(600):
        rng.choice(acts)()
        rig.pass_time(0.3)  # everything that lost power has started again
        assert bench.inserted() - bench.paid_back() == _machine_yen(bench) - start
    assert bench.inserted() > 0
    assert bench.paid_back() > 0


def _machine_yen(bench: CashBench) -> int:
    inside = ("path", "cashbox", "hopper_10", "hopper_50", "hopper_100", "hopper_500")
    return sum(yen * n for place in inside for yen, n in bench.count()[place].items())


def test_the_state_can_be_shown_as_json(rig: Any) -> None:
    rig.host.start_acceptor(mask=0b00111)
    rig.bench.fault("hopper_jam", yen=100, at=1)
    rig.host.dispense(5, 3)
    shown = json.loads(json.dumps(rig.bench.snapshot()))
    assert shown["port"] == str(rig.bench.port)
    assert shown["takes"] == [10, 50, 100]
    assert shown["paying"]["100"] == 3
    assert shown["faults"][0]["name"] == "hopper_jam"
    assert shown["places"]["hopper_100"] == {"100": 50}


def test_every_fault_is_labelled_in_japanese_and_can_be_ordered_and_cleared(rig: Any) -> None:
    for name, kind in FAULTS.items():
        assert kind.label
        assert kind.description.endswith("。")
        rig.bench.fault(name, **({"yen": 100} if "yen" in kind.values else {}))
    rig.bench.clear_faults()
    rig.pass_time(1)
    assert rig.bench.snapshot()["faults"] == []
    rig.host.close()
    rig.host.reopen()
    assert rig.host.ask(2, 254) == b""


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("gremlin", {}, "known are: .*hopper_jam"),
        ("lost_reply", {"at": 1}, "does not take at; it takes times"),
        ("hopper_jam", {}, "needs yen="),
        ("hopper_jam", {"yen": 100, "at": -1}, "below 0"),
        ("lost_reply", {"times": 0}, "at least 1"),
        ("acceptor_swapped", {"serial": 1 << 24}, "3 bytes"),
    ],
)
def test_faults_that_do_not_exist(rig: Any, name: str, values: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rig.bench.fault(name, **values)
    assert rig.bench.snapshot()["faults"] == []


def test_clearing_an_unknown_fault_is_an_error(rig: Any) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        rig.bench.clear_faults("gremlin")


def test_in_real_time_at_high_speed_the_hopper_pays_by_itself(tmp_path: Path, make_host: Any) -> None:
    with CashBench(tmp_path, speed=100, acceptor=PATIENT) as bench:
        host = make_host(bench.port)
        assert bench.wait_until(lambda: bench.snapshot()["powered"])
        host.start_acceptor()
        assert bench.insert(100) == "accepted"
        assert bench.settle()
        assert host.credits()[:2][1][0] == (3, 3)
        host.dispense(5, 5)
        assert bench.settle()
        assert bench.take_change() == {100: 5}


def test_many_hands_at_once(tmp_path: Path, make_host: Any) -> None:
    with CashBench(tmp_path, speed=1000, purse={10: 400}, acceptor=PATIENT) as bench:
        host = make_host(bench.port)
        host.start_acceptor()
        outcomes: list[str] = []

        def throw() -> None:
            outcomes.extend(bench.insert(10) for _ in range(50))

        hands = [threading.Thread(target=throw) for _ in range(4)]
        for hand in hands:
            hand.start()
        while any(hand.is_alive() for hand in hands):
            host.credits()
            json.dumps(bench.snapshot())
        for hand in hands:
            hand.join()
        assert bench.settle()
        assert len(outcomes) == 200
        assert bench.inserted() == 10 * outcomes.count("accepted") > 0
        assert bench.change_in_tray().get(10, 0) == outcomes.count("returned")


def test_what_is_due_runs_in_order_each_at_its_own_time() -> None:
    clock = ManualClock()
    agenda = Agenda(clock, speed=2)
    seen: list[tuple[str, float]] = []
    start = clock.now()
    agenda.after(4, lambda: seen.append(("mechanical", agenda.now() - start)))
    agenda.after_on_wire(1, lambda: agenda.after_on_wire(0.5, lambda: seen.append(("chained", agenda.now() - start))))
    agenda.after_on_wire(1, lambda: seen.append(("cancelled", 0))).cancel()
    clock.advance(10)
    assert agenda.run_due()
    assert seen == [("chained", 1.5), ("mechanical", 2.0)]
    assert not agenda.run_due()
    with pytest.raises(ValueError, match="speed"):
        Agenda(clock, speed=0)


def test_a_request_is_obeyed_at_the_moment_it_came() -> None:
    clock = ManualClock()
    agenda = Agenda(clock)
    came = clock.now()
    with agenda.one_moment():
        clock.advance(1)
        assert agenda.now() == came
    assert agenda.now() == came + 1
