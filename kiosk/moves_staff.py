"""Staff before the machine: sign in by the key switch and a number, reopen a stopped line, book things left behind.

Only the key switch leads here, and only from rest: nobody is being served, and nothing of a resident is in this
process. With the key turned nobody can begin (A8). A sign-in ends by itself when nobody touches the screen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from kiosk import moves_office as office
from kiosk import moves_service as service
from kiosk.effects import CheckStaff, Record
from kiosk.events import (
    BackPressed,
    CameraSeen,
    CameraTold,
    CancelPressed,
    CardPresented,
    CardRemoved,
    DeviceFaulted,
    DeviceOnline,
    DigitPressed,
    FoundHandled,
    KeyBookSeen,
    NextPressed,
    PinConfirmed,
    PinCorrected,
    PlaceEmptied,
    PlaceOccupied,
    Post,
    ReasonChosen,
    ServiceKeyTurned,
    StaffChosen,
    StaffRefused,
    StaffSignedIn,
    TaskChosen,
    Tick,
    Touched,
)
from kiosk.moves import Move, Result, ask_in, go, stay
from kiosk.moves_camera import note_camera
from kiosk.session import Moment, Session, Staff, State

SIGNED_IN_S: Final = 120.0
"""A sign-in that nobody touches ends after this time."""

TYPING_S: Final = 30.0
"""A number half typed is forgotten after this time."""

CHECK_S: Final = 10.0
"""Longest time for the book to look at a number."""

REASONS: Final = ("paper_checked", "identity_clarified", "cash_counted", "device_repaired", "false_alarm")
"""Why a stopped line may be reopened; chosen, not typed, so that the ledger can be counted."""

BECAME: Final = ("handed_back", "at_counter", "nothing_there")


def note_key(session: Session, event: ServiceKeyTurned, _now: Moment) -> Result:
    """The key switch is remembered in every state; it means something at rest only."""
    return stay(replace(session, staff=replace(session.staff, key_on=event.on)))


def key_at_rest(session: Session, event: ServiceKeyTurned, now: Moment) -> Result:
    """Turned on at rest: the sign-in. Turned back: whoever was signed in is signed off, the machine goes to rest."""
    session, _ = note_key(session, event, now)
    if event.on:
        return go(fresh(session), State.STAFF_SIGN_IN, now)
    return leave(session, now)


def fresh(session: Session) -> Session:
    """Nobody chosen, nothing typed."""
    old = session.staff
    old.pin.wipe()
    return replace(session, staff=Staff(key_on=old.key_on, names=old.names, found=old.found, camera=old.camera))


def signed_off(session: Session) -> tuple[Session, tuple[Record, ...]]:
    who = session.staff.signed_in
    return fresh(session), (Record("staff_signed_off", {"staff": who}),) if who else ()


def leave(session: Session, now: Moment) -> Result:
    session, entries = signed_off(session)
    return service.rest(session, now, *entries)


# ---- signing in ------------------------------------------------------------------------------------------


def chosen(session: Session, event: StaffChosen, now: Moment) -> Result:
    """Whose number comes next; another person's digits are never carried over."""
    if event.staff and event.staff not in {staff for staff, _, _ in session.staff.names}:
        return stay(session)
    session.staff.pin.wipe()
    staff = replace(session.staff, chosen=event.staff, digits=0, refused=False)
    return stay(replace(session, staff=staff, touched=now.boot))


def digit(session: Session, event: DigitPressed, now: Moment) -> Result:
    if session.staff.chosen and not locked(session, now):
        session.staff.pin.push(event.digit)
    return typed(session, now)


def corrected(session: Session, _event: PinCorrected, now: Moment) -> Result:
    session.staff.pin.pop()
    return typed(session, now)


def typed(session: Session, now: Moment) -> Result:
    staff = replace(session.staff, digits=len(session.staff.pin), refused=False)
    return stay(replace(session, staff=staff, touched=now.boot))


def locked(session: Session, now: Moment) -> bool:
    return now.boot < session.staff.locked_until


