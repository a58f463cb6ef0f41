"""What this terminal draws by itself on paper: the receipt, with the slip for money it could not give back.

reportlab, with the two BIZ UDP Gothic fonts (OFL) that are shipped beside the screens; embedded, so that paper
looks the same everywhere. Nothing about the person is on it. Amounts are whole yen.
"""

from __future__ import annotations

import contextlib
import functools
import io
import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from config.wareki import wareki
from drivers.printer_facts import size_mm100
from kiosk.effects import Receipt

MM: Final = 72 / 25.4
FONTS: Final = Path(__file__).parents[1] / "screens" / "fonts"
PLAIN, BOLD = "receipt-plain", "receipt-bold"
WIDTH_MM: Final = 148.0
"""Drawn for A5 portrait; on anything else the same picture, smaller where it must be, never larger."""
MARGIN_MM: Final = 11.0
COLUMN_MM: Final = WIDTH_MM - 2 * MARGIN_MM

BODY, NOTE = 12.0, 10.5
"""Points: what counts, and what explains it. Read at arm's length by people of eighty."""

_MISSING: Final = "〓"
_STAYS_WITH_LAST: Final = "、。，．・：）」』】〕ー々%％円"
_TOKENS: Final = re.compile(r"[!-~]+|.")


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the paper says, in one language. `{}` is where the counter's name goes."""

    receipt: str
    unreturned: str
    returned: str
    number: str
    received_fee: str
    columns: tuple[str, str, str, str]
    copies: str
    total: str
    inserted: str
    paid_back: str
    owed: str
    held: str
    confirmed: str
    untaxed: str
    slip: str
    slip_number: str
    why_owed: str
    why_held: str
    bring: str
    keep: str
    place: str
    machine: str


JAPANESE: Final = Words(
    receipt="領　収　書",
    unreturned="お返しできなかったお金の控え",
    returned="お預りとお返しの控え",
    number="番号",
    received_fee="領収金額",
    columns=("証明書", "1通の手数料", "通数", "金額"),
    copies="{}通",
    total="合計",
    inserted="お預り",
    paid_back="おつり・お返し",
    owed="お返しできていないお金（未払い）",
    held="職員が確かめるお金",
    confirmed="上記正に領収しました。",
    untaxed="証明書の交付手数料は、消費税が非課税です。",
    slip="未払い控え",
    slip_number="控え番号",
    why_owed="機械からお返しできなかったお金です。窓口でお返しします。",
    why_held="証明書やお金が正しく出たかを職員が確かめ、窓口でお知らせします。",
    bring="この控えを、{}へお持ちください。",
    keep="お手続きが済むまで、なくさないようにお持ちください。",
    place="設置場所",
    machine="機械番号",
)
ENGLISH: Final = Words(
    receipt="Receipt　領収書",
    unreturned="Money not returned　お返しできなかったお金の控え",
    returned="Money received and returned　お預りとお返しの控え",
    number="No.",
    received_fee="Amount received",
    columns=("Certificate", "Fee per copy", "Copies", "Amount"),
    copies="{}",
    total="Total",
    inserted="Money inserted",
    paid_back="Change / money returned",
    owed="Not returned yet　未払い",
    held="To be checked by staff　職員確認",
    confirmed="Received with thanks.　上記正に領収しました。",
    untaxed="Issuing fees are not subject to consumption tax (非課税).",
    slip="Slip for money not returned　未払い控え",
    slip_number="Slip No.　控え番号",
    why_owed="The machine could not return this money. You will get it back at the counter.",
    why_held="Staff will check whether your certificates and money came out correctly, and tell you at the counter.",
    bring="Please take this slip to {}.",
    keep="Please keep it until the matter is settled.",
    place="Place",
    machine="Machine",
)


def receipt_pdf(receipt: Receipt, medium: str = "iso_a5_148x210mm") -> bytes:
    """One page on `medium` (PWG 5101.1 size name). Raises PrintError for a name that is no size, OSError for a font.

    With nothing charged it is no receipt but a slip, or a note of what was returned, and says so in its title.
    """
    fonts = _fonts()
    words = ENGLISH if receipt.language == "en" else JAPANESE
    column = _Column()
    _head(column, receipt, words)
    _account(column, receipt, words)
    if receipt.owed_yen or receipt.held_yen:
        column.gap(4)
        column.framed(lambda: _slip(column, receipt, words))
    _issuer(column, receipt, words)
    try:
        return column.page(*(side / 100 for side in size_mm100(medium)))
    finally:
        for font in fonts:
            font.let_go()


# ---- parts of the page ----------------------------------------------------------------------------------------


def _charged(receipt: Receipt) -> list[tuple[str, int, int]]:
    return [line for line in receipt.lines if line[1] > 0]


