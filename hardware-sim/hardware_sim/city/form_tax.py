"""納税証明書: each instalment with what was charged, paid and left, and whether it is due already."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from config.wareki import wareki
from hardware_sim.city import draw_text
from hardware_sim.city.draw_text import Align
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
_WHAT = 38.0
_COLUMNS = (
    ("期　別", 15.0),
    ("納期限", 34.0),
    ("課税額", 22.5),
    ("納付済額", 22.5),
    ("未納額", 22.5),
    ("備　考", 21.5),
)
_TABLE_TOP = CONTENT_TOP - 28.0
_HEAD = 8.0
_LINE, _ROOMY = 7.7, 9.0
"""Heights of a line; the second where there are few."""
_FEW = 13
_PT = (11.0, 10.5, 10.0, 9.5)
_WHAT_PT = (11.0, 10.5, 10.0, 9.5, 9.0)
_NOT_DUE, _NOTHING = "納期未到来", "課税なし"


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
    draw_text.line(canvas, LEFT + WIDTH, _TABLE_TOP + 1.5, "（単位：円）", 9.5, 40, align="right")
    label_cell(canvas, LEFT, _TABLE_TOP, _WHAT, _HEAD, "年度・税目")
    left = LEFT + _WHAT
    for label, width in _COLUMNS:
        label_cell(canvas, left, _TABLE_TOP, width, _HEAD, label)
        left += width
    first = (sheet.number - 1) * LINES_A_SHEET
    here = items[first : first + LINES_A_SHEET]
    top, height = _TABLE_TOP - _HEAD, _ROOMY if len(items) <= _FEW else _LINE
    for what, grouped in itertools.groupby(here, _what):
        group = tuple(grouped)
        cell = Pair("", 0, what, _WHAT, _WHAT_PT, 3)
        value_cell(canvas, LEFT, top, len(group) * height, cell)
        for item in group:
            _values(sheet, top, height, item)
            top -= height
    if sheet.number == sheet.count:
        _total(sheet, top, height, items)
        top -= height
    frame(canvas, LEFT, _TABLE_TOP, WIDTH, _TABLE_TOP - top)
    if any(_not_due(item, wish) for item in here):
        text = f"備考に「{_NOT_DUE}」とある額は、納期限がまだ来ていないもので、滞納ではありません。"
        draw_text.line(canvas, LEFT + 2, top - 6, text, 10.5, WIDTH - 4)
        top -= 8
    if top - FOOT_TOP > 14 and sheet.number == sheet.count:
        rest_blank(canvas, top, FOOT_TOP + 3)
    certification(sheet, ["上記のとおり相違ないことを証明する。"])


def _what(item: TaxItem) -> str:
    return f"{fiscal_year(item.fiscal_year)}\n{item.tax}"


def _not_due(item: TaxItem, wish: Wish) -> bool:
    """The last day for paying is a day to pay on."""
    return item.unpaid_yen > 0 and wish.on <= item.due


def _values(sheet: Sheet, top: float, height: float, item: TaxItem) -> None:
    remark = _NOT_DUE if _not_due(item, sheet.wish) else "" if item.charged_yen else _NOTHING
    values = (item.period, wareki(item.due), *_yen(item.charged_yen, item.paid_yen, item.unpaid_yen), remark)
    left = LEFT + _WHAT
    for (_, width), value in zip(_COLUMNS, values, strict=True):
        align: Align = "right" if value[:1].isdigit() else "left"
        value_cell(sheet.canvas, left, top, height, Pair("", 0, value, width, _PT, 1, align=align))
        left += width


def _total(sheet: Sheet, top: float, height: float, items: Sequence[TaxItem]) -> None:
    text = _WHAT + sum(width for _, width in _COLUMNS[:2])
    label_cell(sheet.canvas, LEFT, top, text, height, "合　計", 11)
    sums = _yen(sum(i.charged_yen for i in items), sum(i.paid_yen for i in items), sum(i.unpaid_yen for i in items))
    left = LEFT + text
    for (_, width), value in zip(_COLUMNS[2:], (*sums, ""), strict=True):
        value_cell(sheet.canvas, left, top, height, Pair("", 0, value, width, _PT, 1, align="right"))
        left += width


def _yen(*amounts: int) -> tuple[str, ...]:
    return tuple(f"{yen:,}" for yen in amounts)


def _items(extract: Extract) -> tuple[TaxItem, ...]:
    if not extract.taxes:
        raise ValueError("there is no tax of this person: refuse before drawing (nothing_registered)")
    return extract.taxes
