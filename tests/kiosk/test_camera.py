"""The camera's part: its sign, who may begin without it, what its recorder is told of us."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk import effects as f
from kiosk import events as e
from kiosk import view_model as v
from kiosk.loop import Devices, Inbox, Loop
from kiosk.money import Tally
from kiosk.moves_camera import mark
from kiosk.presenter import present
from kiosk.session import HOLDS_PERSONAL_DATA, Interrupted, State

S = State
JST = ZoneInfo("Asia/Tokyo")
WELL = e.CameraTold(True, False, True, frozenset())
LOST = e.CameraTold(False, False, False, frozenset({"lost"}))
SILENT = e.CameraTold(False, False, False, frozenset({"silent"}))
COMING_UP = e.CameraTold(False, False, False, frozenset())


def view(world) -> Any:
    return present(world.session, world.now)


@pytest.fixture
def filmed(world):
    """A machine whose municipality requires the camera; nothing has been heard of it yet."""
    rules = world.session.rules
    world.session = replace(world.session, rules=replace(rules, required=rules.required | {e.Part.CAMERA}))
    return world


def all_but_the_camera(world):
    world.begin().answers()
    world.see(*(e.DeviceOnline(part) for part in world.session.rules.required if part is not e.Part.CAMERA))
    return world.see(e.CardRemoved(), *(e.PlaceEmptied(place) for place in e.Place)).after(1)


# ---- the sign --------------------------------------------------------------------------------------------


def test_the_sign_is_lit_only_while_the_recorder_says_so(world) -> None:
    world.ready()
    assert not view(world).camera_on, "nothing heard"
    world.see(WELL)
    assert view(world).camera_on
    world.see(e.CameraTold(False, False, True, frozenset()))
    assert not view(world).camera_on
    world.see(WELL, SILENT)
    assert not view(world).camera_on


# ---- where it is required --------------------------------------------------------------------------------


def test_nobody_begins_before_the_recorder_has_been_heard_and_nobody_sees_more_than_the_still_picture(filmed) -> None:
    all_but_the_camera(filmed)
    assert isinstance(view(filmed), v.Still)
    filmed.see(e.CardPresented(), e.CardRemoved())
    assert filmed.session.tx == ""
    filmed.see(WELL)
    assert filmed.state is S.IDLE
    assert view(filmed).camera_on
    filmed.lay()
    assert filmed.session.tx


def test_a_recorder_that_is_silent_from_the_start_is_named_and_nobody_begins(filmed) -> None:
    all_but_the_camera(filmed).see(SILENT)
    assert view(filmed).reason == "camera"
    filmed.see(e.CardPresented(), e.CardRemoved(), e.Tick())
    assert filmed.session.tx == ""
    assert [record.data for record in filmed.records("fault")] == [{"part": "camera", "reason": "silent"}]


def test_a_recorder_that_is_coming_up_is_waited_for_behind_the_picture(filmed) -> None:
    all_but_the_camera(filmed).see(COMING_UP)
    assert isinstance(view(filmed), v.Still)
    assert not filmed.records("fault")
    filmed.after(9)
    assert view(filmed).reason == "camera", "but not for ever"
    filmed.see(WELL).after(0.2)
    assert filmed.state is S.IDLE


def test_a_camera_that_is_lost_closes_the_machine_until_it_is_back(filmed) -> None:
    all_but_the_camera(filmed).see(WELL)
    assert filmed.state is S.IDLE
    filmed.see(LOST)
    assert (filmed.state, view(filmed).reason) == (S.OUT_OF_SERVICE, "camera")
    filmed.see(e.CardPresented(), e.CardRemoved())
    assert filmed.session.tx == ""
    filmed.see(LOST, WELL).after(0.2)
    assert filmed.state is S.IDLE
    assert len(filmed.records("fault")) == 1


def test_an_alarm_of_a_recorder_that_records_on_closes_nothing(filmed) -> None:
    covered = replace(WELL, faults=frozenset({"covered", "case_opened", "conflict_30"}))
    all_but_the_camera(filmed).see(covered)
    assert filmed.state is S.IDLE
    assert view(filmed).camera_on
    assert not filmed.records("fault")


@pytest.mark.parametrize("word", ["lost", "disk", "full", "hung", "silent"])
def test_who_has_begun_is_carried_to_a_good_end_without_the_camera(filmed, word) -> None:
    all_but_the_camera(filmed).see(WELL).lay()
    filmed.see(e.CameraTold(False, False, False, frozenset({word})))
    filmed.pin().answers().take_card().see(e.CertificateChosen("seal"), e.CopiesChanged(1), e.NextPressed())
    filmed.see(e.NextPressed()).answers().see(e.IdentityConfirmed()).answers()
    assert filmed.state is S.PAYING
    filmed.see(COMING_UP, SILENT).coin(100).coin(100).coin(100).coin(100).answers()
    filmed.take_all()
    assert filmed.state is S.ENDED
    assert filmed.records("session_ended")[0].data["outcome"] == "completed"
    assert filmed.session.tally.charged == filmed.session.price_yen


def test_what_the_recorder_says_does_not_drive_staff_from_their_screen(filmed) -> None:
    all_but_the_camera(filmed).see(WELL, e.ServiceKeyTurned(True))
    menu = replace(filmed.session.staff, signed_in="s1", post=e.Post.MANAGER)
    filmed.session = replace(filmed.session, state=S.STAFF_MENU, staff=menu)
    filmed.see(LOST)
    assert filmed.state is S.STAFF_MENU
    assert ("camera", "lost") in view(filmed).parts


# ---- where it is not -------------------------------------------------------------------------------------


def test_where_it_is_not_required_its_fault_is_the_staffs_business_alone(world) -> None:
    world.ready().see(WELL).see(replace(LOST, required_ok=True), replace(LOST, required_ok=True), SILENT)
    assert world.state is S.IDLE
    assert not view(world).camera_on
    assert dict(world.session.service.reasons)[e.Part.CAMERA] == "silent"
    assert [record.data["reason"] for record in world.records("fault")] == ["lost", "silent"]
    world.lay()
    assert world.session.tx


# ---- what the recorder is told ---------------------------------------------------------------------------


def marks(world) -> list[str]:
    """Every mark from now on, changes only."""
    told = [mark(world.session, world.now)]

    def watch(_before, _event, session, _orders) -> None:
        state = mark(session, world.now)
        if state != told[-1]:
            told.append(state)

    world.watch = watch
    return told


def test_a_session_is_marked_from_the_card_until_everything_is_erased(world) -> None:
    told = marks(world.ready())
    world.lay()
    assert told == ["idle", "session"]
    world.pin().answers().take_card().see(e.CertificateChosen("seal"), e.NextPressed(), e.NextPressed()).answers()
    world.see(e.IdentityConfirmed()).answers().coin(500).answers().take_all()
    assert HOLDS_PERSONAL_DATA > set(world.states) & HOLDS_PERSONAL_DATA != set()
    assert world.state is S.ENDED
    assert told == ["idle", "session", "idle"]


def test_it_is_marked_until_the_erase_is_over_when_somebody_gives_up(world) -> None:
    told = marks(world.to_confirm())
    world.see(e.CancelPressed(), e.NextPressed())
    assert world.state is S.ERASING
    assert told == ["session"]
    world.answers()
    assert told == ["session", "idle"]


@pytest.mark.parametrize("touch", [e.Touched(), e.LanguageChosen("en"), e.EaseChosen("large", True)])
def test_the_first_touch_is_somebody_and_who_goes_without_beginning_is_nobody(world, touch) -> None:
    told = marks(world.ready())
    world.after(0.2).see(touch)
    assert told == ["idle", "session"]
    world.after(world.session.idle_s - 1)
    assert told == ["idle", "session"]
    world.after(1.1)
    assert told == ["idle", "session", "idle"]


def test_a_session_that_outlasts_closing_time_stays_a_session(world) -> None:
    told = marks(world.ready().lay())
    world.pin().answers().take_card()
    closes = world.session.rules.opening(world.utc).closes_at
    world.utc = closes - timedelta(seconds=1)
    world.after(2).see(e.MoreTimePressed(), e.CertificateChosen("seal")).after(5)
    assert not world.session.rules.opening(world.utc).open
    assert told == ["session"]
    world.see(e.CancelPressed(), e.NextPressed()).answers()
    assert told == ["session", "idle"]


def test_outside_the_hours_it_is_closed(world) -> None:
    world.utc = datetime(2026, 11, 24, 22, 0, tzinfo=JST)
    world.ready()
    assert mark(world.session, world.now) == "closed"
    world.see(e.Touched())
    assert mark(world.session, world.now) == "closed"


def interrupted(world, dark_s: float) -> Interrupted:
    return Interrupted("t1", 300, Tally(inserted=500), (), None, world.utc - timedelta(seconds=dark_s))


def test_who_waits_out_a_short_power_cut_is_still_in_a_session(world) -> None:
    world.session = replace(world.session, interrupted=(interrupted(world, 5),))
    assert mark(world.session, world.now) == "session"
    told = marks(world)
    world.begin().answers()
    assert world.state is S.RECOVERING
    assert told == ["session"]
    world.up().answers().after(1)
    assert world.state is S.IDLE
    assert told == ["session", "idle"]


def test_after_a_long_one_nobody_is_assumed_to_stand_there(world) -> None:
    world.session = replace(world.session, interrupted=(interrupted(world, 7200),))
    told = marks(world)
    world.begin().answers().up().answers().after(1)
    assert told == ["idle"]


# ---- composition -----------------------------------------------------------------------------------------


class Recorded:
    """Stands for every port; keeps the marks."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *order: self.log.append(name)

    def mark(self, state: str) -> None:
        self.log.append(f"mark:{state}")

    def poll(self) -> tuple[()]:
        return ()

    def found(self) -> tuple[()]:
        return ()


def test_the_loop_marks_before_anything_else_and_then_each_change_once(world) -> None:
    everything, inbox = Recorded(), Inbox()
    clock = SimpleNamespace(now=lambda: world.utc, boot=lambda: world.boot, acknowledge=lambda: None)
    devices = Devices(*[everything] * 7, camera=everything)  # type: ignore[arg-type]
    loop = Loop(world.session, devices, everything, clock, inbox, lambda: None)  # type: ignore[arg-type]
    loop.patience_s = lambda: loop._carry_out((f.EndProcess(),), loop._now()) or 0.0  # type: ignore[method-assign]
    loop.run()
    assert everything.log.index("mark:idle") < everything.log.index("wipe")
    loop.session = world.ready().session
    for event in (e.Tick(), e.CardPresented(), e.Tick()):
        loop.take(event, world.now)
    assert [entry for entry in everything.log if entry.startswith("mark:")] == ["mark:idle", "mark:session"]
