"""As :mod:`config.checks`, for the machine file: what stands on one spot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from config.machine import (
    CashSettings,
    CentreSettings,
    CoinPosition,
    HopperSettings,
    Machine,
    Panel,
    PrinterSettings,
    ReaderSettings,
    SensorSettings,
)
from config.recorder_checks import together

Found = Iterator[tuple[str, str]]

COINS_YEN = (10, 50, 100, 500)
_SERIAL_LIMIT = 1 << 24


def twice(values: Sequence[Any]) -> list[int]:
    """Positions (from one) whose value stood before already."""
    return [n for n, value in enumerate(values, start=1) if value in values[: n - 1]]


def _machine(machine: Machine) -> Found:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", machine.terminal_id):
        yield "terminal_id", "must be up to 64 ASCII letters, digits, dots, hyphens and underscores"
    if machine.bench is not None and not machine.simulation:
        yield "bench", "is only for simulations: remove it from a real machine's file"
    if machine.reader.device.startswith("udp:") and not machine.simulation:
        yield "reader.device", "is a radio over the network, only for simulations: give a real reader, such as usb"
    yield from together(machine)


def _reader(reader: ReaderSettings) -> Found:
    needed, other = ("name_contains", "device") if reader.driver == "pcsc" else ("device", "name_contains")
    if not getattr(reader, needed):
        yield needed, f"is missing: driver {reader.driver!r} finds its reader by it"
    for key in (other,) if reader.driver == "pcsc" else (other, "csock"):
        if getattr(reader, key):
            yield key, f"means nothing to driver {reader.driver!r}: remove it, or change the driver"


def _sensors(sensors: SensorSettings) -> Found:
    if not 1 <= sensors.unit <= 247:
        yield "unit", f"is {sensors.unit}; Modbus slaves have addresses 1 to 247"
    names = ("certificate_input", "change_input", "receipt_input", "service_key_input")
    inputs = {name: number for name in names if (number := getattr(sensors, name)) is not None}
    first: dict[int, str] = {}
    for name, number in inputs.items():
        if number > 0xFFFF:
            yield name, f"is {number}; Modbus inputs have numbers 0 to 65535"
        if first.setdefault(number, name) != name:
            yield name, f"is {number}, and so is {first[number]}: every sensor has an input of its own"


def _panel(panel: Panel) -> Found:
    if not 2 <= panel.px_per_mm <= 20:
        yield (
            "diagonal_in",
            f"gives {panel.px_per_mm:.1f} pixels a millimetre: measure the picture, in inches",
        )


def _coin(coin: CoinPosition) -> Found:
    if not 1 <= coin.position <= 16:
        yield "position", f"is {coin.position}; a ccTalk acceptor has positions 1 to 16"
    if not 1 <= coin.path <= 8:
        yield "path", f"is {coin.path}; sorter paths are 1 to 8"
    if coin.yen not in COINS_YEN:
        yield "yen", f"is {coin.yen}; accepted are {', '.join(map(str, COINS_YEN))}"
    if not re.fullmatch(r"JP[0-9]{3}[A-Z]", coin.coin_id):
        yield "coin_id", f'is {coin.coin_id!r}; a Japanese coin\'s id looks like "JP100A"'


def _hopper(hopper: HopperSettings) -> Found:
    if hopper.serial >= _SERIAL_LIMIT:
        yield "serial", f"is {hopper.serial}; a ccTalk serial number has 24 bits"
    if hopper.yen not in COINS_YEN:
        yield "yen", f"is {hopper.yen}; hoppers can hold {', '.join(map(str, COINS_YEN))}"
    if hopper.reserve >= hopper.capacity:
        yield "reserve", f"leaves nothing of capacity ({hopper.capacity}): make it smaller"


def _cash(cash: CashSettings) -> Found:
    if cash.acceptor_serial >= _SERIAL_LIMIT:
        yield "acceptor_serial", f"is {cash.acceptor_serial}; a ccTalk serial number has 24 bits"
    if not 1 <= cash.cashbox_path <= 8:
        yield "cashbox_path", f"is {cash.cashbox_path}; sorter paths are 1 to 8"
    if cash.watchdog_ms <= 2 * cash.poll_ms:
        yield "poll_ms", "must be below half of watchdog_ms, or one lost poll inhibits the acceptor"
    for key, values in (("coins", cash.coins), ("hoppers", cash.hoppers)):
        if not values:
            yield key, "is empty: the terminal could not take money and give change"
    for n in twice([coin.position for coin in cash.coins]):
        yield f"coins[{n}].position", "is listed twice: keep one entry for each position"
    for n in twice([hopper.serial for hopper in cash.hoppers]):
        yield f"hoppers[{n}].serial", "is listed twice: every hopper has its own"
    for n in twice([hopper.yen for hopper in cash.hoppers]):
        yield f"hoppers[{n}].yen", "is listed twice: one hopper for each coin"
    yield from _paths(cash)


def _paths(cash: CashSettings) -> Found:
    hoppers_yen = {hopper.yen for hopper in cash.hoppers}
    path_yen: dict[int, int] = {}
    for n, coin in enumerate(cash.coins, start=1):
        number = coin.coin_id[2:5]
        if number.isdigit() and int(number) != coin.yen * cash.coin_divisor:
            yield (
                f"coins[{n}].yen",
                f"does not agree with {coin.coin_id!r} and coin_divisor: mend the wrong one",
            )
        if coin.path == cash.cashbox_path:
            continue
        if coin.yen not in hoppers_yen:
            yield f"coins[{n}].path", f"leads to a hopper, but none holds {coin.yen} yen: use cashbox_path"
        if path_yen.setdefault(coin.path, coin.yen) != coin.yen:
            yield f"coins[{n}].path", f"would mix {coin.yen} and {path_yen[coin.path]} yen in one hopper"


def _url(key: str, url: str, schemes: tuple[str, ...]) -> Found:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        sound = plain = False
    if not (sound and plain):
        wanted = " or ".join(f"{scheme}://host[:port]/path" for scheme in schemes)
        yield key, f"is not a usable address: write {wanted}, nothing more"


def _printer(printer: PrinterSettings) -> Found:
    yield from _url("uri", printer.uri, ("ipp", "ipps"))
    if printer.receipt_tray == printer.certificate_tray:
        yield "receipt_tray", "is the certificate's tray too: receipts have their own paper in their own tray"
    if not re.fullmatch(r"[a-z0-9]+_[a-z0-9.-]+_[0-9.]+x[0-9.]+(mm|in)", printer.receipt_media):
        yield "receipt_media", 'must be a size name of PWG 5101.1, such as "iso_a5_148x210mm"'


def _centre(centre: CentreSettings) -> Found:
    return _url("url", centre.url, ("https",))


MACHINE_CHECKS: Mapping[type, Callable[[Any], Found]] = {
    CashSettings: _cash,
    CentreSettings: _centre,
    CoinPosition: _coin,
    HopperSettings: _hopper,
    Machine: _machine,
    Panel: _panel,
    PrinterSettings: _printer,
    ReaderSettings: _reader,
    SensorSettings: _sensors,
}
"""The check of each dataclass of the machine file that has one."""
