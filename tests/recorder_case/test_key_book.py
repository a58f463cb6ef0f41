"""鍵使用管理簿: who has the key, when the case was open, what was opened without it; and who changed a row by hand."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from recorder.case import CASE_OPENED, CASE_SENSOR, KEY_OUT
from recorder.key_ledger import KeyBookError, Opening, Use
from recorder.key_paper import Sheet, key_book_pdf
from recorder.keys import main
from recorder.ledgers import FILE, NAMES, Ledgers

HANAKO, NAOKO = "市民生活課 主事 佐賀 花子", "市民生活課長 鍋島 直子"


def tamper(folder: Path, statement: str) -> None:
    """As somebody would who has the file and knows SQL."""
    with sqlite3.connect(folder / FILE) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_a_use_is_out_openings_and_back(desk: Any) -> None:
    assert desk.see(False) == frozenset()
    desk.at(5).book.take(f" {HANAKO}\n", "媒体の交換")
    assert desk.at(7).see(True) == frozenset()
    assert desk.at(19).see(False) == frozenset()
    desk.at(25).book.give_back(HANAKO)
    (use,) = desk.book.entries()
    assert (use.holder, use.purpose, use.place, use.back_by) == (HANAKO, "媒体の交換", "鍵保管庫", HANAKO)
    assert [use.out, use.openings[0].opened, use.openings[0].closed, use.back] == [
        desk.at(minutes).now() for minutes in (5, 7, 19, 25)
    ]
    assert desk.book.out() is None
    assert all(verdict.sound for verdict in desk.ledgers.verify())


def test_opening_without_the_key_is_an_alarm_until_somebody_answers_for_it(desk: Any) -> None:
    desk.see(False)
    assert desk.at(1).see(True) == {CASE_OPENED}
    assert desk.at(2).see(False) == {CASE_OPENED}  # shutting it again does not make it good
    # Who takes the key afterwards does not make it good either.
    desk.at(3).book.take(HANAKO, "確認")
    desk.book.give_back(HANAKO)
    assert desk.faults() == {CASE_OPENED}
    (opening, _) = desk.book.entries()
    assert isinstance(opening, Opening)
    with pytest.raises(KeyBookError, match="分かったこと"):
        desk.book.see(opening.number, NAOKO, "")
    desk.book.see(opening.number, NAOKO, "保守業者の予備の鍵")
    assert desk.faults() == frozenset()
    with pytest.raises(KeyBookError, match="その番号に"):
        desk.book.see(opening.number, NAOKO, "もう一度")
    assert [(row.kind, row.data["fault"]) for row in desk.ledgers.rows("health")] == [
        ("began", CASE_OPENED),
        ("ended", CASE_OPENED),
    ]


def test_a_key_that_is_not_back_by_closing_is_told_until_it_is(desk: Any) -> None:
    desk.see(False)
    desk.at(5).book.take(HANAKO, "点検")
    assert desk.at(10 * 60 - 1).faults() == frozenset()
    assert desk.at(10 * 60).faults() == {KEY_OUT}  # 19:00 on a Tuesday
    desk.book.give_back(HANAKO)
    assert desk.faults() == frozenset()
    # Taken after closing: due when the next day closes, at 17:15.
    desk.at(11 * 60).book.take(HANAKO, "点検")
    assert desk.at(24 * 60 + 8 * 60).faults() == frozenset()
    assert desk.at(24 * 60 + 8 * 60 + 15).faults() == {KEY_OUT}


def test_a_contact_that_is_silent_is_an_alarm_but_not_for_a_moment(desk: Any) -> None:
    desk.see(False)
    assert desk.at(1).see(None) == frozenset()
    assert desk.at(1 + 4 / 60).see(None) == frozenset()
    assert desk.at(1.2).see(None) == {CASE_SENSOR}
    # Open when it speaks again: since when is not known.
    assert desk.at(3).see(True) == {CASE_OPENED}
    assert desk.book.open().found


def test_what_happened_while_the_recorder_was_off_is_found_and_said(desk: Any) -> None:
    desk.see(False)
    desk.at(1).book.take(HANAKO, "点検")
    desk.at(2).see(True)
    desk.ledgers.close()
    desk.at(60).start()
    assert desk.see(True) == frozenset()  # still the same opening: no new row
    desk.ledgers.close()
    desk.at(90).start()
    desk.see(False)
    (use,) = desk.book.entries()
    assert [(one.closed, one.found) for one in use.openings] == [(desk.now(), True)]


def test_the_alarm_outlives_a_restart_and_is_not_written_twice(desk: Any) -> None:
    desk.see(False)
    desk.at(1).see(True)
    desk.ledgers.close()
    desk.at(2).start()
    assert desk.ledgers.health.faults == {CASE_OPENED}
    assert desk.see(True) == {CASE_OPENED}
    assert len(desk.ledgers.rows("health")) == 1


def test_what_cannot_be_entered_is_refused_in_words(desk: Any, two_person: Any) -> None:
    with pytest.raises(KeyBookError, match="鍵は持ち出されていません"):
        desk.book.give_back(HANAKO)
    for holder, purpose, words in (
        ("", "点検", "使う人の名前"),
        (HANAKO, "　", "目的を"),
        (HANAKO, "あ" * 61, "60文字"),
    ):
        with pytest.raises(KeyBookError, match=words):
            desk.book.take(holder, purpose)
    desk.book.take(HANAKO, "点検")
    with pytest.raises(KeyBookError, match="佐賀 花子さんが持ち出しています"):
        desk.book.take(NAOKO, "点検")
    desk.book.give_back(HANAKO)
    desk.settings = two_person
    desk.ledgers.close()
    desk.start()
    with pytest.raises(KeyBookError, match="もう一人の確認"):
        desk.book.take(HANAKO, "点検")
    with pytest.raises(KeyBookError, match="別の人"):
        desk.book.take(HANAKO, "点検", f"{HANAKO} ")
    assert desk.book.take(HANAKO, "点検", NAOKO).countersigned == NAOKO


def test_two_programs_write_one_book(desk: Any, tmp_path: Path) -> None:
    """The console enters the key while the recorder runs."""
    desk.see(False)
    other = Ledgers(tmp_path / FILE, desk.now)
    try:
        from recorder.key_ledger import KeyLedger

        KeyLedger(other.key, desk.settings.profile.keys).take(HANAKO, "点検")
    finally:
        other.close()
    assert desk.at(1).see(True) == frozenset()
    assert desk.book.open().use == desk.book.out().number
    assert desk.ledgers.key.verify().sound


@pytest.mark.parametrize(
    ("statement", "row", "words"),
    [
        ("UPDATE key_ledger SET data = replace(data, '花子', '太郎') WHERE seq = 1", 1, "1行目が書き換えられています"),
        ("UPDATE key_ledger SET at_utc = '2026-11-24T01:00:00.000000Z' WHERE seq = 3", 3, "3行目が書き換え"),
        ("UPDATE key_ledger SET data = x'ff' WHERE seq = 2", 2, "2行目が書き換え"),
        ("DELETE FROM key_ledger WHERE seq = 2", 2, "2行目がなくなっています"),
        ("DELETE FROM key_ledger WHERE seq = 4", 4, "4行目がなくなっています"),
        (
            "INSERT INTO key_ledger SELECT 5, at_utc, kind, data, previous, hash FROM key_ledger WHERE seq = 4",
            5,
            "5行目があとから入れられています",
        ),
    ],
)
def test_a_row_changed_by_hand_is_shown_at_that_row_and_the_others_are_still_read(
    desk: Any, tmp_path: Path, statement: str, row: int, words: str
) -> None:
    desk.see(False)
    desk.at(1).book.take(HANAKO, "点検")
    desk.at(2).see(True)
    desk.at(3).see(False)
    desk.at(4).book.give_back(HANAKO)
    desk.ledgers.close()
    if row == 2:
        statement = statement.replace("data = x'ff'", "data = 'no json'")
    tamper(tmp_path, statement)
    desk.start()
    verdicts = {verdict.name: verdict for verdict in desk.ledgers.verify()}
    assert list(verdicts) == list(NAMES)
    assert verdicts["key"].bad_row == row
    assert words in str(verdicts["key"])
    assert all(verdict.sound for name, verdict in verdicts.items() if name != "key")
    assert any(isinstance(entry, Use) and entry.back for entry in desk.book.entries()) or row == 4
    assert desk.at(9).see(False) == frozenset()  # and the recorder goes on


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = []
        for page in document:
            text = page.get_textpage()
            pages.append(text.get_text_range())
            text.close()
            page.close()
        return "".join("".join(pages).split())
    finally:
        document.close()


def test_the_book_is_printed_with_its_place_its_lines_its_verdict_and_its_head(desk: Any, tmp_path: Path) -> None:
    desk.see(False)
    desk.at(5).book.take(HANAKO, "媒体の交換")
    desk.at(7).see(True)
    desk.at(19).see(False)
    desk.at(25).book.give_back(HANAKO)
    desk.at(30).see(True)

    def sheet(**changes: Any) -> str:
        number, digest = desk.ledgers.key.head()
        made = Sheet(desk.settings, desk.book.entries(), desk.ledgers.key.verify(), (number, digest.hex()), desk.now())
        return text_of(key_book_pdf(replace(made, **changes)))

    paper = sheet()
    for words in (
        "鍵使用管理簿", "佐賀市市民生活課", "鍵の保管場所鍵保管庫", "市民生活課主事佐賀花子", "媒体の交換",
        "令和8年11月24日9時05分", "9時07分", "9時19分", "9時25分", "【警報】", "未確認", "開いています",
        "書き換え、抜け、差し込みはありません", desk.ledgers.key.head()[1].hex()[:8],
    ):  # fmt: skip
        assert words in paper, words
    assert "この期間に、鍵の使用はありません" in sheet(first=desk.now().date().replace(day=25))
    desk.ledgers.close()
    tamper(tmp_path, "UPDATE key_ledger SET data = replace(data, '花子', '太郎') WHERE seq = 1")
    desk.start()
    paper = sheet()
    assert "1行目が書き換えられています" in paper
    assert "【1行目に改ざん】" in paper


def test_the_console_keeps_the_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], desk: Any
) -> None:
    from config import __file__ as package

    example = str(Path(package).with_name("machine.example.toml"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    def run(do: str, *answers: str, more: tuple[str, ...] = ()) -> tuple[int, str]:
        said = iter(answers)
        status = main(["--config", example, do, *more], lambda _: next(said), desk.now)
        captured = capsys.readouterr()
        assert next(said, None) is None, "not everything was asked"
        return status, captured.out + captured.err

    assert run("out", HANAKO, "点検") == (
        0,
        "記録しました（1番）。使い終わったら、鍵保管庫に戻して in で記録してください。\n",
    )
    assert run("out", NAOKO, "点検")[0] == 1
    desk.at(3).see(True)
    assert "ケースが開いたままです" in run("in", HANAKO)[1]
    desk.at(5).see(False)
    desk.at(6).see(True)
    assert "【警報】" in run("seen", "5", NAOKO, "点検の続き")[1]
    assert "確認を待つ開扉はありません" in run("seen")[1]
    status, listed = run("list")
    assert status == 0
    assert "ケース: 9時03分 → 9時05分" in listed
    pdf = tmp_path / "book.pdf"
    assert run("print", more=("--pdf", str(pdf), "--from", "2026-11-24", "--to", "2026-11-24"))[0] == 0
    assert pdf.read_bytes().startswith(b"%PDF")
    assert run("verify")[0] == 0
    tamper(tmp_path, "UPDATE key_ledger SET kind = 'back' WHERE seq = 2")
    status, said = run("verify")
    assert status == 1
    assert "鍵使用管理簿（key）: 2行目が書き換えられています" in said
    assert run("print", more=("--pdf", str(pdf)))[0] == 1
    (tmp_path / FILE).write_bytes(b"no database at all, and long enough to be looked at" * 9)
    for beside in ("-wal", "-shm"):
        (tmp_path / f"{FILE}{beside}").unlink(missing_ok=True)
    assert "保守業者に連絡してください" in run("list")[1]
