"""The panel's picture as the kiosk shows it to the bench, and fingers into it.

The bench listens on a Unix stream socket; each kiosk process connects anew. Wire form: four bytes of length
(unsigned, big-endian), then one line of JSON ended by a line feed, then ``bytes`` bytes of picture. Back go lines
of JSON: ``{"touch": [x, y], "sequence": n}`` (a tap), ``{"finger": "down"|"up", "at": [x, y], "sequence": n}`` to a
kiosk whose frames say ``"fingers": true``, and ``{"frame": "png"}``. Only the last picture is kept.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from .changes import Changes

LARGEST_MESSAGE = 32 * 1024 * 1024
_KEPT_SCREENS = 2000
_SEND_S = 2.0
_READ = "read:"
"""How the kiosk marks a text of the screen that it reads out, where it tells of phrases."""
_TAP_SLACK = 0.03
"""Parts of the panel that a finger may slip in a tap."""


@dataclass(frozen=True)
class Picture:
    """The panel at one moment. ``targets``: id to (x, y, width, height), each 0 … 1 of the picture."""

    sequence: int
    process: int
    screen: str
    under: str
    title: str
    texts: tuple[tuple[str, str], ...] = field(repr=False)
    targets: dict[str, tuple[float, float, float, float]] = field(repr=False)
    width: int
    height: int
    jpeg: bytes = field(repr=False)
    fingers: bool = False
    """Whether this kiosk takes a finger's down and up apart; otherwise it knows taps only."""


@dataclass(frozen=True)
class Shown:
    """One change of screen: when (the bench's time) and what."""

    at: datetime
    screen: str
    title: str
    process: int


