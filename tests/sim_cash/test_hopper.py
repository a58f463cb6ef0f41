"""The payout hoppers: what they pay, what they tell of it, and what both are after every kind of mishap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hardware_sim.cash import FLOW_SER, SCH2_NOENCRYPT, HopperProfile

Make = Callable[..., Any]
ACK = b""
HOPPER_10, HOPPER_100 = 3, 5
OVER_CURRENT, TIMED_OUT, REVERSED, EXIT_BLOCKED, POWER_UP, DISABLED = 0x01, 0x02, 0x04, 0x08, 0x40, 0x80


class Books:
    """Whatever a hopper says, the tray, the hopper and its lifetime count must agree about the metal."""

    def __init__(self, rig: Any, address: int = HOPPER_100, yen: int = 100) -> None:
        self.rig, self.address, self.yen = rig, address, yen
        self.count = rig.host.dispensed(address)
        self.level = self._level()

    def _level(self) -> int:
        return int(self.rig.bench.count()[f"hopper_{self.yen}"].get(self.yen, 0))

    def paid(self) -> int:
        """Coins that really came out since the beginning."""
        in_tray = int(self.rig.bench.count()["change_tray"].get(self.yen, 0))
        assert self.level - self._level() == in_tray
        assert self.rig.host.dispensed(self.address) - self.count == in_tray
        assert self.rig.bench.paid_back() == in_tray * self.yen
        return in_tray


# -- paying -----------------------------------------------------------------------------------------


def test_serial_mode_pays_what_was_asked_and_counts_it(rig: Any) -> None:
    books = Books(rig)
    assert rig.host.dispense(HOPPER_100, 3) == b"\x01"
    assert rig.host.status(HOPPER_100) == (1, 3, 0, 0)
    rig.pass_time(0.21)
    assert rig.host.status(HOPPER_100) == (1, 2, 1, 0)
    assert rig.bench.change_in_tray() == {100: 1}
    rig.pass_time(1)
    assert rig.host.status(HOPPER_100) == (1, 0, 3, 0)
    assert books.paid() == 3
    assert rig.bench.take_change() == {100: 3}
    assert rig.bench.change_in_tray() == {}


def test_the_golden_dispense_pays_one_ten_yen_coin(rig: Any) -> None:
    rig.host.ask(HOPPER_10, 164, 165)
    rig.host.send_echoed(bytes.fromhex("03 04 01 A7 DF D7 0A 01 90"))
    assert rig.host.reply(HOPPER_10) == b"\x01"
    rig.pass_time(1)
    assert rig.bench.change_in_tray() == {10: 1}


def test_cipher_mode_needs_the_key_asked_before_each_dispense(make_rig: Make) -> None:
    rig = make_rig(hopper=SCH2_NOENCRYPT)
    host = rig.host
    assert b"NOENCRYPT" in host.data(HOPPER_10, 244)
    dispense = bytes.fromhex("03 09 01 A7 00 00 00 00 00 00 00 00 05 47")
    host.send_echoed(dispense)
    assert host.reply(HOPPER_10) == "NAK", "not enabled"
    host.ask(HOPPER_10, 164, 165)
    host.send_echoed(dispense)
    assert host.reply(HOPPER_10) == "NAK", "no key asked"
    first, second = host.data(HOPPER_10, 160), host.data(HOPPER_10, 160)
    assert len(first) == 8
    assert first != second
    host.send_echoed(dispense)
    assert host.reply(HOPPER_10) == b"\x01"
    rig.pass_time(2)
    assert rig.bench.change_in_tray() == {10: 5}
    host.send_echoed(dispense)
    assert host.reply(HOPPER_10) == "NAK", "the key is used up"


def test_refused_are_a_disabled_hopper_a_wrong_serial_and_a_second_order(rig: Any) -> None:
    host = rig.host
    order = host.dispense_frame(HOPPER_100, 2)
    host.ask(HOPPER_100, 164, 0)
    host.send_echoed(order)
    assert host.reply(HOPPER_100) == "NAK"
    host.ask(HOPPER_100, 164, 165)
    assert host.ask(HOPPER_100, 167, 1, 2, 3, 2) == "NAK"
    assert host.ask(HOPPER_100, 167, 2) == "NAK"
    assert host.status(HOPPER_100) == (0, 0, 0, 0)
    host.send_echoed(order)
    assert host.reply(HOPPER_100) == b"\x01"
    host.send_echoed(order)
    assert host.reply(HOPPER_100) == "NAK"
    rig.pass_time(2)
    assert rig.bench.change_in_tray() == {100: 2}


@pytest.mark.parametrize(("option", "event"), [(False, 0), (True, 1)])
def test_some_hoppers_count_an_event_for_a_refused_order(make_rig: Make, option: bool, event: int) -> None:
    rig = make_rig(hopper=HopperProfile(event_on_nak=option))
    assert rig.host.ask(HOPPER_100, 167, 1, 2, 3, 2) == "NAK"
    assert rig.host.status(HOPPER_100)[0] == event
    assert rig.bench.change_in_tray() == {}


def test_an_order_for_nothing_pays_nothing_and_counts_an_event(rig: Any) -> None:
    assert rig.host.dispense(HOPPER_100, 0) == b"\x01"
    rig.pass_time(1)
    assert rig.host.status(HOPPER_100) == (1, 0, 0, 0)


def test_the_event_counter_skips_zero(rig: Any) -> None:
    for _ in range(255):
        rig.host.dispense(HOPPER_100, 0)
    assert rig.host.status(HOPPER_100)[0] == 255
    assert rig.host.dispense(HOPPER_100, 0) == b"\x01"


def test_hoppers_pay_side_by_side(rig: Any) -> None:
    rig.host.dispense(HOPPER_100, 3)
    rig.host.dispense(HOPPER_10, 4)
    rig.pass_time(1)
    assert rig.bench.take_change() == {10: 4, 100: 3}
    assert rig.bench.paid_back() == 340


def test_it_goes_on_when_the_host_has_died(rig: Any) -> None:
    books = Books(rig)
    rig.host.send_echoed(rig.host.dispense_frame(HOPPER_100, 4))
    rig.host.close()
    assert rig.bench.wait_until(lambda: rig.bench.event_counters()["hopper_100"] == 1)
    rig.pass_time(5)
    assert rig.bench.change_in_tray() == {100: 4}
    rig.host.reopen()
    rig.host.waiting()
    assert rig.host.status(HOPPER_100) == (1, 0, 4, 0)
    assert books.paid() == 4


# -- the wire fails ---------------------------------------------------------------------------------


def test_a_lost_reply_to_the_order_leaves_coins_paid_and_counters_that_say_so(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("lost_reply", header=167)
    rig.host.ask_in_vain(rig.host.dispense_frame(HOPPER_100, 2))
    rig.pass_time(1)
    assert rig.host.status(HOPPER_100) == (1, 0, 2, 0)
    assert books.paid() == 2


def test_a_lost_order_pays_nothing_and_the_counters_say_so(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("lost_request", header=167)
    rig.host.ask_in_vain(rig.host.dispense_frame(HOPPER_100, 2))
    rig.pass_time(1)
    assert rig.host.status(HOPPER_100) == (0, 0, 0, 0)
    assert books.paid() == 0


# -- the metal fails --------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(4))
def test_a_jam_after_k_of_n(rig: Any, k: int) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_jam", yen=100, at=k)
    rig.host.dispense(HOPPER_100, 4)
    rig.pass_time(1.5)
    assert rig.host.status(HOPPER_100) == (1, 4 - k, k, 0), "still trying"
    rig.pass_time(2)
    assert rig.host.status(HOPPER_100) == (1, 0, k, 4 - k)
    assert rig.host.data(HOPPER_100, 163)[0] == OVER_CURRENT | REVERSED
    assert books.paid() == k
    assert rig.host.dispense(HOPPER_100, 1) == "NAK", "blocked until reset"

    rig.host.ask(HOPPER_100, 1)
    rig.pass_time(0.3)
    rig.host.dispense(HOPPER_100, 1)
    rig.pass_time(5)
    assert rig.host.status(HOPPER_100) == (1, 0, 0, 1), "nobody has taken the jam out"
    rig.bench.clear_faults()
    rig.host.ask(HOPPER_100, 1)
    rig.pass_time(0.3)
    rig.host.dispense(HOPPER_100, 1)
    rig.pass_time(1)
    assert books.paid() == k + 1


def test_an_empty_hopper_gives_up_after_its_time(make_rig: Make) -> None:
    rig = make_rig(levels={100: 2})
    books = Books(rig)
    rig.host.dispense(HOPPER_100, 5)
    rig.pass_time(9)
    assert rig.host.status(HOPPER_100) == (1, 3, 2, 0)
    rig.pass_time(3)
    assert rig.host.status(HOPPER_100) == (1, 0, 2, 3)
    assert rig.host.data(HOPPER_100, 163)[0] == TIMED_OUT
    assert books.paid() == 2
    assert rig.host.dispense(HOPPER_100, 1) == b"\x02", "a time-out does not block"
    assert rig.host.data(HOPPER_100, 163)[0] == 0


def test_a_hopper_that_turns_in_vain_though_it_holds_coins(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_empty", yen=100, at=1)
    rig.host.dispense(HOPPER_100, 3)
    rig.pass_time(12)
    assert rig.host.status(HOPPER_100) == (1, 0, 1, 2)
    assert books.paid() == 1


def test_a_blocked_exit_is_seen_again_after_a_reset(rig: Any) -> None:
    rig.pass_time(0.1)
    rig.bench.fault("hopper_blocked", yen=100)
    assert rig.host.data(HOPPER_100, 236) == b"\x01"
    assert rig.host.data(HOPPER_100, 163)[0] & EXIT_BLOCKED
    assert rig.host.dispense(HOPPER_100, 1) == "NAK"
    rig.host.ask(HOPPER_100, 1)
    rig.pass_time(0.3)
    assert not rig.host.data(HOPPER_100, 163)[0] & EXIT_BLOCKED
    rig.pass_time(0.1)
    assert rig.host.data(HOPPER_100, 163)[0] & EXIT_BLOCKED


def test_levels_are_told_by_two_sensors(make_rig: Make) -> None:
    rig = make_rig(levels={10: 9, 50: 10, 100: 199, 500: 200})
    assert [rig.host.data(address, 217)[0] for address in (3, 4, 5, 6)] == [0x31, 0x30, 0x30, 0x32]


# -- stop and power ---------------------------------------------------------------------------------


def test_emergency_stop_tells_what_remains_and_needs_a_new_enable(rig: Any) -> None:
    books = Books(rig)
    rig.host.dispense(HOPPER_100, 5)
    rig.pass_time(0.5)
    assert rig.host.data(HOPPER_100, 172) == b"\x03"
    rig.pass_time(5)
    assert rig.host.status(HOPPER_100) == (0, 0, 2, 3)
    assert rig.host.data(HOPPER_100, 163)[0] & DISABLED
    assert books.paid() == 2
    assert rig.host.data(HOPPER_100, 172) == b"\x00"


def test_a_coin_that_falls_after_the_stop_is_counted(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_late_coin", yen=100)
    rig.host.dispense(HOPPER_100, 5)
    rig.pass_time(0.5)
    assert rig.host.data(HOPPER_100, 172) == b"\x03"
    rig.pass_time(0.2)
    assert rig.host.status(HOPPER_100) == (0, 0, 3, 2)
    assert books.paid() == 3


def test_a_coin_that_falls_after_the_stop_into_a_new_payout_is_one_of_it(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_late_coin", yen=100)
    rig.host.dispense(HOPPER_100, 5)
    rig.host.ask(HOPPER_100, 172)
    rig.host.dispense(HOPPER_100, 1)
    rig.pass_time(5)
    assert rig.host.status(HOPPER_100) == (1, 0, 1, 0)
    assert books.paid() == 1


def test_a_coin_that_falls_after_the_stop_without_power_is_seen_by_the_oracle_alone(rig: Any) -> None:
    before = rig.host.dispensed(HOPPER_100)
    rig.bench.fault("hopper_late_coin", yen=100)
    rig.host.dispense(HOPPER_100, 5)
    rig.host.ask(HOPPER_100, 172)
    rig.bench.power_off()
    rig.pass_time(1)
    rig.bench.power_on()
    rig.pass_time(1)
    assert rig.host.dispensed(HOPPER_100) == before
    assert rig.bench.paid_back() == 100


@pytest.mark.parametrize("k", range(3))
def test_power_lost_in_a_payout_keeps_what_is_unpaid(rig: Any, k: int) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_power_cut", yen=100, at=k)
    rig.host.dispense(HOPPER_100, 3)
    rig.pass_time(1)
    rig.host.ask_in_vain(rig.host.by_hand(HOPPER_100, 166))
    rig.pass_time(2)
    assert rig.host.status(HOPPER_100) == (0, 0, k, 3 - k)
    assert rig.host.data(HOPPER_100, 163)[0] == POWER_UP | DISABLED
    rig.pass_time(30)
    assert books.paid() == k, "it never goes on by itself"


def test_a_second_loss_at_rest_forgets_what_was_unpaid(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_power_cut", yen=100, at=1, bounces=2)
    rig.host.dispense(HOPPER_100, 3)
    rig.pass_time(10)
    assert rig.host.status(HOPPER_100) == (0, 0, 1, 0)
    assert books.paid() == 1, "only the lifetime count still tells"


def test_power_lost_when_all_is_paid(rig: Any) -> None:
    books = Books(rig)
    rig.bench.fault("hopper_power_cut", yen=100, at=3)
    rig.host.dispense(HOPPER_100, 3)
    rig.pass_time(5)
    assert rig.host.status(HOPPER_100) == (0, 0, 3, 0)
    assert books.paid() == 3


def test_the_whole_supply_fails_in_a_payout(rig: Any) -> None:
    books = Books(rig)
    rig.host.dispense(HOPPER_100, 5)
    rig.pass_time(0.5)
    rig.bench.power_off()
    rig.pass_time(60)
    rig.bench.power_on()
    rig.pass_time(0.3)
    assert rig.host.status(HOPPER_100) == (0, 0, 2, 3)
    assert books.paid() == 2


def test_the_supply_fails_at_rest_after_a_jam(rig: Any) -> None:
    rig.bench.fault("hopper_jam", yen=100, at=1)
    rig.host.dispense(HOPPER_100, 3)
    rig.pass_time(5)
    assert rig.host.status(HOPPER_100) == (1, 0, 1, 2)
    rig.bench.power_off()
    rig.bench.power_on()
    rig.pass_time(0.3)
    assert rig.host.status(HOPPER_100) == (0, 0, 1, 0)


def test_a_lifetime_count_that_was_cleared_or_jumped(rig: Any) -> None:
    rig.bench.fault("hopper_count_cleared", yen=100)
    assert rig.host.dispensed(HOPPER_100) == 0
    rig.bench.fault("hopper_count_jumped", yen=100, by=7)
    assert rig.host.dispensed(HOPPER_100) == 7
    assert rig.bench.paid_back() == 0


def test_the_stock_profiles_name_their_dispense_mode() -> None:
    assert "USE_SER" in FLOW_SER.product
    assert "NOENCRYPT" in SCH2_NOENCRYPT.product
