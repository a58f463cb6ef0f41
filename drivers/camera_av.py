"""Cameras through FFmpeg (PyAV): V4L2, RTSP, HTTP multipart MJPEG, MPEG-TS over TCP, and files in real time.

The camera's own packets are handed on as they came; only their clothing changes: H.264 as Annex-B, with SPS and PPS
before every keyframe (ITU-T H.264 annex B), so that each group of pictures can be played without the ones before.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import av
import av.bitstream
import av.error

from drivers.camera import IDR, CameraError, Codec, Packet, StreamFacts, first_picture, parameter_sets

OPEN_S: Final = 8.0
READ_S: Final = 2.0
_AT_ONCE: Final = {"fpsprobesize": "0"}
"""The stream begins as soon as its size is known, not only when FFmpeg has counted its pictures for seconds."""
_CODECS: Final = {"h264": Codec.H264, "mjpeg": Codec.MJPEG}


@dataclass(frozen=True, slots=True)
class AvSettings:
    """source: as in the machine file; width, height, fps: asked of a V4L2 camera, expected of any other."""

    source: str
    width: int
    height: int
    fps: float


class AvCamera:
    """One stream. For one thread; meant for a process of its own, because codecs hang and crash.

    Raises CameraError from `open` and `read`. Its `reason` is one of those of `camera.Lost`.
    """

    def __init__(self, settings: AvSettings) -> None:
        self._settings = settings
        self._container: Any = None
        self._packets: Iterator[Any] = iter(())
        self._filter: Any = None
        self._tick_s = 0.0
        self._facts: StreamFacts | None = None
        self._pacer = Pacer()
        self._began: float | None = None
        self._is_file = settings.source.startswith("file:")

    @property
    def keeps(self) -> bool:
        return urlsplit(self._settings.source).scheme in {"rtsp", "http", "https", "tcp"}

    def open(self) -> StreamFacts:
        """Connect and find out what the stream is."""
        url, format_name, options = self._how()
        try:
            self._container = av.open(url, format=format_name, options=options, timeout=(OPEN_S, READ_S))
            stream = self._container.streams.video[0]
        except IndexError as error:
            raise CameraError("garbled", f"{self._settings.source}: no video in what the camera sends") from error
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise CameraError("unplugged", _cannot(self._settings.source, error)) from error
        context = stream.codec_context
        codec = _CODECS.get(context.name)
        if codec is None:
            raise CameraError(
                "garbled", f"{self._settings.source}: {context.name} cannot be stored: set the camera to H.264 or MJPEG"
            )
        if not context.width or not context.height:
            raise CameraError(
                "no_keyframes", f"{self._settings.source}: no keyframe: set the camera's GOP to 2 s or less"
            )
        extra = bytes(context.extradata or b"")
        if codec is Codec.H264 and extra[:1] == b"\x01":
            self._filter = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
            extra = b""
        self._packets, self._tick_s = self._container.demux(stream), float(stream.time_base)
        fps = float(stream.average_rate or self._settings.fps)
        sets = parameter_sets(extra) if codec is Codec.H264 else b""
        self._facts = StreamFacts(codec, context.width, context.height, fps, sets)
        return self._facts

    def read(self) -> Packet | None:
        """The next access unit; None where the stream holds something that is none. Blocks up to READ_S."""
        assert self._facts is not None
        try:
            raw = next(self._packets, None)
        except (av.error.TimeoutError, av.error.ExitError) as error:
            raise CameraError("hung", f"{self._settings.source}: nothing for {READ_S:.0f} s") from error
        except (av.error.FFmpegError, OSError) as error:
            raise CameraError("garbled", _cannot(self._settings.source, error)) from error
        if raw is None or (raw.size == 0 and raw.dts is None):
            raise CameraError("ended", f"{self._settings.source}: the stream has ended")
        seconds = raw.pts * self._tick_s if raw.pts is not None else None
        if self._is_file and seconds is not None:
            self._keep_time(seconds)
        arrived_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        data = self._dressed(raw)
        if not data:
            return None
        boot_ns = self._pacer.at(seconds, arrived_ns)
        if self._facts.codec is Codec.MJPEG:
            return Packet(data, True, boot_ns, 0)
        keyframe = bool(raw.is_keyframe) or first_picture(data) == IDR
        if keyframe:
            data = self._with_sets(data)
        return Packet(data, keyframe, boot_ns, 0)

    def close(self) -> None:
        if self._container is not None:
            with contextlib.suppress(av.error.FFmpegError, OSError):
                self._container.close()
            self._container = None

    def _how(self) -> tuple[str, str | None, dict[str, str]]:
        """URL, FFmpeg's name of the format, and its options."""
        s = self._settings
        if s.source.startswith("v4l2:"):
            size = {"video_size": f"{s.width}x{s.height}", "framerate": f"{s.fps:g}", "input_format": "mjpeg"}
            return s.source.removeprefix("v4l2:"), "v4l2", size
        if s.source.startswith("file:"):
            return s.source.removeprefix("file:"), None, {}
        scheme = urlsplit(s.source).scheme
        if scheme == "rtsp":
            return s.source, "rtsp", {"rtsp_transport": "tcp", **_AT_ONCE}
        if scheme in {"http", "https"}:
            return s.source, "mpjpeg", _AT_ONCE
        if scheme == "tcp":
            return s.source, "mpegts", {"fflags": "nobuffer", **_AT_ONCE}
        raise CameraError("unplugged", f"{s.source}: no such kind of camera; see config/machine.example.toml")

    def _keep_time(self, seconds: float) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now - seconds
        time.sleep(max(0.0, self._began + seconds - now))

    def _dressed(self, raw: Any) -> bytes:
        if self._filter is None:
            return bytes(raw)
        return b"".join(bytes(one) for one in self._filter.filter(raw))

    def _with_sets(self, data: bytes) -> bytes:
        """SPS and PPS first. Raises CameraError when they are others than before: the picture has changed its size."""
        assert self._facts is not None
        own = parameter_sets(data)
        if not own:
            return self._facts.parameter_sets + data
        if self._facts.parameter_sets and own != self._facts.parameter_sets:
            raise CameraError("changed", f"{self._settings.source}: the camera has changed its picture")
        if not self._facts.parameter_sets:
            self._facts = replace(self._facts, parameter_sets=own)
        return data


