"""Asks the recorder what staff want to see (`kiosk.ports.RecorderOffice`): picture, state, the book of its key.

The recorder's own stream socket (`config.framed`): ``{"ask": "state" | "live" | "keys"}`` and an object for an answer.
Each order is a connection of its own, in this driver's thread; a newer order takes the place of one that waits.
Whatever goes wrong is a plain answer.
"""

from __future__ import annotations

import base64
import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from config.framed import receive, send
from kiosk.effects import LookAtCamera, ReadKeyBook
from kiosk.events import CameraSeen, KeyBookSeen, KeyEntry, RecorderFacts
from kiosk.ports import Sink

ANSWER_S: Final = 6.0
"""For all of an order: the recorder gives its codec five seconds."""
LONGEST: Final = 2 << 20
JPEG: Final = b"\xff\xd8"

Order: TypeAlias = LookAtCamera | ReadKeyBook


class Refused(Exception):
    """The recorder answered that it will not."""


class RecorderOffice:
    """path: the recorder's socket. Orders may be given from any thread; they never wait."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self, sink: Sink) -> None:
        self._thread = threading.Thread(target=self._run, args=(sink,), name="recorder office", daemon=True)
        self._thread.start()

    def look(self, order: LookAtCamera) -> None:
        self._orders.put(order)

    def read_keys(self, order: ReadKeyBook) -> None:
        self._orders.put(order)

    def close(self) -> None:
        """Hang up, whatever is being told; may be called twice."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
        self._orders.put(None)
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self, sink: Sink) -> None:
        while (order := self._newest()) is not None:
            answer = self._look(order) if isinstance(order, LookAtCamera) else self._keys(order)
            if not self._closed:
                sink(answer)

    def _newest(self) -> Order | None:
        order = self._orders.get()
        while order is not None and not self._orders.empty():
            order = self._orders.get()
        return order

    def _look(self, order: LookAtCamera) -> CameraSeen:
        seen = CameraSeen(order.look)
        try:
            for what, answer in self._asked(("state", "live") if order.picture else ("state",)):
                seen = replace(seen, recorder=_facts(answer)) if what == "state" else _with_picture(seen, answer)
        except (Refused, PermissionError):
            return replace(seen, why="refused")
        except (OSError, ValueError, KeyError, TypeError):
            return replace(seen, why="garbled" if seen.recorder else "silent")
        return seen

    def _keys(self, order: ReadKeyBook) -> KeyBookSeen:
        try:
            ((_, answer),) = self._asked(("keys",))
            return KeyBookSeen(
                order.look,
                "",
                str(answer["place"]),
                tuple(_entry(entry) for entry in answer["entries"]),
                int(answer["rows"]),
                None if answer["bad_row"] is None else int(answer["bad_row"]),
                str(answer["verdict"]),
            )
        except Refused as error:
            return KeyBookSeen(order.look, "unreadable" if "cannot be read" in str(error) else "refused")
        except PermissionError:
            return KeyBookSeen(order.look, "refused")
        except OSError:
            return KeyBookSeen(order.look, "silent")
        except (ValueError, KeyError, TypeError):
            return KeyBookSeen(order.look, "unreadable")

    def _asked(self, asks: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each question with its answer. Raises OSError (nobody answers), ValueError (it is no answer), Refused."""
        give_up = time.monotonic() + ANSWER_S
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            with self._lock:
                if self._closed:
                    raise OSError("closed")
                self._connection = connection
            try:
                connection.settimeout(ANSWER_S)
                connection.connect(self._path)
                for what in asks:
                    yield what, _ask(connection, what, give_up)
            finally:
                with self._lock:
                    self._connection = None


def _ask(connection: socket.socket, what: str, give_up: float) -> Mapping[str, Any]:
    send(connection, {"ask": what})
    answer = receive(connection, LONGEST, give_up)
    if answer is None:
        raise ConnectionError("the recorder hung up")
    if not isinstance(answer, dict):
        raise ValueError("an answer that is no object")
    if "error" in answer:
        raise Refused(str(answer["error"]))
    return answer


def _facts(answer: Mapping[str, Any]) -> RecorderFacts:
    """Raises ValueError, KeyError, TypeError for what is none."""
    ring = answer["ring"] or {}
    oldest_s = ring.get("oldest_age_s")
    footage_h = answer["footage_h"]
    return RecorderFacts(
        answer["armed"] is True,
        answer["recording"] is True,
        frozenset(str(fault) for fault in answer["faults"]),
        None if footage_h is None else float(footage_h),
        None if oldest_s is None else float(oldest_s) / 3600,
        str(answer["outlook"] or ""),
    )


def _with_picture(seen: CameraSeen, answer: Mapping[str, Any]) -> CameraSeen:
    """Raises as `_facts`."""
    if answer["jpeg"] is None:
        return replace(seen, why=str(answer["why"] or "lost"))
    jpeg = base64.b64decode(answer["jpeg"], validate=True)
    taken = datetime.fromisoformat(answer["at_utc"])
    if not jpeg.startswith(JPEG) or taken.tzinfo is None:
        raise ValueError("no picture")
    return replace(seen, jpeg=jpeg, taken=taken, age_s=max(0.0, float(answer["age_s"])))


def _entry(entry: Mapping[str, Any]) -> KeyEntry:
    rows = tuple(int(row) for row in entry["rows"])
    if entry["kind"] == "alarm":
        return KeyEntry(rows, True, _time(entry["opened"]), _time_or_none(entry["closed"]),
                        seen_by=str(entry["seen_by"]))  # fmt: skip
    opened = tuple((_time(one["opened"]), _time_or_none(one["closed"])) for one in entry["openings"])
    return KeyEntry(rows, False, _time(entry["out"]), _time_or_none(entry["back"]), str(entry["holder"]),
                    str(entry["purpose"]), opened=opened)  # fmt: skip


def _time(text: Any) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without its zone")
    return instant


def _time_or_none(text: Any) -> datetime | None:
    return None if text is None else _time(text)
