"""A certificate is read off its own pages before it may be printed: made here, spoilt in every way."""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from drivers.certificate import Limits, mask, read, same_name
from kiosk.errors import IdentityMismatch, IssuerUnavailable

FONT = Path(__file__).parents[2] / "screens" / "fonts" / "BIZUDPGothic-Regular.ttf"
REFERENCE = "6VGC-C6VS-06K9-QVCQ"
NAME = "佐賀　花子"
LIMITS = Limits(10_000_000, 40)


@pytest.fixture(scope="module", autouse=True)
def font() -> None:
    pdfmetrics.registerFont(TTFont("body", str(FONT)))


def document(serial: str, sides: int = 2, **changes: Any) -> bytes:
    out = io.BytesIO()
    size = changes.get("size", (210 * mm, 297 * mm))
    canvas = Canvas(out, pagesize=size, initialFontName=changes.get("font", "body"), invariant=1)
    for side in range(1, sides + 1):
        canvas.setFont(changes.get("font", "body"), 8)
        canvas.drawString(30 * mm, 200 * mm, f"copy {serial} side {side}")
        if changes.get("blank") != side:
            name = changes.get("other_name", NAME) if side == changes.get("on_side", side) else NAME
            reference = changes.get("reference", REFERENCE) if side == changes.get("on_side", side) else REFERENCE
            canvas.drawString(21 * mm, 9 * mm, name if changes.get("font", "body") == "body" else "name")
            canvas.drawString(101 * mm, 9 * mm, reference)
            canvas.drawString(145 * mm, 9 * mm, changes.get("printed_serial", serial))
            canvas.drawString(175 * mm, 9 * mm, changes.get("place", f"{side}/{sides}"))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def entry(pdf: bytes, serial: str) -> dict[str, Any]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = []
        for page in opened.pages:
            contents = page.obj.Contents
            streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
            pages.append(sha256(b"\n".join(s.read_bytes() for s in streams)).hexdigest())
    return {"serial": serial, "bytes": len(pdf), "sha256": sha256(pdf).hexdigest(), "pages": pages}


def head(*copies: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "kind": "residence", "household": "whole", "items": ["domicile"], "members": [], "name": NAME,
        "copies": list(copies),
    } | changes  # fmt: skip


def one(pdf: bytes | None = None, **changes: Any):
    pdf = pdf or document("A" * 10)
    return read(head(entry(pdf, "A" * 10), **changes), (pdf,), REFERENCE, LIMITS)


def test_two_good_copies() -> None:
    a, b = document("A" * 10), document("B" * 10)
    facts = read(head(entry(a, "A" * 10), entry(b, "B" * 10)), (a, b), REFERENCE, LIMITS)
    assert [copy.pages for copy in facts.copies] == [2, 2]
    assert all(copy.reference == REFERENCE and copy.names_agree for copy in facts.copies)
    assert facts.masked_name == "佐〇　〇子"
    assert "佐" not in repr(facts)


def test_the_page_of_somebody_else_is_seen_even_inside_a_document() -> None:
    facts = one(document("A" * 10, 4, reference="0000-0000-0000-0000", on_side=3))
    assert facts.copies[0].reference == "0000-0000-0000-0000"


def test_the_name_of_somebody_else_is_seen() -> None:
    assert not one(document("A" * 10, other_name="鍋島　太郎", on_side=2)).copies[0].names_agree


def test_a_side_that_cannot_be_read_is_unreadable_not_good() -> None:
    assert one(document("A" * 10, blank=2)).copies[0].reference == ""


@pytest.mark.parametrize("changes", [{"printed_serial": "B" * 10}, {"place": "1/4"}])
def test_a_side_from_another_copy_or_place_stops_the_line(changes) -> None:
    with pytest.raises(IdentityMismatch, match="page_place"):
        one(document("A" * 10, **changes))


def test_other_bytes_than_were_signed_stop_the_line() -> None:
    signed, sent = document("A" * 10), document("A" * 10, 4)
    with pytest.raises(IdentityMismatch, match="digest"):
        read(head(entry(signed, "A" * 10)), (sent,), REFERENCE, LIMITS)


