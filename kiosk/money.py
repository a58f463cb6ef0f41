"""Whole yen, the tally of one transaction, and which coins may be taken and given.

Change-making is bounded (a hopper holds so many coins), so greedy is wrong: 60 yen from one 50 and no 10 cannot
be paid at all, and a partial answer is not an answer. Amounts are small (under 2,000 yen in steps of 10), so an
exact search is instantaneous.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

BATCH: Final = 5
"""Most coins of one dispense order: bounds what is uncertain when a link or the power goes (money rules §1.12)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Where the money of one transaction is, in yen. `still_held` is what nobody has decided yet.

    inserted = charged + paid_back + owed + still_held, by construction at every instant; that the parts are
    *true* is what the journal, the hoppers' own counters and the tests against the metal are for.
    """

    inserted: int = 0
    charged: int = 0
    paid_back: int = 0
    owed: int = 0
    in_doubt: int = 0
    """Part of still_held: the fee of copies whose outcome is unknown until staff have looked."""

    def __post_init__(self) -> None:
        parts = (self.inserted, self.charged, self.paid_back, self.owed, self.in_doubt)
        if min(parts) < 0:
            raise ValueError("an amount is negative")
        if self.charged + self.paid_back + self.owed + self.in_doubt > self.inserted:
            raise ValueError("more was given out than came in")

    @property
    def still_held(self) -> int:
        return self.inserted - self.charged - self.paid_back - self.owed

    @property
    def to_settle(self) -> int:
        """What has to go back to the person: held and not in doubt."""
        return self.still_held - self.in_doubt

    def insert(self, yen: int) -> Tally:
        return replace(self, inserted=self.inserted + yen)

    def charge(self, yen: int) -> Tally:
        return replace(self, charged=self.charged + yen)

    def pay_back(self, yen: int) -> Tally:
        return replace(self, paid_back=self.paid_back + yen)

    def owe(self, yen: int) -> Tally:
        return replace(self, owed=self.owed + yen)

    def doubt(self, yen: int) -> Tally:
        return replace(self, in_doubt=self.in_doubt + yen)


@dataclass(frozen=True, slots=True)
class Hopper:
    """One hopper as the book has it. `coins` is the book level less the reserve, never below 0."""

    serial: int
    yen: int
    coins: int
    usable: bool = True
    quarantined: bool = False
    """Its counters once contradicted each other: not used again until staff have counted (kept in the journal)."""

    @property
    def pays(self) -> bool:
        return self.usable and not self.quarantined


Levels = tuple[tuple[int, int], ...]
"""((yen, coins), …), largest denomination first."""


def levels(hoppers: Iterable[Hopper]) -> Levels:
    """Coins that may be paid, by denomination, from the hoppers that can pay."""
    total: dict[int, int] = {}
    for hopper in hoppers:
        if hopper.pays:
            total[hopper.yen] = total.get(hopper.yen, 0) + hopper.coins
    return tuple(sorted(total.items(), reverse=True))


@lru_cache(maxsize=4096)
def plan(amount: int, stock: Levels) -> tuple[tuple[int, int], ...] | None:
    """Fewest coins that make `amount` yen from `stock`: ((yen, coins), …), largest first; None if impossible."""
    if amount == 0:
        return ()
    if amount < 0 or not stock:
        return None
    (yen, coins), rest = stock[0], stock[1:]
    best: tuple[tuple[int, int], ...] | None = None
    for n in range(min(coins, amount // yen), -1, -1):
        below = plan(amount - n * yen, rest)
        if below is None:
            continue
        candidate = ((yen, n), *below) if n else below
        if best is None or _count(candidate) < _count(best):
            best = candidate
    return best


def _count(coins: tuple[tuple[int, int], ...]) -> int:
    return sum(n for _, n in coins)


@dataclass(frozen=True, slots=True)
class Till:
    """What decides whether a coin may be taken: price, what is in, what can be paid out."""

    fee_yen: int
    copies: int
    inserted: int
    taken: tuple[tuple[int, int], ...]
    """Coins of this payment by denomination: ((yen, n), …)."""
    stock: Levels
    max_over_yen: int
    max_coins: int

    @property
    def price(self) -> int:
        return self.fee_yen * self.copies

    def settles(self, credit: int) -> bool:
        """Can every outcome (0 … n copies charged) of this credit be paid out? (A2)"""
        outcomes = (credit - k * self.fee_yen for k in range(self.copies + 1))
        return all(plan(rest, self.stock) is not None for rest in outcomes if rest >= 0)

    def accepts(self, denominations: Iterable[int]) -> frozenset[int]:
        """Denominations the slot may take now.

        A coin already past the gate when the mask changes still counts. So a denomination is enabled only if
        every pair (it, then one more enabled coin) could be paid out too.
        """
        if self.inserted >= self.price:
            return frozenset()
        counts = dict(self.taken)
        alone = {
            yen
            for yen in denominations
            if counts.get(yen, 0) < self.max_coins
            and self.inserted + yen <= self.price + self.max_over_yen
            and self.settles(self.inserted + yen)
        }
        # Drop the largest denomination of any pair that could not be paid out, until every pair can.
        while True:
            bad = {max(a, b) for a in alone for b in alone if not self.settles(self.inserted + a + b)}
            if not bad:
                return frozenset(alone)
            alone.discard(max(bad))


def count_coin(taken: tuple[tuple[int, int], ...], yen: int) -> tuple[tuple[int, int], ...]:
    """`taken` with one more coin of `yen`."""
    counts: Mapping[int, int] = dict(taken)
    return tuple(sorted({**counts, yen: counts.get(yen, 0) + 1}.items()))
