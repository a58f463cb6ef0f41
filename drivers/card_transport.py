"""What lies below `CardReader`: one contactless reader, however it is attached.

A transport is used from one thread only. It powers a card up in `connect` and down in `disconnect`, so a dialogue
always begins with a card that remembers nothing, in particular no PIN that was right.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from drivers.apdu import CardDamaged, Transmit
from drivers.worker import DeviceRefused
from kiosk.errors import CardError, CardRemoved, DeviceError, DeviceOffline
from kiosk.events import CardKind


class CardMute(CardError):
    """Something lies on the reader and cannot be powered: badly placed, several at once, or no chip."""


class CardForeign(CardError):
    """Something lies there that takes no commands, and the reader itself tells what it is."""

    def __init__(self, kind: CardKind) -> None:
        super().__init__(f"a card without commands: {kind.value}")
        self.kind = kind


class ReaderBusy(DeviceError):
    """Another program holds the card; nothing is wrong with the reader."""


class Presence(Enum):
    """What the reader says lies on it."""

    EMPTY = "empty"
    CARD = "card"
    MUTE = "mute"


class CardTransport(Protocol):
    """Implemented by `PcscReader`, `NfcReader` and `InProcessReader`."""

    @property
    def poll_s(self) -> float:
        """Seconds from the end of one look to the next."""

    @property
    def connected(self) -> bool:
        """A connection to a card is open."""

    def open(self) -> None:
        """Find and open the reader. Raises DeviceOffline, or DeviceRefused with what has to be changed."""

    def close(self) -> None:
        """Power the card down and let the reader go, dead or alive; may be called twice and before `open`."""

    def look(self) -> tuple[Presence, bool]:
        """What lies there now, and whether a card went and another came since the last look.

        Raises DeviceOffline when the reader is gone.
        """

    def connect(self) -> Transmit:
        """Power the card up; `disconnect` must follow, also after an error.

        Raises CardRemoved, CardMute, CardForeign, ReaderBusy, DeviceOffline.
        """

    def disconnect(self) -> None:
        """Power the card down. Never raises; nothing to do without a connection."""


def reason_of(error: Exception) -> str:
    """The word of `CardFailed.reason` for whatever ended an exchange (listed in `drivers.card_reader`)."""
    match error:
        case CardRemoved():
            return "removed"
        case CardMute():
            return "mute"
        case CardDamaged():
            return "damaged"
        case ReaderBusy():
            return "busy"
        case DeviceRefused():
            return error.reason
        case DeviceOffline():
            return "offline"
        case _:
            return "unreadable"
