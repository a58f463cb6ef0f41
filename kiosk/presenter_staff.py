"""The staff screens as views. Nothing of any resident can be in them: these states have none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from kiosk import view_model as v
from kiosk.catalogue import JST
from kiosk.events import KeyEntry, Part, RecorderFacts
from kiosk.moves_camera import STOPPED
from kiosk.moves_office import BESIDE
from kiosk.moves_staff import REASONS, tasks
from kiosk.session import Moment, Session, State

NOW_S: Final = 6.0
"""What a picture shows that is no older, is now: a camera sends a keyframe every other second or so."""

GONE_S: Final = 30.0
"""And what is older is not shown any more."""


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
        case State.STAFF_CAMERA:
            return _camera(session, now, replace(frame, back=True))
        case State.STAFF_RECORDER:
            return _recorder(session, replace(frame, back=True))
        case State.STAFF_KEYS:
            return _keys(session, replace(frame, back=True))
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


# ---- the camera ------------------------------------------------------------------------------------------


def _camera(session: Session, now: Moment, frame: v.Frame) -> v.View:
    seen = session.staff.office.seen
    if seen is None:
        return v.StaffCamera(frame, b"", None, tasks=BESIDE)
    age_s = seen.age_s + now.boot - session.staff.office.seen_at
    facts = seen.recorder
    view = v.StaffCamera(
        frame,
        b"",
        None,
        "" if seen.why == "busy" else seen.why,
        known=facts is not None,
        armed=facts is not None and facts.armed,
        recording=facts is not None and facts.recording,
        faults=_faults(facts),
        tasks=BESIDE,
    )
    if not seen.jpeg or seen.taken is None:
        return view
    if age_s > GONE_S:
        return replace(view, why="lost")
    old_s = int(age_s) if age_s > NOW_S else 0
    return replace(view, picture=seen.jpeg, taken=seen.taken.astimezone(JST), old_s=old_s)


def _recorder(session: Session, frame: v.Frame) -> v.View:
    seen = session.staff.office.seen
    facts = seen.recorder if seen is not None else None
    if facts is None:
        return v.StaffRecorder(frame, False, seen.why if seen is not None else "")
    return v.StaffRecorder(
        frame,
        True,
        armed=facts.armed,
        recording=facts.recording,
        faults=_faults(facts),
        footage_h=facts.footage_h,
        oldest_h=facts.oldest_h,
        outlook=facts.outlook,
    )


def _faults(facts: RecorderFacts | None) -> tuple[str, ...]:
    """Those with which nothing is recorded come first; a recorder that does not answer has said none."""
    if facts is None:
        return ()
    first = tuple(word for word in STOPPED if word in facts.faults)
    return (*first, *sorted(facts.faults.difference(first)))


def _keys(session: Session, frame: v.Frame) -> v.View:
    book = session.staff.office.keys
    if book is None:
        return v.StaffKeys(frame, "waiting")
    if book.why:
        return v.StaffKeys(frame, book.why)
    out = next((entry for entry in book.entries if not entry.alarm and entry.back is None), None)
    return v.StaffKeys(
        frame,
        "",
        book.place,
        out.holder if out else "",
        out.out.astimezone(JST) if out else None,
        # The one that was tampered with is looked for: it comes first.
        tuple(sorted((_line(entry, book.bad_row) for entry in book.entries), key=lambda line: line.bad is None)),
        book.rows,
        "" if book.bad_row is None else book.verdict,
    )


def _line(entry: KeyEntry, bad_row: int | None) -> v.KeyLine:
    def local(instant: datetime | None) -> datetime | None:
        return instant.astimezone(JST) if instant else None

    return v.KeyLine(
        entry.rows[0] if entry.rows else 0,
        entry.alarm,
        entry.out.astimezone(JST),
        local(entry.back),
        entry.holder,
        entry.purpose,
        entry.seen_by,
        tuple((first.astimezone(JST), local(last)) for first, last in entry.opened),
        bad_row if bad_row is not None and bad_row in entry.rows else None,
    )
