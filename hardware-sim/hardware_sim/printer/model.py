"""The things of the machine: its make, its trays, a job, a document, a finished sheet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from threading import Event
from typing import Literal, Protocol

from hardware_sim.printer import documents
from hardware_sim.printer.ipp import Attribute

Side = Literal["front", "back"]


class JobState(IntEnum):
    """job-state (RFC 8011 section 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def ended(self) -> bool:
        return self >= JobState.CANCELED


class PrinterState(IntEnum):
    """printer-state (RFC 8011 section 5.4.11)."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class Pace(Protocol):
    """Time of the machine. Injected, so that tests decide when a sheet is through."""

    def now(self) -> float:
        """Seconds that only go forward."""

    def wall(self) -> datetime:
        """The date and time, with zone."""

    def wait(self, seconds_s: float, interrupted: Event) -> None:
        """Let `seconds_s` pass, or return early once `interrupted` is set."""


class RealPace:
    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds_s: float, interrupted: Event) -> None:
        interrupted.wait(seconds_s)


@dataclass(frozen=True)
class TrayConfig:
    """A paper tray. `source` is its media-source keyword, `media_type` its media-type keyword.

    `media`: what the guides are set to, a size name of PWG 5101.1.
    """

    source: str
    label: str
    media_type: str
    media: str = "iso_a4_210x297mm"
    capacity: int = 500
    sheets: int = 500


@dataclass(frozen=True)
class PrinterConfig:
    """The make of the machine. The first tray serves jobs that name none; no tray stands in for another."""

    name: str = "mfp"
    info: str = "Multi-copy machine (simulated)"
    make: str = "Certkiosk"
    model: str = "Simulated MFP A4"
    trays: tuple[TrayConfig, ...] = (
        TrayConfig("tray-1", "証明書用紙", "stationery"),
        TrayConfig("tray-2", "領収書用紙", "stationery-lightweight", "iso_a5_148x210mm"),
    )
    output_capacity: int = 100
    low_sheets: int = 20
    seconds_per_sheet_s: float = 1.0
    toner_per_impression: float = 0.01
    """Percent of a full cartridge that one printed side uses."""
    max_document_bytes: int = 64 * 1024 * 1024
    open_job_limit_s: float = 60.0
    """A job created without documents is aborted after this time (multiple-operation-time-out)."""
    owner_only: bool = False
    """Only the user who sent a job may cancel it, as on many office machines."""


@dataclass(frozen=True)
class Document:
    """A received document. The bytes stay out of every repr."""

    kind: str
    pages: int
    sha256: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Face:
    """One printed side: which page (0-based) of which document."""

    document: Document
    page: int


@dataclass(frozen=True)
class Sheet:
    """A finished sheet lying in the output tray. `number` counts all sheets of the machine's life."""

    number: int
    job_id: int
    job_name: str
    tray: str
    sides: str
    front: Face
    back: Face | None

    def png(self, side: Side = "front", dpi: int = 100) -> bytes | None:
        """The picture of one side, None if nothing is printed there."""
        face = self.front if side == "front" else self.back
        if face is None:
            return None
        return documents.render_png(face.document.data, face.document.kind, face.page, dpi)

    def pdf(self) -> bytes:
        """The pages of this sheet, front then back, as a PDF of one or two pages."""
        pages = [face.page for face in (self.front, self.back) if face is not None]
        return documents.extract_pdf(self.front.document.data, self.front.document.kind, pages)


@dataclass
class Job:
    """A job in the machine's memory; lost when the machine restarts."""

    id: int
    uuid: str
    name: str
    user: str
    template: tuple[Attribute, ...]
    copies: int
    sides: str
    tray: str
    media: str
    page_ranges: tuple[tuple[int, int], ...]
    created_s: int
    created_at: datetime
    state: JobState = JobState.PENDING
    reasons: tuple[str, ...] = ("job-incoming",)
    documents: list[Document] = field(default_factory=list, repr=False)
    plan: list[tuple[Face, Face | None]] = field(default_factory=list, repr=False)
    open: bool = True
    """Documents may still come."""
    touched_s: float = 0.0
    cancel: str | None = None
    """Who asked to stop it: the job-state-reasons keyword to end with."""
    octets: int = 0
    document_count: int = 0
    impressions: int = 0
    sheets: int = 0
    impressions_completed: int = 0
    sheets_completed: int = 0
    processing_s: int | None = None
    processing_at: datetime | None = None
    completed_s: int | None = None
    completed_at: datetime | None = None

    @property
    def duplex(self) -> bool:
        return self.sides != "one-sided"


def plan_sheets(job: Job) -> list[tuple[Face, Face | None]]:
    """Which page goes on which side: every copy of every document starts on a fresh sheet."""
    plan: list[tuple[Face, Face | None]] = []
    for _copy in range(job.copies):
        for document in job.documents:
            faces = [
                Face(document, page)
                for page in range(document.pages)
                if not job.page_ranges or any(low <= page + 1 <= high for low, high in job.page_ranges)
            ]
            step = 2 if job.duplex else 1
            for i in range(0, len(faces), step):
                plan.append((faces[i], faces[i + 1] if job.duplex and i + 1 < len(faces) else None))
    return plan
