"""印鑑登録証明書: the imprint 1:1, name, date of birth, address, and nothing else (F-28)."""

from __future__ import annotations

from reportlab.lib.units import mm

from hardware_sim.city import draw_seal, draw_text
from hardware_sim.city.form_sheet import (
    LEFT,
    THIN_PT,
    WIDTH,
    Pair,
    Sheet,
    Wish,
    born,
    certification,
    frame,
    heading,
    label_cell,
    rest_blank,
    row,
    second_name,
)
from hardware_sim.city.holdings import Seal
from hardware_sim.city.register import Extract

_TOP = 252.0
_IMPRINT, _LABEL = 66.0, 10.0
_HEIGHT = _IMPRINT + _LABEL
_LABEL_PT = 11.0
_ROWS = (26.0, 16.0, 34.0)


def sheets(extract: Extract, wish: Wish) -> int:
    """Always one."""
    del wish
    _seal(extract)
    return 1


def front(sheet: Sheet) -> None:
    canvas, extract = sheet.canvas, sheet.extract
    person = extract.holder
    heading(sheet, "印 鑑 登 録 証 明 書")
    label_cell(canvas, LEFT, _TOP, _IMPRINT, _LABEL, "印　影", _LABEL_PT)
    canvas.saveState()
    canvas.setFillGray(1)  # nothing of the pattern behind the imprint: it is compared line by line
    canvas.setLineWidth(THIN_PT)
    bottom = _TOP - _HEIGHT
    canvas.rect(LEFT * mm, bottom * mm, _IMPRINT * mm, _IMPRINT * mm, stroke=1, fill=1)
    canvas.restoreState()
    draw_seal.imprint(canvas, _seal(extract), LEFT + _IMPRINT / 2, bottom + _IMPRINT / 2 + 3)
    draw_text.line(canvas, LEFT + _IMPRINT / 2, bottom + 4, "（印影は原寸大です）", 9, _IMPRINT - 4, align="centre")
    value = WIDTH - _IMPRINT - 23
    pairs = (
        Pair(
            "氏　名", 23, person.name, value, draw_text.steps(17, 11), 3, note=second_name(person), label_pt=_LABEL_PT
        ),
        Pair("生年月日", 23, born(person), value, draw_text.steps(14, 12), 1, label_pt=_LABEL_PT),
        Pair("住　所", 23, extract.address, value, draw_text.steps(14, 12), 4, label_pt=_LABEL_PT),
    )
    top = _TOP
    for height, pair in zip(_ROWS, pairs, strict=True):
        row(canvas, LEFT + _IMPRINT, top, height, [pair])
        top -= height
    frame(canvas, LEFT, _TOP, WIDTH, _HEIGHT)
    rest_blank(canvas, bottom - 4, 74)
    certification(sheet, ["この写しは、登録されている印鑑の印影と相違ないことを証明する。"])


def _seal(extract: Extract) -> Seal:
    if extract.seal is None:
        raise ValueError("this person has no registered seal: refuse before drawing (nothing_registered)")
    return extract.seal
