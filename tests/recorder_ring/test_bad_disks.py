"""Worn slots, damaged heads and keys, stepped clocks, a lost index, a full ring: what could be kept is kept."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from recorder import slot as slots
from recorder.forecast import capacity_s
from recorder.place import OneFile, PlaceError, SlotFiles, prepare, slot_path
from recorder.record import Flag, length_ms
from recorder.ring_facts import RingFull, RingSettings
from recorder.slot import PAGE
from recorder.trial import prove

from .conftest import Machine, erased, fill, record

EIO = 5
PROTECT = RingSettings(b"the one recorder", 1e9, None, "protect_floor_and_alarm", reserve=4)


# ---- slots that cannot be used -------------------------------------------------------------------------------


def test_one_slot_that_cannot_be_read_does_not_end_recording(machine, video):
    ring = machine.start()
    fill(machine, ring, video)
    ring.close()

    def worn(what, slot):
        if slot == 5:
            raise OSError(EIO, "Input/output error")

    machine.disk.fault = worn
    ring = machine.start()
    state = ring.state()
    assert state.bad == 1
    assert ("slot_failed", {"slot": 5}) in machine.told
    assert capacity_s(state, 30.0) == pytest.approx((machine.slots - 1) * 30.0)
    machine.rule = replace(machine.rule, min_elapsed_s=0.0)
    machine.told.clear()
    record(machine, ring, video, 150)
    assert set(erased(machine)) == set(range(machine.slots)) - {5}
    ring.close()


def test_more_than_one_slot_in_eight_is_the_disk(machine, video):
    machine.start().close()

    def worn(what, slot):
        if slot in {2, 5}:
            raise OSError(EIO, "Input/output error")

    machine.disk.fault = worn
    with pytest.raises(OSError, match="Input/output error"):
        machine.start()


def test_a_slot_that_fails_while_it_is_written_is_left_and_what_it_holds_stays(machine, video):
    machine.rule = replace(machine.rule, max_elapsed_s=7200.0)
    ring = machine.start()
    record(machine, ring, video, 3)
    slot = ring.find(0, 1 << 62)[0].header.slot

    def worn(what, at):
        if what == "write" and at == slot:
            raise OSError(EIO, "Input/output error")

    machine.disk.fault = worn
    record(machine, ring, video, 5, first=3)
    assert ring.bad == 1
    assert len(machine.read(ring)) == 8
    ring.close()
    # It cannot be sealed at the next start either.
    ring = machine.start()
    assert ring.bad == 1
    assert len(machine.read(ring)) == 8
    machine.hands.seconds += 10_000
    assert ring.expire() >= 2
    machine.told.clear()
    record(machine, ring, video, 300)
    assert slot not in erased(machine), "it is not tried again and again"
    assert ring.bad == 1


def test_one_slot_file_that_is_gone_is_a_bad_slot_and_many_are_no_disk(tmp_path):
    prepare(tmp_path, 16, 64 * 1024)
    slot_path(tmp_path, 3).unlink()
    place = SlotFiles(tmp_path, 16, 64 * 1024)
    with pytest.raises(FileNotFoundError):
        place.read(3, 0, 10)
    place.close()
    slot_path(tmp_path, 4).unlink()
    slot_path(tmp_path, 5).unlink()
    with pytest.raises(PlaceError, match=r"mount it, or prepare a new one"):
        SlotFiles(tmp_path, 16, 64 * 1024)


@pytest.mark.parametrize("pages", [(0,), (1,), (0, 1)])
def test_a_damaged_head_loses_no_video(machine, video, pages):
    ring = machine.start()
    record(machine, ring, video, 30)
    ring.close()
    before = machine.read(machine.start())
    for page in pages:
        for at in range(100, 200):
            machine.disk.image[1][page * PAGE + at] ^= 0x55
    after = machine.read(machine.start())
    assert [group.packets for group in after] == [group.packets for group in before]
    assert slots.read(machine.disk, 1) is not None, "it is mended where both were damaged"


def test_a_damaged_key_loses_its_slot_and_no_other(machine, video):
    ring = machine.start()
    record(machine, ring, video, 30)
    ring.close()
    before = machine.read(machine.start())
    machine.keys.image[0][128 + 30] ^= 1
    ring = machine.start()
    after = machine.read(ring)
    assert 0 < len(after) < len(before)
    assert {group.first.boot_ns for group in after} < {group.first.boot_ns for group in before}


# ---- age and clocks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wall_s", [365 * 86400.0, -365 * 86400.0])
@pytest.mark.parametrize("restarts", [False, True])
def test_no_clock_that_is_stepped_expires_anything(machine, video, wall_s, restarts):
    machine.rule = replace(machine.rule, max_elapsed_s=86_400.0)
    ring = machine.start()
    record(machine, ring, video, 20)
    before = machine.read(ring)
    machine.hands.wall_s = wall_s
    machine.time.tick()
    if restarts:
        ring.close()
        machine.time.save()
        machine.hands.boot_id = b"boot number two!"
        ring = machine.start()
        machine.time.tick()
    assert ring.expire() == 0
    assert len(machine.read(ring, -1e9, 1e9)) == len(before)


def test_what_two_clocks_agree_on_counts_while_the_machine_was_off(machine, video):
    machine.rule = replace(machine.rule, max_elapsed_s=86_400.0)
    ring = machine.start()
    record(machine, ring, video, 20)
    ring.close()
    machine.time.save()
    machine.hands.boot_id = b"boot number two!"
    machine.hands.boot_s -= timedelta(days=3).total_seconds()
    machine.hands.seconds += timedelta(days=3).total_seconds()
    ring = machine.start()
    assert ring.expire() > 0
    assert machine.read(ring) == []


# ---- the index -----------------------------------------------------------------------------------------------


def visits(machine, ring):
    return ring.visits(machine.at_us(-1e9), machine.at_us(1e9))


def test_an_index_that_is_lost_is_made_anew_while_recording_goes_on(tmp_path, video):
    machine = Machine(tmp_path, slots=40)
    ring = machine.start()
    for event in range(1, 31):
        record(machine, ring, video, 4, event=event)
        ring.seal()
    expected = visits(machine, ring)
    assert len(expected) == 30
    ring.close()
    (tmp_path / "index.sqlite").write_bytes(b"not a database at all" * 500)
    ring = machine.start()
    assert ring.next_event() == 31, "no number is given twice"
    assert ring.indexing.behind > 0
    record(machine, ring, video, 4, event=31)
    ring.seal()
    while ring.indexing.behind:
        ring.indexing.catch_up()
    assert visits(machine, ring)[:30] == expected
    assert [visit.event for visit in visits(machine, ring)] == list(range(1, 32))


def test_an_index_that_cannot_be_written_stops_nothing(machine, video, monkeypatch):
    ring = machine.start()

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        for name in ("put", "drop", "correct"):
            patch.setattr(f"recorder.index.Index.{name}", full)
        record(machine, ring, video, 150)
        ring.seal()
    while ring.indexing.behind:
        ring.indexing.catch_up()
    (visit,) = visits(machine, ring)
    assert visit.footage_ms == 2000 * len(machine.read(ring))


def test_an_index_whose_folder_cannot_be_written_is_kept_in_memory(machine, video):
    ring = machine.start()
    record(machine, ring, video, 10)
    ring.close()
    for path in machine.folder.glob("index.sqlite*"):
        path.unlink()
    (machine.folder / "index.sqlite").mkdir()
    ring = machine.start()
    (visit,) = visits(machine, ring)
    assert visit.footage_ms == 20_000


# ---- thinned, full, and the test pattern ---------------------------------------------------------------------


def test_a_thinned_group_counts_the_time_it_stands_for(tmp_path, video):
    machine = Machine(tmp_path, rule=PROTECT)
    ring = machine.start()
    with pytest.raises(RingFull):
        record(machine, ring, video, 10_000)
    assert ring.refuses
    found = machine.read(ring)
    thin = [group for group in found if group.flags & Flag.THINNED]
    assert len(thin) > 10
    assert {len(group.packets) for group in thin} == {1}
    assert {length_ms(group) for group in found} == {2000}
    assert ring.state().footage_s == 2.0 * len(found)
    ring.close()
    again = machine.start()
    assert again.state().footage_s == 2.0 * len(found)
    assert again.refuses, "it is known before anything is to be stored"


def test_the_test_pattern_is_proved_by_what_the_disk_gives_back(machine, tmp_path, monkeypatch):
    prepare(tmp_path / "video", 1, 64 * 1024)
    path, at = tmp_path / "video" / "test.video", machine.hands.trusted(tmp_path / "elapsed").stamp()
    for _ in range(2):
        prove(path, b"the one recorder", b"a picture of nobody", at)
    place = OneFile(path)
    assert slots.read(place, 0).generation == 2
    place.close()
    assert b"nobody" not in path.read_bytes()

    def worn(self, slot, offset, size, read=OneFile.read):
        data = read(self, slot, offset, size)
        return data[:20] + bytes([data[20] ^ 1]) + data[21:] if offset > slots.DATA else data

    monkeypatch.setattr(OneFile, "read", worn)
    with pytest.raises(OSError, match="replace the video disk"):
        prove(path, b"the one recorder", b"a picture of nobody", at)
