"""Orders to the printer against a printer and a spooler made of lists: what is sent, how often, and when never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.schema import PrinterSettings
from drivers import leftovers
from drivers.cups_queue import Ticket
from drivers.print_follow import Limits
from drivers.printer_cups import CertificatePrinter
from kiosk import effects, events
from kiosk.errors import DeviceOffline, PrintError
from kiosk.events import Part, PrintOutcome

SETTINGS = PrinterSettings("ipp://127.0.0.1:9/ipp/print", "tray-1", "tray-2")
NAME = "6f1d0c"


class Machine:
    """Answers as the client would: attributes by name, jobs as they were made known to it."""

    def __init__(self) -> None:
        self.up_time = 100
        self.reasons: tuple[str, ...] = ("none",)
        self.sides: tuple[str, ...] = ("one-sided", "two-sided-long-edge")
        self.listed: list[dict[str, Any]] = []
        self.away = False

    def know(self, name: str, state: int, sides: int) -> None:
        self.listed = [
            {
                "job-id": (7,), "job-name": (name,), "job-originating-user-name": ("certkiosk",),
                "job-state": (state,), "job-state-reasons": ("none",), "job-impressions-completed": (sides,),
                "job-media-sheets-completed": (sides // 2,),
            }
        ]  # fmt: skip

    def printer(self, _names: tuple[str, ...]) -> dict[str, Any]:
        if self.away:
            raise DeviceOffline("gone")
        self.up_time += 1
        return {
            "printer-state": (3,), "printer-state-reasons": self.reasons, "printer-up-time": (self.up_time,),
            "printer-is-accepting-jobs": (True,), "queued-job-count": (0,), "sides-supported": self.sides,
            "media-supported": ("iso_a4_210x297mm",), "media-ready": ("iso_a4_210x297mm",),
        }  # fmt: skip

    def jobs(self, _names: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
        return tuple(self.listed)

    def job(self, job_id: int, _names: tuple[str, ...]) -> dict[str, Any] | None:
        return next((job for job in self.listed if job["job-id"] == (job_id,)), None)

    def cancel(self, _job_id: int) -> bool:
        return True


class Spooler:
    """cupsd and its queue in one; `takes` False: it breaks off in the middle."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine, self.directory = machine, directory
        self.alive, self.takes = False, True
        self.starts, self.stops = 0, 0
        self.submitted: list[str] = []

    def start(self) -> None:
        self.alive, self.starts = True, self.starts + 1

    def stop(self) -> leftovers.Sweep:
        self.alive, self.stops = False, self.stops + 1
        return leftovers.Sweep()

    def create(self, _alive: object) -> None:
        assert self.alive

    def open(self) -> None:
        assert self.alive

    def purge(self) -> None:
        assert self.alive

    def cancel(self, _job: int) -> bool:
        return True

    def submit(self, job: str, _document: bytes, ticket: Ticket) -> int:
        assert ticket == Ticket("tray-1", (21000, 29700), "two-sided-long-edge")
        self.submitted.append(job)
        if not self.takes:
            raise PrintError("broke off")
        self.machine.know(job, 9, 2)
        return 1


@pytest.fixture
def rig(runtime: Path, patience: Any, answers: Any) -> Iterator[Any]:
    printer = CertificatePrinter(SETTINGS, runtime, patience, limits=Limits(poll_s=0.01))
    machine = Machine()
    spooler = Spooler(machine, runtime / "cups")
    printer._ipp, printer._cupsd, printer._queue = machine, spooler, spooler  # type: ignore[assignment]
    printer.start(answers)
    yield SimpleNamespace(printer=printer, machine=machine, spooler=spooler, answers=answers)
    printer.close()


def print_it(rig: Any, order: int = 1) -> events.CopyJudged:
    rig.printer.print_copy(effects.PrintCopy(order, 1, 2, NAME), b"%PDF")
    judged: events.CopyJudged = rig.answers.wait(events.CopyJudged)
    assert judged.order == order
    return judged


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, None),
        ({"reasons": ("media-jam-error",)}, ("media-jam-error",)),
        ({"sides": ("one-sided",)}, ("no-duplex",)),
        ({"away": True}, ("unreachable",)),
    ],
)
def test_ready_is_said_only_of_a_printer_that_can(rig: Any, change: dict[str, Any], reasons: Any) -> None:
    for name, value in change.items():
        setattr(rig.machine, name, value)
    rig.printer.prepare(effects.PreparePrinter(1, 1))
    if reasons is None:
        assert rig.answers.wait(events.PrinterReady).order == 1
        assert rig.spooler.starts == 1
    else:
        assert rig.answers.wait(events.PrinterNotReady) == events.PrinterNotReady(1, reasons)
        assert rig.spooler.starts == 0


