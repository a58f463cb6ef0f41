"""Time that video is labelled with, and time that its age is counted by. They are not the same clock.

A label is UTC, with a word on how much it is worth. An age is counted in *elapsed* seconds: boot time while this
program runs, and for the time in between only what two sources, the system's clock set by a time server and the
clock chip, agree on. So a clock that is unset, or stepped by a year in either direction, makes nothing older or
younger. The count can only fall behind the truth, never run ahead of it: what is in doubt is kept longer, and nothing
is overwritten or expired because a clock said so.
"""

from __future__ import annotations

import ctypes
import logging
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Final

from config.clock import Clock

BUILT: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock that shows less than this was never set."""
STEP_S: Final = 0.5
"""A change of (UTC - boot time) above this is a step, and begins a new epoch."""
AGREE_S: Final = 60.0
"""So far apart may system clock and clock chip be and still agree on how long the machine was off."""
SAVE_S: Final = 30.0
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
RTC: Final = Path("/sys/class/rtc/rtc0/since_epoch")

_log = logging.getLogger(__name__)

_STATE: Final = struct.Struct("<8sQqQI16s")
"""magic, elapsed microseconds, UTC label or -1 when it is not to be relied on, boot nanoseconds, epoch, boot id."""
_MAGIC: Final = b"RECTIME1"


class Quality(IntEnum):
    """What the label of an instant is worth."""

    UNSET = 0
    RTC = 1
    SYNCED = 2
    HAND = 3
    """Stepped while no time server was heard."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One instant. boot_ns: since boot, suspend included; utc_us: label, microseconds since 1970;
    epoch: grows with every step of the clock; elapsed_s: see the head of this module."""

    boot_id: bytes
    boot_ns: int
    utc_us: int
    quality: Quality
    epoch: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock was set. by_us: new label minus the one expected."""

    stamp: Stamp
    by_us: int
    before: Quality


class _Timex(ctypes.Structure):
    """The head of struct timex (adjtimex(2)); the rest is room."""

    _fields_ = (("modes", ctypes.c_uint), ("room", ctypes.c_byte * 252))


def synchronised() -> bool:
    """Whether the kernel knows its clock to be set by a time server (adjtimex(2), STA_UNSYNC)."""
    return bool(0 <= _libc().adjtimex(ctypes.byref(_Timex())) < 5)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def clock_chip() -> datetime | None:
    """What the clock chip shows, None without one."""
    try:
        return datetime.fromtimestamp(int(RTC.read_text()), UTC)
    except (OSError, ValueError):
        return None


def this_boot() -> bytes:
    """16 bytes that are new with every start of the machine."""
    return bytes.fromhex(BOOT_ID.read_text().strip().replace("-", ""))


class TimeStateError(RuntimeError):
    """The count of elapsed time cannot be written; the message says what to do."""


