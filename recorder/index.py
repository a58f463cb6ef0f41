"""What lies where, for quick search: a cache of what the slots say themselves.

SQLite, on the system's disk. Nothing is decided from it that the slots do not say. A slot whose generation it does not
know is read again, a few at a time while recording goes on; so a file that is missing or damaged is made anew from all
of them, and one that cannot be written is kept in memory instead.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS seen (slot INTEGER PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS visit (
  event INTEGER NOT NULL, slot INTEGER NOT NULL, first_utc_us INTEGER NOT NULL, last_utc_us INTEGER NOT NULL,
  footage_ms INTEGER NOT NULL, PRIMARY KEY (event, slot)
) STRICT;
CREATE INDEX IF NOT EXISTS visit_when ON visit (first_utc_us);
CREATE INDEX IF NOT EXISTS visit_slot ON visit (slot);
CREATE TABLE IF NOT EXISTS correction (boot_id BLOB PRIMARY KEY, offset_us INTEGER NOT NULL) STRICT;
"""


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a visit lies in one slot. Times are labels, microseconds since 1970."""

    event: int
    first_utc_us: int
    last_utc_us: int
    footage_ms: int


def add(parts: dict[int, Part], event: int, first_utc_us: int, ms: int) -> None:
    """A group more. parts: of one slot, by event."""
    last_utc_us = first_utc_us + ms * 1000
    part = parts.get(event, Part(event, first_utc_us, last_utc_us, 0))
    parts[event] = Part(
        event, min(part.first_utc_us, first_utc_us), max(part.last_utc_us, last_utc_us), part.footage_ms + ms
    )


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as a whole. slots: in which it lies."""

    event: int
    first_utc_us: int
    last_utc_us: int
    footage_ms: int
    slots: int


class Index:
    """The cache. A damaged file is begun anew, empty. Calls raise sqlite3.Error when its disk fails."""

    def __init__(self, path: Path) -> None:
        try:
            self._connection = _open(path)
        except sqlite3.DatabaseError:
            self._connection = _anew(path)
        longest = self._connection.execute("SELECT max(last_utc_us - first_utc_us) FROM visit").fetchone()[0]
        self._longest_us = int(longest or 0)

    def known(self) -> dict[int, int]:
        """Generation by slot, as last read."""
        return dict(self._connection.execute("SELECT slot, generation FROM seen"))

    def put(self, slot: int, generation: int, parts: Iterable[Part]) -> None:
        """What a slot holds now, instead of what it held before."""
        parts = list(parts)
        self._longest_us = max([self._longest_us, *(one.last_utc_us - one.first_utc_us for one in parts)])
        with self._connection:
            self._connection.execute("DELETE FROM visit WHERE slot = ?", (slot,))
            self._connection.executemany(
                "INSERT OR REPLACE INTO visit VALUES (?, ?, ?, ?, ?)",
                [(one.event, slot, one.first_utc_us, one.last_utc_us, one.footage_ms) for one in parts],
            )
            self._connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (slot, generation))

    def drop(self, slot: int) -> None:
        with self._connection:
            self._connection.execute("DELETE FROM visit WHERE slot = ?", (slot,))
            self._connection.execute("DELETE FROM seen WHERE slot = ?", (slot,))

    def visits(self, first_utc_us: int, last_utc_us: int) -> tuple[Visit, ...]:
        """Visits that overlap a range of labels, in order."""
        rows = self._connection.execute(
            "SELECT event, min(first_utc_us), max(last_utc_us), sum(footage_ms), count(*) FROM visit WHERE event IN "
            "(SELECT event FROM visit WHERE first_utc_us BETWEEN ? AND ? AND last_utc_us >= ?) "
            "GROUP BY event ORDER BY min(first_utc_us), event",
            (first_utc_us - self._longest_us, last_utc_us, first_utc_us),
        )
        return tuple(Visit(*row) for row in rows)

    def last_event(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(event), 0) FROM visit").fetchone()[0])

    def corrections(self) -> dict[bytes, int]:
        """By start of the machine: label minus boot time, for what was labelled before the clock was set."""
        return dict(self._connection.execute("SELECT boot_id, offset_us FROM correction"))

    def correct(self, boot_id: bytes, offset_us: int) -> None:
        with self._connection:
            self._connection.execute("INSERT OR REPLACE INTO correction VALUES (?, ?)", (boot_id, offset_us))

    def close(self) -> None:
        self._connection.close()


def _anew(path: Path) -> sqlite3.Connection:
    for beside in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + beside).unlink()
    try:
        return _open(path)
    except sqlite3.Error as error:
        _log.error("%s: %s: the index is kept in memory until the next start", path, error)
        return _open(Path(":memory:"))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("damaged")
    except BaseException:
        connection.close()
        raise
    return connection
