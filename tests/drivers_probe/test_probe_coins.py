"""The coin bus as the probe tells of it, against the simulated cash unit over a real pty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.probing import NotTried
from config.schema import CoinPosition, HopperSettings, Settings
from drivers import probe_coins
from drivers.cctalk_bus import SerialLine
from hardware_sim.cash.acceptor import DEFAULT_PATH, JAPAN, AcceptorProfile
from hardware_sim.cash.bench import CashBench
from hardware_sim.cash.hopper import SERIALS

LEVELS = {10: 30, 50: 30, 100: 30, 500: 30}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[CashBench]:
    with CashBench(tmp_path, levels=LEVELS, purse={100: 3, 500: 1}, speed=20) as unit:
        yield unit


@pytest.fixture
def machine(bench: CashBench, settings: Callable[..., Settings]) -> Settings:
    cash: dict[str, Any] = {
        "port": str(bench.port),
        "acceptor_serial": AcceptorProfile().identity.serial,
        "cashbox_path": DEFAULT_PATH,
        "coins": tuple(CoinPosition(coin.position, coin.coin_id, coin.yen, coin.path) for coin in JAPAN),
        "hoppers": tuple(HopperSettings(serial, yen, "serial", 5) for yen, serial in SERIALS.items()),
        "poll_ms": 50,
        "reply_ms": 80,
    }
    return settings(cash=cash)


def test_a_whole_unit_is_told_in_full_and_left_as_it_was(
    bench: CashBench, machine: Settings, said: Any, at_once: Any
) -> None:
    before = bench.event_counters(), bench.count(), bench.snapshot()["takes"]
    probe_coins.probe(machine, said, at_once)
    assert said.wrong == []
    for words in ("Coin Acceptor", "SIM-SR5", "JP100A", "hopper for 500 yen", "above the low mark", "with echo"):
        assert words in said.text
    assert (bench.event_counters(), bench.count(), bench.snapshot()["takes"]) == before


def test_coins_are_shown_with_a_warning_and_the_slot_is_shut_afterwards(
    bench: CashBench, machine: Settings, said: Any
) -> None:
    coins = iter((100, 500))

    def hand(_seconds: float) -> bool:
        coin = next(coins, None)
        if coin is not None:
            bench.insert(coin)
            bench.settle()
        return coin is None

    probe_coins.probe(machine, said, hand, accept=True)
    assert said.wrong == []
    assert "WARNING" in said.text
    assert "coin of 100 yen" in said.text
    assert "600 yen were taken" in said.text
    assert bench.insert(100) == "returned"


@pytest.mark.parametrize(
    ("fault", "values", "wrong"),
    [
        ("bus_dead", {}, "neither an echo nor an answer"),
        ("acceptor_self_check", {"code": 3}, "self-check reports fault 3"),
        ("acceptor_swapped", {"serial": 654321}, "has serial 654321"),
        ("hopper_blocked", {"yen": 100}, "hopper for 100 yen: exit blocked while idle"),
    ],
)
def test_a_fault_is_told_with_what_to_do(
    bench: CashBench, machine: Settings, said: Any, at_once: Any, fault: str, values: dict[str, int], wrong: str
) -> None:
    bench.fault(fault, **values)
    probe_coins.probe(machine, said, at_once)
    assert any(wrong in line for line in said.wrong), said.text
    assert said.each_fault_has_a_remedy()
    assert said.status == 1


def test_a_hopper_that_is_missing_and_one_that_is_strange_are_both_named(
    machine: Settings, said: Any, at_once: Any, settings: Callable[..., Settings]
) -> None:
    first, *others = machine.machine.cash.hoppers
    exchanged = HopperSettings(first.serial + 7, first.yen, "serial", 5)
    values = {
        name: getattr(machine.machine.cash, name) for name in ("port", "acceptor_serial", "cashbox_path", "coins")
    }
    probe_coins.probe(settings(cash={**values, "hoppers": (exchanged, *others)}), said, at_once)
    assert any("is not in the machine file" in line for line in said.wrong)
    assert any(f"serial {exchanged.serial}) does not answer" in line for line in said.wrong)


def test_no_port_is_a_fault_and_one_that_somebody_holds_is_left_alone(
    bench: CashBench, machine: Settings, said: Any, at_once: Any, settings: Callable[..., Settings]
) -> None:
    probe_coins.probe(settings(cash={"port": "/dev/serial/by-id/nobody"}), said, at_once)
    assert ["No such file" in line for line in said.wrong] == [True]
    assert said.each_fault_has_a_remedy()
    holder = SerialLine(str(bench.port))
    with pytest.raises(NotTried, match="another program holds"):
        probe_coins.probe(machine, said, at_once)
    holder.close()
