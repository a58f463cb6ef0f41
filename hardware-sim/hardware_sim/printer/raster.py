"""Reading PWG Raster (PWG 5102.4) and Apple Raster ("URF"): page boundaries for counting, pixels for pictures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

PWG_SYNC: Final = b"RaS2"
URF_SYNC: Final = b"UNIRAST\0"
_PWG_HEADER: Final = 1796
_URF_HEADER: Final = 32
MAX_PAGE_BYTES: Final = 256 * 1024 * 1024
_SPACE_BLACK: Final = 3  # PWG: 0 is white, all ones is black


class RasterError(ValueError):
    """The stream breaks its format; the text says where, never with content."""


@dataclass(frozen=True)
class RasterPage:
    """One page. `bits` per pixel is 1, 8 or 24; `inverted` when 0 means white."""

    width: int
    height: int
    bits: int
    dpi: int
    inverted: bool
    pixels: bytes = field(repr=False)


def pages(data: bytes) -> Iterator[RasterPage]:
    """The pages of a PWG Raster or URF stream in order. Raises RasterError on a damaged or cut stream."""
    if data.startswith(PWG_SYNC):
        yield from _pwg(data)
    elif data.startswith(URF_SYNC):
        yield from _urf(data)
    else:
        raise RasterError("neither PWG Raster nor URF")


def _pwg(data: bytes) -> Iterator[RasterPage]:
    pos = len(PWG_SYNC)
    while pos < len(data):
        if pos + _PWG_HEADER > len(data) or not data[pos:].startswith(b"PwgRaster"):
            raise RasterError("a page header is missing or cut off")
        (dpi,) = struct.unpack_from(">I", data, pos + 276)
        width, height = struct.unpack_from(">II", data, pos + 372)
        bits, line_bytes, _order, space = struct.unpack_from(">IIII", data, pos + 388)
        if bits not in (1, 8, 24) or line_bytes != (width * bits + 7) // 8:
            raise RasterError("a page has a pixel layout this printer does not take")
        pixels, pos = _lines(data, pos + _PWG_HEADER, line_bytes, max(1, bits // 8), width, height)
        yield RasterPage(width, height, bits, dpi, space == _SPACE_BLACK, pixels)


def _urf(data: bytes) -> Iterator[RasterPage]:
    pos = len(URF_SYNC) + 4
    while pos < len(data):
        if pos + _URF_HEADER > len(data):
            raise RasterError("a page header is cut off")
        bits = data[pos]
        width, height, dpi = struct.unpack_from(">III", data, pos + 12)
        if bits not in (8, 24):
            raise RasterError("a page has a pixel layout this printer does not take")
        pixels, pos = _lines(data, pos + _URF_HEADER, width * bits // 8, bits // 8, width, height)
        yield RasterPage(width, height, bits, dpi, False, pixels)


def _lines(data: bytes, pos: int, line_bytes: int, unit: int, width: int, height: int) -> tuple[bytes, int]:
    """Undo the run-length code: a repeat count for each line, then runs of `unit` octets."""
    if not (width and height and line_bytes * height <= MAX_PAGE_BYTES):
        raise RasterError("a page has an impossible size")
    out = bytearray()
    try:
        while len(out) < line_bytes * height:
            repeat = data[pos] + 1
            pos += 1
            line = bytearray()
            while len(line) < line_bytes:
                code = data[pos]
                pos += 1
                if code == 128:  # the rest of the line is blank
                    line += b"\xff" * (line_bytes - len(line))
                elif code < 128:
                    line += data[pos : pos + unit] * (code + 1)
                    pos += unit
                else:
                    line += data[pos : pos + unit * (257 - code)]
                    pos += unit * (257 - code)
                if pos > len(data):
                    raise RasterError("the stream ends within a page")
            if len(line) != line_bytes:
                raise RasterError("a line is longer than the page is wide")
            out += line * repeat
    except IndexError:
        raise RasterError("the stream ends within a page") from None
    if len(out) != line_bytes * height:
        raise RasterError("a page has more lines than its header says")
    return bytes(out), pos
