"""The simulated camera's streams, as network cameras send them.

- H.264 in an MPEG transport stream (ITU-T H.264, ISO/IEC 13818-1) over TCP: whoever connects gets it from a keyframe
  on.
- JPEG pictures as ``multipart/x-mixed-replace`` over HTTP (RFC 2046, section 5.1), under any address but
  ``/snapshot.jpg``, which is one picture.

Nothing is drawn or encoded while nobody is connected. RTSP is not simulated.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.uint8]
"""As `live.LivePlace.planes` gives them."""

GOP_S: Final = 2.0
QUALITY: Final = 29
"""Constant rate factor of x264."""
JPEG_QUALITY: Final = 80
BOUNDARY: Final = "picture"
JUMPS_S: Final = 3.0
"""With jumping timestamps the stream's time is another one each time so much has passed."""
_LONGEST_JUMP_S: Final = 20_000
_MOST_WAITING: Final = 2 << 20
"""Bytes for a client that does not read; then it is left out until it does."""
_REQUEST_S: Final = 10.0


class Encoder:
    """One encoder and one multiplexer, of one size of picture. For one thread. begins_s: the stream's first time."""

    def __init__(self, width: int, height: int, fps: float, begins_s: float = 0.0) -> None:
        rate = Fraction(fps).limit_denominator(1000)
        self._out = io.BytesIO()
        # PAT and PMT with every picture: whoever comes late can begin with any keyframe.
        options = {"mpegts_flags": "pat_pmt_at_frames", "flush_packets": "1"}
        self._file = av.open(self._out, "w", format="mpegts", options=options)
        stream: Any = self._file.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        gop = max(1, round(GOP_S * fps))
        stream.codec_context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": str(QUALITY),
            "forced-idr": "1",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:threads=1:repeat-headers=1",
        }
        self._stream = stream
        self._time_base = 1 / rate
        self._next = round(begins_s * fps)

    def unit(self, planes: Planes, *, key: bool) -> tuple[bytes, bool]:
        """One picture's packets of the transport stream, and whether it needs none before. key: make it such a one."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = self._next, self._time_base
        if key:
            frame.pict_type = av.video.frame.PictureType.I
        self._next += 1
        keyframe = False
        for packet in self._stream.encode(frame):
            keyframe = keyframe or bool(packet.is_keyframe)
            self._file.mux(packet)
        data = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return data, keyframe

    def close(self) -> None:
        with suppress(av.error.FFmpegError):
            self._file.close()


def jpeg(planes: Planes, width: int | None = None) -> bytes:
    """A picture as JPEG; width: shrunk to it."""
    picture = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    if width is not None and width < picture.shape[1]:
        height = round(picture.shape[0] * width / picture.shape[1])
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError("the picture cannot be made a JPEG")
    return data.tobytes()


class Streams:
    """Serves both streams on loopback from one event loop, at `fps` pictures a second.

    planes: the picture of a second of `clock`. Faults are attributes, to be set from the same loop: `hung`, `garbled`
    ("", "bits" or "noise"), `keyframes`, `jumping`.
    """

    def __init__(
        self, planes: Callable[[float], Planes], fps: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._planes = planes
        self.fps = fps
        self._clock = clock
        self._servers: list[asyncio.Server] = []
        self._ports = [0, 0]
        self._h264: set[asyncio.StreamWriter] = set()
        self._joining: set[asyncio.StreamWriter] = set()
        self._mjpeg: set[asyncio.StreamWriter] = set()
        self._encoder: Encoder | None = None
        self._of = (0, 0)
        self._jumped_s = 0.0
        self._bad = random.Random(7)
        self.hung = False
        self.garbled = ""
        self.keyframes = True
        self.jumping = False

    @property
    def h264_port(self) -> int:
        return self._ports[0]

    @property
    def mjpeg_port(self) -> int:
        return self._ports[1]

    @property
    def clients(self) -> int:
        return len(self._h264) + len(self._joining) + len(self._mjpeg)

    @property
    def plugged(self) -> bool:
        return bool(self._servers)

    # -- the cable ---------------------------------------------------------------------------------

    async def plug(self) -> None:
        """Listen, on the same ports as before. OSError when they cannot be had."""
        if self._servers:
            return
        for n, serve in enumerate((self._serve_h264, self._serve_http)):
            server = await asyncio.start_server(serve, "127.0.0.1", self._ports[n])
            self._servers.append(server)
            self._ports[n] = server.sockets[0].getsockname()[1]

    def unplug(self) -> None:
        """Nobody listens any more, and who was connected is cut off."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for writer in (*self._h264, *self._joining, *self._mjpeg):
            writer.transport.abort()
        self._h264, self._joining, self._mjpeg = set(), set(), set()
        self._forget()

    # -- pictures ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Picture after picture, evenly, until it is cancelled."""
        due = self._clock()
        while True:
            due = max(due + 1 / self.fps, self._clock())
            await asyncio.sleep(max(0.0, due - self._clock()))
            if not self.hung:
                self.send(self._clock())

    def send(self, at_s: float) -> None:
        """One picture to everybody who is connected."""
        if not self.clients:
            self._forget()
            return
        planes = self._planes(at_s)
        if self._h264 or self._joining:
            self._send_h264(planes, at_s)
        if self._mjpeg:
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: "
            body = jpeg(planes)
            part = head.encode() + f"{len(body)}\r\n\r\n".encode() + self._worse(body) + b"\r\n"
            self._write(self._mjpeg, part)

    def _send_h264(self, planes: Planes, at_s: float) -> None:
        height, width = planes.shape[0] * 2 // 3, planes.shape[1]
        if self.jumping and at_s - self._jumped_s >= JUMPS_S:
            self._forget()
        if self._encoder is None or self._of != (width, height):
            self._forget()
            begins_s = self._bad.uniform(0, _LONGEST_JUMP_S) if self.jumping else 0.0
            self._encoder = Encoder(width, height, self.fps, begins_s)
            self._of, self._jumped_s = (width, height), at_s
        data, keyframe = self._encoder.unit(planes, key=bool(self._joining) and self.keyframes)
        if keyframe and not self.keyframes:
            return
        data = self._worse(data)
        self._write(self._h264, data)
        if keyframe or not self.keyframes:
            self._write(self._joining, data)
            self._h264 |= self._joining
            self._joining = set()

    def _forget(self) -> None:
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    def _worse(self, data: bytes) -> bytes:
        """As the cable leaves it."""
        if self.garbled == "noise":
            return os.urandom(len(data))
        if self.garbled == "bits":
            spoilt = bytearray(data)
            for _ in range(max(1, len(data) // 400)):
                spoilt[self._bad.randrange(len(spoilt))] ^= 1 << self._bad.randrange(8)
            return bytes(spoilt)
        return data

    def _write(self, clients: set[asyncio.StreamWriter], data: bytes) -> None:
        for writer in clients:
            if writer.transport.get_write_buffer_size() < _MOST_WAITING:
                writer.write(data)

    # -- who connects ------------------------------------------------------------------------------

    async def _serve_h264(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._until_gone(reader, writer, self._joining)

    async def _serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_S)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            writer.transport.abort()
            return
        words = head.split(b"\r\n", 1)[0].split()
        if len(words) != 3 or words[0] != b"GET":
            await _end(writer, b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n")
            return
        if words[1] == b"/snapshot.jpg":
            body = jpeg(self._planes(self._clock()))
            await _end(writer, b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n"
                               b"Connection: close\r\n\r\n%b" % (len(body), body))  # fmt: skip
            return
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
        )
        await self._until_gone(reader, writer, self._mjpeg)

    async def _until_gone(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clients: set[asyncio.StreamWriter]
    ) -> None:
        clients.add(writer)
        try:
            while await reader.read(4096):
                pass
        except OSError:
            pass
        finally:
            for each in (self._h264, self._joining, self._mjpeg):
                each.discard(writer)
            writer.transport.abort()


async def _end(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    with suppress(OSError):
        await writer.drain()
        writer.close()
        await writer.wait_closed()
