"""Ten times round: the video lies where it lay, and of the lap before nothing is left on the raw disk. Both disks are
filled with something else meanwhile, to the last block.

On plain files always; on an ext4 of its own, the whole image searched with journal and all, where one can be mounted.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from drivers.camera import Packet
from recorder import slot as slots
from recorder.holds import Holds
from recorder.index import Index
from recorder.ledgers import FILE, open_books
from recorder.place import SlotFiles, prepare
from recorder.record import Group, RecordDamaged
from recorder.recovery import open_ring
from recorder.ring_facts import RingSettings
from recorder.slot import DATA
from recorder.times import Stamp
from recorder.vault import Vault
from recorder.writer import fetch, heads

from .conftest import KEK, Hands

LAPS, SLOTS, SLOT_BYTES = 10, 16, 256 * 1024
SLICES, SLICE = 16, 32
VIDEO_MIB, STATE_MIB = 16, 8
RULE = RingSettings(b"the one recorder", 0.0, 1e9, "overwrite_oldest")


class Files:
    """A disk that is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def raw(self) -> bytes:
        """Every byte of it."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())

    def fill(self) -> None:
        """With something else; a folder is never full."""

    def empty(self) -> None:
        """Of what it was filled with."""

    def close(self) -> None:
        pass


class Ext4:
    """A disk that is an image with a file system of its own."""

    def __init__(self, folder: Path, mib: int = 0, image: bytes = b"") -> None:
        self.folder, self.image = folder, folder.with_suffix(".image")
        folder.mkdir()
        self.image.write_bytes(image)
        if not image:
            os.truncate(self.image, mib << 20)
            subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", self.image], check=True)
        self._mount()

    def raw(self) -> bytes:
        """All of it, as it would be found by somebody who takes the disk away."""
        self.close()
        found = self.image.read_bytes()
        self._mount()
        return found

    def fill(self) -> None:
        """To the last block."""
        with (self.folder / "else").open("ab", buffering=0) as other:
            for size in (65536, 1):
                with suppress(OSError):
                    while other.write(bytes(size)):
                        pass

    def empty(self) -> None:
        (self.folder / "else").unlink()

    def close(self) -> None:
        subprocess.run(["umount", self.folder], check=True)

    def _mount(self) -> None:
        subprocess.run(["mount", "-o", "loop", self.image, self.folder], check=True, capture_output=True)


@pytest.fixture(params=["files", "ext4"])
def disks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Files | Ext4, Files | Ext4]]:
    """That of the video, and that of the keys and books."""
    if request.param == "files":
        yield Files(tmp_path / "video"), Files(tmp_path / "state")
        return
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("an ext4 of its own needs root and mkfs.ext4")
    try:
        video = Ext4(tmp_path / "video", VIDEO_MIB)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no image can be mounted here: {error.stderr or error}")
    state = Ext4(tmp_path / "state", STATE_MIB)
    yield video, state
    for disk in (video, state):
        # Also when a test has failed and left something open.
        subprocess.run(["umount", "-l", disk.folder], check=True)


@dataclass
class Recorder:
    """Started for each lap, and ended after it."""

    video: Path
    state: Path
    dice: random.Random
    hands: Hands = field(default_factory=Hands)
    numbers: Iterator[int] = field(default_factory=count)

    def lap(self) -> dict[int, Group]:
        """Every slot is filled, or sealed half filled as at closing time. What was stored, by its boot time."""
        ring, ledgers = self.open()
        stored = {}
        for _ in range(SLOTS):
            for _ in range(self.dice.randrange(3, 14)):
                self.hands.seconds += 2.0
                at = self.time.stamp()
                packets = tuple(self.packet(at, n) for n in range(15))
                group = stored[at.boot_ns] = Group(next(self.numbers) // 10 + 1, at, packets)
                ring.append(group)
            ring.seal()
        ring.close()
        ledgers.close()
        return stored

    def packet(self, first: Stamp, number: int) -> Packet:
        data = self.dice.randbytes(self.dice.randrange(500, 1500))
        return Packet(data, number == 0, first.boot_ns + number * 10**8, first.utc_us + number * 10**5)

    def expire(self) -> None:
        """Everything is too old."""
        self.hands.seconds += 2e9
        ring, ledgers = self.open()
        assert ring.expire() == SLOTS
        ring.close()
        ledgers.close()

    def open(self):
        ledgers = open_books(self.state / FILE, self.hands.now, self.state.parent / "memory")
        self.time = self.hands.trusted(self.state / "elapsed")
        ring = open_ring(
            SlotFiles(self.video, SLOTS, SLOT_BYTES),
            Vault.open(self.state / "keys", SLOTS, KEK),
            RULE,
            self.time,
            Index(self.state / "index.sqlite"),
            Holds(ledgers.hold, unknown=ledgers.holds_unknown),
            ledgers.told,
        )
        return ring, ledgers

    def slices(self) -> set[bytes]:
        """Some of what is stored in each slot."""
        files, found = SlotFiles(self.video, SLOTS, SLOT_BYTES), set()
        for slot in range(SLOTS):
            header = slots.read(files, slot)
            assert header.data_end > DATA
            stored = files.read(slot, DATA, header.data_end - DATA)
            wanted = len(found) + SLICES
            while len(found) < wanted:
                at = self.dice.randrange(len(stored) - SLICE)
                if b"\0\0" not in stored[at : at + 8]:
                    found.add(stored[at : at + SLICE])
        files.close()
        return found

    def extents(self) -> list:
        files = SlotFiles(self.video, SLOTS, SLOT_BYTES)
        found = [files.extents(slot) for slot in range(SLOTS)]
        files.close()
        return found


def on(image: bytes, wanted: set[bytes]) -> set[bytes]:
    """Which of these byte strings are anywhere in the image."""
    every = np.frombuffer(image, np.uint8)
    first_two = every[:-1].astype(np.uint16) | every[1:].astype(np.uint16) << 8
    begins = np.zeros(1 << 16, bool)
    for one in wanted:
        begins[int.from_bytes(one[:2], "little")] = True
    size = len(next(iter(wanted)))
    return {image[at : at + size] for at in np.flatnonzero(begins[first_two])} & wanted


def opened(video: Path, vault_file: Path) -> tuple[dict[int, object], int]:
    """What of the slots can be opened with any key of a vault; and how many records were tried."""
    files, vault = SlotFiles(video, SLOTS, SLOT_BYTES), Vault.open(vault_file, SLOTS, KEK)
    keys = [key for slot in range(SLOTS) if (key := vault.key(slot, vault.generation(slot)))]
    found, tried = {}, 0
    for slot in range(SLOTS):
        header = slots.read(files, slot)
        for head in heads(files, slot, header.generation, header.data_end):
            tried += 1
            for key in keys:
                try:
                    found[head.first.boot_ns] = fetch(files, slot, head, key)
                except RecordDamaged:
                    continue
    files.close()
    vault.close()
    return found, tried


def test_ten_laps_lie_where_the_first_lay_and_leave_nothing_of_the_lap_before(disks, tmp_path):
    video, state = disks
    prepare(video.folder, SLOTS, SLOT_BYTES)
    Vault.create(state.folder / "keys", SLOTS, KEK).close()
    recorder = Recorder(video.folder, state.folder, random.Random(8))
    lay = recorder.extents()
    before, keys_before, earlier = set(), set(), None
    for lap in range(1, LAPS + 1):
        stored = recorder.lap()
        assert recorder.extents() == lay
        pieces = recorder.slices()
        vault = (state.folder / "keys").read_bytes()
        # Of each entry the wrapped key itself (recorder.vault: magic, slot, generation, nonce, wrapped key).
        keys = {vault[at + 28 : at + 28 + 48] for at in range(0, SLOTS * 128, 128)}
        image, system = video.raw(), state.raw()
        assert len(pieces) == SLOTS * SLICES
        assert on(image, pieces) == pieces, "the search finds what is there"
        assert on(system, keys) == keys
        if before:
            assert on(image, before) == set(), f"of lap {lap - 1} something is left on the disk"
            assert on(system, keys_before) == set(), "an old key is left on the system's disk"
        before, keys_before = pieces, keys
        if lap == 2:
            video.fill()
        if lap == 4:
            state.fill()
        if lap == LAPS - 1:
            earlier = image, vault, stored
            if isinstance(video, Files):
                shutil.copytree(video.folder, tmp_path / "copy")
    assert earlier is not None
    image, vault, stored = earlier
    (tmp_path / "keys-of-then").write_bytes(vault)
    copy = Ext4(tmp_path / "copy", image=image) if isinstance(video, Ext4) else None
    try:
        found, tried = opened(tmp_path / "copy", tmp_path / "keys-of-then")
        assert found == stored, "with the keys of then everything opens"
        assert tried == len(stored)
        assert opened(tmp_path / "copy", state.folder / "keys") == ({}, tried), "with those of now nothing does"
        state.empty()
        recorder.expire()
        assert opened(video.folder, state.folder / "keys")[0] == {}, "what has expired does not open either"
        assert on(state.raw(), keys_before) == set()
    finally:
        if copy is not None:
            copy.close()
