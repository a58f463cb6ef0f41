"""What the screen shows for a session: a pure function from the state to one view model."""

from __future__ import annotations

from typing import Final

from config.calendar import hours_text
from kiosk import view_model as v
from kiosk.catalogue import JST, local_day
from kiosk.events import Part, Place
from kiosk.moves_choice import way
from kiosk.moves_print import accepts, remaining
from kiosk.moves_service import START_PATIENCE_S, fault, first_place
from kiosk.presenter_staff import present_staff
from kiosk.session import PERSON_DECIDES, STAFF, Moment, Session, State

THING: Final = {
    Place.CERTIFICATE_TRAY: "certificate",
    Place.CHANGE_TRAY: "change",
    Place.RECEIPT_TRAY: "receipt",
}

STEPS: Final = {
    State.READING_CARD: (1, "card"),
    State.CONNECTING: (1, "card"),
    State.AWAITING_PIN: (2, "pin"),
    State.LAST_TRY: (2, "pin"),
    State.AUTHENTICATING: (2, "pin"),
    State.RECOGNISING: (2, "pin"),
    State.TAKING_CARD: (2, "take_card"),
    State.CHOOSING_CERTIFICATE: (3, "certificate"),
    State.CHOOSING_KIND: (3, "kind"),
    State.CHOOSING_HOUSEHOLD: (3, "household"),
    State.CHOOSING_ITEMS: (3, "items"),
    State.CHOOSING_COPIES: (3, "copies"),
    State.CONFIRMING: (4, "confirm"),
    State.DOWNLOADING: (5, "download"),
    State.CONFIRMING_IDENTITY: (5, "identity"),
    State.PREPARING: (6, "pay"),
    State.PAYING: (6, "pay"),
    State.DRAINING: (6, "pay"),
    State.PRINTING: (7, "print"),
    State.ERASING_DOCUMENTS: (7, "print"),
    State.SETTLING: (7, "print"),
    State.TAKING: (7, "take"),
}
"""The seven steps the person counts, and the text id of each."""

WAITS: Final = {
    State.READING_CARD: "reading",
    State.CONNECTING: "connecting",
    State.AUTHENTICATING: "checking_pin",
    State.RECOGNISING: "checking_pin",
    State.DOWNLOADING: "downloading",
    State.PREPARING: "preparing",
    State.DRAINING: "stopping_coins",
    State.ERASING_DOCUMENTS: "settling",
    State.SETTLING: "settling",
}

CARD_STAYS: Final = frozenset({State.READING_CARD, State.CONNECTING, State.AUTHENTICATING})

PART_REASON: Final = {
    Part.READER: "reader",
    Part.CASH: "cash",
    Part.PRINTER: "printer",
    Part.ISSUER: "issuer",
    Part.SOUND: "sound",
    Part.SENSORS: "sensors",
    Part.DISPLAY: "display",
}


def present(session: Session, now: Moment) -> v.View:
    """One view for one session at one moment."""
    frame = _frame(session, now)
    if session.state in STAFF:
        return present_staff(session, now, frame)
    match session.state:
        case State.STARTING | State.ENDED:
            return v.Still(frame)
        case State.RECOVERING:
            if Part.CASH not in session.service.online and now.boot - session.entered > START_PATIENCE_S:
                return _out_of_service(session, frame, "cash")
            return v.Still(frame, returning_money=session.tally.to_settle > 0)
        case State.CLOSED:
            opening = session.rules.opening(now.utc)
            return v.Closed(
                frame,
                opening.reason.name.lower(),
                opening.detail,
                opening.next_opening.astimezone(JST) if opening.next_opening else None,
                _alternatives(session),
            )
        case State.OUT_OF_SERVICE:
            return _at_rest_out_of_service(session, now, frame)
        case State.CLEARING:
            return _clearing(session, frame)
        case State.IDLE:
            return _idle(session, now, frame)
        case State.SETTLING if session.recovering:
            return v.Still(frame, returning_money=session.tally.to_settle > 0)
        case state if state in WAITS:
            return v.Wait(frame, WAITS[state], keep_card=state in CARD_STAYS)
        case _:
            return _with_person(session, now, frame)


