"""Money in and out, and recovery: the only road to the first screen, and the only way money is decided.

Settling: one payout after the last copy is witnessed or judged gives back everything that was not charged. Each
dispense is journaled with the hopper's counters before it is sent, is sent once, and is then asked about until its
outcome is known (A4). What no hopper can pay is owed on the books.

Recovery runs at the start of every process, after a crash and after an ordinary customer alike (design §3a): wipe,
then for each interrupted transaction ask the printer, ask the hopper, settle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.effects import Dispense, Effect, FindJob, InspectHopper, Record, ResolveDispense, Wipe
from kiosk.events import (
    DeviceFaulted,
    DeviceOnline,
    DispenseResolved,
    HopperInspected,
    JobFound,
    Part,
    PrintOutcome,
    Tick,
    Wiped,
)
from kiosk.money import BATCH, Hopper, Tally, levels, plan
from kiosk.moves import Result, ask, ask_in, go, record, stay
from kiosk.moves_receipt import after_settling
from kiosk.moves_service import note_fault, note_online, rest
from kiosk.session import RECEIPT_COPY, Intent, Interrupted, Moment, Session, State

CASH_PATIENCE_S: Final = 30.0
"""How long settling waits for a cash unit that has gone, before what is left is owed."""

HOPPER_PATIENCE_S: Final = 120.0
"""How long a hopper that cannot say what it paid is asked; then that amount is in doubt until staff count."""

WIPE_PATIENCE_S: Final = 60.0
"""Longest time for the wipe of a start: processes to end, a printer to be told that its jobs are void."""

PRINTER_PATIENCE_S: Final = 900.0
"""Without a word about a copy, beyond every limit of the driver's own; then it is in doubt until staff look."""


# ---- settling --------------------------------------------------------------------------------------------


def settle(session: Session, now: Moment, *effects: Effect) -> Result:
    """Begin to give back what was not charged."""
    session, more = go(session, State.SETTLING, now, *effects)
    return pay_next(session, now, more)


def pay_next(session: Session, now: Moment, effects: tuple[Effect, ...] = ()) -> Result:
    """The next batch of coins, or the end of settling."""
    amount = session.tally.to_settle
    if amount == 0:
        return settled(session, now, effects)
    if not session.attended:
        return owe_rest(session, now, "nobody_there", effects)
    if Part.CASH not in session.service.online:
        # Wait: `settling_tick` gives up after a while, `settling_online` goes on.
        return session, effects
    coins = plan(amount, levels(session.hoppers))
    if coins is None:
        return owe_rest(session, now, "change_short", effects)
    yen, n = coins[0]
    hopper = max((h for h in session.hoppers if h.yen == yen and h.pays), key=lambda h: h.coins)
    session, number = ask(session)
    session = replace(session, intent=Intent(hopper.serial, min(n, BATCH, hopper.coins)))
    return session, (*effects, InspectHopper(number, hopper.serial))


def hopper_inspected(session: Session, event: HopperInspected, now: Moment) -> Result:
    """Counters are known: write the intent down, then send the dispense once."""
    intent = session.intent
    assert intent is not None
    if event.blocked:
        session = without_hopper(replace(session, intent=None, awaiting=0), event.serial)
        return pay_next(session, now, (Record("hopper_blocked", {"hopper": event.serial}),))
    before = (event.event_counter, event.dispense_count)
    intent = replace(intent, event_before=before[0], count_before=before[1], sent=True)
    # Each dispense has its own patience: many coins of a slow hopper are no silence.
    session, number = ask(replace(session, intent=intent, entered=now.boot))
    sending = record(
        session,
        "payout_sending",
        hopper=intent.serial,
        coins=intent.coins,
        event_before=intent.event_before,
        count_before=intent.count_before,
    )
    return session, (sending, Dispense(number, intent.serial, intent.coins, *before))


def dispense_resolved(session: Session, event: DispenseResolved, now: Moment) -> Result:
    session, effects = book_dispense(replace(session, awaiting=0), event)
    return pay_next(session, now, effects)


