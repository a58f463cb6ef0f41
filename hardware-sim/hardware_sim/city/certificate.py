"""The certificates this city draws: one copy as a finished PDF, digested side by side.

Each kind has its form (``form_*.py``); here it is put on sheets, front and back, with the security pattern and the
control boxes of docs/protocol.md §7 on every side.
"""

from __future__ import annotations

import io
import re
import threading
from dataclasses import dataclass, field
from typing import Protocol

import pikepdf
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from hardware_sim.city import form_income, form_residence, form_seal, form_sheet, form_tax, paper, typeface
from hardware_sim.city.form_residence import ITEMS, MEMBERS_A_SHEET
from hardware_sim.city.form_sheet import CONTROL_BOXES, Boxes, Sheet, Wish
from hardware_sim.city.register import Extract
from hardware_sim.city.wire import page_digest

__all__ = [
    "CONTROL_BOXES",
    "ITEMS",
    "MEMBERS_A_SHEET",
    "Boxes",
    "Document",
    "Wish",
    "digests",
    "finish",
    "render",
    "sheets",
    "with_first_page_of",
]

# Streams are deflated and nothing else: half the size, and a picture of noise lies in the file as it is.
rl_config.useA85 = 0


class Form(Protocol):
    """The part of a certificate that differs from kind to kind."""

    def sheets(self, extract: Extract, wish: Wish) -> int: ...

    def front(self, sheet: Sheet) -> None: ...


_FORMS: dict[str, Form] = {"residence": form_residence, "seal": form_seal, "income": form_income, "tax": form_tax}
_ink_lock = threading.Lock()


@dataclass(frozen=True)
class Document:
    """A finished copy."""

    pdf: bytes = field(repr=False)
    pages: tuple[bytes, ...]
    """SHA-256 of each page's decoded content."""


def sheets(extract: Extract, wish: Wish) -> int:
    """How many sheets one copy has; each has two sides.

    Raises:
        ValueError: as :func:`render`.
    """
    return _form(wish).sheets(extract, wish)


def render(extract: Extract, wish: Wish) -> Document:
    """One copy as PDF: each sheet a front and a back, every font embedded.

    Raises:
        WritingError: a character is in none of the fonts, a font is not installed, or a text does not fit its box.
        ValueError: a kind without a form, nothing registered of that kind, or members that cannot be chosen.
    """
    form = _form(wish)
    typeface.register()
    out = io.BytesIO()
    with _ink_lock:  # reportlab keeps the fonts' subsets in module state
        canvas = Canvas(out, pagesize=A4, initialFontName=typeface.MAIN, pageCompression=1, invariant=1)
        paper.define_pattern(canvas)
        count = form.sheets(extract, wish)
        for number in range(1, count + 1):
            paper.draw_pattern(canvas)
            form_sheet.prepare(canvas)
            form.front(Sheet(canvas, extract, wish, number, count))
            form_sheet.control(canvas, extract, wish, f"{2 * number - 1}/{2 * count}")
            canvas.showPage()
            paper.draw_pattern(canvas)
            form_sheet.control(canvas, extract, wish, f"{2 * number}/{2 * count}")
            canvas.showPage()
        canvas.save()
    return finish(out.getvalue())


def _form(wish: Wish) -> Form:
    form = _FORMS.get(wish.kind)
    if form is None:
        raise ValueError(f"there is no form for {wish.kind!r}: choose one of {', '.join(_FORMS)}")
    return form


def finish(pdf: bytes) -> Document:
    """Put right what reportlab leaves: text beyond the BMP, invented dates; then digest the pages."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/ToUnicode" in thing:
                cmap = thing.ToUnicode
                cmap.write(_utf16(cmap.read_bytes()))
        if "/Info" in opened.trailer:
            del opened.trailer["/Info"]
        out = io.BytesIO()
        opened.save(out, deterministic_id=True, compress_streams=True)
    return Document(out.getvalue(), digests(out.getvalue()))


def digests(pdf: bytes) -> tuple[bytes, ...]:
    """One for each page, read off the finished file."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return tuple(page_digest(_streams(page)) for page in opened.pages)


def with_first_page_of(pdf: bytes, other: bytes) -> Document:
    """``pdf`` with its first page replaced by that of ``other`` (a fault of the bench)."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened, pikepdf.open(io.BytesIO(other)) as foreign:
        opened.pages[0] = foreign.pages[0]
        opened.save(out, deterministic_id=True)
    return Document(out.getvalue(), digests(out.getvalue()))


def _streams(page: pikepdf.Page) -> list[bytes]:
    contents = page.obj.Contents
    if isinstance(contents, pikepdf.Array):
        return [pikepdf.Stream.read_bytes(part) for part in contents]
    return [contents.read_bytes()]


def _utf16(cmap: bytes) -> bytes:
    """Code points beyond the BMP as UTF-16 (ISO 32000-1 §9.10.3); reportlab writes them as one number."""

    def pair(found: re.Match[bytes]) -> bytes:
        return found[1] + chr(int(found[2], 16)).encode("utf-16-be").hex().upper().encode() + b">"

    return re.sub(rb"(<[0-9A-F]{2}> <)([0-9A-F]{5,6})>", pair, cmap)
