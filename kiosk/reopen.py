"""Reopening a stopped line (A7): a named person, with a reason, on the machine itself.

`python -m kiosk.reopen --config /etc/certkiosk/machine.toml` shows why the line is stopped and asks for both. Name and
reason are typed, never given as arguments: a process list is read by many. The kiosk notices at its next start of a
process; run it while nobody is being served.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from config.errors import ConfigError
from config.load import load
from config.secrets import state_directory
from kiosk.errors import JournalError
from kiosk.journal import Journal


def main(
    arguments: list[str] | None = None,
    ask: Callable[[str], str] = input,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Exit status 0: reopened or not stopped; 1: refused; 78: configuration."""
    parser = argparse.ArgumentParser(prog="kiosk.reopen", description="停止中の機械を、名前と理由を記録して再開します")
    parser.add_argument("--config", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        journal = Journal(state_directory() / "kiosk.sqlite", load(options.config).machine.cash)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 78
    except JournalError as error:
        print(f"{error}\n記録を開けません。保守業者に連絡してください。", file=sys.stderr)
        return 1
    try:
        stopped = journal.stopped()
        if not stopped:
            print("停止していません。")
            return 0
        print(f"停止の理由: {stopped}")
        journal.reopen(ask("再開する人の職と名前: "), ask("再開してよいと判断した理由: "), now())
    except JournalError:
        print("名前と理由の両方が必要です。再開していません。", file=sys.stderr)
        return 1
    finally:
        journal.close()
    print("再開を記録しました。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
