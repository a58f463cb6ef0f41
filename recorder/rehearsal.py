"""What would have been recorded of a stream: everything from its packets to the visits, without a camera or a disk.

For the commissioning of a zone on a recorded clip, and for measuring: the looks are made, asked for and judged exactly
as on the way from the camera's process, only that nobody waits for real time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.camera import Packet, StreamFacts
from recorder import visit
from recorder.capture_child import GROUPS, Looker
from recorder.sighting import BEHIND_S, Into, Nobody, Sighting, There, follow
from recorder.wire import look

Span = tuple[float, float]


@dataclass(slots=True)
class Rehearsal:
    """visits: from when somebody came until they left; recorded: with pre-roll and tail; boot seconds. looks: small
    pictures made; views: when the view was learned anew."""

    visits: list[Span] = field(default_factory=list)
    recorded: list[Span] = field(default_factory=list)
    views: list[float] = field(default_factory=list)
    looks: int = 0


def rehearse(
    packets: Iterable[Packet], facts: StreamFacts, sighting: Sighting, settings: visit.VisitSettings
) -> Rehearsal:
    """Everything between the first packet and the last; who is still there then has been there until the last."""
    return _Run(facts, sighting, settings).run(packets)


class _Run:
    def __init__(self, facts: StreamFacts, sighting: Sighting, settings: visit.VisitSettings) -> None:
        self._looker = Looker(facts)
        self._fps = facts.fps
        self._sighting = sighting
        self._watch = visit.Watch(settings)
        self._groups: deque[list[Packet]] = deque(maxlen=GROUPS)
        self._done = Rehearsal()
        self._last_s = 0.0
        self._began_s: float | None = None
        self._since_s: float | None = None

    def run(self, packets: Iterable[Packet]) -> Rehearsal:
        for packet in packets:
            if not self._groups:
                self._watch = visit.hours(self._watch, True, packet.boot_ns / 1e9)
            self._last_s = packet.boot_ns / 1e9
            if packet.keyframe:
                self._groups.append([])
            if not self._groups:
                continue
            self._groups[-1].append(packet)
            if (told := self._looker.look(packet)) is not None:
                self._done.looks += 1
                self._take(self._sighting.look(look(told)))
        self._end(self._last_s + 1 / self._fps)
        return self._done

    def _take(self, steps: Iterable[Into | There | Nobody]) -> None:
        for step in steps:
            if isinstance(step, Into):
                self._into(step.boot_ns)
                continue
            self._watch, actions = follow(self._watch, step)
            for action in actions:
                self._act(action, step)
        self._looker.closely(self._sighting.closely)
        seen = self._sighting.seen
        known_s = self._sighting.known_s
        if seen is not None and seen.changed_view and known_s is not None and known_s not in self._done.views:
            self._done.views.append(known_s)

    def _into(self, boot_ns: int) -> None:
        groups = list(self._groups)
        at = max((number for number, group in enumerate(groups) if group[0].boot_ns <= boot_ns), default=0)
        for group in groups[max(0, at - 1) : at + 1]:
            for told in self._looker.group(group):
                self._done.looks += 1
                self._sighting.look(look(told))
        self._take(self._sighting.looked_into(boot_ns))

    def _act(self, action: visit.Action, step: There | Nobody) -> None:
        match action:
            case visit.Begin(since_s):
                came_s = step.since_s if isinstance(step, There) else None
                self._began_s = step.at_s if came_s is None else came_s
                if self._since_s is None:
                    # Older pictures are not in memory any more.
                    self._since_s = max(since_s, self._last_s - self._watch.settings.preroll_s - BEHIND_S)
            case visit.End(at_s):
                assert self._began_s is not None
                self._done.visits.append((self._began_s, at_s))
                self._began_s = None
            case visit.Stop(at_s):
                assert self._since_s is not None
                self._done.recorded.append((self._since_s, at_s))
                self._since_s = None

    def _end(self, last_s: float) -> None:
        if self._began_s is not None:
            self._done.visits.append((self._began_s, max(last_s, self._began_s)))
        if self._since_s is not None:
            self._done.recorded.append((self._since_s, last_s))
