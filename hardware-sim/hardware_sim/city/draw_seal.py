"""A registered seal at its true size, in black, as outlines: no picture of it is anywhere in the file."""

from __future__ import annotations

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from hardware_sim.city import typeface
from hardware_sim.city.holdings import Seal


def imprint(canvas: Canvas, seal: Seal, x: float, y: float) -> None:
    """Draw ``seal`` with the middle of its square at (x, y), millimetres, 1:1.

    Raises:
        GlyphError: one of its characters is in no font.
    """
    middle = seal.side_mm / 2
    canvas.saveState()
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    canvas.translate(x * mm, y * mm)
    canvas.rotate(seal.turn_deg)
    canvas.translate(-middle * mm, -middle * mm)
    canvas.setLineWidth(seal.rim_mm * mm)
    within = seal.rim_mm / 2  # a line is drawn to both sides of its path
    if seal.shape == "round":
        canvas.circle(middle * mm, middle * mm, (middle - within) * mm)
    else:
        side = (seal.side_mm - seal.rim_mm) * mm
        canvas.rect(within * mm, within * mm, side, side)
    for glyph in seal.glyphs:
        path = canvas.beginPath()
        box = (glyph.x_mm * mm, glyph.y_mm * mm, glyph.width_mm * mm, glyph.height_mm * mm)
        for letter in typeface.letters(glyph.character):
            typeface.add_stretched(path, letter, *box)
        canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
