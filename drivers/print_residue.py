"""Jobs of ours that the printer still has when a session ends: cancelled there, and looked for again."""

from __future__ import annotations

from typing import Protocol

from drivers import print_witness, printer_facts
from drivers.cups_queue import USER
from drivers.ipp_client import Attributes
from kiosk.errors import DeviceError


class Printer(Protocol):
    """The part of `IppClient` used here."""

    def jobs(self, names: tuple[str, ...]) -> tuple[Attributes, ...]: ...

    def job(self, job_id: int, names: tuple[str, ...]) -> Attributes | None: ...

    def cancel(self, job_id: int) -> bool: ...


def cancel_ours(printer: Printer, open_jobs: set[str]) -> str:
    """Cancel what waits there under our user name or one of `open_jobs`, which is emptied once nothing waits.

    Returns in words what could not be made sure, or nothing.
    """
    try:
        listed = [printer_facts.read_job(attributes) for attributes in printer.jobs(printer_facts.JOB)]
        ours = [job for job in listed if job.user == USER or job.name in open_jobs]
        waiting = [job for job in ours if job.report.state not in print_witness.TERMINAL]
        for job in waiting:
            printer.cancel(job.id)
        after = [printer.job(job.id, printer_facts.JOB) for job in waiting]
    except DeviceError:
        return "the printer could not be asked for jobs of ours" if open_jobs else ""
    known = [printer_facts.read_job(attributes) for attributes in after if attributes is not None]
    left = sum(job.report.state not in print_witness.TERMINAL for job in known)
    if left:
        return f"jobs of ours waiting at the printer: {left}"
    open_jobs.clear()
    return ""
