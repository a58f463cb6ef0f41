"""The air between cards and nfcpy's UDP driver, on 127.0.0.1 only.

A datagram is a rate with modulation, a space and the frame in hexadecimal (``106B 050010``), without CRC, or ``RFOFF``
when the reader's field goes off. A reader that opens its field again does so from another port. Whatever lies on the
reader hears every frame; what two say at once collides, and the reader gets the bytes up to the first difference.

Two things stand for a real reader's receiver, which this link does not have:

* A rate with no frame behind it says that nothing intelligible came. It answers a poll that no card has answered for
  QUIET_S; without it the driver would wait a whole second for each technology. A card that is laid there meanwhile
  answers the poll at once. Frames to a card in dialogue that has gone get no answer at all, as over the air.
* A frame broken on its way (:meth:`RadioSlot.disturb`) arrives as that same empty one, since its CRC would be wrong.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from enum import Enum

from .activation import Tag, in_the_field
from .air import TypeF
from .files import Card
from .isodep import Blocks, Command, waiting_time_s
from .slot import Slot

HOST = "127.0.0.1"
QUIET_S = 0.05
REBIND_S = 0.05
LONGEST_DATAGRAM = 2048
#: A card asks for this many times FWT more, when half of the time it has is gone.
WTXM = 2


class Disturbance(Enum):
    """What happens to a frame on its way from the card to the reader."""

    LOST = "lost"
    BROKEN = "broken"
    """It arrives, and its CRC is wrong."""
    FORGED = "forged"
    """It arrives as a block that nobody may send, and its CRC is right."""


_FORGED = bytes.fromhex("E0")


@dataclass(eq=False)
class _Running:
    """A command under way in the card's thread, and the reader that waits for it."""

    card: Card
    blocks: Blocks
    brty: str
    command: bytes = field(repr=False)
    patience_s: float
    """FWT of this card."""
    ask_at: float | None
    """When the card asks for more time; None while it waits for that to be granted."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when the card loses its power."""
    answer: bytes | None = field(default=None, repr=False)


