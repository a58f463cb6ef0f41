"""Anonymous figures out of the journal: `python -m kiosk.statistics --config /etc/certkiosk/machine.toml`.

    --from 2026-11-01 --to 2026-11-30     only uses begun on these days (Japanese dates, both included)

Issues, copies and fees by kind, where the money is, how uses ended, use outside office hours (F-4), time on task (F-8),
copies that failed, things left behind. The journal holds nothing of a person; nor is a transaction, a time of day or a
member of staff named here. It is only read, and may be while the machine is being used.

A use belongs, with all its money, to the day on which the card was laid down; coins that belong to no use, and things
left behind, to their own day.
"""

from __future__ import annotations

import argparse
import math
import sqlite3
import statistics
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from config.calendar import Calendar
from config.documents_text import Paper, both_styles
from config.errors import ConfigError
from config.ledger import Ledger, LedgerRow, LedgerTampered
from config.load import load
from config.schema import Settings
from config.secrets import state_directory
from kiosk.catalogue import local_day
from kiosk.errors import JournalError
from kiosk.journal import tally_of
from kiosk.money import Tally
from kiosk.statistics_words import BECAME, ENDINGS, SPOILT, THINGS

JOURNAL: Final = "kiosk.sqlite"
"""Below $STATE_DIRECTORY."""
EX_CONFIG: Final = 78
INTERRUPTED: Final = "interrupted"


@dataclass(slots=True)
class Issued:
    """What was issued of one kind."""

    issues: int = 0
    """Uses in which at least one copy was printed."""
    copies: int = 0
    yen: int = 0
    """Fees charged."""


@dataclass(slots=True)
class Figures:
    """Sums over the uses and days asked for; amounts in yen."""

    uses: int = 0
    """Cards laid down."""
    under_way: int = 0
    issued: dict[str, Issued] = field(default_factory=dict)
    inserted: int = 0
    charged: int = 0
    paid_back: int = 0
    owed: int = 0
    held: int = 0
    """In doubt until staff have looked, or of a use under way."""
    unbalanced: int = 0
    """Settled uses whose money does not add up, or is not what was written when it was settled."""
    endings: Counter[str] = field(default_factory=Counter)
    outside_uses: int = 0
    """Begun while the office was closed."""
    outside_issues: int = 0
    untimed: int = 0
    """Uses begun at a time for which no office hours are known (a clock that was wrong)."""
    lasted_s: list[float] = field(default_factory=list)
    """Of uses with a printed copy, from the card to the end; those cut off by the power are left out."""
    first_copy_s: list[float] = field(default_factory=list)
    """Of the same, from the card until the first copy was out."""
    spoilt: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    became: Counter[str] = field(default_factory=Counter)


# ---- reading ---------------------------------------------------------------------------------------------


def read_journal(path: Path) -> Iterator[LedgerRow]:
    """All entries in order, after the chain was checked. Raises JournalError, saying what to do."""
    try:
        # Read only: neither made nor repaired nor locked against the machine that writes it.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
            if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'journal'").fetchone() is not None:
                ledger = Ledger(db, "journal")
                ledger.verify()
                yield from ledger.rows()
    except (sqlite3.Error, LedgerTampered) as error:
        raise JournalError(f"{path}: {error}") from error


# ---- counting --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Use:
    """The entries of one transaction; or, of one day, those that belong to none."""

    day: date
    rows: list[LedgerRow] = field(default_factory=list)


def count(
    rows: Iterable[LedgerRow], office: Calendar | None = None, first: date = date.min, last: date = date.max
) -> Figures:
    """Figures of the uses begun from ``first`` to ``last``. Raises JournalError if the entries contradict each other.

    ``office``: hours of the nearest counter; None: nobody asks about hours.
    """
    figures = Figures()
    for use in _uses(rows):
        if not first <= use.day <= last:
            continue
        _add_money(figures, use)
        if use.rows[0].kind == "session_began":
            _add_use(figures, use, office)
        for row in use.rows:
            _add_thing(figures, row)
    return figures


def _uses(rows: Iterable[LedgerRow]) -> Iterator[_Use]:
    """Ended ones as they end; then those still open and what belonged to nobody."""
    at_work: dict[str, _Use] = {}
    for row in rows:
        day = local_day(row.at)
        tx = str(row.data.get("tx") or "")
        # What was begun before is gone on with; anything else stands for its own day.
        name = tx if tx in at_work or row.kind == "session_began" else f"@{day}"
        at_work.setdefault(name, _Use(day)).rows.append(row)
        if row.kind == "session_ended" and name == tx:
            yield at_work.pop(tx)
    yield from at_work.values()


