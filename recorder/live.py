"""What the camera shows now, for staff who look after it: one small JPEG, made when it is asked for.

The newest keyframe is kept in memory until the next one comes, or the camera is lost; nothing of it is stored or
logged, in and out of opening hours. It is decoded in a process of its own (``python -m recorder.live``, packet to
standard input, JPEG from standard output), so that a codec that crashes or hangs costs one picture and nothing else.
Where there is a mask, the keyframe is masked already (`masking.py`).
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Final

from drivers.camera import Codec, Lost, Packet, StreamFacts

if TYPE_CHECKING:  # the codec's process needs neither
    from config.clock import Clock
    from recorder.capture import Heard

MOST_WIDTH, MOST_HEIGHT = 640, 360
EVERY_S: Final = 1.0
"""No two pictures are made within so long, whoever asks."""
MADE_S: Final = 5.0
"""So long may the codec's process take."""
OLD_S: Final = 12.0
"""A keyframe that is older is not what the camera shows now."""
MOST_BYTES: Final = 512 << 10
DECODER: Final = (sys.executable, "-m", "recorder.live")


class Live:
    """`hear` belongs to the camera's thread; `told` may be asked from any. now: monotonic seconds.

    decoder: command that is given the codec's name, a packet on its standard input, and writes a JPEG.
    """

    def __init__(
        self, clock: Clock, decoder: Sequence[str] = DECODER, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._decoder = tuple(decoder)
        self._now = now
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._codec = Codec.H264
        self._newest: Packet | None = None
        self._made_s = float("-inf")
        self._made_ns = -1

    def hear(self, heard: Heard) -> None:
        """Everything the camera's process says; only keyframes are kept, one at a time."""
        with self._lock:
            match heard:
                case Packet(keyframe=True):
                    self._newest = heard
                case StreamFacts(codec=codec):
                    self._codec, self._newest = codec, None
                case Lost():
                    self._newest = None

    def told(self) -> dict[str, Any]:
        """The answer to ``live``. at_utc: when the picture was taken, age_s: how long ago that was; jpeg: base64, or
        None, and then why: lost (no camera, or no keyframe for long), busy (asked too often, or there is none that was
        not told yet), garbled."""
        with self._lock:
            newest, codec = self._newest, self._codec
        if newest is None:
            return _none("lost")
        age_s = max(0.0, self._clock.boot() - newest.boot_ns / 1e9)
        if age_s > OLD_S:
            return _none("lost")
        if not self._making.acquire(blocking=False):
            return _none("busy")
        try:
            if self._now() - self._made_s < EVERY_S or newest.boot_ns == self._made_ns:
                return _none("busy")
            self._made_s, self._made_ns = self._now(), newest.boot_ns
            jpeg = self._make(codec, newest.data)
        finally:
            self._making.release()
        if not jpeg:
            return _none("garbled")
        taken = self._clock.now().astimezone(UTC) - timedelta(seconds=self._clock.boot() - newest.boot_ns / 1e9)
        return {
            "v": 1,
            "at_utc": taken.isoformat(timespec="milliseconds"),
            "age_s": round(age_s, 3),
            "jpeg": base64.b64encode(jpeg).decode(),
            "why": "",
        }

    def _make(self, codec: Codec, packet: bytes) -> bytes:
        """Empty when the codec crashed, hung, or could make nothing of it."""
        try:
            done = subprocess.run(
                [*self._decoder, codec.value],
                input=packet,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=MADE_S,
                check=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        except (subprocess.SubprocessError, OSError):
            return b""
        return done.stdout if len(done.stdout) <= MOST_BYTES else b""


def _none(why: str) -> dict[str, Any]:
    return {"v": 1, "at_utc": None, "age_s": None, "jpeg": None, "why": why}


def picture(codec: str, packet: bytes) -> bytes:
    """A JPEG of one keyframe, no larger than 640×360; empty when there is no picture in it."""
    from fractions import Fraction

    import av

    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(packet)), *decoder.decode(None)]
    except av.error.FFmpegError:
        return b""
    if not frames:
        return b""
    frame = frames[0]
    share = min(1.0, MOST_WIDTH / frame.width, MOST_HEIGHT / frame.height)
    width, height = (max(2, int(side * share) // 2 * 2) for side in (frame.width, frame.height))
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.qmin = encoder.qmax = 4
    encoder.time_base = Fraction(1, 1)
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = 0
    return b"".join(bytes(one) for one in [*encoder.encode(small), *encoder.encode(None)])


def main() -> int:
    jpeg = picture(sys.argv[1], sys.stdin.buffer.read())
    sys.stdout.buffer.write(jpeg)
    return 0 if jpeg else 1


if __name__ == "__main__":
    sys.exit(main())
