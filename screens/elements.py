"""What a screen consists of: frozen values in millimetres from the panel's top left corner.

Text is broken into lines already, so whether it fits, what overlaps and what can be touched is known
without a window.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, TypeAlias

from kiosk.events import Event


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def contains(self, x: float, y: float) -> bool:
        return self.x <= x < self.right and self.y <= y < self.bottom

    def encloses(self, other: Rect, slack: float = 0.01) -> bool:
        return (
            other.x >= self.x - slack
            and other.y >= self.y - slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def overlaps(self, other: Rect) -> bool:
        return (
            self.x < other.right - 0.01
            and other.x < self.right - 0.01
            and self.y < other.bottom - 0.01
            and other.y < self.bottom - 0.01
        )

    def gap(self, other: Rect) -> float:
        """Distance between two rectangles along the axis on which they lie apart; 0 when they touch."""
        across = max(self.x - other.right, other.x - self.right)
        down = max(self.y - other.bottom, other.y - self.bottom)
        return max(across, down, 0.0)

    def inset(self, by: float) -> Rect:
        return Rect(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)

    def scaled(self, k: float) -> Rect:
        return Rect(self.x * k, self.y * k, self.w * k, self.h * k)


_AFTER_SPACE: Final = frozenset(f'{string.ascii_letters}{string.digits}“"(¥&')
"""A line that begins so, after one that ends in ASCII, was parted from it at a space."""


class Align(Enum):
    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of one text id. rect is the room it was given; the lines start at its top edge.

    em: letter size, pitch: line to line. colour and ground: theme tokens (ground is what it stands on).
    private: the masked name, names of a household; leaves the machine neither in a log nor in a list of texts.
    fits: False when the words do not fit their room even at the smallest size (a layout test's business).
    torn: a line ends within a phrase (or a word), because nothing else fitted.
    """

    id: str
    lines: tuple[str, ...] = field(repr=False)
    rect: Rect
    em: float
    pitch: float
    bold: bool
    colour: str
    ground: str
    align: Align = Align.LEFT
    private: bool = False
    fits: bool = True
    torn: bool = False

    @property
    def shown(self) -> str:
        """The words as one line: with a space where a line ended between two words that had one."""
        words = ""
        for line in self.lines:
            spaced = words and line and words[-1].isascii() and line[0] in _AFTER_SPACE and words[-1] != "-"
            words += f" {line}" if spaced else line
        return words

    @property
    def height(self) -> float:
        """From the first line's top to the last line's bottom."""
        return self.pitch * (len(self.lines) - 1) + self.em if self.lines else 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rounded rectangle. Empty fill: only the border; empty border: only the fill. Sizes in mm."""

    rect: Rect
    fill: str = ""
    border: str = ""
    border_mm: float = 0.8
    radius: float = 6.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing of `pictures.py` by its name, as large as fits into rect, on the colour `ground`."""

    name: str
    rect: Rect
    ground: str = "paper"


@dataclass(frozen=True, slots=True)
class Photo:
    """What a camera shows (JPEG), as large as fits into rect, in its middle. Never kept."""

    jpeg: bytes = field(repr=False)
    rect: Rect


@dataclass(frozen=True, slots=True)
class Progress:
    """The row of dashes under the head bar: step of steps."""

    rect: Rect
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class AmountBar:
    """A bar filled from the left; part 0 … 1."""

    rect: Rect
    part: float
    colour: str = "wakatake"


@dataclass(frozen=True, slots=True)
class Turn:
    """A press that is the display's own: show another part of a long list, from 0. The core never sees it."""

    part: int


@dataclass(frozen=True, slots=True)
class Again:
    """A press that is the display's own: what was read out is read out once more."""


Press: TypeAlias = Event | Turn | Again


@dataclass(frozen=True, slots=True)
class Button:
    """A touch target: acts when the finger is lifted inside it. id is unique on its screen.

    direct: a key of a secret number. It acts at once even while targets are read out first, and is never read out.
    """

    id: str
    rect: Rect
    press: Press = field(repr=False)
    box: Box
    inside: tuple[Text | Picture | Box, ...] = ()
    main: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class KeyPad:
    """The ten digits, take back, go on."""

    rect: Rect
    keys: tuple[Button, ...]


Element: TypeAlias = Text | Box | Picture | Photo | Progress | AmountBar | Button | KeyPad
Leaf: TypeAlias = Text | Box | Picture | Photo | Progress | AmountBar


@dataclass(frozen=True, slots=True)
class Screen:
    """id: the view in snake case; elements in painting order; phrase: id of what is said on arrival, or empty.

    ground: token of the whole picture. title: text id of the heading. under: the screen that a warning covers.
    parts: over how many leaves a long list goes; the display turns them.
    """

    id: str
    elements: tuple[Element, ...]
    phrase: str
    title: str
    ground: str = "paper"
    under: str = ""
    parts: int = 1

    def targets(self) -> Iterator[Button]:
        for element in self.elements:
            if isinstance(element, Button):
                yield element
            elif isinstance(element, KeyPad):
                yield from element.keys

    def leaves(self) -> Iterator[Leaf]:
        """Everything that is painted, in order, with buttons taken apart."""
        for element in self.elements:
            if isinstance(element, KeyPad):
                for key in element.keys:
                    yield key.box
                    yield from key.inside
            elif isinstance(element, Button):
                yield element.box
                yield from element.inside
            else:
                yield element

    def texts(self) -> Iterator[Text]:
        return (leaf for leaf in self.leaves() if isinstance(leaf, Text))

    def target_at(self, x: float, y: float) -> Button | None:
        """The button under a point in mm."""
        return next((button for button in self.targets() if button.rect.contains(x, y)), None)


def scaled(element: Element, k: float) -> Element:
    """The same element on a panel k times as large."""
    if isinstance(element, Text):
        return _text(element, k)
    if isinstance(element, Box):
        return _box(element, k)
    if isinstance(element, Button):
        return _button(element, k)
    if isinstance(element, KeyPad):
        return replace(element, rect=element.rect.scaled(k), keys=tuple(_button(key, k) for key in element.keys))
    return replace(element, rect=element.rect.scaled(k))


def _text(text: Text, k: float) -> Text:
    return replace(text, rect=text.rect.scaled(k), em=text.em * k, pitch=text.pitch * k)


def _box(box: Box, k: float) -> Box:
    return replace(box, rect=box.rect.scaled(k), border_mm=box.border_mm * k, radius=box.radius * k)


def _button(button: Button, k: float) -> Button:
    inside: list[Text | Picture | Box] = []
    for part in button.inside:
        if isinstance(part, Text):
            inside.append(_text(part, k))
        elif isinstance(part, Box):
            inside.append(_box(part, k))
        else:
            inside.append(replace(part, rect=part.rect.scaled(k)))
    return replace(button, rect=button.rect.scaled(k), box=_box(button.box, k), inside=tuple(inside))