def book_dispense(session: Session, event: DispenseResolved) -> Result:
    """What the hopper really paid goes on the books; one that paid short or unsurely is not used again here."""
    assert session.intent is not None
    hopper = hopper_of(session, event.serial)
    short = event.paid < session.intent.coins
    hoppers = tuple(
        replace(
            h,
            coins=max(0, h.coins - event.paid),
            usable=h.usable and not short,
            quarantined=h.quarantined or not event.sure,
        )
        if h.serial == event.serial
        else h
        for h in session.hoppers
    )
    # More than was undecided can only be a counter gone wrong: never book money that was not there.
    yen = event.paid * hopper.yen
    booked = min(yen, session.tally.to_settle)
    entries: tuple[Effect, ...] = (
        record(
            session,
            "payout_resolved",
            hopper=event.serial,
            paid=event.paid,
            yen=booked,
            sure=event.sure,
            evidence=event.evidence,
        ),
    )
    if not event.sure or booked != yen:
        entries = (*entries, record(session, "cash_incident", kind="payout_unsure", detail=event.evidence))
    session = replace(session, hoppers=hoppers, tally=session.tally.pay_back(booked), intent=None)
    return session, entries


def owe_rest(session: Session, now: Moment, reason: str, effects: tuple[Effect, ...] = ()) -> Result:
    """What cannot be paid out is owed: on the books, with a slip number, never rounded away."""
    yen = session.tally.to_settle
    session = replace(session, tally=session.tally.owe(yen))
    return settled(session, now, (*effects, record(session, "owed", yen=yen, slip=session.slip, reason=reason)))


def settled(session: Session, now: Moment, effects: tuple[Effect, ...]) -> Result:
    """Every yen of this transaction has its place."""
    tally = session.tally
    entry = record(
        session,
        "settled",
        inserted=tally.inserted,
        charged=tally.charged,
        paid_back=tally.paid_back,
        owed=tally.owed,
        held=tally.still_held,
    )
    if session.recovering:
        return recovered(replace(session, awaiting=0), now, (*effects, entry))
    return after_settling(session, now, (*effects, entry))


def settling_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """A cash unit that stays away, or a hopper that stays silent, must not keep the person for ever."""
    waited_s = now.boot - session.entered
    intent = session.intent
    if intent is not None and intent.sent:
        return give_up_on_hopper(session, now) if waited_s >= HOPPER_PATIENCE_S else stay(session)
    if intent is not None and session.awaiting and waited_s >= HOPPER_PATIENCE_S:
        session = without_hopper(replace(session, intent=None, awaiting=0, entered=now.boot), intent.serial)
        return pay_next(session, now, (record(session, "no_answer", state=session.state.value),))
    if Part.CASH in session.service.online or waited_s < CASH_PATIENCE_S:
        return stay(session)
    return owe_rest(replace(session, intent=None, awaiting=0), now, "cash_offline")


def give_up_on_hopper(session: Session, now: Moment) -> Result:
    """Nobody can say what was paid: neither paid back nor owed by guess, but in doubt until staff have counted."""
    intent = session.intent
    assert intent is not None
    left = session.tally.to_settle
    # Of one that was exchanged since nobody knows the value: then all that is left is in doubt.
    yen = min(intent.coins * next((h.yen for h in session.hoppers if h.serial == intent.serial), left), left)
    entry = record(session, "payout_in_doubt", hopper=intent.serial, coins=intent.coins, yen=yen)
    hoppers = tuple(replace(h, quarantined=True) if h.serial == intent.serial else h for h in session.hoppers)
    session = replace(
        session, intent=None, awaiting=0, tally=session.tally.doubt(yen), hoppers=hoppers, entered=now.boot
    )
    onward = recover if session.state is State.RECOVERING else pay_next
    return onward(session, now, (entry,))


