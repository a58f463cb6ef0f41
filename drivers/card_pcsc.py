"""One contactless reader behind PC/SC (pcsc-lite), on the plain scard calls.

The monitors of pyscard end for good when pcscd restarts, so presence is asked for here: one status call that
does not wait, again after `POLL_S`. That leaves the reader's thread free for an order at any moment; pcscd
itself looks for a card only every 0.4 s. pcsc-lite's pseudo reader for plug and play tells nothing to a call
that does not wait; it is not needed, because the status of a reader that was unplugged is an error, and
readers are listed anew whenever the worker opens the device again.

Result codes are mapped as follows (PC/SC part 5, pcsclite):

    the card left, was reset, or gave an empty answer   → CardRemoved
    it cannot be powered                                → CardMute
    the reader made its answer to reset for a FeliCa    → CardForeign
    another program holds it                            → ReaderBusy
    reader or pcscd gone, anything else                 → DeviceOffline
"""

from __future__ import annotations

import os
from typing import Any, Final, Protocol

from smartcard import scard as pcsclite

from drivers.apdu import Octets
from drivers.card_transport import CardForeign, CardMute, Presence, ReaderBusy
from drivers.worker import DeviceRefused
from kiosk.errors import CardRemoved, DeviceOffline
from kiosk.events import CardKind

POLL_S: Final = 0.25
"""A look is three exchanges with pcscd, about 1 ms on a core: 0.4 % of it. pcscd itself looks every 0.4 s only, so a
card is found 50 ms later, on the average, than by looking every 0.15 s."""
SETTLE_MS: Final = 500
"""Longer than pcscd's own 0.4 s between two looks for a card."""
SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"

OK: Final = 0
TIMEOUT: Final = 0x8010000A
BUSY: Final = 0x8010000B
NO_READERS: Final = 0x8010002E
CARD_GONE: Final = frozenset(
    {
        0x8010000C,  # E_NO_SMARTCARD
        0x80100016,  # E_NOT_TRANSACTED: the first exchange after the card vanished
        0x80100068,  # W_RESET_CARD: somebody else's reset, nothing of our dialogue is left
        0x80100069,  # W_REMOVED_CARD: gone, or another card under the same handle
    }
)
CARD_MUTE: Final = frozenset(
    {
        0x8010000F,  # E_PROTO_MISMATCH
        0x80100065,  # W_UNSUPPORTED_CARD
        0x80100066,  # W_UNRESPONSIVE_CARD
        0x80100067,  # W_UNPOWERED_CARD
    }
)

_PRESENT, _EMPTY, _MUTE = 0x20, 0x10, 0x200
_UNKNOWN, _UNAVAILABLE, _CHANGED = 0x4, 0x8, 0x2


class Scard(Protocol):
    """The calls of `smartcard.scard` used here. Every one returns its result code first."""

    def SCardEstablishContext(self, scope: int, /) -> Any: ...
    def SCardReleaseContext(self, context: Any, /) -> int: ...
    def SCardListReaders(self, context: Any, groups: list[str], /) -> Any: ...
    def SCardGetStatusChange(self, context: Any, wait_ms: int, states: list[Any], /) -> Any: ...
    def SCardConnect(self, context: Any, reader: str, share: int, protocols: int, /) -> Any: ...
    def SCardStatus(self, card: Any, /) -> Any: ...
    def SCardDisconnect(self, card: Any, disposition: int, /) -> int: ...
    def SCardTransmit(self, card: Any, protocol: int, command: list[int], /) -> Any: ...


def use_socket(path: str) -> None:
    """Which pcscd this process talks to; pcsc-lite reads it once, with the first context. Empty: no change."""
    if path:
        os.environ[SOCKET_VARIABLE] = path


FELICA_STANDARD: Final = 0x11
"""Standard byte of a storage card's answer to reset that stands for FeliCa (PC/SC part 3 supplement, table 2)."""
FELICA_NAMES: Final = frozenset({0x003B, 0xF011, 0xF012})
"""Its card names: FeliCa (table 3), and 212 and 424 kbit/s as readers of ACS call them."""

