"""From "it is you" to the paid certificate: printer and change are looked at, the slot opens, and is shut again."""

from __future__ import annotations

from dataclasses import replace

from kiosk.effects import AcceptCoins, CheckCash, Record
from kiosk.events import (
    CancelPressed,
    CashIncident,
    CashReady,
    CoinsCredited,
    CoinsRefused,
    DeviceFaulted,
    DeviceOnline,
    Part,
    PrinterNotReady,
    PrinterReady,
    ReturnLeverPressed,
    Tick,
)
from kiosk.money import Till, levels
from kiosk.moves import Result, ask, ask_in, drain, go, record, refuse, stay, touched
from kiosk.moves_coins import book_credit
from kiosk.moves_print import print_next
from kiosk.moves_service import incident, note_fault, note_online
from kiosk.moves_settle import settle
from kiosk.session import Moment, Session, State

# ---- before the money ------------------------------------------------------------------------------------


def printer_ready(session: Session, event: PrinterReady, now: Moment) -> Result:
    """Certificates can be printed; whether a receipt can is told before anybody pays, or ends it (profile)."""
    session = replace(session, printer_up=(event.up_time, now.boot), receipt_ready=event.receipt)
    if session.rules.profile.receipt_required and not event.receipt:
        return refuse(session, now, "receipt_not_ready", record(session, "printer_not_ready", reasons="receipt"))
    if session.price_yen == 0:
        # Nothing is asked for, so neither slot nor change has a say.
        return print_next(replace(session, awaiting=0), now, (began(session),))
    session, number = ask(session)
    return session, (CheckCash(number),)


def printer_not_ready(session: Session, event: PrinterNotReady, now: Moment) -> Result:
    why = record(session, "printer_not_ready", reasons=",".join(event.reasons))
    return refuse(session, now, "printer_not_ready", why)


def cash_ready(session: Session, event: CashReady, now: Moment) -> Result:
    """Every outcome must be payable before the slot opens (A2)."""
    hoppers = tuple(replace(h, usable=h.serial in event.usable) for h in session.hoppers)
    session = replace(session, hoppers=hoppers, awaiting=0)
    accepted = accepts(session)
    if not accepted:
        return refuse(session, now, "change_short", record(session, "change_short"))
    return go(session, State.PAYING, now, began(session), AcceptCoins(accepted))


def began(session: Session) -> Record:
    """The wish is settled: from here on money or paper moves."""
    wish = session.wish
    assert wish is not None
    return record(session, "cash_in_started", kind=wish.kind, copies=wish.copies, fee_yen=wish.fee_yen)


def cash_fault(session: Session, event: DeviceFaulted, now: Moment) -> Result:
    """The coin unit does not answer before anything was asked for: nothing was taken."""
    session, effects = note_fault(session, event, now)
    if event.part is Part.CASH:
        return refuse(session, now, "change_short", *effects)
    return session, effects


def accepts(session: Session) -> frozenset[int]:
    """Denominations the slot may take now."""
    wish, national = session.wish, session.rules.national
    assert wish is not None
    till = Till(
        fee_yen=wish.fee_yen,
        copies=wish.copies,
        inserted=session.tally.inserted,
        taken=session.taken,
        stock=levels(session.hoppers),
        max_over_yen=national.max_credit_over_price_yen,
        max_coins=national.max_coins_per_denomination,
    )
    return till.accepts({coin.yen for coin in session.rules.settings.machine.cash.coins})


# ---- paying ----------------------------------------------------------------------------------------------


def paying_credit(session: Session, event: CoinsCredited, now: Moment) -> Result:
    """The screen shows only what is in the journal; the slot closes when the price is reached.

    What was paid for is printed as soon as the acceptor has confirmed that it takes nothing more. A coin past the gate
    is booked while that goes on; the unit says that none is in flight before anything is paid back.
    """
    session, effects = book_credit(session, event)
    session = touched(session, now)
    if session.tally.inserted >= session.price_yen:
        return ask_in(session, State.DRAINING, now, CheckCash, *effects, AcceptCoins(frozenset()))
    accepted = accepts(session)
    if not accepted:
        # No coin leads to the price any more (twenty of a kind, no change for a larger one).
        session, more = drain(session, now, "change_short")
        return session, (*effects, *more)
    return session, (*effects, AcceptCoins(accepted))


def paying_incident(session: Session, event: CashIncident, now: Moment) -> Result:
    """An acceptor that was reset stays inhibited until told: say again what may be taken."""
    session, effects = incident(session, event, now)
    return session, (*effects, AcceptCoins(accepts(session)))


def paying_cancelled(session: Session, _event: CancelPressed | ReturnLeverPressed, now: Moment) -> Result:
    return drain(session, now, "cancelled")


def paying_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    """Back after a broken link: it came back inhibited, so say again what may be taken."""
    session, effects = note_online(session, event, now)
    if event.part is Part.CASH:
        return session, (*effects, AcceptCoins(accepts(session)))
    return session, effects


def drained(session: Session, _event: CoinsRefused | CashReady, now: Moment) -> Result:
    """The slot is shut: print what was paid for. Or no coin is in flight any more: give everything back."""
    session = replace(session, awaiting=0)
    ended = record(session, "cash_in_ended", inserted=session.tally.inserted)
    if session.refusal or session.tally.inserted < session.price_yen:
        return settle(session, now, ended)
    return print_next(session, now, (ended,))


def draining_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """The cash unit went while draining (its own watchdog inhibits it): settle; late coins are read later.

    One that is there and never comes to rest (a lever held down) has been shut for so long that no coin can be in
    flight: go on as if it had said so.
    """
    if now.boot - session.entered < session.rules.national.screen_idle_s:
        return stay(session)
    if Part.CASH in session.service.online:
        session, effects = drained(session, CoinsRefused(session.awaiting), now)
        return session, (record(session, "no_answer", state=State.DRAINING.value), *effects)
    session = replace(session, awaiting=0, refusal=session.refusal or "change_short")
    return settle(session, now, record(session, "cash_in_ended", inserted=session.tally.inserted))


def draining_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    """Back after a broken link while draining: drain anew, under a new number, with what is left of the time."""
    since = session.entered
    session, effects = note_online(session, event, now)
    if event.part is not Part.CASH:
        return session, effects
    session, more = drain(session, now)
    return replace(session, entered=since), (*effects, *more)
