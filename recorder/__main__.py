"""The recorder as a process: ``python -m recorder --config /etc/certkiosk/machine.toml``.

SIGHUP (``systemctl reload recorder``): the camera was turned, and what it shows now is what it should show.

Exit status 0: ended by SIGTERM, everything sealed; 78: the configuration, the keys or the disk are not what the machine
file says, and starting again would not help.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from config.calendar import JST, Opening
from config.clock import Clock, open_clock
from config.errors import ConfigError, Problem
from config.footage import Stream
from config.hours import Hours, machine_hours
from config.ledger import DatabaseDamaged, LedgerTampered
from config.load import load
from config.schema import CameraDevice, RecorderSettings, Settings
from config.secrets import camera_source, recorder_kek, runtime_directory, state_directory
from config.service_manager import notify
from drivers.sensors import CaseSensor
from recorder.capture import Capture, CaptureSettings, Heard
from recorder.case import Case
from recorder.forecast import Outlook, by_day, capacity_s, forecast
from recorder.frugal import settle
from recorder.holds import Holds
from recorder.inbox import CaseIs, Inbox, ViewAccepted
from recorder.index import Index
from recorder.key_ledger import KeyLedger
from recorder.key_told import key_told
from recorder.ledgers import FILE, Ledgers, open_books
from recorder.live import Live
from recorder.marks import Marks
from recorder.parts import Parts, Rule
from recorder.pattern import pattern
from recorder.place import TEST_SLOT, PlaceError, SlotFiles
from recorder.prepare import VAULT, told_moved
from recorder.presence import Detector, PresenceSettings
from recorder.recovery import open_ring
from recorder.ring import Ring
from recorder.ring_facts import RingSettings
from recorder.service import Service
from recorder.sighting import Sighting
from recorder.sizing import open_min
from recorder.status import Status, told
from recorder.store import Store
from recorder.times import Stamp, TimeStateError, TrustedTime
from recorder.trial import prove
from recorder.vault import Vault, VaultError
from recorder.watching import BookKeeper, PictureHealth

EX_CONFIG: Final = 78
ELAPSED, INDEX, PLACE = "elapsed", "index.sqlite", "empty-place"
"""Below $STATE_DIRECTORY, beside keys and books."""

_log = logging.getLogger("recorder")


def ring_settings(settings: Settings) -> RingSettings:
    """The municipality's rule, in seconds. The device is a number made of the terminal's own."""
    rule, machine = settings.profile.camera, settings.machine
    ceiling_h = rule.retention_max_elapsed_h
    return RingSettings(
        sha256(b"recorder of " + machine.terminal_id.encode()).digest()[:16],
        rule.retention_min_elapsed_h * 3600.0,
        None if ceiling_h is None else ceiling_h * 3600.0,
        rule.on_conflict,
        machine.recorder.reserve_slots if machine.recorder else 0,
    )


def filming(settings: Settings, hours: Hours) -> Callable[[datetime], Opening | None]:
    """The machine's hours; None before the first day of filming (S-10)."""
    first = settings.profile.camera.from_date

    def opening(now: datetime) -> Opening | None:
        return hours.is_open(now) if now.astimezone(JST).date() >= first else None

    return opening


def foreseeing(settings: Settings, hours: Hours) -> Callable[[Ring, datetime], Outlook | None]:
    """When the ring will have to write over a young image; None while the clock is beyond every known calendar."""
    camera, recorder, rule = settings.machine.camera, settings.machine.recorder, settings.profile.camera
    assert camera is not None
    assert recorder is not None
    slot_s = Stream(camera.max_kbit_s, camera.fps, camera.keyframe_s).slot_s(recorder.slot_bytes)
    floor = timedelta(hours=rule.retention_min_elapsed_h)

    def outlook(ring: Ring, now: datetime) -> Outlook | None:
        try:
            first, last = (round(at.timestamp() * 1e6) for at in (now - floor, now))
            room_s = capacity_s(ring.state(), slot_s, recorder.reserve_slots)
            opened = cache(lambda day: open_min(hours, day) * 60.0)
            today = now.astimezone(JST).date()
            return forecast(by_day(ring.visits(first, last)), room_s, opened, math.ceil(floor / timedelta(1)), today)
        except (ValueError, OverflowError, OSError, sqlite3.Error) as error:
            _log.warning("nothing can be foreseen: %s", error)
            return None

    return outlook


