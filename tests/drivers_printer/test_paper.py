"""What the receipt says, read off the page, and that it stays on the page whatever the names are."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pikepdf
import pypdfium2
import pytest

from drivers.paper import JAPANESE, receipt_pdf, wrapped
from kiosk.effects import Receipt
from kiosk.errors import PrintError

PAID = Receipt(
    number="0042", at=datetime(2026, 11, 24, 9, 5), lines=(("住民票の写し", 2, 300),),
    inserted_yen=1000, paid_back_yen=400, owed_yen=0, held_yen=0,
    city_name="佐賀市", office="市民生活課", place="本庁舎1階", machine="SAGA-0007", contact="市民生活課の窓口",
)  # fmt: skip
OWED = replace(PAID, paid_back_yen=300, owed_yen=60, held_yen=40)
UNCHARGED = replace(OWED, lines=(("住民票の写し", 0, 300),), inserted_yen=700, paid_back_yen=600)
LONG = replace(
    OWED,
    lines=(
        ("令和8年度 市民税・県民税 所得課税証明書（全部事項・被扶養者の記載あり）", 10, 350),
        ("印鑑登録証明書", 10, 300),
    ),
    city_name="北海道虻田郡真狩村役場出張所連絡所" * 2,
    office="市民生活部 市民窓口センター 証明発行担当" * 2,
    contact="市民生活部 市民窓口センター 証明発行担当の窓口（平日8時30分から17時15分まで 電話0466-00-0000）" * 2,
)


def page_of(pdf: bytes) -> tuple[str, list[tuple[float, float, float, float]], tuple[float, float]]:
    """The text without white space, where each letter stands (pt), and the size of the only page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert len(document) == 1
        page = document[0]
        text = page.get_textpage()
        boxes = [text.get_charbox(i) for i in range(text.count_chars())]
        return "".join(text.get_text_bounded().split()), boxes, page.get_size()
    finally:
        document.close()


@pytest.mark.parametrize(
    ("receipt", "says", "not_says"),
    [
        (
            PAID,
            ["領収書", "番号0042", "令和8年11月24日9時05分", "住民票の写し300円2通600円", "合計600円", "お預り1,000円",
             "おつり・お返し400円", "上記正に領収しました。", "非課税", "佐賀市", "市民生活課", "本庁舎1階",
             "SAGA-0007"],
            ["未払い", "控え", "確かめ"],
        ),
        (
            OWED,
            ["領収書", "領収金額600円", "未払い控え", "控え番号0042", "（未払い）60円", "職員が確かめるお金40円",
             "この控えを、市民生活課の窓口へお持ちください。"],
            ["お返しできなかったお金の控え"],
        ),
        (
            UNCHARGED,
            ["お返しできなかったお金の控え", "お預り700円", "おつり・お返し600円", "（未払い）60円",
             "市民生活課の窓口へ"],
            ["領収", "手数料は", "住民票"],
        ),
        (replace(UNCHARGED, owed_yen=0, held_yen=0), ["お預りとお返しの控え", "お預り700円"], ["領収", "未払い"]),
        (
            replace(OWED, language="en", contact="the counter", lines=(("Residence record", 2, 300),)),
            ["Receipt", "No.0042", "2026-11-2409:05", "Residencerecord300yen2600yen", "Total600yen",
             "Moneyinserted1,000yen", "Change/moneyreturned300yen", "未払い控え", "Pleasetakethissliptothecounter."],
            ["お預り", "通数"],
        ),
    ],
    ids=["paid", "owed", "nothing charged", "all returned", "english"],
)  # fmt: skip
def test_what_it_says(receipt: Receipt, says: list[str], not_says: list[str]) -> None:
    text, *_ = page_of(receipt_pdf(receipt))
    assert [words for words in says if words not in text] == []
    assert [words for words in not_says if words in text] == []


@pytest.mark.parametrize("receipt", [PAID, UNCHARGED, LONG, replace(LONG, language="en")])
@pytest.mark.parametrize(
    ("medium", "width_mm", "length_mm"),
    [("iso_a5_148x210mm", 148, 210), ("iso_a4_210x297mm", 210, 297), ("iso_a6_105x148mm", 105, 148)],
)
def test_everything_stays_on_the_one_page(receipt: Receipt, medium: str, width_mm: float, length_mm: float) -> None:
    _, boxes, size = page_of(receipt_pdf(receipt, medium))
    assert size == pytest.approx((width_mm * 72 / 25.4, length_mm * 72 / 25.4), abs=0.1)
    edge = 5 * 72 / 25.4  # more than any printer's margin of 4.23 mm
    assert min(left for left, *_ in boxes) > edge
    assert min(bottom for _, bottom, *_ in boxes) > edge
    assert max(right for _, _, right, _ in boxes) < size[0] - edge
    assert max(top for *_, top in boxes) < size[1] - edge


def test_fonts_are_embedded_and_nobody_is_named_in_the_file() -> None:
    with pikepdf.open(io.BytesIO(receipt_pdf(OWED))) as pdf:
        fonts = pdf.pages[0].resources.Font
        assert all("/FontFile2" in font.FontDescriptor for font in fonts.values())
        assert {str(pdf.docinfo.get(name, "")) for name in ("/Title", "/Author")} <= {"untitled", "anonymous", ""}


def test_a_letter_no_font_has_is_shown_as_missing_not_left_out() -> None:
    text, *_ = page_of(receipt_pdf(replace(PAID, office="\u0f40課")))
    assert "〓課" in text


def test_no_line_begins_with_a_closing_mark_and_no_word_is_torn() -> None:
    receipt_pdf(PAID)  # the fonts are there from now on
    lines = wrapped(JAPANESE.bring.format("市民生活課の窓口"), "receipt-plain", 12, 30)
    assert "".join(lines) == JAPANESE.bring.format("市民生活課の窓口")
    assert not any(line[0] in "、。" for line in lines)
    assert "Division" in " ".join(wrapped("the Citizens' Affairs Division", "receipt-plain", 12, 30)).split()


def test_a_medium_that_is_no_size_is_refused() -> None:
    with pytest.raises(PrintError):
        receipt_pdf(PAID, "A5")
