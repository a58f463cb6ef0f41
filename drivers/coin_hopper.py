"""A ccTalk payout hopper: identity, counters, and one dispense. What came of it is told in `payout`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum
from typing import Final

from config.schema import HopperSettings
from drivers.cctalk import Header
from drivers.cctalk_bus import Bus, Busy, Refused
from drivers.coin_acceptor import category, id_value
from drivers.worker import DeviceRefused
from kiosk.errors import DeviceTimeout, ProtocolViolation

_log = logging.getLogger(__name__)

ADDRESSES: Final = range(3, 11)
MOST_COINS: Final = 255
_ENABLE: Final = b"\xa5"
_DUMMY_KEY: Final = bytes(8)

# Flags of the hopper test (163). What is not listed does not keep a hopper from paying.
_FIRST_BLOCKING: Final = 0b0011_1011
"""Over-current, payout time-out (empty or jam), exit blocked or short-circuited."""
_SECOND_BLOCKING: Final = 0b1111_1101
"""Exit short-circuited while paying, damaged counters (168 cannot be believed), power failed in a write, PIN."""
FRAUD_FLAGS: Final = (0b0001_1000, 0b0000_0001)
"""Exit blocked or lit while idle, exit short-circuited while paying."""


@dataclass(frozen=True, slots=True)
class Status:
    """Answer to 166: event counter, coins still to pay, coins paid, coins not paid."""

    event: int
    remaining: int
    paid: int
    unpaid: int


@dataclass(frozen=True, slots=True)
class Counters:
    """What a hopper knows about itself at one moment."""

    status: Status
    count: int
    flags: bytes

    @property
    def blocked(self) -> bool:
        """It must not be asked to pay: it is paying, jammed, empty, blocked, or its count is damaged."""
        second = self.flags[1] if len(self.flags) > 1 else 0
        return bool(self.status.remaining or self.flags[0] & _FIRST_BLOCKING or second & _SECOND_BLOCKING)

    @property
    def fraud(self) -> bool:
        return any(flags & bits for flags, bits in zip(self.flags, FRAUD_FLAGS, strict=False))


class Sent(Enum):
    """What is known of the one 167 of a payout, apart from the counters."""

    NOT_SENT = "not sent"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"
    UNKNOWN = "unknown"


class Hopper:
    """One hopper, known by its serial number. Used by the bus' thread only; raises what the bus raises."""

    def __init__(self, bus: Bus, address: int, serial_bytes: bytes, settings: HopperSettings) -> None:
        """`serial_bytes`: as the hopper itself sent them (242); they arm a dispense in mode `serial`."""
        self._bus = bus
        self._address = address
        self._serial_bytes = serial_bytes[:3]
        self._settings = settings

    @property
    def serial(self) -> int:
        return self._settings.serial

    def verify(self) -> None:
        """Product code (244) against the dispense mode, coin (171) against the value. Changes nothing."""
        product = category(self._ask(Header.REQUEST_PRODUCT_CODE)).upper()
        mode = self._settings.dispense_mode
        fits = {
            "cipher-dummy": "USESER" not in product and (not product.startswith("SCH2") or "NOENCRYPT" in product),
            "serial": "NOENCRYPT" not in product,
        }
        if not fits[mode]:
            raise _wrong(f"hopper {self.serial} is a {product}, which does not dispense in mode {mode}")
        try:
            coin = self._ask(Header.REQUEST_HOPPER_COIN).decode("ascii", "replace")
        except (Refused, DeviceTimeout):
            return
        if coin.startswith("JP") and id_value(coin) not in (None, self._settings.yen):
            raise _wrong(f"hopper {self.serial} says it holds {coin}, configured are {self._settings.yen} yen")

    def counters(self) -> Counters:
        """166, 168 and 163, all three read cleanly."""
        return Counters(self.status(), self.count(), self._ask(Header.TEST_HOPPER))

    def status(self) -> Status:
        return Status(*self._ask(Header.REQUEST_HOPPER_STATUS))

    def count(self) -> int:
        return int.from_bytes(self._ask(Header.REQUEST_HOPPER_DISPENSE_COUNT), "little")

    def dispense(self, coins: int) -> Sent:
        """Enable, arm, and send one 167. Never raises for what became of it; the counters tell."""
        if not 1 <= coins <= MOST_COINS:
            raise ValueError(f"a dispense pays 1 to {MOST_COINS} coins, not {coins}")
        try:
            self._ask(Header.ENABLE_HOPPER, _ENABLE)
            if self._settings.dispense_mode == "cipher-dummy":
                self._ask(Header.REQUEST_CIPHER_KEY)
                armed = _DUMMY_KEY
            else:
                armed = self._serial_bytes
        except (Refused, Busy, DeviceTimeout):
            return Sent.NOT_SENT
        try:
            self._ask(Header.DISPENSE_HOPPER_COINS, armed + bytes([coins]))
        except (Refused, Busy):
            return Sent.REFUSED
        except DeviceTimeout:
            return Sent.UNKNOWN
        return Sent.ACKNOWLEDGED

    def stop(self) -> None:
        """Emergency stop (172), once; a coin may still fall afterwards."""
        try:
            self._ask(Header.EMERGENCY_STOP)
        except (Refused, Busy, DeviceTimeout):
            _log.warning("hopper %d did not confirm its emergency stop", self.serial)

    def _ask(self, header: Header, data: bytes = b"") -> bytes:
        return self._bus.exchange(self._address, header, data)


def find_hoppers(bus: Bus, wanted: tuple[HopperSettings, ...]) -> dict[int, Hopper]:
    """The configured hoppers that answer, by serial number; who is at which address does not matter.

    Raises DeviceRefused if one is missing while an unknown hopper answers: somebody exchanged it.
    """
    settings_of = {hopper.serial: hopper for hopper in wanted}
    found: dict[int, Hopper] = {}
    silent = list(ADDRESSES)
    strangers: list[int] = []
    for _ in range(2):  # a lost answer must not cost a hopper
        for address in tuple(silent):
            if len(found) == len(settings_of):
                return found
            if not bus.present(address):
                continue
            silent.remove(address)
            if category(bus.exchange(address, Header.REQUEST_EQUIPMENT_CATEGORY)) != "payout":
                continue
            raw = bus.exchange(address, Header.REQUEST_SERIAL_NUMBER)
            serial = int.from_bytes(raw, "little")
            if serial in found:
                raise ProtocolViolation("two hoppers answer with one serial number")
            if serial in settings_of:
                found[serial] = Hopper(bus, address, raw, settings_of[serial])
            else:
                strangers.append(serial)
    if strangers:
        missing = sorted(set(settings_of) - set(found))
        raise _wrong(
            f"hopper {missing[0]} is missing and hopper {strangers[0]} is not configured; if it was exchanged, "
            "count the money and correct cash.hoppers"
        )
    return found


def _wrong(remedy: str) -> DeviceRefused:
    return DeviceRefused("wrong_device", remedy)
