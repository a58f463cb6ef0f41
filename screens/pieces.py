"""From the words of a screen to pieces of speech: whole sentences where they are rendered, else what they consist of.

A piece is a short text for which a clip was rendered beforehand; its file is found by the piece's own words. Words
with values in them ("1部 300円です。") fall apart at their numbers, so that a few clips say every amount.
"""

from __future__ import annotations

import hashlib
import os
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from screens.strings import table

SAID: Final = "said"
"""Folder of the clips, within that of the language; below it one for each speed."""
NORMAL: Final = "normal"
SLOW: Final = "slow"
ENDING: Final = ".opus"
LARGEST: Final = 99_999
"""Numbers above that are not said."""

_SENTENCE: Final = {"ja": re.compile(r"(?<=[。！？])"), "en": re.compile(r"(?<=[.!?:;])\s+(?=[A-Z0-9])")}
_VALUE: Final = {
    "ja": re.compile(
        r"[\d,]+円|\d{1,2}:\d{2}|[（(][月火水木金土日][)）]|\d+(?:人目|部目|部|人|枚|回|けた|秒|分|時|年|月|日|番)|[\d,]+"
    ),
    "en": re.compile(r"¥[\d,]+|[\d,]*\d yen\b|\d{1,2}:\d{2}|[\d,]*\d"),
}
_EDGES: Final = " ×、,，;；:：/()（）「」『』〜~·"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT: Final = {name[:3]: name for name in (*_MONTHS, *_DAYS)}
_CALENDAR: Final = re.compile(rf"\b({'|'.join((*_SHORT, *_SHORT.values()))})\b\.?|\b[ap]\.m\.")


def plain(text: str, language: str) -> str:
    """Without what only the setting needs: line ends, wide and unbreakable spaces."""
    return "".join(text.split()) if language == "ja" else " ".join(text.split())


def sentences(text: str, language: str) -> list[str]:
    parts = _SENTENCE.get(language, _SENTENCE["en"]).split(plain(text, language))
    return [part.strip() for part in parts if any(c.isalnum() for c in part)]


def pieces(sentence: str, language: str) -> list[str]:
    """What a sentence falls into that was not rendered whole."""
    found: list[str] = []
    at = 0
    for value in _VALUE[language].finditer(sentence):
        found += _words(sentence[at : value.start()], language)
        found += _japanese(value[0]) if language == "ja" else _english(value[0])
        at = value.end()
    return found + _words(sentence[at:], language)


def _words(text: str, language: str) -> list[str]:
    if language == "ja":
        parts = [text]
    else:
        parts, at = [], 0
        for name in _CALENDAR.finditer(text):
            parts += [text[at : name.start()], _SHORT.get(name[0].strip("."), name[0])]
            at = name.end()
        parts.append(text[at:])
    stripped = (part.strip(_EDGES) for part in parts)
    ended = (part if part.endswith(".m.") else part.rstrip(".") for part in stripped)
    closed = (f"{part})" if part.count("(") > part.count(")") else part for part in ended)
    return [part for part in closed if any(c.isalnum() for c in part)]


def number(digits: str) -> int:
    return int(digits.replace(",", ""))


def _japanese(value: str) -> list[str]:
    if value[0] in "(（":
        return [f"{value[1]}曜日"]
    if ":" in value:
        hour, minute = value.split(":")
        return [f"{int(hour)}時", *([f"{int(minute)}分"] if int(minute) else [])]
    digits = re.match(r"[\d,]+", value)
    assert digits is not None
    amount, counter = number(digits[0]), value[digits.end() :]
    if counter not in {"", "円"}:
        return [f"{amount}{counter}"]
    return japanese_number(amount, counter)


def japanese_number(amount: int, counter: str = "") -> list[str]:
    """ "1,250円" → "1000", "200", "50円": each place as it is said before the next one."""
    if amount > LARGEST:
        return []
    text = str(amount)
    places = [digit + "0" * (len(text) - 1 - n) for n, digit in enumerate(text) if digit != "0"] or ["0"]
    return [*places[:-1], places[-1] + counter]


