"""Words of the key's book that paper and console share."""

from __future__ import annotations

from datetime import datetime

from config.calendar import JST
from config.wareki import wareki
from recorder.key_ledger import Opening, Use


def when(instant: datetime) -> str:
    """``令和8年11月24日 9時05分``."""
    local = instant.astimezone(JST)
    return f"{wareki(local.date())} {local.hour}時{local.minute:02}分"


def when_after(instant: datetime, began: datetime) -> str:
    """The time alone on the day on which the key went out."""
    local = instant.astimezone(JST)
    same = local.date() == began.astimezone(JST).date()
    return f"{local.hour}時{local.minute:02}分" if same else when(instant)


def closed_at(opening: Opening, began: datetime) -> str:
    return when_after(opening.closed, began) if opening.closed else "開いています"


def line_of(entry: Use | Opening) -> str:
    """One entry for the console: a line, and one more for each time the case was opened."""
    if isinstance(entry, Opening):
        seen = f"確認: {entry.seen_why}（{entry.seen_by}）" if entry.seen_by else "未確認"
        return (
            f"{entry.number}　【警報】鍵の持ち出しがないのに、ケースが開けられました。"
            f"{when(entry.opened)} → {closed_at(entry, entry.opened)}　{seen}"
        )
    second = f"　確認者: {entry.countersigned}" if entry.countersigned else ""
    back = f"{when_after(entry.back, entry.out)} {entry.back_by}" if entry.back else "未返却"
    lines = [f"{entry.number}　{when(entry.out)}　{entry.holder}　{entry.purpose}{second}　返却: {back}"]
    lines += [
        f"　　ケース: {when_after(one.opened, entry.out)} → {closed_at(one, entry.out)}" for one in entry.openings
    ]
    return "\n".join(lines)
