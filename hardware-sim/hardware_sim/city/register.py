"""The city's register (住民基本台帳) of synthetic residents, in SQLite.

Every reading for one answer happens in one transaction: what a certificate says, whose it is and how old the
reading is come from one consistent state of the register. Persons are found by the issuer and serial number of
their card's certificate, or by their own id; never by position.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path

from hardware_sim.city.holdings import IncomeYear, Seal, TaxItem
from hardware_sim.city.residents import SEED, Person, households
from hardware_sim.city.wire import commitment, serial_bytes, sha256

_PERSON_COLUMNS = tuple(f.name for f in fields(Person) if f.name not in {"card_serial", "card_status"})
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE household (id TEXT PRIMARY KEY, address TEXT NOT NULL, head_name TEXT NOT NULL) STRICT;
CREATE TABLE person (
  {", ".join(f"{name} {'INTEGER' if name == 'position' else 'ANY'} NOT NULL" for name in _PERSON_COLUMNS)},
  issuer_hash BLOB NOT NULL, card_serial BLOB NOT NULL,
  PRIMARY KEY (id), UNIQUE (household, position), FOREIGN KEY (household) REFERENCES household (id)) STRICT;
CREATE UNIQUE INDEX card ON person (issuer_hash, card_serial) WHERE length(card_serial) > 0;
CREATE TABLE card_status (issuer_hash BLOB, serial BLOB, status TEXT, PRIMARY KEY (issuer_hash, serial)) STRICT;
CREATE TABLE issued (serial TEXT PRIMARY KEY, person TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL) STRICT;
"""
_DATES = {"birth", "became_resident", "address_since"}
_FLAGS = {"western", "restricted", "moved_out"}


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
    """Commitment C (docs/protocol.md §6)."""
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
    def build(cls, path: Path, issuer_name_der: bytes, seed: int = SEED) -> Register:
        """A new register at ``path``; an old one is replaced.

        ``issuer_name_der``: the issuer name in the cards' authentication certificates. The same seed and issuer
        give the same register.
        """
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        issuer_hash = sha256(issuer_name_der)
        with closing(sqlite3.connect(beside)) as db, db:
            db.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
            db.executescript(_SCHEMA)
            about = "架空の住民。実在の人物・世帯とは関係ありません。"
            db.executemany("INSERT INTO meta VALUES (?, ?)", [("synthetic", "yes"), ("about", about)])
            for household in households(seed):
                row = (household.id, household.address, household.head_name)
                db.execute("INSERT INTO household VALUES (?, ?, ?)", row)
                for person in household.members:
                    _insert(db, person, issuer_hash)
        beside.chmod(0o600)
        for rest in ("-wal", "-shm"):  # of an old register: SQLite would play it into the new one
            path.with_name(path.name + rest).unlink(missing_ok=True)
        beside.replace(path)
        return cls(path)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One connection, one transaction; rolled back on an error."""
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN")
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

    def extract(self, person_id: str, nonce: bytes, session: bytes, now: Callable[[], datetime]) -> Extract | None:
        """Everything about one person for one answer, read in one transaction; None when there is no such row.

        The commitment is made here, from issuer and serial number in the row just read, so that a row of
        somebody else cannot pass for this person's (I-3).
        """
        with self._transaction() as db:
            row = db.execute("SELECT * FROM person WHERE id = ?", (person_id,)).fetchone()
            if row is None:
                return None
            home = db.execute("SELECT * FROM household WHERE id = ?", (row["household"],)).fetchone()
            query = "SELECT * FROM person WHERE household = ? ORDER BY position"
            people = [_person(found) for found in db.execute(query, (row["household"],))]
            as_of = now()
        return Extract(
            holder=_person(row),
            address=str(home["address"]),
            head_name=str(home["head_name"]),
            members=tuple(person for person in people if not person.moved_out),
            subject=commitment(nonce, session, row["issuer_hash"], row["card_serial"]),
            as_of=as_of,
        )

    def somebody_else(self, person_id: str) -> str:
        """An adult of another household with nothing special about them (for faults of the bench)."""
        with self._transaction() as db:
            query = (
                "SELECT id FROM person WHERE household <> (SELECT household FROM person WHERE id = ?)"
                " AND remarks = '' AND length(card_serial) > 0 ORDER BY id LIMIT 1"
            )
            row = db.execute(query, (person_id,)).fetchone()
        if row is None:
            raise RegisterError("there is nobody else in this register")
        return str(row[0])

    def residents(self) -> list[ResidentSummary]:
        """All of them, in the order of the register."""
        with self._transaction() as db:
            query = (
                "SELECT id, name, card_serial, remarks,"
                " (SELECT count(*) FROM person AS other WHERE other.household = person.household) AS size"
                " FROM person ORDER BY id"
            )
            return [
                ResidentSummary(
                    row["id"], row["name"], row["size"], int.from_bytes(row["card_serial"], "big"), row["remarks"]
                )
                for row in db.execute(query)
            ]

    # --- writing ---

    def record_issue(self, serials: list[str], person_id: str, kind: str, at: str) -> None:
        """Keep which serial numbers of issue were given out.

        Raises:
            sqlite3.IntegrityError: one of them was given out before.
        """
        with self._transaction() as db:
            rows = [(serial, person_id, kind, at) for serial in serials]
            db.executemany("INSERT INTO issued VALUES (?, ?, ?, ?)", rows)

    def change(self, person_id: str, changes: Mapping[str, object]) -> None:
        """Change columns of one person, as a notification at the counter would.

        Raises:
            KeyError: no such person or column.
        """
        for name in changes:
            if name not in _PERSON_COLUMNS or name == "id":
                raise KeyError(name)
        with self._transaction() as db:
            for name, value in changes.items():
                stored = value.isoformat() if isinstance(value, date) else value
                done = db.execute(f"UPDATE person SET {name} = ? WHERE id = ?", (stored, person_id))  # noqa: S608
                if done.rowcount != 1:
                    raise KeyError(person_id)


def _insert(db: sqlite3.Connection, person: Person, issuer_hash: bytes) -> None:
    serial = serial_bytes(person.card_serial)
    values = [getattr(person, name) for name in _PERSON_COLUMNS]
    stored = [value.isoformat() if isinstance(value, date) else value for value in values]
    places = ", ".join("?" * (len(stored) + 2))
    db.execute(f"INSERT INTO person VALUES ({places})", (*stored, issuer_hash, serial))  # noqa: S608
    if person.card_status != "good":
        db.execute("INSERT INTO card_status VALUES (?, ?, ?)", (issuer_hash, serial, person.card_status))


def _person(row: sqlite3.Row) -> Person:
    values: dict[str, object] = {name: row[name] for name in _PERSON_COLUMNS}
    values |= {name: date.fromisoformat(row[name]) for name in _DATES}
    values |= {name: bool(row[name]) for name in _FLAGS}
    return Person(**values, card_serial=int.from_bytes(row["card_serial"], "big"))  # type: ignore[arg-type]
