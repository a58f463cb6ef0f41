"""The composition root: reads the configuration, builds the parts, runs the loop. The only file that knows them all."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # By the way that shows a picture first; this file is then imported under its own name.
    from kiosk.begin import main as begin

    sys.exit(begin())

import argparse
import logging
import os
import secrets
import signal
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from config.clock import Clock, open_clock
from config.errors import ConfigError, Problem
from config.hours import machine_hours
from config.load import load
from config.schema import Settings
from config.secrets import credential, runtime_directory, state_directory
from config.service_manager import notify
from drivers.card_certificate import CardTrust
from drivers.card_juki import JukiProfile
from drivers.card_readers import make_reader, make_transport
from drivers.cash_unit import CashUnit
from drivers.certificate import Limits
from drivers.issuer import CertificateIssuer, Line, Pinned, pinned, tls_context
from drivers.printer_cups import CertificatePrinter
from drivers.recorder_link import RecorderLink
from drivers.recorder_office import RecorderOffice
from drivers.sensors import ModbusSensors
from kiosk.begin import Picture
from kiosk.catalogue import rules_of
from kiosk.errors import JournalError
from kiosk.events import Part
from kiosk.gate import Gate
from kiosk.journal import Journal
from kiosk.loop import Devices, Inbox, Loop
from kiosk.presenter import present
from kiosk.process import CONFIGURATION_ERROR, Parent, harden, settle_memory, swap_on_disk
from kiosk.session import Moment, Service, Session, Staff, State
from kiosk.staff import StaffBook
from kiosk.staff_admin import FILE as STAFF_FILE
from kiosk.view_model import OutOfService
from screens.chime import chime
from screens.display import Display, preload
from screens.kept import keep
from screens.mirror import Mirror
from screens.narrator import Narrator
from screens.panel import Panel
from screens.voice import FOLDER, Voice, manifests

_log = logging.getLogger("kiosk")

SESSION_FOLDER = "session"
"""Below $RUNTIME_DIRECTORY: all that a session leaves outside this process; wiped by every recovery."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is read once, by the parent, and holds nothing of anybody."""

    settings: Settings
    trust: CardTrust
    city: Pinned
    state: Path
    runtime: Path
    credentials: Path
    first: bool = False
    """The first child of this start: its still picture is kept for the next one."""


def ground(settings: Settings) -> Ground:
    """Everything that must be there before anybody is served. Raises ConfigError saying what to do."""
    machine = settings.machine
    state, runtime = state_directory(), runtime_directory()
    if not machine.simulation and (swaps := swap_on_disk(Path("/proc/swaps").read_text())):
        wrong = f"{', '.join(swaps)} is in use: switch it off, or memory may be written to a disk"
        raise ConfigError([Problem("/proc/swaps", "", wrong)])
    try:
        trust = CardTrust.from_folder(machine.reader.card_trust, machine.reader.policy_oid)
        city = pinned(credential("city-sign.pub"), credential("city-hpke.pub"))
    except (OSError, ValueError) as error:
        raise ConfigError([Problem("credentials", "", str(error))]) from error
    for name in ("terminal.key", "terminal.crt", "centre.pin"):
        credential(name)
    Panel(machine.panel.width_px, machine.panel.height_px, machine.panel.diagonal_in)
    # Made once here, so that no child has to: tables of holidays, line breaking, fonts' character maps, the chime.
    machine_hours(settings.profile).is_open(datetime.now(UTC))
    preload()
    chime()
    manifests(FOLDER)
    make_transport(machine.reader)  # not opened; its library is loaded
    return Ground(settings, trust, city, state, runtime, Path(os.environ["CREDENTIALS_DIRECTORY"]))


class Stopped(Exception):
    """SIGTERM: end at once; what was under way is taken up by the next start."""


