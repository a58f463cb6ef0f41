"""Coins in: enabled exactly, credited once, refused without losing the one in flight."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import effects
from kiosk.events import (
    CashIncident,
    CoinsCredited,
    CoinsRefused,
    Credit,
    DeviceFaulted,
    DeviceOnline,
    ReturnLeverPressed,
)


def test_exactly_the_coins_asked_for(rig: SimpleNamespace, bench: Any) -> None:
    for yen, positions in (({100}, {3}), ({10, 500}, {1, 4, 5}), ({1000}, set()), (set(), set())):
        bench.unit.accept(effects.AcceptCoins(frozenset(yen)))
        bench.turn()
        assert rig.acceptor.accepts == positions


def test_coins_become_credits_with_path_and_unbroken_numbers(rig: SimpleNamespace, bench: Any) -> None:
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


def test_polls_often_enough_while_accepting_and_when_idle(rig: SimpleNamespace, bench: Any) -> None:
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
def test_events_without_credit(rig: SimpleNamespace, bench: Any, code: int, kind: str) -> None:
    rig.acceptor.happen(0, code)
    assert bench.until(CashIncident).kind == kind
    assert isinstance(bench.said[-1], CoinsCredited), "the mark comes last, so that nothing is skipped by a crash"


@pytest.mark.parametrize("code", [1, 2, 9, 130, 253])
def test_rejects_are_no_incident(rig: SimpleNamespace, bench: Any, code: int) -> None:
    rig.acceptor.happen(0, code)
    assert bench.until(CoinsCredited).credits == ()
    assert not bench.of(CashIncident)


def test_the_lever_is_a_wish(rig: SimpleNamespace, bench: Any) -> None:
    rig.acceptor.happen(0, 254)
    bench.until(ReturnLeverPressed)


def test_a_credit_of_an_unlisted_position_is_no_money(rig: SimpleNamespace, bench: Any) -> None:
    rig.acceptor.happen(9, 1)
    assert bench.until(CashIncident).kind == "unknown_coin"
    assert bench.credits == []


def test_a_gap_credits_the_newest_five_under_a_new_epoch_and_inhibits(rig: SimpleNamespace, bench: Any) -> None:
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


def test_a_reset_acceptor_is_set_up_again_and_stays_inhibited_until_told(rig: SimpleNamespace, bench: Any) -> None:
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


def test_a_reset_acceptor_stays_inhibited_when_the_link_comes_back(rig: SimpleNamespace, bench: Any) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    bench.until(CoinsCredited)
    rig.acceptor.reset()
    bench.until(CashIncident)
    rig.line.dead = True
    bench.pass_time(2)
    rig.line.dead = False
    bench.until(DeviceOnline)
    assert rig.acceptor.accepts == set()


def test_lost_inhibits_are_noticed_though_the_buffer_shows_nothing(rig: SimpleNamespace, bench: Any) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.pass_time(1)
    rig.acceptor.mask = b"\xff\xff"
    assert bench.until(CashIncident).kind == "acceptor_settings_lost"
    bench.turn()
    assert rig.acceptor.accepts == set()


def test_five_coins_at_once_are_believed_only_if_the_inhibits_are_still_ours(rig: SimpleNamespace, bench: Any) -> None:
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


@pytest.mark.parametrize("fault", ["lost_request", "lost_reply", "damaged", "late", "broken_off", "bad_echo", "busy"])
def test_a_spoilt_poll_loses_no_coin_and_tells_nobody(rig: SimpleNamespace, bench: Any, fault: str) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    rig.acceptor.coin(3)
    rig.line.spoil[2, 229] = [fault, fault]
    assert bench.until(CoinsCredited).credits[0].yen == 100
    bench.pass_time(2)
    assert len(bench.credits) == 1
    assert not bench.of(DeviceFaulted)


def test_refusing_waits_for_the_coin_in_flight(rig: SimpleNamespace, bench: Any) -> None:
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


@pytest.mark.parametrize(("later_s", "at_least_s", "at_most_s"), [(0.5, 1.5, 2.5), (4.0, 4.0, 4.5)])
def test_a_slot_that_was_shut_before_counts_from_then(
    rig: SimpleNamespace, bench: Any, later_s: float, at_least_s: float, at_most_s: float
) -> None:
    bench.unit.accept(effects.AcceptCoins(frozenset({100})))
    bench.turn()
    began = rig.clock.now
    bench.unit.accept(effects.AcceptCoins(frozenset()))
    bench.pass_time(later_s)
    assert rig.acceptor.accepts == set()
    assert not bench.of(CoinsRefused)
    bench.unit.refuse(effects.RefuseCoins(9))
    assert bench.until(CoinsRefused).order == 9
    assert at_least_s <= rig.clock.now - began <= at_most_s


def test_a_clock_set_forward_does_not_end_the_drain_at_once(rig: SimpleNamespace, bench: Any) -> None:
    bench.unit.refuse(effects.RefuseCoins(9))
    bench.turn()
    boot = rig.clock.boot
    bench.unit._clock = SimpleNamespace(boot=lambda: boot() + 3600)
    polls = len(rig.line.requests(229))
    bench.until(CoinsRefused)
    assert len(rig.line.requests(229)) - polls >= 2


def test_a_refusal_is_answered_after_a_lost_link_too(rig: SimpleNamespace, bench: Any) -> None:
    rig.line.dead = True
    bench.unit.refuse(effects.RefuseCoins(9))
    bench.pass_time(3)
    assert not bench.of(CoinsRefused)
    rig.line.dead = False
    assert bench.until(CoinsRefused).order == 9
