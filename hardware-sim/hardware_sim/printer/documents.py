"""What the machine knows about a received document: its format, how many pages, and how each looks.

pdfium is not thread-safe, so every call of it in this process goes through one lock, `PDFIUM_LOCK`.
"""

from __future__ import annotations

import io
import itertools
import threading
from typing import Final

import pypdfium2
from PIL import Image

from hardware_sim.printer import raster

PDF: Final = "application/pdf"
PWG: Final = "image/pwg-raster"
URF: Final = "image/urf"
JPEG: Final = "image/jpeg"
OCTETS: Final = "application/octet-stream"
FORMATS: Final = (PDF, PWG, URF, JPEG, OCTETS)

PDFIUM_LOCK = threading.Lock()

_MAGIC: Final = ((b"%PDF-", PDF), (raster.PWG_SYNC, PWG), (raster.URF_SYNC, URF), (b"\xff\xd8\xff", JPEG))


class DocumentError(ValueError):
    """The document cannot be printed; `reason` is the IPP job-state-reasons keyword for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sniff(data: bytes) -> str | None:
    """The format of a document sent as application/octet-stream, None if it is none of ours."""
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def count_pages(data: bytes, kind: str) -> int:
    """How many pages the document has. Raises DocumentError if it cannot be read (or needs a password)."""
    if kind == PDF:
        with PDFIUM_LOCK:
            document = _open_pdf(data)
            try:
                count = len(document)
            finally:
                document.close()
    elif kind in (PWG, URF):
        try:
            count = sum(1 for _ in raster.pages(data))
        except raster.RasterError as error:
            raise DocumentError("document-format-error") from error
    else:
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.verify()
        except Exception as error:
            raise DocumentError("document-format-error") from error
        count = 1
    if count == 0:
        raise DocumentError("document-format-error")
    return count


def render_png(data: bytes, kind: str, page: int, dpi: int) -> bytes:
    """Page `page` (0-based) as a PNG picture. A PDF is drawn at `dpi`; others keep their pixels."""
    with _picture(data, kind, page, dpi) as picture:
        out = io.BytesIO()
        picture.save(out, "PNG")
    return out.getvalue()


def extract_pdf(data: bytes, kind: str, pages: list[int]) -> bytes:
    """Only the given pages (0-based, in order) as a PDF of their own."""
    out = io.BytesIO()
    if kind == PDF:
        with PDFIUM_LOCK:
            source = _open_pdf(data)
            target = pypdfium2.PdfDocument.new()
            try:
                target.import_pages(source, pages)
                target.save(out)
            finally:
                target.close()
                source.close()
        return out.getvalue()
    pictures = [_picture(data, kind, page, 0) for page in pages]
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:])
    for picture in pictures:
        picture.close()
    return out.getvalue()


def _open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = "document-password-error" if "assword" in str(error) else "document-format-error"
        raise DocumentError(reason) from error


def _picture(data: bytes, kind: str, page: int, dpi: int) -> Image.Image:
    if kind == PDF:
        with PDFIUM_LOCK:
            document = _open_pdf(data)
            try:
                leaf = document[page]
                bitmap = leaf.render(scale=dpi / 72)
                picture: Image.Image = bitmap.to_pil().convert("RGB")
                bitmap.close()
                leaf.close()
            finally:
                document.close()
        return picture
    if kind == JPEG:
        with Image.open(io.BytesIO(data)) as photo:
            return photo.convert("RGB")
    found = next(itertools.islice(raster.pages(data), page, None))
    mode = {1: "1", 8: "L", 24: "RGB"}[found.bits]
    # In PIL's mode "1" and "L" a set pixel is white; "black" colour space says the opposite.
    pixels = bytes(b ^ 0xFF for b in found.pixels) if found.inverted else found.pixels
    return Image.frombytes(mode, (found.width, found.height), pixels).convert("RGB")
