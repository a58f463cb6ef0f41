"""Guards that no ordinary road needs: each is tried alone, since another one usually stands before it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk.errors import JournalError
from kiosk.journal import Journal
from kiosk.loop import Devices, Inbox, Loop
from kiosk.money import Tally
from kiosk.secret import Pin
from kiosk.session import State

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)

CATALOGUE = {
    "session_began": {"tx"},
    "cash_in_started": {"tx", "kind", "copies", "fee_yen"},
    "download_took": {"tx", "copies", "ms"},
    "credit": {"tx"},
    "cash_in_ended": {"tx", "inserted"},
    "print_ordered": {"tx", "copy", "job", "pages", "up_time"},
    "print_judged": {"tx", "copy", "job", "outcome", "sheets", "fee_yen"},
    "documents_erased": {"tx"},
    "receipt_ordered": {"tx", "job"},
    "receipt_judged": {"tx", "job", "outcome"},
    "payout_sending": {"tx", "hopper", "coins", "event_before", "count_before"},
    "payout_resolved": {"tx", "hopper", "paid", "yen", "sure", "evidence"},
    "payout_in_doubt": {"tx", "hopper", "coins", "yen"},
    "nobody_there": {"tx"},
    "owed": {"tx", "yen", "slip", "reason"},
    "settled": {"tx", "inserted", "charged", "paid_back", "owed", "held"},
    "erased": {"tx", "by", "checked", "clean"},
    "session_ended": {"tx", "outcome"},
    "line_stopped": {"tx", "what"},
    "identity_denied": {"tx"},
    "left_behind": {"tx", "what"},
    "cash_incident": {"tx", "kind", "detail"},
    "hopper_blocked": {"hopper"},
    "fault": {"part", "reason"},
    "issuer_failed": {"tx", "reason"},
    "printer_not_ready": {"tx", "reasons"},
    "verify_outcome_unknown": {"tx"},
    "change_short": {"tx"},
    "erase_unanswered": {"tx"},
    "no_answer": {"tx", "state"},
    "stray_answer": {"tx", "event"},
}
"""What the journal may hold; a field that is not here needs a second look at what it says about a person (A6)."""


# ---- A6: journal, log, repr ------------------------------------------------------------------------------


def walk_everything(world: Any) -> list[f.Record]:
    """One road with a wrong PIN, a coin too many, a doubtful copy; then one that ends before money."""
    world.to_pin().pin("9999").see(e.PinRefused(world.session.awaiting, 2))
    world.pending.clear()
    world.pin().answers().take_card().see(e.CertificateChosen("residence"), e.HouseholdChosen("part")).answers()
    world.see(
        e.MemberToggled("0000000a"),
        e.NextPressed(),
        e.ItemToggled("domicile"),
        e.NextPressed(),
        e.CopiesChanged(2),
        e.NextPressed(),
        e.NextPressed(),
    ).answers()
    world.see(e.IdentityConfirmed()).answers().coin(500).coin(500).answer()
    world.answer(outcome=e.PrintOutcome.UNKNOWN, sheets=0).answers()
    world.take_all().after(1).see(e.NextPressed()).answers()
    assert world.state is State.ENDED
    other = type(world)(world.session.__class__(world.session.rules, world.session.tokens))
    other.to_confirm().see(e.NextPressed()).answers().see(e.IdentityDenied(), e.NextPressed()).answers()
    assert other.state is State.ENDED
    return [order for order in (*world.orders, *other.orders) if isinstance(order, f.Record)]


def test_the_journal_holds_its_catalogue_and_nothing_else(world) -> None:
    records = walk_everything(world)
    assert {"identity_denied", "print_judged", "payout_resolved", "settled"} <= {r.kind for r in records}
    for record in records:
        assert set(record.data) <= CATALOGUE[record.kind], record
        for value in record.data.values():
            assert isinstance(value, (int, bool)) or re.fullmatch(r"[\x20-\x7e]*", str(value)), record
        texts = {str(value) for value in record.data.values()}
        assert not texts & {"9999", "1234", "domicile", "0000000a", "der", "signature", "challenge"}, record


def test_a_job_is_named_by_a_token_made_before_anybody_came(world) -> None:
    before = set(world.session.tokens)
    world.to_paying(2).coin(500).coin(100).answers()
    assert {order.job for order in world.ordered(f.PrintCopy)} <= before
    assert {r.data["job"] for r in world.records("print_ordered")} <= before


@pytest.mark.parametrize(
    "value",
    [
        e.CardIdentified(1, e.CardKind.MY_NUMBER, 3, "", b"Hanako"),
        e.CardSigned(1, b"Hanako"),
        e.SessionOpened(1, b"Hanako"),
        e.CertificateFacts("residence", "whole", frozenset(), (), "", "Hanako"),
        f.SignChallenge(1, Pin(), b"Hanako"),
        f.Authenticate(1, b"Hanako", b"Hanako"),
    ],
)
def test_no_repr_shows_what_is_personal(value) -> None:
    assert "Hanako" not in repr(value)
    assert type(value).__name__ in repr(value)


def test_no_repr_shows_the_pin_or_the_card(world) -> None:
    world.to_pin().see(e.DigitPressed(7), e.DigitPressed(8))
    pin = world.session.card.pin
    assert bytes(pin.expose()[:2]) == b"78"
    for shown in (repr(pin), repr(world.session.card)):
        assert "78" not in shown
        assert "der" not in shown


def test_the_log_of_the_loop_tells_kinds_of_events_only(world, caplog) -> None:
    world.to_choice()
    silent = SimpleNamespace(
        poll=lambda: [e.CertificateChosen("residence")], show=lambda _view: True, expect=lambda _views: None
    )
    nothing = SimpleNamespace(say=lambda *_: None, hush=lambda: None)
    d = Devices(nothing, nothing, nothing, nothing, None, nothing, silent)  # type: ignore[arg-type]
    clock = SimpleNamespace(now=lambda: AT, boot=lambda: 1000.0, acknowledge=lambda: None)
    books = SimpleNamespace(commit=lambda *_: None)
    loop = Loop(world.session, d, books, clock, Inbox(), lambda: None)  # type: ignore[arg-type]
    with caplog.at_level(logging.DEBUG):
        loop.turn(0)
    assert "CertificateChosen" in caplog.text
    assert "residence" not in caplog.text


def life(body: str) -> subprocess.CompletedProcess[str]:
    source = f"from kiosk import process\nimport logging, sys\nlogging.basicConfig()\n{body}"
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=30, check=False)


def test_a_process_that_dies_tells_the_type_of_the_error_and_no_word_of_it() -> None:
    done = life(
        "process.BACK_OFF_S = (0.0,)\nlives = iter((1, 2))\n"
        "import pathlib, tempfile\nmark = pathlib.Path(tempfile.mkdtemp()) / 'n'\n"
        "def one():\n"
        "    if mark.exists(): return process.CONFIGURATION_ERROR\n"
        "    mark.touch(); raise ValueError('Hanako 1234')\n"
        "sys.exit(process.Parent(one).run())"
    )
    assert done.returncode == 78
    assert "ValueError ended this process" in done.stderr
    assert "Hanako" not in done.stderr + done.stdout


# ---- A5: what is forgotten -------------------------------------------------------------------------------


def test_memory_of_the_process_reaches_no_core_file_and_no_neighbour() -> None:
    done = life(
        "import ctypes, resource\nprocess.harden()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    assert done.stdout.strip() == "(0, 0) 0"


def test_the_pin_is_zero_once_the_card_has_answered(world) -> None:
    world.to_pin().pin("9999")
    refused = world.session.card.pin
    world.see(e.PinRefused(world.session.awaiting, 2))
    world.pending.clear()
    assert bytes(refused.expose()) == bytes(4)
    world.pin("1234")
    accepted = world.session.card.pin
    assert accepted is not refused
    world.answer()
    assert bytes(accepted.expose()) == bytes(4)


def test_nothing_of_the_card_is_kept_once_the_city_knows_it(world) -> None:
    world.to_pin()
    assert world.session.card.certificate
    world.pin().answers()
    assert world.session.card.certificate == b""
    assert world.session.card.challenge == b""


def test_leftovers_that_cannot_be_wiped_stop_the_line_before_the_first_screen(world) -> None:
    world.begin().answer(clean=False)
    world.see(*(e.DeviceOnline(part) for part in world.session.rules.required)).after(1).see(e.CardPresented())
    assert world.session.tx == ""
    assert State.IDLE not in world.states
    assert world.records("line_stopped")[0].data["what"] == "wipe_failed"


def test_no_screen_but_the_still_one_before_the_wipe_is_answered(world) -> None:
    world.begin()
    assert world.ordered(f.Wipe)
    world.see(*(e.DeviceOnline(part) for part in world.session.rules.required), e.CardPresented()).after(1)
    assert world.state is State.STARTING


def test_every_end_tells_every_part_to_forget(world) -> None:
    world.to_confirm().see(e.CancelPressed(), e.NextPressed())
    assert world.ordered(f.EraseDocuments)
    (order,) = world.ordered(f.EraseSession)
    assert set(order.parts) == {e.Part.READER, e.Part.DISPLAY}


# ---- A2 and A3: before and after the money ---------------------------------------------------------------


def test_the_printer_is_asked_for_all_sheets_of_all_copies(world) -> None:
    world.to_confirm(3).see(e.NextPressed()).answers().see(e.IdentityConfirmed())
    assert world.ordered(f.PreparePrinter)[0].sheets == 3


def test_a_coin_unit_that_fails_before_it_is_ready_takes_nothing(world) -> None:
    world.to_confirm().see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answer()
    world.pending.clear()
    world.see(e.DeviceFaulted(e.Part.CASH, "offline"))
    assert world.session.refusal == "change_short"
    assert not world.ordered(f.AcceptCoins)


def test_a_price_reached_by_a_late_coin_does_not_undo_the_cancelling(world) -> None:
    world.to_paying().coin(100).coin(100).see(e.CancelPressed()).coin(100).answers()
    assert not world.ordered(f.PrintCopy)
    assert world.session.tally == Tally(inserted=300, paid_back=300)


def test_less_than_the_price_never_prints(world) -> None:
    world.to_paying().coin(500)
    world.session = replace(world.session, tally=Tally(inserted=200))
    world.answers()
    assert not world.ordered(f.PrintCopy)
    assert world.session.tally.paid_back == 200


def test_a_transaction_with_undecided_money_stays_open_for_the_next_process(world) -> None:
    world.to_confirm().see(e.CancelPressed(), e.NextPressed())
    world.session = replace(world.session, tally=Tally(inserted=100))
    world.answers()
    assert world.state is State.ENDED
    assert not world.records("session_ended")


def test_a_coin_that_nobody_was_asked_for_is_owed(world) -> None:
    world.ready().coin(100)
    assert world.records("credit")[0].data == {"tx": ""}
    (owed,) = world.records("owed")
    assert (owed.data["yen"], owed.data["reason"]) == (100, "stray_coins")


def test_the_entries_of_one_step_stand_or_fall_together(settings, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    coin = e.Credit(1, 1, 1, 100, 3)
    try:
        journal.commit([f.Record("credit", {"tx": "t1"}, (coin,))], AT)
        with pytest.raises(JournalError):
            journal.commit([f.Record("owed", {"tx": "t1", "yen": 100}), f.Record("credit", {"tx": "t2"}, (coin,))], AT)
        assert [row.kind for row in journal.entries()] == ["credit"]
        with pytest.raises(JournalError):
            journal.commit([f.Record("credit", {"tx": "another"}, (coin,))], AT)
    finally:
        journal.close()


# ---- A8 and A9: the door, and what lies there ------------------------------------------------------------


def test_the_door_opens_and_closes_by_the_clock_alone(world) -> None:
    world.utc = world.utc.replace(hour=9, minute=59, second=50)  # Tuesday 18:59:50, closes at 19:00
    world.ready()
    assert world.state is State.IDLE
    world.after(11)
    assert world.state is State.CLOSED
    world.after(14 * 3600)
    assert world.state is State.IDLE


def test_a_tray_is_not_believed_empty_before_the_sheet_can_have_reached_its_sensor(world) -> None:
    world.to_paying().coin(100).coin(100).coin(100).answers()
    assert world.state is State.TAKING
    world.after(1)
    assert world.state is State.TAKING
    world.see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).after(5)
    assert world.state is State.TAKING
    assert world.said()[-1] == "take_certificate"


def test_a_card_laid_down_during_a_refusal_is_asked_back(world) -> None:
    world.to_confirm().see(e.CancelPressed())
    assert world.state is State.REFUSED
    world.see(e.CardPresented()).after(1)
    assert world.state is State.TAKING_CARD
    assert world.said()[-1] == "take_card"
    world.take_card()
    assert world.state is State.REFUSED


@pytest.mark.parametrize(
    ("left", "taken", "phrase", "what"),
    [
        (e.CardPresented(), e.CardRemoved(), "take_card", "card"),
        *(
            (e.PlaceOccupied(place), e.PlaceEmptied(place), phrase, place.value)
            for place, phrase in (
                (e.Place.CERTIFICATE_TRAY, "take_certificate"),
                (e.Place.CHANGE_TRAY, "take_change"),
                (e.Place.RECEIPT_TRAY, "take_receipt"),
            )
        ),
    ],
)
def test_what_the_one_before_left_is_asked_for_louder_until_it_is_taken(world, left, taken, phrase, what) -> None:
    world.begin().answers().see(left).see(*(e.DeviceOnline(part) for part in world.session.rules.required))
    assert world.state is State.CLEARING
    for pause in (0.2, 4.1, 8.1, 6.1):
        world.after(pause)
    asked = [(say.phrase, say.level) for say in world.ordered(f.Say)]
    assert asked == [(phrase, 0), (phrase, 1), (phrase, 2), (phrase, 3)]
    for _ in range(3):
        world.after(world.session.rules.national.left_behind_s + 1)
    assert [record.data["what"] for record in world.records("left_behind")] == [what]
    world.see(taken)
    assert world.state is State.IDLE


# ---- A12: the PIN ----------------------------------------------------------------------------------------


def test_less_than_four_digits_never_go_to_the_card(world) -> None:
    world.to_pin().pin("123")
    assert world.state is State.AWAITING_PIN
    assert not world.ordered(f.SignChallenge)
    world.see(e.DigitPressed(4), e.DigitPressed(5), e.PinConfirmed())
    (order,) = world.ordered(f.SignChallenge)
    assert bytes(order.pin.expose()) == b"1234"


def test_a_press_while_the_card_is_asked_is_no_second_try(world) -> None:
    world.to_pin().pin().see(e.DigitPressed(1), e.PinConfirmed(), e.PinConfirmed())
    assert len(world.ordered(f.SignChallenge)) == 1
