"""Between the recorder and the process that holds the camera: short messages over a socket pair.

Head: kind, length, boot time in nanoseconds, flag. A codec that crashes takes its own process with it, nothing else.
"""

from __future__ import annotations

import json
import select
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from drivers.camera import Look, Packet

HEAD: Final = struct.Struct("<BIqB")
PACKET: Final = struct.Struct("<qBI")
"""Of each packet of a message: boot time in nanoseconds, whether it is a keyframe, length."""
LONGEST: Final = 16 << 20
OF_KEYFRAME, STIRRED = 1, 2
"""Flags of a look: of a keyframe, on the way, and not looked into later; `Look.stirred`."""


class Kind(IntEnum):
    FACTS = 1
    PACKETS = 2
    """Half a second's worth together: each message wakes the recorder up."""
    LOOK = 3
    """Two bytes of width and height before the picture. Flag: `OF_KEYFRAME`, `STIRRED`."""
    LOST = 4
    SETTINGS = 5
    """The first message to the camera's process; an address may hold a password, so it is no argument."""
    INTO = 6
    """Look at every picture of the group that holds this boot time, and of the one before."""
    DONE = 7
    """Every picture asked for has been sent."""
    CLOSELY = 8
    """Flag 1: leave no keyframe out from now on, somebody is there; 0: nobody is."""


@dataclass(frozen=True, slots=True)
class Message:
    kind: Kind
    boot_ns: int = 0
    flag: int = 0
    body: bytes | bytearray = field(default=b"", repr=False)

    @property
    def facts(self) -> Any:
        return json.loads(self.body)


class WireClosed(Exception):
    """The other side has gone."""


class Wire:
    """One end. Not for two threads at once in the same direction."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._head = bytearray(HEAD.size)
        self._body: bytearray | None = None
        self._got = 0
        """Bytes of the head, or of the body once the head is whole."""

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, message: Message) -> None:
        """Blocks while the other side does not read. Raises WireClosed."""
        try:
            self._end.sendall(HEAD.pack(message.kind, len(message.body), message.boot_ns, message.flag) + message.body)
        except OSError as error:
            raise WireClosed from error

    def receive(self, wait_s: float | None) -> Message | None:
        """The next message; None after `wait_s` without a whole one. Raises WireClosed."""
        while (message := self._whole()) is None:
            if not select.select([self._end], [], [], wait_s)[0]:
                return None
            growing = self._head if self._body is None else self._body
            try:
                more = self._end.recv_into(memoryview(growing)[self._got :])
            except OSError as error:
                raise WireClosed from error
            if not more:
                raise WireClosed
            self._got += more
        return message

    def close(self) -> None:
        self._end.close()

    def _whole(self) -> Message | None:
        if self._body is None:
            if self._got < HEAD.size:
                return None
            length = HEAD.unpack_from(self._head)[1]
            if length > LONGEST:
                raise WireClosed
            self._body, self._got = bytearray(length), 0
        if self._got < len(self._body):
            return None
        kind, _, boot_ns, flag = HEAD.unpack_from(self._head)
        body, self._body, self._got = self._body, None, 0
        return Message(Kind(kind), boot_ns, flag, body)


def together(packets: Sequence[Packet]) -> Message:
    """Packets as one message."""
    parts: list[bytes] = []
    for one in packets:
        parts += (PACKET.pack(one.boot_ns, one.keyframe, len(one.data)), one.data)
    return Message(Kind.PACKETS, body=b"".join(parts))


def look(told: Message, ahead_ns: int = 0) -> Look:
    """A picture of `Kind.LOOK`; ahead_ns: as for `apart`."""
    width, height = struct.unpack_from("<HH", told.body)
    keyframe, stirred = bool(told.flag & OF_KEYFRAME), bool(told.flag & STIRRED)
    return Look(bytes(told.body[4:]), width, height, keyframe, told.boot_ns + ahead_ns, stirred)


def apart(told: Message, ahead_ns: int = 0) -> list[Packet]:
    """The packets of such a message, `ahead_ns` later than told; utc_us is left 0."""
    found, view, at = [], memoryview(told.body), 0
    while at < len(view):
        boot_ns, keyframe, length = PACKET.unpack_from(view, at)
        at += PACKET.size
        found.append(Packet(bytes(view[at : at + length]), bool(keyframe), boot_ns + ahead_ns, 0))
        at += length
    return found


def message(kind: Kind, **facts: object) -> Message:
    return Message(kind, body=json.dumps(facts).encode())
