"""Prepare the video disk, once, before the recorder's first start; and look at it again later.

    python -m recorder.prepare --config /etc/certkiosk/machine.toml            make slot files and keys
    python -m recorder.prepare --config /etc/certkiosk/machine.toml --check    do the slots still lie where they lay?

Nothing that is there is written over: a slot file of the right size stays, so that an interrupted preparation can go
on; keys, and slots with video in them, are refused. The slot files must lie on a file system that writes in place
(ext4, XFS): elsewhere what was written over would stay on the disk. Where each slot lies (FIEMAP) is noted below
$STATE_DIRECTORY.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from config.errors import ConfigError
from config.load import load
from config.schema import RecorderSettings
from config.secrets import recorder_kek, state_directory
from recorder.place import TEST_SLOT, PlaceError, SlotFiles, prepare, slot_path
from recorder.ring_facts import Told
from recorder.slot import DATA
from recorder.vault import Vault, VaultError

VAULT: Final = "keys.vault"
EXTENTS: Final = "extents.json"
"""Both below $STATE_DIRECTORY."""
EX_CONFIG: Final = 78
IN_PLACE: Final = {0xEF53: "ext4", 0x58465342: "XFS"}
"""statfs(2), f_type."""
ELSEWHERE: Final = {
    0x9123683E: "btrfs", 0x2FC12FC1: "ZFS", 0xCA451A4E: "bcachefs", 0xF2F52010: "f2fs", 0x3434: "nilfs2",
    0x794C7630: "overlayfs", 0x01021994: "tmpfs", 0x858458F6: "ramfs", 0x6969: "NFS", 0xFF534D42: "CIFS",
    0xFE534D42: "SMB", 0x65735546: "FUSE", 0x4D44: "FAT", 0x2011BAB0: "exFAT", 0x5346544E: "NTFS", 0x7366746E: "NTFS",
}  # fmt: skip
_MOUNTS: Final = Path("/proc/self/mountinfo")

_log = logging.getLogger(__name__)

Extents = tuple[tuple[int, int, int], ...]


class PrepareError(RuntimeError):
    """The disk cannot be prepared; the message says why and what to do."""


def file_system(folder: Path) -> int:
    """f_type of statfs(2). Raises OSError."""
    buffer = ctypes.create_string_buffer(512)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.statfs(os.fsencode(folder), buffer):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(folder))
    return int.from_bytes(buffer.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder) & 0xFFFFFFFF


def mount_options(folder: Path, mounts: str) -> frozenset[str]:
    """Options of the file system a folder lies on, by the text of mountinfo (proc(5)); empty if not listed."""
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if fields[2] == wanted:
            return frozenset((*fields[5].split(","), *fields[-1].split(",")))
    return frozenset()


def writes_in_place(folder: Path, kind: int, options: frozenset[str]) -> None:
    """Raises PrepareError for a file system on which what was written over would stay, or would not stay over a
    restart. kind: see `file_system`."""
    if kind not in IN_PLACE:
        name = ELSEWHERE.get(kind, f"of the kind {kind:#x}")
        raise PrepareError(
            f"{folder}: the file system is {name}, which does not write in place: what is written over would stay on "
            "the disk, or nothing would. Format the video disk as ext4 (mkfs.ext4) and mount it there"
        )
    if "data=journal" in options:
        raise PrepareError(
            f"{folder}: the file system is mounted with data=journal, which keeps copies of the video in its journal: "
            "mount it without that option"
        )
    if "ro" in options:
        raise PrepareError(f"{folder}: the file system is mounted read-only: mount it writable")


def make(
    recorder: RecorderSettings,
    state: Path,
    kek: bytes,
    *,
    simulation: bool = False,
    kind: Callable[[Path], int] = file_system,
    told: Callable[[str], None] = lambda text: None,
) -> None:
    """Slot files, the note where they lie, and the keys, in this order. simulation: on any file system.

    Raises PrepareError, PlaceError, VaultError or OSError.
    """
    vault = state / VAULT
    if vault.exists():
        raise PrepareError(
            f"{vault} is there already: this recorder is prepared, and those keys open its video. Look at the disk "
            "with --check; for a new disk move that file away first, and know that without it the old video stays shut"
        )
    if not recorder.video.is_dir():
        raise PrepareError(f"{recorder.video}: no such folder: mount the video disk there")
    if not simulation:
        writes_in_place(recorder.video, kind(recorder.video), mount_options(recorder.video, _MOUNTS.read_text()))
    _no_video(recorder)
    _room(recorder)
    tenth = max(1, recorder.slots // 10)

    def one(slot: int) -> None:
        if (slot + 1) % tenth == 0 or slot + 1 == recorder.slots:
            told(f"{slot + 1} of {recorder.slots} slots")

    prepare(recorder.video, recorder.slots, recorder.slot_bytes, told=one)
    note(recorder, state)
    Vault.create(vault, recorder.slots, kek).close()
    told(f"prepared: {recorder.slots} slots of {recorder.slot_bytes} bytes in {recorder.video}")


def _no_video(recorder: RecorderSettings) -> None:
    """A disk of another recorder, or of this one with its keys lost, is not taken for an empty one."""
    there = [slot for slot in range(recorder.slots) if slot_path(recorder.video, slot).exists()]
    for slot in there:
        path = slot_path(recorder.video, slot)
        with path.open("rb") as file:
            pages = file.read(DATA)
        if any(pages):
            raise PrepareError(
                f"{path} holds video, but its keys are not here: put the backup of {VAULT} back into the state folder, "
                "or empty the video disk first if the video is to be given up"
            )


def _room(recorder: RecorderSettings) -> None:
    """Told before hours of filling, not after them."""
    missing = sum(not slot_path(recorder.video, slot).exists() for slot in range(recorder.slots))
    missing += not (recorder.video / TEST_SLOT).exists()
    disk = os.statvfs(recorder.video)
    free = disk.f_bavail * disk.f_frsize
    if missing * recorder.slot_bytes > free:
        fits = max(0, free // recorder.slot_bytes + recorder.slots - missing)
        raise PrepareError(
            f"{recorder.video}: {missing * recorder.slot_bytes / 1e9:,.1f} GB are needed and {free / 1e9:,.1f} GB are "
            f"free: {fits} slots would fit; use a larger disk"
        )


# ---- where the slots lie --------------------------------------------------------------------------------------


def where(recorder: RecorderSettings) -> list[Extents | None]:
    """(offset, place on the disk, length) in bytes of each piece of each slot; None where the file system cannot say.

    Raises PlaceError or OSError.
    """
    with closing(SlotFiles(recorder.video, recorder.slots, recorder.slot_bytes)) as files:
        return [files.extents(slot) for slot in range(recorder.slots)]


def note(recorder: RecorderSettings, state: Path) -> None:
    """Write down where the slots lie."""
    beside = state / f".{EXTENTS}.new"
    with beside.open("w") as file:
        json.dump({"slot_bytes": recorder.slot_bytes, "slots": where(recorder)}, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(state / EXTENTS)


def moved(recorder: RecorderSettings, state: Path) -> tuple[int, ...]:
    """Slots that do not lie where they lay when the disk was prepared. For once a day.

    Raises PrepareError when the note is missing, damaged or of another disk, PlaceError or OSError as the disk does.
    """
    path = state / EXTENTS
    try:
        kept = json.loads(path.read_text())
        before = [None if one is None else tuple(tuple(piece) for piece in one) for one in kept["slots"]]
        slot_bytes = kept["slot_bytes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PrepareError(f"{path}: cannot be read ({type(error).__name__}): put its backup back") from error
    if len(before) != recorder.slots or slot_bytes != recorder.slot_bytes:
        raise PrepareError(
            f"{path} is of {len(before)} slots of {slot_bytes} bytes, the machine file says {recorder.slots} of "
            f"{recorder.slot_bytes}: put the numbers of the machine file back to what the disk was prepared with"
        )
    now = where(recorder)
    return tuple(slot for slot in range(recorder.slots) if _joined(now[slot]) != _joined(before[slot]))


def told_moved(recorder: RecorderSettings, state: Path, told: Told) -> None:
    """`moved`, for the book: recording goes on where the slots lie now. Raises nothing."""
    try:
        for slot in moved(recorder, state):
            _log.error("%s does not lie where it lay", slot_path(recorder.video, slot))
            told("slot_moved", {"slot": slot})
    except (PrepareError, PlaceError, OSError) as error:
        _log.error("where the slots lie cannot be compared: %s", error)


def _joined(pieces: Extents | None) -> Extents | None:
    """The same places, however the file system cuts them: pieces that adjoin are one."""
    if pieces is None:
        return None
    found: list[tuple[int, int, int]] = []
    for offset, place, length in pieces:
        if found and found[-1][0] + found[-1][2] == offset and found[-1][1] + found[-1][2] == place:
            offset, place, length = found[-1][0], found[-1][1], found.pop()[2] + length
        found.append((offset, place, length))
    return tuple(found)


# ---- the command ----------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0: done, or every slot in its place; 1: refused, or slots have moved; 78: configuration."""
    parser = argparse.ArgumentParser(prog="recorder.prepare", description="Prepare the video disk of the recorder.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--check", action="store_true", help="change nothing; compare where the slots lie")
    options = parser.parse_args(arguments)
    try:
        machine = load(options.config).machine
        recorder = machine.recorder
        if recorder is None:
            raise PrepareError(f"{options.config} has no [recorder]: this machine records nothing")
        state = state_directory()
        if options.check:
            return _check(recorder, state)
        kek = recorder_kek(machine)
        assert kek is not None
        make(recorder, state, kek, simulation=machine.simulation, told=print)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except (PrepareError, PlaceError, VaultError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _check(recorder: RecorderSettings, state: Path) -> int:
    elsewhere = moved(recorder, state)
    for slot in elsewhere:
        print(f"{slot_path(recorder.video, slot)} does not lie where it lay: its old place may still hold old video")
    if elsewhere:
        print(f"{len(elsewhere)} of {recorder.slots} slots have moved: has the disk been copied or restored?")
        return 1
    print(f"all {recorder.slots} slots lie where they lay")
    return 0


if __name__ == "__main__":
    sys.exit(main())
