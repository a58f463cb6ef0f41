"""From looks to people: when somebody came and left, exact to one picture, though only keyframes are looked at.

The camera's process makes a look of every keyframe, one in two seconds. Where presence has changed since the keyframe
before, the group between them is looked into (`Capture.look_into`), and the change is dated by its pictures:

- somebody who touches the zone for less than `ARM_S` is no visit;
- a keyframe that shows somebody who came less than `ARM_S` ago waits for the next one: the pre-roll keeps the pictures;
- between two keyframes that show nobody, the group is looked into if the stream has spent more on it than usual;
- what somebody left behind is found out seconds later: the pictures of when they left are kept until then, and judged
  again with the thing in the reference;
- while the empty place is not known yet, every group is looked into.

Pure: looks in, steps out. The caller asks the camera for `Into`, and hands `There` and `Nobody` to `follow`. Both are
told of the time of the picture, not of now: the visit's clock is the pictures', and as long as they come nothing else
should tick it (`known_s`), because what has not been looked at yet may show somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from drivers.camera import Look
from recorder import visit
from recorder.presence import Detector, Seen

ARM_S: Final = 0.5
BRIDGE_S: Final = 0.45
"""Shorter gaps between pictures that show somebody are none."""
SAME_NS: Final = 500_000_000
"""Closer to each other than two keyframes can be."""
BEHIND_S: Final = 8.0
"""So far back may lie what a step tells: the pre-roll must hold that much more than its rule says."""
MOST_UNSURE: Final = 80
"""So many of the newest pictures are kept until the empty place is known."""
MOST_WAITING: Final = 2
"""So many keyframes later the camera's process has not answered: the change is dated by keyframes alone."""


@dataclass(frozen=True, slots=True)
class Into:
    """Ask the camera for every picture of the group of that time and of the one before: `Capture.look_into`."""

    boot_ns: int


@dataclass(frozen=True, slots=True)
class There:
    """The picture of `at_s` shows somebody; since_s: when they came, if that has just been found out. Boot seconds."""

    at_s: float
    since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Nobody:
    """The picture of `at_s` shows nobody; last_s: when they left, if that has just been found out. Boot seconds."""

    at_s: float
    last_s: float | None = None


Step: TypeAlias = Into | There | Nobody


def follow(watch: visit.Watch, step: There | Nobody) -> tuple[visit.Watch, tuple[visit.Action, ...]]:
    """What a step means for what is recorded."""
    if isinstance(step, There):
        return visit.look(watch, True, step.at_s, step.since_s)
    if step.last_s is None:
        return visit.look(watch, False, step.at_s)
    return visit.gone(watch, step.last_s, step.at_s)


class _Asked(Enum):
    NOTHING = auto()
    CAME = auto()
    BETWEEN = auto()
    """Somebody may have come and gone."""
    LEFT = auto()
    SHRANK = auto()
    """They may have left a thing: the pictures are only kept."""
    PLACE = auto()
    """What the empty place looks like."""


