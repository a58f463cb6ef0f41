"""The recorder's books: one SQLite file of hash-chained ledgers, each a table of its own (A11).

    key       the key of the case, and the case itself (鍵使用管理簿; `key_ledger.py` writes it)
    hold      what must not be written over (`holds.py` writes it)
    erasure   what was written over or expired: slot, generation, range, age
    health    faults, when they began and ended, and what the ring says of itself
    export, media, views   what leaves the recorder; nothing writes them yet

Any number of processes may write, one row at a time: each row is a transaction of its own, which takes the lock before
it reads the end of the chain.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from config.ledger import DatabaseDamaged, Ledger, LedgerRow, LedgerTampered, Scalar, open_database, transaction

FILE: Final = "recorder.sqlite"
"""Below $STATE_DIRECTORY."""
NAMES: Final = ("key", "hold", "erasure", "health", "export", "media", "views")
TITLES: Final = {
    "key": "鍵使用管理簿",
    "hold": "保存の延長",
    "erasure": "消去の記録",
    "health": "異常の記録",
    "export": "提供の記録",
    "media": "媒体の記録",
    "views": "閲覧の記録",
}
MOST_WAITING: Final = 10_000
"""Rows kept in memory while the system's disk cannot be written."""
ASIDE: Final = ".damaged-"
_CHANGED: Final = {"was changed": "書き換えられています", "is missing": "なくなっています"}
_INSERTED: Final = "あとから入れられています"

_log = logging.getLogger(__name__)


