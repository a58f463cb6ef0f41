"""納税証明書: each instalment with what was charged, paid and left, and whether it is due already."""

from __future__ import annotations

import math
from collections.abc import Sequence

from config.wareki import wareki
from hardware_sim.city import draw_text
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
    certification,
    fiscal_year,
    frame,
    heading,
    label_cell,
    rest_blank,
    row,
    second_name,
    value_cell,
)
from hardware_sim.city.holdings import TaxItem
from hardware_sim.city.register import Extract

LINES_A_SHEET = 18
_COLUMNS = (
    ("年　度", 20.0),
    ("税　目", 33.0),
    ("期　別", 14.0),
    ("納期限", 28.0),
    ("課税額（円）", 20.5),
    ("納付済額（円）", 20.5),
    ("未納額（円）", 20.5),
    ("備　考", 19.5),
)
_TABLE_TOP = CONTENT_TOP - 25.0
_HEAD, _LINE = 9.0, 7.3
_PT = (10.0, 9.5, 9.0)
_NOT_DUE = "納期未到来"


def sheets(extract: Extract, wish: Wish) -> int:
    """One for each eighteen instalments."""
    del wish
    return math.ceil(len(_items(extract)) / LINES_A_SHEET)


def front(sheet: Sheet) -> None:
    canvas, extract, wish = sheet.canvas, sheet.extract, sheet.wish
    person = extract.holder
    items = _items(extract)
    heading(sheet, "納 税 証 明 書")
    row(canvas, LEFT, CONTENT_TOP, 10, [Pair("住　所", 22, extract.address, WIDTH - 22, ADDRESS_PT)])
    name = Pair("氏　名", 22, person.name, WIDTH - 22, NAME_PT, note=second_name(person))
    row(canvas, LEFT, CONTENT_TOP - 10, 12, [name])
    frame(canvas, LEFT, CONTENT_TOP, WIDTH, 22)
    left = LEFT
    for label, width in _COLUMNS:
        label_cell(canvas, left, _TABLE_TOP, width, _HEAD, label)
        left += width
    first = (sheet.number - 1) * LINES_A_SHEET
    here = items[first : first + LINES_A_SHEET]
    top = _TABLE_TOP - _HEAD
    for item in here:
        _values(sheet, top, _item(item, wish))
        top -= _LINE
    if sheet.number == sheet.count:
        _total(sheet, top, items)
        top -= _LINE
    frame(canvas, LEFT, _TABLE_TOP, WIDTH, _TABLE_TOP - top)
    if any(_not_due(item, wish) for item in here):
        text = f"備考に「{_NOT_DUE}」とある額は、納期限がまだ来ていないもので、滞納ではありません。"
        draw_text.line(canvas, LEFT + 2, top - 6, text, 10.5, WIDTH - 4)
        top -= 8
    if top - FOOT_TOP > 14 and sheet.number == sheet.count:
        rest_blank(canvas, top, FOOT_TOP + 3)
    certification(sheet, ["上記のとおり相違ないことを証明する。"])


def _item(item: TaxItem, wish: Wish) -> tuple[str, ...]:
    return (
        fiscal_year(item.fiscal_year),
        item.tax,
        item.period,
        wareki(item.due),
        f"{item.charged_yen:,}",
        f"{item.paid_yen:,}",
        f"{item.unpaid_yen:,}",
        _NOT_DUE if _not_due(item, wish) else "",
    )


def _not_due(item: TaxItem, wish: Wish) -> bool:
    """The last day for paying is a day to pay on."""
    return item.unpaid_yen > 0 and wish.on <= item.due


def _values(sheet: Sheet, top: float, values: Sequence[str]) -> None:
    left = LEFT
    for number, ((_, width), value) in enumerate(zip(_COLUMNS, values, strict=True)):
        money = 4 <= number <= 6
        pair = Pair("", 0, value, width, _PT, 1 if money else 2, align="right" if money else "left")
        value_cell(sheet.canvas, left, top, _LINE, pair)
        left += width


def _total(sheet: Sheet, top: float, items: Sequence[TaxItem]) -> None:
    text = sum(width for _, width in _COLUMNS[:4])
    label_cell(sheet.canvas, LEFT, top, text, _LINE, "合　計")
    sums = (sum(i.charged_yen for i in items), sum(i.paid_yen for i in items), sum(i.unpaid_yen for i in items))
    left = LEFT + text
    for (_, width), yen in zip(_COLUMNS[4:7], sums, strict=True):
        value_cell(sheet.canvas, left, top, _LINE, Pair("", 0, f"{yen:,}", width, _PT, 1, align="right"))
        left += width
    value_cell(sheet.canvas, left, top, _LINE, Pair("", 0, "", _COLUMNS[7][1], _PT, 1))


def _items(extract: Extract) -> tuple[TaxItem, ...]:
    if not extract.taxes:
        raise ValueError("there is no tax of this person: refuse before drawing (nothing_registered)")
    return extract.taxes
