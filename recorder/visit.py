"""What is recorded: from a person stepping in front until they leave (S-11, S-14, T-7). Decisions only, no device.

Somebody is there while the picture says so, or while the kiosk's session is open. Two ends are kept apart:

- the *visit* ends soon after nobody is there any more (`BOUNDARY_S`): two people in turn are two visits;
- the *recording* goes on for `absence_s` after that; who comes in the meantime begins a new visit without a gap.

A visit begins only within opening hours, and is recorded to its end whenever that is. Its pre-roll reaches back
`preroll_s`, but never to before the opening: outside the hours no picture is kept.

When the kiosk falls silent its session is *unknown*: what was open then is taken as open for `UNKNOWN_S`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, TypeAlias

BOUNDARY_S: Final = 2.0
"""So long may nobody be seen within one visit."""
UNKNOWN_S: Final = 600.0
"""A session that was open when the kiosk fell silent counts as open for so long; then the picture decides alone."""


class Session(Enum):
    """What the kiosk last said."""

    NONE = "none"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Begin:
    """A visit begins. since_s: keep what the memory holds from then on (pre-roll); boot time."""

    since_s: float


@dataclass(frozen=True, slots=True)
class End:
    """The visit is over: nobody was there after `at_s`. What follows is its tail."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The recording is over: nothing later than `at_s` is kept."""

    at_s: float


Action: TypeAlias = Begin | End | Stop


@dataclass(frozen=True, slots=True)
class VisitSettings:
    """Seconds, as the municipality's rule orders them."""

    preroll_s: float
    absence_s: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything the decision knows. Times are boot seconds."""

    settings: VisitSettings
    open_since_s: float | None = None
    """Since when people may begin; None outside the hours."""
    visiting: bool = False
    recording: bool = False
    there_s: float = 0.0
    """When somebody was last known to be there."""
    seen_s: float | None = field(default=None)
    """Since when the picture shows somebody without a break; None: it shows nobody."""
    session: Session = Session.NONE
    session_s: float = 0.0
    """When the session was last known to be open."""

    @property
    def occupied(self) -> bool:
        """Somebody is there now, as far as is known."""
        return self.seen_s is not None or self.session is not Session.NONE


def hours(watch: Watch, opened: bool, now_s: float) -> Watch:
    """The doors open or close."""
    if opened == (watch.open_since_s is not None):
        return watch
    return replace(watch, open_since_s=now_s if opened else None)


def look(watch: Watch, present: bool, at_s: float, since_s: float | None = None) -> tuple[Watch, tuple[Action, ...]]:
    """The picture of `at_s` shows somebody, or nobody. since_s: when exactly they came, if that was looked into.

    Two pictures in a row that show somebody are one stay, however far apart they are (keyframes: two seconds).
    """
    if not present:
        return tick(replace(watch, seen_s=None), at_s)
    came = watch.seen_s is None
    seen_s = min(at_s, since_s if since_s is not None else at_s) if watch.seen_s is None else watch.seen_s
    return _there(replace(watch, seen_s=seen_s), seen_s if came or not watch.visiting else watch.there_s, at_s)


def gone(watch: Watch, last_s: float, at_s: float) -> tuple[Watch, tuple[Action, ...]]:
    """The picture of `at_s` shows nobody, and the picture has shown nobody since `last_s`: found out only now."""
    if watch.visiting and watch.session is Session.NONE:
        watch = replace(watch, there_s=max(last_s, watch.session_s))
    return tick(replace(watch, seen_s=None), at_s)


def kiosk(watch: Watch, session: Session, now_s: float) -> tuple[Watch, tuple[Action, ...]]:
    """The kiosk says whether a session is open, or has said nothing for too long."""
    if session is Session.UNKNOWN and watch.session is Session.NONE:
        return tick(watch, now_s)
    if session is Session.OPEN:
        return _there(replace(watch, session=session, session_s=now_s), _since(watch, now_s), now_s)
    return tick(replace(watch, session=session), now_s)


def tick(watch: Watch, now_s: float) -> tuple[Watch, tuple[Action, ...]]:
    """Time passes."""
    if watch.session is Session.UNKNOWN and now_s - watch.session_s >= UNKNOWN_S:
        watch = replace(watch, session=Session.NONE)
    if watch.occupied:
        return _there(watch, _since(watch, now_s), now_s)
    actions: list[Action] = []
    if watch.visiting and now_s - watch.there_s >= BOUNDARY_S:
        watch = replace(watch, visiting=False)
        actions.append(End(watch.there_s))
    if watch.recording and not watch.visiting and now_s - watch.there_s >= watch.settings.absence_s:
        watch = replace(watch, recording=False)
        actions.append(Stop(watch.there_s + watch.settings.absence_s))
    return watch, tuple(actions)


def _since(watch: Watch, now_s: float) -> float:
    """Since when somebody is there of whom it is heard now: whoever was there when last looked at has not been away,
    though the next picture may be on its way still."""
    return watch.there_s if watch.visiting and watch.occupied else now_s


def _there(watch: Watch, from_s: float, now_s: float) -> tuple[Watch, tuple[Action, ...]]:
    """Somebody is there, since `from_s` if that is when a visit begins."""
    actions: list[Action] = []
    if watch.visiting and from_s - watch.there_s >= BOUNDARY_S and now_s - watch.there_s >= BOUNDARY_S:
        # Nobody looked in between: the gap is found out now.
        watch = replace(watch, visiting=False)
        actions.append(End(watch.there_s))
    if not watch.visiting:
        if watch.open_since_s is None:
            return watch, tuple(actions)
        since_s = max(watch.open_since_s, from_s - watch.settings.preroll_s)
        actions.append(Begin(since_s))
        watch = replace(watch, visiting=True, recording=True)
    return replace(watch, there_s=max(watch.there_s, now_s)), tuple(actions)
