"""Who may sign in, kept at the console: `python -m kiosk.staff_admin --config /etc/certkiosk/machine.toml list`.

    list      who is entered
    enter     a new member of staff; the first must be a manager, later a manager signs in for it (S-28)
    leave     somebody may not sign in any more
    number    a new number, by the person or by a manager
    ledger    every change and every sign-in, after the chain has been checked

Names and numbers are typed, never given as arguments: a process list is read by many.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from config.errors import ConfigError
from config.load import load
from config.secrets import state_directory
from kiosk.errors import JournalError
from kiosk.events import Post
from kiosk.staff import Member, StaffBook, StaffError

Ask = Callable[[str], str]

POSTS = {"管理者": Post.MANAGER, "取扱者": Post.HANDLER}
FILE = "staff.sqlite"
"""Below $STATE_DIRECTORY."""


def secret(prompt: str) -> str:
    """A number, not shown while it is typed; from standard input where that is no terminal."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else input(prompt)


def main(
    arguments: list[str] | None = None,
    ask: Ask = input,
    ask_secret: Ask = secret,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Exit status 0: done; 1: refused; 78: configuration."""
    parser = argparse.ArgumentParser(prog="kiosk.staff_admin", description="係員（管理者・取扱者）の登録")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("do", choices=("list", "enter", "leave", "number", "ledger"))
    options = parser.parse_args(arguments)
    try:
        load(options.config)
        book = StaffBook(state_directory() / FILE, now)
        _DO[options.do](book, ask, ask_secret)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 78
    except StaffError as error:
        print(error, file=sys.stderr)
        return 1
    except JournalError as error:
        print(
            f"{error}\n係員の帳簿を開けません。ファイルはそのままにして、保守業者に連絡してください。", file=sys.stderr
        )
        return 1
    return 0


def sign_in(book: StaffBook, ask: Ask, ask_secret: Ask, who: str) -> Member:
    """One member of staff by name and number. Raises StaffError."""
    member = named(book, ask(f"{who}の名前: "))
    verdict = book.verify(member.staff, ask_secret(f"{who}の番号: ").encode())
    if verdict.member is None:
        wait = f"{verdict.locked_s}秒たってから、もう一度どうぞ。" if verdict.locked_s else "もう一度確かめてください。"
        raise StaffError(f"番号がちがいます。{wait}")
    return verdict.member


def named(book: StaffBook, name: str) -> Member:
    wanted = " ".join(name.split())
    for member in book.members():
        if member.name == wanted:
            return member
    raise StaffError("その名前の係員は登録されていません。list で確かめてください。")


def new_number(ask_secret: Ask) -> str:
    number = ask_secret("新しい番号（数字6けた）: ")
    if ask_secret("もう一度: ") != number:
        raise StaffError("2回の番号がちがいます。登録していません。")
    return number


def _list(book: StaffBook, _ask: Ask, _secret: Ask) -> None:
    titles = {post: title for title, post in POSTS.items()}
    for member in book.members():
        print(f"{titles[member.post]}　{member.name}　({member.staff})")
    if not book.members():
        print("まだ誰も登録されていません。")


def _enter(book: StaffBook, ask: Ask, ask_secret: Ask) -> None:
    first = not book.members()
    by = ""
    post = Post.MANAGER
    if first:
        print("最初の管理者を登録します。")
    else:
        by = sign_in(book, ask, ask_secret, "管理者").staff
        title = ask("管理者 か 取扱者 か: ").strip()
        if title not in POSTS:
            raise StaffError("「管理者」か「取扱者」と入れてください。")
        post = POSTS[title]
    name = ask("登録する人の職と名前: ")
    member = book.enter(name, post, new_number(ask_secret), by)
    print(f"登録しました: {member.name} ({member.staff})")


def _leave(book: StaffBook, ask: Ask, ask_secret: Ask) -> None:
    by = sign_in(book, ask, ask_secret, "管理者")
    book.leave(named(book, ask("外す人の名前: ")).staff, by.staff)
    print("外しました。")


def _number(book: StaffBook, ask: Ask, ask_secret: Ask) -> None:
    by = sign_in(book, ask, ask_secret, "本人または管理者")
    whose = named(book, ask("番号を変える人の名前: "))
    book.change_number(whose.staff, new_number(ask_secret), by.staff)
    print("変えました。")


def _ledger(book: StaffBook, _ask: Ask, _secret: Ask) -> None:
    for row in book.entries():
        print(f"{row.seq}\t{row.at:%Y-%m-%d %H:%M:%S}Z\t{row.kind}\t{dict(row.data)}")


_DO: dict[str, Callable[[StaffBook, Ask, Ask], None]] = {
    "list": _list,
    "enter": _enter,
    "leave": _leave,
    "number": _number,
    "ledger": _ledger,
}

if __name__ == "__main__":
    sys.exit(main())