class RadioSlot(Slot):
    """A field and what lies in it. A thread of its own answers the reader, another one carries out commands.

    ``port`` 0 takes a free one; it stays the same while the slot lives, also when unplugged meanwhile.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self._socket: socket.socket | None = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._work: queue.SimpleQueue[_Running | None] = queue.SimpleQueue()
        self._reader: tuple[str, int] | None = None
        self._lain: tuple[Card, ...] = ()
        self._tags: tuple[Tag, ...] = ()
        self._poll: tuple[str, bytes, float] | None = None
        self._running: list[_Running] = []
        self._plugged = True
        self._back_at: float | None = None
        self._disturbed: tuple[int, Disturbance] = (0, Disturbance.LOST)
        self._leave_after: int | None = None
        self._threads = (
            threading.Thread(target=self._run, name="radio", daemon=True),
            threading.Thread(target=self._run_commands, name="radio-card", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def connected(self) -> bool:
        """Whether a dialogue of ISO/IEC 14443-4 is open."""
        return any(tag.blocks is not None for tag in self._tags)

    @property
    def plugged(self) -> bool:
        """Whether the reader is there."""
        return self._plugged and self._socket is not None

    def unplug(self, down_s: float | None) -> None:
        """Take the reader away: its port is closed. It comes back after ``down_s`` seconds, or by :meth:`plug`."""
        with self._lock:
            self._plugged = False
            self._back_at = None if down_s is None else time.monotonic() + down_s
        self._wake()

    def plug(self) -> None:
        """Bring the reader back, on the same port."""
        with self._lock:
            self._plugged = True
        self._wake()

    def disturb(self, frames: int, how: Disturbance = Disturbance.BROKEN) -> None:
        """Let that many frames from now on not reach the reader as they were sent (0: none any more)."""
        with self._lock:
            self._disturbed = (frames, how)

    @property
    def disturbed(self) -> int:
        """How many frames are still to be disturbed."""
        return self._disturbed[0]

    def leave_after(self, frames: int | None) -> None:
        """Let everything leave the field once that many more frames were sent to the reader. ``None`` disarms."""
        with self._lock:
            self._leave_after = frames

    def close(self) -> None:
        with self._lock:
            self._take_away()
            self._closing = True
        self._wake()
        self._work.put(None)
        for thread in self._threads:
            thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _came(self) -> None:
        self._wake()

    def _went(self) -> None:
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")

    # ---- the thread that is the air: everything below, and only it, touches socket, tags and dialogues ----

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._wake_read, selectors.EVENT_READ)
                watched: socket.socket | None = None
                while not self._closing:
                    self._plug_or_unplug()
                    if watched is not self._socket:
                        if watched is not None:
                            selector.unregister(watched)
                        watched = self._socket
                        if watched is not None:
                            selector.register(watched, selectors.EVENT_READ)
                    ready = [key.fileobj for key, _ in selector.select(self._patience_s())]
                    if self._wake_read in ready:
                        with contextlib.suppress(BlockingIOError):
                            os.read(self._wake_read, 4096)
                    self._look_at_the_table()
                    if watched is not None and watched in ready:
                        self._receive(watched)
                    self._go_on()
        finally:
            if self._socket is not None:
                self._socket.close()

    def _run_commands(self) -> None:
        while (job := self._work.get()) is not None:
            if not job.gone.is_set():
                job.answer = self._carry_out(job.card, job.command, job.gone)
                self._wake()

    def _plug_or_unplug(self) -> None:
        with self._lock:
            if not self._plugged and self._socket is not None:
                self._field_off()
                self._socket.close()
                self._socket = None
            if self._back_at is not None and time.monotonic() >= self._back_at:
                self._plugged, self._back_at = True, None
            if self._plugged and self._socket is None:
                with contextlib.suppress(OSError):  # somebody else has the port just now: the next round tries again
                    self._socket = _bound(self.port)

    def _patience_s(self) -> float | None:
        moments = [running.ask_at for running in self._running if running.ask_at is not None]
        if self._back_at is not None:
            moments.append(self._back_at)
        if self._poll is not None:
            moments.append(self._poll[2])
        if self._plugged and self._socket is None:
            moments.append(time.monotonic() + REBIND_S)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _look_at_the_table(self) -> None:
        """Let new cards into the field, and those that were taken away out of it."""
        cards = self._cards
        if cards is self._lain:
            return
        self._power_down()
        self._lain = cards
        if self._reader is not None:
            self._tags = tuple(in_the_field(card) for card in cards)
        if self._poll is not None and self._tags:
            brty, frame, _ = self._poll
            self._poll = None
            self._speak(brty, frame)

    def _power_down(self) -> None:
        for running in self._running:
            running.gone.set()
        for tag in self._tags:
            tag.card.deactivate()
        self._lain, self._tags, self._running = (), (), []

    def _field_off(self) -> None:
        self._power_down()
        self._reader, self._poll = None, None

    def _receive(self, listening: socket.socket) -> None:
        try:
            datagram, sender = listening.recvfrom(LONGEST_DATAGRAM)
            if datagram.startswith(b"RFOFF"):
                if sender == self._reader:
                    self._field_off()
                return
            rate, _, coded = datagram.decode("ascii").partition(" ")
            frame = bytes.fromhex(coded)
        except (OSError, ValueError):
            return
        if not frame:
            return
        if sender != self._reader:
            self._field_off()
            self._reader = sender
            self._look_at_the_table()
        self._poll = None
        self._speak(rate, frame)

    def _speak(self, brty: str, frame: bytes) -> None:
        """One frame of the reader, to everything in the field."""
        answers: list[bytes] = []
        for tag in self._tags:
            if self._mute and tag.blocks is not None:
                continue
            heard = tag.hear(brty, frame)
            if isinstance(heard, Command):
                self._start(tag, brty, heard)
            elif heard is not None:
                answers.append(heard)
        if answers:
            self._send(brty, _collide(answers))
        elif _is_poll(brty, frame):
            self._poll = (brty, frame, time.monotonic() + QUIET_S)

    def _start(self, tag: Tag, brty: str, command: Command) -> None:
        air, blocks = tag.card.air, tag.blocks
        if blocks is None or isinstance(air, TypeF):
            return
        patience_s = waiting_time_s(air.fwi)
        running = _Running(tag.card, blocks, brty, command.apdu, patience_s, time.monotonic() + patience_s / 2)
        self._running.append(running)
        self._work.put(running)

    def _go_on(self) -> None:
        """Answers that are ready, more time for those that are not, the end of a poll."""
        now = time.monotonic()
        for running in list(self._running):
            blocks = running.blocks
            if not blocks.busy:  # the reader has ended the dialogue
                running.gone.set()
                self._running.remove(running)
            elif blocks.extension_asked:
                continue
            elif running.answer is not None:
                self._running.remove(running)
                if not self._mute:
                    self._send(running.brty, blocks.respond(running.answer))
            elif running.ask_at is None:
                running.ask_at = now + running.patience_s * WTXM / 2
            elif now >= running.ask_at:
                running.ask_at = None
                self._send(running.brty, blocks.extend(WTXM))
        if self._poll is not None and now >= self._poll[2]:
            self._datagram(self._poll[0], b"")
            self._poll = None

    def _send(self, brty: str, frame: bytes) -> None:
        """A frame of a card on its way to the reader."""
        with self._lock:
            frames, how = self._disturbed
            self._disturbed = (max(0, frames - 1), how)
            last = self._leave_after == 1
            self._leave_after = None if last or self._leave_after is None else self._leave_after - 1
        if not frames:
            self._datagram(brty, frame)
        elif how is Disturbance.BROKEN:
            self._datagram(brty, b"")
        elif how is Disturbance.FORGED:
            self._datagram(brty, _FORGED)
        if last:
            self.remove()

    def _datagram(self, brty: str, frame: bytes) -> None:
        if self._socket is not None and self._reader is not None:
            with contextlib.suppress(OSError):  # the reader's port is closed: nobody listens
                self._socket.sendto(f"{brty} {frame.hex()}".strip().encode("ascii"), self._reader)


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.bind((HOST, port))
    except BaseException:
        bound.close()
        raise
    return bound


def _is_poll(brty: str, frame: bytes) -> bool:
    """Whether a reader asks if anybody is there at all: REQA, WUPA, REQB, WUPB or FeliCa's polling."""
    if brty.endswith("A"):
        return frame in (b"\x26", b"\x52")
    if brty.endswith("B"):
        return len(frame) == 3 and frame[0] == 0x05
    return len(frame) == 6 and frame[1] == 0x00


def _collide(frames: list[bytes]) -> bytes:
    """What a reader makes out of frames that came at the same moment: the bytes until they differ."""
    together = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*frames, strict=False))
    return bytes(column[0] for column in together)