def test_a_copy_is_given_to_the_spooler_once(rig: Any) -> None:
    assert print_it(rig).outcome is PrintOutcome.PRINTED
    assert rig.spooler.submitted == [NAME]


def test_a_job_that_the_printer_has_already_is_only_watched(rig: Any) -> None:
    rig.machine.know(NAME, 9, 2)
    assert print_it(rig).outcome is PrintOutcome.PRINTED
    assert rig.spooler.submitted == []


def test_a_spooler_that_breaks_off_is_killed_and_never_given_the_job_again(rig: Any) -> None:
    rig.spooler.takes = False
    stops = rig.spooler.stops
    assert print_it(rig).outcome is PrintOutcome.NOT_PRINTED
    assert rig.spooler.submitted == [NAME]
    assert rig.spooler.stops > stops
    assert not rig.spooler.alive


def test_a_driver_that_breaks_after_handing_over_answers_once(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(*_arguments: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(rig.spooler, "submit", submit)
    assert print_it(rig).outcome is PrintOutcome.UNKNOWN
    rig.printer.erase(2)
    rig.answers.wait(events.Erased)
    assert sum(isinstance(event, events.CopyJudged) for event in rig.answers.all) == 1


def test_a_printer_that_is_away_is_given_nothing(rig: Any) -> None:
    rig.machine.away = True
    assert print_it(rig).outcome is PrintOutcome.NOT_PRINTED
    assert rig.spooler.submitted == []


def test_looking_for_a_job_of_an_earlier_process_prints_nothing(rig: Any) -> None:
    rig.machine.know(NAME, 9, 2)
    rig.printer.find_job(effects.FindJob(3, NAME, 2))
    assert rig.answers.wait(events.JobFound).outcome is PrintOutcome.PRINTED
    assert rig.spooler.submitted == []
    assert rig.spooler.starts == 0


# ---- started ahead ---------------------------------------------------------------------------------------


def test_a_spooler_started_ahead_is_used_and_the_printer_is_asked_again(rig: Any) -> None:
    rig.printer.warm()
    rig.printer.prepare(effects.PreparePrinter(1, 1))
    assert rig.answers.wait(events.PrinterReady).order == 1
    assert rig.spooler.starts == 1
    rig.machine.reasons = ("media-jam-error",)
    rig.printer.prepare(effects.PreparePrinter(2, 1))
    assert rig.answers.wait(events.PrinterNotReady) == events.PrinterNotReady(2, ("media-jam-error",))
    assert rig.spooler.submitted == []


def test_what_could_not_be_started_ahead_is_started_when_it_is_wanted(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_alive: object) -> None:
        raise PrintError("no queue")

    with monkeypatch.context() as broken:
        broken.setattr(rig.spooler, "create", refused)
        rig.printer.warm()
        rig.printer.prepare(effects.PreparePrinter(1, 1))
        assert rig.answers.wait(events.PrinterNotReady).reasons == ("spooler-failed",)
    rig.printer.prepare(effects.PreparePrinter(2, 1))
    assert rig.answers.wait(events.PrinterReady).order == 2
    assert rig.spooler.starts == 3
    assert not any(isinstance(event, events.DeviceFaulted) and event.part is Part.PRINTER for event in rig.answers.all)


def test_a_spooler_started_ahead_for_nothing_is_erased(rig: Any) -> None:
    rig.printer.warm()
    rig.printer.erase(1)
    assert rig.answers.wait(events.Erased).order == 1
    assert (rig.spooler.starts, rig.spooler.alive) == (1, False)


def test_a_job_listed_before_it_is_ordered_is_only_watched_also_after_preparing(rig: Any) -> None:
    rig.machine.know(NAME, 9, 2)
    rig.printer.prepare(effects.PreparePrinter(1, 1))
    rig.answers.wait(events.PrinterReady)
    assert print_it(rig, 2).outcome is PrintOutcome.PRINTED
    assert rig.spooler.submitted == []


def test_an_order_that_comes_twice_is_given_to_the_spooler_once(rig: Any) -> None:
    rig.printer.prepare(effects.PreparePrinter(1, 1))
    rig.answers.wait(events.PrinterReady)
    for order in (2, 3):
        assert print_it(rig, order).outcome is PrintOutcome.PRINTED
    assert rig.spooler.submitted == [NAME]
