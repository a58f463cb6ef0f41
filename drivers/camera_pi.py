"""A Raspberry Pi's own camera through picamera2 (Debian package python3-picamera2; not on PyPI's machines).

Not tried on hardware here: written from picamera2's manual. A Pi 4 encodes in hardware; a Pi 5 has no encoder and
encodes with libx264 in software, so an IP or USB camera with an encoder of its own is the better choice there.
"""

from __future__ import annotations

import queue
import time
from typing import Any, Final

from drivers.camera import IDR, CameraError, Codec, Packet, StreamFacts, parameter_sets, units

WAIT_S: Final = 0.5
QUEUED: Final = 64


class PiCamera:
    """The first camera of libcamera. GOP of two seconds, parameter sets repeated."""

    def __init__(self, width: int, height: int, fps: float) -> None:
        self._size = width, height
        self._fps = fps
        self._camera: Any = None
        self._queue: queue.Queue[tuple[bytes, bool]] = queue.Queue(QUEUED)
        self._sets = b""

    @property
    def keeps(self) -> bool:
        return True

    def open(self) -> StreamFacts:
        try:
            from picamera2 import Picamera2  # type: ignore[import-not-found, unused-ignore]
            from picamera2.encoders import H264Encoder  # type: ignore[import-not-found, unused-ignore]
            from picamera2.outputs import Output  # type: ignore[import-not-found, unused-ignore]
        except ImportError as error:
            raise CameraError(
                "unplugged", "picamera2 is not there: 'sudo apt-get install python3-picamera2', and a venv that sees it"
            ) from error
        waiting = self._queue

        class ToQueue(Output):  # type: ignore[misc, unused-ignore]
            def outputframe(self, frame: bytes, keyframe: bool = True, *_more: object, **_others: object) -> None:
                if waiting.full():
                    waiting.get_nowait()
                waiting.put_nowait((bytes(frame), keyframe))

        try:
            self._camera = Picamera2()
            self._camera.configure(
                self._camera.create_video_configuration(main={"size": self._size}, controls={"FrameRate": self._fps})
            )
            encoder = H264Encoder(bitrate=1_000_000, repeat=True, iperiod=round(2 * self._fps))
            self._camera.start_recording(encoder, ToQueue())
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraError("unplugged", f"picamera2: {error}: look at the camera's ribbon cable") from error
        return StreamFacts(Codec.H264, *self._size, self._fps)

    def read(self) -> Packet | None:
        try:
            data, keyframe = self._queue.get(timeout=WAIT_S)
        except queue.Empty:
            return None
        keyframe = keyframe or any(kind == IDR for kind, _ in units(data))
        if keyframe and (own := parameter_sets(data)):
            self._sets = own
        elif keyframe:
            data = self._sets + data
        return Packet(data, keyframe, time.clock_gettime_ns(time.CLOCK_BOOTTIME), 0)

    def close(self) -> None:
        if self._camera is not None:
            self._camera.stop_recording()
            self._camera.close()
            self._camera = None
