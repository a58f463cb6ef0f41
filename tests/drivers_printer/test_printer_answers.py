"""Whoever gave an order gets an answer, also when the driver itself breaks or there is no spooler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from config.schema import PrinterSettings
from drivers import cupsd, leftovers, printer_cups
from drivers.printer_cups import CertificatePrinter
from kiosk import effects, events
from kiosk.errors import PrintError
from kiosk.events import Part, PrintOutcome

NOBODY = PrinterSettings("ipp://127.0.0.1:9/ipp/print", "tray-1", "tray-2")
RECEIPT = effects.Receipt("0042", datetime(2026, 11, 24, 10, 24), (), 0, 0, 0, 0, "", "", "", "", "")


@pytest.fixture
def make(runtime: Path, patience: Any) -> Iterator[Callable[[], CertificatePrinter]]:
    made: list[CertificatePrinter] = []

    def build() -> CertificatePrinter:
        made.append(CertificatePrinter(NOBODY, runtime, patience))
        return made[-1]

    yield build
    for printer in made:
        printer.close()
        printer.close()


def broken(*_arguments: object, **_named: object) -> Any:
    raise RuntimeError("山田太郎")  # whatever it says must not be passed on


class Broken:
    def __init__(self, *arguments: object, **_named: object) -> None:
        if len(arguments) > 2:  # not the client's own making, but every use of the rest
            broken()

    def printer(self, *_arguments: object) -> Any:
        broken()


def test_every_order_is_answered_when_the_driver_breaks(
    make: Callable[[], CertificatePrinter], answers: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    for name in ("look", "Follow", "IppClient"):
        monkeypatch.setattr(printer_cups, name, Broken)
    monkeypatch.setattr(leftovers, "sweep", broken)
    monkeypatch.setattr(leftovers, "find_processes", broken)
    printer = make()
    printer.wipe(effects.Wipe(1))
    printer.prepare(effects.PreparePrinter(2, 1))
    printer.print_copy(effects.PrintCopy(3, 1, 2, "a1"), b"%PDF")
    printer.find_job(effects.FindJob(4, "a1", 2))
    printer.print_receipt(effects.PrintReceipt(6, RECEIPT, "b2"))
    printer.erase(5)
    printer.start(answers)
    assert answers.wait(events.Wiped) == events.Wiped(1, ("wiping failed",), False)
    assert answers.wait(events.PrinterNotReady).reasons == ("driver-failed",)
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.UNKNOWN
    assert answers.wait(events.JobFound).outcome is PrintOutcome.UNKNOWN
    assert answers.wait(events.ReceiptJudged) == events.ReceiptJudged(6, PrintOutcome.UNKNOWN, ("driver-failed",))
    assert not answers.wait(events.Erased).clean
    assert "山田" not in caplog.text
    assert "山田" not in str(answers.all)


def test_without_a_spooler_the_printer_is_faulted_and_the_remedy_is_in_the_log(
    make: Callable[[], CertificatePrinter], answers: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def missing() -> cupsd.Installation:
        raise PrintError("install the Debian package cups-daemon")

    monkeypatch.setattr(cupsd, "find_installation", missing)
    make().start(answers)
    assert answers.wait(events.DeviceFaulted) == events.DeviceFaulted(Part.PRINTER, "hardware_error")
    assert "install the Debian package cups-daemon" in caplog.text


def test_a_printer_that_is_off_is_said_once(make: Callable[[], CertificatePrinter], answers: Any) -> None:
    printer = make()
    printer.start(answers)
    for order in (1, 2):
        printer.prepare(effects.PreparePrinter(order, 1))
        assert answers.wait(events.PrinterNotReady) == events.PrinterNotReady(order, ("unreachable",))
    printer.erase(3)
    erased = answers.wait(events.Erased)
    assert erased.clean, erased.checked
    assert [event for event in answers.all if isinstance(event, events.DeviceFaulted)] == [
        events.DeviceFaulted(Part.PRINTER, "offline")
    ]


def test_the_record_of_jobs_outlives_the_wipe_but_not_the_erase(
    make: Callable[[], CertificatePrinter], answers: Any, runtime: Path
) -> None:
    leftovers.open_handover(runtime)
    printer = make()
    printer.start(answers)
    printer.wipe(effects.Wipe(1))
    assert answers.wait(events.Wiped).clean
    assert leftovers.read_handover(runtime).known
    printer.find_job(effects.FindJob(2, "a1", 2))
    found = answers.wait(events.JobFound)
    assert (found.outcome, found.reasons) == (PrintOutcome.NOT_PRINTED, ("job-never-handed-over",))
    printer.erase(3)
    answers.wait(events.Erased)
    assert list(runtime.iterdir()) == []
