"""When a picture was, which keyframes need not be looked at, and what goes over the wire."""

from __future__ import annotations

import socket
from fractions import Fraction

import av
import pytest

from drivers.camera import Codec, Packet, StreamFacts, first_picture
from drivers.camera_av import Pacer
from hardware_sim.camera import cases, film
from hardware_sim.camera.film import drawn
from hardware_sim.camera.scenes import overlap
from recorder.presence import Detector, PresenceSettings
from recorder.quiet import MOST_LEFT_OUT, Quiet
from recorder.rehearsal import rehearse
from recorder.sighting import Sighting
from recorder.visit import VisitSettings
from recorder.wire import Kind, Message, Wire, apart, together

S = 10**9


# ---- when a picture was ----------------------------------------------------------------------------------------


def test_pictures_of_a_burst_are_as_far_apart_as_they_were_made():
    pacer = Pacer()
    for tenth in range(50):
        pacer.at(tenth / 10, 100 * S + tenth * S // 10)
    burst = [pacer.at(5 + tenth / 10, 105 * S + 6 * S // 10) for tenth in range(6)]
    assert burst == pytest.approx([105 * S + tenth * S // 10 for tenth in range(6)], abs=10_000_000)


def test_no_picture_is_from_the_future_and_none_before_the_last():
    pacer, late_ns, before = Pacer(), [0, 300, 0, 50, 800, 10, 0, 1200, 0, 0], 0
    for number in range(300):
        arrived = 100 * S + number * S // 10 + late_ns[number % 10] * 1_000_000
        found = pacer.at(number / 10 if number % 7 else None, arrived)
        assert before < found <= max(arrived, before + 1)
        before = found


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, 5e6])
def test_a_stream_whose_time_jumps_is_dated_by_arrival_from_then_on(jump_s):
    pacer = Pacer()
    for tenth in range(20):
        pacer.at(tenth / 10, 100 * S + tenth * S // 10)
    for tenth in range(20, 40):
        arrived = 100 * S + tenth * S // 10
        assert pacer.at(jump_s + tenth / 10, arrived) == pytest.approx(arrived, abs=10_000_000)


@pytest.mark.parametrize("gain", [1 + 2e-4, 1 - 2e-4])
def test_a_camera_s_clock_that_goes_wrong_never_leaves_ours_by_more_than_a_tenth(gain):
    pacer = Pacer()
    for second in range(0, 20_000, 5):
        arrived = 100 * S + second * S
        assert abs(pacer.at(second * gain, arrived) - arrived) <= S // 10


# ---- which keyframes are left out ------------------------------------------------------------------------------


def decided(groups, closely=False):
    """For each group's keyframe after the first, whether it is left out."""
    quiet, found = Quiet(), []
    quiet.closely = closely
    for key, *others in groups:
        found.append(quiet.leave_out(key))
        for size in others:
            quiet.add(size)
    return found[1:]


STILL = [90_000, *[7000, 7200, 6900] * 6]


@pytest.mark.parametrize(("closely", "most"), [(False, MOST_LEFT_OUT), (True, 0)])
def test_while_nothing_changes_so_many_keyframes_in_a_row_are_left_out_and_no_more(closely, most):
    said = "".join("-" if left_out else "L" for left_out in decided([STILL] * 30, closely))
    assert "L" + "-" * most + "L" in said[6:]
    assert "-" * (most + 1) not in said


@pytest.mark.parametrize(
    "changed",
    [
        [90_000, *[8200] * 18],
        [90_000, *[6000] * 18],
        [93_000, *STILL[1:]],
        [90_000, *STILL[1:-1], 11_000],
        [90_000],
    ],
    ids=["more is new", "less is new", "another keyframe", "one picture", "no pictures"],
)
def test_what_changes_is_looked_at(changed):
    # The keyframe after the changed group, or the one it begins with, whatever had been left out before.
    for before in range(4, 7):
        left_out = decided([*[STILL] * before, changed, STILL])
        assert not all(left_out[-2:])
        assert not left_out[-1] or changed[0] != 90_000


@pytest.mark.parametrize("stirred", [[90_000, *[8200] * 18], [90_000, *STILL[1:-1], 11_000]], ids=["all", "one"])
def test_pictures_that_cost_more_than_when_nothing_changed_are_worth_a_look(stirred):
    quiet, found = Quiet(), []
    quiet.closely = False
    for key, *others in [*[STILL] * 4, stirred, STILL, STILL, stirred, STILL]:
        quiet.leave_out(key)
        found.append(quiet.stirred)
        for size in others:
            quiet.add(size)
    # Told with the keyframe after them.
    assert [number for number, told in enumerate(found) if told] == [5, 8]


def test_while_somebody_is_there_it_is_not_learned_what_calm_costs():
    quiet = Quiet()
    groups = (
        [(False, STILL)] * 4 + [(True, [90_000, *[9000] * 18])] * 6 + [(False, [90_000, *[8200] * 18]), (False, STILL)]
    )
    for closely, (key, *others) in groups:
        quiet.closely = closely
        quiet.leave_out(key)
        for size in others:
            quiet.add(size)
    assert quiet.stirred


@pytest.mark.parametrize("others", [[], [7000, 20_000] * 9], ids=["keyframes only", "never the same"])
def test_a_stream_that_never_is_calm_is_not_looked_into_all_the_time(others):
    quiet = Quiet()
    quiet.closely = False
    for number in range(40):
        assert not quiet.leave_out(90_000 + 3000 * (number % 3))
        assert not quiet.stirred
        for size in others:
            quiet.add(size + 500 * (number % 5))


def test_an_encoder_told_to_spend_the_same_on_everything_hides_nobody():
    scene = cases.case("two in turn")
    encoder, packets = None, []
    for number, picture in enumerate(drawn(scene)):
        if encoder is None:
            encoder = film._encoder(picture, scene.fps, 26, 2.0)
            constant = "bitrate=400:vbv-maxrate=400:vbv-bufsize=400:nal-hrd=cbr"
            encoder.options = encoder.options | {"x264-params": encoder.options["x264-params"] + ":" + constant}
            del encoder.options["crf"]
        frame = av.VideoFrame.from_ndarray(film._planes(picture), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 10)
        packets += [Packet(bytes(one), bool(one.is_keyframe), one.pts * S // 10, 0) for one in encoder.encode(frame)]
    x0, y0, x1, y1 = scene.zone
    sighting = Sighting(Detector(PresenceSettings(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))))
    facts = StreamFacts(Codec.H264, scene.width, scene.height, scene.fps)
    done = rehearse(packets, facts, sighting, VisitSettings(5.0, 10.0))
    assert overlap(done.recorded, scene.truth())[1] == 1.0
    assert overlap(done.visits, scene.truth())[0] >= 0.95


# ---- the wire --------------------------------------------------------------------------------------------------


def test_packets_go_together_and_come_apart_as_they_were():
    packets = [Packet(bytes([n]) * (n * 1000), n == 0, S + n, 0) for n in range(60)]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        sender, receiver = Wire(ours), Wire(theirs)
        assert receiver.receive(0.0) is None
        sender.send(Message(Kind.DONE, 5))
        sender.send(together(packets))
        assert receiver.receive(10) == Message(Kind.DONE, 5)
        told = receiver.receive(10)
    assert apart(told) == packets
    assert [one.boot_ns for one in apart(told, 7)] == [one.boot_ns + 7 for one in packets]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\1\x67sps\0\0\0\1\x68pps\0\0\1\x65idr", 5),
        (b"\0\0\0\1\x09\xf0\0\0\1\x41not", 1),
        (b"\0\0\0\1\x67sps", 0),
        (b"\0\0\1", 0),
        (b"", 0),
    ],
)
def test_the_first_picture_of_an_access_unit(data, kind):
    assert first_picture(data) == kind
