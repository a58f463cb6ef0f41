"""One contactless reader held by nfcpy, without PC/SC: Sony RC-S380 and others, or the UDP radio of a bench.

The cards served speak type B at 106 kbit/s, so that is asked for at every look. Only when nothing of it answers
are type A (phones, bank cards) and type F (FeliCa) asked for too, in turn and not each time, so that they never
keep a card waiting. A card that lies there stays activated between two looks: the presence check (R(NAK), ISO
14443-4) then also tells it from another one laid down in its place. The field goes off after every order.

What nfcpy does not tell: two cards of type B that answer at once look like none with a real reader, since it drops
the collision; with the UDP radio they are seen.

nfcpy writes every command to its debug log, PIN included. Its loggers are therefore closed for good, whatever the
level of others. Of the copies of a command it makes (frames, and lines of that log which nobody gets) none can
be reached to be overwritten; they end with this process.

    the card left: no answer after all repetitions     → CardRemoved
    it answers outside ISO 14443-4                     → ProtocolViolation
    activation is not answered                         → CardMute
    it takes no commands (FeliCa, memory cards)        → CardForeign
    errno of the device, anything unforeseen           → DeviceOffline
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import nfc
import nfc.clf
import nfc.tag
import nfc.tag.tt4

from drivers.apdu import Octets
from drivers.card_transport import CardForeign, CardMute, Presence
from drivers.card_udp import SENSE_S, frontend_at
from drivers.worker import DeviceRefused
from kiosk.errors import CardRemoved, DeviceOffline, ProtocolViolation
from kiosk.events import CardKind

POLL_S: Final = 0.15
OTHERS_S: Final = 1.0
"""Between two looks for other technologies, one of them at a time."""
LONGEST_BLOCK_S: Final = 1.2
"""A card may ask for up to 4.9 s between two blocks (FWI 14). Those served ask for 0.3 s; no other is worth it."""
AGAIN: Final = 2
"""Senses before a card that lay there is taken for gone, or one that is wanted for missing."""

TYPE_A, TYPE_B, TYPE_F = "106A", "106B", "212F"
_ISO_DEP: Final = 0x20
"""Bit of SEL_RES: the card speaks ISO 14443-4 (part 3 table 9)."""


def silence() -> None:
    """Close nfcpy's loggers one by one, so that no level and no handler opens them; those to come inherit a level
    above all. A driver of nfcpy is loaded when a reader is opened, so this is called then as well."""
    logging.getLogger("nfc").setLevel(logging.CRITICAL + 1)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and (name == "nfc" or name.startswith("nfc.")):
            logger.disabled = True


silence()


@dataclass(frozen=True, slots=True)
class _Lying:
    """What answered a sense. `tag`: activated ISO-DEP card or None; `foreign`: it takes no commands at all."""

    technology: str
    tag: Any = None
    foreign: CardKind | None = None

    @property
    def block_s(self) -> float:
        """Frame waiting time of the card, which nfcpy tells nobody but keeps."""
        return float(self.tag._dep.fwt + self.tag._dep.delta_fwt)

    def answers(self, times: int) -> bool:
        """Presence check of an activated card; one that may take longer than a look has is believed."""
        return self.block_s > LONGEST_BLOCK_S or any(self.tag.is_present for _ in range(times))


class Connection:
    """ISO-DEP to one activated card; implements `drivers.apdu.Transmit`."""

    def __init__(self, tag: Any, block_s: float) -> None:
        self._tag = tag
        self._block_s = min(block_s, LONGEST_BLOCK_S)

    def transmit(self, command: Octets) -> bytes:
        """One exchange. nfcpy repeats blocks as ISO 14443-4 §7.5.5 says; the card carries a command out once."""
        try:
            answer = self._tag.transceive(command, self._block_s)
        except Exception as error:
            failure = _error_of(error)
        else:
            if answer:
                return bytes(answer)
            failure = CardRemoved("an empty answer: the card left in the middle of it")
        # Outside of the except clause: the frames of what nfcpy raised hold the command.
        raise failure


def _error_of(error: Exception) -> Exception:
    if isinstance(error, nfc.tag.tt4.Type4TagCommandError):
        if error.errno != nfc.tag.PROTOCOL_ERROR:
            return CardRemoved("the card does not answer any more")
        return ProtocolViolation("the card breaks ISO 14443-4")
    if isinstance(error, nfc.clf.CommunicationError):
        return CardRemoved("the card does not answer any more")
    if isinstance(error, IndexError):  # a block too short to be one
        return ProtocolViolation("the card breaks ISO 14443-4")
    return _offline(error)


def _offline(error: Exception) -> DeviceOffline:
    """Whatever the device itself raises: OSError when it is gone, other types when it answers nonsense."""
    number = getattr(error, "errno", None)
    name = errno.errorcode.get(number, "") if isinstance(number, int) else ""
    return DeviceOffline(f"the reader does not work ({type(error).__name__} {name})")


class NfcReader:
    """The reader at `device`, a path of nfcpy such as ``usb``, ``usb:054c:06c1`` or ``udp:127.0.0.1:54321``.

    Implements `CardTransport`. `clock` counts seconds and never goes back.
    """

    poll_s = POLL_S

    def __init__(
        self,
        device: str,
        *,
        sense_s: float = SENSE_S,
        others_s: float = OTHERS_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._sense_s = sense_s
        self._others_s = others_s
        self._clock = clock
        self._frontend: Any = None
        self._lying: _Lying | None = None
        self._technology = TYPE_B
        self._was_there = False
        self._connection: Connection | None = None
        self._other, self._others_due = TYPE_A, 0.0

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def technology(self) -> str:
        """What was seen last: "106A", "106B" or "212F"."""
        return self._technology

    def open(self) -> None:
        self.close()
        try:
            if self._device.startswith("udp:"):
                self._frontend = frontend_at(self._device, self._sense_s)
            else:
                self._frontend = nfc.ContactlessFrontend(self._device)
        except ValueError:
            raise DeviceRefused("configuration_error", "reader.device is no path such as usb:054c:06c1") from None
        except OSError as error:
            if error.errno == errno.EACCES:
                raise DeviceRefused("offline", "no right to use the reader: add a udev rule for it") from None
            if error.errno == errno.EBUSY:
                raise DeviceRefused("offline", "something holds the reader: blacklist port100 and pn533") from None
            raise _offline(error) from None
        except Exception as error:
            raise _offline(error) from None
        finally:
            silence()
        self._technology, self._was_there = TYPE_B, False
        self._others_due = self._clock()

    def close(self) -> None:
        self._lying = self._connection = None
        frontend, self._frontend = self._frontend, None
        if frontend is not None:
            with suppress(Exception):  # a reader that is gone cannot be closed any better
                frontend.close()

    def look(self) -> tuple[Presence, bool]:
        try:
            before, there = self._lying, self._still_there()
            if not there:
                self._lying = self._search()
        except Exception as error:
            raise _offline(error) from None
        lying = self._lying
        self._was_there = lying is not None
        if lying is None:
            return Presence.EMPTY, False
        self._technology = lying.technology
        mute = lying.tag is None and lying.foreign is None
        return Presence.MUTE if mute else Presence.CARD, before is not None and not there

    def connect(self) -> Connection:
        frontend = self._opened()
        self._lying = None
        try:
            lying = _sense(frontend, self._technology, AGAIN)
        except Exception as error:
            raise _offline(error) from None
        if lying is None:
            raise CardRemoved("no card answers")
        if lying.foreign is not None:
            raise CardForeign(lying.foreign)
        if lying.tag is None:
            raise CardMute("what lies there cannot be activated")
        self._connection = Connection(lying.tag, lying.block_s)
        return self._connection

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection = self._lying = None
            with suppress(Exception):  # a reader that is gone has no field; the next look tells
                self._opened().device.mute()

    def _opened(self) -> Any:
        if self._frontend is None:
            raise DeviceOffline("the reader is not open")
        return self._frontend

    def _still_there(self) -> bool:
        """Whether what was seen last still answers, and is surely the same."""
        lying = self._lying
        if lying is None:
            return False
        if lying.tag is not None and lying.block_s <= LONGEST_BLOCK_S:
            return lying.answers(AGAIN)
        # It cannot be asked for, or only for longer than a look may take.
        again = _sense(self._opened(), lying.technology, AGAIN)
        same = again is not None and again.foreign is lying.foreign and (again.tag is None) is (lying.tag is None)
        self._lying = again if same else None
        return same

    def _search(self) -> _Lying | None:
        frontend = self._opened()
        found = _sense(frontend, TYPE_B, AGAIN if self._was_there else 1)
        if found is not None:
            return found
        if self._was_there and self._technology != TYPE_B:
            return _sense(frontend, self._technology, AGAIN)
        if self._clock() < self._others_due:
            return None
        self._others_due = self._clock() + self._others_s
        technology, self._other = self._other, TYPE_F if self._other == TYPE_A else TYPE_A
        return _sense(frontend, technology, 1)


def _sense(frontend: Any, technology: str, times: int) -> _Lying | None:
    """Field off and on, then what answers in `technology`; `times` before it is nothing, AGAIN before it is no card
    one can do anything with."""
    lying = None
    for attempt in range(1, AGAIN + 1):
        lying = _sense_once(frontend, technology)
        if lying is None and attempt >= times:
            break
        if lying is not None and (lying.tag is not None or lying.foreign not in (None, CardKind.SEVERAL)):
            break
    return lying


def _sense_once(frontend: Any, technology: str) -> _Lying | None:
    """Raises whatever the device raises."""
    try:
        target = frontend.sense(nfc.clf.RemoteTarget(technology), iterations=1)
    except nfc.clf.UnsupportedTargetError:
        return None  # this reader cannot see such cards
    if target is None:
        # What is no answer of one card is a collision (ISO 14443-3 §7.4); only the UDP radio tells.
        collision = getattr(frontend.device, "collision", False)
        return _Lying(technology, foreign=CardKind.SEVERAL) if collision else None
    if technology == TYPE_F:
        return _Lying(technology, foreign=CardKind.FELICA)
    if technology == TYPE_A and (target.rid_res or not target.sel_res[0] & _ISO_DEP):
        return _Lying(technology, foreign=CardKind.UNKNOWN)
    lying = _Lying(technology, _activated(frontend, target))
    # A card at the edge of the field lets itself be chosen and then has no power to answer: the same as none.
    return _Lying(technology) if lying.tag is not None and not lying.answers(1) else lying


def _activated(frontend: Any, target: Any) -> Any:
    """The ISO-DEP card `target`, or None when it does not answer as ISO 14443-3 wants."""
    try:
        return nfc.tag.activate(frontend, target)
    except (IndexError, TypeError):  # an answer to RATS that is too short
        return None
