"""Where a line may end: Japanese at phrases (budoux) under the kinsoku rules, other languages at spaces.

Among the ways to break that fit, the one with the most even lines is taken, sentence ends are preferred,
and a last line of one or two characters (a widow) is avoided.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import budoux

Measure: TypeAlias = Callable[[str], float]

NOT_AT_START: Final = frozenset(
    "、。，．・：；？！ヽヾゝゞ々〃ー―‐／）〕］｝〉》」』】ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ!%),.:;?]}円%"
)
NOT_AT_END: Final = frozenset("（〔［｛〈《「『【([{")
BREAK_AFTER: Final = frozenset("、。・？！")
SENTENCE_END: Final = frozenset("。？！")
HONORIFIC: Final = "様"
"""Stays with the name before it."""
COUNTERS: Final = frozenset("円回部枚月日時分秒年番桁つ人通")
SHORTEST_LAST_LINE: Final = 3
SENTENCE: Final = 0.4
"""Factor of the room left after the end of a sentence."""
SHORT_END: Final = 4
"""A sentence whose last line has no more letters than this is parted further ahead, if that can be."""
SMALL_AT_END: Final = 0.08
LINE_COST: Final = 0.6
"""One more line; a line that is empty costs 1."""
_VARIATION: Final = range(0xE0100, 0xE01F0)
_AFTER_WORD: Final = re.compile(r"(?<=[ \u3000])(?![ \u3000])|(?<=[a-z]-)(?=[a-z])", re.IGNORECASE)
"""Where a line of a language with spaces may end: after the spaces between words, after a hyphen between letters."""
_TOGETHER: Final = re.compile(
    "|".join(
        (
            r"もど[らりるれ]|のせ[なるま]|ちがいます|もう一度|お尋ね先：?|お知らせください|そのままにして",
            r"[てで]い(?:ます|ません)",
            r"[ぁ-ん]ため|[いうくぐすつぬぶむるただなえけ](?:とき|ところ|こと|もの|方(?!が))|の方(?!が)",
            r"お[ぁ-ん一-龠]{1,5}に(?:な[るりれ])",
            r"(?:この|その|(?<!な)どの)[あま一-龠ァ-ヴ]|あと ?(?=[0-9])[0-9]",
            r"[人件部]の?うち|曜日 [0-9]|月[0-9]+日|およそ[0-9]+分(?:[0-9]+秒)?",
        )
    )
)
"""No line ends within: what the model would part, though it is said in one breath."""
_SMALL: Final = re.compile(
    "(?:the|your|this|of|to|in|on|at|for|from|with|and|or|not|no|is|are|be|do|can|if|we|it|you|my|as|so|until|by|about"
    "|than|its|that|please|an?) ?",
    re.IGNORECASE,
)
"""English words that a line should not end in: what they belong to comes after them."""
_DAY_AND_TIME: Final = re.compile("曜日$|あと$")
"""A space after this is no place to end a line: 火曜日 8時30分, あと 20秒."""
_COUNTED: Final = re.compile(r"[(]?[0-9][0-9:.]* ")
_CAN: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?=でき(?:ません|ます))|(?<=[0-9]年)(?=[0-9]+月)")
"""発行／できません: what can or cannot be done may stand on a line of its own; so may day and month below the year."""


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
        if found and _is_mark(ord(char)):
            found[-1] += char
        else:
            found.append(char)
    return found


def _may_part(left: str, right: str) -> bool:
    """Whether a line may end after `left` and the next begin with `right` (both not empty)."""
    a, b = left[-1], right[0]
    if b in NOT_AT_START or a in NOT_AT_END or right.strip() == HONORIFIC:
        return False
    if a.isascii() and b.isascii() and not a.isspace() and (a.isalnum() or b.isalnum()):
        return False
    if (a == "日" and b in "(（") or (a == "月" and b.isdigit()):
        return False  # the day of the week belongs to the day, the day to its month
    return not (a.isdigit() and b in COUNTERS)


def _words(text: str) -> list[str]:
    """Words, each with the space or hyphen that follows it. A number is never parted from its hyphen (555-0100), nor
    from what it counts (20 seconds, 8:30 a.m.)."""
    words: list[str] = []
    for piece in _AFTER_WORD.split(text):
        counts = words and _COUNTED.fullmatch(words[-1]) and not _SMALL.fullmatch(piece)
        if counts and piece and piece[0].islower():
            words[-1] += piece
        elif piece:
            words.append(piece)
    return words


def is_widow(lines: Sequence[str]) -> bool:
    """Whether a line after the first is one or two characters and others are longer. Two short words are none."""
    longest = max(_letters(line) for line in lines)
    return any(_letters(line) < min(SHORTEST_LAST_LINE, longest - 1) for line in lines[1:])


def _letters(line: str) -> int:
    """How many characters of it are seen as such: a full stop or a variation selector is none."""
    return sum(not _is_mark(ord(char)) and char not in "、。，．.,!?！？ " for char in line)


def _is_short(pieces: Sequence[str]) -> bool:
    """Whether the last line of a sentence is so short that it looks lost: あります。, here., was cut."""
    return _letters("".join(pieces)) <= (SHORT_END if len(pieces) == 1 or not pieces[0][0].isascii() else SHORT_END + 3)


def _is_mark(code: int) -> bool:
    return code in _VARIATION or 0xFE00 <= code <= 0xFE0F or code in (0x3099, 0x309A)


_known: dict[tuple[str, str], list[str]] = {}


def atoms(text: str, language: str = "ja") -> list[str]:
    """The pieces between which a line may end. They are remembered until `forget`."""
    if not text:
        return []
    found = _known.get((text, language))
    if found is None:
        found = _known[text, language] = _atoms(text) if language.startswith("ja") else _words(text)
    return found


def forget() -> None:
    """Forget every text that was broken."""
    _known.clear()


def kept_texts() -> frozenset[str]:
    """Texts that are remembered because they were broken."""
    return frozenset(text for text, _ in _known)


def _phrases(text: str) -> list[str]:
    """What the model takes for phrases, less the ends that part what belongs together."""
    ends = list(itertools.accumulate(len(phrase) for phrase in _parser().parse(text)))
    inside = {at for match in _TOGETHER.finditer(text) for at in range(match.start() + 1, match.end())}
    kept = [0, *(end for end in ends if end not in inside)]
    return [text[a:b] for a, b in itertools.pairwise(kept)]


def _atoms(text: str) -> list[str]:
    raw: list[str] = []
    for phrase in _phrases(text):
        start = 0
        for index, char in enumerate(phrase):
            if char in BREAK_AFTER or (char in " \u3000" and not _DAY_AND_TIME.search(phrase[:index])):
                raw.append(phrase[start : index + 1])
                start = index + 1
        raw.append(phrase[start:])
    return _joined(part for piece in raw if piece for part in _CAN.split(piece))


def _joined(pieces: Iterable[str]) -> list[str]:
    """Pieces between which a line must not end become one; spaces belong to what stands before them."""
    joined: list[str] = []
    for piece in pieces:
        if joined and (piece.isspace() or not _may_part(joined[-1], piece)):
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
        result.extend(_joined(_clusters(piece)))
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
    bare = [measure(piece.rstrip()) for piece in pieces]
    if max(bare) > width:
        return None
    full = [measure(piece) if piece[-1].isspace() else taken for piece, taken in zip(pieces, bare, strict=True)]
    room = width
    for _ in range(4):
        # The widths of the pieces nearly add up to the width of a line; each line found is measured as a whole.
        starts = _best(pieces, bare, full, room, max_lines)
        if starts is None:
            return None
        lines = tuple("".join(pieces[a:b]).strip() for a, b in itertools.pairwise((*starts, len(pieces))))
        over = max(measure(line) for line in lines) - width
        if over <= 0:
            return lines
        room -= over
    return None


def _best(
    pieces: Sequence[str], bare: Sequence[float], full: Sequence[float], width: float, max_lines: int
) -> list[int] | None:
    """Where the lines begin, in pieces, when they are set as evenly as can be; None: more than max_lines.

    bare, full: widths of the pieces without and with the spaces at their end.
    """
    count = len(pieces)
    before = [0.0, *itertools.accumulate(full)]
    length = [0, *itertools.accumulate(len(piece) for piece in pieces)]
    if _fewest(bare, before, width, max_lines) is None:
        return None
    endings = [_ending(piece) for piece in pieces]

    def cost(start: int, end: int, taken: float) -> float:
        slack = (width - taken) / width
        factor, extra = endings[end - 1] if end < count else (0.7, 0.0)
        if end == count and length[end] - length[start] <= SHORTEST_LAST_LINE:
            extra = 4.0
        if extra == SMALL_AT_END and end - start == 1:
            extra = 0.5  # a small word on a line of its own
        closes = end == count or factor == SENTENCE
        short = length[end] - length[start] <= SHORT_END + 4 and _is_short(pieces[start:end])
        if closes and start and endings[start - 1][0] != SENTENCE and short:
            extra += 0.3
        return slack * slack * factor + extra

    # costs[i]: least cost of setting the first i pieces; begins[i]: where the last of their lines begins.
    costs, begins, lines = [0.0] * (count + 1), [0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        costs[end] = math.inf
        to = before[end - 1] + bare[end - 1]
        for start in range(end - 1, -1, -1):
            taken = to - before[start]
            if taken > width:
                break
            total = costs[start] + cost(start, end, taken) + LINE_COST
            if total < costs[end]:
                costs[end], begins[end], lines[end] = total, start, lines[start] + 1
    if math.isinf(costs[count]):
        return None
    if lines[count] <= max_lines:
        starts = [begins[count]]
        while starts[0]:
            starts.insert(0, begins[starts[0]])
        return starts
    return _best_within(before, bare, width, max_lines, cost)


def _best_within(
    before: Sequence[float],
    bare: Sequence[float],
    width: float,
    max_lines: int,
    cost: Callable[[int, int, float], float],
) -> list[int] | None:
    """The same when the best of all has too many lines: the best of those that have few enough."""
    count = len(bare)
    # best[n][i]: least cost of setting the first i pieces in n lines, and where the last of them begins.
    best: list[list[tuple[float, int]]] = [[(0.0 if i == 0 else math.inf, 0) for i in range(count + 1)]]
    for n in range(1, max_lines + 1):
        above = best[n - 1]
        row: list[tuple[float, int]] = [(math.inf, 0)] * (count + 1)
        for end in range(1, count + 1):
            to = before[end - 1] + bare[end - 1]
            for start in range(end - 1, -1, -1):
                taken = to - before[start]
                if taken > width:
                    break
                if above[start][0] < math.inf:
                    row[end] = min(row[end], (above[start][0] + cost(start, end, taken), start))
        best.append(row)
    total, lines = min((best[n][count][0] + LINE_COST * n, n) for n in range(1, max_lines + 1))
    if math.isinf(total):
        return None
    starts: list[int] = []
    end = count
    for n in range(lines, 0, -1):
        end = best[n][end][1]
        starts.append(end)
    return starts[::-1]


def _fewest(bare: Sequence[float], before: Sequence[float], width: float, most: int) -> int | None:
    """How many lines it takes when each is filled; None: more than `most`."""
    lines, start = 1, 0
    for index, taken in enumerate(bare):
        if before[index] + taken - before[start] > width:
            lines, start = lines + 1, index
            if lines > most or taken > width:
                return None
    return lines


def _ending(piece: str) -> tuple[float, float]:
    """What it costs to end a line after this piece: factor of the room left, and something besides."""
    last = piece.rstrip()[-1:]
    if last in SENTENCE_END or piece[-1] == "\u3000":
        return SENTENCE, -0.1
    if piece.endswith((". ", "? ", "! ")) and not piece.endswith(("a.m. ", "p.m. ")):
        return SENTENCE, -0.1
    if last == "・":
        return 1.0, 0.05
    if _SMALL.fullmatch(piece):
        return 1.0, SMALL_AT_END
    if last == "の":
        return 1.0, 0.05  # what it belongs to comes after it
    return (0.8, 0.0) if last == "、" else (1.0, 0.0)
