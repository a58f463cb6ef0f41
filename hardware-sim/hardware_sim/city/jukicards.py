"""Juki cards as the city keeps them: a service id, a last day, and a PIN of which only a hash is there.

A wrong PIN is counted in the same transaction in which it is compared, and that transaction takes the database's one
right to write before it reads: however many terminals try at once, three wrong PINs block the card.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from dataclasses import dataclass, field
from datetime import date

from hardware_sim.city.residents import PIN_TRIES, Person

SCHEMA = """
CREATE TABLE juki_card (
  id BLOB PRIMARY KEY, person TEXT NOT NULL UNIQUE, expires TEXT NOT NULL, status TEXT NOT NULL,
  salt BLOB NOT NULL, pin_hash BLOB NOT NULL, tries INTEGER NOT NULL CHECK (tries BETWEEN 0 AND 3)) STRICT;
"""
_COST, _BLOCK, _LANES = 512, 8, 1
"""scrypt (RFC 7914); 10,000 PINs are few at any cost, so a millisecond is enough to keep no PIN readable."""


@dataclass(frozen=True)
class JukiCard:
    """What decides before the PIN. ``tries`` left; ``pin_set`` is False for a card whose holder never chose one."""

    person: str = field(repr=False)
    expires: date
    stopped: bool
    pin_set: bool
    tries: int

    def refusal(self, today: date) -> str:
        """The reason of docs/protocol.md §6a why this card does not serve; empty when it does."""
        if self.stopped:
            return "certificate_revoked"
        if today > self.expires:
            return "certificate_expired"
        if not self.pin_set:
            return "pin_never_set"
        return "" if self.tries else "pin_blocked"


def insert(db: sqlite3.Connection, person: Person, salt: bytes) -> None:
    """Put in this person's card, if there is one. Raises ValueError when it has no last day."""
    if not person.juki_id:
        return
    if person.juki_expires is None:
        raise ValueError("a Juki card has a last day")
    digest = _hash(person.juki_pin, salt) if person.juki_pin else b""
    values = (bytes.fromhex(person.juki_id), person.id, person.juki_expires.isoformat(), person.juki_status)
    db.execute("INSERT INTO juki_card VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, salt, digest, person.juki_tries))


def find(db: sqlite3.Connection, juki_id: bytes) -> JukiCard | None:
    """The card with this service id."""
    row = db.execute("SELECT * FROM juki_card WHERE id = ?", (juki_id,)).fetchone()
    if row is None:
        return None
    expires = date.fromisoformat(row["expires"])
    return JukiCard(row["person"], expires, row["status"] == "stopped", bool(row["pin_hash"]), row["tries"])


def id_of(db: sqlite3.Connection, person: str) -> bytes | None:
    """Service id of this person's card."""
    row = db.execute("SELECT id FROM juki_card WHERE person = ?", (person,)).fetchone()
    return None if row is None else bytes(row["id"])


def try_pin(db: sqlite3.Connection, juki_id: bytes, pin: str) -> tuple[bool, int]:
    """Compare one PIN and count: (right, tries left). Right sets the tries back, wrong takes one.

    Inside a transaction that began with the right to write (BEGIN IMMEDIATE). A card without PIN or without tries
    left is never right, whatever was typed.
    """
    row = db.execute("SELECT salt, pin_hash, tries FROM juki_card WHERE id = ?", (juki_id,)).fetchone()
    if row is None or not row["pin_hash"] or not row["tries"]:
        return False, 0
    right = hmac.compare_digest(_hash(pin, row["salt"]), row["pin_hash"])
    left = PIN_TRIES if right else row["tries"] - 1
    db.execute("UPDATE juki_card SET tries = ? WHERE id = ?", (left, juki_id))
    return right, left


def change(db: sqlite3.Connection, person: str, tries: int | None, status: str | None) -> bool:
    """Set tries or status, as the counter would; False when this person has no card."""
    done = db.execute(
        "UPDATE juki_card SET tries = coalesce(?, tries), status = coalesce(?, status) WHERE person = ?",
        (tries, status, person),
    )
    return done.rowcount == 1


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=32)
