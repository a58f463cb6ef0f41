"""The cash unit on the bench: one ccTalk line with acceptor and hoppers, the metal, and a resident's hand.

It runs by itself in one thread, so the devices go on when the kiosk dies, as real ones do. Everything
public may be called from any thread.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .acceptor import AcceptorProfile, CoinAcceptor
from .bus import CctalkBus
from .device import Slave
from .faults import FAULTS, Faults, Value, check
from .hopper import FLOW_SER, Hopper, HopperProfile
from .metal import HOPPERS, Metal, Place
from .timing import Agenda, Clock, RealClock

LINK_NAME = "cctalk"
_TRAYS = (Place.CHANGE_TRAY, Place.RETURN_TRAY)


class CashBench:
    """The simulated cash unit; a context manager, alive from enter to exit.

    `directory`: where the symlink `cctalk` to the serial port is put (must exist). `levels`: coins in each
    hopper, {10, 50, 100, 500: n}. `purse`: coins in the resident's hand. `seed`: everything random.
    `speed`: how much faster than life the mechanics run; times on the wire stay as they are. `clock`:
    monotonic time and waiting. ValueError for levels or a purse that cannot be.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        levels: Mapping[int, int] | None = None,
        purse: Mapping[int, int] | None = None,
        seed: int = 0,
        speed: float = 1.0,
        clock: Clock | None = None,
        acceptor: AcceptorProfile | None = None,
        hopper: HopperProfile = FLOW_SER,
        echo: bool = True,
    ) -> None:
        self._clock: Clock = RealClock() if clock is None else clock
        self._agenda = Agenda(self._clock, speed)
        self._faults = Faults()
        self._metal = Metal(levels, purse)
        rng = random.Random(seed)
        self._acceptor = CoinAcceptor(acceptor or AcceptorProfile(), self._agenda, self._metal, self._faults)
        self._own_identity = self._acceptor.identity
        self._hoppers = {yen: Hopper(yen, hopper, self._agenda, self._metal, self._faults, rng) for yen in HOPPERS}
        self._bus = CctalkBus(Path(directory).absolute() / LINK_NAME, self._agenda, self._faults, echo=echo)
        for device in self._devices():
            self._bus.attach(device)
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._run, name="cash-bench", daemon=True)
        self._stopping = self._pull_cable = False
        self._failure: BaseException | None = None
        self._wake_out = self._wake_in = -1

    # -- life ----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._bus.plug()
        except OSError:
            self._close_pipe()
            raise
        self._clock.attach(self._wake)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._wake()
        self._thread.join()
        self._bus.unplug()
        self._close_pipe()
        if self._failure is not None and error is None:
            raise RuntimeError("the cash bench's thread had stopped by an error") from self._failure

    def _close_pipe(self) -> None:
        with self._changed:
            for fd in (self._wake_out, self._wake_in):
                os.close(fd)
            self._wake_out = self._wake_in = -1

    def _wake(self) -> None:
        with self._changed:
            if self._wake_in >= 0:
                with suppress(BlockingIOError):  # full: it will wake anyway
                    os.write(self._wake_in, b"!")

    def _run(self) -> None:
        try:
            while not self._stopping:
                with self._changed:
                    self._pass_time()
                    if self._pull_cable:
                        self._bus.unplug()
                        self._pull_cable = False
                        self._changed.notify_all()
                    line, until = self._bus.fileno, self._agenda.next_due()
                ready = self._clock.wait([fd for fd in (self._wake_out, line) if fd is not None], until)
                with self._changed:
                    if self._wake_out in ready:
                        with suppress(BlockingIOError):
                            os.read(self._wake_out, 4096)
                    self._pass_time()
                    if line in ready and self._bus.receive():
                        self._changed.notify_all()
        except BaseException as error:
            with self._changed:
                self._failure = error
            raise
        finally:
            with self._changed:
                self._pull_cable = False
                self._changed.notify_all()

    def _pass_time(self) -> bool:
        """Let everything happen that is due. Under the lock."""
        ran = self._agenda.run_due()
        if ran:
            self._changed.notify_all()
        return ran

    @contextmanager
    def _seen(self) -> Iterator[None]:
        """A look at the state as it is now."""
        with self._changed:
            if self._failure is not None:
                raise RuntimeError("the cash bench's thread has stopped by an error") from self._failure
            ran = self._pass_time()
            yield
        if ran:
            self._wake()

    @contextmanager
    def _done(self) -> Iterator[None]:
        """An act upon the state; whoever waits looks again."""
        with self._seen():
            yield
            self._changed.notify_all()
        self._wake()

    # -- the resident --------------------------------------------------------------------------

    @property
    def port(self) -> Path:
        """The serial port to open: a symlink that stays the same when the cable is pulled and put back."""
        return self._bus.link

    def insert(self, yen: int, issue: str | None = None) -> str:
        """The resident throws a coin in: "accepted" past the gate, or "returned" in the return tray.

        `issue`: which of several coins of that denomination ("A", "B" for 500 yen). ValueError if the
        resident has no such coin.
        """
        with self._done():
            if not self._metal.at(Place.HAND).get(yen):
                has = ", ".join(f"{n} x {coin}" for coin, n in self._metal.at(Place.HAND).items()) or "nothing"
                raise ValueError(f"the resident has no {yen}-yen coin in hand, but {has}")
            return self._acceptor.insert(yen, issue).value

    def take_change(self) -> dict[int, int]:
        """The resident empties the tray, change and returned coins alike; {denomination: n} taken."""
        with self._done():
            taken: dict[int, int] = {}
            for tray in _TRAYS:
                for yen, n in self._metal.empty(tray, Place.HAND).items():
                    taken[yen] = taken.get(yen, 0) + n
            return taken

    def change_in_tray(self) -> dict[int, int]:
        """What lies in the tray, change and returned coins alike, as its sensor would see it."""
        with self._seen():
            lying: dict[int, int] = {}
            for tray in _TRAYS:
                for yen, n in self._metal.at(tray).items():
                    lying[yen] = lying.get(yen, 0) + n
            return lying

    def press_return_lever(self) -> None:
        """The resident presses the coin return lever (event 254)."""
        with self._done():
            self._acceptor.press_lever()

    def new_resident(self, purse: Mapping[int, int] | None = None) -> None:
        """The next resident steps up with a purse of their own; the last one takes theirs along."""
        fresh = Metal({}, purse).at(Place.HAND)
        with self._done():
            self._metal.empty(Place.HAND, Place.ELSEWHERE)
            for yen, n in fresh.items():
                self._metal.move(yen, Place.ELSEWHERE, Place.HAND, n)

    # -- the oracle ----------------------------------------------------------------------------

    def count(self) -> dict[str, dict[int, int]]:
        """Where the metal is: {place: {denomination: n}}."""
        with self._seen():
            return {place.value: coins for place, coins in self._metal.count().items()}

    def total(self) -> dict[int, int]:
        """All coins there are, the world outside included; never changes."""
        with self._seen():
            return self._metal.total()

    def inserted(self) -> int:
        """Yen taken in since the start, by the metal."""
        with self._seen():
            return self._metal.inserted()

    def paid_back(self) -> int:
        """Yen paid out since the start, by the metal."""
        with self._seen():
            return self._metal.paid_back()

    # -- faults and power ----------------------------------------------------------------------

    def fault(self, name: str, **values: Value | None) -> None:
        """Something goes wrong; `FAULTS` lists names and values. ValueError for any other."""
        checked = check(name, values)
        with self._done():
            match name:
                case "unplugged":
                    self._unplug()
                case "acceptor_event":
                    if self._acceptor.answers():
                        self._acceptor.log(0, int(checked["code"] or 0) & 0xFF)
                case "acceptor_reset":
                    self._restart_acceptor()
                case "acceptor_swapped":
                    self._acceptor.identity = replace(self._own_identity, serial=int(checked["serial"] or 0))
                    self._restart_acceptor()
                case "hopper_count_cleared":
                    self._hoppers[int(checked["yen"] or 0)].dispensed = 0
                case "hopper_count_jumped":
                    self._hoppers[int(checked["yen"] or 0)].dispensed += int(checked["by"] or 0)
                case _:
                    pass
            if not FAULTS[name].at_once:
                self._faults.arm(name, checked)

    def clear_faults(self, name: str | None = None) -> None:
        """End one kind of fault, or all: the cable is put back, the jam taken out, the acceptor returned.

        ValueError for an unknown name. Power taken by `power_off` stays off; a hopper that has latched a
        fault stays blocked until the host resets it.
        """
        if name is not None and name not in FAULTS:
            raise ValueError(f"unknown fault {name!r}; known are: {', '.join(sorted(FAULTS))}")
        with self._done():
            swapped = self._faults.find("acceptor_swapped")
            self._faults.clear(name)
            if not self._faults.find("unplugged"):
                self._bus.plug()
            if swapped and not self._faults.find("acceptor_swapped"):
                self._acceptor.identity = self._own_identity
                self._restart_acceptor()

    def _unplug(self) -> None:
        # By the bench's own thread: while that waits on the pty, closing it here would not hang up yet.
        self._pull_cable = self._thread.is_alive()
        self._wake()
        self._changed.wait_for(lambda: not self._pull_cable)
        self._bus.unplug()

    def _restart_acceptor(self) -> None:
        self._acceptor.power_off("bounce")
        self._acceptor.power_on("bounce")

    def power_off(self) -> None:
        """The supply of acceptor and hoppers fails."""
        with self._done():
            for device in self._devices():
                device.power_off()

    def power_on(self) -> None:
        """The supply of acceptor and hoppers is back."""
        with self._done():
            for device in self._devices():
                device.power_on()

    def _devices(self) -> tuple[Slave, ...]:
        return (self._acceptor, *self._hoppers.values())

    # -- looking at it -------------------------------------------------------------------------

    def event_counters(self) -> dict[str, int]:
        """The devices' own counters: "acceptor" (229), "hopper_10" … (166)."""
        with self._seen():
            hoppers = {hopper.place.value: hopper.event for hopper in self._hoppers.values()}
            return {"acceptor": self._acceptor.event_counter, **hoppers}

    def snapshot(self) -> dict[str, Any]:
        """The state for the bench page, ready for JSON. Coins as {"denomination": n}."""
        with self._seen():
            return {
                "port": str(self._bus.link),
                "plugged": self._bus.fileno is not None,
                "powered": self._acceptor.powered,
                "places": {place.value: _json(coins) for place, coins in self._metal.count().items()},
                "tray": _json(self.change_in_tray()),
                "inserted_yen": self._metal.inserted(),
                "paid_back_yen": self._metal.paid_back(),
                "takes": list(self._acceptor.takes()),
                "paying": {str(yen): hopper.remaining for yen, hopper in self._hoppers.items()},
                "faults": [
                    {"name": armed.name, "label": FAULTS[armed.name].label, "values": dict(armed.values)}
                    for armed in self._faults
                ],
            }

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> bool:
        """Wait for something on the bench; `condition` may ask this bench. False when time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                with self._seen():
                    if condition():
                        return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)

    def settle(self, timeout_s: float = 30.0) -> bool:
        """Wait until no coin is on its way and no hopper pays. False when time is up."""
        return self.wait_until(self._at_rest, timeout_s)

    def _at_rest(self) -> bool:
        return not self._acceptor.in_path and not any(hopper.running for hopper in self._hoppers.values())


def _json(coins: Mapping[int, int]) -> dict[str, int]:
    return {str(yen): n for yen, n in coins.items()}
