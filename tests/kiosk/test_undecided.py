"""Money that is inside while something does not go as it should: it is never forgotten, guessed or kept waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.money import Hopper, Tally
from kiosk.presenter import present
from kiosk.session import Intent, Interrupted, Job, State
from kiosk.view_model import Refused

CASH = e.Part.CASH


def interrupted(world: Any, tx: str = "t1", ago_s: float = 5, **changes: Any) -> Interrupted:
    """A transaction of a process that died with 500 yen inside."""
    found = Interrupted(tx, 300, Tally(inserted=500), (), None, world.utc - timedelta(seconds=ago_s))
    return replace(found, **changes)


def restarted(world: Any, *found: Interrupted) -> Any:
    world.session = replace(world.session, interrupted=found)
    return world.begin()


def stock(world: Any, **coins: int) -> None:
    """Levels by value: `stock(world, y100=2)`; what is not named is empty."""
    hoppers = tuple(replace(h, coins=coins.get(f"y{h.yen}", 0)) for h in world.session.hoppers)
    world.session = replace(world.session, hoppers=hoppers)


# ---- coins that come at an odd moment --------------------------------------------------------------------


def test_coins_that_the_dead_process_had_not_read_are_the_interrupted_persons(world) -> None:
    """The coin unit may come up and read its buffer before the wipe has been answered."""
    restarted(world, interrupted(world)).coin(100)
    assert world.records("credit")[0].data["tx"] == "t1"
    assert not world.records("owed")
    world.answers().see(e.DeviceOnline(CASH)).answers()
    assert world.records("settled")[0].data["inserted"] == 600
    assert world.records("settled")[0].data["paid_back"] == 600


def test_unread_coins_belong_to_the_newest_of_two_interrupted_transactions(world) -> None:
    older, newer = interrupted(world, "t1", tally=Tally(inserted=300)), interrupted(world, "t2")
    restarted(world, older, newer).coin(100).answers().see(e.DeviceOnline(CASH)).answers()
    settled = {r.data["tx"]: r.data["paid_back"] for r in world.records("settled")}
    assert settled == {"t1": 300, "t2": 600}


def test_unread_coins_are_kept_for_the_interrupted_person_when_the_wipe_fails(world) -> None:
    restarted(world, interrupted(world)).answer(clean=False).coin(100)
    assert world.records("credit")[0].data["tx"] == "t1"
    assert not world.records("owed")


def test_a_coin_after_the_settling_is_owed_under_the_persons_number(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100).answers().coin(100)
    (owed,) = world.records("owed")
    assert (owed.data["yen"], owed.data["slip"]) == (100, world.session.slip)
    assert world.session.slip


# ---- nobody there ----------------------------------------------------------------------------------------


def test_a_second_power_cut_does_not_bring_the_person_back(world, journal_of) -> None:
    """An hour in the dark, then a recovery that is cut itself: its own entries are no sign of a person."""
    restarted(world, interrupted(world, ago_s=3600, jobs=(Job(1, "j1", 2),))).answer().answer()
    assert world.records("print_judged")
    (found,) = journal_of([*begun("t1"), *world.orders], at=world.utc)
    again = type(world)(replace(world.session, state=State.STARTING), utc=world.utc + timedelta(seconds=5))
    restarted(again, found).answers().see(e.DeviceOnline(CASH)).answers()
    assert not again.ordered(f.Dispense)
    assert again.records("owed")[0].data["yen"] == 500


def test_a_coin_unit_that_comes_back_long_after_pays_nobody(world, rules) -> None:
    restarted(world, interrupted(world)).answers()
    world.after(rules.national.max_downtime_auto_payout_s + 1).see(e.DeviceOnline(CASH)).answers()
    assert not world.ordered(f.Dispense)
    assert world.records("owed")[0].data["yen"] == 500


def test_a_coin_unit_that_comes_and_goes_for_long_pays_nobody(world, rules) -> None:
    intent = Intent(703455, 2, 7, 400, sent=True)
    restarted(world, interrupted(world, intent=intent)).answers()
    for _ in range(int(rules.national.max_downtime_auto_payout_s / 60) + 1):
        world.after(60).see(e.DeviceOnline(CASH))
        world.pending.clear()
        world.see(e.DeviceFaulted(CASH, "offline"))
    world.see(e.DeviceOnline(CASH)).answers()
    assert not world.ordered(f.Dispense)
    assert len(world.records("nobody_there")) == 1
    assert world.records("owed")[0].data["yen"] == 300


def test_a_coin_unit_that_comes_back_soon_pays(world) -> None:
    restarted(world, interrupted(world)).answers().after(20).see(e.DeviceOnline(CASH)).answers()
    assert world.records("settled")[0].data["paid_back"] == 500


# ---- the number under which somebody can claim -----------------------------------------------------------


def test_every_claim_has_its_own_number_and_the_books_know_it(world, rules) -> None:
    """Two interrupted transactions and the next person, all owed by one process: three numbers, none twice."""
    stock(world)
    restarted(world, interrupted(world, "aaaaaaaa1"), interrupted(world, "bbbbbbbb1"))
    world.answers().see(*(e.DeviceOnline(part) for part in rules.required)).answers()
    slips = [record.data["slip"] for record in world.records("owed")]
    assert slips == ["AAAAAAAA", "BBBBBBBB"]
    stock(world, y100=60)
    world.lay().pin().answers().take_card().see(e.CertificateChosen("residence"), e.HouseholdChosen("whole"))
    world.see(e.NextPressed(), e.NextPressed(), e.NextPressed()).answers().see(e.IdentityConfirmed()).answers()
    world.coin(100)
    stock(world)
    world.see(e.CancelPressed()).answers()
    last = world.records("owed")[-1]
    assert last.data["slip"] not in slips
    assert str(last.data["tx"]).upper().startswith(str(last.data["slip"]))


def test_the_number_on_the_screen_for_a_copy_in_doubt_is_in_the_books(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100).answer()
    world.answer(outcome=e.PrintOutcome.UNKNOWN, sheets=0).answers().after(3).see(
        *(e.PlaceEmptied(place) for place in e.Place)
    )
    view = present(world.session, world.now)
    assert isinstance(view, Refused)
    assert (view.money, view.amount_yen) == ("held", 300)
    assert world.records("print_judged")[0].data["tx"].upper().startswith(view.slip)


# ---- hoppers ---------------------------------------------------------------------------------------------


def test_a_hopper_that_is_no_longer_there_leaves_its_payout_in_doubt_and_the_machine_running(world) -> None:
    """Exchanged after the cut: nobody can ask it, and the machine must not end at every start for that."""
    intent = Intent(999999, 2, 7, 400, sent=True)
    restarted(world, interrupted(world, intent=intent)).answers().see(e.DeviceOnline(CASH)).answers()
    assert world.records("payout_in_doubt")[0].data["yen"] == 500
    assert not world.ordered(f.Dispense)
    assert world.records("session_ended")


def test_a_hopper_is_not_given_up_while_the_coin_unit_is_away(world) -> None:
    """Only who was asked and stayed silent is in doubt."""
    intent = Intent(703455, 2, 7, 400, sent=True)
    restarted(world, interrupted(world, intent=intent)).answers().after(150).after(1)
    assert not world.records("payout_in_doubt")
    world.see(e.DeviceOnline(CASH)).answers()
    assert world.records("payout_resolved")[0].data["paid"] == 2


def test_a_silent_hopper_does_not_keep_the_machine_in_recovery(world) -> None:
    intent = Intent(703455, 2, 7, 400, sent=True)
    restarted(world, interrupted(world, intent=intent)).answers().see(e.DeviceOnline(CASH))
    world.pending.clear()
    world.after(119)
    assert not world.records("payout_in_doubt")
    world.after(2).answers()
    assert world.records("payout_in_doubt")[0].data["yen"] == 200
    assert world.records("settled")[0].data["paid_back"] == 300


def test_many_slow_coins_are_not_taken_for_a_silent_hopper(world) -> None:
    """Each dispense has its own patience, however long the payout lasts as a whole."""
    world.to_paying(2)
    for _ in range(4):
        world.coin(50)
    stock(world, y10=60)
    world.see(e.CancelPressed()).answer()
    while world.state is State.SETTLING:
        world.answer().after(50)
    assert not world.records("payout_in_doubt")
    assert world.session.tally.paid_back == 200


def test_a_hopper_that_does_not_answer_before_its_dispense_is_passed_over(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed()).answer()
    (asked,) = world.ordered(f.InspectHopper)
    world.pending.clear()
    world.see(e.DeviceFaulted(CASH, "no_answer"), e.DeviceOnline(CASH)).answers()
    assert {order.serial for order in world.ordered(f.Dispense)} & {asked.serial} == set()
    assert world.session.tally.paid_back == 100


def test_an_answer_that_never_comes_does_not_keep_the_person(world) -> None:
    """Inspected, online, and silent: that hopper is passed over, the others pay."""
    world.to_paying().coin(100).see(e.CancelPressed()).answer()
    world.pending.clear()
    world.after(121).answers()
    assert world.session.tally.paid_back == 100
    assert world.state is not State.SETTLING


def test_an_interrupted_dispense_is_asked_about_and_never_sent_again(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed()).answer().answer()
    (sent,) = world.ordered(f.Dispense)
    world.pending.clear()
    world.see(e.DeviceFaulted(CASH, "offline")).after(5).see(e.DeviceOnline(CASH))
    assert len(world.ordered(f.Dispense)) == 1
    (asked,) = world.ordered(f.ResolveDispense)
    assert (asked.serial, asked.coins, asked.count_before) == (sent.serial, sent.coins, sent.count_before)
    world.answers()
    assert world.session.tally.paid_back == 100


def test_a_late_word_of_a_hopper_given_up_books_nothing(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed()).answer().answer()
    (late,) = world.reply(world.pending.pop())
    world.after(121).see(late).answers()
    tally = world.session.tally
    assert (tally.paid_back, tally.in_doubt, tally.still_held) == (0, 100, 100)


# ---- waits that must end ---------------------------------------------------------------------------------


def test_a_slot_that_never_comes_to_rest_does_not_keep_the_money(world) -> None:
    """A lever held down, a sensor that chatters: shut for a minute, no coin can be in flight any more."""
    world.to_paying().coin(100).see(e.CancelPressed())
    world.pending.clear()
    world.after(59)
    assert world.state is State.DRAINING
    world.after(2).answers()
    assert world.session.tally.paid_back == 100


def test_a_coin_unit_that_comes_and_goes_does_not_keep_the_money_for_ever(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed())
    for _ in range(5):
        world.see(e.DeviceFaulted(CASH, "offline")).after(11).see(e.DeviceOnline(CASH))
    world.pending.clear()
    world.after(6).answers()
    assert world.session.tally.paid_back == 100


def test_a_paid_certificate_is_printed_though_the_slot_does_not_come_to_rest(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100)
    world.pending.clear()
    world.after(61).answers()
    assert world.session.tally.charged == 300


def test_a_slot_that_never_says_that_no_coin_is_in_flight_does_not_keep_the_change(world) -> None:
    world.to_paying().coin(500).until(State.ERASING_DOCUMENTS)
    world.pending = [order for order in world.pending if not isinstance(order, f.RefuseCoins)]
    world.answer()
    assert world.state is State.ERASING_DOCUMENTS, "nothing is settled while a coin may be in flight"
    world.after(16).answers()
    tally = world.session.tally
    assert (tally.charged, tally.paid_back) == (300, 200)


def test_a_printer_driver_that_never_judges_leaves_the_copy_in_doubt(world) -> None:
    world.to_paying().coin(500).answer()
    world.pending.clear()
    world.after(890).see(e.PrintProgressed(world.session.awaiting, 0, ("media-empty-error",)))
    world.after(890)
    assert world.state is State.PRINTING, "whoever loads paper is waited for"
    world.after(20).answers()
    tally = world.session.tally
    assert (tally.charged, tally.in_doubt, tally.paid_back) == (0, 300, 200)
    assert len(world.ordered(f.PrintCopy)) == 1


def test_a_printer_that_is_never_found_again_leaves_the_copy_in_doubt(world) -> None:
    restarted(world, interrupted(world, jobs=(Job(1, "j1", 2),))).answer()
    world.pending.clear()
    world.see(e.DeviceOnline(CASH)).after(901).answers()
    assert world.records("print_judged")[0].data["outcome"] == "unknown"
    assert world.session.interrupted == ()


# ---- the slot --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["acceptor_reset", "acceptor_settings_lost", "credit_gap"])
def test_a_coin_unit_that_shut_itself_is_told_again_what_it_may_take(world, kind: str) -> None:
    """After a reset the acceptor stays inhibited until told; nobody stands before a slot that takes nothing."""
    world.to_paying().coin(100)
    told = len(world.ordered(f.AcceptCoins))
    world.see(e.CashIncident(kind, "1"))
    assert world.records("cash_incident")[0].data["kind"] == kind
    assert len(world.ordered(f.AcceptCoins)) == told + 1
    assert 100 in world.ordered(f.AcceptCoins)[-1].yen


def test_when_no_coin_can_be_taken_any_more_the_money_goes_back(world) -> None:
    """Twenty coins of a kind are the limit, and there is no change for anything larger."""
    stock(world, y10=3)
    world.to_paying(2)
    for _ in range(20):
        world.coin(10)
    assert world.state is State.DRAINING
    world.answers()
    assert world.session.tally.paid_back == 200
    assert world.session.refusal == "change_short"


def test_a_coin_that_went_to_the_cash_box_is_no_change(world, rules) -> None:
    world.to_paying()
    before = {h.yen: h.coins for h in world.session.hoppers}
    cashbox = rules.settings.machine.cash.cashbox_path
    world.see(
        e.CoinsCredited((e.Credit(1, 1, 1, 100, cashbox), e.Credit(1, 1, 2, 10, 1)), e.DeviceMark(1, 1, 2, 2, ""))
    )
    after = {h.yen: h.coins for h in world.session.hoppers}
    assert (after[100], after[10]) == (before[100], before[10] + 1)


# ---- the card --------------------------------------------------------------------------------------------


def test_a_wrong_pin_on_a_card_that_is_gone_does_not_ask_for_the_pin_again(world) -> None:
    world.to_pin().pin("9999").see(e.CardRemoved(), e.PinRefused(world.session.awaiting, 2))
    assert world.state is State.REFUSED
    assert world.session.refusal == "card_removed"


# ---- helpers ---------------------------------------------------------------------------------------------


def begun(tx: str) -> list[f.Record]:
    paid = e.Credit(1, 1, 1, 500, 4)
    return [
        f.Record("session_began", {"tx": tx}),
        f.Record("cash_in_started", {"tx": tx, "kind": "residence", "copies": 1, "fee_yen": 300}),
        f.Record("credit", {"tx": tx}, (paid,)),
        f.Record("print_ordered", {"tx": tx, "copy": 1, "job": "j1", "pages": 2, "up_time": 0}),
    ]


@pytest.fixture
def journal_of(settings, tmp_path) -> Callable[..., tuple[Interrupted, ...]]:
    """What a new process finds when these entries are in the journal."""
    from kiosk.journal import Journal

    def write(orders: list[f.Effect], at: Any) -> tuple[Interrupted, ...]:
        journal = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
        try:
            journal.commit([order for order in orders if isinstance(order, f.Record)], at)
            return journal.interrupted()
        finally:
            journal.close()

    return write


def test_the_hoppers_of_these_tests_hold_every_coin(world) -> None:
    assert {h.yen for h in world.session.hoppers} == {10, 50, 100, 500}
    assert all(isinstance(h, Hopper) for h in world.session.hoppers)
