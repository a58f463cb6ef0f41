"""What the trays feel: sensors follow what lies there, and every sheet and coin is noted as it moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hardware_sim.cash.bench import CashBench
from hardware_sim.cash.metal import HOPPERS
from hardware_sim.printer.bench import PrinterBench
from hardware_sim.sensors.bench import SensorBench

from .changes import Changes
from .machine_file import CERTIFICATE_INPUT, CHANGE_INPUT, RECEIPT_INPUT
from .paper import PaperWatch

RECEIPT_TRAY = "tray-2"
_WATCH_S = 1.0


class Trays:
    """Two threads that wait for metal and paper to move. ``metal``: file that keeps the hoppers' levels."""

    def __init__(
        self, cash: CashBench, printer: PrinterBench, sensors: SensorBench | None, changes: Changes, metal: Path
    ) -> None:
        self.paper = PaperWatch(printer)
        self._cash = cash
        self._printer = printer
        self._sensors = sensors
        self._changes = changes
        self._metal = metal
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=watch, name=name, daemon=True)
            for name, watch in (("watch-cash", self._watch_cash), ("watch-paper", self._watch_paper))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._closing.set()
        with self._printer.engine.changed:
            self._printer.engine.changed.notify_all()
        for thread in self._threads:
            thread.join()

    def take_change(self) -> dict[int, int]:
        """The resident empties the change tray."""
        taken = self._cash.take_change()
        self.feel()
        return taken

    def take_paper(self, tray: str | None = None) -> int:
        """The resident takes the sheets, all or those from one paper tray; how many."""
        self.paper.look()
        taken = len(self._printer.take_output(tray))
        self.feel()
        return taken

    def feel(self) -> None:
        """Set the sensors to what lies there now."""
        self.paper.look()
        if self._sensors is not None:
            trays = [sheet.tray for sheet in self._printer.output()]
            certificates = any(tray != RECEIPT_TRAY for tray in trays)
            foreign = self._printer.paper_present and not trays
            self._sensors.set_input(CERTIFICATE_INPUT, certificates or foreign)
            self._sensors.set_input(RECEIPT_INPUT, RECEIPT_TRAY in trays)
            self._sensors.set_input(CHANGE_INPUT, bool(self._cash.change_in_tray()))
        self._changes.ring()

    def _watch_cash(self) -> None:
        seen: dict[str, dict[int, int]] = {}

        def moved() -> bool:
            return self._closing.is_set() or self._cash.count() != seen

        while not self._closing.is_set():
            with suppress(RuntimeError):  # the cash unit has ended
                self._cash.wait_until(moved, _WATCH_S)
                now = self._cash.count()
                if now != seen:
                    seen = now
                    self._keep(now)
                    self.feel()

    def _keep(self, count: Mapping[str, Mapping[int, int]]) -> None:
        levels = {str(yen): count[place.value].get(yen, 0) for yen, place in HOPPERS.items()}
        beside = self._metal.with_suffix(".new")
        beside.write_text(json.dumps(levels))
        beside.replace(self._metal)

    def _watch_paper(self) -> None:
        seen: object = None
        engine = self._printer.engine

        def moved() -> bool:
            return self._closing.is_set() or self._key() != seen

        while not self._closing.is_set():
            with engine.changed:
                engine.changed.wait_for(moved, _WATCH_S)
                now = self._key()
            if now != seen:
                seen = now
                self.feel()

    def _key(self) -> object:
        """What of the printer the bench shows. Under its lock."""
        engine = self._printer.engine
        return (
            engine.powered,
            engine.state(),
            tuple(engine.reasons()),
            tuple(sheet.number for sheet in engine.physical.output),
            engine.physical.foreign_sheets,
            tuple((tray.source, tray.sheets) for tray in engine.physical.trays.values()),
        )
