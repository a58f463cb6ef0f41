"""Pay, print, give back, take: from the open slot to everything in the person's hands."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import AcceptCoins, CheckCash, Effect, EndProcess, EraseDocuments, PrintCopy
from kiosk.events import (
    CancelPressed,
    CardRemoved,
    CashIncident,
    CashReady,
    CoinsCredited,
    CoinsRefused,
    CopyJudged,
    DeviceFaulted,
    DeviceOnline,
    Erased,
    NextPressed,
    Part,
    Place,
    PlaceEmptied,
    PrinterNotReady,
    PrinterReady,
    PrintOutcome,
    PrintProgressed,
    ReturnLeverPressed,
    TakenPressed,
    Tick,
)
from kiosk.money import Till, levels
from kiosk.moves import ERASE_ANSWERS, Result, ask, ask_in, drain, erase, go, record, refuse, repeat, stay
from kiosk.moves_service import PHRASE_OF_PLACE, first_place, incident, note_fault, note_online
from kiosk.moves_settle import PRINTER_PATIENCE_S, book_credit, judge, settle
from kiosk.session import Moment, Session, State

PRINTER_WAITS: Final = {
    "media-empty": "paper",
    "media-needed": "paper",
    "media-jam": "jam",
    "cover-open": "cover",
    "door-open": "cover",
    "toner-empty": "toner",
    "output-area-full": "tray_full",
}
"""Printer-state-reasons keywords (RFC 8011) that the person is told about."""

REFUSED_SHOWN_S: Final = 20.0
"""How long a plain refusal stays if nobody presses; money and card are already back."""

ERASE_PATIENCE_S: Final = 15.0
"""A part that does not say that it has forgotten: the process ends all the same, and the next one wipes."""

SENSOR_SETTLE_S: Final = 2.0
"""A sheet or coin may reach its sensor this long after the device has reported it."""


# ---- before the money ------------------------------------------------------------------------------------


def printer_ready(session: Session, event: PrinterReady, now: Moment) -> Result:
    session, number = ask(replace(session, printer_up=(event.up_time, now.boot)))
    return session, (CheckCash(number),)


def printer_not_ready(session: Session, event: PrinterNotReady, now: Moment) -> Result:
    why = record(session, "printer_not_ready", reasons=",".join(event.reasons))
    return refuse(session, now, "printer_not_ready", why)


def cash_ready(session: Session, event: CashReady, now: Moment) -> Result:
    """Every outcome must be payable before the slot opens (A2)."""
    hoppers = tuple(replace(h, usable=h.serial in event.usable) for h in session.hoppers)
    session = replace(session, hoppers=hoppers, awaiting=0)
    wish, facts = session.wish, session.facts
    assert wish is not None
    assert facts is not None
    began = record(session, "cash_in_started", kind=wish.kind, copies=wish.copies, fee_yen=wish.fee_yen)
    if session.price_yen == 0:
        return print_next(session, now, (began,))
    accepted = accepts(session)
    if not accepted:
        return refuse(session, now, "change_short", record(session, "change_short"))
    return go(session, State.PAYING, now, began, AcceptCoins(accepted))


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
    """The screen shows only what is in the journal; the slot closes when the price is reached."""
    session, effects = book_credit(session, event)
    session = replace(session, touched=now.boot, warned=False)
    if session.tally.inserted >= session.price_yen:
        session, more = drain(session, now)
        return session, (*effects, *more)
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


def drained(session: Session, _event: CoinsRefused, now: Moment) -> Result:
    """No coin is in flight any more: print what was paid for, or give everything back."""
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


# ---- printing --------------------------------------------------------------------------------------------


def print_next(session: Session, now: Moment, effects: tuple[Effect, ...] = ()) -> Result:
    """Order the next copy: one job for each copy, under a name nobody can guess."""
    facts = session.facts
    assert facts is not None
    copy = facts.copies[len(session.outcomes)]
    job = session.tokens[copy.index]
    first = copy.index == 1
    if first:
        session, effects = go(session, State.PRINTING, now, *effects)
    session, number = ask(session)
    told, told_at = session.printer_up
    up_time = told + int(now.boot - told_at) if told else 0
    ordered = record(session, "print_ordered", copy=copy.index, job=job, pages=copy.pages, up_time=up_time)
    return replace(session, waiting_for="", touched=now.boot), (
        *effects,
        ordered,
        PrintCopy(number, copy.index, copy.pages, job),
    )


def print_progressed(session: Session, event: PrintProgressed, now: Moment) -> Result:
    waits = [PRINTER_WAITS[r] for reason in event.reasons if (r := severity_off(reason)) in PRINTER_WAITS]
    return stay(replace(session, waiting_for=waits[0] if waits else "", touched=now.boot))


def severity_off(reason: str) -> str:
    """`media-empty-error` → `media-empty` (RFC 8011 §5.4.12)."""
    for severity in ("-error", "-warning", "-report"):
        reason = reason.removesuffix(severity)
    return reason


def copy_judged(session: Session, event: CopyJudged, now: Moment) -> Result:
    """A copy is charged only if all its sheets came out; after a bad one no further copy is begun."""
    wish = session.wish
    assert wish is not None
    job = session.tokens[event.copy]
    session, entry = judge(session, event.copy, job, event.outcome, event.sheets, wish.fee_yen)
    session = replace(session, awaiting=0)
    if event.outcome is PrintOutcome.PRINTED and len(session.outcomes) < wish.copies:
        return print_next(session, now, (entry,))
    if event.outcome is PrintOutcome.UNKNOWN:
        session = replace(session, refusal="printing_unknown")
    elif event.outcome is PrintOutcome.NOT_PRINTED:
        session = replace(session, refusal="printing_failed")
    # Keys and document go as soon as the last copy is judged; what follows is guarded without them.
    return ask_in(session, State.ERASING_DOCUMENTS, now, EraseDocuments, entry, erased=frozenset())


def printing_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """A page may take minutes: say from time to time that it is worth staying. Without end it may not."""
    if now.boot - session.touched >= PRINTER_PATIENCE_S:
        copy = len(session.outcomes) + 1
        never = CopyJudged(session.awaiting, copy, PrintOutcome.UNKNOWN, 0, ("no-answer",))
        session, effects = copy_judged(session, never, now)
        return session, (record(session, "no_answer", state=State.PRINTING.value), *effects)
    if now.boot - session.said_at < 30:
        return stay(session)
    session = replace(session, said="")
    return repeat(session, now, "printing_stay")


def document_erased(session: Session, event: Erased, now: Moment) -> Result:
    """Both answers, then the money. What could not be erased stops the line; the process ends soon anyway."""
    session, effects = note_erased(session, event)
    if not {Part.ISSUER, Part.PRINTER} <= session.erased:
        return session, effects
    return settle(session, now, *effects, record(session, "documents_erased"))


def documents_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Money does not wait for a part that does not answer; the end of the process and the wipe erase it."""
    if now.boot - session.entered < ERASE_PATIENCE_S:
        return stay(session)
    return settle(session, now, record(session, "erase_unanswered"))


