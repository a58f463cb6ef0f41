"""The witness rule, case by case: what the printer said, and the verdict that must (not) fall."""

from __future__ import annotations

import pytest

from drivers.print_witness import JobReport, Observation, blocking, keeps_a_sheet, waits, witness
from kiosk.events import PrintOutcome

PRINTED, NOT_PRINTED, UNKNOWN = PrintOutcome.PRINTED, PrintOutcome.NOT_PRINTED, PrintOutcome.UNKNOWN
DONE = JobReport(9, ("job-completed-successfully",), 2, 1)
PRINTING = JobReport(5, ("job-printing",), 0, 0)
ABORTED = JobReport(8, ("aborted-by-system",), 0, 0)
CANCELED = JobReport(7, ("job-canceled-by-user",), 0, 0)
START = 1000.0
UP = 500


def story(*told: JobReport | None, reasons: tuple[str, ...] = (), up: list[int] | None = None) -> list[Observation]:
    """One observation a second after the one made before handing over; `reasons` at all but the first."""
    seen = [Observation(START, UP)]
    for second, job in enumerate(told, 1):
        up_time = up[second - 1] if up is not None else UP + second
        seen.append(Observation(START + second, up_time, reasons, job))
    return seen


def verdict(seen: list[Observation], pages: int = 2, gone_s: float | None = None, history: bool = False) -> object:
    judgement = witness(pages, seen, sender_gone_s=gone_s, history=history)
    return judgement and judgement.outcome


def test_counted_and_completed_is_printed_at_once() -> None:
    judgement = witness(2, story(PRINTING, DONE), sender_gone_s=None)
    assert judgement is not None
    assert (judgement.outcome, judgement.sheets, judgement.reasons) == (PRINTED, 1, ())


@pytest.mark.parametrize(
    ("job", "pages", "expected"),
    [
        (JobReport(9, (), 2, 1), 2, PRINTED),
        (JobReport(9, (), 2, None), 2, PRINTED),  # a printer that counts no sheets
        (JobReport(9, (), 3, 2), 3, PRINTED),
        (JobReport(9, (), 4, 2), 3, PRINTED),  # blank back counted
        (JobReport(9, (), 1, 1), 2, UNKNOWN),  # a side is missing
        (JobReport(9, (), 2, 0), 2, UNKNOWN),  # both sides, no sheet
        (JobReport(9, (), 3, 1), 3, UNKNOWN),
        (JobReport(9, (), None, 1), 2, UNKNOWN),
        (JobReport(9, (), None, None), 2, UNKNOWN),
        (JobReport(9, (), 0, 0), 2, UNKNOWN),  # parked, forgotten or only received
        (JobReport(9, ("job-completed-with-errors",), 2, 1), 2, UNKNOWN),
        (JobReport(9, ("aborted-by-system",), 2, 1), 2, UNKNOWN),
        (ABORTED, 2, NOT_PRINTED),
        (CANCELED, 2, NOT_PRINTED),
        (JobReport(7, (), 0, None), 2, NOT_PRINTED),
        (JobReport(8, (), 1, 0), 2, UNKNOWN),  # one side is on a sheet somewhere
        (JobReport(8, (), 2, 1), 2, UNKNOWN),  # all out, yet not completed
        (JobReport(8, (), None, 0), 2, UNKNOWN),  # does not tell what it printed
        (JobReport(7, (), None, None), 2, UNKNOWN),
    ],
)
def test_last_word_about_the_job(job: JobReport, pages: int, expected: PrintOutcome) -> None:
    assert verdict(story(PRINTING, job, job, job, job), pages) is expected


@pytest.mark.parametrize("state", [3, 4, 5, 6])
def test_a_job_that_waits_or_is_worked_on_is_never_judged(state: int) -> None:
    assert verdict(story(*[JobReport(state, (), 2, 1)] * 60), gone_s=START) is None


@pytest.mark.parametrize("job", [DONE, ABORTED, CANCELED])
def test_still_stopping_is_not_over(job: JobReport) -> None:
    stopping = JobReport(job.state, ("processing-to-stop-point",), job.impressions, job.sheets)
    assert verdict(story(*[stopping] * 10)) is None
    assert verdict(story(*[stopping] * 10, *[job] * 5)) in (PRINTED, NOT_PRINTED)


def test_late_counters_are_waited_for() -> None:
    early = JobReport(9, (), 0, 0)
    assert verdict(story(PRINTING, early)) is None
    assert verdict(story(PRINTING, early, early, DONE)) is PRINTED
    assert verdict(story(PRINTING, early, early, early, early)) is UNKNOWN