_STORAGE_CARD: Final = bytes.fromhex("804F0CA000000306")
"""Historical bytes a reader makes for a card without ISO 14443-4, up to the standard byte: tag 4F with the
registered identifier of the PC/SC workgroup (PC/SC part 3 §3.1.3.2.3)."""


def storage_card_of(atr: bytes) -> CardKind | None:
    """The kind of a card whose answer to reset the reader made itself, where that says for sure; else None.

    Only the form for storage cards tells something: all others are answers of a chip, and chips of every kind
    say what they like.
    """
    _, found, rest = atr.partition(_STORAGE_CARD)
    if not found or len(rest) < 3:
        return None
    felica = rest[0] == FELICA_STANDARD or int.from_bytes(rest[1:3]) in FELICA_NAMES
    return CardKind.FELICA if felica else None


def _code(result: int) -> int:
    return result & 0xFFFFFFFF  # negative on some platforms


def _error_of(result: int, doing: str) -> Exception:
    code = _code(result)
    if code in CARD_GONE:
        return CardRemoved(f"the card left ({doing}, {code:08X})")
    if code in CARD_MUTE:
        return CardMute(f"the card cannot be powered ({doing}, {code:08X})")
    if code == BUSY:
        return ReaderBusy(f"another program holds the card ({doing})")
    return DeviceOffline(f"{doing} failed ({code:08X})")


class Connection:
    """An exclusive connection to the card that lies on the reader; implements `drivers.apdu.Transmit`."""

    def __init__(self, scard: Scard, handle: Any, protocol: int) -> None:
        self._scard = scard
        self._handle = handle
        self.broken = False
        self._pci = pcsclite.SCARD_PCI_T0 if protocol == pcsclite.SCARD_PROTOCOL_T0 else pcsclite.SCARD_PCI_T1

    def transmit(self, command: Octets) -> bytes:
        """One exchange; may block for as long as the card likes, so it is called under a deadline.

        pyscard wants a list of ints. This list is the only copy made here, and it is zeroed in place. What
        cannot be reached: the C array pyscard makes of it and frees, the message to pcscd, pcscd's own and
        the reader driver's buffers. They end with this process, or hold the last few commands at most.
        """
        wire = list(command)
        try:
            result, answer = self._scard.SCardTransmit(self._handle, self._pci, wire)
        finally:
            for i in range(len(wire)):
                wire[i] = 0
        self.broken = _code(result) != OK or not answer
        if _code(result) != OK:
            raise _error_of(result, "transmit")
        if not answer:
            raise CardRemoved("an empty answer: the card left in the middle of it")
        return bytes(octet & 0xFF for octet in answer)


