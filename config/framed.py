"""Messages on a Unix stream socket between two processes of the machine: a length (4 bytes, big endian), then JSON."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any, Final

LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 64 << 10


def send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    """Raises OSError."""
    body = json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(LENGTH.pack(len(body)) + body)


def receive(connection: socket.socket, longest: int = LONGEST, until_s: float | None = None) -> Any:
    """One message; None where the other end has hung up. until_s: time.monotonic() by which all of it must be there.

    Raises ValueError for what is none, TimeoutError, OSError.
    """
    head = _exactly(connection, LENGTH.size, until_s)
    if head is None:
        return None
    (size,) = LENGTH.unpack(head)
    if size > longest:
        raise ValueError(f"a message of {size} bytes is too long")
    return json.loads(_exactly(connection, size, until_s) or b"")


def _exactly(connection: socket.socket, size: int, until_s: float | None) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        if until_s is not None:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("the other end is too slow")
            connection.settimeout(left_s)
        more = connection.recv(min(size - len(found), 1 << 16))
        if not more:
            return None
        found += more
    return bytes(found)
