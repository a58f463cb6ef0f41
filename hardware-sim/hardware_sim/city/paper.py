"""What is on every side of a certificate before a word is written: the security pattern, and the seal.

The pattern is two line screens of the same tint: fine lines close together on the ground, lines of double weight
and double distance inside the letters 「複写」. By eye both are one pale ground; a copier loses the fine lines and
keeps the heavy ones. All of it is our own drawing and marked 見本, so that no page can be taken for a real one.
"""

from __future__ import annotations

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from hardware_sim.city import typeface

WIDTH, HEIGHT = A4
_TINT = Color(0.55, 0.74, 0.72)
_SEAL_RED = Color(0.78, 0.13, 0.11)
_PITCH = 0.9 * mm
_FINE_PT = 0.11
_HEAVY_PT = 0.22
_QUIET_MM = 16.0
"""Below this height there is no pattern: the control boxes stand there."""
_drawn: list[str] = []
_seals: dict[tuple[float, str], list[str]] = {}


def define_pattern(canvas: Canvas) -> None:
    """Put the pattern into the document once; :func:`draw_pattern` then uses it on each side."""
    canvas.beginForm("pattern", 0, 0, WIDTH, HEIGHT)
    if not _drawn:
        before = len(canvas._code)
        _draw(canvas)
        _drawn.extend(canvas._code[before:])  # the same operators in every document: worked out once
    else:
        canvas._code.extend(_drawn)
    canvas.endForm()


def _draw(canvas: Canvas) -> None:
    canvas.setStrokeColor(_TINT)
    for inside in (False, True):
        canvas.saveState()
        _clip_to_letters(canvas, inside=inside)
        canvas.setLineWidth(_HEAVY_PT if inside else _FINE_PT)
        _waves(canvas, 2 * _PITCH if inside else _PITCH)
        canvas.restoreState()


def draw_pattern(canvas: Canvas) -> None:
    canvas.doForm("pattern")


def _clip_to_letters(canvas: Canvas, *, inside: bool) -> None:
    path = canvas.beginPath()
    if not inside:
        path.rect(0, _QUIET_MM * mm, WIDTH, HEIGHT - _QUIET_MM * mm)
    size = 24 * mm
    for row in range(5):
        x, y = (22 + 18 * (row % 2)) * mm, (28 + 56 * row) * mm
        for letter in typeface.letters("複写　　見本"):
            if letter.text != "　":
                typeface.add_outline(path, x, y, letter, size)
            x += letter.width * size
    # Even-odd for the ground: what lies in a letter is cut out of the page. The letters' own counters come out
    # right either way, their outlines do not overlap.
    canvas.clipPath(path, stroke=0, fill=0, fillMode=0)


def _waves(canvas: Canvas, pitch: float) -> None:
    path = canvas.beginPath()
    y = _QUIET_MM * mm
    step, height = WIDTH / 6, 2.2 * mm
    while y < HEIGHT + height:
        path.moveTo(0, y)
        for number in range(6):
            x = number * step
            lift = height if number % 2 else -height
            path.curveTo(x + step / 3, y + lift, x + 2 * step / 3, y + lift, x + step, y)
        y += pitch
    canvas.drawPath(path, stroke=1, fill=0)


def draw_seal(canvas: Canvas, x: float, y: float, side: float, city: str) -> None:
    """The mayor's square seal, lower left corner at (x, y), points: 〈city〉長之印, then 見本, read from the right."""
    canvas.saveState()
    canvas.translate(x, y)
    if (side, city) not in _seals:
        before = len(canvas._code)
        _seal(canvas, side, city)
        _seals[side, city] = canvas._code[before:]  # worked out once, as the pattern
    else:
        canvas._code.extend(_seals[side, city])
    canvas.restoreState()


def _seal(canvas: Canvas, side: float, city: str) -> None:
    canvas.setStrokeColor(_SEAL_RED)
    canvas.setFillColor(_SEAL_RED)
    canvas.setLineWidth(side * 0.045)
    inset = side * 0.03
    canvas.roundRect(inset, inset, side - 2 * inset, side - 2 * inset, side * 0.03)
    canvas.setLineWidth(side * 0.012)
    inner = side * 0.085
    canvas.rect(inner, inner, side - 2 * inner, side - 2 * inner)
    columns = _columns(city)
    across, down = (side - 2 * inner) / len(columns), (side - 2 * inner) / len(columns[0])
    size = 0.92 * min(across, down)
    for column, word in enumerate(columns):
        for row, letter in enumerate(word):
            left = side - inner - (column + 1) * across
            bottom = side - inner - (row + 1) * down
            if letter != "　":
                start, base = left + (across - size) / 2, bottom + (down - size) / 2 + 0.12 * size
                typeface.outline(canvas, start, base, typeface.letters(letter), size)


def _columns(city: str) -> list[str]:
    """Columns of one length from right to left; the last says 見本, so that the seal is nobody's."""
    words = f"{city}長之印"
    rows = 3 if len(words) <= 6 else 4
    columns = [words[start : start + rows] for start in range(0, len(words), rows)]
    return [word.ljust(rows, "　") for word in (*columns, "見本")]
