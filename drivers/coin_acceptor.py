"""A ccTalk coin acceptor: who it is, what it saw, what it may take.

It is never reset by the terminal: a reset throws away credits nobody has read. Whatever it counted before
this process began is read first, before any setting is touched, and continues the journal's mark.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from config.schema import CashSettings, CoinPosition
from drivers.cctalk import Header
from drivers.cctalk_bus import Bus, Refused
from drivers.credit_buffer import EMPTY, Reading, Verdict, judge
from drivers.worker import DeviceRefused
from kiosk.errors import DeviceOffline, DeviceTimeout, ProtocolViolation
from kiosk.events import CashIncident, CoinsCredited, Credit, DeviceMark, Event, ReturnLeverPressed

_log = logging.getLogger(__name__)

ADDRESS: Final = 2
POSITIONS: Final = 16
_LEVER: Final = 254


class Incident(StrEnum):
    """The words of `CashIncident.kind` from the acceptor; `detail` holds numbers only."""

    RESET = "acceptor_reset"
    """It started anew. Coins between our last look and the reset are not known."""
    GAP = "credit_gap"
    """More events than its buffer holds; the newest five are credited, the rest are for the count."""
    SWAPPED = "acceptor_swapped"
    """Another acceptor than the journal's last one; its past is not ours."""
    SETTINGS_LOST = "acceptor_settings_lost"
    """Its inhibits are not as we set them; it is inhibited until told again."""
    SWALLOWED = "coin_swallowed"
    MISSORTED = "coin_missorted"
    UNKNOWN_COIN = "unknown_coin"
    """A credit of a position that stands in no table."""
    JAM = "coin_jam"
    FRAUD = "fraud_attempt"
    FAULT = "acceptor_fault"


def _codes() -> dict[int, Incident]:
    """Status codes of event buffer entries with A = 0 that are more than a rejected coin (part 3, table 2)."""
    classes = {
        Incident.JAM: (4, 5, 6, 7),
        Incident.FRAUD: (16, 17, 18, 19, 20, 22, 23, 24, 25, 34, 37, 38, 40),
        Incident.FAULT: (13, 14, 15, 21, 26, 27, 28, 29, 30, 31, 32, 35, 255),
        Incident.SWALLOWED: (36,),
        Incident.MISSORTED: (39,),
    }
    return {code: kind for kind, codes in classes.items() for code in codes}


INCIDENT_OF: Final = _codes()
"""Every other code is a rejected coin, a passing state or information: it only uses up an event number."""


@dataclass(frozen=True, slots=True)
class News:
    """What one look brought, in the order in which it must reach the journal.

    `settle`: the acceptor must be set up again and stays inhibited until somebody enables it anew.
    """

    events: tuple[Event, ...] = ()
    quiet: bool = True
    settle: bool = False


def category(text: bytes) -> str:
    """An equipment category for comparison: vendors differ in case, spaces and underscores."""
    return re.sub(r"[ _]", "", text.decode("ascii", "replace")).lower()


def id_value(coin_id: str) -> int | None:
    """The number in a coin id (`CCVVVI`), multiplier letter included; None if it has none."""
    value = coin_id[2:5]
    if value.isdecimal():
        return int(value)
    match = re.fullmatch(r"(\d*)([KM])(\d*)", value)
    if not match or not (match[1] or match[3]):
        return None
    before, multiplier, after = match.groups()
    factor = {"K": 1_000, "M": 1_000_000}[multiplier]
    return int(before + after) * factor // int("1" + "0" * len(after))


def mask_of(positions: Iterable[int]) -> bytes:
    """The inhibit mask of header 231: bit n - 1 set = position n accepted; low byte first."""
    return sum(1 << (position - 1) for position in set(positions)).to_bytes(2, "little")


