"""Drawings of certificates and receipts, of what they come out of, and of what can be wrong with that."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from screens.pictures_parts import badge, counter, located, paper, printer, slot_over
from screens.shapes import Disc, Drawing, Poly, Round, Shape, arrow, line, pointer, row


def _sheets(copies: int, x: float, y: float, w: float, h: float) -> tuple[Shape, ...]:
    """One page, or three that lie on each other."""
    behind = tuple(Round(x + 5 * i, y, w, h - 5 * i, 1, fill="card") for i in range(copies - 1, 0, -1))
    return (*behind, *paper(x, y, w, h, turned=True))


def _paper_out(copies: int = 1) -> Drawing:
    """A page on its way out of the printer."""
    low = Drawing(150, 84, (*printer(40), *_sheets(copies, 31, 27, 88, 55), slot_over(40)))
    x = 27.0 if copies == 1 else 24.0
    return Drawing(150, 140, (*printer(), *_sheets(copies, x + 4, 43, 88, 94), slot_over(56)), least=0.5, smaller=low)


def _certificate_out(copies: int = 1) -> Drawing:
    low = Drawing(
        182,
        84,
        (*printer(36), *_sheets(copies, 31, 23, 88, 59), slot_over(36), *pointer((168, 34), (168, 78), "shu", 6.0)),
    )
    shapes = (
        *printer(42),
        *_sheets(copies, 31, 29, 88, 92),
        slot_over(42),
        *arrow(75, 128, 152, "shu", 6.0),
    )
    return located("certificate", Drawing(150, 155, shapes, least=0.45, smaller=low))


def _receipt_out() -> Drawing:
    body = (Round(1, 1, 118, 40, 8, fill="body"), Round(30, 23, 60, 6, 3, fill="ink", stroke=""))
    shapes = (
        *body,
        *_strip(38, 27, 44, 62),
        Round(34, 23, 52, 6, 3, fill="ink", stroke=""),
        *arrow(60, 100, 126, "shu", 6.0),
    )
    low = Drawing(
        150,
        74,
        (
            *body,
            *_strip(38, 27, 44, 46),
            Round(34, 23, 52, 6, 3, fill="ink", stroke=""),
            *pointer((138, 28), (138, 70), "shu", 6.0),
        ),
    )
    return located("receipt", Drawing(120, 130, shapes, least=0.5, smaller=low))


def _strip(x: float, y: float, w: float, h: float) -> tuple[Shape, ...]:
    """A receipt: narrower than a certificate, its lower edge torn."""
    teeth = 6
    edge = tuple((x + w - w * i / teeth, y + h - (5.0 if i % 2 else 0.0)) for i in range(teeth + 1))
    lines = tuple(
        line((x + w * 0.16, y + h * part), (x + w * end, y + h * part), stroke="soft", width=2.2)
        for part, end in ((0.3, 0.84), (0.46, 0.84), (0.62, 0.56))
    )
    return (Poly(((x, y), (x + w, y), *edge), fill="card"), *lines)


def _printer_idle() -> Drawing:
    return Drawing(150, 84, (*printer(62), Round(26, 68, 98, 12, 3, fill="card")))


def _preparing() -> Drawing:
    """The printer gets warm; the paper lies ready in it."""
    warm = tuple(
        line(
            *((x + 5 * math.sin(math.tau * i / 12), 32 - 27 * i / 12) for i in range(13)),
            stroke="ai",
            width=2.8,
        )
        for x in (48, 75, 102)
    )
    body: tuple[Shape, ...] = (
        Round(1, 40, 148, 60, 8, fill="body"),
        Disc(17, 54, 3.4, fill="wakatake", stroke=""),
        line((116, 54), (136, 54), stroke="soft", width=2.6),
        Round(30, 70, 90, 20, 2, fill="soft", stroke=""),
        *(Round(36, 84 - i * 4, 78, 4, 1, fill="card", width=0.8) for i in range(3)),
    )
    return Drawing(150, 102, (*warm, *body))


# ---- troubles: each beside whom to tell where there is room ----------------------------------------------------


def _tell(trouble: Drawing) -> Drawing:
    """What is wrong, and the person to tell."""
    go = Drawing(26, 20, pointer((2, 10), (23, 10), "ai", 5.0, 8.0))
    return row(trouble, go, counter(), most=1.2, least=0.5, smaller=trouble)


def _drawer() -> tuple[Shape, ...]:
    """The printer with its paper drawer pulled out: nothing lies in it."""
    missing = Poly(((40, 66), (110, 66), (116, 84), (34, 84)), stroke="soft", width=1.6, dash=(5, 4))
    return (
        *printer(44),
        Poly(((24, 60), (126, 60), (140, 90), (10, 90)), fill="card"),
        missing,
        Round(10, 90, 130, 18, 3, fill="body"),
        line((60, 99), (90, 99), width=3.0),
    )


def no_paper() -> Drawing:
    return Drawing(158, 110, (*_drawer(), *badge(140, 62)))


def _jam() -> Drawing:
    """A page that came out pleated and stays in the slot."""
    steps = 6
    left = [(36 + (9 if i % 2 else 0), 40 + i * 9.5) for i in range(steps + 1)]
    right = [(114 + (9 if i % 2 else 0), 44 + i * 9.5 - (5 if i % 3 == 1 else 0)) for i in range(steps + 1)]
    pleats = tuple(line(a, b, stroke="soft", width=1.4) for a, b in list(zip(left, right, strict=True))[1:-1])
    page = Poly((*left, *reversed(right)), fill="card")
    return Drawing(158, 106, (*printer(), page, *pleats, slot_over(56), *badge(140, 84)))


def _cover() -> Drawing:
    """The lid stands open."""
    shapes = (
        Poly(((12, 58), (138, 58), (118, 6), (32, 6)), fill="foot"),
        line((46, 16), (104, 16), stroke="soft", width=2.2),
        Poly(((12, 58), (138, 58), (132, 72), (18, 72)), fill="soft"),
        Round(1, 66, 148, 44, 8, fill="body"),
        Disc(17, 79, 3.4, fill="shu", stroke=""),
        Round(26, 90, 98, 7, 3.5, fill="ink", stroke=""),
        *badge(138, 40),
    )
    return Drawing(158, 112, shapes)


def _toner() -> Drawing:
    """A cartridge with its level at the bottom, beside a page that came out pale."""
    page: tuple[Shape, ...] = (
        Round(96, 8, 62, 84, 1, fill="card"),
        *(line((104, y), (x, y), stroke="line", width=2.4) for y, x in ((26, 150), (38, 150), (50, 136), (62, 150))),
        line((112, 16), (142, 16), stroke="line", width=3.2),
    )
    shapes: tuple[Shape, ...] = (
        Round(22, 2, 30, 12, 2, fill="body"),
        Round(8, 14, 58, 86, 6, fill="card"),
        Round(14, 86, 46, 9, 3, fill="ink", stroke=""),
        *(line((14, y), (24, y), stroke="soft", width=1.6) for y in (32, 46, 60, 74)),
        *page,
        *badge(68, 84),
    )
    return Drawing(160, 104, shapes)


def _tray_full() -> Drawing:
    """Pages lie one on the other up to the slot: take them out."""
    pile = tuple(Round(29 + (i % 2) * 4, 92 - i * 8, 88, 8, 1.5, fill="card") for i in range(6))
    shapes = (*printer(42), *pile, Round(14, 101, 122, 8, 2, fill="body"), *pointer((152, 84), (152, 44), "shu", 6.0))
    return located("certificate", Drawing(166, 110, shapes))


def _other() -> Drawing:
    """Nobody knows yet: the printer under a glass."""
    glass = (
        line((124, 92), (144, 112), width=6.0),
        Disc(108, 76, 22, fill="card", width=3.0),
        line((98, 72), (118, 72), stroke="soft", width=2.6),
        line((98, 81), (112, 81), stroke="soft", width=2.6),
    )
    return Drawing(150, 116, (*printer(62), *glass))


MAKERS: Final[Mapping[str, Callable[[], Drawing]]] = MappingProxyType(
    {
        "certificate": lambda: Drawing(104, 132, paper(2, 2, 100, 128, turned=True), most=1.0),
        "certificate_out": _certificate_out,
        "certificates_out": lambda: _certificate_out(3),
        "paper_out": _paper_out,
        "papers_out": lambda: _paper_out(3),
        "receipt_out": _receipt_out,
        "printer_idle": _printer_idle,
        "preparing": _preparing,
        "trouble_paper": lambda: _tell(no_paper()),
        "trouble_jam": lambda: _tell(_jam()),
        "trouble_cover": lambda: _tell(_cover()),
        "trouble_toner": lambda: _tell(_toner()),
        "trouble_tray_full": _tray_full,
        "trouble_other": lambda: _tell(_other()),
        "call_staff": counter,
    }
)
