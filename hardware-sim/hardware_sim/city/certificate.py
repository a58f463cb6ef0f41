"""住民票の写し of a whole household, 世帯連記式: up to four members a sheet, A4 portrait, front and back.

Laid out after the forms municipalities publish. Coordinates are millimetres from the lower left corner unless a
name says otherwise. The control boxes are those of docs/protocol.md §7.
"""

from __future__ import annotations

import io
import math
import re
import threading
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

import pikepdf
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from config.wareki import wareki
from hardware_sim.city import paper, typeface
from hardware_sim.city.register import Extract
from hardware_sim.city.residents import Person
from hardware_sim.city.wire import page_digest

# Streams are deflated and nothing else: half the size, and a picture of noise lies in the file as it is.
rl_config.useA85 = 0

MEMBERS_A_SHEET = 4
ITEMS = ("domicile", "head_and_relationship", "planned_move", "previous_address", "residence_dates")
"""Item ids that can be asked for or left out (docs/protocol.md §7), sorted."""
OMITTED, EMPTY = "【省略】", "【空欄】"
ISSUER = "佐賀県佐賀市長　見本　太郎"

CONTROL_BOXES = {"name": (20, 98), "reference": (100, 142), "serial": (144, 172), "page": (174, 196)}
"""x from, x to; all from 7 to 13 high."""
_CONTROL_LABELS = {"name": "氏名", "reference": "照合番号", "serial": "発行番号", "page": "頁"}

LEFT, RIGHT = 17.0, 193.0
_HEAD_TOP, _BLOCKS_TOP, _BLOCK = 262.0, 243.0, 42.0
_THIN_PT = 0.35
_ink_lock = threading.Lock()


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


@dataclass(frozen=True)
class Document:
    """A finished copy."""

    pdf: bytes = field(repr=False)
    pages: tuple[bytes, ...]
    """SHA-256 of each page's decoded content."""


def sheets(extract: Extract) -> int:
    """How many sheets this household needs."""
    return max(1, math.ceil(len(extract.members) / MEMBERS_A_SHEET))


def render(extract: Extract, wish: Wish) -> Document:
    """One copy as PDF: each sheet a front and a back, every font embedded.

    Raises:
        GlyphError: a character is in none of the fonts, or a font is not installed.
    """
    typeface.register()
    out = io.BytesIO()
    with _ink_lock:  # reportlab keeps the fonts' subsets in module state
        canvas = Canvas(out, pagesize=A4, initialFontName=typeface.MAIN, pageCompression=1, invariant=1)
        paper.define_pattern(canvas)
        count = sheets(extract)
        for sheet in range(1, count + 1):
            _front(_Sheet(canvas, extract, wish, sheet, count))
            _control(canvas, extract, wish, f"{2 * sheet - 1}/{2 * count}")
            canvas.showPage()
            paper.draw_pattern(canvas)
            _control(canvas, extract, wish, f"{2 * sheet}/{2 * count}")
            canvas.showPage()
        canvas.save()
    return finish(out.getvalue())


def finish(pdf: bytes) -> Document:
    """Put right what reportlab leaves: text beyond the BMP, invented dates; then digest the pages."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Dictionary) and "/ToUnicode" in thing:
                cmap = thing.ToUnicode
                cmap.write(_utf16(cmap.read_bytes()))
        if "/Info" in opened.trailer:
            del opened.trailer["/Info"]
        out = io.BytesIO()
        opened.save(out, deterministic_id=True, compress_streams=True)
    return Document(out.getvalue(), digests(out.getvalue()))


def digests(pdf: bytes) -> tuple[bytes, ...]:
    """One for each page, read off the finished file."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return tuple(page_digest(_streams(page)) for page in opened.pages)


