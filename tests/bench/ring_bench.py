"""The recorder's ring of 13,000 slots (1,920 hours in slots of 64 MiB at 1 Mbit/s), beside one of a hundred.

The slots here are small, the same in both, and lie in memory where there is room: it is the ring that is measured, not
the disk. Every slot holds video of its own day and hour; the ring goes over the oldest.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import Measure

from drivers.camera import Packet
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Index, Part
from recorder.ledgers import FILE, Ledgers
from recorder.place import SlotFiles, slot_path
from recorder.record import Group
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingSettings
from recorder.slot import SlotHeader, State
from recorder.times import TrustedTime
from recorder.vault import Vault
from recorder.writer import Writer

MANY, FEW = 13_000, 100
DAYS, SHORT_DAYS = 240, 24
SLOT_BYTES = 32 * 1024
GROUPS = 10
"""In a slot that is full from the beginning."""
APPENDS, FINDS = 600, 200
KEK = bytes(32)
START = datetime(2026, 4, 1, tzinfo=UTC)
RULE = RingSettings(b"the one recorder", 0.0, None, "overwrite_oldest")
PACKETS = tuple(random.Random(5).randbytes(100) for _ in range(20))

_made: list[Made] = []


@dataclass
class Clock:
    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def boot(self) -> float:
        return 1000.0 + self.seconds

    def acknowledge(self) -> None:
        pass


class Made:
    """A ring all of whose slots are full. apart_s: from the beginning of one slot to that of the next."""

    def __init__(self, count: int, apart_s: float) -> None:
        self.count, self.apart_s, self.clock = count, apart_s, Clock()
        self.folder = Path(tempfile.mkdtemp(prefix="ring-", dir=_room()))
        for slot in range(count):
            path = slot_path(self.folder, slot)
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                file.truncate(SLOT_BYTES)
        vault = Vault.create(self.folder / "keys", count, KEK)
        place = SlotFiles(self.folder, count, SLOT_BYTES)
        place.sync = lambda slot: None  # type: ignore[method-assign]
        time_ = self.time()
        index = Index(self.folder / "index.sqlite")
        for slot in range(count):
            self.clock.seconds = slot * apart_s
            at = time_.stamp()
            header = SlotHeader(slot, slot + 1, State.WRITING, RULE.device, at, at)
            writer = Writer(place, header, vault.renew(slot, slot + 1))
            for _ in range(GROUPS):
                writer.append(self.group(time_, slot + 1))
                self.clock.seconds += 2.0
            header = writer.seal()
            part = Part(slot + 1, header.first.utc_us, header.last.utc_us, header.footage_ms)
            index.put(slot, slot + 1, [part])
        for one in (place, vault, index):
            one.close()
        time_.save()
        self.ring = self.opened()
        _made.append(self)

    def time(self) -> TrustedTime:
        return TrustedTime(
            self.clock, self.folder / "elapsed", synced=lambda: True, chip=self.clock.now, boot_id=lambda: bytes(16)
        )

    def opened(self) -> Ring:
        self.trusted = self.time()
        self.ledgers = Ledgers(self.folder / FILE, self.clock.now)
        return open_ring(
            SlotFiles(self.folder, self.count, SLOT_BYTES),
            Vault.open(self.folder / "keys", self.count, KEK),
            RULE,
            self.trusted,
            Index(self.folder / "index.sqlite"),
            Holds(self.ledgers.hold),
        )

    def group(self, trusted: TrustedTime, event: int) -> Group:
        at = trusted.stamp()
        return Group(
            event,
            at,
            tuple(
                Packet(data, n == 0, at.boot_ns + n * 100_000_000, at.utc_us + n * 100_000)
                for n, data in enumerate(PACKETS)
            ),
        )

    def appends(self) -> float:
        """Two laps of a small ring, a part of one of a large one; a slot is claimed with every twelfth."""
        groups = []
        for _ in range(APPENDS):
            self.clock.seconds += 2.0
            groups.append(self.group(self.trusted, 7))
        began = time.process_time()
        for group in groups:
            self.ring.append(group)
        return (time.process_time() - began) / APPENDS

    def finds(self, find: Callable[[Ring, int, int], object]) -> float:
        """Half an hour anywhere in what has not been written over."""
        dice = random.Random(11)
        state = self.ring.state()
        assert state.oldest_utc_us is not None
        assert state.newest_utc_us is not None
        ranges = [dice.randrange(state.oldest_utc_us, state.newest_utc_us) for _ in range(FINDS)]
        began = time.process_time()
        for first in ranges:
            find(self.ring, first, first + 1_800_000_000)
        return (time.process_time() - began) / FINDS

    def opens(self) -> float:
        ring, ledgers = self.ring, self.ledgers
        ring.close()
        ledgers.close()
        began = time.perf_counter()
        self.ring = self.opened()
        return time.perf_counter() - began

    def bare(self) -> float:
        """The two pages of each slot and the entry of its key, read and nothing done with them."""
        began = time.perf_counter()
        keys = os.open(self.folder / "keys", os.O_RDONLY)
        for slot in range(self.count):
            file = os.open(slot_path(self.folder, slot), os.O_RDONLY)
            os.pread(file, slots.DATA, 0)
            os.pread(keys, 128, slot * 128)
            os.close(file)
        os.close(keys)
        return time.perf_counter() - began

    def memory(self) -> float:
        """MiB that an open ring takes."""
        self.ring.close()
        self.ledgers.close()
        tracemalloc.start()
        self.ring = self.opened()
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return taken / (1 << 20)

    def close(self) -> None:
        self.ring.close()
        self.ledgers.close()
        shutil.rmtree(self.folder)


def _room() -> str | None:
    """In memory, if a gigabyte fits there."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else None


def measures() -> list[Measure]:
    apart_s = DAYS * 86_400 / MANY
    many, few, tenth = Made(MANY, apart_s), Made(FEW, apart_s), Made(MANY * SHORT_DAYS // DAYS, apart_s)

    def spans(ring: Ring, first: int, last: int) -> object:
        return ring.find(first, last)

    def visits(ring: Ring, first: int, last: int) -> object:
        return ring.visits(first, last)

    return [
        Measure(
            "find half an hour of 240 days, beside 24",
            lambda: many.finds(spans),
            lambda: tenth.finds(spans),
            goal=1.2,
            pairs=15,
            note=f"{MANY} slots beside {tenth.count}, as many for each day; the heads of what is found are read.",
        ),
        Measure(
            "the same, visits only",
            lambda: many.finds(visits),
            lambda: tenth.finds(visits),
            goal=1.2,
            pairs=15,
        ),
        Measure(
            "append a group, 13,000 slots beside 100",
            many.appends,
            few.appends,
            goal=1.1,
            pairs=21,
            note="Processor time, with a slot claimed, its key replaced and its index written for every twelfth group.",
        ),
        Measure(
            "open a ring of 13,000, beside reading its heads",
            many.opens,
            many.bare,
            goal=10.0,
            pairs=5,
            note="Opened: sizes checked, heads and keys read and checked, sorted by age and by label.",
        ),
        Measure("memory of a ring of 13,000", many.memory, None, goal=40.0, pairs=1, unit="MiB", warm_up=0),
    ]


def close() -> None:
    while _made:
        _made.pop().close()
