"""The panel's picture for the bench, and fingers from it. Simulation only; never opened on a real machine.

The bench listens on a Unix stream socket (`bench.mirror_socket`). Each kiosk process connects to it as a client,
and connects again, quietly, when the bench was away. There is one slot and not a queue: a bench that reads
slowly gets the newest picture and misses those between.

Kiosk → bench: messages, each

    4 bytes   length N of what follows, unsigned, big-endian
    N bytes   one line of JSON (UTF-8) ended by a line feed, then the body: `bytes` bytes (0 when there is none)

Kinds of message (`type`):

* ``"frame"``: after every drawn picture, and the newest one on connecting. ``sequence`` (int, grows by one with
  each picture of this process), ``process`` (its process id), ``screen`` (id, "pay"), ``under`` (the screen that
  a warning covers, or ""), ``title`` (the heading's words), ``texts`` (list of [text id, words shown]; the masked
  name is left out), ``targets`` (object: target id → [x, y, width, height], each 0 … 1 of the picture),
  ``format`` "jpeg", ``width`` and ``height`` (pixels of the body), ``fingers`` (true: see below), ``bytes``.
* ``"png"``: the answer to ``{"frame": "png"}``: ``sequence``, ``process``, ``screen``, ``format`` "png",
  ``width``, ``height``, ``bytes``: the panel as it is, lossless and in full size.
* ``"felt"``: the panel has felt every touch that came before.
* ``"voice"``: a phrase begins: ``phrase`` (id), ``text`` (what is said), ``level`` 0 … 4, ``bytes`` 0.
  An empty ``phrase``: the voice was hushed.

Bench → kiosk: lines of JSON, each ended by a line feed:

* ``{"touch": [x, y]}``: a tap at 0 … 1 of the picture. It enters pygame's queue as FINGERDOWN and FINGERUP, as
  from a panel. With ``"sequence": n`` the tap is dropped if another screen has come since picture n.
* ``{"finger": "down", "at": [x, y]}`` and ``{"finger": "up", "at": [x, y]}``: a finger is laid down or lifted there, so
  that a hold lasts as long as it is held. A ``down`` may have a ``sequence``, too.
* ``{"frame": "png"}``: asks for one ``"png"``.

Lines that are anything else are ignored.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import socket
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final

import pygame

from screens.elements import Screen
from screens.panel import Panel
from screens.strings import DEFAULT_LANGUAGE, spoken

LONGEST_SIDE_PX: Final = 960
"""Of the picture that is sent; a panel's shape stays what it is."""
LONGEST_LINE: Final = 65_536
RETRY_S: Final = 0.25
STOP_CHECK_S: Final = 0.2
_FINGER: Final = 1
_FINGERS: Final = {
    "tap": (pygame.FINGERDOWN, pygame.FINGERUP),
    "down": (pygame.FINGERDOWN,),
    "up": (pygame.FINGERUP,),
}


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One message as it goes over the wire."""
    line = json.dumps({**header, "bytes": len(body)}, ensure_ascii=False).encode() + b"\n"
    return (len(line) + len(body)).to_bytes(4, "big") + line + body


class Mirror:
    """Client of the bench. `publish` and `serve` belong to the drawing thread and never wait for the bench."""

    def __init__(self, path: Path, *, longest_side_px: int = LONGEST_SIDE_PX) -> None:
        self._path = path
        self._longest = longest_side_px
        self._lock = threading.Lock()
        self._sequence = 0
        self._screen_id = ""
        self._screen_since = 0
        self._slot: bytes | None = None
        self._extra: deque[bytes] = deque(maxlen=64)
        self._touches: deque[tuple[int, float, float]] = deque(maxlen=64)
        self._lossless = False
        self._stop = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._newest: bytes | None = None
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    # ---- drawing thread ----------------------------------------------------------------------------------

    def publish(self, surface: pygame.Surface, screen: Screen, panel: Panel) -> None:
        """Put this picture into the slot."""
        with self._lock:
            self._sequence += 1
            if screen.id != self._screen_id:
                self._screen_id, self._screen_since = screen.id, self._sequence
            sequence = self._sequence
        body = io.BytesIO()
        size = _reduced(surface.get_size(), self._longest)
        pygame.image.save(pygame.transform.smoothscale(surface, size), body, "frame.jpg")
        message = encode(_describe(screen, panel, sequence, size), body.getvalue())
        with self._lock:
            self._slot = self._newest = message
        self._wake()

    def serve(self, surface: pygame.Surface) -> None:
        """Post the taps that came in, and answer a wish for a lossless picture."""
        with self._lock:
            touches = list(self._touches)
            self._touches.clear()
            lossless, self._lossless = self._lossless, False
        for kind, x, y in touches:
            pygame.event.post(
                pygame.event.Event(
                    kind, touch_id=0, finger_id=_FINGER, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None
                )
            )
        if touches:
            self._send_soon(encode({"type": "felt"}))
        if lossless:
            body = io.BytesIO()
            pygame.image.save(surface, body, "frame.png")
            width, height = surface.get_size()
            header = {
                "type": "png",
                "sequence": self._sequence,
                "process": os.getpid(),
                "screen": self._screen_id,
                "format": "png",
                "width": width,
                "height": height,
            }
            self._send_soon(encode(header, body.getvalue()))

    def said(self, phrase: str, level: int, language: str = DEFAULT_LANGUAGE) -> None:
        """A phrase begins to sound, or (empty) the voice is hushed."""
        text = spoken(language).get(phrase, "") if phrase else ""
        self._send_soon(encode({"type": "voice", "phrase": phrase, "text": text, "level": level}))

    def close(self) -> None:
        """Hang up; may be called twice."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._wake()
        self._thread.join(timeout=5)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _send_soon(self, message: bytes) -> None:
        with self._lock:
            self._extra.append(message)
        self._wake()

    def _wake(self) -> None:
        # The pipe is full: the thread will wake up anyway.
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    # ---- own thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            connection = self._connect()
            if connection is None:
                self._stop.wait(RETRY_S)
                continue
            with connection:
                with contextlib.suppress(OSError):
                    self._talk(connection)
                with self._lock:
                    self._extra.clear()
                    self._touches.clear()
                    self._lossless = False

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._path))
            connection.setblocking(False)
        except OSError:
            connection.close()
            return None
        return connection

    def _talk(self, connection: socket.socket) -> None:
        """Until the bench hangs up: newest picture out, lines in."""
        with self._lock:
            self._slot = self._newest  # whoever connects sees the present picture first
        pending = b""
        self._send_all(connection)
        while not self._stop.is_set():
            ready, _, _ = select.select([connection.fileno(), self._wake_read], [], [])
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                self._send_all(connection)
            if connection.fileno() in ready:
                received = connection.recv(4096)
                if not received:
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(pending) > LONGEST_LINE:
                    return

    def _send_all(self, connection: socket.socket) -> None:
        with self._lock:
            messages = [self._slot] if self._slot is not None else []
            self._slot = None
            messages += self._extra
            self._extra.clear()
        for message in messages:
            left = memoryview(message)
            while left and not self._stop.is_set():
                # A bench that does not read may take its time; only this thread waits for it.
                if select.select([], [connection.fileno()], [], STOP_CHECK_S)[1]:
                    left = left[connection.send(left) :]

    def _take(self, line: bytes) -> None:
        """One line from the bench; what is not understood is ignored."""
        try:
            wish = json.loads(line)
        except ValueError:
            return
        if not isinstance(wish, dict):
            return
        with self._lock:
            if wish.get("frame") == "png":
                self._lossless = True
            point = _point(wish.get("touch", wish.get("at")))
            kinds = _FINGERS.get(str(wish.get("finger")) if "at" in wish else "tap", ())
            known = wish.get("sequence")
            if point is not None and not (isinstance(known, int) and known < self._screen_since):
                self._touches.extend((kind, *point) for kind in kinds)


def _point(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = value
    if not isinstance(x, int | float) or not isinstance(y, int | float) or not (0 <= x <= 1 and 0 <= y <= 1):
        return None
    return float(x), float(y)


def _reduced(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The same shape with its longer side no longer than `longest`."""
    share = min(1.0, longest / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _describe(screen: Screen, panel: Panel, sequence: int, size: tuple[int, int]) -> dict[str, Any]:
    shown = [[text.id, text.shown] for text in screen.texts() if not text.private]
    return {
        "type": "frame",
        "sequence": sequence,
        "process": os.getpid(),
        "screen": screen.id,
        "under": screen.under,
        "title": next((words for text_id, words in shown if text_id == screen.title), ""),
        "texts": shown,
        "targets": {
            target.id: [
                round(target.rect.x / panel.width_mm, 5),
                round(target.rect.y / panel.height_mm, 5),
                round(target.rect.w / panel.width_mm, 5),
                round(target.rect.h / panel.height_mm, 5),
            ]
            for target in screen.targets()
        },
        "format": "jpeg",
        "fingers": True,
        "width": size[0],
        "height": size[1],
    }
