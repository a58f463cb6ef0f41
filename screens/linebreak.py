"""Where a line may end: Japanese at phrases (budoux) under the kinsoku rules, other languages at spaces.

Among the ways to break that fit, the one with the most even lines is taken, sentence ends are preferred,
and a last line of one or two characters (a widow) is avoided.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import budoux

Measure: TypeAlias = Callable[[str], float]

NOT_AT_START: Final = frozenset(
    "、。，．・：；？！ヽヾゝゞ々〃ー―‐／）〕］｝〉》」』】ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ!%),.:;?]}円%"
)
NOT_AT_END: Final = frozenset("（〔［｛〈《「『【([{")
BREAK_AFTER: Final = frozenset("、。・？！")
SENTENCE_END: Final = frozenset("。？！")
COUNTERS: Final = frozenset("円回部枚月日時分秒年番桁つ人通")
SHORTEST_LAST_LINE: Final = 3
_VARIATION: Final = range(0xE0100, 0xE01F0)
_AFTER_WORD: Final = re.compile(r"(?<=[ \u3000])(?![ \u3000])|(?<=[a-z]-)(?=[a-z])", re.IGNORECASE)
"""Where a line of a language with spaces may end: after the spaces between words, after a hyphen between letters."""


@functools.cache
def _parser() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def prepare() -> None:
    """Load the model ahead of the first screen."""
    _parser()


def _clusters(text: str) -> list[str]:
    """Characters, each with the variation selectors and combining marks that follow it."""
    found: list[str] = []
    for char in text:
        code = ord(char)
        joins = code in _VARIATION or 0xFE00 <= code <= 0xFE0F or code in (0x3099, 0x309A)
        if found and joins:
            found[-1] += char
        else:
            found.append(char)
    return found


def _may_part(left: str, right: str) -> bool:
    """Whether a line may end after `left` and the next begin with `right` (both not empty)."""
    a, b = left[-1], right[0]
    if b in NOT_AT_START or a in NOT_AT_END:
        return False
    if a.isascii() and b.isascii() and not a.isspace() and (a.isalnum() or b.isalnum()):
        return False
    return not (a.isdigit() and b in COUNTERS)


def _words(text: str) -> list[str]:
    """Words, each with the space or hyphen that follows it. A number is never parted from its hyphen (555-0100)."""
    return [piece for piece in _AFTER_WORD.split(text) if piece]


def atoms(text: str, language: str = "ja") -> list[str]:
    """The pieces between which a line may end."""
    if not text:
        return []
    if not language.startswith("ja"):
        return _words(text)
    raw: list[str] = []
    for phrase in _parser().parse(text):
        start = 0
        for index, char in enumerate(phrase):
            if char in BREAK_AFTER or char in " \u3000":
                raw.append(phrase[start : index + 1])
                start = index + 1
        raw.append(phrase[start:])
    joined: list[str] = []
    for piece in raw:
        if not piece:
            continue
        if joined and not _may_part(joined[-1], piece):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _cut_long(pieces: Sequence[str], width: float, measure: Measure) -> list[str]:
    """Pieces wider than a line come apart between characters, still under the kinsoku rules."""
    result: list[str] = []
    for piece in pieces:
        if measure(piece.rstrip()) <= width:
            result.append(piece)
            continue
        parts: list[str] = []
        for cluster in _clusters(piece):
            if parts and not _may_part(parts[-1], cluster):
                parts[-1] += cluster
            else:
                parts.append(cluster)
        result.extend(parts)
    return result


def break_lines(
    text: str, width: float, measure: Measure, max_lines: int, language: str = "ja", *, cut: bool = True
) -> tuple[str, ...] | None:
    """Lines no wider than `width` (in the unit of `measure`), or None if that takes more than `max_lines`.

    cut: a phrase wider than a line comes apart; otherwise the answer is None then.
    A newline in the text always ends a line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        room = max_lines - len(lines)
        part = _break_paragraph(paragraph, width, measure, room, language, cut)
        if part is None:
            return None
        lines.extend(part)
    return tuple(lines)


def _break_paragraph(
    text: str, width: float, measure: Measure, max_lines: int, language: str, cut: bool
) -> tuple[str, ...] | None:
    if not text.strip() or max_lines < 1:
        return None if max_lines < 1 else ("",)
    if measure(text) <= width:
        return (text,)
    pieces = atoms(text, language)
    if cut:
        pieces = _cut_long(pieces, width, measure)
    count = len(pieces)
    # best[n][i]: least cost of setting the first i pieces in n lines, and where the last of them begins.
    best: list[list[tuple[float, int]]] = [[(0.0 if i == 0 else math.inf, 0) for i in range(count + 1)]]
    for n in range(1, max_lines + 1):
        row: list[tuple[float, int]] = [(math.inf, 0)] * (count + 1)
        for end in range(1, count + 1):
            for start in range(end - 1, -1, -1):
                raw = "".join(pieces[start:end])
                line = raw.strip()
                taken = measure(line)
                if taken > width:
                    break
                before = best[n - 1][start][0]
                # A line of nothing but spaces is no line: the spaces belong to the line before or after.
                if math.isinf(before) or not line:
                    continue
                cost = before + _cost(raw, line, taken, width, last=end == count)
                if cost < row[end][0]:
                    row[end] = (cost, start)
        best.append(row)
    candidates = [(best[n][count][0] + 0.6 * n, n) for n in range(1, max_lines + 1)]
    total, lines_used = min(candidates)
    if math.isinf(total):
        return None
    lines: list[str] = []
    end = count
    for n in range(lines_used, 0, -1):
        start = best[n][end][1]
        lines.append("".join(pieces[start:end]).strip())
        end = start
    return tuple(reversed(lines))


def _cost(raw: str, line: str, taken: float, width: float, *, last: bool) -> float:
    slack = (width - taken) / width
    cost = slack * slack
    if last:
        return cost * 0.7 + (4.0 if len(line) < SHORTEST_LAST_LINE + 1 else 0.0)
    if line[-1] in SENTENCE_END or raw[-1] == "\u3000" or raw.endswith((". ", "? ", "! ")):
        return cost * 0.4 - 0.1
    if line[-1] == "・":
        return cost + 0.05
    if line[-1] == "、":
        return cost * 0.8
    return cost