def test_another_page_than_was_signed_stops_the_line() -> None:
    pdf = document("A" * 10)
    forged = entry(pdf, "A" * 10)
    forged["pages"] = [forged["pages"][0], sha256(b"other").hexdigest()]
    with pytest.raises(IdentityMismatch, match="page_digest"):
        read(head(forged), (pdf,), REFERENCE, LIMITS)


def test_the_same_copy_twice_stops_the_line() -> None:
    pdf = document("A" * 10)
    with pytest.raises(IdentityMismatch, match="copies_alike"):
        read(head(entry(pdf, "A" * 10), entry(pdf, "A" * 10)), (pdf, pdf), REFERENCE, LIMITS)


def test_fewer_documents_than_copies_stop_the_line() -> None:
    pdf = document("A" * 10)
    with pytest.raises(IdentityMismatch, match="count"):
        read(head(entry(pdf, "A" * 10), entry(pdf, "B" * 10)), (pdf,), REFERENCE, LIMITS)


def test_an_odd_number_of_sides_stops_the_line() -> None:
    with pytest.raises(IdentityMismatch, match="sides"):
        one(document("A" * 10, 3))


def test_a_font_that_is_not_embedded_is_refused() -> None:
    with pytest.raises(IssuerUnavailable, match="font_not_embedded"):
        one(document("A" * 10, font="Helvetica"))


def test_another_paper_is_refused() -> None:
    with pytest.raises(IssuerUnavailable, match="pdf_not_a4"):
        one(document("A" * 10, size=(216 * mm, 279 * mm)))


def spoilt(change) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(document("A" * 10))) as pdf:
        change(pdf)
        pdf.save(out, **({"encryption": pikepdf.Encryption(owner="o", user="")} if change is encrypted else {}))
    return out.getvalue()


def script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def annotation(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Annots = pikepdf.Array([])


def encrypted(pdf: pikepdf.Pdf) -> None:
    """Saved with an empty user password."""


@pytest.mark.parametrize("change", [script, annotation, encrypted])
def test_anything_active_is_refused(change) -> None:
    with pytest.raises(IssuerUnavailable, match="pdf_not_plain"):
        one(spoilt(change))


def test_what_is_not_a_pdf_is_refused() -> None:
    junk = b"%PDF-1.7 but not really"
    listed = {"serial": "A", "bytes": len(junk), "sha256": sha256(junk).hexdigest(), "pages": []}
    with pytest.raises(IssuerUnavailable, match="pdf_damaged"):
        read(head(listed), (junk,), REFERENCE, LIMITS)


@pytest.mark.parametrize("limits", [Limits(100, 40), Limits(10_000_000, 1)])
def test_more_than_was_agreed_is_refused(limits) -> None:
    pdf = document("A" * 10)
    with pytest.raises(IssuerUnavailable, match="too_large"):
        read(head(entry(pdf, "A" * 10)), (pdf,), REFERENCE, limits)


@pytest.mark.parametrize("missing", ["kind", "household", "items", "members", "name", "copies"])
def test_a_manifest_that_lacks_something_is_refused(missing) -> None:
    pdf = document("A" * 10)
    manifest = head(entry(pdf, "A" * 10))
    del manifest[missing]
    with pytest.raises(IssuerUnavailable, match="garbled"):
        read(manifest, (pdf,), REFERENCE, LIMITS)


@pytest.mark.parametrize(
    ("one_name", "other", "same"),
    [
        ("佐賀　花子", "佐賀 花子", True),
        ("葛\U000e0100城", "葛城", True),
        ("神\ufe00山", "神山", True),
        ("が", "か\u3099", True),
        ("髙木", "高木", False),
    ],
)
def test_names_are_compared_as_written(one_name, other, same) -> None:
    assert same_name(one_name, other) is same


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("佐賀　花子", "佐〇　〇子"),
        ("林　太郎", "林　〇郎"),
        ("長谷川　翔", "長〇〇　〇"),
        ("SMITH JOHN ALEXANDER", "S〇〇〇〇　〇〇〇〇　〇〇〇〇〇〇〇〇R"),
        ("𠮷野　葵", "𠮷〇　〇"),
        ("アリ", "ア〇"),
        ("王", "〇"),
    ],
)
def test_the_masked_name_never_gives_the_whole(name, masked) -> None:
    assert mask(name) == masked
