"""Progress that is honest: of this machine, never back, never full, and not at all where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.pace import pace_of
from kiosk.presenter import present
from kiosk.session import Pace, State, Usual

S = State
TEN, PRINT = Pace(10, 15), Pace(20, 30)


@pytest.fixture
def known(world):
    world.session = replace(world.session, usual=Usual(((1, TEN), (2, Pace(16, 24))), PRINT))
    return world


def shown(world) -> v.Progress | None:
    view = present(world.session, world.now)
    assert isinstance(view, v.Wait | v.Printing)
    return view.progress


def downloading(world, copies: int = 1):
    world.to_confirm(copies).see(e.NextPressed())
    assert world.state is S.DOWNLOADING
    return world


def printing(world, copies: int = 1):
    return world.to_paying(copies).coin(500).coin(100).until(S.PRINTING)


# ---- the numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("took_s", "pace"),
    [
        ((), None),
        ((9, 9), None),
        ((9, 30, 10), Pace(10, 30)),
        ((8, 9, 11, 12), Pace(10, 15)),
        ((3, 3, 90), None),
        ((*[10] * 18, 400, 500), Pace(10, 15)),
        ((*[10] * 17, 40, 40, 40), Pace(10, 40)),
    ],
)
def test_the_middle_is_usual_and_the_last_tenth_is_late(took_s, pace: Pace | None) -> None:
    assert pace_of(took_s) == pace


def test_a_download_goes_by_fives_counts_in_tens_and_is_never_full(known) -> None:
    downloading(known)
    seen = [shown(known)]
    for _ in range(74):
        seen.append(shown(known.after(0.2)))
    percents = [each.percent for each in seen if each]
    assert percents == sorted(percents), "never back"
    assert (percents[0], percents[-1]) == (0, 95)
    assert all(percent % 5 == 0 for percent in percents)
    assert {each.left_s for each in seen if each} == {10}
    assert len(set(seen)) <= 21, "each other view is drawn"
    assert not any(each.late for each in seen if each)


def test_longer_than_usual_is_admitted_and_nothing_more_is_promised(known) -> None:
    downloading(known).after(14.9)
    assert shown(known) == v.Progress(95, 10)
    said = len(known.said())
    known.after(0.2).after(5)
    assert shown(known) == v.Progress(95, 0, late=True)
    assert known.said()[said:] == ["wait_longer"]


def test_each_number_of_copies_has_its_own_time(known) -> None:
    assert shown(downloading(known, 2)) == v.Progress(0, 20)
    assert shown(known.after(8.1)) == v.Progress(50, 10)
    other = downloading(type(known)(replace(known.session, state=S.STARTING, usual=Usual(((1, TEN),)))), 3)
    assert shown(other.after(5)) is None


def test_printing_counts_all_copies_together(known) -> None:
    printing(known, 2)
    assert shown(known) == v.Progress(0, 40)
    assert shown(known.after(10.1)) == v.Progress(25, 30)
    known.after(15)
    assert shown(known) == v.Progress(50, 20), "the first may take longer, the second has not begun"
    known.answer()
    assert shown(known) == v.Progress(50, 20)
    assert shown(known.after(10.1)) == v.Progress(75, 10)
    known.after(15)
    assert shown(known) == v.Progress(95, 10)
    assert shown(known.after(6)) == v.Progress(95, 0, late=True)


def test_a_late_first_copy_stays_where_it_is_and_the_next_one_counts_anew(known) -> None:
    printing(known, 2).after(31)
    assert shown(known) == v.Progress(50, 0, late=True)
    known.answer()
    assert shown(known) == v.Progress(50, 20)


def test_a_quick_first_copy_is_a_step_ahead(known) -> None:
    printing(known, 2).after(4).answer()
    assert shown(known) == v.Progress(50, 20)


def test_while_the_printer_waits_nothing_is_promised(known) -> None:
    printing(known).see(e.PrintProgressed(known.session.awaiting, 0, ("media-empty-error",)))
    assert shown(known.after(40)) is None
    assert "wait_longer" not in known.said()


@pytest.mark.parametrize("road", [downloading, printing])
def test_a_new_machine_claims_nothing(world, road) -> None:
    road(world)
    for _ in range(10):
        assert shown(world.after(5)) is None
    assert "wait_longer" not in world.said()


# ---- the measure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fee_yen", [300, 0])
def test_how_long_the_certificate_took_is_written_with_the_first_entry_that_follows(world, fee_yen: int) -> None:
    world.to_confirm(2)
    if not fee_yen:
        world.session = replace(world.session, quote=replace(world.session.quote, fee_yen=0))
    world.see(e.NextPressed()).after(7.25).answers()
    assert world.state is S.CONFIRMING_IDENTITY
    assert not world.records("download_took"), "a commit of its own would keep the person waiting"
    steps: list[set[str]] = []
    world.watch = lambda *step: steps.append({order.kind for order in step[3] if isinstance(order, f.Record)})
    world.after(20).see(e.IdentityConfirmed()).answers()
    assert [{"cash_in_started", "download_took"} <= step for step in steps if "download_took" in step] == [True]
    (took,) = world.records("download_took")
    assert dict(took.data) == {"tx": world.session.tx, "copies": 2, "ms": 7250}
