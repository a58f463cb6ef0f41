"""What the camera shows now: of the newest keyframe, when asked, and nothing else."""

from __future__ import annotations

import base64
import io
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import av
import pytest

from drivers.camera import Codec, Lost, Packet, StreamFacts
from hardware_sim.camera.film import drawn, encoded
from hardware_sim.camera.scenes import Scene
from recorder import live
from recorder.live import OLD_S, Live
from recorder.masking import Masker

START = datetime(2026, 11, 24, 1, 24, tzinfo=UTC)
ECHO = (sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.argv[1].encode() + sys.stdin.buffer.read())")
FACTS = StreamFacts(Codec.H264, 1280, 720, 10.0)


@dataclass
class Hands:
    """A clock that the test sets, for the recorder and for the pauses."""

    seconds: float = 500.0

    def boot(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def make(hands: Hands, decoder=ECHO) -> Live:
    made = Live(hands, decoder, hands.boot)
    made.hear(FACTS)
    return made


def packet(data: bytes, hands: Hands, *, keyframe: bool = True) -> Packet:
    return Packet(data, keyframe, round(hands.seconds * 1e9), 0)


def jpeg(answer) -> bytes:
    return base64.b64decode(answer["jpeg"])


def test_the_newest_keyframe_as_a_small_picture_with_its_time(hands) -> None:
    shown = Live(hands, now=hands.boot)
    unit = next(iter(encoded(drawn(Scene(0.1, width=1280, height=720)), 10.0)))
    shown.hear(FACTS)
    shown.hear(packet(unit.data, hands))
    hands.seconds += 1.25
    answer = shown.told()
    with av.open(io.BytesIO(jpeg(answer)), format="mjpeg") as file:
        (frame,) = file.decode(video=0)
    assert (frame.width, frame.height) == (640, 360)
    assert frame.to_ndarray(format="gray").std() > 10, "there is something to be seen"
    assert (answer["age_s"], answer["why"]) == (1.25, "")
    assert datetime.fromisoformat(answer["at_utc"]) == START + timedelta(seconds=500)


def test_only_keyframes_count_and_each_takes_the_place_of_the_one_before(hands) -> None:
    shown = make(hands)
    shown.hear(packet(b"one", hands))
    shown.hear(packet(b"two", hands))
    shown.hear(packet(b"no key", hands, keyframe=False))
    assert jpeg(shown.told()) == b"h264two"


def test_a_camera_that_is_lost_or_says_nothing_shows_nothing(hands) -> None:
    shown = make(hands)
    assert shown.told()["why"] == "lost"
    shown.hear(packet(b"one", hands))
    hands.seconds += OLD_S + 1
    assert (shown.told()["jpeg"], shown.told()["why"]) == (None, "lost")
    shown.hear(packet(b"two", hands))
    shown.hear(Lost("unplugged", 0))
    assert shown.told()["why"] == "lost"
    shown.hear(packet(b"three", hands))
    shown.hear(StreamFacts(Codec.MJPEG, 1280, 720, 10.0))
    assert shown.told()["why"] == "lost", "of a stream that is another now"


def test_at_most_one_a_second_is_made_whoever_asks(hands) -> None:
    shown = make(hands)
    shown.hear(packet(b"one", hands))
    assert shown.told()["jpeg"]
    hands.seconds += 0.9
    shown.hear(packet(b"two", hands))
    assert (shown.told()["jpeg"], shown.told()["why"]) == (None, "busy")
    hands.seconds += 0.2
    assert jpeg(shown.told()) == b"h264two"
    hands.seconds += 5
    assert (shown.told()["jpeg"], shown.told()["why"]) == (None, "busy"), "it shows nothing that was not told already"


@pytest.mark.parametrize("codec", ["import os; os.abort()", "import time; time.sleep(600)", "pass"])
def test_a_codec_that_crashes_hangs_or_finds_nothing_costs_one_picture(hands, monkeypatch, codec) -> None:
    monkeypatch.setattr(live, "MADE_S", 1.0)
    shown = make(hands, (sys.executable, "-c", codec))
    shown.hear(packet(b"one", hands))
    answer = shown.told()
    assert (answer["jpeg"], answer["why"]) == (None, "garbled")


def test_nonsense_is_no_picture() -> None:
    assert live.picture("h264", b"nonsense" * 40) == b""
    assert live.picture("mjpeg", b"") == b""


def test_what_is_masked_is_masked_here_too() -> None:
    """The keyframe is that of the stream to be stored: the mask is in it before it leaves the camera's process."""
    unit = next(iter(encoded(drawn(Scene(0.1, width=640, height=360)), 10.0)))
    masker = Masker(StreamFacts(Codec.H264, 640, 360, 10.0), (((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)),))
    (masked, _), *_ = masker.feed(Packet(unit.data, True, 1_000_000_000, 0))
    with av.open(io.BytesIO(live.picture("h264", masked.data)), format="mjpeg") as file:
        (frame,) = file.decode(video=0)
    grey = frame.to_ndarray(format="gray")
    assert grey[190:350, 330:630].max() < 40
    assert grey[:170, :310].mean() > 60
