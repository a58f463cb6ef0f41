"""The committed faces, which characters each can draw, and how wide a text becomes.

BIZ UDPGothic (Regular, Bold) draws Japanese; what it lacks, rare ideographs of names above all, comes from
a subset of Noto Sans CJK JP Bold. SDL_ttf has no list of fallbacks and never says that a glyph is missing, so each
face's own cmap is read here and a text is split into runs.
"""

from __future__ import annotations

import bisect
import functools
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pygame

FaceName: TypeAlias = Literal["regular", "bold", "name"]

FOLDER: Final = Path(__file__).parent
FILES: Final[dict[FaceName, str]] = {
    "regular": "BIZUDPGothic-Regular.ttf",
    "bold": "BIZUDPGothic-Bold.ttf",
    "name": "KioskNameGothic-Bold.otf",
}


class FontError(RuntimeError):
    """A face is missing or damaged; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text that one face draws."""

    face: FaceName
    text: str


class Coverage:
    """Code points and variation sequences of one font file (OpenType `cmap`, formats 12 and 14)."""

    def __init__(self, path: Path) -> None:
        try:
            self._starts, self._ends, self._sequences = _read_cmap(path)
        except OSError as error:
            raise FontError(
                f"the font {path.name} cannot be read from {path.parent}: put it back with "
                "'git checkout -- screens/fonts' or make it anew with 'python -m screens.fonts.make_fonts'"
            ) from error
        except (struct.error, ValueError) as error:
            raise FontError(f"the font {path} is damaged ({error}): put it back") from error

    def __contains__(self, code: int) -> bool:
        index = bisect.bisect_right(self._starts, code) - 1
        return index >= 0 and code <= self._ends[index]

    def has_sequence(self, base: int, selector: int) -> bool:
        return (base, selector) in self._sequences


def _read_cmap(path: Path) -> tuple[list[int], list[int], frozenset[tuple[int, int]]]:
    with path.open("rb") as file:
        count = struct.unpack(">4xH6x", file.read(12))[0]
        directory = [struct.unpack(">4s4xII", file.read(16)) for _ in range(count)]
        offset, length = next(((o, n) for tag, o, n in directory if tag == b"cmap"), (0, 0))
        if not length:
            raise ValueError("no cmap table")
        file.seek(offset)
        cmap = file.read(length)
    starts: list[int] = []
    ends: list[int] = []
    sequences: set[tuple[int, int]] = set()
    for index in range(struct.unpack_from(">H", cmap, 2)[0]):
        at = struct.unpack_from(">I", cmap, 8 + 8 * index)[0]
        kind = struct.unpack_from(">H", cmap, at)[0]
        if kind == 12 and not starts:
            for group in range(struct.unpack_from(">I", cmap, at + 12)[0]):
                first, last = struct.unpack_from(">II", cmap, at + 16 + 12 * group)
                starts.append(first)
                ends.append(last)
        elif kind == 14:
            sequences |= _read_sequences(cmap, at)
    if not starts:
        raise ValueError("no cmap subtable of format 12")
    return starts, ends, frozenset(sequences)


def _read_sequences(cmap: bytes, at: int) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for index in range(struct.unpack_from(">I", cmap, at + 6)[0]):
        record = at + 10 + 11 * index
        selector = int.from_bytes(cmap[record : record + 3], "big")
        default, other = struct.unpack_from(">II", cmap, record + 3)
        if default:
            for item in range(struct.unpack_from(">I", cmap, at + default)[0]):
                place = at + default + 4 + 4 * item
                base = int.from_bytes(cmap[place : place + 3], "big")
                found.update((code, selector) for code in range(base, base + cmap[place + 3] + 1))
        if other:
            for item in range(struct.unpack_from(">I", cmap, at + other)[0]):
                place = at + other + 4 + 5 * item
                found.add((int.from_bytes(cmap[place : place + 3], "big"), selector))
    return found


@functools.cache
def coverage(path: Path) -> Coverage:
    """The coverage of a file, read once in a process."""
    return Coverage(path)


def is_selector(code: int) -> bool:
    """A variation selector: chooses a form of the character before it."""
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


class Faces:
    """The three faces at any size. `clear()` closes them, and with them the glyphs drawn so far."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._coverage: dict[FaceName, Coverage] = {name: coverage(folder / file) for name, file in FILES.items()}
        self._open: dict[tuple[FaceName, int], pygame.font.Font] = {}
        self._runs: dict[tuple[str, bool], list[Run]] = {}
        self._widths: dict[tuple[str, int, bool], int] = {}
        if not pygame.font.get_init():
            pygame.font.init()

    def can_draw(self, text: str) -> bool:
        """Whether every character has a glyph in some face."""
        return all(
            char in "\n" or is_selector(ord(char)) or any(ord(char) in face for face in self._coverage.values())
            for char in text
        )

    def runs(self, text: str, *, bold: bool) -> list[Run]:
        """The text in pieces, each with the face that draws it; a form nobody has is drawn as its base."""
        known = self._runs.get((text, bold))
        if known is None:
            known = self._runs[text, bold] = self._split(text, "bold" if bold else "regular")
        return known

    def _split(self, text: str, main: FaceName) -> list[Run]:
        runs: list[Run] = []
        index = 0
        while index < len(text):
            char = text[index]
            index += 1
            selector = text[index] if index < len(text) and is_selector(ord(text[index])) else ""
            index += len(selector)
            face, drawn = self._choose(char, selector, main)
            if runs and runs[-1].face == face:
                runs[-1] = Run(face, runs[-1].text + drawn)
            else:
                runs.append(Run(face, drawn))
        return runs

    def _choose(self, char: str, selector: str, main: FaceName) -> tuple[FaceName, str]:
        order: tuple[FaceName, FaceName] = (main, "name")
        if selector:
            for face in order:
                if self._coverage[face].has_sequence(ord(char), ord(selector)):
                    return face, char + selector
        for face in order:
            if ord(char) in self._coverage[face]:
                return face, char
        return main, char

    def font(self, face: FaceName, px: int) -> pygame.font.Font:
        key = (face, px)
        if key not in self._open:
            self._open[key] = pygame.font.Font(self._folder / FILES[face], px)
        return self._open[key]

    def width(self, text: str, px: int, *, bold: bool) -> int:
        """Advance width in pixels at a letter size of `px` pixels."""
        key = (text, px, bold)
        if key not in self._widths:
            runs = self.runs(text, bold=bold)
            self._widths[key] = sum(self.font(run.face, px).size(run.text)[0] for run in runs)
        return self._widths[key]

    def kept_texts(self) -> frozenset[str]:
        """Texts that are remembered because they were measured."""
        return frozenset(text for text, _ in self._runs) | frozenset(text for text, _, _ in self._widths)

    def clear(self) -> None:
        """Forget every text measured and every glyph drawn."""
        self._open.clear()
        self._runs.clear()
        self._widths.clear()
