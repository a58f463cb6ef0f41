"""The multi-copy machine as a printer of certificates: our own cupsd for the bytes, IPP for the truth.

Everything happens in one thread (`Worker`). A job is followed in steps of a quarter of a second between which
other orders are taken; those that need a quiet printer wait for the verdict. Verdicts come from the printer alone
(`print_witness`); whenever one is not PRINTED, the spooler is killed and wiped, so that nothing prints later.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from config.schema import PrinterSettings
from drivers import cups_queue, cupsd, leftovers, paper, printer_facts
from drivers.cups_queue import Ticket
from drivers.ipp_client import IppClient
from drivers.print_errand import Errand, Progress
from drivers.print_follow import UNREACHABLE, Follow, Limits, glance, look
from drivers.print_residue import cancel_ours
from drivers.print_state import StateReport
from drivers.print_witness import Judgement
from drivers.printer_facts import A4_NAME, ONE_SIDED, TWO_SIDED, size_mm100
from drivers.worker import DeviceRefused, Task, Worker
from kiosk import effects, events
from kiosk.errors import DeviceError, PrintError
from kiosk.events import Part, PrintOutcome
from kiosk.ports import Sink

_log = logging.getLogger(__name__)

_SPOOLER_FAILED: Final = "spooler-failed"
_DRIVER_FAILED: Final = "driver-failed"
_NOT_DRAWN: Final = "not-drawn"


class Clock(Protocol):
    """The part of `config.clock.Clock` needed here."""

    def boot(self) -> float: ...


class CertificatePrinter:
    """Implements `kiosk.ports.CertificatePrinter`.

    `runtime_directory` lies in memory and belongs to the kiosk alone: `wipe` empties it, `keep` apart, and
    kills whoever of an earlier run has a file open there. `clock` measures the patience with people (paper,
    jam); exchanges with the printer run on real time. Raises PrintError for a URI that is not IPP and for a
    receipt medium that is no paper size.
    """

    def __init__(
        self,
        settings: PrinterSettings,
        runtime_directory: Path,
        clock: Clock,
        *,
        limits: Limits | None = None,
        keep: Collection[Path] = (),
    ) -> None:
        self._tray, self._receipt_tray = settings.certificate_tray, settings.receipt_tray
        self._receipt_medium = settings.receipt_media
        self._pages = Ticket(self._tray, size_mm100(A4_NAME), TWO_SIDED)
        self._slip = Ticket(self._receipt_tray, size_mm100(self._receipt_medium), ONE_SIDED)
        self._runtime = runtime_directory.absolute()
        self._clock = clock
        self._limits = limits or Limits()
        self._keep = tuple(keep)
        self._ipp = IppClient(settings.uri, cups_queue.USER)
        self._cupsd = cupsd.Cupsd(self._runtime)
        self._queue = cups_queue.Queue(self._cupsd.directory, settings.uri)
        self._sink: Sink = _nobody
        self._errand: Errand | None = None
        self._cups_job: int | None = None
        self._waiting: deque[tuple[Task, events.Event]] = deque()
        self._open_jobs: set[str] = set()
        self._listed: frozenset[str] | None = None
        self._handed: set[str] = set()
        self._handover = leftovers.Handover()
        self._report = StateReport(settings)
        self._worker = Worker(
            "printer", open=self._open, poll=self._poll, shut=self._shut, online=lambda: None, fault=self._faulted
        )

    # ---- port ----------------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        self._sink = sink
        self._worker.start()

    def close(self) -> None:
        self._worker.stop(timeout_s=15.0)

    def wipe(self, order: effects.Wipe) -> None:
        self._post_quiet(lambda: self._wipe(order), events.Wiped(order.order, ("wiping failed",), False))

    def find_job(self, order: effects.FindJob) -> None:
        failed = events.JobFound(order.order, order.job, PrintOutcome.UNKNOWN, 0, (_DRIVER_FAILED,))
        self._post_quiet(lambda: self._find(order), failed)

    def warm(self) -> None:
        self._worker.post(self._warm)

    def prepare(self, order: effects.PreparePrinter) -> None:
        failed = events.PrinterNotReady(order.order, (_DRIVER_FAILED,))
        self._worker.post(self._answering(lambda: self._prepare(order), failed))

    def print_copy(self, order: effects.PrintCopy, document: bytes) -> None:
        # In a box that the task empties: the thread keeps its last task, and must not keep the document.
        box = [document]
        failed = events.CopyJudged(order.order, order.copy, PrintOutcome.UNKNOWN, 0, (_DRIVER_FAILED,))
        self._post_quiet(lambda: self._print(order, box), failed)

    def print_receipt(self, order: effects.PrintReceipt) -> None:
        failed = events.ReceiptJudged(order.order, PrintOutcome.UNKNOWN, (_DRIVER_FAILED,))
        self._post_quiet(lambda: self._print_receipt(order), failed)

    def erase(self, order: int) -> None:
        failed = events.Erased(order, Part.PRINTER, ("erasing failed",), False)
        self._worker.post(self._hasten)
        self._post_quiet(lambda: self._erase(order), failed)

    # ---- thread --------------------------------------------------------------------------------------

    def _answering(self, task: Task, failed: events.Event) -> Task:
        """Whoever waits for an answer gets one, also when the driver itself breaks."""

        def guarded() -> None:
            before = self._errand
            try:
                task()
            except Exception:
                if self._errand is before:  # else its verdict is the answer, see _shut
                    self._sink(failed)
                raise

        return guarded

    def _post_quiet(self, task: Task, failed: events.Event) -> None:
        """Run in the thread, as soon as no job is being followed."""
        guarded = self._answering(task, failed)

        def now_or_later() -> None:
            if self._errand is None:
                guarded()
            else:
                self._waiting.append((guarded, failed))

        self._worker.post(now_or_later)

    def _hasten(self) -> None:
        # A receipt says nothing about anybody, and has a time limit of its own.
        if self._errand is not None and self._errand.cancel_at_s is None:
            self._errand.follow.cancel()

    def _open(self) -> None:
        try:
            cupsd.find_installation()
        except PrintError as error:
            raise DeviceRefused("hardware_error", str(error)) from None

    def _poll(self) -> float:
        if self._errand is not None and (early_s := self._errand.look_from_s - leftovers.boot_time_s()) > 0:
            return early_s
        if self._errand is not None and (judgement := self._errand.step()) is not None:
            self._judged(self._errand, judgement)
        if self._errand is not None:
            return self._limits.poll_s
        self._report_state()
        return self._limits.idle_s

    def _shut(self) -> None:
        errand, self._errand = self._errand, None
        waiting = list(self._waiting)
        self._waiting.clear()
        if errand is not None:
            errand.follow.abandon()
            errand.judged(Judgement(PrintOutcome.UNKNOWN, errand.follow.progress[0], (_DRIVER_FAILED,)))
        for _, failed in waiting:
            self._sink(failed)
        self._cupsd.stop()

    def _faulted(self, reason: str) -> None:
        self._report.forget()
        self._sink(events.DeviceFaulted(Part.PRINTER, reason))

    def _report_state(self) -> None:
        try:
            changes = self._report.seen(self._ipp.printer(printer_facts.LIGHT))
        except DeviceError:
            changes = self._report.away()
        for event in changes:
            self._sink(event)

    # ---- start-up ------------------------------------------------------------------------------------

    def _wipe(self, order: effects.Wipe) -> None:
        self._cupsd.stop()
        self._handover = leftovers.read_handover(self._runtime)
        # The record outlives the wipe, should this process end before the job is judged; it names nobody.
        checked, clean = leftovers.sweep(self._runtime, (*self._keep, self._runtime / leftovers.HANDOVER_NAME))
        self._sink(events.Wiped(order.order, checked, clean))

    def _find(self, order: effects.FindJob) -> None:
        def found(judgement: Judgement) -> None:
            self._sink(events.JobFound(order.order, order.job, judgement.outcome, judgement.sheets, judgement.reasons))

        if self._handover.known and order.job not in self._handover.jobs:
            # An earlier process of this boot kept its record to the end, and this job never came to it.
            found(Judgement(PrintOutcome.NOT_PRINTED, 0, ("job-never-handed-over",)))
            return
        handed = self._handover.jobs.get(order.job)
        if handed is None and order.up_time:
            # Memory went with the power; the journal still knows when it was ordered and how long the printer was up.
            handed = leftovers.Handed(leftovers.boot_time_s() - order.ago_s, order.up_time)
        follow = self._follower(order.job, order.pages, self._tray, self._limits)
        follow.from_earlier(handed)
        self._begin(order.job, Errand(follow, found))

    # ---- before and while printing -------------------------------------------------------------------

    def _warm(self) -> None:
        """What cannot be had now is not missed before `_prepare`, which tells."""
        with contextlib.suppress(DeviceError, PrintError):
            if self._errand is None:
                self._know_jobs()
                cups_queue.have_queue(self._cupsd, self._queue)

    def _know_jobs(self) -> None:
        """Names that the printer lists before any job of ours. Raises DeviceError."""
        if self._listed is None:
            self._listed = frozenset(printer_facts.read_job(job).name for job in self._ipp.jobs(printer_facts.JOB))

    def _prepare(self, order: effects.PreparePrinter) -> None:
        reasons: tuple[str, ...]
        if self._errand is not None:
            self._sink(events.PrinterNotReady(order.order, ("busy",)))
            return
        try:
            told = self._ipp.printer(printer_facts.FULL)
            view = printer_facts.read_printer(told, self._tray)
            receipt = printer_facts.read_printer(told, self._receipt_tray, self._receipt_medium)
            reasons = printer_facts.obstacles(view, order.sheets)
            if not reasons:
                self._know_jobs()
                cups_queue.have_queue(self._cupsd, self._queue)
        except DeviceError:
            reasons = (UNREACHABLE,)
        except PrintError as error:
            _log.warning("printer: %s", error)
            reasons = (_SPOOLER_FAILED,)
        if reasons:
            self._sink(events.PrinterNotReady(order.order, reasons))
            return
        leftovers.open_handover(self._runtime)
        warnings = printer_facts.warnings(view, order.sheets)
        possible = not printer_facts.receipt_obstacles(receipt)
        self._sink(events.PrinterReady(order.order, view.level, view.up_time, warnings, possible))

    def _print(self, order: effects.PrintCopy, box: list[bytes]) -> None:
        document = box.pop()

        def judged(end: Judgement) -> None:
            self._sink(events.CopyJudged(order.order, order.copy, end.outcome, end.sheets, end.reasons))

        def progressed(sheets: int, reasons: tuple[str, ...]) -> None:
            self._sink(events.PrintProgressed(order.order, sheets, reasons))

        self._deliver(order.job, order.pages, document, self._pages, judged, progressed)

    def _print_receipt(self, order: effects.PrintReceipt) -> None:
        def judged(judgement: Judgement) -> None:
            self._cupsd.stop()
            self._sink(events.ReceiptJudged(order.order, judgement.outcome, judgement.reasons))

        try:
            document = paper.receipt_pdf(order.receipt, self._receipt_medium)
        except Exception as error:
            _log.warning("printer: the receipt could not be drawn (%s)", type(error).__name__)
            judged(Judgement(PrintOutcome.NOT_PRINTED, 0, (_NOT_DRAWN,)))
            return
        try:
            told = self._ipp.printer(printer_facts.FULL)
            view = printer_facts.read_printer(told, self._receipt_tray, self._receipt_medium)
            reasons = printer_facts.receipt_obstacles(view)
        except DeviceError:
            reasons = (UNREACHABLE,)
        if reasons:
            judged(Judgement(PrintOutcome.NOT_PRINTED, 0, reasons))
            return
        self._deliver(order.job, 1, document, self._slip, judged)

    def _deliver(
        self,
        job: str,
        pages: int,
        document: bytes,
        ticket: Ticket,
        judged: Callable[[Judgement], None],
        progressed: Progress | None = None,
    ) -> None:
        """Hand one document over, once, and follow it; `judged` is called in any case."""
        limits, cancel_at_s = self._limits, None
        if ticket is self._slip:
            wait_s = limits.receipt_blocked_s
            limits = replace(limits, blocked_s=wait_s, unreachable_s=min(wait_s, limits.unreachable_s))
            cancel_at_s = leftovers.boot_time_s() + limits.receipt_s
        try:
            now_s = leftovers.boot_time_s()
            if self._listed is None or job in self._listed or job in self._handed:
                baseline, _ = look(self._ipp, ticket.tray, job, now_s)
            else:
                baseline = glance(self._ipp, ticket.tray, now_s)
            if baseline.job is None:
                cups_queue.have_queue(self._cupsd, self._queue)
        except DeviceError:
            judged(Judgement(PrintOutcome.NOT_PRINTED, 0, (UNREACHABLE,)))
            return
        except PrintError as error:
            _log.warning("printer: %s", error)
            judged(Judgement(PrintOutcome.NOT_PRINTED, 0, (_SPOOLER_FAILED,)))
            return
        follow = self._follower(job, pages, ticket.tray, limits)
        follow.from_baseline(baseline)
        errand = Errand(follow, judged, progressed, cancel_at_s)
        self._begin(job, errand)
        if baseline.job is not None:
            return  # the printer has it already: a print order is never repeated (A4)
        self._handed.add(job)
        if ticket is self._pages:
            leftovers.open_handover(self._runtime)
            self._worker.post(paper.prepare)
        if (self._runtime / leftovers.HANDOVER_NAME).exists():
            leftovers.hand_over(self._runtime, job, baseline.up_time)
        try:
            self._cups_job = self._queue.submit(job, document, ticket)
            errand.look_from_s = leftovers.boot_time_s() + limits.poll_s  # until then the spooler asks the printer
        except PrintError as error:
            # How far it came is not known: no byte may follow, then the printer tells what it has.
            _log.warning("printer: %s", error)
            follow.sender_is_gone()

    # ---- following -----------------------------------------------------------------------------------

    def _follower(self, job: str, pages: int, tray: str, limits: Limits) -> Follow:
        return Follow(
            job, pages, tray, self._ipp, _Spooler(self._cancel_in_spooler, self._cupsd.stop), limits,
            now=leftovers.boot_time_s, patience=self._clock.boot,
        )  # fmt: skip

    def _begin(self, job: str, errand: Errand) -> None:
        self._errand, self._cups_job = errand, None
        self._open_jobs.add(job)

    def _judged(self, errand: Errand, judgement: Judgement) -> None:
        self._errand = None
        if judgement.outcome is not PrintOutcome.PRINTED:
            self._cupsd.stop()
        if "job-not-cancelled" not in judgement.reasons and UNREACHABLE not in judgement.reasons:
            self._open_jobs.clear()
        errand.judged(judgement)
        while self._waiting and self._errand is None:
            task, _ = self._waiting.popleft()
            task()

    def _cancel_in_spooler(self) -> bool:
        return self._cups_job is not None and self._cupsd.alive and self._queue.cancel(self._cups_job)

    # ---- end -----------------------------------------------------------------------------------------

    def _erase(self, order: int) -> None:
        sweep = self._cupsd.stop()
        left = len(leftovers.find_processes(self._runtime, self._cupsd.directory))
        held = leftovers.deleted_but_open(self._runtime)
        at_printer = cancel_ours(self._ipp, self._open_jobs)
        handover = self._runtime / leftovers.HANDOVER_NAME
        handover.unlink(missing_ok=True)
        self._handover = leftovers.Handover()
        checked = (
            f"cupsd, filters and backends: {left} left alive",
            f"spool, temporary files, state and logs: {sweep.removed} removed, {sweep.remaining} left",
            f"deleted files still held open by this process: {held}",
            at_printer or "jobs of ours waiting at the printer: 0",
        )
        clean = sweep.clean and left == 0 and held == 0 and not at_printer
        self._sink(events.Erased(order, Part.PRINTER, checked, clean))


class _Spooler(NamedTuple):
    """The follower's view of the driver."""

    cancel: Callable[[], bool]
    stop: Callable[[], object]


def _nobody(_event: events.Event) -> None: ...