def _english(value: str) -> list[str]:
    if ":" in value:
        hour, minute = value.split(":")
        # "eight thirty", "eight oh five"; the full hour is said alone.
        late = [] if int(minute) == 0 else (["oh", str(int(minute))] if int(minute) < 10 else [str(int(minute))])
        return [str(int(hour)), *late]
    if value.startswith("¥"):
        return [*english_number(number(value[1:])), "yen"]
    if value.endswith(" yen"):
        return [*english_number(number(value[:-4])), "yen"]
    amount = number(value)
    # A year is said in two halves.
    if re.fullmatch(r"20[1-9]\d", value):
        return [str(amount // 100), str(amount % 100)]
    return english_number(amount)


def english_number(amount: int) -> list[str]:
    """1250 → "1 thousand", "2 hundred", "50"."""
    if amount > LARGEST:
        return []
    found = []
    if amount >= 1000:
        found.append(f"{amount // 1000} thousand")
    if amount % 1000 >= 100:
        found.append(f"{amount % 1000 // 100} hundred")
    if amount % 100 or not found:
        found.append(str(amount % 100))
    return found


def numbers(language: str) -> Iterator[str]:
    """Every piece that a number may need, as far as it is rendered; and the letters by which one is spelled."""
    yield from string.ascii_uppercase
    if language == "ja":
        for place in (1, 10, 100, 1000, 10_000):
            for digit in range(1, 10):
                yield from (f"{digit * place}", f"{digit * place}円")
        yield from ("0", "0円")
        for counter, most in (("部", 20), ("部目", 20), ("人", 20), ("人目", 20), ("枚", 20), ("回", 5)):
            yield from (f"{n}{counter}" for n in range(1, most + 1))
        yield from (f"{n}けた" for n in range(7))
        yield from (f"{n}秒" for n in (*range(1, 20), *range(20, 130, 10)))
        yield from (f"{n}分" for n in (*range(1, 11), *range(15, 60, 5)))
        yield from (f"{n}時" for n in range(25))
        yield from (f"{n}月" for n in range(1, 13))
        yield from (f"{n}日" for n in range(1, 32))
        yield from (f"{n}年" for n in range(2026, 2034))
        yield from (f"{day}曜日" for day in "月火水木金土日")
    else:
        yield from (str(n) for n in range(100))
        yield from (f"{n} hundred" for n in range(1, 10))
        yield from (f"{n} thousand" for n in range(1, 31))
        yield from ("yen", "oh", "a.m.", "p.m.", *_MONTHS, *_DAYS)


def patterns(text_id: str, language: str) -> Iterator[str]:
    """The pieces of a text with values, whatever the values are."""
    pattern = table(language).pattern(text_id)
    for part in re.split(r"\{(?:day|time|weekday|name|household|detail|label|words|said|slip|coins|half)\}", pattern):
        for sentence in sentences(re.sub(r"\{\w+\}", "7", part), language):
            yield from (piece for piece in pieces(sentence, language))


def file_name(text: str) -> str:
    """The clip of a piece."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] + ENDING


class Clips:
    """The clips that are there. folder: ``screens/voices``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._there: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, text: str, language: str, *, slow: bool = False) -> list[Path]:
        """What to play for these words; what was never rendered is left out."""
        return [path for path, _ in self._plan(text, language, slow) if path is not None]

    def missing(self, text: str, language: str) -> list[str]:
        """Pieces of these words that would stay silent, at either speed."""
        plans = (*self._plan(text, language, False), *self._plan(text, language, True))
        return [piece for path, piece in plans if path is None]

    def _plan(self, text: str, language: str, slow: bool) -> Iterator[tuple[Path | None, str]]:
        speed = SLOW if slow else NORMAL
        for sentence in sentences(text, language):
            whole = self._find(sentence, language, speed)
            if whole is not None:
                yield whole, sentence
            else:
                yield from ((self._find(piece, language, speed), piece) for piece in pieces(sentence, language))

    def _find(self, piece: str, language: str, speed: str) -> Path | None:
        folder = self._folder / language / SAID / speed
        if (language, speed) not in self._there:
            self._there[language, speed] = frozenset(os.listdir(folder) if folder.is_dir() else ())
        name = file_name(piece)
        return folder / name if name in self._there[language, speed] else None
