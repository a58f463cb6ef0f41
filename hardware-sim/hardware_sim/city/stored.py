"""Seals, incomes and taxes in the register's database: in as they were made up, out as of one Japanese day."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import date
from typing import Any

from hardware_sim.city.holdings import Amount, IncomeYear, Seal, SealGlyph, TaxItem
from hardware_sim.city.means import Means, newest_year

SCHEMA = """
CREATE TABLE seal (person TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT;
CREATE TABLE income (person TEXT, fiscal_year INTEGER, data TEXT NOT NULL, PRIMARY KEY (person, fiscal_year)) STRICT;
CREATE TABLE instalment (
  person TEXT NOT NULL, position INTEGER NOT NULL, fiscal_year INTEGER NOT NULL, tax TEXT NOT NULL,
  period TEXT NOT NULL, due TEXT NOT NULL, charged_yen INTEGER NOT NULL, paid_yen INTEGER NOT NULL,
  paid_on TEXT NOT NULL, PRIMARY KEY (person, position)) STRICT;
"""


def insert(db: sqlite3.Connection, person: str, seal: Seal | None, means: Means) -> None:
    """Put in what one person has."""
    if seal is not None:
        db.execute("INSERT INTO seal VALUES (?, ?)", (person, _text(asdict(seal))))
    incomes = [(person, income.fiscal_year, _text(asdict(income))) for income in means.incomes]
    db.executemany("INSERT INTO income VALUES (?, ?, ?)", incomes)
    rows = []
    for position, (item, paid_on) in enumerate((one.item, one.paid_on) for one in means.instalments):
        when = "" if paid_on is None else paid_on.isoformat()
        amounts = (item.charged_yen, item.paid_yen, when)
        rows.append((person, position, item.fiscal_year, item.tax, item.period, item.due.isoformat(), *amounts))
    db.executemany("INSERT INTO instalment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def seal(db: sqlite3.Connection, person: str) -> Seal | None:
    """The registered seal."""
    row = db.execute("SELECT data FROM seal WHERE person = ?", (person,)).fetchone()
    if row is None:
        return None
    found: dict[str, Any] = json.loads(row[0])
    glyphs = tuple(SealGlyph(**glyph) for glyph in found["glyphs"])
    return Seal(**{**found, "glyphs": glyphs, "registered": date.fromisoformat(found["registered"])})


def income(db: sqlite3.Connection, person: str, today: date) -> IncomeYear | None:
    """The newest assessment there can be on ``today``; None when that year is not on file."""
    query = "SELECT data FROM income WHERE person = ? AND fiscal_year = ?"
    row = db.execute(query, (person, min(newest_year(today), _last_year(db)))).fetchone()
    if row is None:
        return None
    found: dict[str, Any] = json.loads(row[0])
    lists = {name: tuple(Amount(**one) for one in found[name]) for name in ("receipts", "incomes", "deductions")}
    return IncomeYear(**{**found, **lists})


def _last_year(db: sqlite3.Connection) -> int:
    """Made-up years end; a bench whose clock is far ahead goes on with the last."""
    return int(db.execute("SELECT coalesce(max(fiscal_year), 0) FROM income").fetchone()[0])


def taxes(db: sqlite3.Connection, person: str, today: date) -> tuple[TaxItem, ...]:
    """All that was charged by ``today``, with what was paid by then."""
    query = "SELECT * FROM instalment WHERE person = ? AND fiscal_year <= ? ORDER BY fiscal_year, tax, position"
    rows = db.execute(query, (person, newest_year(today)))
    return tuple(
        TaxItem(
            fiscal_year=row["fiscal_year"],
            tax=row["tax"],
            period=row["period"],
            due=date.fromisoformat(row["due"]),
            charged_yen=row["charged_yen"],
            paid_yen=row["paid_yen"] if row["paid_on"] and row["paid_on"] <= today.isoformat() else 0,
        )
        for row in rows
    )


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=date.isoformat)