def receipt_tick(session: Session, _event: Tick, now: Moment) -> Result:
    return go(session, State.TAKING, now)


# ---- taking ----------------------------------------------------------------------------------------------


def things(session: Session) -> tuple[Place, ...]:
    """What this person has to take, in the order to name it."""
    places: tuple[Place, ...] = ()
    if session.printed or PrintOutcome.UNKNOWN in session.outcomes or Place.CERTIFICATE_TRAY in session.places:
        places = (*places, Place.CERTIFICATE_TRAY)
    if session.tally.paid_back or Place.CHANGE_TRAY in session.places:
        places = (*places, Place.CHANGE_TRAY)
    if Place.RECEIPT_TRAY in session.places:
        places = (*places, Place.RECEIPT_TRAY)
    return places


def remaining(session: Session) -> tuple[Place, ...]:
    """What is still lying there: by sensor, or (without sensors) until a touch stands for it."""
    if session.rules.sensed:
        return tuple(place for place in things(session) if place in session.places)
    return things(session) if not session.left_reported else ()


def taking_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Ask for each thing until it is gone, louder each time; then say plainly what went wrong, then erase."""
    left = remaining(session)
    # Give the last sheet and the last coin the time to reach their sensors before believing an empty tray.
    if not left and (now.boot - session.entered >= SENSOR_SETTLE_S or not things(session)):
        return taken(session, now)
    if not left:
        return stay(session)
    session, effects = repeat(session, now, PHRASE_OF_PLACE[first_place(frozenset(left))])
    if now.boot - session.entered > session.rules.national.left_behind_s:
        # Nobody took it. The session is erased; the next process stays closed until the tray is empty (A9).
        session, more = erase(session, now)
        effects = (*effects, record(session, "left_behind", what=left[0].value), *more)
    return session, effects


def taking_emptied(session: Session, event: PlaceEmptied, now: Moment) -> Result:
    """Something was taken: be silent about it at once."""
    session = replace(session, places=session.places - {event.place}, said="")
    return taking_tick(session, Tick(), now)


def taken_pressed(session: Session, _event: TakenPressed, now: Moment) -> Result:
    """The touch that stands for a sensor where the machine has none."""
    if session.rules.sensed:
        return stay(session)
    return taken(session, now)


def taken(session: Session, now: Moment) -> Result:
    """Everything is in the hand; a card that was laid down again meanwhile is asked back, then it is over."""
    if session.refusal:
        return go(session, State.REFUSED, now)
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    return erase(session, now)


# ---- the end ---------------------------------------------------------------------------------------------


def refused_next(session: Session, _event: NextPressed, now: Moment) -> Result:
    return erase(session, now)


def refused_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if session.card.present:
        return go(session, State.TAKING_CARD, now)
    if now.boot - session.entered > REFUSED_SHOWN_S:
        return erase(session, now)
    return stay(session)


def refused_card_gone(session: Session, _event: CardRemoved, now: Moment) -> Result:
    return stay(replace(session, card=replace(session.card, present=False)))


def note_erased(session: Session, event: Erased) -> Result:
    """Keep what was checked; a part that is not clean stops the line."""
    checked = (*session.checked, *event.checked)
    session = replace(session, erased=session.erased | {event.part}, checked=checked)
    if event.clean:
        return stay(session)
    session = replace(session, service=replace(session.service, stopped="erase_failed"))
    return stay(session, record(session, "line_stopped", what=f"erase_failed_{event.part.value}"))


def session_erased(session: Session, event: Erased, now: Moment) -> Result:
    session, effects = note_erased(session, event)
    if not session.erased >= ERASE_ANSWERS:
        return session, effects
    return end(session, now, effects)


def erasing_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if now.boot - session.entered < ERASE_PATIENCE_S:
        return stay(session)
    return end(session, now, (record(session, "erase_unanswered"),))


def end(session: Session, now: Moment, effects: tuple[Effect, ...]) -> Result:
    """The erase is on record with what was checked; the process ends, the next one begins with recovery."""
    missing = ERASE_ANSWERS - session.erased
    erased = record(
        session,
        "erased",
        by="session",
        checked=";".join(session.checked),
        clean=not missing and session.service.stopped[:5] != "erase",
    )
    entries: tuple[Effect, ...] = (*effects, erased)
    if session.tally.to_settle == 0 and session.intent is None:
        outcome = session.refusal or "completed"
        entries = (*entries, record(session, "session_ended", outcome=outcome))
    return go(session, State.ENDED, now, *entries, EndProcess())
