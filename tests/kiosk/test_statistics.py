"""The statistics on a journal written by hand, with sums made by hand: anonymous, and every yen in its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from config.calendar import Calendar
from config.schema import Settings
from kiosk import events as e
from kiosk.effects import Record
from kiosk.errors import JournalError
from kiosk.events import Credit, DeviceMark
from kiosk.journal import Journal
from kiosk.statistics import Figures, Issued, count, main, percentile, read_journal, report

JST = timedelta(hours=9)
MACHINE_FILE = Path(__file__).parents[2] / "config" / "machine.example.toml"
TUESDAY = datetime(2026, 11, 24, 10, 24, tzinfo=UTC) - JST
SATURDAY = datetime(2026, 11, 28, 10, 0, tzinfo=UTC) - JST
"""The counter of Saga's profile is closed all day."""
HOLIDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC) - JST
"""A Monday, and 勤労感謝の日."""


Entry: TypeAlias = tuple[float, str, dict[str, str | int | bool | None]]
"""Seconds after the beginning, kind, data."""


class Book:
    """Writes entries of one transaction after another; ``settle`` writes what was added up by hand."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.coins = 0

    def write(self, at: datetime, tx: str, *entries: Entry) -> None:
        for after_s, kind, data in entries:
            self.journal.commit([Record(kind, {"tx": tx, **data})], at + timedelta(seconds=after_s))

    def coin(self, at: datetime, tx: str, *yen: int) -> None:
        credits = []
        for one in yen:
            self.coins += 1
            credits.append(Credit(1234567, 1, self.coins, one, {50: 2, 100: 3, 500: 4}[one]))
        mark = DeviceMark(1234567, 1, self.coins % 255 + 1, self.coins, "00" * 10)
        self.journal.commit([Record("credit", {"tx": tx}, tuple(credits), mark)], at)


def started(kind: str, copies: int) -> Entry:
    return 20, "cash_in_started", {"kind": kind, "copies": copies, "fee_yen": 300}


def judged(after_s: float, copy: int, outcome: str, sheets: int) -> Entry:
    data = {"copy": copy, "job": f"j{copy}", "outcome": outcome, "sheets": sheets, "fee_yen": 300}
    return after_s, "print_judged", data


def paid(after_s: float, yen: int) -> Entry:
    data = {"hopper": 703455, "paid": yen // 100, "yen": yen, "sure": True, "evidence": "168"}
    return after_s, "payout_resolved", data


def settled(after_s: float, inserted: int, charged: int, paid_back: int, owed: int, held: int) -> Entry:
    data = {"inserted": inserted, "charged": charged, "paid_back": paid_back, "owed": owed, "held": held}
    return after_s, "settled", data


def ended(after_s: float, outcome: str) -> Entry:
    return after_s, "session_ended", {"outcome": outcome}


BEGAN: Entry = (0, "session_began", {})


@pytest.fixture
def book(settings: Settings, tmp_path: Path) -> Iterator[Book]:
    journal = Journal(tmp_path / "kiosk.sqlite", settings.machine.cash)
    yield Book(journal)
    journal.close()


@pytest.fixture
def office(settings: Settings) -> Calendar:
    return Calendar(settings.profile.alternatives[0].calendar)


@pytest.fixture
def month(book: Book) -> Book:
    """Seven uses, stray coins and two things left behind."""
    # 1: two copies, 1,000 yen in, 400 back; the first copy after 60 s, the end after 120 s.
    book.write(TUESDAY, "t1", BEGAN, started("residence", 2))
    book.coin(TUESDAY, "t1", 500, 500)
    book.write(TUESDAY, "t1", judged(60, 1, "printed", 1), judged(80, 2, "printed", 1), paid(90, 400))
    book.write(TUESDAY, "t1", settled(95, 1000, 600, 400, 0, 0), ended(120, "completed"))
    # 2: on a Saturday, one copy, exact money; 45 s, 90 s.
    book.write(SATURDAY, "t2", BEGAN, started("seal", 1))
    book.coin(SATURDAY, "t2", 100, 100, 100)
    book.write(SATURDAY, "t2", judged(45, 1, "printed", 1), settled(50, 300, 300, 0, 0, 0), ended(90, "completed"))
    # 3: on a holiday, refused.
    book.write(HOLIDAY, "t3", BEGAN, ended(9, "pin_blocked"))
    # 4: the second copy nobody knows about: 300 yen stay until staff have looked; 70 s, 200 s.
    book.write(TUESDAY, "t4", BEGAN, started("residence", 2))
    book.coin(TUESDAY, "t4", 500, 100)
    book.write(TUESDAY, "t4", judged(70, 1, "printed", 1), judged(150, 2, "unknown", 1))
    book.write(TUESDAY, "t4", settled(160, 600, 300, 0, 0, 300), ended(200, "printing_unknown"))
    # 5: half a copy came out; of 500 yen 300 come back and 200 are owed.
    book.write(TUESDAY, "t5", BEGAN, started("seal", 1))
    book.coin(TUESDAY, "t5", 500)
    book.write(TUESDAY, "t5", judged(70, 1, "not_printed", 1), paid(90, 300))
    book.write(TUESDAY, "t5", (91, "owed", {"yen": 200, "slip": "T5", "reason": "change_short"}))
    book.write(TUESDAY, "t5", settled(92, 500, 0, 300, 200, 0), ended(99, "printing_failed"))
    # 6: printed, and then the power went: an hour later the next start ends it.
    book.write(TUESDAY, "t6", BEGAN, started("tax", 1))
    book.coin(TUESDAY, "t6", 100, 100, 100)
    book.write(TUESDAY, "t6", judged(70, 1, "printed", 1), settled(3600, 300, 300, 0, 0, 0), ended(3601, "interrupted"))
    # 7: under way, 100 yen in.
    book.write(TUESDAY, "t7", BEGAN, started("residence", 1))
    book.coin(TUESDAY, "t7", 100)
    # A coin that is nobody's, and things found.
    book.coin(TUESDAY, "", 50)
    book.write(TUESDAY, "", (0, "owed", {"yen": 50, "slip": "", "reason": "stray_coins"}))
    book.write(TUESDAY, "t2", (0, "left_behind", {"what": "certificate_tray"}))
    book.write(SATURDAY, "", (0, "left_behind", {"what": "card"}))
    book.write(SATURDAY, "", (60, "found_handled", {"entry": 3, "became": "handed_back", "by": "s-0042"}))
    return book


def test_the_sums_are_those_made_by_hand(month: Book, office: Calendar) -> None:
    found = count(month.journal.entries(), office)
    assert found.issued == {"residence": Issued(2, 3, 900), "seal": Issued(1, 1, 300), "tax": Issued(1, 1, 300)}
    assert (found.inserted, found.charged, found.paid_back, found.owed, found.held) == (2850, 1500, 700, 250, 400)
    assert found.charged + found.paid_back + found.owed + found.held == found.inserted
    assert found.unbalanced == 0
    assert (found.uses, found.under_way) == (7, 1)
    assert found.endings == {
        "completed": 2, "pin_blocked": 1, "printing_unknown": 1, "printing_failed": 1, "interrupted": 1
    }  # fmt: skip
    assert (found.outside_uses, found.outside_issues, found.untimed) == (2, 1, 0)
    assert sorted(found.lasted_s) == [90, 120, 200]
    assert sorted(found.first_copy_s) == [45, 60, 70]
    assert found.spoilt == {"unknown": 1, "void": 1}
    assert found.left == {"certificate_tray": 1, "card": 1}
    assert found.became == {"handed_back": 1}


def test_the_sheet_tells_them(month: Book, office: Calendar, settings: Settings) -> None:
    told = report(count(month.journal.entries(), office), settings, date(2026, 11, 1))
    for line in (
        "期間：令和8年11月1日（2026年11月1日）から今まで",
        "- 住民票の写し：2件、3部、手数料900円",
        "- 納税証明書：1件、1部、手数料300円",
        "- 合計：4件、5部、手数料1,500円",
        "- 入れられた金額：2,850円",
        "- 機械から返した金額：700円",
        "入れられた金額は、ほかの4つの合計と合っています。",
        "- カードが置かれた回数：7回",
        "- まだ終わっていないもの：1回",
        "- 暗証番号が止まっている：1回",
        "市民生活課の窓口の時間の外に使われた回数です。",
        "- 証明書が出た回数：1回",
        "- 最初の1部が出るまで：中央値 1分0秒、10人のうち9人は 1分10秒以内（3回）",
        "- 終わるまで：中央値 2分0秒、10人のうち9人は 3分20秒以内（3回）",
        "- 紙が出たが、そろわなかった（無効にするもの）：1部",
        "- 紙が出なかった：0部",
        "- 証明書：1件",
        "- おつり：0件",
        "- 本人に返した：1件",
    ):
        assert line in told.splitlines()
    for hidden in ("t1", "s-0042", "T5", "10:24", "10時24分", "10時", "{"):
        assert hidden not in told


def test_a_use_belongs_whole_to_the_day_on_which_it_began(book: Book, office: Calendar) -> None:
    late = datetime(2026, 11, 24, 23, 59, 30, tzinfo=UTC) - JST
    book.write(late, "t1", BEGAN, started("residence", 1))
    book.coin(late + timedelta(seconds=40), "t1", 500)
    book.write(late, "t1", judged(60, 1, "printed", 1), paid(90, 200), settled(95, 500, 300, 200, 0, 0))
    book.write(late, "t1", ended(99, "completed"))
    day, following = date(2026, 11, 24), date(2026, 11, 25)
    of_day = count(book.journal.entries(), office, day, day)
    assert (of_day.uses, of_day.inserted, of_day.charged, of_day.paid_back) == (1, 500, 300, 200)
    assert of_day.outside_uses == 1
    assert count(book.journal.entries(), office, following, following) == Figures()
    assert count(book.journal.entries(), office, date(2026, 11, 1), date(2026, 11, 23)) == Figures()


def test_money_that_does_not_add_up_is_told(
    book: Book, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write(TUESDAY, "t1", BEGAN)
    book.coin(TUESDAY, "t1", 500)
    book.write(TUESDAY, "t1", paid(90, 400), settled(95, 500, 0, 500, 0, 0), ended(99, "cancelled"))
    assert count(book.journal.entries()).unbalanced == 1
    book.write(TUESDAY, "t2", BEGAN)
    book.coin(TUESDAY, "t2", 100)
    book.write(TUESDAY, "t2", ended(99, "cancelled"))
    assert count(book.journal.entries()).unbalanced == 2
    # All given back, but another sum was written down when it was settled.
    book.write(TUESDAY, "t3", BEGAN)
    book.coin(TUESDAY, "t3", 500)
    book.write(TUESDAY, "t3", paid(90, 500), settled(95, 500, 300, 200, 0, 0), ended(99, "cancelled"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert main(["--config", str(MACHINE_FILE)]) == 1
    assert "合わない利用が3件あります。" in capsys.readouterr().out


def test_more_out_than_in_is_refused(book: Book) -> None:
    book.write(TUESDAY, "t1", BEGAN, paid(90, 400))
    with pytest.raises(JournalError, match="contradict"):
        count(book.journal.entries())


def test_what_the_machine_itself_writes_adds_up(world, book: Book, office: Calendar) -> None:
    """Two copies, 1,000 yen, the second copy unknown, then a stray coin while everything is being taken."""
    world.to_paying(2).coin(500).coin(500).answer().answer().answer(outcome=e.PrintOutcome.UNKNOWN).answers()
    world.coin(100).see(e.PlaceOccupied(e.Place.CERTIFICATE_TRAY)).take_all().answers()
    world.after(21).answers()
    for entry in world.orders:
        if isinstance(entry, Record):
            book.journal.commit([entry], TUESDAY)
    found = count(book.journal.entries(), office)
    assert (found.inserted, found.charged, found.paid_back, found.owed, found.held) == (1100, 300, 400, 100, 300)
    assert found.unbalanced == 0
    assert found.endings == {"printing_unknown": 1}
    assert found.issued == {"residence": Issued(1, 1, 300)}


def test_clocks_that_were_wrong_spoil_nothing(book: Book, office: Calendar) -> None:
    book.write(datetime(1950, 1, 1, tzinfo=UTC), "t1", BEGAN, ended(9, "cancelled"))
    book.write(TUESDAY, "t2", BEGAN, started("residence", 1))
    book.coin(TUESDAY, "t2", 100, 100, 100)
    book.write(TUESDAY, "t2", judged(-30, 1, "printed", 1), ended(-20, "completed"))
    found = count(book.journal.entries(), office)
    assert (found.uses, found.untimed, found.outside_uses) == (2, 1, 0)
    assert (found.lasted_s, found.first_copy_s) == ([], [])


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 90, 5.0),
        ([1.0, 2.0], 50, 1.0),
        ([float(n) for n in range(10, 0, -1)], 90, 9.0),
        ([1.0] * 9 + [7.0], 91, 7.0),
    ],
)
def test_percentiles_are_of_the_nearest_rank(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_an_empty_journal_gives_an_empty_sheet(
    book: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert count(book.journal.entries()) == Figures()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert main(["--config", str(MACHINE_FILE), "--from", "2026-11-01", "--to", "2026-11-30"]) == 0
    told = capsys.readouterr().out
    assert "- 合計：0件、0部、手数料0円" in told
    assert "- 終わるまで：記録がありません" in told


def test_a_place_without_alternatives_has_no_office_hours(settings: Settings) -> None:
    alone = replace(settings, profile=replace(settings.profile, alternatives=()))
    assert "比べる窓口が、設定にありません。" in report(Figures(), alone)


def test_the_journal_is_only_read_even_while_it_is_being_written(month: Book, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.sqlite"
    before = path.read_bytes()
    rows = read_journal(path)
    next(rows)
    month.write(SATURDAY, "t9", BEGAN)
    assert len(list(rows)) + 1 == len(list(month.journal.entries())) - 1
    assert path.read_bytes() == before
    with pytest.raises(JournalError):
        next(read_journal(tmp_path / "other.sqlite"))
    assert not (tmp_path / "other.sqlite").exists()


def test_a_journal_that_is_missing_or_was_changed_is_told(
    month: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    month.journal.close()
    with closing(sqlite3.connect(tmp_path / "kiosk.sqlite")) as db:
        db.execute("DROP TRIGGER journal_no_update")
        db.execute("UPDATE journal SET data = replace(data, '400', '500') WHERE kind = 'payout_resolved'")
        db.commit()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert main(["--config", str(MACHINE_FILE)]) == 1
    error = capsys.readouterr().err
    assert "was changed" in error
    assert "管理者に知らせてください" in error
    (tmp_path / "kiosk.sqlite").unlink()
    assert main(["--config", str(MACHINE_FILE)]) == 1
    assert "there is no journal yet" in capsys.readouterr().err
    assert list(tmp_path.glob("kiosk.sqlite")) == []


def test_the_command_refuses_what_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in (["--from", "2026-11-02", "--to", "2026-11-01"], ["--from", "yesterday"]):
        with pytest.raises(SystemExit) as stopped:
            main(["--config", str(MACHINE_FILE), *wrong])
        assert stopped.value.code == 2
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert main(["--config", str(MACHINE_FILE)]) == 78
    assert "STATE_DIRECTORY" in capsys.readouterr().err


def test_a_word_that_is_not_in_the_list_is_shown_as_it_is(book: Book, settings: Settings) -> None:
    book.write(TUESDAY, "t1", BEGAN, ended(9, "reason_of_tomorrow"))
    assert "- reason_of_tomorrow：1回" in report(count(book.journal.entries()), settings)
