"""From an empty field to an open dialogue: the card's side of anticollision and activation.

Frames are bytes without CRC. Every tag hears every frame; ``None`` is silence. What two of them say at the same
moment collides, which is not theirs to know.
"""

from __future__ import annotations

import secrets
from enum import Enum, auto
from functools import reduce
from typing import Protocol

from .air import TypeA, TypeB, TypeF
from .files import Card
from .isodep import Blocks, Command, Deselected, frame_size


class Tag(Protocol):
    """One card in the field of a radio, from power-up to power-down."""

    card: Card

    @property
    def blocks(self) -> Blocks | None:
        """The open dialogue of ISO/IEC 14443-4, if there is one."""

    def hear(self, brty: str, frame: bytes) -> bytes | Command | None:
        """One frame of the reader: what the card says, or a command that it has to carry out first."""


class _State(Enum):
    IDLE = auto()
    READY = auto()
    SELECTED = auto()
    """Chosen (type A): the next is RATS."""
    ACTIVE = auto()
    HALT = auto()


class _IsoTag:
    """What types A and B share: the state, and the dialogue once it is open."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self._state = _State.IDLE
        self._blocks: Blocks | None = None

    @property
    def blocks(self) -> Blocks | None:
        return self._blocks if self._state is _State.ACTIVE else None

    def _open(self, *, fsdi: int, fsci: int, cid: int | None) -> None:
        self._state = _State.ACTIVE
        self._blocks = Blocks(reader_frame=frame_size(fsdi), card_frame=frame_size(fsci), cid=cid)

    def _dialogue(self, frame: bytes) -> bytes | Command | None:
        if self._blocks is None:
            return None
        outcome = self._blocks.receive(frame)
        if isinstance(outcome, Deselected):
            self._state = _State.HALT
            self.card.deactivate()
            return outcome.answer
        return outcome


class TagB(_IsoTag):
    """ISO/IEC 14443-3 §7: REQB, WUPB, Slot-MARKER, ATTRIB, HLTB."""

    def __init__(self, card: Card, air: TypeB) -> None:
        super().__init__(card)
        self._air = air
        self._slot = 0

    def hear(self, brty: str, frame: bytes) -> bytes | Command | None:
        if brty != "106B" or not frame:
            return None
        if self._state is _State.ACTIVE:
            return self._dialogue(frame)
        if frame[0] == 0x05 and len(frame) == 3:
            return self._request(family=frame[1], parameter=frame[2])
        if self._state is not _State.READY:
            return None
        if frame[0] & 0x0F == 0x05 and len(frame) == 1:
            return self._atqb() if self._slot and frame[0] >> 4 == self._slot - 1 else None
        if self._slot == 0 and frame[1:5] == self.card.uid:
            if frame[0] == 0x1D and len(frame) >= 9:
                return self._attrib(*frame[6:9])
            if frame[0] == 0x50 and len(frame) == 5:
                self._state = _State.HALT
                return b"\x00"
        return None

    def _request(self, *, family: int, parameter: int) -> bytes | None:
        wake_up = bool(parameter & 0x08)
        if self._state is _State.HALT and not wake_up:
            return None
        # The application data is proprietary (ADC 00), so nobody can ask for this card's family.
        if family != 0 or parameter & 0x07 > 4:
            self._state = _State.IDLE
            return None
        self._state = _State.READY
        self._slot = 1 + secrets.randbelow(1 << (parameter & 0x07))
        return self._atqb() if self._slot == 1 else None

    def _atqb(self) -> bytes:
        self._slot = 0  # READY-DECLARED: the reader knows the PUPI
        return b"\x50" + self.card.uid + self._air.application_data + self._air.protocol_info

    def _attrib(self, rates_and_size: int, protocol: int, number: int) -> bytes | None:
        cid = number & 0x0F
        # Faster rates would be another kind of datagram, another protocol is none of this card's.
        if rates_and_size & 0xF0 or not protocol & 0x01 or cid == 0x0F or (cid and not self._air.knows_cid):
            return None
        self._open(fsdi=rates_and_size & 0x0F, fsci=self._air.fsci, cid=cid if self._air.knows_cid else None)
        return bytes((self._air.mbli << 4 | cid,))


class TagA(_IsoTag):
    """ISO/IEC 14443-3 §6 with a UID of one cascade level, then RATS and PPS of 14443-4 §5."""

    def __init__(self, card: Card, air: TypeA) -> None:
        super().__init__(card)
        self._air = air
        self._cid = 0

    def hear(self, brty: str, frame: bytes) -> bytes | Command | None:
        if brty != "106A" or not frame:
            return None
        if self._state is _State.ACTIVE:
            if frame[0] == 0xD0 | self._cid and frame[1:] in (b"\x01", b"\x11\x00"):
                return frame[:1]  # PPS to the rate there is
            return self._dialogue(frame)
        if frame == b"\x52" or (frame == b"\x26" and self._state is not _State.HALT):
            self._state = _State.READY
            return self._air.atqa
        if self._state is _State.READY:
            return self._choose(frame)
        if self._state is _State.SELECTED:
            if frame[0] == 0xE0 and len(frame) == 2 and frame[1] & 0x0F != 0x0F:
                self._cid = frame[1] & 0x0F
                self._open(fsdi=frame[1] >> 4, fsci=self._air.fsci, cid=self._cid)
                return self._air.ats
            self._state = _State.HALT if frame == b"\x50\x00" else _State.IDLE
        return None

    def _choose(self, frame: bytes) -> bytes | None:
        uid = self.card.uid
        whole = uid + bytes((reduce(lambda a, b: a ^ b, uid),))
        if frame == b"\x93\x20":
            return whole
        if frame == b"\x93\x70" + whole:
            self._state = _State.SELECTED
            return bytes((self._air.sak,))
        self._state = _State.IDLE
        return None


class TagF:
    """FeliCa as far as a stranger gets (JIS X 6319-4): polling, its mode, its system. Frames begin with a length."""

    blocks: Blocks | None = None

    def __init__(self, card: Card, air: TypeF) -> None:
        self.card = card
        self._air = air

    def hear(self, brty: str, frame: bytes) -> bytes | Command | None:
        if brty not in ("212F", "424F") or len(frame) < 2 or frame[0] != len(frame):
            return None
        command = frame[1]
        if command == 0x00 and len(frame) == 6:
            return self._polling(frame[2:4], frame[4])
        if frame[2:10] != self._air.idm:
            return None
        if command == 0x04 and len(frame) == 10:  # Request Response: mode 0
            return self._say(b"\x05" + self._air.idm + b"\x00")
        if command == 0x0C and len(frame) == 10:  # Request System Code: one system
            return self._say(b"\x0d" + self._air.idm + b"\x01" + self._air.system_code)
        return None

    def _polling(self, wanted: bytes, request: int) -> bytes | None:
        if any(asked not in (0xFF, own) for asked, own in zip(wanted, self._air.system_code, strict=True)):
            return None
        answer = b"\x01" + self._air.idm + self._air.pmm
        return self._say(answer + (self._air.system_code if request == 1 else b""))

    @staticmethod
    def _say(answer: bytes) -> bytes:
        return bytes((len(answer) + 1,)) + answer


def in_the_field(card: Card) -> Tag:
    """A card that has just got power from the field."""
    card.activate()
    air = card.air
    if isinstance(air, TypeB):
        return TagB(card, air)
    if isinstance(air, TypeA):
        return TagA(card, air)
    return TagF(card, air)
