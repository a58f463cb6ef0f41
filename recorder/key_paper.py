"""鍵使用管理簿 on paper: the book of the case's key, for the binder of the section in charge (S-34).

A4 across. Where the chain does not hold, the paper says so at its head and at the very line.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from html import escape
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from config.calendar import JST
from config.schema import Settings
from config.wareki import wareki
from drivers.paper import BOLD, PLAIN, prepare
from recorder.key_ledger import Opening, Use
from recorder.key_words import closed_at, when, when_after
from recorder.ledgers import Verdict

COLUMNS: Final = (
    ("番号", 10), ("持ち出し", 28), ("使用者", 29), ("目的", 44), ("確認者", 27),
    ("開けた時刻", 28), ("閉めた時刻", 28), ("返却", 28), ("返した人", 27), ("備考", 28),
)  # fmt: skip
"""Heading and width in millimetres."""
_MARGIN: Final = 10 * mm
_ALARM: Final = colors.HexColor("#f3d9d3")
_HEAD: Final = colors.HexColor("#e8eaee")
_SIZE: Final = 8.5
_SIDE: Final = 1.5 * mm
_HANGS: Final = 3.2 * mm
"""A mark that may not begin a line hangs over the end of the one before by so much."""
_UNKNOWN_HOUR: Final = "（時刻は不明。録画装置が動きだした時に分かりました）"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed. entries: see `KeyLedger.entries`; verdict: of the whole chain; head: number and hash of its
    newest row; first, last: Japanese dates of the period, None: from the beginning, to the end."""

    settings: Settings
    entries: Sequence[Use | Opening]
    verdict: Verdict
    head: tuple[int, str]
    made: datetime
    first: date | None = None
    last: date | None = None


def key_book_pdf(sheet: Sheet) -> bytes:
    """The book as PDF. Raises OSError when the fonts that are shipped are missing."""
    prepare()
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out, pagesize=landscape(A4), leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=14 * mm,
        title="鍵使用管理簿", author="", creator="", invariant=1,
    )  # fmt: skip
    foot = partial(_foot, sheet)
    page.build([_top(sheet), Spacer(0, 3 * mm), _table(sheet)], onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


# ---- head and foot --------------------------------------------------------------------------------------------


def _top(sheet: Sheet) -> Table:
    profile, machine = sheet.settings.profile, sheet.settings.machine
    begin = wareki(sheet.first) if sheet.first else "使いはじめ"
    end = wareki(sheet.last) if sheet.last else when(sheet.made)
    left = [
        _text("鍵使用管理簿", BOLD, size=20),
        _text("防犯カメラの録画装置を収めたケースの鍵", size=11),
        _text(f"期間　{begin} から {end} まで"),
    ]
    middle = [
        _text(f"{profile.city_name}　{profile.office}"),
        _text(f"設置場所　{profile.place}"),
        _text(f"機械番号　{machine.machine_no}（{machine.terminal_id}）"),
        _text(f"鍵の保管場所　{sheet.settings.profile.keys.place}", BOLD),
    ]
    stamps = Table(
        [[_text("管理者"), _text("取扱者")], ["", ""]],
        colWidths=[22 * mm] * 2,
        rowHeights=[6.5 * mm, 18 * mm],
        style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, 0), "MIDDLE")],
    )
    sound = sheet.verdict.sound
    said = _text("検証　" + _verdict(sheet.verdict), PLAIN if sound else BOLD, size=10)
    return Table(
        [[left, middle, stamps], [said, "", ""]],
        colWidths=[124 * mm, 105 * mm, 48 * mm],
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("SPAN", (0, 1), (-1, 1)),
            ("LEFTPADDING", (0, 0), (-1, 0), 0),
            ("LEFTPADDING", (0, 1), (0, 1), 0 if sound else _SIDE),
            *([] if sound else [("BACKGROUND", (0, 1), (-1, 1), _ALARM), ("BOX", (0, 1), (-1, 1), 1, colors.black)]),
        ],
    )


def _verdict(verdict: Verdict) -> str:
    if verdict.sound:
        return f"すべての記録（{verdict.rows}行）を確かめました。書き換え、抜け、差し込みはありません。"
    return str(verdict).partition(": ")[2] + "このあとの記録も、そのままでは信用できません。"


def _foot(sheet: Sheet, canvas: Any, page: Any) -> None:
    number, digest = sheet.head
    canvas.saveState()
    canvas.setFont(PLAIN, 8)
    canvas.drawString(
        _MARGIN, 8 * mm, f"作成　{when(sheet.made)}　　最後の記録　{number}行目　{' '.join(_groups(digest[:32]))}"
    )
    canvas.drawRightString(landscape(A4)[0] - _MARGIN, 8 * mm, f"{page.page}ページ")
    canvas.restoreState()


