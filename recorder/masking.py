"""The privacy mask: what the keypad or the screen shows is painted over before anything is stored (S-8).

A stream that is only copied cannot be masked, so with a mask every picture is decoded, painted and encoded anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import av
from av.video.frame import VideoFrame

from drivers.camera import IDR, CameraError, Codec, Packet, StreamFacts, parameter_sets, units

BLACK, GREY = 16, 128
GROUP_S: Final = 2.0

Polygon = Sequence[Sequence[float]]
"""Corners as shares of the picture's width and height, 0 … 1."""


class Masker:
    """Packets of the camera in, packets of the masked picture out: H.264, a keyframe every two seconds."""

    def __init__(self, facts: StreamFacts, polygons: Sequence[Polygon]) -> None:
        self._decoder: Any = av.CodecContext.create(facts.codec.value, "r")
        self._decoder.thread_count = 1
        if facts.parameter_sets:
            self._decoder.extradata = facts.parameter_sets
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = facts.width, facts.height
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = Fraction(1, 1_000_000)
        encoder.gop_size = max(1, round(GROUP_S * facts.fps))
        encoder.max_b_frames = 0
        encoder.thread_count = 1
        encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "26", "x264-params": "repeat-headers=1"}
        self._encoder = encoder
        self._rows = (
            spans(polygons, facts.width, facts.height),
            spans(polygons, (facts.width + 1) // 2, (facts.height + 1) // 2),
        )
        self.facts = StreamFacts(Codec.H264, facts.width, facts.height, facts.fps)

    def feed(self, packet: Packet) -> Iterator[tuple[Packet, VideoFrame]]:
        """The masked packet with the masked picture it shows. Raises CameraError when the stream cannot be decoded."""
        raw = av.Packet(packet.data)
        raw.pts = raw.dts = packet.boot_ns // 1000
        try:
            frames = self._decoder.decode(raw)
        except av.error.FFmpegError as error:
            raise CameraError("garbled", f"the picture cannot be masked: {error}") from error
        for frame in frames:
            plain = frame.reformat(format="yuv420p")
            plain.pts, plain.time_base = packet.boot_ns // 1000, self._encoder.time_base
            paint(plain, self._rows)
            for made in self._encoder.encode(plain):
                data = bytes(made)
                keyframe = any(kind == IDR for kind, _ in units(data))
                if keyframe and not self.facts.parameter_sets:
                    self.facts = StreamFacts(
                        Codec.H264, self.facts.width, self.facts.height, self.facts.fps, parameter_sets(data)
                    )
                yield Packet(data, keyframe, packet.boot_ns, packet.utc_us), plain


def paint(frame: VideoFrame, rows: tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]) -> None:
    """Black where the mask is, in the planes of a yuv420p picture."""
    for number, plane in enumerate(frame.planes):
        view = memoryview(plane).cast("B")
        value = BLACK if number == 0 else GREY
        for y, first, last in rows[0] if number == 0 else rows[1]:
            at = y * plane.line_size + first
            view[at : at + last - first] = bytes([value]) * (last - first)


def spans(polygons: Sequence[Polygon], width: int, height: int) -> list[tuple[int, int, int]]:
    """(row, first point, point after the last) of what lies in a polygon; rather a point more than one less."""
    found = []
    for polygon in polygons:
        corners = [(x * width, y * height) for x, y in polygon]
        for row in range(height):
            crossings: list[float] = []
            for line in (row, row + 0.5, row + 1):
                for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
                    if min(y0, y1) <= line <= max(y0, y1):
                        crossings += [x0, x1] if y0 == y1 else [x0 + (line - y0) * (x1 - x0) / (y1 - y0)]
            if crossings:
                first, last = max(0, int(min(crossings))), min(width, int(max(crossings)) + 1)
                if first < last:
                    found.append((row, first, last))
    return found
