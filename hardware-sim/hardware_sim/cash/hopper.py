"""A simulated payout hopper (ccTalk part 2; counters and power loss as the SCH2's technical manual).

It goes on paying by itself once it has been told to, whatever becomes of the host. After a power loss it
never goes on by itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum

from .device import Command, Identity, Reply, Slave, counter3, next_event
from .faults import Faults
from .frame import NAK, REPLY, Checksum, Frame
from .metal import HOPPERS, Metal, Place
from .timing import Agenda, Appointment

DISPENSE = 167
ENABLE = 165
OVER_CURRENT, TIMED_OUT, REVERSED, EXIT_BLOCKED, POWER_UP, DISABLED = 0x01, 0x02, 0x04, 0x08, 0x40, 0x80
_BLOCKING = OVER_CURRENT | EXIT_BLOCKED
_RETEST_S = 0.333
_LATE_COIN_S = 0.1


class DispenseMode(Enum):
    """How a dispense command is armed."""

    SERIAL = "serial"
    """164, then 167 with the three serial bytes and N."""
    CIPHER_DUMMY = "cipher-dummy"
    """164 and 160 before each 167, which carries any eight bytes and N."""


@dataclass(frozen=True)
class HopperProfile:
    """One make of hopper. Rates and times are mechanical; levels are coins."""

    mode: DispenseMode = DispenseMode.SERIAL
    product: str = "FLOW-USE_SER"
    event_on_nak: bool = False
    rate_per_s: float = 5.0
    payout_timeout_s: float = 10.0
    jam_detect_s: float = 2.0
    low_level: int = 10
    high_level: int = 200
    checksum: Checksum = Checksum.SIMPLE


FLOW_SER = HopperProfile()
SCH2_NOENCRYPT = HopperProfile(mode=DispenseMode.CIPHER_DUMMY, product="SCH2-NOENCRYPT")

ADDRESSES = {10: 3, 50: 4, 100: 5, 500: 6}
"""Denomination in yen to the hopper's address."""
SERIALS = {10: 0x0AD7DF, 50: 0x0AD7E0, 100: 0x0ABBDF, 500: 0x0AD7E2}


