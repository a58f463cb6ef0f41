"""Whether a screen is sound, told from its elements: nothing cut, nothing covered, everything large enough to touch.

With large letters pages are laid out again and again with less on them until this holds (`layout.py`).
"""

from __future__ import annotations

import itertools
from typing import Final

from screens.elements import Box, Button, Leaf, Picture, Screen, Text
from screens.panel import Panel

SMALLEST_TARGET_MM: Final = 20.0
SMALLEST_GAP_MM: Final = 3.0
SMALLEST_EDGE_GAP_MM: Final = 1.2
SLACK: Final = 0.01


def trouble(screen: Screen, panel: Panel) -> str:
    """The first thing that is wrong with the screen, in words; empty: nothing."""
    leaves = list(screen.leaves())
    for leaf in leaves:
        if isinstance(leaf, Text) and not leaf.fits:
            return f"{leaf.id} does not fit"
        rect = leaf.rect
        if min(rect.x, rect.y) < -SLACK or rect.right > panel.width_mm + SLACK or rect.bottom > panel.height_mm + SLACK:
            return f"{_name(leaf)} is outside"
    targets = list(screen.targets())
    return _targets(targets) or _covered(leaves, targets) or _crowded(screen, targets)


def _targets(targets: list[Button]) -> str:
    for target in targets:
        if min(target.rect.w, target.rect.h) < SMALLEST_TARGET_MM:
            return f"{target.id} is too small"
        for part in target.inside:
            if not target.rect.encloses(part.rect):
                return f"{_name(part)} sticks out of {target.id}"
    for one, other in itertools.combinations(targets, 2):
        if one.rect.gap(other.rect) < SMALLEST_GAP_MM:
            return f"{one.id} is too close to {other.id}"
    return ""


def _covered(leaves: list[Leaf], targets: list[Button]) -> str:
    things = [leaf for leaf in leaves if isinstance(leaf, Text | Picture)]
    for one, other in itertools.combinations(things, 2):
        if one.rect.overlaps(other.rect) and not _on_coin(one, other):
            return f"{_name(one)} covers {_name(other)}"
    labels = {id(part) for target in targets for part in target.inside}
    for target in targets:
        for thing in things:
            if target.rect.overlaps(thing.rect) and id(thing) not in labels:
                return f"{target.id} covers {_name(thing)}"
    for box in leaves:
        if isinstance(box, Box) and box.border:
            for thing in things:
                if box.rect.overlaps(thing.rect) and not box.rect.encloses(thing.rect, 0.1):
                    return f"an edge goes through {_name(thing)}"
    return ""


def _crowded(screen: Screen, targets: list[Button]) -> str:
    """A box that runs under a button, into another box or over the line below the head."""
    boxes = [each for each in screen.elements if isinstance(each, Box)]
    edged = [box.rect for box in boxes if box.border]
    heads = [box.rect for box in boxes if box.fill == "line" and box.rect.x == 0 and box.rect.h < 1]
    for index, rect in enumerate(edged):
        for other in (*(target.rect for target in targets), *edged[index + 1 :]):
            if rect.gap(other) < SMALLEST_EDGE_GAP_MM and not rect.encloses(other) and not other.encloses(rect):
                return "a box is too close to what stands beside it"
        if any(rect.overlaps(head) for head in heads):
            return "a box reaches into the head"
    return ""


def _on_coin(one: Text | Picture, other: Text | Picture) -> bool:
    """The value of a coin stands on its picture."""
    coin = any(isinstance(leaf, Text) and leaf.id.startswith("pay.coin.") for leaf in (one, other))
    return coin and not (isinstance(one, Text) and isinstance(other, Text))


def _name(leaf: Leaf) -> str:
    return leaf.id if isinstance(leaf, Text) else leaf.name if isinstance(leaf, Picture) else type(leaf).__name__
