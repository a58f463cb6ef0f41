"""A card that is an object in this process: the reader's driver without any daemon, for tests.

What the object answers is its own affair; this transport only stands for the reader between them.
"""

from __future__ import annotations

from typing import Final, Protocol

from drivers.apdu import Octets
from drivers.card_transport import CardForeign, CardMute, Presence
from kiosk.errors import CardRemoved, DeviceOffline
from kiosk.events import CardKind

POLL_S: Final = 0.02


class CardModel(Protocol):
    """A card that takes commands. May raise CardRemoved, DeviceOffline, DeviceTimeout in the middle."""

    def transmit(self, command: bytes) -> bytes:
        """One command unit to its answer, status word included."""

    def reset(self) -> None:
        """Power was taken: forget the selected application and every PIN that was right."""


class _Connection:
    def __init__(self, reader: InProcessReader, card: CardModel) -> None:
        self._reader = reader
        self._card = card

    def transmit(self, command: Octets) -> bytes:
        if self._reader.card is not self._card:
            raise CardRemoved("the card left")
        if self._reader.unplugged:
            raise DeviceOffline("the reader is gone")
        answer = self._card.transmit(bytes(command))
        if not answer:
            raise CardRemoved("an empty answer: the card left in the middle of it")
        return answer


class InProcessReader:
    """Implements `CardTransport`. Lay a card down by setting `card`, take it away with None, from any thread.

    `mute`: what lies there cannot be powered. `foreign`: it takes no commands and is of this kind. `unplugged`: the
    reader is gone.
    """

    poll_s = POLL_S

    def __init__(self) -> None:
        self.card: CardModel | None = None
        self.mute = False
        self.foreign: CardKind | None = None
        self.unplugged = False
        self._seen: CardModel | None = None
        self._powered: CardModel | None = None
        self._is_open = False

    @property
    def connected(self) -> bool:
        return self._powered is not None

    def open(self) -> None:
        self.close()
        if self.unplugged:
            raise DeviceOffline("the reader is gone")
        self._is_open = True

    def close(self) -> None:
        self.disconnect()
        self._is_open = False
        self._seen = None

    def look(self) -> tuple[Presence, bool]:
        if self.unplugged or not self._is_open:
            raise DeviceOffline("the reader is gone")
        before, self._seen = self._seen, self.card
        swapped = before is not None and self._seen is not None and self._seen is not before
        if self.mute:
            return Presence.MUTE, swapped
        there = self._seen is not None or self.foreign is not None
        return Presence.CARD if there else Presence.EMPTY, swapped

    def connect(self) -> _Connection:
        if self.unplugged or not self._is_open:
            raise DeviceOffline("the reader is gone")
        if self.mute:
            raise CardMute("what lies there does not answer")
        if self.foreign is not None:
            raise CardForeign(self.foreign)
        if self.card is None:
            raise CardRemoved("no card lies there")
        self._powered = self.card
        self._powered.reset()
        return _Connection(self, self._powered)

    def disconnect(self) -> None:
        if self._powered is not None:
            self._powered.reset()
            self._powered = None
