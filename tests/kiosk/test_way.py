"""The resident's way, step by step, as the resident would tell it."""

from __future__ import annotations

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.presenter import present, soon
from kiosk.session import State
from kiosk.view_model import Idle, OutOfService, Pay, Refused, Take, TakeCard

S = State


def test_one_copy_with_change(world) -> None:
    world.to_paying()
    assert world.state is S.PAYING
    world.coin(500).answer()
    assert world.state is S.PRINTING
    world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).answers()
    assert world.state is S.TAKING
    assert world.session.tally.charged == 300
    assert world.session.tally.paid_back == 200
    world.see(e.PlaceOccupied(e.Place.CHANGE_TRAY)).take_all()
    assert world.states == [
        S.STARTING, S.OUT_OF_SERVICE, S.IDLE, S.READING_CARD, S.CONNECTING, S.AWAITING_PIN, S.AUTHENTICATING,
        S.RECOGNISING, S.TAKING_CARD, S.CHOOSING_CERTIFICATE, S.CHOOSING_HOUSEHOLD, S.CHOOSING_ITEMS, S.CHOOSING_COPIES,
        S.CONFIRMING, S.DOWNLOADING, S.CONFIRMING_IDENTITY, S.PREPARING, S.PAYING, S.DRAINING, S.PRINTING,
        S.ERASING_DOCUMENTS, S.SETTLING, S.RECEIPT, S.TAKING, S.ERASING, S.ENDED,
    ]  # fmt: skip
    assert isinstance(world.orders[-1], f.EndProcess)
    assert world.records("session_ended")[0].data["outcome"] == "completed"


def test_the_document_is_erased_before_change_and_taking(world) -> None:
    world.to_paying().coin(500).answers()
    kinds = [type(order).__name__ for order in world.orders]
    assert kinds.index("EraseDocuments") < kinds.index("Dispense")


def test_nothing_is_asked_of_the_person_before_every_required_part_works(world) -> None:
    world.begin().answers()
    parts = sorted(world.session.rules.required, key=lambda p: p.value)
    for part in parts[:-1]:
        world.see(e.DeviceOnline(part))
    world.see(e.CardPresented()).after(9)
    assert world.state is not S.READING_CARD
    world.see(e.CardRemoved(), *(e.PlaceEmptied(place) for place in e.Place), e.DeviceOnline(parts[-1]))
    assert world.state is S.IDLE


def test_a_part_that_breaks_closes_the_machine_and_its_return_opens_it(world) -> None:
    world.ready()
    world.see(e.DeviceFaulted(e.Part.PRINTER, "media-empty"))
    view = present(world.session, world.now)
    assert isinstance(view, OutOfService)
    assert view.reason == "paper"
    world.see(e.CardPresented())
    assert world.session.tx == ""
    world.see(e.CardRemoved(), e.DeviceOnline(e.Part.PRINTER))
    assert isinstance(present(world.session, world.now), Idle)


def test_who_has_started_is_carried_to_the_end_past_closing_time(world) -> None:
    world.utc = world.utc.replace(hour=9, minute=59, second=40)  # Tuesday 18:59:40, closes at 19:00
    world.to_paying()
    world.after(25)
    assert not world.session.rules.opening(world.utc).open
    world.coin(100).coin(100).coin(100).answers()
    assert world.session.tally.charged == 300


def test_card_lies_there_at_closing_time_is_refused_at_the_door(world) -> None:
    world.ready()
    world.boot += 9 * 3600
    world.utc = world.utc.replace(hour=10)  # 19:00 in Japan: Tuesday closes now
    world.see(e.CardPresented())
    assert world.session.tx == ""
    assert world.state is S.CLEARING


def test_wrong_pin_shows_tries_left_and_is_never_retried_by_the_machine(world) -> None:
    world.to_pin().pin("9999")
    assert len(world.ordered(f.SignChallenge)) == 1
    world.see(e.PinRefused(world.session.awaiting, 2))
    world.pending.clear()
    assert world.state is S.AWAITING_PIN
    assert world.session.card.tries_left == 2
    world.after(5)
    assert len(world.ordered(f.SignChallenge)) == 1
    world.pin()
    assert len(world.ordered(f.SignChallenge)) == 2


def test_the_last_try_is_asked_for_before_the_pad(world) -> None:
    world.to_pin().pin("9999").see(e.PinRefused(world.session.awaiting, 1))
    world.pending.clear()
    assert world.state is S.LAST_TRY
    world.pin()
    assert len(world.ordered(f.SignChallenge)) == 1, "no digits before the question is answered"
    world.see(e.NextPressed()).pin().see(e.PinRefused(world.session.awaiting, 0))
    assert world.session.refusal == "pin_blocked"


