"""A camera that shows no longer what it should is noticed in seconds, each fault by itself; people are none."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from drivers.camera import Look, Packet
from hardware_sim.camera import cases
from hardware_sim.camera.film import drawn, encoded
from recorder.capture_child import Looker
from recorder.health import Change, Fault, Health
from recorder.light import prepared
from recorder.presence import Detector, PresenceSettings, packed

FROM_S, UNTIL_S = 10.0, 20.0


@pytest.mark.parametrize("name", cases.CASES)
def test_people_light_and_things_are_no_fault(film, reference, name):
    one = film(name)
    detector, health = Detector(PresenceSettings(one.zone), reference), Health()
    for look in one.looks():
        assert not health.see(look, detector.see(look).present)
        assert not health.tick(look.boot_ns)
        health.heard(look.boot_ns)


@pytest.fixture(scope="module")
def empty_place():
    scene = replace(cases.case("light, empty"), seconds=26.0, lights=())
    return list(drawn(scene))


def told(film, pictures):
    """[(fault, second of the scene, second it was told)] of begins, then of ends."""
    facts, health, found = film("light, empty").facts, Health(), []
    looker = Looker(facts)
    for unit in encoded(pictures, facts.fps):
        if not unit.keyframe:
            continue
        width_height_grey = looker.keyframe(Packet(unit.data, True, round(unit.at_s * 1e9), 0)).body
        look = Look(width_height_grey[4:], 160, len(width_height_grey[4:]) // 160, True, round(unit.at_s * 1e9))
        found += [(change, unit.at_s) for change in health.see(look, present=False)]
    return found


def covered(picture):
    noise = np.random.default_rng(int(picture[0, 0])).normal(0, 2, picture.shape)
    return np.clip(60 + picture * 0.02 + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("fault", "spoil", "within_s"),
    [
        (Fault.DARK, lambda picture: (picture * 0.05).astype(np.uint8), 4),
        (Fault.BRIGHT, lambda picture: cv2.convertScaleAbs(picture, alpha=6.0), 4),
        (Fault.COVERED, covered, 4),
        (Fault.DEFOCUSED, lambda picture: cv2.GaussianBlur(picture, (0, 0), 4), 6),
        (Fault.TURNED, lambda picture: np.roll(picture, 20, axis=1), 6),
        (Fault.TURNED, lambda picture: np.roll(picture, -25, axis=0), 6),
    ],
    ids=["dark", "bright", "covered", "defocused", "turned", "tilted"],
)
def test_a_fault_begins_in_seconds_and_ends(film, empty_place, fault, spoil, within_s):
    found = told(film, (spoil(p) if FROM_S <= n / 10 < UNTIL_S else p for n, p in enumerate(empty_place)))
    (began, began_s), (ended, ended_s) = found
    assert began == Change(fault, True, round(FROM_S * 1e9))
    assert ended == Change(fault, False, round(UNTIL_S * 1e9))
    assert began_s <= FROM_S + within_s
    assert ended_s == UNTIL_S


def test_a_frozen_sensor_before_a_running_encoder_is_told(film, empty_place):
    stuck = empty_place[100]
    (began, began_s), (ended, ended_s) = told(
        film, (stuck if FROM_S <= n / 10 < UNTIL_S else p for n, p in enumerate(empty_place))
    )
    assert (began.fault, began.began, ended.fault, ended.began) == (Fault.FROZEN, True, Fault.FROZEN, False)
    assert FROM_S <= began.at_ns / 1e9 <= began_s <= FROM_S + 9
    assert ended_s == UNTIL_S


def test_a_frozen_stream_is_told_after_three_seconds_and_ends_with_the_next_living_picture(film):
    looks, health, found = film("light, empty").looks()[:4], Health(), []
    for number in range(12):
        at_ns = number * 2 * 10**9
        look = replace(looks[min(number, 3)] if number != 11 else looks[0], boot_ns=at_ns)
        found += [(change, number * 2) for change in health.see(look, present=False)]
    assert found == [
        (Change(Fault.FROZEN, True, 6 * 10**9), 10),
        (Change(Fault.FROZEN, False, 22 * 10**9), 22),
    ]


def test_no_packet_for_two_seconds_is_a_lost_camera_until_the_next_one():
    health = Health()
    assert not health.heard(10 * 10**9)
    assert not health.tick(12 * 10**9)
    assert health.tick(13 * 10**9) == (Change(Fault.LOST, True, 10 * 10**9),)
    assert not health.tick(14 * 10**9)
    assert health.faults == {Fault.LOST: 10 * 10**9}
    assert health.heard(15 * 10**9) == (Change(Fault.LOST, False, 15 * 10**9),)
    assert not health.faults


def test_a_camera_that_never_gave_a_picture_is_lost_too():
    health = Health()
    assert not health.tick(10**9)
    assert health.tick(4 * 10**9) == (Change(Fault.LOST, True, 10**9),)


def test_a_turned_camera_is_told_until_its_view_is_accepted(film):
    health, found = Health(), []
    looks = film("light, empty").looks()[:4]
    turned = [
        np.roll(np.frombuffer(look.grey, np.uint8).reshape(look.height, look.width), 12, axis=1).tobytes()
        for look in looks
    ]
    for number in range(10):
        grey = looks[number % 4].grey if number < 2 else turned[number % 4]
        found += health.see(replace(looks[0], grey=grey, boot_ns=number * 2 * 10**9), present=False)
    assert found == [Change(Fault.TURNED, True, 4 * 10**9)]
    health.accept_view()
    for number in range(10, 14):
        found += health.see(replace(looks[0], grey=turned[number % 4], boot_ns=number * 2 * 10**9), present=False)
    assert found[1:] == [Change(Fault.TURNED, False, 20 * 10**9)]


def still(seconds, present=None, at_s=0.0, step=1):
    """Looks at an empty place by a clean camera, every two seconds; present(n): somebody walks about in the n-th."""
    wide = np.random.default_rng(1).integers(60, 200, (9, 16))
    for number in range(round(seconds / 2)):
        noise = np.random.default_rng(100 + number).integers(-step, step + 1, (90, 160))
        grey = np.kron(wide, np.ones((10, 10), int)) + noise
        if here := present is not None and present(number):
            left = 20 + 37 * number % 90
            grey[20:85, left : left + 30] = 20
        yield Look(grey.astype(np.uint8).tobytes(), 160, 90, True, round((at_s + 2 * number) * 1e9)), here


def test_who_walks_about_at_the_start_is_not_taken_for_the_cameras_own_noise():
    health = Health()
    for look, here in still(60, present=lambda number: 1 <= number <= 8):
        assert not health.see(look, here)


def test_a_start_with_wrong_bits_does_not_make_a_fault_of_the_right_picture():
    empty = [look for look, _ in still(60)]
    health, found = Health(packed(prepared(empty[0]))), []
    for number, look in enumerate(empty):
        spoilt = np.random.default_rng(number).integers(0, 256, 160 * 90).astype(np.uint8)
        found += health.see(replace(look, grey=spoilt.tobytes()) if number < 6 else look, present=False)
    assert found == [Change(Fault.TURNED, True, 0), Change(Fault.TURNED, False, 12 * 10**9)]


def test_a_camera_turned_while_the_power_was_off_is_told_after_the_start_until_its_view_is_accepted():
    empty = [look for look, _ in still(60)]
    health, found = Health(packed(prepared(empty[0]))), []
    for look in empty:
        grey = np.frombuffer(look.grey, np.uint8).reshape(90, 160)
        turned = replace(look, grey=np.roll(grey, 14, axis=1).tobytes())
        if look.boot_ns == 20 * 10**9:
            health.accept_view()
        found += health.see(turned, present=False)
    assert found == [Change(Fault.TURNED, True, 0), Change(Fault.TURNED, False, 20 * 10**9)]
