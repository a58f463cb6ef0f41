"""The camera as the recorder sees it: packets as the camera made them, and small grey pictures to look at.

Values and the port only; nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

START: Final = b"\x00\x00\x00\x01"
"""Start code of Annex-B (ITU-T H.264)."""
IDR: Final = 5
"""nal_unit_type of a picture that needs none before it."""
_SPS, _PPS = 7, 8


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
    """A small picture of the luma plane, row by row, one byte a point; made of a keyframe or of any picture.

    stirred: the stream has spent more than usual on the pictures between the keyframe before and this one.
    """

    grey: bytes = field(repr=False)
    width: int
    height: int
    keyframe: bool
    boot_ns: int
    stirred: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """No pictures any more. reason: unplugged, hung, garbled, changed, no_keyframes, ended, crashed."""

    reason: str
    boot_ns: int


class CameraSource(Protocol):
    """A camera's stream. `open` and `read` raise CameraError; `read` gives None when nothing came for half a second."""

    @property
    def keeps(self) -> bool:
        """Whether nothing is lost when nobody reads for a second: a network keeps it, a device's few buffers do not."""
        ...

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


def units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, unit with its start code) of each NAL unit of an access unit in Annex-B."""
    at = _start(data, 0)
    while at >= 0:
        body = at + (4 if data[at : at + 4] == START else 3)
        following = _start(data, body)
        if body < len(data):
            yield data[body] & 0x1F, data[at : following if following >= 0 else len(data)]
        at = following


def first_picture(data: bytes) -> int:
    """nal_unit_type of the first slice of an access unit in Annex-B; 0 without one."""
    at = data.find(START[1:])
    while 0 <= at < len(data) - 3:
        kind = data[at + 3] & 0x1F
        if 1 <= kind <= IDR:
            return kind
        at = data.find(START[1:], at + 3)
    return 0


def parameter_sets(data: bytes) -> bytes:
    """SPS and PPS of an access unit or of extradata, each once, in Annex-B; empty when they are not there."""
    found: dict[bytes, None] = {}
    for kind, unit in units(data):
        if kind in {_SPS, _PPS}:
            found[START + unit.lstrip(b"\0")[1:].rstrip(b"\0")] = None
    return b"".join(found)


def _start(data: bytes, after: int) -> int:
    found = data.find(START[1:], after)
    return found - 1 if found > after and data[found - 1] == 0 else found
