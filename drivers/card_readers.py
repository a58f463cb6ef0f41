"""Which reader a terminal has: puts the driver together as the machine file says."""

from __future__ import annotations

from typing import Protocol

from drivers.card_certificate import CardTrust
from drivers.card_juki import JukiProfile
from drivers.card_reader import CardReader, Instants
from drivers.card_transport import CardTransport
from drivers.card_watchdog import Deadlines


class ReaderSettings(Protocol):
    """The part of `config.schema.ReaderSettings` needed here."""

    @property
    def driver(self) -> str:
        """``pcsc`` or ``nfc``."""

    @property
    def name_contains(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def csock(self) -> str: ...


def make_reader(
    settings: ReaderSettings,
    trust: CardTrust,
    clock: Instants,
    juki: JukiProfile | None,
    *,
    deadlines: Deadlines | None = None,
) -> CardReader:
    """The reader of this terminal, not yet started. `juki` None: Juki cards are recognised, not read."""
    return CardReader(make_transport(settings), trust, clock, juki=juki, deadlines=deadlines)


def make_transport(settings: ReaderSettings) -> CardTransport:
    """The reader itself, below the dialogues with a card; not yet opened."""
    # Only the library of the one kind that is there: nfcpy loads libusb, pyscard loads pcsc-lite.
    if settings.driver == "nfc":
        from drivers.card_nfc import NfcReader

        return NfcReader(settings.device)
    from drivers.card_pcsc import PcscReader

    return PcscReader(settings.name_contains, settings.csock)