def test_a_sheet_on_its_way_when_cancelled_is_waited_for() -> None:
    late = JobReport(7, (), 2, 1)
    assert verdict(story(PRINTING, CANCELED, CANCELED)) is None
    assert verdict(story(PRINTING, CANCELED, CANCELED, late, late, late, late)) is UNKNOWN


def test_a_count_once_seen_is_not_taken_back() -> None:
    one_side = JobReport(5, (), 1, 0)
    assert verdict(story(PRINTING, one_side, *[CANCELED] * 5)) is UNKNOWN


def test_printer_clock_set_back_is_never_printed_nor_surely_not() -> None:
    assert verdict(story(PRINTING, DONE, DONE, DONE, DONE, DONE, up=[501, 1, 2, 3, 4, 5])) is UNKNOWN
    assert verdict(story(PRINTING, *[ABORTED] * 5, up=[501, 1, 2, 3, 4, 5])) is UNKNOWN
    assert verdict(story(*[None] * 5, up=[501, 1, 2, 3, 4]), gone_s=START) is UNKNOWN


def test_printer_forgets_the_job() -> None:
    seen = story(PRINTING, PRINTING, None, None, None, None)
    assert verdict(seen) is None  # our spooler could still send it once more
    assert verdict(seen, gone_s=START + 2) is UNKNOWN


def test_forgotten_and_back_again_is_unknown() -> None:
    assert verdict(story(PRINTING, None, DONE, DONE, DONE, DONE)) is UNKNOWN


class TestNeverListed:
    def test_open_while_somebody_could_still_send(self) -> None:
        assert verdict(story(*[None] * 100)) is None

    def test_not_printed_when_nobody_can_send_any_more(self) -> None:
        assert verdict(story(*[None] * 9), gone_s=START + 5) is NOT_PRINTED

    def test_bytes_in_flight_are_waited_for(self) -> None:
        assert verdict(story(*[None] * 9), gone_s=START + 8) is None

    def test_unwatched_time_is_unknown_unless_the_history_reaches_back(self) -> None:
        seen = [Observation(START, UP), *(Observation(START + 60 + s, UP + 60 + s) for s in range(6))]
        assert verdict(seen, gone_s=START) is UNKNOWN
        assert verdict(seen, gone_s=START, history=True) is NOT_PRINTED

    def test_restart_early_in_the_printers_life_is_noticed_by_its_lag(self) -> None:
        seen = [Observation(START, 2), *(Observation(START + 20 + s, 3 + s) for s in range(6))]
        assert verdict(seen, gone_s=START, history=True) is UNKNOWN


@pytest.mark.parametrize(
    ("reason", "printed"),
    [
        ("media-jam-error", False),
        ("media-jam", False),
        ("cover-open-error", False),
        ("output-area-full-error", False),
        ("toner-empty-error", False),
        ("other-error", False),
        ("fuser-over-temp-error", False),
        ("media-empty-error", True),  # ours was the last sheet
        ("media-needed-error", True),
        ("toner-low-warning", True),
        ("media-low-report", True),
        ("output-area-almost-full-warning", True),
    ],
)
def test_reasons_at_the_end(reason: str, printed: bool) -> None:
    assert keeps_a_sheet([reason]) is not printed
    assert verdict(story(PRINTING, *[DONE] * 5, reasons=(reason,))) is (PRINTED if printed else UNKNOWN)


def test_an_error_that_goes_away_within_a_moment_does_no_harm() -> None:
    seen = story(PRINTING, DONE, reasons=("media-jam-error",))
    assert verdict(seen) is None
    assert verdict([*seen, Observation(START + 3, UP + 3, (), DONE)]) is PRINTED


@pytest.mark.parametrize(
    ("reasons", "found"),
    [
        (["none"], ()),
        (["media-empty-warning"], ("media-empty-warning",)),
        (["media-needed-report"], ("media-needed-report",)),
        (["media-jam"], ("media-jam",)),
        (["toner-low-warning", "media-low-report"], ()),
        (["interpreter-resource-unavailable-error"], ("interpreter-resource-unavailable-error",)),
        (["paused"], ("paused",)),
    ],
)
def test_what_keeps_a_page_from_being_printed(reasons: list[str], found: tuple[str, ...]) -> None:
    assert blocking(reasons) == found


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (JobReport(4), True),
        (JobReport(6), True),
        (JobReport(5, ("printer-stopped",)), True),
        (JobReport(3, ("job-hold-until-specified",)), True),
        (JobReport(3), False),
        (PRINTING, False),
    ],
)
def test_a_held_or_stopped_job_waits_without_any_reason_of_the_printer(job: JobReport, expected: bool) -> None:
    assert waits(job, ()) is expected
