"""The receipt, or the slip of a claim: ordered once the money is settled, printed while the person takes the rest.

It has a medium and a paper-out of its own. Its failure never undoes an issue: amount and number stay on the screen
and in the books.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.catalogue import JST
from kiosk.effects import Effect, PrintReceipt, Receipt, Say
from kiosk.events import PrintOutcome, ReceiptJudged, Tick
from kiosk.moves import Result, ask_in, go, record
from kiosk.moves_take import announce
from kiosk.session import Moment, Session, State

RECEIPT_PATIENCE_S: Final = 60.0
"""Longest time for one small sheet; then the person is told that none comes."""


def after_settling(session: Session, now: Moment, effects: tuple[Effect, ...]) -> Result:
    """Order the receipt if there is something to put on it; the taking goes on meanwhile."""
    tally = session.tally
    claim = tally.owed + tally.still_held > 0
    # Who was told before paying that no receipt can be printed waits for none; a claim is worth the try.
    if not claim and not (tally.charged and session.receipt_ready):
        return go(session, State.TAKING, now, *effects)
    job, paper = session.receipt_job, receipt(session, now)

    def order(number: int) -> PrintReceipt:
        return PrintReceipt(number, paper, job)

    ordered = record(session, "receipt_ordered", job=job)
    return ask_in(session, State.RECEIPT, now, order, *effects, ordered, receipt="printing")


def receipt(session: Session, now: Moment) -> Receipt:
    """What the paper says: names and amounts, nothing about the person."""
    rules, tally, wish = session.rules, session.tally, session.wish
    names = rules.names(session.speaks)
    lines = ((names.certificates[wish.kind], session.printed, wish.fee_yen),) if wish and session.printed else ()
    return Receipt(
        number=session.slip,
        at=now.utc.astimezone(JST).replace(microsecond=0),
        lines=lines,
        inserted_yen=tally.inserted,
        paid_back_yen=tally.paid_back,
        owed_yen=tally.owed,
        held_yen=tally.still_held,
        city_name=names.city_name,
        office=names.office,
        place=names.place,
        machine=rules.settings.machine.terminal_id,
        contact=names.contact,
        language=session.speaks,
    )


def receipt_judged(session: Session, event: ReceiptJudged, now: Moment) -> Result:
    """Printed, or plainly not: one that may have come out is found by the sensor of its tray."""
    judged = record(session, "receipt_judged", job=session.receipt_job, outcome=event.outcome.value)
    printed = event.outcome is PrintOutcome.PRINTED
    session, effects = go(
        session,
        State.TAKING,
        now,
        judged,
        receipt="printed" if printed else "failed",
        # What is being asked for goes on being asked for, as loud as before.
        said=session.said,
        said_at=session.said_at,
        said_times=session.said_times,
    )
    return session, effects if printed else (*effects, Say("receipt_failed"))


def receipt_tick(session: Session, _event: Tick, now: Moment) -> Result:
    if now.boot - session.entered < RECEIPT_PATIENCE_S:
        return announce(session, now)
    late = record(session, "no_answer", state=session.state.value)
    session, effects = receipt_judged(session, ReceiptJudged(session.awaiting, PrintOutcome.UNKNOWN), now)
    return replace(session, awaiting=0), (late, *effects)
