"""The book of the case's key, kept at the console (鍵使用管理簿):

    python -m recorder.keys --config /etc/certkiosk/machine.toml out

    out       the key goes out: who, what for; with two_person a second one countersigns
    in        the key is in its place again
    list      every use, with the times at which the case was opened and closed
    seen      somebody answers for an opening without a key; the alarm ends
    print     the book as PDF: --pdf FILE, and --from, --to (Japanese dates, both included) for a part of it
    verify    every book of the recorder against its chain: table and row of the first change

Names are typed, never given as arguments: a process list is read by many.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from config.clock import ClockFile
from config.errors import ConfigError
from config.ledger import DatabaseDamaged, LedgerTampered
from config.load import load
from config.schema import Machine, Settings
from config.secrets import state_directory
from recorder.key_ledger import KeyBookError, KeyLedger, Opening, Use
from recorder.key_paper import Sheet, key_book_pdf
from recorder.key_words import line_of
from recorder.ledgers import ASIDE, FILE, Ledgers

Ask = Callable[[str], str]
EX_CONFIG: Final = 78


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    settings: Settings
    ledgers: Ledgers
    book: KeyLedger
    ask: Ask
    now: Callable[[], datetime]
    options: argparse.Namespace


def main(arguments: list[str] | None = None, ask: Ask = input, now: Callable[[], datetime] | None = None) -> int:
    """Exit status 0: done; 1: refused, or a chain that does not hold; 78: configuration."""
    parser = argparse.ArgumentParser(prog="recorder.keys", description="録画装置のケースの鍵（鍵使用管理簿）")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--pdf", type=Path, help="print: the file to write")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, help="print: first day, such as 2026-11-01")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, help="print: last day")
    parser.add_argument("do", choices=tuple(_DO))
    options = parser.parse_args(arguments)
    if options.do == "print" and options.pdf is None:
        parser.error("print needs --pdf FILE")
    try:
        settings = load(options.config)
        told = now or _clock(settings.machine)
        with closing(Ledgers(state_directory() / FILE, told)) as ledgers:
            book = KeyLedger(ledgers.key, settings.profile.keys)
            return _DO[options.do](Desk(settings, ledgers, book, ask, told, options))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except KeyBookError as error:
        print(error, file=sys.stderr)
        return 1
    except (DatabaseDamaged, LedgerTampered, sqlite3.Error, OSError) as error:
        print(
            f"{error}\n録画装置の帳簿を使えません。ファイルはそのままにして、保守業者に連絡してください。",
            file=sys.stderr,
        )
        return 1


def _clock(machine: Machine) -> Callable[[], datetime]:
    """As the recorder sees it: on the bench the bench's."""
    if machine.bench is None:
        return lambda: datetime.now(UTC)

    def now() -> datetime:
        assert machine.bench is not None
        with ClockFile(machine.bench.clock_file) as clock:
            return clock.now()

    return now


def _out(desk: Desk) -> int:
    holder = desk.ask("使う人の職と名前: ")
    purpose = desk.ask("目的: ")
    second = desk.ask("確認する人の職と名前: ") if desk.settings.profile.keys.two_person else ""
    use = desk.book.take(holder, purpose, second)
    print(f"記録しました（{use.number}番）。使い終わったら、{use.place}に戻して in で記録してください。")
    return 0


def _in(desk: Desk) -> int:
    use = desk.book.give_back(desk.ask("返した人の職と名前: "))
    print(f"返却を記録しました（{use.number}番）。")
    if desk.book.open() is not None:
        print("ケースが開いたままです。閉めて、鍵をかけてください。")
    return 0


def _list(desk: Desk) -> int:
    entries = desk.book.entries()
    for entry in entries:
        print(line_of(entry))
    if not entries:
        print("まだ記録はありません。")
    return 0


def _seen(desk: Desk) -> int:
    unseen = desk.book.unseen()
    if not unseen:
        print("確認を待つ開扉はありません。")
        return 0
    for opening in unseen:
        print(line_of(opening))
    number = desk.ask("番号: ").strip()
    if not number.isdecimal():
        raise KeyBookError("番号は数字で入れてください。")
    desk.book.see(int(number), desk.ask("確認した人の職と名前: "), desk.ask("分かったこと: "))
    print("記録しました。")
    return 0


def _print(desk: Desk) -> int:
    options = desk.options
    if options.first and options.last and options.last < options.first:
        raise KeyBookError("--to が --from より前です。")
    number, digest = desk.ledgers.key.head()
    verdict = desk.ledgers.key.verify()
    entries: tuple[Use | Opening, ...] = desk.book.entries()
    pdf = key_book_pdf(
        Sheet(desk.settings, entries, verdict, (number, digest.hex()), desk.now(), options.first, options.last)
    )
    options.pdf.write_bytes(pdf)
    print(f"{options.pdf} に書きました。")
    if not verdict.sound:
        print(verdict, file=sys.stderr)
    return 0 if verdict.sound else 1


def _verify(desk: Desk) -> int:
    verdicts = desk.ledgers.verify()
    for verdict in verdicts:
        print(verdict)
    if desk.ledgers.lost:
        print(
            f"前の帳簿が読めなくなり、{FILE}{ASIDE}… という名前で残してあります。"
            "保存の延長がわからないので、保存期間を過ぎた画像も消していません。控えから戻すか、延長を入れ直してから、そのファイルを別の所に移し、録画装置を始め直してください。"
        )
    return 0 if all(verdict.sound for verdict in verdicts) and not desk.ledgers.lost else 1


_DO: dict[str, Callable[[Desk], int]] = {
    "out": _out,
    "in": _in,
    "list": _list,
    "seen": _seen,
    "print": _print,
    "verify": _verify,
}

if __name__ == "__main__":
    sys.exit(main())
