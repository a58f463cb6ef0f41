"""Who may sign in at this machine: managers (管理者) and handlers (取扱者), each by name and a number of six digits.

A small database of its own beside the journal, written by the kiosk alone. Every change of it and every sign-in is a
row of a hash-chained ledger (`config.ledger`), so a quiet correction shows (A11). Numbers are kept as scrypt hashes
(RFC 7914) with a salt each. Three wrong numbers shut one person out for five minutes; that is kept, so that pulling
the plug does not help.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from config.ledger import DatabaseDamaged, Ledger, LedgerRow, LedgerTampered, open_database, transaction
from kiosk import effects
from kiosk.errors import JournalError
from kiosk.events import Post, StaffRefused, StaffSignedIn
from kiosk.ports import Sink
from kiosk.secret import STAFF_PIN_LENGTH

_log = logging.getLogger(__name__)

TRIES: Final = 3
LOCKED_S: Final = 300
COST: Final = 2**14
"""scrypt's N with r = 8, p = 1: 16 MiB and some 50 ms for one number."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS staff (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, post TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0, last_failed TEXT NOT NULL DEFAULT ''
) STRICT;
"""


class StaffError(Exception):
    """What was asked for cannot be done; the text, in Japanese, says why and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """One who may sign in. `staff`: a short random id, never used again."""

    staff: str
    name: str
    post: Post


@dataclass(frozen=True, slots=True)
class Verdict:
    """`member` is None when the number was wrong or is not looked at for `locked_s` seconds."""

    member: Member | None
    locked_s: int = 0


