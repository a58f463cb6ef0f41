"""The bench as one object: every device, centre, city and kiosk; a resident's hands; what can go wrong."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import config
from config.calendar import JST
from config.clock import ClockFile
from config.errors import ConfigError
from config.hours import machine_hours
from hardware_sim.card import CardAuthority, CardStand, RadioStand, StandError
from hardware_sim.cash.bench import CashBench
from hardware_sim.cash.metal import DEFAULT_LEVELS
from hardware_sim.city.bench import BenchError as CityError
from hardware_sim.city.bench import CityBench
from hardware_sim.printer.bench import PrinterBench
from hardware_sim.printer.model import PrinterConfig
from hardware_sim.sensors.bench import SensorBench

from .breaking import Breaker, World
from .cards import BenchCard, deck, find
from .changes import Changes
from .ears import Ears
from .errors import BenchError
from .gate import JournalGateServer
from .kiosk import kiosk_command, kiosk_environment
from .machine_file import (
    SERVICE_KEY_INPUT,
    CameraWiring,
    Spot,
    Wiring,
    neighbour,
    opening_instant,
    write_machine_file,
)  # fmt: skip
from .mirror import MirrorServer
from .office import Office
from .places import Run, State
from .program import Program
from .surveillance import Folders, Surveillance, recorder_command
from .trays import Trays

PURSE: Mapping[int, int] = {10: 30, 50: 20, 100: 30, 500: 10, 1: 5, 5: 5}
"""What a resident has in hand."""
_LOOP_S = 10.0
_FINGER_S = 0.2
_FELT_S = 2.0
"""So long at most the panel is waited for to feel a touch; one that came too late for its picture it never does."""
_COIN_S = 0.2
_VOICES = Path("screens") / "voices"


@dataclass(frozen=True)
class Options:
    """How the bench is started. ``seconds_per_sheet_s``, ``cash_speed``: how fast the mechanics run.

    ``beside``: a running bench; then this is a second terminal of the same city, under the same clock, with devices
    of its own.
    """

    state: Path
    fresh: bool = False
    spot: Spot = field(default_factory=Spot)
    seconds_per_sheet_s: float = 1.0
    cash_speed: float = 1.0
    levels: Mapping[int, int] = field(default_factory=lambda: dict(DEFAULT_LEVELS))
    command: Callable[[Path], list[str]] = kiosk_command
    """The kiosk's command line from its machine file."""
    recorder: Callable[[Path], list[str]] | None = recorder_command
    """The recorder's, where the spot has a camera; None: it is left out."""
    beside: Bench | None = None
    printer_uri: str = ""
    """A foreign printer to print on; the bench's own then stands by, unused."""


