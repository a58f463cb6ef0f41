"""What every ccTalk slave on the bench has: power, identity, core commands, comms counters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from .frame import NAK, REPLY, Checksum, Frame
from .timing import Agenda


@dataclass(frozen=True)
class Identity:
    """What the core commands tell about a device (ccTalk part 2). `serial`: 24 bits."""

    category: str
    product: str
    serial: int
    manufacturer: str = "SIM"
    software: str = "SIM-1.0"
    build: str = "SIM-BUILD"
    database: int = 1
    comms_revision: tuple[int, int, int] = (1, 4, 6)

    def __post_init__(self) -> None:
        if not 0 <= self.serial < 1 << 24:
            raise ValueError(f"a ccTalk serial number has 3 bytes: 0..{(1 << 24) - 1}, not {self.serial}")


@dataclass(frozen=True)
class Reply:
    """Header and data of a slave's answer; the bus adds addresses and checksum."""

    header: int = REPLY
    data: bytes = b""


class Refused(Exception):
    """The device answers NAK: it does not know, allow or understand the command."""


@dataclass(frozen=True)
class Command:
    """One header: the data lengths it takes (None: any) and what it does, data to reply data."""

    lengths: Collection[int] | None
    run: Callable[[bytes], bytes]


def counter3(value: int) -> bytes:
    """A 3-byte counter, least significant byte first."""
    return (value % (1 << 24)).to_bytes(3, "little")


def next_event(counter: int) -> int:
    """Event counters run 0 (reset only), 1 … 255, 1 …"""
    return counter % 255 + 1


class Slave:
    """One device. Subclasses add commands and say what power-up does to their state."""

    def __init__(
        self,
        address: int,
        identity: Identity,
        agenda: Agenda,
        checksum: Checksum = Checksum.SIMPLE,
        boot_s: float = 0.25,
        poll_ms: int = 200,
    ) -> None:
        self.address = address
        self.identity = identity
        self.checksum = checksum
        self.agenda = agenda
        self.rx_timeouts = self.rx_ignored = self.bad_checksums = 0
        self._boot_s = boot_s
        self._off: set[str] = set()
        self._ready_at = agenda.now()
        text = str.encode
        self.commands: dict[int, Command] = {
            254: Command((0,), lambda _: b""),
            249: Command((0,), lambda _: bytes((2, poll_ms // 10))),
            246: Command((0,), lambda _: text(self.identity.manufacturer)),
            245: Command((0,), lambda _: text(self.identity.category)),
            244: Command((0,), lambda _: text(self.identity.product)),
            243: Command((0,), lambda _: bytes((self.identity.database,))),
            242: Command((0,), lambda _: counter3(self.identity.serial)),
            241: Command((0,), lambda _: text(self.identity.software)),
            192: Command((0,), lambda _: text(self.identity.build)),
            4: Command((0,), lambda _: bytes(self.identity.comms_revision)),
            3: Command((0,), self._clear_comms),
            2: Command((0,), self._comms),
            1: Command((0,), self._reset),
        }

    # -- power ---------------------------------------------------------------------------------

    @property
    def powered(self) -> bool:
        return not self._off

    def answers(self) -> bool:
        """True if the device has power and has finished starting up."""
        return self.powered and self.agenda.now() >= self._ready_at

    def power_off(self, why: str = "mains") -> None:
        """Take the power away, for one named reason; it comes back when no reason is left."""
        if self.powered:
            self.on_power_loss()
        self._off.add(why)

    def power_on(self, why: str = "mains") -> None:
        if why in self._off:
            self._off.remove(why)
            if self.powered:
                self._boot()

    def power_cycle(self, off_s: float = 0.0, why: str = "bounce") -> None:
        """Off, and on again after `off_s` of mechanics."""
        self.power_off(why)
        self.agenda.after(off_s, lambda: self.power_on(why))

    def on_power_loss(self) -> None:
        """The supply fails: what the device can still save, and what stops."""

    def on_power_up(self) -> None:
        """The volatile state after power-up or reset."""

    def _boot(self) -> None:
        self.rx_timeouts = self.rx_ignored = self.bad_checksums = 0
        self._ready_at = self.agenda.now() + self.agenda.mechanical(self._boot_s)
        self.on_power_up()

    # -- commands ------------------------------------------------------------------------------

    def handle(self, request: Frame) -> Reply:
        """Obey one valid request. NAK for an unknown command or a wrong number of data bytes."""
        command = self.commands.get(request.header)
        if command is None or (command.lengths is not None and len(request.data) not in command.lengths):
            return Reply(NAK)
        try:
            return Reply(REPLY, command.run(request.data))
        except Refused:
            return Reply(NAK)

    def _reset(self, _: bytes) -> bytes:
        # The reply is on its way before the device goes down, so the state may change here already.
        self.on_power_loss()
        self._boot()
        return b""

    def _clear_comms(self, _: bytes) -> bytes:
        self.rx_timeouts = self.rx_ignored = self.bad_checksums = 0
        return b""

    def _comms(self, _: bytes) -> bytes:
        return bytes(min(255, n) for n in (self.rx_timeouts, self.rx_ignored, self.bad_checksums))
