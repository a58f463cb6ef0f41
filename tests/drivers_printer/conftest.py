"""A runtime directory in memory that the filters' account may enter, a page, and somebody who waits for events."""

from __future__ import annotations

import io
import os
import queue
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from config.schema import PrinterSettings
from drivers import leftovers, print_witness
from drivers.print_follow import Limits
from drivers.printer_cups import CertificatePrinter
from hardware_sim.printer import PrinterBench, PrinterConfig
from kiosk.events import DeviceOnline, Event, Part

T = TypeVar("T")

CANARY = "CANARY-7f3a91"
WAIT_S = 30.0


@pytest.fixture
def runtime() -> Iterator[Path]:
    """Short path (a socket's name is limited) outside pytest's closed folders; gone afterwards."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="ck-", dir=parent))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def page() -> bytes:
    """Front and back of one sheet; the canary stands uncompressed in its bytes."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, pageCompression=0)
    for side in ("front", "back"):
        canvas.drawString(100, 700, f"{CANARY} {side}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


class Answers:
    """A sink that can be waited on."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._new: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        self.all.append(event)
        self._new.put(event)

    def wait(self, kind: type[T], fits: Callable[[T], bool] = lambda _event: True) -> T:
        """The next event of this kind that fits; others are passed over. Fails the test after `WAIT_S`."""
        deadline = time.monotonic() + WAIT_S
        while (left_s := deadline - time.monotonic()) > 0:
            try:
                event = self._new.get(timeout=left_s)
            except queue.Empty:
                break
            if isinstance(event, kind) and fits(event):
                return event
        pytest.fail(f"no {kind.__name__} came; seen: {self.all}")

    def printer_online(self) -> None:
        self.wait(DeviceOnline, lambda event: event.part is Part.PRINTER)


class Patience:
    """The clock given to the driver: real time plus what the test adds."""

    def __init__(self) -> None:
        self.added_s = 0.0

    def boot(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self.added_s


def in_files(folder: Path, text: str) -> list[str]:
    """Names of files below `folder` that hold `text`."""
    wanted = text.encode()
    return [str(path) for path in folder.rglob("*") if path.is_file() and wanted in path.read_bytes()]


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture
def holders() -> Callable[[Path, str], list[str]]:
    return in_files


# ---- a real cupsd against the simulated machine -----------------------------------------------------------------


@pytest.fixture
def fast() -> Limits:
    return Limits(
        poll_s=0.05, idle_s=0.1, appear_s=4.0, blocked_s=60.0,
        quiet_s=20.0, unreachable_s=5.0, cancel_s=2.0, found_s=0.5,
    )  # fmt: skip


@pytest.fixture
def bench() -> Iterator[PrinterBench]:
    with PrinterBench(None, config=PrinterConfig(seconds_per_sheet_s=0.3)) as machine:
        yield machine


@pytest.fixture
def make(
    bench: PrinterBench,
    runtime: Path,
    answers: Answers,
    patience: Patience,
    fast: Limits,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., CertificatePrinter]]:
    """Makes and starts drivers for the bench's machine, or for another `uri`; all are closed in the end."""
    monkeypatch.setattr(print_witness, "SETTLE_S", 0.5)
    made: list[CertificatePrinter] = []

    def build(limits: Limits = fast, settings: PrinterSettings | None = None) -> CertificatePrinter:
        settings = settings or PrinterSettings(bench.uri, "tray-1", "tray-2")
        printer = CertificatePrinter(settings, runtime, patience, limits=limits)
        made.append(printer)
        printer.start(answers)
        return printer

    yield build
    for printer in made:
        printer.close()
    assert leftovers.find_processes(runtime) == []


@pytest.fixture
def printer(make: Callable[..., CertificatePrinter]) -> CertificatePrinter:
    return make()
