"""Time as a value: UTC for what people read, boot time for durations; on the bench, both can be moved.

The bench keeps two offsets in one memory-mapped file. Writers hold a lock and make the sequence number odd
while they write; readers take no lock, and start again when the number is odd, has changed, or does not fit
the checksum over the values read (so that the order in which a processor shows its writes does not matter).

Each loop that lives by this clock has a named slot in the file and acknowledges once a turn.
:meth:`ClockFile.advance` returns when every living loop has gone a whole turn in the new time. TLS, cupsd and
pcscd stay on real time.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

from config.errors import ConfigError, Problem
from config.schema import Machine

_MAGIC = b"KIOSKCLK"
_VERSION = 1
_HEADER = struct.Struct("=8sQ")
# In units of eight bytes, so that every field is one aligned machine word.
_SEQUENCE, _UTC_OFFSET, _BOOT_OFFSET, _CHECK = 2, 3, 4, 5
_SLOTS_AT, _SLOTS, _SLOT_WORDS = 8, 8, 8
_NAME_BYTES = 32
_PID, _STARTED, _ACKNOWLEDGED = 4, 5, 6
_SIZE = 8 * (_SLOTS_AT + _SLOTS * _SLOT_WORDS)
_SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A writer needs microseconds. A reader that cannot read for so long was left by a writer that died.
_PATIENCE_S = 2.0
_WAIT_STEP_S = 0.002


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC. May jump when the machine's clock is set."""
        ...

    def boot(self) -> float:
        """Seconds since boot, suspend included. Never goes back while the machine is on."""
        ...

    def acknowledge(self) -> None:
        """Called by a loop once each turn; only a simulation listens."""
        ...


