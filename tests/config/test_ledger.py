"""The ledger keeps what was written, and tells the very row where it was not kept."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from config.ledger import DatabaseDamaged, Ledger, LedgerRow, LedgerTampered, open_database, transaction

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(path)) as connection:
        yield connection


@pytest.fixture
def ledger(connection: sqlite3.Connection) -> Ledger:
    """Ten rows."""
    ledger = Ledger(connection, "cash")
    with transaction(connection):
        for n in range(1, 11):
            ledger.append("count", {"n": n, "ok": True, "note": "硬貨", "left": None}, START + timedelta(seconds=n))
    return ledger


def unguarded(connection: sqlite3.Connection, *statements: str) -> None:
    """What somebody with the file and a tool of his own could do."""
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)


def forge(connection: sqlite3.Connection, ledger: Ledger, seq: int, data: str) -> None:
    """Change a row and make its own hash fit again."""
    unguarded(connection, f"UPDATE cash SET data = '{data}' WHERE seq = {seq}")
    at, kind, content, previous = connection.execute(
        "SELECT at_utc, kind, data, previous FROM cash WHERE seq = ?", (seq,)
    ).fetchone()
    digest = ledger._hash(seq, (at.encode(), kind.encode(), content.encode()), previous)
    connection.execute("UPDATE cash SET hash = ? WHERE seq = ?", (digest, seq))


# --- the database ---


def test_a_database_is_set_for_power_cuts_and_private(connection: sqlite3.Connection, path: Path) -> None:
    def pragma(name: str) -> object:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous")) == ("wal", 2)
    assert (pragma("foreign_keys"), pragma("secure_delete"), pragma("recursive_triggers")) == (1, 1, 1)
    assert connection.isolation_level is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseDamaged, match=r"ledger\.db.*restore its last backup"):
        open_database(path)


def test_a_file_cut_short_is_refused(path: Path) -> None:
    with closing(open_database(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(20000))")
    os.truncate(path, path.stat().st_size - 4096)
    with pytest.raises(DatabaseDamaged, match="shorter than its header says"):
        open_database(path)


def test_a_schema_that_cannot_be_read_is_refused(path: Path) -> None:
    with closing(open_database(path)) as connection:
        connection.execute("CREATE TABLE some_table (x)")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE some_table", b"CREATE TABLE some%table"))
    with pytest.raises(DatabaseDamaged, match="malformed"):
        open_database(path)


def test_a_crash_with_pages_still_in_the_log_is_no_damage(path: Path, tmp_path: Path) -> None:
    with closing(open_database(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(20000))")
        for suffix in ("", "-wal"):
            (tmp_path / f"copy.db{suffix}").write_bytes((tmp_path / f"ledger.db{suffix}").read_bytes())
    with closing(open_database(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT length(x) FROM t").fetchone() == (20000,)


def test_a_busy_database_is_not_called_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.ledger._BUSY_MS", 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            open_database(path)


def test_a_transaction_stands_or_falls_together(connection: sqlite3.Connection) -> None:
    ledger = Ledger(connection, "cash")

    def fail_after_a_row() -> None:
        with transaction(connection):
            ledger.append("count", {}, START)
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        fail_after_a_row()
    assert list(ledger.rows()) == []
    assert ledger.verify() == 0
    with transaction(connection):
        assert ledger.append("count", {}, START) == 1
    assert ledger.verify() == 1


def test_transactions_do_not_nest(connection: sqlite3.Connection) -> None:
    with transaction(connection), pytest.raises(RuntimeError, match="do not nest"), transaction(connection):
        pass
    assert not connection.in_transaction


def test_a_rollback_made_by_the_database_is_not_made_twice(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (x UNIQUE ON CONFLICT ROLLBACK)")

    def clash() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO t VALUES (1)")
            connection.execute("INSERT INTO t VALUES (1)")

    with pytest.raises(sqlite3.IntegrityError):
        clash()
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


# --- rows ---


def test_rows_come_back_as_they_went_in(ledger: Ledger, path: Path) -> None:
    data = {"n": 10, "ok": True, "note": "硬貨", "left": None}
    last = list(ledger.rows(after=9))
    assert last == [LedgerRow(10, START + timedelta(seconds=10), "count", data, ledger.head()[1])]
    assert [row.seq for row in ledger.rows()] == list(range(1, 11))
    assert [type(value) for value in last[0].data.values()] == [type(None), int, str, bool]
    with closing(open_database(path)) as again:
        assert list(Ledger(again, "cash").rows()) == list(ledger.rows())


def test_times_are_kept_in_utc(ledger: Ledger, connection: sqlite3.Connection) -> None:
    with transaction(connection):
        ledger.append("count", {}, datetime(2026, 11, 22, 9, 0, 0, 5, tzinfo=timezone(timedelta(hours=9))))
    stored = connection.execute("SELECT at_utc FROM cash WHERE seq = 11").fetchone()
    assert stored == ("2026-11-22T00:00:00.000005Z",)


def test_the_order_of_the_keys_does_not_matter(connection: sqlite3.Connection) -> None:
    left, right = Ledger(connection, "left_one"), Ledger(connection, "right_one")
    with transaction(connection):
        left.append("k", {"a": 1, "b": 2}, START)
        right.append("k", {"b": 2, "a": 1}, START)
    stored = [connection.execute(f"SELECT data FROM {t}").fetchone() for t in ("left_one", "right_one")]
    assert stored == [('{"a":1,"b":2}',)] * 2
    assert left.head()[1] != right.head()[1]


@pytest.mark.parametrize(
    ("kind", "data", "at", "error", "words"),
    [
        ("count", {}, START.replace(tzinfo=None), ValueError, "naive datetime"),
        ("", {}, START, ValueError, "needs a kind"),
        ("count", {"x": 1.5}, START, TypeError, "'x': a ledger keeps strings"),
        ("count", {"x": b"1"}, START, TypeError, "'x'"),
        ("count", {"x": {"y": 1}}, START, TypeError, "'x'"),
        ("count", {1: "x"}, START, TypeError, "1: a ledger keeps"),
        ("count", {"x": 1 << 63}, START, TypeError, "64 bits"),
    ],
)
def test_what_a_ledger_does_not_keep_is_refused(
    ledger: Ledger,
    connection: sqlite3.Connection,
    kind: str,
    data: dict[Any, Any],
    at: datetime,
    error: type[Exception],
    words: str,
) -> None:
    with transaction(connection), pytest.raises(error, match=words):
        ledger.append(kind, data, at)
    assert ledger.verify() == 10


def test_appending_needs_the_callers_transaction(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="only inside a transaction"):
        ledger.append("count", {}, START)


def test_a_ledger_can_be_made_inside_a_transaction(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        Ledger(connection, "void").append("void", {}, START)
    assert Ledger(connection, "void").verify() == 1


@pytest.mark.parametrize("table", ["", "Cash", "cash;", "1cash", "a b"])
def test_a_table_needs_a_plain_name(connection: sqlite3.Connection, table: str) -> None:
    with pytest.raises(ValueError, match="is not a table name"):
        Ledger(connection, table)


# --- refusing and finding changes ---


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cash SET kind = 'x' WHERE seq = 3",
        "DELETE FROM cash WHERE seq = 10",
        "INSERT OR REPLACE INTO cash SELECT seq, at_utc, 'x', data, previous, hash FROM cash WHERE seq = 3",
        "INSERT INTO cash SELECT seq + 20, at_utc, kind, data, previous, hash FROM cash WHERE seq = 3",
        "UPDATE cash_head SET seq = 9",
        "DELETE FROM cash_head",
    ],
)
def test_the_database_refuses_changes(ledger: Ledger, connection: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cash is append-only"):
        connection.execute(statement)
    assert ledger.verify() == 10


COPY_OF_4 = "SELECT {seq}, at_utc, kind, data, previous, hash FROM cash WHERE seq = 4"


@pytest.mark.parametrize(
    ("statements", "seq", "what"),
    [
        (["UPDATE cash SET data = '{\"n\":99}' WHERE seq = 4"], 4, "was changed"),
        (["UPDATE cash SET data = replace(data, '4', '5') WHERE seq = 4"], 4, "was changed"),
        (["UPDATE cash SET kind = 'Count' WHERE seq = 1"], 1, "was changed"),
        (["UPDATE cash SET at_utc = at_utc || ' ' WHERE seq = 10"], 10, "was changed"),
        (["UPDATE cash SET at_utc = CAST(x'ff' AS TEXT) WHERE seq = 4"], 4, "was changed"),
        (["UPDATE cash SET hash = zeroblob(32) WHERE seq = 4"], 4, "was changed"),
        (["UPDATE cash SET hash = zeroblob(32) WHERE seq = 10"], 10, "was changed"),
        (["UPDATE cash SET previous = zeroblob(32) WHERE seq = 4"], 4, "was changed"),
        (["UPDATE cash SET previous = zeroblob(32) WHERE seq = 1"], 1, "was changed"),
        (["UPDATE cash SET kind = 'x' WHERE seq IN (3, 7)"], 3, "was changed"),
        (["DELETE FROM cash WHERE seq = 4"], 4, "is missing"),
        (["DELETE FROM cash WHERE seq = 1"], 1, "is missing"),
        (["DELETE FROM cash WHERE seq = 10"], 10, "is missing"),
        (["DELETE FROM cash WHERE seq > 6"], 7, "is missing"),
        (["DELETE FROM cash"], 1, "is missing"),
        (["DELETE FROM cash WHERE seq = 4", "UPDATE cash SET seq = seq - 1 WHERE seq > 4"], 4, "was changed"),
        ([f"INSERT INTO cash {COPY_OF_4.format(seq=11)}"], 11, "was inserted"),
        ([f"INSERT INTO cash {COPY_OF_4.format(seq=50)}"], 50, "was inserted"),
        ([f"INSERT INTO cash {COPY_OF_4.format(seq=0)}"], 0, "was inserted"),
        ([f"INSERT INTO cash {COPY_OF_4.format(seq=-3)}"], -3, "was inserted"),
        (
            [
                "UPDATE cash SET seq = -seq WHERE seq > 4",
                "UPDATE cash SET seq = 1 - seq WHERE seq < 0",
                f"INSERT INTO cash {COPY_OF_4.format(seq=5)}",
            ],
            5,
            "was changed",
        ),
        (["DELETE FROM cash_head"], 0, "newest row"),
        (["DROP TABLE cash_head"], 0, "newest row"),
        (["UPDATE cash_head SET seq = 9"], 10, "was inserted"),
        (["UPDATE cash_head SET hash = zeroblob(32)"], 10, "was changed"),
    ],
)
def test_the_very_row_is_named(
    ledger: Ledger, connection: sqlite3.Connection, statements: list[str], seq: int, what: str
) -> None:
    unguarded(connection, *statements)
    with pytest.raises(LedgerTampered, match=what) as raised:
        ledger.verify()
    assert (raised.value.table, raised.value.seq) == ("cash", seq)


@pytest.mark.parametrize("seq", [1, 4, 9, 10])
def test_a_row_whose_hash_was_made_to_fit_is_still_the_one_named(
    ledger: Ledger, connection: sqlite3.Connection, seq: int
) -> None:
    forge(connection, ledger, seq, '{"n":99}')
    with pytest.raises(LedgerTampered, match="was changed") as raised:
        ledger.verify()
    assert raised.value.seq == seq


def test_a_row_forged_with_another_past_is_the_one_named(ledger: Ledger, connection: sqlite3.Connection) -> None:
    unguarded(connection, "UPDATE cash SET previous = zeroblob(32) WHERE seq = 4")
    forge(connection, ledger, 4, '{"n":99}')
    with pytest.raises(LedgerTampered) as raised:
        ledger.verify()
    assert raised.value.seq == 4


def test_a_forged_row_before_a_missing_one(ledger: Ledger, connection: sqlite3.Connection) -> None:
    unguarded(connection, "DELETE FROM cash WHERE seq = 6")
    forge(connection, ledger, 5, '{"n":99}')
    with pytest.raises(LedgerTampered) as raised:
        ledger.verify(after=4)
    assert raised.value.seq in (5, 6)


def test_a_chain_belongs_to_its_table(ledger: Ledger, connection: sqlite3.Connection) -> None:
    other = Ledger(connection, "void")
    unguarded(
        connection,
        "INSERT INTO void SELECT * FROM cash",
        "UPDATE void_head SET (seq, hash) = (SELECT seq, hash FROM cash_head)",
    )
    with pytest.raises(LedgerTampered) as raised:
        other.verify()
    assert (raised.value.table, raised.value.seq) == ("void", 1)


def test_a_ledger_taken_away_is_not_begun_anew(ledger: Ledger, connection: sqlite3.Connection) -> None:
    unguarded(connection, "DROP TABLE cash")
    with pytest.raises(LedgerTampered, match="row 1 is missing"):
        Ledger(connection, "cash")


def test_checking_may_begin_at_a_trusted_row(ledger: Ledger, connection: sqlite3.Connection) -> None:
    unguarded(connection, "UPDATE cash SET kind = 'x' WHERE seq = 3")
    assert ledger.verify(after=3) == 7
    assert ledger.verify(after=10) == 0
    with pytest.raises(LedgerTampered):
        ledger.verify(after=2)
    unguarded(connection, "DELETE FROM cash WHERE seq = 3")
    with pytest.raises(LedgerTampered, match="row 3 is missing"):
        ledger.verify(after=3)


def test_a_quick_check_looks_at_the_newest_rows_only(ledger: Ledger, connection: sqlite3.Connection) -> None:
    assert ledger.tail_check() == 10
    unguarded(connection, "UPDATE cash SET kind = 'x' WHERE seq = 3")
    assert ledger.tail_check(7) == 7
    with pytest.raises(LedgerTampered):
        ledger.tail_check(8)


def test_a_check_inside_a_transaction_sees_its_rows(ledger: Ledger, connection: sqlite3.Connection) -> None:
    with transaction(connection):
        ledger.append("count", {}, START)
        assert ledger.verify() == 11
    assert ledger.verify() == 11


def test_a_check_sees_one_state_while_another_appends(
    ledger: Ledger, connection: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head: Callable[[], tuple[int, bytes]] = ledger.head

    def head_then_append() -> tuple[int, bytes]:
        found = head()
        with closing(open_database(path)) as other, transaction(other):
            Ledger(other, "cash").append("count", {}, START)
        return found

    monkeypatch.setattr(ledger, "head", head_then_append)
    assert ledger.verify() == 10


def test_a_fault_of_the_database_is_not_called_tampering(ledger: Ledger, connection: sqlite3.Connection) -> None:
    unguarded(connection, "ALTER TABLE cash_head RENAME COLUMN hash TO other")
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        ledger.head()
