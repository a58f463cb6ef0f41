"""The staff screens as views. Nothing of any resident can be in them: these states have none."""

from __future__ import annotations

from dataclasses import replace

from kiosk import view_model as v
from kiosk.catalogue import JST
from kiosk.events import Part
from kiosk.moves_staff import REASONS, tasks
from kiosk.session import Moment, Session, State


def present_staff(session: Session, now: Moment, frame: v.Frame) -> v.View:
    """One view for a state of STAFF. Staff screens are the same for all, whatever was chosen on the first screen."""
    staff = session.staff
    words = session.rules.names("ja")
    frame = v.Frame("ja", words.city_name, words.machine_title, frame.moment)
    match session.state:
        case State.STAFF_MENU:
            post = staff.post.value if staff.post else ""
            stopped = session.service.stopped
            return v.StaffMenu(frame, staff.name, post, tasks(session), stopped, _parts(session), len(staff.found))
        case State.STAFF_REOPENING:
            return v.StaffReopen(replace(frame, back=True), session.service.stopped, REASONS, staff.reason)
        case State.STAFF_FOUND:
            entries = tuple(v.FoundEntry(entry, what, at.astimezone(JST)) for entry, what, at in staff.found)
            return v.StaffFound(replace(frame, back=True), entries)
        case _:
            names = tuple(v.StaffName(member, name, post.value) for member, name, post in staff.names)
            locked_s = max(0, int(staff.locked_until - now.boot + 0.999))
            return v.StaffSignIn(
                frame, names, staff.chosen, staff.digits, staff.refused, locked_s, nobody=not staff.names
            )


def _parts(session: Session) -> tuple[tuple[str, str], ...]:
    """Every part that is required or has said something, with what is wrong with it."""
    reasons = dict(session.service.reasons)
    shown = [part for part in Part if part in session.rules.required or part in session.service.online | set(reasons)]
    return tuple(
        (part.value, "" if part in session.service.online else reasons.get(part, "starting")) for part in shown
    )
