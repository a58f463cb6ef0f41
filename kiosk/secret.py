"""The PIN in one buffer that can be overwritten; nothing else ever holds its digits together."""

from __future__ import annotations

from typing import Final

PIN_LENGTH: Final = 4
"""Digits of the PIN of the user-authentication certificate, and of a Juki card."""

STAFF_PIN_LENGTH: Final = 6
"""Digits of the number by which a member of staff signs in."""


class Pin:
    """Up to `length` ASCII digits. `repr` shows only how many; `wipe` overwrites them in place."""

    __slots__ = ("_buffer", "_length")

    def __init__(self, length: int = PIN_LENGTH) -> None:
        self._buffer = bytearray(length)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"Pin({self._length} digits)"

    @property
    def complete(self) -> bool:
        return self._length == len(self._buffer)

    def push(self, digit: int) -> None:
        """Add one digit 0..9; ignored once all are there. Raises ValueError for anything else."""
        if not 0 <= digit <= 9:
            raise ValueError("a PIN digit is 0 to 9")
        if self._length < len(self._buffer):
            self._buffer[self._length] = 0x30 + digit
            self._length += 1

    def pop(self) -> None:
        """Take the last digit back."""
        if self._length:
            self._length -= 1
            self._buffer[self._length] = 0

    def expose(self) -> bytearray:
        """The buffer itself (not a copy), for the card driver; wipe it in `finally`."""
        return self._buffer

    def wipe(self) -> None:
        """Overwrite the digits with zeros."""
        for i in range(len(self._buffer)):
            self._buffer[i] = 0
        self._length = 0
