"""Change, and which coins the slot may take."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.money import Hopper, Tally, Till, count_coin, levels, plan

STOCKS = st.tuples(*(st.integers(0, 6) for _ in range(4))).map(lambda n: tuple(zip((500, 100, 50, 10), n, strict=True)))


def brute(amount: int, stock) -> int | None:
    """Fewest coins by trying everything."""
    best = None
    for counts in product(*(range(n + 1) for _, n in stock)):
        if sum(n * yen for n, (yen, _) in zip(counts, stock, strict=True)) == amount:
            best = min(sum(counts), best) if best is not None else sum(counts)
    return best


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 120).map(lambda n: n * 10), STOCKS)
def test_plan_is_exact_and_has_the_fewest_coins(amount, stock) -> None:
    coins = plan(amount, stock)
    expected = brute(amount, stock)
    if expected is None:
        assert coins is None
    else:
        assert coins is not None
        assert sum(yen * n for yen, n in coins) == amount
        assert sum(n for _, n in coins) == expected
        assert all(n <= dict(stock)[yen] for yen, n in coins)


def test_a_partial_answer_is_not_an_answer() -> None:
    assert plan(60, ((50, 1), (10, 0))) is None
    assert plan(700, ((500, 0), (100, 6), (50, 1), (10, 4))) is None


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3), STOCKS, st.lists(st.sampled_from((10, 50, 100, 500)), max_size=30))
def test_whatever_is_inserted_every_outcome_can_be_paid(copies, stock, wishes) -> None:
    """Coins go in as long as the slot takes them, and one more is always in flight when it shuts."""
    inserted, taken = 0, ()
    for yen in wishes:
        accepted = Till(300, copies, inserted, taken, stock, 990, 20).accepts((10, 50, 100, 500))
        if yen not in accepted:
            continue
        inserted, taken = inserted + yen, count_coin(taken, yen)
        for late in (0, *accepted):
            for k in range(copies + 1):
                back = inserted + late - 300 * k
                assert back < 0 or plan(back, stock) is not None, (inserted, late, k)


def test_the_slot_shuts_at_the_price() -> None:
    stock = ((500, 50), (100, 50), (50, 50), (10, 50))
    assert not Till(300, 1, 300, (), stock, 990, 20).accepts((10, 50, 100, 500))


def test_not_more_than_twenty_of_a_kind() -> None:
    stock = ((500, 50), (100, 50), (50, 50), (10, 50))
    assert 10 not in Till(300, 1, 200, ((10, 20),), stock, 990, 20).accepts((10, 50, 100, 500))


def test_a_hopper_that_cannot_pay_is_not_counted_on() -> None:
    hoppers = (Hopper(1, 100, 5, usable=False), Hopper(2, 100, 3), Hopper(3, 10, 7))
    assert levels(hoppers) == ((100, 3), (10, 7))


def test_a_tally_cannot_give_out_more_than_came_in() -> None:
    with pytest.raises(ValueError, match="more was given out"):
        Tally().insert(300).charge(300).pay_back(10)
    with pytest.raises(ValueError, match="negative"):
        Tally(inserted=-1)