def _head(column: _Column, receipt: Receipt, words: Words) -> None:
    owes = receipt.owed_yen or receipt.held_yen
    title = words.receipt if _charged(receipt) else words.unreturned if owes else words.returned
    column.text(title, 20 if len(title) < 24 else 14, BOLD, align="center")
    column.gap(4)
    column.row((f"{words.number}　{receipt.number}", NOTE, PLAIN), (_when(receipt), NOTE, PLAIN))
    column.rule()


def _account(column: _Column, receipt: Receipt, words: Words) -> None:
    lines = _charged(receipt)
    if lines:
        total = sum(copies * fee for _, copies, fee in lines)
        column.gap(2)
        column.row((words.received_fee, 13, BOLD), (_yen(total, receipt), 24, BOLD))
        column.gap(1)
        column.rule()
        column.cells(words.columns, NOTE - 0.5, PLAIN)
        for name, copies, fee in lines:
            amounts = (_yen(fee, receipt), words.copies.format(copies), _yen(copies * fee, receipt))
            column.cells((name, *amounts), BODY, PLAIN)
        column.rule()
        column.row((words.total, BODY, BOLD), (_yen(total, receipt), BODY, BOLD))
    pairs = [(words.inserted, receipt.inserted_yen), (words.paid_back, receipt.paid_back_yen)]
    pairs += [(label, yen) for label, yen in ((words.owed, receipt.owed_yen), (words.held, receipt.held_yen)) if yen]
    for label, yen in pairs:
        column.row((label, BODY, PLAIN), (_yen(yen, receipt), BODY, PLAIN))
    if lines:
        column.gap(3)
        column.text(words.confirmed, BODY, PLAIN)
        column.text(words.untaxed, NOTE, PLAIN)


def _slip(column: _Column, receipt: Receipt, words: Words) -> None:
    column.text(words.slip, 16 if receipt.language != "en" else 13, BOLD, align="center")
    column.gap(1)
    column.row((words.slip_number, BODY, PLAIN), (receipt.number, 14, BOLD))
    for label, yen, why in (
        (words.owed, receipt.owed_yen, words.why_owed),
        (words.held, receipt.held_yen, words.why_held),
    ):
        if yen:
            column.row((label, BODY, PLAIN), (_yen(yen, receipt), 18, BOLD))
            column.text(why, NOTE, PLAIN)
            column.gap(1)
    column.text(words.bring.format(receipt.contact), 13, BOLD)
    column.text(words.keep, NOTE, PLAIN)


def _issuer(column: _Column, receipt: Receipt, words: Words) -> None:
    column.gap(5)
    column.text(receipt.city_name, 15, BOLD, align="right")
    column.text(receipt.office, BODY, PLAIN, align="right")
    space = "　" if receipt.language != "en" else ": "
    column.text(f"{words.place}{space}{receipt.place}", NOTE, PLAIN, align="right")
    column.text(f"{words.machine}{space}{receipt.machine}", NOTE, PLAIN, align="right")


def _yen(amount: int, receipt: Receipt) -> str:
    return f"{amount:,} yen" if receipt.language == "en" else f"{amount:,}円"


def _when(receipt: Receipt) -> str:
    at = receipt.at
    return f"{at:%Y-%m-%d %H:%M}" if receipt.language == "en" else f"{wareki(at.date())}　{at.hour}時{at.minute:02}分"


# ---- the column: what is drawn is first measured ---------------------------------------------------------------


