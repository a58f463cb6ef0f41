"""The card's half of the half-duplex block protocol (ISO/IEC 14443-4 §7), without any radio around it.

Blocks are given as they lie between the start of a frame and its CRC. The numbers of the rules are those of §7.5.4
(A to E) and §7.5.5 (1 to 13). Where the standard lets a card choose, this one takes what is hardest on the reader:
a block that no reader may send is met with silence, never with a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: FSCI and FSDI to bytes of a whole frame, two of them its CRC (ISO/IEC 14443-4 §5.1, 14443-3 §7.9.4).
FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256)
_CRC = 2

_CHAINING, _NAK, _CID_FOLLOWS, _NAD_FOLLOWS, _NUMBER = 0x10, 0x10, 0x08, 0x04, 0x01
_I, _R, _S = 0x02, 0xA2, 0xC2
_WTX, _DESELECT = 0x30, 0x00
#: Longest command there is: header, extended Lc, 65535 bytes, extended Le.
_LONGEST_COMMAND = 4 + 3 + 65535 + 3
#: Largest multiplier of S(WTX) (ISO/IEC 14443-4 §7.3).
MAX_WTXM = 59


def frame_size(coded: int) -> int:
    """FSCI or FSDI to bytes; codes of the future count as 256 as far as this card goes."""
    return FRAME_SIZES[min(coded, len(FRAME_SIZES) - 1)]


def waiting_time_s(fwi: int) -> float:
    """FWT: how long a reader waits for an answer to begin, 256·16/fc·2^FWI seconds (fc 13.56 MHz)."""
    return 256 * 16 / 13.56e6 * (1 << fwi)


@dataclass(frozen=True)
class Command:
    """A whole command APDU has come: carry it out, then :meth:`Blocks.respond`."""

    apdu: bytes = field(repr=False)


@dataclass(frozen=True)
class Deselected:
    """S(DESELECT): send ``answer``, then the card halts."""

    answer: bytes


class Blocks:
    """Block protocol of one activation.

    ``reader_frame`` (FSD) and ``card_frame`` (FSC) in bytes; ``cid`` the number the reader has given to the card,
    ``None`` for a card that knows no such numbers. :meth:`receive` takes one block and says what happens.
    """

    def __init__(self, *, reader_frame: int, card_frame: int, cid: int | None) -> None:
        self._reader_frame = reader_frame
        self._card_frame = card_frame
        self._cid = cid
        self._addressed = False  # whether the reader's last block carried the CID, and so must the answer
        self._number = 1  # rule C
        self._last: bytes | None = None
        self._collected = bytearray()
        self._rest = b""
        self._wtxm: int | None = None
        self.busy = False
        """Whether a command runs: between :class:`Command` and :meth:`respond`."""

    @property
    def extension_asked(self) -> bool:
        """Whether S(WTX) was sent and not granted yet: until then nothing else may be sent."""
        return self._wtxm is not None

    def receive(self, block: bytes) -> bytes | Command | Deselected | None:
        """The block to send back, a command to carry out, the end of the dialogue, or None for silence."""
        if not block or len(block) + _CRC > self._card_frame:
            return None
        control = block[0]
        information = block[1:]
        if control & _CID_FOLLOWS:
            if self._cid is None or not information or information[0] & 0x0F != self._cid:
                return None
            information = information[1:]
        elif self._cid:  # a card with the number 0 also listens to blocks without any
            return None
        addressed = bool(control & _CID_FOLLOWS)
        control &= ~_CID_FOLLOWS
        if control & 0xE2 == _I:
            return None if control & _NAD_FOLLOWS else self._information(control, information, addressed)
        if control & 0xE6 == _R:
            return None if information else self._receive_ready(control, addressed)
        if control & 0xC7 == _S:
            return self._supervisory(control, information, addressed)
        return None

    def respond(self, response: bytes) -> bytes:
        """The first block of the answer to the :class:`Command`."""
        self.busy = False
        self._rest = response
        return self._next_part()

    def extend(self, multiplier: int) -> bytes:
        """S(WTX): the card asks for ``multiplier`` (1 to 59) times FWT more before its answer (rule 9)."""
        if not 1 <= multiplier <= MAX_WTXM:
            raise ValueError(f"a waiting time is multiplied by 1 to {MAX_WTXM}")
        self._wtxm = multiplier
        return self._send(_S | _WTX, bytes((multiplier,)))

    def _information(self, control: int, information: bytes, addressed: bool) -> bytes | Command | None:
        number = control & _NUMBER
        # A reader that keeps the rules never sends a number twice: rule 6 repeats a block only after R(ACK) with the
        # other one. Carrying out a repeated VERIFY would cost a try, so the card stays silent (note to rule D).
        if self.busy or self._rest or number == self._number:
            return None
        self._addressed = addressed
        self._number = number  # rule D
        self._collected += information
        if len(self._collected) > _LONGEST_COMMAND:
            self._collected.clear()
            return None
        if control & _CHAINING:
            return self._send(_R | self._number)  # rule 2
        command = bytes(self._collected)
        self._collected.clear()
        if not command:  # an empty block asks whether the card is still there
            return self._send(_I | self._number)
        self.busy = True
        return Command(command)

    def _receive_ready(self, control: int, addressed: bool) -> bytes | None:
        # While it thinks and has asked for nothing, a card has its receiver off.
        if self.busy and self._wtxm is None:
            return None
        self._addressed = addressed
        if control & _NUMBER == self._number:
            return self._last  # rule 11
        if control & _NAK:
            # Rule 12. Not remembered: what rule 11 repeats is the block before the question.
            return self._block(_R | self._number)
        if not self._rest:
            return None
        self._number ^= 1  # rule E
        return self._next_part()  # rule 13

    def _supervisory(self, control: int, information: bytes, addressed: bool) -> bytes | Deselected | None:
        kind = control & 0x30
        if kind == _DESELECT and not information:
            self._addressed = addressed
            self.busy = False
            return Deselected(self._block(_S | _DESELECT))
        if kind == _WTX and self._wtxm is not None and information == bytes((self._wtxm,)):
            self._addressed = addressed
            self._wtxm = None
        return None

    def _next_part(self) -> bytes:
        room = self._reader_frame - _CRC - 1 - (1 if self._addressed else 0)
        part, self._rest = self._rest[:room], self._rest[room:]
        return self._send(_I | (_CHAINING if self._rest else 0) | self._number, part)

    def _send(self, control: int, information: bytes = b"") -> bytes:
        self._last = self._block(control, information)
        return self._last

    def _block(self, control: int, information: bytes = b"") -> bytes:
        if self._addressed and self._cid is not None:
            return bytes((control | _CID_FOLLOWS, self._cid)) + information
        return bytes((control,)) + information