def serve_one(base: Ground) -> int:
    """The life of one child: recovery, one person, the end."""
    signal.signal(signal.SIGTERM, _raise_stopped)
    machine = base.settings.machine
    clock = open_clock(machine, f"kiosk {machine.terminal_id}"[:32])
    mirror = Mirror(machine.bench.mirror_socket) if machine.bench else None
    panel = Panel(machine.panel.width_px, machine.panel.height_px, machine.panel.diagonal_in)
    display = Display(panel, mirror)
    gate = Gate(machine.bench.journal_gate) if machine.bench and machine.bench.journal_gate else None
    try:
        # Before anything else is opened: a window that was just made is black.
        display.show(present(nobody(base), Moment(clock.now(), clock.boot())))
        if base.first:
            keep(base.state)
        return _with_journal(base, clock, display, mirror, gate)
    except Stopped:
        return 0
    except JournalError as error:
        _log.critical("%s", error)
        return _stay_closed(base, clock, display)
    finally:
        if mirror:
            mirror.close()
        if gate:
            gate.close()


def _with_journal(base: Ground, clock: Clock, display: Display, mirror: Mirror | None, gate: Gate | None) -> int:
    settings = base.settings
    inbox = Inbox()
    journal = Journal(base.state / "kiosk.sqlite", settings.machine.cash, gate)
    try:
        journal.install({h.serial: h.initial_coins for h in settings.machine.cash.hoppers}, clock.now())
        book = StaffBook(base.state / STAFF_FILE, clock.now)
        devices = build(base, clock, display, mirror, inbox, journal, book)
        session = first_session(base, journal, clock, book)
        loop = Loop(session, devices, journal, clock, inbox, lambda: notify("WATCHDOG=1"))
        try:
            start(devices, inbox)
            loop.run()
        finally:
            close(devices)
    finally:
        journal.close()
    return 0


def first_session(base: Ground, journal: Journal, clock: Clock, book: StaffBook) -> Session:
    """What this process knows before anybody came: books, latches, interrupted transactions, random names."""
    settings, machine = base.settings, base.settings.machine
    required = {Part.READER, Part.CASH, Part.PRINTER, Part.ISSUER}
    if settings.profile.receipt_required:
        required.add(Part.RECEIPT)
    if machine.sensors:
        required.add(Part.SENSORS)
    if machine.sound.required:
        required.add(Part.SOUND)
    if machine.recorder and settings.profile.camera.required:
        required.add(Part.CAMERA)
    rules = rules_of(settings, frozenset(required), sensed=machine.sensors is not None)
    found = journal.found()
    most_copies = max(certificate.max_copies for certificate in settings.profile.certificates)
    tokens = tuple(secrets.token_hex(16) for _ in range(2 + most_copies))
    return Session(
        rules,
        tokens,
        service=Service(stopped=journal.stopped(), denials=journal.denials(clock.now())),
        interrupted=journal.interrupted(),
        hoppers=journal.hoppers(),
        staff=Staff(names=book.names(), found=found, camera=machine.recorder is not None),
        reported=frozenset(what for _, what, _ in found),
        usual=journal.usual(),
    )