def _tally(rows: Iterable[LedgerRow]) -> Tally:
    return tally_of((row, int(row.data.get("yen") or 0)) for row in rows)


def _add_money(figures: Figures, use: _Use) -> None:
    tally = _tally(use.rows)
    figures.inserted += tally.inserted
    figures.charged += tally.charged
    figures.paid_back += tally.paid_back
    figures.owed += tally.owed
    figures.held += tally.still_held
    ended = use.rows[-1].kind == "session_ended" or use.rows[0].kind != "session_began"
    sound = not (ended and tally.to_settle)
    for n, row in enumerate(use.rows):
        if row.kind == "settled":
            then = _tally(use.rows[:n])
            written = tuple(row.data.get(key) for key in ("inserted", "charged", "paid_back", "owed", "held"))
            sound &= written == (then.inserted, then.charged, then.paid_back, then.owed, then.still_held)
    figures.unbalanced += not sound


def _add_use(figures: Figures, use: _Use, office: Calendar | None) -> None:
    began, ended = use.rows[0].at, use.rows[-1]
    printed = [row for row in use.rows if row.kind == "print_judged" and row.data["outcome"] == "printed"]
    figures.uses += 1
    outcome = str(ended.data["outcome"]) if ended.kind == "session_ended" else ""
    if outcome:
        figures.endings[outcome] += 1
    else:
        figures.under_way += 1
    if printed:
        begun = (row.data for row in use.rows if row.kind == "cash_in_started")
        kind = next((str(data["kind"]) for data in begun), "")
        issued = figures.issued.setdefault(kind, Issued())
        issued.issues += 1
        issued.copies += len(printed)
        issued.yen += sum(int(row.data["fee_yen"] or 0) for row in printed)
    closed = office is not None and _outside(figures, office, began)
    figures.outside_uses += closed
    figures.outside_issues += closed and bool(printed)
    if printed and outcome not in ("", INTERRUPTED):
        figures.lasted_s += _seconds(began, ended.at)
        figures.first_copy_s += _seconds(began, printed[0].at)


def _outside(figures: Figures, office: Calendar, at: datetime) -> bool:
    try:
        return not office.is_open(at).open
    except ValueError:
        figures.untimed += 1
        return False


def _seconds(since: datetime, until: datetime) -> list[float]:
    """Empty where the clock was set back meanwhile."""
    seconds = (until - since).total_seconds()
    return [seconds] if seconds >= 0 else []


def _add_thing(figures: Figures, row: LedgerRow) -> None:
    match row.kind:
        case "left_behind":
            figures.left[str(row.data["what"])] += 1
        case "found_handled":
            figures.became[str(row.data["became"])] += 1
        case "print_judged" if row.data["outcome"] == "unknown":
            figures.spoilt["unknown"] += 1
        case "print_judged" if row.data["outcome"] != "printed":
            figures.spoilt["void" if int(row.data.get("sheets") or 0) else "nothing"] += 1


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank: the smallest value that at least ``percent`` of a hundred do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


# ---- telling ---------------------------------------------------------------------------------------------


