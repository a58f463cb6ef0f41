"""What is kept of a day before the camera: decided with a clock set by hand, found again in the ring."""

from __future__ import annotations

from recorder.inbox import ViewAccepted
from recorder.place import TEST_SLOT, OneFile
from recorder.record import Flag
from recorder.visit import Session
from recorder.writer import heads

YEAR_S = 365 * 86400.0


def during(first, last):
    return lambda at: first <= at < last


def test_a_visit_is_kept_from_before_it_until_after_it(stage, seconds, tenths):
    stage.seer.present = during(30, 50)
    stage.until(90)
    groups = stage.kept()
    kept = seconds(groups)
    # Somebody is there from 30 to 48 (the last keyframe that shows them); groups are two seconds long.
    assert tenths(25, 58) <= kept <= tenths(24, 60)
    assert {group.event for group in groups} == {1}
    flags = [group.flags for group in groups]
    assert flags[0] == Flag.PREROLL
    assert flags[-1] == Flag.TAIL
    assert Flag.NONE in flags
    assert [note.kind for note in stage.notes()] == ["event_begin", "event_end"]


def test_nobody_there_nothing_kept(stage):
    stage.until(60)
    assert stage.kept() == []
    assert stage.service.report.armed
    assert not stage.service.report.recording


def test_the_usual_picture_is_not_learned_from_the_first_look_at_somebody_either(stage):
    stage.seer.present = during(30, 50)
    stage.until(60)
    assert stage.fine.seen
    assert [at for at, present in stage.fine.seen.items() if present] == [30, 32, 34, 36, 38, 40, 42, 44, 46, 48]


def test_two_in_turn_are_two_visits_without_a_gap(stage, seconds, tenths):
    stage.seer.present = lambda at: 20 <= at < 30 or 36 <= at < 50
    stage.until(80)
    groups = stage.kept()
    assert tenths(15, 58) <= seconds(groups)
    assert sorted({group.event for group in groups}) == [1, 2]


def test_an_open_session_keeps_recording_without_a_picture_of_anybody(stage, seconds, tenths):
    stage.session = Session.NONE
    stage.until(20)
    stage.session = Session.OPEN
    stage.until(60)
    stage.session = Session.NONE
    stage.until(90)
    assert tenths(16, 68) <= seconds(stage.kept()) <= tenths(14, 72)


def test_a_kiosk_that_falls_silent_in_a_session_does_not_end_the_recording(stage, seconds, tenths):
    stage.session = Session.OPEN
    stage.until(20)
    stage.session = None
    stage.until(60)
    assert tenths(20, 60) <= seconds(stage.kept())


def test_a_camera_lost_in_a_visit_is_a_gap_and_the_recording_goes_on(stage, seconds, tenths):
    stage.session = Session.OPEN
    stage.until(31.5)
    stage.lose()
    stage.until(45)
    assert not stage.service.report.armed
    assert not stage.service.report.required_ok
    stage.find()
    stage.until(60)
    assert stage.service.report.armed
    kept = seconds(stage.kept())
    assert tenths(2, 31.5) <= kept, "what came before the loss is kept to its last picture"
    assert tenths(46, 60) <= kept
    gaps = [note.facts for note in stage.notes() if note.kind == "gap"]
    assert [gap["reason"] for gap in gaps] == ["unplugged", "unplugged"]
    assert 13_000 <= gaps[1]["ms"] <= 15_000


def test_a_disk_that_fails_and_comes_back(stage, seconds, tenths, disk):
    stage.seer.present = during(10, 200)
    stage.until(40)
    disk.broken = True
    stage.until(46)
    report = stage.service.report
    assert "disk" in report.faults
    assert not report.armed
    assert not report.recording
    stage.until(75)
    disk.broken = False
    stage.until(100)
    assert stage.service.report.armed
    assert "disk" not in stage.service.report.faults
    kept = seconds(stage.kept())
    assert tenths(6, 38) <= kept
    assert tenths(72, 100) <= kept, "ten seconds from before the disk came back"
    gap = next(note.facts for note in stage.notes() if note.kind == "gap" and note.facts["ms"])
    assert gap["reason"] == "disk"
    missing_s = 60 - len(tenths(40, 99.9) & kept) / 10
    assert abs(gap["ms"] / 1000 - missing_s) <= 4


def test_a_disk_that_fails_while_nobody_is_there_is_armed_again_by_itself(stage, disk):
    stage.seer.present = during(10, 14)
    stage.until(18)
    disk.broken = True
    stage.until(30)
    assert not stage.service.report.armed
    disk.broken = False
    stage.until(60)
    assert stage.service.report.armed


def test_the_clock_stepped_by_a_year_either_way_in_a_visit(stage, seconds, tenths):
    stage.seer.present = during(10, 60)
    stage.until(25)
    stage.hands.wall_s = -YEAR_S
    stage.until(35)
    assert "clock" in stage.service.report.faults
    stage.hands.wall_s = YEAR_S
    stage.until(45)
    stage.hands.wall_s = 0.0
    stage.until(90)
    groups = stage.kept()
    assert tenths(6, 68) <= seconds(groups) <= tenths(4, 70)
    assert {group.event for group in groups} == {1}
    assert [note.kind for note in stage.notes()].count("clock_step") == 3
    assert not [kind for kind, _ in stage.told if kind == "erased"]


