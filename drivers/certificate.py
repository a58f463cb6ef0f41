"""Reading a certificate before it is printed: the manifest against the bytes, and the name off the very page.

Pure. The document is never altered: what is checked here is what goes to the printer, byte for byte.
pikepdf (qpdf) reads the structure, pdfium reads the text of the control boxes (docs/protocol.md §7).
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import pikepdf
import pypdfium2 as pdfium

from kiosk.errors import IdentityMismatch, IssuerUnavailable
from kiosk.events import CertificateFacts, CopyFacts

MM: Final = 72 / 25.4
A4_PT: Final = (210 * MM, 297 * MM)

NAME_BOX: Final = (20, 7, 98, 13)
REFERENCE_BOX: Final = (100, 7, 142, 13)
SERIAL_BOX: Final = (144, 7, 172, 13)
PAGE_BOX: Final = (174, 7, 196, 13)
"""Control boxes, mm from the lower left corner: x0, y0, x1, y1."""

_REFERENCE: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")
_ACTIVE: Final = ("/OpenAction", "/AA", "/AcroForm", "/Names", "/Collection", "/Perms")


@dataclass(frozen=True, slots=True)
class Limits:
    max_bytes: int
    max_pages: int


def read(head: Mapping[str, Any], documents: tuple[bytes, ...], reference: str, limits: Limits) -> CertificateFacts:
    """Facts of a whole answer to `issue`. Raises IdentityMismatch or IssuerUnavailable ("page_unreadable", …)."""
    try:
        entries = list(head["copies"])
        name = str(head["name"])
        facts = (str(head["kind"]), str(head["household"]), _words(head["items"]))
        members = _words(head["members"])
        listed = [(str(c["serial"]), int(c["bytes"]), str(c["sha256"]), list(c["pages"])) for c in entries]
    except (KeyError, TypeError, ValueError):
        raise IssuerUnavailable("garbled") from None
    if len(documents) != len(listed):
        raise IdentityMismatch("count")
    if len({serial for serial, *_ in listed}) != len(listed) or len({d for *_, d, _ in listed}) != len(listed):
        raise IdentityMismatch("copies_alike")
    copies = []
    printed = ""
    for index, (document, (serial, size, digest, pages)) in enumerate(zip(documents, listed, strict=True), 1):
        if len(document) != size or sha256(document).hexdigest() != digest:
            raise IdentityMismatch("digest")
        if size > limits.max_bytes or len(pages) > limits.max_pages:
            raise IssuerUnavailable("too_large")
        check_structure(document, pages)
        copy, printed = _read_copy(document, index, serial, name, reference, len(pages))
        copies.append(copy)
    return CertificateFacts(*facts, tuple(copies), reference, mask(printed) if printed else "", members)


def _words(listed: object) -> frozenset[str]:
    """Texts of a list, each once. Raises ValueError."""
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise ValueError("not a list of texts")
    if len(set(listed)) != len(listed):
        raise ValueError("named twice")
    return frozenset(listed)


def check_structure(document: bytes, page_digests: list[str]) -> None:
    """A4, an even number of sides, fonts embedded, nothing active, every page the one that was signed."""
    try:
        with pikepdf.open(io.BytesIO(document), suppress_warnings=False) as pdf:
            if pdf.is_encrypted or any(key in pdf.Root for key in _ACTIVE):
                raise IssuerUnavailable("pdf_not_plain")
            digests = []
            for page in pdf.pages:
                if "/Annots" in page.obj or "/AA" in page.obj:
                    raise IssuerUnavailable("pdf_not_plain")
                box = [float(edge) for edge in page.mediabox.as_list()]
                if max(abs(box[2] - box[0] - A4_PT[0]), abs(box[3] - box[1] - A4_PT[1])) > 1.5:
                    raise IssuerUnavailable("pdf_not_a4")
                _check_fonts(page)
                digests.append(sha256(_content(page)).hexdigest())
    except pikepdf.PdfError:
        raise IssuerUnavailable("pdf_damaged") from None
    if digests != page_digests:
        raise IdentityMismatch("page_digest")
    if not digests or len(digests) % 2:
        raise IdentityMismatch("sides")


def _content(page: pikepdf.Page) -> bytes:
    """Decoded content, streams joined by one line feed (ISO 32000-1 §7.8.2)."""
    contents = page.obj.get("/Contents")
    if contents is None:
        return b""
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return b"\n".join(stream.read_bytes() for stream in streams)


def _check_fonts(page: pikepdf.Page) -> None:
    for font in page.resources.get("/Font", {}).values():
        parts = list(font.get("/DescendantFonts", [font]))
        for part in parts:
            descriptor = part.get("/FontDescriptor")
            if descriptor is None or not any(f"/FontFile{n}" in descriptor for n in ("", "2", "3")):
                raise IssuerUnavailable("font_not_embedded")


def _read_copy(
    document: bytes, index: int, serial: str, name: str, reference: str, pages: int
) -> tuple[CopyFacts, str]:
    """The control boxes of every side. `reference` in the facts is empty if any side cannot be read."""
    pdf = pdfium.PdfDocument(document)
    try:
        seen, names = reference, True
        printed = ""
        for number in range(len(pdf)):
            page = pdf[number]
            text = page.get_textpage()
            read_name, ref, own, place = (_boxed(text, box) for box in (NAME_BOX, REFERENCE_BOX, SERIAL_BOX, PAGE_BOX))
            text.close()
            page.close()
            if not _REFERENCE.fullmatch(ref) or not read_name:
                seen = ""
                continue
            printed = printed or read_name
            if ref != reference:
                return CopyFacts(index, pages, ref, names), printed
            if own != serial or place != f"{number + 1}/{pages}":
                raise IdentityMismatch("page_place")
            names = names and same_name(read_name, name)
        return CopyFacts(index, pages, seen, names), printed
    finally:
        pdf.close()


def _boxed(text: pdfium.PdfTextPage, box: tuple[int, int, int, int]) -> str:
    left, bottom, right, top = (edge * MM for edge in box)
    return " ".join(text.get_text_bounded(left, bottom, right, top).split())


def normal(name: str) -> str:
    """NFC, variation selectors out, white space runs as one space (§7)."""
    plain = "".join(c for c in name if not (0xFE00 <= ord(c) <= 0xFE0F or 0xE0100 <= ord(c) <= 0xE01EF))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def same_name(one: str, other: str) -> bool:
    return normal(one) == normal(other)


def mask(name: str) -> str:
    """佐賀 花子 → 佐〇　〇子: first character of the first part, last of the last, the rest hidden.

    Enough to see that it is not one's own, too little to tell a bystander whose it is. A part of one character is
    hidden unless it is the only thing to go by.
    """
    parts = normal(name).split(" ")
    if len(parts) == 1:
        only = parts[0]
        return only[0] + "〇" * (len(only) - 1) if len(only) > 1 else "〇"
    first, last = parts[0], parts[-1]
    masked = [first[0] + "〇" * (len(first) - 1) if len(first) > 1 else first]
    masked += ["〇" * len(part) for part in parts[1:-1]]
    masked.append("〇" * (len(last) - 1) + last[-1] if len(last) > 1 else "〇")
    return "　".join(masked)
