"""One dispense from its sending to the number of coins that really left, told by the hopper's own counters.

A dispense (167) is sent once in its life. Whatever happens to its answer, the counters decide: the dispense
count (168) is kept over power loss; the event counter (166) moves with every 167 that arrived, on some makes
also with one that was refused, and is 0 after a reset; `paid` (166) belongs to the last dispense begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.coin_hopper import MOST_COINS, Hopper, Sent, Status

COUNT_MODULUS: Final = 1 << 24
FOLLOW_S: Final = 0.1
"""Between two questions to a paying hopper."""
CEILING_S: Final = 10.0
CEILING_PER_COIN_S: Final = 1.5
"""A hopper gives up by itself 10 s after the last coin; one that does not is stopped."""
AFTER_STOP_S: Final = 1.0
"""A coin may still fall after an emergency stop."""
GIVEN_UP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Order:
    """A dispense as it stands in the journal."""

    coins: int
    event_before: int
    count_before: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`paid` is 0 … coins. Unless `sure`, the counters disagree and the hopper must not pay again."""

    paid: int
    sure: bool
    evidence: str


def next_event(event: int) -> int:
    """The event counter after one more dispense: 255 is followed by 1, and so is 0."""
    return 1 if event == 255 else event + 1


def decide(order: Order, sent: Sent, status: Status, count: int) -> Outcome:
    """What a hopper at rest paid for `order`. Pure.

    Where the counters disagree the larger number stands, unsure: the person may have the coins, and the
    books will be counted.
    """
    by_count = (count - order.count_before) % COUNT_MODULUS
    by_status = _paid_by_status(order, sent, status)
    raw = (
        f"{sent.value}; event {order.event_before}>{status.event}, count {order.count_before}>{count}, "
        f"paid {status.paid}, unpaid {status.unpaid}, ordered {order.coins}"
    )
    if by_count > order.coins:
        # More metal than ordered, or the count was cleared or jumped: it cannot be believed.
        jumped = by_count > 2 * MOST_COINS
        believed = by_status if by_status is not None else status.paid if jumped else order.coins
        return Outcome(min(believed, order.coins), False, f"count not credible: {raw}")
    if by_status == by_count:
        return Outcome(by_count, True, f"both counters: {raw}")
    if by_status is not None:
        return Outcome(min(max(by_count, by_status), order.coins), False, f"counters disagree: {raw}")
    if status.event == 0:
        # Reset since. The count survives that, and so does `paid` of a dispense that was cut off.
        cut_off = status.unpaid > 0 and status.paid + status.unpaid == order.coins
        if status.paid == by_count or (by_count == 0 and not cut_off):
            return Outcome(by_count, True, f"reset, by the count: {raw}")
        return Outcome(max(by_count, min(status.paid, order.coins)), False, f"reset, counters disagree: {raw}")
    # Refused although the event counter moved, or somebody else's dispense came in between.
    sure = by_count == 0 and sent is Sent.REFUSED
    return Outcome(by_count, sure, f"by the count: {raw}")


def _paid_by_status(order: Order, sent: Sent, status: Status) -> int | None:
    """Coins of this order by the event counter and `paid`; None where they cannot tell."""
    if status.event == order.event_before:
        return 0 if status.event else None  # from 0 to 0: nothing happened, or a reset
    if status.event == next_event(order.event_before) and sent is not Sent.REFUSED:
        return status.paid
    return None


class Payout:
    """One dispense on its way. `number` and `serial` are those of the order it answers."""

    def __init__(self, number: int, serial: int, order: Order, *, sent: Sent) -> None:
        self.number = number
        self.serial = serial
        self._order = order
        self._sent = sent
        self._since: float | None = None
        self._stopped_at: float | None = None
        self._last: tuple[Status, int] | None = None
        self.silent_since: float | None = None
        self.silence_reported = False

    @property
    def count(self) -> int | None:
        """The hopper's dispense count (168) as last read at rest."""
        return self._last[1] if self._last else None

    def begin(self, hopper: Hopper) -> None:
        """Send the one 167, if the hopper still stands where the journal saw it.

        If its counters have moved, the order has been carried out already or is stale: then only ask.
        """
        now = hopper.counters()
        before = (self._order.event_before, self._order.count_before)
        if now.blocked or (now.status.event, now.count) != before:
            return
        self._sent = Sent.UNKNOWN  # from here on, whatever breaks, it may have been sent
        self._sent = hopper.dispense(self._order.coins)

    def follow(self, hopper: Hopper, now: float) -> Outcome | None:
        """Ask once; the outcome when the hopper rests and two answers are alike. `now`: monotonic seconds."""
        self._since = now if self._since is None else self._since
        status, count = hopper.status(), hopper.count()
        if status.remaining:
            self._last = None
            return self._overdue(hopper, status, count, now)
        if self._stopped_at is not None and now - self._stopped_at < AFTER_STOP_S:
            return None
        if (status, count) != self._last:
            self._last = (status, count)
            return None
        return decide(self._order, self._sent, status, count)

    def _overdue(self, hopper: Hopper, status: Status, count: int, now: float) -> Outcome | None:
        assert self._since is not None
        if self._stopped_at is None:
            if now - self._since > CEILING_S + CEILING_PER_COIN_S * self._order.coins:
                hopper.stop()
                self._stopped_at = now
            return None
        if now - self._stopped_at < GIVEN_UP_S:
            return None
        found = decide(self._order, self._sent, status, count)
        return Outcome(found.paid, False, f"does not come to rest: {found.evidence}")
