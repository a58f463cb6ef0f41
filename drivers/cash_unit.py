"""The cash unit: one ccTalk bus with a coin acceptor and hoppers, behind `kiosk.ports.CashUnit`.

One worker thread does everything; orders are posted to it, answers are events. Every life of the bus begins
by reading: the acceptor's credits and the hoppers' counters, before anything is enabled. Payouts are followed
between two looks at the acceptor, so nothing blocks and no credit is overrun.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from config.schema import CashSettings
from drivers.cctalk_bus import Bus, Line, SerialLine
from drivers.coin_acceptor import ADDRESS, CoinAcceptor, News
from drivers.coin_hopper import Counters, Hopper, Sent, find_hoppers
from drivers.payout import FOLLOW_S, Order, Payout
from drivers.worker import Worker
from kiosk import effects
from kiosk.errors import DeviceError, DeviceOffline, DeviceTimeout
from kiosk.events import (
    CashIncident,
    CashReady,
    CoinsRefused,
    DeviceFaulted,
    DeviceMark,
    DeviceOnline,
    DispenseResolved,
    Event,
    HopperInspected,
    Part,
)
from kiosk.ports import Sink

_log = logging.getLogger(__name__)

IDLE_S: Final = 0.4
"""Between two looks at the acceptor while nothing is going on; 500 ms is the limit."""
PROBE_S: Final = 2.0
"""Between two checks for a reset that the credit buffer cannot show, while coins are accepted."""
WATCH_S: Final = 10.0
"""Between two looks at the idle hoppers."""
DRAIN_S: Final = 1.5
"""A coin past the gate may still be credited for so long after the inhibit."""
DRAIN_QUIET_LOOKS: Final = 3
HOPPER_SILENT_S: Final = 10.0
"""A paying hopper that is silent for so long is reported, once; it is asked on."""

HOPPER_LEAK: Final = "hopper_leak"
"""`CashIncident.kind`: coins left a hopper without an order."""
HOPPER_FRAUD: Final = "hopper_fraud"
"""`CashIncident.kind`: something is in a hopper's exit that does not belong there."""


class BootClock(Protocol):
    def boot(self) -> float:
        """Seconds since boot; the bench may move it forward."""
        ...


def open_serial(settings: CashSettings) -> Line:
    """The real line."""
    return SerialLine(settings.port)


def _nowhere(_: Event) -> None:
    raise DeviceOffline("the cash unit has not been started")


