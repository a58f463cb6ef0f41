"""What the forms have in common: the wish, the sheet they draw on, ruled cells, heading, certification, control boxes.

Coordinates are millimetres from the lower left corner of A4 portrait unless a name says otherwise. The control boxes
are those of docs/protocol.md §7.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from config.wareki import wareki
from hardware_sim.city import draw_text, paper, typeface
from hardware_sim.city.draw_text import Align, FitError, steps
from hardware_sim.city.register import Extract
from hardware_sim.city.residents import Person

CONTROL_BOXES = {"name": (20, 98), "reference": (100, 142), "serial": (144, 172), "page": (174, 196)}
"""x from, x to; all from 7 to 13 high."""
_CONTROL_LABELS = {"name": "氏名", "reference": "照合番号", "serial": "発行番号", "page": "ページ"}
_CONTROL_PT, _CONTROL_LEAST_PT, _SQUEEZE = 9.5, 5.0, 0.75

LEFT, RIGHT = 17.0, 193.0
WIDTH = RIGHT - LEFT
TITLE_BASE, UNDER_TITLE, CONTENT_TOP = 271.0, 263.0, 260.0
FOOT_TOP = 70.0
"""The certification stands below."""
THIN_PT, HEAVY_PT = 0.4, 0.9
LABEL_PT, VALUE_PT = 9.5, 10.5
NAME_PT = (13.0, 12.0, 11.0, 10.0, 9.0)
WRAP_PT = 11.0
"""A value is put on another line before it becomes smaller than that."""
ADDRESS_PT = (11.0, 10.5, 10.0, 9.5, 9.0)
_LABEL_LEAST_PT = 7.5
_PAD, _AIR = 1.5, 0.04
"""Beside the text in a cell, mm; above and below it, as a part of the cell's height."""
_NOTES, _LEAST_AIR = (5.0, 3.6), 0.2
"""Heights a note may take, mm."""
_NOTE_PT = steps(9.5, 7)


class Boxes(Enum):
    """How the control boxes are written; all but the first are faults of the bench."""

    TEXT = "text"
    OUTLINES = "outlines"


@dataclass(frozen=True)
class Wish:
    """What one copy is to be: ``items`` sorted; ``on`` the day of issue in Japan."""

    items: tuple[str, ...]
    reference: str
    serial: str
    on: date
    boxes: Boxes = Boxes.TEXT
    tile: bytes | None = field(default=None, repr=False)
    """Grey values of a square picture (one byte each), drawn in a corner of the first page."""
    kind: str = "residence"
    """``residence``, ``seal``, ``income`` or ``tax``."""
    household: str = "whole"
    """``whole`` or ``part`` of a residence record; means nothing to the other kinds."""
    chosen: tuple[str, ...] = ()
    """Ids of the members that a part is to hold; empty: all."""
    city: str = "佐賀市"
    prefecture: str = "佐賀県"
    mayor: str = "見本　太郎"
    """Name of the mayor; the office is 〈city〉長."""


@dataclass(frozen=True)
class Sheet:
    """One sheet while it is drawn: number ``number`` of ``count``, from 1."""

    canvas: Canvas
    extract: Extract
    wish: Wish
    number: int
    count: int


@dataclass(frozen=True)
class Pair:
    """A label in a tinted cell, and its value in the next."""

    label: str
    label_width: float
    value: str
    value_width: float
    sizes: Sequence[float] = steps(VALUE_PT, 7)
    lines: int = 2
    note: str = ""
    """A second, smaller line in the value's cell."""
    align: Align = "left"
    label_pt: float = LABEL_PT


def prepare(canvas: Canvas) -> None:
    """Black on white, thin lines."""
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    canvas.setLineWidth(THIN_PT)


