"""The city's sessions: found by their id and by nothing else, each with its own key, nonce and count.

What is kept for a repetition is the sealed answer, which the city cannot open. A session is forgotten after
:data:`KEEP_S`; its id is remembered, so that it cannot be used again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from hardware_sim.city.register import Handle

KEEP_S = 1800.0
_MEMBER_ID_BYTES = 4


class OutOfOrder(Exception):
    """A step before the one it needs: 409 ``session_unknown``."""


@dataclass(frozen=True)
class Answered:
    """A request that was answered: by what it is recognised, and the bytes it got."""

    step: str
    request: bytes
    """SHA-256 of the sealed request."""
    body: bytes = field(repr=False)


@dataclass
class Session:
    """One session. Whoever works on it holds ``lock``."""

    id: bytes
    terminal: str
    public_key: bytes = field(repr=False)
    key: MLKEM768X25519PublicKey = field(repr=False)
    nonce: bytes = field(repr=False)
    opened_s: float
    """Boot time."""
    opened_at: datetime
    """Whoever begins within the hours is served to the end: hours are asked of this instant."""
    open_answer: bytes = field(repr=False, default=b"")
    answers: dict[int, Answered] = field(default_factory=dict, repr=False)
    """By seq."""
    next_seq: int = 1
    person: str | None = field(default=None, repr=False)
    by: Handle = "certificate"
    juki_id: bytes = field(default=b"", repr=False)
    """Of the Juki card this session is for; the person is known only after the PIN."""
    members: dict[str, str] = field(default_factory=dict, repr=False)
    """Household: id in this session -> id in the register."""
    issued: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def id_of_member(self, person: str, fresh: Callable[[int], str]) -> str:
        """This session's id of somebody: made by chance at the first time, the same later."""
        for known, owner in self.members.items():
            if owner == person:
                return known
        while (made := fresh(_MEMBER_ID_BYTES)) in self.members:
            pass
        self.members[made] = person
        return made


class Sessions:
    """The table. May be used from any thread."""

    def __init__(self) -> None:
        self._table: dict[bytes, Session] = {}
        self._used: set[bytes] = set()
        self._lock = threading.Lock()

    def find(self, session_id: bytes, now_s: float) -> Session | None:
        """The session with this id, if it is still kept."""
        with self._lock:
            self._forget(now_s)
            return self._table.get(session_id)

    def add(self, session: Session) -> Session | None:
        """Put in a new session; gives the one that is there when the id is taken, or None when it was used."""
        with self._lock:
            self._forget(session.opened_s)
            if session.id in self._used:
                return self._table.get(session.id)
            self._used.add(session.id)
            self._table[session.id] = session
            return session

    def other_key(self, session_id: bytes) -> MLKEM768X25519PublicKey | None:
        """The key of some other session (for a fault of the bench)."""
        with self._lock:
            return next((found.key for key, found in self._table.items() if key != session_id), None)

    def __len__(self) -> int:
        return len(self._table)

    def _forget(self, now_s: float) -> None:
        for key in [key for key, found in self._table.items() if now_s - found.opened_s > KEEP_S]:
            del self._table[key]
