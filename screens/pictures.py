"""Our own line drawings by name; `render.py` brings them to pixels.

One hand for all of them: ink lines of 1.5 mm with round ends, the machine in `body`, what the person holds in
white, movement as one thick arrow (indigo: in, vermilion: out).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final

from screens import icons
from screens.shapes import Disc, Drawing, Poly, Round, Shape, arc, arrow, line


def _reader(y: float) -> tuple[Shape, ...]:
    """The flat reader seen from in front and above: 190 wide, 66 high."""
    return (
        Poly(((10, y + 46), (180, y + 46), (180, y + 62), (10, y + 62)), fill="line"),
        Poly(((38, y), (152, y), (180, y + 46), (10, y + 46)), fill="body"),
        Poly(((60, y + 8), (130, y + 8), (142, y + 38), (48, y + 38)), fill="paper", width=1.2),
    )


def _waves(cx: float, cy: float) -> tuple[Shape, ...]:
    return (
        arc(cx, cy, 9, 215, 325),
        arc(cx, cy, 16, 215, 325),
    )


def _card_in() -> Drawing:
    # The card, as it will lie, is dashed on the reader: lay it flat, in the middle.
    target = Poly(((68, 111), (122, 111), (131, 133), (59, 133)), stroke="ai", width=1.2, dash=(4, 3))
    shapes = (*icons.card(49, 0), *arrow(95, 64, 90, "ai"), *_reader(101), target, *_waves(95, 131))
    return Drawing(190, 165, shapes)


def _lying_card(y: float) -> tuple[Shape, ...]:
    return (
        Poly(((66, y + 10), (124, y + 10), (134, y + 36), (56, y + 36)), fill="card"),
        Poly(((70, y + 16), (84, y + 16), (82, y + 30), (66, y + 30)), fill="ai_tint", stroke="ai", width=1.0),
        line((92, y + 18), (117, y + 18), stroke="line", width=3.0),
        line((92, y + 25), (112, y + 25), stroke="line", width=3.0),
    )


def _card_reading() -> Drawing:
    shapes = (
        *_reader(50),
        *_lying_card(50),
        arc(95, 54, 16, 215, 325, width=2.6),
        arc(95, 54, 28, 215, 325, width=2.6),
        arc(95, 54, 40, 215, 325, width=2.6),
    )
    return Drawing(190, 114, shapes)


def _card_out() -> Drawing:
    shapes = (*arrow(95, 40, 2, "shu", 6.0), *icons.card(49, 48), *_reader(116))
    return Drawing(190, 180, shapes)


def _city() -> tuple[Shape, ...]:
    """A town hall with steps and columns; about 70 wide."""
    return (
        Poly(((118, 34), (153, 12), (188, 34)), fill="body"),
        Round(122, 34, 62, 40, 0.5, fill="card"),
        *(Round(128 + i * 14, 41, 8, 26, 0.5, fill="ai_tint", width=1.2) for i in range(4)),
        Round(116, 74, 74, 8, 1, fill="body"),
    )


def _line_city() -> Drawing:
    machine = (
        Round(4, 6, 46, 76, 5, fill="body"),
        Round(11, 14, 32, 34, 2.5, fill="card", width=1.2),
        line((18, 24), (36, 24), stroke="line", width=2.6),
        line((18, 32), (31, 32), stroke="line", width=2.6),
        Round(13, 60, 28, 5, 2.5, fill="ink", stroke=""),
    )
    dots = tuple(Disc(64 + i * 14, 48, 2.6, fill="ai", stroke="") for i in range(4))
    return Drawing(194, 88, (*machine, *dots, *_city()))


def _paper(x: float, y: float, w: float, h: float, *, seal: bool = True) -> tuple[Shape, ...]:
    lines = tuple(
        line((x + w * 0.12, y + h * part), (x + w * end, y + h * part), stroke="line", width=2.8)
        for part, end in ((0.3, 0.88), (0.4, 0.88), (0.5, 0.66), (0.63, 0.88), (0.73, 0.72))
    )
    shapes: tuple[Shape, ...] = (
        Round(x, y, w, h, 1, fill="card"),
        line((x + w * 0.34, y + h * 0.16), (x + w * 0.66, y + h * 0.16), stroke="line", width=4.0),
        *lines,
    )
    if seal:
        shapes += (Round(x + w * 0.72, y + h * 0.79, w * 0.16, w * 0.16, 0.8, stroke="shu", width=1.4),)
    return shapes


def _printer(body_h: float = 56.0) -> tuple[Shape, ...]:
    return (
        Round(10, 1, 170, body_h, 8, fill="body"),
        Disc(28, 15, 3.2, fill="wakatake", stroke=""),
        line((140, 15), (164, 15), stroke="line", width=3.0),
        Round(32, body_h - 17, 126, 7, 3.5, fill="ink", stroke=""),
    )


def _paper_out() -> Drawing:
    return Drawing(190, 136, (*_printer(), *_paper(47, 43, 96, 90), Round(41, 39, 108, 7, 3.5, fill="ink", stroke="")))


def _printer_idle() -> Drawing:
    return Drawing(190, 84, (*_printer(62), Round(36, 68, 118, 12, 3, fill="card")))


def _certificate_out() -> Drawing:
    shapes = (
        *_printer(),
        *_paper(47, 43, 96, 92),
        Round(41, 39, 108, 7, 3.5, fill="ink", stroke=""),
        *arrow(95, 144, 172, "shu", 6.0),
    )
    return Drawing(190, 176, shapes)


def _receipt_out() -> Drawing:
    shapes = (
        Round(28, 1, 134, 52, 8, fill="body"),
        Round(62, 36, 66, 6, 3, fill="ink", stroke=""),
        *_paper(70, 40, 50, 66, seal=False),
        Round(66, 36, 58, 6, 3, fill="ink", stroke=""),
        *arrow(95, 116, 144, "shu", 6.0),
    )
    return Drawing(190, 148, shapes)


def _change_out() -> Drawing:
    tray = Poly(((28, 62), (162, 62), (150, 108), (40, 108)), fill="body")
    well = Poly(((44, 70), (146, 70), (138, 98), (52, 98)), fill="card", width=1.2)
    shapes = (
        tray,
        well,
        *icons.coin(71, 84, 11, "silver"),
        *icons.coin(95, 86, 12, "gold"),
        *icons.coin(119, 84, 10.5, "copper"),
        *arrow(95, 46, 8, "shu", 6.0),
    )
    return Drawing(190, 112, shapes)


def _coins_counting() -> Drawing:
    stack: list[Shape] = []
    for column, (x, count, metal) in enumerate(((50, 4, "gold"), (95, 6, "silver"), (140, 3, "copper"))):
        _ = column
        for level in range(count):
            stack.append(Round(x - 18, 84 - level * 11, 36, 10, 5, fill=metal))
    return Drawing(190, 98, (*stack, line((16, 96.5), (174, 96.5))))


def _coin_slot(*, note: bool = False) -> Drawing:
    _ = note
    return Drawing(
        56,
        44,
        (
            line((2, 22), (15, 22), stroke="ai", width=3.2),
            line((10, 16), (16, 22), (10, 28), stroke="ai", width=3.2),
            Round(22, 2, 33, 40, 5, fill="body"),
            Round(35.7, 9, 5.6, 26, 2.8, fill="ink", stroke=""),
        ),
        most=1.2,
    )


def _hourglass() -> Drawing:
    shapes = (
        line((12, 4), (68, 4), width=5),
        line((12, 96), (68, 96), width=5),
        Poly(
            ((18, 7), (62, 7), (62, 22), (44, 50), (62, 78), (62, 93), (18, 93), (18, 78), (36, 50), (18, 22)),
            fill="card",
        ),
        Poly(((23, 26), (57, 26), (41.5, 49), (38.5, 49)), fill="ai", stroke=""),
        Poly(((24, 88), (56, 88), (56, 82), (40, 68), (24, 82)), fill="ai", stroke=""),
        line((40, 50), (40, 66), stroke="ai", width=1.6),
    )
    return Drawing(80, 100, shapes, most=1.2)


def _person(cx: float, y: float, u: float, fill: str, stroke: str = "ink") -> tuple[Shape, ...]:
    shoulders = tuple(
        (cx + 16 * u * math.cos(math.radians(a)), y + 48 * u + 22 * u * math.sin(math.radians(a)))
        for a in range(180, 361, 9)
    )
    return (
        Poly(shoulders, fill=fill, stroke=stroke),
        Disc(cx, y + 12 * u, 10.5 * u, fill=fill, stroke=stroke),
    )


def _household() -> Drawing:
    shapes = (
        Poly(((20, 50), (95, 6), (170, 50)), fill="body"),
        Round(34, 50, 122, 64, 1, fill="card"),
        *_person(64, 58, 1.05, "ai_tint"),
        *_person(126, 58, 1.05, "ai_tint"),
        *_person(95, 72, 0.8, "card"),
        line((14, 114.5), (176, 114.5)),
    )
    return Drawing(190, 118, shapes)


def _pin_last() -> Drawing:
    boxes = (
        *(Round(9 + i * 31, 4, 24, 24, 5, fill="foot", stroke="line", width=1.2) for i in range(2)),
        Round(71, 1, 30, 30, 6, fill="card", stroke="shu", width=2.2),
    )
    crosses = tuple(
        stroke
        for i in range(2)
        for stroke in (
            line((15 + i * 31, 10), (27 + i * 31, 22), stroke="soft", width=2.2),
            line((27 + i * 31, 10), (15 + i * 31, 22), stroke="soft", width=2.2),
        )
    )
    one = (line((81.5, 10.5), (86.5, 7.5), (86.5, 24.5), stroke="shu", width=3.2),)
    return Drawing(110, 32, (*boxes, *crosses, *one), most=1.8)


def _closed_sign() -> Drawing:
    shapes = (
        line((60, 30), (95, 6), (130, 30), width=2.0),
        Disc(95, 6, 3, fill="ink", stroke=""),
        Round(28, 30, 134, 62, 6, fill="card"),
        Disc(95, 61, 20, stroke="ai", width=2.4),
        line((95, 48), (95, 61), (104, 67), stroke="ai", width=2.4),
    )
    return Drawing(190, 96, shapes)


def _out_sign() -> Drawing:
    shapes = (
        Round(62, 2, 66, 92, 6, fill="body"),
        Round(71, 12, 48, 40, 3, fill="card", width=1.2),
        Round(75, 68, 40, 6, 3, fill="ink", stroke=""),
        line((84, 22), (106, 42), stroke="shu", width=3.4),
        line((106, 22), (84, 42), stroke="shu", width=3.4),
    )
    return Drawing(190, 98, shapes)


def _done() -> Drawing:
    return Drawing(
        90,
        90,
        (
            Disc(45, 45, 42, fill="wakatake_tint", stroke="wakatake", width=3.0),
            line((26, 47), (40, 61), (66, 32), stroke="wakatake", width=7.0),
        ),
        most=1.2,
    )


MAKERS: Final[dict[str, Callable[[], Drawing]]] = {
    "card_in": _card_in,
    "card_reading": _card_reading,
    "card_out": _card_out,
    "line_city": _line_city,
    "paper_out": _paper_out,
    "printer_idle": _printer_idle,
    "certificate_out": _certificate_out,
    "receipt_out": _receipt_out,
    "change_out": _change_out,
    "coins_counting": _coins_counting,
    "coin_slot": _coin_slot,
    "certificate": lambda: Drawing(104, 132, _paper(2, 2, 100, 128), most=1.0),
    "hourglass": _hourglass,
    "household": _household,
    "pin_last": _pin_last,
    "closed_sign": _closed_sign,
    "out_sign": _out_sign,
    "done": _done,
    "speaker": icons.speaker,
    "camera_lamp": lambda: Drawing(6, 6, (Disc(3, 3, 2.8, fill="shu", stroke=""),)),
    "tick_on": lambda: icons.tick(True),
    "tick_off": lambda: icons.tick(False),
    "plus": lambda: icons.sign(True, "ai"),
    "minus": lambda: icons.sign(False, "ai"),
    "plus_off": lambda: icons.sign(True, "line"),
    "minus_off": lambda: icons.sign(False, "line"),
    "step_done": lambda: icons.step("done"),
    "step_now": lambda: icons.step("now"),
    "step_later": lambda: icons.step("later"),
    "step_fault": lambda: icons.step("fault"),
    "note": lambda: icons.note_of(True),
    "note_off": lambda: icons.note_of(False),
    "icon_card": icons.icon_card,
    "icon_certificate": lambda: icons.icon_paper(receipt=False),
    "icon_receipt": lambda: icons.icon_paper(receipt=True),
    "icon_change": icons.icon_change,
    **{
        f"coin_{value}{'' if usable else '_off'}": functools.partial(icons.coin_of, value, usable)
        for value in (500, 100, 50, 10)
        for usable in (True, False)
    },
}


@functools.cache
def drawing(name: str) -> Drawing:
    """The drawing of a name. Raises KeyError for one that is not drawn."""
    return MAKERS[name]()


@functools.cache
def fitting(name: str, w_mm: float, h_mm: float) -> Drawing:
    """The drawing of a name for so much room in millimetres of the panel: with fewer lines where it is small."""
    return drawing(name).fitting(w_mm, h_mm)
