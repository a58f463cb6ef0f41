"""Following a job step by step at times of the test's choosing: who is cancelled when, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.ipp_client import Attributes
from drivers.leftovers import Handed
from drivers.print_follow import Follow, Limits
from drivers.print_witness import JobReport, Judgement, Observation
from kiosk.errors import DeviceOffline, DeviceTimeout
from kiosk.events import PrintOutcome

LIMITS = Limits(
    appear_s=30, blocked_s=600, quiet_s=100, unreachable_s=60, cancel_s=10, found_s=5
)  # fmt: skip
JOB = "a1b2"
PRINTING = JobReport(5, (), 0, 0)
CANCELED = JobReport(7, (), 0, 0)


class World:
    """A printer and a spooler, both obeying the test, and one clock for all."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.people = 0.0
        self.offset = 500
        self.job: JobReport | None = None
        self.reasons: tuple[str, ...] = ()
        self.others: list[Attributes] = []
        self.silent = False
        self.takes_cancel = True
        self.cancel_lost = 0
        self.spooler_has_it = False
        self.done: list[str] = []

    # the printer
    def printer(self, _names: tuple[str, ...]) -> Attributes:
        if self.silent:
            raise DeviceOffline("off")
        return {
            "printer-state": (3,),
            "printer-up-time": (int(self.now - 1000) + self.offset,),
            "printer-state-reasons": self.reasons or ("none",),
        }

    def _listed(self) -> list[Attributes]:
        if self.job is None:
            return []
        return [
            {
                "job-id": (9,),
                "job-name": (JOB,),
                "job-state": (self.job.state,),
                "job-state-reasons": self.job.reasons or ("none",),
                "job-impressions-completed": (self.job.impressions,),
                "job-media-sheets-completed": (self.job.sheets,),
            }
        ]

    def jobs(self, _names: tuple[str, ...]) -> tuple[Attributes, ...]:
        return (*self.others, *self._listed())

    def job_by_id(self, job_id: int) -> Attributes | None:
        return next(iter(self._listed()), None) if job_id == 9 else None

    def cancel_job(self, job_id: int) -> bool:
        if self.cancel_lost:
            self.cancel_lost -= 1
            raise DeviceTimeout("lost")
        self.done.append(f"printer cancels {job_id}")
        if self.takes_cancel and self.job is not None:
            self.job = replace(self.job, state=7)
        return True


class PrinterSide:
    def __init__(self, world: World) -> None:
        self._world = world

    def printer(self, names: tuple[str, ...]) -> Attributes:
        return self._world.printer(names)

    def jobs(self, names: tuple[str, ...]) -> tuple[Attributes, ...]:
        return self._world.jobs(names)

    def job(self, job_id: int, _names: tuple[str, ...]) -> Attributes | None:
        return self._world.job_by_id(job_id)

    def cancel(self, job_id: int) -> bool:
        return self._world.cancel_job(job_id)


class SpoolerSide:
    def __init__(self, world: World) -> None:
        self._world = world

    def cancel(self) -> bool:
        self._world.done.append("spooler cancels")
        return self._world.spooler_has_it

    def stop(self) -> None:
        self._world.done.append("spooler killed")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def follow(world: World) -> Follow:
    made = build(world)
    made.from_baseline(Observation(world.now, world.offset))
    return made


def build(world: World) -> Follow:
    return Follow(
        JOB, 2, "tray-1", PrinterSide(world), SpoolerSide(world), LIMITS,
        now=lambda: world.now, patience=lambda: world.now + world.people,
    )  # fmt: skip


def run(follow: Follow, world: World, seconds: int) -> Judgement | None:
    for _ in range(seconds):
        world.now += 1
        judgement = follow.step()
        if judgement is not None:
            return judgement
    return None


def outcome(judgement: Judgement | None) -> PrintOutcome | None:
    return judgement.outcome if judgement else None


