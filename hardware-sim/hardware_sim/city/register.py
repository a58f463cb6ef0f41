"""The city's register (住民基本台帳) of synthetic residents, in SQLite.

Every reading for one answer happens in one transaction: what a certificate says, whose it is and how old the
reading is come from one consistent state of the register. Persons are found by the issuer and serial number of
their card's certificate, by the service id of their Juki card, or by their own id; never by position.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Self

from config.calendar import JST
from hardware_sim.city import building, jukicards, stored
from hardware_sim.city.building import PERSON_COLUMNS
from hardware_sim.city.holdings import IncomeYear, Seal, TaxItem
from hardware_sim.city.jukicards import JukiCard
from hardware_sim.city.residents import PIN_TRIES, SEED, Person
from hardware_sim.city.wire import commitment, juki_commitment

_DATES = {"birth", "became_resident", "address_since"}
_FLAGS = {"western", "restricted", "moved_out"}

Handle = Literal["certificate", "juki"]
"""Which card the person is identified by."""


class RegisterError(Exception):
    """The register cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Extract:
    """What one transaction read for one answer. ``subject`` was computed there, from the row itself."""

    holder: Person = field(repr=False)
    address: str = field(repr=False)
    head_name: str = field(repr=False)
    members: tuple[Person, ...] = field(repr=False)
    """Those who live there now, in the order of the register."""
    subject: bytes = field(repr=False)
    """Commitment C (docs/protocol.md §6, §6a)."""
    as_of: datetime
    seal: Seal | None = field(default=None, repr=False)
    income: IncomeYear | None = field(default=None, repr=False)
    """The newest year that has been assessed."""
    taxes: tuple[TaxItem, ...] = field(default=(), repr=False)
    """By year, tax and instalment."""


@dataclass(frozen=True)
class ResidentSummary:
    """A line of the bench page. All of it is made up."""

    id: str
    name: str
    household_size: int
    card_serial: int
    """Serial number of the card's authentication certificate; 0: no card."""
    remarks: str
    juki_id: str = ""
    """Service id of the Juki card, 32 hex digits; empty: no such card."""
    juki_expires: date | None = None
    """Last day of the Juki card."""


