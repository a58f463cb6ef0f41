"""Breaking and mending: every fault of the simulators by one pair of names, and the power."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hardware_sim.card import CardStand, RadioStand, StandError
from hardware_sim.cash.bench import CashBench
from hardware_sim.city.bench import BenchError as CityError
from hardware_sim.city.bench import CityBench
from hardware_sim.printer.bench import PrinterBench
from hardware_sim.sensors.bench import SensorBench

from .changes import Changes
from .faults import TARGETS, Breakage, vocabulary
from .mirror import MirrorServer
from .program import Program
from .surveillance import Surveillance

_VERIFY = 0x20
"""INS of the PIN check (ISO 7816-4)."""


@dataclass(frozen=True)
class World:
    """Everything that can be broken."""

    cash: CashBench
    printer: PrinterBench
    stand: CardStand | RadioStand
    city: CityBench
    sensors: SensorBench | None
    kiosk: Program
    mirror: MirrorServer
    surveillance: Surveillance | None = None


class Breaker:
    """May be used from any thread."""

    def __init__(self, world: World, changes: Changes) -> None:
        self._world = world
        self._changes = changes
        self._lock = threading.RLock()
        self._restore: threading.Timer | None = None
        self._own: dict[tuple[str, str], dict[str, Any]] = {}

    def close(self) -> None:
        """The power does not come back any more by itself."""
        with self._lock:
            if self._restore is not None:
                self._restore.cancel()
                self._restore = None

    def vocabulary(self) -> list[Breakage]:
        return vocabulary(
            sensors=self._world.sensors is not None,
            radio=isinstance(self._world.stand, RadioStand),
            camera=self._world.surveillance is not None,
        )

    def fault(self, target: str, name: str, **values: Any) -> None:
        """Break something, see :meth:`vocabulary`. ValueError for a name or value that does not exist."""
        known = {(each.target, each.name): each for each in self.vocabulary()}
        kind = known.get((target, name))
        if kind is None:
            names = ", ".join(sorted(f"{a}.{b}" for a, b in known if a == target)) or ", ".join(
                sorted({a for a, _ in known})
            )
            raise ValueError(f"there is no fault {target}.{name}; known are {names}")
        if target in {"power", "card", "recorder"}:
            if unknown := set(values) - set(kind.parameters):
                raise ValueError(f"fault {target}.{name} does not take {', '.join(sorted(unknown))}")
            values = {**kind.parameters, **values}
        try:
            self._break(target, name, values)
        except (StandError, CityError) as error:
            raise ValueError(str(error)) from None
        self._changes.ring()

    def _break(self, target: str, name: str, values: dict[str, Any]) -> None:
        match target, name:
            case "power", "cut":
                self.power_cut(float(values["off_s"]))
            case "power", "off":
                self.power_cut(None)
            case "power", _ if ("power", "off") in self._own:
                raise ValueError("the power is off: switch it on first (clear power.off)")
            case "power", _:
                self.kill_kiosk(float(values["off_s"]))
            case "card", "reader_gone" if isinstance(self._world.stand, CardStand):
                self._world.stand.kill_pcscd(int(values["down_ms"]))
            case "card", "disturbed" if isinstance(self._world.stand, RadioStand):
                self._world.stand.disturb(int(values["frames"]), str(values["how"]))
            case "card", "leaves" if isinstance(self._world.stand, RadioStand):
                self._world.stand.leave_after(int(values["frames"]))
            case "card", "mute":
                self._world.stand.mute(True)
                self._own[target, name] = values
            case "card", "unplugged":
                self._world.stand.unplug()
                self._own[target, name] = values
            case "card", "slow":
                self._world.stand.slow(int(values["ms"]))
                self._own[target, name] = values
            case "card", _:
                self._world.stand.pull_at(_VERIFY, str(values["when"]))
                self._own[target, name] = values
            case "printer", _:
                self._world.printer.fault(name, **values)
            case "cash", _:
                self._world.cash.fault(name, **values)
            case "sensors", _ if self._world.sensors is not None:
                self._world.sensors.fault(name, **values)
            case (("camera" | "recorder" | "case"), _) if self._world.surveillance is not None:
                self._world.surveillance.fault(target, name, values)
            case "centre", _:
                self._world.city.fault("centre", name, **values)
            case _:
                self._world.city.fault("city", name, **values)

    def clear(self, target: str | None = None, name: str | None = None) -> None:
        """Mend one thing, everything of one part, or everything. ValueError for a name that does not exist."""
        for one in [target] if target else list(TARGETS):
            try:
                self._mend(one, name)
            except (StandError, CityError) as error:
                raise ValueError(str(error)) from None
        self._changes.ring()

    def _mend(self, target: str, name: str | None) -> None:
        match target:
            case "power":
                if name in {None, "off"} and ("power", "off") in self._own:
                    self._power_back()
                    self._world.kiosk.start()
            case "printer":
                self._world.printer.clear_faults(name)
            case "cash":
                self._world.cash.clear_faults(name)
            case "sensors" if self._world.sensors is not None:
                self._world.sensors.clear_faults(name)
            case "camera" | "recorder" | "case" if self._world.surveillance is not None:
                self._world.surveillance.clear(target, name)
            case "centre":
                self._world.city.clear("centre", name)
            case "city":
                self._world.city.clear("city", name)
            case "card":
                if name in {None, "slow"}:
                    self._world.stand.slow(0)
                    self._own.pop(("card", "slow"), None)
                if name in {None, "mute"}:
                    self._world.stand.mute(False)
                    self._own.pop(("card", "mute"), None)
                if name in {None, "unplugged"} and ("card", "unplugged") in self._own:
                    self._world.stand.plug()
                    self._own.pop(("card", "unplugged"), None)
                if name in {None, "pull_at_pin"}:
                    self._world.stand.pull_at(None)
                    self._own.pop(("card", "pull_at_pin"), None)
            case _:
                pass

    def broken(self) -> list[dict[str, str]]:
        """What is broken now: ``target``, ``name``, ``label``."""
        active: list[tuple[str, str]] = [("printer", name) for name in self._world.printer.snapshot()["faults"]]
        active += [("cash", fault["name"]) for fault in self._world.cash.snapshot()["faults"]]
        if self._world.sensors is not None:
            active += [("sensors", fault["name"]) for fault in self._world.sensors.snapshot()["faults"]]
        if self._world.surveillance is not None:
            active += self._world.surveillance.broken()
        with suppress(CityError):
            active += [
                (server, name) for server, status in self._world.city.snapshot().items() for name in status["faults"]
            ]
        active += list(self._own)
        labels = {(each.target, each.name): each.label for each in self.vocabulary()}
        return [
            {"target": target, "name": name, "label": labels.get((target, name), name)}
            for target, name in dict.fromkeys(active)
        ]

    def power_cut(self, off_s: float | None = 3.0) -> None:
        """Everything at the terminal's outlet goes dark: kiosk with its memory, coin unit, printer, camera, recorder.

        The power comes back by itself after ``off_s`` seconds; with None it is off until ``power.off`` is cleared.
        """
        with self._lock:
            if self._restore is not None:
                self._restore.cancel()
                self._restore = None
            self._own.pop(("power", "off"), None)
            if self._world.surveillance is not None:
                self._world.surveillance.power(False, off_s)
            self._world.kiosk.cut(off_s)
            self._world.cash.power_off()
            self._world.printer.power(False)
            self._world.mirror.darken()
            if off_s is None:
                self._own["power", "off"] = {}
            else:
                self._restore = threading.Timer(off_s, self._power_back)
                self._restore.daemon = True
                self._restore.start()
        self._changes.ring()

    def _power_back(self) -> None:
        with self._lock:
            self._restore = None
            self._own.pop(("power", "off"), None)
            self._world.cash.power_on()
            self._world.printer.power(True)
            if self._world.surveillance is not None:
                self._world.surveillance.power(True)
        self._changes.ring()

    def kill_kiosk(self, off_s: float = 0.0) -> None:
        """SIGKILL to the kiosk; what it had started and written stays where it is. It starts again."""
        self._world.kiosk.kill(off_s)
        self._world.mirror.darken()
