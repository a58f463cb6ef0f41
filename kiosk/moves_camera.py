"""The camera (S-11, S-12, S-23): what its recorder says is noted in every state; what the recorder may know of us.

Where the municipality requires the camera it is a part like the others: without it nobody can begin, and who has begun
is carried to the end (A8). Where it does not, a fault is the staff's business alone. Either way the sign says only what
the recorder has said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.events import CameraTold, DeviceFaulted, Part
from kiosk.moves import Result, stay
from kiosk.moves_service import note_fault
from kiosk.moves_settle import somebody_there
from kiosk.ports import MarkState
from kiosk.session import NOBODY, Moment, Session, State

STOPPED: Final = ("no_folder", "no_recorder", "silent", "lost", "disk", "full", "hung")
"""Words of the recorder and its link with which nothing is recorded, the one to name first being first. Its other words
(a lens that is covered, a case that was opened) are alarms: it records on."""

UNKNOWN: Final = "starting"
"""The recorder answers, and has neither a picture nor a fault yet."""


def broken(told: CameraTold) -> str:
    """Why nothing is recorded, as a catalogue word; empty while the camera works."""
    for word in STOPPED:
        if word in told.faults:
            return word
    return "" if told.required_ok else UNKNOWN


def note_camera(session: Session, event: CameraTold, now: Moment) -> Result:
    """Keep it. A fault is written down once, like that of any part."""
    session = replace(session, camera=event)
    reason = broken(event)
    if reason == UNKNOWN:
        # No fault, but like a part that has not answered yet.
        return stay(replace(session, service=session.service.without(Part.CAMERA)))
    if reason:
        return note_fault(session, DeviceFaulted(Part.CAMERA, reason), now)
    # Without `note_online`: this part's coming up says nothing about what lies on the machine.
    return stay(replace(session, service=session.service.with_online(Part.CAMERA)))


def mark(session: Session, now: Moment) -> MarkState:
    """Whether somebody is being served: from the first touch or the card until everything is erased."""
    if session.state is State.CLOSED:
        return "closed"
    if session.state is State.IDLE:
        chosen = session.touched > session.entered and now.boot - session.touched < session.idle_s
        return "session" if chosen else "idle"
    if session.state is State.STARTING:
        waits = any(somebody_there(session, tx, now) for tx in session.interrupted)
        return "session" if waits else "idle"
    if session.state in NOBODY or session.state is State.ENDED or not session.attended:
        return "idle"
    return "session"
