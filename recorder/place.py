"""Where the ring lies: slot files of one size, filled once and from then on only written over.

No file is ever truncated, renamed or punched, so on ext4 its blocks stay where they are; `extents` shows it (FIEMAP).
Everything goes through `Place`, so that tests can put a disk in between that fails, tears and forgets.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

FILL: Final = 1 << 20
OPEN_FILES: Final = 16
TOO_MANY: Final = 8
"""When more than one slot in so many cannot be used, it is the disk that cannot."""
TEST_SLOT: Final = "test.video"
"""A file of one slot beside the others, for the test pattern."""
_FIEMAP: Final = 0xC020660B
_FIEMAP_HEAD: Final = struct.Struct("=QQLLLL")
_FIEMAP_EXTENT: Final = struct.Struct("=QQQQQLLLL")
_EXTENTS_AT_ONCE: Final = 256
_LAST: Final = 0x1
_SYNC: Final = 0x1


class PlaceError(RuntimeError):
    """The video disk cannot be used; the message says what to do."""


class Place(Protocol):
    """A number of slots of one size. Raises OSError as the disk does."""

    @property
    def slots(self) -> int: ...

    @property
    def slot_bytes(self) -> int: ...

    def read(self, slot: int, offset: int, size: int) -> bytes: ...

    def write(self, slot: int, offset: int, data: bytes) -> None:
        """Over what stands there; on the disk only after `sync`."""

    def sync(self, slot: int) -> None: ...

    def close(self) -> None: ...


class SlotFiles:
    """Slot files ``0000/slot-000042.video``, a thousand in a folder.

    A file that is missing is left to whoever reads it. Raises PlaceError when more than one in eight are, or when
    one is not of the size the others have; OSError as the disk does.
    """

    def __init__(self, folder: Path, slots: int, slot_bytes: int) -> None:
        self._folder = folder
        self._slots = slots
        self._slot_bytes = slot_bytes
        self._open: OrderedDict[int, int] = OrderedDict()
        missing = 0
        for slot in range(slots):
            path = slot_path(folder, slot)
            try:
                size = path.stat().st_size
            except FileNotFoundError as error:
                missing += 1
                if missing <= slots // TOO_MANY:
                    continue
                raise PlaceError(
                    f"{path}: {error.strerror}: the video disk is not there or not prepared; mount it, or prepare a "
                    "new one with 'python -m recorder.prepare'"
                ) from error
            if size != slot_bytes:
                raise PlaceError(
                    f"{path} has {size} bytes, the configuration says {slot_bytes}: put slot size and number of the "
                    "machine file back to what the disk was prepared with, or prepare the disk anew"
                )

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def slot_bytes(self) -> int:
        return self._slot_bytes

    def read(self, slot: int, offset: int, size: int) -> bytes:
        file = self._file(slot)
        found = b""
        while len(found) < size and (more := os.pread(file, size - len(found), offset + len(found))):
            found += more
        return found

    def write(self, slot: int, offset: int, data: bytes) -> None:
        if offset + len(data) > self._slot_bytes:
            raise ValueError(f"{len(data)} bytes at {offset} pass the end of the slot")
        _write(self._file(slot), offset, data)

    def sync(self, slot: int) -> None:
        os.fdatasync(self._file(slot))

    def extents(self, slot: int) -> tuple[tuple[int, int, int], ...] | None:
        """(offset in the file, place on the disk, length) of each piece in bytes; None where FIEMAP is not known."""
        return extents(self._file(slot))

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def _file(self, slot: int) -> int:
        if slot in self._open:
            self._open.move_to_end(slot)
            return self._open[slot]
        if not 0 <= slot < self._slots:
            raise ValueError(f"there is no slot {slot}")
        if len(self._open) >= OPEN_FILES:
            os.close(self._open.popitem(last=False)[1])
        file = os.open(slot_path(self._folder, slot), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._open[slot] = file
        return file


class OneFile:
    """A file of one slot. Raises OSError when it cannot be opened."""

    slots: Final = 1

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        self.slot_bytes = os.fstat(self._file).st_size

    def read(self, slot: int, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)

    def write(self, slot: int, offset: int, data: bytes) -> None:
        _write(self._file, offset, data)

    def sync(self, slot: int) -> None:
        os.fdatasync(self._file)

    def forget(self) -> None:
        """What is read next comes from the disk, not from memory, as far as the system lets us say so."""
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _write(file: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def slot_path(folder: Path, slot: int) -> Path:
    return folder / f"{slot // 1000:04}/slot-{slot:06}.video"


def prepare(folder: Path, slots: int, slot_bytes: int, *, told: Callable[[int], None] = lambda slot: None) -> None:
    """Make the slot files and the test slot, filled once with zeros: an extent that was only promised would move when
    first written.

    told: called after each slot. What is there with the right size stays; so an interrupted preparation goes on.

    Raises PlaceError when a file of another size is there, or there is no room.
    """
    for slot in range(slots + 1):
        path = slot_path(folder, slot) if slot < slots else folder / TEST_SLOT
        path.parent.mkdir(parents=True, exist_ok=True)
        done = path.with_suffix(".filling")
        if path.exists():
            if path.stat().st_size != slot_bytes:
                raise PlaceError(f"{path} is there with another size: empty the video disk first")
        else:
            try:
                _fill(done, slot_bytes)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    raise PlaceError(
                        f"{folder}: no room for slot {slot} of {slots} ({slot_bytes} bytes each): "
                        "fewer or smaller slots, or a larger disk"
                    ) from error
                raise PlaceError(f"{done}: {error.strerror}") from error
            done.rename(path)
            _sync_folder(path.parent)
        if slot < slots:
            told(slot)


def _fill(path: Path, size: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
        block = bytes(FILL)
        for offset in range(0, size, FILL):
            os.pwrite(file, block[: size - offset], offset)
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def extents(file: int) -> tuple[tuple[int, int, int], ...] | None:
    """Where a file's bytes lie (ioctl FS_IOC_FIEMAP, linux/fiemap.h); None where the file system cannot say."""
    found: list[tuple[int, int, int]] = []
    start = 0
    while True:
        request = bytearray(_FIEMAP_HEAD.size + _EXTENTS_AT_ONCE * _FIEMAP_EXTENT.size)
        _FIEMAP_HEAD.pack_into(request, 0, start, (1 << 63) - 1 - start, _SYNC, 0, _EXTENTS_AT_ONCE, 0)
        try:
            fcntl.ioctl(file, _FIEMAP, request)
        except OSError as error:
            if error.errno in {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL}:
                return None
            raise
        count = _FIEMAP_HEAD.unpack_from(request)[3]
        if not count:
            return tuple(found)
        for index in range(count):
            logical, physical, length, _, _, flags, _, _, _ = _FIEMAP_EXTENT.unpack_from(
                request, _FIEMAP_HEAD.size + index * _FIEMAP_EXTENT.size
            )
            found.append((logical, physical, length))
            start = logical + length
            if flags & _LAST:
                return tuple(found)
