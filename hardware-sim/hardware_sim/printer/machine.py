"""The physical state of the machine and the conditions it tells of. No threads: the engine holds the lock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hardware_sim.printer.model import PrinterConfig, Sheet

Severity = Literal["error", "warning", "report"]

TONER_LOW_PERCENT = 10.0


@dataclass
class Tray:
    source: str
    label: str
    media_type: str
    media: str
    capacity: int
    sheets: int


@dataclass(frozen=True)
class Condition:
    """One entry of printer-state-reasons; `stops` when the machine cannot go on until somebody comes."""

    keyword: str
    severity: Severity
    stops: bool = False

    @property
    def reason(self) -> str:
        return f"{self.keyword}-{self.severity}"


class OutputFolder:
    """The output tray as a folder, if one is given: one PDF for each sheet lying in it."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def show(self, sheet: Sheet) -> None:
        if self._directory is not None:
            self._file(self._directory, sheet).write_bytes(sheet.pdf())

    def remove(self, sheet: Sheet) -> None:
        if self._directory is not None:
            self._file(self._directory, sheet).unlink(missing_ok=True)

    @staticmethod
    def _file(directory: Path, sheet: Sheet) -> Path:
        return directory / f"sheet-{sheet.number:06d}.pdf"


class Physical:
    """Paper, toner, cover, jam and output tray: what stays as it is when the power goes."""

    def __init__(self, config: PrinterConfig) -> None:
        self.config = config
        self.trays = {
            t.source: Tray(t.source, t.label, t.media_type, t.media, t.capacity, t.sheets) for t in config.trays
        }
        self.toner_percent = 100.0
        self.cover_open = False
        self.jammed = False
        self.output: list[Sheet] = []
        self.foreign_sheets = 0
        """Sheets in the output tray that are not ours (fault output_full)."""
        self.sheets_made = 0

    @property
    def output_used(self) -> int:
        return len(self.output) + self.foreign_sheets

    @property
    def output_full(self) -> bool:
        return self.output_used >= self.config.output_capacity

    @property
    def default_tray(self) -> Tray:
        return next(iter(self.trays.values()))

    def conditions(self, waiting_tray: str | None, busy: bool) -> list[Condition]:
        """What printer-state-reasons tells. `waiting_tray`: the tray the job under way still needs a sheet from.

        A condition is an error when it stops the machine now. An empty tray that nobody waits for is a warning,
        but for the first tray of an idle machine, which most jobs would need; a full output tray is a warning
        until a sheet waits for it.
        """
        found: list[Condition] = []
        if self.cover_open:
            found.append(Condition("cover-open", "error", stops=True))
        if self.jammed:
            found.append(Condition("media-jam", "error", stops=True))
        if self.toner_percent <= 0:
            found.append(Condition("toner-empty", "error", stops=True))
        elif self.toner_percent <= TONER_LOW_PERCENT:
            found.append(Condition("toner-low", "warning"))
        found += self._paper(waiting_tray, busy)
        if self.output_full:
            waits = waiting_tray is not None
            found.append(Condition("output-area-full", "error" if waits else "warning", stops=waits))
        elif self.output_used >= 0.9 * self.config.output_capacity:
            found.append(Condition("output-area-almost-full", "warning"))
        return found

    def _paper(self, waiting_tray: str | None, busy: bool) -> list[Condition]:
        empty = [t.source for t in self.trays.values() if t.sheets == 0]
        low = [t.source for t in self.trays.values() if 0 < t.sheets <= self.config.low_sheets]
        main = self.default_tray.source
        found: list[Condition] = []
        if waiting_tray in empty:
            found += [
                Condition("media-empty", "error", stops=True),
                Condition("media-needed", "error", stops=True),
            ]
        elif main in empty and not busy:
            found.append(Condition("media-empty", "error", stops=True))
        elif empty:
            found.append(Condition("media-empty", "warning"))
        if low:
            found.append(Condition("media-low", "warning" if main in low else "report"))
        return found
