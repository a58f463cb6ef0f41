"""What the printer's attributes mean for a certificate or a receipt: pure reading of IPP answers, no exchange.

Attribute names and units are those of RFC 8011 and PWG 5100.7 / 5100.13 (media in 1/100 mm, input trays as
`key=value;` records). `printer-state-reasons` names no tray, so whose paper `media-empty` is about is read from
`printer-input-tray` (level) and, where a tray cannot count, from `media-col-ready` (which trays are left in it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers import print_witness
from drivers.ipp_client import Attributes, Value, number, texts
from drivers.print_witness import JobReport
from kiosk.errors import PrintError, ProtocolViolation

A4_NAME: Final = "iso_a4_210x297mm"
TWO_SIDED: Final = "two-sided-long-edge"
ONE_SIDED: Final = "one-sided"
_IDLE, _PROCESSING = 3, 4

_PAPER: Final = ("media-empty", "media-needed", "media-low")
_NO_PAPER: Final = ("media-empty", "media-needed", "input-tray-missing")
_SOME: Final = -3
"""prtInputCurrentLevel (RFC 3805): at least one sheet remains, nobody counts."""
_SIZE: Final = re.compile(r"_([0-9.]+)x([0-9.]+)(mm|in)$")

LIGHT: Final = (
    "printer-state", "printer-state-reasons", "printer-up-time",
    "printer-is-accepting-jobs", "printer-input-tray", "media-source-supported",
    "media-supported", "media-ready", "media-col-ready",
)  # fmt: skip
FULL: Final = (*LIGHT, "queued-job-count", "sides-supported")
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
    """One answer to Get-Printer-Attributes, read for one tray and the medium that must lie in it.

    `level`: sheets in that tray, -1 where it is not told. `paper`: whether anything lies in it, None where nothing
    tells. `medium_ready`: the medium lies there, as far as the printer knows.
    """

    state: int
    reasons: tuple[str, ...]
    up_time: int
    accepting: bool = True
    level: int = -1
    queued: int = 0
    two_sided: bool = False
    medium_ready: bool = False
    paper: bool | None = None


@dataclass(frozen=True, slots=True)
class ListedJob:
    """One job as the printer lists it. `ended_at`: time-at-completed in its own up-time, None if not ended."""

    id: int
    name: str
    user: str
    report: JobReport
    ended_at: int | None


def size_mm100(medium: str) -> tuple[int, int]:
    """Width and length in 1/100 mm of a self-describing size name (PWG 5101.1). Raises PrintError."""
    found = _SIZE.search(medium)
    if found is None:
        raise PrintError(f"{medium!r} is no paper size: write it as in iso_a5_148x210mm")
    unit = {"mm": 100, "in": 2540}[found[3]]
    return round(float(found[1]) * unit), round(float(found[2]) * unit)


def read_printer(attributes: Attributes, tray: str, medium: str = A4_NAME) -> PrinterView:
    """Raises ProtocolViolation where a REQUIRED attribute of RFC 8011 is missing."""
    state, up_time = number(attributes, "printer-state"), number(attributes, "printer-up-time")
    if state is None or up_time is None:
        raise ProtocolViolation("the printer tells neither its state nor its up-time")
    level = _level(attributes, tray)
    return PrinterView(
        state=state,
        reasons=tuple(reason for reason in texts(attributes, "printer-state-reasons") if reason != "none"),
        up_time=up_time,
        accepting=attributes.get("printer-is-accepting-jobs", (True,)) == (True,),
        level=max(-1, level),
        queued=number(attributes, "queued-job-count") or 0,
        two_sided=TWO_SIDED in texts(attributes, "sides-supported"),
        medium_ready=_ready(attributes, tray, medium),
        paper=_paper(attributes, tray, level),
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
    enough = view.level >= max(sheets, 1) or (view.level < 0 and view.paper is True)
    if not enough or view.state not in (_IDLE, _PROCESSING):
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
    if not view.medium_ready and not any(print_witness.keyword(reason) in _PAPER for reason in found):
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


def receipt_obstacles(view: PrinterView) -> tuple[str, ...]:
    """Why no receipt can be printed now; empty: it can. `view` is that of the receipt's tray and medium."""
    found = list(print_witness.blocking(reasons_here(view)))
    if view.state not in (_IDLE, _PROCESSING) and not found:
        found.append("stopped")
    if not view.accepting:
        found.append("not-accepting-jobs")
    word = receipt_word(view)
    if word is not None and not any(print_witness.keyword(reason) in _PAPER for reason in found):
        found.append(word)
    return tuple(dict.fromkeys(found))


def receipt_word(view: PrinterView) -> str | None:
    """The catalogue word for what is wrong with the receipt's own paper; None while it lies there.

    Nothing else counts here: what keeps the whole machine from printing is the printer's own fault.
    """
    if view.level == 0 or view.paper is False:
        return "media-empty"
    if not view.medium_ready:
        return "media-needed"
    lacking = any(print_witness.keyword(reason) in _NO_PAPER for reason in reasons_here(view))
    return "media-empty" if lacking and view.paper is None else None


def _level(attributes: Attributes, tray: str) -> int:
    """Sheets in `tray` by printer-input-tray; below 0 where it is not told (PWG 5100.13: -1, -2; -3: some)."""
    records = [_record(value) for value in attributes.get("printer-input-tray", ()) if isinstance(value, bytes)]
    sources = texts(attributes, "media-source-supported")
    record = next((item for item in records if item.get("name") == tray), None)
    if record is None and len(records) == len(sources) and tray in sources:
        record = records[sources.index(tray)]
    try:
        return int((record or {}).get("level", "-1"))
    except ValueError:
        return -1


def _record(value: bytes) -> dict[str, str]:
    pairs = (item.partition("=") for item in value.decode("utf-8", "replace").split(";"))
    return {key.strip(): text.strip() for key, _, text in pairs}


def _paper(attributes: Attributes, tray: str, level: int) -> bool | None:
    """Whether anything lies in `tray`: by its level, else by which trays the printer calls ready."""
    if level >= 0 or level == _SOME:
        return level != 0
    told = {source for item in _ready_trays(attributes) for source in item["media-source"]}
    known = {source for source in texts(attributes, "media-source-supported") if not source.startswith("auto")}
    if not told or tray not in known:
        return None
    if tray not in told:
        return False
    # A tray in the list tells something only where the printer leaves empty ones out.
    return True if known - told else None


def _ready_trays(attributes: Attributes) -> list[Mapping[str, tuple[Value, ...]]]:
    trays = [item for item in attributes.get("media-col-ready", ()) if isinstance(item, dict)]
    return [item for item in trays if "media-source" in item]


def _ready(attributes: Attributes, tray: str, medium: str) -> bool:
    if medium not in texts(attributes, "media-supported"):
        return False
    if told := _ready_trays(attributes):
        wanted = size_mm100(medium)
        return any(item["media-source"] == (tray,) and _size(item) == wanted for item in told)
    return medium in texts(attributes, "media-ready")


def _size(media: Mapping[str, tuple[Value, ...]]) -> tuple[Value, Value] | None:
    sizes = media.get("media-size", ())
    size = sizes[0] if len(sizes) == 1 else None
    if not isinstance(size, dict):
        return None
    x, y = size.get("x-dimension", ()), size.get("y-dimension", ())
    return (x[0], y[0]) if len(x) == len(y) == 1 else None