class StaffBook:
    """Implements `kiosk.ports.StaffRegister`. Any thread; every call opens the file anew.

    cost: scrypt's N, for new numbers and for checking all of them (one machine has one cost).
    """

    def __init__(self, path: Path, now: Callable[[], datetime], *, cost: int = COST) -> None:
        self._path, self._now, self._cost = path, now, cost
        self._sink: Sink = _nowhere
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    # ---- the port ----------------------------------------------------------------------------------------

    def start(self, sink: Sink) -> None:
        self._sink = sink
        # A number takes its time by intention; the loop must not wait for it.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="staff")

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def names(self) -> tuple[tuple[str, str, Post], ...]:
        """(id, name, post), managers first. Raises JournalError when the book cannot be read."""
        return tuple((m.staff, m.name, m.post) for m in self.members())

    def check(self, order: effects.CheckStaff) -> None:
        """→ `StaffSignedIn` or `StaffRefused`; the number is wiped in any case."""
        if self._pool is None:
            raise RuntimeError("the staff book has not been started")
        self._pool.submit(self._check, order)

    def _check(self, order: effects.CheckStaff) -> None:
        try:
            found = self.verify(order.staff, order.pin.expose() if order.pin.complete else b"")
        except JournalError as error:
            _log.error("%s", error)
            found = Verdict(None)
        finally:
            order.pin.wipe()
        if found.member is None:
            self._sink(StaffRefused(order.order, found.locked_s))
        else:
            member = found.member
            self._sink(StaffSignedIn(order.order, member.staff, member.name, member.post))

    # ---- signing in --------------------------------------------------------------------------------------

    def members(self) -> tuple[Member, ...]:
        with self._open() as (db, _):
            rows = db.execute("SELECT id, name, post FROM staff ORDER BY post <> 'manager', name, id").fetchall()
        return tuple(Member(row[0], row[1], Post(row[2])) for row in rows)

    def verify(self, staff: str, number: bytes | bytearray) -> Verdict:
        """One try; a wrong one is on disk before it is answered. Raises JournalError."""
        now = self._now()
        with self._lock, self._open() as (db, ledger), transaction(db):
            row = db.execute(
                "SELECT name, post, salt, hash, failed, last_failed FROM staff WHERE id = ?", (staff,)
            ).fetchone()
            if row is None:
                return Verdict(None)
            name, post, salt, kept, failed, last = row
            if failed >= TRIES:
                if locked := _locked_s(last, now):
                    return Verdict(None, locked)
                failed = 0
            if hmac.compare_digest(self._hash(number, salt), kept):
                db.execute("UPDATE staff SET failed = 0, last_failed = '' WHERE id = ?", (staff,))
                ledger.append("signed_in", {"staff": staff}, now)
                return Verdict(Member(staff, name, Post(post)))
            failed += 1
            db.execute("UPDATE staff SET failed = ?, last_failed = ? WHERE id = ?", (failed, now.isoformat(), staff))
            ledger.append("refused", {"staff": staff, "failed": failed}, now)
            return Verdict(None, LOCKED_S if failed >= TRIES else 0)

    # ---- the book (S-28: handlers are named by the manager) ----------------------------------------------

    def enter(self, name: str, post: Post, number: str, by: str) -> Member:
        """A new member of staff. `by`: id of the manager who is signed in; "" only for the very first manager.

        Raises:
            StaffError: the name is empty or taken, the number too simple, or `by` is no manager.
        """
        name = " ".join(name.split())
        if not name:
            raise StaffError("名前が空です。職と名前を入れてください。")
        check_number(number)
        member = Member(secrets.token_hex(4), name, post)
        with self._lock, self._open() as (db, ledger), transaction(db):
            managers = db.execute("SELECT id FROM staff WHERE post = 'manager'").fetchall()
            if managers:
                _must_be_manager(by, managers)
            elif post is not Post.MANAGER:
                raise StaffError("管理者がまだいません。先に管理者を登録してください。")
            if db.execute("SELECT 1 FROM staff WHERE name = ?", (name,)).fetchone():
                raise StaffError("同じ名前の人が登録されています。見分けのつく名前にしてください。")
            salt = secrets.token_bytes(16)
            db.execute(
                "INSERT INTO staff (id, name, post, salt, hash) VALUES (?, ?, ?, ?, ?)",
                (member.staff, name, post.value, salt, self._hash(number.encode(), salt)),
            )
            data = {"staff": member.staff, "name": name, "post": post.value, "by": by or "installation"}
            ledger.append("entered", data, self._now())
        return member

    def leave(self, staff: str, by: str) -> None:
        """A member of staff may not sign in any more. Raises StaffError, also for the last manager."""
        with self._lock, self._open() as (db, ledger), transaction(db):
            managers = db.execute("SELECT id FROM staff WHERE post = 'manager'").fetchall()
            _must_be_manager(by, managers)
            if [row[0] for row in managers] == [staff]:
                raise StaffError("最後の管理者は外せません。次の管理者を登録してから外してください。")
            if db.execute("DELETE FROM staff WHERE id = ?", (staff,)).rowcount != 1:
                raise StaffError("その人は登録されていません。")
            ledger.append("left", {"staff": staff, "by": by}, self._now())

    def change_number(self, staff: str, number: str, by: str) -> None:
        """By the person, or by a manager for one who has forgotten it; ends a lock. Raises StaffError."""
        check_number(number)
        with self._lock, self._open() as (db, ledger), transaction(db):
            if by != staff:
                _must_be_manager(by, db.execute("SELECT id FROM staff WHERE post = 'manager'").fetchall())
            salt = secrets.token_bytes(16)
            changed = db.execute(
                "UPDATE staff SET salt = ?, hash = ?, failed = 0, last_failed = '' WHERE id = ?",
                (salt, self._hash(number.encode(), salt), staff),
            )
            if changed.rowcount != 1:
                raise StaffError("その人は登録されていません。")
            ledger.append("number_changed", {"staff": staff, "by": by}, self._now())

    def entries(self) -> tuple[LedgerRow, ...]:
        """The ledger, for reports and tests; the chain is checked. Raises JournalError."""
        with self._open() as (_, ledger):
            ledger.verify()
            return tuple(ledger.rows())

    # ---- the file ----------------------------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[tuple[sqlite3.Connection, Ledger]]:
        try:
            with closing(open_database(self._path)) as db:
                db.executescript(_TABLE)
                yield db, Ledger(db, "staff_ledger")
        except (DatabaseDamaged, LedgerTampered, sqlite3.Error, OSError) as error:
            raise JournalError(f"staff book: {error}") from error

    def _hash(self, number: bytes | bytearray, salt: bytes) -> bytes:
        return hashlib.scrypt(number, salt=salt, n=self._cost, r=8, p=1)


def check_number(number: str) -> None:
    """Raises StaffError for anything but six digits that nobody tries first."""
    if not re.fullmatch(rf"[0-9]{{{STAFF_PIN_LENGTH}}}", number):
        raise StaffError(f"番号は数字{STAFF_PIN_LENGTH}けたです。")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(number)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise StaffError("同じ数字や、順に並んだ数字だけの番号は使えません。")


def _must_be_manager(by: str, managers: list[tuple[str]]) -> None:
    if (by,) not in managers:
        raise StaffError("これができるのは管理者だけです。")


def _locked_s(last: str, now: datetime) -> int:
    """Seconds until another try; a clock that was set back does not make it longer than a whole lock."""
    waited = now - datetime.fromisoformat(last)
    if waited < timedelta(0):
        return LOCKED_S
    return max(0, LOCKED_S - int(waited.total_seconds()))


def _nowhere(_event: object) -> None:
    """Before `start`."""
