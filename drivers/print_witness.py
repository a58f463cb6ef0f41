"""Did the sheets come out? The rule, as a pure function of what the printer itself said.

CUPS is not asked: it says "completed" when the printer forgot the job, held it or only took the bytes. Here
speaks the printer alone (IPP, RFC 8011 §5.3; sheets of PWG 5100.x), and one of three verdicts falls:

    PRINTED      job-state 9, every impression and every sheet counted, the printer's clock never set back,
                 nothing at the end that may keep a sheet inside
    NOT_PRINTED  job-state 7 or 8 with nothing counted, now and ever; or the printer, watched without a gap,
                 never had the job and nobody is left who could send it
    UNKNOWN      anything else that has come to an end: a person must look

No verdict (`None`) means: not over yet, keep asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kiosk.events import PrintOutcome

PENDING, HELD, PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED = 3, 4, 5, 6, 7, 8, 9
TERMINAL: Final = frozenset((CANCELED, ABORTED, COMPLETED))

SETTLE_S: Final = 3.0
"""Counters and reasons may trail the job's state; a verdict other than PRINTED waits so long for them."""
GAP_S: Final = 5.0
"""No machine takes, prints and forgets a two-sided page within this time."""
CLOCK_SLACK_S: Final = 5.0
"""By how much printer-up-time (whole seconds) may lag behind our own clock without a restart in between."""

_SUFFIXES: Final = ("-error", "-warning", "-report")
_NEEDS_A_HAND: Final = frozenset(
    ("media-empty", "media-needed", "media-jam", "cover-open", "door-open", "interlock-open", "input-tray-missing",
     "output-area-full", "output-tray-missing", "toner-empty", "marker-supply-empty", "marker-waste-full",
     "paused", "moving-to-paused", "shutdown")
)  # fmt: skip
_CONCERNS_NEXT_SHEET: Final = frozenset(("media-empty", "media-needed", "input-tray-missing"))
_BAD_END: Final = frozenset(
    ("aborted-by-system", "job-completed-with-errors", "errors-detected", "document-format-error",
     "document-access-error", "unsupported-document-format", "submission-interrupted")
)  # fmt: skip
_WAITS_IN_JOB: Final = frozenset(
    ("printer-stopped", "printer-stopped-partly", "job-hold-until-specified", "resources-are-not-ready")
)


