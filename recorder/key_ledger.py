"""The key of the recorder's case and who used it: 鍵使用管理簿 (S-34, T-2).

Rows of one chain: `out` (holder, purpose, place, who countersigned), `back`, `opened` and `closed` (by the contact of
the case; joined to the use in which they fall), `seen` (somebody answers for an opening without a key). There is one
key; where it is kept is the municipality's word (金庫 or 鍵保管庫).
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from config.ledger import LedgerRow, Scalar
from config.schema import KeySettings
from recorder.ledgers import Chain

LONGEST: Final = 60
"""Characters of a name or a purpose."""


class KeyBookError(Exception):
    """What was asked for cannot be entered; the text, in Japanese, says why and what to do."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The case was open. Times are UTC.

    number: of its row; use: number of the use it falls into, 0 for none, which is an alarm; found: it was open, or was
    closed again, when the recorder first saw it, so that the hour is not known; seen_by, seen_why: who answered for it.
    """

    number: int
    opened: datetime
    closed: datetime | None = None
    use: int = 0
    found: bool = False
    seen_by: str = ""
    seen_why: str = ""
    rows: tuple[int, ...] = ()
    """Numbers of its rows in the chain."""


@dataclass(frozen=True, slots=True)
class Use:
    """The key was out. number: of its row. Times are UTC."""

    number: int
    holder: str
    purpose: str
    place: str
    out: datetime
    countersigned: str = ""
    back: datetime | None = None
    back_by: str = ""
    rows: tuple[int, ...] = ()
    openings: tuple[Opening, ...] = ()


class KeyLedger:
    """Reads and writes the chain. Other processes may write it too: every call looks for new rows first.

    Calls raise sqlite3.Error when the disk fails.
    """

    def __init__(self, chain: Chain, settings: KeySettings) -> None:
        self._chain = chain
        self._settings = settings
        self._last = 0
        self._uses: dict[int, Use] = {}
        self._openings: dict[int, Opening] = {}
        self._out = 0
        self._open = 0

    # ---- people ------------------------------------------------------------------------------------------

    def take(self, holder: str, purpose: str, countersigned: str = "") -> Use:
        """The key goes out. Raises KeyBookError."""
        self._follow()
        holder, purpose, countersigned = _plain(holder), _plain(purpose), _plain(countersigned)
        if self._out:
            raise KeyBookError(
                f"鍵は{self._uses[self._out].holder}さんが持ち出しています。先に返却を記録してください。"
            )
        if not holder or not purpose:
            raise KeyBookError("使う人の名前と目的を入れてください。")
        if self._settings.two_person and not countersigned:
            raise KeyBookError("持ち出しには、もう一人の確認が必要です。確認した人の名前を入れてください。")
        if countersigned == holder:
            raise KeyBookError("確認する人は、使う人とは別の人です。")
        data = {"holder": holder, "purpose": purpose, "place": self._settings.place, "countersigned": countersigned}
        number = self._append("out", data)
        return self._uses[number]

    def give_back(self, by: str) -> Use:
        """The key is in its place again. Raises KeyBookError."""
        self._follow()
        by = _plain(by)
        if not self._out:
            raise KeyBookError("鍵は持ち出されていません。")
        if not by:
            raise KeyBookError("返した人の名前を入れてください。")
        use = self._out
        self._append("back", {"out": use, "by": by})
        return self._uses[use]

    def see(self, opening: int, by: str, why: str) -> Opening:
        """Somebody answers for an opening without a key; its alarm ends. Raises KeyBookError."""
        self._follow()
        by, why = _plain(by), _plain(why)
        if opening not in {one.number for one in self._unseen()}:
            raise KeyBookError("その番号に、確認を待つ開扉はありません。list で確かめてください。")
        if not by or not why:
            raise KeyBookError("確認した人の名前と、分かったことを入れてください。")
        self._append("seen", {"opened": opening, "by": by, "why": why})
        return self._openings[opening]

    # ---- the case ----------------------------------------------------------------------------------------

    def case_is(self, is_open: bool, *, found: bool = False) -> None:
        """What the contact says now. A row only if the chain says otherwise. found: as seen at a start, so that it may
        have been so for long."""
        self._follow()
        if is_open and not self._open:
            self._append("opened", {"out": self._out, "found": found})
        elif not is_open and self._open:
            self._append("closed", {"opened": self._open, "found": found})

    # ---- reading -----------------------------------------------------------------------------------------

    def out(self) -> Use | None:
        """The use that is not over."""
        self._follow()
        return self._uses.get(self._out)

    def open(self) -> Opening | None:
        """The opening that is not over."""
        self._follow()
        return self._openings.get(self._open)

    def unseen(self) -> tuple[Opening, ...]:
        """Openings without a key for which nobody has answered yet."""
        self._follow()
        return self._unseen()

    def entries(self) -> tuple[Use | Opening, ...]:
        """Uses with their openings, and openings that fall into none, in the order in which they began."""
        self._follow()
        lines: list[Use | Opening] = [one for one in self._openings.values() if not one.use]
        for use in self._uses.values():
            within = tuple(one for one in self._openings.values() if one.use == use.number)
            lines.append(replace(use, openings=within))
        return tuple(sorted(lines, key=lambda line: line.number))

    # ---- inside ------------------------------------------------------------------------------------------

    def _append(self, kind: str, data: Mapping[str, Scalar]) -> int:
        number = self._chain.append(kind, data)
        self._follow()
        return number

    def _follow(self) -> None:
        for row in self._chain.rows(self._last):
            self._last = row.seq
            # A row that was tampered with must not keep the others from being read; `Chain.verify` names it.
            with contextlib.suppress(KeyError, TypeError, ValueError):
                _READ[row.kind](self, row)

    def _unseen(self) -> tuple[Opening, ...]:
        return tuple(one for one in self._openings.values() if not one.use and not one.seen_by)

    def _read_out(self, row: LedgerRow) -> None:
        holder, purpose, place, second = (str(row.data[k]) for k in ("holder", "purpose", "place", "countersigned"))
        self._uses[row.seq] = Use(row.seq, holder, purpose, place, row.at, second, rows=(row.seq,))
        self._out = row.seq

    def _read_back(self, row: LedgerRow) -> None:
        use = _number(row, "out")
        self._uses[use] = replace(
            self._uses[use], back=row.at, back_by=str(row.data["by"]), rows=(*self._uses[use].rows, row.seq)
        )
        self._out = 0

    def _read_opened(self, row: LedgerRow) -> None:
        use, found = _number(row, "out"), bool(row.data["found"])
        self._openings[row.seq] = Opening(row.seq, row.at, use=use, found=found, rows=(row.seq,))
        self._open = row.seq

    def _read_closed(self, row: LedgerRow) -> None:
        at = _number(row, "opened")
        opening = self._openings[at]
        found = opening.found or bool(row.data["found"])
        self._openings[at] = replace(opening, closed=row.at, found=found, rows=(*opening.rows, row.seq))
        self._open = 0

    def _read_seen(self, row: LedgerRow) -> None:
        at = _number(row, "opened")
        opening, by, why = self._openings[at], str(row.data["by"]), str(row.data["why"])
        self._openings[at] = replace(opening, seen_by=by, seen_why=why, rows=(*opening.rows, row.seq))


_READ: Final[Mapping[str, Callable[[KeyLedger, LedgerRow], None]]] = {
    "out": KeyLedger._read_out,
    "back": KeyLedger._read_back,
    "opened": KeyLedger._read_opened,
    "closed": KeyLedger._read_closed,
    "seen": KeyLedger._read_seen,
}


def _number(row: LedgerRow, key: str) -> int:
    return int(row.data[key] or 0)


def _plain(text: str) -> str:
    """One line, without what cannot be printed."""
    plain = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text).split())
    if len(plain) > LONGEST:
        raise KeyBookError(f"長すぎます。{LONGEST}文字までで入れてください。")
    return plain
