"""How the cash unit comes up, stays in touch and leaves: every byte it sends is seen."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import effects
from kiosk.events import (
    CashIncident,
    CoinsCredited,
    Credit,
    DeviceFaulted,
    DeviceMark,
    DeviceOnline,
    Part,
    ReturnLeverPressed,
)

HUNDRED, FIVE_HUNDRED = 703455, 0x0AD7DF
SETTERS = {231, 228, 222, 210, 164, 160, 167, 172, 1}


def test_everything_is_read_before_anything_is_enabled(rig: SimpleNamespace, bench: Any) -> None:
    headers = [(raw[0], raw[3]) for raw in rig.line.sent]
    first_setting = next(i for i, (_, header) in enumerate(headers) if header in SETTERS)
    assert (2, 229) in headers[:first_setting]
    # The one thing done before the hoppers are read is to inhibit.
    assert rig.line.sent[first_setting] == bytes.fromhex("02 02 01 E7 00 00 14")
    second = next(i for i, (_, header) in enumerate(headers) if header in SETTERS and i > first_setting)
    for address in (3, 4):
        for header in (166, 168, 163):
            assert (address, header) in headers[:second]
    assert not rig.line.requests(1), "a reset at start throws away credits"
    set_up = [header for _, header in headers[second:] if header in SETTERS]
    assert set_up[0] == 231
    assert set_up[-1] == 228
    assert rig.acceptor.accepts == set()
    assert {position: rig.acceptor.paths[position] for position in range(1, 6)} == {1: 1, 2: 2, 3: 3, 4: 4, 5: 4}


def test_a_new_journal_begins_at_the_present_counter(rig: SimpleNamespace, new_bench: Any) -> None:
    rig.acceptor.happen(3, 3)
    bench = new_bench(rig)
    bench.until(DeviceOnline)
    assert bench.said[0] == CoinsCredited((), DeviceMark(123456, 1, 1, 1, "0303" + "00" * 8))
    assert bench.credits == []


def test_coins_of_before_the_crash_come_in_order_before_online(rig: SimpleNamespace, new_bench: Any) -> None:
    mark = DeviceMark(123456, 4, 254, 700, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 254, [(3, 3)] * 5
    for position in (1, 4):
        rig.acceptor.happen(position, position)
    bench = new_bench(rig, mark)
    bench.until(DeviceOnline)
    assert bench.credits == [Credit(123456, 4, 701, 10, 1), Credit(123456, 4, 702, 500, 4)]
    assert bench.of(CoinsCredited)[-1].mark == DeviceMark(123456, 4, 1, 702, "04040101" + "0303" * 3)
    assert isinstance(bench.said[-1], DeviceOnline)
    again = new_bench(rig, bench.of(CoinsCredited)[-1].mark)
    again.until(DeviceOnline)
    assert again.said == [DeviceOnline(Part.CASH)]


def test_the_same_numbers_come_again_if_they_were_not_journaled(rig: SimpleNamespace, new_bench: Any) -> None:
    mark = DeviceMark(123456, 4, 7, 700, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 0, []
    rig.acceptor.happen(3, 3)
    first, second = new_bench(rig, mark), new_bench(rig, mark)
    first.until(DeviceOnline)
    second.until(DeviceOnline)
    assert first.credits == second.credits == [Credit(123456, 5, 1, 100, 3)]
    assert first.of(CashIncident)[0].kind == "acceptor_reset"


def test_a_return_lever_of_before_the_crash_is_nobodys_wish(rig: SimpleNamespace, new_bench: Any) -> None:
    mark = DeviceMark(123456, 1, 7, 7, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 7, [(3, 3)] * 5
    rig.acceptor.happen(0, 254)
    bench = new_bench(rig, mark)
    bench.until(DeviceOnline)
    assert not bench.of(ReturnLeverPressed)


def _foreign(name: str, rig: SimpleNamespace) -> None:
    match name:
        case "serial":
            rig.acceptor.serial = 99
        case "category":
            rig.acceptor.category = b"Bill Validator"
        case "coin id":
            rig.acceptor.ids[3] = b"JP005A"
        case "divisor":
            rig.settings = replace(rig.settings, coin_divisor=100)
        case "hopper exchanged":
            rig.hundred.serial = 5
        case "hopper mode":
            rig.hundred.product = b"SCH2"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("serial", "has serial 99, configured is 123456"),
        ("category", "address 2 is no coin acceptor"),
        ("coin id", "position 3 reports JP005A, configured is JP100A"),
        ("divisor", "check cash.coins and cash.coin_divisor"),
        ("hopper exchanged", "hopper 703455 is missing and hopper 5 is not configured"),
        ("hopper mode", "hopper 703455 is a SCH2"),
    ],
)
def test_another_device_than_configured_is_refused_with_nothing_enabled(
    rig: SimpleNamespace, new_bench: Any, name: str, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    _foreign(name, rig)
    bench = new_bench(rig)
    assert bench.until(DeviceFaulted) == DeviceFaulted(Part.CASH, "wrong_device")
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(20)
    assert len(bench.of(DeviceFaulted)) == 1, "told once"
    assert rig.acceptor.accepts == set()
    assert not bench.of(DeviceOnline)
    assert remedy in caplog.text


def test_vendors_write_categories_differently(rig: SimpleNamespace, new_bench: Any) -> None:
    rig.acceptor.category = b"coin_ACCEPTOR"
    new_bench(rig).until(DeviceOnline)


@pytest.mark.parametrize("unknown", [228, 222, 210, 232])
def test_an_acceptor_may_lack_what_not_every_one_has(rig: SimpleNamespace, new_bench: Any, unknown: int) -> None:
    rig.acceptor.unknown = {unknown, 227} if unknown == 228 else {unknown}
    if unknown == 228:
        rig.acceptor.master = 1
    if unknown == 210:
        rig.acceptor.paths.update({1: 1, 2: 2, 3: 3, 4: 4, 5: 4})
    bench = new_bench(rig)
    bench.until(DeviceOnline)
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(5)
    assert rig.acceptor.accepts == {3}
    assert not bench.of(CashIncident)


def test_a_failed_self_check_keeps_the_unit_closed(rig: SimpleNamespace, new_bench: Any) -> None:
    rig.acceptor.fault = 3
    bench = new_bench(rig)
    assert bench.until(DeviceFaulted).reason == "hardware_error"
    rig.acceptor.fault = 0
    bench.until(DeviceOnline)


def test_a_lost_link_is_told_once_and_nothing_is_lost(rig: SimpleNamespace, bench: Any) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    rig.line.dead = True
    bench.pass_time(30)
    assert bench.of(DeviceFaulted) == [DeviceFaulted(Part.CASH, "offline")]
    rig.line.dead = False
    bench.until(DeviceOnline)
    assert [credit.yen for credit in bench.credits] == [100]
    assert rig.acceptor.accepts == {3}, "the last order stands"


def test_a_silent_acceptor_is_offline(rig: SimpleNamespace, bench: Any) -> None:
    acceptor = rig.line.devices.pop(2)
    assert bench.until(DeviceFaulted).reason == "offline"
    rig.line.devices[2] = acceptor
    bench.until(DeviceOnline)


def test_an_order_that_needs_an_answer_is_answered_while_offline(rig: SimpleNamespace, bench: Any) -> None:
    rig.line.dead = True
    bench.pass_time(1)
    said = len(bench.said)
    bench.unit.check(effects.CheckCash(3))
    bench.unit.inspect(effects.InspectHopper(4, HUNDRED))
    bench.turn()
    assert bench.said[said:] == [DeviceFaulted(Part.CASH, "offline")] * 2


def test_close_inhibits_and_lets_go_and_may_come_twice(rig: SimpleNamespace, new_bench: Any) -> None:
    bench = new_bench(rig)
    bench.until(DeviceOnline)
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    bench.unit.close()
    assert rig.acceptor.mask == bytes(2)
    assert rig.line.closed == 1
    bench.unit.close()
    assert rig.line.closed == 1