class CashUnit:
    """Implements `kiosk.ports.CashUnit`. `monotonic` times the protocol, `clock` the drain window."""

    def __init__(
        self,
        settings: CashSettings,
        clock: BootClock,
        *,
        open_line: Callable[[CashSettings], Line] = open_serial,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._open_line = open_line
        self._monotonic = monotonic
        self._sink: Sink = _nowhere
        self.worker = Worker(
            "cash",
            open=self._come_up,
            poll=self._poll,
            shut=self._shut,
            online=lambda: self._sink(DeviceOnline(Part.CASH)),
            fault=lambda reason: self._sink(DeviceFaulted(Part.CASH, reason)),
            clock=monotonic,
        )
        # All of this belongs to the worker's thread.
        self._mark: DeviceMark | None = None
        self._bus: Bus | None = None
        self._acceptor: CoinAcceptor | None = None
        self._hoppers: dict[int, Hopper] = {}
        self._counts: dict[int, int] = {}
        self._alarmed: set[int] = set()
        self._quarantined: set[int] = set()
        self._wanted: frozenset[int] = frozenset()
        self._refusing: int | None = None
        self._inhibited_at = 0.0
        self._quiet_looks = 0
        self._payouts: dict[int, Payout] = {}
        self._look_due = self._probe_due = self._follow_due = self._watch_due = 0.0

    # ---- the port --------------------------------------------------------------------------------------

    def resume(self, mark: DeviceMark | None) -> None:
        """Before `start`: how far the journal has read the acceptor's buffer; None on a new journal."""
        self._mark = mark

    def start(self, sink: Sink) -> None:
        self._sink = sink
        self.worker.start()

    def close(self) -> None:
        """Inhibit and let go of the port. A hopper that is paying goes on; its counters tell afterwards."""
        self.worker.stop()

    def check(self, order: effects.CheckCash) -> None:
        """→ `CashReady`, or `DeviceFaulted` if the acceptor cannot be used."""
        self.worker.post(lambda: self._check(order.order))

    def accept(self, order: effects.AcceptCoins) -> None:
        """Without an answer. Kept over a lost link, given up when the acceptor was reset (`CashIncident`)."""
        self.worker.post(lambda: self._accept(order.yen))

    def refuse(self, order: effects.RefuseCoins) -> None:
        """→ `CoinsRefused`, after a lost link too."""
        self.worker.post(lambda: self._refuse(order.order))

    def inspect(self, order: effects.InspectHopper) -> None:
        """→ `HopperInspected` or `DeviceFaulted`."""
        self.worker.post(lambda: self._inspect(order.order, order.serial))

    def dispense(self, order: effects.Dispense) -> None:
        """→ `DispenseResolved`, however long the hopper has to be asked. Sent at most once, and now or never."""
        self.worker.post(lambda: self._dispense(order))

    def resolve(self, order: effects.ResolveDispense) -> None:
        """→ `DispenseResolved`. Only asks."""
        self.worker.post(lambda: self._resolve(order))

    # ---- life of the bus -------------------------------------------------------------------------------

    def _come_up(self) -> None:
        settings = self._settings
        self._bus = bus = Bus(
            self._open_line(settings),
            echo=settings.echo,
            reply_s=settings.reply_ms / 1000,
            slow_reply_s=settings.slow_reply_ms / 1000,
            clock=self._monotonic,
        )
        bus.detect_echo(ADDRESS)
        acceptor = CoinAcceptor(bus, settings, self._mark)
        acceptor.identify()
        self._acceptor = acceptor
        caught_up = acceptor.catch_up()
        self._deliver(caught_up)
        acceptor.inhibit_at_once()
        self._find_hoppers(bus)
        acceptor.verify_table()
        acceptor.set_up()
        if caught_up.settle:
            self._wanted = frozenset()
        if self._wanted:
            acceptor.enable(self._wanted)
        self._inhibited_at = self._clock.boot()
        self._quiet_looks = 0
        now = self._monotonic()
        self._look_due = self._follow_due = now
        self._probe_due, self._watch_due = now + PROBE_S, now + WATCH_S

    def _find_hoppers(self, bus: Bus) -> None:
        self._hoppers = find_hoppers(bus, self._settings.hoppers)
        for wanted in self._settings.hoppers:
            hopper = self._hoppers.get(wanted.serial)
            if hopper is None:
                _log.warning("hopper %d does not answer; nothing can be paid from it", wanted.serial)
                continue
            self._watch(wanted.serial, hopper.counters())
            hopper.verify()

    def _shut(self) -> None:
        bus, acceptor = self._bus, self._acceptor
        self._bus = self._acceptor = None
        self._hoppers = {}
        try:
            if acceptor:
                acceptor.inhibit_at_once()
        except DeviceError:
            _log.info("the coin acceptor could not be inhibited; its own watchdog does it")
        finally:
            if bus:
                bus.close()

    # ---- the regular look ------------------------------------------------------------------------------

    def _poll(self) -> float:
        now = self._monotonic()
        if now >= self._look_due:
            self._look(now)
        if self._payouts:
            if now >= self._follow_due:
                self._follow_due = now + FOLLOW_S
                for payout in tuple(self._payouts.values()):
                    self._follow(payout, now)
        elif not self._busy and now >= self._watch_due:
            self._watch_due = now + WATCH_S
            self._watch_hoppers()
        due = self._look_due
        if self._payouts:
            due = min(due, self._follow_due)
        return max(0.0, due - self._monotonic())

    @property
    def _busy(self) -> bool:
        return bool(self._wanted) or self._refusing is not None

    def _look(self, now: float) -> None:
        acceptor = self._need_acceptor()
        # Counted from the beginning of this look, so that what the exchange takes is not added.
        self._look_due = now + (self._settings.poll_ms / 1000 if self._busy or self._payouts else IDLE_S)
        probe = bool(self._wanted) and now >= self._probe_due
        if probe:
            self._probe_due = now + PROBE_S
        news = acceptor.look(probe=probe)
        self._deliver(news)
        if news.settle:
            self._wanted = frozenset()
            acceptor.set_up()
            self._inhibited_at = self._clock.boot()
        self._drain(news)

    def _deliver(self, news: News) -> None:
        """Hand over; only then is it ours no more, should anything break before."""
        for event in news.events:
            self._sink(event)
        if self._acceptor:
            self._mark = self._acceptor.mark

    def _drain(self, news: News) -> None:
        self._quiet_looks = self._quiet_looks + 1 if news.quiet else 0
        if self._refusing is None:
            return
        passed_s = self._clock.boot() - self._inhibited_at
        if self._quiet_looks >= DRAIN_QUIET_LOOKS and passed_s >= DRAIN_S:
            number, self._refusing = self._refusing, None
            self._sink(CoinsRefused(number))

    def _follow(self, payout: Payout, now: float) -> None:
        hopper = self._hoppers.get(payout.serial)
        try:
            if hopper is None:
                raise DeviceTimeout("a hopper that owes an answer is absent")
            outcome = payout.follow(hopper, now)
        except DeviceTimeout:
            payout.silent_since = now if payout.silent_since is None else payout.silent_since
            if now - payout.silent_since > HOPPER_SILENT_S and not payout.silence_reported:
                payout.silence_reported = True
                raise  # the bus is opened anew, the hoppers are searched again
            return
        payout.silent_since = None
        if outcome is None:
            return
        del self._payouts[payout.number]
        if payout.count is not None:
            self._counts[payout.serial] = payout.count
        if not outcome.sure:
            self._quarantined.add(payout.serial)
        self._sink(DispenseResolved(payout.number, payout.serial, outcome.paid, outcome.sure, outcome.evidence))

    def _watch_hoppers(self) -> None:
        for serial, hopper in self._hoppers.items():
            try:
                self._watch(serial, hopper.counters())
            except DeviceTimeout:
                _log.warning("hopper %d does not answer", serial)

    def _watch(self, serial: int, counters: Counters) -> None:
        """Coins that leave a hopper at rest leave it without an order."""
        before = self._counts.get(serial)
        paying = any(payout.serial == serial for payout in self._payouts.values())
        if before is not None and counters.count > before and not paying:
            rose = counters.count - before
            self._sink(CashIncident(HOPPER_LEAK, f"hopper {serial}: count rose by {rose} without an order"))
        self._counts[serial] = counters.count
        if not counters.fraud:
            self._alarmed.discard(serial)
        elif serial not in self._alarmed:
            self._alarmed.add(serial)
            self._sink(CashIncident(HOPPER_FRAUD, f"hopper {serial}: flags {counters.flags.hex()}"))

    # ---- orders ----------------------------------------------------------------------------------------

    def _need_acceptor(self) -> CoinAcceptor:
        if self._acceptor is None:
            raise DeviceOffline("the cash unit is not open")
        return self._acceptor

    def _check(self, number: int) -> None:
        self._look(self._monotonic())
        usable = set()
        for serial, hopper in self._hoppers.items():
            try:
                blocked = hopper.counters().blocked
            except DeviceTimeout:
                continue
            if not blocked and serial not in self._quarantined:
                usable.add(serial)
        self._sink(CashReady(number, frozenset(usable)))

    def _accept(self, yen: frozenset[int]) -> None:
        shut, self._wanted = not self._wanted, yen
        if yen:
            self._refusing = None
        if self._acceptor:  # else it is done when the link is back
            self._acceptor.enable(yen)
            if not yen and not shut:
                self._shut_now()
            self._look_due = self._monotonic()

    def _refuse(self, number: int) -> None:
        shut, self._wanted = not self._wanted, frozenset()
        self._refusing = number
        if self._acceptor:
            self._acceptor.enable(frozenset())
            if not shut:  # else a coin past the gate has had its time since then
                self._shut_now()
            self._look_due = self._monotonic()

    def _shut_now(self) -> None:
        self._inhibited_at, self._quiet_looks = self._clock.boot(), 0

    def _inspect(self, number: int, serial: int) -> None:
        self._need_acceptor()
        hopper = self._hoppers.get(serial)
        if hopper is None:
            raise DeviceTimeout("the hopper to be inspected is absent")
        found = hopper.counters()
        blocked = found.blocked or serial in self._quarantined
        self._sink(HopperInspected(number, serial, found.status.event, found.count, blocked))

    def _dispense(self, order: effects.Dispense) -> None:
        if order.order in self._payouts:
            return
        hopper = self._hoppers.get(order.serial)
        if hopper is None:
            obstacle = "hopper absent"
        elif self._payouts:
            obstacle = "another payout is running"
        elif order.serial in self._quarantined:
            obstacle = "hopper quarantined"
        else:
            payout = self._follow_from_now(order, Sent.NOT_SENT)
            try:
                payout.begin(hopper)
            except DeviceTimeout:
                _log.warning("hopper %d does not answer before its dispense", order.serial)
            return
        self._sink(DispenseResolved(order.order, order.serial, 0, True, f"not sent: {obstacle}"))

    def _resolve(self, order: effects.ResolveDispense) -> None:
        if order.order not in self._payouts:
            self._follow_from_now(order, Sent.UNKNOWN)

    def _follow_from_now(self, order: effects.Dispense | effects.ResolveDispense, sent: Sent) -> Payout:
        self._follow_due = self._monotonic()
        before = Order(order.coins, order.event_before, order.count_before)
        payout = Payout(order.order, order.serial, before, sent=sent)
        self._payouts[order.order] = payout
        return payout