def heading(sheet: Sheet, title: str, under: str = "") -> None:
    """Title, a line under it at the left, serial and number of sheets at the right, the bench's tile."""
    canvas = sheet.canvas
    if sheet.number > 1:
        under += "　続紙"
    draw_text.line(canvas, 105, TITLE_BASE, title, 20, 124, align="centre", smallest=16)
    if under:
        draw_text.line(canvas, LEFT, UNDER_TITLE, under, 10.5, 80)
    numbered = f"発行番号 {sheet.wish.serial}　　{sheet.number}／{sheet.count} 枚"
    draw_text.line(canvas, RIGHT, UNDER_TITLE, numbered, 10.5, 90, align="right")
    if sheet.wish.tile is not None and sheet.number == 1:
        _tile(canvas, sheet.wish.tile)


def row(canvas: Canvas, left: float, top: float, height: float, pairs: Iterable[Pair]) -> None:
    """Cells side by side, their upper edge at ``top``."""
    for pair in pairs:
        label_cell(canvas, left, top, pair.label_width, height, pair.label, pair.label_pt)
        left += pair.label_width
        value_cell(canvas, left, top, height, pair)
        left += pair.value_width


def label_cell(
    canvas: Canvas, left: float, top: float, width: float, height: float, label: str, size: float = LABEL_PT
) -> None:
    """A tinted cell with its label in the middle; on two lines if it must."""
    canvas.saveState()
    canvas.setFillColorRGB(0.93, 0.95, 0.94)
    canvas.rect(left * mm, (top - height) * mm, width * mm, height * mm, stroke=1, fill=1)
    canvas.restoreState()
    sizes = steps(size, _LABEL_LEAST_PT)
    draw_text.block(canvas, left + 0.7, top - height + 0.3, width - 1.4, height - 0.6, label, sizes, 2, "centre")


def value_cell(canvas: Canvas, left: float, top: float, height: float, pair: Pair) -> None:
    """A cell with the pair's value, and its note under that; the note makes room for a value of two lines."""
    bottom = top - height
    canvas.rect(left * mm, bottom * mm, pair.value_width * mm, height * mm)
    inside, air = pair.value_width - 2 * _PAD, _AIR * height

    def put(low: float, space: float) -> None:
        at = (left + _PAD, bottom + low, inside, space)
        draw_text.block(canvas, *at, pair.value, pair.sizes, pair.lines, pair.align, WRAP_PT)

    if not pair.note:
        put(air, height - 2 * air)
        return
    note = _NOTES[0]
    for note in _NOTES:
        with contextlib.suppress(FitError):
            put(note, height - note - _LEAST_AIR)
            break
    else:
        raise FitError("a name with its second name does not fit its box on the form, even in the smallest type")
    draw_text.block(canvas, left + _PAD, bottom + _LEAST_AIR, inside, note - _LEAST_AIR, pair.note, _NOTE_PT)


def frame(canvas: Canvas, left: float, top: float, width: float, height: float) -> None:
    """The heavy line around a group of cells, over their thin ones."""
    canvas.saveState()
    canvas.setLineWidth(HEAVY_PT)
    canvas.rect(left * mm, (top - height) * mm, width * mm, height * mm)
    canvas.restoreState()


def rest_blank(canvas: Canvas, top: float, bottom: float) -> None:
    """「以下余白」 with a stroke through the space from ``top`` to ``bottom``, so that nothing can be added."""
    draw_text.line(canvas, 105, top - 8, "以　下　余　白", 11, 60, align="centre")
    if top - 12 > bottom:
        canvas.line(RIGHT * mm, (top - 12) * mm, LEFT * mm, bottom * mm)


