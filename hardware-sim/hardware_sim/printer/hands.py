"""What people and mishaps do to the machine from outside: paper in, paper out, faults and their repair."""

from __future__ import annotations

from typing import Any

from hardware_sim.printer.engine import Engine
from hardware_sim.printer.faults import parameters
from hardware_sim.printer.machine import Tray
from hardware_sim.printer.model import Sheet


class Hands:
    """Acts on one engine; every call is complete when it returns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, tray: str, sheets: int) -> int:
        """Put `sheets` sheets into a tray; returns how many lie in it now (never more than fit)."""
        engine = self._engine
        if sheets < 0:
            raise ValueError("sheets must be 0 or more")
        with engine.changed:
            into = self._tray(tray)
            into.sheets = min(into.capacity, into.sheets + sheets)
            if into.sheets and engine.troubles.active.get("paper_out", {}).get("tray") == tray:
                engine.troubles.disarm("paper_out")
                engine.troubles.before.pop("sheets " + tray, None)
            engine.log.add("loaded", tray=tray, sheets=into.sheets)
            engine.changed.notify_all()
            return into.sheets

    def take_output(self, tray: str | None = None) -> list[Sheet]:
        """A person takes the paper: all of it, or only what was fed from one tray. Foreign sheets go with all."""
        engine = self._engine
        with engine.changed:
            taken = engine.remove_output({s.number for s in engine.physical.output if tray in (None, s.tray)})
            if tray is None:
                engine.physical.foreign_sheets = 0
                engine.troubles.disarm("output_full")
            engine.log.add("taken", sheets=[s.number for s in taken])
            engine.changed.notify_all()
            return taken

    def fault(self, name: str, **given: object) -> None:
        """Let fault `name` of `faults.FAULTS` happen now, or arm it. Raises ValueError on a bad name or value."""
        values: dict[str, Any] = parameters(name, given)
        engine = self._engine
        physical, troubles = engine.physical, engine.troubles
        with engine.changed:
            if name == "paper_out":
                tray = self._tray(values["tray"])
                troubles.before.setdefault("sheets " + tray.source, tray.sheets)
                tray.sheets = min(tray.sheets, values["after"])
            elif name == "jam" and values["sheet"] == 0:
                physical.jammed = True
            elif name == "jam":
                troubles.armed["jam"] = values["sheet"]
            elif name in ("toner_empty", "toner_low"):
                troubles.before.setdefault("toner", physical.toner_percent)
                physical.toner_percent = 0.0 if name == "toner_empty" else 5.0
            elif name == "cover_open":
                physical.cover_open = True
            elif name == "output_full":
                physical.foreign_sheets = max(0, engine.config.output_capacity - len(physical.output))
            elif name == "unreachable":
                troubles.network = False
            elif name == "hang":
                troubles.hanging = True
            elif name == "abort_next":
                troubles.armed["abort_next"] = values["after_sheets"]
            elif name == "slow":
                troubles.slow = values["factor"]
            engine.log.add("fault", name=name, **values)
            if name == "reboot":
                engine.restart()
            else:
                troubles.active[name] = values
            engine.changed.notify_all()

    def clear(self, name: str | None = None) -> None:
        """Put right one fault, or all of them. Held jobs stay held; a machine without power stays without."""
        engine = self._engine
        if name is not None:
            parameters(name, {})
        with engine.changed:
            for each in [name] if name else list(engine.troubles.active):
                self._repair(each)
                engine.troubles.disarm(each)
            engine.log.add("clear", name=name or "all")
            engine.changed.notify_all()

    def _repair(self, name: str) -> None:
        physical, troubles = self._engine.physical, self._engine.troubles
        if name == "paper_out":
            for tray in physical.trays.values():
                before = troubles.before.pop("sheets " + tray.source, None)
                if before is not None:
                    tray.sheets = max(tray.sheets, int(before))
        elif name in ("toner_empty", "toner_low"):
            physical.toner_percent = troubles.before.pop("toner", physical.toner_percent)
        elif name == "jam":
            physical.jammed = False
        elif name == "cover_open":
            physical.cover_open = False
        elif name == "output_full":
            physical.foreign_sheets = 0
        elif name == "unreachable":
            troubles.network = True
        elif name == "hang":
            troubles.hanging = False
        elif name == "slow":
            troubles.slow = 1.0

    def _tray(self, source: str) -> Tray:
        trays = self._engine.physical.trays
        if source not in trays:
            raise ValueError(f"no tray {source!r}; trays: {', '.join(trays)}")
        return trays[source]
