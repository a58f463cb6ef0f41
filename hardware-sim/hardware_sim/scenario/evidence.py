"""What remained: open transactions in the kiosk's journal, things in the trays, files and processes of a session.

The journal is read as evidence only; the judgement is made from metal, paper and sound.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from hardware_sim.bench.world import Bench

JOURNAL = "kiosk.sqlite"


def entries(journal: Path, after: int = 0) -> list[dict[str, Any]]:
    """Entries of the kiosk's journal after number ``after``, oldest first; none while there is no journal."""
    if not journal.exists():
        return []
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        rows = db.execute("SELECT seq, kind, data FROM journal WHERE seq > ? ORDER BY seq", (after,)).fetchall()
    return [{"seq": seq, "kind": kind, **json.loads(data)} for seq, kind, data in rows]


def last_entry(journal: Path) -> int:
    """Number of the newest entry, 0 for none."""
    found = entries(journal)
    return int(found[-1]["seq"]) if found else 0


def open_transactions(journal: Path) -> list[str]:
    """Transactions begun and not ended."""
    if not journal.exists():
        return []
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        return [str(row[0]) for row in db.execute("SELECT tx FROM open_tx ORDER BY first")]


def stopped(journal: Path) -> bool:
    """Whether the line is stopped until somebody reopens it."""
    if not journal.exists():
        return False
    with closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        return db.execute("SELECT 1 FROM latch WHERE name = 'line_stopped'").fetchone() is not None


def books(found: list[dict[str, Any]]) -> dict[str, int]:
    """The money entries summed up: inserted, charged, paid_back, owed, held, in yen."""
    inserted = sum(int(entry.get("yen") or 0) for entry in found if entry["kind"] == "credit")
    charged = sum(
        int(entry["fee_yen"]) for entry in found if entry["kind"] == "print_judged" and entry["outcome"] == "printed"
    )
    paid_back = sum(int(entry["yen"]) for entry in found if entry["kind"] == "payout_resolved")
    owed = sum(int(entry["yen"]) for entry in found if entry["kind"] == "owed")
    held = inserted - charged - paid_back - owed
    return {"inserted": inserted, "charged": charged, "paid_back": paid_back, "owed": owed, "held": held}


def remained(bench: Bench, after: int) -> dict[str, Any]:
    """What is left after a scenario that began after journal entry ``after``."""
    journal = bench.state.kiosk / JOURNAL
    found = entries(journal, after)
    runtime = bench.kiosk.runtime
    return {
        "card_on_reader": bench.card_lying(),
        "change_tray": {str(yen): n for yen, n in bench.cash.change_in_tray().items()},
        "sheets_in_tray": len(bench.printer.output()),
        "jobs_in_printer": sum(job["state"] not in {"completed", "canceled", "aborted"} for job in _jobs(bench)),
        "open_transactions": len(open_transactions(journal)),
        "books": books(found),
        "outcomes_in_journal": [entry["outcome"] for entry in found if entry["kind"] == "session_ended"],
        "files_in_memory": sum(path.is_file() for path in runtime.rglob("*")) if runtime.is_dir() else 0,
        "processes": len(bench.kiosk.pids()),
    }


def _jobs(bench: Bench) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = bench.printer.snapshot()["jobs"]
    return jobs