def settling_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    session, effects = note_online(session, event, now)
    if event.part is not Part.CASH or session.awaiting:
        return session, effects
    if session.intent is not None:
        session, order = resolve(session, session.intent)
        return session, (*effects, order)
    return pay_next(session, now, effects)


def settling_fault(session: Session, event: DeviceFaulted, now: Moment) -> Result:
    """The cash unit went: what was only asked is forgotten, what may have been sent is asked about later."""
    session, effects = note_fault(session, event, now)
    if event.part is Part.CASH and session.intent is not None:
        kept = session.intent if session.intent.sent else None
        if kept is None and event.reason == "no_answer":
            # The bus works and this hopper is silent: the others may still pay.
            session = without_hopper(session, session.intent.serial)
        session = replace(session, intent=kept, awaiting=0)
    return session, effects


def resolve(session: Session, intent: Intent) -> tuple[Session, Effect]:
    """Only ask what came of a dispense; never send it again (A4)."""
    session, number = ask(session)
    return session, ResolveDispense(number, intent.serial, intent.coins, intent.event_before, intent.count_before)


def hopper_of(session: Session, serial: int) -> Hopper:
    return next(h for h in session.hoppers if h.serial == serial)


def without_hopper(session: Session, serial: int) -> Session:
    hoppers = tuple(replace(h, usable=False) if h.serial == serial else h for h in session.hoppers)
    return replace(session, hoppers=hoppers)


# ---- recovery --------------------------------------------------------------------------------------------


def begin(session: Session, now: Moment) -> Result:
    """The first step of every process: wipe what an earlier one may have left."""
    return ask_in(session, State.STARTING, now, Wipe)


def wiped(session: Session, event: Wiped, now: Moment) -> Result:
    """Leftovers are gone; take up interrupted transactions, oldest first."""
    session = replace(session, checked=event.checked)
    if not event.clean:
        session = replace(session, service=replace(session.service, stopped="wipe_failed"))
        return rest(session, now, Record("line_stopped", {"tx": "", "what": "wipe_failed"}))
    return next_interrupted(session, now)


