"""The certificate as a terminal and a printer see it: sides, fonts, control boxes, contents."""

from __future__ import annotations

import io
import os
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pikepdf
import pypdfium2
import pytest

from hardware_sim.city import certificate, typeface
from hardware_sim.city.certificate import ITEMS, Wish
from hardware_sim.city.register import Extract, Register
from hardware_sim.city.residents import households

WISH = Wish(ITEMS, "ABCD-EFGH-JKMN-PQRS", "0123456789", date(2026, 11, 24))
FOUR, ONE, NINE, FOREIGN, MOVING, LONG, TWENTY, RARE = "r001", "r005", "r006", "r015", "r018", "r022", "r027", "r047"


def extract_of(register: Register, person: str) -> Extract:
    found = register.extract(person, b"n" * 32, b"s" * 16, lambda: datetime(2026, 11, 24, tzinfo=UTC))
    assert found is not None
    return found


def plain(name: str) -> str:
    """As names are compared: NFC, without variation selectors, white space as one space (§7)."""
    kept = "".join(c for c in name if not (0xFE00 <= ord(c) <= 0xFE0F or 0xE0100 <= ord(c) <= 0xE01EF))
    return " ".join(unicodedata.normalize("NFC", kept).split())


def words(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return found


@pytest.mark.parametrize(
    ("person", "sides"), [(FOUR, 2), (ONE, 2), (NINE, 6), (FOREIGN, 2), (MOVING, 2), (LONG, 4), (TWENTY, 10), (RARE, 6)]
)
def test_control_boxes_on_every_side(register: Register, pages: Any, person: str, sides: int) -> None:
    extract = extract_of(register, person)
    document = certificate.render(extract, WISH)
    read = pages(document.pdf)
    assert len(read) == len(document.pages) == sides
    for number, boxes in enumerate(read, 1):
        assert plain(boxes["name"]) == plain(extract.holder.name)
        assert boxes["reference"] == "ABCD-EFGH-JKMN-PQRS"
        assert boxes["serial"] == "0123456789"
        assert boxes["page"] == f"{number}/{sides}"


@pytest.mark.parametrize("person", [FOUR, ONE, NINE, RARE])
def test_the_file_is_what_the_protocol_allows(register: Register, person: str) -> None:
    document = certificate.render(extract_of(register, person), WISH)
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert "/Info" not in pdf.trailer
        assert not {"/OpenAction", "/AA", "/Names", "/AcroForm"} & set(pdf.Root.keys())
        for page in pdf.pages:
            assert [round(float(v), 1) for v in page.mediabox] == [0, 0, 595.3, 841.9]
            assert "/Annots" not in page
        fonts = [thing for thing in pdf.objects if _is_font(thing)]
        assert fonts
        for font in fonts:
            assert "/FontFile2" in font.FontDescriptor
            assert "/ToUnicode" in font


def _is_font(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/Font"


def test_what_was_not_asked_for_is_not_there(register: Register) -> None:
    extract = extract_of(register, FOUR)
    everything = words(certificate.render(extract, WISH).pdf)[0]
    nothing = words(certificate.render(extract, replace(WISH, items=())).pdf)[0]
    member = extract.members[1]
    for value in (member.domicile, member.previous_address, member.relationship, "平成29年2月17日"):
        assert value in everything
        assert value not in nothing
    for value in (extract.address, member.name, "昭和59年5月12日"):
        assert value in nothing
    assert "【省略】" in nothing
    assert "【省略】" not in everything
    assert "この写しは、世帯全員の住民票の原本と相違ないことを証明する。" in nothing
    assert "令和8年11月24日" in nothing
    assert "佐賀市長" in nothing


@pytest.mark.parametrize("item", ITEMS)
def test_each_item_is_switched_alone(register: Register, item: str) -> None:
    extract = extract_of(register, MOVING)
    alone = words(certificate.render(extract, replace(WISH, items=(item,))).pdf)[0]
    member = extract.members[1]
    values = {
        "domicile": member.domicile,
        "head_and_relationship": "妻",
        "planned_move": member.confirmed_destination,
        "previous_address": member.previous_address,
        "residence_dates": "住民",
    }
    if values["domicile"] != extract.address:
        assert (values["domicile"] in alone) is (item == "domicile") or values["domicile"] in extract.address
    assert ("妻" in alone) is (item == "head_and_relationship")
    assert alone.count("福岡県福岡市中央区天神九丁目99番") >= (3 if item == "planned_move" else 0)


def test_foreign_residents(register: Register) -> None:
    text = words(certificate.render(extract_of(register, FOREIGN), WISH).pdf)[0]
    assert "1990年8月17日" in text
    assert "木下　仁" in text
    assert "［通称］" in text


def test_the_last_sheet_certifies_and_the_others_go_on(register: Register) -> None:
    text = words(certificate.render(extract_of(register, NINE), WISH).pdf)
    assert [("証明する" in side, "次の用紙に続く" in side) for side in text[::2]] == [
        (False, True),
        (False, True),
        (True, False),
    ]
    assert "1／3 枚" in text[0]
    assert all("氏　名" not in side for side in text[1::2])


def test_each_copy_has_its_own_bytes_and_pages(register: Register) -> None:
    extract = extract_of(register, FOUR)
    first = certificate.render(extract, WISH)
    second = certificate.render(extract, replace(WISH, serial="0123456780"))
    assert first.pdf != second.pdf
    assert not set(first.pages) & set(second.pages)
    assert certificate.render(extract, WISH).pdf == first.pdf


def test_digests_are_of_the_decoded_content(register: Register) -> None:
    document = certificate.render(extract_of(register, FOUR), WISH)
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        streams = [page.obj.Contents.read_bytes() for page in pdf.pages]
    assert [certificate.page_digest([stream]) for stream in streams] == list(document.pages)


def test_the_test_tile_lies_in_the_file_as_it_is(register: Register) -> None:
    tile = os.urandom(48 * 48)
    document = certificate.render(extract_of(register, FOUR), replace(WISH, tile=tile))
    assert tile in document.pdf
    assert tile not in certificate.render(extract_of(register, FOUR), WISH).pdf


def test_both_sides_bear_the_pattern_and_only_the_front_the_words(register: Register) -> None:
    document = pypdfium2.PdfDocument(certificate.render(extract_of(register, FOUR), WISH).pdf)
    shares = []
    for page in document:
        bitmap = page.render(scale=1)
        grey = bitmap.to_pil().convert("L")
        shares.append(sum(grey.histogram()[:128]) / (grey.width * grey.height))
        whole = grey.histogram()
        tinted = sum(whole[128:254]) / (grey.width * grey.height)
        assert tinted > 0.3  # the ground is there
        bitmap.close()
        page.close()
    document.close()
    front, back = shares
    assert front > 0.01
    assert back < 0.005


def test_every_name_and_address_of_the_register_can_be_written() -> None:
    for household in households():
        for text in (household.address, *(person.name for person in household.members)):
            assert "".join(letter.text for letter in typeface.letters(text)) == plain_sequence(text)


def plain_sequence(text: str) -> str:
    return "".join(c for c in text if not (0xFE00 <= ord(c) <= 0xFE0F or 0xE0100 <= ord(c) <= 0xE01EF))


def test_a_variation_is_another_glyph_over_the_same_character() -> None:
    [usual], [variant] = typeface.letters("辻"), typeface.letters("辻\U000e0100")
    assert usual.text == variant.text == "辻"
    assert not usual.glyph
    assert variant.glyph


def test_an_unknown_variation_is_written_as_its_base() -> None:
    assert typeface.letters("山\U000e01ef") == typeface.letters("山")


def test_a_character_in_no_font_is_an_error_that_does_not_name_it() -> None:
    with pytest.raises(typeface.GlyphError) as caught:
        typeface.letters("\U0010fffd")
    assert "\U0010fffd" not in str(caught.value)
    assert "10FFFD" not in str(caught.value).upper()
