"""The one queue of our cupsd, by pycups. Belongs to one thread: a shared Connection brings the process down.

Nothing of the document is ever a file of ours: it is streamed from memory. What CUPS says about a job is not
used, but for whether the job is still in the queue.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cups

from drivers.cupsd import Cupsd
from kiosk.errors import PrintError

_log = logging.getLogger(__name__)

USER: Final = "kiosk"
NAME: Final = "certificates"
DOCUMENT_NAME: Final = "d.pdf"
_PPD_S: Final = 15.0
_CHUNK: Final = 1 << 16
_HTTP_CONTINUE: Final = 100
_ENDED: Final = (7, 8, 9)
# contimeout: give up on a printer that is off instead of trying for a week. waitjob: the backend ends once the
# printer has the document, so the spool file goes at once; following the job is our own business.
_DEVICE_OPTIONS: Final = "contimeout=20&waitjob=false"


# The PPD that cupsd makes of the printer's answers is changed in two places. The filter line: the bytes that were
# verified are the bytes that are printed; pdftopdf would write the pages anew and shift fine dot patterns. The
# mandatory attribute: CUPS before 2.4.8 keeps print-scaling from such a printer (OpenPrinting/cups#862), and an
# imprint of a seal must come out 1:1; a later CUPS sends it by itself, and twice would be refused.
_FILTER_KEY: Final = "*cupsFilter2:"
_TAKES_PDF: Final = '*cupsFilter2: "application/vnd.cups-pdf application/pdf'
_UNCHANGED: Final = '*cupsFilter2: "application/pdf application/pdf 0 -"'
_SCALING: Final = '*cupsMandatory: "print-scaling"'
_SENDS_SCALING: Final = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a document is printed on. `tray`: IPP media-source; `size_mm100`: width, length; `sides`: IPP keyword."""

    tray: str
    size_mm100: tuple[int, int]
    sides: str


