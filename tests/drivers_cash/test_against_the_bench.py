"""The cash unit against the bench's simulated devices, over a real pty, in real time; the metal is the judge."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from config.schema import CashSettings, CoinPosition, HopperSettings
from drivers.cash_unit import CashUnit
from hardware_sim.cash.acceptor import AcceptorProfile
from hardware_sim.cash.bench import CashBench
from hardware_sim.cash.hopper import FLOW_SER, SCH2_NOENCRYPT, SERIALS
from kiosk import effects
from kiosk.events import (
    CashReady,
    CoinsCredited,
    CoinsRefused,
    DeviceFaulted,
    DeviceMark,
    DeviceOnline,
    DispenseResolved,
    Event,
    HopperInspected,
)

E = TypeVar("E")
ACCEPTOR = AcceptorProfile().identity.serial
COINS = tuple(
    CoinPosition(position, coin_id, yen, path)
    for position, coin_id, yen, path in (
        (1, "JP010A", 10, 1),
        (2, "JP050A", 50, 2),
        (3, "JP100A", 100, 3),
        (4, "JP500A", 500, 4),
        (5, "JP500B", 500, 5),
    )
)
ONE_MODE = pytest.mark.parametrize("mode", ["serial"], indirect=True)
"""For what does not depend on how a hopper is armed."""


class _Clock:
    def boot(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Till:
    """One life of the driver on a bench's port."""

    def __init__(self, settings: CashSettings, mark: DeviceMark | None) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.seen: list[Event] = []
        self.unit = CashUnit(settings, _Clock())
        self.unit.resume(mark)
        self.unit.start(self._events.put)

    def until(self, kind: type[E], after: Callable[[], object] | None = None) -> E:
        if after:
            after()
        deadline = time.monotonic() + 20
        while True:
            event = self._events.get(timeout=deadline - time.monotonic())
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def yen(self) -> int:
        """Everything credited until now."""
        return sum(c.yen for e in self.seen if isinstance(e, CoinsCredited) for c in e.credits)

    def coin(self) -> CoinsCredited:
        while True:
            event = self.until(CoinsCredited)
            if event.credits:
                return event


