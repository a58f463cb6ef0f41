"""The paper machine: a queue of jobs, one thread that moves paper, and the ways in which that goes wrong.

Everything that the network side may ask goes through `Engine`; one condition variable guards all state and is
notified on every change. The thread never sleeps by itself: a sheet takes as long as the injected pace says.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hardware_sim.printer import documents
from hardware_sim.printer.faults import Troubles
from hardware_sim.printer.ipp import Attribute
from hardware_sim.printer.machine import Condition, OutputFolder, Physical
from hardware_sim.printer.model import (
    Document,
    Face,
    Job,
    JobState,
    Pace,
    PrinterConfig,
    PrinterState,
    Sheet,
    plan_sheets,
)
from hardware_sim.printer.oracle import OracleLog


class JobNotPossibleError(Exception):
    """The job is not in a state that allows this."""


class Engine:
    """The machine. Start it with `start()`, end it with `stop()`."""

    def __init__(self, config: PrinterConfig, pace: Pace, log: OracleLog, keep_sheets_in: Path | None = None) -> None:
        """`keep_sheets_in`: a directory that shows the output tray, one PDF file for each sheet in it."""
        self.config = config
        self.pace = pace
        self.log = log
        self.changed = threading.Condition(threading.RLock())
        self.physical = Physical(config)
        self.troubles = Troubles()
        self.powered = True
        self.requests: dict[str, int] = {}
        self.identify_until_s = -1.0
        self._tray_view = OutputFolder(keep_sheets_in)
        self._jobs: dict[int, Job] = {}
        self._current: Job | None = None
        self._in_path = False
        self._next_id = 1
        self.epoch = 0  # changes whenever the machine loses its memory
        self._interrupt = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._boot()

    # ------------------------------------------------------------ life

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="printer-engine", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self.changed:
            self._stopping = True
            self._interrupt.set()
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def wait_until(self, true: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a change that makes `true` hold; False if `timeout_s` of real time passed first."""
        with self.changed:
            return self.changed.wait_for(true, timeout_s)

    def _boot(self) -> None:
        self._boot_s = self.pace.now()
        self.booted_at: datetime = self.pace.wall()

    @property
    def up_time_s(self) -> int:
        """printer-up-time: seconds since the machine started, from 1."""
        return max(1, int(self.pace.now() - self._boot_s) + 1)

    def power_off(self) -> None:
        """The plug is pulled: jobs and up-time are gone; paper, toner and what lies in the tray stay."""
        with self.changed:
            self.powered = False
            self._forget()
            self.log.add("power", on=False)

    def power_on(self) -> None:
        with self.changed:
            if self.powered:
                return
            self.powered = True
            self._boot()
            self.log.add("power", on=True)
            self.changed.notify_all()

    def restart(self) -> None:
        """The machine restarts by itself: jobs, job numbers and up-time are gone."""
        with self.changed:
            self._forget()
            self._boot()

    def _forget(self) -> None:
        self._jobs.clear()
        self._current = None
        self.troubles.hanging = False
        self.troubles.disarm("hang")
        self._next_id = 1
        self.epoch += 1
        self._interrupt.set()
        self.changed.notify_all()

    # ------------------------------------------------------------ state

    def conditions(self) -> list[Condition]:
        with self.changed:
            job = self._current
            waits = job is not None and not self._in_path and job.sheets_completed < len(job.plan)
            return self.physical.conditions(job.tray if job and waits else None, busy=job is not None)

    def reasons(self) -> list[str]:
        """printer-state-reasons, `none` if there is nothing to tell."""
        found = [c.reason for c in self.conditions()]
        if self.pace.now() < self.identify_until_s:
            found.append("identify-printer-requested-report")
        return found or ["none"]

    def state(self) -> PrinterState:
        with self.changed:
            if any(c.stops for c in self.conditions()):
                return PrinterState.STOPPED
            return PrinterState.IDLE if self._current is None else PrinterState.PROCESSING

    def jobs(self) -> list[Job]:
        """All jobs the machine remembers, oldest first."""
        with self.changed:
            self._drop_abandoned()
            return list(self._jobs.values())

    def job(self, job_id: int) -> Job | None:
        with self.changed:
            self._drop_abandoned()
            return self._jobs.get(job_id)

    def _drop_abandoned(self) -> None:
        for job in self._jobs.values():
            if job.open and not job.state.ended and self.pace.now() - job.touched_s > self.config.open_job_limit_s:
                self._end(job, JobState.ABORTED, "aborted-by-system")

    # ------------------------------------------------------------ jobs

    def create_job(
        self,
        *,
        name: str,
        user: str,
        template: Sequence[Attribute] = (),
        copies: int = 1,
        sides: str = "one-sided",
        tray: str | None = None,
        media: str = "iso_a4_210x297mm",
        page_ranges: Sequence[tuple[int, int]] = (),
    ) -> Job:
        """A job that waits for its documents."""
        with self.changed:
            job = Job(
                id=self._next_id,
                uuid=f"urn:uuid:{uuid.uuid4()}",
                name=name,
                user=user,
                template=tuple(template),
                copies=copies,
                sides=sides,
                tray=tray or self.physical.default_tray.source,
                media=media,
                page_ranges=tuple(page_ranges),
                created_s=self.up_time_s,
                created_at=self.pace.wall(),
                touched_s=self.pace.now(),
            )
            self._next_id += 1
            self._jobs[job.id] = job
            self.changed.notify_all()
            return job

    def add_document(self, job: Job, data: bytes, kind: str, sha256: str, last: bool, **seen: Any) -> None:
        """A document has come in full. One that cannot be read aborts the job, as the real machine would.

        `seen` goes into the log with it. Raises JobNotPossibleError if the job takes no more documents.
        """
        reason = None
        try:
            pages = documents.count_pages(data, kind)
        except documents.DocumentError as error:
            pages, reason = 0, error.reason
        with self.changed:
            if not job.open or job.state.ended or self._jobs.get(job.id) is not job:
                raise JobNotPossibleError
            self.log.add(
                "document",
                job_id=job.id,
                job_name=job.name,
                user=job.user,
                sha256=sha256,
                bytes=len(data),
                pages=pages,
                sides=job.sides,
                media=job.media,
                tray=job.tray,
                copies=job.copies,
                format=kind,
                **seen,
            )
            job.documents.append(Document(kind, pages, sha256, data))
            job.octets += len(data)
            job.document_count += 1
            job.touched_s = self.pace.now()
            if reason is not None:
                self._end(job, JobState.ABORTED, "aborted-by-system", reason)
            elif last:
                self.close_job(job)

    def close_job(self, job: Job) -> None:
        """No more documents: the job may print. Raises JobNotPossibleError if it has ended."""
        with self.changed:
            if job.state.ended or self._jobs.get(job.id) is not job:
                raise JobNotPossibleError
            if not job.open:
                return
            job.open = False
            job.plan = plan_sheets(job)
            job.sheets = len(job.plan)
            job.impressions = sum(1 if back is None else 2 for _front, back in job.plan)
            if not job.documents:
                self._end(job, JobState.ABORTED, "aborted-by-system")
            elif "hold_next" in self.troubles.active:
                del self.troubles.active["hold_next"]
                self._set(job, JobState.HELD, "job-hold-until-specified")
            else:
                self._set(job, JobState.PENDING, "none")

    def cancel_job(self, job: Job, reason: str = "job-canceled-by-user") -> None:
        """Stop a job; the sheet under way still comes out. Raises JobNotPossibleError if it has ended."""
        with self.changed:
            if job.state.ended:
                raise JobNotPossibleError
            if job is self._current and self._in_path and not self.physical.jammed:
                job.cancel = reason
                self._set(job, job.state, "processing-to-stop-point")
            else:
                self._end(job, JobState.CANCELED, reason)

    def release_job(self, job: Job) -> None:
        """Somebody at the panel lets a held job print."""
        with self.changed:
            if job.state is not JobState.HELD:
                raise JobNotPossibleError
            self._set(job, JobState.PENDING, "none")

    def _set(self, job: Job, state: JobState, *reasons: str) -> None:
        if (state, reasons) != (job.state, job.reasons):
            job.state, job.reasons = state, reasons
            self.log.add("job", job_id=job.id, state=state.name.lower(), reasons=list(reasons))
            self.changed.notify_all()

    def _end(self, job: Job, state: JobState, *reasons: str) -> None:
        job.open = False
        job.completed_s, job.completed_at = self.up_time_s, self.pace.wall()
        # The sheets lying in the tray keep what they show; the job itself lets go of the content.
        job.documents.clear()
        job.plan.clear()
        if job is self._current:
            self._current = None
        self._set(job, state, *reasons)

    # ------------------------------------------------------------ paper

    def _run(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self._stopping or self._next() is not None)
                if self._stopping:
                    return
                job = self._next()
                assert job is not None
                self._current = job
                job.processing_s, job.processing_at = self.up_time_s, self.pace.wall()
                self._set(job, JobState.PROCESSING, "job-printing")
            self._print(job)

    def _next(self) -> Job | None:
        if not self.powered or self.troubles.hanging:
            return None
        return next((j for j in self._jobs.values() if j.state is JobState.PENDING and not j.open), None)

    def _print(self, job: Job) -> None:
        while True:
            with self.changed:
                epoch = self.epoch
                if not self._feed(job):
                    return
                front, back = job.plan[job.sheets_completed]
                self._interrupt.clear()
                self.changed.notify_all()
                duration_s = self.config.seconds_per_sheet_s * self.troubles.slow
            self.pace.wait(duration_s, self._interrupt)
            with self.changed:
                while self.troubles.hanging and not self._gone(job, epoch):
                    self.changed.wait()
                self._in_path = False
                if self._gone(job, epoch):
                    self._lose(job)
                    return
                if self.troubles.armed.get("jam") == job.sheets_completed + 1:
                    del self.troubles.armed["jam"]
                    self.physical.jammed = True
                if self.physical.jammed or self.physical.cover_open:
                    self._lose(job)
                    if job.cancel is not None:
                        self._end(job, JobState.CANCELED, job.cancel)
                        return
                    continue
                self._deliver(job, front, back)

    def _gone(self, job: Job, epoch: int) -> bool:
        return self._stopping or epoch != self.epoch or job is not self._current

    def _feed(self, job: Job) -> bool:
        """Take the next sheet as soon as the machine can; False when the job is over."""
        epoch = self.epoch
        while not self._gone(job, epoch):
            if job.cancel is not None:
                self._end(job, JobState.CANCELED, job.cancel)
            elif self.troubles.armed.get("abort_next", -1) == job.sheets_completed:
                self.troubles.disarm("abort_next")
                self._end(job, JobState.ABORTED, "aborted-by-system")
            elif job.sheets_completed >= len(job.plan):
                self._end(job, JobState.COMPLETED, "job-completed-successfully")
            elif self.troubles.hanging:
                self.changed.wait()
            elif any(c.stops for c in self.conditions()):
                self._set(job, JobState.STOPPED, "printer-stopped")
                self.changed.wait()
            else:
                self._set(job, JobState.PROCESSING, "job-printing")
                self.physical.trays[job.tray].sheets -= 1
                self._in_path = True
                return True
        return False

    def _deliver(self, job: Job, front: Face, back: Face | None) -> None:
        physical = self.physical
        physical.sheets_made += 1
        sheet = Sheet(physical.sheets_made, job.id, job.name, job.tray, job.sides, front, back)
        sides = 1 if back is None else 2
        physical.toner_percent = max(0.0, physical.toner_percent - sides * self.config.toner_per_impression)
        job.sheets_completed += 1
        job.impressions_completed += sides
        self._tray_view.show(sheet)
        physical.output.append(sheet)
        self.log.add(
            "sheet",
            sheet=sheet.number,
            job_id=job.id,
            job_name=job.name,
            tray=job.tray,
            sides=job.sides,
            front=front.page + 1,
            back=None if back is None else back.page + 1,
        )
        self.changed.notify_all()

    def _lose(self, job: Job) -> None:
        """The sheet in the paper path will never come out."""
        self._in_path = False
        self.log.add("sheet-lost", job_id=job.id, tray=job.tray)
        self.changed.notify_all()

    def remove_output(self, numbers: set[int]) -> list[Sheet]:
        """The sheets with these numbers leave the output tray."""
        with self.changed:
            taken = [s for s in self.physical.output if s.number in numbers]
            self.physical.output = [s for s in self.physical.output if s.number not in numbers]
            for sheet in taken:
                self._tray_view.remove(sheet)
            self.changed.notify_all()
            return taken
