"""A short folder for sockets, and a kiosk's end of mirror and gate."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware_sim.bench.changes import Changes


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Its name is short enough for a Unix socket in it."""
    made = Path(tempfile.mkdtemp(prefix="bt-"))
    yield made
    shutil.rmtree(made)


class KioskEnd:
    """What a kiosk process says and hears on one of the bench's sockets."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(5)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def message(self, header: dict[str, Any], body: bytes = b"") -> None:
        """As docs of the mirror say: length, a line of JSON, the body."""
        line = json.dumps({**header, "bytes": len(body)}).encode() + b"\n"
        self._socket.sendall((len(line) + len(body)).to_bytes(4, "big") + line + body)

    def frame(self, screen: str, sequence: int, *, process: int = 100, jpeg: bytes = b"jpeg", **more: object) -> None:
        self.message(
            {
                **more,
                "type": "frame", "sequence": sequence, "process": process, "screen": screen, "under": "",
                "title": screen.title(), "texts": [["a.b", "c"]], "targets": {"next": [0.1, 0.8, 0.8, 0.1]},
                "format": "jpeg", "width": 540, "height": 960,
            },
            jpeg,
        )  # fmt: skip

    def say(self, text: str) -> None:
        self._socket.sendall(text.encode() + b"\n")

    def hear(self) -> bytes:
        """The next line; empty when the bench has hung up."""
        return self._lines.readline()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def kiosk_end() -> Iterator[Callable[[Path], KioskEnd]]:
    ends: list[KioskEnd] = []

    def connect(path: Path) -> KioskEnd:
        ends.append(KioskEnd(path))
        return ends[-1]

    yield connect
    for end in ends:
        end.close()
