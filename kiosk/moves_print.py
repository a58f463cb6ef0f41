"""Printing: one job for each copy, ordered once, charged only if all its sheets came out; then the documents go."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import Effect, EraseDocuments, PrintCopy, RefuseCoins, WarmPrinter
from kiosk.events import CoinsRefused, CopyJudged, Erased, Part, PrintOutcome, PrintProgressed, Tick
from kiosk.moves import Result, ask, ask_in, go, record, repeat, stay
from kiosk.moves_end import ERASE_PATIENCE_S, note_erased
from kiosk.moves_settle import PRINTER_PATIENCE_S, judge, settle
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
    # Keys, documents and names go as soon as the last copy is judged; what follows is guarded without them.
    session, effects = ask_in(
        session, State.ERASING_DOCUMENTS, now, EraseDocuments, entry, erased=frozenset(), facts=None, household=()
    )
    if session.price_yen == 0:
        return session, effects
    # The slot was closed when the price was reached; by now it can say at once that no coin is in flight.
    return session, (*effects, RefuseCoins(session.awaiting))


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
    """All answers, then the money. What could not be erased stops the line; the process ends soon anyway."""
    return _settled_if_all_said(*note_erased(session, event), now)


def slot_at_rest(session: Session, _event: CoinsRefused, now: Moment) -> Result:
    """No coin is in flight any more."""
    return _settled_if_all_said(replace(session, erased=session.erased | {Part.CASH}), (), now)


def _settled_if_all_said(session: Session, effects: tuple[Effect, ...], now: Moment) -> Result:
    wanted = {Part.ISSUER, Part.PRINTER}
    if session.price_yen and Part.CASH in session.service.online:
        wanted.add(Part.CASH)  # one that is away tells of late coins when it is back
    if not wanted <= session.erased:
        return session, effects
    # The spooler of the documents has gone with them; the receipt's is started while coins are paid back.
    receipt = session.receipt_ready and session.tally.charged > 0
    warm: tuple[Effect, ...] = (WarmPrinter(),) if receipt else ()
    return settle(session, now, *effects, record(session, "documents_erased"), *warm)


def documents_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Money does not wait for a part that does not answer; the end of the process and the wipe erase it."""
    if now.boot - session.entered < ERASE_PATIENCE_S:
        return stay(session)
    return settle(session, now, record(session, "erase_unanswered"))
