"""The empty place is kept over a restart, and given up when it cannot be this camera's any more."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.camera import Look
from recorder.presence import Detector, PresenceSettings

EVERYWHERE = PresenceSettings(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def look(at_s, width=160, height=90, seed=1):
    wide = np.random.default_rng(seed).integers(60, 200, (height // 10, width // 10))
    grey = np.kron(wide, np.ones((10, 10))).astype(np.uint8)
    return Look(grey.tobytes(), width, height, True, round(at_s * 1e9))


def with_somebody(empty):
    grey = np.frombuffer(empty.grey, np.uint8).reshape(empty.height, empty.width).copy()
    grey[20:80, 60:90] = 10
    return Look(grey.tobytes(), empty.width, empty.height, True, empty.boot_ns)


def blank(at_s):
    """A hand over the lens, or a stream that decodes to nothing."""
    return Look(bytes([128]) * (160 * 90), 160, 90, True, round(at_s * 1e9))


def spoilt(at_s):
    """What wrong bits decode to."""
    grey = np.random.default_rng(round(at_s)).integers(0, 256, 160 * 90).astype(np.uint8)
    return Look(grey.tobytes(), 160, 90, True, round(at_s * 1e9))


def learned():
    """A detector that has seen one visit come and go."""
    detector = Detector(EVERYWHERE)
    for tenth in range(60):
        detector.see(look(tenth / 10))
    assert detector.see(with_somebody(look(6.0))).present
    assert not detector.see(look(8.0)).present
    return detector


def test_a_kept_reference_sees_who_is_there_from_the_first_picture_on():
    kept = learned().reference()
    assert not Detector(EVERYWHERE, kept).see(look(0.0)).present
    assert Detector(EVERYWHERE, kept).see(with_somebody(look(0.0))).present


def test_a_reference_is_kept_only_after_a_visit_has_come_and_gone():
    detector = Detector(EVERYWHERE)
    for tenth in range(60):
        detector.see(look(tenth / 10))
    assert detector.ready
    assert detector.reference() is None
    assert learned().reference() is not None


def test_a_reference_of_another_shape_or_a_damaged_one_is_none():
    kept = learned().reference()
    assert not Detector(EVERYWHERE, kept).ready_for(look(0.0, 160, 120))
    for damaged in (kept[:-1], kept[:3], b""):
        assert not Detector(EVERYWHERE, damaged).ready_for(look(0.0))


def test_a_camera_that_looks_elsewhere_is_learned_anew():
    detector = learned()
    assert detector.see(look(10.0, seed=2)).present
    detector.relearn()
    for tenth in range(100, 160):
        detector.see(look(tenth / 10, seed=2))
    assert detector.ready
    assert not detector.see(look(20.0, seed=2)).present


def test_somebody_who_does_not_move_for_minutes_is_learned_as_a_thing_at_last():
    detector = Detector(PresenceSettings(EVERYWHERE.zone, patience_s=60.0), learned().reference())
    seen = [detector.see(with_somebody(look(float(at)))) for at in range(0, 90, 2)]
    assert [one.present for one in seen] == [True] * 30 + [False] * 15
    assert [one.changed_view for one in seen].count(True) == 1


def test_what_hid_the_view_for_long_is_forgotten_at_once_when_it_is_free_again():
    detector = Detector(PresenceSettings(EVERYWHERE.zone, patience_s=60.0), learned().reference())
    hidden = [detector.see(blank(float(at))) for at in range(0, 90, 2)]
    assert [one.present for one in hidden] == [True] * 30 + [False] * 15
    assert not detector.see(look(90.0)).present
    assert detector.see(with_somebody(look(92.0))).present
    assert not detector.see(look(94.0)).present


def test_who_steps_in_behind_the_hand_on_the_lens_is_seen_when_it_is_taken_away():
    detector = Detector(PresenceSettings(EVERYWHERE.zone, patience_s=60.0), learned().reference())
    for at in range(0, 90, 2):
        detector.see(blank(float(at)))
    assert detector.see(with_somebody(look(90.0))).present
    assert not detector.see(look(92.0)).present


def test_a_picture_of_nothing_is_no_place_that_somebody_has_left():
    detector = Detector(EVERYWHERE)
    for tenth in range(60):
        detector.see(look(tenth / 10))
    assert detector.ready
    assert not detector.sure
    assert detector.see(spoilt(6.0)).present
    hidden = [detector.see(blank(float(at))) for at in range(8, 40, 2)]
    assert all(one.present for one in hidden)
    assert not detector.see(look(40.0)).present


def test_a_picture_of_nothing_is_never_learned_as_the_place():
    detector = Detector(EVERYWHERE)
    for tenth in range(100):
        detector.see(blank(tenth / 10))
    assert not detector.ready
    for tenth in range(100, 150):
        detector.see(look(tenth / 10))
    assert detector.ready
    assert not detector.see(look(15.0)).present


def test_somebody_who_stands_still_after_a_spoilt_picture_is_not_taken_for_what_it_left_behind():
    detector = Detector(EVERYWHERE, learned().reference())
    assert detector.see(spoilt(0.0)).present
    assert all(detector.see(with_somebody(look(float(at)))).present for at in range(2, 60, 2))


def grey_hall(at_s):
    """A place of one grey with a patterned pillar in it."""
    rng = np.random.default_rng(3)
    grey = rng.integers(122, 134, (90, 160))
    grey[:, 60:100] = np.kron(rng.choice([70, 190], (9, 4)), np.ones((10, 10), int))
    return Look(grey.astype(np.uint8).tobytes(), 160, 90, True, round(at_s * 1e9))


def veil(at_s):
    """A cloth over the lens: no pattern, brighter towards one corner."""
    grey = 125 * (np.linspace(0, 1, 160)[None] + np.linspace(0, 1, 90)[:, None])
    return Look(grey.astype(np.uint8).tobytes(), 160, 90, True, round(at_s * 1e9))


@pytest.mark.parametrize(("place", "hides"), [(grey_hall, blank), (look, veil)], ids=["a part of it", "all of it"])
def test_while_the_place_is_not_certain_what_hides_it_is_not_taken_for_what_is_behind_somebody(place, hides):
    detector = Detector(EVERYWHERE)
    for tenth in range(60):
        detector.see(place(tenth / 10))
    assert detector.ready
    assert all(detector.see(hides(float(at))).present for at in range(6, 40, 2))
    assert not detector.see(place(40.0)).present
