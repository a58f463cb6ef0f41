"""A simulated coin acceptor with sorter (ccTalk parts 2 and 3; habits of an SR5 or X6).

It powers up with everything inhibited, takes no coin while nobody has read the credit buffer for a
second, and decides at the gate: what has passed the gate is credited, even if an inhibit comes after.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .device import Command, Identity, Refused, Slave, counter3, next_event
from .faults import Faults
from .frame import Checksum
from .metal import HOPPERS, Metal, Place
from .timing import Agenda

ADDRESS = 2
POSITIONS = 16
DEFAULT_PATH = 5
EVENT_REJECTED, EVENT_INHIBITED, EVENT_ON_STRING, EVENT_SWALLOWED, EVENT_LEVER = 1, 2, 20, 36, 254
_LEVER_HELD_S = 0.5


class Insertion(StrEnum):
    """What became of a coin at the gate."""

    ACCEPTED = "accepted"
    RETURNED = "returned"


@dataclass(frozen=True)
class CoinType:
    """One position of the coin table. `issue` tells coins of one denomination apart."""

    position: int
    coin_id: str
    yen: int
    issue: str
    path: int


JAPAN: tuple[CoinType, ...] = (
    CoinType(1, "JP010A", 10, "A", 1),
    CoinType(2, "JP050A", 50, "A", 2),
    CoinType(3, "JP100A", 100, "A", 3),
    CoinType(4, "JP500A", 500, "A", 4),
    CoinType(5, "JP500B", 500, "B", 5),
)

SORTER: Mapping[int, Place] = {
    **dict(enumerate(HOPPERS.values(), start=1)),
    DEFAULT_PATH: Place.CASHBOX,
}
"""Sorter path to where its chute ends: 1..4 the hoppers for 10, 50, 100 and 500 yen, 5 the cashbox."""


@dataclass(frozen=True)
class AcceptorProfile:
    """One make of acceptor. `gate_latency_s`: from the gate to the credit event (mechanical)."""

    identity: Identity = field(default_factory=lambda: Identity("Coin Acceptor", "SIM-SR5", 0x0A1B2C))
    coins: tuple[CoinType, ...] = JAPAN
    gate_latency_s: float = 0.2
    watchdog_s: float = 1.0
    power_up_mask: int = 0
    power_up_master: bool = False
    counters_volatile: bool = True
    accept_limit: bool = True
    checksum: Checksum = Checksum.SIMPLE


class CoinAcceptor(Slave):
    """The acceptor at address 2 and the coins on their way through it."""

    def __init__(self, profile: AcceptorProfile, agenda: Agenda, metal: Metal, faults: Faults) -> None:
        super().__init__(ADDRESS, profile.identity, agenda, profile.checksum)
        self._profile = profile
        self._metal = metal
        self._faults = faults
        self._coins = {coin.position: coin for coin in profile.coins}
        self._powered_since = 0
        self._inserted = self._accepted = 0
        self.in_path = 0
        self.on_power_up()
        self.commands |= {
            248: Command((0,), lambda _: bytes((int(agenda.now() < self._lever_until),))),
            232: Command((0,), self._self_check),
            231: Command((2,), self._set_mask),
            230: Command((0,), lambda _: self.mask.to_bytes(2, "little")),
            229: Command((0,), self._read_buffer),
            228: Command((1,), self._set_master),
            227: Command((0,), lambda _: bytes((int(self.master),))),
            226: Command((0,), lambda _: counter3(self._inserted)),
            225: Command((0,), lambda _: counter3(self._accepted)),
            222: Command((1,), self._set_override),
            221: Command((0,), lambda _: bytes((self._override,))),
            210: Command((2, 5), self._set_path),
            209: Command((1,), lambda data: bytes(self._paths[self._position(data[0])])),
            184: Command((1,), self._coin_id),
        }
        if profile.accept_limit:
            self.commands[135] = Command((1,), self._set_limit)

    # -- state ---------------------------------------------------------------------------------

    def on_power_up(self) -> None:
        profile = self._profile
        self._powered_since += 1
        self.event_counter = 0
        self._buffer: deque[tuple[int, int]] = deque([(0, 0)] * 5, maxlen=5)
        self.mask, self.master = profile.power_up_mask, profile.power_up_master
        self._override = 0xFF
        self._paths = {p: [DEFAULT_PATH] for p in range(1, POSITIONS + 1)}
        self._paths |= {coin.position: [coin.path] for coin in profile.coins}
        self._last_poll: float | None = None
        self._limit: int | None = None
        self._lever_until = self.agenda.now()
        if profile.counters_volatile:
            self._inserted = self._accepted = 0

    @property
    def polled(self) -> bool:
        """True while the host reads the credit buffer often enough."""
        return self._last_poll is not None and self.agenda.now() - self._last_poll <= self._profile.watchdog_s

    @property
    def active(self) -> bool:
        """True if the gate looks at coins at all."""
        return self.answers() and self.master and self.polled

    def takes(self) -> tuple[int, ...]:
        """Denominations that would pass the gate now."""
        if not self.active or self._limit == 0:
            return ()
        return tuple(sorted({c.yen for c in self._coins.values() if self.mask >> (c.position - 1) & 1}))

    # -- coins ---------------------------------------------------------------------------------

    def insert(self, yen: int, issue: str | None = None) -> Insertion:
        """A coin leaves the hand and meets the gate. MetalError if the hand has none."""
        coin = next((c for c in self._coins.values() if c.yen == yen and issue in (None, c.issue)), None)
        refusal = self._refusal(coin)
        if coin is None or refusal is not None:
            self._metal.move(yen, Place.HAND, Place.RETURN_TRAY)
            if refusal:
                self.log(0, refusal)
            return Insertion.RETURNED
        self._metal.move(yen, Place.HAND, Place.PATH)
        if self._limit is not None:
            self._limit -= 1
        late = self._faults.strike("late_coin")
        latency_s = self._profile.gate_latency_s if late is None else late["delay_s"]
        self.in_path += 1
        since = self._powered_since
        self.agenda.after(latency_s, lambda: self._arrive(coin, since))
        return Insertion.ACCEPTED

    def _refusal(self, coin: CoinType | None) -> int | None:
        """Why the gate stays shut: an event code, 0 for a gate that is asleep, None if it opens."""
        if not self.active:
            return 0
        self._inserted += 1
        if coin is None or self._faults.strike("coin_refused"):
            return EVENT_REJECTED
        if not self.mask >> (coin.position - 1) & 1 or self._limit == 0:
            return EVENT_INHIBITED
        return None

    def _arrive(self, coin: CoinType, since: int) -> None:
        """The coin reaches the credit sensor and falls down its chute."""
        self.in_path -= 1
        if not self.powered or since != self._powered_since:
            # Nothing is there to see it or to turn the sorter: the coin is in, and nobody knows.
            self._metal.move(coin.yen, Place.PATH, Place.CASHBOX)
        elif self._faults.strike("coin_swallowed"):
            self._metal.move(coin.yen, Place.PATH, Place.CASHBOX)
            self.log(0, EVENT_SWALLOWED)
        elif self._faults.strike("coin_on_string"):
            self._metal.move(coin.yen, Place.PATH, Place.HAND)
            self.log(0, EVENT_ON_STRING)
        else:
            path = self._route(coin)
            self._metal.move(coin.yen, Place.PATH, SORTER[path])
            self._accepted += 1
            self.log(coin.position, path)

    def _route(self, coin: CoinType) -> int:
        open_paths = (p for p in self._paths[coin.position] if self._override >> (p - 1) & 1)
        return next(open_paths, DEFAULT_PATH)

    def press_lever(self) -> None:
        """The resident presses the coin return lever. Coins past the gate do not come back by it."""
        self._lever_until = self.agenda.now() + self.agenda.mechanical(_LEVER_HELD_S)
        if self.answers():
            self.log(0, EVENT_LEVER)

    def log(self, a: int, b: int) -> None:
        """One event into the credit buffer, newest first."""
        self.event_counter = next_event(self.event_counter)
        self._buffer.appendleft((a, b))

    # -- commands ------------------------------------------------------------------------------

    def _read_buffer(self, _: bytes) -> bytes:
        self._last_poll = self.agenda.now()
        return bytes((self.event_counter, *(byte for event in self._buffer for byte in event)))

    def _set_mask(self, data: bytes) -> bytes:
        self.mask = int.from_bytes(data, "little")
        return b""

    def _set_master(self, data: bytes) -> bytes:
        self.master = bool(data[0] & 1)
        return b""

    def _set_override(self, data: bytes) -> bytes:
        self._override = data[0]
        return b""

    def _set_limit(self, data: bytes) -> bytes:
        self._limit = data[0]
        return b""

    def _set_path(self, data: bytes) -> bytes:
        paths = list(data[1:])
        if any(path not in SORTER for path in paths):
            raise Refused
        self._paths[self._position(data[0])] = paths
        return b""

    def _coin_id(self, data: bytes) -> bytes:
        coin = self._coins.get(self._position(data[0]))
        return b"......" if coin is None else coin.coin_id.encode()

    def _self_check(self, _: bytes) -> bytes:
        fault = self._faults.find("acceptor_self_check")
        return bytes((0 if fault is None else int(fault["code"]) & 0xFF,))

    def _position(self, byte: int) -> int:
        if not 1 <= byte <= POSITIONS:
            raise Refused
        return byte
