"""The machine's own record of what reached it and what came out: the judge of "twice" and "left behind"."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class OracleLog:
    """Events in order, in memory and, if a file is given, one JSON object a line. Never holds document content.

    Each entry has `n` (from 1), `t` (ISO date and time), `event` and fields of its own:

    - `document`: job_id, job_name, user, sha256, bytes, pages, sides, media, tray, copies, format, scaling,
      first_byte_s (the monotonic clock when the first byte of the document itself came)
    - `sheet`: sheet, job_id, job_name, tray, sides, front, back (pages from 1); `sheet-lost`: job_id, tray
    - `job`: job_id, state, reasons
    - `cancel-job`: job_id, user, found; `cancel-my-jobs`: user, job_ids
    - `fault`, `clear`, `power`, `loaded`, `taken` (sheets), `identify`, `internal-error`
    """

    def __init__(self, wall: Callable[[], datetime], path: Path | None = None) -> None:
        self._wall = wall
        self._path = path
        self._lock = threading.Lock()
        self._entries: list[Entry] = []

    def add(self, event: str, **fields: Any) -> None:
        with self._lock:
            entry: Entry = {"n": len(self._entries) + 1, "t": self._wall().isoformat(), "event": event, **fields}
            self._entries.append(entry)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def entries(self, event: str | None = None) -> list[Entry]:
        """A copy of the entries, all or those of one event."""
        with self._lock:
            return [dict(e) for e in self._entries if event in (None, e["event"])]
