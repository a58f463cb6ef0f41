"""The recorder's books: what the ring tells finds its place, nothing is lost while the disk fails, holds are kept."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recorder.holds import Holds
from recorder.ledgers import FILE, Chain, Ledgers

ERASED = {"slot": 3, "generation": 9, "first_utc_us": 1, "last_utc_us": 2, "age_s": 20_736_000, "why": "expired"}


def test_holds_live_in_their_chain_over_restarts(desk: Any) -> None:
    number = Holds(desk.ledgers.hold).add(10, 20, "捜査関係事項照会", "市民生活課長", date(2027, 3, 31))
    desk.ledgers.close()
    desk.start()
    (hold,) = Holds(desk.ledgers.hold).all()
    assert (hold.number, hold.reason, hold.review) == (number, "捜査関係事項照会", date(2027, 3, 31))
    assert desk.ledgers.hold.verify().rows == 1


def test_what_the_ring_tells_goes_into_the_right_book(desk: Any) -> None:
    desk.ledgers.told("erased", ERASED)
    desk.ledgers.told("stage", {"stage": "refusing"})
    ((kind, data),) = [(row.kind, dict(row.data)) for row in desk.ledgers.rows("erasure")]
    assert (kind, data) == ("erased", ERASED)
    assert [row.kind for row in desk.ledgers.rows("health")] == ["stage"]
    assert [desk.ledgers.rows(name) for name in ("export", "media", "views")] == [(), (), ()]


def test_a_book_that_cannot_be_written_stops_nobody_and_is_written_later_with_the_true_hour(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    whole = Chain.append
    monkeypatch.setattr(Chain, "append", full)
    desk.at(1).ledgers.told("erased", ERASED)
    desk.at(2).ledgers.told("erased", {**ERASED, "slot": 4})
    assert desk.ledgers.waiting == 2
    monkeypatch.setattr(Chain, "append", whole)
    assert desk.at(9).ledgers.flush()
    rows = desk.ledgers.rows("erasure")
    assert [(row.data["slot"], row.at) for row in rows] == [(3, desk.at(1).now()), (4, desk.at(2).now())]
    assert desk.ledgers.erasure.verify().sound


def test_heads_tell_a_chain_that_was_forged_as_a_whole(desk: Any, tmp_path: Path) -> None:
    desk.ledgers.told("erased", ERASED)
    before = desk.ledgers.heads()["erasure"]
    desk.ledgers.close()
    (tmp_path / FILE).rename(tmp_path / "away")
    for beside in ("-wal", "-shm"):
        (tmp_path / f"{FILE}{beside}").unlink(missing_ok=True)
    forged = Ledgers(tmp_path / FILE, desk.now)
    forged.told("erased", {**ERASED, "age_s": 30_000_000})
    try:
        assert forged.erasure.verify().sound
        assert forged.heads()["erasure"] != before
    finally:
        forged.close()
