"""The camera as the recorder sees it: packets as the camera made them, and small grey pictures to look at.

Values and the port only; nothing heavy is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Codec(Enum):
    H264 = "h264"
    MJPEG = "mjpeg"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a stream is. fps: nominal pictures a second; parameter_sets: SPS and PPS in Annex-B, empty for MJPEG."""

    codec: Codec
    width: int
    height: int
    fps: float
    parameter_sets: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Packet:
    """One access unit in Annex-B, SPS and PPS before every keyframe, or one JPEG picture.

    boot_ns: boot time of its arrival; utc_us: label, microseconds since 1970.
    """

    data: bytes = field(repr=False)
    keyframe: bool
    boot_ns: int
    utc_us: int


@dataclass(frozen=True, slots=True)
class Look:
    """A small picture of the luma plane, row by row, one byte a point; made of a keyframe or of any picture."""

    grey: bytes = field(repr=False)
    width: int
    height: int
    keyframe: bool
    boot_ns: int


@dataclass(frozen=True, slots=True)
class Lost:
    """No pictures any more. reason: unplugged, hung, garbled, changed, no_keyframes, ended, crashed."""

    reason: str
    boot_ns: int


class CameraSource(Protocol):
    """A camera's stream. `open` and `read` raise CameraError; `read` gives None when nothing came for half a second."""

    def open(self) -> StreamFacts: ...

    def read(self) -> Packet | None: ...

    def close(self) -> None: ...


class CameraError(RuntimeError):
    """The camera cannot be used. reason: see `Lost`; the message says what to look at."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def make_source(source: str, width: int, height: int, fps: float) -> CameraSource:
    """The camera that the machine file names. Raises CameraError when this machine cannot drive such a one."""
    if source.startswith("picamera2:"):
        from drivers.camera_pi import PiCamera

        return PiCamera(width, height, fps)
    from drivers.camera_av import AvCamera, AvSettings

    return AvCamera(AvSettings(source, width, height, fps))