class Hopper(Slave):
    """One hopper. `remaining`, `paid`, `unpaid`, `event` are what command 166 tells."""

    def __init__(
        self,
        yen: int,
        profile: HopperProfile,
        agenda: Agenda,
        metal: Metal,
        faults: Faults,
        rng: random.Random,
        serial: int | None = None,
    ) -> None:
        identity = Identity("Payout", profile.product, SERIALS[yen] if serial is None else serial)
        super().__init__(ADDRESSES[yen], identity, agenda, profile.checksum)
        self.yen = yen
        self.place = HOPPERS[yen]
        self._profile = profile
        self._metal = metal
        self._faults = faults
        self._rng = rng
        # Not zero: a hopper that comes to a machine has worked elsewhere before.
        self.dispensed = rng.randrange(1_000, 50_000)
        self.paid = self.unpaid = self.remaining = 0
        self._next: Appointment | None = None
        self.on_power_up()
        self.commands |= {
            236: Command((0,), lambda _: bytes((int(self._exit_blocked()),))),
            217: Command((0,), self._level),
            172: Command((0,), self._emergency_stop),
            171: Command((0,), lambda _: f"JP{yen:03d}A".encode()),
            168: Command((0,), lambda _: counter3(self.dispensed)),
            166: Command((0,), lambda _: bytes((self.event, self.remaining, self.paid, self.unpaid))),
            164: Command((1,), self._enable),
            163: Command((0,), self._test),
            161: Command((8,), lambda _: b""),
            160: Command((0,), self._cipher_key),
        }

    def handle(self, request: Frame) -> Reply:
        if request.header == DISPENSE:
            return self._dispense(request.data)
        return super().handle(request)

    # -- power ---------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self.remaining > 0

    def on_power_loss(self) -> None:
        """In a payout the capacitor saves what is unpaid; at rest an old unpaid count is given up."""
        self.unpaid = self._halt()

    def on_power_up(self) -> None:
        self.event = 0
        self.enabled = self._key_asked = False
        self._flags = POWER_UP
        self._retest_at = self.agenda.now() + self.agenda.mechanical(_RETEST_S)

    def _halt(self) -> int:
        """Stop the motor; how many coins were still to come."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        left, self.remaining = self.remaining, 0
        return left

    # -- paying --------------------------------------------------------------------------------

    def _dispense(self, data: bytes) -> Reply:
        armed = self._armed(data)
        if armed or self._profile.event_on_nak:
            self.event = next_event(self.event)
        if not armed:
            return Reply(NAK)
        self._key_asked = False
        self._flags &= ~(TIMED_OUT | POWER_UP)
        self.remaining, self.paid, self.unpaid = data[-1], 0, 0
        if self.running:
            self._schedule(1 / self._profile.rate_per_s)
        return Reply(REPLY, bytes((self.event,)))

    def _armed(self, data: bytes) -> bool:
        """True if the command may start a payout; every other state or argument is answered by NAK."""
        if self.running or not self.enabled or self._status_flags() & _BLOCKING:
            return False
        if self._profile.mode is DispenseMode.SERIAL:
            return len(data) == 4 and data[:3] == counter3(self.identity.serial)
        return len(data) == 9 and self._key_asked

    def _schedule(self, delay_s: float) -> None:
        self._next = self.agenda.after(delay_s, self._turn)

    def _turn(self) -> None:
        """The disc has turned by one coin's place."""
        self._next = None
        if self._power_cut():
            return
        if (jam := self._faults.find("hopper_jam", yen=self.yen)) and self.paid >= jam["at"]:
            jam.values["at"] = 0  # until somebody clears it, nothing more comes out
            self._flags |= REVERSED
            self._next = self.agenda.after(self._profile.jam_detect_s, lambda: self._give_up(OVER_CURRENT))
            return
        empty = self._faults.find("hopper_empty", yen=self.yen)
        if empty is not None and self.paid >= empty["at"]:
            empty.values["at"] = 0
        elif self._drop():
            self.paid += 1
            self.remaining -= 1
            if self.running:
                self._schedule(1 / self._profile.rate_per_s)
            else:
                self._power_cut()
            return
        self._next = self.agenda.after(self._profile.payout_timeout_s, lambda: self._give_up(TIMED_OUT))

    def _drop(self) -> bool:
        """One coin past the exit sensor, into the change tray; False if none lies there."""
        if self._metal.release(self.place, Place.CHANGE_TRAY, self._rng) is None:
            return False
        self.dispensed += 1
        return True

    def _give_up(self, flag: int) -> None:
        self._flags |= flag
        self.unpaid = self._halt()

    def _power_cut(self) -> bool:
        cut = self._faults.find("hopper_power_cut", yen=self.yen)
        if cut is None or self.paid < cut["at"]:
            return False
        self._faults.remove(cut)
        self._bounce(cut["off_s"], int(cut["bounces"]))
        return True

    def _bounce(self, off_s: float, times: int) -> None:
        if times < 1:
            return
        self.power_off("bounce")

        def back() -> None:
            self.power_on("bounce")
            self.agenda.after(off_s, lambda: self._bounce(off_s, times - 1))

        self.agenda.after(off_s, back)

    def _emergency_stop(self, _: bytes) -> bytes:
        if not self.running:
            return b"\x00"
        left = self._halt()
        self.unpaid = left
        self.event = 0
        self.enabled = self._key_asked = False
        if self._faults.strike("hopper_late_coin", yen=self.yen):
            self.agenda.after(_LATE_COIN_S, self._late_coin)
        return bytes((left,))

    def _late_coin(self) -> None:
        if not self.powered:
            self._metal.release(self.place, Place.CHANGE_TRAY, self._rng)  # and no sensor sees it
        elif self._drop():
            self.paid = min(255, self.paid + 1)
            if self.running:  # the host was quick; the sensor takes it for one of the new coins
                self.remaining -= 1
                if not self.running:
                    self._halt()
            else:
                self.unpaid = max(0, self.unpaid - 1)

    # -- other commands ------------------------------------------------------------------------

    def _enable(self, data: bytes) -> bytes:
        self.enabled = data[0] == ENABLE
        return b""

    def _cipher_key(self, _: bytes) -> bytes:
        self._key_asked = True
        return self._rng.randbytes(8)

    def _level(self, _: bytes) -> bytes:
        n = sum(self._metal.at(self.place).values())
        low, high = n < self._profile.low_level, n >= self._profile.high_level
        return bytes((int(low) | int(high) << 1 | 0x30,))

    def _exit_blocked(self) -> bool:
        return self._faults.find("hopper_blocked", yen=self.yen) is not None

    def _status_flags(self) -> int:
        if self._exit_blocked() and self.agenda.now() >= self._retest_at:
            self._flags |= EXIT_BLOCKED  # latched: only a reset takes it back
        return self._flags | (0 if self.enabled else DISABLED)

    def _test(self, _: bytes) -> bytes:
        return bytes((self._status_flags(), 0))
