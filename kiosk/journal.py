"""The journal: every step that moves money or paper, forced to disk before it moves; replayed at every start.

Entries are rows of a hash-chained ledger (`config.ledger`), so a quiet correction shows. Beside the chain, in the
same database and changed in the same commit, stand small tables that could be computed from it: credits (whose key
makes double counting impossible), the acceptor's mark, the book levels of the hoppers, the transactions still open
and the latches. They keep a start quick however long the chain has grown.

Catalogue of entries (data never holds anything about a person; amounts are yen):

    session_began {tx}                              a person laid a card down
    cash_in_started {tx, kind, copies, fee_yen}     the slot opens
    download_took {tx, copies, ms}                  how long the certificate took to come, in the same commit
    credit {tx} + credits + mark                    coins came
    cash_in_ended {tx, inserted}                    the slot is shut; a coin past the gate may still follow
    print_ordered {tx, copy, job, pages, up_time}   before the document is handed to cupsd
    print_judged {tx, copy, job, outcome, sheets, fee_yen}   charged if outcome is printed, in doubt if unknown
    documents_erased {tx}                           keys and certificate destroyed
    payout_sending {tx, hopper, coins, event_before, count_before}   before a dispense leaves
    payout_resolved {tx, hopper, paid, yen, sure, evidence}          what the hopper really paid
    payout_in_doubt {tx, hopper, coins, yen}        the hopper cannot say: held until staff have counted
    nobody_there {tx}                               dark for so long that no coin is paid out by itself any more
    receipt_ordered {tx, job} / receipt_judged {tx, job, outcome}    the receipt or slip; no money hangs on it
    owed {tx, yen, slip, reason}                    what could not be paid
    settled {tx, inserted, charged, paid_back, owed, held}
    erased {tx, by, checked, clean}                 the erase, with what was looked at
    session_ended {tx, outcome}
    line_stopped {tx, what} / line_reopened {by, reason}, identity_denied {tx}
    camera_viewed {by}                              staff had the camera's picture shown
    left_behind {tx, what} / found_handled {entry, became, by}   opens and closes an entry of things left behind
    refill {hopper, coins, reason}, cash_incident, hopper_blocked, fault, issuer_failed, stray_answer, …
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from config.ledger import DatabaseDamaged, Ledger, LedgerRow, LedgerTampered, open_database, transaction
from config.schema import CashSettings
from kiosk.effects import Record
from kiosk.errors import JournalError
from kiosk.events import DeviceMark
from kiosk.money import Hopper, Tally
from kiosk.pace import SAMPLES, pace_of
from kiosk.ports import JournalGate
from kiosk.session import RECEIPT_COPY, Intent, Interrupted, Job, Usual

DAY: Final = timedelta(days=1)

LOOK_BACK: Final = 600
"""Newest entries in which what is usual is looked for: some forty transactions."""

LONGEST_COPY: Final = timedelta(minutes=15)

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS credit (
    serial INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    tx TEXT NOT NULL, yen INTEGER NOT NULL, path INTEGER NOT NULL,
    PRIMARY KEY (serial, epoch, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS credit_tx ON credit (tx);
CREATE TABLE IF NOT EXISTS mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    serial INTEGER NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL, seq INTEGER NOT NULL,
    window TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS level (serial INTEGER PRIMARY KEY, yen INTEGER NOT NULL, coins INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS open_tx (tx TEXT PRIMARY KEY, first INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS latch (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
"""


