"""Reopening a stopped line (A7) at the console: a manager, signed in by name and number, with a reason.

`python -m kiosk.reopen --config /etc/certkiosk/machine.toml` is for a machine without a key switch, or one whose screen
cannot be used; otherwise the staff screens do it. Everything is typed, never given as an argument: a process list is
read by many. The kiosk notices at its next start of a process; run it while nobody is being served.
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
from kiosk.events import Post
from kiosk.journal import Journal
from kiosk.staff import StaffBook, StaffError
from kiosk.staff_admin import FILE, Ask, secret, sign_in


def main(
    arguments: list[str] | None = None,
    ask: Ask = input,
    ask_secret: Ask = secret,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Exit status 0: reopened or not stopped; 1: refused; 78: configuration."""
    parser = argparse.ArgumentParser(prog="kiosk.reopen", description="停止中の機械を、名前と理由を記録して再開します")
    parser.add_argument("--config", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        folder = state_directory()
        journal = Journal(folder / "kiosk.sqlite", load(options.config).machine.cash)
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
        book = StaffBook(folder / FILE, now)
        if not book.members():
            raise StaffError(
                "係員が登録されていません。先に python -m kiosk.staff_admin … enter で管理者を登録してください。"
            )
        manager = sign_in(book, ask, ask_secret, "管理者")
        if manager.post is not Post.MANAGER:
            raise StaffError("再開できるのは管理者だけです。")
        reason = ask("再開してよいと判断した理由: ").strip()
        if not reason:
            raise StaffError("理由が必要です。再開していません。")
        journal.reopen(manager.staff, reason, now())
    except (StaffError, JournalError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        journal.close()
    print("再開を記録しました。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