class Sighting:
    """One for a camera's life. Times of the looks are boot time, in order, group pictures marked as no keyframes."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._there = False
        self._came_ns: int | None = None
        """Somebody has been seen since then, too short yet to be a visit."""
        self._asked = _Asked.NOTHING
        self._asked_look: Look | None = None
        self._waiting: list[Look] = []
        self._pictures: list[Look] = []
        self._shrank: list[Look] = []
        self._unsure: list[Look] = []
        self._fed_ns = -1
        self._first_ns: int | None = None
        self._newest_ns: int | None = None
        self._before_ns: int | None = None
        """Of the newest keyframe that was judged, and of the one before."""
        self._known_ns: int | None = None
        self.seen: Seen | None = None

    @property
    def there(self) -> bool:
        """Whether somebody is there, as far as has been looked."""
        return self._there

    @property
    def closely(self) -> bool:
        """Whether somebody is there or may be, or the place is not known: every keyframe may count. That a group has
        cost more is not enough: where others walk about behind, most do."""
        asked = self._asked not in (_Asked.NOTHING, _Asked.BETWEEN)
        return self._there or self._came_ns is not None or asked or not self._detector.ready

    @property
    def known_s(self) -> float | None:
        """Until when it is known who was there; None before the first picture."""
        return None if self._known_ns is None else self._known_ns / 1e9

    def look(self, look: Look) -> tuple[Step, ...]:
        """A look from the camera: of a keyframe on the way, or of a group that was asked for."""
        if not look.keyframe:
            self._pictures.append(look)
            return ()
        self._waiting.append(look)
        if self._asked is _Asked.NOTHING:
            return self._go_on()
        return self._answered() if len(self._waiting) > MOST_WAITING else ()

    def relearn(self) -> None:
        """The camera looks elsewhere now, and is meant to."""
        self._detector.relearn()

    def looked_into(self, boot_ns: int) -> tuple[Step, ...]:
        """Every picture that was asked for has come (`capture.LookedInto`). An answer that is too late is none."""
        if self._asked_look is None or abs(boot_ns - self._asked_look.boot_ns) > SAME_NS:
            return ()
        return self._answered()

    def lost(self, boot_ns: int) -> tuple[Step, ...]:
        """The camera gives no pictures any more: nobody can be said to be there after that."""
        self._asked, self._asked_look = _Asked.NOTHING, None
        self._waiting, self._pictures, self._shrank, self._unsure = [], [], [], []
        came_ns, self._came_ns = self._came_ns, None
        was_there, self._there = self._there, False
        self._newest_ns = self._first_ns = None
        steps: tuple[Step, ...] = () if came_ns is None else (There(boot_ns / 1e9, came_ns / 1e9),)
        if was_there or came_ns is not None:
            steps += (Nobody(boot_ns / 1e9, boot_ns / 1e9),)
        return steps

    # ---- inside ------------------------------------------------------------------------------------------

    def _answered(self) -> tuple[Step, ...]:
        asked, at = self._asked, self._asked_look
        pictures = sorted({look.boot_ns: look for look in self._pictures}.values(), key=lambda look: look.boot_ns)
        if asked in (_Asked.CAME, _Asked.BETWEEN) and self._before_ns is not None:
            # Nobody was there then: whoever is shown before that has been told of already.
            pictures = [look for look in pictures if look.boot_ns >= self._before_ns]
        self._pictures, self._asked, self._asked_look = [], _Asked.NOTHING, None
        if at is None:
            return ()
        match asked:
            case _Asked.CAME:
                steps = self._date_coming(at, pictures)
            case _Asked.BETWEEN:
                steps = self._date_between(at, pictures)
            case _Asked.LEFT:
                steps = self._date_leaving(at, pictures)
            case _Asked.PLACE:
                steps = self._learn_place(pictures or [at])
            case _:
                self._shrank, steps = pictures, ()
        return steps + self._go_on()

    def _go_on(self) -> tuple[Step, ...]:
        """The keyframes that came while the camera was asked."""
        steps: tuple[Step, ...] = ()
        while self._waiting and self._asked is _Asked.NOTHING:
            steps += self._keyframe(self._waiting.pop(0))
        return steps

    def _keyframe(self, look: Look) -> tuple[Step, ...]:
        if self._first_ns is None:
            self._first_ns = look.boot_ns
        if not self._detector.ready_for(look):
            return self._ask(_Asked.PLACE, look)
        self._before_ns, self._newest_ns = self._newest_ns, look.boot_ns
        seen = self.seen = self._detector.see(look)
        return self._judge(look, seen)

    def _judge(self, look: Look, seen: Seen) -> tuple[Step, ...]:
        at_s = look.boot_ns / 1e9
        if seen.changed_view:
            return self._was_a_thing(look, seen)
        if not seen.small:
            self._shrank = []
        if self._there and seen.present:
            self._known_ns = look.boot_ns
            there = There(at_s)
            return (there, *self._ask(_Asked.SHRANK, look)) if seen.small and not self._shrank else (there,)
        if self._there:
            return self._ask(_Asked.LEFT, look)
        if self._came_ns is not None:
            if seen.present:
                return self._arrived(look.boot_ns, self._came_ns)
            return self._ask(_Asked.LEFT, look)
        if seen.present:
            return self._ask(_Asked.CAME, look)
        if look.stirred:
            return self._ask(_Asked.BETWEEN, look)
        self._known_ns = look.boot_ns
        return (Nobody(at_s),)

    def _ask(self, what: _Asked, look: Look) -> tuple[Step, ...]:
        self._asked, self._asked_look, self._pictures = what, look, []
        return (Into(look.boot_ns),)

    def _arrived(self, at_ns: int, since_ns: int) -> tuple[Step, ...]:
        self._there, self._came_ns, self._known_ns = True, None, at_ns
        return (There(at_ns / 1e9, since_ns / 1e9),)

    def _left(self, at_ns: int, last_ns: int) -> tuple[Step, ...]:
        self._there, self._came_ns, self._known_ns, self._shrank = False, None, at_ns, []
        return (Nobody(at_ns / 1e9, last_ns / 1e9),)

    def _date_coming(self, at: Look, pictures: Sequence[Look]) -> tuple[Step, ...]:
        if not pictures:
            return self._arrived(at.boot_ns, at.boot_ns if self._before_ns is None else self._before_ns)
        runs = self._runs(pictures)
        long = [run for run in runs if run[1] - run[0] >= ARM_S * 1e9]
        last_ns = pictures[-1].boot_ns
        if long:
            return self._arrived(max(at.boot_ns, long[-1][0]), long[0][0])
        recent = [run for run in runs if run[1] >= last_ns]
        self._came_ns = recent[-1][0] if recent else at.boot_ns
        return ()

    def _date_between(self, at: Look, pictures: Sequence[Look]) -> tuple[Step, ...]:
        """at: a keyframe without anybody, as the one before it was."""
        until = [look for look in pictures if look.boot_ns <= at.boot_ns]
        long = [run for run in self._runs(until) if run[1] - run[0] >= ARM_S * 1e9]
        if long:
            last_ns = self._gone_ns(until, at.boot_ns)
            return self._arrived(last_ns, long[0][0]) + self._left(at.boot_ns, last_ns)
        self._known_ns = at.boot_ns
        return (Nobody(at.boot_ns / 1e9),)

    def _date_leaving(self, at: Look, pictures: Sequence[Look]) -> tuple[Step, ...]:
        """at: the first keyframe without anybody."""
        until = [look for look in pictures if look.boot_ns <= at.boot_ns]
        last_ns = self._gone_ns(until, at.boot_ns)
        came_ns = self._came_ns
        if came_ns is None:
            return self._left(at.boot_ns, last_ns)
        self._came_ns = None
        if last_ns - came_ns < ARM_S * 1e9:
            self._known_ns = at.boot_ns
            return (Nobody(at.boot_ns / 1e9),)
        return self._arrived(last_ns, came_ns) + self._left(at.boot_ns, last_ns)

    def _was_a_thing(self, look: Look, seen: Seen) -> tuple[Step, ...]:
        came_ns, last_ns = self._came_ns, seen.since_ns if seen.since_ns is not None else look.boot_ns
        if self._shrank:
            last_ns = self._gone_ns(self._shrank, last_ns)
        if not self._there and came_ns is None:
            self._known_ns = look.boot_ns
            return (Nobody(look.boot_ns / 1e9),)
        return self._left(look.boot_ns, last_ns)

    def _learn_place(self, pictures: Sequence[Look]) -> tuple[Step, ...]:
        new = [look for look in pictures if look.boot_ns > self._fed_ns]
        for look in new:
            self._fed_ns, self.seen = look.boot_ns, self._detector.see(look)
            self._unsure = [*self._unsure[1 - MOST_UNSURE :], look]
            if self._detector.ready:
                return self._place_learned(look, self.seen)
        if not new or self.seen is None or not self.seen.present:
            return ()
        since_ns = self._first_ns if not self._there and self._first_ns is not None else None
        self._there, self._known_ns = True, new[-1].boot_ns
        return (There(new[-1].boot_ns / 1e9, None if since_ns is None else since_ns / 1e9),)

    def _place_learned(self, look: Look, seen: Seen) -> tuple[Step, ...]:
        """Nothing has moved for a while; who moved before is dated by the place that is known now."""
        pictures, self._unsure = self._unsure, []
        if self._there:
            since_ns = look.boot_ns if seen.since_ns is None else seen.since_ns
            return self._left(look.boot_ns, self._gone_ns(pictures, since_ns))
        self._known_ns = look.boot_ns
        return (Nobody(look.boot_ns / 1e9),)

    def _gone_ns(self, pictures: Sequence[Look], otherwise_ns: int) -> int:
        """The first of the pictures from which on nobody is shown."""
        gone_ns = otherwise_ns
        for look in reversed(pictures):
            if self._detector.shows(look):
                break
            gone_ns = look.boot_ns
        return min(gone_ns, otherwise_ns)

    def _runs(self, pictures: Sequence[Look]) -> list[tuple[int, int]]:
        """Boot times of the first and the last picture of each run that shows somebody."""
        found: list[tuple[int, int]] = []
        for look in pictures:
            if not self._detector.shows(look):
                continue
            if found and look.boot_ns - found[-1][1] <= BRIDGE_S * 1e9:
                found[-1] = found[-1][0], look.boot_ns
            else:
                found.append((look.boot_ns, look.boot_ns))
        return found
