"""A recorder with a camera that is drawn by numbers, a clock set by hand and a ring of small slots on a real disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.calendar import Opening, Reason
from config.ledger import LedgerRow
from drivers.camera import Codec, Look, Lost, Packet, StreamFacts
from recorder.holds import Holds
from recorder.inbox import Marked
from recorder.index import Index
from recorder.parts import Books, Parts, Rule
from recorder.place import TEST_SLOT, SlotFiles, prepare
from recorder.record import Flag, Group, Note
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingSettings
from recorder.service import Service
from recorder.sighting import Nobody, There
from recorder.store import Store
from recorder.times import Stamp, TrustedTime
from recorder.trial import prove
from recorder.vault import Vault
from recorder.visit import Session
from recorder.writer import fetch, heads

KEK = bytes(range(32))
START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BOOT_S = 1000.0
SLOTS, SLOT_BYTES = 24, 64 * 1024
FACTS = StreamFacts(Codec.H264, 160, 90, 10.0)
RULE = RingSettings(b"the one recorder", 3600.0, None, "overwrite_oldest")


@dataclass
class Hands:
    """A clock set by hand."""

    seconds: float = 0.0
    wall_s: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.wall_s)

    def boot(self) -> float:
        return BOOT_S + self.seconds

    def acknowledge(self) -> None:
        pass


class Disk(SlotFiles):
    """Slot files on a disk that can fail. error: its errno; worn: the slot that fails; busy: called at each sync."""

    broken = False
    error = 5
    worn: int | None = None
    busy: Callable[[], None] = staticmethod(lambda: None)

    def write(self, slot: int, offset: int, data: bytes) -> None:
        self._fail(slot)
        super().write(slot, offset, data)

    def sync(self, slot: int) -> None:
        self._fail(slot)
        Disk.busy()

    def _fail(self, slot: int) -> None:
        if Disk.broken or slot == Disk.worn:
            raise OSError(Disk.error, os.strerror(Disk.error))


@dataclass
class Rows:
    kept: list[LedgerRow] = field(default_factory=list)

    def append(self, kind, data):
        self.kept.append(LedgerRow(len(self.kept) + 1, START, kind, dict(data), b""))
        return len(self.kept)

    def rows(self, after=0):
        return self.kept[after:]


@dataclass
class Seer:
    """Sees whom the test puts there, at keyframes."""

    present: Callable[[float], bool] = lambda seconds: False
    slow_s: float = 0.0
    """So much later than the camera it looks."""
    there: bool = False
    closely: bool = True
    relearned: bool = False
    waiting: list[Look] = field(default_factory=list)

    def look(self, look: Look):
        self.waiting.append(look)
        if look.boot_ns - self.waiting[0].boot_ns < self.slow_s * 1e9:
            return ()
        at_s = self.waiting.pop(0).boot_ns / 1e9
        came, self.there = not self.there, self.present(at_s - BOOT_S)
        self.closely = self.there
        if self.there:
            return (There(at_s, at_s) if came else There(at_s),)
        return (Nobody(at_s),)

    def relearn(self):
        self.relearned = True

    def looked_into(self, boot_ns: int):
        return ()

    def lost(self, boot_ns: int):
        was, self.there = self.there, False
        return (Nobody(boot_ns / 1e9, boot_ns / 1e9),) if was else ()


@dataclass
class Fine:
    """A picture without faults, unless the test says so; and books that remember."""

    wrong: frozenset[str] = frozenset()
    written: list[frozenset[str]] = field(default_factory=list)
    seen: dict[float, bool] = field(default_factory=dict)
    """Whether somebody may be there, by the second of each look."""

    def heard(self, boot_ns: int) -> None:
        pass

    def see(self, look: Look, present: bool) -> None:
        self.seen[round(look.boot_ns / 1e9 - BOOT_S, 1)] = present

    def tick(self, boot_ns: int) -> frozenset[str]:
        return self.wrong

    def look_into(self, boot_ns: int) -> None:
        pass

    def look_closely(self, every: bool) -> None:
        pass

    def accept_view(self) -> None:
        self.wrong -= {"turned"}

    def case_is(self, is_open, boot_s) -> None:
        pass

    def faults(self, now, boot_s) -> frozenset[str]:
        return frozenset()

    def write(self, faults) -> None:
        if not self.written or self.written[-1] != faults:
            self.written.append(faults)


class Stage:
    """Time goes in tenths of a second, one packet each; seconds are those since the start."""

    def __init__(self, folder: Path, rule: RingSettings = RULE, books: Callable[[Hands], Books] | None = None) -> None:
        self.folder, self.rule = folder, rule
        (folder / "video").mkdir()
        prepare(folder / "video", SLOTS, SLOT_BYTES)
        Vault.create(folder / "keys", SLOTS, KEK).close()
        self.hands, self.seer, self.fine = Hands(), Seer(), Fine()
        self.holds = Holds(Rows())
        self.books = books(self.hands) if books else self.fine
        self.told: list[tuple[str, dict]] = []
        self.opens_s, self.closes_s = -1e9, 1e9
        self.camera, self.padding = True, 0
        self.session: Session | None = None
        self.time = TrustedTime(
            self.hands,
            folder / "elapsed",
            synced=lambda: True,
            chip=lambda: None,
            boot_id=lambda: b"boot number one!",
        )
        self.store = Store(self.ring, self.hands.boot, self.time.stamp)
        self.service = Service(
            Parts(
                self.hands,
                self.time,
                self.store,
                self.fine,
                self.seer,
                lambda: b"an empty place",
                self.fine,
                self.books,
                self.opening,
                self.prove,
                folder / "place",
                Rule(5.0, 10.0, True),
            )
        )
        self.service.hear(FACTS)

    def ring(self) -> Ring:
        return open_ring(
            Disk(self.folder / "video", SLOTS, SLOT_BYTES),
            Vault.open(self.folder / "keys", SLOTS, KEK),
            self.rule,
            self.time,
            Index(self.folder / "index.sqlite"),
            self.holds,
            lambda kind, facts: self.told.append((kind, dict(facts))),
        )

    def prove(self, at: Stamp) -> None:
        if Disk.broken:
            raise OSError(Disk.error, os.strerror(Disk.error))
        prove(self.folder / "video" / TEST_SLOT, RULE.device, b"\0\0\0\1\x65pattern", at)

    def opening(self, now: datetime) -> Opening:
        is_open = self.opens_s <= self.hands.seconds < self.closes_s
        following = now + timedelta(seconds=self.opens_s - self.hands.seconds)
        reason = Reason.OPEN if is_open else Reason.BEFORE_HOURS
        return Opening(is_open, reason, "", None, following if self.hands.seconds < self.opens_s else None)

    def until(self, seconds: float) -> None:
        """Everything that comes until then."""
        while self.hands.seconds < seconds - 0.05:
            self.step()

    def step(self) -> None:
        tenth = round(self.hands.seconds * 10) + 1
        self.hands.seconds = tenth / 10
        boot_ns = round(self.hands.boot() * 1e9)
        if self.camera:
            keyframe = tenth % 20 == 0
            self.service.hear(Packet(f"picture {tenth}".encode() + bytes(self.padding), keyframe, boot_ns, 0))
            if keyframe:
                self.service.hear(Look(b"", 160, 90, True, boot_ns))
        if self.session is not None and tenth % 10 == 0:
            self.service.hear(Marked(self.session))
        if tenth % 5 == 0:
            self.service.turn()

    def lose(self) -> None:
        self.camera = False
        self.service.hear(Lost("unplugged", round(self.hands.boot() * 1e9)))

    def find(self) -> None:
        self.camera = True
        self.service.hear(FACTS)

    def kept(self) -> list[Group]:
        """Everything in the ring, as the next start finds it."""
        self.service.close()
        ring = self.ring()
        groups = [group for span in ring.find(0, 1 << 62) for group in ring.read(span)]
        ring.close()
        return groups

    def notes(self) -> list[Note]:
        """Of a closed ring, in the order of the slots."""
        place = SlotFiles(self.folder / "video", SLOTS, SLOT_BYTES)
        vault = Vault.open(self.folder / "keys", SLOTS, KEK)
        found = []
        for slot in range(SLOTS):
            generation = vault.generation(slot)
            key = vault.key(slot, generation)
            if key is not None:
                items = (fetch(place, slot, head, key) for head in heads(place, slot, generation))
                found += [item for item in items if isinstance(item, Note)]
        place.close()
        vault.close()
        return sorted(found, key=lambda note: note.at.boot_ns)


def seconds(groups: list[Group]) -> set[float]:
    """Of every picture, since the start."""
    video = (group for group in groups if not group.flags & Flag.TEST)
    return {round(one.boot_ns / 1e9 - BOOT_S, 1) for group in video for one in group.packets}


def tenths(first: float, last: float) -> set[float]:
    return {tenth / 10 for tenth in range(round(first * 10), round(last * 10) + 1)}


@pytest.fixture
def stage(stage_with):
    return stage_with()


@pytest.fixture
def stage_with(tmp_path, monkeypatch):
    """A stage of one's own: other rules of the ring, other books."""
    for name in ("broken", "error", "worn", "busy"):
        monkeypatch.setattr(Disk, name, Disk.__dict__[name])
    return lambda **changes: Stage(tmp_path, **changes)


@pytest.fixture(name="seconds")
def _seconds():
    return seconds


@pytest.fixture(name="tenths")
def _tenths():
    return tenths


@pytest.fixture
def disk():
    return Disk
