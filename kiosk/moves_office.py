"""The camera as staff see it once they are signed in: what it shows now, how its recorder is, who used its key (S-17).

A look is repeated each second while the page stands. An answer counts only if it is that of the look under way, so
that no picture comes to a page, or a person, it was not asked for; and it goes with the page. Nothing here is recorded
but that somebody looked, and nothing of the past is shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.desk import Office
from kiosk.effects import Effect, LookAtCamera, ReadKeyBook, Record
from kiosk.events import CameraSeen, KeyBookSeen
from kiosk.moves import Result, go, stay
from kiosk.session import Moment, Session, State

EVERY_S: Final = 1.0
"""From look to look; the key book, which is checked row by row each time, is read once for a page."""

ANSWER_S: Final = 8.0
"""A look that nobody has answered for so long is over."""

PAGES: Final = {"camera": State.STAFF_CAMERA, "recorder": State.STAFF_RECORDER, "keys": State.STAFF_KEYS}
"""Page of each task."""

BESIDE: Final = ("recorder", "keys")
"""What can be chosen on the camera's page."""


def enter(session: Session, task: str, now: Moment) -> Result:
    """The page of a task, and its first look. That somebody has the camera shown is an entry of the journal."""
    office, page = session.staff.office, PAGES[task]
    seen = replace(office.seen, jpeg=b"", why="") if office.seen else None
    entries = (Record("camera_viewed", {"by": session.staff.signed_in}),) if session.state is State.STAFF_MENU else ()
    session, effects = go(session, page, now, *entries, staff=replace(session.staff, office=Office(seen=seen)))
    session, order = _look(session, now)
    return session, (*effects, order)


def forgotten(session: Session) -> Session:
    """Nothing that was seen is kept, and what is still on its way comes to nobody."""
    return replace(session, staff=replace(session.staff, office=Office()))


def look_again(session: Session, now: Moment) -> Result:
    """Time goes on: the next look, if it is due."""
    office = session.staff.office
    since_s = now.boot - office.asked
    if office.look and since_s >= ANSWER_S:
        session, _ = _silent(session)
        office = session.staff.office
    if office.look or since_s < EVERY_S or (session.state is State.STAFF_KEYS and office.keys):
        return stay(session)
    session, order = _look(session, now)
    return stay(session, order)


def camera_seen(session: Session, event: CameraSeen, now: Moment) -> Result:
    office = session.staff.office
    if event.look != office.look:
        return stay(session)
    seen, seen_at = event, now.boot
    if event.why == "busy" and office.seen is not None:
        # Somebody else looks as well: the picture of a moment ago is still what it was, and as old as it was.
        before = office.seen
        seen, seen_at = replace(before, recorder=event.recorder), office.seen_at
    return stay(_answered(session, replace(office, seen=seen, seen_at=seen_at)))


def keys_seen(session: Session, event: KeyBookSeen, _now: Moment) -> Result:
    if event.look != session.staff.office.look:
        return stay(session)
    return stay(_answered(session, replace(session.staff.office, keys=event)))


def _answered(session: Session, office: Office) -> Session:
    return replace(session, staff=replace(session.staff, office=replace(office, look=0)))


def _silent(session: Session) -> Result:
    """As if the recorder had answered that it does not answer."""
    office = session.staff.office
    if session.state is State.STAFF_KEYS:
        return stay(_answered(session, replace(office, keys=KeyBookSeen(office.look, "silent"))))
    return stay(_answered(session, replace(office, seen=CameraSeen(office.look, why="silent"))))


def _look(session: Session, now: Moment) -> tuple[Session, Effect]:
    """Numbered like an order, but not awaited: what waits for an order does not wait for this."""
    number = session.order + 1
    office = replace(session.staff.office, look=number, asked=now.boot)
    session = replace(session, order=number, staff=replace(session.staff, office=office))
    if session.state is State.STAFF_KEYS:
        return session, ReadKeyBook(number)
    return session, LookAtCamera(number, picture=session.state is State.STAFF_CAMERA)