class PcscReader:
    """One context and the one reader whose name contains `name_contains`; implements `CardTransport`.

    `csock`: the socket of the pcscd to use, "" for the system's.
    """

    poll_s = POLL_S

    def __init__(self, name_contains: str, csock: str = "", scard: Scard = pcsclite) -> None:
        self._name_contains = name_contains
        self._csock = csock
        self._scard = scard
        self._context: Any = None
        self._name = ""
        self._state = pcsclite.SCARD_STATE_UNAWARE
        self._card: Any = None
        self._connection: Connection | None = None

    @property
    def connected(self) -> bool:
        """A connection to a card is open."""
        return self._card is not None

    def open(self) -> None:
        """New context, reader chosen. Raises DeviceOffline, or DeviceRefused when the name is ambiguous."""
        self.close()
        use_socket(self._csock)
        result, context = self._scard.SCardEstablishContext(pcsclite.SCARD_SCOPE_SYSTEM)
        if _code(result) != OK:
            raise DeviceOffline(f"pcscd does not answer ({_code(result):08X})")
        self._context = context
        self._state = pcsclite.SCARD_STATE_UNAWARE
        self._choose()

    def close(self) -> None:
        """Power the card down and give the context back, dead or alive."""
        self.disconnect()
        if self._context is not None:
            context, self._context = self._context, None
            self._scard.SCardReleaseContext(context)  # whatever it says: the context is not used again

    def look(self) -> tuple[Presence, bool]:
        """What lies there now, and whether a card went and another came since the last look. Never waits.

        Raises DeviceOffline when reader or pcscd is gone.
        """
        asked = [(self._name, self._state)]
        result, states = self._scard.SCardGetStatusChange(self._open_context(), 0, asked)
        if _code(result) == TIMEOUT:
            return self._presence(), False
        if _code(result) != OK:
            raise DeviceOffline(f"the reader cannot be watched ({_code(result):08X})")
        # The event counter in the upper half goes back as it came, or changes in between are lost.
        before, self._state = self._state, states[0][1] & ~_CHANGED
        if self._state & (_UNKNOWN | _UNAVAILABLE):
            raise DeviceOffline("the reader was unplugged")
        return self._presence(), self._swapped(before)

    def connect(self) -> Connection:
        """An exclusive connection; `disconnect` must follow. Powers the card up.

        Raises CardRemoved, CardMute, CardForeign, ReaderBusy, DeviceOffline.
        """
        result, handle, protocol = self._scard.SCardConnect(
            self._open_context(),
            self._name,
            pcsclite.SCARD_SHARE_EXCLUSIVE,
            pcsclite.SCARD_PROTOCOL_T0 | pcsclite.SCARD_PROTOCOL_T1,
        )
        if _code(result) != OK:
            raise _error_of(result, "connect")
        self._card = handle
        self._connection = Connection(self._scard, handle, protocol)
        result, *_, atr = self._scard.SCardStatus(handle)
        if _code(result) != OK:
            raise _error_of(result, "status")
        kind = storage_card_of(bytes(octet & 0xFF for octet in atr))
        if kind is not None:
            raise CardForeign(kind)
        return self._connection

    def disconnect(self) -> None:
        """Power the card down, which also makes it forget a verified PIN. Nothing to do without a connection."""
        if self._card is not None:
            if self._connection is not None and self._connection.broken:
                self._settle()
            # Whatever the result: a card that cannot be powered down any more has no power.
            self._scard.SCardDisconnect(self._card, pcsclite.SCARD_UNPOWER_CARD)
            self._card = self._connection = None

    def _settle(self) -> None:
        """After a broken exchange, let pcscd look for itself before the card is powered down.

        Powering down a card that has just gone tells pcscd so behind the back of its own watch. If the card
        slipped and is back before that watch looks, pcscd believes the reader empty until the card is taken
        away and laid down once more.
        """
        self._scard.SCardGetStatusChange(self._open_context(), SETTLE_MS, [(self._name, self._state)])

    def _open_context(self) -> Any:
        if self._context is None:
            raise DeviceOffline("the reader is not open")
        return self._context

    def _choose(self) -> None:
        result, names = self._scard.SCardListReaders(self._open_context(), [])
        if _code(result) not in (OK, NO_READERS):
            raise DeviceOffline(f"readers cannot be listed ({_code(result):08X})")
        found = [name for name in names if self._name_contains in name] if _code(result) == OK else []
        if not found:
            raise DeviceOffline("no reader of the configured name")
        if len(found) > 1:
            raise DeviceRefused(
                "configuration_error",
                f"{len(found)} readers match reader.name_contains; make it longer so that only one does",
            )
        self._name = found[0]

    def _presence(self) -> Presence:
        if self._state & _MUTE:
            return Presence.MUTE
        return Presence.CARD if self._state & _PRESENT else Presence.EMPTY

    def _swapped(self, before: int) -> bool:
        both = self._state & before & _PRESENT
        return bool(both) and self._state >> 16 != before >> 16
