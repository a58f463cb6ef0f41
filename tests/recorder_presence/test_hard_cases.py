"""Who steps in front is on the record, whole and as one visit; light is nobody. Beside truth, on encoded pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardware_sim.camera.cases import CASES, case
from hardware_sim.camera.scenes import Visitor, overlap
from recorder.presence import Detector, PresenceSettings
from recorder.rehearsal import rehearse
from recorder.sighting import Sighting
from recorder.visit import VisitSettings


def faults(visits, recorded, truth):
    """What is wrong with a recorder's result; nothing, if nothing is."""
    found = []
    if truth and overlap(recorded, truth)[1] < 1.0:
        found.append("somebody was there and is not on the record")
    if overlap(visits, truth)[0] < 0.95:
        found.append("the visits' bounds are wrong")
    if len(visits) != len(truth):
        found.append(f"{len(visits)} visits instead of {len(truth)}")
    if not truth and recorded:
        found.append("recorded, though nobody was there")
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_hard_case(recorded, name):
    film, done = recorded(name)
    assert not faults(done.visits, done.recorded, film.scene.truth()), done


@pytest.mark.parametrize("name", ["already there", "two in turn", "light, empty"])
def test_a_first_start_without_a_known_place_loses_nobody(recorded, name):
    film, done = recorded(name, kept=False)
    assert not faults(done.visits, done.recorded, film.scene.truth()), done


def test_a_place_learned_with_somebody_in_it_is_mended_once_they_have_left(film):
    # They do not move at all until then, so nothing tells them from a statue.
    one = film(replace(case("already there"), seconds=40.0, visitors=(Visitor(-20, 15, still=True),)))
    sighting = Sighting(Detector(PresenceSettings(one.zone)))
    done = rehearse(one.packets, one.facts, sighting, VisitSettings(5.0, 10.0))
    ((_, left),) = done.visits
    assert abs(left - 1000.0 - one.scene.truth()[0][1]) < 0.5
    assert not sighting.there


def test_what_is_looked_at_is_mostly_keyframes(recorded):
    film, done = recorded("stands still for 60 s")
    assert done.looks < 0.15 * film.scene.frames


def test_a_thing_left_behind_is_told_as_a_changed_view(recorded):
    film, done = recorded("bag left behind")
    left = film.scene.truth()[0][1]
    assert len(done.views) == 1
    assert left < done.views[0] - 1000.0 < left + 10


@pytest.mark.parametrize("name", ["six visits", "already there", "bag left behind"])
def test_a_recorder_that_is_always_on_or_never_on_would_not_pass(recorded, name):
    film, _ = recorded(name)
    truth, whole = film.scene.truth(), [(0.0, film.scene.seconds)]
    assert faults(whole, whole, truth)
    assert faults([], [], truth)


def test_an_empty_place_in_changing_light_fails_a_recorder_that_is_always_on(recorded):
    film, _ = recorded("light, empty")
    whole = [(0.0, film.scene.seconds)]
    assert faults(whole, whole, film.scene.truth())