def _with_person(session: Session, now: Moment, frame: v.Frame) -> v.View:
    choice, rules = session.choice, session.rules
    match session.state:
        case State.LAST_TRY:
            return v.LastTry(frame, rules.profile.contact)
        case State.AWAITING_PIN:
            card = session.card
            return v.PinPad(frame, card.digits, card.tries_left, card.wrong and card.digits == 0)
        case State.TAKING_CARD:
            return v.TakeCard(frame, "refused" if session.refusal else "choose")
        case State.CHOOSING_CERTIFICATE:
            return v.ChooseCertificate(frame, _offers(session, now, session.offers))
        case State.CHOOSING_KIND:
            return v.ChooseKind(frame, ("residence_copy",))
        case State.CHOOSING_HOUSEHOLD:
            return v.ChooseHousehold(frame, rules.households(choice.kind))
        case State.CHOOSING_ITEMS:
            items = tuple(v.Item(item, item in choice.items) for item in rules.items(choice.kind))
            return v.ChooseItems(frame, items)
        case State.CHOOSING_COPIES:
            most = rules.certificate(choice.kind).max_copies
            return v.ChooseCopies(frame, choice.copies, most, _fee(session, now))
        case State.CONFIRMING:
            items_on = tuple(item for item in rules.items(choice.kind) if item in choice.items)
            price = _fee(session, now) * choice.copies
            return v.Confirm(frame, _name(session), choice.household, items_on, choice.copies, price)
        case State.CONFIRMING_IDENTITY:
            assert session.facts is not None
            masked = session.facts.masked_name
            return v.Arrived(frame, _name(session), choice.copies, session.price_yen, masked)
        case State.PAYING:
            accepted = accepts(session)
            over_fee = {yen for yen in (500, 100) if yen not in accepted}
            exact_only = bool(over_fee) and session.tally.inserted == 0
            return v.Pay(frame, session.price_yen, session.tally.inserted, accepted, exact_only)
        case State.PRINTING:
            copies = session.wish.copies if session.wish else 1
            return v.Printing(frame, min(len(session.outcomes) + 1, copies), copies, session.waiting_for)
        case State.TAKING | State.RECEIPT:
            left = tuple(THING[place] for place in remaining(session))
            if not left:
                return v.Wait(frame, "settling")
            tally = session.tally
            by_touch = not session.rules.sensed
            return v.Take(frame, left, tally.paid_back, tally.owed, _slip(session), by_touch)
        case State.REFUSED:
            return _refused(session, frame)
        case _:
            if session.refusal:
                return v.Wait(frame, "erasing")
            return v.Thanks(frame)


def _refused(session: Session, frame: v.Frame) -> v.View:
    tally = session.tally
    money, amount = "none", 0
    if tally.still_held:
        money, amount = "held", tally.still_held
    elif tally.owed:
        money, amount = "owed", tally.owed
    elif tally.paid_back:
        money, amount = "returned", tally.paid_back
    profile = session.rules.profile
    slip = _slip(session)
    return v.Refused(frame, session.refusal, money, profile.contact, amount, slip, _alternatives(session))


def _slip(session: Session) -> str:
    """Number under which an owed or held amount is in the books; shown, since it is the person's claim."""
    return session.slip if session.tally.owed or session.tally.in_doubt else ""


def _frame(session: Session, now: Moment) -> v.Frame:
    profile, national = session.rules.profile, session.rules.national
    step, label = STEPS.get(session.state, (0, ""))
    state = session.state
    asking = state in PERSON_DECIDES
    warning_s = None
    if session.warned and asking:
        idle_s = national.pin_idle_s if state is State.AWAITING_PIN else national.screen_idle_s
        warning_s = max(0, int(session.touched + idle_s + national.warning_s - now.boot + 0.999))
    back = state in {State.AWAITING_PIN, State.LAST_TRY} or (
        asking and state in (states := way(session)) and states.index(state) > 0
    )
    return v.Frame(
        language=profile.languages[0],
        city_name=profile.city_name,
        machine_title=profile.machine_title,
        # To the minute: a view that differs only by seconds would be drawn for nothing.
        moment=now.utc.astimezone(JST).replace(second=0, microsecond=0),
        step=step,
        steps=7 if step else 0,
        step_label=label,
        back=back,
        cancel=asking or state is State.DOWNLOADING,
        cancel_returns_money=state is State.PAYING,
        warning_s=warning_s,
    )


def _idle(session: Session, now: Moment, frame: v.Frame) -> v.View:
    profile = session.rules.profile
    closes = session.rules.opening(now.utc).closes_at
    offers = _offers(session, now, tuple(c.kind for c in session.rules.on_offer(now.utc)))
    # The sign may only say what is true: until the recorder reports, it is dark.
    return v.Idle(
        frame,
        offers,
        closes.astimezone(JST) if closes else None,
        profile.camera.notice,
        camera_on=False,
        caution=profile.cautions,
    )


def _offers(session: Session, now: Moment, kinds: tuple[str, ...]) -> tuple[v.Offer, ...]:
    day = local_day(now.utc)
    return tuple(v.Offer(c.kind, c.name, c.fee_yen(day)) for c in session.rules.on_offer(now.utc) if c.kind in kinds)


def _fee(session: Session, now: Moment) -> int:
    return session.rules.certificate(session.choice.kind).fee_yen(local_day(now.utc))


def _name(session: Session) -> str:
    return session.rules.certificate(session.choice.kind).name


def _clearing(session: Session, frame: v.Frame) -> v.View:
    if session.card.present:
        return v.TakeCard(frame, "end")
    place = first_place(session.places)
    return v.Take(frame, (THING[place],), 0)


def _at_rest_out_of_service(session: Session, now: Moment, frame: v.Frame) -> v.View:
    if session.service.stopped:
        return _out_of_service(session, frame, "stopped")
    broken = fault(session)
    if broken is None:
        return v.Still(frame)
    part, reason = broken
    if reason == "starting" and now.boot - session.entered < START_PATIENCE_S:
        return v.Still(frame)
    return _out_of_service(session, frame, "paper" if reason.startswith("media-") else PART_REASON[part])


def _out_of_service(session: Session, frame: v.Frame, reason: str) -> v.View:
    return v.OutOfService(frame, reason, session.rules.profile.contact, _alternatives(session))


def _alternatives(session: Session) -> tuple[str, ...]:
    """Other places to go, with their hours (F-3)."""
    return tuple(f"{a.name}　{'、'.join(hours_text(a.calendar))}" for a in session.rules.profile.alternatives)
