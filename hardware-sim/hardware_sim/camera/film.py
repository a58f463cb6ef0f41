"""Scenes as a camera's own stream: H.264 with a keyframe every two seconds, or written down as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from hardware_sim.camera.scenes import Painter, Picture, Scene

GOP_S = 2.0


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit in Annex-B, parameter sets before each keyframe. at_s: second of the scene."""

    data: bytes = field(repr=False)
    keyframe: bool
    at_s: float


def drawn(scene: Scene, colour: bool = False) -> Iterator[Picture]:
    """Every picture of a scene, in order."""
    painter = Painter(scene, colour)
    for frame in range(scene.frames):
        yield painter.picture(frame / scene.fps)


def encoded(pictures: Iterable[Picture], fps: float, *, crf: int = 26, gop_s: float = GOP_S) -> Iterator[Unit]:
    """Pictures as a camera sends them: no B-frames, no lookahead, a fixed group."""
    encoder: Any = None
    for number, picture in enumerate(pictures):
        if encoder is None:
            encoder = _encoder(picture, fps, crf, gop_s)
        frame = av.VideoFrame.from_ndarray(_planes(picture), format="yuv420p")
        frame.pts = number
        yield from (_unit(packet, fps) for packet in encoder.encode(frame))
    if encoder is not None:
        yield from (_unit(packet, fps) for packet in encoder.encode(None))


def written(pictures: Iterable[Picture], fps: float, path: Path, *, crf: int = 26, gop_s: float = GOP_S) -> None:
    """The same into a file that every player opens (its name's ending says which kind)."""
    with av.open(str(path), "w") as file:
        stream: Any = None
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = file.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
                _set_up(stream.codec_context, picture, fps, crf, gop_s)
            frame = av.VideoFrame.from_ndarray(_planes(picture), format="yuv420p")
            frame.pts = number
            frame.time_base = 1 / Fraction(fps).limit_denominator(1000)
            file.mux(stream.encode(frame))
        if stream is not None:
            file.mux(stream.encode(None))


def short_film(pictures: int = 240) -> list[tuple[Unit, ...]]:
    """Something moves over a wall: tiny pictures, ten a second, in groups that each play by themselves; for trials of
    what stores them, where many seconds are to cost little."""
    wall = np.random.default_rng(3).integers(40, 200, (64, 96, 3), dtype=np.uint8)

    def drawing() -> Iterator[Picture]:
        for number in range(pictures):
            picture = wall.copy()
            picture[20:44, (number * 3) % 80 : (number * 3) % 80 + 14] = (number % 250, 90, 200)
            yield picture

    groups: list[list[Unit]] = []
    for unit in encoded(drawing(), 10.0, crf=40):
        if unit.keyframe:
            groups.append([])
        groups[-1].append(unit)
    return [tuple(group) for group in groups]


def _encoder(picture: Picture, fps: float, crf: int, gop_s: float) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    _set_up(encoder, picture, fps, crf, gop_s)
    return encoder


def _set_up(encoder: Any, picture: Picture, fps: float, crf: int, gop_s: float) -> None:
    rate = Fraction(fps).limit_denominator(1000)
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt = "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.thread_count = 1
    gop = round(gop_s * fps)
    encoder.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "crf": str(crf),
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:threads=1:repeat-headers=1",
    }


def _planes(picture: Picture) -> Picture:
    """Luma and chroma below each other, as `yuv420p` has them. A picture of luma alone has no colour."""
    height, width = picture.shape[:2]
    if picture.ndim == 3:
        import cv2

        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = picture
    return planes


def _unit(packet: Any, fps: float) -> Unit:
    return Unit(bytes(packet), bool(packet.is_keyframe), float(packet.pts) / fps)
