"""What came out of the machine: each sheet as it was printed, and whose it is, read off the page itself."""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import pypdfium2

from hardware_sim.printer.bench import PrinterBench
from hardware_sim.printer.documents import PDF, PDFIUM_LOCK
from hardware_sim.printer.model import Face, Sheet

_MM = 72 / 25.4
_NAME_BOX = (20.0, 7.0, 98.0, 13.0)
"""Control box of the holder's name, in mm from the lower left corner (docs/protocol.md §7)."""
_SELECTORS = re.compile("[︀-️\U000e0100-\U000e01ef]")


@dataclass(frozen=True)
class Printed:
    """One sheet. ``names``: holder's name on each printed side; ``words``: all text of the front."""

    number: int
    job_id: int
    tray: str
    sides: str
    sha256: str
    names: tuple[str, ...] = field(repr=False)
    words: str = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "sheet": self.number,
            "job": self.job_id,
            "tray": self.tray,
            "sides": self.sides,
            "sha256": self.sha256,
            "names": list(self.names),
        }


def plain(name: str) -> str:
    """A name for comparison: NFC, variation selectors taken out, runs of white space as one space."""
    return " ".join(_SELECTORS.sub("", unicodedata.normalize("NFC", name)).split())


class PaperWatch:
    """Remembers every sheet that ever lay in the output tray. May be asked from any thread."""

    def __init__(self, printer: PrinterBench) -> None:
        self._printer = printer
        self._lock = threading.Lock()
        self._seen: dict[int, Printed] = {}

    def look(self) -> None:
        """Read what is new in the tray. Called whenever the printer has changed, and before paper is taken."""
        for sheet in self._printer.output():
            with self._lock:
                if sheet.number in self._seen:
                    continue
            printed = _read(sheet)
            with self._lock:
                self._seen[sheet.number] = printed

    def printed(self, since: int = 0) -> list[Printed]:
        """Sheets with a number above ``since``, in order."""
        with self._lock:
            return [self._seen[number] for number in sorted(self._seen) if number > since]


def _read(sheet: Sheet) -> Printed:
    faces = [face for face in (sheet.front, sheet.back) if face is not None]
    texts = [_text(face) for face in faces]
    return Printed(
        number=sheet.number,
        job_id=sheet.job_id,
        tray=sheet.tray,
        sides=sheet.sides,
        sha256=sheet.front.document.sha256,
        names=tuple(name for name, _ in texts),
        words=texts[0][1],
    )


def _text(face: Face) -> tuple[str, str]:
    """Name box and all words of one side; both empty when it is no PDF."""
    if face.document.kind != PDF:
        return "", ""
    with PDFIUM_LOCK:
        document = pypdfium2.PdfDocument(face.document.data)
        try:
            page = document[face.page]
            text = page.get_textpage()
            left, bottom, right, top = (value * _MM for value in _NAME_BOX)
            name = text.get_text_bounded(left=left, bottom=bottom, right=right, top=top)
            words = text.get_text_bounded()
            text.close()
            page.close()
        finally:
            document.close()
    return plain(name), plain(words)
