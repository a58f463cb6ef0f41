"""A real cupsd against the simulated machine; what happened is read from the machine's own log and tray.

Longer than 400 lines: one cupsd and one machine for every mishap of one job, read case by case.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cups
import pytest

from config.schema import PrinterSettings
from drivers import cups_queue, cupsd, leftovers, print_witness
from drivers.printer_cups import CertificatePrinter
from hardware_sim.printer import PrinterBench, PrinterConfig, TrayConfig
from kiosk import effects, events
from kiosk.events import Part, PrintOutcome

pytestmark = pytest.mark.stack

CANARY = "CANARY-7f3a91"
JOB = "a1b2c3d4e5f60718"


class Sink(Protocol):
    all: list[events.Event]

    def __call__(self, event: events.Event) -> None: ...

    def wait(self, kind: type[Any], fits: Callable[[Any], bool] = ...) -> Any: ...

    def printer_online(self) -> None: ...


def ready(printer: CertificatePrinter, answers: Sink, order: int = 1) -> None:
    printer.prepare(effects.PreparePrinter(order, 1))
    answers.wait(events.PrinterReady)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.02)


def judged_after_patience_ends(answers: Sink, patience: Any) -> events.CopyJudged:
    """Let people's time run until the driver gives up waiting for them."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        patience.added_s += 60
        for event in answers.all:
            if isinstance(event, events.CopyJudged):
                return event
        time.sleep(0.1)
    pytest.fail(f"never judged: {answers.all}")


def cupsd_pid(runtime: Path) -> int:
    return int((runtime / "cups/state/cupsd.pid").read_text())


def test_a_two_sided_page_comes_out_once(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes
) -> None:
    answers.printer_online()
    ready(printer, answers)
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    assert answers.wait(events.CopyJudged) == events.CopyJudged(2, 1, PrintOutcome.PRINTED, 1, ())
    (received,) = bench.log("document")
    assert received["job_name"] == JOB
    assert (received["pages"], received["sides"], received["tray"]) == (2, "two-sided-long-edge", "tray-1")
    assert (received["user"], received["copies"], received["scaling"]) == ("kiosk", 1, "none")
    assert received["sha256"] == hashlib.sha256(page).hexdigest()  # what was verified is what was printed
    (sheet,) = bench.take_output()
    assert (sheet.job_name, sheet.back is not None) == (JOB, True)


def test_the_tray_of_the_configuration_is_used(
    answers: Sink, page: bytes, make: Callable[..., CertificatePrinter]
) -> None:
    trays = (TrayConfig("tray-1", "", "stationery", "iso_a5_148x210mm"), TrayConfig("tray-2", "", "stationery"))
    with PrinterBench(config=PrinterConfig(seconds_per_sheet_s=0.1, trays=trays)) as machine:
        printer = make(settings=PrinterSettings(machine.uri, "tray-2", "tray-1"))
        ready(printer, answers)
        printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
        assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED
        assert [sheet.tray for sheet in machine.take_output()] == ["tray-2"]
        printer.close()


def test_two_copies_are_two_jobs_each_judged_by_its_own(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes
) -> None:
    ready(printer, answers)
    for copy in (1, 2):
        printer.print_copy(effects.PrintCopy(10 + copy, copy, 2, f"{JOB}{copy}"), page)
        judged = answers.wait(events.CopyJudged)
        assert (judged.order, judged.copy, judged.outcome) == (10 + copy, copy, PrintOutcome.PRINTED)
    assert [entry["job_name"] for entry in bench.log("document")] == [f"{JOB}1", f"{JOB}2"]
    assert len(bench.take_output()) == 2


@pytest.mark.parametrize(
    ("fault", "word", "reason"),
    [("paper_out", "media-empty", "media-empty"), ("cover_open", "cover-open", "cover-open"),
     ("toner_empty", "toner-empty", "toner-empty"), ("output_full", "tray-full", "output-area-full")],
)  # fmt: skip
def test_what_is_wrong_before_payment_is_said_and_comes_right(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, fault: str, word: str, reason: str
) -> None:
    answers.printer_online()
    bench.fault(fault)
    assert answers.wait(events.DeviceFaulted) == events.DeviceFaulted(Part.PRINTER, word)
    printer.prepare(effects.PreparePrinter(1, 1))
    assert reason in {print_witness.keyword(text) for text in answers.wait(events.PrinterNotReady).reasons}
    bench.clear_faults()
    if fault == "paper_out":
        bench.load("tray-1", 100)
    answers.printer_online()
    ready(printer, answers, order=2)


