"""Text in boxes: fitted before it is drawn, or an error. Nothing is ever cut off or drawn beyond its box.

Lengths are millimetres from the lower left corner of the page, type sizes are points.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reportlab.lib.units import mm as _mm
from reportlab.pdfgen.canvas import Canvas

from hardware_sim.city import typeface
from hardware_sim.city.typeface import Letter, WritingError

mm = float(_mm)
"""Points in a millimetre."""
Align = Literal["left", "centre", "right"]
LEADING = 1.22
"""From one line to the next, over the size."""
_NO_START = frozenset("、。，．・：；）］｝」』】〕ー～々ぁぃぅぇぉっゃゅょァィゥェォッャュョ)],.")
"""Characters that do not begin a line."""
_NO_END = frozenset("（［｛「『【〔([")
_SPACES = frozenset(" 　")
_ASCENT = 0.88
_Line = tuple[Letter, ...]


class FitError(WritingError):
    """A text does not fit its box at the smallest size allowed. The message does not hold the text."""


@dataclass(frozen=True)
class Fitted:
    """Lines that fit, and the size at which they do."""

    lines: tuple[_Line, ...]
    size: float

    @property
    def height(self) -> float:
        """Of all lines, mm."""
        return (1 + (len(self.lines) - 1) * LEADING) * self.size / mm


def width(line: Sequence[Letter], size: float) -> float:
    """Advance of a line, mm."""
    return sum(letter.width for letter in line) * size / mm


def fit(value: str, within: float, height: float, sizes: Sequence[float], lines: int = 1, wrap_pt: float = 0) -> Fitted:
    """``value`` on as few lines as possible, then as large as possible; a line feed in it breaks the line there.

    ``sizes`` from the wished to the smallest allowed; on each number of lines up to ``lines`` all are tried, those
    below ``wrap_pt`` only if there is no other way.

    Raises:
        FitError: there is no way.
        GlyphError: a character is in no font.
    """
    parts = [tuple(typeface.letters(part)) for part in value.split("\n")]
    large = [size for size in sizes if size >= wrap_pt]
    small = [size for size in sizes if size < wrap_pt]
    for tried in (large, small):
        for count, size in itertools.product(range(len(parts), lines + 1), tried):
            if (1 + (count - 1) * LEADING) * size / mm > height:
                continue
            for at_spaces in (True, False):
                broken = _broken(parts, within, size, count, at_spaces)
                if broken is not None:
                    return Fitted(broken, size)
    raise FitError("a text of this record does not fit its box on the form, even in the smallest type")


def _broken(
    parts: Sequence[_Line], within: float, size: float, count: int, at_spaces: bool
) -> tuple[_Line, ...] | None:
    """The parts on ``count`` lines at the most; None when they take more."""
    lines: list[_Line] = []
    for part in parts:
        rest = part
        while width(rest, size) > within:
            place = _break(rest, within, size, at_spaces)
            if not place or len(lines) >= count:
                return None
            line, rest = rest[:place], rest[place:]
            while line and line[-1].text in _SPACES:
                line = line[:-1]
            while rest and rest[0].text in _SPACES:
                rest = rest[1:]
            lines.append(line)
        lines.append(rest)
    return tuple(lines) if len(lines) <= count else None


def _break(letters: _Line, within: float, size: float, at_spaces: bool) -> int:
    """How many letters the first line takes, if wished up to the end of a word; 0: it cannot be broken."""
    run, fitting, best = 0.0, 0, 0
    for place, letter in enumerate(letters):
        if place and _may_break(letters[place - 1].text, letter.text):
            fitting = place
            if letter.text in _SPACES or letter.text in _NO_END or letters[place - 1].text == "・":
                best = place
        run += letter.width * size / mm
        if run > within and letter.text not in _SPACES:
            break
    return best if best and at_spaces else fitting


def _may_break(before: str, after: str) -> bool:
    if after in _SPACES:
        return True
    if after in _NO_START or before in _NO_END:
        return False
    return not (_belongs(before) and _belongs(after))


def _belongs(character: str) -> bool:
    """Letters and figures that are not torn apart."""
    return character.isascii() and character.isalnum()


def line(
    canvas: Canvas,
    x: float,
    y: float,
    value: str,
    size: float,
    within: float,
    *,
    align: Align = "left",
    smallest: float = 0.0,
) -> None:
    """One line with its base at ``y``; made smaller in half points down to ``smallest`` (0: not at all).

    ``x`` is the left end, the middle or the right end by ``align``.

    Raises:
        FitError: it is still wider than ``within``.
    """
    fitted = fit(value, within, size, steps(size, smallest or size))
    draw(canvas, x, y, fitted.lines[0], fitted.size, align)


def draw(canvas: Canvas, x: float, y: float, letters: Sequence[Letter], size: float, align: Align = "left") -> None:
    """Letters as they are: whoever calls has measured them."""
    taken = width(letters, size)
    start = {"left": x, "centre": x - taken / 2, "right": x - taken}[align]
    typeface.draw(canvas, start * mm, y * mm, list(letters), size)


def block(
    canvas: Canvas,
    left: float,
    bottom: float,
    within: float,
    height: float,
    value: str,
    sizes: Sequence[float],
    lines: int = 1,
    align: Align = "left",
    wrap_pt: float = 0,
) -> None:
    """``value`` in the middle of the height of a box.

    Raises:
        FitError: see :func:`fit`.
    """
    fitted = fit(value, within, height, sizes, lines, wrap_pt)
    step = fitted.size * LEADING / mm
    base = bottom + (height + fitted.height) / 2 - _ASCENT * fitted.size / mm
    x = {"left": left, "centre": left + within / 2, "right": left + within}[align]
    for number, letters in enumerate(fitted.lines):
        draw(canvas, x, base - number * step, letters, fitted.size, align)


def steps(largest: float, smallest: float) -> tuple[float, ...]:
    """Sizes in half points from the largest down to the smallest."""
    return tuple(largest - 0.5 * number for number in range(int((largest - smallest) * 2) + 1))
