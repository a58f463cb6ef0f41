"""A recorder's socket without a recorder, and somebody who asks."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder.status import Answer, Status

DEADLINE_S = 30


def ask(path: Path, what: Any) -> Any:
    """As another program does: length, then JSON, both ways. None when the recorder hangs up."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE_S)
        connection.connect(str(path))
        body = json.dumps(what).encode()
        connection.sendall(struct.pack(">I", len(body)) + body)
        with connection.makefile("rb") as answer:
            head = answer.read(4)
            return json.loads(answer.read(struct.unpack(">I", head)[0])) if head else None


@pytest.fixture(name="ask")
def _ask() -> Callable[[Path, Any], Any]:
    return ask


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Serve these answers; gives the socket."""
    open_ones: list[Status] = []

    def serve(**answers: Answer) -> Path:
        status = Status(tmp_path / "status.sock", answers)
        open_ones.append(status)
        status.start()
        return tmp_path / "status.sock"

    yield serve
    for one in open_ones:
        one.close()