class Journal:
    """One writer: the kiosk process that is alive now. Closed by `close`; used from one thread."""

    def __init__(self, path: Path, cash: CashSettings, gate: JournalGate | None = None) -> None:
        """Open or create. Raises JournalError, saying what to do, when the file or its chain is damaged."""
        self._cash = cash
        self._gate = gate
        try:
            self._db = open_database(path)
        except (DatabaseDamaged, sqlite3.Error) as error:
            raise JournalError(f"journal: {error}") from error
        try:
            self._ledger = Ledger(self._db, "journal")
            self._db.executescript(_TABLES)
            # The newest rows only: a start must not take longer because the machine has served many people.
            self._ledger.tail_check()
        except (DatabaseDamaged, LedgerTampered, sqlite3.Error) as error:
            self._db.close()
            raise JournalError(f"journal: {error}") from error

    def close(self) -> None:
        self._db.close()

    def commit(self, records: Sequence[Record], at: datetime) -> None:
        """Write entries as one unit and force them to disk. Raises JournalError; then nothing of them is there."""
        if not records:
            return
        kinds = tuple(record.kind for record in records)
        if self._gate:
            self._gate.before(kinds)
        try:
            with transaction(self._db):
                for record in records:
                    self._write(record, at)
        except (sqlite3.Error, ValueError) as error:
            raise JournalError(f"journal: cannot write {'+'.join(kinds)}: {error}") from error
        if self._gate:
            self._gate.after(kinds)

    def _write(self, record: Record, at: datetime) -> None:
        data = dict(record.data)
        if record.credits:
            data |= {"yen": sum(c.yen for c in record.credits), "coins": len(record.credits)}
        seq = self._ledger.append(record.kind, data, at)
        tx = str(data.get("tx", ""))
        for coin in record.credits:
            self._db.execute(
                "INSERT INTO credit (serial, epoch, seq, tx, yen, path) VALUES (?, ?, ?, ?, ?, ?)",
                (coin.serial, coin.epoch, coin.seq, tx, coin.yen, coin.path),
            )
            if coin.path != self._cash.cashbox_path:
                self._change_level(yen=coin.yen, by=1)
        if mark := record.mark:
            self._db.execute(
                "INSERT OR REPLACE INTO mark (one, serial, epoch, counter, seq, window) VALUES (1, ?, ?, ?, ?, ?)",
                (mark.serial, mark.epoch, mark.counter, mark.seq, mark.window),
            )
        match record.kind:
            case "session_began":
                self._db.execute("INSERT INTO open_tx (tx, first) VALUES (?, ?)", (tx, seq))
            case "session_ended":
                self._db.execute("DELETE FROM open_tx WHERE tx = ?", (tx,))
            case "payout_resolved":
                self._change_level(serial=int(data["hopper"] or 0), by=-int(data["paid"] or 0))
                if not data["sure"]:
                    self._latch(f"quarantine:{data['hopper']}", seq, "")
            case "payout_in_doubt":
                self._latch(f"quarantine:{data['hopper']}", seq, "")
            case "refill":
                # Staff have counted when they refill: the hopper may be used again.
                self._change_level(serial=int(data["hopper"] or 0), by=int(data["coins"] or 0))
                self._db.execute("DELETE FROM latch WHERE name = ?", (f"quarantine:{data['hopper']}",))
            case "line_stopped":
                self._latch("line_stopped", seq, str(data["what"]))
            case "line_reopened":
                self._db.execute("DELETE FROM latch WHERE name = 'line_stopped' OR name LIKE 'identity_denied:%'")
            case "identity_denied":
                self._latch(f"identity_denied:{seq}", seq, at.isoformat())
            case "left_behind":
                self._latch(f"found:{seq}", seq, f"{data['what']} {at.isoformat()}")
            case "found_handled":
                self._db.execute("DELETE FROM latch WHERE name = ?", (f"found:{data['entry']}",))

    def _latch(self, name: str, seq: int, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO latch (name, seq, value) VALUES (?, ?, ?)", (name, seq, value))

    def _change_level(self, *, by: int, serial: int = 0, yen: int = 0) -> None:
        where, key = ("serial = ?", serial) if serial else ("yen = ?", yen)
        self._db.execute(
            f"UPDATE level SET coins = max(0, coins + ?) WHERE {where}",  # noqa: S608 - one of two constants
            (by, key),
        )

    # ---- what a new process needs to know --------------------------------------------------------------

    def install(self, coins: dict[int, int], at: datetime) -> None:
        """First start of this machine: book the float that was filled in, by hopper serial. Later: does nothing
        for hoppers it knows; a hopper that is new to the book begins with 0 coins until a refill is entered."""
        known = {row[0] for row in self._db.execute("SELECT serial FROM level")}
        new = [hopper for hopper in self._cash.hoppers if hopper.serial not in known]
        if not new:
            return
        with transaction(self._db):
            for hopper in new:
                self._db.execute("INSERT INTO level (serial, yen, coins) VALUES (?, ?, 0)", (hopper.serial, hopper.yen))
        first = not known
        self.commit(
            [
                Record("refill", {"hopper": h.serial, "coins": coins.get(h.serial, 0), "reason": "installation"})
                for h in new
                if first and coins.get(h.serial)
            ],
            at,
        )

    def mark(self) -> DeviceMark | None:
        """How far the acceptor's buffer has been read."""
        row = self._db.execute("SELECT serial, epoch, counter, seq, window FROM mark").fetchone()
        return DeviceMark(*row) if row else None

    def hoppers(self) -> tuple[Hopper, ...]:
        """Book levels less the reserve, for the hoppers of the settings."""
        book = dict(self._db.execute("SELECT serial, coins FROM level").fetchall())
        shut = {row[0] for row in self._db.execute("SELECT name FROM latch WHERE name LIKE 'quarantine:%'")}
        return tuple(
            Hopper(
                h.serial,
                h.yen,
                max(0, book.get(h.serial, 0) - h.reserve),
                quarantined=f"quarantine:{h.serial}" in shut,
            )
            for h in self._cash.hoppers
        )

    def stopped(self) -> str:
        """Why the line is stopped; empty if it is not."""
        row = self._db.execute("SELECT value FROM latch WHERE name = 'line_stopped'").fetchone()
        return str(row[0]) if row else ""

    def denials(self, now: datetime) -> int:
        """How often 私ではない was pressed within a day, since the line was last reopened."""
        rows = self._db.execute("SELECT value FROM latch WHERE name LIKE 'identity_denied:%'").fetchall()
        return sum(abs(now - datetime.fromisoformat(row[0])) < DAY for row in rows)

    def found(self) -> tuple[tuple[int, str, datetime], ...]:
        """Things left behind that nobody has booked yet: (number of the entry, what, when), oldest first."""
        rows = self._db.execute("SELECT seq, value FROM latch WHERE name LIKE 'found:%' ORDER BY seq").fetchall()
        entries = ((int(seq), str(value).partition(" ")) for seq, value in rows)
        return tuple((seq, what, datetime.fromisoformat(at)) for seq, (what, _, at) in entries)

    def usual(self) -> Usual:
        """What download and printing have needed lately, from the newest entries only: a start stays quick."""
        downloads: dict[int, list[float]] = {}
        copies: list[float] = []
        ordered: dict[str, datetime] = {}
        after = max(0, self._ledger.head()[0] - LOOK_BACK)
        for row in self._ledger.rows(after, ("download_took", "print_ordered", "print_judged")):
            match row.kind:
                case "download_took":
                    took = downloads.setdefault(int(row.data["copies"] or 0), [])
                    took.append(int(row.data["ms"] or 0) / 1000)
                case "print_ordered":
                    ordered[str(row.data["job"])] = row.at
                case "print_judged" if row.data["outcome"] == "printed":
                    began = ordered.get(str(row.data["job"]))
                    # A clock that was set meanwhile has measured nothing.
                    if began and timedelta(0) < row.at - began < LONGEST_COPY:
                        copies.append((row.at - began).total_seconds())
        paces = ((n, pace_of(took[-SAMPLES:])) for n, took in sorted(downloads.items()))
        return Usual(tuple((n, pace) for n, pace in paces if pace), pace_of(copies[-SAMPLES:]))

    def reopen(self, by: str, reason: str, at: datetime) -> None:
        """A named person reopens the line with a reason (A7)."""
        if not by.strip() or not reason.strip():
            raise JournalError("reopening needs the name of the person and a reason")
        self.commit([Record("line_reopened", {"by": by, "reason": reason})], at)

    def interrupted(self) -> tuple[Interrupted, ...]:
        """Transactions begun and not ended, oldest first, as far as the journal tells."""
        opened = self._db.execute("SELECT tx, first FROM open_tx ORDER BY first").fetchall()
        return tuple(replay(tx, self._of(tx, first)) for tx, first in opened)

    def _of(self, tx: str, first: int) -> Iterator[tuple[LedgerRow, int]]:
        for row in self._ledger.rows(first - 1):
            if row.data.get("tx") == tx:
                yield row, int(row.data.get("yen") or 0)

    def entries(self, after: int = 0) -> Iterator[LedgerRow]:
        """The chain, for reports and tests."""
        return self._ledger.rows(after)

    def totals(self) -> Tally:
        """Where all money ever inserted is: the sum over all transactions (for the daily sheet and the tests)."""
        return tally_of((row, int(row.data.get("yen") or 0)) for row in self._ledger.rows())


def tally_of(rows: Iterable[tuple[LedgerRow, int]]) -> Tally:
    """Replay of the money entries. Raises JournalError if they contradict each other."""
    inserted = charged = paid_back = owed = in_doubt = 0
    for row, yen in rows:
        match row.kind:
            case "credit":
                inserted += yen
            case "print_judged":
                fee_yen = int(row.data["fee_yen"] or 0)
                charged += fee_yen if row.data["outcome"] == "printed" else 0
                in_doubt += fee_yen if row.data["outcome"] == "unknown" else 0
            case "payout_resolved":
                paid_back += yen
            case "payout_in_doubt":
                in_doubt += yen
            case "owed":
                owed += yen
    try:
        return Tally(inserted, charged, paid_back, owed, in_doubt)
    except ValueError as error:
        raise JournalError(f"journal: the money entries contradict each other: {error}") from error


def replay(tx: str, rows: Iterable[tuple[LedgerRow, int]]) -> Interrupted:
    """One open transaction from its entries."""
    kept = list(rows)
    state = Interrupted(tx, 0, tally_of(kept), (), None, datetime.min.replace(tzinfo=UTC))
    jobs: dict[str, Job] = {}
    for row, _ in kept:
        data = row.data
        state = replace(state, last_utc=row.at)
        match row.kind:
            case "cash_in_started":
                state = replace(state, fee_yen=int(data["fee_yen"] or 0))
            case "print_ordered":
                copy, pages, up_time = (int(data.get(key) or 0) for key in ("copy", "pages", "up_time"))
                jobs[str(data["job"])] = Job(copy, str(data["job"]), pages, up_time, row.at)
            case "receipt_ordered":
                jobs[str(data["job"])] = Job(RECEIPT_COPY, str(data["job"]), 1, 0, row.at)
            case "print_judged" | "receipt_judged":
                jobs.pop(str(data["job"]), None)
            case "payout_sending":
                keys = ("hopper", "coins", "event_before", "count_before")
                serial, coins, event, count = (int(data[key] or 0) for key in keys)
                state = replace(state, intent=Intent(serial, coins, event, count, sent=True))
            case "payout_resolved" | "payout_in_doubt":
                state = replace(state, intent=None)
            case "nobody_there":
                state = replace(state, deserted=True)
    return replace(state, jobs=tuple(jobs.values()))