def test_a_card_with_a_blocked_pin_is_sent_to_the_counter_without_a_try(world) -> None:
    world.ready().see(e.CardPresented()).answer(tries_left=0)
    assert world.session.refusal == "pin_blocked"
    assert not world.ordered(f.SignChallenge)


def test_a_card_with_one_try_left_is_asked_before_the_first_pad(world) -> None:
    world.ready().see(e.CardPresented()).answer(tries_left=1).answers()
    assert world.state is S.LAST_TRY


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (e.CardKind.PHONE, "card_phone"),
        (e.CardKind.FELICA, "card_felica"),
        (e.CardKind.UNKNOWN, "card_unknown"),
        (e.CardKind.SEVERAL, "several_cards"),
    ],
)
def test_other_cards_are_refused_kindly_without_asking_the_city(world, kind: e.CardKind, reason: str) -> None:
    world.ready().see(e.CardPresented()).answer(kind=kind)
    assert isinstance(present(world.session, world.now), TakeCard)
    assert not world.ordered(f.OpenSession)
    world.take_card()
    view = present(world.session, world.now)
    assert isinstance(view, Refused)
    assert view.reason == reason


def test_card_pulled_before_the_pin_ends_kindly(world) -> None:
    world.to_pin().see(e.CardRemoved())
    assert world.state is S.REFUSED
    assert world.session.refusal == "card_removed"


def test_verify_of_unknown_outcome_is_never_sent_again(world) -> None:
    world.to_pin().pin().see(e.CardFailed(world.session.awaiting, "removed", verify_sent=True))
    assert world.records("verify_outcome_unknown")
    assert world.session.refusal == "card_unreadable"


def test_tries_used_elsewhere_meanwhile_lead_to_the_last_try_question(world) -> None:
    world.to_pin().pin().see(e.CardFailed(world.session.awaiting, "tries_changed"))
    world.pending = world.pending[-1:]
    world.answer(tries_left=1).answers()
    assert world.state is State.LAST_TRY
    assert len(world.ordered(f.SignChallenge)) == 1


def test_the_card_is_asked_back_before_the_menu_and_louder_each_time(world) -> None:
    world.to_pin().pin().answers()
    assert world.state is S.TAKING_CARD
    says = len(world.ordered(f.Say))
    for pause in (4.1, 8.1, 6.1, 6.1, 6.1):
        world.after(pause)
    levels = [say.level for say in world.ordered(f.Say)[says:]]
    assert levels == [1, 2, 3, 4, 4]
    world.take_card()
    assert world.state is S.CHOOSING_CERTIFICATE
    world.after(10)
    assert "take_card" not in world.said()[says + 5 :]


def test_a_card_left_for_long_ends_the_session_and_keeps_the_machine_closed(world, rules) -> None:
    world.to_pin().pin().answers().after(rules.national.card_left_s + 1).answers()
    assert world.state is S.ENDED
    assert world.records("left_behind")[0].data["what"] == "card"


def test_back_keeps_what_was_chosen(world) -> None:
    world.to_confirm(3).see(e.BackPressed(), e.BackPressed())
    assert world.state is S.CHOOSING_ITEMS
    world.see(e.ItemToggled("domicile"), e.BackPressed(), e.BackPressed())
    assert world.state is S.CHOOSING_CERTIFICATE
    world.see(e.CertificateChosen("residence"), e.HouseholdChosen("whole"))
    assert "domicile" in world.session.choice.items
    world.see(e.NextPressed())
    assert world.session.choice.copies == 3


def test_cancel_before_money_takes_nothing(world) -> None:
    world.to_confirm().see(e.CancelPressed()).after(1)
    view = present(world.session, world.now)
    assert isinstance(view, Refused)
    assert (view.reason, view.money) == ("cancelled", "none")
    world.see(e.NextPressed()).answers()
    assert world.state is S.ENDED
    assert not world.records("cash_in_started")


def test_cancel_after_a_coin_returns_it(world) -> None:
    world.to_paying().coin(100).see(e.CancelPressed()).answers()
    assert world.session.tally.paid_back == 100
    assert not world.ordered(f.PrintCopy)
    world.see(e.PlaceOccupied(e.Place.CHANGE_TRAY)).after(1)
    assert isinstance(present(world.session, world.now), Take)
    world.see(e.PlaceEmptied(e.Place.CHANGE_TRAY)).after(3)
    view = present(world.session, world.now)
    assert isinstance(view, Refused)
    assert (view.reason, view.money, view.amount_yen) == ("cancelled", "returned", 100)


