"""Coins in: booked in every state, in the same commit as the mark of the acceptor that told of them (A3)."""

from __future__ import annotations

from dataclasses import replace

from kiosk.effects import Record
from kiosk.events import CoinsCredited
from kiosk.money import Tally, count_coin
from kiosk.moves import Result, record
from kiosk.session import HOLDS_MONEY, Moment, Session


def credit(session: Session, event: CoinsCredited, now: Moment) -> Result:
    """A coin counts whenever it comes: within a payment it is the person's, at any other time it is owed (A3)."""
    if session.interrupted and not session.tx:
        return credit_of_before(session, event)
    session, effects = book_credit(session, event)
    if session.state in HOLDS_MONEY:
        return session, effects
    yen = sum(coin.yen for coin in event.credits)
    if yen == 0:
        return session, effects
    if session.tx:
        session = replace(session, tally=session.tally.owe(yen))
    return session, (*effects, record(session, "owed", yen=yen, slip=session.slip, reason="stray_coins"))


def credit_of_before(session: Session, event: CoinsCredited) -> Result:
    """Coins that a dead process had not read, before recovery has come to its transaction: they are of the newest."""
    *older, last = session.interrupted
    session, effects = book_credit(replace(session, tx=last.tx, tally=last.tally), event)
    last = replace(last, tally=session.tally)
    return replace(session, tx="", tally=Tally(), interrupted=(*older, last)), effects


def book_credit(session: Session, event: CoinsCredited) -> Result:
    """Journal entry and book-keeping of new coins; the mark goes into the same commit."""
    tally, taken, hoppers = session.tally, session.taken, session.hoppers
    cashbox = session.rules.settings.machine.cash.cashbox_path
    for coin in event.credits:
        taken = count_coin(taken, coin.yen)
        if session.tx:
            tally = tally.insert(coin.yen)
        if coin.path != cashbox:
            hoppers = tuple(replace(h, coins=h.coins + 1) if h.yen == coin.yen else h for h in hoppers)
    entry = Record("credit", {"tx": session.tx}, event.credits, event.mark)
    return replace(session, tally=tally, taken=taken, hoppers=hoppers), (entry,)
