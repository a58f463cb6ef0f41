"""What both readers have in common: cards that come and go, commands that are slow, pulled, and remembered."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from .files import Card

TRACE_LENGTH = 4096


class Pull(Enum):
    """Whether the card still carries out the instruction at which it is pulled away."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Traced:
    """One command as the bench remembers it: the header and the status word, never the data."""

    header: str
    lc: int
    sw: str


class SlotOccupiedError(RuntimeError):
    """A card lies on the reader already: remove it first."""


class Slot(ABC):
    """A reader and what lies on it. All public methods return at once and may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._absent = threading.Event()
        self._absent.set()
        self._cards: tuple[Card, ...] = ()
        self._closing = False
        self._mute = False
        self._delay_s = 0.0
        self._pull: tuple[int, Pull] | None = None
        self._trace: deque[Traced] = deque(maxlen=TRACE_LENGTH)

    @property
    def inserted(self) -> bool:
        """Whether a card lies on the reader (which may notice a little later)."""
        return not self._absent.is_set()

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether reader and card talk to each other."""

    def insert(self, cards: Sequence[Card]) -> None:
        """Lay one card on the reader, or several at once. Raises :class:`SlotOccupiedError`."""
        with self._changed:
            if self._cards:
                raise SlotOccupiedError("a card lies on the reader already: remove it first")
            self._cards = (*cards,)  # a new one each time: the same card laid again is another visit
            self._absent.clear()
            self._came()
            self._changed.notify_all()

    def remove(self) -> bool:
        """Take everything away, also out of a running command. Returns whether there was a card."""
        with self._changed:
            return self._take_away()

    def mute(self, on: bool) -> None:
        """Let cards be noticed, and then say nothing."""
        with self._lock:
            self._mute = on

    def slow_down(self, ms: int) -> None:
        """Let each command take ``ms`` milliseconds longer (0: full speed)."""
        with self._lock:
            self._delay_s = ms / 1000

    def pull_at(self, ins: int | None, when: Pull = Pull.BEFORE) -> None:
        """Pull the card at the next command with this INS: no answer reaches the reader. ``None`` disarms."""
        with self._lock:
            self._pull = None if ins is None else (ins, when)

    def trace(self) -> list[Traced]:
        """The commands since the start or the last :meth:`clear_trace`, oldest first (the last 4096)."""
        with self._lock:
            return list(self._trace)

    def clear_trace(self) -> None:
        with self._lock:
            self._trace.clear()

    @abstractmethod
    def close(self) -> None:
        """Remove the card and end the slot."""

    @abstractmethod
    def _came(self) -> None:
        """Cards have come. Caller holds the lock."""

    @abstractmethod
    def _went(self) -> None:
        """The cards have been taken away. Caller holds the lock."""

    def _take_away(self) -> bool:
        """Caller holds the lock."""
        if not self._cards:
            return False
        self._cards = ()
        self._absent.set()
        self._went()
        return True

    def _carry_out(self, card: Card, command: bytes, gone: threading.Event | None = None) -> bytes | None:
        """The response, or None when the card lost its power meanwhile. Takes as long as the card does.

        ``gone`` tells of the power (default: whether the card lies there).
        """
        gone = self._absent if gone is None else gone
        with self._lock:
            delay_s = self._delay_s
        if delay_s and gone.wait(delay_s):
            return None
        with self._lock:  # looked at last, so that it can be armed while a slow command runs
            pull = self._pull if len(command) > 1 and self._pull and self._pull[0] == command[1] else None
            if pull is not None:
                self._pull = None
        if pull is not None and pull[1] is Pull.BEFORE:
            self._pulled(card)
            return None
        answer = card.exchange(command)
        with self._lock:
            lc = command[4] if len(command) > 5 else 0
            self._trace.append(Traced(command[:4].hex().upper(), lc, answer[-2:].hex().upper()))
        if pull is not None:
            self._pulled(card)
            return None
        return answer

    def _pulled(self, card: Card) -> None:
        with self._lock:
            if card in self._cards:
                self._take_away()