def test_labels_from_before_the_clock_was_set_are_put_right(tmp_path, stage):
    stage.seer.present = during(10, 30)
    stage.until(12)
    stage.hands.wall_s = -YEAR_S
    stage.until(20)
    stage.hands.wall_s = 0.0
    stage.until(60)
    stage.service.close()
    ring = stage.ring()
    day_us = round(stage.hands.now().timestamp() * 1e6)
    found = [group for span in ring.find(day_us - 90_000_000, day_us) for group in ring.read(span)]
    ring.close()
    at = {round(group.first.boot_ns / 1e9) - 1000 for group in found}
    assert {14, 16, 18} <= at


def test_closing_time_in_a_visit(stage, seconds, tenths):
    stage.closes_s = 30
    stage.seer.present = lambda at: 20 <= at < 50 or 80 <= at < 100
    stage.until(120)
    groups = stage.kept()
    assert tenths(15, 58) <= seconds(groups) <= tenths(14, 60), "to its end, and nobody who comes later"
    assert {group.event for group in groups} == {1}


def test_before_opening_a_test_pattern_is_stored_and_no_picture(stage, seconds):
    stage.opens_s = 100
    stage.seer.present = during(0, 99)
    stage.until(99)
    assert not stage.service.report.armed
    assert stage.service.report.required_ok
    assert stage.kept() == [], "not even the pattern is among the pictures"
    assert stage.notes() == []
    place = OneFile(stage.folder / "video" / TEST_SLOT)
    (head,) = heads(place, 0, 1)
    place.close()
    assert head.flags == Flag.TEST


def test_what_was_before_opening_is_no_pre_roll(stage, seconds, tenths):
    stage.opens_s = 30
    stage.seer.present = during(28, 50)
    stage.until(90)
    assert tenths(32, 58) <= seconds(stage.kept()) <= tenths(30, 60)


def test_a_test_pattern_that_cannot_be_stored_is_a_fault(stage, disk):
    stage.opens_s = 300
    disk.broken = True
    stage.until(10)
    assert "test" in stage.service.report.faults
    assert not stage.service.report.required_ok
    disk.broken = False
    stage.until(90)
    assert stage.service.report.faults == frozenset()
    assert stage.service.report.required_ok


def test_faults_of_the_picture_go_into_the_books_and_stop_nothing(stage, seconds, tenths):
    stage.seer.present = during(10, 40)
    stage.until(20)
    stage.fine.wrong = frozenset({"covered"})
    stage.until(30)
    stage.fine.wrong = frozenset()
    stage.until(70)
    assert stage.fine.written == [frozenset(), frozenset({"covered"}), frozenset()]
    assert tenths(6, 48) <= seconds(stage.kept())
    health = [(note.facts["fault"], note.facts["began"]) for note in stage.notes() if note.kind == "health"]
    assert health == [("covered", True), ("covered", False)]


def test_a_turned_camera_that_is_meant_to_be_so_is_learned_anew(stage):
    stage.fine.wrong = frozenset({"turned"})
    stage.until(10)
    assert stage.service.report.faults == {"turned"}
    stage.service.hear(ViewAccepted())
    stage.until(12)
    assert stage.service.report.faults == frozenset()
    assert stage.seer.relearned


def test_a_session_is_recorded_though_nobody_knows_what_time_it_is(stage, seconds, tenths):
    """A clock that was never set: whether it is within the hours cannot be said, but the terminal is in use."""
    stage.opens_s, stage.hands.wall_s = 1e9, -YEAR_S
    stage.until(20)
    assert "clock" in stage.service.report.faults
    stage.session = Session.OPEN
    stage.until(60)
    stage.session = Session.NONE
    stage.until(100)
    assert tenths(22, 68) <= seconds(stage.kept())


def test_the_empty_place_is_kept_for_the_next_start(stage):
    stage.seer.present = during(10, 20)
    stage.until(50)
    assert not (stage.folder / "place").exists()
    stage.until(120)
    assert (stage.folder / "place").read_bytes() == b"an empty place"


def test_time_does_not_overtake_pictures_that_are_still_being_looked_at(stage, seconds, tenths):
    """Somebody who was there six seconds ago, when the picture was taken, is not there now for that."""
    stage.seer.present = during(20, 40)
    stage.seer.slow_s = 6.0
    stage.until(80)
    assert tenths(15, 48) <= seconds(stage.kept()) <= tenths(14, 50)


def test_what_still_grows_is_kept_at_the_end(stage, seconds, tenths):
    stage.seer.present = during(10, 100)
    stage.until(21.5)
    assert tenths(6, 21.5) <= seconds(stage.kept())
