"""A1, A2, A5, A7: whose certificate it is, when money may be taken, what stops the line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.presenter import present
from kiosk.session import State
from kiosk.view_model import Arrived, OutOfService, Refused


def arrived(world, **changes):
    """Confirm two copies and let a certificate arrive that differs in one thing."""
    world.to_confirm(2).see(e.NextPressed())
    event = world.reply(world.pending.pop())[0]
    facts = event.facts
    copy = changes.pop("copy", None)
    if copy:
        facts = replace(facts, copies=(facts.copies[0], replace(facts.copies[1], **copy)))
    return world.see(replace(event, facts=replace(facts, **changes)))


def test_what_was_confirmed_is_shown_masked_before_money(world) -> None:
    arrived(world)
    view = present(world.session, world.now)
    assert isinstance(view, Arrived)
    assert view.masked_name == "佐〇　〇子"
    assert "〇子" not in repr(view)
    assert not world.ordered(f.AcceptCoins)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"kind": "seal"}, "kind"),
        ({"household": "part"}, "items"),
        ({"items": frozenset({"domicile"})}, "items"),
        ({"copies": ()}, "copies"),
        ({"copy": {"index": 1}}, "copies"),
        ({"copy": {"pages": 3}}, "pages"),
        ({"copy": {"pages": 0}}, "pages"),
        ({"copy": {"reference": "0000-0000-0000-0000"}}, "reference"),
        ({"copy": {"names_agree": False}}, "name"),
    ],
)
def test_a_certificate_that_is_not_the_confirmed_one_stops_the_line(world, changes, what) -> None:
    arrived(world, **changes)
    assert world.records("line_stopped")[0].data["what"] == what
    assert world.session.service.stopped == what
    view = present(world.session, world.now)
    assert isinstance(view, Refused)
    assert (view.reason, view.money) == ("mismatch", "none")
    world.see(e.NextPressed()).answers()
    assert world.state is State.ENDED
    assert not world.ordered(f.AcceptCoins)
    assert not world.ordered(f.PrintCopy)


def test_a_page_that_cannot_be_read_ends_the_session_and_does_not_stop_the_line(world) -> None:
    arrived(world, copy={"reference": ""})
    assert world.session.refusal == "page_unreadable"
    assert not world.session.service.stopped
    assert not world.ordered(f.AcceptCoins)


@pytest.mark.parametrize("state", ["CONNECTING", "RECOGNISING", "DOWNLOADING"])
def test_a_mismatch_in_any_answer_of_the_city_stops_the_line(world, state: str) -> None:
    if state == "CONNECTING":
        world.ready().see(e.CardPresented()).answer()
    elif state == "RECOGNISING":
        world.to_pin().pin().answer()
    else:
        world.to_confirm().see(e.NextPressed())
    assert world.state is State[state]
    world.see(e.IdentityMismatched(world.session.awaiting, "subject"))
    assert world.session.service.stopped == "subject"
    assert world.session.refusal == "mismatch"


def test_a_stopped_line_serves_nobody_until_it_is_reopened(world) -> None:
    world.session = replace(world.session, service=replace(world.session.service, stopped="subject"))
    world.ready().see(e.CardPresented())
    assert world.session.tx == ""
    world.see(e.CardRemoved()).after(1)
    view = present(world.session, world.now)
    assert isinstance(view, OutOfService)
    assert view.reason == "stopped"


def test_not_me_takes_no_money_and_tells_the_custodian(world) -> None:
    arrived(world).see(e.IdentityDenied())
    assert world.records("identity_denied")
    assert not world.session.service.stopped
    world.see(e.NextPressed()).answers()
    assert world.state is State.ENDED
    assert not world.ordered(f.AcceptCoins)


def test_the_second_not_me_within_a_day_stops_the_line(world) -> None:
    world.session = replace(world.session, service=replace(world.session.service, denials=1))
    arrived(world).see(e.IdentityDenied())
    assert world.session.service.stopped == "denied_twice"
    assert world.records("line_stopped")


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        (f.PreparePrinter, lambda n: e.PrinterNotReady(n, ("media-empty-error",))),
        (f.CheckCash, lambda n: e.CashReady(n, frozenset())),
    ],
)
def test_the_slot_opens_only_when_printer_and_change_are_ready(world, order, answer) -> None:
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed())
    while not isinstance(world.pending[0], order):
        world.answer()
    world.see(answer(world.session.awaiting))
    assert world.session.refusal in {"printer_not_ready", "change_short"}
    assert not world.ordered(f.AcceptCoins)


def test_a_late_answer_of_an_earlier_order_is_dropped_and_counted(world) -> None:
    world.to_confirm().see(e.NextPressed())
    late = world.reply(world.pending.pop())[0]
    world.see(e.CancelPressed()).see(late)
    assert world.session.facts is None
    assert world.state is State.REFUSED
    assert world.records("stray_answer")[0].data["event"] == "CertificateArrived"


def test_the_answer_of_the_present_order_cannot_come_twice(world) -> None:
    world.to_paying().coin(500).answer()
    judged = world.reply(world.pending.pop())[0]
    world.see(judged, judged)
    assert world.session.tally.charged == 300


def test_erase_is_on_record_with_what_was_looked_at_before_the_process_ends(world) -> None:
    world.to_confirm().see(e.CancelPressed(), e.NextPressed()).answers()
    entry = world.records("erased")[0]
    assert entry.data["clean"] is True
    assert {"key", "spool", "card", "labels"} <= set(str(entry.data["checked"]).split(";"))
    assert isinstance(world.orders[-1], f.EndProcess)


def test_an_unclean_erase_stops_the_line(world) -> None:
    world.to_confirm().see(e.CancelPressed(), e.NextPressed()).answer(clean=False).answers()
    assert world.records("line_stopped")[0].data["what"].startswith("erase_failed")
    assert world.records("erased")[0].data["clean"] is False


def test_a_part_that_never_says_it_forgot_does_not_keep_the_process_alive(world) -> None:
    world.to_confirm().see(e.CancelPressed(), e.NextPressed())
    world.pending.clear()
    world.after(20)
    assert world.state is State.ENDED
    assert world.records("erased")[0].data["clean"] is False


def test_the_pin_is_overwritten_on_every_road(world) -> None:
    world.to_pin().see(e.DigitPressed(1), e.DigitPressed(2))
    pin = world.session.card.pin
    world.see(e.CancelPressed())
    assert bytes(pin.expose()) == bytes(4)
    assert "1" not in repr(pin)


def test_nothing_personal_is_in_any_journal_entry(world) -> None:
    world.to_paying().coin(500).answers()
    world.take_all()
    text = repr([order for order in world.orders if isinstance(order, f.Record)])
    for needle in ("〇子", "b'der'", "signature", "challenge", "1234"):
        assert needle not in text.replace("1234567", "")
