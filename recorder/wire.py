"""Between the recorder and the process that holds the camera: short messages over a socket pair.

Head: kind, length, boot time in nanoseconds, flag. A codec that crashes takes its own process with it, nothing else.
"""

from __future__ import annotations

import json
import select
import socket
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

HEAD: Final = struct.Struct("<BIqB")
LONGEST: Final = 16 << 20


class Kind(IntEnum):
    FACTS = 1
    PACKET = 2
    LOOK = 3
    """Two bytes of width and height before the picture. Flag 1: of a keyframe, on the way; 0: looked into later."""
    LOST = 4
    SETTINGS = 5
    """The first message to the camera's process; an address may hold a password, so it is no argument."""
    INTO = 6
    """Look at every picture of the group that holds this boot time, and of the one before."""
    DONE = 7
    """Every picture asked for has been sent."""


@dataclass(frozen=True, slots=True)
class Message:
    kind: Kind
    boot_ns: int = 0
    flag: int = 0
    body: bytes = field(default=b"", repr=False)

    @property
    def facts(self) -> Any:
        return json.loads(self.body)


class WireClosed(Exception):
    """The other side has gone."""


class Wire:
    """One end. Not for two threads at once in the same direction."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._kept = bytearray()

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
            try:
                more = self._end.recv(1 << 18)
            except OSError as error:
                raise WireClosed from error
            if not more:
                raise WireClosed
            self._kept += more
        return message

    def close(self) -> None:
        self._end.close()

    def _whole(self) -> Message | None:
        if len(self._kept) < HEAD.size:
            return None
        kind, length, boot_ns, flag = HEAD.unpack_from(self._kept)
        if length > LONGEST:
            raise WireClosed
        end = HEAD.size + length
        if len(self._kept) < end:
            return None
        body = bytes(memoryview(self._kept)[HEAD.size : end])
        del self._kept[:end]
        return Message(Kind(kind), boot_ns, flag, body)


def message(kind: Kind, **facts: object) -> Message:
    return Message(kind, body=json.dumps(facts).encode())