def number_confirmed(session: Session, _event: PinConfirmed, now: Moment) -> Result:
    staff = session.staff
    if not staff.pin.complete or locked(session, now):
        return stay(replace(session, touched=now.boot))

    def order(number: int) -> CheckStaff:
        return CheckStaff(number, staff.chosen, staff.pin)

    return ask_in(session, State.STAFF_CHECKING, now, order, staff=replace(staff, digits=0))


def signed_in(session: Session, event: StaffSignedIn, now: Moment) -> Result:
    """The number was right. A key turned back meanwhile wins."""
    entry = Record("staff_signed_in", {"staff": event.staff, "post": event.post.value})
    staff = replace(fresh(session).staff, signed_in=event.staff, name=event.name, post=event.post)
    session = replace(session, staff=staff, awaiting=0)
    if not staff.key_on:
        session, entries = leave(session, now)
        return session, (entry, *entries)
    return go(session, State.STAFF_MENU, now, entry)


def refused(session: Session, event: StaffRefused, now: Moment) -> Result:
    entry = Record("staff_refused", {"staff": session.staff.chosen})
    session.staff.pin.wipe()
    staff = replace(session.staff, digits=0, refused=True, locked_until=now.boot + event.locked_s)
    session = replace(session, staff=staff, awaiting=0)
    if not staff.key_on:
        session, entries = leave(session, now)
        return session, (entry, *entries)
    return go(session, State.STAFF_SIGN_IN, now, entry)


def checking_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """A book that does not answer lets nobody in."""
    if now.boot - session.entered < CHECK_S:
        return stay(session)
    return refused(session, StaffRefused(session.awaiting), now)


def sign_in_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if not session.staff.key_on:
        return leave(session, now)
    if session.staff.chosen and not locked(session, now) and now.boot - session.touched > TYPING_S:
        return stay(replace(fresh(session), touched=now.boot))
    return stay(session)


# ---- signed in -------------------------------------------------------------------------------------------


def tasks(session: Session) -> tuple[str, ...]:
    """What this person can do now. Reopening a stopped line is the manager's (A7)."""
    can: tuple[str, ...] = ()
    if session.service.stopped and session.staff.post is Post.MANAGER:
        can = (*can, "reopen")
    if session.staff.found:
        can = (*can, "found")
    if session.staff.camera:
        can = (*can, "camera")
    return (*can, "sign_off")


def task_chosen(session: Session, event: TaskChosen, now: Moment) -> Result:
    if event.task not in tasks(session):
        return stay(session)
    match event.task:
        case "reopen":
            return go(session, State.STAFF_REOPENING, now, staff=replace(session.staff, reason=""))
        case "found":
            return go(session, State.STAFF_FOUND, now)
        case "camera":
            return office.enter(session, event.task, now)
        case _:
            session, entries = signed_off(session)
            return go(session, State.STAFF_SIGN_IN, now, *entries)


def menu_again(session: Session, _event: BackPressed | CancelPressed, now: Moment) -> Result:
    return go(office.forgotten(session), State.STAFF_MENU, now)


def reason_chosen(session: Session, event: ReasonChosen, now: Moment) -> Result:
    if event.reason not in REASONS:
        return stay(session)
    return stay(replace(session, staff=replace(session.staff, reason=event.reason), touched=now.boot))


def reopened(session: Session, _event: NextPressed, now: Moment) -> Result:
    """A named person with a reason, or not at all (A7); the journal takes the latch off in the same commit."""
    staff = session.staff
    if not staff.reason or not session.service.stopped:
        return stay(replace(session, touched=now.boot))
    entry = Record("line_reopened", {"by": staff.signed_in, "reason": staff.reason})
    session = replace(session, service=replace(session.service, stopped="", denials=0))
    return go(session, State.STAFF_MENU, now, entry, staff=replace(staff, reason=""))


