"""What the idle poll says of the machine: one part for printing as such, one for the receipt's own paper.

Each change is told once. An empty receipt tray is no fault of the printer, and a jam is none of the receipt's.
"""

from __future__ import annotations

from config.schema import PrinterSettings
from drivers import printer_facts
from drivers.ipp_client import Attributes
from kiosk.events import DeviceFaulted, DeviceOnline, Event, Part


class StateReport:
    """Remembers what was told last. `None` in `_told`: nothing yet; "": it works."""

    def __init__(self, settings: PrinterSettings) -> None:
        self._settings = settings
        self._told: dict[Part, str | None] = {}
        self.forget()

    def forget(self) -> None:
        """Everything is told anew at the next look."""
        self._told = {Part.PRINTER: None, Part.RECEIPT: None}

    def seen(self, attributes: Attributes) -> list[Event]:
        """What has changed with this answer of the printer. Raises ProtocolViolation."""
        settings = self._settings
        view = printer_facts.read_printer(attributes, settings.certificate_tray)
        paper = printer_facts.read_printer(attributes, settings.receipt_tray, settings.receipt_media)
        return [
            *self._tell(Part.PRINTER, printer_facts.fault_word(view)),
            *self._tell(Part.RECEIPT, printer_facts.receipt_word(paper)),
        ]

    def away(self) -> list[Event]:
        """The printer does not answer: of the receipt's paper nothing is known then."""
        self._told[Part.RECEIPT] = None
        return self._tell(Part.PRINTER, "offline")

    def _tell(self, part: Part, word: str | None) -> list[Event]:
        if self._told[part] == (word or ""):
            return []
        self._told[part] = word or ""
        return [DeviceFaulted(part, word) if word else DeviceOnline(part)]
