"""How a card shows itself before a word is said: to a radio, and to a PC/SC client that sees only the ATR."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import reduce

#: Registered application provider of PC/SC part 3, and its numbers for FeliCa (SS 11, NN 003B).
_PCSC_RID = bytes.fromhex("A000000306")
_FELICA_STORAGE = bytes.fromhex("11003B")


def _atr(historical: bytes) -> bytes:
    """Contactless ATR of PC/SC part 3 §3.1.3.2.3: T=0 and T=1 announced, at most fifteen historical bytes, TCK."""
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    return b"\x3b" + body + bytes((reduce(lambda a, b: a ^ b, body),))


@dataclass(frozen=True)
class TypeB:
    """ISO/IEC 14443-3 type B. ``application_data`` four and ``protocol_info`` three bytes of ATQB; ``mbli`` the
    upper half of the answer to ATTRIB."""

    application_data: bytes
    protocol_info: bytes
    mbli: int = 0

    @property
    def fsci(self) -> int:
        return self.protocol_info[1] >> 4

    @property
    def fwi(self) -> int:
        return self.protocol_info[2] >> 4

    @property
    def knows_cid(self) -> bool:
        return bool(self.protocol_info[2] & 0x01)

    @property
    def atr(self) -> bytes:
        return _atr(self.application_data + self.protocol_info + bytes((self.mbli << 4,)))

    def fresh_uid(self) -> bytes:
        """PUPI: another one for each activation, as identity cards do."""
        return secrets.token_bytes(4)


@dataclass(frozen=True)
class TypeA:
    """ISO/IEC 14443-3 type A with ISO/IEC 14443-4 above it. ``atqa`` in the order of transmission."""

    atqa: bytes = b"\x04\x00"
    sak: int = 0x20
    fsci: int = 8
    fwi: int = 10
    historical: bytes = b""

    @property
    def knows_cid(self) -> bool:
        return True

    @property
    def ats(self) -> bytes:
        """Answer to RATS: TL, T0, TA (106 kbit/s both ways), TB (FWI, no guard time), TC (CID), historical bytes."""
        body = bytes((0x70 | self.fsci, 0x80, self.fwi << 4, 0x02)) + self.historical
        return bytes((len(body) + 1,)) + body

    @property
    def atr(self) -> bytes:
        return _atr(self.historical)

    def fresh_uid(self) -> bytes:
        """A random single-size UID: 08 and three bytes (ISO/IEC 14443-3 §6.5.4), as phones give."""
        return b"\x08" + secrets.token_bytes(3)


@dataclass(frozen=True)
class TypeF:
    """FeliCa at 212 and 424 kbit/s (JIS X 6319-4). ``idm`` and ``pmm`` eight bytes, ``system_code`` two."""

    idm: bytes
    pmm: bytes
    system_code: bytes

    @property
    def atr(self) -> bytes:
        """That of a storage card: the reader's word, a FeliCa has no ATS."""
        name = _PCSC_RID + _FELICA_STORAGE + bytes(4)
        return _atr(bytes((0x80, 0x4F, len(name))) + name)

    def fresh_uid(self) -> bytes:
        """IDm, which is the card's own."""
        return self.idm


Air = TypeA | TypeB | TypeF