class Queue:
    """A driverless queue to `uri` in the cupsd of `directory`."""

    def __init__(self, directory: Path, uri: str) -> None:
        self._directory, self._uri = directory, uri
        self._connection: cups.Connection | None = None

    def create(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Make the queue and wait until cupsd has asked the printer for its abilities. Raises PrintError."""
        with _our_words("the print queue could not be made"):
            cups.setUser(USER)
            cups.setPasswordCB(lambda _prompt: "")  # never ask on a terminal
            server = str(self._directory / "cups.sock")
            connection = cups.Connection(host=server, port=0, encryption=cups.HTTP_ENCRYPT_NEVER)
            connection.addPrinter(NAME, ppdname="everywhere", device=self._uri, info="certificates")
            deadline = time.monotonic() + _PPD_S
            while self._model(connection) == "Local Raw Printer":
                if time.monotonic() > deadline or not alive():
                    raise PrintError("the printer did not tell the spooler its abilities")
                time.sleep(0.02)
            self._print_unchanged(connection)
            # Only now: with options in it, the device cannot be asked.
            separator = "&" if "?" in self._uri else "?"
            connection.setPrinterDevice(NAME, f"{self._uri}{separator}{_DEVICE_OPTIONS}")
            connection.setPrinterErrorPolicy(NAME, "abort-job")
            connection.setPrinterShared(NAME, False)
            self._connection = connection
            self.open()

    def open(self) -> None:
        """Let the queue take and print jobs (CUPS may have stopped it). Raises PrintError."""
        with _our_words("the print queue could not be opened"):
            connection = self._known()
            connection.enablePrinter(NAME)
            connection.acceptJobs(NAME)

    def submit(self, job: str, document: bytes, ticket: Ticket) -> int:
        """Stream one PDF from memory under the name `job`; returns the CUPS job id. Raises PrintError."""
        width, length = ticket.size_mm100
        options = {
            "sides": ticket.sides,
            "print-scaling": "none",
            "print-color-mode": "monochrome",
            "media-col": f"{{media-size={{x-dimension={width} y-dimension={length}}} media-source={ticket.tray}}}",
        }
        with _our_words("the spooler did not take the document"):
            connection = self._known()
            job_id = int(connection.createJob(NAME, job, options))
            _expect(connection.startDocument(NAME, job_id, DOCUMENT_NAME, "application/pdf", 1) == _HTTP_CONTINUE)
            view = memoryview(document)
            for start in range(0, len(view), _CHUNK):
                chunk = bytes(view[start : start + _CHUNK])  # pycups takes bytes only; a view crashes it
                _expect(connection.writeRequestData(chunk, len(chunk)) == _HTTP_CONTINUE)
            _expect(connection.finishDocument(NAME) == 0)
            return job_id

    def cancel(self, job_id: int) -> bool:
        """Cancel without purging, so that the backend tells the printer. False when CUPS has let go of it."""
        try:
            with _our_words("the spooler did not cancel the job"):
                self._known().cancelJob(job_id)
        except PrintError:
            return False
        return True

    def busy(self) -> bool:
        """True while any job is in the queue. Raises PrintError."""
        with _our_words("the spooler does not answer"):
            return bool(self._known().getJobs(which_jobs="not-completed", requested_attributes=["job-id"]))

    def purge(self) -> None:
        """Remove whatever is in the queue without telling the printer; for jobs the printer has ended."""
        with _our_words("the spooler could not be emptied"):
            connection = self._known()
            for job_id in connection.getJobs(which_jobs="not-completed", requested_attributes=["job-id"]):
                connection.cancelJob(job_id, purge_job=True)

    def _print_unchanged(self, connection: cups.Connection) -> None:
        try:
            made = (self._directory / f"etc/ppd/{NAME}.ppd").read_text("utf-8").splitlines()
        except OSError:
            raise PrintError("the spooler did not write down the printer's abilities") from None
        if not any(line.startswith(_TAKES_PDF) for line in made):
            raise PrintError("the printer does not take PDF (document-format-supported): use one that does")
        ours = self._directory / "queue.ppd"
        kept = [line for line in made if not line.startswith(_FILTER_KEY)]
        told = connection.getPrinterAttributes(NAME, requested_attributes=["cups-version"])
        lines = our_lines(str(told.get("cups-version", "")))
        ours.write_text("\n".join((*kept, *lines, "")), "utf-8")
        try:
            connection.addPrinter(NAME, filename=str(ours))
        finally:
            ours.unlink()

    def _known(self) -> cups.Connection:
        if self._connection is None:
            raise PrintError("the print queue has not been made")
        return self._connection

    @staticmethod
    def _model(connection: cups.Connection) -> str:
        told = connection.getPrinterAttributes(NAME, requested_attributes=["printer-make-and-model"])
        return str(told.get("printer-make-and-model", ""))


def have_queue(spooler: Cupsd, queue: Queue) -> None:
    """A running cupsd with an open, empty queue. Raises PrintError."""
    if spooler.alive:
        try:
            queue.purge()
            queue.open()
            return
        except PrintError:
            _log.warning("printer: the spooler stopped answering and is started anew")
            spooler.stop()
    spooler.start()
    try:
        queue.create(lambda: spooler.alive)
    except PrintError:
        spooler.stop()
        raise


def our_lines(version: str) -> tuple[str, ...]:
    """What is added to the PPD for this CUPS, such as "2.4.2" or "2.4.10op1"; an unreadable one counts as old."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    return (_UNCHANGED,) if numbers >= _SENDS_SCALING else (_UNCHANGED, _SCALING)


def _expect(condition: bool) -> None:
    if not condition:
        raise PrintError("the spooler broke off while taking the document")


@contextlib.contextmanager
def _our_words(what: str) -> Iterator[None]:
    """Texts of CUPS may hold names: only its status goes on."""
    try:
        yield
    except cups.IPPError as error:
        raise PrintError(f"{what} (IPP status {error.args[0] if error.args else '?'})") from None
    except cups.HTTPError as error:
        raise PrintError(f"{what} (HTTP status {error.args[0] if error.args else '?'})") from None
    except RuntimeError:
        raise PrintError(f"{what}: no connection to it") from None
