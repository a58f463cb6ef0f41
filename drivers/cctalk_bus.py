"""The host's side of one ccTalk bus: one request at a time, its echo, its answer, and what silence means.

Nothing is ever sent twice unless its retry class allows it (`cctalk.COMMANDS`). An answer counts only if it
is addressed to the host, comes from the device that was asked and has a length that fits the command; the
length is all that tells a late answer from the awaited one. After silence or damage the bus stays quiet for
50 ms, and what arrives meanwhile is thrown away.
"""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import serial

from drivers.cctalk import COMMANDS, HOST, BadChecksum, Checksum, Decoder, Frame, Header, Retry, encode
from kiosk.errors import DeviceError, DeviceOffline, DeviceTimeout

QUIET_S: Final = 0.05
"""Longest pause within a frame, and the silence kept after a failed exchange (ccTalk part 1)."""
LONGEST_NOISE_S: Final = 1.0
"""A line that is not quiet for 50 ms within this time is taken as it is."""
BUSY_PAUSE_S: Final = 0.1
ATTEMPTS: Final = 3

Echo = Literal["auto", "on", "off"]


class Refused(DeviceError):
    """The device answered NAK: the command is unsupported, or its argument or moment is wrong."""


class Busy(DeviceError):
    """The device answered BUSY to the end: the command was not carried out."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The wire format a protocol declares. A pty knows 8N1 only, whatever is declared."""

    baud: int = 9600
    bits: int = 8
    parity: str = serial.PARITY_NONE
    stop_bits: int = 1


CCTALK: Final = LineSettings(9600, 8, serial.PARITY_NONE, 1)


