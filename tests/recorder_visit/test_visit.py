"""What is recorded and what is one visit: seconds in, decisions out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.camera import Packet
from recorder import visit as v
from recorder.preroll import Preroll

RULE = v.VisitSettings(preroll_s=5.0, absence_s=10.0)


def run(script, opened=(0.0, 1e9), until=None, settings=RULE):
    """script: (second, True/False or Session) in order; ticks every half second between. → [(second, action)]"""
    watch, found = v.Watch(settings), []
    steps = dict(script)
    until = until or max(steps) + 30
    for half in range(int(until * 2)):
        now = half / 2
        watch = v.hours(watch, opened[0] <= now < opened[1], now)
        if isinstance(step := steps.get(now), bool):
            watch, actions = v.look(watch, step, now)
        elif step is not None:
            watch, actions = v.kiosk(watch, step, now)
        else:
            watch, actions = v.tick(watch, now)
        found += [(now, action) for action in actions]
    return found


def seen(*ranges, every=0.5):
    """Looks that show somebody in these seconds and nobody else."""
    end = max(stop for _, stop in ranges) + 3
    return [(half / 2, any(start <= half / 2 < stop for start, stop in ranges)) for half in range(int(end * 2))]


def test_one_visit_is_recorded_from_five_seconds_before_to_ten_after():
    assert run(seen((20, 50)), until=80) == [
        (20.0, v.Begin(15.0)),
        (51.5, v.End(49.5)),
        (59.5, v.Stop(59.5)),
    ]


def test_a_short_look_away_is_the_same_visit_and_a_longer_one_is_two_without_a_gap():
    assert [a for _, a in run(seen((20, 30), (31, 40)), until=41)] == [v.Begin(15.0)]
    found = [a for _, a in run(seen((20, 30), (33, 40)), until=60)]
    assert found == [v.Begin(15.0), v.End(29.5), v.Begin(28.0), v.End(39.5), v.Stop(49.5)]


def test_an_open_session_holds_a_visit_whose_person_is_not_seen():
    script = [*seen((20, 25)), (26.0, v.Session.OPEN), (90.0, v.Session.NONE)]
    assert [a for _, a in run(script, until=120)] == [v.Begin(15.0), v.End(89.5), v.Stop(99.5)]


def test_a_session_alone_begins_a_visit():
    assert run([(10.0, v.Session.OPEN)], until=12) == [(10.0, v.Begin(5.0))]


def test_outside_the_hours_nobody_begins_and_the_pre_roll_stops_at_the_door():
    assert run(seen((5, 8)), opened=(30.0, 60.0), until=20) == []
    # Somebody stands there when the doors open: the visit begins then, with nothing of before.
    assert run(seen((20, 40)), opened=(30.0, 60.0), until=35) == [(30.0, v.Begin(30.0))]
    assert run(seen((32, 40)), opened=(30.0, 60.0), until=35) == [(32.0, v.Begin(30.0))]


def test_a_visit_begun_in_hours_is_recorded_to_its_end():
    found = run(seen((50, 100)), opened=(0.0, 60.0), until=130)
    assert found == [(50.0, v.Begin(45.0)), (101.5, v.End(99.5)), (109.5, v.Stop(109.5))]
    # Who comes in its tail, after closing, begins none.
    assert [a for _, a in run(seen((50, 62), (66, 80)), opened=(0.0, 60.0), until=90)] == [
        v.Begin(45.0),
        v.End(61.5),
        v.Stop(71.5),
    ]


def test_a_silent_kiosk_leaves_its_session_open_and_the_recording_goes_on():
    script = [(10.0, v.Session.OPEN), (13.0, v.Session.UNKNOWN)]
    assert [a for _, a in run(script, until=600)] == [v.Begin(5.0)]
    ends = run(script, until=700)
    assert [type(a) for _, a in ends] == [v.Begin, v.End, v.Stop]
    assert ends[1][0] == pytest.approx(10.0 + v.UNKNOWN_S + v.BOUNDARY_S, abs=0.6)


def test_a_silent_kiosk_without_a_session_records_nobody():
    assert run([(10.0, v.Session.UNKNOWN)], until=60) == []


def test_when_they_came_may_be_looked_into_later():
    watch = v.hours(v.Watch(RULE), True, 0.0)
    watch, actions = v.look(watch, True, 20.0, since_s=18.6)
    assert actions == (v.Begin(pytest.approx(13.6)),)


@pytest.mark.parametrize("late_s", [2.0, 2.4, 9.0])
def test_a_session_that_opens_while_the_next_picture_is_still_on_its_way_parts_no_visit(late_s):
    """Pictures come every two seconds and half a second late; the card is laid down at any moment between."""
    watch = v.hours(v.Watch(RULE), True, 0.0)
    watch, begun = v.look(watch, True, 20.0, 19.0)
    watch, nothing = v.kiosk(watch, v.Session.OPEN, 20.0 + late_s)
    watch, still = v.look(watch, True, 22.0)
    assert begun == (v.Begin(14.0),)
    assert (nothing, still) == ((), ())


def test_time_that_passes_without_pictures_parts_no_visit_of_somebody_who_is_there():
    watch = v.hours(v.Watch(RULE), True, 0.0)
    watch, _ = v.look(watch, True, 20.0)
    assert v.tick(watch, 24.0)[1] == ()


def test_a_gap_in_which_nobody_looked_ends_the_visit_at_its_last_sight():
    watch, _ = v.look(v.hours(v.Watch(RULE), True, 0.0), True, 20.0)
    watch, none = v.look(watch, False, 20.5)
    assert none == ()
    watch, actions = v.look(watch, True, 27.0)
    assert actions == (v.End(20.0), v.Begin(22.0))
    assert replace(watch, there_s=0).visiting


def packets(*spec):
    return [Packet(bytes(10), key, round(at * 1e9), round(at * 1e6)) for at, key in spec]


def test_the_pre_roll_begins_with_a_keyframe_and_reaches_back_far_enough():
    memory = Preroll(5.0)
    for packet in packets(*((second / 2, second % 4 == 0) for second in range(1, 61))):
        memory.add(packet)
    taken = list(memory.take(round(25.0 * 1e9)))
    assert all(group[0].keyframe and not any(p.keyframe for p in group[1:]) for group in taken)
    assert taken[0][0].boot_ns <= 25.0 * 1e9 < taken[1][0].boot_ns
    assert sum(len(group) for group in taken) + 1 == 61 - 48, "whole groups only, the growing one is left"
    assert list(memory.take(0)) == []


def test_the_pre_roll_forgets_what_is_too_old_or_too_much():
    memory = Preroll(5.0, most_bytes=40)
    for packet in packets(*((second, True) for second in range(20))):
        memory.add(packet)
    assert memory.late > 0
    assert sum(len(group) for group in memory.take(0)) <= 4
    memory.forget()
    assert list(memory.finished()) == []
