"""Following one job at the printer until a verdict, step by step; each step is one look and at most one deed.

    WATCH ──no progress too long, or told to──► CANCEL_IN_SPOOLER ──► CANCEL_AT_PRINTER ──► LOST
      │                                                  │                   │
      └───────────────── the witness rule judges at any of these ───────────┘

Cancelling goes through the spooler first (its backend tells the printer), then straight to the printer; a
spooler's own time-out is never used: it would forget the job and leave it in the printer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol

from drivers import print_witness, printer_facts
from drivers.ipp_client import Attributes
from drivers.leftovers import Handed
from drivers.print_witness import Evidence, Judgement, Observation
from drivers.printer_facts import ListedJob
from kiosk.errors import DeviceError
from kiosk.events import PrintOutcome

UNREACHABLE: Final = "unreachable"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each wait may last, in seconds."""

    poll_s: float = 0.25
    """Between two looks at a job: two short questions to the printer; so late its end is noticed at worst."""
    idle_s: float = 5.0
    appear_s: float = 40.0
    """From handing over to the printer's listing; more than the backend's own `contimeout`."""
    blocked_s: float = 600.0
    """Without progress while a person has to do something at the printer (paper, jam, cover)."""
    quiet_s: float = 180.0
    """Without progress and without a reason."""
    unreachable_s: float = 120.0
    cancel_s: float = 15.0
    """Each stage of cancelling."""
    found_s: float = 10.0
    """Instead of `blocked_s` for a job of an earlier process."""
    receipt_blocked_s: float = 15.0
    """Instead of `blocked_s` and `unreachable_s` for a receipt: nobody is kept waiting for its paper."""
    receipt_s: float = 25.0
    """A receipt that is not out by then is cancelled; with both stages of that, whoever waits is told in a minute."""


class Printer(Protocol):
    """The part of `IppClient` used here."""

    def printer(self, names: tuple[str, ...]) -> Attributes: ...

    def jobs(self, names: tuple[str, ...]) -> tuple[Attributes, ...]: ...

    def job(self, job_id: int, names: tuple[str, ...]) -> Attributes | None: ...

    def cancel(self, job_id: int) -> bool: ...


class Spooler(Protocol):
    """What a follower may ask of the spooler; both never raise."""

    def cancel(self) -> bool:
        """Cancel the job there; False when it has nothing to cancel."""

    def stop(self) -> object:
        """Kill it and all it started: from now on no byte can reach the printer."""


class Stage(Enum):
    WATCH = 1
    CANCEL_IN_SPOOLER = 2
    CANCEL_AT_PRINTER = 3
    LOST = 4


def glance(printer: Printer, tray: str, at_s: float) -> Observation:
    """The printer's state alone, before a job that it cannot have yet. Raises DeviceError."""
    view = printer_facts.read_printer(printer.printer(printer_facts.LIGHT), tray)
    return Observation(at_s, view.up_time, printer_facts.reasons_here(view))


def look(printer: Printer, tray: str, job: str, at_s: float) -> tuple[Observation, tuple[ListedJob, ...]]:
    """The printer's state and, among all jobs it lists, ours by its name. Raises DeviceError."""
    seen = glance(printer, tray, at_s)
    listed = tuple(printer_facts.read_job(attributes) for attributes in printer.jobs(printer_facts.JOB))
    ours = next((item for item in listed if item.name == job), None)
    return replace(seen, job=ours.report if ours else None), listed


