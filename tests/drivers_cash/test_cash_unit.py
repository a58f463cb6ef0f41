"""The cash unit on a bus in memory: every byte it sends is seen, time passes only as it asks for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from drivers.cash_unit import CashUnit
from drivers.cctalk_bus import Line
from kiosk import effects
from kiosk.errors import DeviceOffline
from kiosk.events import (
    CashIncident,
    CashReady,
    CoinsCredited,
    CoinsRefused,
    Credit,
    DeviceFaulted,
    DeviceMark,
    DeviceOnline,
    DispenseResolved,
    Event,
    HopperInspected,
    Part,
    ReturnLeverPressed,
)

E = TypeVar("E")
HUNDRED, FIVE_HUNDRED = 703455, 0x0AD7DF
SETTERS = {231, 228, 222, 210, 164, 160, 167, 172, 1}


class Bench:
    """A unit, its bus, and what it said. `until` and `pass_time` turn its worker."""

    def __init__(self, rig: SimpleNamespace, mark: DeviceMark | None = None) -> None:
        self.rig, self.said = rig, list[Event]()
        self.openings = 0
        self.unit = CashUnit(rig.settings, rig.clock, open_line=self._open, monotonic=rig.clock)
        self.unit.resume(mark)
        self.unit._sink = self.said.append  # started by hand: no thread

    def _open(self, _: object) -> Line:
        self.openings += 1
        if self.rig.line.dead:
            raise DeviceOffline
        line: Line = self.rig.line
        return line

    def turn(self) -> None:
        self.rig.clock.now += self.unit.worker.turn()

    def pass_time(self, seconds: float) -> None:
        end = self.rig.clock.now + seconds
        while self.rig.clock.now < end:
            self.turn()

    def until(self, kind: type[E], after: Callable[[], Any] | None = None, seconds: float = 60.0) -> E:
        """The next event of that kind; `after` gives the order that causes it."""
        seen = len(self.said)
        if after:
            after()
        end = self.rig.clock.now + seconds
        while self.rig.clock.now < end:
            self.turn()
            for event in self.said[seen:]:
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"no {kind.__name__} in {self.said[seen:]}")

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.said if isinstance(event, kind)]

    @property
    def credits(self) -> list[Credit]:
        return [credit for event in self.of(CoinsCredited) for credit in event.credits]


@pytest.fixture
def bench(rig: SimpleNamespace) -> Bench:
    bench = Bench(rig)
    bench.until(DeviceOnline)
    return bench


# ---- coming up ---------------------------------------------------------------------------------------------


def test_everything_is_read_before_anything_is_enabled(rig: SimpleNamespace, bench: Bench) -> None:
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


def test_a_new_journal_begins_at_the_present_counter(rig: SimpleNamespace) -> None:
    rig.acceptor.happen(3, 3)
    bench = Bench(rig)
    bench.until(DeviceOnline)
    assert bench.said[0] == CoinsCredited((), DeviceMark(123456, 1, 1, 1, "0303" + "00" * 8))
    assert bench.credits == []


def test_coins_of_before_the_crash_are_credited_in_order_before_online(rig: SimpleNamespace) -> None:
    mark = DeviceMark(123456, 4, 254, 700, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 254, [(3, 3)] * 5
    for position in (1, 4):
        rig.acceptor.happen(position, position)
    bench = Bench(rig, mark)
    bench.until(DeviceOnline)
    assert bench.credits == [Credit(123456, 4, 701, 10, 1), Credit(123456, 4, 702, 500, 4)]
    assert bench.of(CoinsCredited)[-1].mark == DeviceMark(123456, 4, 1, 702, "04040101" + "0303" * 3)
    assert isinstance(bench.said[-1], DeviceOnline)
    again = Bench(rig, bench.of(CoinsCredited)[-1].mark)
    again.until(DeviceOnline)
    assert again.said == [DeviceOnline(Part.CASH)]


def test_the_same_numbers_come_again_if_the_journal_did_not_keep_them(rig: SimpleNamespace) -> None:
    mark = DeviceMark(123456, 4, 7, 700, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 0, []
    rig.acceptor.happen(3, 3)
    first, second = Bench(rig, mark), Bench(rig, mark)
    first.until(DeviceOnline)
    second.until(DeviceOnline)
    assert first.credits == second.credits == [Credit(123456, 5, 1, 100, 3)]
    assert first.of(CashIncident)[0].kind == "acceptor_reset"


def test_a_return_lever_of_before_the_crash_is_nobodys_wish(rig: SimpleNamespace) -> None:
    mark = DeviceMark(123456, 1, 7, 7, "0303" * 5)
    rig.acceptor.counter, rig.acceptor.events = 7, [(3, 3)] * 5
    rig.acceptor.happen(0, 254)
    bench = Bench(rig, mark)
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
    rig: SimpleNamespace, name: str, remedy: str, caplog: pytest.LogCaptureFixture
) -> None:
    _foreign(name, rig)
    bench = Bench(rig)
    assert bench.until(DeviceFaulted) == DeviceFaulted(Part.CASH, "wrong_device")
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(20)
    assert len(bench.of(DeviceFaulted)) == 1, "told once"
    assert rig.acceptor.accepts == set()
    assert not bench.of(DeviceOnline)
    assert remedy in caplog.text


def test_vendors_write_categories_differently(rig: SimpleNamespace) -> None:
    rig.acceptor.category = b"coin_ACCEPTOR"
    Bench(rig).until(DeviceOnline)


@pytest.mark.parametrize("unknown", [228, 222, 210, 232])
def test_an_acceptor_may_lack_what_not_every_one_has(rig: SimpleNamespace, unknown: int) -> None:
    rig.acceptor.unknown = {unknown, 227} if unknown == 228 else {unknown}
    if unknown == 228:
        rig.acceptor.master = 1
    if unknown == 210:
        rig.acceptor.paths.update({1: 1, 2: 2, 3: 3, 4: 4, 5: 4})
    bench = Bench(rig)
    bench.until(DeviceOnline)
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(5)
    assert rig.acceptor.accepts == {3}
    assert not bench.of(CashIncident)


def test_a_failed_self_check_keeps_the_unit_closed(rig: SimpleNamespace) -> None:
    rig.acceptor.fault = 3
    bench = Bench(rig)
    assert bench.until(DeviceFaulted).reason == "hardware_error"
    rig.acceptor.fault = 0
    bench.until(DeviceOnline)


# ---- accepting ---------------------------------------------------------------------------------------------


def test_exactly_the_coins_asked_for(rig: SimpleNamespace, bench: Bench) -> None:
    for yen, positions in (({100}, {3}), ({10, 500}, {1, 4, 5}), ({1000}, set()), (set(), set())):
        bench.unit.accept(effects.AcceptCoins(frozenset(yen)))
        bench.turn()
        assert rig.acceptor.accepts == positions


def test_coins_become_credits_with_path_and_unbroken_numbers(rig: SimpleNamespace, bench: Bench) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100, 500})))
    bench.turn()
    rig.acceptor.coin(3)
    rig.acceptor.coin(1)  # inhibited: rejected, uses up a number
    rig.acceptor.coin(5)
    event = bench.until(CoinsCredited)
    assert event.credits == (Credit(123456, 1, 1, 100, 3), Credit(123456, 1, 3, 500, 4))
    assert event.mark.seq == 3
    for _ in range(600):
        rig.acceptor.coin(3)
        bench.pass_time(0.2)
    numbers = [credit.seq for credit in bench.credits]
    assert numbers == [1, *range(3, 604)]
    assert not bench.of(CashIncident)


def test_polls_often_enough_while_accepting_and_when_idle(rig: SimpleNamespace, bench: Bench) -> None:
    def longest_pause(seconds: float) -> float:
        stamps: list[float] = []
        write = rig.line.write

        def stamped(data: bytes) -> None:
            if data[3] == 229:
                stamps.append(rig.clock.now)
            write(data)

        rig.line.write = stamped
        bench.pass_time(seconds)
        rig.line.write = write
        return max(b - a for a, b in itertools.pairwise(stamps))

    assert longest_pause(25) <= 0.5
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    assert longest_pause(10) <= 0.175  # 150 ms and the probe of the inhibits


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (5, "coin_jam"),
        (20, "fraud_attempt"),
        (36, "coin_swallowed"),
        (39, "coin_missorted"),
        (14, "acceptor_fault"),
    ],
)
def test_events_without_credit(rig: SimpleNamespace, bench: Bench, code: int, kind: str) -> None:
    rig.acceptor.happen(0, code)
    assert bench.until(CashIncident).kind == kind
    assert isinstance(bench.said[-1], CoinsCredited), "the mark comes last, so that nothing is skipped by a crash"


@pytest.mark.parametrize("code", [1, 2, 9, 130, 253])
def test_rejects_are_no_incident(rig: SimpleNamespace, bench: Bench, code: int) -> None:
    rig.acceptor.happen(0, code)
    assert bench.until(CoinsCredited).credits == ()
    assert not bench.of(CashIncident)


def test_the_lever_is_a_wish(rig: SimpleNamespace, bench: Bench) -> None:
    rig.acceptor.happen(0, 254)
    bench.until(ReturnLeverPressed)


def test_a_credit_of_an_unlisted_position_is_no_money(rig: SimpleNamespace, bench: Bench) -> None:
    rig.acceptor.happen(9, 1)
    assert bench.until(CashIncident).kind == "unknown_coin"
    assert bench.credits == []


def test_a_gap_credits_the_newest_five_under_a_new_epoch_and_inhibits(rig: SimpleNamespace, bench: Bench) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({10, 100})))
    bench.turn()
    rig.acceptor.coin(3)
    bench.until(CoinsCredited)
    for position in (3, 3, 1, 1, 3, 1, 3):
        rig.acceptor.coin(position)
    incident = bench.until(CashIncident)
    assert (incident.kind, incident.detail) == ("credit_gap", "at least 2 events unseen")
    assert [(c.epoch, c.seq, c.yen) for c in bench.credits[1:]] == [
        (2, 1, 10), (2, 2, 10), (2, 3, 100), (2, 4, 10), (2, 5, 100),
    ]  # fmt: skip
    bench.pass_time(1)
    assert rig.acceptor.accepts == set()


def test_a_reset_acceptor_is_set_up_again_and_stays_inhibited_until_told(
    rig: SimpleNamespace, bench: Bench
) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    bench.until(CoinsCredited)
    rig.acceptor.reset()
    rig.acceptor.paths = dict.fromkeys(range(1, 17), 5)
    assert bench.until(CashIncident).kind == "acceptor_reset"
    bench.pass_time(1)
    assert rig.acceptor.master == 1
    assert rig.acceptor.paths[3] == 3
    assert rig.acceptor.accepts == set()
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    assert bench.until(CoinsCredited).credits == (Credit(123456, 2, 1, 100, 3),)


def test_lost_inhibits_are_noticed_though_the_buffer_shows_nothing(rig: SimpleNamespace, bench: Bench) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(1)
    rig.acceptor.mask = b"\xff\xff"
    assert bench.until(CashIncident).kind == "acceptor_settings_lost"
    bench.turn()
    assert rig.acceptor.accepts == set()


def test_five_coins_at_once_are_believed_only_if_the_inhibits_are_still_ours(
    rig: SimpleNamespace, bench: Bench
) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    for _ in range(7):
        bench.pass_time(0.2)
        rig.acceptor.coin(3)
    bench.pass_time(0.2)
    for _ in range(5):
        rig.acceptor.coin(3)
    bench.until(CoinsCredited)
    assert [credit.seq for credit in bench.credits] == list(range(1, 13))
    rig.acceptor.reset()
    for _ in range(17):
        rig.acceptor.happen(3, 3)
    assert bench.until(CashIncident).kind == "credit_gap"


@pytest.mark.parametrize(
    "fault", ["lost_request", "lost_reply", "damaged", "late", "broken_off", "bad_echo", "busy"]
)
def test_a_spoilt_poll_loses_no_coin_and_tells_nobody(rig: SimpleNamespace, bench: Bench, fault: str) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    rig.line.spoil[2, 229] = [fault, fault]
    assert bench.until(CoinsCredited).credits[0].yen == 100
    bench.pass_time(2)
    assert len(bench.credits) == 1
    assert not bench.of(DeviceFaulted)


# ---- refusing ----------------------------------------------------------------------------------------------


def test_refusing_waits_for_the_coin_in_flight(rig: SimpleNamespace, bench: Bench) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    began = rig.clock.now
    bench.unit.refuse(effects.RefuseCoins(9))
    bench.turn()
    assert rig.acceptor.accepts == set()
    bench.pass_time(1.2)
    rig.acceptor.happen(3, 3)  # it was past the gate already
    event = bench.until(CoinsRefused)
    assert event.order == 9
    late = next(i for i, e in enumerate(bench.said) if isinstance(e, CoinsCredited) and e.credits)
    assert late < bench.said.index(event)
    assert rig.clock.now - began >= 1.5
    assert len(bench.credits) == 1


def test_a_clock_set_forward_does_not_end_the_drain_at_once(rig: SimpleNamespace, bench: Bench) -> None:
    bench.unit.refuse(effects.RefuseCoins(9))
    bench.turn()
    boot = rig.clock.boot
    bench.unit._clock = SimpleNamespace(boot=lambda: boot() + 3600)
    polls = len(rig.line.requests(229))
    bench.until(CoinsRefused)
    assert len(rig.line.requests(229)) - polls >= 2


def test_a_refusal_is_answered_after_a_lost_link_too(rig: SimpleNamespace, bench: Bench) -> None:
    rig.line.dead = True
    bench.unit.refuse(effects.RefuseCoins(9))
    bench.pass_time(3)
    assert not bench.of(CoinsRefused)
    rig.line.dead = False
    assert bench.until(CoinsRefused).order == 9


# ---- the link ----------------------------------------------------------------------------------------------


def test_a_lost_link_is_told_once_and_nothing_is_lost(rig: SimpleNamespace, bench: Bench) -> None:
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


def test_a_silent_acceptor_is_offline(rig: SimpleNamespace, bench: Bench) -> None:
    acceptor = rig.line.devices.pop(2)
    assert bench.until(DeviceFaulted).reason == "offline"
    rig.line.devices[2] = acceptor
    bench.until(DeviceOnline)


def test_an_order_that_needs_an_answer_is_answered_while_offline(rig: SimpleNamespace, bench: Bench) -> None:
    rig.line.dead = True
    bench.pass_time(1)
    said = len(bench.said)
    bench.unit.check(effects.CheckCash(3))
    bench.unit.inspect(effects.InspectHopper(4, HUNDRED))
    bench.turn()
    assert bench.said[said:] == [DeviceFaulted(Part.CASH, "offline")] * 2


def test_close_inhibits_and_lets_go_and_may_come_twice(rig: SimpleNamespace) -> None:
    bench = Bench(rig)
    bench.until(DeviceOnline)
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    bench.unit.close()
    assert rig.acceptor.mask == bytes(2)
    assert rig.line.closed == 1
    bench.unit.close()
    assert rig.line.closed == 1


# ---- hoppers -----------------------------------------------------------------------------------------------


def test_check_names_the_hoppers_that_can_pay(rig: SimpleNamespace, bench: Bench) -> None:
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(1))) == CashReady(
        1, frozenset({HUNDRED, FIVE_HUNDRED})
    )
    rig.hundred.flags[0] |= 0x08
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(2))).usable == {FIVE_HUNDRED}
    del rig.line.devices[3]
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(3))).usable == frozenset()


def test_a_missing_hopper_does_not_keep_the_rest_from_working(rig: SimpleNamespace) -> None:
    del rig.line.devices[3]
    bench = Bench(rig)
    bench.until(DeviceOnline)
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(1))).usable == {HUNDRED}


def inspect(bench: Bench, serial: int) -> HopperInspected:
    return bench.until(HopperInspected, lambda: bench.unit.inspect(effects.InspectHopper(50, serial)))


def pay(bench: Bench, serial: int, coins: int, number: int = 51) -> DispenseResolved:
    before = inspect(bench, serial)
    assert not before.blocked
    order = effects.Dispense(number, serial, coins, before.event_counter, before.dispense_count)
    return bench.until(DispenseResolved, lambda: bench.unit.dispense(order), seconds=300)


def test_both_modes_pay_what_is_ordered_with_the_exact_bytes(rig: SimpleNamespace, bench: Bench) -> None:
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
    rig: SimpleNamespace, bench: Bench, header: int, fault: str, paid: int, sent: int
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


def test_a_refusing_hopper_that_counts_refusals_has_paid_nothing(rig: SimpleNamespace, bench: Bench) -> None:
    pay(bench, HUNDRED, 3)
    rig.hundred.counts_refusals = True
    rig.line.spoil[4, 164] = ["fine"]
    rig.hundred.mode = "serial"  # so it does not like the dummy key
    result = pay(bench, HUNDRED, 2, number=52)
    assert (result.paid, result.sure) == (0, True)
    assert rig.hundred.event == 2


def test_a_hopper_cut_off_in_the_middle_is_judged_by_its_count(rig: SimpleNamespace, bench: Bench) -> None:
    pay(bench, HUNDRED, 1)
    rig.hundred.cut_after = 2
    result = pay(bench, HUNDRED, 5, number=52)
    assert (result.paid, result.sure) == (2, True)
    assert len(rig.line.requests(167)) == 2
    assert rig.hundred.level == 97


def test_an_empty_hopper_pays_what_it_has_and_cannot_be_used_again(rig: SimpleNamespace, bench: Bench) -> None:
    rig.hundred.level = 2
    result = pay(bench, HUNDRED, 5)
    assert (result.paid, result.sure) == (2, True)
    assert inspect(bench, HUNDRED).blocked
    assert bench.until(CashReady, lambda: bench.unit.check(effects.CheckCash(2))).usable == {FIVE_HUNDRED}


def test_disagreeing_counters_quarantine_the_hopper(rig: SimpleNamespace, bench: Bench) -> None:
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


def test_a_stale_order_is_not_sent(rig: SimpleNamespace, bench: Bench) -> None:
    """The same order handed out by two lives of the core: the second finds the counters moved, and only asks."""
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    assert bench.until(DispenseResolved, lambda: bench.unit.dispense(order)).paid == 4
    again = bench.until(DispenseResolved, lambda: bench.unit.dispense(order))
    assert (again.paid, again.sure) == (4, True)
    assert len(rig.line.requests(167)) == 1
    assert rig.hundred.level == 96


def test_an_order_given_twice_while_it_runs_is_one(rig: SimpleNamespace, bench: Bench) -> None:
    before = inspect(bench, HUNDRED)
    order = effects.Dispense(51, HUNDRED, 4, before.event_counter, before.dispense_count)
    bench.unit.dispense(order)
    assert bench.until(DispenseResolved, lambda: bench.unit.dispense(order)).paid == 4
    bench.pass_time(5)
    assert len(bench.of(DispenseResolved)) == 1


def test_the_link_breaks_while_a_hopper_pays(rig: SimpleNamespace, bench: Bench) -> None:
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


def test_a_dispense_ordered_while_offline_is_never_sent_later(rig: SimpleNamespace, bench: Bench) -> None:
    before = inspect(bench, HUNDRED)
    rig.line.dead = True
    bench.pass_time(1)
    order = effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count)
    result = bench.until(DispenseResolved, lambda: bench.unit.dispense(order))
    assert (result.paid, result.sure) == (0, True)
    rig.line.dead = False
    bench.pass_time(30)
    assert rig.line.requests(167) == []


def test_after_a_restart_only_questions_are_asked(rig: SimpleNamespace, bench: Bench) -> None:
    before = inspect(bench, HUNDRED)
    bench.unit.dispense(effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count))
    bench.turn()
    successor = Bench(rig)
    successor.unit.resolve(effects.ResolveDispense(1, HUNDRED, 5, before.event_counter, before.dispense_count))
    result = successor.until(DispenseResolved)
    assert (result.order, result.paid, result.sure) == (1, 5, True)
    assert len(rig.line.requests(167)) == 1


def test_a_silent_hopper_is_asked_until_it_answers_and_reported_once(rig: SimpleNamespace, bench: Bench) -> None:
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


def test_coins_that_leave_without_an_order_are_an_alarm(rig: SimpleNamespace, bench: Bench) -> None:
    bench.pass_time(11)
    rig.hundred.total += 2
    incident = bench.until(CashIncident)
    assert incident.kind == "hopper_leak"
    assert "703455" in incident.detail
    bench.pass_time(30)
    assert len(bench.of(CashIncident)) == 1


def test_credits_are_not_missed_while_a_hopper_pays(rig: SimpleNamespace, bench: Bench) -> None:
    before = inspect(bench, HUNDRED)
    bench.unit.dispense(effects.Dispense(51, HUNDRED, 5, before.event_counter, before.dispense_count))
    bench.turn()
    rig.acceptor.happen(3, 3)
    assert bench.until(CoinsCredited).credits[0].yen == 100
    assert not bench.of(DispenseResolved)
    bench.until(DispenseResolved)