class ClockFault(Exception):
    """The bench's clock file cannot be read any more."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def boot(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def acknowledge(self) -> None:
        """Nobody waits for it."""


class _Mapped:
    """The file in memory."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, or ConfigError when the file is not a clock file."""
        self.path = path
        self._threads = threading.Lock()
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.fstat(self._fd).st_size != _SIZE:
                raise _not_a_clock(path)
            self._map = mmap.mmap(self._fd, _SIZE)
        except BaseException:
            os.close(self._fd)
            raise
        self.words = memoryview(self._map).cast("q")
        if _HEADER.unpack_from(self._map) != (_MAGIC, _VERSION):
            self.close()
            raise _not_a_clock(path)

    def close(self) -> None:
        self.words.release()
        self._map.close()
        os.close(self._fd)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One writer of offsets and slot names at a time, among threads and processes."""
        with self._threads:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def read(self) -> tuple[int, int, int]:
        """Sequence and the two offsets in ns, all of one moment."""
        words = self.words
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            sequence, utc_ns, boot_ns, check = words[_SEQUENCE : _CHECK + 1].tolist()
            if sequence % 2 == 0 and words[_SEQUENCE] == sequence and check == _checksum(sequence, utc_ns, boot_ns):
                return sequence, utc_ns, boot_ns
            if time.monotonic() > give_up:
                raise ClockFault(f"{self.path}: half written and nobody finishes it: restart the bench")
            time.sleep(0)  # let the writer go on

    def write(self, change: Callable[[int, int], tuple[int, int]]) -> int:
        """Replace the offsets by ``change`` of them; gives the new sequence."""
        words = self.words
        with self.locked():
            # Odd already: a writer died in the middle; what it left is finished here.
            begun = words[_SEQUENCE] | 1
            utc_ns, boot_ns = change(words[_UTC_OFFSET], words[_BOOT_OFFSET])
            words[_SEQUENCE] = begun
            words[_UTC_OFFSET] = utc_ns
            words[_BOOT_OFFSET] = boot_ns
            words[_CHECK] = _checksum(begun + 1, utc_ns, boot_ns)
            words[_SEQUENCE] = begun + 1
        return begun + 1

    # --- slots ---

    def name(self, slot: int) -> bytes:
        at = _SLOTS_AT + slot * _SLOT_WORDS
        return self.words[at : at + _NAME_BYTES // 8].tobytes().rstrip(b"\0")

    def set_name(self, slot: int, name: bytes) -> None:
        at = _SLOTS_AT + slot * _SLOT_WORDS
        self.words[at : at + _NAME_BYTES // 8] = memoryview(name.ljust(_NAME_BYTES, b"\0")).cast("q")

    def get(self, slot: int, field: int) -> int:
        return self.words[_SLOTS_AT + slot * _SLOT_WORDS + field]

    def put(self, slot: int, field: int, value: int) -> None:
        self.words[_SLOTS_AT + slot * _SLOT_WORDS + field] = value

    def is_live(self, slot: int) -> bool:
        started = self.get(slot, _STARTED)
        return started > 0 and _started(self.get(slot, _PID)) == started


class SimulatedClock:
    """The real clocks plus the bench's offsets."""

    def __init__(self, path: Path, slot: str) -> None:
        """Join the clock file at ``path`` as ``slot``; a process that starts anew takes its old slot over.

        Raises:
            ValueError: ``slot`` is empty or longer than 32 bytes.
            ConfigError: there is no such clock file, or all its slots are taken by living processes.
        """
        self._name = slot.encode()
        if not 0 < len(self._name) <= _NAME_BYTES:
            raise ValueError(f"{slot!r} is not a slot name: use 1 to {_NAME_BYTES} bytes")
        try:
            self._file = _Mapped(path)
        except OSError as error:
            text = f"cannot be opened ({error.strerror}): start the bench first"
            raise ConfigError([Problem(str(path), "", text)]) from error
        self._closed = False
        try:
            self._slot = self._join()
        except ConfigError:
            self._file.close()
            raise
        self._seen = self._file.get(self._slot, _ACKNOWLEDGED)

    def _join(self) -> int:
        file = self._file
        with file.locked():
            names = [file.name(slot) for slot in range(_SLOTS)]
            free = [slot for slot in range(_SLOTS) if not file.is_live(slot)]
            if self._name in names:
                slot = names.index(self._name)
            elif free:
                slot = free[0]
            else:
                raise ConfigError([Problem(str(file.path), "", f"all {_SLOTS} slots are taken: end a process first")])
            file.set_name(slot, self._name)
            file.put(slot, _ACKNOWLEDGED, file.read()[0])
            file.put(slot, _PID, os.getpid())
            file.put(slot, _STARTED, _started(os.getpid()))
        return slot

    def now(self) -> datetime:
        return _utc(time.time_ns() + self._file.read()[1])

    def boot(self) -> float:
        return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self._file.read()[2]) / _SECOND_NS

    def acknowledge(self) -> None:
        """Tell the bench that a turn is done.

        What is acknowledged is the time that stood already at the call before, so that a turn begun in the
        old time does not count for the new one. After a fork, whoever calls has the slot.
        """
        if self._file.get(self._slot, _PID) != os.getpid():
            self._slot = self._join()
        self._file.put(self._slot, _ACKNOWLEDGED, self._seen)
        self._seen = self._file.read()[0]

    def close(self) -> None:
        """Leave the slot, unless another process has it by now; ``advance`` does not wait for us any more."""
        if self._closed:
            return
        self._closed = True
        if self._file.get(self._slot, _PID) == os.getpid():
            self._file.put(self._slot, _PID, 0)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ClockFile:
    """The bench's side: sets the time and moves it on."""

    def __init__(self, path: Path) -> None:
        """Open an existing clock file.

        Raises:
            OSError: it cannot be opened.
            ConfigError: it is not a clock file.
        """
        self._file = _Mapped(path)

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new clock file with real time and no slots. Appears at once and whole; replaces an old one.

        Raises:
            OSError: it cannot be written.
        """
        content = bytearray(_SIZE)
        _HEADER.pack_into(content, 0, _MAGIC, _VERSION)
        memoryview(content).cast("q")[_CHECK] = _checksum(0, 0, 0)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(path)
        return cls(path)

    def now(self) -> datetime:
        """The simulated instant, aware, in UTC."""
        return _utc(time.time_ns() + self._file.read()[1])

    def boot(self) -> float:
        """The simulated seconds since boot."""
        return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self._file.read()[2]) / _SECOND_NS

    def set_utc(self, instant: datetime) -> None:
        """Set the wall clock alone, as a time server's step would; durations do not feel it.

        Raises:
            ValueError: ``instant`` is naive.
        """
        if instant.tzinfo is None:
            raise ValueError("a naive datetime names no instant: give it a time zone")
        wanted_ns = (instant - _EPOCH) // timedelta(microseconds=1) * 1000
        self._file.write(lambda _, boot_ns: (wanted_ns - time.time_ns(), boot_ns))

    def advance(self, seconds: float, timeout_s: float) -> bool:
        """Move both clocks on and wait until each living loop has gone a whole turn in the new time.

        Gives False when one of them had not after ``timeout_s`` real seconds. The time has moved either way.

        Raises:
            ValueError: ``seconds`` is negative; boot time cannot go back.
        """
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} s: time since boot never goes back")
        step_ns = round(seconds * _SECOND_NS)
        target = self._file.write(lambda utc_ns, boot_ns: (utc_ns + step_ns, boot_ns + step_ns))
        give_up = time.monotonic() + timeout_s
        while self._late(target):
            if time.monotonic() >= give_up:
                return False
            time.sleep(_WAIT_STEP_S)
        return True

    def _late(self, target: int) -> bool:
        file = self._file
        return any(file.is_live(slot) and file.get(slot, _ACKNOWLEDGED) < target for slot in range(_SLOTS))

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_clock(machine: Machine, slot: str) -> Clock:
    """The clock this machine lives by: the bench's in a simulation that names one, else the system's.

    Raises:
        ConfigError: a bench clock is named for real hardware, or cannot be joined.
    """
    if machine.bench is None:
        return SystemClock()
    if not machine.simulation:
        text = "names a bench clock, but simulation is false: real devices run on real time only"
        raise ConfigError([Problem("machine file", "bench.clock_file", text)])
    return SimulatedClock(machine.bench.clock_file, slot)


def _not_a_clock(path: Path) -> ConfigError:
    return ConfigError([Problem(str(path), "", "is not a clock file of this version: start the bench first")])


def _checksum(sequence: int, utc_ns: int, boot_ns: int) -> int:
    return zlib.crc32(struct.pack("=qqq", sequence, utc_ns, boot_ns))


def _utc(epoch_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=epoch_ns // 1000)


def _started(pid: int) -> int:
    """When process ``pid`` began, in clock ticks since boot (proc(5)): a reused number is not taken for it.

    Gives -1 when there is no such process or it has ended and waits to be collected.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return -1
    state, *fields = stat.rpartition(")")[2].split()
    return -1 if state in "ZX" else int(fields[18])
