"""`python -m drivers.probe clock`: is the system's time right, and does it survive a power cut?"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.probing import MachineTime, Report
from config.schema import Settings

STA_UNSYNC: Final = 0x0040
"""Kernel's clock status (adjtimex(2)): nobody disciplines this clock."""
APART_S: Final = 2.0
"""RTC and system may differ by so much; the RTC tells whole seconds."""
RTC_FOLDER: Final = Path("/sys/class/rtc")


class _Timeval(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_usec", ctypes.c_long))


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("constant", ctypes.c_long),
        ("precision", ctypes.c_long), ("tolerance", ctypes.c_long), ("time", _Timeval), ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long), ("jitter", ctypes.c_long), ("shift", ctypes.c_int), ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long), ("calcnt", ctypes.c_long), ("errcnt", ctypes.c_long), ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int), ("reserved", ctypes.c_int * 11),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel says of its clock. `error_s`: the estimated error."""

    synchronised: bool
    error_s: float


def kernel_clock() -> Kernel:
    """Asked, never changed. Raises OSError."""
    library = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    found = _Timex()
    if library.adjtimex(ctypes.byref(found)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return Kernel(not found.status & STA_UNSYNC, found.esterror / 1_000_000)


def probe(
    settings: Settings,
    report: Report,
    *,
    kernel: Callable[[], Kernel] = kernel_clock,
    rtc_folder: Path = RTC_FOLDER,
    now: Callable[[], float] = time.time,
) -> None:
    _zone(now(), report)
    _synchronised(kernel, report)
    _rtc(rtc_folder, now(), report)
    if settings.machine.bench is not None:
        bench = MachineTime(settings.machine)
        apart = bench.now().timestamp() - now()
        bench.close()
        report.note(f"the bench's own clock is {apart:+.0f} s from the system's; the kiosk on the bench lives by it")


def _zone(instant: float, report: Report) -> None:
    try:
        japan = datetime.fromtimestamp(instant, ZoneInfo("Asia/Tokyo"))
    except ZoneInfoNotFoundError:
        report.fault("Japanese time is not known here", "put in the package tzdata")
        return
    report.ok(f"it is {japan:%Y-%m-%d %H:%M:%S} in Japan")


def _synchronised(kernel: Callable[[], Kernel], report: Report) -> None:
    try:
        found = kernel()
    except OSError as error:
        report.fault(f"the kernel does not tell about its clock ({error.strerror})", "try on the machine itself")
        return
    report.check(
        found.synchronised,
        f"the clock is synchronised (estimated error {found.error_s * 1000:.0f} ms)",
        "the clock is not synchronised: dates on certificates and opening hours hang on it",
        "switch a time service on (sudo timedatectl set-ntp true, or chrony) and let it reach a time server",
    )


def _rtc(folder: Path, instant: float, report: Report) -> None:
    clocks = sorted(folder.glob("rtc*")) if folder.is_dir() else []
    for clock in clocks:
        try:
            name = (clock / "name").read_text().strip()
            apart = int((clock / "since_epoch").read_text()) - instant
        except (OSError, ValueError):
            continue
        report.check(
            abs(apart) <= APART_S,
            f"real-time clock {name}, {apart:+.1f} s from the system's",
            f"the real-time clock {name} is {apart:+.1f} s from the system's",
            "write it once the clock is synchronised (sudo hwclock --systohc); if it drifts again, change its battery",
        )
        return
    report.fault(
        "there is no real-time clock: after a power cut the time is wrong until the network is back",
        "fit one with a battery; on a Raspberry Pi, for example a DS3231 with dtoverlay=i2c-rtc,ds3231",
    )