class TrustedTime:
    """Labels instants and counts elapsed seconds over all starts of the machine. For one thread.

    state: a small file on the system's disk (not the video disk), written every half minute and on `save`. A file that
    is missing or damaged begins the count anew at zero; `lost` says so, and `not_before` brings it up again. `tick` and
    `save` raise TimeStateError when it cannot be written.
    """

    def __init__(
        self,
        clock: Clock,
        state: Path,
        *,
        synced: Callable[[], bool] = synchronised,
        chip: Callable[[], datetime | None] = clock_chip,
        boot_id: Callable[[], bytes] = this_boot,
    ) -> None:
        self._clock = clock
        self._state = state
        self._synced = synced
        self._chip = chip
        self._boot_id = boot_id()
        self._begun_s = clock.boot()
        self._offset_us = self._now_us() - round(self._begun_s * 1e6)
        self._by_hand = False
        self._left_us: int | None = None
        """When the machine was last seen running, while it is not agreed on how long it was off."""
        self.lost = False
        self.epoch = 0
        self._carried_s = 0.0
        self._load()
        self._saved_s = self._begun_s
        try:
            self.save()
        except TimeStateError as error:
            _log.error("%s", error)  # and again with the first tick
            self._saved_s = -SAVE_S

    # ---- labels ------------------------------------------------------------------------------------------

    def stamp(self) -> Stamp:
        """This instant."""
        boot_s = self._clock.boot()
        return Stamp(
            self._boot_id,
            round(boot_s * 1e9),
            self._now_us(),
            self.quality(),
            self.epoch,
            self._elapsed_at(boot_s),
        )

    def stamp_at(self, boot_ns: int) -> Stamp:
        """An instant of this boot that has just been, labelled by the clock as it goes now."""
        return Stamp(
            self._boot_id, boot_ns, self.label_us(boot_ns), self.quality(), self.epoch, self._elapsed_at(boot_ns / 1e9)
        )

    def label_us(self, boot_ns: int) -> int:
        """The label alone: for every picture."""
        return boot_ns // 1000 + self._offset_us

    def quality(self) -> Quality:
        if self._clock.now() < BUILT:
            return Quality.UNSET
        if self._synced():
            return Quality.SYNCED
        return Quality.HAND if self._by_hand else Quality.RTC

    # ---- elapsed -----------------------------------------------------------------------------------------

    def elapsed_s(self) -> float:
        """Seconds since the first start of this recorder, never more than have really passed."""
        return self._elapsed_at(self._clock.boot())

    @property
    def waiting(self) -> bool:
        """How long the machine was off is not agreed on yet."""
        return self._left_us is not None

    def tick(self) -> ClockStep | None:
        """To be called every second or so: notices steps, settles the time the machine was off, saves now and then."""
        boot_s = self._clock.boot()
        offset_us = self._now_us() - round(boot_s * 1e6)
        by_us = offset_us - self._offset_us
        step = None
        if abs(by_us) > STEP_S * 1e6:
            before = self.quality()
            if self._offset_us // 1_000_000 + boot_s < BUILT.timestamp():
                before = Quality.UNSET
            self._by_hand = not self._synced()
            self.epoch += 1
            self._offset_us = offset_us
            step = ClockStep(self.stamp(), by_us, before)
        elif by_us:
            self._offset_us = offset_us  # slewed, not stepped
        self._settle()
        if step or boot_s - self._saved_s >= SAVE_S:
            self.save()
        return step

    def save(self) -> None:
        boot_s = self._clock.boot()
        body = _STATE.pack(
            _MAGIC,
            round(self._elapsed_at(boot_s) * 1e6),
            self._now_us() if self._agreed() is not None and self._left_us is None else -1,
            round(boot_s * 1e9),
            self.epoch,
            self._boot_id,
        )
        beside = self._state.with_name(f".{self._state.name}.new")
        try:
            with beside.open("wb") as file:
                file.write(body + struct.pack("<I", zlib.crc32(body)))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._state)
        except OSError as error:
            raise TimeStateError(
                f"the age of the video cannot be counted: {self._state} cannot be written ({error.strerror}); "
                "make room on the system's disk or look at its health"
            ) from error
        self._saved_s = boot_s

    def not_before(self, elapsed_s: float) -> None:
        """The count has been so far already: something stored says so."""
        self._carried_s += max(0.0, elapsed_s - self.elapsed_s())

    def _load(self) -> None:
        try:
            content = self._state.read_bytes()
            body, (crc,) = content[: _STATE.size], struct.unpack("<I", content[_STATE.size :])
            magic, elapsed_us, utc_us, boot_ns, epoch, boot_id = _STATE.unpack(body)
            if magic != _MAGIC or crc != zlib.crc32(body):
                raise ValueError("damaged")
        except FileNotFoundError:
            return
        except (OSError, struct.error, ValueError):
            self.lost = True
            return
        self._carried_s, self.epoch = elapsed_us / 1e6, epoch + 1
        if boot_id == self._boot_id:
            self._carried_s += max(0.0, self._begun_s - boot_ns / 1e9)
        elif utc_us >= 0:
            self._left_us = utc_us
            self._settle()

    def _settle(self) -> None:
        """Add the time the machine was off, once two clocks agree what time it is."""
        if self._left_us is None or (agreed_us := self._agreed()) is None:
            return
        ran_us = round((self._clock.boot() - self._begun_s) * 1e6)
        self._carried_s += max(0, agreed_us - ran_us - self._left_us) / 1e6
        self._left_us = None

    def _agreed(self) -> int | None:
        """UTC in microseconds if a time server's and the chip's agree; of the two the earlier."""
        chip = self._chip()
        if chip is None or self.quality() is not Quality.SYNCED:
            return None
        now_us, chip_us = self._now_us(), round(chip.timestamp() * 1e6)
        return min(now_us, chip_us) if abs(now_us - chip_us) <= AGREE_S * 1e6 else None

    def _elapsed_at(self, boot_s: float) -> float:
        return self._carried_s + max(0.0, boot_s - self._begun_s)

    def _now_us(self) -> int:
        now = self._clock.now()
        return round(now.timestamp() * 1e6)
