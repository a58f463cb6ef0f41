"""The way with a Juki card (F-21): taken back first, then the certificate, then the PIN, checked by the city."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.presenter import present
from kiosk.session import State

S = State


@pytest.fixture
def juki(world):
    world.juki = True
    return world


def view(world) -> v.View:
    return present(world.session, world.now)


def test_the_order_of_the_steps_is_the_published_one(juki) -> None:
    juki.to_paying().coin(100).coin(100).coin(100).answers()
    steps = [state for state in juki.states if state not in {S.STARTING, S.OUT_OF_SERVICE, S.IDLE}]
    assert steps[:11] == [
        S.READING_CARD, S.CONNECTING, S.RECOGNISING, S.TAKING_CARD, S.CHOOSING_CERTIFICATE, S.AWAITING_PIN,
        S.AUTHENTICATING, S.CHOOSING_HOUSEHOLD, S.CHOOSING_ITEMS, S.CHOOSING_COPIES, S.CONFIRMING,
    ]  # fmt: skip
    assert not juki.ordered(f.SignChallenge)
    assert not juki.ordered(f.Authenticate)
    assert juki.session.tally.charged == 300


def test_the_city_is_told_id_and_home_of_the_card_and_the_card_is_released(juki) -> None:
    juki.ready().lay()
    (order,) = juki.ordered(f.RecogniseCard)
    assert (len(order.handle), order.home) == (16, "412015")
    assert juki.ordered(f.ReleaseCard)
    assert juki.session.card.handle == b"", "what the city has is not kept here"


def test_a_card_that_is_taken_early_changes_nothing(juki) -> None:
    juki.ready().see(e.CardPresented()).answer()
    assert juki.state is S.CONNECTING
    shown = view(juki)
    assert isinstance(shown, v.Wait)
    assert not shown.keep_card
    juki.see(e.CardRemoved()).answers()
    assert juki.state is S.CHOOSING_CERTIFICATE


def test_a_card_laid_down_again_at_the_pad_means_nothing_bad_and_is_asked_back_before_the_end(juki) -> None:
    juki.to_pin().see(e.CardPresented(), e.CardRemoved(), e.CardPresented())
    assert juki.state is S.AWAITING_PIN
    shown = view(juki)
    assert isinstance(shown, v.PinPad)
    assert not shown.keep_card
    juki.see(e.CancelPressed())
    assert juki.state is S.TAKING_CARD


def test_a_card_left_lying_after_the_certificate_is_asked_back_before_the_end(juki) -> None:
    juki.to_paying().coin(100).coin(100).coin(100).see(e.CardPresented()).answers()
    juki.take_all()
    assert juki.state is S.TAKING_CARD
    assert view(juki).after == "end"
    juki.take_card().answers()
    assert juki.state is S.ENDED
    assert juki.records("session_ended")[0].data["outcome"] == "completed"


def test_a_wrong_pin_is_typed_anew_by_the_person_only(juki) -> None:
    juki.to_pin().pin("9999").see(e.PinRefused(juki.session.awaiting, 2))
    juki.pending.clear()
    juki.after(5)
    assert len(juki.ordered(f.CheckPin)) == 1
    shown = view(juki)
    assert isinstance(shown, v.PinPad)
    assert (shown.wrong, shown.tries_left) == (True, 2)
    juki.pin().answers()
    assert juki.state is S.CHOOSING_HOUSEHOLD


def test_the_last_try_is_asked_about_first_whether_known_before_or_after_a_wrong_pin(juki) -> None:
    juki.ready().see(e.CardPresented()).answer().answer().answer(tries_left=1)
    juki.take_card().see(e.CertificateChosen("tax"))
    assert juki.state is S.LAST_TRY
    juki.pin()
    assert not juki.ordered(f.CheckPin)
    juki.see(e.NextPressed()).pin().see(e.PinRefused(juki.session.awaiting, 0))
    assert juki.session.refusal == "pin_blocked"


def test_the_wrong_pin_is_zero_before_the_next_one_is_typed(juki) -> None:
    juki.to_pin().pin("9999")
    wrong = juki.session.card.pin
    juki.see(e.PinRefused(juki.session.awaiting, 2))
    assert bytes(wrong.expose()) == bytes(4)


def test_back_from_the_pad_is_back_to_the_certificate_and_forgets_the_digits(juki) -> None:
    juki.to_pin("seal").see(e.DigitPressed(1), e.DigitPressed(2))
    pin = juki.session.card.pin
    juki.see(e.BackPressed())
    assert juki.state is S.CHOOSING_CERTIFICATE
    assert bytes(pin.expose()) == bytes(4)
    assert juki.session.choice.kind == "seal"
    juki.see(e.CertificateChosen("seal"))
    assert view(juki).digits == 0


def test_the_pin_is_asked_once_however_often_the_certificate_is_changed(juki) -> None:
    juki.to_kind("residence").see(e.BackPressed())
    assert juki.state is S.CHOOSING_CERTIFICATE
    juki.see(e.CertificateChosen("seal"))
    assert juki.state is S.CHOOSING_COPIES


def test_a_certificate_that_is_not_this_persons_is_refused_without_telling_why(juki) -> None:
    juki.to_pin("seal").pin().answer(offers=("residence",))
    assert juki.session.refusal == "not_available"
    assert juki.session.offers == ("residence",)


def test_the_choice_after_the_pin_is_the_persons(juki) -> None:
    juki.to_pin("residence").pin().answer(offers=("residence", "tax")).see(e.BackPressed())
    assert [offer.kind for offer in view(juki).offers] == ["residence", "tax"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"home": "142051"}, "other_city"),
        ({"trouble": "expired"}, "card_juki_expired"),
        ({"trouble": "unreadable"}, "card_unreadable"),
        ({"trouble": "pin_never_set"}, "pin_never_set"),
    ],
)
def test_a_card_that_cannot_be_served_goes_back_before_anything_is_sent(juki, changes, reason) -> None:
    juki.ready().see(e.CardPresented()).answer(**changes)
    assert juki.session.refusal == reason
    assert not juki.ordered(f.OpenSession)


def test_a_city_without_a_flow_for_this_card_says_so(juki) -> None:
    rules = juki.session.rules
    profile = replace(rules.profile, flows=("mynumber",))
    juki.session = replace(
        juki.session, rules=replace(rules, settings=replace(rules.settings, profile=profile)), refusal=""
    )
    juki.ready()
    assert view(juki).cards == ("my_number",)
    juki.see(e.CardPresented()).answer()
    assert juki.session.refusal == "card_not_served"


@pytest.mark.parametrize("reason", ["pin_never_set", "other_city", "not_registered", "nothing_registered"])
def test_what_the_city_declines_is_said_as_it_is(juki, reason) -> None:
    juki.ready().see(e.CardPresented()).answer().answer()
    juki.see(e.IssuerDeclined(juki.session.awaiting, reason))
    assert juki.session.refusal == reason


def test_a_silent_city_at_the_pin_is_not_asked_again(juki, rules) -> None:
    juki.to_pin().pin()
    juki.pending.clear()
    juki.after(rules.national.card_phase_s + 1)
    assert juki.session.refusal == "city_unavailable"
    assert len(juki.ordered(f.CheckPin)) == 1


def test_a_persons_answer_before_the_pin_does_not_open_the_way(juki) -> None:
    """An answer of the wrong step under the right number: the PIN cannot be skipped."""
    juki.ready().see(e.CardPresented()).answer().answer()
    assert juki.state is S.RECOGNISING
    juki.see(e.Authenticated(juki.session.awaiting, ("residence",)))
    assert not juki.session.known
    assert juki.state is S.RECOGNISING


def test_the_steps_are_counted_in_the_order_of_the_flow(juki) -> None:
    seen = []
    juki.watch = lambda *_: seen.append(view(juki).frame.step)
    juki.to_paying()
    counted = [step for step in seen if step]
    assert counted == sorted(counted)
    assert set(counted) == set(range(1, 8))