@dataclass
class _Column:
    """Lines from top to bottom; lengths in mm, sizes in points. Drawn at the end, when its height is known."""

    y: float = 0.0
    inset: float = 0.0
    drawn: list[Callable[[Any], None]] = field(default_factory=list)

    def gap(self, height_mm: float) -> None:
        self.y += height_mm

    def rule(self) -> None:
        self.y += 1.2
        y, left, right = self.y, self.inset, COLUMN_MM - self.inset
        self.drawn.append(lambda canvas: _stroke(canvas, 0.25, canvas.line, left, -y, right, -y))
        self.y += 1.2

    def text(self, text: str, size: float, font: str, align: str = "left") -> None:
        for line in wrapped(text, font, size, COLUMN_MM - 2 * self.inset):
            self._line((line, size, font, align, self.inset, COLUMN_MM - self.inset))

    def row(self, left: tuple[str, float, str], right: tuple[str, float, str]) -> None:
        """A label and its value; the value goes below where both do not fit beside each other."""
        (label, size, font), (value, value_size, value_font) = left, right
        inside = COLUMN_MM - 2 * self.inset
        if _width(label, font, size) + _width(value, value_font, value_size) + 4 > inside:
            self.text(label, size, font)
            self.text(value, value_size, value_font, align="right")
            return
        edges = (self.inset, COLUMN_MM - self.inset)
        self._line((label, size, font, "left", *edges), (value, value_size, value_font, "right", *edges))

    def cells(self, cells: tuple[str, ...], size: float, font: str) -> None:
        """One line of the table; a long name goes on below itself."""
        first, *more = wrapped(cells[0], font, size, _COLUMNS[0])
        left = 0.0
        line = []
        for text, width, align in zip((first, *cells[1:]), _COLUMNS, _ALIGNS, strict=True):
            line.append((text, size, font, align, left, left + width))
            left += width
        self._line(*line)
        for text in more:
            self._line((text, size, font, "left", 0.0, _COLUMNS[0]))

    def framed(self, inside: Callable[[], None]) -> None:
        top = self.y
        self.inset, self.y = 5.0, self.y + 3.5
        inside()
        self.inset, self.y = 0.0, self.y + 3.5
        height = self.y - top
        self.drawn.append(lambda canvas: _stroke(canvas, 0.7, canvas.rect, 0, -top - height, COLUMN_MM, height))

    def _line(self, *pieces: tuple[str, float, str, str, float, float]) -> None:
        """Pieces on one baseline: text, size, font, align, left and right edge."""
        tallest = max(piece[1] for piece in pieces)
        self.y += tallest * 1.5 / MM
        baseline = self.y - tallest * 0.4 / MM
        self.drawn += [functools.partial(_draw, baseline, piece) for piece in pieces]

    def page(self, width_mm: float, length_mm: float) -> bytes:
        out = io.BytesIO()
        size = (width_mm * MM, length_mm * MM)
        canvas = Canvas(out, pagesize=size, initialFontName=PLAIN, invariant=1)
        scale = min(1.0, width_mm / WIDTH_MM, (length_mm - 2 * MARGIN_MM) / self.y)
        canvas.translate((width_mm - COLUMN_MM * scale) / 2 * MM, (length_mm - MARGIN_MM) * MM)
        canvas.scale(scale * MM, scale * MM)
        for draw in self.drawn:
            draw(canvas)
        canvas.showPage()
        canvas.save()
        return out.getvalue()


_COLUMNS: Final = (56.0, 26.0, 18.0, 26.0)
_ALIGNS: Final = ("left", "right", "right", "right")


def _stroke(canvas: Any, width_mm: float, draw: Callable[..., object], *numbers: float) -> None:
    canvas.setLineWidth(width_mm)
    draw(*numbers)


def _draw(baseline: float, piece: tuple[str, float, str, str, float, float], canvas: Any) -> None:
    text, size, font, align, left, right = piece
    canvas.setFont(font, size / MM)
    text = _drawable(text, font)
    if align == "right":
        canvas.drawRightString(right, -baseline, text)
    elif align == "center":
        canvas.drawCentredString((left + right) / 2, -baseline, text)
    else:
        canvas.drawString(left, -baseline, text)


def wrapped(text: str, font: str, size: float, width_mm: float) -> list[str]:
    """Lines no wider than `width_mm`; words are kept whole, and no line begins with a closing mark."""
    lines = [""]
    for token in _TOKENS.findall(" ".join(text.split("\n"))):
        fits = _width(lines[-1] + token, font, size) <= width_mm
        if fits or token in _STAYS_WITH_LAST:
            lines[-1] += token
        elif _width(token, font, size) <= width_mm:
            lines.append(token.strip())
        else:
            for letter in token:
                if _width(lines[-1] + letter, font, size) > width_mm:
                    lines.append("")
                lines[-1] += letter
    return [line for line in lines if line] or [""]


def _width(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size)) / MM


def _drawable(text: str, font: str) -> str:
    """A character the font lacks is shown as 〓, as printers always did, instead of silently as nothing."""
    known = pdfmetrics.getFont(font).face.charToGlyph
    return "".join(letter if ord(letter) in known else _MISSING for letter in text)


def prepare() -> None:
    """Read the fonts, which takes ten times as long as drawing a receipt: best while nobody waits for it.

    Never raises: fonts that cannot be read are missed when the receipt is drawn.
    """
    with contextlib.suppress(Exception):
        _fonts()


class _Mapped:
    """A font as reportlab reads one, but mapped: its 5 MB are here only while a receipt is drawn."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)

    def read(self) -> mmap.mmap:
        with open(self.name, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        return self._map

    def let_go(self) -> None:
        """Of the memory; what is needed again is read again."""
        self._map.madvise(mmap.MADV_DONTNEED)


@functools.cache
def _fonts() -> tuple[_Mapped, ...]:
    found = []
    for name, file in ((PLAIN, "BIZUDPGothic-Regular.ttf"), (BOLD, "BIZUDPGothic-Bold.ttf")):
        font = _Mapped(FONTS / file)
        pdfmetrics.registerFont(TTFont(name, font))
        font.let_go()
        found.append(font)
    return tuple(found)
