"""Seal, income, tax and a part of a household as their readers need them: complete, of true size, of nobody else."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest

from hardware_sim.city import certificate
from hardware_sim.city.certificate import ITEMS, Wish
from hardware_sim.city.draw_text import FitError
from hardware_sim.city.holdings import Amount, IncomeYear, Seal, SealGlyph, TaxItem
from hardware_sim.city.register import Extract, Register

MM = 72 / 25.4
WISH = Wish(ITEMS, "ABCD-EFGH-JKMN-PQRS", "0123456789", date(2026, 11, 24))
OTHERS = {kind: replace(WISH, kind=kind, household="", items=()) for kind in ("seal", "income", "tax")}
FOUR, ONE, NINE, FOREIGN, MOVING, LONG, TWENTY, RARE = "r001", "r005", "r006", "r015", "r018", "r022", "r027", "r047"
SEAL = Seal("round", 12.0, 0.6, (SealGlyph("佐", 3, 6, 6, 3), SealGlyph("賀", 3, 3, 6, 3)), 0.0, "1", WISH.on)
SEAL_BOX = (17.3, 185, 82.7, 241.7)
"""Within the white box of the imprint, above its note, mm: left, bottom, right, top."""
INCOME = IncomeYear(
    fiscal_year=2026,
    address="佐賀県佐賀市城内二丁目99番31号",
    receipts=(Amount("給与収入", 4_000_000),),
    incomes=(Amount("給与所得", 2_760_000), Amount("不動産所得", 123_456)),
    deductions=(Amount("社会保険料控除", 600_001), Amount("基礎控除", 430_000)),
    spouse=True,
    dependants=2,
    city_income_based_yen=111_100,
    city_per_capita_yen=3_000,
    prefecture_income_based_yen=74_100,
    prefecture_per_capita_yen=1_500,
    forest_tax_yen=1_000,
)
ITEM = TaxItem(2026, "市県民税（普通徴収）", "第4期", date(2026, 11, 24), 54_000, 20_000)


def extract_of(register: Register, person: str) -> Extract:
    found = register.extract(person, b"n" * 32, b"s" * 16, lambda: datetime(2026, 11, 24, tzinfo=UTC))
    assert found is not None
    return replace(found, seal=found.seal or SEAL, income=found.income or INCOME, taxes=found.taxes or (ITEM,))


@contextmanager
def opened(pdf: bytes) -> Iterator[list[pypdfium2.PdfPage]]:
    document = pypdfium2.PdfDocument(pdf)
    pages = list(document)
    try:
        yield pages
    finally:
        for page in pages:
            page.close()
        document.close()


def words(pdf: bytes, *, above_mm: float = 0) -> list[str]:
    """Text of each side, without white space; ``above_mm`` leaves the control boxes out."""
    found = []
    with opened(pdf) as pages:
        for page in pages:
            text = page.get_textpage()
            found.append("".join(text.get_text_bounded(0, above_mm * MM, 600, 850).split()))
            text.close()
    return found


def front(extract: Extract, wish: Wish) -> str:
    return words(certificate.render(extract, wish).pdf)[0]


# --- every kind ---


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("person", [ONE, NINE, FOREIGN, LONG, RARE])
def test_every_side_can_be_checked(register: Register, pages: Any, kind: str, person: str) -> None:
    extract = extract_of(register, person)
    document = certificate.render(extract, OTHERS[kind])
    read = pages(document.pdf)
    assert certificate.sheets(extract, OTHERS[kind]) == 1
    assert len(read) == len(document.pages) == 2
    bare = re.sub("[\ufe00-\ufe0f\U000e0100-\U000e01ef]", "", extract.holder.name)
    for number, boxes in enumerate(read, 1):
        assert boxes["name"].split() == bare.split()
        assert (boxes["reference"], boxes["serial"]) == (WISH.reference, WISH.serial)
        assert boxes["page"] == f"{number}/2"
    assert document.pages == certificate.digests(document.pdf)
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"]
        assert fonts
        assert all("/FontFile2" in font.FontDescriptor and "/ToUnicode" in font for font in fonts)


@pytest.mark.parametrize("kind", OTHERS)
def test_each_copy_has_its_own_serial_on_every_side(register: Register, pages: Any, kind: str) -> None:
    extract = extract_of(register, FOUR)
    copies = [certificate.render(extract, replace(OTHERS[kind], serial=f"000000000{n}")) for n in (1, 2)]
    assert not set(copies[0].pages) & set(copies[1].pages)
    for number, copy in enumerate(copies, 1):
        assert [side["serial"] for side in pages(copy.pdf)] == [f"000000000{number}"] * 2


@pytest.mark.parametrize("kind", ["residence", *OTHERS])
def test_the_city_that_issues_is_the_one_named(register: Register, kind: str) -> None:
    wish = replace(OTHERS.get(kind, WISH), city="藤沢市", prefecture="神奈川県", mayor="雛形　花子")
    holder = replace(extract_of(register, ONE), address="神奈川県藤沢市朝日町1番地")
    text = front(replace(holder, income=replace(INCOME, address=holder.address)), wish)
    assert "神奈川県藤沢市長雛形花子" in text
    assert "佐賀市長" not in text


@pytest.mark.parametrize("kind", ["residence", *OTHERS])
@pytest.mark.parametrize("person", [NINE, FOREIGN, MOVING, LONG, RARE])
def test_no_letter_leaves_its_cell(register: Register, kind: str, person: str) -> None:
    """As pdfium sees the finished page: ink of letters against the ruled rectangles around them."""
    with opened(certificate.render(extract_of(register, person), OTHERS.get(kind, WISH)).pdf) as pages:
        for page in pages:
            cells = [shape.get_bounds() for shape in page.get_objects([pdfium_c.FPDF_PAGEOBJ_PATH], max_depth=1)]
            text = page.get_textpage()
            for index in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(index)
                if right - left < 0.1:
                    continue
                x, y = (left + right) / 2, (bottom + top) / 2
                around = [c for c in cells if c[0] < x < c[2] and c[1] < y < c[3] and c[3] - c[1] > 14]
                cell = min(around, key=lambda c: (c[2] - c[0]) * (c[3] - c[1]), default=(45, 19, 560, 830))
                slack = 0.6  # points: half a line, and rounding of the letter's box
                assert left > cell[0] - slack, (index, cell)
                assert right < cell[2] + slack, (index, cell)
                assert bottom > cell[1] - slack, (index, cell)
                assert top < cell[3] + slack, (index, cell)
            text.close()


@pytest.mark.parametrize("kind", ["residence", *OTHERS])
def test_what_cannot_be_written_whole_is_refused_and_not_told(register: Register, kind: str) -> None:
    extract = extract_of(register, FOUR)
    endless = replace(extract.holder, name="寿限無" * 60)
    with pytest.raises(FitError) as caught:
        certificate.render(replace(extract, holder=endless, members=(endless,)), OTHERS.get(kind, WISH))
    assert "寿" not in str(caught.value)


@pytest.mark.parametrize("kind", ["residence", *OTHERS])
def test_longest_names_with_their_second_names(register: Register, kind: str) -> None:
    extract = extract_of(register, FOREIGN)
    holder = replace(extract.holder, alias="勘解由小路　ヴィルヘルミーナ桜子", former_name="東久世")
    assert len(holder.name) >= 47
    text = front(replace(extract, holder=holder, members=(holder,)), OTHERS.get(kind, WISH))
    assert "［旧氏］東久世" in text
    assert "［通称］勘解由小路ヴィルヘルミーナ桜子" in text
    assert "".join(holder.name.split()) in text


def test_an_unknown_kind_and_nothing_registered_are_errors(register: Register) -> None:
    empty = replace(extract_of(register, FOUR), seal=None, income=None, taxes=())
    for kind in (*OTHERS, "passport"):
        with pytest.raises(ValueError, match=r"nothing_registered|residence, seal, income, tax"):
            certificate.sheets(empty, replace(WISH, kind=kind))


# --- residence ---


def test_a_part_names_only_who_was_chosen(register: Register) -> None:
    extract = extract_of(register, TWENTY)
    chosen = tuple(sorted(extract.members[n].id for n in (2, 7, 19)))
    wish = replace(WISH, household="part", chosen=chosen, items=())
    assert certificate.sheets(extract, wish) == 1
    seen, back = words(certificate.render(extract, wish).pdf, above_mm=18)
    for member in extract.members:
        assert ("".join(member.name.split()) in seen) is (member.id in chosen), member.position
    assert back == ""
    assert "（世帯の一部）" in seen
    assert "この写しは、世帯の一部の住民票の原本と相違ないことを証明する。" in seen
    assert "世帯全員" not in seen


def test_a_part_shows_the_head_only_if_asked(register: Register) -> None:
    extract = extract_of(register, FOUR)
    wish = replace(WISH, household="part", chosen=(extract.members[1].id,), items=("head_and_relationship",))
    assert "佐賀太郎" in words(certificate.render(extract, wish).pdf, above_mm=18)[0]
    assert "佐賀太郎" not in words(certificate.render(extract, replace(wish, items=())).pdf, above_mm=18)[0]


@pytest.mark.parametrize(("household", "chosen"), [("part", ("r999",)), ("part", (FOUR, "r999")), ("whole", (FOUR,))])
def test_members_that_cannot_be_chosen(register: Register, household: str, chosen: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="chosen"):
        certificate.render(extract_of(register, FOUR), replace(WISH, household=household, chosen=chosen))


def test_twenty_members_on_five_sheets_of_one_document(register: Register) -> None:
    extract = extract_of(register, TWENTY)
    text = words(certificate.render(extract, WISH).pdf, above_mm=18)
    assert len(text) == 10
    for number, side in enumerate(text[::2], 1):
        assert f"発行番号{WISH.serial}{number}／5枚" in side
        assert "この証明書は、5枚で1通です。" in side
        assert ("続紙" in side) is (number > 1)
        assert ("相違ないことを証明する" in side) is (number == 5)
        names = ["".join(member.name.split()) in side for member in extract.members[1:]]  # the head is on every sheet
        assert names == [(n - 1) // 4 + 1 == number for n in range(2, 21)]


def test_who_is_going_to_move_only_if_asked(register: Register) -> None:
    extract = extract_of(register, MOVING)
    with_it = front(extract, replace(WISH, items=("planned_move",)))
    without = front(extract, replace(WISH, items=tuple(item for item in ITEMS if item != "planned_move")))
    assert with_it.count("転出予定（届出済）") == 2
    assert with_it.count("福岡県福岡市中央区天神九丁目99番") == 3
    assert with_it.count("【空欄】") == 1  # one of them has no confirmed destination yet
    assert "転出予定（" not in without
    assert "福岡市中央区天神" not in without


def test_foreign_residents_have_no_domicile_and_a_line_of_their_own(register: Register) -> None:
    text = front(extract_of(register, FOREIGN), WISH)
    assert text.count("外国人住民となった年月日") == 3
    assert "1990年8月17日" in text
    assert "平成2年8月17日" not in text
    assert text.count("本籍－筆頭者－") == 3


# --- seal ---


def ink(pdf: bytes, dpi: int = 600) -> tuple[float, float]:
    """Width and height, mm, of what is black in the imprint's box; nothing there may have a colour."""
    left, bottom, right, top = (value * MM for value in SEAL_BOX)
    with opened(pdf) as pages:
        page = pages[0]
        width, height = page.get_size()
        bitmap = page.render(scale=dpi / 72, crop=(left, bottom, width - right, height - top))
        picture = bitmap.to_pil().convert("RGB")
        bitmap.close()
    assert all(max(c) - min(c) < 8 for _, c in picture.getcolors(100_000))
    box = picture.convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    return ((box[2] - box[0]) / dpi * 25.4, (box[3] - box[1]) / dpi * 25.4)