@pytest.fixture(params=["serial", "cipher-dummy"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the hoppers of this bench want to be armed."""
    return str(request.param)


@pytest.fixture
def bench(tmp_path: Path, mode: str) -> Iterator[CashBench]:
    hopper = FLOW_SER if mode == "serial" else SCH2_NOENCRYPT
    levels = dict.fromkeys((10, 50, 100, 500), 50)
    with CashBench(tmp_path, levels=levels, speed=10.0, hopper=hopper) as bench:
        yield bench


@pytest.fixture
def tills(bench: CashBench, mode: Literal["serial", "cipher-dummy"]) -> Iterator[Callable[..., Till]]:
    settings = CashSettings(
        port=str(bench.port),
        acceptor_serial=ACCEPTOR,
        coins=COINS,
        hoppers=tuple(HopperSettings(serial, yen, mode, 5) for yen, serial in SERIALS.items()),
    )
    living: list[Till] = []

    def come(mark: DeviceMark | None = None) -> Till:
        living.append(Till(settings, mark))
        return living[-1]

    yield come
    for till in living:
        till.unit.close()


def takes_coins(bench: CashBench) -> None:
    assert bench.wait_until(lambda: bool(bench.snapshot()["takes"]))


def refused(till: Till) -> None:
    till.until(CoinsRefused, lambda: till.unit.refuse(effects.RefuseCoins(7)))


def paid(till: Till, yen: int, coins: int) -> DispenseResolved:
    serial = SERIALS[yen]
    before = till.until(HopperInspected, lambda: till.unit.inspect(effects.InspectHopper(8, serial)))
    order = effects.Dispense(9, serial, coins, before.event_counter, before.dispense_count)
    return till.until(DispenseResolved, lambda: till.unit.dispense(order))


def test_a_purchase_with_change(bench: CashBench, tills: Callable[..., Till]) -> None:
    till = tills()
    till.until(DeviceOnline)
    assert till.until(CashReady, lambda: till.unit.check(effects.CheckCash(1))).usable == set(SERIALS.values())
    till.unit.accept(effects.AcceptCoins(frozenset({100, 500})))
    takes_coins(bench)
    assert bench.insert(500) == "accepted"
    assert till.coin().credits[0].yen == 500
    assert bench.insert(10) == "returned"
    refused(till)
    result = paid(till, 100, 2)
    assert (result.paid, result.sure) == (2, True), result.evidence
    assert bench.settle()
    assert (bench.inserted(), bench.paid_back(), till.yen()) == (500, 200, 500)
    assert bench.change_in_tray() == {10: 1, 100: 2}


@ONE_MODE
@pytest.mark.parametrize(
    "fault",
    ["lost_reply", "corrupt_reply", "late_reply", "lost_request", "busy", "nak", "corrupt_echo", "double_echo"],
)
def test_a_spoilt_dispense_pays_once_or_not_at_all(bench: CashBench, tills: Callable[..., Till], fault: str) -> None:
    till = tills()
    till.until(DeviceOnline)
    values = {} if "echo" in fault else {"header": 167}
    serial = SERIALS[100]
    before = till.until(HopperInspected, lambda: till.unit.inspect(effects.InspectHopper(8, serial)))
    bench.fault(fault, **values)
    order = effects.Dispense(9, serial, 3, before.event_counter, before.dispense_count)
    result = till.until(DispenseResolved, lambda: till.unit.dispense(order))
    assert bench.settle()
    assert result.sure, result.evidence
    assert result.paid == bench.change_in_tray().get(100, 0)
    assert result.paid in (0, 3)
    assert paid(till, 100, 1).paid == 1
    assert not [event for event in till.seen if isinstance(event, DeviceFaulted)]


@pytest.mark.parametrize("fault", ["hopper_jam", "hopper_empty", "hopper_power_cut"])
def test_a_hopper_that_fails_at_the_second_coin(bench: CashBench, tills: Callable[..., Till], fault: str) -> None:
    till = tills()
    till.until(DeviceOnline)
    bench.fault(fault, yen=100, at=2)
    result = paid(till, 100, 5)
    assert bench.settle()
    assert (result.paid, result.sure) == (2, True), result.evidence
    assert bench.change_in_tray() == {100: 2}


@ONE_MODE
def test_coins_taken_by_a_life_that_ended_belong_to_the_next(bench: CashBench, tills: Callable[..., Till]) -> None:
    first = tills()
    first.until(DeviceOnline)
    mark = next(e.mark for e in first.seen if isinstance(e, CoinsCredited))
    first.unit.accept(effects.AcceptCoins(frozenset({100})))
    takes_coins(bench)
    bench.insert(100)
    credited = first.coin()
    first.unit.close()
    second = tills(mark)  # the journal never heard of the coin
    again = second.coin()
    assert again.credits == credited.credits
    assert bench.snapshot()["takes"] == []


@ONE_MODE
def test_the_cable_is_pulled_and_put_back(bench: CashBench, tills: Callable[..., Till]) -> None:
    till = tills()
    till.until(DeviceOnline)
    till.unit.accept(effects.AcceptCoins(frozenset({100})))
    takes_coins(bench)
    bench.insert(100)
    till.coin()
    bench.fault("unplugged")
    assert till.until(DeviceFaulted).reason == "offline"
    bench.clear_faults("unplugged")
    till.until(DeviceOnline)
    takes_coins(bench)
    bench.insert(100)
    assert till.coin().credits[0].seq == 2
    assert (till.yen(), bench.inserted()) == (200, 200)
    assert sum(isinstance(event, DeviceFaulted) for event in till.seen) == 1


@ONE_MODE
def test_a_coin_past_the_gate_is_waited_for(bench: CashBench, tills: Callable[..., Till]) -> None:
    till = tills()
    till.until(DeviceOnline)
    till.unit.accept(effects.AcceptCoins(frozenset({100})))
    takes_coins(bench)
    bench.fault("late_coin", delay_s=8.0)  # 0.8 s at this bench's pace
    bench.insert(100)
    refused(till)
    assert till.yen() == bench.inserted() == 100


@ONE_MODE
def test_a_reset_acceptor_is_noticed(bench: CashBench, tills: Callable[..., Till]) -> None:
    till = tills()
    till.until(DeviceOnline)
    till.unit.accept(effects.AcceptCoins(frozenset({100})))
    takes_coins(bench)
    bench.insert(100)
    till.coin()
    bench.fault("acceptor_reset")
    event = till.until(CoinsCredited)
    assert (event.credits, event.mark.epoch) == ((), 2)
    till.unit.accept(effects.AcceptCoins(frozenset({100})))
    takes_coins(bench)
    bench.insert(100)
    assert (till.coin().credits[0].epoch, till.yen()) == (2, 200)