class Follow:
    """One job. `now` counts the printer's time (boot time), `patience` the people's (the bench may move it)."""

    def __init__(
        self,
        job: str,
        pages: int,
        tray: str,
        printer: Printer,
        spooler: Spooler,
        limits: Limits,
        *,
        now: Callable[[], float],
        patience: Callable[[], float],
    ) -> None:
        self._job, self._pages, self._tray = job, pages, tray
        self._printer, self._spooler, self._limits = printer, spooler, limits
        self._now, self._patience = now, patience
        self._evidence: Evidence | None = None
        self._job_id: int | None = None
        self._history = False
        self._stage = Stage.WATCH
        self._cancel_sent = False
        self._began_s = self._stage_since_s = self._answered_s = self._moved_s = now()
        self._moved_patience_s = patience()
        self._sender_gone_s: float | None = None
        self._blocked_s = limits.blocked_s
        self._quiet_s = limits.quiet_s
        self.progress: tuple[int, tuple[str, ...]] = (0, ())
        """Sheets out and what the printer waits for, as last seen."""

    @property
    def waiting(self) -> bool:
        """The job stands still, as last seen."""
        last = self._evidence.last if self._evidence else None
        return last is None or last.job is None or print_witness.waits(last.job, last.reasons)

    def from_baseline(self, baseline: Observation) -> None:
        """The job is about to be handed out; `baseline` was observed just before."""
        self._evidence = Evidence.begin(self._pages, baseline)

    def from_earlier(self, handed: Handed | None) -> None:
        """The job is of an earlier process whose spooler is dead; `handed` is what is known of its start."""
        self._sender_gone_s = self._now()
        self._blocked_s = self._limits.found_s
        if handed is not None:
            self._evidence = Evidence.begin(self._pages, Observation(handed.at_s, handed.up_time))

    def sender_is_gone(self) -> None:
        """Kill the spooler; what the printer does not have by now, it will never have."""
        if self._sender_gone_s is None:
            self._spooler.stop()
            self._sender_gone_s = self._now()

    def cancel(self) -> None:
        """Begin to cancel; the verdict comes as always, from the printer."""
        if self._stage is Stage.WATCH:
            self._enter(Stage.CANCEL_IN_SPOOLER)

    def abandon(self) -> None:
        """This process ends: what stands still is cancelled, what is being printed may come out."""
        self.sender_is_gone()
        if self.waiting:
            self._cancel_at_printer()

    def step(self) -> Judgement | None:
        """Look once, act if due. Returns the verdict when it has fallen; then do not call again."""
        try:
            seen = self._look()
        except DeviceError:
            return self._silence()
        evidence = self._evidence
        self._answered_s = seen.at_s
        if evidence is None:
            evidence = Evidence.begin(self._pages, seen, watched=False)
        before = evidence
        evidence = self._evidence = evidence.plus(seen)
        judgement = print_witness.judge(evidence, sender_gone_s=self._sender_gone_s, history=self._history)
        waits = print_witness.waits(seen.job, seen.reasons)
        self.progress = (evidence.sheets_out, print_witness.blocking(seen.reasons) if waits else ())
        if judgement is not None:
            return judgement
        if _moved(before, evidence):
            self._moved_s, self._moved_patience_s = self._now(), self._patience()
        self._act(evidence, waits)
        return self._lost() if self._stage is Stage.LOST else None

    def _look(self) -> Observation:
        if self._job_id is None:
            seen, listed = look(self._printer, self._tray, self._job, self._now())
            self._job_id = next((item.id for item in listed if item.name == self._job), None)
            before = self._evidence.first.up_time if self._evidence and self._evidence.watched else None
            self._history = before is not None and any(
                item.ended_at is not None and 0 < item.ended_at <= before for item in listed
            )
            return seen
        seen = glance(self._printer, self._tray, self._now())
        told = self._printer.job(self._job_id, printer_facts.JOB)
        report = printer_facts.read_job(told) if told is not None else None
        # After a restart numbers begin anew: another job may bear ours.
        ours = report.report if report is not None and report.name == self._job else None
        return replace(seen, at_s=self._now(), job=ours)

    def _act(self, evidence: Evidence, waits: bool) -> None:
        now = self._now()
        job = evidence.last.job
        in_stage_s = now - self._stage_since_s
        if job is None:
            # Forgotten, or never arrived: nothing to cancel at the printer, but nothing may arrive any more.
            if evidence.listed or now - self._began_s > self._limits.appear_s or self._stage is not Stage.WATCH:
                self.sender_is_gone()
            return
        if evidence.restarted:
            self.sender_is_gone()
        match self._stage:
            case Stage.WATCH:
                still_s = now - self._moved_s
                people_s = self._patience() - self._moved_patience_s
                if (waits and people_s > self._blocked_s) or (not waits and still_s > self._quiet_s):
                    self._enter(Stage.CANCEL_IN_SPOOLER)
            case Stage.CANCEL_IN_SPOOLER if self._sender_gone_s is not None or in_stage_s > self._limits.cancel_s:
                self._enter(Stage.CANCEL_AT_PRINTER)
            case Stage.CANCEL_AT_PRINTER if in_stage_s > self._limits.cancel_s:
                self._enter(Stage.LOST)
            case Stage.CANCEL_AT_PRINTER:
                self._cancel_at_printer()
            case _:
                pass

    def _enter(self, stage: Stage) -> None:
        self._stage, self._stage_since_s = stage, self._now()
        if stage is Stage.CANCEL_IN_SPOOLER:
            if self._sender_gone_s is not None or not self._spooler.cancel():
                self._enter(Stage.CANCEL_AT_PRINTER)
        elif stage is Stage.CANCEL_AT_PRINTER:
            self.sender_is_gone()
            self._cancel_at_printer()

    def _cancel_at_printer(self) -> None:
        """Once; where the printer has not listed the job yet, or does not answer, at a later step."""
        if self._job_id is not None and not self._cancel_sent:
            with contextlib.suppress(DeviceError):
                self._printer.cancel(self._job_id)
                self._cancel_sent = True

    def _silence(self) -> Judgement | None:
        sheets, reasons = self.progress
        self.progress = (sheets, (UNREACHABLE,))
        if self._now() - self._answered_s > self._limits.unreachable_s:
            self.sender_is_gone()
            return Judgement(PrintOutcome.UNKNOWN, sheets, tuple(dict.fromkeys((*reasons, UNREACHABLE))))
        return None

    def _lost(self) -> Judgement:
        """The printer keeps the job in spite of everything: somebody has to switch it off and look."""
        sheets, reasons = self.progress
        return Judgement(PrintOutcome.UNKNOWN, sheets, (*reasons, "job-not-cancelled"))


def _moved(before: Evidence, after: Evidence) -> bool:
    """Progress: a count went up, or the job went from waiting to being worked on."""
    counted = after.impressions > before.impressions or after.sheets > before.sheets
    was, now = before.last, after.last
    freed = print_witness.waits(was.job, was.reasons) and not print_witness.waits(now.job, now.reasons)
    return counted or freed or (was.job is None) != (now.job is None)
