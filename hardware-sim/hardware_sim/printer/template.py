"""The job template: what a job may ask for, what this machine offers, and what it makes of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from hardware_sim.printer.ipp import Attribute, Data, Range, Resolution, Tag, Value
from hardware_sim.printer.model import PrinterConfig, TrayConfig

MARGIN: Final = 423
"""Hundredths of a millimetre, as all media dimensions in IPP (PWG 5100.7)."""

SIDES: Final = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")
COLOR_MODES: Final = ("auto", "monochrome")
SCALINGS: Final = ("auto", "auto-fit", "fill", "fit", "none")
CONTENT_OPTIMIZE: Final = ("auto", "graphic", "photo", "text", "text-and-graphic")
RENDERING_INTENTS: Final = ("auto", "absolute", "perceptual", "relative", "relative-bpc", "saturation")
DOCUMENT_HANDLING: Final = (
    "separate-documents-uncollated-copies",
    "separate-documents-collated-copies",
)
QUALITIES: Final = (3, 4, 5)
ORIENTATIONS: Final = (3, 4, 5, 6)
RESOLUTIONS: Final = (Resolution(300, 300), Resolution(600, 600))
MAX_COPIES: Final = 99
OUTPUT_BIN: Final = "face-down"

MEDIA_COL_MEMBERS: Final = (
    "media-bottom-margin",
    "media-left-margin",
    "media-right-margin",
    "media-size",
    "media-size-name",
    "media-source",
    "media-top-margin",
    "media-type",
)
_MARGINS: Final = tuple(f"media-{edge}-margin" for edge in ("bottom", "left", "right", "top"))


_SIZE: Final = re.compile(r"_([0-9.]+)x([0-9.]+)(mm|in)$")
_UNITS: Final = {"mm": 100, "in": 2540}


def dimensions(media: str) -> tuple[int, int]:
    """Width and length of a self-describing size name (PWG 5101.1), in hundredths of a millimetre."""
    found = _SIZE.search(media)
    if found is None:
        raise ValueError(f"{media!r} is no size name such as iso_a4_210x297mm")
    unit = _UNITS[found[3]]
    return round(float(found[1]) * unit), round(float(found[2]) * unit)


@dataclass(frozen=True)
class Choices:
    """What the machine will do with a job, and what it could not take as asked."""

    copies: int
    sides: str
    tray: str
    media: str
    page_ranges: tuple[tuple[int, int], ...]
    scaling: str
    kept: tuple[Attribute, ...]
    unsupported: tuple[Attribute, ...]


class Template:
    """The job template attributes of one machine."""

    def __init__(self, config: PrinterConfig) -> None:
        self._config = config
        self._sources = {t.source: t for t in config.trays}
        self._types = {t.media_type: t for t in config.trays}
        self._media = tuple(dict.fromkeys(t.media for t in config.trays))
        self._sizes = [dict(zip(("x-dimension", "y-dimension"), dimensions(m), strict=True)) for m in self._media]
        keyword = _one_of_words
        self._checks: dict[str, Callable[[Attribute], bool]] = {
            "copies": _one_integer(1, MAX_COPIES),
            "finishings": _all_enums((3,)),
            "job-priority": _one_integer(1, 100),
            "job-sheets": keyword(("none",)),
            "media": keyword(self._media),
            "media-col": self._media_col_ok,
            "multiple-document-handling": keyword(DOCUMENT_HANDLING),
            "number-up": _one_integer(1, 1),
            "orientation-requested": _all_enums(ORIENTATIONS, single=True),
            "output-bin": keyword((OUTPUT_BIN,)),
            "page-ranges": _ranges_ok,
            "print-color-mode": keyword(COLOR_MODES),
            "print-content-optimize": keyword(CONTENT_OPTIMIZE),
            "print-quality": _all_enums(QUALITIES, single=True),
            "print-rendering-intent": keyword(RENDERING_INTENTS),
            "print-scaling": keyword(SCALINGS),
            "printer-resolution": _resolution_ok,
            "sides": keyword(SIDES),
        }

    @property
    def media(self) -> tuple[str, ...]:
        """media-supported: the size of every tray, each once."""
        return self._media

    @property
    def names(self) -> tuple[str, ...]:
        """job-creation-attributes-supported, the template part."""
        return tuple(self._checks)

    def choose(self, asked: tuple[Attribute, ...]) -> Choices:
        """Sort what a job asks for into what will be done and what cannot be."""
        kept: dict[str, Attribute] = {}
        unsupported: list[Attribute] = []
        for attr in asked:
            check = self._checks.get(attr.name)
            if check is not None and check(attr):
                kept[attr.name] = attr
            else:
                # An unknown attribute is told by the out-of-band value, a known one with what was refused.
                unknown = Attribute(attr.name, (Value(Tag.UNSUPPORTED, None),))
                unsupported.append(unknown if check is None else attr)
        ranges = kept["page-ranges"].values if "page-ranges" in kept else ()
        tray = self._tray(kept.get("media-col"), kept.get("media"))
        return Choices(
            copies=_int(kept, "copies", 1),
            sides=_word(kept, "sides", SIDES[0]),
            tray=tray.source,
            media=tray.media,
            page_ranges=tuple((v.data.low, v.data.high) for v in ranges if isinstance(v.data, Range)),
            scaling=_word(kept, "print-scaling", SCALINGS[0]),
            kept=tuple(kept.values()),
            unsupported=tuple(unsupported),
        )

    def _tray(self, media_col: Attribute | None, media: Attribute | None) -> TrayConfig:
        """The tray that has what is asked for; the first one where several have it, or nothing is asked for."""
        return self._fitting(_members(media_col), None if media is None else media.first) or self._config.trays[0]

    def _fitting(self, members: dict[str, Attribute], media: Data = None) -> TrayConfig | None:
        """The first tray that has all of this, None if there is none."""
        source, kind, name = (members.get(n) for n in ("media-source", "media-type", "media-size-name"))
        size = _size(members)
        for tray in self._config.trays:
            fits = (
                source is None or source.first == tray.source,
                kind is None or kind.first == tray.media_type,
                name is None or name.first == tray.media,
                size is None or size == dimensions(tray.media),
                media is None or media == tray.media,
            )
            if all(fits):
                return tray
        return None

    def _media_col_ok(self, attr: Attribute) -> bool:
        if len(attr.values) != 1 or attr.tag is not Tag.BEGIN_COLLECTION:
            return False
        members = _members(attr)
        allowed: dict[str, Collection[Data]] = {
            **dict.fromkeys(_MARGINS, (MARGIN,)),
            "media-size-name": self._media,
            "media-source": tuple(self._sources),
            "media-type": tuple(self._types),
        }
        for name, member in members.items():
            if name == "media-size":
                if {n: m.first for n, m in _members(member).items()} not in self._sizes:
                    return False
            elif len(member.values) != 1 or member.first not in allowed.get(name, ()):
                return False
        # Paper of this size and type must lie in the tray that is asked for (media-col-database has no other).
        return self._fitting(members) is not None


def _size(members: dict[str, Attribute]) -> tuple[Data, Data] | None:
    size = _members(members.get("media-size"))
    return (size["x-dimension"].first, size["y-dimension"].first) if size else None


def _members(attr: Attribute | None) -> dict[str, Attribute]:
    if attr is None or not isinstance(attr.first, tuple):
        return {}
    return {m.name: m for m in attr.first}


def _int(kept: dict[str, Attribute], name: str, default: int) -> int:
    value = kept[name].first if name in kept else default
    assert isinstance(value, int)
    return value


def _word(kept: dict[str, Attribute], name: str, default: str) -> str:
    return str(kept[name].first) if name in kept else default


def _one_of_words(words: tuple[str, ...]) -> Callable[[Attribute], bool]:
    def check(attr: Attribute) -> bool:
        return len(attr.values) == 1 and attr.tag in (Tag.KEYWORD, Tag.NAME) and attr.first in words

    return check


def _one_integer(low: int, high: int) -> Callable[[Attribute], bool]:
    def check(attr: Attribute) -> bool:
        value = attr.first
        return len(attr.values) == 1 and attr.tag is Tag.INTEGER and isinstance(value, int) and low <= value <= high

    return check


def _all_enums(allowed: tuple[int, ...], single: bool = False) -> Callable[[Attribute], bool]:
    def check(attr: Attribute) -> bool:
        if single and len(attr.values) != 1:
            return False
        return all(v.tag is Tag.ENUM and v.data in allowed for v in attr.values)

    return check


def _ranges_ok(attr: Attribute) -> bool:
    """Ranges that ascend and do not overlap (RFC 8011 section 5.2.7)."""
    last = 0
    for value in attr.values:
        if not isinstance(value.data, Range) or value.data.low <= last:
            return False
        last = value.data.high
    return True


def _resolution_ok(attr: Attribute) -> bool:
    return len(attr.values) == 1 and attr.first in RESOLUTIONS