def test_the_return_lever_is_the_cancel_button(world) -> None:
    world.to_paying().coin(100).see(e.ReturnLeverPressed()).answers()
    assert world.session.tally.paid_back == 100


def test_a_coin_in_flight_counts_after_the_slot_is_shut(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100)
    assert world.state is S.DRAINING
    world.coin(100).answers()
    assert world.session.tally.inserted == 400
    assert world.session.tally.paid_back == 100


def test_nobody_there_while_paying_gives_the_money_back(world, rules) -> None:
    world.to_paying().coin(100).after(rules.national.screen_idle_s)
    assert "warning" in world.said()
    assert present(world.session, world.now).frame.warning_s == 30
    world.after(rules.national.warning_s + 1).answers()
    assert world.session.tally.paid_back == 100
    assert world.session.refusal == "timed_out"


def test_more_time_can_be_asked_for(world, rules) -> None:
    world.to_confirm().after(rules.national.screen_idle_s)
    world.see(e.MoreTimePressed()).after(rules.national.warning_s + 1)
    assert world.state is S.CONFIRMING
    assert present(world.session, world.now).frame.warning_s is None


def test_the_price_on_the_screen_is_the_price_that_is_asked(world) -> None:
    world.to_paying(2)
    view = present(world.session, world.now)
    assert isinstance(view, Pay)
    assert (view.price_yen, view.inserted_yen) == (600, 0)


def test_two_copies_are_two_jobs_under_two_names(world) -> None:
    world.to_paying(2).coin(500).coin(100).answers()
    jobs = [order.job for order in world.ordered(f.PrintCopy)]
    assert len(set(jobs)) == 2
    assert world.session.tally.charged == 600


def test_a_copy_that_did_not_come_out_is_not_charged_and_ends_the_printing(world) -> None:
    world.to_paying(2).coin(500).coin(100).answer()
    world.answer(outcome=e.PrintOutcome.NOT_PRINTED, sheets=0).answers()
    assert len(world.ordered(f.PrintCopy)) == 1
    assert world.session.tally.charged == 0
    assert world.session.tally.paid_back == 600
    assert world.session.refusal == "printing_failed"


def test_an_unknown_copy_is_neither_charged_nor_returned_nor_printed_again(world) -> None:
    world.to_paying().coin(500).answer().answer(outcome=e.PrintOutcome.UNKNOWN, sheets=0).answers()
    tally = world.session.tally
    assert (tally.charged, tally.paid_back, tally.still_held) == (0, 200, 300)
    assert len(world.ordered(f.PrintCopy)) == 1


def test_certificate_that_is_not_taken_is_asked_for_then_the_session_is_erased(world, rules) -> None:
    world.to_paying().coin(100).coin(100).coin(100).answer()
    world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).answers().after(1)
    assert world.said().count("take_certificate") == 1
    world.after(4.1).after(8.1)
    assert world.said().count("take_certificate") == 3
    world.after(rules.national.left_behind_s).answers()
    assert world.state is S.ENDED
    assert world.records("left_behind")[0].data["what"] == "certificate_tray"


def test_nobody_starts_while_paper_of_the_last_one_lies_there(world) -> None:
    world.begin().answers().see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY))
    world.see(*(e.DeviceOnline(part) for part in world.session.rules.required))
    assert world.state is S.CLEARING
    world.after(1).see(e.CardPresented())
    assert world.session.tx == ""
    world.see(e.CardRemoved(), e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    assert world.state is S.IDLE


@pytest.mark.parametrize("to", [S.CONNECTING, S.AUTHENTICATING, S.DOWNLOADING, S.PAYING])
def test_what_is_made_ready_is_what_is_shown(world, to) -> None:
    """A guess that is wrong costs as much as one that is right, and saves nothing."""
    shown, guesses = [], []
    world.watch = lambda *_: (
        guesses.append((world.state, soon(world.session, world.now))),
        shown.append((world.state, present(world.session, world.now))),
    )
    world.to_paying()
    at = next(n for n, (state, _) in enumerate(shown) if state is to)
    before = next(guess for state, guess in reversed(guesses[:at]) if state is not to)
    assert shown[at][1] in before
