"""`python -m drivers.probe coins`: who is on the coin bus, what they say, and, on wish, coins as they come.

Without `--accept` nothing is changed: the acceptor stays inhibited as it is, no hopper is enabled, nothing is reset.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.probing import Report
from config.schema import CashSettings, HopperSettings, Settings
from drivers.cctalk import Header
from drivers.cctalk_bus import Bus, Busy, Refused, SerialLine
from drivers.coin_acceptor import ADDRESS, POSITIONS, CoinAcceptor, category, id_value
from drivers.coin_hopper import ADDRESSES, Counters, Hopper
from drivers.probe_serial import port_is_free
from drivers.worker import DeviceRefused
from kiosk.errors import DeviceError, DeviceOffline, DeviceTimeout
from kiosk.events import CashIncident, CoinsCredited, ReturnLeverPressed

Wait = Callable[[float], bool]
"""Waits so many seconds; True: it is time to end."""

DRAIN_LOOKS: Final = 10
"""Looks after the slot is shut, for a coin that is past the gate."""
WARNING: Final = (
    "WARNING: coins put in now stay in the machine, and nothing here books them.",
    "At its next start the kiosk finds the last five in the acceptor's memory and books those as owed to a person",
    "(reason stray_coins); more than five are a gap that the custodian has to explain. Use coins of your own, count",
    "them, and enter in the cash book what was done.",
)

FIRST_FLAGS: Final = {
    0: ("motor current too high", "switch it off, take out what jams the disc"),
    1: ("payout time-out: empty or jammed", "fill it or clear the jam; the kiosk's next payout clears the flag"),
    3: ("exit blocked while idle", "look for a coin or a foreign body in the exit"),
    4: ("exit sensor lit while idle", "look for light or a wire at the exit: this may be a theft"),
    5: ("exit blocked while paying", "look for a coin or a foreign body in the exit"),
}
SECOND_FLAGS: Final = {
    0: ("exit short-circuited while paying", "look for a wire at the exit: this may be a theft"),
    2: ("counter checksum A is wrong", "its counters cannot be believed: have it serviced"),
    3: ("counter checksum B is wrong", "its counters cannot be believed: have it serviced"),
    4: ("counter checksum C is wrong", "its counters cannot be believed: have it serviced"),
    5: ("counter checksum D is wrong", "its counters cannot be believed: have it serviced"),
    6: ("power failed while it wrote its memory", "its counters cannot be believed: have it serviced"),
    7: ("locked by a PIN number", "switch the PIN mechanism off with the maker's tool"),
}
"""Flags of the hopper test (163) that stand in the way of a payout, and what to do."""
NOTED_FLAGS: Final = {2: "motor reversed to clear a jam", 6: "switched on since", 7: "payout disabled (as it must be)"}


@dataclass(frozen=True, slots=True)
class _Device:
    """One address of the bus; text commands answered by nothing are left out."""

    bus: Bus
    address: int

    def ask(self, header: Header, data: bytes = b"") -> bytes | None:
        """The answer, or None where the device does not know the command."""
        try:
            return self.bus.exchange(self.address, header, data)
        except (Refused, Busy, DeviceTimeout):
            return None

    def text(self, header: Header) -> str:
        answer = self.ask(header)
        if answer is None:
            return "not told"
        text = answer.decode("ascii", "replace").strip()
        return text if text.isprintable() else answer.hex()

    def number(self, header: Header) -> int | None:
        answer = self.ask(header)
        return None if answer is None else int.from_bytes(answer, "little")

    def identity(self) -> str:
        return (
            f"{self.text(Header.REQUEST_MANUFACTURER_ID)}, {self.text(Header.REQUEST_EQUIPMENT_CATEGORY)}, "
            f"product {self.text(Header.REQUEST_PRODUCT_CODE)}, build {self.text(Header.REQUEST_BUILD_CODE)}, "
            f"software {self.text(Header.REQUEST_SOFTWARE_REVISION)}, "
            f"serial {self.number(Header.REQUEST_SERIAL_NUMBER)}"
        )


def probe(settings: Settings, report: Report, wait: Wait, *, accept: bool = False) -> None:
    """Everything of `[cash]`; `accept`: show coins until `wait` says that it is enough."""
    logging.getLogger("drivers").setLevel(logging.CRITICAL)  # said here in full
    cash = settings.machine.cash
    report.note("ccTalk, 9600 8N1")
    if not port_is_free(cash.port, "cash.port", report):
        return
    try:
        bus = Bus(
            SerialLine(cash.port),
            echo=cash.echo,
            reply_s=cash.reply_ms / 1000,
            slow_reply_s=cash.slow_reply_ms / 1000,
        )
    except DeviceOffline as error:
        report.fault(str(error), "let no other program use the port, and try again")
        return
    try:
        _probe(bus, cash, report, wait, accept)
    except DeviceError as error:
        report.fault(str(error), "look at the adapter's cable, then try again")
    finally:
        bus.close()


def _probe(bus: Bus, cash: CashSettings, report: Report, wait: Wait, accept: bool) -> None:
    try:
        bus.detect_echo(ADDRESS)
    except DeviceOffline as error:
        report.fault(
            str(error), "see that the coin devices have power, and that the data line and its ground are wired"
        )
        return
    report.ok(f"the line answers ({'with' if bus.echo else 'without'} echo)")
    acceptor = _acceptor(bus, cash, report)
    _hoppers(bus, cash, report)
    if not accept:
        return
    if acceptor is None:
        report.fault("no coins are taken", "mend what is said of the coin acceptor first")
    else:
        _accept(acceptor, cash, report, wait)


# ---- the acceptor ------------------------------------------------------------------------------------------


def _acceptor(bus: Bus, cash: CashSettings, report: Report) -> CoinAcceptor | None:
    """The acceptor, if it is the one that is configured and in order."""
    device = _Device(bus, ADDRESS)
    if not (bus.present(ADDRESS) or bus.present(ADDRESS)):
        report.fault(
            f"no coin acceptor answers at address {ADDRESS}",
            f"see that it has power and its connector, and that its address is {ADDRESS}",
        )
        return None
    report.note(f"address {ADDRESS}: {device.identity()}")
    driver = CoinAcceptor(bus, cash, None)
    try:
        driver.identify()
        report.ok("it is the coin acceptor of the machine file")
        _coin_table(device, cash, report)
        driver.verify_table()
    except DeviceRefused as error:
        report.fault(*_split(error))
        return None
    except DeviceError as error:
        report.fault(f"the coin acceptor: {error}", "look at its cable and power, then try again")
        return None
    report.ok("self-check and coin table are as configured")
    _counters(device, report)
    return driver


def _coin_table(device: _Device, cash: CashSettings, report: Report) -> None:
    wanted = {coin.position: coin for coin in cash.coins}
    for position in range(1, POSITIONS + 1):
        answer = device.ask(Header.REQUEST_COIN_ID, bytes([position]))
        coin_id = "" if answer is None else answer.decode("ascii", "replace").strip("\0 .-")
        coin = wanted.get(position)
        if not coin_id and coin is None:
            continue
        path = device.ask(Header.REQUEST_SORTER_PATH, bytes([position]))
        where = "?" if path is None else str(path[0])
        value = id_value(coin_id) if coin_id.isprintable() else None
        use = "stays inhibited" if coin is None else f"{coin.yen} yen, configured as {coin.coin_id} on path {coin.path}"
        worth = "" if value is None else f" ({value})"
        report.note(f"  position {position:<2} {coin_id or 'none':<6}{worth:<7} path {where:<2} {use}")


def _counters(device: _Device, report: Report) -> None:
    master = device.ask(Header.REQUEST_MASTER_INHIBIT)
    mask = device.ask(Header.REQUEST_INHIBIT_STATUS)
    buffer = device.ask(Header.READ_BUFFERED_CREDIT)
    accepted = device.number(Header.REQUEST_ACCEPT_COUNTER)
    words = []
    if buffer is not None:
        words.append(f"event counter {buffer[0]}")
    if accepted is not None:
        words.append(f"{accepted} coins accepted in its life")
    if mask is not None:
        words.append("all coins inhibited" if not any(mask) else f"inhibit mask {mask.hex()}")
    if master is not None:
        words.append("switched on" if master[0] & 1 else "switched off by the master inhibit")
    report.note(", ".join(words))


# ---- the hoppers -------------------------------------------------------------------------------------------


def _hoppers(bus: Bus, cash: CashSettings, report: Report) -> None:
    wanted = {hopper.serial: hopper for hopper in cash.hoppers}
    for address in ADDRESSES:
        if not (bus.present(address) or bus.present(address)):
            continue
        device = _Device(bus, address)
        kind = device.ask(Header.REQUEST_EQUIPMENT_CATEGORY)
        report.note(f"address {address}: {device.identity()}")
        if kind is None or category(kind) != "payout":
            report.fault(f"address {address} is no hopper", "only acceptor and hoppers belong on this line")
            continue
        raw = device.ask(Header.REQUEST_SERIAL_NUMBER) or b""
        hopper = wanted.pop(int.from_bytes(raw, "little"), None)
        if hopper is None:
            report.fault(
                f"the hopper at address {address} is not in the machine file",
                "if it was exchanged, count the money and correct cash.hoppers",
            )
            continue
        _hopper(device, Hopper(bus, address, raw, hopper), hopper, report)
    for hopper in wanted.values():
        report.fault(
            f"the hopper for {hopper.yen} yen (serial {hopper.serial}) does not answer",
            "see that it has power and its connector, and an address from 3 to 10 of its own",
        )


def _hopper(device: _Device, driver: Hopper, settings: HopperSettings, report: Report) -> None:
    name = f"hopper for {settings.yen} yen"
    try:
        driver.verify()
        found = driver.counters()
    except DeviceRefused as error:
        report.fault(*_split(error))
        return
    except DeviceError as error:
        report.fault(f"{name}: {error}", "look at its cable and power, then try again")
        return
    status = found.status
    report.note(
        f"  {name}: {found.count} coins paid in its life; last payout: event {status.event}, {status.paid} paid, "
        f"{status.unpaid} unpaid; level: {_level(device)}"
    )
    _flags(name, found, report)


def _flags(name: str, found: Counters, report: Report) -> None:
    told = False
    for flags, words in zip(found.flags, (FIRST_FLAGS, SECOND_FLAGS), strict=False):
        for bit, (text, remedy) in words.items():
            if flags >> bit & 1:
                report.fault(f"{name}: {text}", remedy)
                told = True
    noted = [text for bit, text in NOTED_FLAGS.items() if found.flags[0] >> bit & 1]
    if noted:
        report.note(f"  {name}: {', '.join(noted)}")
    if found.blocked and not told:
        report.fault(f"{name}: it is paying just now", "wait until it stands still, then try again")
    elif not found.blocked and not told:
        report.ok(f"{name}: its self-test finds nothing")


def _level(device: _Device) -> str:
    """By the level sensors (217): bits 4 and 5 say which are fitted, 0 and 1 what they see."""
    answer = device.ask(Header.REQUEST_PAYOUT_LEVEL)
    if answer is None:
        return "not told"
    flags, words = answer[0], []
    if flags & 0x10:
        words.append("below the low mark" if flags & 0x01 else "above the low mark")
    if flags & 0x20:
        words.append("above the high mark" if flags & 0x02 else "below the high mark")
    return ", ".join(words) or "no level sensors"


# ---- coins as they come ------------------------------------------------------------------------------------


def _accept(acceptor: CoinAcceptor, cash: CashSettings, report: Report, wait: Wait) -> None:
    for line in WARNING:
        report.note(line)
    acceptor.catch_up()
    acceptor.set_up()
    acceptor.enable(frozenset(coin.yen for coin in cash.coins))
    total = 0
    try:
        report.ok("the slot is open; put coins in, Ctrl-C shuts it")
        while not wait(cash.poll_ms / 1000):
            total += _look(acceptor, report)
    finally:
        acceptor.enable(frozenset())
        for _ in range(DRAIN_LOOKS):
            time.sleep(cash.poll_ms / 1000)
            total += _look(acceptor, report)
        report.note(f"the slot is shut; {total} yen were taken and are booked nowhere")


def _look(acceptor: CoinAcceptor, report: Report) -> int:
    """Tell of everything new; yen credited."""
    yen = 0
    for event in acceptor.look().events:
        match event:
            case CoinsCredited():
                for coin in event.credits:
                    yen += coin.yen
                    report.note(f"coin of {coin.yen} yen on path {coin.path}")
            case CashIncident():
                report.note(f"the acceptor reports {event.kind} {event.detail}".rstrip())
            case ReturnLeverPressed():
                report.note("the return lever was pressed")
    return yen


def _split(error: DeviceRefused) -> tuple[str, str]:
    """What is wrong and what to do, from the driver's own sentence."""
    what, _, remedy = error.remedy.partition("; ")
    return what, remedy or "have the device serviced, or exchange it"