class MirrorServer:
    """Listens at ``path``. ``now`` tells the bench's time."""

    def __init__(self, path: Path, changes: Changes, now: Callable[[], datetime]) -> None:
        self._path = path
        self._changes = changes
        self._now = now
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection: socket.socket | None = None
        self._picture: Picture | None = None
        self._png: tuple[int, bytes] | None = None
        self._png_count = 0
        self._shown: deque[Shown] = deque(maxlen=_KEPT_SCREENS)
        self._shown_count = 0
        self._read: deque[str] = deque(maxlen=_KEPT_SCREENS)
        self._read_count = 0
        self._answered_at = 0.0
        self._unfelt = False
        self._down: tuple[float, float, int | None] | None = None
        self._talking: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, name="mirror", daemon=True)
        self._closing = False

    def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._listener.bind(str(self._path))
        self._path.chmod(0o600)
        self._listener.listen(4)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._thread.is_alive():
            self._thread.join()
        self._hang_up()
        for thread in self._talking:
            thread.join()
        self._path.unlink(missing_ok=True)

    # -- looking -----------------------------------------------------------------------------------

    @property
    def picture(self) -> Picture | None:
        """What the panel shows; None while it is dark."""
        with self._lock:
            return self._picture

    @property
    def connected(self) -> bool:
        with self._lock:
            return self._connection is not None

    @property
    def answered_at(self) -> float:
        """When the panel last felt a touch, drew a picture or read something out (time.monotonic)."""
        return self._answered_at

    @property
    def unfelt(self) -> bool:
        """Whether a touch is on its way still."""
        return self._unfelt

    @property
    def shown_count(self) -> int:
        """How many changes of screen there were since the start; a mark for :meth:`shown`."""
        with self._lock:
            return self._shown_count

    def shown(self, since: int = 0) -> list[Shown]:
        """Changes of screen after the mark ``since``, oldest first (the last 2,000 are kept)."""
        with self._lock:
            new = self._shown_count - since
            return list(self._shown)[-new:] if new > 0 else []

    @property
    def read_count(self) -> int:
        """How many clips were read out since the start; a mark for :meth:`read`."""
        with self._lock:
            return self._read_count

    def read(self, since: int = 0) -> list[str]:
        """Ids of the texts that the kiosk began to read out after the mark ``since`` (the last 2,000 are kept)."""
        with self._lock:
            new = self._read_count - since
            return list(self._read)[-new:] if new > 0 else []

    def png(self, timeout_s: float = 5.0) -> bytes | None:
        """The panel in full size and without loss, or None when no kiosk answers in time."""
        with self._lock:
            before = self._png_count
        if not self._send({"frame": "png"}):
            return None
        if not self._changes.wait_until(lambda: self._png_count > before, timeout_s):
            return None
        with self._lock:
            return None if self._png is None else self._png[1]

    # -- touching ----------------------------------------------------------------------------------

    def touch(self, x: float, y: float, sequence: int | None = None) -> bool:
        """A finger at ``x``, ``y`` (0 … 1). With ``sequence`` the kiosk drops it if another screen has come since.

        False when no kiosk is there. ValueError for a place beside the panel.
        """
        self._unfelt = True
        return self._send(_at("touch", x, y, sequence))

    def finger_down(self, x: float, y: float, sequence: int | None = None) -> bool:
        """A finger is laid on the panel and stays there until :meth:`finger_up`: a hold lasts as long as it lasts.

        False when no kiosk is there. ValueError for a place beside the panel.
        """
        wish = {"finger": "down", **_at("at", x, y, sequence)}
        with self._lock:
            fingers = self._picture is not None and self._picture.fingers
            self._down = (x, y, sequence)
            there = self._connection is not None
        return self._send(wish) if fingers else there

    def finger_up(self, x: float, y: float) -> bool:
        """The finger is lifted at ``x``, ``y``. A kiosk that knows taps only is given one, if it was not moved away.

        False when no kiosk is there, or no finger was down. ValueError for a place beside the panel.
        """
        wish = {"finger": "up", **_at("at", x, y, None)}
        with self._lock:
            fingers = self._picture is not None and self._picture.fingers
            down, self._down = self._down, None
        if down is None:
            return False
        if fingers:
            return self._send(wish)
        moved = max(abs(x - down[0]), abs(y - down[1])) > _TAP_SLACK
        return not moved and self.touch(*down)

    def let_go(self) -> None:
        """Whoever had a finger on the panel has gone: it is lifted in a corner, where it means nothing."""
        self.finger_up(0.0, 0.0)

    def touch_target(self, target: str) -> bool:
        """A finger in the middle of a target that is on the panel now. False when it is not."""
        picture = self.picture
        if picture is None or target not in picture.targets:
            return False
        x, y, w, h = picture.targets[target]
        return self.touch(x + w / 2, y + h / 2, picture.sequence)

    def darken(self) -> None:
        """The panel has no power: forget the picture and who drew it."""
        with self._lock:
            self._picture = None
            self._png = None
        self._hang_up()
        self._changes.ring()

    # -- own threads -------------------------------------------------------------------------------

    def _send(self, wish: dict[str, Any]) -> bool:
        with self._lock:
            connection = self._connection
            if connection is None:
                return False
            try:
                connection.sendall(json.dumps(wish).encode() + b"\n")
            except OSError:
                return False
        return True

    def _hang_up(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # One panel, one process that draws on it: who comes last has it.
            self._hang_up()
            with self._lock:
                self._connection = connection
            self._talking = [thread for thread in self._talking if thread.is_alive()]
            thread = threading.Thread(target=self._listen, args=(connection,), name="mirror-kiosk", daemon=True)
            self._talking.append(thread)
            thread.start()

    def _listen(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while True:
                    length = stream.read(4)
                    if len(length) < 4:
                        break
                    size = int.from_bytes(length, "big")
                    if not 0 < size <= LARGEST_MESSAGE:
                        break
                    message = stream.read(size)
                    if len(message) < size:
                        break
                    self._take(connection, message)
            except (OSError, ValueError):
                pass
            finally:
                with self._lock:
                    if self._connection is connection:
                        self._connection = None
        self._changes.ring()

    def _take(self, connection: socket.socket, message: bytes) -> None:
        line, _, body = message.partition(b"\n")
        header = json.loads(line)
        with self._lock:
            if self._connection is not connection:
                return
            if header.get("type") == "frame":
                self._frame(header, body)
            elif header.get("type") == "png":
                self._png = (int(header["sequence"]), body)
                self._png_count += 1
            elif header.get("type") == "voice" and str(header.get("phrase", "")).startswith(_READ):
                self._read.append(str(header["phrase"]).removeprefix(_READ))
                self._read_count += 1
                self._answered_at = time.monotonic()
            elif header.get("type") == "felt":
                self._unfelt = False
                self._answered_at = time.monotonic()
            else:
                return
        self._changes.ring()

    def _frame(self, header: dict[str, Any], jpeg: bytes) -> None:
        picture = Picture(
            sequence=int(header["sequence"]),
            process=int(header["process"]),
            screen=str(header["screen"]),
            under=str(header.get("under", "")),
            title=str(header.get("title", "")),
            texts=tuple((str(text_id), str(words)) for text_id, words in header.get("texts", [])),
            targets={str(name): (r[0], r[1], r[2], r[3]) for name, r in header.get("targets", {}).items()},
            width=int(header["width"]),
            height=int(header["height"]),
            jpeg=jpeg,
            fingers=header.get("fingers") is True,
        )
        before = self._picture
        self._picture = picture
        self._answered_at = time.monotonic()
        if before is None or (before.process, before.screen, before.title) != (
            picture.process,
            picture.screen,
            picture.title,
        ):
            self._shown.append(Shown(self._now(), picture.screen, picture.title, picture.process))
            self._shown_count += 1


def _at(name: str, x: float, y: float, sequence: int | None) -> dict[str, Any]:
    """A place on the panel as it goes over the wire. ValueError for one beside it."""
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError("x and y are parts of the panel, from 0 to 1")
    return {name: [x, y]} if sequence is None else {name: [x, y], "sequence": sequence}