class Bench:
    """Everything, running inside a ``with`` block. May be used from any thread.

    ``say`` is told in plain words what is being started. Raises BenchError with a text that says what to do.
    """

    def __init__(self, options: Options, say: Callable[[str], None] = lambda _line: None) -> None:
        self.options = options
        self._say = say
        self._stack = ExitStack()
        self._closing = threading.Event()
        self._touched = self._coin_at = 0.0
        self.changes = Changes()
        self.others: dict[str, int] = {}
        """Terminals of the same city that run beside this one: id to the port of their page."""

    # -- life --------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException as error:
            self._stack.close()
            if isinstance(error, StandError | CityError | ConfigError):
                raise BenchError(self._with_kept_logs(str(error))) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        options, enter = self.options, self._stack.enter_context
        self.state = State.open(options.state, fresh=options.fresh)
        self._stack.callback(self.state.close)
        self.run = Run.make()
        self._stack.callback(self.run.remove)
        self._stack.callback(self._keep_logs)
        self._start_clock()
        self._start_camera()
        self._say("coin acceptor and hoppers (ccTalk)")
        levels = self._levels()
        self.cash = enter(CashBench(self.run.cash, levels=levels, purse=PURSE, speed=options.cash_speed))
        self._say("multi-copy machine (IPP)")
        make = PrinterConfig(seconds_per_sheet_s=options.seconds_per_sheet_s)
        self.printer = enter(PrinterBench(self.state.printer, config=make))
        self.sensors: SensorBench | None = None
        if options.spot.sensors:
            self._say("sensors of the trays (Modbus RTU)")
            self.sensors = enter(SensorBench(self.run.sensors))
        kinds = {"pcsc": "pcscd in a namespace of its own", "nfc": "a radio on a loopback socket"}
        self._say(f"card reader: {kinds[options.spot.reader]}")
        # A card is the same at every terminal of a city, so both have one authority.
        folder = self.state.authority if options.beside is None else options.beside.state.authority
        authority = CardAuthority(folder)
        radio = options.spot.reader == "nfc"
        self.stand: CardStand | RadioStand
        self.stand = enter(RadioStand(self.run.card, folder)) if radio else enter(CardStand(self.run.card, folder))
        card_ca = authority.auth_ca_certificate_path.read_bytes()
        (self.state.card_trust / "bench.pem").write_bytes(card_ca)
        if options.beside is None:
            self._say("national centre and city, with a register of made-up residents")
            self.city = enter(self._city(card_ca))
        else:
            self.city = options.beside.city
        self.cards = deck(self.city.residents(), options.spot.rules().municipality_code)
        self._start_own_ears_and_eyes()
        self._start_kiosk(levels)

    def _city(self, card_ca: bytes) -> CityBench:
        spot = self.options.spot
        return CityBench(
            self.run.city,
            card_ca,
            clock_file=self.clock_path,
            terminals=(spot.terminal_id, neighbour(spot.terminal_id)),
            municipality=spot.rules().municipality,
        )

    def _start_camera(self) -> None:
        """First of all, so that it is ready when it is asked for."""
        self.surveillance: Surveillance | None = None
        if not self.options.spot.camera:
            return
        self._say("security camera, and the case of its recorder")
        state, run = self.state, self.run
        folders = Folders(
            machine_file=state.machine_file,
            state=state.recorder,
            video=state.video,
            credentials=state.recorder_credentials,
            link=run.link,
            own=run.camera,
            log=state.log,
        )
        self.surveillance = self._stack.enter_context(Surveillance(folders, self.changes, self.now))

    def _camera_wiring(self) -> CameraWiring | None:
        made = self.surveillance
        if made is None:
            return None
        try:
            source = made.camera.mjpeg_url if self.options.spot.camera == "mjpeg" else made.camera.h264_url
        except RuntimeError as error:
            raise BenchError(str(error)) from None
        return CameraWiring(source, self.state.video, self.run.link, made.case.port)

    def _keep_logs(self) -> None:
        """What the servers said outlives the run."""
        for log in (*self.run.card.glob("*.log"), *self.run.city.glob("*.log")):
            with suppress(OSError):
                shutil.copyfile(log, self.state.log / log.name)

    def _with_kept_logs(self, text: str) -> str:
        """An error's text with the names that its logs have after the run."""
        for folder in (self.run.card, self.run.city):
            text = text.replace(str(folder), str(self.state.log))
        return text

    def _start_clock(self) -> None:
        self.clock_path: Path
        self.clock: ClockFile
        if self.options.beside is not None:
            self.clock_path, self.clock = self.options.beside.clock_path, self.options.beside.clock
            return
        self.clock_path = self.run.own / "clock"
        self.clock = self._stack.enter_context(ClockFile.create(self.clock_path))
        today = datetime.now(JST).date()
        with suppress(OSError, ValueError, KeyError):
            # A machine that is used again must not live through a day twice.
            last = datetime.fromisoformat(json.loads(self.state.last_time.read_text())["utc"])
            today = max(today, last.astimezone(JST).date())
        opening = opening_instant(self.options.spot.rules(), today)
        self.clock.set_utc(opening)
        self._stack.callback(self._keep_time)

    def _keep_time(self) -> None:
        self.state.last_time.write_text(json.dumps({"utc": self.clock.now().astimezone(UTC).isoformat()}))

    def _levels(self) -> dict[int, int]:
        """Coins in the hoppers: as the last run left them, or the float of a machine just installed."""
        with suppress(OSError, ValueError):
            return {int(yen): int(n) for yen, n in json.loads(self.state.metal.read_text()).items()}
        return dict(self.options.levels)

    def _start_own_ears_and_eyes(self) -> None:
        own = self.run.own
        self.mirror = MirrorServer(own / "mirror.sock", self.changes, self.now)
        self.mirror.start()
        self._stack.callback(self.mirror.close)
        self.gate = JournalGateServer(own / "gate.sock", self.changes)
        self.gate.start()
        self._stack.callback(self.gate.close)
        voices = Path(config.__file__).parent.parent / _VOICES
        self.ears = Ears(own / "sound", voices, self.changes, self.now)
        self.ears.start()
        self._stack.callback(self.ears.close)
        self.trays = Trays(self.cash, self.printer, self.sensors, self.changes, self.state.metal)
        self.trays.start()
        self._stack.callback(self.trays.close)

    def _start_kiosk(self, levels: Mapping[int, int]) -> None:
        own = self.run.own
        self.settings = write_machine_file(
            self.state.machine_file,
            self.options.spot,
            Wiring(
                csock=self.stand.csock if isinstance(self.stand, CardStand) else None,
                radio=self.stand.device if isinstance(self.stand, RadioStand) else "",
                card_trust=self.state.card_trust,
                cash_port=self.cash.port,
                hopper_coins=levels,
                printer_uri=self.options.printer_uri or self.printer.uri,
                centre_url=self.city.url,
                clock_file=self.clock_path,
                mirror_socket=own / "mirror.sock",
                journal_gate=own / "gate.sock",
                sensors_port=None if self.sensors is None else self.sensors.port,
                camera=self._camera_wiring(),
            ),
        )
        if self.surveillance is not None and self.options.recorder is not None:
            self._say("recorder")
            self.surveillance.record(self.options.recorder(self.state.machine_file))
        self._say("kiosk")
        self.kiosk = Program(
            self.options.command(self.state.machine_file),
            kiosk_environment(self.city.credentials_of[self.options.spot.terminal_id], self.state.kiosk, own / "sound"),
            self.run.kiosk,
            self.state.log / "kiosk.log",
            self.changes,
        )
        self._stack.callback(self.kiosk.stop)
        world = World(
            self.cash, self.printer, self.stand, self.city, self.sensors, self.kiosk, self.mirror, self.surveillance
        )
        self.breaker = Breaker(world, self.changes)
        self._stack.callback(self.breaker.close)
        self._stack.callback(self._closing.set)
        self.office = Office(self.state.machine_file, self.state.kiosk, self.now)
        self.office.enter_staff()
        self.kiosk.start()

    # -- time --------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The bench's time, in Japan."""
        return self.clock.now().astimezone(JST)

    def advance(self, seconds: float) -> bool:
        """Move the time on; True when kiosk, centre and city have lived a whole turn in the new time."""
        done = self.clock.advance(seconds, _LOOP_S)
        self.changes.ring()
        return done

    def set_time(self, instant: datetime) -> None:
        """Set the wall clock; durations do not feel it. ValueError for a time without a zone."""
        self.clock.set_utc(instant)
        self.changes.ring()

    def open_hours(self) -> None:
        """Go on to the next opening of this machine, if it is closed now or will be in ten minutes."""
        hours, now = machine_hours(self.options.spot.rules()), self.clock.now()
        for opening in map(hours.is_open, (now, now + timedelta(minutes=10))):
            if not opening.open and opening.next_opening is not None:
                self.set_time(opening.next_opening + timedelta(hours=1))
                return

    # -- a resident's hands ------------------------------------------------------------------------

    def lay_card(self, wanted: str, *more: str) -> BenchCard:
        """Lay a card on the reader, by its id or its owner's name; whoever comes has a purse of their own.

        ``more``: further cards, laid down at the same moment. ValueError for a card that is not there, or while
        another one lies there.
        """
        cards = [find(self.cards, each) for each in (wanted, *more)]
        if (lying := self.card_lying()) is not None:
            raise ValueError(f"card {lying} lies on the reader: take it away first")
        for card in cards:
            self.stand.register(card.spec)
        self.cash.new_resident(PURSE)
        self.stand.insert(*(card.id for card in cards))
        self.changes.ring()
        return cards[0]

    def take_card(self) -> bool:
        """Take the card away. Whether one lay there."""
        taken = self.stand.remove()
        self.changes.ring()
        return taken

    def card_lying(self) -> str | None:
        """Id of the card on the reader."""
        found = self.stand.status()["card"]
        return None if found is None else str(found)

    def turn_key(self, on: bool) -> None:
        """The service key of the machine. ValueError for a machine without sensors: it has no such switch."""
        if self.sensors is None:
            raise ValueError("this bench was started without sensors, so there is no key switch")
        self.sensors.set_input(SERVICE_KEY_INPUT, on)
        self.changes.ring()

    def key_turned(self) -> bool:
        return self.sensors is not None and self.sensors.inputs()[SERVICE_KEY_INPUT]

    def throw_coin(self, yen: int) -> str:
        """A coin into the slot: ``accepted`` or ``returned``. ValueError when there is none in hand.

        No hand is quicker than a coin takes to fall: an acceptor keeps the last five credits only (ccTalk 229).
        """
        self._closing.wait(max(0.0, self._coin_at + _COIN_S - time.monotonic()))
        self._coin_at = time.monotonic()
        became = self.cash.insert(yen)
        self.changes.ring()
        return became

    # -- waiting and looking -----------------------------------------------------------------------

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition`` holds; it is looked at whenever anything on the bench has changed."""
        return self.changes.wait_until(condition, timeout_s)

    def wait_screen(self, *screens: str, timeout_s: float = 30.0) -> bool:
        """Wait until one of these screens is on the panel."""
        return self.wait_until(lambda: self.screen() in screens, timeout_s)

    def screen(self) -> str:
        """Id of what the panel shows; empty while it is dark."""
        picture = self.mirror.picture
        return "" if picture is None else picture.screen

    def touch_target(self, target: str, timeout_s: float = 10.0) -> bool:
        """Wait until a target is on the panel, and touch it. False when it does not come.

        A finger needs a moment, from one touch to the next, after a new picture and after what is told; a panel takes
        quicker ones for a bounce, and a busy machine may feel and draw late.
        """
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            seen = self.changes.count
            if self.mirror.unfelt and (patience := self._touched + _FELT_S - time.monotonic()) > 0:
                self.changes.wait(seen, min(left, patience))
                continue
            ready = max(self._touched, self.mirror.answered_at) + _FINGER_S
            self._closing.wait(max(0.0, ready - time.monotonic()))
            if self.mirror.touch_target(target):
                self._touched = time.monotonic()
                return True
            self.changes.wait(seen, left)
        return False
