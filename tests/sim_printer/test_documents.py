"""Pages of the formats the machine takes: counted, drawn, or refused."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from hardware_sim.printer import documents, raster

COMPLETED, ABORTED = 9, 8


def pwg_page(width: int, height: int, bits: int, space: int, lines: bytes) -> bytes:
    """A PWG Raster page: 1796 octets of header, of which only the fields we read are set."""
    header = bytearray(1796)
    header[0:9] = b"PwgRaster"
    struct.pack_into(">II", header, 276, 300, 300)
    struct.pack_into(">II", header, 372, width, height)
    struct.pack_into(">IIIII", header, 384, 8, bits, (width * bits + 7) // 8, 0, space)
    return bytes(header) + lines


# Two equal lines: 3 grey pixels (run), then one literal pair.
GREY = b"\x01" + b"\x02\x40" + b"\xff\x00\xff"
# One line of 16 black pixels out of 16 (1 bit, black is one).
BLACK = b"\x00" + b"\x01\xff"


def test_pwg_raster_pages_are_counted_and_drawn() -> None:
    data = b"RaS2" + pwg_page(5, 2, 8, 18, GREY) + pwg_page(16, 1, 1, 3, BLACK)
    assert documents.sniff(data) == documents.PWG
    assert documents.count_pages(data, documents.PWG) == 2
    grey = Image.open(io.BytesIO(documents.render_png(data, documents.PWG, 0, 100)))
    assert grey.size == (5, 2)
    assert [grey.getpixel((x, 1)) for x in range(5)] == [(64,) * 3] * 3 + [(0,) * 3, (255,) * 3]
    black = Image.open(io.BytesIO(documents.render_png(data, documents.PWG, 1, 100)))
    assert black.getpixel((15, 0)) == (0, 0, 0)


def test_urf_blank_lines() -> None:
    header = bytes([8, 0, 1, 4]) + bytes(8) + struct.pack(">III", 4, 2, 300) + bytes(8)
    data = b"UNIRAST\0" + struct.pack(">I", 1) + header + b"\x01\x00\x20\x80"
    assert documents.count_pages(data, documents.URF) == 1
    (page,) = raster.pages(data)
    assert page.pixels == b"\x20\xff\xff\xff" * 2


@pytest.mark.parametrize("cut", [10, 1799, 1801, 1802])
def test_cut_rasters_are_refused(cut: int) -> None:
    data = b"RaS2" + pwg_page(5, 2, 8, 18, GREY)
    assert documents.count_pages(data, documents.PWG) == 1
    with pytest.raises(documents.DocumentError):
        documents.count_pages(data[:cut], documents.PWG)


def test_a_raster_of_impossible_size_is_refused_without_making_it() -> None:
    # 20,000 x 20,000 pixels in 158 octets of blank lines, repeated.
    data = b"RaS2" + pwg_page(20_000, 20_000, 8, 18, b"\xff\x80" * 78 + b"\x1f\x80")
    with pytest.raises(documents.DocumentError):
        documents.count_pages(data, documents.PWG)


def test_front_and_back_show_their_pages(client: Any, pdf: Callable[..., bytes]) -> None:
    client.reaches(client.print_pdf(pdf(3)), COMPLETED)
    first, second = client.bench.take_output()
    assert first.back is not None

    def black_mm2(png: bytes) -> float:
        picture = Image.open(io.BytesIO(png)).convert("1")
        assert abs(picture.width / picture.height - 210 / 297) < 0.01
        share = picture.histogram()[0] / (picture.width * picture.height)
        return share * 210 * 297

    assert black_mm2(first.png("front")) == pytest.approx(100, rel=0.1)
    assert black_mm2(first.png("back")) == pytest.approx(400, rel=0.1)
    assert black_mm2(second.png("front")) == pytest.approx(900, rel=0.1)
    assert second.png("back") is None
    assert documents.count_pages(first.pdf(), documents.PDF) == 2
    assert hashlib.sha256(first.front.document.data).hexdigest() == first.front.document.sha256


def test_jpeg_is_one_page(client: Any, wire: Any) -> None:
    out = io.BytesIO()
    Image.new("L", (40, 30), 0).save(out, "JPEG")
    answer = client.ask(2, wire.attr(0x49, "document-format", "application/octet-stream"), data=out.getvalue())
    client.reaches(wire.one(answer, "job-id"), COMPLETED)
    (sheet,) = client.bench.take_output()
    assert Image.open(io.BytesIO(sheet.png())).size == (40, 30)
    assert documents.count_pages(sheet.pdf(), documents.PDF) == 1


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda pdf: b"%PDF-1.4 and then nothing", "document-format-error"),
        (lambda pdf: pdf(1, encrypt="owner"), "document-password-error"),
    ],
)
def test_unreadable_documents_abort_the_job(
    client: Any, pdf: Callable[..., bytes], make: Callable[..., bytes], reason: str
) -> None:
    job = client.reaches(client.print_pdf(make(pdf)), ABORTED)
    assert job["job-state-reasons"] == ["aborted-by-system", reason]
    assert client.bench.output() == []
    client.reaches(client.print_pdf(pdf(1)), COMPLETED)


def test_octets_of_no_known_format_are_refused(client: Any, wire: Any) -> None:
    answer = client.ask(2, wire.attr(0x49, "document-format", "application/octet-stream"), data=b"hello")
    assert answer.code == 0x040A
    assert client.bench.log("document") == []
