"""A ring on a disk that can be cut, torn and broken; time that is set by hand; real H.264 to fill it with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.ledger import LedgerRow
from drivers.camera import Codec, Packet, StreamFacts, parameter_sets
from hardware_sim.camera.film import short_film
from recorder.holds import Holds
from recorder.index import Index
from recorder.record import Group
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingSettings
from recorder.times import TrustedTime
from recorder.vault import Vault, empty

KEK = bytes(range(32))
SECTOR = 512
START = datetime(2026, 11, 23, tzinfo=UTC)
RULE = RingSettings(b"the one recorder", 3600.0, None, "overwrite_oldest")


class PowerCut(Exception):
    """The machine went dark."""


class Power:
    """Counts what is done to disks; at a chosen step the machine goes dark. Shared by all disks of a machine."""

    def __init__(self, cut_at: int | None = None) -> None:
        self.steps = 0
        self.cut_at = cut_at

    def step(self) -> None:
        self.steps += 1
        if self.cut_at is not None and self.steps >= self.cut_at:
            raise PowerCut


class Disk:
    """A `Place` in memory. What was not synced is lost in any part and in any order when the power goes."""

    def __init__(self, slots: int, slot_bytes: int, power: Power) -> None:
        self.slots = slots
        self.slot_bytes = slot_bytes
        self.power = power
        self.image = [bytearray(slot_bytes) for _ in range(slots)]
        self.waiting: list[tuple[int, int, bytes]] = []
        self.fault: Callable[[str, int], None] = lambda what, slot: None

    def read(self, slot: int, offset: int, size: int) -> bytes:
        self.fault("read", slot)
        seen = bytearray(self.image[slot][offset : offset + size])
        for at_slot, at, data in self.waiting:
            if at_slot == slot:
                first, last = max(at, offset), min(at + len(data), offset + size)
                if first < last:
                    seen[first - offset : last - offset] = data[first - at : last - at]
        return bytes(seen)

    def write(self, slot: int, offset: int, data: bytes) -> None:
        self.fault("write", slot)
        assert offset + len(data) <= self.slot_bytes
        self.waiting.append((slot, offset, data))
        self.power.step()

    def sync(self, slot: int) -> None:
        self.fault("sync", slot)
        self.power.step()
        for at_slot, at, data in self.waiting:
            if at_slot == slot:
                self.image[slot][at : at + len(data)] = data
        self.waiting = [one for one in self.waiting if one[0] != slot]
        self.power.step()

    def close(self) -> None:
        pass

    def go_dark(self, dice: random.Random) -> None:
        """Of what was not synced any sectors arrive, in any order, some only in part."""
        sectors = []
        for slot, at, data in self.waiting:
            for begin in range(0, len(data), SECTOR):
                sectors.append((slot, at + begin, data[begin : begin + SECTOR]))
        dice.shuffle(sectors)
        share = dice.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for slot, at, data in sectors:
            if dice.random() < share:
                whole = data if dice.random() < 0.9 else data[: dice.randrange(len(data) + 1)]
                self.image[slot][at : at + len(whole)] = whole
        self.waiting = []


@dataclass
class Hands:
    """A clock set by hand. seconds: since START; boot: since the machine started."""

    seconds: float = 0.0
    boot_s: float = 1000.0
    wall_s: float = 0.0
    synced: bool = True
    chip: bool = True
    boot_id: bytes = b"boot number one!"

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.wall_s)

    def boot(self) -> float:
        return self.boot_s + self.seconds

    def acknowledge(self) -> None:
        pass

    def true(self) -> datetime | None:
        return START + timedelta(seconds=self.seconds) if self.chip else None

    def trusted(self, state: Path) -> TrustedTime:
        return TrustedTime(self, state, synced=lambda: self.synced, chip=self.true, boot_id=lambda: self.boot_id)


@dataclass
class Rows:
    """A hold ledger in memory."""

    kept: list[LedgerRow] = field(default_factory=list)

    def append(self, kind, data):
        self.kept.append(LedgerRow(len(self.kept) + 1, START, kind, dict(data), b""))
        return len(self.kept)

    def rows(self, after=0):
        return self.kept[after:]


@dataclass
class Machine:
    """A recorder's disks and memory, over any number of starts."""

    folder: Path
    slots: int = 8
    slot_bytes: int = 32 * 1024
    rule: RingSettings = RULE
    power: Power = field(default_factory=Power)
    hands: Hands = field(default_factory=Hands)
    ledger: Rows = field(default_factory=Rows)
    told: list[tuple[str, dict]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.disk = Disk(self.slots, self.slot_bytes, self.power)
        self.keys = Disk(1, (self.slots + 1) * 128, self.power)
        self.keys.image[0][:] = empty(self.slots, KEK)

    def start(self) -> Ring:
        """As after any end: only what is on the disks is known."""
        self.time = self.hands.trusted(self.folder / "elapsed")
        return open_ring(
            self.disk,
            Vault(self.keys, self.slots, KEK),
            self.rule,
            self.time,
            Index(self.folder / "index.sqlite"),
            Holds(self.ledger),
            lambda kind, facts: self.told.append((kind, dict(facts))),
        )

    def group(self, video: list[tuple[Packet, ...]], number: int, event: int = 1, **changes) -> Group:
        """Group `number` of some video, as if it came now."""
        stamp = self.time.stamp()
        packets = video[number % len(video)]
        first_ns = packets[0].boot_ns
        moved = tuple(
            Packet(
                one.data,
                one.keyframe,
                stamp.boot_ns + one.boot_ns - first_ns,
                stamp.utc_us + (one.boot_ns - first_ns) // 1000,
            )
            for one in packets
        )
        return Group(event, stamp, moved, **changes)

    def at_us(self, seconds: float) -> int:
        return round((START + timedelta(seconds=seconds)).timestamp() * 1e6)

    def read(self, ring: Ring, first_s: float = -1e9, last_s: float = 1e9) -> list[Group]:
        spans = ring.find(self.at_us(first_s), self.at_us(last_s))
        return [group for span in spans for group in ring.read(span)]


def record(machine, ring, video, groups, first=0, event=1):
    for number in range(first, first + groups):
        machine.hands.seconds += 2.0
        ring.append(machine.group(video, number, event=event))


def fill(machine, ring, video):
    """Until the first slot is written over."""
    while not any(kind == "erased" for kind, _ in machine.told):
        record(machine, ring, video, 1)


def erased(machine):
    return [facts["slot"] for kind, facts in machine.told if kind == "erased"]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture(scope="session")
def video() -> list[tuple[Packet, ...]]:
    """Groups of two seconds of small real H.264, twenty pictures each, every group playable by itself."""
    return [tuple(Packet(one.data, one.keyframe, round(one.at_s * 1e9), 0) for one in group) for group in short_film()]


@pytest.fixture(scope="session")
def facts(video) -> StreamFacts:
    return StreamFacts(Codec.H264, 96, 64, 10.0, parameter_sets(video[0][0].data))
