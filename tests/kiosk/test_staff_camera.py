"""What staff see of the camera: only signed in, only now, and gone as soon as they leave the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from kiosk import events as e
from kiosk import view_model as v
from kiosk.effects import LookAtCamera, ReadKeyBook
from kiosk.events import Post
from kiosk.moves_office import ANSWER_S
from kiosk.moves_staff import SIGNED_IN_S
from kiosk.presenter import present
from kiosk.presenter_staff import GONE_S, NOW_S
from kiosk.session import Staff, State

NAMES = (("m1", "課長 見本", Post.MANAGER), ("h1", "係員 見本", Post.HANDLER))
TAKEN = datetime(2026, 11, 24, 1, 24, 5, tzinfo=UTC)
JPEG = b"\xff\xd8 what the camera shows"
FACTS = e.RecorderFacts(True, False, frozenset({"clock", "lost", "covered"}), 571.0, 5123.0, "見込み")


@pytest.fixture
def staffed(world):
    world.session = replace(world.session, staff=Staff(names=NAMES, camera=True))
    return world.ready()


def signed_in(world, who: str = "h1"):
    world.see(e.ServiceKeyTurned(True), e.StaffChosen(who))
    world.see(*(e.DigitPressed(int(d)) for d in "194027"), e.PinConfirmed())
    order = world.pending.pop()
    name, post = next((name, post) for staff, name, post in NAMES if staff == who)
    return world.see(e.StaffSignedIn(order.order, who, name, post))


def looking(world, who: str = "h1"):
    return signed_in(world, who).see(e.TaskChosen("camera"))


def seen(world, jpeg: bytes = JPEG, **changes):
    """The answer to the last look."""
    answer = e.CameraSeen(world.ordered(LookAtCamera)[-1].look, jpeg, TAKEN, 0.5, "", FACTS)
    return world.see(replace(answer, **changes))


def view(world):
    return present(world.session, world.now)


def held(value: object) -> Iterator[object]:
    """Everything that a value holds, however deep."""
    yield value
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from held(getattr(value, one.name))
    elif isinstance(value, tuple | frozenset | list):
        for one in value:
            yield from held(one)


def keeps_a_picture(world) -> bool:
    return any(value == JPEG for value in held((world.session, view(world))))


@pytest.mark.parametrize("who", ["m1", "h1"])
def test_managers_and_handlers_see_what_the_camera_shows_now_and_that_is_on_record(staffed, who) -> None:
    signed_in(staffed, who)
    assert "camera" in view(staffed).tasks
    staffed.see(e.TaskChosen("camera"))
    assert [r.data for r in staffed.records("camera_viewed")] == [{"by": who}]
    assert staffed.ordered(LookAtCamera)[-1].picture
    assert (view(staffed).picture, view(staffed).why) == (b"", "")
    seen(staffed)
    shown = view(staffed)
    assert isinstance(shown, v.StaffCamera)
    assert (shown.picture, shown.old_s, shown.known, shown.armed) == (JPEG, 0, True, True)
    assert shown.taken.isoformat() == "2026-11-24T10:24:05+09:00"
    assert shown.faults == ("lost", "clock", "covered"), "what stops the recording comes first"
    assert keeps_a_picture(staffed)
    assert "what the camera shows" not in repr(staffed.session) + repr(shown)


def test_nobody_else_makes_it_look(staffed) -> None:
    staffed.see(e.TaskChosen("camera"), e.TaskChosen("keys"))
    staffed.see(e.ServiceKeyTurned(True), e.StaffChosen("h1"), e.TaskChosen("camera"), e.TaskChosen("keys")).after(5)
    assert not staffed.ordered(LookAtCamera) + staffed.ordered(ReadKeyBook)
    staffed.see(e.CameraSeen(1, JPEG, TAKEN), e.CameraSeen(0, JPEG, TAKEN))
    assert not keeps_a_picture(staffed)


def test_a_machine_without_a_camera_offers_none(staffed) -> None:
    staffed.session = replace(staffed.session, staff=replace(staffed.session.staff, camera=False))
    looking(staffed)
    assert staffed.state is State.STAFF_MENU
    assert "camera" not in view(staffed).tasks


LEAVING = {
    "back": lambda world: world.see(e.BackPressed()),
    "another page": lambda world: world.see(e.TaskChosen("keys")),
    "the recorder's page": lambda world: world.see(e.TaskChosen("recorder")),
    "the key": lambda world: world.see(e.ServiceKeyTurned(False)),
    "walking away": lambda world: world.after(SIGNED_IN_S),
    "signing off": lambda world: world.see(e.BackPressed(), e.TaskChosen("sign_off")),
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_whichever_way_they_leave_no_picture_is_kept_and_a_late_one_comes_to_nobody(staffed, leave) -> None:
    seen(looking(staffed))
    assert keeps_a_picture(staffed)
    staffed.after(1)
    late = e.CameraSeen(staffed.ordered(LookAtCamera)[-1].look, JPEG, TAKEN)
    leave(staffed)
    assert staffed.state is not State.STAFF_CAMERA
    assert not keeps_a_picture(staffed)
    staffed.see(late)
    assert not keeps_a_picture(staffed)
    assert not staffed.records("stray_answer")


def test_the_next_member_of_staff_does_not_see_what_the_one_before_saw(staffed) -> None:
    seen(looking(staffed, "m1"))
    staffed.after(SIGNED_IN_S)
    looking(staffed, "h1")
    assert (view(staffed).picture, view(staffed).known) == (b"", False)


def test_it_looks_again_each_second_but_never_before_the_answer(staffed) -> None:
    looking(staffed)
    for _ in range(5):
        staffed.after(0.9)
    assert len(staffed.ordered(LookAtCamera)) == 1
    seen(staffed).after(0.2)
    assert len(staffed.ordered(LookAtCamera)) == 2
    seen(staffed).after(0.2)
    assert len(staffed.ordered(LookAtCamera)) == 2


def test_a_recorder_that_does_not_answer_is_told_and_asked_again(staffed) -> None:
    seen(looking(staffed)).after(1)
    first = staffed.ordered(LookAtCamera)[-1]
    staffed.after(ANSWER_S)
    shown = view(staffed)
    assert (shown.why, shown.known, shown.picture) == ("silent", False, b"")
    assert staffed.ordered(LookAtCamera)[-1].look > first.look
    staffed.see(e.CameraSeen(first.look, JPEG, TAKEN, recorder=FACTS))
    assert view(staffed).picture == b"", "of a look that was given up"


def test_an_old_picture_says_that_it_is_old_and_a_very_old_one_is_not_shown(staffed) -> None:
    seen(looking(staffed))
    for _ in range(5):
        staffed.after(1.2)
        seen(staffed, b"", why="busy", taken=None)
    assert (view(staffed).picture, view(staffed).old_s) == (JPEG, 6)
    assert NOW_S == 6.0
    for _ in range(int(GONE_S / 1.2)):
        staffed.after(1.2)
        seen(staffed, b"", why="busy", taken=None)
    assert (view(staffed).picture, view(staffed).why) == (b"", "lost")


def test_a_camera_that_is_lost_shows_no_picture_of_before(staffed) -> None:
    seen(looking(staffed)).after(1.1)
    seen(staffed, b"", why="lost", taken=None)
    assert (view(staffed).picture, view(staffed).why) == (b"", "lost")
    assert not keeps_a_picture(staffed)


def test_what_the_recorder_tells_meanwhile_leaves_the_page_as_it_is(staffed) -> None:
    seen(looking(staffed))
    staffed.see(e.CameraTold(False, False, True, frozenset({"lost"})))
    assert staffed.state is State.STAFF_CAMERA
    assert keeps_a_picture(staffed)


def test_how_the_recorder_is_goes_without_a_picture(staffed) -> None:
    seen(looking(staffed)).see(e.TaskChosen("recorder"))
    assert not staffed.ordered(LookAtCamera)[-1].picture
    seen(staffed, b"")
    shown = view(staffed)
    assert isinstance(shown, v.StaffRecorder)
    assert (shown.footage_h, shown.oldest_h, shown.outlook, shown.armed) == (571.0, 5123.0, "見込み", True)
    staffed.see(e.BackPressed())
    assert staffed.state is State.STAFF_CAMERA
    assert len(staffed.records("camera_viewed")) == 1


def test_the_key_book_says_who_has_the_key_and_shows_the_entry_that_was_changed_first(staffed) -> None:
    looking(staffed).see(e.TaskChosen("keys"))
    assert view(staffed).why == "waiting"
    (order,) = staffed.ordered(ReadKeyBook)
    entries = (
        e.KeyEntry((9, 10), False, TAKEN, None, "佐賀 花子", "点検", opened=((TAKEN, None),)),
        e.KeyEntry((7, 8), True, TAKEN - timedelta(days=1), TAKEN),
        e.KeyEntry((3, 4, 5), False, TAKEN - timedelta(days=2), TAKEN, "鍋島 直子", "交換"),
    )
    staffed.see(e.KeyBookSeen(order.look, "", "金庫", entries, 0, 4, "4行目が…"))
    shown = view(staffed)
    assert isinstance(shown, v.StaffKeys)
    assert (shown.place, shown.holder, shown.verdict) == ("金庫", "佐賀 花子", "4行目が…")
    assert shown.since.isoformat() == "2026-11-24T10:24:05+09:00"
    assert [(line.row, line.bad) for line in shown.lines] == [(3, 4), (9, None), (7, None)]
    assert "花子" not in repr(shown) + repr(staffed.session)
    staffed.after(5)
    assert len(staffed.ordered(ReadKeyBook)) == 1, "read once"
    staffed.see(e.BackPressed())
    assert staffed.session.staff.office.keys is None


def test_a_key_book_that_cannot_be_read_is_no_empty_one(staffed) -> None:
    looking(staffed).see(e.TaskChosen("keys"))
    (order,) = staffed.ordered(ReadKeyBook)
    staffed.see(e.KeyBookSeen(order.look, "unreadable"))
    assert view(staffed).why == "unreadable"
    staffed.see(e.BackPressed(), e.TaskChosen("keys")).after(ANSWER_S)
    assert view(staffed).why == "silent"