@dataclass(frozen=True, slots=True)
class JobReport:
    """What the printer says of our job; counters are None where it does not tell them."""

    state: int
    reasons: tuple[str, ...] = ()
    impressions: int | None = None
    sheets: int | None = None

    @property
    def over(self) -> bool:
        """Ended, and no sheet is on its way any more."""
        return self.state in TERMINAL and "processing-to-stop-point" not in self.reasons


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer of the printer. `at_s`: our clock; `up_time`: its printer-up-time; `job` None: not listed."""

    at_s: float
    up_time: int
    reasons: tuple[str, ...] = ()
    job: JobReport | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    outcome: PrintOutcome
    sheets: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything observed, folded.

    `watched`: `first` was observed before the job was handed out, so that silence about it can be judged.
    """

    pages: int
    first: Observation
    last: Observation
    watched: bool = True
    restarted: bool = False
    lagging: bool = False
    listed: bool = False
    vanished: bool = False
    gap_s: float = 0.0
    sheets: int = 0
    impressions: int = 0
    steady_since_s: float = 0.0

    @classmethod
    def begin(cls, pages: int, first: Observation, *, watched: bool = True) -> Evidence:
        start = cls(pages, first, first, watched, steady_since_s=first.at_s)
        return start.plus(first)

    def plus(self, seen: Observation) -> Evidence:
        """The same evidence with one observation more; observations come in order of time."""
        went_s, ran_s = seen.at_s - self.first.at_s, seen.up_time - self.first.up_time
        job = seen.job
        same = job == self.last.job and seen.reasons == self.last.reasons
        return replace(
            self,
            last=seen,
            restarted=self.restarted or seen.up_time < self.last.up_time,
            # A restart early in the printer's life need not set its clock back below what we saw first.
            lagging=self.lagging or ran_s < went_s - CLOCK_SLACK_S,
            listed=self.listed or job is not None,
            vanished=self.vanished or (self.listed and job is None),
            gap_s=max(self.gap_s, seen.at_s - self.last.at_s),
            sheets=max(self.sheets, (job.sheets or 0) if job else 0),
            impressions=max(self.impressions, (job.impressions or 0) if job else 0),
            steady_since_s=self.steady_since_s if same else seen.at_s,
        )

    @property
    def sheets_needed(self) -> int:
        return -(-self.pages // 2)

    @property
    def sheets_out(self) -> int:
        """Sheets counted, or as many as the impressions fill, where the printer counts no sheets."""
        job = self.last.job
        if self.sheets or (job is not None and job.sheets is not None):
            return self.sheets
        return self.sheets_needed if self.impressions >= self.pages else self.impressions // 2


def keyword(reason: str) -> str:
    """A printer-state-reason without its severity."""
    for suffix in _SUFFIXES:
        if reason.endswith(suffix):
            return reason.removesuffix(suffix)
    return reason


def blocking(reasons: Iterable[str]) -> tuple[str, ...]:
    """Those printer-state-reasons that keep a page from being printed until somebody does something.

    Severities are not trusted to tell: engines wait for paper under `-warning` and `-report` as well.
    """
    return tuple(reason for reason in reasons if reason.endswith("-error") or keyword(reason) in _NEEDS_A_HAND)


def waits(job: JobReport | None, reasons: Iterable[str]) -> bool:
    """True while the job can only go on when somebody does something (or never, when it is held)."""
    held = job is not None and (job.state in (HELD, STOPPED) or not _WAITS_IN_JOB.isdisjoint(job.reasons))
    return held or bool(blocking(reasons))


def keeps_a_sheet(reasons: Iterable[str]) -> bool:
    """True when the printer, at the end, reports an error that may have kept or spoilt our sheet.

    Lack of paper does not: it concerns the next sheet, ours has been counted. A bare keyword has no severity
    (RFC 8011 §5.4.12) and is taken for an error.
    """
    errors = [reason for reason in reasons if not reason.endswith(("-warning", "-report"))]
    return any(
        keyword(reason) not in _CONCERNS_NEXT_SHEET and (reason.endswith("-error") or reason in _NEEDS_A_HAND)
        for reason in errors
    )


def judge(evidence: Evidence, *, sender_gone_s: float | None, history: bool = False) -> Judgement | None:
    """The verdict, or None while it is open.

    `sender_gone_s`: since when our spooler and everything it started are dead, so that no byte can reach the
    printer any more; None: they live. `history`: the printer still lists jobs that ended before ours was
    handed out, so it would list ours.
    """
    last, job = evidence.last, evidence.last.job
    settled = last.at_s - evidence.steady_since_s >= SETTLE_S
    if job is not None:
        if not job.over:
            return None
        if _all_out(evidence, job):
            return _judgement(evidence, PrintOutcome.PRINTED)
        if not settled:
            return None
        nothing = job.impressions == 0 and evidence.impressions == 0 and evidence.sheets == 0
        whole = not (evidence.restarted or evidence.vanished)
        if job.state in (CANCELED, ABORTED) and nothing and whole:
            return _judgement(evidence, PrintOutcome.NOT_PRINTED)
        return _judgement(evidence, PrintOutcome.UNKNOWN)
    if sender_gone_s is None or last.at_s - max(sender_gone_s, evidence.steady_since_s) < SETTLE_S:
        return None
    if evidence.listed:
        return _judgement(evidence, PrintOutcome.UNKNOWN, "job-forgotten")
    whole = evidence.watched and not (evidence.restarted or evidence.lagging)
    if whole and (evidence.gap_s <= GAP_S or history):
        return _judgement(evidence, PrintOutcome.NOT_PRINTED, "job-never-received")
    return _judgement(evidence, PrintOutcome.UNKNOWN, "job-not-listed")


def _all_out(evidence: Evidence, job: JobReport) -> bool:
    return (
        job.state == COMPLETED
        and not evidence.restarted
        and not evidence.vanished
        and job.impressions is not None
        and job.impressions >= evidence.pages
        and (job.sheets is None or job.sheets >= evidence.sheets_needed)
        and _BAD_END.isdisjoint(job.reasons)
        and not keeps_a_sheet(evidence.last.reasons)
    )


def _judgement(evidence: Evidence, outcome: PrintOutcome, why: str = "") -> Judgement:
    told = [reason for reason in evidence.last.reasons if reason != "none"]
    if why:
        told.append(why)
    if evidence.restarted:
        told.append("printer-restarted")
    return Judgement(outcome, evidence.sheets_out, tuple(dict.fromkeys(told)))


def witness(
    pages: int, observations: Sequence[Observation], *, sender_gone_s: float | None, history: bool = False
) -> Judgement | None:
    """`judge` over a whole list; the first observation is the one made before the job was handed out."""
    evidence = Evidence.begin(pages, observations[0])
    for seen in observations[1:]:
        evidence = evidence.plus(seen)
    return judge(evidence, sender_gone_s=sender_gone_s, history=history)