def _groups(text: str) -> list[str]:
    return [text[at : at + 8] for at in range(0, len(text), 8)]


# ---- the lines ------------------------------------------------------------------------------------------------


def _table(sheet: Sheet) -> Table:
    lines: list[list[Any]] = [[_text(name, BOLD) for name, _ in COLUMNS]]
    style: list[tuple[Any, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((side, (0, 0), (-1, -1), _SIDE) for side in ("LEFTPADDING", "RIGHTPADDING")),
        *(("RIGHTPADDING", (n, 1), (n, -1), _SIDE + _HANGS) for n in (2, 3, 4, 8, 9)),
    ]
    shown = [entry for entry in sheet.entries if _within(sheet, entry)]
    bad = _bad(sheet)
    for entry in shown:
        cells, alarm = _use(entry, sheet.made) if isinstance(entry, Use) else (_alone(entry), not entry.seen_by)
        if entry is bad:
            cells[-1] = "\n".join(filter(None, (f"【{sheet.verdict.bad_row}行目に改ざん】", cells[-1])))
        lines.append([_text(cell) for cell in cells])
        if alarm or entry is bad:
            style.append(("BACKGROUND", (0, len(lines) - 1), (-1, len(lines) - 1), _ALARM))
    if not shown:
        lines.append([_text("この期間に、鍵の使用はありません。"), *[""] * (len(COLUMNS) - 1)])
        style.append(("SPAN", (0, 1), (-1, 1)))
    return Table(lines, colWidths=[width * mm for _, width in COLUMNS], repeatRows=1, style=TableStyle(style))


def _within(sheet: Sheet, entry: Use | Opening) -> bool:
    begun = entry.out if isinstance(entry, Use) else entry.opened
    day = begun.astimezone(JST).date()
    return (sheet.first is None or sheet.first <= day) and (sheet.last is None or day <= sheet.last)


def _bad(sheet: Sheet) -> Use | Opening | None:
    """The line in which the row lies that does not hold; where that is gone, the line before it."""
    row = sheet.verdict.bad_row
    if row is None:
        return None
    of = {number: entry for entry in sheet.entries for number in _rows(entry)}
    before = [number for number in of if number <= row]
    return of[max(before)] if before else None


def _rows(entry: Use | Opening) -> tuple[int, ...]:
    within = entry.openings if isinstance(entry, Use) else ()
    return (*entry.rows, *(row for one in within for row in one.rows))


def _use(use: Use, made: datetime) -> tuple[list[str], bool]:
    notes = [_UNKNOWN_HOUR] if any(one.found for one in use.openings) else []
    if use.back is None:
        notes.insert(0, "未返却")
    elif any(one.closed is None or one.closed > use.back for one in use.openings):
        notes.insert(0, "開いたまま返却")
    return [
        str(use.number), _lines(when(use.out)), use.holder, use.purpose, use.countersigned or "－",
        "\n".join(_lines(when_after(one.opened, use.out)) for one in use.openings) or "－",
        "\n".join(_lines(closed_at(one, use.out)) for one in use.openings) or "－",
        _lines(when(use.back)) if use.back else "", use.back_by, "\n".join(notes),
    ], False  # fmt: skip


def _alone(opening: Opening) -> list[str]:
    notes = [f"確認: {opening.seen_why}（{opening.seen_by}）" if opening.seen_by else "未確認"]
    if opening.found:
        notes.append(_UNKNOWN_HOUR)
    return [
        str(opening.number), "－", "－", "【警報】鍵の持ち出しがないのに、ケースが開けられました。", "－",
        _lines(when(opening.opened)), _lines(closed_at(opening, opening.opened)), "－", "－", "\n".join(notes),
    ]  # fmt: skip


def _lines(text: str) -> str:
    """Year, day and time on a line each; a time alone on one."""
    return text.replace("年", "年\n", 1).replace(" ", "\n", 1)


def _text(text: str, font: str = PLAIN, size: float = _SIZE) -> Paragraph:
    known = pdfmetrics.getFont(font).face.charToGlyph
    drawable = "".join(c if ord(c) in known or c == "\n" else "〓" for c in text)
    style = ParagraphStyle("cell", fontName=font, fontSize=size, leading=size * 1.45, wordWrap="CJK")
    return Paragraph(escape(drawable).replace("\n", "<br/>").replace("\u3000", "&nbsp;&nbsp;"), style)
