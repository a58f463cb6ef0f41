"""The recorder itself: what comes from camera, kiosk and clock goes in, what is to be kept goes into the store.

One thread. Everything is told to `hear`, and `turn` is called twice a second; neither raises what a disk or a camera
does. Nothing is kept outside the hours in which the machine may be used, but a visit begun in them is recorded to its
end. What is recorded is decided in `sighting` and `visit`; what happens with it is decided here.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from config.calendar import Opening
from drivers.camera import Look, Lost, Packet, StreamFacts
from recorder import visit
from recorder.capture import LookedInto
from recorder.forecast import Outlook
from recorder.inbox import CaseIs, Dropped, Inbox, Item, Marked, ViewAccepted
from recorder.parts import Parts, Report
from recorder.preroll import Preroll
from recorder.record import Flag, Group, Note
from recorder.ring_facts import Stage
from recorder.sighting import BEHIND_S, Into, Step, There, follow
from recorder.times import Quality, Stamp, TimeStateError
from recorder.visit import Session

TURN_S: Final = 0.5
SILENT_S: Final = 3.0
"""Without a mark for so long the kiosk's session is unknown."""
PICTURES_S: Final = 2.5
"""Without a packet for so long the picture says nothing any more, and time decides alone."""
EXPIRE_S: Final = 600.0
STATE_S: Final = 60.0
FORESEE_S: Final = 3600.0
EMPTY_S: Final = 60.0
"""So long must the place have been empty before its picture is kept for the next start."""
PROVE: Final = timedelta(minutes=10)
"""So long before opening the test pattern is stored and read back."""
AGAIN_S: Final = 60.0
"""What failed is tried again so often."""

_log = logging.getLogger(__name__)


