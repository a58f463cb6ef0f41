"""Append-only, hash-chained rows in SQLite: what was written stays as it was, or the change is shown (A11).

The chain: each row's hash is SHA-256 over the previous row's hash and every field of the row, each with its
length in front; the table's name opens the chain, so rows cannot be moved between ledgers. A one-row table
beside it holds the newest sequence number and hash, so that rows cut off the end are missed too. Triggers
refuse changes through SQL; the chain finds those made past it. Whoever rewrites the whole file with this code
can forge a whole chain: print or send :meth:`Ledger.head` elsewhere, and a later head can be held against it.

One process writes a ledger; the writer opens the transaction, so that several rows stand or fall together.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

Scalar = str | int | bool | None

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_FETCH_ROWS = 1000
_BUSY_MS = 5000
_INT_LIMIT = 1 << 63
# Whatever stands there, even NULL or text that is not UTF-8, can be read as bytes.
_AS_BYTES = ", ".join(
    f"coalesce(CAST({column} AS BLOB), x'')" for column in ("at_utc", "kind", "data", "previous", "hash")
)

_SCHEMA = """
CREATE TABLE {t} (
  seq INTEGER PRIMARY KEY, at_utc TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
  previous BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE {t}_head (
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER {t}_no_update BEFORE UPDATE ON {t} BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END;
CREATE TRIGGER {t}_no_delete BEFORE DELETE ON {t} BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END;
CREATE TRIGGER {t}_in_order BEFORE INSERT ON {t} WHEN NEW.seq IS NOT (SELECT seq + 1 FROM {t}_head)
  BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END;
CREATE TRIGGER {t}_head_forward BEFORE UPDATE ON {t}_head WHEN NEW.seq IS NOT OLD.seq + 1
  BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END;
CREATE TRIGGER {t}_head_stays BEFORE DELETE ON {t}_head BEGIN SELECT RAISE(ABORT, '{t} is append-only'); END;
"""


class DatabaseDamaged(Exception):
    """The file is not a sound database. Nothing may be decided from it; the text says what to do."""


class LedgerTampered(Exception):
    """The chain does not hold. ``seq`` is the first row changed, missing or put in."""

    def __init__(self, table: str, seq: int, what: str) -> None:
        self.table = table
        self.seq = seq
        self.what = what
        super().__init__(f"{table}: row {seq} {what}: stop, keep the file, and tell the manager")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row as it was appended."""

    seq: int
    """From 1, without gaps."""
    at: datetime
    """UTC, to the microsecond."""
    kind: str
    data: Mapping[str, Scalar]
    hash: bytes


def open_database(path: Path) -> sqlite3.Connection:
    """Open or create a database that survives power cuts: WAL, each commit synced, what is deleted wiped.

    Cheap at any size: it reads header and schema; damage inside the tables shows when they are read.

    Raises:
        DatabaseDamaged: not a database, cut short, or its schema cannot be read.
        OSError: the file cannot be opened or created.
        sqlite3.OperationalError: another process holds it, or the disk fails.
    """
    # Made by us first, so that nobody else can read it even for a moment.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if _is_cut_short(path):
        raise _damaged(path, "the file is shorter than its header says")
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS / 1000)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "recursive_triggers=ON",  # INSERT OR REPLACE must meet the delete trigger
            "cell_size_check=ON",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _damaged(path, str(error)) from error
    return connection


def _damaged(path: Path, what: str) -> DatabaseDamaged:
    return DatabaseDamaged(f"{path}: {what}: keep the file, restore its last backup, tell the manager")


def _is_cut_short(path: Path) -> bool:
    """The header's page count against the file: SQLite itself opens a shortened file without complaint."""
    write_ahead_log = path.with_name(path.name + "-wal")
    if write_ahead_log.exists() and write_ahead_log.stat().st_size:
        return False  # a power cut while pages were moved out of the log: SQLite finishes that itself
    with path.open("rb") as file:
        header = file.read(100)
    # SQLite file format, section 1.3: page size at 16 (1 stands for 65536), page count at 28.
    page_size = int.from_bytes(header[16:18], "big")
    page_bytes = 65536 if page_size == 1 else page_size
    return path.stat().st_size < int.from_bytes(header[28:32], "big") * page_bytes


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """``BEGIN IMMEDIATE`` … ``COMMIT``; rolled back if anything is raised inside, the commit included.

    Raises:
        RuntimeError: one is open already; transactions do not nest.
    """
    if connection.in_transaction:
        raise RuntimeError("a transaction is open already: transactions do not nest")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some faults (disk full) have rolled back by themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@dataclass(frozen=True, slots=True)
class _Link:
    """A row as stored, unread: tampered bytes need not be UTF-8 or JSON."""

    seq: int
    fields: tuple[bytes, bytes, bytes]
    previous: bytes
    hash: bytes


class Ledger:
    """One chain. Kinds and data hold nothing about a person (A6)."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        """Use ``table``, created with its guards if it is not there.

        Raises:
            ValueError: ``table`` is not a plain small name.
        """
        if not _NAME.fullmatch(table):
            raise ValueError(f"{table!r} is not a table name: use small letters, digits and underscores")
        self._connection = connection
        self._table = table
        self._genesis = hashlib.sha256(b"ledger 1\0" + table.encode()).digest()
        if not self._exists(table):
            if self._exists(f"{table}_head"):
                raise LedgerTampered(table, 1, "is missing")
            self._create()

    def append(self, kind: str, data: Mapping[str, Scalar], at: datetime) -> int:
        """Add a row inside the caller's transaction; gives its sequence number.

        Raises:
            RuntimeError: no transaction is open.
            ValueError: ``at`` is naive, or ``kind`` is empty.
            TypeError: a value of ``data`` is no string, 64-bit integer, boolean or None.
        """
        if not self._connection.in_transaction:
            raise RuntimeError(f"{self._table}: append only inside a transaction, so that rows stand or fall together")
        if not kind:
            raise ValueError(f"{self._table}: a row needs a kind")
        if at.tzinfo is None:
            raise ValueError(f"{self._table}: a naive datetime names no instant: give it a time zone")
        text = _canonical(data)
        at_utc = at.astimezone(UTC).strftime(_TIME_FORMAT)
        last, previous = self.head()
        seq = last + 1
        digest = self._hash(seq, (at_utc.encode(), kind.encode(), text.encode()), previous)
        self._connection.execute(
            f"INSERT INTO {self._table} (seq, at_utc, kind, data, previous, hash) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
            (seq, at_utc, kind, text, previous, digest),
        )
        self._connection.execute(f"UPDATE {self._table}_head SET seq = ?, hash = ?", (seq, digest))  # noqa: S608
        return seq

    def rows(self, after: int = 0, kinds: Sequence[str] = ()) -> Iterator[LedgerRow]:
        """Every row with a sequence number above ``after``, in order; of these ``kinds`` only, if any; not verified."""
        wanted = f"AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
        cursor = self._connection.execute(
            f"SELECT seq, at_utc, kind, data, hash FROM {self._table} WHERE seq > ? {wanted} ORDER BY seq",  # noqa: S608
            (after, *kinds),
        )
        for seq, at_utc, kind, data, digest in cursor:
            yield LedgerRow(seq, datetime.fromisoformat(at_utc), kind, json.loads(data), digest)

    def head(self) -> tuple[int, bytes]:
        """Sequence number and hash of the newest row; (0, the chain's own start) when there is none.

        Raises:
            LedgerTampered: the record of the newest row is gone.
        """
        try:
            found = self._connection.execute(f"SELECT seq, hash FROM {self._table}_head").fetchone()  # noqa: S608
        except sqlite3.OperationalError:
            if self._exists(f"{self._table}_head"):
                raise
            found = None
        if found is None:
            raise LedgerTampered(self._table, 0, "(the record of the newest row) is missing")
        return int(found[0]), bytes(found[1])

    def verify(self, after: int = 0) -> int:
        """Check every row above ``after`` against the chain; gives how many. Row ``after`` itself is trusted.

        Raises:
            LedgerTampered: names the first row changed, missing or inserted. Where a row and its hash were
                rewritten together, the row after it, or the head, tells which of two is false.
        """
        if self._connection.in_transaction:
            return self._verify(after)
        self._connection.execute("BEGIN")  # one view of head and rows, whatever is appended meanwhile
        try:
            return self._verify(after)
        finally:
            self._connection.execute("ROLLBACK")

    def tail_check(self, rows: int = 1000) -> int:
        """:meth:`verify` for the newest ``rows`` only: a quick start however long the ledger is."""
        return self.verify(max(0, self.head()[0] - rows))

    # --- inside ---

    def _verify(self, after: int) -> int:
        last, last_hash = self.head()
        previous = self._start(after)
        expected = after + 1
        before: _Link | None = None  # sound in itself; the next one tells whether it is the one chained
        for link in self._links(after):
            if link.seq < expected or link.seq > last:
                raise LedgerTampered(self._table, link.seq, "was inserted")
            if link.seq > expected:
                raise LedgerTampered(self._table, expected, "is missing")
            sound = self._hash(link.seq, link.fields, link.previous) == link.hash
            if link.previous != previous and before is not None and sound and self._chained(link, last, last_hash):
                raise LedgerTampered(self._table, before.seq, "was changed")
            if link.previous != previous or not sound:
                raise LedgerTampered(self._table, link.seq, "was changed")
            before, previous = link, link.hash
            expected += 1
        if expected <= last:
            raise LedgerTampered(self._table, expected, "is missing")
        if before is not None and previous != last_hash:
            raise LedgerTampered(self._table, before.seq, "was changed")
        return expected - after - 1

    def _exists(self, table: str) -> bool:
        query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
        return self._connection.execute(query, (table,)).fetchone() is not None

    def _create(self) -> None:
        if self._connection.in_transaction:
            self._create_inside()
        else:
            with transaction(self._connection):
                self._create_inside()

    def _create_inside(self) -> None:
        statement = ""
        for line in _SCHEMA.format(t=self._table).splitlines():
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""
        self._connection.execute(f"INSERT INTO {self._table}_head VALUES (1, 0, ?)", (self._genesis,))  # noqa: S608

    def _hash(self, seq: int, fields: tuple[bytes, bytes, bytes], previous: bytes) -> bytes:
        digest = hashlib.sha256()
        for part in (previous, str(seq).encode(), *fields):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()

    def _select(self, where: str, value: int) -> sqlite3.Cursor:
        return self._connection.execute(
            f"SELECT seq, {_AS_BYTES} FROM {self._table} WHERE {where} ORDER BY seq",  # noqa: S608
            (value,),
        )

    def _links(self, after: int) -> Iterator[_Link]:
        # From the first row on, also what was put in under a number no row can have.
        cursor = self._select("seq > ?", after) if after else self._select("seq > ? OR seq < 1", 0)
        while found := cursor.fetchmany(_FETCH_ROWS):
            for seq, at_utc, kind, data, previous, digest in found:
                yield _Link(seq, (at_utc, kind, data), previous, digest)

    def _start(self, after: int) -> bytes:
        if after == 0:
            return self._genesis
        found = self._select("seq = ?", after).fetchone()
        if found is None:
            raise LedgerTampered(self._table, after, "is missing")
        return bytes(found[5])

    def _chained(self, link: _Link, last: int, last_hash: bytes) -> bool:
        """Whether what follows ``link`` (the next row, or the head) was made from it."""
        if link.seq == last:
            return link.hash == last_hash
        following = self._select("seq = ?", link.seq + 1).fetchone()
        return following is not None and following[4] == link.hash


def _canonical(data: Mapping[str, Scalar]) -> str:
    """One spelling for one content: keys sorted, no spaces, no escapes beyond JSON's own."""
    for key, value in data.items():
        if not isinstance(key, str) or not (value is None or isinstance(value, (str, int))):
            raise TypeError(f"{key!r}: a ledger keeps strings, whole numbers, true, false and nothing else")
        if isinstance(value, int) and not -_INT_LIMIT <= value < _INT_LIMIT:
            raise TypeError(f"{key!r}: the number does not fit 64 bits")
    return json.dumps(dict(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
