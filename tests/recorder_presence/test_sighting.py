"""From looks to people: dated by the pictures of a group, asked for only where presence has changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from drivers.camera import Look
from recorder import visit
from recorder.presence import Seen
from recorder.sighting import Into, Nobody, Sighting, There, follow


def look(at_s, keyframe=True):
    return Look(b"", 0, 0, keyframe, round(at_s * 1e9))


@dataclass
class Place:
    """Stands in for the detector: somebody is there in these seconds."""

    people: tuple[tuple[float, float], ...]
    ready: bool = True
    asked: list[float] = field(default_factory=list)

    def ready_for(self, look):
        return self.ready

    def there(self, look):
        return any(first <= look.boot_ns / 1e9 < last for first, last in self.people)

    def see(self, look):
        return Seen(self.there(look))

    shows = there


def watched(people, seconds=20, answers=True, until=None, stirred=(), back_s=2):
    """Every step, with a keyframe every two seconds and a picture every tenth.

    stirred: keyframes after more than usual; back_s: how long before their keyframe the answered pictures begin.
    """
    sighting, steps = Sighting(Place(people)), []
    for at in range(0, seconds, 2):
        if until is not None and at >= until:
            break
        for step in sighting.look(replace(look(float(at)), stirred=at in stirred)):
            steps.append(step)
            if isinstance(step, Into) and answers:
                for tenth in range(max(0, at - back_s) * 10, at * 10 + 3):
                    assert not sighting.look(look(tenth / 10, keyframe=False))
                steps += sighting.looked_into(step.boot_ns)
    return steps, sighting


def changes(steps):
    return [
        step
        for step in steps
        if (isinstance(step, There) and step.since_s is not None)
        or (isinstance(step, Nobody) and step.last_s is not None)
    ]


def test_a_visit_is_dated_by_the_pictures_between_two_keyframes():
    steps, _ = watched([(3.2, 11.7)])
    assert changes(steps) == [There(4.0, 3.2), Nobody(12.0, 11.7)]
    assert [step for step in steps if isinstance(step, Into)] == [Into(4 * 10**9), Into(12 * 10**9)]


def test_while_nothing_changes_nothing_is_asked_for():
    assert all(isinstance(step, Nobody) for step in watched([])[0])
    steps, _ = watched([(-1.0, 100.0)])
    assert [type(step) for step in steps] == [Into] + [There] * 9


def test_less_than_half_a_second_is_no_visit():
    assert not changes(watched([(3.8, 4.2)])[0])
    assert not [step for step in watched([(3.9, 4.1)])[0] if isinstance(step, There)]


def test_who_comes_and_goes_between_two_keyframes_is_found_where_the_stream_has_cost_more():
    steps, _ = watched([(4.2, 5.7)], stirred={6})
    assert changes(steps) == [There(5.7, 4.2), Nobody(6.0, 5.7)]
    assert [step for step in steps if isinstance(step, Into)] == [Into(6 * 10**9)]


def test_pictures_from_before_the_last_keyframe_without_anybody_say_nothing_of_who_comes_after_it():
    steps, _ = watched([(1.2, 5.2), (7.9, 15.0)], back_s=4)
    assert changes(steps) == [There(2.0, 1.2), Nobody(6.0, 5.2), There(10.0, 7.9), Nobody(16.0, 15.0)]
    assert changes(watched([(1.2, 5.2)], back_s=4, stirred={8})[0]) == [There(2.0, 1.2), Nobody(6.0, 5.2)]


def test_what_has_cost_more_and_shows_nobody_or_a_passer_by_is_nobody():
    for people in ([], [(4.2, 4.5)], [(4.2, 4.5), (5.2, 5.5)]):
        steps, sighting = watched(people, stirred={6})
        assert [type(step) for step in steps if not isinstance(step, Into)] == [Nobody] * 10
        assert sighting.known_s == 18.0


def test_that_a_group_has_cost_more_does_not_make_anybody_be_there():
    sighting = Sighting(Place(()))
    assert sighting.look(replace(look(0.0), stirred=True)) == (Into(0),)
    assert not sighting.closely
    sighting = Sighting(Place(((-1.0, 5.0),)))
    assert sighting.look(look(0.0)) == (Into(0),)
    assert sighting.closely


def test_a_short_visit_across_a_keyframe_is_one():
    assert changes(watched([(3.8, 4.6)])[0]) == [There(4.6, 3.8), Nobody(6.0, 4.6)]


def test_who_came_just_before_a_keyframe_is_dated_by_the_next_one():
    steps, _ = watched([(3.9, 9.0)])
    assert changes(steps)[0] == There(6.0, 3.9)
    assert not [step for step in steps if step == Nobody(4.0)]


def test_a_camera_that_does_not_answer_dates_by_keyframes_and_never_late():
    steps, _ = watched([(3.2, 11.7)], answers=False)
    assert changes(steps)[0].since_s <= 3.2
    assert changes(steps)[1].last_s >= 11.7


def test_a_lost_camera_ends_what_it_showed_and_who_is_there_afterwards_is_new():
    _, sighting = watched([(3.2, 100.0)], until=9)
    assert sighting.lost(9 * 10**9) == (Nobody(9.0, 9.0),)
    assert sighting.look(look(20.0)) == (Into(20 * 10**9),)
    assert sighting.looked_into(20 * 10**9) == (There(20.0, 20.0),)


def test_a_camera_lost_before_somebody_counts_still_tells_of_them():
    _, sighting = watched([(3.9, 100.0)], until=5)
    assert sighting.lost(5 * 10**9) == (There(5.0, 3.9), Nobody(5.0, 5.0))


def visits(people, seconds=30):
    """What the steps mean for what is recorded."""
    watch = visit.hours(visit.Watch(visit.VisitSettings(preroll_s=5.0, absence_s=10.0)), True, 0.0)
    found = []
    for step in watched(people, seconds)[0]:
        if not isinstance(step, Into):
            watch, actions = follow(watch, step)
            found += actions
    return found


def test_a_visit_seen_by_keyframes_is_one_and_ends_when_they_left():
    assert visits([(7.2, 15.7)]) == [visit.Begin(7.2 - 5.0), visit.End(15.7), visit.Stop(15.7 + 10.0)]


def test_a_step_aside_of_less_than_two_seconds_is_the_same_visit_even_if_a_keyframe_shows_nobody():
    once = [visit.Begin, visit.End, visit.Stop]
    assert [type(action) for action in visits([(3.2, 9.2), (10.6, 15.0)])] == once
    assert [type(action) for action in visits([(3.2, 9.2), (11.4, 15.0)])] == [visit.Begin, visit.End, *once]


def test_an_open_session_holds_the_visit_although_the_picture_lost_them_long_ago():
    watch = visit.hours(visit.Watch(visit.VisitSettings(preroll_s=5.0, absence_s=10.0)), True, 0.0)
    watch, _ = visit.look(watch, True, 6.0, 5.0)
    watch, _ = visit.kiosk(watch, visit.Session.OPEN, 11.0)
    watch, actions = visit.gone(watch, 7.0, 12.0)
    assert not actions
    watch, actions = visit.kiosk(watch, visit.Session.NONE, 12.0)
    watch, actions = visit.gone(watch, 7.0, 14.5)
    assert actions == (visit.End(11.0),)