class Pacer:
    """When a picture was: the stream's own even time, tied to the earliest arrival.

    A camera makes pictures evenly; a network delivers in bursts, and late. No picture arrives before it was made, so
    the one that was least late ties the two clocks together. The tie is loosened by a thousandth of the time that
    passes, because no two clocks go alike; where the stream's time jumps, it is tied anew.
    """

    JUMP_NS: Final = 1_500_000_000

    def __init__(self) -> None:
        self._tie_ns: int | None = None
        self._stream_ns = 0
        self._last_ns = 0

    def at(self, stream_s: float | None, arrived_ns: int) -> int:
        """Boot time in nanoseconds; always later than the picture before, never later than now."""
        found = arrived_ns
        if stream_s is not None:
            stream_ns = round(stream_s * 1e9)
            tie_ns, passed_ns = self._tie_ns, stream_ns - self._stream_ns
            if tie_ns is None or passed_ns < 0 or arrived_ns - stream_ns - tie_ns > self.JUMP_NS:
                tie_ns = arrived_ns - stream_ns
            self._tie_ns = min(tie_ns + max(0, passed_ns) // 1000, arrived_ns - stream_ns)
            self._stream_ns = stream_ns
            found = stream_ns + self._tie_ns
        self._last_ns = max(self._last_ns + 1, found)
        return self._last_ns


def _cannot(source: str, error: Exception) -> str:
    return f"{source}: {getattr(error, 'strerror', None) or error}: look at cable, power and address of the camera"
