"""One ccTalk line on a pseudo-terminal, with its slaves and its ways to fail.

The host opens `link`, a symlink to the pty, as it would open a serial port: 9600 baud 8N1, one wire for
both directions, so every byte it sends comes back to it before the answer (the echo). A slave obeys only
a complete frame with its address and a right checksum; to anything else the line stays silent. The bytes
of a frame may not lie more than 50 ms apart (ccTalk part 1).
"""

from __future__ import annotations

import os
import tty
from contextlib import suppress
from pathlib import Path

from .device import Reply, Slave
from .faults import Armed, Faults
from .frame import BUSY, HOST, NAK, REPLY, Checksum, Frame, FrameError, decode, encode, wire_length
from .timing import Agenda

INTER_BYTE_S = 0.050
_READ_BYTES = 4096


class CctalkBus:
    """The line. Not thread-safe: the bench holds its lock around every call."""

    def __init__(self, link: Path, agenda: Agenda, faults: Faults, *, echo: bool = True) -> None:
        self.link = link
        self._agenda = agenda
        self._faults = faults
        self._echo = echo
        self._slaves: dict[int, Slave] = {}
        self._master: int | None = None
        self._slave_side: int | None = None
        self._cables = 0
        self._partial = bytearray()
        self._last_byte_at = 0.0

    def attach(self, slave: Slave) -> None:
        """Wire one device to the line. ValueError if its address is taken or reserved."""
        if slave.address <= HOST or slave.address in self._slaves:
            raise ValueError(f"ccTalk address {slave.address} is reserved or taken")
        self._slaves[slave.address] = slave

    # -- the cable -----------------------------------------------------------------------------

    @property
    def fileno(self) -> int | None:
        """The end to wait on; None while the cable is out."""
        return self._master

    def plug(self) -> None:
        """A new pty; the symlink points to it. FileExistsError if something else has that path."""
        if self._master is not None:
            return
        if self.link.exists() and not self.link.is_symlink():
            raise FileExistsError(f"{self.link} exists and is no symlink; name another directory for the bench")
        self._master, self._slave_side = os.openpty()
        self._cables += 1
        # Our own hold on the host's side: without it the line would hang up whenever the host closes it.
        tty.setraw(self._slave_side)
        os.set_blocking(self._master, False)
        temporary = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            temporary.unlink()
        temporary.symlink_to(os.ttyname(self._slave_side))
        temporary.replace(self.link)

    def unplug(self) -> None:
        """The cable is pulled: the host's end hangs up, the symlink is gone, what was on the wire is lost."""
        if self._master is None or self._slave_side is None:
            return
        ours = os.ttyname(self._slave_side)
        with suppress(OSError):
            if os.readlink(self.link) == ours:
                self.link.unlink()
        os.close(self._master)
        os.close(self._slave_side)
        self._master = self._slave_side = None
        self._partial.clear()

    # -- host to slaves ------------------------------------------------------------------------

    def receive(self) -> bool:
        """Take what the host sent and answer what is complete. False if there was nothing."""
        if self._master is None:
            return False
        try:
            data = os.read(self._master, _READ_BYTES)
        except OSError:  # nothing there yet, or a pty that was replaced meanwhile
            return False
        with self._agenda.one_moment():
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        if self._faults.find("bus_dead"):
            return
        self._send_echo(data)
        now = self._agenda.now()
        if self._partial and now - self._last_byte_at > INTER_BYTE_S:
            self._drop_partial()
        self._last_byte_at = now
        self._partial += data
        while (length := wire_length(self._partial)) is not None and len(self._partial) >= length:
            raw = bytes(self._partial[:length])
            del self._partial[:length]
            self._request(raw)

    def _send_echo(self, data: bytes) -> None:
        if not self._echo or self._faults.find("no_echo"):
            return
        if self._faults.strike("corrupt_echo"):
            data = _flip(data)
        if self._faults.strike("double_echo"):
            data += data
        self._write(data)

    def _drop_partial(self) -> None:
        if slave := self._slaves.get(self._partial[0]):
            slave.rx_timeouts += 1
            slave.rx_ignored += len(self._partial)
        self._partial.clear()

    def _request(self, raw: bytes) -> None:
        slave = self._slaves.get(raw[0])  # broadcasts find nobody: many would talk at once
        if slave is None or not slave.answers():
            return
        try:
            request = decode(raw, slave.checksum)
        except FrameError:
            slave.bad_checksums += 1
            return
        where = {"address": slave.address, "header": request.header}
        if request.header == REPLY or self._faults.strike("lost_request", **where):
            return
        if self._faults.strike("busy", **where):
            reply = Reply(BUSY)
        elif self._faults.strike("nak", **where):
            reply = Reply(NAK)
        else:
            reply = slave.handle(request)
        self._answer(slave, request, reply, where)

    # -- slaves to host ------------------------------------------------------------------------

    def _answer(self, slave: Slave, request: Frame, reply: Reply, where: dict[str, int]) -> None:
        if self._faults.strike("lost_reply", **where):
            return
        source = None if slave.checksum is Checksum.CRC16 else slave.address
        host = HOST if request.src is None else request.src
        raw = encode(Frame(host, source, reply.header, reply.data), slave.checksum)
        if self._faults.strike("corrupt_reply", **where):
            raw = _flip(raw)
        late = self._faults.strike("late_reply", **where)
        gaps = self._faults.strike("byte_gaps", **where)
        self._send(raw, 0.0 if late is None else late["delay_s"], gaps)

    def _send(self, raw: bytes, delay_s: float, gaps: Armed | None) -> None:
        if gaps is not None:
            for i in range(len(raw)):
                self._write_later(raw[i : i + 1], delay_s + i * gaps["gap_s"])
        elif delay_s:
            self._write_later(raw, delay_s)
        else:
            self._write(raw)

    def _write_later(self, data: bytes, delay_s: float) -> None:
        cable = self._cables

        def write() -> None:
            if cable == self._cables:
                self._write(data)

        self._agenda.after_on_wire(delay_s, write)

    def _write(self, data: bytes) -> None:
        if self._master is not None and not self._faults.find("bus_dead"):
            # A host that reads nothing loses bytes, as with any serial port; the bench must not block.
            with suppress(BlockingIOError):
                os.write(self._master, data)


def _flip(data: bytes) -> bytes:
    """The same bytes with one bit changed in the last, so that lengths stay as they are."""
    return data[:-1] + bytes((data[-1] ^ 0x10,))
