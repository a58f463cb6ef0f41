"""The ring: slots filled in turn, the oldest written over in place (S-15, S-16, S-31 to S-33, T-1).

Claiming a slot, in an order in which a cut between any two steps leaves the old video or none of it, never a mixture:

  1. choose: a slot that holds nothing readable, else the oldest that no hold pins and that is old enough;
  2. a new key takes the place of the old one in the vault, on the disk: from here on the old video is gone;
  3. both pages of the new generation's header, on the disk;
  4. the erasure is told (it goes into the ledger);
  5. records.

Age is counted in elapsed seconds (`times.py`), never by a wall clock. When the oldest is too young, `on_conflict`
decides: `overwrite_oldest` goes on and says so; `protect_floor_and_alarm` takes the reserve, from its half on keeps
keyframes only, and then refuses, so that recording stops and everybody can see that it has.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from drivers.camera import Codec, StreamFacts
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Part, Visit, add
from recorder.indexing import Indexing
from recorder.place import Place
from recorder.record import Flag, Group, Note, RecordDamaged, length_ms, thinned
from recorder.ring_facts import GroupTooLarge, RingFull, RingSettings, RingState, Span, Stage, Told
from recorder.shelf import Shelf
from recorder.slot import DATA, SlotHeader, State
from recorder.times import Stamp, TrustedTime
from recorder.vault import Vault
from recorder.writer import Writer, fetch, heads, is_group

TRIES: Final = 3
"""So many slots in a row may fail before the disk counts as failed."""
LONGEST_SLOT_S: Final = 86_400.0
"""A slot is sealed after a day even if it is not full: its key can only be dropped as a whole."""

_log = logging.getLogger(__name__)


class Ring:
    """Made by `recovery.open_ring`. For one thread. bad: slots that cannot be used."""

    def __init__(
        self,
        place: Place,
        vault: Vault,
        settings: RingSettings,
        time: TrustedTime,
        indexing: Indexing,
        holds: Holds,
        shelf: Shelf,
        next_generation: int,
        told: Told = lambda kind, facts: None,
        bad: Iterable[int] = (),
    ) -> None:
        self._place = place
        self._vault = vault
        self._settings = settings
        self._time = time
        self.indexing = indexing
        self._shelf = shelf
        self._told = told
        self.holds = holds
        self.stage = Stage.NORMAL
        self._bad = set(bad)
        self._next = next_generation
        self._stream = StreamFacts(Codec.H264, 0, 0, 0.0)
        self._writer: Writer | None = None
        self._parts: dict[int, Part] = {}

    # ---- writing -----------------------------------------------------------------------------------------

    def stream(self, facts: StreamFacts) -> None:
        """What the groups to come are. Another format gets a slot of its own."""
        if facts != self._stream:
            self.seal()
            self._stream = facts

    def next_event(self) -> int:
        """A number for a new visit."""
        self.indexing.last_event += 1
        return self.indexing.last_event

    def append(self, item: Group | Note) -> None:
        """On the disk when this returns. Raises RingFull, GroupTooLarge, or OSError when the disk fails."""
        at = item.first if isinstance(item, Group) else item.at
        if self._writer and at.elapsed_s - self._writer.header.first.elapsed_s > LONGEST_SLOT_S:
            self.seal()
        failed: OSError | None = None
        for _ in range(TRIES):
            try:
                writer = self._writer = self._writer or self._claim(at)
                shown = thinned(item) if self.stage is Stage.THINNED and isinstance(item, Group) else item
                if writer.append(shown):
                    self._note_part(shown)
                    return
                if not writer.header.records:
                    break
                self.seal()
            except OSError as error:
                failed = error
                self._abandon()
        if failed:
            raise failed
        raise GroupTooLarge(f"a group does not fit into a slot of {self._place.slot_bytes} bytes")

    def seal(self) -> None:
        """End the slot being written; the next group begins another. Raises OSError."""
        if self._writer is None:
            return
        if not self._writer.header.records:
            # Claimed, nothing written: it holds nothing that can be read.
            self._shelf.put_back(self._writer.header.slot)
            self._writer = None
            return
        header = self._writer.seal()
        self._writer = None
        self._shelf.put(header)
        self.indexing.put(header, self._parts)
        self._parts = {}

    def copy(self, hold: int) -> None:
        """Copy what a hold pins into slots of its own, so that the ring can go on over the rest. Raises RingFull, or
        OSError: then the hold goes on pinning."""
        self._look_for_holds()
        held = next(one for one in self.holds.all() if one.number == hold)
        writer: Writer | None = None
        for span in self.find(held.first_utc_us, held.last_utc_us):
            for group in self.read(span):
                copied = replace(group, flags=group.flags | Flag.COPY)
                if writer is None or not writer.append(copied):
                    if writer is not None:
                        self._shelf.put(writer.seal())
                    writer = self._claim(group.first, hold, span.header)
                    writer.append(copied)
        if writer is not None:
            self._shelf.put(writer.seal())
        self.holds.copied(hold)

    def _claim(self, at: Stamp, hold: int = 0, like: SlotHeader | None = None) -> Writer:
        slot = self._choose()
        old = self._shelf.get(slot)
        generation, self._next = self._next, self._next + 1
        key = self._vault.renew(slot, generation)
        facts = self._facts(old, "overwritten") if old else None
        if old:
            self._forget(old)
        stream = like or self._stream
        header = SlotHeader(
            slot, generation, State.WRITING, self._settings.device, at, at, stream.codec, stream.width, stream.height,
            stream.fps, DATA, hold=hold,
        )  # fmt: skip
        try:
            slots.write(self._place, header)
        except OSError:
            self._fails(slot)
            raise
        if facts:
            self._told("erased", facts)
        return Writer(self._place, header, key)

    @property
    def refuses(self) -> bool:
        """Whether the next group would raise RingFull."""
        return self._writer is None and self._find_slot()[0] is Stage.REFUSING

    def _choose(self) -> int:
        """The slot to take, by the rule at the head of this module. Raises RingFull."""
        self._look_for_holds()
        stage, written = self._find_slot()
        if stage is not self.stage:
            self._told("stage", {"stage": stage.value})
        self.stage = stage
        if stage is Stage.REFUSING:
            raise RingFull(
                "no slot may be written over: every image is held or younger than the floor; "
                "release a hold, or use a larger disk"
            )
        return self._shelf.take_free() if written is None else written.slot

    def _find_slot(self) -> tuple[Stage, SlotHeader | None]:
        """How a slot is found now, and which of the written ones it is; None: one that is free."""
        settings, shelf = self._settings, self._shelf
        spare = settings.reserve if settings.on_conflict == "protect_floor_and_alarm" else 0
        if shelf.free > spare:
            return Stage.NORMAL, None
        usable = (one for one in shelf.oldest_first() if one.slot not in self._bad)
        goes_on = settings.on_conflict == "overwrite_oldest"
        # When the book of holds is lost, everything may be held; whoever may never stop takes the oldest all the same.
        oldest = next((one for one in usable if not self.held(one) or (goes_on and self.holds.unknown)), None)
        if oldest is not None and not self.holds.unknown and self.age_s(oldest) >= settings.min_elapsed_s:
            return Stage.NORMAL, oldest
        if oldest is not None and goes_on:
            return Stage.YOUNG, oldest
        if shelf.free:
            return (Stage.RESERVE if shelf.free > spare // 2 else Stage.THINNED), None
        return Stage.REFUSING, None

    def _look_for_holds(self) -> None:
        if not self.holds.refresh():
            self._told("holds_unread", {})

    def _abandon(self) -> None:
        """The disk failed under the slot being written: what is on it stays readable, another slot is taken."""
        if self._writer is None:
            return
        header, self._writer = self._writer.header, None
        self._fails(header.slot)
        if header.records:
            self._shelf.put(replace(header, state=State.INTERRUPTED))
            self.indexing.put(header, self._parts)
        self._parts = {}

    def _fails(self, slot: int) -> None:
        self._bad.add(slot)
        self._told("slot_failed", {"slot": slot})

    def _forget(self, header: SlotHeader) -> None:
        self._shelf.forget(header)
        self.indexing.drop(header.slot)

    def _note_part(self, item: Group | Note) -> None:
        if isinstance(item, Group):
            add(self._parts, item.event, self._shelf.label(item.first), length_ms(item))

    # ---- ageing ------------------------------------------------------------------------------------------

    def age_s(self, header: SlotHeader) -> float:
        """Elapsed seconds since the last image of a slot."""
        return max(0.0, self._time.elapsed_s() - header.last.elapsed_s)

    def held(self, header: SlotHeader) -> bool:
        """Whether a hold keeps this slot from being written over or expiring, as far as it has been looked."""
        if self.holds.unknown:
            return True
        if header.hold:
            return self.holds.active(header.hold)
        return self.holds.pins(self._shelf.label(header.first), self._shelf.label(header.last))

    def expire(self) -> int:
        """Drop the keys of what is past the ceiling and not held; returns how many slots. Their areas wait to be
        written over. Copies whose hold has ended go as soon as they are past the floor."""
        settings, over = self._settings, []
        self._look_for_holds()
        for header in self._shelf:
            limit_s = settings.min_elapsed_s if header.hold else settings.max_elapsed_s
            if limit_s is not None and self.age_s(header) >= limit_s and not self.held(header):
                over.append(header)
        for header in sorted(over, key=lambda one: one.generation):
            facts = self._facts(header, "expired")
            self._vault.drop(header.slot)
            self._forget(header)
            if header.slot not in self._bad:
                self._shelf.put_free(header.slot)
            self._told("erased", facts)
        return len(over)

    # ---- reading -----------------------------------------------------------------------------------------

    def correct(self, boot_id: bytes, offset_us: int) -> None:
        """The clock of this start of the machine has been set: label minus boot time, in microseconds."""
        self.indexing.correct(boot_id, offset_us)

    def find(self, first_utc_us: int, last_utc_us: int) -> tuple[Span, ...]:
        """Groups that overlap a range of labels, in the order of their labels; what has expired is not among them."""
        headers = self._shelf.between(first_utc_us, last_utc_us)
        if self._writer:
            headers.append(self._writer.header)
        spans = (self._overlap(header, first_utc_us, last_utc_us) for header in headers)
        return tuple(span for span in spans if span.heads)

    def _overlap(self, header: SlotHeader, first_utc_us: int, last_utc_us: int) -> Span:
        label, ceiling, now_s = self._shelf.label, self._settings.max_elapsed_s, self._time.elapsed_s()
        kept = ceiling is None or self.held(header)
        try:
            groups = heads(self._place, header.slot, header.generation, header.data_end)
        except OSError as error:
            self._told("damaged", {"slot": header.slot, "why": str(error.strerror)})
            groups = []
        return Span(
            header,
            tuple(
                head
                for head in groups
                if is_group(head)
                and label(head.first) <= last_utc_us
                and (label(head.first) + head.ms * 1000 > first_utc_us or label(head.first) >= first_utc_us)
                and (kept or now_s - head.first.elapsed_s < (ceiling or 0.0))
            ),
        )

    def read(self, span: Span) -> Iterator[Group]:
        """The groups of a span; one that was damaged is left out and told."""
        key = self._vault.key(span.header.slot, span.header.generation)
        if key is None:
            return
        for head in span.heads:
            try:
                item = fetch(self._place, span.header.slot, head, key)
            except (RecordDamaged, OSError):
                _log.error("a record of slot %d is damaged", span.header.slot)
                self._told("damaged", {"slot": span.header.slot, "record": head.number})
                continue
            if isinstance(item, Group):
                yield item

    def visits(self, first_utc_us: int, last_utc_us: int) -> tuple[Visit, ...]:
        """Visits in sealed slots that overlap a range; those of `behind` slots are missing. Raises sqlite3.Error."""
        return self.indexing.visits(first_utc_us, last_utc_us)

    # ---- the whole ---------------------------------------------------------------------------------------

    @property
    def bad(self) -> int:
        """Slots that the disk failed at."""
        return len(self._bad)

    def state(self) -> RingState:
        """Reads memory only, all of it: for once a minute, not for every group."""
        written = [*self._shelf, *([self._writer.header] if self._writer else [])]
        labels = [(self._shelf.label(one.first), self._shelf.label(one.last)) for one in written if one.records]
        return RingState(
            slots=self._place.slots,
            slot_bytes=self._place.slot_bytes,
            free=self._shelf.free,
            held=sum(self.held(one) for one in self._shelf),
            bad=self.bad,
            footage_s=sum(one.footage_ms for one in written) / 1000,
            used_bytes=sum(one.data_end - DATA for one in written),
            oldest_utc_us=min((first for first, _ in labels), default=None),
            newest_utc_us=max((last for _, last in labels), default=None),
            oldest_age_s=max((self.age_s(one) for one in self._shelf), default=None),
            stage=self.stage,
            behind=self.indexing.behind,
        )

    def close(self) -> None:
        """Seal what is open and let go of the disk. Raises OSError."""
        try:
            self.seal()
        finally:
            self._place.close()
            self._vault.close()
            self.indexing.close()

    def _facts(self, header: SlotHeader, why: str) -> dict[str, int | str]:
        return {
            "slot": header.slot,
            "generation": header.generation,
            "first_utc_us": self._shelf.label(header.first),
            "last_utc_us": self._shelf.label(header.last),
            "age_s": round(self.age_s(header)),
            "why": why,
        }
