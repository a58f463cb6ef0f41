"""The receipt through our own cupsd on its own medium; what came out is read from the machine's tray."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from config.schema import PrinterSettings
from drivers import leftovers
from drivers.print_follow import Limits
from drivers.printer_cups import CertificatePrinter
from hardware_sim.printer import PrinterBench
from kiosk import effects, events
from kiosk.events import Part, PrintOutcome

pytestmark = pytest.mark.stack

JOB, SLIP = "a1b2c3d4e5f60718", "0f1e2d3c4b5a6978"
RECEIPT = effects.Receipt(
    number="0042", at=datetime(2026, 11, 24, 10, 24), lines=(("住民票の写し", 1, 300),),
    inserted_yen=500, paid_back_yen=200, owed_yen=0, held_yen=0,
    city_name="佐賀市", office="市民生活課", place="本庁舎1階", machine="SAGA-0007", contact="市民生活課の窓口",
)  # fmt: skip


def receipt(order: int) -> effects.PrintReceipt:
    return effects.PrintReceipt(order, RECEIPT, SLIP)


def prepare(printer: CertificatePrinter, answers: Any, order: int = 1) -> events.PrinterReady:
    printer.prepare(effects.PreparePrinter(order, 1))
    told: events.PrinterReady = answers.wait(events.PrinterReady)
    return told


def test_the_receipt_comes_out_on_its_own_paper_after_everything_else_is_erased(
    bench: PrinterBench, printer: CertificatePrinter, answers: Any, page: bytes, runtime: Path
) -> None:
    assert prepare(printer, answers).receipt
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED
    printer.erase(3)
    assert answers.wait(events.Erased).clean
    printer.print_receipt(receipt(4))
    assert answers.wait(events.ReceiptJudged) == events.ReceiptJudged(4, PrintOutcome.PRINTED, ())
    assert leftovers.find_processes(runtime) == []
    assert list(runtime.iterdir()) == []
    received = bench.log("document")[-1]
    assert (received["job_name"], received["user"], received["pages"]) == (SLIP, "kiosk", 1)
    assert (received["tray"], received["media"], received["sides"]) == ("tray-2", "iso_a5_148x210mm", "one-sided")
    assert (received["copies"], received["scaling"]) == (1, "none")
    (sheet,) = bench.take_output("tray-2")
    document = pypdfium2.PdfDocument(sheet.pdf())
    size, text = document[0].get_size(), document[0].get_textpage().get_text_bounded()
    document.close()
    assert size == pytest.approx((148 * 72 / 25.4, 210 * 72 / 25.4), abs=0.5)
    assert "0042" in text


def test_receipt_paper_missing_is_known_before_and_stops_no_certificate(
    bench: PrinterBench, printer: CertificatePrinter, answers: Any, page: bytes
) -> None:
    answers.wait(events.DeviceOnline, lambda event: event.part is Part.RECEIPT)
    bench.fault("paper_out", tray="tray-2")
    assert answers.wait(events.DeviceFaulted) == events.DeviceFaulted(Part.RECEIPT, "media-empty")
    assert not prepare(printer, answers).receipt
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED
    printer.print_receipt(receipt(3))
    judged = answers.wait(events.ReceiptJudged)
    assert (judged.order, judged.outcome) == (3, PrintOutcome.NOT_PRINTED)
    assert "media-empty-warning" in judged.reasons or "media-empty" in judged.reasons
    assert [entry["job_name"] for entry in bench.log("document")] == [JOB]
    bench.load("tray-2", 50)
    answers.wait(events.DeviceOnline, lambda event: event.part is Part.RECEIPT)
    assert prepare(printer, answers, 4).receipt
    faults = [event.part for event in answers.all if isinstance(event, events.DeviceFaulted)]
    assert faults == [Part.RECEIPT]


@pytest.mark.parametrize(("receipt_s", "receipt_blocked_s"), [(1.0, 600.0), (600.0, 0.5)])
def test_a_receipt_that_does_not_come_is_given_up_and_never_comes_later(
    bench: PrinterBench,
    make: Callable[..., CertificatePrinter],
    answers: Any,
    fast: Limits,
    runtime: Path,
    receipt_s: float,
    receipt_blocked_s: float,
) -> None:
    printer = make(replace(fast, receipt_s=receipt_s, receipt_blocked_s=receipt_blocked_s))
    bench.fault("hold_next")
    printer.print_receipt(receipt(1))
    assert answers.wait(events.ReceiptJudged).outcome is PrintOutcome.NOT_PRINTED
    assert len(bench.log("cancel-job")) == 1
    assert [job["state"] for job in bench.snapshot()["jobs"]] == ["canceled"]
    assert leftovers.find_processes(runtime) == []
    assert bench.take_output() == []


def test_an_erase_lets_a_receipt_under_way_come_out(
    bench: PrinterBench, printer: CertificatePrinter, answers: Any, runtime: Path
) -> None:
    printer.print_receipt(receipt(1))
    printer.erase(2)
    assert answers.wait(events.ReceiptJudged).outcome is PrintOutcome.PRINTED
    assert answers.wait(events.Erased).clean
    assert [sheet.tray for sheet in bench.take_output()] == ["tray-2"]


def test_nobody_there_is_no_receipt_and_no_exception(make: Callable[..., CertificatePrinter], answers: Any) -> None:
    printer = make(settings=PrinterSettings("ipp://127.0.0.1:9/ipp/print", "tray-1", "tray-2"))
    printer.print_receipt(receipt(1))
    assert answers.wait(events.ReceiptJudged) == events.ReceiptJudged(1, PrintOutcome.NOT_PRINTED, ("unreachable",))
    printer.print_receipt(replace(receipt(2), receipt=replace(RECEIPT, lines=None)))  # type: ignore[arg-type]
    assert answers.wait(events.ReceiptJudged) == events.ReceiptJudged(2, PrintOutcome.NOT_PRINTED, ("not-drawn",))
