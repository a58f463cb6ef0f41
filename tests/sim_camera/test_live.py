"""The place before the simulated camera: who comes and goes, light, things and the lens, second by second."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hardware_sim.camera.live import LENSES, LIGHTS, PASSING_S, SWITCH_S, WALK_S, LivePlace

W, H = 320, 180


@pytest.fixture
def place() -> LivePlace:
    return LivePlace(W, H)


def full(plane: np.ndarray) -> np.ndarray:
    return (plane.astype(int) - 16) * 255 // 219


def luma(place: LivePlace, at_s: float) -> np.ndarray:
    """Blurred a little, so that the sensor's noise does not count; 0 is black (ITU-R BT.601 has 16 for it)."""
    return full(cv2.blur(place.planes(at_s)[:H], (5, 5)))


def zone_differs(place: LivePlace, at_s: float, from_s: float) -> float:
    """Share of the zone's points that are others than at another second."""
    x0, y0, x1, y1 = place.zone
    box = np.s_[int(y0 * H) : int(y1 * H), int(x0 * W) : int(x1 * W)]
    return float((np.abs(luma(place, at_s)[box] - luma(place, from_s)[box]) > 12).mean())


def test_somebody_comes_stands_and_leaves_and_the_truth_says_when(place: LivePlace) -> None:
    empty = luma(place, 10.0)
    place.step_in(20.0)
    assert place.there()
    assert np.abs(luma(place, 22.0) - empty).max() > 60
    place.leave(30.0)
    assert not place.there()
    assert place.status(30.5)["in_picture"]
    assert np.abs(luma(place, 30.0 + WALK_S + 0.1) - empty).max() < 12
    (stay,) = place.stays(40.0)
    assert (stay.came_s, stay.left_s) == (20.0 + WALK_S, 30.0)


def test_whoever_turns_back_at_once_has_come_first(place: LivePlace) -> None:
    place.step_in(5.0)
    place.leave(5.2)
    assert not place.there()
    assert place.status(5.0 + WALK_S)["in_picture"]
    (stay,) = place.stays(9.0)
    assert stay.left_s == stay.came_s


def test_whoever_stands_still_does_not_move_by_a_hair(place: LivePlace) -> None:
    place.step_in(0.0)
    assert zone_differs(place, 11.3, 10.0) > 0
    place.stand_still()
    assert zone_differs(place, 60.7, 13.0) == 0
    place.stand_still(False)
    assert zone_differs(place, 72.3, 71.0) > 0


def test_a_passer_by_is_seen_but_never_in_the_zone(place: LivePlace) -> None:
    place.pass_by(5.0)
    before = luma(place, 1.0)
    moments = [5.0 + PASSING_S * share for share in (0.2, 0.5, 0.8)]
    assert all(np.abs(luma(place, at) - before).max() > 40 for at in moments)
    assert all(zone_differs(place, at, 1.0) == 0 for at in moments)
    assert place.stays(20.0) == ()
    assert not place.status(5.0 + PASSING_S + 0.1)["in_picture"]


def test_the_lamp_goes_off_and_on_again(place: LivePlace) -> None:
    bright = luma(place, 1.0).mean()
    place.light(2.0, LIGHTS["off"])
    assert luma(place, 2.0 + SWITCH_S).mean() == pytest.approx(bright * LIGHTS["off"], rel=0.05)
    assert bright * LIGHTS["off"] < luma(place, 2.0 + SWITCH_S / 2).mean() < bright
    place.light(9.0, LIGHTS["on"])
    assert luma(place, 10.0).mean() == pytest.approx(bright, rel=0.02)


def test_a_thing_is_left_and_taken_away(place: LivePlace) -> None:
    place.put_down()
    with_it = luma(place, 1.0)
    place.take_away()
    assert np.abs(with_it - luma(place, 1.0)).max() > 40
    with pytest.raises(ValueError, match="nothing stands there"):
        place.take_away()


def test_the_noise_lives_and_a_frozen_picture_does_not(place: LivePlace) -> None:
    assert (place.planes(1.0) != place.planes(1.125)).any()
    place.freeze(True, 2.0)
    assert (place.planes(2.0) == place.planes(9.0)).all()
    place.freeze(False, 9.0)
    assert (place.planes(9.0) != place.planes(10.0)).any()


def test_each_lens_fault_looks_like_itself(place: LivePlace) -> None:
    sharp = place.planes(1.0)[:H].astype(int)

    def fine(picture: np.ndarray) -> float:
        return float(np.abs(np.diff(cv2.blur(picture.astype(np.float32), (3, 3)), axis=1)).mean())

    found = {}
    for how in LENSES:
        place.lens(how)
        picture = full(place.planes(1.0)[:H])
        found[how] = (picture.mean(), picture.std(), fine(picture))
    assert found["dark"][0] < 12 < found["covered"][0] < 60
    assert found["covered"][1] < 6
    assert found["glare"][0] > 243
    assert found["defocused"][2] < 0.5 * found["clear"][2]
    place.lens("turned")
    aside = place.planes(1.0)[:H].astype(int)
    assert np.abs(cv2.blur((aside - sharp).astype(np.float32), (5, 5))).mean() > 5
    with pytest.raises(ValueError, match="covered"):
        place.lens("broken")


def test_what_cannot_be_done_is_said_and_changes_nothing(place: LivePlace) -> None:
    with pytest.raises(ValueError, match="let somebody step in"):
        place.leave(1.0)
    place.step_in(2.0)
    with pytest.raises(ValueError, match="let them leave"):
        place.step_in(3.0)
    for size in ((641, 360), (64, 48)):
        with pytest.raises(ValueError, match="cannot be"):
            place.resize(*size)
    assert place.planes(5.0).shape == (H * 3 // 2, W)
    assert len(place.stays(5.0)) == 1
