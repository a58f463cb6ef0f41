"""Builds a register from a seed: the same seed, issuer and city give the same one."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from dataclasses import fields
from datetime import date
from pathlib import Path

from hardware_sim.city import jukicards, stored
from hardware_sim.city.means import means_of
from hardware_sim.city.residents import Household, Person, households
from hardware_sim.city.seals import seal_of
from hardware_sim.city.towns import Town, town_of
from hardware_sim.city.wire import serial_bytes, sha256

_OF_OTHER_TABLES = {
    *("card_serial", "card_status", "means", "seal"),
    *("juki", "juki_id", "juki_expires", "juki_status", "juki_pin", "juki_tries"),
}
PERSON_COLUMNS = tuple(f.name for f in fields(Person) if f.name not in _OF_OTHER_TABLES)
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE household (id TEXT PRIMARY KEY, address TEXT NOT NULL, head_name TEXT NOT NULL) STRICT;
CREATE TABLE person (
  {", ".join(f"{name} {'INTEGER' if name == 'position' else 'ANY'} NOT NULL" for name in PERSON_COLUMNS)},
  issuer_hash BLOB NOT NULL, card_serial BLOB NOT NULL,
  PRIMARY KEY (id), UNIQUE (household, position), FOREIGN KEY (household) REFERENCES household (id)) STRICT;
CREATE UNIQUE INDEX card ON person (issuer_hash, card_serial) WHERE length(card_serial) > 0;
CREATE TABLE card_status (issuer_hash BLOB, serial BLOB, status TEXT, PRIMARY KEY (issuer_hash, serial)) STRICT;
CREATE TABLE issued (serial TEXT PRIMARY KEY, person TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL) STRICT;
{stored.SCHEMA}{jukicards.SCHEMA}"""


def build(path: Path, issuer_name_der: bytes, seed: int, municipality: str) -> None:
    """A new register at ``path`` (0600); an old one is replaced.

    Raises:
        TownError: the bench has no residents of that city.
    """
    town = town_of(municipality)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    issuer_hash = sha256(issuer_name_der)
    with closing(sqlite3.connect(beside)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
        db.executescript(_SCHEMA)
        about = "架空の住民。実在の人物・世帯とは関係ありません。"
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("synthetic", "yes"), ("about", about)])
        for household in households(seed, municipality):
            row = (household.id, household.address, household.head_name)
            db.execute("INSERT INTO household VALUES (?, ?, ?)", row)
            for person in household.members:
                _insert(db, person, issuer_hash)
                _endow(db, person, household, town, seed)
    beside.chmod(0o600)
    for rest in ("-wal", "-shm"):  # of an old register: SQLite would play it into the new one
        path.with_name(path.name + rest).unlink(missing_ok=True)
    beside.replace(path)


def _insert(db: sqlite3.Connection, person: Person, issuer_hash: bytes) -> None:
    serial = serial_bytes(person.card_serial)
    values = [getattr(person, name) for name in PERSON_COLUMNS]
    row = [value.isoformat() if isinstance(value, date) else value for value in values]
    places = ", ".join("?" * (len(row) + 2))
    db.execute(f"INSERT INTO person VALUES ({places})", (*row, issuer_hash, serial))  # noqa: S608
    if person.card_status != "good":
        db.execute("INSERT INTO card_status VALUES (?, ?, ?)", (issuer_hash, serial, person.card_status))


def _endow(db: sqlite3.Connection, person: Person, household: Household, town: Town, seed: int) -> None:
    """What lies beside the residence record; chance of its own for each person, so that one case moves no other."""
    said = f"{town.municipality} {seed} {person.id}"
    seal = seal_of(person, random.Random(f"seal {said}"))
    means = means_of(person, household.members, household.address, town, random.Random(f"means {said}"))
    stored.insert(db, person.id, seal, means)
    jukicards.insert(db, person, hashlib.sha256(f"salt {said}".encode()).digest()[:16])
