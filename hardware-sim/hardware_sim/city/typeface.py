"""Letters of a certificate: which font has a character, and its outline where PDF text cannot reach the glyph.

IPAex明朝 first, IPAmj明朝 for what it lacks. A variation sequence (IVS) names a glyph that no character code of
the font leads to: its outline is drawn, and the base character is laid under it invisibly for whoever reads the
page's text. Every character is looked up before it is drawn; one that no font has is an error, never a box.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont as PdfFont
from reportlab.pdfgen.canvas import Canvas

FONTS = (
    ("CertMincho", Path("/usr/share/fonts/opentype/ipaexfont-mincho/ipaexm.ttf"), "fonts-ipaexfont-mincho"),
    ("CertMinchoMJ", Path("/usr/share/fonts/truetype/ipamj/ipamjm.ttf"), "fonts-ipamj-mincho"),
)
MAIN = FONTS[0][0]
_SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_lock = threading.RLock()


class WritingError(Exception):
    """A record cannot be written on the form. The text never holds anything of the record."""


class GlyphError(WritingError):
    """A character that no installed font has. Its text does not name the character: it stands in a name."""


@dataclass(frozen=True)
class Letter:
    """One character as it is drawn."""

    text: str
    """The character without its variation selector: what the page's text says."""
    font: str
    width: float
    """Advance over the size."""
    glyph: str = ""
    """Name of the glyph to be drawn as an outline; empty: ordinary text."""


class _Face:
    """One font file, opened at the first use."""

    def __init__(self, name: str, path: Path, package: str) -> None:
        self.name, self.path, self.package = name, path, package

    @functools.cached_property
    def font(self) -> Any:
        if not self.path.exists():
            raise GlyphError(f"a font is missing: install the Debian package {self.package}")
        return TTFont(self.path, lazy=True)

    @functools.cached_property
    def cmap(self) -> dict[int, str]:
        return dict(self.font.getBestCmap())

    @functools.cached_property
    def sequences(self) -> dict[int, dict[int, str | None]]:
        """Selector -> base -> glyph; None is the base's own glyph (cmap format 14)."""
        for table in self.font["cmap"].tables:
            if table.format == 14:
                return {selector: dict(pairs) for selector, pairs in table.uvsDict.items()}
        return {}

    @functools.cached_property
    def glyphs(self) -> Any:
        return self.font.getGlyphSet()

    @functools.cached_property
    def units(self) -> int:
        return int(self.font["head"].unitsPerEm)

    @functools.cached_property
    def registered(self) -> str:
        """The name under which reportlab knows it."""
        pdfmetrics.registerFont(PdfFont(self.name, str(self.path)))
        return self.name

    def width(self, glyph: str) -> float:
        return float(self.font["hmtx"][glyph][0]) / self.units


_faces = tuple(_Face(*row) for row in FONTS)


def register() -> None:
    """Make the main font known to reportlab; a canvas needs it before it starts."""
    with _lock:
        _ = _faces[0].registered


def letters(text: str) -> list[Letter]:
    """``text`` letter by letter.

    Raises:
        GlyphError: no font has one of the characters.
    """
    found: list[Letter] = []
    with _lock:
        position = 0
        while position < len(text):
            base = text[position]
            selector = ord(text[position + 1]) if position + 1 < len(text) else 0
            position += 2 if selector in _SELECTORS else 1
            found.append(_letter(base, selector if selector in _SELECTORS else 0))
    return found


@functools.lru_cache(maxsize=4096)
def _letter(base: str, selector: int) -> Letter:
    if selector:
        for face in _faces:
            variants = face.sequences.get(selector, {})
            if ord(base) in variants:
                glyph = variants[ord(base)]
                if glyph is None or glyph == face.cmap.get(ord(base)):
                    return Letter(base, face.registered, face.width(face.cmap[ord(base)]))
                return Letter(base, face.registered, face.width(glyph), glyph)
    for face in _faces:
        if ord(base) in face.cmap:
            return Letter(base, face.registered, face.width(face.cmap[ord(base)]))
    raise GlyphError("a character of this record is in none of the fonts: install a font that has it")


