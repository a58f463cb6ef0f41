"""`python -m drivers.probe printer`: what the multi-copy machine says of itself, and what it lacks for us."""

from __future__ import annotations

import io
import logging
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from config.probing import Report
from config.schema import PrinterSettings, Settings
from drivers import printer_facts
from drivers.cups_queue import USER
from drivers.ipp_client import Attributes, IppClient, number, texts
from drivers.print_witness import keyword
from drivers.printer_cups import CertificatePrinter
from drivers.printer_facts import FULL, PrinterView, read_printer
from drivers.probe_events import Answers
from kiosk.effects import PreparePrinter, PrintCopy
from kiosk.errors import DeviceError, DeviceOffline, DeviceTimeout, PrintError
from kiosk.events import (
    CopyJudged,
    DeviceFaulted,
    DeviceOnline,
    Part,
    PrinterNotReady,
    PrinterReady,
    PrintOutcome,
    PrintProgressed,
)

ASKED: Final = (
    *FULL, "printer-make-and-model", "document-format-supported", "operations-supported",
    "marker-names", "marker-levels", "marker-low-levels",
)  # fmt: skip
STATES: Final = {3: "idle", 4: "printing", 5: "stopped"}
PDF: Final = "application/pdf"
OPERATIONS: Final = {0x0002: "Print-Job", 0x0008: "Cancel-Job", 0x0009: "Get-Job-Attributes", 0x000A: "Get-Jobs"}
"""What our cupsd and the witness of the printed sheets need of it (RFC 8011)."""
ONLINE_S: Final = 30.0
PRINTED_S: Final = 180.0

REMEDIES: Final = {
    "media-jam": "take the jammed sheet out and close the machine",
    "cover-open": "close the cover",
    "door-open": "close the door",
    "interlock-open": "close what is open",
    "toner-empty": "put toner in",
    "marker-supply-empty": "put toner in",
    "marker-waste-full": "change the waste toner box",
    "output-area-full": "take the sheets out of the output tray",
    "output-tray-missing": "put the output tray in",
    "input-tray-missing": "put the tray in",
    "media-empty": "fill the tray",
    "media-needed": "put the right paper into the tray, and set its size at the machine",
    "stopped": "look at the machine's own panel; it does not print now",
    "not-accepting-jobs": "switch printing over the network on in the machine's settings",
    "no-duplex": "fit or switch on the duplex unit: a certificate is printed on both sides",
    "no-a4": "set the tray printer.certificate_tray of the machine to A4 plain paper",
    "busy": "wait until its other jobs are done; no other computer may print on it",
}


def probe(settings: Settings, report: Report, *, test_page: bool = False) -> None:
    """Ask the printer itself; `test_page`: then print one sheet the way a certificate goes."""
    logging.getLogger("drivers").setLevel(logging.CRITICAL)  # said here in full
    printer = settings.machine.printer
    report.note(f"IPP at {printer.uri}")
    found = _ask(printer, report)
    if found is None:
        return
    _describe(found, report)
    _needs(found, printer, report)
    _supplies(found, report)
    ready = _ready(found, printer, report)
    if test_page and not ready:
        report.fault("the test page was not printed", "mend what is said above first")
    elif test_page:
        _print(printer, report)


def _ask(printer: PrinterSettings, report: Report) -> Attributes | None:
    try:
        found = IppClient(printer.uri, USER).printer(ASKED)
        read_printer(found, printer.certificate_tray)
    except PrintError as error:
        report.fault(str(error), "correct printer.uri of the machine file")
    except DeviceOffline as error:
        report.fault(str(error), "see that it is switched on and cabled, and that printer.uri names its address (ping)")
    except DeviceTimeout as error:
        report.fault(str(error), "look at its panel: it may be starting, asleep or hanging; switch it off and on")
    except DeviceError as error:
        report.fault(str(error), "see that IPP is switched on in it, and that printer.uri has the path it wants")
    else:
        report.ok("the printer answers Get-Printer-Attributes")
        return found
    return None


def _describe(found: Attributes, report: Report) -> None:
    state = number(found, "printer-state") or 0
    reasons = ", ".join(texts(found, "printer-state-reasons")) or "none"
    report.note(f"{' '.join(texts(found, 'printer-make-and-model')) or 'make and model not told'}")
    report.note(f"state: {STATES.get(state, str(state))}; reasons: {reasons}")
    report.note(f"sides: {', '.join(texts(found, 'sides-supported')) or 'not told'}")
    report.note(f"paper in it: {', '.join(texts(found, 'media-ready')) or 'not told'}")
    for source in texts(found, "media-source-supported"):
        view = read_printer(found, source)
        sheets = f"{view.level} sheets" if view.level >= 0 else {True: "some", False: "empty", None: "?"}[view.paper]
        report.note(f"  tray {source}: {sheets}")


def _needs(found: Attributes, printer: PrinterSettings, report: Report) -> None:
    """What it must have at all, whatever its state."""
    formats, sources = texts(found, "document-format-supported"), texts(found, "media-source-supported")
    report.check(
        PDF in formats,
        "it takes PDF",
        "it does not take PDF",
        "fit the maker's PDF option: pages must reach it as the city signed them",
    )
    for key, tray in (("certificate_tray", printer.certificate_tray), ("receipt_tray", printer.receipt_tray)):
        report.check(
            tray in sources,
            f"printer.{key} = {tray!r} is one of its trays",
            f"printer.{key} = {tray!r} is none of its trays ({', '.join(sources) or 'it names none'})",
            f"correct printer.{key} of the machine file",
        )
    known = {value for value in found.get("operations-supported", ()) if isinstance(value, int)}
    missing = [name for number_, name in OPERATIONS.items() if known and number_ not in known]
    if missing:
        report.fault(f"it lacks {', '.join(missing)}", "another printer is needed: sheets could not be followed")


