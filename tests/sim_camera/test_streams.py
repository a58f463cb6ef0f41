"""The streams of the simulated camera, read by FFmpeg's own demuxers and decoders; each fault on the wire."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from hardware_sim.camera.bench import CameraBench
from hardware_sim.camera.control import Desk
from hardware_sim.camera.faults import FAULTS, LENS
from hardware_sim.camera.live import LivePlace
from hardware_sim.camera.streams import GOP_S, Encoder, Streams, jpeg

FPS = 8.0
WAIT_S = 30.0


class Camera:
    """Streams on real sockets, pictures made as quickly as they are read: no second is waited for."""

    def __init__(self) -> None:
        self.place = LivePlace(320, 180)
        self.now_s = 100.0
        self.streams = Streams(self.place.planes, FPS, lambda: self.now_s)
        self.desk = Desk(self.place, self.streams, lambda: self.now_s)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self.streams.plug())
        self._task = asyncio.run_coroutine_threadsafe(self._pictures(), self._loop)

    async def _pictures(self) -> None:
        while True:
            self.now_s += 1 / FPS
            if not self.streams.hung:
                self.streams.send(self.now_s)
            await asyncio.sleep(0.005)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    def ask(self, do: str, **values: object) -> dict[str, Any]:
        answer = json.loads(self.run(self.desk.handle(json.dumps({"do": do, **values}).encode())))
        assert answer["ok"], answer
        return answer["result"]

    def open(self, what: str = "h264") -> Any:
        s = self.streams
        if what == "h264":
            return av.open(f"tcp://127.0.0.1:{s.h264_port}", format="mpegts", timeout=(WAIT_S, WAIT_S))
        return av.open(f"http://127.0.0.1:{s.mjpeg_port}/video", format="mpjpeg", timeout=(WAIT_S, WAIT_S))

    def close(self) -> None:
        self._task.cancel()

        async def end() -> None:
            self.streams.unplug()
            await asyncio.sleep(0.05)

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def camera() -> Iterator[Camera]:
    made = Camera()
    yield made
    made.close()


def packets(container: Any, number: int) -> list[Any]:
    found = []
    for packet in container.demux(video=0):
        if packet.size:
            found.append(packet)
        if len(found) == number:
            break
    return found


@pytest.mark.parametrize("what", ["h264", "mjpeg"])
def test_a_stream_decodes_and_shows_the_place(camera: Camera, what: str) -> None:
    camera.place.light(0.0, 0.7)
    with camera.open(what) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == (what, 320, 180)
        frames = []
        for frame in container.decode(video=0):
            frames.append(frame.to_ndarray(format="gray"))
            if len(frames) == 20:
                break
    wanted = camera.place.planes(camera.now_s)[:180]
    shown = cv2.blur(frames[-1], (9, 9)).astype(int) - cv2.blur(wanted, (9, 9)).astype(int)
    assert np.abs(shown).mean() < 6


def test_groups_are_two_seconds_and_every_one_can_be_begun_with(camera: Camera) -> None:
    with camera.open() as container:
        found = packets(container, 60)
    assert found[0].is_keyframe
    keys = [n for n, packet in enumerate(found) if packet.is_keyframe]
    # The first ones are made for who connects.
    assert {b - a for a, b in pairwise(keys[1:])} == {round(GOP_S * FPS)}
    steps = {round(float((b.pts - a.pts) * b.time_base), 3) for a, b in pairwise(found)}
    assert steps == {1 / FPS}


def test_nobody_connected_means_nothing_drawn(camera: Camera) -> None:
    with camera.open() as container:
        packets(container, 5)
    give_up = camera.now_s + 500
    while camera.streams.clients and camera.now_s < give_up:
        camera.ask("status")
    drawn: list[float] = []
    camera.streams._planes = lambda at_s: drawn.append(at_s) or camera.place.planes(at_s)  # type: ignore[func-returns-value]
    camera.run(asyncio.sleep(0.1))
    assert not drawn


def test_unplugged_cuts_off_and_refuses_until_it_is_plugged_in_again(camera: Camera) -> None:
    with camera.open() as container:
        packets(container, 5)
        camera.ask("fault", name="unplugged")
        with suppress(av.error.FFmpegError):
            packets(container, 1000)
    with pytest.raises(av.error.FFmpegError):
        camera.open()
    camera.ask("clear", name="unplugged")
    with camera.open() as container:
        assert packets(container, 5)


def test_hung_stays_connected_and_sends_nothing(camera: Camera) -> None:
    with av.open(f"tcp://127.0.0.1:{camera.streams.h264_port}", format="mpegts", timeout=(WAIT_S, 0.5)) as container:
        packets(container, 5)
        camera.ask("fault", name="hung")
        with pytest.raises(av.error.FFmpegError) as raised:
            packets(container, 10_000)
    assert isinstance(raised.value, av.error.TimeoutError | av.error.ExitError)


@pytest.mark.parametrize("how", ["bits", "noise"])
def test_garbled_data_are_not_what_was_sent(camera: Camera, how: str) -> None:
    with camera.open() as container:
        good = bytes(packets(container, 1)[0])
        assert good
    camera.ask("fault", name="garbled", how=how)
    data = bytes(range(256)) * 8
    spoilt = camera.streams._worse(data)
    assert len(spoilt) == len(data)
    wrong = sum(a != b for a, b in zip(data, spoilt, strict=True))
    assert (1 <= wrong < 20) if how == "bits" else wrong > 1900


def test_without_keyframes_only_differences_come(camera: Camera) -> None:
    with camera.open() as container:
        packets(container, 20)
        camera.ask("fault", name="no_keyframes")
        later = packets(container, 100)[40:]
    assert not any(packet.is_keyframe for packet in later)


def test_the_streams_own_time_jumps(camera: Camera) -> None:
    camera.ask("fault", name="timestamps")
    with camera.open() as container:
        found = packets(container, 120)
    times = [float(packet.pts * packet.time_base) for packet in found if packet.pts is not None]
    assert max(abs(b - a) for a, b in pairwise(times)) > 5


def test_another_size_of_picture_and_the_old_one_again(camera: Camera) -> None:
    camera.ask("fault", name="resolution", width=240, height=136)
    with camera.open() as container:
        assert container.streams.video[0].width == 240
    camera.ask("clear")
    with camera.open() as container:
        assert container.streams.video[0].width == 320


# ---- commands ---------------------------------------------------------------------------------------------


def test_every_fault_is_told_of_and_can_be_cleared(camera: Camera) -> None:
    for name in FAULTS:
        assert name in camera.ask("fault", name=name)["faults"]
    told = camera.ask("status")["faults"]
    assert set(told) & set(LENS) == {LENS[-1]}, "one lens shows one thing"
    assert camera.ask("clear")["faults"] == []
    assert camera.ask("status")["lens"] == "clear"
    assert camera.streams.plugged


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"do": "dance"}, "step_in"),
        ({"do": "fault", "name": "flooded"}, "unplugged"),
        ({"do": "fault", "name": "garbled", "how": "well"}, "noise"),
        ({"do": "fault", "name": "hung", "for": 3}, "takes no for"),
        ({"do": "fault", "name": "resolution", "width": 3.5}, "whole numbers"),
        ({"do": "light", "gain": "bright"}, "float"),
        ({"do": "leave"}, "step in"),
        ([], '"do"'),
    ],
)
def test_a_wrong_request_is_refused_with_what_would_be_right(camera: Camera, wish: object, said: str) -> None:
    answer = json.loads(camera.run(camera.desk.handle(json.dumps(wish).encode())))
    assert not answer["ok"]
    assert said in answer["error"]


def test_a_picture_is_what_the_lens_sees(camera: Camera) -> None:
    small = jpeg(camera.place.planes(1.0), 160)
    assert cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR).shape == (90, 160, 3)


def test_an_encoder_begins_where_it_is_told() -> None:
    encoder = Encoder(320, 180, FPS, 50.0)
    data, keyframe = encoder.unit(LivePlace(320, 180).planes(0.0), key=True)
    encoder.close()
    assert keyframe
    assert len(data) % 188 == 0
    assert data[0] == 0x47


# ---- the process ------------------------------------------------------------------------------------------


@pytest.mark.stack
def test_the_process_serves_obeys_and_ends_with_its_bench(tmp_path: Path, short: Callable[[], Path]) -> None:
    with CameraBench(short(), tmp_path / "log") as bench:
        assert bench.do("step_in")["person"]
        with av.open(bench.h264_url, format="mpegts", timeout=(WAIT_S, WAIT_S)) as container:
            assert len(packets(container, 5)) == 5
        with pytest.raises(ValueError, match="let them leave"):
            bench.do("step_in")
        assert bench.picture()[:2] == b"\xff\xd8"
        pid = bench.pid
    assert not Path(f"/proc/{pid}").exists()
    assert (tmp_path / "log").read_text() == ""
