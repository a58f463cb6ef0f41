"""Every way out: back, cancel, time-out with warning and extension, walking away with something left lying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.presenter import present
from kiosk.session import PERSON_DECIDES, Staff, State

S = State


def view(world) -> Any:
    return present(world.session, world.now)


STOPS: dict[str, Callable[[Any], Any]] = {
    "last_try": lambda w: w.to_pin().pin("9999").see(e.PinRefused(w.session.awaiting, 1)),
    "pin": lambda w: w.to_pin().see(e.DigitPressed(1)),
    "certificate": lambda w: w.to_choice(),
    "household": lambda w: w.to_kind(),
    "members": lambda w: w.to_kind().see(e.HouseholdChosen("part")).answers(),
    "items": lambda w: w.to_kind().see(e.HouseholdChosen("whole")),
    "copies": lambda w: w.to_copies(),
    "confirm": lambda w: w.to_confirm(),
    "identity": lambda w: w.to_confirm().see(e.NextPressed()).answers(),
    "pay": lambda w: w.to_paying().coin(100),
}
"""How to come to each screen that waits for a person."""


def test_every_screen_that_waits_for_a_person_is_tried(world) -> None:
    reached = set()
    for road in STOPS.values():
        fresh = type(world)(world.session)
        reached.add(road(fresh).state)
    assert reached == set(PERSON_DECIDES) - {S.CHOOSING_KIND}


def ended_with_nothing_charged(world, reason: str) -> None:
    """Whatever is asked back is taken; then why, then the end."""
    world.pending = [order for order in world.pending if not isinstance(order, f.SignChallenge | f.CheckPin)]
    world.answers()
    world.see(e.CardRemoved()).after(0.4)
    if world.state is S.TAKING:
        world.see(e.PlaceOccupied(e.Place.CHANGE_TRAY), e.PlaceEmptied(e.Place.CHANGE_TRAY)).after(3)
    shown = view(world)
    assert isinstance(shown, v.Refused)
    assert shown.reason == reason
    tally = world.session.tally
    assert (tally.charged, tally.paid_back) == (0, tally.inserted)
    world.after(21).answers()
    assert world.state is S.ENDED
    assert not world.ordered(f.PrintCopy)
    assert world.records("erased")[0].data["clean"] is True


@pytest.mark.parametrize("juki", [False, True])
@pytest.mark.parametrize("stop", STOPS)
def test_cancel_everywhere(world, stop: str, juki: bool) -> None:
    world.juki = juki
    STOPS[stop](world)
    assert view(world).frame.cancel
    ended_with_nothing_charged(world.see(e.CancelPressed()), "cancelled")


@pytest.mark.parametrize("juki", [False, True])
@pytest.mark.parametrize("stop", STOPS)
def test_a_screen_nobody_looks_at_warns_and_then_ends(world, rules, stop: str, juki: bool) -> None:
    world.juki = juki
    STOPS[stop](world)
    idle_s = rules.national.pin_idle_s if world.state is S.AWAITING_PIN else rules.national.screen_idle_s
    world.after(idle_s)
    assert view(world).frame.warning_s == rules.national.warning_s
    assert world.said()[-1] == "warning"
    ended_with_nothing_charged(world.after(rules.national.warning_s), "timed_out")


@pytest.mark.parametrize("stop", STOPS)
def test_more_time_is_given_so_often_and_no_more(world, rules, stop: str) -> None:
    STOPS[stop](world)
    here, national = world.state, rules.national
    for _ in range(national.max_extensions):
        world.after(national.screen_idle_s)
        assert view(world).frame.more_time
        world.see(e.MoreTimePressed())
        assert view(world).frame.warning_s is None
    assert world.state is here
    world.after(national.screen_idle_s)
    assert not view(world).frame.more_time
    world.see(e.MoreTimePressed()).after(national.warning_s)
    assert world.session.refusal == "timed_out"


def test_extensions_count_for_one_screen(world, rules) -> None:
    world.to_copies()
    for _ in range(rules.national.max_extensions):
        world.see(e.MoreTimePressed())
    world.see(e.NextPressed())
    assert view(world).frame.more_time


# ---- walking away ----------------------------------------------------------------------------------------


def next_process(world, journaled: bool = True):
    """The process after this one, with what the journal has kept; the same things lie there."""
    found = tuple((n, str(r.data["what"]), world.utc) for n, r in enumerate(world.records("left_behind"), 1))
    session = world.session
    fresh = type(session)(
        session.rules,
        session.tokens,
        hoppers=session.hoppers,
        staff=Staff(found=found if journaled else ()),
        reported=frozenset(what for _, what, _ in found) if journaled else frozenset(),
    )
    again = type(world)(fresh, boot=world.boot + 1, utc=world.utc)
    again.begin().answers().see(*(e.DeviceOnline(part) for part in session.rules.required))
    again.see(e.CardPresented() if session.card.present else e.CardRemoved())
    return again.see(
        *(e.PlaceOccupied(place) if place in session.places else e.PlaceEmptied(place) for place in e.Place)
    )


def left_card(world):
    return world.to_pin().pin().answers()


def left_card_of_a_refusal(world):
    return world.to_pin().see(e.CancelPressed())


def left_juki_card(world):
    world.juki = True
    return world.ready().lay()


def left_paper(world):
    return world.to_paying().coin(100).coin(100).coin(100).see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).answers()


def left_change(world):
    return world.to_paying().coin(100).see(e.CancelPressed(), e.PlaceOccupied(e.Place.CHANGE_TRAY)).answers()


def left_receipt(world):
    left_paper(world).see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    return world.see(e.PlaceOccupied(e.Place.RECEIPT_TRAY))


def left_all(world):
    return left_paper(world).see(e.PlaceOccupied(e.Place.CHANGE_TRAY), e.PlaceOccupied(e.Place.RECEIPT_TRAY))


@pytest.mark.parametrize(
    ("road", "what"),
    [
        (left_card, ["card"]),
        (left_card_of_a_refusal, ["card"]),
        (left_juki_card, ["card"]),
        (left_paper, ["certificate_tray"]),
        (left_change, ["change_tray"]),
        (left_receipt, ["receipt_tray"]),
        (left_all, ["certificate_tray", "change_tray", "receipt_tray"]),
    ],
)
def test_what_is_left_lying_is_written_down_and_nobody_starts_until_it_is_gone(world, rules, road, what) -> None:
    road(world)
    asked = len(world.said())
    world.after(1).after(5)
    assert len(world.said()) > asked, "asked for by voice"
    world.after(rules.national.left_behind_s + 1).answers()
    assert world.state is S.ENDED
    assert [record.data["what"] for record in world.records("left_behind")] == what
    again = next_process(world)
    assert again.state is S.OUT_OF_SERVICE
    shown = view(again)
    assert isinstance(shown, v.OutOfService)
    assert shown.reason == "left_behind"
    again.after(rules.national.left_behind_s + 1)
    assert not again.records("left_behind"), "one thing, one entry"
    again.see(e.CardPresented())
    assert again.session.tx == ""
    again.see(e.CardRemoved(), *(e.PlaceEmptied(place) for place in e.Place))
    assert again.state is S.IDLE


def test_what_is_found_lying_at_rest_gets_its_entry_after_a_while(world, rules) -> None:
    """A session ended, and only then something was put into the tray."""
    world.ready().see(e.PlaceOccupied(e.Place.CHANGE_TRAY))
    assert world.state is S.CLEARING
    assert isinstance(view(world), v.Take)
    world.after(rules.national.left_behind_s + 1)
    assert [record.data["what"] for record in world.records("left_behind")] == ["change_tray"]
    assert view(world).reason == "left_behind"
    world.see(e.PlaceOccupied(e.Place.RECEIPT_TRAY)).after(rules.national.left_behind_s + 1)
    assert [record.data["what"] for record in world.records("left_behind")] == ["change_tray", "receipt_tray"]


def test_the_next_thing_in_the_same_tray_gets_an_entry_of_its_own(world, rules) -> None:
    """The first was taken by its owner and never booked by staff."""
    world.ready()
    for _ in range(2):
        world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).after(rules.national.left_behind_s + 1)
        world.see(e.PlaceEmptied(e.Place.CERTIFICATE_TRAY))
    assert len(world.records("left_behind")) == 2


# ---- the end ---------------------------------------------------------------------------------------------


def test_thanks_can_be_read_and_nothing_of_the_person_is_kept_meanwhile(world) -> None:
    left_paper(world)
    assert world.session.facts is None
    assert world.ordered(f.EraseDocuments)
    world.after(1).see(*(e.PlaceEmptied(place) for place in e.Place))
    world.after(0.2)
    assert isinstance(view(world), v.Thanks)
    world.after(2.5)
    assert isinstance(view(world), v.Thanks)
    world.after(0.5)
    assert world.state is S.ERASING


def test_something_that_comes_late_is_asked_for_instead_of_thanks(world) -> None:
    left_paper(world).after(1).see(*(e.PlaceEmptied(place) for place in e.Place)).after(0.2)
    world.see(e.PlaceOccupied(e.Place.CHANGE_TRAY)).after(0.2)
    assert isinstance(view(world), v.Take)
    world.see(e.PlaceEmptied(e.Place.CHANGE_TRAY)).after(1)
    assert isinstance(view(world), v.Thanks)


def test_a_very_slow_card_is_asked_back_once_and_refused_once(world) -> None:
    """The reader is opened anew, and tells of a removal and of the card that still lies there."""
    world.ready().see(e.CardPresented()).see(e.CardFailed(world.session.awaiting, "silent"))
    reader = e.Part.READER
    world.see(e.DeviceFaulted(reader, "silent")).after(1).see(e.DeviceOnline(reader), e.CardRemoved())
    world.after(0.05).see(e.CardPresented())
    world.after(0.2).after(0.2)
    assert world.state is S.TAKING_CARD
    world.take_card().after(1)
    assert world.states[-2:] == [S.TAKING_CARD, S.REFUSED]
    assert world.states.count(S.REFUSED) == world.states.count(S.TAKING_CARD) == 1


# ---- a machine without sensors ---------------------------------------------------------------------------


@pytest.fixture
def blind(world):
    world.session = replace(world.session, rules=replace(world.session.rules, sensed=False))
    return world


def test_without_sensors_each_thing_is_taken_by_a_touch(blind) -> None:
    blind.to_paying().coin(500).answers()
    for thing, place in (
        ("certificate", e.Place.CERTIFICATE_TRAY), ("change", e.Place.CHANGE_TRAY), ("receipt", e.Place.RECEIPT_TRAY),
    ):  # fmt: skip
        shown = view(blind)
        assert (shown.things[0], shown.by_touch) == (thing, True)
        blind.see(e.TakenPressed(place))
    blind.after(0.2)
    assert isinstance(view(blind), v.Thanks)
    blind.after(3).answers()
    assert blind.state is S.ENDED


def test_without_sensors_time_stands_for_the_touch_and_nothing_is_said_to_be_left(blind, rules) -> None:
    blind.to_paying().coin(100).coin(100).coin(100).answers().after(rules.national.left_behind_s + 1).answers()
    assert blind.state is S.ENDED
    assert not blind.records("left_behind")
