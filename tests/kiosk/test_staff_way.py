"""Staff before the machine: only with the key, by name and number, and everything they do is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kiosk import events as e
from kiosk import view_model as v
from kiosk.effects import CheckStaff, IdentifyCard
from kiosk.events import Post
from kiosk.moves_staff import SIGNED_IN_S, TYPING_S
from kiosk.presenter import present
from kiosk.session import Moment, Service, Session, Staff, State

NAMES = (("m1", "課長 見本", Post.MANAGER), ("h1", "係員 見本", Post.HANDLER))
FOUND = ((7, "card", datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),)
NUMBER = "194027"


@pytest.fixture
def staffed(world):
    world.session = replace(
        world.session, staff=Staff(names=NAMES, found=FOUND), service=Service(stopped="reference", denials=2)
    )
    return world.ready()


def typed(world, number: str = NUMBER):
    return world.see(*(e.DigitPressed(int(d)) for d in number), e.PinConfirmed())


def signed_in(world, who: str = "m1"):
    world.see(e.ServiceKeyTurned(True), e.StaffChosen(who))
    typed(world)
    (order,) = [o for o in world.pending if isinstance(o, CheckStaff)]
    world.pending.clear()
    name, post = next((name, post) for staff, name, post in NAMES if staff == who)
    return world.see(e.StaffSignedIn(order.order, who, name, post))


def view(world):
    return present(world.session, world.now)


def test_without_the_key_no_touch_leads_to_the_staff(staffed) -> None:
    staffed.see(e.StaffChosen("m1"), e.TaskChosen("reopen"), e.ReasonChosen("false_alarm"), e.NextPressed())
    assert staffed.state is State.OUT_OF_SERVICE
    assert not staffed.records("line_reopened")


def test_the_key_alone_reopens_nothing(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True))
    assert staffed.state is State.STAFF_SIGN_IN
    staffed.see(e.TaskChosen("reopen"), e.ReasonChosen("false_alarm"), e.NextPressed())
    assert staffed.session.service.stopped


def test_a_manager_reopens_with_a_reason_and_the_next_person_can_begin(staffed) -> None:
    signed_in(staffed).see(e.TaskChosen("reopen"))
    assert staffed.state is State.STAFF_REOPENING
    staffed.see(e.NextPressed())
    assert staffed.session.service.stopped, "without a reason"
    staffed.see(e.ReasonChosen("identity_clarified"), e.NextPressed())
    (entry,) = staffed.records("line_reopened")
    assert entry.data == {"by": "m1", "reason": "identity_clarified"}
    assert (staffed.session.service.stopped, staffed.session.service.denials) == ("", 0)
    staffed.see(e.ServiceKeyTurned(False))
    assert staffed.state is State.IDLE
    staffed.see(e.CardPresented())
    assert staffed.ordered(IdentifyCard)


def test_a_handler_sees_that_the_line_is_stopped_and_cannot_reopen_it(staffed) -> None:
    signed_in(staffed, "h1").see(e.TaskChosen("reopen"), e.ReasonChosen("false_alarm"), e.NextPressed())
    menu = view(staffed)
    assert isinstance(menu, v.StaffMenu)
    assert (menu.tasks, menu.stopped) == (("found", "sign_off"), "reference")
    assert not staffed.records("line_reopened")


def test_a_wrong_number_lets_nobody_in_and_a_lock_takes_no_digit(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("m1"))
    typed(staffed)
    order = staffed.pending.pop()
    staffed.see(e.StaffRefused(order.order, 300))
    shown = view(staffed)
    assert isinstance(shown, v.StaffSignIn)
    assert (shown.refused, shown.locked_s, shown.digits) == (True, 300, 0)
    typed(staffed)
    assert not staffed.pending
    staffed.after(300)
    staffed.see(e.StaffChosen("m1"))
    typed(staffed)
    assert isinstance(staffed.pending[-1], CheckStaff)


def test_a_late_answer_signs_nobody_in(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("m1"))
    typed(staffed)
    order = staffed.pending.pop()
    staffed.after(10)
    assert staffed.state is State.STAFF_SIGN_IN
    staffed.see(e.StaffSignedIn(order.order, "m1", "課長 見本", Post.MANAGER))
    assert staffed.state is State.STAFF_SIGN_IN
    assert staffed.records("stray_answer")


def test_the_key_turned_back_signs_off_at_once(staffed) -> None:
    signed_in(staffed).see(e.TaskChosen("reopen"), e.ServiceKeyTurned(False))
    assert staffed.state is State.OUT_OF_SERVICE
    assert [r.data["staff"] for r in staffed.records("staff_signed_off")] == ["m1"]
    staffed.see(e.ServiceKeyTurned(True))
    assert staffed.session.staff.signed_in == ""


def test_the_key_turned_back_while_the_number_is_looked_at_wins(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("m1"))
    typed(staffed)
    order = staffed.pending.pop()
    staffed.see(e.ServiceKeyTurned(False), e.StaffSignedIn(order.order, "m1", "課長 見本", Post.MANAGER))
    assert staffed.state is State.OUT_OF_SERVICE
    assert staffed.session.staff.signed_in == ""


def test_who_walks_away_is_signed_off(staffed) -> None:
    signed_in(staffed).after(SIGNED_IN_S - 1)
    assert staffed.state is State.STAFF_MENU
    staffed.after(1)
    assert staffed.state is State.STAFF_SIGN_IN
    assert staffed.records("staff_signed_off")


def test_half_a_number_is_forgotten(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("m1"), e.DigitPressed(1), e.DigitPressed(9))
    pin = staffed.session.staff.pin
    staffed.after(TYPING_S + 1)
    assert (staffed.session.staff.digits, staffed.session.staff.chosen) == (0, "")
    assert not any(pin.expose())


def test_choosing_somebody_else_forgets_what_was_typed(staffed) -> None:
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("m1"), e.DigitPressed(1), e.StaffChosen("h1"))
    assert (staffed.session.staff.chosen, len(staffed.session.staff.pin)) == ("h1", 0)


def test_a_thing_left_behind_is_booked_once_with_who_and_what_became_of_it(staffed) -> None:
    signed_in(staffed, "h1").see(e.TaskChosen("found"))
    shown = view(staffed)
    assert isinstance(shown, v.StaffFound)
    assert [(entry.entry, entry.what) for entry in shown.entries] == [(7, "card")]
    staffed.see(e.FoundHandled(8, "handed_back"), e.FoundHandled(7, "thrown_away"))
    assert not staffed.records("found_handled")
    staffed.see(e.FoundHandled(7, "at_counter"), e.FoundHandled(7, "handed_back"))
    (entry,) = staffed.records("found_handled")
    assert entry.data == {"entry": 7, "became": "at_counter", "by": "h1"}
    assert staffed.state is State.STAFF_MENU


def test_with_the_key_turned_nobody_can_begin(world) -> None:
    world.ready().see(e.ServiceKeyTurned(True), e.CardPresented())
    assert world.state is State.STAFF_SIGN_IN
    assert not world.ordered(IdentifyCard)
    world.see(e.ServiceKeyTurned(False))
    assert world.state is State.CLEARING, "the card laid down meanwhile is asked back first"


def test_a_key_turned_while_somebody_is_served_waits_for_the_end(world) -> None:
    world.to_paying().see(e.ServiceKeyTurned(True))
    assert world.state is State.PAYING
    world.coin(500).answers().take_all()
    assert world.state is State.ENDED


def test_the_menu_tells_every_part(staffed) -> None:
    staffed.see(e.DeviceFaulted(e.Part.PRINTER, "media-empty"))
    signed_in(staffed)
    menu = view(staffed)
    assert isinstance(menu, v.StaffMenu)
    assert dict(menu.parts)["printer"] == "media-empty"
    assert dict(menu.parts)["cash"] == ""


def test_no_receipt_paper_is_not_told_as_no_paper(rules) -> None:
    strict = replace(rules, required=frozenset({e.Part.RECEIPT}))
    service = Service(reasons=((e.Part.RECEIPT, "media-empty"),))
    shown = present(Session(strict, ("",), state=State.OUT_OF_SERVICE, service=service), Moment(FOUND[0][2], 100.0))
    assert isinstance(shown, v.OutOfService)
    assert shown.reason == "receipt"