def test_a_slow_but_moving_job_is_left_alone(follow: Follow, world: World) -> None:
    for side in range(1, 40):
        world.job = JobReport(5, (), side, side // 2)
        assert run(follow, world, 90) is None
    assert world.done == []


def test_a_job_that_stands_still_without_a_reason_is_cancelled(follow: Follow, world: World) -> None:
    world.job = PRINTING
    assert run(follow, world, 100) is None
    assert outcome(run(follow, world, 30)) is PrintOutcome.NOT_PRINTED
    assert world.done == ["spooler cancels", "spooler killed", "printer cancels 9"]


def test_waiting_for_paper_is_measured_by_the_peoples_clock(follow: Follow, world: World) -> None:
    world.job, world.reasons = PRINTING, ("media-empty-error",)
    assert run(follow, world, 300) is None
    assert follow.progress == (0, ("media-empty-error",))
    world.people = 400
    assert outcome(run(follow, world, 30)) is PrintOutcome.NOT_PRINTED


def test_paper_loaded_begins_the_wait_anew(follow: Follow, world: World) -> None:
    world.job, world.reasons = PRINTING, ("media-empty-error",)
    assert run(follow, world, 590) is None
    world.reasons = ()
    assert run(follow, world, 20) is None
    assert world.done == []
    assert follow.progress == (0, ())


def test_the_spooler_tells_the_printer_while_it_still_has_the_job(follow: Follow, world: World) -> None:
    world.job, world.spooler_has_it = PRINTING, True
    run(follow, world, 2)
    follow.cancel()
    assert world.done == ["spooler cancels"]
    world.job = CANCELED  # its backend sent Cancel-Job
    assert outcome(run(follow, world, 9)) is PrintOutcome.NOT_PRINTED
    assert world.done == ["spooler cancels"]


def test_when_the_spooler_fails_to_the_printer_is_told_directly(follow: Follow, world: World) -> None:
    world.job, world.spooler_has_it = PRINTING, True
    run(follow, world, 2)
    follow.cancel()
    assert outcome(run(follow, world, 30)) is PrintOutcome.NOT_PRINTED
    assert world.done == ["spooler cancels", "spooler killed", "printer cancels 9"]


def test_a_cancel_that_was_lost_is_sent_again_one_that_was_answered_is_not(follow: Follow, world: World) -> None:
    world.job, world.cancel_lost, world.takes_cancel = PRINTING, 2, False
    run(follow, world, 2)
    follow.cancel()
    judgement = run(follow, world, 60)
    assert world.done.count("printer cancels 9") == 1
    assert judgement is not None
    assert (judgement.outcome, judgement.reasons) == (PrintOutcome.UNKNOWN, ("job-not-cancelled",))


def test_cancelled_before_the_printer_listed_it(follow: Follow, world: World) -> None:
    follow.cancel()
    world.job = PRINTING  # it had come in just before
    assert outcome(run(follow, world, 30)) is PrintOutcome.NOT_PRINTED
    assert world.done[-1] == "printer cancels 9"


def test_never_listed_the_spooler_is_killed_then_judged(follow: Follow, world: World) -> None:
    assert run(follow, world, 30) is None
    assert world.done == []
    judgement = run(follow, world, 10)
    assert outcome(judgement) is PrintOutcome.NOT_PRINTED
    assert world.done == ["spooler killed"]


def test_a_silent_printer_is_never_judged_by_silence_alone(follow: Follow, world: World) -> None:
    world.job = PRINTING
    run(follow, world, 2)
    world.silent = True
    assert run(follow, world, 60) is None
    assert follow.progress == (0, ("unreachable",))
    judgement = run(follow, world, 10)
    assert outcome(judgement) is PrintOutcome.UNKNOWN
    assert world.done == ["spooler killed"]


def test_a_printer_that_comes_back_with_the_page_done_is_believed(follow: Follow, world: World) -> None:
    world.job = PRINTING
    run(follow, world, 2)
    world.silent = True
    run(follow, world, 40)
    world.silent, world.job = False, JobReport(9, (), 2, 1)
    assert outcome(run(follow, world, 1)) is PrintOutcome.PRINTED


def test_another_job_under_the_same_number_is_not_ours(follow: Follow, world: World) -> None:
    world.job = PRINTING
    run(follow, world, 2)
    side = PrinterSide(world)
    stranger: Attributes = {"job-id": (9,), "job-name": ("copy",), "job-state": (9,),
                            "job-impressions-completed": (2,)}  # fmt: skip
    side.job = lambda _id, _names: stranger  # type: ignore[method-assign]
    follow._printer = side
    assert outcome(run(follow, world, 20)) is PrintOutcome.UNKNOWN


class TestEarlierProcess:
    def test_waits_for_the_end_of_what_is_being_printed(self, world: World) -> None:
        follow = build(world)
        follow.from_earlier(None)
        world.job = PRINTING
        assert run(follow, world, 60) is None
        world.job = JobReport(9, (), 2, 1)
        assert outcome(run(follow, world, 1)) is PrintOutcome.PRINTED
        assert world.done == []

    def test_cancels_what_waits(self, world: World) -> None:
        follow = build(world)
        follow.from_earlier(None)
        world.job, world.reasons = JobReport(6, ("printer-stopped",), 0, 0), ("media-empty-error",)
        assert outcome(run(follow, world, 30)) is PrintOutcome.NOT_PRINTED
        assert world.done == ["printer cancels 9"]

    def test_not_listed_and_nothing_known_is_unknown(self, world: World) -> None:
        follow = build(world)
        follow.from_earlier(None)
        assert outcome(run(follow, world, 10)) is PrintOutcome.UNKNOWN

    def test_not_listed_a_moment_after_handing_over_was_never_received(self, world: World) -> None:
        follow = build(world)
        follow.from_earlier(Handed(world.now - 2, world.offset - 2))
        assert outcome(run(follow, world, 10)) is PrintOutcome.NOT_PRINTED

    def test_not_listed_long_after_needs_a_history_that_reaches_back(self, world: World) -> None:
        follow = build(world)
        follow.from_earlier(Handed(world.now - 100, world.offset - 100))
        assert outcome(run(follow, world, 10)) is PrintOutcome.UNKNOWN
        again = build(world)
        again.from_earlier(Handed(world.now - 100, world.offset - 100))
        world.others = [
            {"job-id": (3,), "job-name": ("x",), "job-state": (9,), "time-at-completed": (world.offset - 200,)}
        ]
        assert outcome(run(again, world, 10)) is PrintOutcome.NOT_PRINTED