def report(figures: Figures, settings: Settings, first: date | None = None, last: date | None = None) -> str:
    """The figures as a sheet to print."""
    profile = settings.profile
    paper = Paper("利用の統計")
    paper.say(f"{profile.city_name}　{profile.machine_title}　{profile.place}　{settings.machine.machine_no}号機")
    span = f"{both_styles(first) if first else '初め'}から{both_styles(last) if last else '今'}まで"
    paper.say(f"期間：{span}", "個人の情報と、一人一人の利用の時刻は、入っていません。")
    paper.section("発行した証明書")
    names: dict[str, str] = {certificate.kind: certificate.name for certificate in profile.certificates}
    total = Issued()
    for kind in sorted(figures.issued, key=lambda kind: ([*names, kind].index(kind), kind)):
        one = figures.issued[kind]
        paper.items([f"{names.get(kind, kind)}：{_issued(one)}"])
        total.issues += one.issues
        total.copies += one.copies
        total.yen += one.yen
    paper.items([f"合計：{_issued(total)}"])
    _money(paper, figures)
    paper.section("使われ方")
    paper.items([f"カードが置かれた回数：{figures.uses}回"])
    if figures.under_way:
        paper.items([f"まだ終わっていないもの：{figures.under_way}回"])
    _counted(paper, figures.endings, ENDINGS, "回")
    paper.section("窓口が閉まっている間の利用")
    if not profile.alternatives:
        paper.say("比べる窓口が、設定にありません。")
    else:
        paper.say(f"{profile.alternatives[0].name}の時間の外に使われた回数です。")
        paper.items(
            [f"カードが置かれた回数：{figures.outside_uses}回", f"証明書が出た回数：{figures.outside_issues}回"]
        )
        if figures.untimed:
            paper.items([f"時計が合っておらず、数えられないもの：{figures.untimed}回"])
    paper.section("かかった時間")
    paper.say("証明書が1部でも出た利用について、カードを置いてからの時間です。")
    paper.items([_times("最初の1部が出るまで", figures.first_copy_s), _times("終わるまで", figures.lasted_s)])
    paper.section("うまく印刷できなかった部数")
    _counted(paper, figures.spoilt, SPOILT, "部", every=True)
    paper.section("取り忘れ")
    _counted(paper, figures.left, THINGS, "件", every=True)
    if figures.became:
        paper.say("取り忘れの扱い：")
        _counted(paper, figures.became, BECAME, "件")
    return str(paper)


def _issued(one: Issued) -> str:
    return f"{one.issues}件、{one.copies}部、手数料{one.yen:,}円"


def _money(paper: Paper, figures: Figures) -> None:
    paper.section("お金")
    paper.items(
        [
            f"入れられた金額：{figures.inserted:,}円",
            f"手数料としていただいた金額：{figures.charged:,}円",
            f"機械から返した金額：{figures.paid_back:,}円",
            f"返せずに、窓口で返すことになった金額：{figures.owed:,}円",
            f"係員が確かめるまで、または利用が終わるまで、預かっている金額：{figures.held:,}円",
        ]
    )
    if figures.unbalanced:
        paper.say(f"合わない利用が{figures.unbalanced}件あります。記録をそのままにして、管理者に知らせてください。")
    else:
        paper.say("入れられた金額は、ほかの4つの合計と合っています。")


def _counted(paper: Paper, counter: Counter[str], labels: Mapping[str, str], unit: str, every: bool = False) -> None:
    """Most frequent first; with ``every``, all there are, in their own order."""
    ranked = sorted(counter, key=lambda key: (-counter[key], key))
    keys = dict.fromkeys((*labels, *ranked)) if every else ranked
    paper.items(f"{labels.get(key, key)}：{counter[key]}{unit}" for key in keys)


def _times(title: str, seconds: Sequence[float]) -> str:
    if not seconds:
        return f"{title}：記録がありません"
    middle, slow = statistics.median(seconds), percentile(seconds, 90)
    return f"{title}：中央値 {_span(middle)}、10人のうち9人は {_span(slow)}以内（{len(seconds)}回）"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest}秒" if minutes else f"{rest}秒"


# ---- command ---------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: told; 1: the journal cannot be read, or its money does not add up; 78: configuration."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.statistics", description="利用の統計（個人の情報なし）")
    parser.add_argument("--config", type=Path, required=True, metavar="MACHINE_FILE", help="機械の設定ファイル")
    parser.add_argument("--from", dest="first", type=_day, metavar="DATE", help="この日から（例 2026-11-01）")
    parser.add_argument("--to", dest="last", type=_day, metavar="DATE", help="この日まで")
    options = parser.parse_args(arguments)
    first, last = options.first or date.min, options.last or date.max
    if last < first:
        parser.error("--to は --from と同じ日か、後の日にしてください。")
    try:
        settings = load(options.config)
        journal = state_directory() / JOURNAL
        alternatives = settings.profile.alternatives
        office = Calendar(alternatives[0].calendar) if alternatives else None
        if not journal.exists():
            raise JournalError(f"{journal}: there is no journal yet; the machine makes it at its first start")
        figures = count(read_journal(journal), office, first, last)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except JournalError as error:
        print(f"{error}\n記録を読めません。ファイルはそのままにして、管理者に知らせてください。", file=sys.stderr)
        return 1
    print(report(figures, settings, options.first, options.last), end="")
    return 1 if figures.unbalanced else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} は日付ではありません。2026-11-01 のように書いてください。"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
