"""Every error of the kiosk, drawn as one tree.

    KioskError
    ├── DeviceError            a device did not do what it was told
    │   ├── DeviceOffline      it cannot be reached; the worker keeps trying to reopen it
    │   ├── DeviceTimeout      it was reached and did not answer in time: the outcome is unknown
    │   └── ProtocolViolation  it answered something its protocol forbids
    ├── CardError              the card on the reader, not the reader
    │   ├── CardRemoved
    │   ├── CardUnknown        not a card this machine serves
    │   ├── PinRejected        carries the tries left
    │   └── CardBlocked        the PIN is blocked
    ├── IssuerError            centre or city
    │   ├── IssuerUnavailable  no answer, or an answer that cannot be used; nothing was issued to us
    │   ├── IssuerRefused      a plain refusal with a public reason
    │   └── IdentityMismatch   an answer that contradicts the session: stops the line (A7)
    ├── PrintError
    └── JournalError           the journal cannot be read or written: nothing may move

No text of these errors may hold anything about a person: they reach logs.
"""

from __future__ import annotations


class KioskError(Exception):
    """Root of the tree; never raised itself."""


class DeviceError(KioskError):
    """A device did not do what it was told."""


class DeviceOffline(DeviceError):
    """The device cannot be reached."""


class DeviceTimeout(DeviceError):
    """The device was reached and stayed silent: what it did is unknown until it is asked."""


class ProtocolViolation(DeviceError):
    """The device answered something its protocol forbids."""


class CardError(KioskError):
    """The card, not the reader."""


class CardRemoved(CardError):
    """The card left the field during an exchange."""


class CardUnknown(CardError):
    """The card is of a kind this machine does not serve."""


class PinRejected(CardError):
    """The card refused the PIN (ISO 7816-4 SW 63Cx)."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"PIN refused, {tries_left} tries left")
        self.tries_left = tries_left


class CardBlocked(CardError):
    """The PIN is blocked (SW 6983, 6984 or 63C0)."""


class IssuerError(KioskError):
    """Centre or city."""


class IssuerUnavailable(IssuerError):
    """No usable answer came; nothing was issued to this session."""


class IssuerRefused(IssuerError):
    """The city refused, with one of the public reasons of docs/protocol.md."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.reason = reason


class IdentityMismatch(IssuerError):
    """An answer contradicts the session it came for (A1). The line is stopped (A7)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"mismatch: {what}")
        self.what = what


class PrintError(KioskError):
    """The printer or its queue refused."""


class JournalError(KioskError):
    """The journal cannot be read or written; nothing that moves money or paper may follow."""