def build(
    base: Ground,
    clock: Clock,
    display: Display,
    mirror: Mirror | None,
    inbox: Inbox,
    journal: Journal,
    staff: StaffBook,
) -> Devices:
    """Every driver, not yet started."""
    settings = base.settings
    machine, national = settings.machine, settings.national
    tls = tls_context(
        base.credentials / "centre.pin", base.credentials / "terminal.crt", base.credentials / "terminal.key"
    )
    max_answer = national.max_document_bytes * 4 // 3 + 65536

    def line() -> Line:
        return Line(machine.centre, tls, max_answer, national.download_s)

    card = national.juki_card
    juki = JukiProfile(bytes.fromhex(card.application), card.file, card.profile_version)
    cash = CashUnit(machine.cash, clock)
    cash.resume(journal.mark())
    session_folder = base.runtime / SESSION_FOLDER
    # On a machine the kiosk is its own user and so is cupsd. Started as root (bench), cupsd's children are `lp`.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    session_folder.mkdir(exist_ok=True)
    for folder in (base.runtime, session_folder):
        folder.chmod(mode)
    voice = Voice(FOLDER, required=machine.sound.required, report=inbox.put, heard=mirror.said if mirror else _unheard)
    display.narrated_by(Narrator(voice))
    return Devices(
        reader=make_reader(machine.reader, base.trust, clock, juki),
        issuer=CertificateIssuer(
            line,
            base.city,
            machine.terminal_id,
            settings.profile.municipality,
            clock,
            Limits(national.max_document_bytes, national.max_pages),
            national.answer_max_age_s,
        ),
        cash=cash,
        printer=CertificatePrinter(machine.printer, session_folder, clock),
        sensors=ModbusSensors(machine.sensors) if machine.sensors else None,
        staff=staff,
        speaker=voice,
        display=display,
        camera=RecorderLink(machine.recorder.marks, machine.recorder.status) if machine.recorder else None,
        office=RecorderOffice(machine.recorder.office) if machine.recorder else None,
    )


def _unheard(_phrase: str, _level: int, _language: str = "") -> None:
    """Without a bench nobody writes down what is said."""


def start(devices: Devices, inbox: Inbox) -> None:
    for device in (devices.printer, devices.cash, devices.reader, devices.issuer):
        device.start(inbox.put)
    for other in (devices.sensors, devices.camera, devices.office):
        if other:
            other.start(inbox.put)
    if isinstance(devices.staff, StaffBook):
        devices.staff.start(inbox.put)
    if isinstance(devices.speaker, Voice):
        devices.speaker.start()


def close(devices: Devices) -> None:
    """Coins first: whatever else hangs, the slot is shut. The others side by side: each waits for its own thread."""
    devices.cash.close()
    others = (devices.reader, devices.issuer, devices.printer, devices.sensors, devices.camera, devices.office)
    closes = [device.close for device in others if device]
    if isinstance(devices.speaker, Voice):
        closes.append(devices.speaker.close)
    closing = [threading.Thread(target=close) for close in closes]
    for thread in closing:
        thread.start()
    if isinstance(devices.staff, StaffBook):
        devices.staff.close()
    for thread in closing:
        thread.join()


def nobody(base: Ground) -> Session:
    """The session of a process that knows nothing yet: enough for the still picture."""
    return Session(rules_of(base.settings, frozenset(), sensed=False), ("",), state=State.STARTING)


def _stay_closed(base: Ground, clock: Clock, display: Display) -> int:
    """The journal cannot be used, so nothing may move: say so on the screen until staff have looked."""
    session = nobody(base)
    try:
        while True:
            frame = present(session, Moment(clock.now(), clock.boot())).frame
            display.show(OutOfService(frame, "journal", base.settings.profile.contact))
            display.poll()
            clock.acknowledge()
            notify("WATCHDOG=1")
            signal.sigtimedwait([], 0.2)
    except Stopped:
        return 0


def _raise_stopped(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def main(arguments: list[str] | None = None, picture: Picture | None = None) -> int:
    """The parent; returns the exit status. `picture`: what is on the panel meanwhile, taken down before anybody else
    opens a window."""
    parser = argparse.ArgumentParser(prog="kiosk-ui", description="証明書発行用マルチコピー機の制御プログラム")
    parser.add_argument("--config", type=Path, required=True, help="the machine file (see config/machine.example.toml)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # httpx logs every URL it asks; ours hold nothing personal, and are nobody's business either.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.umask(0o077)
    try:
        base = ground(load(options.config))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CONFIGURATION_ERROR
    except ValueError as error:
        print(f"{options.config}: {error}", file=sys.stderr)
        return CONFIGURATION_ERROR
    harden()
    settle_memory()
    notify("READY=1")
    if picture:
        picture.end()
    parent = Parent(lambda: serve_one(replace(base, first=parent.lives == 1)))
    return parent.run()
