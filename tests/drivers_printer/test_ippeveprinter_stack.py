"""The driver on a printer that somebody else wrote: CUPS' `ippeveprinter`, through our own cupsd.

What ippeveprinter cannot say, so that nothing here is judged by it: how many sheets came out (it knows no
`job-media-sheets-completed`, only the impressions its print command reports, so the witness rule rests on those), how
many lie in a tray (its levels stay as they were set), and whether paper moved at all (there is none).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from config.schema import PrinterSettings
from drivers import leftovers
from drivers.printer_cups import CertificatePrinter
from hardware_sim.printer.eve import EvePrinter, missing
from kiosk import effects, events
from kiosk.events import Part, PrintOutcome

pytestmark = pytest.mark.stack

JOB, SLIP = "a1b2c3d4e5f60718", "0f1e2d3c4b5a6978"
RECEIPT = effects.Receipt(
    number="0042", at=datetime(2026, 11, 24, 10, 24), lines=(("住民票の写し", 1, 300),),
    inserted_yen=500, paid_back_yen=200, owed_yen=0, held_yen=0,
    city_name="佐賀市", office="市民生活課", place="本庁舎1階", machine="SAGA-0007", contact="市民生活課の窓口",
)  # fmt: skip


@pytest.fixture
def eve() -> Iterator[EvePrinter]:
    if lacking := missing():
        pytest.skip(f"not installed: {lacking}")
    folder = Path(tempfile.mkdtemp(prefix="eve-"))
    try:
        with EvePrinter(folder) as printer:
            yield printer
    finally:
        shutil.rmtree(folder)


def size(media_col: str) -> tuple[int, int]:
    x, y = (re.search(rf"{axis}-dimension=(\d+)", media_col) for axis in "xy")
    assert x is not None
    assert y is not None
    return int(x[1]), int(y[1])


def test_a_certificate_and_a_receipt_on_somebody_elses_printer(
    eve: EvePrinter, make: Callable[..., CertificatePrinter], answers: Any, page: bytes, runtime: Path
) -> None:
    printer = make(settings=PrinterSettings(eve.uri, "tray-1", "tray-2"))
    answers.printer_online()
    answers.wait(events.DeviceOnline, lambda event: event.part is Part.RECEIPT)
    printer.prepare(effects.PreparePrinter(1, 1))
    ready = answers.wait(events.PrinterReady)
    assert (ready.sheets, ready.receipt, ready.up_time > 0) == (500, True, True)
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    judged = answers.wait(events.CopyJudged)
    assert (judged.order, judged.copy, judged.outcome, judged.sheets) == (2, 1, PrintOutcome.PRINTED, 1)
    printer.erase(3)
    assert answers.wait(events.Erased).clean
    printer.print_receipt(effects.PrintReceipt(4, RECEIPT, SLIP))
    assert answers.wait(events.ReceiptJudged).outcome is PrintOutcome.PRINTED
    certificate, receipt = eve.documents()
    assert certificate == page  # the very bytes
    assert receipt.startswith(b"%PDF")
    first, second = eve.tickets()
    assert (first["IPP_JOB_NAME"], second["IPP_JOB_NAME"]) == (JOB, SLIP)
    assert (first["IPP_SIDES"], second["IPP_SIDES"]) == ("two-sided-long-edge", "one-sided")
    assert (size(first["IPP_MEDIA_COL"]), size(second["IPP_MEDIA_COL"])) == ((21000, 29700), (14800, 21000))
    assert "media-source=tray-1" in first["IPP_MEDIA_COL"]
    assert "media-source=tray-2" in second["IPP_MEDIA_COL"]
    assert leftovers.find_processes(runtime) == []
    assert list(runtime.iterdir()) == []
