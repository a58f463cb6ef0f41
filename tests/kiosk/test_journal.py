"""The journal: nothing is counted twice, nothing is changed quietly, nothing moves when it cannot be written."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.effects import Record
from kiosk.errors import JournalError
from kiosk.events import Credit, DeviceMark
from kiosk.journal import Journal
from kiosk.money import Tally

AT = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
MARK = DeviceMark(1234567, 1, 1, 1, "0403" + "00" * 8)


@pytest.fixture
def journal(settings, tmp_path: Path):
    opened = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    yield opened
    opened.close()


def credit(seq: int, yen: int = 100) -> Credit:
    return Credit(1234567, 1, seq, yen, {10: 1, 50: 2, 100: 3, 500: 4}[yen])


def coins(*credits: Credit, tx: str = "t1") -> Record:
    return Record("credit", {"tx": tx}, credits, replace(MARK, seq=credits[-1].seq))


def test_the_float_is_booked_once_at_installation(journal, settings) -> None:
    fill = {h.serial: 60 for h in settings.machine.cash.hoppers}
    journal.install(fill, AT)
    journal.install(fill, AT)
    assert [h.coins for h in journal.hoppers()] == [55, 55, 55, 55]  # less the reserve of 5
    assert sum(row.kind == "refill" for row in journal.entries()) == 4


def test_the_same_coin_cannot_be_booked_twice(journal) -> None:
    journal.commit([coins(credit(1))], AT)
    with pytest.raises(JournalError):
        journal.commit([coins(credit(2), credit(1))], AT)
    assert journal.totals() == Tally(inserted=100), "the whole commit is refused, not half of it"


def test_credits_and_mark_are_one_commit(journal) -> None:
    journal.commit([coins(credit(1))], AT)
    with pytest.raises(JournalError):
        journal.commit([Record("credit", {"tx": "t1"}, (credit(1),), replace(MARK, seq=9, counter=9))], AT)
    assert journal.mark() == MARK


def test_coins_fall_into_the_hopper_of_their_value_and_leave_it(journal, settings) -> None:
    journal.install({h.serial: 60 for h in settings.machine.cash.hoppers}, AT)
    journal.commit([Record("session_began", {"tx": "t1"}), coins(credit(1, 500))], AT)
    paid = {"tx": "t1", "hopper": 703455, "paid": 2, "yen": 200, "sure": True, "evidence": ""}
    journal.commit([Record("payout_resolved", paid)], AT)
    book = {h.yen: h.coins for h in journal.hoppers()}
    assert (book[500], book[100]) == (56, 53)


def test_a_hopper_whose_counters_disagreed_stays_out_of_use_until_it_is_refilled(journal, settings) -> None:
    journal.install({h.serial: 60 for h in settings.machine.cash.hoppers}, AT)
    paid = {"tx": "t1", "hopper": 703455, "paid": 0, "yen": 0, "sure": False, "evidence": ""}
    journal.commit([Record("payout_resolved", paid)], AT)
    assert not next(h for h in journal.hoppers() if h.serial == 703455).pays
    journal.commit([Record("refill", {"hopper": 703455, "coins": 0, "reason": "counted"})], AT)
    assert next(h for h in journal.hoppers() if h.serial == 703455).pays


def test_an_open_transaction_is_found_again_with_everything_undecided(journal) -> None:
    journal.commit([Record("session_began", {"tx": "t0"}), Record("session_ended", {"tx": "t0", "outcome": "x"})], AT)
    later = AT + timedelta(seconds=9)
    journal.commit([Record("session_began", {"tx": "t1"})], AT)
    journal.commit([Record("cash_in_started", {"tx": "t1", "kind": "residence", "copies": 2, "fee_yen": 300})], AT)
    journal.commit([coins(credit(1, 500), credit(2, 500))], AT)
    journal.commit([Record("print_ordered", {"tx": "t1", "copy": 1, "job": "j1", "pages": 2})], AT)
    judged = {"tx": "t1", "copy": 1, "job": "j1", "outcome": "printed", "sheets": 1, "fee_yen": 300}
    journal.commit([Record("print_judged", judged)], AT)
    journal.commit([Record("print_ordered", {"tx": "t1", "copy": 2, "job": "j2", "pages": 2})], AT)
    sending = {"tx": "t1", "hopper": 703455, "coins": 4, "event_before": 0, "count_before": 0}
    journal.commit([Record("payout_sending", sending)], later)
    (found,) = journal.interrupted()
    assert found.tx == "t1"
    assert found.tally == Tally(inserted=1000, charged=300)
    assert [job.job for job in found.jobs] == ["j2"]
    assert found.intent is not None
    assert found.intent.sent, "a hopper that stood at 0 has been ordered all the same"
    assert found.last_utc == later


def test_the_latch_holds_until_a_named_person_reopens_with_a_reason(journal) -> None:
    journal.commit([Record("line_stopped", {"tx": "", "what": "subject"})], AT)
    assert journal.stopped() == "subject"
    for by, reason in (("", "looked"), ("課長", " ")):
        with pytest.raises(JournalError, match="name of the person and a reason"):
            journal.reopen(by, reason, AT)
    assert journal.stopped() == "subject"
    journal.reopen("市民生活課長", "控えと照合した", AT)
    assert journal.stopped() == ""


def test_denials_count_for_a_day(journal) -> None:
    journal.commit([Record("identity_denied", {"tx": "t1"})], AT)
    assert journal.denials(AT + timedelta(hours=23)) == 1
    assert journal.denials(AT + timedelta(hours=25)) == 0


def test_denials_are_counted_anew_after_the_line_was_reopened(journal) -> None:
    """Else the first denial after a reopening would stop the line again."""
    journal.commit([Record("identity_denied", {"tx": "t1"}), Record("identity_denied", {"tx": "t2"})], AT)
    journal.commit([Record("line_stopped", {"tx": "t2", "what": "denied_twice"})], AT)
    journal.reopen("市民生活課長", "二人とも借りたカード", AT)
    assert journal.denials(AT + timedelta(minutes=1)) == 0


def test_a_payout_in_doubt_shuts_its_hopper_and_is_still_held(journal, settings) -> None:
    journal.install({h.serial: 60 for h in settings.machine.cash.hoppers}, AT)
    journal.commit([Record("session_began", {"tx": "t1"}), coins(credit(1, 500))], AT)
    doubt = {"tx": "t1", "hopper": 703455, "coins": 2, "yen": 200}
    journal.commit([Record("payout_in_doubt", doubt)], AT)
    assert journal.totals() == Tally(inserted=500, in_doubt=200)
    assert journal.interrupted()[0].tally.to_settle == 300
    assert not next(h for h in journal.hoppers() if h.serial == 703455).pays


def test_a_row_changed_by_hand_stops_the_start(journal, settings, tmp_path: Path) -> None:
    journal.commit([coins(credit(1))], AT)
    journal.commit([Record("session_began", {"tx": "t2"})], AT)
    journal.close()
    path = tmp_path / "kiosk.sqlite"
    with sqlite3.connect(path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE journal SET data = replace(data, '100', '900') WHERE seq = 1")
    db.close()
    with pytest.raises(JournalError, match="1"):
        Journal(path, settings.machine.cash)


def test_a_damaged_file_says_what_to_do(settings, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(JournalError):
        Journal(path, settings.machine.cash)


def test_the_gate_is_asked_before_and_after_each_commit(settings, tmp_path: Path) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    class Gate:
        def before(self, kinds: tuple[str, ...]) -> None:
            asked.append(("before", kinds))

        def after(self, kinds: tuple[str, ...]) -> None:
            asked.append(("after", kinds))

    journal = Journal(tmp_path / "gated.sqlite", settings.machine.cash, Gate())
    journal.commit([Record("session_began", {"tx": "t1"}), Record("fault", {"part": "x", "reason": "y"})], AT)
    journal.commit([], AT)
    journal.close()
    assert asked == [("before", ("session_began", "fault")), ("after", ("session_began", "fault"))]


def test_what_was_left_behind_stays_open_until_somebody_books_what_became_of_it(journal) -> None:
    later = AT + timedelta(minutes=5)
    journal.commit([Record("left_behind", {"tx": "t1", "what": "certificate_tray"})], AT)
    journal.commit([Record("left_behind", {"tx": "", "what": "card"})], later)
    (paper, what, at), (card, _, _) = journal.found()
    assert (what, at) == ("certificate_tray", AT)
    journal.commit([Record("found_handled", {"entry": paper, "became": "handed_back", "by": "取扱者"})], later)
    assert journal.found() == ((card, "card", later),)
