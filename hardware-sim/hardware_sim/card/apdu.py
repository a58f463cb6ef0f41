"""Command APDUs as a card reads them (ISO/IEC 7816-3 §12.1.3, cases 1 to 4, short and extended)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class SW(IntEnum):
    """Status words (ISO/IEC 7816-4 §5.6) that the simulated cards answer."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    WRONG_LENGTH = 0x6700
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    REFERENCE_DATA_UNUSABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_EF = 0x6986
    FUNCTION_NOT_SUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    WRONG_P1_P2 = 0x6A86
    REFERENCE_DATA_NOT_FOUND = 0x6A88
    OFFSET_OUTSIDE_FILE = 0x6B00
    CORRECT_LE = 0x6C00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    NO_DIAGNOSIS = 0x6F00

    def to_bytes_be(self) -> bytes:
        """SW1 SW2."""
        return int(self).to_bytes(2, "big")


class ApduLengthError(ValueError):
    """The bytes fit none of the cases 1, 2S, 3S, 4S, 2E, 3E, 4E. A card answers 67 00."""


@dataclass(frozen=True)
class CommandApdu:
    """One decoded command.

    ``data`` is empty for the cases 1 and 2. ``le`` is the number of bytes asked for (1..65536), ``None`` when
    the command carries no Le. ``le_is_maximum`` tells a coded zero ("as much as there is") from a number that
    happens to be 256 or 65536. Data fields may hold a PIN, so the data is kept out of ``repr``.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None
    le_is_maximum: bool = False

    def __repr__(self) -> str:
        header = bytes((self.cla, self.ins, self.p1, self.p2)).hex(" ").upper()
        return f"<CommandApdu {header} Lc={len(self.data)} Le={self.le}>"


def parse(raw: bytes) -> CommandApdu:
    """Decode a command as received. Raises :class:`ApduLengthError` when its length contradicts itself."""
    if len(raw) < 4:
        raise ApduLengthError("a command has at least the four bytes CLA INS P1 P2")
    cla, ins, p1, p2 = raw[:4]
    body = raw[4:]
    if not body:
        return CommandApdu(cla, ins, p1, p2, b"", None)
    if len(body) == 1:
        return CommandApdu(cla, ins, p1, p2, b"", body[0] or 256, body[0] == 0)
    if body[0] != 0:
        return _with_data(raw, body[1:], lc=body[0], le_bytes=1)
    if len(body) < 3:
        raise ApduLengthError("an extended length field has three bytes")
    coded = int.from_bytes(body[1:3], "big")
    if len(body) == 3:
        return CommandApdu(cla, ins, p1, p2, b"", coded or 65536, coded == 0)
    if coded == 0:
        raise ApduLengthError("an extended Lc is never zero")
    return _with_data(raw, body[3:], lc=coded, le_bytes=2)


def _with_data(raw: bytes, rest: bytes, *, lc: int, le_bytes: int) -> CommandApdu:
    cla, ins, p1, p2 = raw[:4]
    if len(rest) == lc:
        return CommandApdu(cla, ins, p1, p2, rest, None)
    if len(rest) == lc + le_bytes:
        coded = int.from_bytes(rest[lc:], "big")
        return CommandApdu(cla, ins, p1, p2, rest[:lc], coded or 256**le_bytes, coded == 0)
    raise ApduLengthError("Lc does not match the number of bytes that follow")
