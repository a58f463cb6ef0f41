"""Makes up registered seals: which characters, where in the square, how large. Drawing them is the certificate's."""

from __future__ import annotations

import random
import unicodedata
from datetime import date

from hardware_sim.city.holdings import Seal, SealGlyph
from hardware_sim.city.residents import BASE_DAY, Person

SIZES_MM = (10.5, 12.0, 13.5, 15.0, 16.5, 18.0)
"""As seal makers sell them."""
SMALLEST_MM, LARGEST_MM = 8.0, 25.0
_REGISTERS_FROM = 15
"""Age from which a seal can be registered."""
_INSIDE = {"round": 0.70, "square": 0.88}
"""Side of the square the characters fill, over the seal's side: inside the rim."""
_TURN_DEG = 6.0


def seal_of(person: Person, chance: random.Random) -> Seal | None:
    """The seal this person has registered; None for who is too young, or has none."""
    side_mm = chance.choice(SIZES_MM)
    shape = chance.choice(("round", "round", "round", "square"))
    turn_deg = round(chance.uniform(-_TURN_DEG, _TURN_DEG), 1)
    old_enough = person.birth.replace(year=person.birth.year + _REGISTERS_FROM, day=min(person.birth.day, 28))
    first = max(old_enough, person.became_resident, date(1975, 4, 1))
    number = f"{chance.randrange(1, 10**6):06d}"
    registered = (
        first if first >= BASE_DAY else date.fromordinal(chance.randint(first.toordinal(), BASE_DAY.toordinal()))
    )
    if person.seal == "none" or old_enough > BASE_DAY:
        return None
    if person.seal == "largest":
        side_mm, shape = LARGEST_MM, "square"
    if person.seal == "smallest":
        side_mm, shape = SMALLEST_MM, "round"
    text = engraving(person, chance)
    return Seal(
        shape="round" if shape == "round" else "square",
        side_mm=side_mm,
        rim_mm=round(side_mm * chance.uniform(0.03, 0.06), 2),
        glyphs=_placed(text, side_mm, _INSIDE[shape]),
        turn_deg=turn_deg,
        number=number,
        registered=registered,
    )


def engraving(person: Person, chance: random.Random) -> str:
    """One to four characters of the registered name: family name, given name, or both when they are short."""
    family, _, given = (person.alias or person.name).partition("　")
    if not given:  # a foreign name in Latin letters: initials
        return "".join(word[0] for word in family.split())[:4]
    family, given = _bare(family), _bare(given)
    if len(family) > 4:
        return family[:2] + given[:2]
    if len(family + given) <= 4 and chance.random() < 0.5:
        return family + given
    return family if chance.random() < 0.7 or len(given) > 4 else given


def _bare(name: str) -> str:
    """Without variation selectors: an engraver cuts his own form."""
    return "".join(c for c in name if unicodedata.category(c) != "Mn")


def _placed(text: str, side_mm: float, inside: float) -> tuple[SealGlyph, ...]:
    """Columns from right to left, each from top to bottom; the characters fill the inner square."""
    columns = {1: (1,), 2: (2,), 3: (1, 2), 4: (2, 2)}[len(text)]
    field_mm = side_mm * inside
    low = (side_mm - field_mm) / 2
    width_mm = field_mm / len(columns)
    placed, rest = [], text
    for column, count in enumerate(columns):
        height_mm = field_mm / count
        for row in range(count):
            x_mm = low + field_mm - (column + 1) * width_mm
            y_mm = low + field_mm - (row + 1) * height_mm
            placed.append(SealGlyph(rest[0], round(x_mm, 3), round(y_mm, 3), round(width_mm, 3), round(height_mm, 3)))
            rest = rest[1:]
    return tuple(placed)
