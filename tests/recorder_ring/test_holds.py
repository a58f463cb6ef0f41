"""What must not be written over: entered by others, copied, and everything when the book of it is lost."""

from __future__ import annotations

import sqlite3
from datetime import date

import pytest

from recorder.holds import Holds
from recorder.ledgers import FILE, Ledgers, open_books
from recorder.record import Flag
from recorder.ring_facts import RingFull, RingSettings, Stage

from .conftest import START, Machine, erased, fill, record


def test_a_hold_entered_by_another_program_counts_at_once(tmp_path, video):
    machine = Machine(tmp_path, rule=RingSettings(b"the one recorder", 0.0, 3600.0, "overwrite_oldest"))
    ours, others = Ledgers(tmp_path / FILE, machine.hands.now), Ledgers(tmp_path / FILE, machine.hands.now)
    machine.ledger = ours.hold
    ring = machine.start()
    fill(machine, ring, video)
    oldest = min(ring.find(0, 1 << 62), key=lambda span: span.header.generation).header
    desk = Holds(others.hold)
    number = desk.add(oldest.first.utc_us, oldest.last.utc_us, "捜査関係事項照会", "課長", date(2027, 3, 31))
    record(machine, ring, video, 200)
    assert len(erased(machine)) > 2 * machine.slots
    assert oldest.slot not in erased(machine)
    machine.hands.seconds += 7200
    ring.expire()
    assert {span.header.slot for span in ring.find(0, 1 << 62)} == {oldest.slot}
    desk.release(number, "課長", "照会の取り下げ")
    ring.expire()
    assert oldest.slot in erased(machine)
    for ledgers in (ours, others):
        ledgers.close()


def test_what_is_held_can_be_copied_so_that_the_ring_goes_on_over_it(tmp_path, video):
    machine = Machine(tmp_path, rule=RingSettings(b"the one recorder", 0.0, 3600.0, "overwrite_oldest"))
    ring = machine.start()
    record(machine, ring, video, 40)
    ring.seal()
    held = machine.read(ring)[3:7]
    first, last = held[0].first.utc_us, held[-1].first.utc_us
    number = ring.holds.add(first, last, "照会", "課長", date(2027, 3, 31))
    ring.copy(number)
    pictures = [group.packets for group in held]
    for _ in range(2):
        record(machine, ring, video, 200)
        machine.hands.seconds += 7200
        ring.expire()
        copies = [group for span in ring.find(first, last) for group in ring.read(span)]
        assert [group.packets for group in copies] == pictures
        assert all(group.flags & Flag.COPY for group in copies)
        ring.close()
        ring = machine.start()
    ring.holds.release(number, "課長", "照会の終わり")
    ring.expire()
    assert ring.find(first, last) == ()


def test_a_book_of_holds_that_cannot_be_read_for_a_moment_goes_on_holding_what_was_known(machine, video, monkeypatch):
    ring = machine.start()
    ring.holds.add(0, 1 << 60, "照会", "課長", date(2027, 3, 31))

    def locked(after=0):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(machine.ledger, "rows", locked)
    with pytest.raises(RingFull):
        record(machine, ring, video, 1000)
    assert erased(machine) == []
    assert ("holds_unread", {}) in machine.told


@pytest.mark.parametrize("policy", ["overwrite_oldest", "protect_floor_and_alarm"])
def test_when_the_book_of_holds_is_lost_everything_may_be_held(tmp_path, video, policy):
    machine = Machine(tmp_path, rule=RingSettings(b"the one recorder", 0.0, 3600.0, policy))
    ring = machine.start()
    record(machine, ring, video, 20)
    machine.hands.seconds += 7200
    ring.holds.unknown = True
    assert ring.expire() == 0
    if policy == "protect_floor_and_alarm":
        with pytest.raises(RingFull):
            record(machine, ring, video, 1000)
        assert erased(machine) == []
    else:
        fill(machine, ring, video)
        assert ring.stage is Stage.YOUNG, "recording goes on, and says so"
    ring.close()


def test_books_that_cannot_be_read_are_put_aside_and_recording_goes_on(tmp_path, caplog):
    path = tmp_path / FILE
    with_holds = Ledgers(path, lambda: START)
    Holds(with_holds.hold).add(1, 2, "照会", "課長", date(2027, 3, 31))
    with_holds.close()
    path.write_bytes(path.read_bytes()[:5000])
    spoilt = path.read_bytes()
    for _ in range(2):  # and it is still known at the start after that
        books = open_books(path, lambda: START, tmp_path / "memory")
        assert books.holds_unknown
        books.told("erased", {"slot": 1})
        assert not books.waiting
        books.close()
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == spoilt, "it is kept as it was"
    assert aside.name in caplog.text
    aside.unlink()
    books = open_books(path, lambda: START, tmp_path / "memory")
    assert not books.holds_unknown
    books.close()


def test_books_that_somebody_else_holds_are_waited_for_by_the_next_start(tmp_path, monkeypatch):
    """They are sound: nothing may be put beside them, and all that is held must be known."""
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def held(*_):
        raise busy

    monkeypatch.setattr("recorder.ledgers.open_database", held)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        open_books(tmp_path / FILE, lambda: START, tmp_path / "memory")
    assert list(tmp_path.iterdir()) == []


def test_a_hold_changed_by_hand_is_named_and_all_is_held(tmp_path, caplog):
    books = Ledgers(tmp_path / FILE, lambda: START)
    Holds(books.hold).add(1, 2, "照会", "課長", date(2027, 3, 31))
    books.close()
    hand = sqlite3.connect(tmp_path / FILE)
    hand.executescript(
        "DROP TRIGGER hold_ledger_no_update; UPDATE hold_ledger SET data = replace(data, '照会', 'なし')"
    )
    hand.close()
    books = open_books(tmp_path / FILE, lambda: START, tmp_path / "memory")
    assert books.tampered == {"hold"}
    assert books.holds_unknown
    assert "保存の延長（hold）: 1行目が書き換えられています" in caplog.text
    books.close()