@pytest.mark.parametrize("shape", ["round", "square"])
@pytest.mark.parametrize("side", [8.0, 13.5, 25.0])
@pytest.mark.parametrize("turn", [0.0, -5.5])
def test_the_imprint_has_its_true_size(register: Register, shape: Any, side: float, turn: float) -> None:
    seal = replace(SEAL, shape=shape, side_mm=side, turn_deg=turn, glyphs=(SealGlyph("賀", 2, 2, side - 4, side - 4),))
    pdf = certificate.render(replace(extract_of(register, FOUR), seal=seal), OTHERS["seal"]).pdf
    angle = math.radians(abs(turn))
    expected = side * (math.cos(angle) + math.sin(angle)) if shape == "square" else side
    assert ink(pdf) == pytest.approx((expected, expected), abs=0.1)


def test_the_seal_certificate_says_four_things(register: Register) -> None:
    extract = extract_of(register, FOUR)
    document = certificate.render(extract, OTHERS["seal"])
    holder = extract.holder
    text = words(document.pdf, above_mm=18)[0]
    expected = (
        "印鑑登録証明書", f"発行番号{WISH.serial}1／1枚", "印影（印影は原寸大です）", "氏名佐賀太郎",
        "生年月日昭和59年5月12日", f"住所{extract.address}", "以下余白",
        "この写しは、登録されている印鑑の印影と相違ないことを証明する。",
        "令和8年11月24日", "佐賀県佐賀市長見本太郎",
        "これは見本です。人物・世帯・番地はすべて架空で、証明の効力はありません。",
    )  # fmt: skip
    assert sorted(text) == sorted("".join(expected))  # these, and not a letter more
    assert holder.sex not in text
    assert extract.seal is not None
    assert extract.seal.number not in text
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert not [one for one in pdf.objects if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"]


# --- income ---


def test_every_figure_of_the_year(register: Register) -> None:
    text = front(replace(extract_of(register, FOUR), income=INCOME), OTHERS["income"])
    expected = (
        "所得課税証明書", "令和8年度（令和7年1月1日から令和7年12月31日までの所得）",
        "令和8年1月1日現在の住所佐賀県佐賀市城内二丁目99番31号", "給与収入4,000,000円", "給与所得2,760,000円",
        "不動産所得123,456円", "合計所得金額2,883,456円", "社会保険料控除600,001円", "基礎控除430,000円",
        "所得控除合計1,030,001円", "課税標準額1,853,000円", "控除対象配偶者有", "扶養親族の数2人",
        "市民税111,100円3,000円114,100円", "県民税74,100円1,500円75,600円", "森林環境税1,000円", "年税額190,700円",
        "上記のとおり相違ないことを証明する。",
    )  # fmt: skip
    assert [words for words in expected if words not in text] == []
    assert "非課税" not in text


def test_who_pays_no_tax_gets_the_words_for_it(register: Register) -> None:
    nothing = dict.fromkeys(
        ("city_income_based_yen", "city_per_capita_yen", "prefecture_income_based_yen", "prefecture_per_capita_yen"), 0
    )
    year = replace(INCOME, receipts=(), incomes=(), deductions=(), forest_tax_yen=0, **nothing)
    text = front(replace(extract_of(register, FOUR), income=year), OTHERS["income"])
    assert "所得・非課税証明書" in text
    assert "令和8年度の市民税・県民税・森林環境税は課税されていません（非課税）。" in text
    assert "合計所得金額0円" in text
    assert "年税額0円（非課税）" in text


def test_the_year_in_which_the_era_changed(register: Register) -> None:
    text = front(replace(extract_of(register, FOUR), income=replace(INCOME, fiscal_year=2020)), OTHERS["income"])
    assert "令和2年度（平成31年1月1日から令和元年12月31日までの所得）" in text


def test_more_kinds_of_income_than_lines_are_refused(register: Register) -> None:
    year = replace(INCOME, deductions=tuple(Amount(f"控除{n}", n) for n in range(20)))
    with pytest.raises(FitError):
        certificate.render(replace(extract_of(register, FOUR), income=year), OTHERS["income"])


# --- tax ---


@pytest.mark.parametrize(("days", "noted"), [(-1, True), (0, True), (1, False)])
def test_an_instalment_that_is_not_due_is_no_arrear(register: Register, days: int, noted: bool) -> None:
    wish = replace(OTHERS["tax"], on=ITEM.due + timedelta(days))
    text = front(replace(extract_of(register, FOUR), taxes=(ITEM,)), wish)
    assert "令和8年度市県民税（普通徴収）第4期令和8年11月24日54,00020,00034,000" in text
    assert ("34,000納期未到来" in text) is noted
    assert ("滞納ではありません" in text) is noted


def test_what_is_paid_has_no_remark(register: Register) -> None:
    items = (replace(ITEM, paid_yen=54_000), replace(ITEM, period="全期", charged_yen=0, paid_yen=0))
    text = front(replace(extract_of(register, FOUR), taxes=items), OTHERS["tax"])
    assert "納期未到来" not in text
    assert text.count("課税なし") == 1
    assert "合計54,00054,0000" in text


def test_many_instalments_go_on_and_are_added_up_once(register: Register) -> None:
    items = tuple(replace(ITEM, period=f"第{n}期", charged_yen=n, paid_yen=0) for n in range(1, 41))
    extract = replace(extract_of(register, FOUR), taxes=items)
    text = words(certificate.render(extract, OTHERS["tax"]).pdf, above_mm=18)[::2]
    assert len(text) == certificate.sheets(extract, OTHERS["tax"]) == 3
    for n in range(1, 41):
        assert [f"第{n}期" in side for side in text].count(True) == 1
    assert ["合計" in side for side in text] == [False, False, True]
    assert "合計8200820" in text[2]
