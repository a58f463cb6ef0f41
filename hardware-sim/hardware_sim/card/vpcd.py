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

from .apdu import SW
from .files import Card
from .slot import Slot

POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4
RETRY_S = 0.1
#: pcscd looks at the slot every 400 ms. A card that comes within one period of another's going is not noticed as a
#: new one, and if a client was told of the removal meanwhile, as none at all. No hand is that quick either.
SETTLE_S = 0.8
#: Time for vpcd to take the announced length before the connection breaks off.
BREAK_OFF_S = 0.02
#: Longer than the 33 bytes an ATR can have: vpcd sees that a card is there and fails to power it, which is what pcscd
#: then reports (SCARD_STATE_MUTE).
NO_ATR = bytes(64)
#: GET DATA of PC/SC part 3 for the UID: a real reader answers it, behind vpcd we have to.
GET_UID = bytes.fromhex("FFCA0000")


class VpcdSlot(Slot):
    """One reader slot. A thread keeps the inserted card connected to vpcd, also across restarts of pcscd.

    Several cards at once are what most contactless readers make of them: something is there and cannot be powered.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", settle_s: float = SETTLE_S) -> None:
        super().__init__()
        self._address = (host, port)
        self._settle_s = settle_s
        self._settled_at = 0.0
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="vpcd-slot", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether the card has a connection to vpcd."""
        return self._socket is not None

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._take_away()
            self._changed.notify_all()
        self._thread.join()

    def _came(self) -> None:
        """The thread connects at once, or when ``settle_s`` has passed since the last card was taken away."""

    def _went(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Only our reading ends here; how the connection closes is up to the thread that serves it.
                self._socket.shutdown(socket.SHUT_RD)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._cards) or self._closing)
                if self._closing:
                    return
                cards = self._cards
            if self._absent.wait(max(0.0, self._settled_at - time.monotonic())):
                continue
            connection = self._connect(cards)
            if connection is None:
                # pcscd is not up (yet, or again): an absent card ends the wait at once.
                self._absent.wait(RETRY_S)
                continue
            with connection:
                with contextlib.suppress(OSError, EOFError):
                    self._serve(cards, connection)
                for card in cards:
                    card.deactivate()
                with self._lock:
                    self._socket = None
                if self._cards is not cards:
                    _break_off(connection)
                    self._settled_at = time.monotonic() + self._settle_s

    def _connect(self, cards: tuple[Card, ...]) -> socket.socket | None:
        try:
            connection = socket.create_connection(self._address, timeout=2)
        except OSError:
            return None
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Closing resets: the next command then fails at once, where after a FIN it would seem answered by nothing.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            if self._cards is not cards:
                connection.close()
                return None
            self._socket = connection
        return connection

    def _serve(self, cards: tuple[Card, ...], connection: socket.socket) -> None:
        card = cards[0]
        while True:
            (length,) = struct.unpack(">H", _receive(connection, 2))
            message = _receive(connection, length)
            if self._cards is not cards:
                return
            if length == 1:
                if message[0] == GET_ATR:
                    _send(connection, NO_ATR if self._mute or len(cards) > 1 else card.atr)
                elif message[0] == POWER_OFF:
                    card.deactivate()
                elif message[0] in (POWER_ON, RESET):
                    card.activate()
                continue
            if message.startswith(GET_UID):
                _send(connection, card.uid + SW.OK.to_bytes_be())
                continue
            answer = None if self._mute else self._carry_out(card, message)
            if answer is None:
                if self._cards is cards:  # it lies there still, and only says nothing
                    _break_off(connection)
                return
            _send(connection, answer)


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
