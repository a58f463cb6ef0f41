"""A journal as a machine has it after N paid transactions: `python tests/bench/make_journal.py FILE N`.

The schema is made by the kiosk itself and the chain is the ledger's own, so the file passes every check. Rows are put
in by the hundred thousand, with the guards lifted and set again: about twelve seconds for 100 000 transactions.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from config.ledger import Ledger
from config.load import load
from config.machine import CashSettings
from kiosk.journal import Journal

BEGAN: Final = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
EXAMPLE: Final = Path(__file__).parents[2] / "config" / "machine.example.toml"
FORMER_ACCEPTOR: Final = 1
"""Coins of a device that was exchanged since: the one of the bench counts its own from the beginning."""
ROWS_AT_ONCE: Final = 100_000

Row = tuple[int, str, str, str, bytes, bytes]


def entries(rng: random.Random, tx: str) -> Iterator[tuple[float, str, str]]:
    """(seconds since the beginning, kind, data as the ledger spells it) of one transaction that was paid with 500."""
    job, receipt = f"{rng.getrandbits(128):032x}", f"{rng.getrandbits(128):032x}"
    download_s, print_s = 8 + 6 * rng.random(), 14 + 9 * rng.random()
    paid, printed = 75 + download_s, 77 + download_s + print_s
    yield 0, "session_began", f'{{"tx":"{tx}"}}'
    yield paid - 9, "cash_in_started", f'{{"copies":1,"fee_yen":300,"kind":"residence","tx":"{tx}"}}'
    yield paid - 9, "download_took", f'{{"copies":1,"ms":{round(1000 * download_s)},"tx":"{tx}"}}'
    yield paid - 1, "credit", f'{{"coins":1,"tx":"{tx}","yen":500}}'
    yield paid, "cash_in_ended", f'{{"inserted":500,"tx":"{tx}"}}'
    yield paid, "print_ordered", f'{{"copy":1,"job":"{job}","pages":2,"tx":"{tx}","up_time":4711}}'
    judged = f'{{"copy":1,"fee_yen":300,"job":"{job}","outcome":"printed","sheets":1,"tx":"{tx}"}}'
    yield paid + print_s, "print_judged", judged
    yield paid + print_s, "documents_erased", f'{{"tx":"{tx}"}}'
    sending = f'{{"coins":2,"count_before":9,"event_before":9,"hopper":703455,"tx":"{tx}"}}'
    yield printed, "payout_sending", sending
    resolved = f'{{"evidence":"168","hopper":703455,"paid":2,"sure":true,"tx":"{tx}","yen":200}}'
    yield printed + 1, "payout_resolved", resolved
    settled = f'{{"charged":300,"held":0,"inserted":500,"owed":0,"paid_back":200,"tx":"{tx}"}}'
    yield printed + 1, "settled", settled
    yield printed + 1, "receipt_ordered", f'{{"job":"{receipt}","tx":"{tx}"}}'
    yield printed + 6, "receipt_judged", f'{{"job":"{receipt}","outcome":"printed","tx":"{tx}"}}'
    yield printed + 15, "erased", f'{{"by":"session","checked":"key;spool;card;labels","clean":true,"tx":"{tx}"}}'
    yield printed + 15, "session_ended", f'{{"outcome":"completed","tx":"{tx}"}}'


def make_journal(path: Path, transactions: int, cash: CashSettings, seed: int = 1) -> tuple[int, str]:
    """Fill a new journal; gives its number of rows and the transaction that was last.

    Raises FileExistsError, and KioskError or sqlite3.Error as the journal does.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already: name a new file")
    with closing(Journal(path, cash)) as journal:
        journal.install({hopper.serial: 400 for hopper in cash.hoppers}, BEGAN)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        seq, digest = Ledger(db, "journal").head()
        guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        # Nothing of this is worth a sync before it is complete.
        for pragma in ("synchronous=OFF", "cache_size=-200000", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        rng, last = random.Random(seed), ""

        def rows() -> Iterator[Row]:
            nonlocal seq, digest, last
            for n in range(transactions):
                last = f"{rng.getrandbits(128):032x}"
                at = BEGAN + timedelta(seconds=180 * n)
                for after_s, kind, data in entries(rng, last):
                    when = (at + timedelta(seconds=after_s)).isoformat(timespec="microseconds")[:26] + "Z"
                    previous, seq = digest, seq + 1
                    parts = (previous, b"%d" % seq, when.encode(), kind.encode(), data.encode())
                    digest = hashlib.sha256(b"".join([len(p).to_bytes(8, "big") + p for p in parts])).digest()
                    yield seq, when, kind, data, previous, digest

        source = rows()
        db.execute("BEGIN")
        while batch := list(islice(source, ROWS_AT_ONCE)):
            db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", batch)
        db.execute("UPDATE journal_head SET seq = ?, hash = ?", (seq, digest))
        db.execute(
            "INSERT INTO credit SELECT ?, 0, seq, data ->> '$.tx', 500, 4 FROM journal WHERE kind = 'credit'",
            (FORMER_ACCEPTOR,),
        )
        for _, sql in guards:
            db.execute(sql)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return seq, last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("transactions", type=int)
    parser.add_argument("--config", type=Path, default=EXAMPLE, help="the machine file whose hoppers are booked")
    parser.add_argument("--verify", action="store_true", help="check the whole chain afterwards")
    options = parser.parse_args()
    began = time.monotonic()
    seq, _ = make_journal(options.file, options.transactions, load(options.config).machine.cash)
    size_mb = options.file.stat().st_size / 1e6
    print(f"{options.transactions} transactions, {seq} rows, {size_mb:.1f} MB in {time.monotonic() - began:.1f} s")
    if options.verify:
        with closing(sqlite3.connect(options.file, isolation_level=None)) as db:
            print(f"{Ledger(db, 'journal').verify()} rows verified")


if __name__ == "__main__":
    main()