def test_more_sheets_wanted_than_lie_in_the_tray(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink
) -> None:
    bench.fault("paper_out", after=2)
    printer.prepare(effects.PreparePrinter(1, 3))
    assert "media-needed" in answers.wait(events.PrinterNotReady).reasons
    printer.prepare(effects.PreparePrinter(2, 2))
    assert answers.wait(events.PrinterReady).sheets == 2


def test_unreachable_printer_is_neither_ready_nor_given_a_job(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes
) -> None:
    ready(printer, answers)
    bench.fault("unreachable")
    assert answers.wait(events.DeviceFaulted).reason == "offline"
    printer.prepare(effects.PreparePrinter(2, 1))
    assert answers.wait(events.PrinterNotReady).reasons == ("unreachable",)
    printer.print_copy(effects.PrintCopy(3, 1, 2, JOB), page)
    judged = answers.wait(events.CopyJudged)
    assert judged == events.CopyJudged(3, 1, PrintOutcome.NOT_PRINTED, 0, ("unreachable",))
    bench.clear_faults()
    answers.printer_online()
    assert bench.log("document") == []


def test_paper_out_while_printing_waits_and_goes_on(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes
) -> None:
    ready(printer, answers)
    bench.fault("paper_out")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    waiting = answers.wait(events.PrintProgressed, lambda event: bool(event.reasons))
    assert "media-empty" in {print_witness.keyword(reason) for reason in waiting.reasons}
    bench.clear_faults()
    bench.load("tray-1", 100)
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED
    assert len(bench.log("document")) == 1
    assert len(bench.take_output()) == 1


def test_nobody_loads_paper_so_the_job_is_cancelled_and_never_prints_later(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes, patience: Any
) -> None:
    ready(printer, answers)
    bench.fault("paper_out")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    answers.wait(events.PrintProgressed, lambda event: bool(event.reasons))
    judged = judged_after_patience_ends(answers, patience)
    assert (judged.outcome, judged.sheets) == (PrintOutcome.NOT_PRINTED, 0)
    assert len(bench.log("cancel-job")) == 1
    bench.clear_faults()
    bench.load("tray-1", 100)
    ready(printer, answers, order=3)  # nothing is queued at the machine
    assert bench.take_output() == []


def test_a_job_held_by_the_machine_is_not_taken_for_printed(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes, patience: Any
) -> None:
    ready(printer, answers)
    bench.fault("hold_next")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    wait_until(lambda: any(job["name"] == JOB for job in bench.snapshot()["jobs"]))
    assert judged_after_patience_ends(answers, patience).outcome is PrintOutcome.NOT_PRINTED
    assert len(bench.log("cancel-job")) == 1


@pytest.mark.parametrize(("after_sheets", "outcome"), [(0, PrintOutcome.NOT_PRINTED), (1, PrintOutcome.UNKNOWN)])
def test_the_machine_aborts(
    bench: PrinterBench,
    printer: CertificatePrinter,
    answers: Sink,
    page: bytes,
    after_sheets: int,
    outcome: PrintOutcome,
) -> None:
    ready(printer, answers)
    bench.fault("abort_next", after_sheets=after_sheets)
    printer.print_copy(effects.PrintCopy(2, 1, 4, JOB), page)
    judged = answers.wait(events.CopyJudged)
    assert (judged.outcome, judged.sheets) == (outcome, after_sheets)


def test_reboot_of_the_machine_leaves_the_copy_unknown(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes
) -> None:
    ready(printer, answers)
    bench.fault("slow", factor=30.0)
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    wait_until(lambda: bool(bench.log("document")))
    answers_before = len(bench.log("document"))
    time.sleep(1.1)  # printer-up-time counts whole seconds
    bench.fault("reboot")
    judged = answers.wait(events.CopyJudged)
    assert judged.outcome is PrintOutcome.UNKNOWN
    assert "job-forgotten" in judged.reasons
    assert len(bench.log("document")) == answers_before


