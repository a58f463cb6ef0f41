"""The simulated machine as the bench uses it: one object that is powered on, broken, refilled and looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hardware_sim.printer.engine import Engine
from hardware_sim.printer.faults import FAULTS
from hardware_sim.printer.hands import Hands
from hardware_sim.printer.model import Job, Pace, PrinterConfig, RealPace, Sheet, Side
from hardware_sim.printer.oracle import Entry, OracleLog
from hardware_sim.printer.server import PrinterServer


class PrinterBench:
    """A multi-copy machine on loopback, running inside a `with` block.

    `directory` takes `printer.jsonl` (the oracle log, no document content) and, with `show_output`, a folder
    `output/` with one PDF for each sheet lying in the tray, removed when the sheet is taken. None: memory only.
    """

    def __init__(
        self,
        directory: Path | None = None,
        port: int = 0,
        *,
        config: PrinterConfig | None = None,
        pace: Pace | None = None,
        show_output: bool = False,
    ) -> None:
        self.config = config or PrinterConfig()
        clock: Pace = pace or RealPace()
        output = None
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            if show_output:
                output = directory / "output"
                output.mkdir(mode=0o700, exist_ok=True)
        elif show_output:
            raise ValueError("show_output needs a directory")
        oracle = OracleLog(clock.wall, None if directory is None else directory / "printer.jsonl")
        self.engine = Engine(self.config, clock, oracle, output)
        self._hands = Hands(self.engine)
        self._server = PrinterServer(self.engine, port)

    def __enter__(self) -> PrinterBench:
        self.engine.start()
        self._server.sync()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stop()
        self.engine.stop()

    @property
    def uri(self) -> str:
        """ipp://127.0.0.1:PORT/ipp/print"""
        return self._server.uri

    @property
    def port(self) -> int:
        return self._server.port

    # ------------------------------------------------------------ looking

    def snapshot(self) -> dict[str, Any]:
        """The machine as JSON-able values: state, reasons, trays, toner, output, jobs, faults, request counts."""
        engine = self.engine
        with engine.changed:
            physical = engine.physical
            return {
                "uri": self.uri,
                "powered": engine.powered,
                "reachable": engine.powered and engine.troubles.network,
                "state": engine.state().name.lower(),
                "state_reasons": engine.reasons(),
                "up_time_s": engine.up_time_s,
                "trays": [
                    {
                        "source": t.source,
                        "label": t.label,
                        "media_type": t.media_type,
                        "media": t.media,
                        "sheets": t.sheets,
                        "capacity": t.capacity,
                    }
                    for t in physical.trays.values()
                ],
                "toner_percent": round(physical.toner_percent, 2),
                "cover_open": physical.cover_open,
                "jammed": physical.jammed,
                "paper_present": self.paper_present,
                "output": [_sheet_view(s) for s in physical.output],
                "foreign_sheets": physical.foreign_sheets,
                "sheets_made": physical.sheets_made,
                "jobs": [_job_view(j) for j in engine.jobs()],
                "faults": {name: dict(values) for name, values in engine.troubles.active.items()},
                "requests": dict(engine.requests),
            }

    @property
    def paper_present(self) -> bool:
        """The sensor at the output tray: any paper there, ours or not."""
        return self.engine.physical.output_used > 0

    def output(self) -> list[Sheet]:
        """The sheets lying in the output tray, oldest first, left where they are."""
        with self.engine.changed:
            return list(self.engine.physical.output)

    def picture(self, sheet_number: int, side: Side = "front", dpi: int = 100) -> bytes | None:
        """A sheet in the output tray as PNG; None if it is not there or nothing is printed on that side."""
        sheet = next((s for s in self.output() if s.number == sheet_number), None)
        return None if sheet is None else sheet.png(side, dpi)

    def log(self, event: str | None = None) -> list[Entry]:
        """The oracle log, see `oracle.OracleLog`."""
        return self.engine.log.entries(event)

    @staticmethod
    def vocabulary() -> dict[str, dict[str, Any]]:
        """The faults for the bench page: name -> label, description (Japanese), parameters with defaults."""
        return {
            name: {"label": f.label, "description": f.description, "parameters": dict(f.parameters)}
            for name, f in FAULTS.items()
        }

    # ------------------------------------------------------------ hands

    def load(self, tray: str, sheets: int) -> int:
        """Put sheets into a tray; returns how many lie in it then. Raises ValueError for an unknown tray."""
        return self._hands.load(tray, sheets)

    def take_output(self, tray: str | None = None) -> list[Sheet]:
        """A person takes the paper: all of it, or only what came from one tray."""
        return self._hands.take_output(tray)

    def fault(self, name: str, **parameters: object) -> None:
        """Let a fault happen. Raises ValueError for an unknown name or parameter."""
        self._hands.fault(name, **parameters)
        self._server.sync()
        if name == "reboot":
            self._server.drop_connections()

    def clear_faults(self, name: str | None = None) -> None:
        """Put right one fault or all of them."""
        self._hands.clear(name)
        self._server.sync()

    def power(self, on: bool) -> None:
        """Pull the plug or put it back. Without power jobs are forgotten and callers are refused."""
        if on:
            self.engine.power_on()
        else:
            self.engine.power_off()
        self._server.sync()

    def cancel_at_panel(self, job_id: int) -> None:
        """Somebody cancels a job at the machine itself. Raises KeyError for an unknown job."""
        self.engine.cancel_job(self._known(job_id), "job-canceled-at-device")

    def release_at_panel(self, job_id: int) -> None:
        """Somebody lets a held job print. Raises KeyError for an unknown job."""
        self.engine.release_job(self._known(job_id))

    def _known(self, job_id: int) -> Job:
        job = self.engine.job(job_id)
        if job is None:
            raise KeyError(f"the printer knows no job {job_id}")
        return job


def _sheet_view(sheet: Sheet) -> dict[str, Any]:
    return {
        "number": sheet.number,
        "job_id": sheet.job_id,
        "job_name": sheet.job_name,
        "tray": sheet.tray,
        "sides": sheet.sides,
        "sha256": sheet.front.document.sha256,
        "front": sheet.front.page + 1,
        "back": None if sheet.back is None else sheet.back.page + 1,
    }


def _job_view(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "name": job.name,
        "user": job.user,
        "state": job.state.name.lower(),
        "state_reasons": list(job.reasons),
        "sides": job.sides,
        "tray": job.tray,
        "copies": job.copies,
        "impressions": job.impressions,
        "impressions_completed": job.impressions_completed,
        "sheets": job.sheets,
        "sheets_completed": job.sheets_completed,
    }
