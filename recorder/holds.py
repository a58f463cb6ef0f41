"""What must not be written over though it is old: a range of time, with a reason, an owner and a day to look again.

A hold is two rows of a ledger (`hold`, `release`). Others may write them too, while the recorder runs: what they wrote
is read before every decision (`refresh`), so that a hold counts from the moment it is entered. An open police request
is a hold like any other, made at once when the request is entered.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from config.ledger import LedgerRow, Scalar


class HoldLedger(Protocol):
    """Where holds are written. `append` forces the row to disk and gives its number."""

    def append(self, kind: str, data: dict[str, Scalar]) -> int: ...

    def rows(self, after: int = 0) -> Iterable[LedgerRow]: ...


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hold:
    """first/last: labels in microseconds, both ends held. copied: it lies in slots of its own; nothing else is
    pinned."""

    number: int
    first_utc_us: int
    last_utc_us: int
    reason: str
    owner: str
    review: date
    copied: bool = False


class HoldError(ValueError):
    """A hold that cannot be made or ended; the message says why."""


class Holds:
    """The holds of one ledger. unknown: the ledger was lost or changed by somebody, so everything counts as held."""

    def __init__(self, ledger: HoldLedger, *, unknown: bool = False) -> None:
        self._ledger = ledger
        self._active: dict[int, Hold] = {}
        self._last = 0
        self.unknown = unknown
        self._read()

    def refresh(self) -> bool:
        """Read what others have written; False: it cannot be read now, and what was known goes on being held."""
        try:
            self._read()
        except sqlite3.Error as error:
            _log.error("what is held cannot be read anew: %s", error)
            return False
        return True

    def add(self, first_utc_us: int, last_utc_us: int, reason: str, owner: str, review: date) -> int:
        """Pin a range from now on; returns the number of the hold. Raises HoldError."""
        if last_utc_us < first_utc_us:
            raise HoldError("the range ends before it begins")
        if not reason.strip() or not owner.strip():
            raise HoldError("a hold needs a reason and an owner")
        data: dict[str, Scalar] = {
            "first_utc_us": first_utc_us,
            "last_utc_us": last_utc_us,
            "reason": reason,
            "owner": owner,
            "review": review.isoformat(),
        }
        number = self._ledger.append("hold", data)
        self._read()
        return number

    def copied(self, number: int) -> None:
        """Everything of it has been copied into slots of its own."""
        self._require(number)
        self._ledger.append("copied", {"hold": number})
        self._read()

    def release(self, number: int, by: str, why: str) -> None:
        """End a hold: what it pinned is as old as it is. Raises HoldError."""
        self._require(number)
        if not by.strip() or not why.strip():
            raise HoldError("ending a hold needs a name and a reason")
        self._ledger.append("release", {"hold": number, "by": by, "why": why})
        self._read()

    def active(self, number: int) -> bool:
        return number in self._active

    def pins(self, first_utc_us: int, last_utc_us: int) -> bool:
        """Whether a hold wants anything between two labels kept where it is."""
        return any(
            hold.first_utc_us <= last_utc_us and hold.last_utc_us >= first_utc_us and not hold.copied
            for hold in self._active.values()
        )

    def all(self) -> tuple[Hold, ...]:
        """What is held now, in the order of the numbers."""
        return tuple(self._active[number] for number in sorted(self._active))

    def due(self, today: date) -> tuple[Hold, ...]:
        """Holds whose day to look again has come."""
        return tuple(hold for hold in self.all() if hold.review <= today)

    def _require(self, number: int) -> None:
        if number not in self._active:
            raise HoldError(f"there is no hold {number} to end")

    def _read(self) -> None:
        for row in self._ledger.rows(self._last):
            self._follow(row.seq, row.kind, row.data)
            self._last = row.seq

    def _follow(self, seq: int, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "hold":
            self._active[seq] = Hold(
                seq, data["first_utc_us"], data["last_utc_us"], data["reason"], data["owner"],
                date.fromisoformat(data["review"]),
            )  # fmt: skip
        elif kind == "release":
            self._active.pop(data["hold"], None)
        elif kind == "copied" and (hold := self._active.get(data["hold"])):
            self._active[hold.number] = Hold(
                hold.number, hold.first_utc_us, hold.last_utc_us, hold.reason, hold.owner, hold.review, copied=True
            )
