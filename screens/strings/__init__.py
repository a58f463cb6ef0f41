"""All words, by id: those on the screen in one TOML file for each language, the spoken ones in the folder `spoken`.

A text is found by its dotted id (`pay.title`). Values are put in by name: ``table.get("pay.fee", yen="600")``.
A language without a text falls back to Japanese; an id is never shown to anybody.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent
DEFAULT_LANGUAGE: Final = "ja"


class UnknownText(KeyError):
    """No language has this id."""


def _flatten(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{name}.")
        else:
            flat[name] = str(value)
    return flat


class Table:
    """Texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str], fallback: Table | None = None) -> None:
        self.language = language
        self._texts = MappingProxyType(dict(texts))
        self._fallback = fallback

    def __contains__(self, text_id: str) -> bool:
        return text_id in self._texts or (self._fallback is not None and text_id in self._fallback)

    def ids(self) -> frozenset[str]:
        return frozenset(self._texts)

    def pattern(self, text_id: str) -> str:
        """The words of this language or its fallback as they are written, with the names of their values in braces."""
        if text_id in self._texts or self._fallback is None:
            return self._texts[text_id]
        return self._fallback.pattern(text_id)

    def get(self, text_id: str, **values: object) -> str:
        """The words. Raises UnknownText for an id that no language has."""
        if text_id in self._texts:
            return self._texts[text_id].format(**values)
        if self._fallback is not None:
            return self._fallback.get(text_id, **values)
        raise UnknownText(f"no text {text_id!r}: add it to strings/{DEFAULT_LANGUAGE}.toml")

    def first(self, *text_ids: str, **values: object) -> tuple[str, str]:
        """Id and words of the first of these ids that exists."""
        for text_id in text_ids:
            if text_id in self:
                return text_id, self.get(text_id, **values)
        raise UnknownText(f"none of the texts {', '.join(text_ids)} exists")


def languages() -> tuple[str, ...]:
    """Languages that have a table, Japanese first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return (DEFAULT_LANGUAGE, *(name for name in found if name != DEFAULT_LANGUAGE))


def _load(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return tomllib.load(file)


@functools.cache
def table(language: str) -> Table:
    """The texts of a language ("ja"); one without a table gives the Japanese."""
    fallback = None if language == DEFAULT_LANGUAGE else table(DEFAULT_LANGUAGE)
    if language not in languages():
        return table(DEFAULT_LANGUAGE)
    return Table(language, _flatten(_load(FOLDER / f"{language}.toml")), fallback)


@functools.cache
def spoken_words(language: str, section: str) -> Mapping[str, str]:
    """A section of `spoken/<language>.toml`: id → what is said. A language without such a file gives the Japanese."""
    path = FOLDER / "spoken" / f"{language}.toml"
    found = _load(path if path.is_file() else FOLDER / "spoken" / f"{DEFAULT_LANGUAGE}.toml").get(section, {})
    assert isinstance(found, Mapping)
    return MappingProxyType({str(key): str(value) for key, value in found.items()})


def spoken(language: str) -> Mapping[str, str]:
    """Phrase id → what is said, written so that it is read aloud rightly."""
    return spoken_words(language, "phrases")


PHRASES: Final = tuple(spoken(DEFAULT_LANGUAGE))
"""Every phrase id that `Say` may name."""