class Chain:
    """One ledger. Implements `recorder.holds.HoldLedger`. now: aware UTC."""

    def __init__(self, connection: sqlite3.Connection, name: str, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now
        self._ledger = Ledger(connection, f"{name}_ledger")
        self.name = name

    def append(self, kind: str, data: Mapping[str, Scalar], at: datetime | None = None) -> int:
        """On the disk when this returns; gives the row's number. at: when it happened, if not just now.

        Raises sqlite3.Error when the disk fails, LedgerTampered when the end of the chain is gone.
        """
        with transaction(self._connection):
            return self._ledger.append(kind, data, at or self._now())

    def rows(self, after: int = 0) -> tuple[LedgerRow, ...]:
        """Rows above a number, in order; not verified. What was spoilt past reading is left out: `verify` names it."""
        found: list[LedgerRow] = []
        while True:
            try:
                for row in self._ledger.rows(after):
                    found.append(row)
                    after = row.seq
                return tuple(found)
            except (ValueError, TypeError, sqlite3.OperationalError) as error:
                if isinstance(error, sqlite3.OperationalError) and "UTF-8" not in str(error):
                    raise
                after += 1
                if after > self.head()[0]:
                    return tuple(found)

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest row; printed elsewhere, it shows a chain that was forged as a whole."""
        return self._ledger.head()

    def verify(self) -> Verdict:
        """Every row against the chain."""
        try:
            return Verdict(self.name, self._ledger.verify())
        except LedgerTampered as error:
            return Verdict(self.name, 0, error.seq, error.what)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found. rows: how many, all sound; or bad_row: the first changed, missing or put in (0: the
    record of the newest row)."""

    name: str
    rows: int
    bad_row: int | None = None
    what: str = ""

    @property
    def sound(self) -> bool:
        return self.bad_row is None

    def __str__(self) -> str:
        title = f"{TITLES[self.name]}（{self.name}）"
        if self.bad_row is None:
            return f"{title}: {self.rows}行、改ざんはありません。"
        what = next((said for word, said in _CHANGED.items() if self.what.endswith(word)), _INSERTED)
        where = f"{self.bad_row}行目" if self.bad_row else "最後の行の控え"
        return f"{title}: {where}が{what}。ファイルはそのままにして、管理者に知らせてください。"


class Health:
    """Which faults there are, each with its beginning and its end in the chain."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._now: frozenset[str] = frozenset()
        for row in chain.rows():
            if row.kind == "began":
                self._now |= {str(row.data["fault"])}
            elif row.kind == "ended":
                self._now -= {str(row.data["fault"])}

    @property
    def faults(self) -> frozenset[str]:
        """As last written; after a start, those that had not ended."""
        return self._now

    def set(self, faults: Iterable[str]) -> None:
        """These and no others from now on; a row for each that is new or over. Raises as `Chain.append`."""
        wanted = frozenset(faults)
        for fault in sorted(wanted - self._now):
            self._chain.append("began", {"fault": fault})
            self._now |= {fault}
        for fault in sorted(self._now - wanted):
            self._chain.append("ended", {"fault": fault})
            self._now -= {fault}


def open_books(path: Path, now: Callable[[], datetime], instead: Path) -> Ledgers:
    """The books of a recorder that starts: recording does not wait for them. A file that cannot be read is put aside as
    it is and new books are begun; `Ledgers.lost` says so until somebody has taken it away. On a disk that fails, or is
    full, nothing is moved, and books are kept in `instead`, in memory, until the next start.

    Raises sqlite3.OperationalError when somebody else holds them for long.
    """
    try:
        return _checked(Ledgers(path, now))
    except (sqlite3.OperationalError, OSError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        _log.error("%s: %s; until the next start books are kept in memory: %s", path, error, instead)
        for beside in ("", "-wal", "-shm"):
            instead.with_name(instead.name + beside).unlink(missing_ok=True)
        ledgers = Ledgers(instead, now)
        ledgers.lost = True
        return ledgers
    except (DatabaseDamaged, LedgerTampered, sqlite3.DatabaseError) as error:
        aside = f"{path.name}{ASIDE}{now():%Y%m%dT%H%M%S}"
        _log.error("%s: %s; it is kept as %s, and new books are begun", path, error, aside)
        for beside in ("", "-wal", "-shm"):
            if path.with_name(path.name + beside).exists():
                path.with_name(path.name + beside).rename(path.with_name(aside + beside))
        return _checked(Ledgers(path, now))


def _checked(ledgers: Ledgers) -> Ledgers:
    try:
        for verdict in ledgers.verify():
            if not verdict.sound:
                _log.error("%s", verdict)
                ledgers.tampered |= {verdict.name}
    except BaseException:
        ledgers.close()
        raise
    return ledgers


class Ledgers:
    """The file. lost: one from before lies beside it that nobody can read; tampered: chains that did not hold when
    `open_books` looked. For one thread; another process, or another thread, opens its own."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        """Raises config.ledger.DatabaseDamaged, LedgerTampered, OSError or sqlite3.Error."""
        self._now = now
        self.lost = any(path.parent.glob(f"{path.name}{ASIDE}*"))
        self.tampered: frozenset[str] = frozenset()
        self._connection = open_database(path)
        try:
            chains = {name: Chain(self._connection, name, now) for name in NAMES}
        except BaseException:
            self._connection.close()
            raise
        self.key = chains["key"]
        self.hold = chains["hold"]
        self.erasure = chains["erasure"]
        self.export = chains["export"]
        self.media = chains["media"]
        self.views = chains["views"]
        self._chains = chains
        self.health = Health(chains["health"])
        self._waiting: deque[tuple[str, str, dict[str, Scalar], datetime]] = deque(maxlen=MOST_WAITING)

    def told(self, kind: str, facts: Mapping[str, int | str]) -> None:
        """What the ring tells (`recorder.ring.Told`): erasures into their chain, all else into that of health.

        Never raises: video must not wait for a book. A row that cannot be written waits, and goes before the next.
        """
        chain = "erasure" if kind == "erased" else "health"
        self._waiting.append((chain, kind, dict(facts), self._now()))
        self.flush()

    def flush(self) -> bool:
        """Write what waits; whether nothing waits any more."""
        while self._waiting:
            chain, kind, facts, at = self._waiting[0]
            try:
                self._chains[chain].append(kind, facts, at)
            except (sqlite3.Error, LedgerTampered) as error:
                _log.error("the book of %s cannot be written: %s", chain, error)
                return False
            self._waiting.popleft()
        return True

    @property
    def waiting(self) -> int:
        """Rows that could not be written yet."""
        return len(self._waiting)

    def rows(self, name: str) -> tuple[LedgerRow, ...]:
        """Of one chain, by its name."""
        return self._chains[name].rows()

    def heads(self) -> dict[str, tuple[int, str]]:
        """Number and hash (hexadecimal) of the newest row of each chain, to be kept elsewhere."""
        found = {name: chain.head() for name, chain in self._chains.items()}
        return {name: (number, digest.hex()) for name, (number, digest) in found.items()}

    def verify(self) -> tuple[Verdict, ...]:
        """Every chain, in the order of `NAMES`. Print the verdicts: they are sentences."""
        return tuple(chain.verify() for chain in self._chains.values())

    @property
    def holds_unknown(self) -> bool:
        """Whether what is held cannot be told from these books."""
        return self.lost or "hold" in self.tampered

    def close(self) -> None:
        self._connection.close()
