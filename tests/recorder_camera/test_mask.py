"""With a mask nothing of the camera's own stream is handed on, and what is stored is black there, by ffmpeg's word."""

from __future__ import annotations

import socket
import subprocess
import threading
from dataclasses import replace

import numpy as np
import pytest

from drivers.camera import CameraError, Codec, Packet, StreamFacts
from hardware_sim.camera import cases
from hardware_sim.camera.film import drawn, encoded
from recorder import capture_child
from recorder.capture_child import Child
from recorder.wire import Kind, Wire, WireClosed, apart, message

WIDTH, HEIGHT, FPS = 480, 270, 10.0
MASK = [[[0.1, 0.2], [0.4, 0.2], [0.4, 0.5], [0.1, 0.5]], [[0.6, 0.9], [0.9, 0.9], [0.75, 0.6]]]
BLACK = 24
"""Grey level up to which a coded point counts as black (16 is black itself)."""


class Film:
    """A camera that has so many packets and then ends."""

    keeps = False

    def __init__(self, packets):
        self._packets = list(packets)

    def open(self):
        return StreamFacts(Codec.H264, WIDTH, HEIGHT, FPS)

    def read(self):
        if not self._packets:
            raise CameraError("ended", "that was all")
        return self._packets.pop(0)

    def close(self):
        pass


@pytest.fixture(scope="module")
def film():
    scene = replace(cases.case("two in turn"), seconds=6.0)
    return [
        Packet(unit.data, unit.keyframe, 10**9 + round(unit.at_s * 1e9), 0) for unit in encoded(drawn(scene), scene.fps)
    ]


@pytest.fixture
def handed_on(film, monkeypatch):
    """The messages of a whole life of the camera's process, run here."""

    def run(mask):
        monkeypatch.setattr(capture_child, "make_source", lambda *_: Film(film))
        monkeypatch.setattr(capture_child, "settle", lambda: None)
        ours, theirs = socket.socketpair()
        wire, child = Wire(ours), Child(Wire(theirs))
        wire.send(message(Kind.SETTINGS, source="film", width=WIDTH, height=HEIGHT, fps=FPS, mask=mask))

        def live():
            with theirs, pytest.raises(CameraError, match="that was all"):
                child.run()

        thread = threading.Thread(target=live)
        thread.start()
        found = []
        try:
            while True:
                found.append(wire.receive(30))
        except WireClosed:
            pass
        finally:
            thread.join(30)
            wire.close()
        return found

    return run


def packets_of(told):
    return [packet for one in told if one.kind is Kind.PACKETS for packet in apart(one)]


def by_ffmpeg(packets, folder):
    """Luma of every picture, as another program decodes it."""
    path = folder / "stored.h264"
    path.write_bytes(b"".join(packet.data for packet in packets))
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert not done.stderr
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)


def inside():
    """Points well within the mask, those of a square and of a triangle."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = columns / WIDTH, rows / HEIGHT
    square = (x > 0.11) & (x < 0.39) & (y > 0.22) & (y < 0.48)
    triangle = (y > 0.63) & (y < 0.89) & (abs(x - 0.75) < (y - 0.62) * 0.45)
    return square, triangle


def test_the_mask_is_black_in_every_picture_that_is_stored_and_nothing_else_is(handed_on, film, tmp_path):
    pictures = by_ffmpeg(packets_of(handed_on(MASK)), tmp_path)
    plain = by_ffmpeg(film, tmp_path)
    assert len(pictures) == len(plain) == len(film)
    square, triangle = inside()
    for picture, own in zip(pictures, plain, strict=True):
        assert own[square].mean() > 60, "there was something to see"
        assert picture[square].max() <= BLACK
        assert picture[triangle].max() <= BLACK
        assert abs(float(picture[:40].mean()) - float(own[:40].mean())) < 3


def test_with_a_mask_no_byte_of_the_camera_s_own_pictures_is_handed_on(handed_on, film):
    own = {packet.data for packet in film}
    assert {packet.data for packet in packets_of(handed_on([]))} == own, "without one they are"
    masked = packets_of(handed_on(MASK))
    assert len(masked) == len(film)
    slices = [data[-64:] for data in own]
    assert not any(tail in packet.data for packet in masked for tail in slices)


def test_what_is_looked_at_is_masked_too(handed_on):
    looks = [one for one in handed_on(MASK) if one.kind is Kind.LOOK]
    assert len(looks) == 3
    for look in looks:
        grey = np.frombuffer(look.body[4:], np.uint8).reshape(-1, 160)
        assert grey[20:42, 20:60].max() <= BLACK
