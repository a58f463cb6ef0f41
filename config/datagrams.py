"""One end of a pair of Unix datagram sockets between two processes of the machine: short JSON both ways, nobody waits.

A message is an object with ``"v": 1`` and a running number ``"seq"``, which begins with 1 in each process. What is
malformed is counted and otherwise nothing; an end that is not there, or does not read, misses what is said to it.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

VERSION: Final = 1
LONGEST: Final = 4096


class Datagrams:
    """own: the socket made here, for user and group; there: the other one's. For one thread at a time, but for `wait`,
    which another one may end by `wake`.

    Raises OSError when the own socket cannot be made.
    """

    def __init__(self, own: Path, there: Path) -> None:
        self._own = own
        self._there = str(there)
        self._number = 0
        self.malformed = 0
        own.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(str(own))
            own.chmod(0o660)
            self._inode = own.stat().st_ino
        except OSError:
            self._socket.close()
            raise
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    @property
    def reachable(self) -> bool:
        """Whether our socket is still where the other side looks for it."""
        try:
            return self._own.stat().st_ino == self._inode
        except OSError:
            return False

    def tell(self, facts: Mapping[str, object]) -> bool:
        """Say it, whether or not anybody is there; False: nobody is."""
        self._number += 1
        message = {"v": VERSION, "seq": self._number, **facts}
        try:
            self._socket.sendto(json.dumps(message, separators=(",", ":")).encode(), self._there)
        except BlockingIOError:
            return True  # somebody who does not read
        except OSError:
            return False
        return True

    def heard(self) -> Iterator[dict[str, Any]]:
        """Everything that has come; the receiver judges the facts and counts what it cannot read as `malformed`."""
        while True:
            try:
                datagram = self._socket.recv(LONGEST)
            except OSError:
                return
            message = read(datagram)
            if message is None:
                self.malformed += 1
            else:
                yield message

    def wait(self, seconds: float) -> bool:
        """Until something has come or `wake` was called, at most so long; whether something has come."""
        came = self._socket.fileno()
        ready = select.select([came, self._waker], [], [], max(0.0, seconds))[0]
        if self._waker in ready:
            os.eventfd_read(self._waker)
        return came in ready

    def wake(self) -> None:
        """End the `wait` of now, or else the next one. From any thread, but not after `close`."""
        os.eventfd_write(self._waker, 1)

    def close(self) -> None:
        """Take the socket away; may be called twice. Nobody waits any more."""
        if self._waker >= 0:
            os.close(self._waker)
            self._waker = -1
            self._socket.close()
            self._own.unlink(missing_ok=True)


def read(datagram: bytes) -> dict[str, Any] | None:
    """The message; None when it is none of this version."""
    try:
        told = json.loads(datagram)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("v") != VERSION or type(told.get("seq")) is not int:
        return None
    return told