def starting_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Who wipes and never says so has not wiped: nobody is served on leftovers of somebody else (A5)."""
    if now.boot - session.entered < WIPE_PATIENCE_S:
        return stay(session)
    late = Record("no_answer", {"tx": "", "state": session.state.value})
    session, effects = wiped(session, Wiped(session.awaiting, (), clean=False), now)
    return session, (late, *effects)


def next_interrupted(session: Session, now: Moment, effects: tuple[Effect, ...] = ()) -> Result:
    """Bring the next interrupted transaction to its end, or go to rest."""
    if not session.interrupted:
        session = replace(
            session, tx="", tally=Tally(), taken=(), refusal="", outcomes=(), recovering=False, attended=True
        )
        return rest(session, now, *effects)
    tx: Interrupted = session.interrupted[0]
    attended = somebody_there(session, tx, now)
    session, more = go(
        session,
        State.RECOVERING,
        now,
        *effects,
        tx=tx.tx,
        tally=tx.tally,
        intent=tx.intent,
        recovering=True,
        attended=attended,
        # Keys and documents died with the process that held them.
        refusal="power_cut",
        outcomes=(),
    )
    if not attended and not tx.deserted:
        more = (*more, record(session, "nobody_there"))
    return recover(session, now, more)


def somebody_there(session: Session, tx: Interrupted, now: Moment) -> bool:
    """Whether the person can be assumed to have waited since the last entry of the dead process."""
    dark_s = (now.utc - tx.last_utc).total_seconds()
    # A clock that was stepped back tells nothing about how long it was dark: then nobody is assumed to be there.
    return not tx.deserted and 0 <= dark_s <= session.rules.national.max_downtime_auto_payout_s


def recover(session: Session, now: Moment, effects: tuple[Effect, ...] = ()) -> Result:
    """One question at a time: what did the printer do, what did the hopper do, what is left to pay (A4)."""
    tx = session.interrupted[0]
    if tx.jobs:
        session, number = ask(session)
        job = tx.jobs[0]
        ago_s = (now.utc - job.ordered).total_seconds() if job.ordered else -1.0
        known = job.up_time if ago_s >= 0 else 0
        return session, (*effects, FindJob(number, job.job, job.pages, known, max(0.0, ago_s)))
    if Part.CASH not in session.service.online:
        # Coins the dead process had not read are taken off the acceptor before it reports online.
        return session, effects
    if intent := session.intent:
        if all(h.serial != intent.serial for h in session.hoppers):
            session, more = give_up_on_hopper(session, now)
            return session, (*effects, *more)
        session, order = resolve(session, intent)
        return session, (*effects, order)
    return settle(session, now, *effects)


def recovering_tick(session: Session, _event: Tick, now: Moment) -> Result:
    """Who was asked and never answers must not keep the machine shut: staff will look, staff will count."""
    if not session.awaiting:
        return stay(session)
    waited_s = now.boot - session.entered
    if job := next(iter(session.interrupted[0].jobs), None):
        if waited_s < PRINTER_PATIENCE_S:
            return stay(session)
        never = JobFound(session.awaiting, job.job, PrintOutcome.UNKNOWN, 0, ("no-answer",))
        return job_found(replace(session, entered=now.boot), never, now)
    if waited_s >= HOPPER_PATIENCE_S:
        return give_up_on_hopper(session, now)
    return stay(session)


def job_found(session: Session, event: JobFound, now: Moment) -> Result:
    """The printer's own word about the copy that was under way: charge it, forget it, or keep it in doubt."""
    tx = session.interrupted[0]
    job = tx.jobs[0]
    if job.copy == RECEIPT_COPY:
        entry = record(session, "receipt_judged", job=job.job, outcome=event.outcome.value)
    else:
        session, entry = judge(session, job.copy, job.job, event.outcome, event.sheets, tx.fee_yen)
    rest_of = replace(tx, jobs=tx.jobs[1:])
    session = replace(session, awaiting=0, interrupted=(rest_of, *session.interrupted[1:]))
    return recover(session, now, (entry,))


def judge(
    session: Session, copy: int, job: str, outcome: PrintOutcome, sheets: int, fee_yen: int
) -> tuple[Session, Record]:
    """One copy's outcome and its money in one journal entry: charged only if all its sheets came out (A3)."""
    tally = session.tally
    if outcome is PrintOutcome.PRINTED:
        tally = tally.charge(fee_yen)
    elif outcome is PrintOutcome.UNKNOWN:
        tally = tally.doubt(fee_yen)
    entry = record(session, "print_judged", copy=copy, job=job, outcome=outcome.value, sheets=sheets, fee_yen=fee_yen)
    return replace(session, tally=tally, outcomes=(*session.outcomes, outcome)), entry


def resolved_in_recovery(session: Session, event: DispenseResolved, now: Moment) -> Result:
    session, effects = book_dispense(replace(session, awaiting=0), event)
    return recover(session, now, effects)


def recovering_online(session: Session, event: DeviceOnline, now: Moment) -> Result:
    session, effects = note_online(session, event, now)
    if event.part is not Part.CASH or session.awaiting:
        return session, effects
    # Out of service was shown while it was away: who waited so long has gone (as after a long power cut).
    if session.attended and not somebody_there(session, session.interrupted[0], now):
        session, effects = replace(session, attended=False), (*effects, record(session, "nobody_there"))
    return recover(replace(session, entered=now.boot), now, effects)


def recovered(session: Session, now: Moment, effects: tuple[Effect, ...]) -> Result:
    """The interrupted transaction is settled; what it was about died with its process and was wiped."""
    erased = record(session, "erased", by="recovery", checked=";".join(session.checked), clean=True)
    ended = record(session, "session_ended", outcome="interrupted")
    session = replace(session, interrupted=session.interrupted[1:])
    return next_interrupted(session, now, (*effects, erased, ended))