def runs(line: list[Letter]) -> Iterator[list[Letter]]:
    """Neighbours that one text operator can draw: same font, no outline."""
    run: list[Letter] = []
    for letter in line:
        if run and (letter.glyph or run[-1].glyph or letter.font != run[-1].font):
            yield run
            run = []
        run.append(letter)
    if run:
        yield run


def draw(canvas: Canvas, x: float, y: float, line: list[Letter], size: float, squeeze: float = 1.0) -> None:
    """Draw at (x, y), points; ``squeeze`` narrows the letters to that part of their width."""
    with _lock:
        for run in runs(line):
            width = sum(letter.width for letter in run) * size * squeeze
            shown = canvas.beginText()
            shown.setTextOrigin(x, y)
            shown.setFont(run[0].font, size)
            shown.setHorizScale(100 * squeeze)
            if run[0].glyph:
                shown.setTextRenderMode(3)
            shown.textOut("".join(letter.text for letter in run))
            if run[0].glyph:
                # The render mode outlives the text object in some readers: put it back before the outline.
                shown.setTextRenderMode(0)
            shown.setHorizScale(100)
            canvas.drawText(shown)
            if run[0].glyph:
                outline(canvas, x, y, run, size, squeeze)
            x += width


def outline(canvas: Canvas, x: float, y: float, line: list[Letter], size: float, squeeze: float = 1.0) -> None:
    """Fill the letters' outlines; nothing of it can be read as text."""
    with _lock:
        for letter in line:
            path = canvas.beginPath()
            add_outline(path, x, y, letter, size, squeeze)
            canvas.drawPath(path, stroke=0, fill=1)
            x += letter.width * size * squeeze


def add_outline(path: Any, x: float, y: float, letter: Letter, size: float, squeeze: float = 1.0) -> None:
    """Add one letter's outline to a reportlab path."""
    with _lock:
        face = next(face for face in _faces if face.name == letter.font)
        glyph = letter.glyph or face.cmap[ord(letter.text)]
        scale = size / face.units
        face.glyphs[glyph].draw(_PathPen(face.glyphs, path, x, y, scale * squeeze, scale))


def add_stretched(path: Any, letter: Letter, x: float, y: float, width: float, height: float) -> None:
    """Add one letter's outline so that its ink fills the box with its lower left corner at (x, y)."""
    with _lock:
        face = next(face for face in _faces if face.name == letter.font)
        glyph = letter.glyph or face.cmap[ord(letter.text)]
        bounds = BoundsPen(face.glyphs)
        face.glyphs[glyph].draw(bounds)
        if bounds.bounds is None:
            return
        left, bottom, right, top = bounds.bounds
        scale_x, scale_y = width / (right - left), height / (top - bottom)
        pen = _PathPen(face.glyphs, path, x - left * scale_x, y - bottom * scale_y, scale_x, scale_y)
        face.glyphs[glyph].draw(pen)


class _PathPen(BasePen):  # type: ignore[misc]
    """Draws a font's outline into a reportlab path; BasePen turns quadratic curves into cubic ones."""

    def __init__(self, glyphs: Any, path: Any, x: float, y: float, scale_x: float, scale_y: float) -> None:
        super().__init__(glyphs)
        self._path, self._x, self._y, self._sx, self._sy = path, x, y, scale_x, scale_y

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return self._x + point[0] * self._sx, self._y + point[1] * self._sy

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self._path.moveTo(*self._at(pt))

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self._path.lineTo(*self._at(pt))

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:
        self._path.curveTo(*self._at(pt1), *self._at(pt2), *self._at(pt3))

    def _closePath(self) -> None:
        self._path.close()
