"""所得課税証明書: one year's income, deductions and the tax on it; for who pays none, 所得・非課税証明書."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reportlab.lib.units import mm

from config.wareki import wareki
from hardware_sim.city import draw_text
from hardware_sim.city.draw_text import FitError
from hardware_sim.city.form_sheet import (
    ADDRESS_PT,
    CONTENT_TOP,
    FOOT_TOP,
    LEFT,
    NAME_PT,
    WIDTH,
    Pair,
    Sheet,
    Wish,
    amount,
    born,
    certification,
    fiscal_year,
    frame,
    heading,
    label_cell,
    local_taxes,
    rest_blank,
    row,
    second_name,
    value_cell,
)
from hardware_sim.city.holdings import IncomeYear
from hardware_sim.city.register import Extract

_ROW = 7.0
_HALF = WIDTH / 2
_KIND = 50.0
_TABLE_TOP = CONTENT_TOP - 33.0
_LINES_AT_MOST = 13
"""Of the longer half of the table; what is below it must stay above the foot."""
_YEN_PT = (11.0, 10.5, 10.0)
_Line = tuple[str, str]


def sheets(extract: Extract, wish: Wish) -> int:
    """Always one."""
    del wish
    _year(extract)
    return 1


def front(sheet: Sheet) -> None:
    year = _year(sheet.extract)
    taxed = year.tax_yen > 0
    heading(sheet, "所 得 課 税 証 明 書" if taxed else "所 得 ・ 非 課 税 証 明 書")
    _head(sheet, year)
    bottom = _table(sheet, year)
    bottom = _family(sheet, year, bottom - 2)
    bottom = _tax(sheet, year, bottom - 2)
    if bottom - FOOT_TOP > 14:
        rest_blank(sheet.canvas, bottom, FOOT_TOP + 3)
    certification(sheet, ["上記のとおり相違ないことを証明する。"])


def _head(sheet: Sheet, year: IncomeYear) -> None:
    person = sheet.extract.holder
    first, last = date(year.income_year, 1, 1), date(year.income_year, 12, 31)
    span = f"{fiscal_year(year.fiscal_year)}（{wareki(first)}から{wareki(last)}までの所得）"
    since = f"{wareki(date(year.fiscal_year, 1, 1))}\n現在の住所"
    rows: tuple[tuple[float, tuple[Pair, ...]], ...] = (
        (8.5, (Pair("年　度", 30, span, WIDTH - 30, (11.5, 11.0, 10.5), 1),)),
        (10.0, (Pair(since, 30, year.address, WIDTH - 30, ADDRESS_PT),)),
        (
            12.0,
            (
                Pair("氏　名", 30, person.name, 81, NAME_PT, note=second_name(person)),
                Pair("生年月日", 21, born(person), 44, (11.0, 10.5, 10.0), 1),
            ),
        ),
    )
    top = CONTENT_TOP
    for height, pairs in rows:
        row(sheet.canvas, LEFT, top, height, pairs)
        top -= height
    frame(sheet.canvas, LEFT, CONTENT_TOP, WIDTH, CONTENT_TOP - top)


def _table(sheet: Sheet, year: IncomeYear) -> float:
    """Income at the left, deductions at the right; the lower edge."""
    receipts = [(one.label, amount(one.yen)) for one in year.receipts]
    incomes = [(one.label, amount(one.yen)) for one in year.incomes]
    left: list[_Line] = [
        ("給与・公的年金等の収入金額", ""),
        *(receipts or [("給与・公的年金等", amount(0))]),
        ("所得金額", ""),
        *(incomes or [("所得", amount(0))]),
    ]
    deductions = [(one.label, amount(one.yen)) for one in year.deductions]
    right: list[_Line] = [("所得控除額", ""), *(deductions or [("所得控除", amount(0))])]
    lines = max(len(left), len(right))
    if lines > _LINES_AT_MOST:
        raise FitError("this year has more kinds of income or deductions than the form has lines")
    _column(sheet, LEFT, left, lines, ("合計所得金額", amount(year.total_income_yen)))
    _column(sheet, LEFT + _HALF, right, lines, ("所得控除合計", amount(year.total_deductions_yen)))
    height = (lines + 1) * _ROW
    frame(sheet.canvas, LEFT, _TABLE_TOP, _HALF, height)
    frame(sheet.canvas, LEFT + _HALF, _TABLE_TOP, _HALF, height)
    return _TABLE_TOP - height


def _column(sheet: Sheet, left: float, lines: Sequence[_Line], count: int, total: _Line) -> None:
    canvas, top = sheet.canvas, _TABLE_TOP
    for label, value in lines:
        if value:
            _money(sheet, left, top, label, value)
        else:
            label_cell(canvas, left, top, _HALF, _ROW, label)
        top -= _ROW
    last = _TABLE_TOP - count * _ROW
    if top > last:
        canvas.rect(left * mm, last * mm, _HALF * mm, (top - last) * mm)
        canvas.line((left + _HALF) * mm, top * mm, left * mm, last * mm)
    _money(sheet, left, last, *total)


def _money(sheet: Sheet, left: float, top: float, label: str, value: str) -> None:
    row(
        sheet.canvas,
        left,
        top,
        _ROW,
        [Pair(label, _KIND, value, _HALF - _KIND, _YEN_PT, 1, align="right", label_pt=10.5)],
    )


def _family(sheet: Sheet, year: IncomeYear, top: float) -> float:
    pairs = (
        Pair("控除対象配偶者", 32, "有" if year.spouse else "無", 14, (11.0,), 1, align="centre"),
        Pair("扶養親族の数", 28, f"{year.dependants}人", 20, (11.0,), 1, align="right"),
        Pair("課税標準額", 38, amount(year.taxable_yen), 44, _YEN_PT, 1, align="right"),
    )
    row(sheet.canvas, LEFT, top, 8, pairs)
    frame(sheet.canvas, LEFT, top, WIDTH, 8)
    return top - 8


def _tax(sheet: Sheet, year: IncomeYear, top: float) -> float:
    canvas, start = sheet.canvas, top
    city, prefecture = local_taxes(sheet.wish)
    widths = (38.0, 46.0, 46.0, 46.0)
    grid: tuple[_Line3, ...] = (
        (city, year.city_income_based_yen, year.city_per_capita_yen),
        (prefecture, year.prefecture_income_based_yen, year.prefecture_per_capita_yen),
    )
    left = LEFT
    for width, label in zip(widths, ("税　目", "所得割額", "均等割額", "計"), strict=True):
        label_cell(canvas, left, top, width, _ROW, label)
        left += width
    for label, *parts in grid:
        top -= _ROW
        left = LEFT + widths[0]
        label_cell(canvas, LEFT, top, widths[0], _ROW, label)
        for width, yen in zip(widths[1:], (*parts, sum(parts)), strict=True):
            value_cell(canvas, left, top, _ROW, Pair("", 0, amount(yen), width, _YEN_PT, 1, align="right"))
            left += width
    top -= _ROW
    forest, whole = amount(year.forest_tax_yen), amount(year.tax_yen)
    words = whole if year.tax_yen else f"{whole}（非課税）"
    pairs = (
        Pair("森林環境税", widths[0], forest, widths[1], _YEN_PT, 1, align="right"),
        Pair("年　税　額", widths[2], words, widths[3], (12.0, 11.5, 11.0), 1, align="right"),
    )
    row(canvas, LEFT, top, 9, pairs)
    top -= 9
    frame(canvas, LEFT, start, WIDTH, start - top)
    if not year.tax_yen:
        taxes = f"{city}・{prefecture}・森林環境税"
        text = f"{fiscal_year(year.fiscal_year)}の{taxes}は課税されていません（非課税）。"
        draw_text.line(canvas, LEFT + 3, top - 7, text, 11.5, WIDTH - 6, smallest=10)
        top -= 9
    return top


_Line3 = tuple[str, int, int]


def _year(extract: Extract) -> IncomeYear:
    if extract.income is None:
        raise ValueError("there is no assessment of this person: refuse before drawing (nothing_registered)")
    return extract.income