def test_jam_is_told_and_cleared(bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes) -> None:
    ready(printer, answers)
    bench.fault("jam")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    told = answers.wait(events.PrintProgressed, lambda event: bool(event.reasons))
    assert "media-jam" in {print_witness.keyword(reason) for reason in told.reasons}
    bench.clear_faults()
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED


def test_the_same_order_twice_prints_once(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []
    really = cups_queue.Queue.submit

    def submit(queue: cups_queue.Queue, job: str, document: bytes, ticket: cups_queue.Ticket) -> int:
        handed.append(job)
        return really(queue, job, document, ticket)

    monkeypatch.setattr(cups_queue.Queue, "submit", submit)
    ready(printer, answers)
    for order in (2, 3):
        printer.print_copy(effects.PrintCopy(order, 1, 2, JOB), page)
        assert answers.wait(events.CopyJudged).outcome is PrintOutcome.PRINTED
    assert handed == [JOB]
    assert len(bench.log("document")) == 1


def test_the_spooler_itself_never_sends_a_job_again(printer: CertificatePrinter, answers: Sink, runtime: Path) -> None:
    """Asked of the running cupsd: a backend that fails ends its job, nothing is tried anew behind our back."""
    ready(printer, answers)
    spooler = cups.Connection(host=str(runtime / "cups/cups.sock"), port=0, encryption=cups.HTTP_ENCRYPT_NEVER)
    told = spooler.getPrinterAttributes(cups_queue.NAME, requested_attributes=["printer-error-policy"])
    assert told["printer-error-policy"] == "abort-job"


def test_spooler_killed_while_the_machine_waits_then_wiped_and_found(
    bench: PrinterBench, make: Callable[[], CertificatePrinter], answers: Sink, page: bytes, runtime: Path
) -> None:
    first = make()
    ready(first, answers)
    bench.fault("paper_out")
    first.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    answers.wait(events.PrintProgressed, lambda event: bool(event.reasons))
    wait_until(lambda: bool(bench.log("document")))
    os.kill(cupsd_pid(runtime), signal.SIGKILL)
    second = make()  # what the next process does first
    second.wipe(effects.Wipe(20))
    wiped = answers.wait(events.Wiped)
    assert wiped.clean, wiped.checked
    assert not (runtime / "cups").exists()
    second.find_job(effects.FindJob(21, JOB, 2))
    found = answers.wait(events.JobFound)
    assert (found.order, found.job, found.outcome, found.sheets) == (21, JOB, PrintOutcome.NOT_PRINTED, 0)
    assert len(bench.log("cancel-job")) == 1


def test_a_backend_that_outlived_its_spooler_is_found_by_its_marker_and_never_prints(
    bench: PrinterBench, make: Callable[[], CertificatePrinter], answers: Sink, page: bytes, runtime: Path
) -> None:
    spooler = cupsd.Cupsd(runtime)
    spooler.start()
    queue = cups_queue.Queue(spooler.directory, bench.uri)
    queue.create(lambda: spooler.alive)
    bench.fault("hang")  # the backend has the document and cannot get rid of it
    queue.submit(JOB, page, cups_queue.Ticket("tray-1", (21000, 29700), "two-sided-long-edge"))

    def backends() -> list[int]:
        return [pid for pid in leftovers.find_processes(runtime) if pid != spooler.pid]

    wait_until(lambda: bool(backends()))
    (backend,) = backends()
    wait_until(lambda: b"ipp" in Path(f"/proc/{backend}/comm").read_bytes())
    assert f"{leftovers.MARKER}={runtime}".encode() in Path(f"/proc/{backend}/environ").read_bytes().split(b"\0")
    os.kill(cupsd_pid(runtime), signal.SIGKILL)
    assert backends() == [backend]  # it does live on
    printer = make()
    printer.wipe(effects.Wipe(20))
    assert answers.wait(events.Wiped).clean
    assert leftovers.find_processes(runtime) == []
    spooler.stop()
    bench.clear_faults()
    ready(printer, answers, order=21)
    assert [entry for entry in bench.log("sheet") if entry["job_name"] == JOB] == []


def test_job_of_an_earlier_process_comes_out_and_is_found_printed(
    bench: PrinterBench, make: Callable[[], CertificatePrinter], answers: Sink, page: bytes
) -> None:
    first = make()
    ready(first, answers)
    bench.fault("slow", factor=5.0)
    first.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    wait_until(lambda: bool(bench.log("document")))
    first.close()
    second = make()
    second.wipe(effects.Wipe(20))
    second.find_job(effects.FindJob(21, JOB, 2))
    assert answers.wait(events.JobFound).outcome is PrintOutcome.PRINTED
    assert len(bench.take_output()) == 1


def test_job_never_handed_over_is_known_not_to_be_printed(
    make: Callable[[], CertificatePrinter], answers: Sink
) -> None:
    ready(make(), answers)
    second = make()
    second.wipe(effects.Wipe(20))
    second.find_job(effects.FindJob(21, JOB, 2))
    assert answers.wait(events.JobFound).outcome is PrintOutcome.NOT_PRINTED


def test_unlisted_job_without_any_record_stays_unknown(make: Callable[[], CertificatePrinter], answers: Sink) -> None:
    printer = make()
    printer.wipe(effects.Wipe(20))
    printer.find_job(effects.FindJob(21, JOB, 2))
    assert answers.wait(events.JobFound).outcome is PrintOutcome.UNKNOWN


def test_the_document_is_let_go_once_it_is_handed_over(printer: CertificatePrinter, answers: Sink, page: bytes) -> None:
    before = sys.getrefcount(page)
    ready(printer, answers)
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    answers.wait(events.CopyJudged)
    assert sys.getrefcount(page) == before


def test_no_file_of_the_spooler_names_the_job_once_the_machine_has_it(
    bench: PrinterBench,
    printer: CertificatePrinter,
    answers: Sink,
    page: bytes,
    runtime: Path,
    holders: Callable[[Path, str], list[str]],
) -> None:
    ready(printer, answers)
    bench.fault("paper_out")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    wait_until(lambda: bool(bench.log("document")))
    wait_until(lambda: not holders(runtime / "cups/spool", CANARY))  # while the page still waits for paper
    assert holders(runtime / "cups/log", JOB) == []
    assert holders(runtime / "cups/log", "kiosk") == []


def test_erase_leaves_nothing(
    bench: PrinterBench,
    printer: CertificatePrinter,
    answers: Sink,
    page: bytes,
    runtime: Path,
    holders: Callable[[Path, str], list[str]],
) -> None:
    ready(printer, answers)
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    answers.wait(events.CopyJudged)
    assert holders(runtime, JOB)  # the search can find: the record of the job is there
    printer.erase(30)
    erased = answers.wait(events.Erased)
    assert (erased.order, erased.part, erased.clean) == (30, Part.PRINTER, True), erased.checked
    assert list(runtime.rglob("*")) == []
    assert leftovers.find_processes(runtime) == []


def test_a_spooler_started_ahead_prints_nothing_and_is_erased_without_a_trace(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, runtime: Path
) -> None:
    printer.warm()
    wait_until(lambda: (runtime / f"cups/etc/ppd/{cups_queue.NAME}.ppd").exists())
    printer.erase(30)
    assert answers.wait(events.Erased).clean
    assert list(runtime.rglob("*")) == []
    assert leftovers.find_processes(runtime) == []
    assert bench.snapshot()["jobs"] == []


def test_erase_while_the_machine_waits_cancels_there(
    bench: PrinterBench, printer: CertificatePrinter, answers: Sink, page: bytes, runtime: Path
) -> None:
    ready(printer, answers)
    bench.fault("paper_out")
    printer.print_copy(effects.PrintCopy(2, 1, 2, JOB), page)
    wait_until(lambda: bool(bench.snapshot()["jobs"]))
    printer.erase(30)
    assert answers.wait(events.CopyJudged).outcome is PrintOutcome.NOT_PRINTED
    assert answers.wait(events.Erased).clean
    assert [job["state"] for job in bench.snapshot()["jobs"]] == ["canceled"]
    assert len(bench.log("cancel-job")) == 1
    assert list(runtime.rglob("*")) == []