def with_first_page_of(pdf: bytes, other: bytes) -> Document:
    """``pdf`` with its first page replaced by that of ``other`` (a fault of the bench)."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened, pikepdf.open(io.BytesIO(other)) as foreign:
        opened.pages[0] = foreign.pages[0]
        opened.save(out, deterministic_id=True)
    return Document(out.getvalue(), digests(out.getvalue()))


def _streams(page: pikepdf.Page) -> list[bytes]:
    contents = page.obj.Contents
    if isinstance(contents, pikepdf.Array):
        return [pikepdf.Stream.read_bytes(part) for part in contents]
    return [contents.read_bytes()]


def _utf16(cmap: bytes) -> bytes:
    """Code points beyond the BMP as UTF-16 (ISO 32000-1 §9.10.3); reportlab writes them as one number."""

    def pair(found: re.Match[bytes]) -> bytes:
        return found[1] + chr(int(found[2], 16)).encode("utf-16-be").hex().upper().encode() + b">"

    return re.sub(rb"(<[0-9A-F]{2}> <)([0-9A-F]{5,6})>", pair, cmap)


# --- drawing ---


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    extract: Extract
    wish: Wish
    number: int
    count: int

    def shown(self, item: str, value: str) -> str:
        if item not in self.wish.items:
            return OMITTED
        return value or EMPTY


def text(
    canvas: Canvas, x: float, y: float, value: str, size: float, *, within: float = 0.0, align: str = "left"
) -> None:
    """One line at (x, y); narrowed, then made smaller until it fits into ``within`` (0: as it comes)."""
    line = typeface.letters(value)
    size, squeeze = _fitted(line, size, within)
    width = sum(letter.width for letter in line) * size * squeeze / mm
    start = {"left": x, "centre": x - width / 2, "right": x - width}[align]
    typeface.draw(canvas, start * mm, y * mm, line, size, squeeze)


def _fitted(line: list[typeface.Letter], size: float, within: float) -> tuple[float, float]:
    width = sum(letter.width for letter in line) * size / mm
    if not within or width <= within:
        return size, 1.0
    squeeze = max(within / width, 0.75)
    if width * squeeze > within:
        size *= within / (width * squeeze)
    return size, squeeze


def _front(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    paper.draw_pattern(canvas)
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    text(canvas, 105, 273, "住 民 票 の 写 し", 20, align="centre")
    text(canvas, LEFT, 266, "（世帯全員）", 9)
    text(canvas, RIGHT, 266, f"{sheet.number}／{sheet.count} 枚", 9, align="right")
    if sheet.wish.tile is not None and sheet.number == 1:
        _tile(canvas, sheet.wish.tile)
    _heading(sheet)
    first = (sheet.number - 1) * MEMBERS_A_SHEET
    members = sheet.extract.members[first : first + MEMBERS_A_SHEET]
    for place in range(MEMBERS_A_SHEET):
        top = _BLOCKS_TOP - place * _BLOCK
        if place < len(members):
            _member(sheet, top, first + place + 1, members[place])
    _rest_blank(sheet, len(members))
    _closing(sheet)


def _heading(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    canvas.setLineWidth(_THIN_PT)
    head = sheet.shown("head_and_relationship", sheet.extract.head_name)
    for row, (label, value) in enumerate((("住　所", sheet.extract.address), ("世帯主", head))):
        top = _HEAD_TOP - row * 8
        _cell(canvas, LEFT, top, 22, 8, label, None)
        _cell(canvas, LEFT + 22, top, RIGHT - LEFT - 22, 8, None, value, size=11)
    _frame(canvas, _HEAD_TOP, 16)


def _member(sheet: _Sheet, top: float, number: int, person: Person) -> None:
    canvas = sheet.canvas
    block_top = top
    _cell(canvas, LEFT, top, 8, _BLOCK - 2, None, str(number), size=11, align="centre")
    born = _western(person.birth) if person.western else wareki(person.birth)
    foreign = "－" if person.western else ""  # foreign residents have no 本籍
    shown = sheet.shown
    x = LEFT + 8
    # (width of label, width of value, label, value) for each cell of each row; heights in mm
    rows: tuple[tuple[float, tuple[tuple[float, float, str, str], ...]], ...] = (
        (11.0, ((17, 86, "氏　名", person.name), (21, 44, "生年月日", born))),
        (
            7.25,
            (
                (17, 14, "性　別", person.sex),
                (15, 24, "続　柄", shown("head_and_relationship", person.relationship)),
                (33, 65, "住民となった年月日", shown("residence_dates", wareki(person.became_resident))),
            ),
        ),
        (
            7.25,
            (
                (31, 39, "住所を定めた年月日", shown("residence_dates", wareki(person.address_since))),
                (17, 81, "前住所", shown("previous_address", person.previous_address)),
            ),
        ),
        (
            7.25,
            (
                (17, 86, "本　籍", shown("domicile", person.domicile or foreign)),
                (17, 48, "筆頭者", shown("domicile", person.head_of_register or foreign)),
            ),
        ),
        (
            7.25,
            (
                (21, 63, "転出予定地", shown("planned_move", person.planned_destination)),
                (21, 63, "転出確定地", shown("planned_move", person.confirmed_destination)),
            ),
        ),
    )
    for height, cells in rows:
        left = x
        for label_width, value_width, label, value in cells:
            _cell(canvas, left, top, label_width, height, label, None)
            note = _second_name(person) if label == "氏　名" else ""
            size = 13.0 if label == "氏　名" else 9.5
            _cell(canvas, left + label_width, top, value_width, height, None, value, size=size, note=note)
            left += label_width + value_width
        top -= height
    _frame(canvas, block_top, _BLOCK - 2)


def _frame(canvas: Canvas, top: float, height: float) -> None:
    """The heavy line around a group of cells, over their thin ones."""
    canvas.saveState()
    canvas.setLineWidth(0.9)
    canvas.rect(LEFT * mm, (top - height) * mm, (RIGHT - LEFT) * mm, height * mm)
    canvas.restoreState()


def _second_name(person: Person) -> str:
    names = (("旧氏", person.former_name), ("通称", person.alias))
    return "　".join(f"［{kind}］{name}" for kind, name in names if name)


def _cell(
    canvas: Canvas,
    left: float,
    top: float,
    width: float,
    height: float,
    label: str | None,
    value: str | None,
    *,
    size: float = 9.5,
    align: str = "left",
    note: str = "",
) -> None:
    """A ruled cell; a label sits in a tinted one, centred and small."""
    bottom = top - height
    if label is not None:
        canvas.saveState()
        canvas.setFillColorRGB(0.93, 0.95, 0.94)
        canvas.rect(left * mm, bottom * mm, width * mm, height * mm, stroke=1, fill=1)
        canvas.restoreState()
        middle = bottom + height / 2 - 8 * 0.36 / mm
        text(canvas, left + width / 2, middle, label, 8, within=width - 1.5, align="centre")
        return
    canvas.rect(left * mm, bottom * mm, width * mm, height * mm)
    if value is None:
        return
    middle = bottom + height / 2 - size * 0.36 / mm + (1.7 if note else 0)
    at = left + width / 2 if align == "centre" else left + 2
    if _fitted(typeface.letters(value), size, width - 3)[0] < 0.9 * size and not note:
        upper, lower = _halves(value)
        text(canvas, at, bottom + height / 2 + 0.6, upper, size * 0.8, within=width - 3)
        text(canvas, at, bottom + height / 2 - 2.7, lower, size * 0.8, within=width - 3)
    else:
        text(canvas, at, middle, value, size, within=width - 3, align=align)
    if note:
        text(canvas, left + 2, bottom + 1.5, note, 8, within=width - 3)


def _halves(value: str) -> tuple[str, str]:
    """Two lines for one: at the space nearest to the middle, in the middle where there is none."""
    middle = len(value) / 2
    spaces = [place for place, character in enumerate(value) if character in " 　"]
    if spaces:
        place = min(spaces, key=lambda at: abs(at - middle))
        return value[:place], value[place + 1 :]
    return value[: math.ceil(middle)], value[math.ceil(middle) :]


def _rest_blank(sheet: _Sheet, used: int) -> None:
    """「以下余白」 under the last member, with a stroke through the space, so that nothing can be added."""
    if used == MEMBERS_A_SHEET:
        return
    canvas = sheet.canvas
    top = _BLOCKS_TOP - used * _BLOCK
    bottom = _BLOCKS_TOP - MEMBERS_A_SHEET * _BLOCK + 2
    text(canvas, 105, top - 8, "以　下　余　白", 11, align="centre")
    canvas.line(RIGHT * mm, (top - 12) * mm, LEFT * mm, bottom * mm)


def _closing(sheet: _Sheet) -> None:
    canvas = sheet.canvas
    if sheet.number < sheet.count:
        text(canvas, RIGHT, 58, "（次の用紙に続く）", 10, align="right")
    else:
        text(canvas, LEFT + 4, 64, "この写しは、世帯全員の住民票の原本と相違ないことを証明する。", 11.5)
        text(canvas, LEFT + 12, 53, wareki(sheet.wish.on), 11.5)
        text(canvas, 92, 41, ISSUER, 14)
        paper.draw_seal(canvas, 158 * mm, 31 * mm, 24 * mm)
    canvas.saveState()
    canvas.setFillGray(0.25)
    notice = "これは見本です。人物・世帯・番地はすべて架空で、証明の効力はありません。"
    text(canvas, LEFT, 22, notice, 7.5)
    canvas.restoreState()


def _control(canvas: Canvas, extract: Extract, wish: Wish, page: str) -> None:
    """The four boxes, read off the page by the terminal: one line of text in each, well inside."""
    values = {"name": extract.holder.name, "reference": wish.reference, "serial": wish.serial, "page": page}
    canvas.saveState()
    canvas.setFillGray(0)
    canvas.setStrokeGray(0.45)
    canvas.setLineWidth(0.3)
    canvas.line(20 * mm, 17.6 * mm, 196 * mm, 17.6 * mm)
    for box, (left, right) in CONTROL_BOXES.items():
        text(canvas, left + 1, 14.4, _CONTROL_LABELS[box], 5.5)
        line = typeface.letters(values[box])
        size, squeeze = _fitted(line, 9.5, right - left - 3)
        drawn = typeface.draw if wish.boxes is Boxes.TEXT else typeface.outline
        drawn(canvas, (left + 1) * mm, 9.2 * mm, line, size, squeeze)
    canvas.restoreState()


def _tile(canvas: Canvas, grey: bytes) -> None:
    from PIL import Image

    side = math.isqrt(len(grey))
    if side * side != len(grey) or not side:
        raise ValueError("a test tile is a square of grey values: give side × side bytes")
    canvas.drawImage(ImageReader(Image.frombytes("L", (side, side), grey)), 181 * mm, 271 * mm, 12 * mm, 12 * mm)


def _western(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
