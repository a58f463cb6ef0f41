"""The oracle: where every coin is, counted as metal.

It knows nothing of ccTalk. Coins move from place to place, one by one; none appears and none vanishes.
What the kiosk believes about money is judged against this count.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

COINS_YEN = (1, 5, 10, 50, 100, 500)
"""Every coin of Japan; the machine takes only some of them."""


class Place(StrEnum):
    """Where a coin can be."""

    ELSEWHERE = "elsewhere"
    HAND = "hand"
    PATH = "path"
    HOPPER_10 = "hopper_10"
    HOPPER_50 = "hopper_50"
    HOPPER_100 = "hopper_100"
    HOPPER_500 = "hopper_500"
    CASHBOX = "cashbox"
    CHANGE_TRAY = "change_tray"
    RETURN_TRAY = "return_tray"


HOPPERS: Mapping[int, Place] = MappingProxyType(
    {10: Place.HOPPER_10, 50: Place.HOPPER_50, 100: Place.HOPPER_100, 500: Place.HOPPER_500}
)
"""Denomination in yen to its hopper."""

DEFAULT_LEVELS: Mapping[int, int] = MappingProxyType({10: 50, 50: 30, 100: 50, 500: 20})
DEFAULT_PURSE: Mapping[int, int] = MappingProxyType({1: 5, 5: 5, 10: 20, 50: 10, 100: 20, 500: 10})
_ELSEWHERE_EACH = 10_000


class MetalError(ValueError):
    """A coin was asked for at a place where there is none."""


class Metal:
    """The coins of one machine and the resident before it.

    `levels`: coins of each denomination in its hopper at the start; `purse`: coins in the resident's hand.
    ValueError for a denomination that has no hopper, is no coin, or a negative count.
    """

    def __init__(self, levels: Mapping[int, int] | None = None, purse: Mapping[int, int] | None = None) -> None:
        self._where: dict[Place, Counter[int]] = {place: Counter() for place in Place}
        self._moved: Counter[tuple[Place, Place, int]] = Counter()
        for yen, n in (DEFAULT_LEVELS if levels is None else levels).items():
            if yen not in HOPPERS:
                raise ValueError(f"there is no hopper for {yen} yen; there is one for each of {tuple(HOPPERS)}")
            self._where[HOPPERS[yen]][yen] = _checked(yen, n)
        for yen, n in (DEFAULT_PURSE if purse is None else purse).items():
            self._where[Place.HAND][yen] = _checked(yen, n)
        self._where[Place.ELSEWHERE].update(dict.fromkeys(COINS_YEN, _ELSEWHERE_EACH))

    def count(self) -> dict[Place, dict[int, int]]:
        """Coins by place and denomination; every place is present, empty denominations are left out."""
        return {place: self.at(place) for place in Place if place is not Place.ELSEWHERE}

    def at(self, place: Place) -> dict[int, int]:
        """Coins lying at one place: {denomination in yen: n}, ascending."""
        return {yen: n for yen, n in sorted(self._where[place].items()) if n}

    def yen(self, place: Place) -> int:
        """Worth of what lies at one place."""
        return sum(yen * n for yen, n in self._where[place].items())

    def total(self) -> dict[int, int]:
        """All coins there are by denomination, the world outside included. Never changes."""
        everything: Counter[int] = Counter()
        for coins in self._where.values():
            everything.update(coins)
        return {yen: n for yen, n in sorted(everything.items()) if n}

    def move(self, yen: int, source: Place, target: Place, n: int = 1) -> None:
        """Take `n` coins from `source` to `target`. MetalError if `source` has fewer."""
        if n < 0 or self._where[source][yen] < n:
            raise MetalError(f"{source}: no {n} coin(s) of {yen} yen there")
        self._where[source][yen] -= n
        self._where[target][yen] += n
        self._moved[source, target, yen] += n

    def release(self, source: Place, target: Place, rng: random.Random) -> int | None:
        """Whatever coin lies nearest falls from `source` to `target`; its denomination, None if empty."""
        coins = self.at(source)
        if not coins:
            return None
        (yen,) = rng.sample(list(coins), 1, counts=list(coins.values()))
        self.move(yen, source, target)
        return yen

    def empty(self, source: Place, target: Place) -> dict[int, int]:
        """Take everything from `source` to `target`; what it was."""
        coins = self.at(source)
        for yen, n in coins.items():
            self.move(yen, source, target, n)
        return coins

    def inserted(self) -> int:
        """Yen that went past the acceptor's gate and did not come back out of it, since the start."""
        back = self._flow(Place.PATH, Place.HAND) + self._flow(Place.PATH, Place.RETURN_TRAY)
        return self._flow(Place.HAND, Place.PATH) - back

    def paid_back(self) -> int:
        """Yen that fell out of the hoppers into the change tray since the start."""
        return sum(self._flow(hopper, Place.CHANGE_TRAY) for hopper in HOPPERS.values())

    def _flow(self, source: Place, target: Place) -> int:
        return sum(yen * n for (a, b, yen), n in self._moved.items() if a is source and b is target)


def _checked(yen: int, n: int) -> int:
    if yen not in COINS_YEN:
        raise ValueError(f"{yen} yen is no coin; coins are {COINS_YEN}")
    if n < 0:
        raise ValueError(f"{n} coins of {yen} yen: a count cannot be below 0")
    return n
