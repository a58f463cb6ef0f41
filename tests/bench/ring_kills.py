"""A real process that records into a ring on a real disk, and is killed (kill -9) at any moment, over and over:

    python tests/bench/ring_kills.py --kills 1000

Each life goes on where the one before was killed. After every death the ring is opened anew and looked at:

- whatever was said to be stored, from the oldest group that is still there on, is there as it was, without a hole;
  what was being written at the kill may be missing, one group at most;
- all of it plays: ffmpeg decodes every picture without a complaint, and ffprobe counts as many as were stored;
- of what was claimed over since the life before, nothing can be opened: the image of the disk from before is tried with
  every key that is left;
- the index says what the slots say; now and then it is deleted or spoilt before, and made anew;
- the book of erasures holds.

What was not synced and is lost with the power is the other half: `tests/recorder_ring/test_power_cuts.py`.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.camera import Packet
from hardware_sim.camera.film import short_film
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Index
from recorder.ledgers import Ledgers, open_books
from recorder.place import OneFile, SlotFiles, prepare, slot_path
from recorder.record import Group, RecordDamaged
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingSettings
from recorder.times import TrustedTime
from recorder.vault import Vault
from recorder.writer import fetch, heads

KEK = bytes(range(32))
SLOTS, SLOT_BYTES = 8, 32 * 1024
START = datetime(2026, 11, 23, tzinfo=UTC)
RULE = RingSettings(b"the one recorder", 40.0, None, "overwrite_oldest")
LONGEST_LIFE_S = 0.25
DECODED_AT_ONCE = 25
Packets = list[tuple[Packet, ...]]


@dataclass
class Clock:
    """Two seconds for each group."""

    group: int = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=2 * self.group)

    def boot(self) -> float:
        return 1000.0 + 2 * self.group

    def acknowledge(self) -> None:
        pass


@dataclass
class Machine:
    """The recorder's files, and the one way in which both the process and who looks at it open them."""

    folder: Path
    video: Packets
    clock: Clock = field(default_factory=Clock)

    def open(self) -> tuple[Ring, Ledgers]:
        ledgers = open_books(self.folder / "recorder.sqlite", self.clock.now, self.folder / "memory")
        self.time = TrustedTime(
            self.clock,
            self.folder / "elapsed",
            synced=lambda: True,
            chip=self.clock.now,
            boot_id=lambda: b"boot number one!",
        )
        ring = open_ring(
            SlotFiles(self.folder / "video", SLOTS, SLOT_BYTES),
            Vault.open(self.folder / "keys", SLOTS, KEK),
            RULE,
            self.time,
            Index(self.folder / "index.sqlite"),
            Holds(ledgers.hold),
            ledgers.told,
        )
        return ring, ledgers

    def group(self, number: int) -> Group:
        """The one that is recorded at that time, whoever asks."""
        self.clock.group = number
        stamp, source = self.time.stamp(), self.video[number % len(self.video)]
        first_ns = source[0].boot_ns
        packets = tuple(
            Packet(
                one.data,
                one.keyframe,
                stamp.boot_ns + one.boot_ns - first_ns,
                stamp.utc_us + (one.boot_ns - first_ns) // 1000,
            )
            for one in source
        )
        return Group(number // 10 + 1, stamp, packets)


def record(machine: Machine, first: int, seed: int, out: int) -> None:
    """The life of a process: every group is said before and after it is stored."""
    dice = random.Random(seed)
    ring, _ = machine.open()
    for number in range(first, sys.maxsize):
        group = machine.group(number)
        if dice.random() < 0.05:
            ring.seal()
        os.write(out, f"tries {number}\n".encode())
        ring.append(group)
        os.write(out, f"stored {number}\n".encode())


@dataclass
class Figures:
    kills: int = 0
    stored: int = 0
    cut_off: int = 0
    """Groups that were being written at the kill and are not there."""
    kept_anyway: int = 0
    """Groups that were being written at the kill and are there."""
    looked_at: int = 0
    """Groups read after all deaths together."""
    erased: int = 0
    tried: int = 0
    """Records of an earlier image tried with every key that is left."""
    rebuilt: int = 0
    pictures: int = 0


class Run:
    def __init__(self, folder: Path, video: Packets, seed: int) -> None:
        self.machine = Machine(folder, video)
        self.dice = random.Random(seed)
        self.figures = Figures()
        self.stored: set[int] = set()
        self.last_tried = -1
        self.stream, self.expected = bytearray(), 0
        (folder / "video").mkdir()
        prepare(folder / "video", SLOTS, SLOT_BYTES)
        Vault.create(folder / "keys", SLOTS, KEK).close()

    def life(self) -> None:
        """Start, kill, look."""
        earlier = [slot_path(self.machine.folder / "video", slot).read_bytes() for slot in range(SLOTS)]
        first = self.last_tried + 1
        receive, send = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                record(self.machine, first, self.dice.randrange(1 << 30), send)
            finally:
                os._exit(3)
        os.close(send)
        time.sleep(self.dice.uniform(0.0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the process has ended by itself"
        with os.fdopen(receive) as said:
            for line in said:
                word, number = line.split()
                if word == "stored":
                    self.stored.add(int(number))
                self.last_tried = int(number)
        self.figures.kills += 1
        self.look(earlier)

    def look(self, earlier: list[bytes]) -> None:
        figures, machine = self.figures, self.machine
        if self.dice.random() < 0.2:
            figures.rebuilt += 1
            index = machine.folder / "index.sqlite"
            if self.dice.random() < 0.5:
                index.unlink(missing_ok=True)
            elif index.exists():
                index.write_bytes(self.dice.randbytes(index.stat().st_size // 2))
        machine.clock.group = self.last_tried + 1
        ring, ledgers = machine.open()
        found = [(span, group) for span in ring.find(0, 1 << 62) for group in ring.read(span)]
        numbers = [self.number(group) for _, group in found]
        assert numbers == sorted(set(numbers)), "out of order, or twice"
        for number, (_, group) in zip(numbers, found, strict=True):
            assert same(group, machine.group(number)), f"group {number} is not what was recorded"
            assert abs(group.first.elapsed_s - 2 * number) < 1, "its age was counted wrongly over the deaths"
        if self.stored:
            assert numbers, "something was stored and nothing is there"
            missing = {number for number in self.stored if number >= numbers[0]} - set(numbers)
            assert not missing, f"stored and not there: {sorted(missing)}"
            assert max(self.stored) in numbers
        assert set(numbers) <= self.stored | {self.last_tried}, "a group that nobody stored"
        if self.last_tried >= 0 and self.last_tried not in self.stored:
            figures.cut_off += self.last_tried not in numbers
            figures.kept_anyway += self.last_tried in numbers
            self.stored |= {self.last_tried} & set(numbers)
        figures.looked_at += len(found)
        self.nothing_old_opens(earlier, set(numbers))
        machine.clock.group = self.last_tried + 1
        visits = ring.visits(0, 1 << 62)
        assert {visit.event for visit in visits} == {group.event for _, group in found}, "the index says something else"
        assert sum(visit.footage_ms for visit in visits) == 2000 * len(found)
        assert ledgers.erasure.verify().sound
        figures.erased, figures.stored = ledgers.erasure.verify().rows, len(self.stored)
        ring.close()
        ledgers.close()
        self.stream += b"".join(packet.data for _, group in found for packet in group.packets)
        self.expected += sum(len(group.packets) for _, group in found)
        if figures.kills % DECODED_AT_ONCE == 0:
            self.plays()

    def nothing_old_opens(self, earlier: list[bytes], numbers: set[int]) -> None:
        vault = Vault.open(self.machine.folder / "keys", SLOTS, KEK)
        left = {slot: (vault.generation(slot), vault.key(slot, vault.generation(slot))) for slot in range(SLOTS)}
        vault.close()
        for slot, image in enumerate(earlier):
            copy = self.machine.folder / f"slot-{slot}"
            copy.write_bytes(image)
            place = Renamed(copy, slot)
            header = slots.read(place, slot)
            if header is not None and header.generation != left[slot][0]:
                for head in heads(place, slot, header.generation, header.data_end)[:3]:
                    for _, key in left.values():
                        try:
                            fetch(place, slot, head, key or bytes(32))
                        except RecordDamaged:
                            self.figures.tried += 1
                        else:
                            raise AssertionError("an old record can still be opened")
            place.close()

    def number(self, group: Group) -> int:
        return round((group.first.boot_ns / 1e9 - 1000.0) / 2)

    def plays(self) -> None:
        """Other people's programs decode every picture, without one complaint."""
        if not self.expected:
            return
        path = self.machine.folder / "all.h264"
        path.write_bytes(self.stream)
        done = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "null", "-"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert not done.stderr, done.stderr
        counted = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v",
             "-show_entries", "stream=nb_read_frames", "-of", "default=nk=1:nw=1", path],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert int(counted.stdout.split()[0]) == self.expected
        self.figures.pictures += self.expected
        self.stream, self.expected = bytearray(), 0


def same(found: Group, recorded: Group) -> bool:
    """But for what each start counts anew: the epoch of the clock, and elapsed time."""
    facts = [(one.event, one.packets, one.flags, one.first.boot_ns, one.first.utc_us) for one in (found, recorded)]
    return facts[0] == facts[1]


class Renamed(OneFile):
    """A copy of a slot's file, under the slot's own number."""

    def __init__(self, path: Path, slot: int) -> None:
        super().__init__(path)
        self.slots = slot + 1  # type: ignore[misc]


def filmed() -> Packets:
    """Groups of two seconds of small real H.264, twenty pictures each, every group playable by itself."""
    return [tuple(Packet(one.data, one.keyframe, round(one.at_s * 1e9), 0) for one in group) for group in short_film()]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty folder on the disk to be tried; else a temporary one")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        run = Run(options.folder or Path(made), filmed(), options.seed)
        for _ in range(options.kills):
            run.life()
        run.plays()
    figures = run.figures
    print(
        f"{figures.kills} kills in {time.monotonic() - began:.0f} s: {figures.stored} groups stored, "
        f"{figures.erased} slots written over, {figures.looked_at} groups found again and compared, "
        f"{figures.pictures} pictures decoded by ffmpeg and ffprobe; being written at the kill: "
        f"{figures.cut_off} groups lost, {figures.kept_anyway} kept; index made anew {figures.rebuilt} times; "
        f"{figures.tried} attempts at old records, none opened"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
