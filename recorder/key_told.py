"""The book of the case's key as another program of this machine is told it: the newest entries, and whether its chain
holds. Reads only; with a connection of its own, so that any thread may ask.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from config.ledger import DatabaseDamaged, LedgerTampered, open_database
from config.schema import KeySettings
from recorder.key_ledger import KeyLedger, Opening, Use
from recorder.ledgers import Chain, Verdict

NEWEST: Final = 40
"""So many entries are told, and an older one if it is the one that was tampered with."""


def key_told(path: Path, settings: KeySettings, now: Callable[[], datetime]) -> dict[str, Any]:
    """The answer to ``keys``. place: where the key is kept, by the profile; out: the use that is not over; entries: the
    newest first, each with the numbers of its rows; sound, rows, bad_row: see `ledgers.Verdict`; verdict: the same as a
    sentence for staff. Times are UTC. With an ``error`` in place of all that when the book cannot be read."""
    try:
        with closing(open_database(path)) as connection:
            chain = Chain(connection, "key", now)
            verdict = chain.verify()
            book = KeyLedger(chain, settings)
            entries, out = book.entries(), book.out()
    except LedgerTampered as error:
        return {"v": 1, "place": settings.place, "out": None, "entries": [], "sound": False, "rows": 0,
                "bad_row": error.seq, "verdict": _said(Verdict("key", 0, error.seq, error.what))}  # fmt: skip
    except (DatabaseDamaged, sqlite3.Error, OSError) as error:
        return {"v": 1, "error": f"the book of the key cannot be read ({type(error).__name__})"}
    newest = entries[-NEWEST:]
    older = entries[: len(entries) - len(newest)]
    bad = tuple(entry for entry in older if verdict.bad_row in _rows(entry))
    return {
        "v": 1,
        "place": settings.place,
        "out": None if out is None else _use(out),
        "entries": [_entry(entry) for entry in reversed((*bad, *newest))],
        "sound": verdict.sound,
        "rows": verdict.rows,
        "bad_row": verdict.bad_row,
        "verdict": _said(verdict),
    }


def _said(verdict: Verdict) -> str:
    """Without the name of the book."""
    return str(verdict).split(": ", 1)[1]


def _rows(entry: Use | Opening) -> tuple[int, ...]:
    """Its own rows, and those of the openings within."""
    within = entry.openings if isinstance(entry, Use) else ()
    return tuple(sorted({*entry.rows, *(row for one in within for row in one.rows)}))


def _entry(entry: Use | Opening) -> dict[str, Any]:
    return _use(entry) if isinstance(entry, Use) else {"kind": "alarm", **_opening(entry), "rows": _rows(entry)}


def _use(use: Use) -> dict[str, Any]:
    return {
        "kind": "use",
        "number": use.number,
        "holder": use.holder,
        "purpose": use.purpose,
        "countersigned": use.countersigned,
        "out": use.out.isoformat(),
        "back": _time(use.back),
        "back_by": use.back_by,
        "openings": [_opening(one) for one in use.openings],
        "rows": _rows(use),
    }


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        "number": opening.number,
        "opened": opening.opened.isoformat(),
        "closed": _time(opening.closed),
        "found": opening.found,
        "seen_by": opening.seen_by,
        "seen_why": opening.seen_why,
    }


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
