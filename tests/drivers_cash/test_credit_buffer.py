"""Two readings of the credit buffer: a table of cases, and random lives of an acceptor of our own here."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.credit_buffer import EMPTY, Reading, Verdict, delta, judge

A, B, C, D, E, F = ((n, 1) for n in range(1, 7))
N = (0, 0)
Event = tuple[int, int]


def reading(counter: int, *newest_first: Event) -> Reading:
    return Reading(counter, (*newest_first, *((0, 0),) * (5 - len(newest_first))))


@pytest.mark.parametrize(
    ("last", "new", "events"),
    [(0, 0, 0), (0, 3, 3), (7, 7, 0), (7, 9, 2), (255, 1, 1), (253, 2, 4), (254, 255, 1), (1, 255, 254)],
)
def test_delta_after_255_comes_1(last: int, new: int, events: int) -> None:
    assert delta(last, new) == events


CASES = {
    "nothing new": (reading(7, A, B, C, D, E), reading(7, A, B, C, D, E), Verdict.NORMAL, [], 0),
    "still empty": (EMPTY, EMPTY, Verdict.NORMAL, [], 0),
    "first coin": (EMPTY, reading(1, A), Verdict.NORMAL, [A], 0),
    "five from empty": (EMPTY, reading(5, E, D, C, B, A), Verdict.NORMAL, [A, B, C, D, E], 0),
    "oldest first": (reading(7, A, B, C, D, E), reading(9, C, B, A, B, C), Verdict.NORMAL, [B, C], 0),
    "wrap": (reading(255, A, B, C, D, E), reading(1, F, A, B, C, D), Verdict.NORMAL, [F], 0),
    "wrap by four": (reading(254, A, B, C, D, E), reading(3, F, E, D, C, A), Verdict.NORMAL, [C, D, E, F], 0),
    "reset": (reading(7, A, B, C, D, E), EMPTY, Verdict.RESET, [], 0),
    "reset, then two": (reading(200, A, B, C, D, E), reading(2, B, A), Verdict.RESET_THEN_EVENTS, [A, B], 0),
    "reset from 3 to 5": (reading(3, A, B, C), reading(5, F, E, D, C, B), Verdict.GAP, [B, C, D, E, F], 0),
    "reset from 1 to 2": (reading(1, A), reading(2, C, B), Verdict.RESET_THEN_EVENTS, [B, C], 0),
    "seven between": (reading(7, A, A, A, A, A), reading(14, F, E, D, C, B), Verdict.GAP, [B, C, D, E, F], 2),
    "same counter, new window": (reading(7, A, A, A, A, A), reading(7, B, A, A), Verdict.GAP, [N, N, A, A, B], 0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_table(case: str) -> None:
    last, new, verdict, fresh, lost = CASES[case]
    judgement = judge(last, new)
    assert (judgement.verdict, list(judgement.fresh), judgement.lost) == (verdict, fresh, lost)


def test_five_new_events_count_as_a_continuation_only_if_no_reset_was_seen() -> None:
    last, new = reading(7, A, A, A, A, A), reading(12, F, E, D, C, B)
    assert judge(last, new, reset_seen=False).verdict is Verdict.NORMAL
    assert judge(last, new, reset_seen=None).verdict is Verdict.GAP
    assert judge(last, new, reset_seen=True).verdict is Verdict.GAP
    after_wrap = reading(255, A, A, A, A, A)
    assert judge(after_wrap, reading(5, F, E, D, C, B), reset_seen=True).verdict is Verdict.RESET_THEN_EVENTS


class Life:
    """A buffer as the specification words it."""

    def __init__(self) -> None:
        self.counter = 0
        self.kept: list[Event] = []

    def happen(self, event: Event) -> None:
        self.counter = 1 if self.counter == 255 else self.counter + 1
        self.kept = [event, *self.kept][:5]

    def reset(self) -> None:
        self.counter, self.kept = 0, []

    def read(self) -> Reading:
        return reading(self.counter, *self.kept)


COIN = st.tuples(st.integers(1, 16), st.integers(0, 4))
REJECT = st.tuples(st.just(0), st.integers(1, 255))


@given(st.lists(COIN | REJECT, max_size=600), st.lists(COIN | REJECT, max_size=5))
def test_up_to_five_events_are_never_misread(before: Sequence[Event], between: Sequence[Event]) -> None:
    life = Life()
    for event in before:
        life.happen(event)
    last = life.read()
    for event in between:
        life.happen(event)
    judgement = judge(last, life.read())
    assert judgement.verdict is Verdict.NORMAL
    assert list(judgement.fresh) == list(between)


@given(st.lists(COIN, max_size=300), st.lists(COIN, min_size=6, max_size=249))
def test_more_than_five_are_a_gap_with_the_newest_five(before: Sequence[Event], between: Sequence[Event]) -> None:
    life = Life()
    for event in before:
        life.happen(event)
    last = life.read()
    for event in between:
        life.happen(event)
    judgement = judge(last, life.read())
    assert judgement.verdict is Verdict.GAP
    assert list(judgement.fresh) == list(between)[-5:]
    assert len(judgement.fresh) + judgement.lost == len(between)


def test_random_lives_with_resets_never_credit_a_coin_twice() -> None:
    """Every event is one of a kind, so a coin credited twice or out of order would show.

    The single silent loss the rule admits: a reset and then just so many events that the counter moved on
    by five. A seen reset closes it.
    """
    rng = random.Random(20260401)
    for _ in range(400):
        life, numbers, last = Life(), iter(range(1, 10**6)), EMPTY
        credited: list[int] = []
        seen: set[int] = set()
        for _ in range(60):
            happened: list[int] = []
            was_reset = rng.random() < 0.05
            for _ in range(rng.choice((0, 0, 1, 2, 5, 7)) if was_reset else 0):
                number = next(numbers)
                life.happen((number % 255 + 1, number // 255 % 256))
            if was_reset:
                life.reset()
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 4, 5, 6, 9))):
                number = next(numbers)
                happened.append(number)
                life.happen((number % 255 + 1, number // 255 % 256))
            new = life.read()
            judgement = judge(last, new, reset_seen=was_reset)
            fresh = [(b * 255 + a - 1) % (255 * 256) for a, b in judgement.fresh]
            assert fresh == happened[len(happened) - len(fresh) :]
            if judgement.verdict is Verdict.NORMAL and not was_reset:
                assert fresh == happened
            assert not seen & set(fresh)
            seen |= set(fresh)
            credited += fresh
            last = new
        assert credited == sorted(credited)


@given(st.integers(0, 255), st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=5, max_size=5))
def test_the_journal_gives_back_what_was_read(counter: int, window: list[Event]) -> None:
    first = Reading(counter, tuple(window))
    assert Reading.restore(first.counter, first.hex) == first


@pytest.mark.parametrize("data", [b"", bytes(10), bytes(12)])
def test_another_length_is_no_credit_buffer(data: bytes) -> None:
    with pytest.raises(ValueError, match="11 bytes"):
        Reading.parse(data)
