"""`python -m drivers.probe sensors`: the input module of the trays and the key, live."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

from config.probing import NotTried, Report
from config.schema import SensorSettings, Settings
from drivers.probe_serial import port_is_free
from drivers.sensors import InputModule
from drivers.worker import DeviceRefused
from kiosk.errors import DeviceError, DeviceOffline

_UP: Final = "\x1b[{}A"

Wait = Callable[[float], bool]
"""Waits so many seconds; True: it is time to end."""


def probe(settings: Settings, report: Report, wait: Wait, *, once: bool = False) -> None:
    """Show every input of the module until `wait` says that it is enough; `once`: a single look."""
    sensors = settings.machine.sensors
    if sensors is None:
        raise NotTried("the machine file has no [sensors]: this machine has none, a touch stands for the taking")
    report.note(f"Modbus RTU, 9600 8E1, unit {sensors.unit}")
    if not port_is_free(sensors.port, "sensors.port", report):
        return
    try:
        module = InputModule(sensors.port, sensors.unit)
    except DeviceOffline as error:
        report.fault(str(error), "let no other program use the port, and try again")
        return
    try:
        _watch(module, sensors, report, wait, once)
    except DeviceError as error:
        _explain(error, sensors, report)
    finally:
        module.close()


def _watch(module: InputModule, sensors: SensorSettings, report: Report, wait: Wait, once: bool) -> None:
    names = names_of(sensors)
    first, count = min(names), max(names) - min(names) + 1
    began = time.monotonic()
    seen = module.read(first, count)
    report.ok(f"the module answers, {(time.monotonic() - began) * 1000:.0f} ms for {count} inputs")
    for line in _table(first, seen, names):
        report.note(line)
    if once:
        return
    live = sys.stdout.isatty()
    report.note("put something into a tray, take it out, turn the key; Ctrl-C ends")
    while not wait(sensors.poll_ms / 1000):
        now = module.read(first, count)
        if now == seen:
            continue
        if live:
            print(_UP.format(count + 1), end="")
            for line in _table(first, now, names):
                report.note(f"{line}\x1b[K")
            print(flush=True)
        else:
            for number, (before, on) in enumerate(zip(seen, now, strict=True), start=first):
                if before != on:
                    report.note(_line(number, on, names))
        seen = now


def names_of(sensors: SensorSettings) -> dict[int, tuple[str, str, str]]:
    """Input → (what it is, what off means, what on means)."""
    names = {
        sensors.certificate_input: ("certificate tray", "empty", "something lies there"),
        sensors.change_input: ("change tray", "empty", "something lies there"),
        sensors.receipt_input: ("receipt tray", "empty", "something lies there"),
    }
    if sensors.service_key_input is not None:
        names[sensors.service_key_input] = ("service key", "not turned", "turned")
    return names


def _table(first: int, bits: tuple[bool, ...], names: dict[int, tuple[str, str, str]]) -> list[str]:
    return [_line(number, on, names) for number, on in enumerate(bits, start=first)]


def _line(number: int, on: bool, names: dict[int, tuple[str, str, str]]) -> str:
    what, off_words, on_words = names.get(number, ("not used", "off", "on"))
    return f"input {number:<3} {what:<18} {on_words if on else off_words}"


def _explain(error: DeviceError, sensors: SensorSettings, report: Report) -> None:
    if isinstance(error, DeviceRefused):
        report.fault(
            str(error), "compare unit and the input numbers of [sensors] with the module's manual and switches"
        )
    elif isinstance(error, DeviceOffline):
        report.fault(
            f"no right answer from unit {sensors.unit} ({error})",
            "check the module's supply, A and B of the line (swapped?), its unit number, and 9600 8E1",
        )
    else:
        report.fault(str(error), "another device may answer on this line: one module alone belongs on it")
