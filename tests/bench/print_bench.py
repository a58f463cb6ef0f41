"""Print order committed → first byte of the document at the printer, beside `lp` to the same cupsd and queue.

The printer is the simulated one, in a process of its own; the cupsd is the one that our driver has started and keeps,
the queue its queue, the options its options, the document the same. Ours begins when the order is handed to the
driver, which the loop does next after its journal entry is on disk. `lp` begins with the start of its process. Both
end when the printer has seen the first byte of the document itself (not of the IPP attributes before it).
"""

from __future__ import annotations

import io
import json
import os
import queue
import random
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from harness import Measure, Unavailable
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from config.schema import PrinterSettings
from drivers import cups_queue, cupsd
from drivers.printer_cups import CertificatePrinter
from drivers.printer_facts import A4_NAME, TWO_SIDED, size_mm100
from kiosk import effects
from kiosk.errors import PrintError
from kiosk.events import CopyJudged, Event, PrinterReady, PrintOutcome

PAIRS = 20
WAIT_S = 30.0
TRAY = "tray-1"
BETWEEN_S = 0.2
"""Quiet between two jobs: backends have ended, the spool is empty."""

E = TypeVar("E", bound=Event)


def certificate() -> bytes:
    """Two pages as large as a certificate with its pattern on both sides (about 300 kB)."""
    noise = random.Random(1)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    for side in ("front", "back"):
        picture = Image.frombytes("L", (380, 380), noise.randbytes(380 * 380))
        canvas.drawImage(ImageReader(picture), 50, 100, 480, 640)
        canvas.drawString(60, 760, side)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


class Clock:
    def boot(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class Machine:
    """The simulated printer as a child, and its log."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._log = folder / "printer.jsonl"
        program = [sys.executable, "-m", "hardware_sim.printer", "--port", "0", "--seconds-per-sheet", "0"]
        process = stack.enter_context(
            subprocess.Popen([*program, "--directory", str(folder)], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(process.terminate)
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], WAIT_S)[0]:
            raise Unavailable("the simulated printer did not start")
        self.uri = process.stdout.readline().strip()

    def entry(self, event: str, job: str) -> dict[str, Any]:
        """Waits for the entry about this job."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for line in self._log.read_text("utf-8").splitlines() if self._log.exists() else ():
                found: dict[str, Any] = json.loads(line)
                if found["event"] == event and found.get("job_name") == job:
                    return found
            time.sleep(0.02)
        raise AssertionError(f"the printer has no {event} of the job")


class Printing:
    """Our driver with its cupsd, and `lp` beside it. Opened by the first run."""

    def __init__(self) -> None:
        self._stack: ExitStack | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._number = 0
        self._handed: list[float] = []
        self._submitted_at = 0.0

    def close(self) -> None:
        if self._stack is not None:
            self._stack.close()
            self._stack = None

    def report(self) -> str:
        handed = statistics.median(self._handed) * 1000
        return f"Ours: {handed:.0f} ms until cupsd has the whole document ({len(self._document) // 1000} kB)."

    def ours(self) -> float:
        job = self._next()
        began = time.monotonic()
        self._printer.print_copy(effects.PrintCopy(self._number, 1, 2, job), self._document)
        judged = self._wait(CopyJudged)
        assert judged.outcome is PrintOutcome.PRINTED, judged
        self._handed.append(self._submitted_at - began)
        return float(self._machine.entry("document", job)["first_byte_s"]) - began

    def lp(self) -> float:
        job = self._next()
        width, length = size_mm100(A4_NAME)
        options = (
            f"sides={TWO_SIDED}", "print-scaling=none", "print-color-mode=monochrome",
            f"media-col={{media-size={{x-dimension={width} y-dimension={length}}} media-source={TRAY}}}",
            "document-format=application/pdf",
        )  # fmt: skip
        words = ["lp", "-h", str(self._socket), "-U", cups_queue.USER, "-d", cups_queue.NAME, "-t", job]
        words += [word for option in options for word in ("-o", option)]
        began = time.monotonic()
        done = subprocess.run([*words, str(self._file)], capture_output=True, timeout=WAIT_S)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        first = float(self._machine.entry("document", job)["first_byte_s"])
        self._machine.entry("sheet", job)
        return first - began

    def _next(self) -> str:
        if self._stack is None:
            with ExitStack() as stack:
                self._open(stack)
                self._stack = stack.pop_all()
        time.sleep(BETWEEN_S)
        self._number += 1
        return f"pace{self._number:04}"

    def _open(self, stack: ExitStack) -> None:
        if shutil.which("lp") is None:
            raise Unavailable("lp is missing: install the Debian package cups-client")
        try:
            cupsd.find_installation()
        except PrintError as error:
            raise Unavailable(str(error)) from None
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        runtime = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ck-", dir=memory)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pace-")))
        self._document = certificate()
        self._file = folder / "d.pdf"
        self._file.write_bytes(self._document)
        self._machine = Machine(folder, stack)
        self._printer = CertificatePrinter(PrinterSettings(self._machine.uri, TRAY, "tray-2"), runtime, Clock())
        self._socket = runtime / "cups" / "cups.sock"
        submit = cups_queue.Queue.submit

        def noted(*arguments: Any) -> int:
            try:
                return submit(*arguments)
            finally:
                self._submitted_at = time.monotonic()

        cups_queue.Queue.submit = noted  # type: ignore[method-assign]
        stack.callback(setattr, cups_queue.Queue, "submit", submit)
        self._printer.start(self._events.put)
        stack.callback(self._printer.close)
        self._printer.prepare(effects.PreparePrinter(1, 1))
        self._number = 1
        self._wait(PrinterReady)

    def _wait(self, kind: type[E]) -> E:
        while not isinstance(event := self._events.get(timeout=WAIT_S), kind):
            pass
        return event


_printing = Printing()


def measures() -> list[Measure]:
    name = "print order → first byte at the printer"
    note = "The same cupsd, queue, options and document; beside it `lp`, from the start of its process."
    return [Measure(name, _printing.ours, _printing.lp, 1.10, PAIRS, note, report=_printing.report)]


def close() -> None:
    _printing.close()
