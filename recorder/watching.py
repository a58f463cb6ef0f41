"""Health of the picture, and the books, as the service asks them: neither raises, neither stops anything."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime

from config.ledger import LedgerTampered
from drivers.camera import Look
from recorder.case import Case
from recorder.health import Health
from recorder.ledgers import Ledgers

BOOKS, LOST, TAMPERED = "books", "books_lost", "books_changed"
"""Faults: a book cannot be written; those from before cannot be read; a row was changed by somebody."""
_ERRORS = (sqlite3.Error, LedgerTampered, OSError)

_log = logging.getLogger(__name__)


class PictureHealth:
    """Implements `parts.Watched`. reference: as for `Health`."""

    def __init__(self, reference: bytes | None = None) -> None:
        self._health = Health(reference)

    def heard(self, boot_ns: int) -> None:
        self._health.heard(boot_ns)

    def see(self, look: Look, present: bool) -> None:
        self._health.see(look, present)

    def accept_view(self) -> None:
        self._health.accept_view()

    def tick(self, boot_ns: int) -> frozenset[str]:
        self._health.tick(boot_ns)
        return frozenset(fault.value for fault in self._health.faults)


class BookKeeper:
    """Implements `parts.Books`. case: None where the machine has no contact (simulations)."""

    def __init__(self, ledgers: Ledgers, case: Case | None) -> None:
        self._ledgers = ledgers
        self._case = case
        self._bad = False

    def case_is(self, is_open: bool | None, boot_s: float) -> None:
        if self._case is None:
            return
        try:
            self._case.see(is_open, boot_s)
        except _ERRORS as error:
            self._fail(error)

    def faults(self, now: datetime, boot_s: float) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        try:
            if self._case is not None:
                found = self._case.faults(now, boot_s)
        except _ERRORS as error:
            self._fail(error)
        ledgers = self._ledgers
        told = {BOOKS: self._bad, LOST: ledgers.lost, TAMPERED: bool(ledgers.tampered)}
        return found | {fault for fault, is_so in told.items() if is_so}

    def write(self, faults: frozenset[str]) -> None:
        try:
            self._ledgers.health.set(faults)
            self._bad = not self._ledgers.flush()
        except _ERRORS as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._bad:
            _log.error("a book cannot be written: %s", error)
        self._bad = True