def certification(sheet: Sheet, sentences: Sequence[str]) -> None:
    """The sentences, day, issuer and seal at the foot of the last sheet; on the others that another follows."""
    canvas, wish = sheet.canvas, sheet.wish
    together = f"この証明書は、{sheet.count}枚で1通です。"
    if sheet.number < sheet.count:
        draw_text.line(canvas, LEFT + 3, FOOT_TOP - 7, together, 11, 80)
        draw_text.line(canvas, RIGHT, FOOT_TOP - 7, "（次の用紙に続く）", 11, 80, align="right")
    else:
        base = FOOT_TOP - 7
        for sentence in (*sentences, together) if sheet.count > 1 else sentences:
            draw_text.line(canvas, LEFT + 3, base, sentence, 12, WIDTH - 6, smallest=10.5)
            base -= 6
        draw_text.line(canvas, LEFT + 10, 50, wareki(wish.on), 12, 70)
        issuer = f"{wish.prefecture}{wish.city}長　{wish.mayor}"
        draw_text.line(canvas, 152, 38, issuer, 15, 124, align="right", smallest=10)
        paper.draw_seal(canvas, 157 * mm, 28 * mm, 24 * mm, wish.city)
    canvas.saveState()
    canvas.setFillGray(0.25)
    notice = "これは見本です。人物・世帯・番地はすべて架空で、証明の効力はありません。"
    draw_text.line(canvas, LEFT, 21.5, notice, 8, WIDTH)
    canvas.restoreState()


def control(canvas: Canvas, extract: Extract, wish: Wish, page: str) -> None:
    """The four boxes, read off the page by the terminal: one line of text in each, well inside."""
    values = {"name": extract.holder.name, "reference": wish.reference, "serial": wish.serial, "page": page}
    canvas.saveState()
    canvas.setFillGray(0)
    canvas.setStrokeGray(0.45)
    canvas.setLineWidth(0.3)
    canvas.line(LEFT * mm, 17.6 * mm, 196 * mm, 17.6 * mm)
    for box, (left, right) in CONTROL_BOXES.items():
        draw_text.line(canvas, left + 1, 14.4, _CONTROL_LABELS[box], 6.5, right - left - 2)
        line = typeface.letters(values[box])
        size, squeeze = _squeezed(draw_text.width(line, 1.0), right - left - 3)
        drawn = typeface.draw if wish.boxes is Boxes.TEXT else typeface.outline
        drawn(canvas, (left + 1) * mm, 9.2 * mm, line, size, squeeze)
    canvas.restoreState()


def _squeezed(unit: float, within: float) -> tuple[float, float]:
    """(size, narrowing) of a line ``unit`` mm wide at one point: narrowed first, a box has one line only."""
    if not unit:
        return _CONTROL_PT, 1.0
    squeeze = max(min(1.0, within / (unit * _CONTROL_PT)), _SQUEEZE)
    size = min(_CONTROL_PT, within / (unit * squeeze))
    if size < _CONTROL_LEAST_PT:
        raise FitError("the holder's name does not fit the control box, even in the smallest type")
    return size, squeeze


def second_name(person: Person) -> str:
    """旧氏 and 通称, which belong to the name wherever it stands."""
    names = (("旧氏", person.former_name), ("通称", person.alias))
    return "　".join(f"［{kind}］{name}" for kind, name in names if name)


def born(person: Person) -> str:
    """Date of birth in the calendar of the register."""
    return western(person.birth) if person.western else wareki(person.birth)


def western(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def amount(yen: int) -> str:
    return f"{yen:,}円"


def fiscal_year(year: int) -> str:
    """``令和8年度``, in the era of the day on which it begins."""
    return wareki(date(year, 4, 1)).split("年")[0] + "年度"


def local_taxes(wish: Wish) -> tuple[str, str]:
    """What the resident's tax is called in this city and this prefecture: 市民税, 県民税 (or 町民税, 府民税 …)."""
    return f"{wish.city[-1]}民税", f"{wish.prefecture[-1]}民税"


def _tile(canvas: Canvas, grey: bytes) -> None:
    from PIL import Image

    side = math.isqrt(len(grey))
    if side * side != len(grey) or not side:
        raise ValueError("a test tile is a square of grey values: give side × side bytes")
    canvas.drawImage(ImageReader(Image.frombytes("L", (side, side), grey)), 181 * mm, 271 * mm, 12 * mm, 12 * mm)
