"""``python -m config.documents --config MACHINE_FILE PAPER``: the office's papers, written from the configuration.

    leaflet     案内          what residents can get, with which card, when and for how much (F-42)
    notice      掲示          the sheet beside the machine, the camera's included
    basis       根拠          legal basis in force, ended and to come (F-1, S-1)
    register    届出書        個人情報取扱事務届出書: purpose, items, sources, recipients, retention (F-39)
    processors  取り扱う者    organisations and versions on the way of the data (F-14)
    figure      構成図        the configured links (F-29)
    contracts   契約          agreements and yearly tasks, what is due soon or overdue (F-13, F-33)

Plain text on standard output. ``--date 2026-11-22`` writes a paper as of another day.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from config.calendar import FIRST_YEAR, JST, LAST_YEAR
from config.documents_office import basis, contracts, register
from config.documents_resident import leaflet, notice
from config.documents_system import figure, processors
from config.load import ConfigError, load
from config.schema import Settings

EX_CONFIG: Final = 78
"""sysexits.h, as of ``python -m config``."""

RESIDENTS: Final[Mapping[str, Callable[[Settings, date, str], str]]] = {"leaflet": leaflet, "notice": notice}
"""Papers in every language of the profile."""
OFFICE: Final[Mapping[str, Callable[[Settings, date], str]]] = {
    "basis": basis,
    "register": register,
    "processors": processors,
    "figure": figure,
    "contracts": contracts,
}
"""Papers in Japanese only."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: written; 2: asked for what there is not; 78: configuration."""
    parser = argparse.ArgumentParser(prog="python -m config.documents", description="設定から書類を書き出します。")
    parser.add_argument("--config", type=Path, required=True, metavar="MACHINE_FILE", help="機械の設定ファイル")
    parser.add_argument("--date", type=_day, help="この日現在で書く（例 2026-11-22。なければ今日）")
    parser.add_argument("--language", choices=("ja", "en"), default="ja", help="leaflet と notice の言語")
    parser.add_argument("paper", choices=(*RESIDENTS, *OFFICE))
    options = parser.parse_args(arguments)
    if options.language != "ja" and options.paper not in RESIDENTS:
        parser.error(f"{options.paper} は日本語だけです。--language をつけずに書き出してください。")
    day = options.date or datetime.now(JST).date()
    try:
        settings = load(options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    if options.language not in settings.profile.languages:
        parser.error('この設定には英語の言葉がありません。languages に "en" を、[english] に言葉を加えてください。')
    if options.paper in RESIDENTS:
        print(RESIDENTS[options.paper](settings, day, options.language), end="")
    else:
        print(OFFICE[options.paper](settings, day), end="")
    return 0


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} は日付ではありません。2026-11-22 のように書いてください。"
        ) from None
    # Two years from the end: opening hours are looked at for the year to come, and its holidays must be known.
    if not FIRST_YEAR <= day.year <= LAST_YEAR - 2:
        raise argparse.ArgumentTypeError(f"{FIRST_YEAR}年から{LAST_YEAR - 2}年までの日付にしてください。")
    return day


if __name__ == "__main__":
    sys.exit(main())