def _supplies(found: Attributes, report: Report) -> None:
    names, levels = texts(found, "marker-names"), found.get("marker-levels", ())
    low = found.get("marker-low-levels", ())
    if not names:
        report.note("supplies: not told")
    for index, name in enumerate(names):
        level = levels[index] if index < len(levels) else None
        mark = low[index] if index < len(low) else None
        if not isinstance(level, int) or level < 0:
            report.note(f"supply {name}: level not told")
        elif isinstance(mark, int) and level <= mark:
            report.note(f"supply {name}: {level} % (low: have the next one ready)")
        else:
            report.note(f"supply {name}: {level} %")


def _ready(found: Attributes, printer: PrinterSettings, report: Report) -> bool:
    """Whether a certificate could be printed now; the receipt is told of as well."""
    view = read_printer(found, printer.certificate_tray)
    certificate = _obstacles("certificate", printer_facts.obstacles(view, 1), report)
    receipt = _receipt_view(found, printer, report)
    if receipt is not None:
        _obstacles("receipt", printer_facts.receipt_obstacles(receipt), report)
    return certificate


def _receipt_view(found: Attributes, printer: PrinterSettings, report: Report) -> PrinterView | None:
    try:
        return read_printer(found, printer.receipt_tray, printer.receipt_media)
    except PrintError as error:
        report.fault(str(error), "correct printer.receipt_media of the machine file")
        return None


def _obstacles(what: str, words: tuple[str, ...], report: Report) -> bool:
    if not words:
        report.ok(f"a {what} could be printed now")
    for word in words:
        report.fault(
            f"a {what} cannot be printed now: {word}",
            REMEDIES.get(keyword(word), "look at the machine's own panel"),
        )
    return not words


# ---- test page ---------------------------------------------------------------------------------------------


def test_page() -> bytes:
    """PDF of one sheet, two sides: a frame 10 mm from the edges, a ruler, and nothing of anybody."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    width, height = A4
    for side in ("front", "back"):
        canvas.rect(10 * mm, 10 * mm, width - 20 * mm, height - 20 * mm)
        for step in range(0, 191, 5):
            canvas.line((10 + step) * mm, 10 * mm, (10 + step) * mm, (16 if step % 10 == 0 else 13) * mm)
        canvas.setFont("Helvetica", 24)
        canvas.drawString(20 * mm, height - 40 * mm, f"Test page, {side}")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(20 * mm, height - 50 * mm, "The frame lies 10 mm from every edge; marks are 5 mm apart.")
        canvas.drawString(20 * mm, height - 57 * mm, "Front and back must lie on one another, the same way up.")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _print(printer: PrinterSettings, report: Report) -> None:
    """By the driver, over a cupsd of its own: the very way of a certificate."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - mkdtemp makes the folder
    folder = Path(tempfile.mkdtemp(prefix="ckp-", dir=parent))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # as root, CUPS' children run under another account and must pass through
    answers = Answers()
    driver = CertificatePrinter(printer, folder, _RealTime())
    driver.start(answers.put)
    try:
        online = answers.wait(ONLINE_S, DeviceOnline)
        while online is not None and online.part is not Part.PRINTER:  # the receipt's part tells of itself
            online = answers.wait(ONLINE_S, DeviceOnline)
        if online is None:
            report.fault("the driver does not come online", "look at what is said above; then try again")
            return
        driver.prepare(PreparePrinter(1, 1))
        ready = answers.wait(ONLINE_S, PrinterReady, PrinterNotReady, DeviceFaulted)
        if not isinstance(ready, PrinterReady):
            words = ", ".join(ready.reasons) if isinstance(ready, PrinterNotReady) else "no answer"
            report.fault(f"printing could not be prepared: {words}", "see that cupsd is here (package cups-daemon)")
            return
        report.ok("a cupsd of our own runs and has the queue")
        driver.print_copy(PrintCopy(2, 1, 2, secrets.token_hex(16)), test_page())
        _judge(_follow(answers, report), report)
    finally:
        driver.erase(3)
        driver.close()
        shutil.rmtree(folder, ignore_errors=True)


def _follow(answers: Answers, report: Report) -> CopyJudged | None:
    deadline = time.monotonic() + PRINTED_S
    said = ""
    while (left := deadline - time.monotonic()) > 0:
        event = answers.wait(left, PrintProgressed, CopyJudged)
        if isinstance(event, CopyJudged):
            return event
        if isinstance(event, PrintProgressed) and (words := str(event.sheets_done)) != said:
            said = words
            report.note(f"sheets out: {words}")
    return None


def _judge(judged: CopyJudged | None, report: Report) -> None:
    if judged is not None and judged.outcome is PrintOutcome.PRINTED:
        report.ok("the test page came out; both sides must show a frame and a ruler")
        return
    outcome = "no verdict in time" if judged is None else judged.outcome.value
    reasons = "" if judged is None or not judged.reasons else f" ({', '.join(judged.reasons)})"
    report.fault(f"the test page: {outcome}{reasons}", "look at the machine: take out what jams, then try again")


class _RealTime:
    def boot(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
