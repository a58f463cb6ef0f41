"""What is begun early risks nothing: no paper and no money moves for it, and a cancel leaves nothing of it behind."""

from __future__ import annotations

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.session import State


def test_the_spooler_is_started_while_the_certificate_comes_and_the_printer_asked_again(world) -> None:
    world.to_confirm()
    assert not world.ordered(f.WarmPrinter)
    world.see(e.NextPressed())
    assert world.state is State.DOWNLOADING
    assert len(world.ordered(f.WarmPrinter)) == 1
    world.answers().see(e.IdentityConfirmed())
    assert world.ordered(f.PreparePrinter)
    assert not world.ordered(f.AcceptCoins)
    world.see(e.PrinterNotReady(world.session.awaiting, ("media-jam-error",)))
    assert world.session.refusal == "printer_not_ready"
    assert not world.ordered(f.AcceptCoins)


@pytest.mark.parametrize("at", ["DOWNLOADING", "CONFIRMING_IDENTITY", "PREPARING", "PAYING"])
def test_a_cancel_after_it_was_started_prints_nothing_and_erases(world, at: str) -> None:
    world.to_confirm().see(e.NextPressed())
    if at != "DOWNLOADING":
        world.answers()
    if at in {"PREPARING", "PAYING"}:
        world.see(e.IdentityConfirmed())
    if at == "PAYING":
        world.answers()
    assert world.state is State[at]
    world.see(e.CancelPressed()).answers()
    world.see(e.NextPressed()).answers().take_all()
    assert world.state in {State.REFUSED, State.ENDED}
    world.see(e.NextPressed()).answers()
    assert world.state is State.ENDED
    assert not world.ordered(f.PrintCopy)
    assert world.session.tally.charged == 0
    started = world.orders.index(f.WarmPrinter())
    assert any(isinstance(order, f.EraseDocuments) for order in world.orders[started:])


def test_the_receipts_spooler_is_started_after_the_documents_are_erased(world) -> None:
    world.to_paying().coin(500).answers()
    kinds = [type(order) for order in world.orders]
    second = len(kinds) - 1 - kinds[::-1].index(f.WarmPrinter)
    assert kinds.index(f.EraseDocuments) < second < kinds.index(f.PrintReceipt)
    assert kinds.count(f.WarmPrinter) == 2


def test_no_receipt_no_spooler_for_it(world) -> None:
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed())
    world.answer(receipt=False).answers().coin(500).answers()
    assert not world.ordered(f.PrintReceipt)
    assert len(world.ordered(f.WarmPrinter)) == 1


def test_printing_begins_once_the_slot_is_shut_and_nothing_is_paid_back_before_it_is_at_rest(world) -> None:
    world.to_paying().coin(500)
    assert world.ordered(f.AcceptCoins)[-1].yen == frozenset()
    assert not world.ordered(f.PrintCopy), "not before the acceptor has confirmed"
    world.answer()
    assert world.state is State.PRINTING
    assert len(world.ordered(f.PrintCopy)) == 1
    assert not world.ordered(f.RefuseCoins)
    world.until(State.ERASING_DOCUMENTS)
    refuse = next(order for order in world.pending if isinstance(order, f.RefuseCoins))
    world.pending.remove(refuse)
    world.answer().coin(100)
    assert world.state is State.ERASING_DOCUMENTS
    assert not world.ordered(f.InspectHopper)
    world.see(e.CoinsRefused(refuse.order)).answers()
    tally = world.session.tally
    assert (tally.inserted, tally.charged, tally.paid_back) == (600, 300, 300)


def test_a_coin_unit_that_goes_before_the_slot_is_shut_is_drained_when_it_is_back(world) -> None:
    world.to_paying().coin(500).see(e.DeviceFaulted(e.Part.CASH, "offline"))
    world.pending.clear()
    world.after(2).see(e.DeviceOnline(e.Part.CASH))
    assert world.state is State.DRAINING
    assert world.ordered(f.RefuseCoins)
    assert not world.ordered(f.PrintCopy)
    world.answers()
    assert world.session.tally.charged == 300


def test_no_page_leaves_before_the_price_is_complete(world) -> None:
    world.to_paying(2).coin(500).answers()
    assert world.state is State.PAYING
    assert not world.ordered(f.PrintCopy)
    world.coin(100).answer()
    assert world.state is State.PRINTING


def test_a_coin_unit_that_goes_while_printing_keeps_nobody_waiting_for_the_slot(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100).answer().see(e.DeviceFaulted(e.Part.CASH, "offline"))
    world.until(State.ERASING_DOCUMENTS)
    world.pending = [order for order in world.pending if not isinstance(order, f.RefuseCoins)]
    world.answer()
    assert world.session.tally.charged == 300
    assert world.state is not State.ERASING_DOCUMENTS
