"""The receipt and the slip: on their own medium, after the money is settled, and nothing hangs on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.money import Tally
from kiosk.presenter import present
from kiosk.session import Interrupted, State

S = State


def view(world) -> Any:
    return present(world.session, world.now)


def to_receipt(world, *coins: int):
    """Paid and printed; the receipt is ordered and not yet answered."""
    world.to_paying()
    for yen in coins or (100, 100, 100):
        world.coin(yen)
    while world.state is not S.RECEIPT:
        world.answer()
    return world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY))


def with_profile(world, **changes):
    rules = world.session.rules
    profile = replace(rules.profile, **changes)
    world.session = replace(world.session, rules=replace(rules, settings=replace(rules.settings, profile=profile)))
    return world


def with_empty_hoppers(world):
    world.session = replace(world.session, hoppers=tuple(replace(h, coins=0) for h in world.session.hoppers))


def test_the_receipt_says_what_was_paid_and_nothing_about_the_person(world) -> None:
    to_receipt(world, 500)
    (order,) = world.ordered(f.PrintReceipt)
    assert order.receipt == f.Receipt(
        number=world.session.slip,
        at=datetime(2026, 11, 24, 10, 24, tzinfo=ZoneInfo("Asia/Tokyo")),
        lines=(("住民票の写し", 1, 300),),
        inserted_yen=500,
        paid_back_yen=200,
        owed_yen=0,
        held_yen=0,
        city_name="佐賀市",
        office="市民生活課",
        place="本庁舎1階",
        machine="saga-0002",
        contact="市民生活課の窓口",
        language="ja",
    )
    assert order.job in world.session.tokens
    assert order.job not in {o.job for o in world.ordered(f.PrintCopy)}


def test_a_receipt_in_english_has_the_english_names(world) -> None:
    world.ready().see(e.LanguageChosen("en")).lay().pin().answers().take_card()
    world.see(e.CertificateChosen("tax"), e.NextPressed(), e.NextPressed()).answers()
    world.see(e.IdentityConfirmed()).answers().coin(100).coin(100).coin(100).answers()
    (order,) = world.ordered(f.PrintReceipt)
    assert (order.receipt.language, order.receipt.lines[0][0]) == ("en", "Tax payment certificate")


def test_while_it_prints_the_certificate_is_asked_for(world) -> None:
    to_receipt(world).after(0.2)
    assert world.said()[-1] == "take_certificate"
    shown = view(world)
    assert (shown.things, shown.receipt) == (("certificate",), "printing")
    world.after(4.1).see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    assert world.state is S.RECEIPT
    assert view(world).things == ("receipt",)
    says = len(world.said())
    world.after(10)
    assert world.said()[says:] == ["wait_receipt"], "nothing lies there any more"


def test_the_warning_does_not_become_quiet_again_when_the_receipt_comes(world) -> None:
    to_receipt(world).after(0.2).after(4.1).after(8.1)
    world.answer().after(6.1)
    assert world.ordered(f.Say)[-1] == f.Say("take_certificate", 3)


def test_the_receipt_is_asked_for_once_it_has_come(world) -> None:
    to_receipt(world).see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY)).answer()
    assert world.records("receipt_judged")[0].data["outcome"] == "printed"
    shown = view(world)
    assert (shown.things, shown.receipt) == (("receipt",), "printed")
    world.after(1).see(e.PlaceOccupied(e.Place.RECEIPT_TRAY)).after(2)
    assert world.said()[-1] == "take_receipt"
    world.see(e.PlaceEmptied(e.Place.RECEIPT_TRAY)).after(3)
    assert world.state is S.ERASING


@pytest.mark.parametrize("outcome", [e.PrintOutcome.NOT_PRINTED, e.PrintOutcome.UNKNOWN])
def test_a_receipt_that_fails_undoes_nothing(world, outcome) -> None:
    to_receipt(world).answer(outcome=outcome)
    assert "receipt_failed" in world.said()
    shown = view(world)
    assert (shown.things, shown.receipt) == (("certificate",), "failed")
    world.take_all()
    assert world.session.tally.charged == 300
    assert world.records("session_ended")[0].data["outcome"] == "completed"
    assert len(world.ordered(f.PrintReceipt)) == 1


def test_a_printer_that_says_nothing_of_it_is_not_waited_for(world) -> None:
    to_receipt(world)
    (late,) = world.reply(world.pending.pop())
    world.after(61)
    assert (world.state, world.session.receipt) == (S.TAKING, "failed")
    world.see(late)
    assert world.session.receipt == "failed"
    assert len(world.records("receipt_judged")) == 1


def test_no_receipt_is_said_before_any_coin_and_none_is_ordered(world) -> None:
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answer(receipt=False).answers()
    assert view(world).receipt is False
    world.coin(100).coin(100).coin(100).answers()
    assert world.state is S.TAKING
    assert view(world).receipt == ""
    assert not world.ordered(f.PrintReceipt)


def test_where_the_city_insists_nobody_pays_without_a_receipt(world) -> None:
    with_profile(world, receipt_required=True)
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answer(receipt=False)
    assert world.session.refusal == "receipt_not_ready"
    assert not world.ordered(f.AcceptCoins)


def test_money_that_cannot_be_paid_out_is_on_a_slip_though_nothing_was_printed(world) -> None:
    world.to_paying().coin(100)
    with_empty_hoppers(world)
    world.see(e.CancelPressed()).answer()
    (order,) = world.ordered(f.PrintReceipt)
    assert (order.receipt.lines, order.receipt.owed_yen) == ((), 100)
    world.answers()
    assert world.records("owed")[0].data["slip"] == order.receipt.number
    shown = view(world.after(2).see(e.PlaceEmptied(e.Place.RECEIPT_TRAY)))
    assert (shown.reason, shown.money, shown.slip) == ("cancelled", "owed", order.receipt.number)


def test_a_copy_in_doubt_is_on_the_slip_even_if_no_receipt_was_promised(world) -> None:
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answer(receipt=False).answers()
    world.coin(100).coin(100).coin(100).answer().answer(outcome=e.PrintOutcome.UNKNOWN, sheets=0).answer()
    (order,) = world.ordered(f.PrintReceipt)
    assert (order.receipt.held_yen, order.receipt.lines) == (300, ())


def test_a_cancelled_payment_needs_no_receipt(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed()).answers()
    assert not world.ordered(f.PrintReceipt)


def test_what_is_free_is_printed_without_slot_change_and_receipt(world) -> None:
    free = tuple(replace(c, fees=(replace(c.fees[0], yen=0),)) for c in world.session.rules.profile.certificates)
    with_profile(world, certificates=free)
    with_empty_hoppers(world)
    world.to_confirm(2).see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answers()
    assert len(world.ordered(f.PrintCopy)) == 2
    assert world.state is S.TAKING
    for nothing in (f.AcceptCoins, f.CheckCash, f.PrintReceipt):
        assert not world.ordered(nothing)
    world.take_all()
    assert world.records("session_ended")[0].data["outcome"] == "completed"


def test_a_receipt_of_a_dead_process_is_asked_about_and_not_printed_again(world, settings, tmp_path) -> None:
    from kiosk.journal import Journal

    to_receipt(world)
    journal = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    try:
        journal.commit([order for order in world.orders if isinstance(order, f.Record)], world.utc)
        (found,) = journal.interrupted()
    finally:
        journal.close()
    again = type(world)(replace(world.session, state=S.STARTING, interrupted=(found,), tx="", tally=Tally()))
    again.begin().answers()
    (asked,) = again.ordered(f.FindJob)
    assert asked.job == world.ordered(f.PrintReceipt)[0].job
    again.see(e.DeviceOnline(e.Part.CASH)).answers()
    assert not again.ordered(f.PrintReceipt)
    assert again.records("receipt_judged")
    assert again.records("settled")[0].data["charged"] == 300


def test_an_interrupted_transaction_without_receipt_asks_nothing_more(world) -> None:
    found = Interrupted("t1", 300, Tally(inserted=300, charged=300), (), None, world.utc)
    world.session = replace(world.session, interrupted=(found,))
    world.begin().answers().see(e.DeviceOnline(e.Part.CASH)).answers()
    assert not world.ordered(f.FindJob)
