"""How long it takes: measured on the way, remembered in the journal, told to whoever waits.

Nothing is claimed that this very machine has not shown lately: `Usual` comes from the newest entries of its journal
(`Journal.usual`), and is empty until there are enough of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kiosk.effects import Effect, PrintCopy
from kiosk.moves import Result, record
from kiosk.session import Moment, Pace, Session, State
from kiosk.view_model import Progress

SAMPLES: Final = 20
"""How many of the last like events count."""

FEWEST: Final = 3
"""With fewer nothing is claimed."""

SHORT_S: Final = 4.0
"""What usually takes less is over before it can be told how long it takes."""

STEP_PERCENT: Final = 5
MOST_PERCENT: Final = 95
STEP_S: Final = 10


def pace_of(took_s: Sequence[float]) -> Pace | None:
    """The usual time and the limit of the usual, from the last like events; None: too few, or too short to tell."""
    kept = sorted(took_s)
    if len(kept) < FEWEST:
        return None
    middle = len(kept) // 2
    median = kept[middle] if len(kept) % 2 else (kept[middle - 1] + kept[middle]) / 2
    if median < SHORT_S:
        return None
    ninetieth = kept[math.ceil(0.9 * len(kept)) - 1]
    return Pace(median, max(ninetieth, 1.5 * median))


def progress(session: Session, now: Moment) -> Progress | None:
    """How far download or printing is; None where it is not known, or nothing moves."""
    wish, usual = session.wish, session.usual
    if wish is None:
        return None
    if session.state is State.DOWNLOADING and (pace := usual.download(wish.copies)):
        return _progress(pace, now.boot - session.entered, 0, 1)
    if session.state is State.PRINTING and not session.waiting_for and usual.copy:
        done = min(len(session.outcomes), wish.copies - 1)
        return _progress(usual.copy, now.boot - session.copy_since, done, wish.copies)
    return None


def _progress(pace: Pace, since_s: float, done: int, parts: int) -> Progress:
    """`done` of `parts` equal parts are behind us, the present one began `since_s` ago.

    A part that takes longer than usual holds where it is: the bar never goes back and never stands full.
    """
    spent_s = (done * pace.usual_s) + min(max(0.0, since_s), pace.usual_s)
    whole_s = parts * pace.usual_s
    percent = min(MOST_PERCENT, math.floor(100 * spent_s / whole_s / STEP_PERCENT) * STEP_PERCENT)
    if since_s > pace.late_s:
        return Progress(percent, 0, late=True)
    return Progress(percent, max(STEP_S, math.ceil((whole_s - spent_s) / STEP_S) * STEP_S))


def measured(before: Session, session: Session, effects: tuple[Effect, ...], now: Moment) -> Result:
    """After every move: when what is measured began, and one entry for how long the certificate took.

    It goes into the commit that opens the slot (or, free of charge, orders the first copy), so it costs no other one.
    """
    if any(isinstance(effect, PrintCopy) for effect in effects):
        session = replace(session, copy_since=now.boot)
    if before.state is session.state:
        return session, effects
    if before.state is State.DOWNLOADING and session.state is State.CONFIRMING_IDENTITY:
        session = replace(session, download_ms=round(1000 * (now.boot - before.entered)))
    if before.state is State.PREPARING and session.state in {State.PAYING, State.PRINTING} and session.wish:
        took = record(session, "download_took", copies=session.wish.copies, ms=session.download_ms)
        effects = (*effects, took)
    return session, effects