class Register:
    """Reads and, for the bench, changes the register. May be used from any thread."""

    def __init__(self, path: Path) -> None:
        """Raises RegisterError when there is no register of this form at ``path``."""
        self._path = path
        try:
            with self._transaction() as db:
                meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error as error:
            raise RegisterError(f"{path} is no register ({error}): delete it, it is built anew") from None
        if meta.get("synthetic") != "yes":
            raise RegisterError(f"{path} is not marked as synthetic: the bench does not touch it")

    @classmethod
    def build(cls, path: Path, issuer_name_der: bytes, seed: int = SEED, municipality: str = "saga") -> Self:
        """A new register at ``path``; an old one is replaced.

        ``issuer_name_der``: the issuer name in the cards' authentication certificates.

        Raises:
            TownError: the bench has no residents of that city.
        """
        building.build(path, issuer_name_der, seed, municipality)
        return cls(path)

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
        """One connection, one transaction; rolled back on an error. ``writes``: nobody else writes meanwhile."""
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                db.execute("ROLLBACK")
                raise

    # --- reading ---

    def card_status(self, issuer_hash: bytes, serial: bytes) -> str:
        """``good``, ``revoked`` or ``unknown``; as with a revocation list, what is not listed is good."""
        with self._transaction() as db:
            query = "SELECT status FROM card_status WHERE issuer_hash = ? AND serial = ?"
            row = db.execute(query, (issuer_hash, serial)).fetchone()
        return "good" if row is None else str(row[0])

    def find(self, issuer_hash: bytes, serial: bytes) -> str | None:
        """Id of the person with this certificate."""
        if not serial:
            return None
        with self._transaction() as db:
            query = "SELECT id FROM person WHERE issuer_hash = ? AND card_serial = ?"
            row = db.execute(query, (issuer_hash, serial)).fetchone()
        return None if row is None else str(row[0])

    def juki_card(self, juki_id: bytes) -> JukiCard | None:
        """The Juki card with this service id."""
        with self._transaction() as db:
            return jukicards.find(db, juki_id)

    def extract(
        self,
        person_id: str,
        nonce: bytes,
        session: bytes,
        now: Callable[[], datetime],
        by: Handle = "certificate",
    ) -> Extract | None:
        """Everything about one person for one answer, read in one transaction; None when there is no such row.

        The commitment is made here, from issuer and serial number in the row just read (or from the Juki card that
        belongs to it), so that a row of somebody else cannot pass for this person's (I-3).
        """
        with self._transaction() as db:
            row = db.execute("SELECT * FROM person WHERE id = ?", (person_id,)).fetchone()
            if row is None:
                return None
            home = db.execute("SELECT * FROM household WHERE id = ?", (row["household"],)).fetchone()
            query = "SELECT * FROM person WHERE household = ? ORDER BY position"
            people = [_person(found) for found in db.execute(query, (row["household"],))]
            as_of = now()
            today = as_of.astimezone(JST).date()
            if by == "certificate":
                subject = commitment(nonce, session, row["issuer_hash"], row["card_serial"])
            else:
                juki_id = jukicards.id_of(db, person_id)
                if juki_id is None:
                    return None
                subject = juki_commitment(nonce, session, juki_id)
            return Extract(
                holder=_person(row),
                address=str(home["address"]),
                head_name=str(home["head_name"]),
                members=tuple(person for person in people if not person.moved_out),
                subject=subject,
                as_of=as_of,
                seal=stored.seal(db, person_id),
                income=stored.income(db, person_id, today),
                taxes=stored.taxes(db, person_id, today),
            )

    def somebody_else(self, person_id: str) -> str:
        """An adult of another household with nothing special about them (for faults of the bench)."""
        with self._transaction() as db:
            query = (
                "SELECT id FROM person WHERE household <> (SELECT household FROM person WHERE id = ?)"
                " AND remarks = '' AND id IN (SELECT person FROM seal) AND id IN (SELECT person FROM juki_card)"
                " AND id IN (SELECT person FROM instalment) ORDER BY id LIMIT 1"
            )
            row = db.execute(query, (person_id,)).fetchone()
        if row is None:
            raise RegisterError("there is nobody else in this register")
        return str(row[0])

    def residents(self) -> list[ResidentSummary]:
        """All of them, in the order of the register."""
        with self._transaction() as db:
            query = (
                "SELECT person.id, name, card_serial, remarks, juki_card.id AS juki, expires,"
                " (SELECT count(*) FROM person AS other WHERE other.household = person.household) AS size"
                " FROM person LEFT JOIN juki_card ON juki_card.person = person.id ORDER BY person.id"
            )
            return [
                ResidentSummary(
                    id=row["id"],
                    name=row["name"],
                    household_size=row["size"],
                    card_serial=int.from_bytes(row["card_serial"], "big"),
                    remarks=row["remarks"],
                    juki_id=(row["juki"] or b"").hex(),
                    juki_expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
                )
                for row in db.execute(query)
            ]

    # --- writing ---

    def try_juki_pin(self, juki_id: bytes, pin: str) -> tuple[bool, int]:
        """(right, tries left); counted before this returns, whoever else tries at the same time."""
        with self._transaction(writes=True) as db:
            return jukicards.try_pin(db, juki_id, pin)

    def record_issue(self, serials: list[str], person_id: str, kind: str, at: str) -> None:
        """Keep which serial numbers of issue were given out.

        Raises:
            sqlite3.IntegrityError: one of them was given out before.
        """
        with self._transaction(writes=True) as db:
            rows = [(serial, person_id, kind, at) for serial in serials]
            db.executemany("INSERT INTO issued VALUES (?, ?, ?, ?)", rows)

    def change(self, person_id: str, changes: Mapping[str, object]) -> None:
        """Change columns of one person, as a notification at the counter would.

        Raises:
            KeyError: no such person or column.
        """
        for name in changes:
            if name not in PERSON_COLUMNS or name == "id":
                raise KeyError(name)
        with self._transaction(writes=True) as db:
            for name, value in changes.items():
                stored_value = value.isoformat() if isinstance(value, date) else value
                query = f"UPDATE person SET {name} = ? WHERE id = ?"  # noqa: S608
                if db.execute(query, (stored_value, person_id)).rowcount != 1:
                    raise KeyError(person_id)

    def change_juki(self, person_id: str, *, tries: int | None = None, status: str | None = None) -> None:
        """Set what is left of the tries (0 … 3) or the status (``good``, ``stopped``) of somebody's Juki card.

        Raises:
            KeyError: this person has no Juki card.
            ValueError: no such status or number of tries.
        """
        if status not in {None, "good", "stopped"} or (tries is not None and not 0 <= tries <= PIN_TRIES):
            raise ValueError(f"a Juki card is good or stopped and has 0 to {PIN_TRIES} tries")
        with self._transaction(writes=True) as db:
            if not jukicards.change(db, person_id, tries, status):
                raise KeyError(person_id)

    def cancel_seal(self, person_id: str) -> None:
        """廃印: from the next reading on there is no registered seal (SIM-7). Raises KeyError when there is none."""
        with self._transaction(writes=True) as db:
            if db.execute("DELETE FROM seal WHERE person = ?", (person_id,)).rowcount != 1:
                raise KeyError(person_id)


def _person(row: sqlite3.Row) -> Person:
    values: dict[str, object] = {name: row[name] for name in PERSON_COLUMNS}
    values |= {name: date.fromisoformat(row[name]) for name in _DATES}
    values |= {name: bool(row[name]) for name in _FLAGS}
    return Person(**values, card_serial=int.from_bytes(row["card_serial"], "big"))  # type: ignore[arg-type]