def found_handled(session: Session, event: FoundHandled, now: Moment) -> Result:
    """What became of a thing left behind: a row of its own, the first entry stays as it is."""
    open_entries = {entry for entry, _, _ in session.staff.found}
    if event.entry not in open_entries or event.became not in BECAME:
        return stay(session)
    handled = Record("found_handled", {"entry": event.entry, "became": event.became, "by": session.staff.signed_in})
    left = tuple(each for each in session.staff.found if each[0] != event.entry)
    session = replace(session, staff=replace(session.staff, found=left), touched=now.boot)
    if not left:
        return go(session, State.STAFF_MENU, now, handled)
    return stay(session, handled)


def signed_in_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """The key turned back, or nobody there any more: signed off."""
    if not session.staff.key_on:
        return leave(session, now)
    if now.boot - session.touched < SIGNED_IN_S:
        return stay(session)
    session, entries = signed_off(session)
    return go(session, State.STAFF_SIGN_IN, now, *entries)


def noted_key(session: Session, event: ServiceKeyTurned, now: Moment) -> Result:
    """While a number is looked at: its answer decides, and looks at the key."""
    return note_key(session, event, now)


# ---- the camera ------------------------------------------------------------------------------------------


def beside_camera(session: Session, event: TaskChosen, now: Moment) -> Result:
    return office.enter(session, event.task, now) if event.task in office.BESIDE else stay(session)


def camera_again(session: Session, _event: BackPressed | CancelPressed, now: Moment) -> Result:
    return office.enter(session, "camera", now)


def looking_tick(session: Session, event: Tick, now: Moment) -> Result:
    """Signed off, or the next look."""
    after, effects = signed_in_tick(session, event, now)
    return office.look_again(after, now) if after.state is session.state else (after, effects)


# ---- the rows --------------------------------------------------------------------------------------------

_NOTED: Final[dict[type, Any]] = {
    # Parts and trays are only noted: the machine goes back to rest when staff have gone.
    DeviceOnline: service.note_online,
    DeviceFaulted: service.note_fault,
    PlaceOccupied: service.note_occupied,
    PlaceEmptied: service.note_emptied,
    CardPresented: service.note_card,
    CardRemoved: service.note_card_gone,
    CameraTold: note_camera,
    ServiceKeyTurned: key_at_rest,
}

ROWS: Final[dict[State, dict[type, Move]]] = {
    State.STAFF_SIGN_IN: {
        **_NOTED,
        StaffChosen: chosen,
        DigitPressed: digit,
        PinCorrected: corrected,
        PinConfirmed: number_confirmed,
        Tick: sign_in_tick,
    },
    State.STAFF_CHECKING: {
        **_NOTED,
        ServiceKeyTurned: noted_key,
        StaffSignedIn: signed_in,
        StaffRefused: refused,
        Tick: checking_tick,
    },
    State.STAFF_MENU: {**_NOTED, TaskChosen: task_chosen, Tick: signed_in_tick},
    State.STAFF_REOPENING: {
        **_NOTED,
        ReasonChosen: reason_chosen,
        NextPressed: reopened,
        BackPressed: menu_again,
        CancelPressed: menu_again,
        Tick: signed_in_tick,
    },
    State.STAFF_FOUND: {
        **_NOTED,
        FoundHandled: found_handled,
        BackPressed: menu_again,
        CancelPressed: menu_again,
        Tick: signed_in_tick,
    },
    State.STAFF_CAMERA: {
        **_NOTED,
        TaskChosen: beside_camera,
        CameraSeen: office.camera_seen,
        BackPressed: menu_again,
        CancelPressed: menu_again,
        Touched: service.noticed,
        Tick: looking_tick,
    },
    State.STAFF_RECORDER: {
        **_NOTED,
        CameraSeen: office.camera_seen,
        BackPressed: camera_again,
        CancelPressed: camera_again,
        Touched: service.noticed,
        Tick: looking_tick,
    },
    State.STAFF_KEYS: {
        **_NOTED,
        KeyBookSeen: office.keys_seen,
        BackPressed: camera_again,
        CancelPressed: camera_again,
        Touched: service.noticed,
        Tick: looking_tick,
    },
}
"""What the staff screens answer; everything else is as at rest."""