class CoinAcceptor:
    """The acceptor at address 2 of one bus. Used by the bus' thread only.

    Raises what the bus raises; DeviceRefused if it is not the acceptor this machine is configured for.
    """

    def __init__(self, bus: Bus, settings: CashSettings, mark: DeviceMark | None) -> None:
        self._bus = bus
        self._serial = settings.acceptor_serial
        self._coins = {coin.position: coin for coin in settings.coins}
        self._divisor = settings.coin_divisor
        self._mark = mark
        self._mask: bytes | None = None
        self._master = True

    @property
    def mark(self) -> DeviceMark | None:
        """How far the buffer has been read; handed to the next life of the device after a lost link."""
        return self._mark

    def identify(self) -> None:
        """Compare category and serial number (245, 242) with the configuration. Changes nothing."""
        kind = category(self._ask(Header.REQUEST_EQUIPMENT_CATEGORY))
        if kind != "coinacceptor":
            raise _wrong(f"address {ADDRESS} is no coin acceptor; check the address and the wiring")
        serial = int.from_bytes(self._ask(Header.REQUEST_SERIAL_NUMBER), "little")
        if serial != self._serial:
            raise _wrong(
                f"the coin acceptor has serial {serial}, configured is {self._serial}; if it was exchanged, "
                "count the money and set cash.acceptor_serial"
            )

    def catch_up(self) -> News:
        """First look of a life: credits that nobody read go on from the journal's mark. Changes nothing.

        A return lever pressed back then is nobody's wish any more and is left out.
        """
        reading = self._read()
        if self._mark is None or self._mark.serial != self._serial:
            swapped = self._mark is not None
            epoch = self._mark.epoch + 1 if self._mark else 1
            # What it counted before is not this machine's business: that reading is where we begin.
            mark = self._marked(epoch, reading.counter, reading)
            first = (CashIncident(Incident.SWAPPED, "", None),) if swapped else ()
            return News((*first, CoinsCredited((), mark)), quiet=False, settle=swapped)
        news = self._judge(reading, reset_seen=None)
        events = tuple(event for event in news.events if not isinstance(event, ReturnLeverPressed))
        return replace(news, events=events)

    def verify_table(self) -> None:
        """Self-check (232) and coin ids (184) against the configured table. Changes nothing."""
        check = self._try(Header.PERFORM_SELF_CHECK)
        if check and (fault := check[0]):
            raise DeviceRefused("hardware_error", f"the coin acceptor's self-check reports fault {fault}")
        for coin in self._coins.values():
            self._verify_coin(coin)

    def _verify_coin(self, coin: CoinPosition) -> None:
        raw = self._ask(Header.REQUEST_COIN_ID, bytes([coin.position]))
        found = raw.decode("ascii", "replace")
        where = f"coin position {coin.position}"
        if found != coin.coin_id:
            shown = found if found.isprintable() else raw.hex()
            raise _wrong(f"{where} reports {shown}, configured is {coin.coin_id}; correct cash.coins")
        if found[:2] != "JP":
            raise _wrong(f"{where} is no yen coin ({found}); correct cash.coins")
        if id_value(found) != coin.yen * self._divisor:
            raise _wrong(f"{where}: {found} does not mean {coin.yen} yen; check cash.coins and cash.coin_divisor")

    def set_up(self) -> None:
        """Inhibit everything, set the sorter paths, then switch on; every setting is read back.

        The order is that of the specification: 231, 222/210, 228.
        """
        self.enable(frozenset())
        self._set_paths()
        self._master = self._switch_on()

    def enable(self, yen: frozenset[int]) -> None:
        """Accept exactly the coins of these values; an empty set inhibits all."""
        mask = mask_of(position for position, coin in self._coins.items() if coin.yen in yen)
        self._mask = None
        self._ask(Header.MODIFY_INHIBIT_STATUS, mask)
        if self._ask(Header.REQUEST_INHIBIT_STATUS) != mask:
            raise ProtocolViolation("the coin acceptor does not keep its inhibit mask")
        self._mask = mask

    def inhibit_at_once(self) -> None:
        """One message, for leaving."""
        self._mask = None
        self._ask(Header.MODIFY_INHIBIT_STATUS, bytes(2))

    def settings_kept(self) -> bool:
        """Whether the inhibits are what we set: the sign of a reset that the buffer cannot show."""
        if self._mask is None:
            return False
        if self._ask(Header.REQUEST_INHIBIT_STATUS) != self._mask:
            return False
        return not self._master or bool(self._ask(Header.REQUEST_MASTER_INHIBIT)[0] & 1)

    def look(self, *, probe: bool = False) -> News:
        """Read the buffer (229). `probe`: also compare the inhibits, every two seconds or so during a sale."""
        lost = probe and not self.settings_kept()
        news = self._judge(self._read(), reset_seen=lost)
        if lost and not news.settle:
            lost_settings = CashIncident(Incident.SETTINGS_LOST, "", None)
            return News((lost_settings, *news.events), quiet=False, settle=True)
        return news

    def _read(self) -> Reading:
        return Reading.parse(self._ask(Header.READ_BUFFERED_CREDIT))

    def _judge(self, reading: Reading, *, reset_seen: bool | None) -> News:
        mark = self._mark
        if mark is None:
            raise ProtocolViolation("the acceptor was judged before its first reading")
        last = _restore(mark)
        judgement = judge(last, reading, reset_seen=reset_seen)
        if len(judgement.fresh) == len(reading.window) and reset_seen is False and last != EMPTY:
            # Nothing of the old window is left to compare: look for a reset before believing.
            judgement = judge(last, reading, reset_seen=not self.settings_kept())
        if judgement.verdict is Verdict.NORMAL:
            if not judgement.fresh:
                return News()
            events = self._interpret(judgement.fresh, mark.epoch, mark.seq, reading)
            return News(events, quiet=False)
        if judgement.verdict is Verdict.GAP:
            first = CashIncident(Incident.GAP, f"at least {judgement.lost} events unseen", None)
        else:
            first = CashIncident(Incident.RESET, f"event counter was {last.counter}", None)
        events = self._interpret(judgement.fresh, mark.epoch + 1, 0, reading)
        return News((first, *events), quiet=False, settle=True)

    def _interpret(
        self, fresh: tuple[tuple[int, int], ...], epoch: int, seq: int, reading: Reading
    ) -> tuple[Event, ...]:
        """Incidents first, then the credits with the mark: what is journaled twice is never money."""
        events: list[Event] = []
        credits: list[Credit] = []
        for number, (first, second) in enumerate(fresh, start=seq + 1):
            coin = self._coins.get(first)
            if coin:
                credits.append(Credit(self._serial, epoch, number, coin.yen, second))
            elif first:
                events.append(CashIncident(Incident.UNKNOWN_COIN, f"position {first}, path {second}", None))
            elif second == _LEVER:
                events.append(ReturnLeverPressed())
            elif second in INCIDENT_OF:
                events.append(CashIncident(INCIDENT_OF[second], f"code {second}", None))
        mark = self._marked(epoch, seq + len(fresh), reading)
        return (*events, CoinsCredited(tuple(credits), mark))

    def _marked(self, epoch: int, seq: int, reading: Reading) -> DeviceMark:
        self._mark = DeviceMark(self._serial, epoch, reading.counter, seq, reading.hex)
        return self._mark

    def _set_paths(self) -> None:
        overridden = self._try(Header.MODIFY_SORTER_OVERRIDE, b"\xff") is not None
        if overridden and self._ask(Header.REQUEST_SORTER_OVERRIDE) != b"\xff":
            raise ProtocolViolation("the coin acceptor keeps a sorter override")
        for coin in self._coins.values():
            # What cannot be set may still be right from the factory.
            self._try(Header.MODIFY_SORTER_PATH, bytes([coin.position, coin.path]))
            if self._ask(Header.REQUEST_SORTER_PATH, bytes([coin.position]))[0] != coin.path:
                raise _wrong(
                    f"coin position {coin.position} is not sorted to path {coin.path}; check the sorter and cash.coins"
                )

    def _switch_on(self) -> bool:
        """Master inhibit off (228). False for an acceptor that has none; its mask alone rules then."""
        if self._try(Header.MODIFY_MASTER_INHIBIT, b"\x01") is None:
            return False
        if not self._ask(Header.REQUEST_MASTER_INHIBIT)[0] & 1:
            raise ProtocolViolation("the coin acceptor does not switch on")
        return True

    def _try(self, header: Header, data: bytes = b"") -> bytes | None:
        """A command that not every acceptor knows; None if this one does not."""
        try:
            return self._ask(header, data)
        except (Refused, DeviceOffline):
            # An unknown command is answered by NAK or by nothing; a dead device fails here as well.
            self._ask(Header.SIMPLE_POLL)
            _log.info("the coin acceptor does not know %s", header.name)
            return None

    def _ask(self, header: Header, data: bytes = b"") -> bytes:
        try:
            return self._bus.exchange(ADDRESS, header, data)
        except DeviceTimeout as silence:
            raise DeviceOffline("the coin acceptor does not answer") from silence


def _restore(mark: DeviceMark) -> Reading:
    try:
        return Reading.restore(mark.counter, mark.window)
    except ValueError:
        raise DeviceRefused("hardware_error", "the journal's mark of the coin acceptor is damaged") from None


def _wrong(remedy: str) -> DeviceRefused:
    return DeviceRefused("wrong_device", remedy)