class Service:
    """For one thread, but for `report`, which anybody may read."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts
        self._boot_s = parts.clock.boot()
        rule = parts.rule
        self._watch = visit.Watch(visit.VisitSettings(rule.preroll_s, rule.absence_s))
        self._preroll = Preroll(rule.preroll_s + BEHIND_S)
        self._stamps: dict[int, Stamp] = {}
        self._open = False
        self._event = 0
        self._since_ns = 0
        self._came_ns = 0
        self._ended_ns: int | None = None
        """When the visit was over, in its tail."""
        self._rest_ns: int | None = None
        """The recording is over, but the group that holds this instant still grows."""
        self._lost: Lost | None = None
        self._closely = True
        self._heard_s = -math.inf
        self._marked_s = -math.inf
        self._busy_s = self._boot_s
        self._expired_s = self._kept_s = self._counted_s = -math.inf
        self._proved: datetime | None = None
        self._tried_s = -math.inf
        self._unproved = False
        self._outlook: Outlook | None = None
        self._foreseen_s = -math.inf
        self._was_unset = parts.time.quality() is Quality.UNSET
        self._count_fault = False
        self._faults: frozenset[str] = frozenset()
        self.report = Report()

    # ---- what comes ----------------------------------------------------------------------------------------

    def run(self, inbox: Inbox, ending: threading.Event, turned: Callable[[], None] = lambda: None) -> None:
        """Until `ending`. turned: called after each turn (watchdog)."""
        while not ending.is_set():
            item = inbox.get(min(TURN_S, max(0.0, self._boot_s + TURN_S - self._p.clock.boot())))
            if item is not None:
                self.hear(item)
            if self._p.clock.boot() - self._boot_s >= TURN_S:
                self.turn()
                self._p.clock.acknowledge()
                turned()
        self.close()

    def hear(self, item: Item) -> None:
        match item:
            case Packet():
                self._packet(item)
            case Look():
                steps = self._p.sighting.look(item)
                if item.keyframe:
                    self._p.watched.see(item, self._p.sighting.closely)
                self._steps(steps)
            case LookedInto(boot_ns):
                self._steps(self._p.sighting.looked_into(boot_ns))
            case StreamFacts():
                self._preroll.forget()
                self._p.store.facts, self._closely = item, True
            case Lost():
                self._camera_lost(item)
            case Dropped(_, ms):
                if self._watch.recording:
                    self._p.store.gap(ms)
            case Marked(session):
                self._marked_s = self._p.clock.boot()
                self._session(session)
            case CaseIs(is_open):
                self._p.books.case_is(is_open, self._p.clock.boot())
            case ViewAccepted():
                _log.warning("what the camera shows now is accepted as its view")
                self._p.watched.accept_view()
                self._p.sighting.relearn()
                self._kept_s = -math.inf

    def turn(self) -> None:
        """Time passes. Twice a second."""
        parts, now_s = self._p, self._p.clock.boot()
        self._boot_s = now_s
        self._clock_turn()
        self._hours(now_s)
        if now_s - self._marked_s > SILENT_S:
            self._session(Session.UNKNOWN)
        if now_s - self._heard_s > PICTURES_S:
            self._act(visit.tick(self._watch, now_s), now_s)
        if self._watch.occupied or self._watch.recording:
            self._busy_s = now_s
        parts.store.drain()
        if now_s - self._expired_s >= EXPIRE_S:
            self._expired_s = now_s
            parts.store.expire()
        self._keep_place(now_s)
        ring = parts.store.ring
        quiet = ring is not None and not self._watch.recording and not ring.indexing.behind
        if ring is not None and quiet and now_s - self._foreseen_s >= FORESEE_S:
            self._foreseen_s = now_s
            self._outlook = parts.outlook(ring, parts.clock.now())
        self._tell(now_s)

    def close(self) -> None:
        """Everything that is to be kept is on the disk, and the ring is sealed."""
        self._flush(final=True)
        if self._watch.recording and self._ended_ns is None:
            self._note("event_end", self._p.time.stamp())
        self._p.store.close()
        try:
            self._p.time.save()
        except TimeStateError as error:
            _log.error("%s", error)

    # ---- pictures ------------------------------------------------------------------------------------------

    def _packet(self, packet: Packet) -> None:
        self._heard_s = self._p.clock.boot()
        self._p.watched.heard(packet.boot_ns)
        if not (self._open or self._watch.recording or self._rest_ns is not None):
            return
        if self._lost is not None:
            if self._watch.recording:
                ms = (packet.boot_ns - self._lost.boot_ns) // 1_000_000
                self._note("gap", self._p.time.stamp_at(packet.boot_ns), reason=self._lost.reason, ms=ms)
            self._lost = None
        if packet.keyframe:
            self._stamps[packet.boot_ns] = self._p.time.stamp_at(packet.boot_ns)
        utc_us = self._p.time.label_us(packet.boot_ns)
        self._preroll.add(Packet(packet.data, packet.keyframe, packet.boot_ns, utc_us))
        if packet.keyframe:
            self._flush()
            horizon_ns = packet.boot_ns - 120_000_000_000
            self._stamps = {at: stamp for at, stamp in self._stamps.items() if at > horizon_ns}

    def _camera_lost(self, lost: Lost) -> None:
        self._steps(self._p.sighting.lost(lost.boot_ns))
        self._flush(final=True)
        self._preroll.forget()
        if self._lost is None:
            self._lost = lost
            if self._watch.recording:
                self._note("gap", self._p.time.stamp_at(lost.boot_ns), reason=lost.reason)
        self._heard_s = -math.inf

    def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Into):
                self._p.camera.look_into(step.boot_ns)
                continue
            came_s = step.since_s if isinstance(step, There) and step.since_s is not None else step.at_s
            self._act(follow(self._watch, step), came_s)
        if self._closely != self._p.sighting.closely:
            self._closely = not self._closely
            self._p.camera.look_closely(self._closely)

    def _session(self, session: Session) -> None:
        now_s = self._p.clock.boot()
        if session is Session.OPEN and self._p.time.quality() is Quality.UNSET:
            # Nobody can say what hours it is; a terminal in use says that it is open.
            self._doors(True, now_s)
        if session is Session.OPEN or self._watch.session is not Session.NONE:
            self._act(visit.kiosk(self._watch, session, now_s), now_s)
        # Else it is as it was. Time must not pass by it: what has not been looked at yet may show somebody.

    # ---- what is kept --------------------------------------------------------------------------------------

    def _act(self, decided: tuple[visit.Watch, tuple[visit.Action, ...]], came_s: float) -> None:
        was_recording = self._watch.recording
        self._watch, actions = decided
        for action in actions:
            match action:
                case visit.Begin(since_s):
                    self._begin(since_s, came_s, was_recording)
                case visit.End(at_s):
                    self._ended_ns = round(at_s * 1e9)
                    self._flush(until_ns=self._ended_ns)
                    self._note("event_end", self._p.time.stamp_at(self._ended_ns))
                case visit.Stop(at_s):
                    self._rest_ns = round(at_s * 1e9)
                    self._flush()
                    if not self._open:
                        self._p.store.seal()
                    was_recording = False

    def _begin(self, since_s: float, came_s: float, was_recording: bool) -> None:
        store = self._p.store
        self._event = store.next_event()
        self._came_ns, self._ended_ns = round(came_s * 1e9), None
        since_ns = round(since_s * 1e9)
        self._since_ns = min(self._since_ns, since_ns) if was_recording or self._rest_ns is not None else since_ns
        self._rest_ns = None
        self._note("event_begin", self._p.time.stamp_at(self._came_ns))
        self._flush()

    def _flush(self, final: bool = False, until_ns: int | None = None) -> None:
        """Hand over every finished group that is to be kept; final: the growing one, too, because the stream ends;
        until_ns: only what begins until then."""
        watch = self._watch
        if until_ns is not None:
            pass
        elif watch.recording:
            tail_s = watch.there_s + watch.settings.absence_s
            until_ns = None if watch.occupied else round(tail_s * 1e9)
        elif self._rest_ns is not None:
            until_ns = self._rest_ns
        else:
            return
        for group in self._preroll.take(self._since_ns, until_ns):
            self._keep(group)
        if final and (group := self._preroll.growing()) and (until_ns is None or group[0].boot_ns <= until_ns):
            self._keep(group)
        if self._rest_ns is not None and not self._preroll.grows_at(self._rest_ns):
            self._rest_ns = None
            if not self._open:
                self._preroll.forget()
                self._p.store.seal()

    def _keep(self, packets: tuple[Packet, ...]) -> None:
        first, last = packets[0], packets[-1]
        flags = Flag.NONE
        if last.boot_ns < self._came_ns:
            flags = Flag.PREROLL
        elif self._ended_ns is not None and first.boot_ns >= self._ended_ns:
            flags = Flag.TAIL
        stamp = self._stamps.get(first.boot_ns) or self._p.time.stamp_at(first.boot_ns)
        self._p.store.put(Group(self._event, stamp, packets, flags))

    def _note(self, kind: str, at: Stamp, **facts: int | str | bool) -> None:
        self._p.store.put(Note(kind, at, self._event if self._watch.recording or kind == "event_end" else 0, facts))

    # ---- time ----------------------------------------------------------------------------------------------

    def _clock_turn(self) -> None:
        try:
            step = self._p.time.tick()
            self._count_fault = False
        except TimeStateError as error:
            if not self._count_fault:
                _log.error("%s", error)
            self._count_fault = True
            return
        if step is None:
            return
        _log.warning("the clock was set by %.1f s", step.by_us / 1e6)
        facts: dict[str, int | str | bool] = {"by_us": step.by_us}
        if step.stamp.quality is Quality.UNSET:
            self._was_unset = True
        elif self._was_unset:
            offset_us = step.stamp.utc_us - step.stamp.boot_ns // 1000
            facts["offset_us"] = offset_us
            self._p.store.correct(step.stamp.boot_id, offset_us)
        self._note("clock_step", step.stamp, **facts)

    def _hours(self, now_s: float) -> None:
        """Whether visits may begin. Without a clock it stays as it was."""
        if self._p.time.quality() is Quality.UNSET:
            return
        now = self._p.clock.now()
        try:
            opening = self._p.opening(now)
        except ValueError:
            return  # a year whose holidays are not known: the clock is wrong
        self._doors(opening is not None and opening.open, now_s)
        if self._unproved or (opening is not None and not opening.open):
            self._prove(opening, now, now_s)

    def _doors(self, opened: bool, now_s: float) -> None:
        if opened == self._open:
            return
        self._open = opened
        self._watch = visit.hours(self._watch, opened, now_s)
        if not opened and not self._watch.recording and self._rest_ns is None:
            self._preroll.forget()
            self._p.store.seal()

    def _prove(self, opening: Opening | None, now: datetime, now_s: float) -> None:
        """Before opening: a test pattern, of nobody, goes the whole way to the disk and back. What failed is tried
        again until it succeeds."""
        following = opening.next_opening if opening is not None and not opening.open else None
        due = following is not None and following - now <= PROVE and self._proved != following
        if not (due or self._unproved) or now_s - self._tried_s < AGAIN_S:
            return
        self._tried_s = now_s
        try:
            self._p.prove(self._p.time.stamp())
        except OSError as error:
            _log.error("the test pattern: %s", error)
            self._unproved = True
            return
        self._unproved = False
        self._proved = following or self._proved

    # ---- what is told --------------------------------------------------------------------------------------

    def _keep_place(self, now_s: float) -> None:
        if now_s - self._busy_s < EMPTY_S or now_s - self._kept_s < EXPIRE_S or self._p.sighting.there:
            return
        self._kept_s = now_s
        place = self._p.empty_place()
        if place is None:
            return
        beside = self._p.reference.with_name(f".{self._p.reference.name}.new")
        try:
            beside.write_bytes(place)
            beside.replace(self._p.reference)
        except OSError as error:
            _log.error("%s cannot be written: %s", self._p.reference, error.strerror)

    def _tell(self, now_s: float) -> None:
        parts, now = self._p, self._p.clock.now()
        picture = parts.watched.tick(round(now_s * 1e9))
        faults = set(picture) | parts.books.faults(now, now_s)
        if parts.store.trouble:
            faults.add(parts.store.trouble)
        if self._unproved:
            faults.add("test")
        if self._count_fault:
            faults.add("state")
        if parts.time.quality() is Quality.UNSET:
            faults.add("clock")
        if parts.store.ring is not None:
            if parts.store.ring.stage is not Stage.NORMAL:
                faults.add(parts.store.ring.stage.value)
            if parts.store.ring.bad:
                faults.add("bad_slots")
        if self._outlook is not None and self._outlook.warn is not None:
            faults.add(f"conflict_{self._outlook.warn}")
        found = frozenset(faults)
        if found != self._faults:
            for fault in sorted(found ^ self._faults):
                _log.warning("%s %s", fault, "begins" if fault in found else "ends")
                self._note("health", parts.time.stamp(), fault=fault, began=fault in found)
            self._faults = found
        parts.books.write(found)
        works = "lost" not in picture and self._heard_s > -math.inf and not parts.store.trouble and not self._unproved
        armed = works and (self._open or self._watch.recording)
        before = self.report
        ring = before.ring
        if now_s - self._counted_s >= STATE_S or (ring is None) != (parts.store.ring is None):
            self._counted_s, ring = now_s, parts.store.state()
        self.report = Report(
            armed,
            self._watch.recording and works,
            found,
            works or not parts.rule.required,
            before.since_boot_s if before.since_boot_s and before.armed == armed else now_s,
            ring,
            self._outlook,
        )
