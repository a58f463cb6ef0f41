"""What the printer's attributes mean for a certificate: pure reading of IPP answers, no exchange.

Attribute names and units are those of RFC 8011 and PWG 5100.7 / 5100.13 (media in 1/100 mm, input trays as
`key=value;` records).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers import print_witness
from drivers.ipp_client import Attributes, Value, number, texts
from drivers.print_witness import JobReport
from kiosk.errors import ProtocolViolation

A4_MM100: Final = (21000, 29700)
A4_NAME: Final = "iso_a4_210x297mm"
TWO_SIDED: Final = "two-sided-long-edge"
_IDLE, _PROCESSING = 3, 4

_PAPER: Final = ("media-empty", "media-needed", "media-low")

LIGHT: Final = (
    "printer-state", "printer-state-reasons", "printer-up-time",
    "printer-is-accepting-jobs", "printer-input-tray", "media-source-supported",
)  # fmt: skip
FULL: Final = (
    *LIGHT, "queued-job-count", "sides-supported", "media-supported", "media-ready", "media-col-ready",
)  # fmt: skip
JOB: Final = (
    "job-id", "job-name", "job-originating-user-name", "job-state", "job-state-reasons",
    "job-impressions-completed", "job-media-sheets-completed", "time-at-completed",
)  # fmt: skip

_WORDS: Final = (
    ("media-jam", ("media-jam",)),
    ("cover-open", ("cover-open", "door-open", "interlock-open")),
    ("toner-empty", ("toner-empty", "marker-supply-empty", "marker-waste-full")),
    ("tray-full", ("output-area-full", "output-tray-missing")),
    ("media-empty", ("media-empty", "media-needed", "input-tray-missing")),
)


@dataclass(frozen=True, slots=True)
class PrinterView:
    """One answer to Get-Printer-Attributes. `level`: sheets in the tray asked for, -1 where it is not told."""

    state: int
    reasons: tuple[str, ...]
    up_time: int
    accepting: bool = True
    level: int = -1
    queued: int = 0
    two_sided: bool = False
    a4_ready: bool = False


@dataclass(frozen=True, slots=True)
class ListedJob:
    """One job as the printer lists it. `ended_at`: time-at-completed in its own up-time, None if not ended."""

    id: int
    name: str
    user: str
    report: JobReport
    ended_at: int | None


def read_printer(attributes: Attributes, tray: str) -> PrinterView:
    """Raises ProtocolViolation where a REQUIRED attribute of RFC 8011 is missing."""
    state, up_time = number(attributes, "printer-state"), number(attributes, "printer-up-time")
    if state is None or up_time is None:
        raise ProtocolViolation("the printer tells neither its state nor its up-time")
    return PrinterView(
        state=state,
        reasons=tuple(reason for reason in texts(attributes, "printer-state-reasons") if reason != "none"),
        up_time=up_time,
        accepting=attributes.get("printer-is-accepting-jobs", (True,)) == (True,),
        level=_level(attributes, tray),
        queued=number(attributes, "queued-job-count") or 0,
        two_sided=TWO_SIDED in texts(attributes, "sides-supported"),
        a4_ready=_a4_ready(attributes, tray),
    )


def read_job(attributes: Attributes) -> ListedJob:
    """Raises ProtocolViolation where job-id or job-state is missing."""
    job_id, state = number(attributes, "job-id"), number(attributes, "job-state")
    if job_id is None or state is None:
        raise ProtocolViolation("the printer lists a job without number or state")
    ended = number(attributes, "time-at-completed")
    return ListedJob(
        id=job_id,
        name="".join(texts(attributes, "job-name")[:1]),
        user="".join(texts(attributes, "job-originating-user-name")[:1]),
        report=JobReport(
            state,
            tuple(reason for reason in texts(attributes, "job-state-reasons") if reason != "none"),
            number(attributes, "job-impressions-completed"),
            number(attributes, "job-media-sheets-completed"),
        ),
        ended_at=ended if ended is not None and state in print_witness.TERMINAL else None,
    )


def reasons_here(view: PrinterView, sheets: int = 1) -> tuple[str, ...]:
    """The printer's reasons without those about paper in another tray: `media-empty` is said of any tray."""
    if view.level < max(sheets, 1) or view.state not in (_IDLE, _PROCESSING):
        return view.reasons
    return tuple(reason for reason in view.reasons if print_witness.keyword(reason) not in _PAPER)


def obstacles(view: PrinterView, sheets: int) -> tuple[str, ...]:
    """Why a two-sided certificate of so many sheets cannot be printed now; empty: it can."""
    found = list(print_witness.blocking(reasons_here(view, sheets)))
    if view.state not in (_IDLE, _PROCESSING) and not found:
        found.append("stopped")
    if not view.accepting:
        found.append("not-accepting-jobs")
    if not view.two_sided:
        found.append("no-duplex")
    if not view.a4_ready and not any(print_witness.keyword(reason) in _PAPER for reason in found):
        found.append("no-a4")  # an empty tray is not ready either; then the paper is the thing to say
    if 0 <= view.level < sheets and not any(print_witness.keyword(reason) in _PAPER for reason in found):
        found.append("media-empty" if view.level == 0 else "media-needed")
    if view.queued > 0:
        found.append("busy")
    return tuple(dict.fromkeys(found))


def warnings(view: PrinterView, sheets: int) -> tuple[str, ...]:
    """Reasons that do not stand in the way: for the staff's eyes."""
    stops = print_witness.blocking(reasons_here(view, sheets))
    return tuple(reason for reason in view.reasons if reason not in stops)


def fault_word(view: PrinterView) -> str | None:
    """The catalogue word for `DeviceFaulted`; None while the printer could print."""
    words = {print_witness.keyword(reason) for reason in print_witness.blocking(reasons_here(view))}
    for word, keywords in _WORDS:
        if words.intersection(keywords):
            return word
    if view.level == 0:
        return "media-empty"
    if words or view.state not in (_IDLE, _PROCESSING) or not view.accepting:
        return "stopped"
    return None


def _level(attributes: Attributes, tray: str) -> int:
    """Sheets in `tray` by printer-input-tray; -1 for anything but a number (PWG 5100.13: -1, -2, -3)."""
    records = [_record(value) for value in attributes.get("printer-input-tray", ()) if isinstance(value, bytes)]
    sources = texts(attributes, "media-source-supported")
    record = next((item for item in records if item.get("name") == tray), None)
    if record is None and len(records) == len(sources) and tray in sources:
        record = records[sources.index(tray)]
    try:
        return max(-1, int((record or {}).get("level", "-1")))
    except ValueError:
        return -1


def _record(value: bytes) -> dict[str, str]:
    pairs = (item.partition("=") for item in value.decode("utf-8", "replace").split(";"))
    return {key.strip(): text.strip() for key, _, text in pairs}


def _a4_ready(attributes: Attributes, tray: str) -> bool:
    if A4_NAME not in texts(attributes, "media-supported"):
        return False
    trays = [item for item in attributes.get("media-col-ready", ()) if isinstance(item, dict)]
    told = [item for item in trays if "media-source" in item]
    if told:
        return any(item["media-source"] == (tray,) and _size(item) == A4_MM100 for item in told)
    return A4_NAME in texts(attributes, "media-ready")


def _size(media: Mapping[str, tuple[Value, ...]]) -> tuple[Value, Value] | None:
    sizes = media.get("media-size", ())
    size = sizes[0] if len(sizes) == 1 else None
    if not isinstance(size, dict):
        return None
    x, y = size.get("x-dimension", ()), size.get("y-dimension", ())
    return (x[0], y[0]) if len(x) == len(y) == 1 else None