class Line(Protocol):
    """A byte line. Every method raises DeviceOffline when the line is gone."""

    def write(self, data: bytes) -> None: ...

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, as soon as it is anything; b"" after `timeout_s` of silence."""

    def close(self) -> None: ...


def is_pty(port: str) -> bool:
    """Whether the port is a pseudo-terminal, which refuses any parity but none."""
    return os.path.realpath(port).startswith("/dev/pts/")


def format_for(port: str, declared: LineSettings) -> LineSettings:
    """The format to open the port with."""
    return LineSettings(declared.baud) if is_pty(port) else declared


@contextmanager
def _line_errors() -> Iterator[None]:
    try:
        yield
    except (serial.SerialException, OSError, termios.error) as error:  # termios.error is no OSError
        raise DeviceOffline(f"serial line: {type(error).__name__}") from error


class SerialLine:
    """A serial port, opened for this process alone."""

    def __init__(self, port: str, declared: LineSettings = CCTALK) -> None:
        used = format_for(port, declared)
        with _line_errors():
            self._port = serial.Serial(
                port,
                baudrate=used.baud,
                bytesize=used.bits,
                parity=used.parity,
                stopbits=used.stop_bits,
                timeout=0,
                write_timeout=1.0,
                exclusive=True,
            )

    def write(self, data: bytes) -> None:
        with _line_errors():
            self._port.write(data)

    def read(self, timeout_s: float) -> bytes:
        with _line_errors():
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, timeout_s))
            return bytes(self._port.read(max(1, self._port.in_waiting))) if ready else b""

    def close(self) -> None:
        with _line_errors():
            self._port.close()


class Bus:
    """Exchanges with the devices of one line. Used by one thread only.

    `clock` counts seconds and never goes back; the bus waits nowhere but in `line.read`.
    """

    def __init__(
        self,
        line: Line,
        *,
        echo: Echo = "auto",
        reply_s: float = 0.2,
        slow_reply_s: float = 2.0,
        checksums: dict[int, Checksum] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._reply_s, self._slow_reply_s = reply_s, slow_reply_s
        self._checksums = checksums or {}
        self._clock = clock
        self._echo: bool | None = {"auto": None, "on": True, "off": False}[echo]

    @property
    def echo(self) -> bool | None:
        """Whether our own bytes come back; None until `detect_echo` has been answered."""
        return self._echo

    def close(self) -> None:
        self._line.close()

    def detect_echo(self, address: int) -> None:
        """Empty the line; for `auto`, find out by a simple poll whether the adapter echoes.

        Raises DeviceOffline when nothing at all comes back.
        """
        self.settle()
        if self._echo is not None:
            return
        sent = self._encode(address, Header.SIMPLE_POLL, b"")
        for _ in range(ATTEMPTS):
            self._line.write(sent)
            heard = self._line.read(self._reply_s)
            self.settle()
            if heard:
                # A request is never addressed to the host, an answer always: the first byte decides.
                self._echo = heard[0] == sent[0]
                return
        raise DeviceOffline("neither an echo nor an answer on the coin bus")

    def present(self, address: int) -> bool:
        """Whether a device answers a single simple poll."""
        try:
            self._attempt(address, Header.SIMPLE_POLL, b"")
        except (DeviceTimeout, Refused, Busy):
            return False
        return True

    def exchange(self, address: int, header: Header, data: bytes = b"") -> bytes:
        """Send one command and return the data of its answer.

        Raises Refused (NAK), Busy, DeviceOffline (the line is gone) or DeviceTimeout: no usable answer. After
        DeviceTimeout nobody knows whether the command was carried out.
        """
        retry = COMMANDS[header].retry
        if retry is Retry.FORBIDDEN:
            raise ValueError(f"ccTalk command {header.name} must never be sent by a terminal")
        attempts = 1 if retry is Retry.ONCE else ATTEMPTS
        while True:
            attempts -= 1
            try:
                return self._attempt(address, header, data)
            except Busy:
                if attempts == 0:
                    raise
                self._listen(BUSY_PAUSE_S)
            except DeviceTimeout:
                if attempts == 0:
                    raise

    def settle(self) -> None:
        """Keep silent until the line was quiet for 50 ms; what arrives is thrown away."""
        end = self._clock() + LONGEST_NOISE_S
        while self._line.read(QUIET_S) and self._clock() < end:
            pass

    def _listen(self, seconds: float) -> None:
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            self._line.read(left)

    def _encode(self, address: int, header: Header, data: bytes) -> bytes:
        return encode(Frame(address, HOST, header, data), self._checksum(address))

    def _checksum(self, address: int) -> Checksum:
        return self._checksums.get(address, Checksum.SIMPLE)

    def _attempt(self, address: int, header: Header, data: bytes) -> bytes:
        try:
            return self._send_and_hear(address, header, data)
        except DeviceTimeout:
            self.settle()
            raise

    def _send_and_hear(self, address: int, header: Header, data: bytes) -> bytes:
        command = COMMANDS[header]
        sent = self._encode(address, header, data)
        self._line.write(sent)
        deadline = self._clock() + (self._slow_reply_s if command.slow else self._reply_s)
        heard = self._hear_echo(sent, deadline) if self._echo else b""
        decoder = Decoder(self._checksum(address))
        decoder.feed(heard)
        while True:
            try:
                frame = decoder.next()
            except BadChecksum:
                raise DeviceTimeout("damaged answer") from None
            if frame is None:
                decoder.feed(self._more(deadline, within=bool(decoder.pending)))
                continue
            if frame.dest != HOST or frame.src not in (None, address):
                continue
            if frame.header == Header.NAK and not frame.data:
                raise Refused(f"{header.name} refused by the device")
            if frame.header == Header.BUSY and not frame.data:
                raise Busy(f"{header.name} not carried out: busy")
            if frame.header == Header.REPLY and len(frame.data) in command.reply_lengths:
                return frame.data

    def _hear_echo(self, sent: bytes, deadline: float) -> bytes:
        """Compare what comes back with what was sent; returns what followed it."""
        heard = b""
        while len(heard) < len(sent):
            heard += self._more(deadline, within=bool(heard))
        if heard[: len(sent)] != sent:
            raise DeviceTimeout("the echo differs from what was sent")
        return heard[len(sent) :]

    def _more(self, deadline: float, *, within: bool) -> bytes:
        """More bytes: of a frame that has begun within 50 ms, of a new one before the deadline."""
        timeout_s = QUIET_S if within else deadline - self._clock()
        babbling = self._clock() > deadline + LONGEST_NOISE_S
        more = self._line.read(timeout_s) if timeout_s > 0 and not babbling else b""
        if not more:
            raise DeviceTimeout("a frame broke off" if within else "no answer")
        return more
