"""The reader's side of a virtual card: vsmartcard's vpcd protocol.

vpcd is a driver inside pcscd that listens; the card connects. Both ways a message is a length (two bytes,
big-endian) and that many bytes. From vpcd a message of one byte is a control (0 power off, 1 power on, 2 reset,
4 give the ATR: only this one is answered), anything longer a command APDU. A closed connection is an absent card.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum

from .model import Card

POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4
RETRY_S = 0.1
#: pcscd looks at the slot every 400 ms. A card that comes within one period of another's going is not noticed as a
#: new one, and if a client was told of the removal meanwhile, as none at all. No hand is that quick either.
SETTLE_S = 0.8
#: Time for vpcd to take the announced length before the connection breaks off.
BREAK_OFF_S = 0.02
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


class VpcdSlot:
    """One reader slot. A thread keeps the inserted card connected to vpcd, also across restarts of pcscd.

    All public methods return at once and may be called from any thread.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", settle_s: float = SETTLE_S) -> None:
        self._address = (host, port)
        self._settle_s = settle_s
        self._settled_at = 0.0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._absent = threading.Event()
        self._absent.set()
        self._card: Card | None = None
        self._socket: socket.socket | None = None
        self._closing = False
        self._delay_s = 0.0
        self._pull: tuple[int, Pull] | None = None
        self._trace: deque[Traced] = deque(maxlen=TRACE_LENGTH)
        self._thread = threading.Thread(target=self._run, name="vpcd-slot", daemon=True)
        self._thread.start()

    @property
    def inserted(self) -> bool:
        """Whether a card lies on the reader (pcscd may notice up to 0.4 s later)."""
        return not self._absent.is_set()

    @property
    def connected(self) -> bool:
        """Whether the card has a connection to vpcd."""
        return self._socket is not None

    def insert(self, card: Card) -> None:
        """Lay a card on the reader. Raises :class:`SlotOccupiedError`.

        It connects at once, or when ``settle_s`` has passed since the last one was taken away.
        """
        with self._changed:
            if self._card is not None:
                raise SlotOccupiedError("a card lies on the reader already: remove it first")
            self._card = card
            self._absent.clear()
            self._changed.notify_all()

    def remove(self) -> bool:
        """Take the card away, also out of a running command. Returns whether there was one."""
        with self._changed:
            if self._card is None:
                return False
            self._take_away()
            return True

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

    def close(self) -> None:
        """Remove the card and end the thread."""
        with self._changed:
            self._closing = True
            if self._card is not None:
                self._take_away()
            self._changed.notify_all()
        self._thread.join()

    def _take_away(self) -> None:
        """Caller holds the lock."""
        self._card = None
        self._absent.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Only our reading ends here; how the connection closes is up to the thread that serves it.
                self._socket.shutdown(socket.SHUT_RD)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._card is not None or self._closing)
                if self._closing:
                    return
                card = self._card
            if card is None:
                continue
            if self._absent.wait(max(0.0, self._settled_at - time.monotonic())):
                continue
            connection = self._connect(card)
            if connection is None:
                # pcscd is not up (yet, or again): an absent card ends the wait at once.
                self._absent.wait(RETRY_S)
                continue
            with connection:
                with contextlib.suppress(OSError, EOFError):
                    self._serve(card, connection)
                card.deactivate()
                with self._lock:
                    self._socket = None
                if self._card is not card:
                    _break_off(connection)
                    self._settled_at = time.monotonic() + self._settle_s

    def _connect(self, card: Card) -> socket.socket | None:
        try:
            connection = socket.create_connection(self._address, timeout=2)
        except OSError:
            return None
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Closing resets: the next command then fails at once, where after a FIN it would seem answered by nothing.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            if self._card is not card:
                connection.close()
                return None
            self._socket = connection
        return connection

    def _serve(self, card: Card, connection: socket.socket) -> None:
        while True:
            (length,) = struct.unpack(">H", _receive(connection, 2))
            message = _receive(connection, length)
            if self._card is not card:
                return
            if length == 1:
                if message[0] == GET_ATR:
                    _send(connection, card.atr)
                elif message[0] == POWER_OFF:
                    card.deactivate()
                elif message[0] in (POWER_ON, RESET):
                    card.activate()
                continue
            answer = self._command(card, message)
            if answer is None:
                return
            _send(connection, answer)

    def _command(self, card: Card, message: bytes) -> bytes | None:
        """The response, or None when the card was taken away meanwhile."""
        with self._lock:
            delay_s = self._delay_s
            pull = self._pull if len(message) > 1 and self._pull and self._pull[0] == message[1] else None
            if pull is not None:
                self._pull = None
        if delay_s and self._absent.wait(delay_s):
            return None
        if pull is not None and pull[1] is Pull.BEFORE:
            self._pulled(card)
            return None
        answer = card.exchange(message)
        with self._lock:
            lc = message[4] if len(message) > 5 else 0
            self._trace.append(Traced(message[:4].hex().upper(), lc, answer[-2:].hex().upper()))
        if pull is not None:
            self._pulled(card)
            return None
        return answer

    def _pulled(self, card: Card) -> None:
        with self._lock:
            if self._card is card:
                self._card = None
                self._absent.set()


def _receive(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        # vpcd sends length and payload as two segments; without an immediate ACK the second waits 40 ms in its
        # kernel. The option is not sticky, so it is set again before each read.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        chunk = connection.recv(count - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return received


def _break_off(connection: socket.socket) -> None:
    """Let a command that runs, or is just coming, fail as it fails when a card is pulled from a real reader.

    vpcd 3.3 takes a connection that just closes for an empty answer, even when it is reset. One that is reset
    after the length of an answer is an error, and becomes SCARD_E_NOT_TRANSACTED.
    """
    with contextlib.suppress(OSError):
        connection.sendall(struct.pack(">H", 2))
        time.sleep(BREAK_OFF_S)


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(struct.pack(">H", len(message)) + message)
