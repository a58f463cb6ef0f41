"""Fitting a text into a box: everything, within its limits, in the largest type, torn only where it may be."""

from __future__ import annotations

import random

import pytest

from hardware_sim.city import draw_text, typeface
from hardware_sim.city.draw_text import FitError, fit, steps

NAMES = (
    "髙﨑　𠮷之助",
    "渡邉󠄖　邦彦",
    "MARIA FERNANDA DE LOS SANTOS GONZALEZ RODRIGUEZ",
    "勘解由小路　ヴィルヘルミーナ桜子",
    "蓮",
)
ADDRESS = "佐賀県佐賀市大和町大字尼寺9001番地の12「見本」ハイツさくら・すみれ3号棟1204号室"
SIZES = steps(13, 7)


def lines(
    text: str, within: float, height: float = 100, count: int = 9, sizes: tuple[float, ...] = (10.0,)
) -> list[str]:
    fitted = fit(text, within, height, sizes, count)
    return ["".join(letter.text for letter in line) for line in fitted.lines]


def bare(text: str) -> str:
    """Without spaces and variation selectors."""
    return "".join(c for c in text if not c.isspace() and not 0xE0100 <= ord(c) <= 0xE01EF)


def test_nothing_is_lost_and_nothing_stands_out() -> None:
    chance = random.Random(3)
    refused = 0
    for _ in range(400):
        text = chance.choice((*NAMES, ADDRESS))
        within, height, count = chance.uniform(4, 160), chance.uniform(2, 15), chance.randint(1, 3)
        try:
            fitted = fit(text, within, height, SIZES, count, chance.choice((0, 11)))
        except FitError:
            refused += 1
            continue
        assert len(fitted.lines) <= count
        assert all(draw_text.width(line, fitted.size) <= within for line in fitted.lines)
        assert (1 + (len(fitted.lines) - 1) * draw_text.LEADING) * fitted.size * 25.4 / 72 <= height + 1e-9
        assert bare("".join(letter.text for line in fitted.lines for letter in line)) == bare(text)
    assert 50 < refused < 350  # both were tried


def test_a_line_in_the_largest_type_then_smaller_then_two_lines() -> None:
    name, width = NAMES[0], draw_text.width(typeface.letters(NAMES[0]), 1)
    assert fit(name, width * 13, 20, SIZES, 2).size == 13
    assert fit(name, width * 11.9, 20, SIZES, 2, 11).size == 11.5
    wrapped = fit(name, width * 10.4, 20, SIZES, 2, 11)
    assert (wrapped.size, len(wrapped.lines)) == (13, 2)  # rather than in type below 11 points
    low = fit(name, width * 10.4, 5, SIZES, 2, 11)
    assert (low.size, len(low.lines)) == (10, 1)  # two lines have no room


def test_names_part_at_their_spaces_and_figures_stay_whole() -> None:
    assert lines(NAMES[3], 45) == ["勘解由小路", "ヴィルヘルミーナ桜子"]
    assert lines(NAMES[2], 80) == ["MARIA FERNANDA DE LOS SANTOS", "GONZALEZ RODRIGUEZ"]
    for within in range(20, 90):
        for line in lines(ADDRESS, within)[1:]:
            assert line[0] not in "、。）」・ー々"
        assert "9001" in " ".join(lines(ADDRESS, within))
        assert "1204" in " ".join(lines(ADDRESS, within))


def test_a_word_longer_than_the_line_is_refused() -> None:
    with pytest.raises(FitError):
        lines("INCOMPREHENSIBILITIES", 20)
