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
READ_S: Final = 3.0
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
        if self._settings.source.startswith("file:") and seconds is not None:
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
            return s.source, "rtsp", {"rtsp_transport": "tcp", "stimeout": str(int(READ_S * 1e6))}
        if scheme in {"http", "https"}:
            return s.source, "mpjpeg", {}
        if scheme == "tcp":
            return s.source, "mpegts", {"fflags": "nobuffer"}
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
    """When a picture was: the stream's own even time, tied to the time of arrival.

    A network delivers in bursts, a camera makes pictures evenly. So as long as the stream's time goes on sensibly, and
    stays within half a second of arrival, it is followed; when it jumps, it is tied anew.
    """

    DRIFT_NS: Final = 500_000_000

    def __init__(self) -> None:
        self._tie_ns: int | None = None
        self._last_ns = 0

    def at(self, stream_s: float | None, arrived_ns: int) -> int:
        """Boot time in nanoseconds; never earlier than the picture before."""
        if stream_s is None:
            found = arrived_ns
        else:
            stream_ns = round(stream_s * 1e9)
            if self._tie_ns is None or abs(stream_ns + self._tie_ns - arrived_ns) > self.DRIFT_NS:
                self._tie_ns = arrived_ns - stream_ns
            found = stream_ns + self._tie_ns
        self._last_ns = max(self._last_ns + 1, found)
        return self._last_ns


def _cannot(source: str, error: Exception) -> str:
    return f"{source}: {getattr(error, 'strerror', None) or error}: look at cable, power and address of the camera"