def _checked(recorder: RecorderSettings, vault: Path, kek: bytes) -> None:
    """What starting again would not mend. Raises ConfigError. A disk that only fails is waited for instead."""
    try:
        with contextlib.suppress(OSError):
            SlotFiles(recorder.video, recorder.slots, recorder.slot_bytes).close()
        with contextlib.suppress(OSError):
            Vault.open(vault, recorder.slots, kek).close()
    except (PlaceError, VaultError) as error:
        raise ConfigError([Problem("recorder", "", str(error))]) from error


def serve(settings: Settings, camera: CameraDevice, recorder: RecorderSettings, kek: bytes) -> int:
    """Until SIGTERM. Raises ConfigError, and what `open_books` raises. A disk that fails or is full ends nothing."""
    state, runtime = state_directory(), runtime_directory()
    source = camera_source(camera)
    _checked(recorder, state / VAULT, kek)
    clock = open_clock(settings.machine, f"recorder {settings.machine.terminal_id}"[:32])
    hours = machine_hours(settings.profile)
    ending, inbox = threading.Event(), Inbox()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    signal.signal(signal.SIGHUP, lambda *_: inbox.put(ViewAccepted()))
    with ExitStack() as stack:
        ledgers = open_books(state / FILE, clock.now, runtime / FILE)
        stack.callback(ledgers.close)
        time = TrustedTime(clock, state / ELAPSED)
        rules, holds = ring_settings(settings), Holds(ledgers.hold, unknown=ledgers.holds_unknown)

        def opener() -> Ring:
            with ExitStack() as half:
                place = SlotFiles(recorder.video, recorder.slots, recorder.slot_bytes)
                half.callback(place.close)
                vault = Vault.open(state / VAULT, recorder.slots, kek)
                half.callback(vault.close)
                index = Index(state / INDEX)
                half.callback(index.close)
                ring = open_ring(place, vault, rules, time, index, holds, ledgers.told)
                half.pop_all()
                return ring

        def proved(at: Stamp) -> None:
            prove(recorder.video / TEST_SLOT, rules.device, pattern(), at)
            told_moved(recorder, state, ledgers.told)

        kept = state / PLACE
        reference = kept.read_bytes() if kept.is_file() else None
        detector = Detector(PresenceSettings(camera.zone), reference)
        capture = Capture(CaptureSettings(source, camera.width, camera.height, camera.fps, camera.mask), clock)
        rule = settings.profile.camera
        service = Service(
            Parts(
                clock,
                time,
                Store(opener, clock.boot, time.stamp),
                capture,
                Sighting(detector),
                detector.reference,
                PictureHealth(reference),
                BookKeeper(ledgers, _case(settings, recorder, ledgers, hours, clock)),
                filming(settings, hours),
                proved,
                kept,
                Rule(rule.preroll_s, rule.absence_s, rule.required),
                foreseeing(settings, hours),
            )
        )
        marks = Marks(recorder.marks, recorder.status, inbox.put, lambda: service.report)
        stack.callback(marks.close)
        live = Live(clock)
        status = Status(
            recorder.office,
            {
                "state": lambda: told(marks.report, clock.boot()),
                "live": live.told,
                "keys": lambda: key_told(state / FILE, settings.profile.keys, clock.now),
            },
        )
        stack.callback(status.close)
        if recorder.case is not None:
            sensor = CaseSensor(recorder.case)
            sensor.start(lambda is_open: inbox.put(CaseIs(is_open)))
            stack.callback(sensor.close)
        marks.start()
        status.start()

        def hear(heard: Heard) -> None:
            live.hear(heard)
            inbox.put(heard)

        capture.start(hear)
        stack.callback(capture.close)
        settle()
        notify("READY=1")
        service.run(inbox, ending, lambda: notify("WATCHDOG=1"))
        notify("STOPPING=1")
    _log.info("ended, everything is sealed")
    return 0


def _case(settings: Settings, recorder: RecorderSettings, ledgers: Ledgers, hours: Hours, clock: Clock) -> Case | None:
    if recorder.case is None:
        return None
    return Case(KeyLedger(ledgers.key, settings.profile.keys), hours, clock.boot())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="recorder", description="防犯カメラの録画装置")
    parser.add_argument("--config", type=Path, required=True, help="the machine file (see config/machine.example.toml)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    os.umask(0o077)
    try:
        settings = load(options.config)
        camera, recorder, kek = settings.machine.camera, settings.machine.recorder, recorder_kek(settings.machine)
        if camera is None or recorder is None or kek is None:
            wrong = "is missing: a machine without a camera needs no recorder; disable the unit"
            raise ConfigError([Problem(str(options.config), "camera", wrong)])
        return serve(settings, camera, recorder, kek)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except (DatabaseDamaged, LedgerTampered, sqlite3.Error, TimeStateError, OSError) as error:
        _log.error("%s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
