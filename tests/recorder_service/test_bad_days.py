"""Bad days, told through the whole service: who is recorded, what the kiosk hears, what stands in the books."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import config
from config.hours import machine_hours
from config.load import load
from drivers.camera import Look, Packet
from recorder.case import Case
from recorder.inbox import CaseIs, Dropped, Inbox
from recorder.key_ledger import KeyLedger
from recorder.ledgers import FILE, Ledgers, open_books
from recorder.marks import health
from recorder.place import slot_path
from recorder.record import length_ms
from recorder.ring_facts import RingSettings
from recorder.store import Store
from recorder.watching import BookKeeper

EXAMPLE = Path(config.__file__).with_name("machine.example.toml")
PROTECT = RingSettings(b"the one recorder", 1e9, None, "protect_floor_and_alarm", reserve=4)
GENTLE = RingSettings(b"the one recorder", 3600.0, None, "overwrite_oldest")


def during(first, last):
    return lambda at: first <= at < last


def told(stage):
    """What the kiosk hears."""
    return health(stage.service.report)


# ---- the ring is full ----------------------------------------------------------------------------------------


def test_a_full_ring_that_protects_its_floor_stops_and_everybody_hears_of_it(stage_with):
    stage = stage_with(rule=PROTECT)
    stage.seer.present, stage.padding = during(10, 1e9), 800
    heard = []
    while not heard or "full" not in heard[-1]["faults"]:
        stage.until(stage.hands.seconds + 2)
        heard.append(told(stage))
        assert stage.hands.seconds < 2000
    # In this order; each is an alarm before the next.
    stages = [name for name in ("reserve", "thinned", "full") if any(name in one["faults"] for one in heard)]
    assert stages == ["reserve", "thinned", "full"]
    now = told(stage)
    assert not now["armed"]
    assert not now["recording"]
    assert not now["required_ok"], "a terminal whose city wants the camera closes"
    assert stage.fine.written[-1] >= {"full"}, "and it stands in the book"
    # It is known at the next start as well, before there is anything to store.
    stage.service.close()
    store = Store(stage.ring, stage.hands.boot, stage.time.stamp)
    store.drain()
    assert store.trouble == "full"
    store.close()


def test_a_held_ring_goes_on_once_the_hold_ends(stage_with, seconds, tenths):
    stage = stage_with(rule=GENTLE)
    number = stage.holds.add(0, 1 << 60, "照会", "課長", date(2027, 3, 31))
    stage.seer.present, stage.padding = during(10, 1e9), 800
    while "full" not in told(stage)["faults"]:
        stage.until(stage.hands.seconds + 2)
        assert stage.hands.seconds < 2000
    assert not told(stage)["armed"]
    stage.holds.release(number, "課長", "照会の終わり")
    until = stage.hands.seconds + 30
    stage.until(until)
    assert told(stage)["armed"]
    assert told(stage)["recording"]
    assert tenths(until - 10, until - 3) <= seconds(stage.kept())


# ---- the disk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_nothing_is_told_by_its_name_and_waited_for(stage, disk, caplog, error):
    stage.seer.present = during(10, 200)
    stage.until(20)
    disk.broken, disk.error = True, error
    stage.until(40)
    assert "disk" in told(stage)["faults"]
    assert not told(stage)["required_ok"]
    assert "recording stops" in caplog.text
    disk.broken = False
    stage.until(60)
    assert told(stage)["armed"]
    assert told(stage)["faults"] == []


def test_one_worn_slot_is_an_alarm_and_no_picture_is_lost(stage, disk, seconds, tenths):
    stage.seer.present = during(10, 100)
    disk.worn = 0
    stage.until(140)
    assert "bad_slots" in told(stage)["faults"]
    assert told(stage)["armed"]
    assert stage.service.report.ring.bad == 1
    disk.worn = None
    assert tenths(8, 106) <= seconds(stage.kept())


def test_a_disk_that_is_slow_for_ten_seconds_loses_nothing(stage, disk, seconds, tenths):
    """While one sync lasts, the camera goes on into the inbox."""
    inbox, slow = Inbox(), [10.0]

    def sync():
        if stage.hands.seconds > 30 and slow:
            until = stage.hands.seconds + slow.pop()
            while stage.hands.seconds < until:
                tenth(stage, inbox)

    disk.busy = staticmethod(sync)
    stage.seer.present = during(10, 60)
    while stage.hands.seconds < 90:
        tenth(stage, inbox)
        while (item := inbox.get(0)) is not None:
            assert not isinstance(item, Dropped)
            stage.service.hear(item)
        stage.service.turn()
    assert not slow
    assert stage.service.report.faults == frozenset()
    assert tenths(6, 67) <= seconds(stage.kept())


def tenth(stage, inbox):
    """A tenth of a second of the camera."""
    stage.hands.seconds = round(stage.hands.seconds + 0.1, 1)
    number, boot_ns = round(stage.hands.seconds * 10), round(stage.hands.boot() * 1e9)
    inbox.put(Packet(f"picture {number}".encode(), number % 20 == 0, boot_ns, 0))
    if number % 20 == 0:
        inbox.put(Look(b"", 160, 90, True, boot_ns))


def test_a_slot_that_cannot_be_read_at_the_start_is_left_out(stage, tmp_path):
    stage.seer.present = during(10, 20)
    stage.until(40)
    slot_path(stage.folder / "video", 7).unlink()
    kept = stage.kept()
    assert sum(length_ms(group) for group in kept) >= 20_000


def test_a_test_pattern_that_failed_before_opening_is_tried_until_it_succeeds(stage, disk):
    stage.opens_s = 100
    disk.broken = True
    stage.until(90)
    disk.broken = False
    stage.until(101)
    if "test" in told(stage)["faults"]:
        assert not told(stage)["armed"]
    stage.until(190)
    assert told(stage)["faults"] == []
    assert told(stage)["armed"]


# ---- case, key and books -------------------------------------------------------------------------------------


@dataclass
class Office:
    """Real books, and a case with its key."""

    folder: Path

    def __call__(self, hands):
        self.settings = load(EXAMPLE)
        self.ledgers = open_books(self.folder / FILE, hands.now, self.folder / "memory")
        self.key = KeyLedger(self.ledgers.key, self.settings.profile.keys)
        return BookKeeper(self.ledgers, Case(self.key, machine_hours(self.settings.profile), hands.boot()))


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.ledgers.close()


def test_the_case_opened_without_its_key_is_an_alarm_and_a_row_until_answered_for(stage_with, office, seconds, tenths):
    stage = stage_with(books=office)
    stage.seer.present = during(10, 40)
    stage.service.hear(CaseIs(False))
    stage.until(20)
    assert told(stage)["faults"] == []
    stage.service.hear(CaseIs(True))
    stage.until(25)
    assert told(stage)["faults"] == ["case_opened"]
    assert told(stage)["armed"], "it stops nothing"
    stage.service.hear(CaseIs(False))
    stage.until(60)
    assert told(stage)["faults"] == ["case_opened"], "closing it again is no answer"
    (opening,) = office.key.unseen()
    office.key.see(opening.number, "課長", "点検でした")
    stage.until(62)
    assert told(stage)["faults"] == []
    rows = [(row.kind, row.data.get("fault")) for row in office.ledgers.rows("health")]
    assert rows == [("began", "case_opened"), ("ended", "case_opened")]
    assert [row.kind for row in office.ledgers.rows("key")] == ["opened", "closed", "seen"]
    assert tenths(6, 47) <= seconds(stage.kept())


def test_the_case_opened_with_its_key_is_a_row_and_no_alarm(stage_with, office):
    stage = stage_with(books=office)
    stage.service.hear(CaseIs(False))
    office.key.take("係長", "ディスクの交換")
    stage.service.hear(CaseIs(True))
    stage.until(20)
    assert told(stage)["faults"] == []
    (use,) = office.key.entries()
    assert len(use.openings) == 1


def test_a_silent_contact_of_the_case_is_an_alarm(stage_with, office):
    stage = stage_with(books=office)
    stage.service.hear(CaseIs(False))
    stage.until(5)
    stage.service.hear(CaseIs(None))
    stage.until(20)
    assert told(stage)["faults"] == ["case_sensor"]


def test_books_that_were_lost_are_told_and_recording_goes_on(stage_with, office, tmp_path, seconds, tenths):
    with closing(Ledgers(tmp_path / FILE, lambda: None)):
        pass
    (tmp_path / FILE).write_bytes(b"spoilt" * 2000)
    stage = stage_with(books=office)
    stage.service.hear(CaseIs(False))
    stage.seer.present = during(10, 40)
    stage.until(60)
    assert told(stage)["faults"] == ["books_lost"]
    assert told(stage)["armed"]
    assert tenths(6, 47) <= seconds(stage.kept())
